"""Lists of values and category trees, as people order, merge and retire them (MOD-5, MOD-8)."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.core.access import actor_for
from guanxi.core.journal.models import ChangeSet
from guanxi.customers.models import Account
from guanxi.records import choice_use, choices
from guanxi.records.models import ChoiceValue
from guanxi.trade.models import Category, Product

TIERS = "/settings/lists/customers.tier/"


def values() -> list[ChoiceValue]:
    return list(ChoiceValue.objects.filter(list="customers.tier").order_by("position", "id"))


def joined(rows: list[ChoiceValue]) -> str:
    return ",".join(str(row.pk) for row in rows)


def test_order_is_saved_whole_and_not_over_somebody_elses(house: Any, post: Any) -> None:
    was = values()
    wanted = [was[-1], *was[:-1]]
    answer = post(
        "admin", f"{TIERS}order", {"order": joined(wanted), "was": joined(was), "moved": str(was[-1].pk)}, htmx=True
    )
    assert answer.status_code == 200 and f'data-order-focus="{was[-1].pk}"' in answer.content.decode()
    assert values() == wanted
    stale = post("admin", f"{TIERS}order", {"order": joined(was), "was": joined(was)}, htmx=True)
    assert "meanwhile" in stale["HX-Trigger"] and values() == wanted
    assert post("owner", f"{TIERS}order", {"order": joined(was), "was": joined(wanted)}).status_code == 404
    assert values() == wanted
    post("admin", f"{TIERS}order", {"order": joined(was[1:]), "was": joined(wanted)}, htmx=True)
    assert values() == wanted, "an order that leaves one out is none"


def test_two_people_who_rename_one_value_meet(house: Any, post: Any) -> None:
    one = values()[0]
    was = f"{one.label_zh}\n{one.label_en}\n{one.colour}"
    post("admin", f"{TIERS}{one.pk}", {"label_zh": "甲", "label_en": "First", "was": was})
    post("admin", f"{TIERS}{one.pk}", {"label_zh": "乙", "label_en": "Second", "was": was})
    one.refresh_from_db()
    assert (one.label_zh, one.label_en) == ("甲", "First")


def test_merged_value_moves_records_in_one_step_and_is_still_understood(house: Any, get: Any, post: Any) -> None:
    old, new = values()[:2]
    ids = [house.customer(f"Acme {n}", tier=old.code) for n in range(3)]
    assert choice_use.counts(actor_for(house.admin), "customers.tier")[old.code] == 3
    assert choice_use.counts(actor_for(house.stranger), "customers.tier").get(old.code, 0) == 0
    assert post("admin", f"{TIERS}{old.pk}/merge", {"into": str(old.pk)}).status_code == 422
    assert post("owner", f"{TIERS}{old.pk}/merge", {"into": str(new.pk)}).status_code == 404
    assert post("admin", f"{TIERS}{old.pk}/merge", {"into": str(new.pk)}).status_code == 302
    assert set(Account.all_rows.filter(pk__in=ids).values_list("tier", flat=True)) == {new.code}
    old.refresh_from_db()
    assert old.retired and choices.find("customers.tier", old.label_zh) in (old.code, new.code)
    new.refresh_from_db()
    assert old.label_zh in new.aliases
    step = ChangeSet.objects.filter(action="bulk").latest("pk")
    assert step.balance["updated"] == 3 and step.lines == 3
    post("admin", f"/journal/{step.pk}/undo")
    assert set(Account.all_rows.filter(pk__in=ids).values_list("tier", flat=True)) == {old.code}


def test_values_shipped_later_reach_lists_that_are_there(
    monkeypatch: pytest.MonkeyPatch, house: Any, post: Any
) -> None:
    """A new version brings a value: it is added at the end, nothing renamed or retired is touched."""
    first = values()[0]
    post("admin", f"{TIERS}{first.pk}", {"label_zh": "甲", "label_en": "Mine"})
    post("admin", f"{TIERS}{first.pk}", {"do": "retire"})
    shipped = choices.SHIPPED["customers.tier"]
    more = choices.ChoiceListDefault(
        shipped.key, shipped.zh, shipped.en, (*shipped.values, choices.Default("brand_new", "全新", "Brand new"))
    )
    monkeypatch.setitem(choices.SHIPPED, "customers.tier", more)
    before = [row.code for row in values()]
    choices.install()
    choices.install()
    assert [row.code for row in values()] == [*before, "brand_new"]
    first.refresh_from_db()
    assert first.retired and first.label_en == "Mine"


# Trees --------------------------------------------------------------------------------------------------------------------

TREE = "/settings/trees/trade.category/"


@pytest.fixture
def tree(house: Any) -> dict[str, int]:
    a = house.save("trade.category", {"name": "A"}).id
    b = house.save("trade.category", {"name": "B"}).id
    under = house.save("trade.category", {"name": "A1", "parent": a}).id
    return {"a": a, "b": b, "a1": under}


def place(node: int, parent: int | str, was: int | str, before: int | str = "") -> dict[str, str]:
    return {"node": str(node), "parent": str(parent), "was_parent": str(was), "before": str(before)}


def parents() -> dict[str, int | None]:
    return dict(Category.all_rows.filter(deleted_in__isnull=True).values_list("name", "parent_id"))


def test_nodes_move_below_others_but_never_below_themselves(
    house: Any, get: Any, post: Any, tree: dict[str, int]
) -> None:
    answer = post("admin", f"{TREE}move", place(tree["b"], tree["a"], "", tree["a1"]), htmx=True)
    assert answer.status_code == 200 and f'data-tree-focus="{tree["b"]}"' in answer.content.decode()
    assert parents()["B"] == tree["a"]
    names = [n.name for n in get("admin", TREE).context["nodes"]]
    assert names == ["A", "B", "A1"], "before its sibling, as asked"
    circle = post("admin", f"{TREE}move", place(tree["a"], tree["a1"], ""), htmx=True)
    assert '"error"' in circle["HX-Trigger"] and parents()["A"] is None
    stale = post("admin", f"{TREE}move", place(tree["b"], "", ""), htmx=True)
    assert '"warning"' in stale["HX-Trigger"] and parents()["B"] == tree["a"], (
        "it no longer stands where the page showed it"
    )


@pytest.mark.parametrize("who", ["owner", "marketer"])
def test_who_may_not_edit_categories_moves_none(
    house: Any, get: Any, post: Any, tree: dict[str, int], who: str
) -> None:
    assert post(who, f"{TREE}move", place(tree["b"], tree["a"], ""), htmx=True).status_code == 404
    assert post(who, f"{TREE}{tree['b']}/merge", {"into": str(tree["a"])}).status_code == 404
    assert parents()["B"] is None
    assert get(who, "/settings/trees/").status_code == 404
    assert get("admin", "/settings/trees/customers.account/").status_code == 404, "customers are no tree"


def test_merged_category_hands_on_what_belongs_to_it_and_comes_back(
    house: Any, post: Any, tree: dict[str, int]
) -> None:
    product = house.save("trade.product", {"sku": "S1", "name": "Thing", "category": tree["a"], "currency": "CNY"}).id
    assert post("admin", f"{TREE}{tree['a']}/merge", {"into": str(tree["a1"])}).status_code == 422
    assert post("admin", f"{TREE}{tree['a']}/merge", {"into": str(tree["b"])}).status_code == 302
    assert Product.all_rows.get(pk=product).category_id == tree["b"]
    assert parents() == {"B": None, "A1": tree["b"]}
    step = ChangeSet.objects.filter(action="bulk").latest("pk")
    post("admin", f"/journal/{step.pk}/undo")
    assert Product.all_rows.get(pk=product).category_id == tree["a"]
    assert parents() == {"A": None, "B": None, "A1": tree["a"]}


def test_rename_in_the_tree_meets_others(house: Any, get: Any, post: Any, tree: dict[str, int]) -> None:
    version = Category.all_rows.get(pk=tree["b"]).version
    house.save("trade.category", {"name": "B2"}, id=tree["b"])
    answer = post("admin", f"{TREE}{tree['b']}", {"name": "Mine", "version": str(version)})
    assert answer.status_code == 422 and "B2" in answer.content.decode()
    assert "B2" in parents()
