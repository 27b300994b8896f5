"""What follows from other fields of the same record."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

NOTHING = Decimal(0)
_PLACES = Decimal("0.0001")


def line_amount(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The amount of an order line: quantity × unit price − discount, to four places."""
    quantity, price, discount = (values.get(key) or NOTHING for key in ("quantity", "unit_price", "discount"))
    return {"amount": (quantity * price - discount).quantize(_PLACES)}


def open_amount(total: Decimal | None, discount: Decimal | None, paid: Decimal | None) -> Decimal:
    """What of an order is still to be paid."""
    return (total or NOTHING) - (discount or NOTHING) - (paid or NOTHING)


def in_reporting_currency(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Prices and orders that name no currency are in the reporting currency."""
    if values.get("currency"):
        return {}
    from guanxi.core.org.settings import get

    return {"currency": get("reporting_currency")}


def in_order_currency(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A payment that names no currency is in that of its order."""
    if values.get("currency") or not isinstance(values.get("order"), int):
        return {}
    from guanxi.trade.models import Order

    found = cast(Any, Order.objects).filter(pk=values["order"]).values_list("currency", flat=True).first()
    return {"currency": found} if found else {}
