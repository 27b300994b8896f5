"""Amounts of several currencies in one: the reporting currency, by the rate of each amount's own day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from babel.numbers import get_currency_precision

from guanxi.core.org import currency
from guanxi.core.org.settings import organisation
from guanxi.insight.groups import Group


@dataclass
class Sum:
    """Records and their total; `left_out`: records in a currency that no rate leads from."""

    n: int = 0
    total: Decimal = Decimal(0)
    left_out: int = 0


@dataclass
class Converter:
    """Puts groups together by (by, split). Exact until it is shown."""

    money: bool
    _rates: dict[tuple[str, date | None], Decimal | None] = field(default_factory=dict)

    def rate(self, code: str, on: date | None) -> Decimal | None:
        key = (code, on)
        if key not in self._rates:
            try:
                self._rates[key] = currency.rate(code, on=on)
            except currency.NoRate:
                self._rates[key] = None
        return self._rates[key]

    def add(self, groups: Iterable[Group]) -> dict[tuple[Any, Any], Sum]:
        found: dict[tuple[Any, Any], Sum] = {}
        reporting = organisation().reporting_currency
        with localcontext() as context:
            context.prec = 40
            for group in groups:
                sum_ = found.setdefault((group.by, group.split), Sum())
                total = group.total
                if total is not None and self.money and group.currency not in ("", reporting):
                    rate = self.rate(group.currency, group.on)
                    if rate is None:
                        sum_.left_out += group.n
                        continue
                    total = total * rate
                sum_.n += group.n
                sum_.total += total or 0
        return found


def rounded(value: Decimal) -> Decimal:
    """An amount in the reporting currency to its smallest unit."""
    places = get_currency_precision(organisation().reporting_currency)
    return value.quantize(Decimal(1).scaleb(-places))
