"""Figures are the same from the marts, from PostgreSQL through the read door, and added up by hand (INS-7)."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guanxi.core.access import SYSTEM, Actor, acting, actor_for
from guanxi.core.org import currency
from guanxi.insight import answers
from guanxi.insight.marts import store
from guanxi.insight.questions import Question
from guanxi.records import catalogue, write
from tests import make

UTC = datetime.UTC
ROLES = ("sales", "sales_manager", "service", "marketing", "analyst", "steward", "privacy", "administrator")


@pytest.fixture
def house(db: None, marts: Path) -> dict[str, Any]:
    """Two departments, customers of several people, orders in two currencies, at the edges of months in Shanghai."""
    top = make.department("top")
    below = make.department("below", top)
    apart = make.department("apart")
    people = {
        "manager": make.user("sales_manager", department=top),
        "seller": make.user("sales", department=below),
        "stranger": make.user("sales", department=apart),
    }
    currency.record_rate(SYSTEM, "USD", Decimal("7.1"), date=datetime.date(2026, 1, 1))
    currency.record_rate(SYSTEM, "USD", Decimal("7.3"), date=datetime.date(2026, 3, 1))
    category = [make.record("trade.category", {"name": f"c{n}"}) for n in range(2)]
    products = [make.product(category=category[n % 2]) for n in range(3)]
    provinces = ("广东省", "江苏省", "")
    accounts = []
    for n in range(9):
        owner = (people["seller"], people["stranger"], people["manager"])[n % 3]
        address = {"province": provinces[n % 3], "detail": "路1号"} if provinces[n % 3] else None
        accounts.append(make.account(owner=owner.pk, status=("active", "prospect")[n % 2], address=address))
    orders = []
    moments = ("2026-01-31T15:59:00", "2026-01-31T16:01:00", "2026-03-05T08:00:00", "2026-03-31T15:30:00")
    for n in range(24):
        when = datetime.datetime.fromisoformat(moments[n % 4]).replace(tzinfo=UTC)
        orders.append(
            make.order(
                accounts[n % 9],
                [{"product": products[(n + i) % 3], "quantity": 1 + n, "unit_price": Decimal("10.25")} for i in range(1 + n % 3)],
                ordered_at=when, channel=("online", "store")[n % 2], currency="USD" if n % 5 == 0 else "CNY",
            )
        )  # fmt: skip
    return {"people": people, "accounts": accounts, "orders": orders, "department": top, "products": products}


QUESTIONS = (
    Question("trade.order"),
    Question("trade.order", "sum:total"),
    Question("trade.order", "avg:total", by="channel"),
    Question("trade.order", "sum:total", by="ordered_at:month"),
    Question("trade.order", "sum:total", by="ordered_at:month", split="channel"),
    Question("trade.order", "sum:total", by="ordered_at:quarter"),
    Question("trade.order", "sum:total", by="ordered_at:day"),
    Question("trade.order", "sum:total", by="ordered_at:week"),
    Question("trade.order", "count", by="account.owner"),
    Question("trade.order", "sum:total", by="account"),
    Question("trade.order", "sum:total", by="account", top=3),
    Question("trade.order", "avg:total", by="account", top=2),
    Question("trade.orderline", "sum:quantity", by="product", top=1),
    Question("trade.order", "distinct:account"),
    Question("trade.order", "sum:total", by="ordered_at:month", split="first_order"),
    Question("trade.orderline", "sum:amount", by="product.category"),
    Question("trade.orderline", "sum:amount", by="order.ordered_at:month"),
    Question("trade.orderline", "sum:quantity", by="product"),
    Question.of("trade.order", "f.channel.any=online&f.ordered_at.between=2026-02-01&f.ordered_at.between=2026-03-31"),
    Question.of("trade.order", "f.account.status.any=active&f.total.gte=50", measure="sum:total"),
    Question.of("trade.order", "f.channel.none=online", by="currency"),
    Question.of("trade.orderline", "f.order.channel.any=store", measure="sum:amount", by="order.account"),
    Question("customers.account", by="status"),
    Question("customers.account", by="created_at:year"),
)
REGIONAL = (
    Question("trade.order", "sum:total", by="account.address:province"),
    Question.of("trade.order", "f.account.address:province.any=广东省", measure="sum:total"),
    Question.of("trade.orderline", "f.order.account.address:province.empty=1", measure="sum:amount"),
)


def plain(answer: answers.Answer) -> Any:
    return (
        answer.labels, answer.total.value, answer.total.n,
        [(s.label, [(p.value, p.n) for p in s.points]) for s in answer.series],
    )  # fmt: skip


def everybody(house: dict[str, Any]) -> list[Actor]:
    found = [actor_for(u) for u in house["people"].values()]
    return found + [make.actor(role, department=house["department"]) for role in ROLES]


def test_marts_and_read_door_agree_for_every_role(house: dict[str, Any]) -> None:
    """INS-7: the same number for the same person, wherever it comes from; something is really told apart."""
    store.refresh()
    totals = set()
    for actor in everybody(house):
        reads_addresses = actor.level("customers.account", "personal", "address").rank >= 2
        for question in QUESTIONS + (REGIONAL if reads_addresses else ()):
            with acting(actor):
                live = answers.answer(actor, question, prefer="live")
                quick = answers.answer(actor, question, prefer="marts")
            assert quick.from_marts and not live.from_marts
            assert plain(live) == plain(quick), (actor.name, question)
        totals.add(answers.answer(actor, QUESTIONS[1], prefer="marts").total.value)
    assert len(totals) > 2


def test_revenue_is_what_the_rows_add_up_to(house: dict[str, Any]) -> None:
    """By hand, from the rows: months begin at midnight in the person's zone, dollars count by the rate of their day."""
    store.refresh()
    admin = make.actor()
    months: dict[str, Decimal] = {}
    for order in house["orders"]:
        row = make.row("trade.order", order)
        day = (row.ordered_at + datetime.timedelta(hours=8)).date()
        rate = (
            Decimal(1)
            if row.currency == "CNY"
            else Decimal("7.1")
            if day < datetime.date(2026, 3, 1)
            else Decimal("7.3")
        )
        months[f"{day:%Y-%m}"] = months.get(f"{day:%Y-%m}", Decimal(0)) + row.total * rate
    with acting(admin):
        answer = answers.answer(admin, QUESTIONS[3], prefer="marts")
    assert {label: p.value for label, p in zip(answer.labels, answer.series[0].points, strict=True)} == {
        month: value.quantize(Decimal("0.01")) for month, value in months.items()
    }
    assert answer.labels == ("2026-01", "2026-02", "2026-03")


