"""The journal and undo: whose steps, how much of them, and what stays when something was changed since."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.core.access import SYSTEM
from guanxi.core.journal.models import ChangeSet
from guanxi.customers.models import Account


def entry(number: int | None) -> str:
    return f"/journal/{number}"


def test_own_steps_for_everybody_all_for_who_may_see_the_journal(house: Any, get: Any) -> None:
    id_ = house.customer("Acme Trading")
    mine = house.save("customers.account", {"name": "Mine"}, by=house.owner, id=id_)
    theirs = house.save("customers.account", {"name": "Theirs"}, by=house.manager, id=id_)
    own = get("owner", "/journal/").content.decode()
    assert f'href="{entry(mine.change_set)}"' in own and f'href="{entry(theirs.change_set)}"' not in own
    every = get("admin", "/journal/").content.decode()
    assert f'href="{entry(mine.change_set)}"' in every and f'href="{entry(theirs.change_set)}"' in every
    assert get("owner", entry(theirs.change_set)).status_code == get("owner", entry(999_999)).status_code == 404
    assert get("owner", entry(theirs.change_set)).content == get("owner", entry(999_999)).content
    assert get("admin", entry(mine.change_set)).status_code == 200
    assert get("nobody", "/journal/").status_code == 302


def test_filters_of_the_journal(house: Any, get: Any) -> None:
    id_ = house.customer()
    house.save("customers.account", {"name": "Other"}, by=house.owner, id=id_)

    def found(query: str) -> set[str]:
        return {line.title for line in get("admin", f"/journal/?{query}").context["lines"]}

    assert found("action=edit") == {"changed it"}
    assert found(f"who={house.owner.pk}&entity=customers.account") == {"changed it"}
    assert found("door=import") == set()
    assert found("since=2999-01-01") == set()
    assert found("since=nonsense&who=nonsense&door=nonsense") >= {"created it", "changed it"}


def test_undo_restores_and_lists_what_was_changed_since(house: Any, get: Any, post: Any) -> None:
    id_ = house.customer("Before", remark="before")
    step = house.save("customers.account", {"name": "After", "remark": "after"}, by=house.owner, id=id_)
    house.save("customers.account", {"remark": "later"}, by=house.manager, id=id_)
    answer = post("owner", f"{entry(step.change_set)}/undo")
    row = Account.all_rows.get(pk=id_)
    assert (row.name, row.remark) == ("Before", "later")
    undone = ChangeSet.objects.get(action="undo")
    assert answer["Location"] == entry(undone.pk)
    page = get("owner", entry(undone.pk)).content.decode()
    assert "changed again since" in page and "Remark" in page and "Before" in page
    again = post("owner", f"{entry(step.change_set)}/undo")
    assert again.status_code == 302 and ChangeSet.objects.filter(action="undo").count() == 1


@pytest.mark.parametrize(("who", "status"), [("colleague", 404), ("stranger", 404), ("nobody", 302), ("manager", 404)])
def test_nobody_takes_back_what_is_not_theirs(house: Any, post: Any, who: str, status: int) -> None:
    id_ = house.customer("Before")
    step = house.save("customers.account", {"name": "After"}, by=house.owner, id=id_)
    assert post(who, f"{entry(step.change_set)}/undo").status_code == status
    assert Account.all_rows.get(pk=id_).name == "After"


def test_undo_by_get_does_not_exist(house: Any, get: Any) -> None:
    step = house.save("customers.account", {"name": "A", "kind": "company"}, by=house.owner)
    assert get("owner", f"{entry(step.change_set)}/undo").status_code == 405


def test_fields_out_of_reach_stay_out_of_the_journal(house: Any, get: Any) -> None:
    id_ = house.save("customers.account", {"name": "王伟", "kind": "person", "owner": house.owner.pk}).id
    step = house.save("customers.account", {"id_number": "11010519491231002X", "phone": "13800138000"}, id=id_)
    steward = house.person("steward", "privacy", house.here)
    page = house.client(steward).get(entry(step.change_set)).content.decode()
    assert "11010519491231002X" not in page and "110********2X" in page


def test_records_out_of_range_are_not_named(house: Any, get: Any) -> None:
    id_ = house.customer("Acme Trading")
    step = house.save("customers.account", {"name": "Acme Again"}, by=house.owner, id=id_)
    house.save("customers.account", {"owner": house.stranger.pk}, id=id_)
    page = get("owner", entry(step.change_set)).content.decode()
    assert "Acme" not in page and "outside your range" in page
    assert "Acme" not in get("owner", "/journal/").content.decode()


def test_bulk_edit_is_one_step_with_a_balance_and_a_way_back(house: Any, get: Any, post: Any) -> None:
    ids = [house.customer(f"Firm {i}", tier="key" if i else "small") for i in range(3)]
    form = get("owner", f"/customers/account/bulk?do=edit&id={ids[0]}&id={ids[1]}")
    assert "Edit 2 Customers" in form.content.decode()
    answer = post("owner", "/customers/account/bulk", {"do": "edit", "id": ids, "tier": "small", "params": ""})
    assert answer.status_code == 302
    assert set(Account.all_rows.filter(pk__in=ids).values_list("tier", flat=True)) == {"small"}
    step = ChangeSet.objects.get(action="bulk")
    assert step.balance == {"read": 3, "created": 0, "updated": 2, "unchanged": 1, "skipped": 0, "held": 0}
    post("owner", f"{entry(step.pk)}/undo")
    assert list(Account.all_rows.filter(pk__in=ids).order_by("pk").values_list("tier", flat=True)) == [
        "small",
        "key",
        "key",
    ]


def test_bulk_takes_only_rows_and_acts_in_range(house: Any, post: Any) -> None:
    id_ = house.customer(tier="key")
    post("colleague", "/customers/account/bulk", {"do": "edit", "id": [id_], "tier": "small"})
    assert Account.all_rows.get(pk=id_).tier == "key"
    assert post("owner", "/customers/account/bulk", {"do": "delete", "id": [id_]}).status_code == 404
    assert (
        post("owner", "/customers/account/bulk", {"do": "assign", "id": [id_], "owner": house.owner.pk}).status_code
        == 404
    )
    assert post("marketer", "/customers/account/bulk", {"do": "edit", "id": [id_], "tier": "small"}).status_code == 404


def test_bulk_over_the_whole_question(house: Any, post: Any) -> None:
    for i in range(4):
        house.customer(f"Firm {i}", tier="key" if i < 3 else "small")
    post("manager", "/customers/account/bulk", {"do": "delete", "all": "1", "params": "f.tier.any=key"})
    assert list(Account.all_rows.filter(deleted_in__isnull=True).values_list("tier", flat=True)) == ["small"]


def test_bulk_assign_and_clear(house: Any, post: Any) -> None:
    ids = [house.customer(f"Firm {i}", tier="key") for i in range(2)]
    post("manager", "/customers/account/bulk", {"do": "assign", "id": ids, "owner": house.colleague.pk})
    assert set(Account.all_rows.filter(pk__in=ids).values_list("owner", flat=True)) == {house.colleague.pk}
    post("manager", "/customers/account/bulk", {"do": "edit", "id": ids, "clear": "tier"})
    assert set(Account.all_rows.filter(pk__in=ids).values_list("tier", flat=True)) == {""}


def test_large_step_is_taken_back_by_a_job_that_the_page_follows(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from guanxi.core import jobs
    from guanxi.core.jobs.models import Job
    from guanxi.web.screens.records.journal import taking_back

    monkeypatch.setattr(taking_back, "AT_ONCE", 0)
    saved = house.save("customers.account", {"name": "Large Step"})
    client = house.client(house.admin)
    client.post(f"/journal/{saved.change_set}/undo")
    job = Job.objects.get(kind="records.undo")
    page = client.get(f"/journal/{saved.change_set}").content.decode()
    assert f'data-poll="/journal/{saved.change_set}/undoing"' in page
    assert f'action="/journal/{saved.change_set}/undo"' not in page
    jobs.run_inline(job)
    answer = client.get(f"/journal/{saved.change_set}/undoing", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == f"/journal/{saved.change_set}"
    assert client.get(f"/customers/account/{saved.id}/").status_code == 404
    jobs.run_inline(jobs.enqueue("records.undo", {"change_set": saved.change_set}, actor=SYSTEM))  # twice is harmless
