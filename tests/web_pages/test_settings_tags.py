"""Tags: made while tagging by whoever may, by type, counted, renamed, merged, retired (MOD-5, MOD-8)."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.core.journal.models import ChangeSet
from guanxi.customers.models import Account
from guanxi.records.models import Tag

TAGS = "/settings/tags/"


def tag(house: Any, name: str, **more: Any) -> int:
    return int(house.save("records.tag", {"name": name, **more}).id)


def tags_of(id_: int) -> list[int]:
    return list(Account.all_rows.values_list("tags", flat=True).get(pk=id_))


@pytest.mark.parametrize(("who", "status"), [("admin", 200), ("owner", 404), ("nobody", 302)])
def test_tags_are_settings(get: Any, who: str, status: int) -> None:
    assert get(who, TAGS).status_code == status


def test_new_tags_are_made_with_the_record_in_one_step(house: Any, get: Any, post: Any) -> None:
    known = tag(house, "Key account", type="scale")
    id_ = house.customer("Acme")
    cell = f"/customers/account/{id_}/cell/tags"
    assert 'name="tags__new"' in get("admin", cell, htmx=True).content.decode()
    answer = post(
        "admin",
        cell,
        {"tags": ["", str(known)], "tags__new": "价格敏感；ＫＥＹ account; Fair 2026", "tags__type": "need"},
        htmx=True,
    )
    assert answer.status_code == 200, answer.content.decode()
    made = {t.name: t for t in Tag.all_rows.all()}
    assert {made["价格敏感"].type, made["Fair 2026"].type} == {"need"} and len(made) == 3, (
        "a name that is known is not made twice"
    )
    assert tags_of(id_) == [known, made["价格敏感"].pk, made["Fair 2026"].pk]
    step = ChangeSet.objects.latest("pk")
    assert (step.action, step.entity, step.record) == ("edit", "customers.account", id_)
    post("admin", f"/journal/{step.pk}/undo")
    assert tags_of(id_) == []
    assert set(Tag.all_rows.filter(deleted_in__isnull=True).values_list("name", flat=True)) == {"Key account"}
    post("admin", "/customers/account/new", {"name": "Beta", "kind": "company", "tags": "", "tags__new": "Fresh"})
    beta = Account.all_rows.get(name="Beta")
    assert tags_of(beta.pk) == [Tag.all_rows.get(name="Fresh", deleted_in__isnull=True).pk]
    assert ChangeSet.objects.filter(action="create", entity="customers.account").latest("pk").record == beta.pk


def test_whoever_may_not_make_tags_is_not_asked_and_makes_none(
    house: Any, get: Any, post: Any, monkeypatch: Any
) -> None:
    from guanxi.core.access import Actor

    known = tag(house, "Key account")
    id_ = house.customer("Acme")
    cell = f"/customers/account/{id_}/cell/tags"
    can = Actor.can
    monkeypatch.setattr(
        Actor,
        "can",
        lambda self, entity, action, *a, **k: (
            False if (entity, action) == ("records.tag", "create") else can(self, entity, action, *a, **k)
        ),
    )
    page = get("owner", cell, htmx=True).content.decode()
    assert "Key account" in page and "tags__new" not in page
    post("owner", cell, {"tags": ["", str(known)], "tags__new": "Mine"}, htmx=True)
    assert Tag.all_rows.count() == 1 and tags_of(id_) == [], "and nothing else of it is saved"


def test_retired_tags_stay_on_records_and_are_not_offered(house: Any, get: Any, post: Any) -> None:
    one = tag(house, "Old campaign", type="campaign", colour="purple")
    with_it, without = house.customer("A", tags=[str(one)]), house.customer("B")
    page = get("admin", TAGS).content.decode()
    assert "Old campaign" in page and "Campaign" in page
    post("admin", f"{TAGS}{one}", {"do": "retire"})
    assert "Old campaign" in get("admin", f"/customers/account/{with_it}/cell/tags", htmx=True).content.decode()
    assert "Old campaign" not in get("admin", f"/customers/account/{without}/cell/tags", htmx=True).content.decode()
    assert tags_of(with_it) == [one]
    again = post(
        "admin", f"/customers/account/{without}/cell/tags", {"tags": "", "tags__new": "old campaign"}, htmx=True
    )
    assert "is retired" in again.content.decode() and "old campaign" in again.content.decode()
    post("admin", f"/journal/{ChangeSet.objects.latest('pk').pk}/undo")
    assert not Tag.all_rows.get(pk=one).retired


def test_renamed_coloured_and_two_people_meet(house: Any, post: Any) -> None:
    one = tag(house, "Vip")
    tag(house, "Other")
    form = {"version": "1", "name": "VIP", "type": "scale", "colour": "red"}
    post("admin", f"{TAGS}{one}", form)
    row = Tag.all_rows.get(pk=one)
    assert (row.name, row.type, row.colour) == ("VIP", "scale", "red")
    post("admin", f"{TAGS}{one}", {**form, "name": "Mine", "version": "1"})
    assert Tag.all_rows.get(pk=one).name == "VIP", "somebody changed it meanwhile"
    post("admin", f"{TAGS}{one}", {**form, "name": "Other", "version": "2"})
    assert Tag.all_rows.get(pk=one).name == "VIP"
    assert post("owner", f"{TAGS}{one}", form).status_code == 404
    assert post("admin", TAGS, {"name": "Other"}).status_code == 422
    assert post("admin", TAGS, {"name": "Third", "type": "need"}).status_code == 302


def test_merged_tag_moves_with_its_records_in_one_step(house: Any, get: Any, post: Any) -> None:
    old, new = tag(house, "Wholesale"), tag(house, "Wholesaler")
    ids = [house.customer(f"A{n}", tags=[str(old)] + ([str(new)] if n else [])) for n in range(2)]
    person = house.save("customers.contact", {"name": "Li Na", "account": ids[0], "tags": [str(old)]}).id
    page = get("admin", f"{TAGS}{old}/merge").content.decode()
    assert "3 records have it" in page
    assert post("admin", f"{TAGS}{old}/merge", {"into": str(old)}).status_code == 422
    assert post("owner", f"{TAGS}{old}/merge", {"into": str(new)}).status_code == 404
    assert post("admin", f"{TAGS}{old}/merge", {"into": str(new)}).status_code == 302
    assert [tags_of(i) for i in ids] == [[new], [new]]
    assert Tag.all_rows.get(pk=old).deleted_in is not None
    step = ChangeSet.objects.filter(action="bulk", entity="records.tag").latest("pk")
    assert step.balance["updated"] == 3
    post("admin", f"/journal/{step.pk}/undo")
    assert [tags_of(i) for i in ids] == [[old], [old, new]]
    assert Tag.all_rows.get(pk=old).deleted_in is None
    from guanxi.customers.models import Contact

    assert Contact.all_rows.get(pk=person).tags == [old]
