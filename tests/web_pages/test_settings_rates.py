"""Amounts without an exchange rate are counted where sums leave them out, and on the page where rates are set (MOD-7, INS-7)."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from guanxi.core.access.actor import SYSTEM
from guanxi.core.org import currency

MISSING = "/settings/currencies/missing"


@pytest.fixture
def orders(house: Any) -> list[int]:
    account = house.customer("Acme")
    made = []
    for day, unit in (("2026-01-10", "JPY"), ("2026-02-10", "JPY"), ("2026-02-11", "USD"), ("2026-02-12", "CNY")):
        values = {
            "account": account,
            "ordered_at": f"{day} 10:00",
            "currency": unit,
        }
        made.append(house.save("trade.order", values).id)
    return made


def test_rated_since_is_the_first_day_a_rate_leads_there(house: Any) -> None:
    assert currency.rated_since("CNY") == datetime.date.min and currency.rated_since("JPY") is None
    for day in (3, 1, 2):
        currency.record_rate(SYSTEM, "USD", Decimal("7.1"), date=datetime.date(2026, day, 1))
    assert currency.rated_since("USD") == datetime.date(2026, 1, 1)
    currency.record_rate(SYSTEM, "JPY", Decimal("0.0067"), date=datetime.date(2026, 2, 15), base="USD")
    assert currency.rated_since("JPY") == datetime.date(2026, 2, 15), "through another currency"


def test_the_page_counts_amounts_by_currency_and_leads_to_the_rate(house: Any, get: Any, orders: list[int]) -> None:
    currency.record_rate(SYSTEM, "JPY", Decimal("0.048"), date=datetime.date(2026, 2, 1))
    page = get("admin", MISSING).content.decode()
    assert "2 amounts have no rate" in page
    assert "currency=JPY&amp;date=2026-01-10#new" in page and "currency=USD&amp;date=2026-02-11#new" in page
    assert 'hx-get="/settings/currencies/missing"' in get("admin", "/settings/currencies").content.decode()
    form = get("admin", "/settings/currencies?currency=JPY&date=2026-01-10").content.decode()
    assert 'value="2026-01-10"' in form and 'value="JPY" selected' in form
    listed = get(
        "admin", "/trade/order/?f.currency.is=JPY&f.ordered_at.between=2026-01-10&f.ordered_at.between=2026-01-10"
    )
    assert listed.context["page"].count.n == 1, "the list that the line opens has the same number"
    for code, day in (("JPY", 1), ("USD", 1)):
        currency.record_rate(SYSTEM, code, Decimal("1"), date=datetime.date(2026, 1, day))
    assert "no rate" not in get("admin", MISSING).content.decode()
    assert get("owner", MISSING).status_code == 404
    assert get("admin", "/settings/currencies?date=nonsense").status_code == 200


def test_lists_and_boards_say_how_many_amounts_are_left_out(house: Any, get: Any, orders: list[int]) -> None:
    page = get("admin", "/trade/order/?by=status").content.decode()
    assert "3 amounts in JPY, USD are left out" in page and 'href="/settings/currencies"' in page
    mine = get("owner", "/trade/order/?by=status").content.decode()
    assert "3 amounts in JPY, USD are left out" in mine and 'href="/settings/currencies"' not in mine
    board = get("admin", "/trade/order/board?by=status").content.decode()
    assert "3 amounts in JPY, USD are left out" in board
