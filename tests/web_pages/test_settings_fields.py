"""Custom fields: their default, how they look before they are made, where they are used, and taking them away and back (MOD-5)."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.core.access import acting, actor_for
from guanxi.core.journal.models import ChangeSet
from guanxi.customers.models import Account
from guanxi.insight.models import Dashboard, Sharing
from guanxi.records import bulk, catalogue, choice_editing, choice_use, custom
from guanxi.records.models import ChoiceValue, CustomField, SavedView

FIELDS = "/settings/fields/customers.account/"


def made(post: Any, **typed: str) -> CustomField:
    answer = post("admin", f"{FIELDS}new", {"label_en": "Grade", **typed})
    assert answer.status_code == 302, answer.content.decode()[:3000]
    return CustomField.objects.latest("pk")


def held(pk: int) -> dict[str, Any]:
    return dict(Account.all_rows.values_list("custom", flat=True).get(pk=pk))


def test_default_reaches_new_records_by_every_way_in(house: Any, get: Any, post: Any) -> None:
    old = house.customer("Before")
    row = made(post, kind="integer", default="7")
    assert row.default == 7
    assert held(old) == {}, "records that exist are not changed"
    assert held(house.customer("By a program"))[row.key] == 7
    form = get("owner", "/customers/account/new").content.decode()
    assert f'name="{row.key}"' in form and 'value="7"' in form
    post("owner", "/customers/account/new", {"name": "By the form", "kind": "company", row.key: ""})
    assert row.key not in held(Account.all_rows.get(name="By the form").pk), "emptied on purpose stays empty"
    actor = actor_for(house.admin)
    with acting(actor):
        done = bulk.load(
            actor, catalogue.get("customers.account"),
            [(1, {"name": "From a file", "kind": "company"}), (2, {"name": "Before", "kind": "company"})],
            columns=["name", "kind"], recognise_by=["name"],
        )  # fmt: skip
    assert (done.created, done.balance.unchanged) == (1, 1)
    assert held(Account.all_rows.get(name="From a file").pk)[row.key] == 7
    assert held(old) == {}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"kind": "integer", "default": "many"}, "many"),
        ({"kind": "choice", "list": "customers.tier", "default": "nonsense"}, "nonsense"),
        ({"kind": "text", "default": "x", "unique": "on"}, ""),
    ],
)
def test_a_default_is_a_value_of_its_kind(post: Any, typed: dict[str, str], said: str) -> None:
    answer = post("admin", f"{FIELDS}new", {"label_en": "Grade", **typed})
    assert answer.status_code == 422 and said in answer.content.decode()
    assert not CustomField.objects.exists()


def test_default_of_a_list_follows_its_values(house: Any, post: Any) -> None:
    first, second = ChoiceValue.objects.filter(list="customers.tier").order_by("position")[:2]
    row = made(post, kind="choice", list="customers.tier", default=first.code)
    admin = actor_for(house.admin)
    choice_editing.change(admin, first, retired=True)
    assert row.key not in held(house.customer("While it is retired"))
    choice_editing.change(admin, first, retired=False)
    with acting(admin):
        choice_use.merge(admin, first, second)
    assert held(house.customer("Merged"))[row.key] == second.code


def test_default_is_changed_and_put_back(house: Any, post: Any) -> None:
    row = made(post, kind="text", default="blue")
    rules = {"label_zh": row.label_zh, "label_en": row.label_en, "default_shown": "1"}
    post("admin", FIELDS + row.key, {**rules, "default": "red"})
    assert held(house.customer("A"))[row.key] == "red"
    post("admin", f"/journal/{ChangeSet.objects.filter(action='settings').latest('pk').pk}/restore")
    step = ChangeSet.objects.filter(entity="records.customfield").latest("pk")
    assert step.detail["after"] == {"default": "blue"}
    assert held(house.customer("B"))[row.key] == "blue"
    post("admin", FIELDS + row.key, {"label_zh": row.label_zh, "label_en": row.label_en})
    assert held(house.customer("C"))[row.key] == "blue", "a form without the input leaves it alone"


def test_preview_shows_form_and_list_and_writes_nothing(get: Any, post: Any) -> None:
    page = get("admin", f"{FIELDS}new").content.decode()
    assert 'id="field-look"' in page
    before = ChangeSet.objects.count()
    look = post("admin", f"{FIELDS}preview",
                {"kind": "money", "currency": "USD", "label_en": "Bonus", "default": "1200", "shown": "money USD"},
                htmx=True).content.decode()  # fmt: skip
    assert "Bonus" in look and "1,200" in look and "hx-swap-oob" not in look
    other = post("admin", f"{FIELDS}preview", {"kind": "choice", "label_en": "Bonus", "shown": "money USD"}, htmx=True)
    text = other.content.decode()
    assert "Choose the list of values." in text and 'id="cf-list"' in text and "hx-swap-oob" in text
    for kind in custom.OFFERED:
        more = {"list": "customers.tier", "target": "customers.account", "currency": "CNY"}
        assert (
            post("admin", f"{FIELDS}preview", {"kind": kind, "label_en": "Bonus", **more}, htmx=True).status_code == 200
        )
    assert (ChangeSet.objects.count(), CustomField.objects.count()) == (before, 0)
    assert post("owner", f"{FIELDS}preview", {"kind": "text"}, htmx=True).status_code == 404


def test_uses_are_named_before_a_field_goes(house: Any, get: Any, post: Any) -> None:
    row = made(post, kind="choice", list="customers.tier", label_en="Rank")
    house.customer("A", **{row.key: "a"})
    view = {"entity": "customers.account", "shared": True, "owner": house.manager}
    SavedView.objects.create(**view, name="Ranked", query=f"f.{row.key}.any=a&cols=name,{row.key}&sort=-{row.key}")
    SavedView.objects.create(**view, name="Other", query="f.name.contains=" + row.key)
    SavedView.objects.create(
        **{**view, "shared": False, "entity": "trade.order"}, name="Secret plan", query=f"f.account.{row.key}.any=a"
    )
    tile = {"id": "t1", "kind": "bar", "title": "By rank", "entity": "customers.account", "by": row.key}
    Dashboard.objects.create(name="Ours", sharing=Sharing.EVERYBODY, tiles=[tile])
    page = get("admin", f"{FIELDS}{row.key}/use").content.decode()
    assert "1 record holds a value." in page
    assert "Ranked" in page and "filter · column · sorted by it" in page and "By rank" in page
    assert "Other" not in page and "Secret plan" not in page and "1 private view of a colleague" in page
    assert 'value="delete"' not in page and 'value="retire"' in page
    assert get("owner", f"{FIELDS}{row.key}/use").status_code == 404


def test_retired_and_deleted_fields_come_back_with_their_values(house: Any, get: Any, post: Any) -> None:
    row = made(post, kind="text")
    id_ = house.customer("A", **{row.key: "kept"})
    refused = post("admin", f"{FIELDS}{row.key}/act", {"do": "delete"})
    assert refused["Location"].endswith("/use")
    row.refresh_from_db()
    assert not row.deleted
    post("admin", f"{FIELDS}{row.key}/act", {"do": "retire"})
    post("admin", f"/journal/{ChangeSet.objects.filter(action='settings').latest('pk').pk}/restore")
    row.refresh_from_db()
    assert not row.retired and held(id_)[row.key] == "kept"
    house.save("customers.account", {row.key: None}, id=id_)
    post("admin", f"{FIELDS}{row.key}/act", {"do": "delete"})
    assert row.key not in get("admin", FIELDS).content.decode()
    assert get("admin", FIELDS + row.key).status_code == 404
    again = made(post, kind="integer")
    assert again.key != row.key, "the key of a deleted field is never given again"
    step = ChangeSet.objects.filter(entity="records.customfield", record=row.pk).latest("pk")
    assert post("owner", f"/journal/{step.pk}/restore").status_code == 404
    post("admin", f"/journal/{step.pk}/restore")
    assert row.key in get("admin", FIELDS).content.decode()
    house.save("customers.account", {row.key: "again"}, id=id_)
    post("admin", f"/journal/{step.pk}/restore")
    row.refresh_from_db()
    assert not row.deleted, "a step that was put back is not put back twice"
