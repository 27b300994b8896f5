"""Undo gives back what was, to the byte; it names what it leaves and why; it does nothing its doer may not."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from guanxi.core import journal
from guanxi.core.access.actor import SYSTEM, Actor
from guanxi.records import bulk, catalogue, custom, invert, write
from tests import make

LOAD = importlib.import_module("guanxi.records.bulk.load")
pytestmark = pytest.mark.django_db

STAMPS = frozenset({"version", "changed_at", "changed_in"})
TABLES = ("customers.account", "customers.contact", "trade.order", "trade.orderline", "trade.payment", "records.tag")


def picture() -> dict[tuple[str, int], dict[str, Any]]:
    """Every live row, all columns but those that tell of the last write; secrets as their sealed bytes."""
    found = {}
    for key in TABLES:
        for row in catalogue.get(key).model.all_rows.filter(deleted_in__isnull=True).values():
            found[key, row["id"]] = {
                k: bytes(v) if isinstance(v, memoryview) else v for k, v in row.items() if k not in STAMPS
            }
    return found


def tokens() -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT record, tokens::text FROM records_searchentry")
        return dict(cursor.fetchall())


class Company:
    """A small company in full: customers, a contact, an order with lines, in a state that has a past."""

    def __init__(self) -> None:
        self.accounts, self.orderlines = catalogue.get("customers.account"), catalogue.get("trade.orderline")
        self.note = custom.define(SYSTEM, self.accounts, kind="text", label_zh="备用", label_en="Spare")
        self.tag = make.tag("重点")
        self.person = make.person(name="王小明", id_number="11010519491231002X", tags=[self.tag], external_id="P1")
        self.company = make.account(name="测试有限公司", external_id="C1", phone="010 6552 9988")
        self.contact = make.contact(self.company)
        self.order = make.order(
            self.company, [{"quantity": 2, "unit_price": "3.5"}, {"quantity": 1, "unit_price": "10"}]
        )
        self.lines = sorted(self.orderlines.model.all_rows.values_list("pk", flat=True))
        self.edit(self.company, {"phone": "010 6552 9999", self.note: "x"})

    def edit(self, id_: int, values: dict[str, Any], entity: str = "customers.account", *, by: Actor = SYSTEM) -> int:
        with make.acting(by):
            done = write.save(by, catalogue.get(entity), values, id=id_)
        assert done.change_set is not None
        return done.change_set

    def rows(self, *ids: int) -> Any:
        return self.accounts.model.all_rows.filter(pk__in=ids)


@pytest.fixture
def company() -> Company:
    with make.acting(SYSTEM):
        return Company()


Verb = Callable[["Company"], Callable[[], int]]


def create(c: Company) -> Callable[[], int]:
    return lambda: int(make.row("customers.account", make.account(external_id="N1", tags=[c.tag])).created_in)


def create_line(c: Company) -> Callable[[], int]:
    values = {"order": c.order, "quantity": 3, "unit_price": "1.25"}
    return lambda: int(make.row("trade.orderline", make.record("trade.orderline", values)).created_in)


def edit(c: Company) -> Callable[[], int]:
    values = {"name": "别的有限公司", "phone": "", "tags": [c.tag], c.note: "", "annual_revenue": "12.50"}
    return lambda: c.edit(c.company, values)


def edit_secret(c: Company) -> Callable[[], int]:
    return lambda: c.edit(c.person, {"id_number": "", "remark": "证件已收回"})


def edit_line(c: Company) -> Callable[[], int]:
    return lambda: c.edit(c.lines[0], {"quantity": "7"}, "trade.orderline")


def move_line(c: Company) -> Callable[[], int]:
    other = make.order(c.company)
    return lambda: c.edit(c.lines[0], {"order": other}, "trade.orderline")


def edit_many(c: Company) -> Callable[[], int]:
    def act() -> int:
        return write.edit_many(
            SYSTEM, c.accounts, c.rows(c.person, c.company), {"remark": "一起", c.note: "neu"}, add_tags=(c.tag,)
        ).change_set

    return act


def delete(c: Company) -> Callable[[], int]:
    return lambda: write.delete(SYSTEM, catalogue.get("customers.contact"), c.contact).change_set


def delete_whole(c: Company) -> Callable[[], int]:
    return lambda: write.delete(SYSTEM, catalogue.get("trade.order"), c.order).change_set


def delete_line(c: Company) -> Callable[[], int]:
    return lambda: write.delete(SYSTEM, c.orderlines, c.lines[0]).change_set


def delete_many(c: Company) -> Callable[[], int]:
    many = [make.account(name=f"公司{n}有限公司") for n in range(60)]
    return lambda: write.delete_many(SYSTEM, c.accounts, c.rows(*many)).change_set


def load(c: Company) -> Callable[[], int]:
    """New rows, changed ones, and some that the file names twice, over several batches."""
    given = [{"external_id": f"F{n}", "name": f"客户{n}有限公司", "phone": f"0571 8888 00{n:02}"} for n in range(10)]
    given += [{"external_id": "C1", "name": "改名有限公司"}, {"external_id": "F3", "name": "第三有限公司"}]
    given += [{"external_id": "C1", "phone": "020 8888 0001"}]

    def act() -> int:
        done = bulk.load(SYSTEM, c.accounts, list(enumerate(given, 2)), columns=["external_id", "name", "phone"])
        assert (done.created, done.updated, done.balance.held) == (10, 3, 0)
        return done.change_set or 0

    return act


def load_lines(c: Company) -> Callable[[], int]:
    other = make.order(c.company)
    given = [{"order": order, "quantity": "2", "unit_price": "5"} for order in (c.order, other) for _ in range(4)]

    def act() -> int:
        done = bulk.load(SYSTEM, c.orderlines, list(enumerate(given)), columns=["order", "quantity", "unit_price"])
        assert done.created == 8
        return done.change_set or 0

    return act


VERBS: list[Verb] = [
    create, create_line, edit, edit_secret, edit_line, move_line, edit_many, delete, delete_whole, delete_line, delete_many,
    load, load_lines,
]  # fmt: skip


@pytest.mark.parametrize("verb", VERBS, ids=lambda v: v.__name__)
def test_undo_of_the_last_change_set_restores_every_byte(
    verb: Verb, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LOAD, "BATCH", 3)
    with make.acting(SYSTEM):
        act = verb(company)
        before, before_tokens = picture(), tokens()
        number = act()
        after, after_tokens = picture(), tokens()
        assert after != before
        undone = invert.undo(SYSTEM, number)
        assert undone.kept == []
        assert picture() == before
        assert tokens() == before_tokens
        again = invert.undo(SYSTEM, undone.change_set)
        assert again.kept == []
        assert picture() == after
        assert tokens() == after_tokens
        last = invert.undo(SYSTEM, again.change_set)
        assert last.kept == []
        assert picture() == before
    intact()


def intact() -> None:
    while journal.seal():
        pass
    journal.checkpoint()
    report = journal.verify()
    assert report.intact, [str(f) for f in report.findings]