def test_changes_undo_and_deletion_reach_the_marts(house: dict[str, Any]) -> None:
    """A refresh brings only what changed, twice is harmless, and deleted or undone records are gone."""
    from guanxi.records import invert

    admin = make.actor()
    store.refresh()

    def both() -> tuple[Any, Any]:
        with acting(admin):
            return tuple(plain(answers.answer(admin, q, prefer="marts")) for q in (QUESTIONS[1], QUESTIONS[12])), tuple(
                plain(answers.answer(admin, q, prefer="live")) for q in (QUESTIONS[1], QUESTIONS[12])
            )

    first = both()
    assert first[0] == first[1]
    with acting(admin):
        made = write.save(
            admin, catalogue.get("trade.orderline"), {"order": house["orders"][0], "quantity": 5, "unit_price": 100}
        )
        write.delete(admin, catalogue.get("trade.order"), house["orders"][1])
        moved = write.save(admin, catalogue.get("customers.account"), {"status": "lost"}, id=house["accounts"][2])
    assert both()[0] == first[0], "the marts stand still until they are refreshed"
    done = store.refresh()
    assert done["changed"]["trade.order"] == 2 and done["changed"]["customers.account"] == 1
    second = both()
    assert second[0] == second[1] != first[0]
    again = store.refresh()
    assert not any(again["changed"].values()) and both()[0] == second[0]
    with acting(admin):
        invert.undo(admin, made.change_set)
        invert.undo(admin, moved.change_set)
    store.refresh()
    third = both()
    assert third[0] == third[1] != second[0]
    store.refresh(anew=True)
    assert both()[0] == third[0]
