from __future__ import annotations

from decimal import Decimal

import pytest

from guanxi.records import catalogue, write
from guanxi.trade import declared
from tests import make

pytestmark = pytest.mark.django_db


def test_line_amount_is_quantity_times_price_minus_discount() -> None:
    worked_out = declared.line_amount(
        {"quantity": Decimal("2.5"), "unit_price": Decimal("9.99"), "discount": Decimal("1")}
    )
    assert worked_out == {"amount": Decimal("23.9750")}


def test_order_total_follows_its_lines() -> None:
    order = make.order(
        make.account(), [{"quantity": 2, "unit_price": "10"}, {"quantity": 1, "unit_price": "5", "discount": "1"}]
    )
    assert make.row("trade.order", order).total == Decimal(24)
    line = catalogue.get("trade.orderline").model.all_rows.filter(order_id=order).order_by("pk").first()
    with make.acting(make.SYSTEM):
        write.save(make.SYSTEM, catalogue.get("trade.orderline"), {"quantity": 3}, id=line.pk)
        assert make.row("trade.order", order).total == Decimal(34)
        write.delete(make.SYSTEM, catalogue.get("trade.orderline"), line.pk)
    assert make.row("trade.order", order).total == Decimal(4)


def test_payments_and_refunds_add_up() -> None:
    order = make.order(make.account(), [{"quantity": 1, "unit_price": "100"}])
    make.payment(order, "60")
    make.payment(order, "-10")
    row = make.row("trade.order", order)
    assert row.paid == Decimal(50)
    assert declared.open_amount(row.total, row.discount, row.paid) == Decimal(50)


def test_order_and_product_without_currency_are_in_the_reporting_currency() -> None:
    assert make.row("trade.order", make.order(make.account())).currency == "CNY"
    assert make.row("trade.product", make.product()).currency == "CNY"


def test_payment_takes_the_currency_of_its_order_and_no_other() -> None:
    order = make.order(make.account(), currency="USD")
    assert make.row("trade.payment", make.payment(order, "5")).currency == "USD"
    with pytest.raises(write.Invalid) as caught:
        make.payment(order, "5", currency="EUR")
    assert [p.code for p in caught.value.problems["currency"]] == ["payment.currency"]


def test_contact_of_another_customer_cannot_order() -> None:
    stranger = make.contact(make.account())
    with pytest.raises(write.Invalid) as caught:
        make.order(make.account(), contact=stranger)
    assert [p.code for p in caught.value.problems["contact"]] == ["order.contact"]


def test_totals_are_not_for_hands() -> None:
    with pytest.raises(Exception, match="total"):
        make.order(make.account(), total="1000000")


def test_colleague_does_not_see_the_order_of_a_customer_of_mine() -> None:
    from guanxi.records.read import visible

    mine, theirs = make.actor("sales"), make.actor("sales")
    order = make.order(make.account(by=mine), by=mine)
    entity = catalogue.get("trade.order")
    assert visible(entity, mine).filter(pk=order).exists()
    assert not visible(entity, theirs).filter(pk=order).exists()
