"""What lies out of range is not told: not by an import's matching, not by a refused deletion."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.core.access import actor_for
from guanxi.core.identity import services
from guanxi.records import bulk, catalogue, write


def test_import_does_not_tell_that_an_address_is_known_out_of_range(house: Any) -> None:
    house.customer("Known", email="hidden@example.com")
    account = catalogue.get("customers.account")
    held: list[Any] = []
    loaded = bulk.load(
        actor_for(house.stranger), account, [(2, {"name": "New", "kind": "company", "email": "hidden@example.com"})],
        columns=["name", "kind", "email"], held=lambda n, p: held.append((n, p)),
    )  # fmt: skip
    assert (loaded.created, loaded.updated, held) == (1, 0, [])


def test_deletion_counts_only_what_one_sees(house: Any) -> None:
    id_ = house.customer("Parent")
    house.save("customers.account", {"name": "Child", "kind": "company", "parent": id_, "owner": house.stranger.pk})
    account = catalogue.get("customers.account")
    with pytest.raises(write.Invalid) as refused:
        write.delete(actor_for(house.manager), account, id_)
    assert refused.value.problems[""][0].code == "delete.used_elsewhere"
    house.save("customers.account", {"name": "Seen", "kind": "company", "parent": id_, "owner": house.owner.pk})
    with pytest.raises(write.Invalid) as refused:
        write.delete(actor_for(house.manager), account, id_)
    assert refused.value.problems[""][0].params["count"] == 1


def test_owned_records_are_named_for_handing_over(house: Any) -> None:
    house.customer("Mine")
    assert [n for _, n in services.owned_records(house.owner)] == [1]
