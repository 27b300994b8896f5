"""The set-based middle of bulk edit and paste keeps the same rules as `save`, and changes no more than it says."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guanxi.core.access import SYSTEM, acting
from guanxi.core.journal.models import Change
from guanxi.core.org import versions
from guanxi.records import bulk, catalogue, custom, invert, write
from guanxi.records.entity import Entity
from guanxi.records.read import visible


@pytest.fixture(autouse=True)
def _database(db: None) -> Any:
    versions.refresh()
    with acting(SYSTEM):
        yield


@pytest.fixture
def account() -> Entity:
    return catalogue.get("customers.account")


def make(entity: Entity, **values: Any) -> int:
    return write.save(SYSTEM, entity, {"name": "Acme", "kind": "company", **values}).id


def row(entity: Entity, id_: int) -> Any:
    return entity.model.all_rows.get(pk=id_)


def test_unique_values_are_one_records_alone(account: Entity) -> None:
    custom.define(SYSTEM, account, kind="text", label_zh="号", label_en="No", key="x_no", unique=True)
    one, two, three = (make(account) for _ in range(3))
    write.save(SYSTEM, account, {"x_no": "A"}, id=three)
    done = write.edit_cells(SYSTEM, account, {one: {"x_no": "B"}, two: {"x_no": "B"}, three: {"x_no": "A"}})
    assert done.balance.to_dict() == {"read": 3, "created": 0, "updated": 1, "unchanged": 1, "skipped": 0, "held": 1}
    assert [p.code for p in done.held[two, "x_no"]] == ["field.taken"]
    taken = write.edit_cells(SYSTEM, account, {one: {"x_no": "A"}})
    assert (one, "x_no") in taken.held and row(account, one).custom == {"x_no": "B"}


def test_no_circle_is_made_by_many_at_once(account: Entity) -> None:
    one, two, three = (make(account) for _ in range(3))
    done = write.edit_cells(SYSTEM, account, {one: {"parent": two}, two: {"parent": three}, three: {"parent": one}})
    assert done.balance.held == 3 and not done.changed
    fine = write.edit_cells(SYSTEM, account, {one: {"parent": two}, two: {"parent": three}})
    assert fine.balance.updated == 2
    many = write.edit_many(SYSTEM, account, visible(account, SYSTEM).filter(pk=three), {"parent": str(one)})
    assert many.balance.held == 1 and many.why == {"link.itself": 1}


def test_a_bad_cell_does_not_take_its_row_along(account: Entity) -> None:
    id_ = make(account)
    done = write.edit_cells(SYSTEM, account, {id_: {"gender": "female", "remark": "x", "name": ""}})
    assert {k for _i, k in done.held} == {"gender", "name"} and done.changed == {(id_, "remark")}
    assert (row(account, id_).gender, row(account, id_).remark, row(account, id_).name) == ("", "x", "Acme")


def test_trying_leaves_nothing_and_says_the_same(account: Entity) -> None:
    id_ = make(account)
    cells = {id_: {"remark": "x", "phone": "12"}}
    tried = write.edit_cells(SYSTEM, account, cells, try_only=True)
    assert row(account, id_).remark == "" and Change.objects.filter(record=id_).count() == 1
    done = write.edit_cells(SYSTEM, account, cells)
    assert (tried.changed, tried.balance, tried.held.keys()) == (done.changed, done.balance, done.held.keys())


def test_sums_follow_cells(account: Entity) -> None:
    line, order = catalogue.get("trade.orderline"), catalogue.get("trade.order")
    number = write.save(SYSTEM, order, {"account": make(account), "ordered_at": "2026-01-05"}).id
    ids = [write.save(SYSTEM, line, {"order": number, "quantity": "1", "unit_price": "10"}).id for _ in range(2)]
    write.edit_cells(SYSTEM, line, {ids[0]: {"quantity": "3"}, ids[1]: {"unit_price": "5"}})
    assert row(order, number).total == 35
    many = write.edit_many(SYSTEM, line, visible(line, SYSTEM).filter(pk__in=ids), {"quantity": "2"})
    assert row(order, number).total == 30
    invert.undo(SYSTEM, many.change_set)
    assert row(order, number).total == 35


def test_search_follows_only_where_words_changed(account: Entity) -> None:
    from guanxi.records import search

    ids = [make(account) for _ in range(3)]
    write.edit_many(SYSTEM, account, visible(account, SYSTEM).filter(pk__in=ids), {"tier": "key"})
    write.edit_cells(SYSTEM, account, {ids[0]: {"name": "华为技术"}})
    found = visible(account, SYSTEM).filter(search.condition(SYSTEM, account, "huawei"))
    assert [r.pk for r in found] == [ids[0]]


def test_queries_of_bulk_edit_do_not_grow_with_the_rows(account: Entity) -> None:
    counts = []
    for n in (2, 30):
        ids = [make(account, id_number="") for _ in range(n)]
        with CaptureQueriesContext(connection) as queries:
            write.edit_many(SYSTEM, account, visible(account, SYSTEM).filter(pk__in=ids), {"tier": "key"})
        counts.append(len(queries))
    assert counts[0] == counts[1], counts


# Rules that look at other records ------------------------------------------------------------------------------------------


def order_of(account: int, currency: str = "CNY", **more: Any) -> int:
    values = {"account": account, "ordered_at": "2026-01-05", "currency": currency, **more}
    return write.save(SYSTEM, catalogue.get("trade.order"), values).id


def test_rules_over_other_records_hold_singly_in_bulk_and_in_files(account: Entity) -> None:
    """MOD-5: the currency of a payment, the contact of an order, what a customer belongs to; at every door."""
    payment, order, contact = (catalogue.get(k) for k in ("trade.payment", "trade.order", "customers.contact"))
    mine, other = make(account), make(account, name="Other")
    stranger = write.save(SYSTEM, contact, {"account": other, "name": "张三"}).id
    yuan, dollars = order_of(mine), order_of(mine, "USD")
    for entity, values, key in (
        (
            payment,
            {"order": dollars, "amount": "5", "currency": "CNY", "received_at": "2026-01-06", "account": mine},
            "currency",
        ),
        (order, {"account": mine, "ordered_at": "2026-01-05", "contact": stranger}, "contact"),
        (account, {"name": "李四", "kind": "person", "parent": mine}, "parent"),
    ):
        known = {k: v for k, v in values.items() if k in entity.declared}
        with pytest.raises(write.Invalid) as refused:
            write.save(SYSTEM, entity, known)
        assert set(refused.value.problems) == {key}
        held: list[Any] = []
        given = {k: str(v) for k, v in known.items()}
        loaded = bulk.load(
            SYSTEM, entity, [(1, given)], columns=list(given), held=lambda _n, p, held=held: held.append(p)
        )
        assert loaded.balance.held == 1 and set(held[0]) == {key}
    done = write.edit_cells(SYSTEM, order, {yuan: {"contact": str(stranger)}, dollars: {"remark": "x"}})
    assert set(done.held) == {(yuan, "contact")} and done.changed == {(dollars, "remark")}
    many = write.edit_many(
        SYSTEM, order, visible(order, SYSTEM).filter(pk__in=[yuan, dollars]), {"contact": str(stranger)}
    )
    assert many.why == {"order.contact": 2}


@pytest.mark.parametrize("n", [3, 40])
def test_rules_over_other_records_ask_once_a_batch(account: Entity, n: int) -> None:
    mine = make(account)
    orders = [order_of(mine) for _ in range(n)]
    payment = catalogue.get("trade.payment")
    columns = [k for k in ("order", "account", "amount", "currency", "received_at") if k in payment.declared]
    rows = [
        (i, {k: v for k, v in {"order": str(o), "account": str(mine), "amount": "5", "currency": "CNY",
                               "received_at": "2026-01-06"}.items() if k in columns})
        for i, o in enumerate(orders)
    ]  # fmt: skip
    with CaptureQueriesContext(connection) as queries:
        assert bulk.load(SYSTEM, payment, rows, columns=columns).balance.created == n
    asked = [q for q in queries if '"trade_order"."currency"' in q["sql"] and 'FROM "trade_order"' in q["sql"]]
    assert len(asked) <= 2, [q["sql"][:200] for q in asked]


def test_links_that_one_cannot_see_stay_where_they_are(account: Entity) -> None:
    """CAP-1, SEC-1: pasting over, clearing, saving, bulk editing and importing tags touches only those that one sees."""
    tag = catalogue.get("records.tag")
    seen, other, gone = (write.save(SYSTEM, tag, {"name": name}).id for name in ("vip", "press", "old"))
    one = make(account, tags=[seen, gone])
    write.delete(SYSTEM, tag, gone)

    def tags() -> list[int]:
        return list(row(account, one).tags)

    assert write.edit_cells(SYSTEM, account, {one: {"tags": "vip"}}).balance.unchanged == 1
    write.edit_cells(SYSTEM, account, {one: {"tags": "press"}})
    assert tags() == [other, gone]
    write.edit_cells(SYSTEM, account, {one: {"tags": ""}})
    assert tags() == [gone]
    write.save(SYSTEM, account, {"tags": [seen]}, id=one)
    assert tags() == [seen, gone]
    assert write.save(SYSTEM, account, {"tags": [seen]}, id=one).change_set is None
    write.edit_many(SYSTEM, account, visible(account, SYSTEM).filter(pk=one), {"tags": None})
    assert tags() == [gone]
    number = row(account, one).number
    bulk.load(SYSTEM, account, [(1, {"number": number, "tags": "press; vip"})], columns=["number", "tags"])
    assert tags() == [other, seen, gone]
    invert.undo(SYSTEM, write.edit_cells(SYSTEM, account, {one: {"tags": ""}}).change_set)
    assert tags() == [other, seen, gone]
