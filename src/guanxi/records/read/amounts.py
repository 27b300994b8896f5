"""Amounts of many rows turned into one currency: added up by currency and day, which are few, and each turned with its rate."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, DateField, F, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone

from guanxi.core.org import currency
from guanxi.core.org import settings as org_settings
from guanxi.core.org.models import ExchangeRate
from guanxi.records import custom, kinds
from guanxi.records.entity import Entity, Field


def by_unit_and_day(
    entity: Entity, rows: QuerySet[Any], amount: Field, dated: Field | None, base: str
) -> QuerySet[Any]:
    """`rows` with `_unit`, the currency of `amount` ("" for a number that is no money), and `_day`, the day of its rate in the
    organisation's time zone: of the field `dated`, or None for today's."""
    unit: Any = Value("")
    if isinstance(amount.kind, kinds.Money):
        named = custom.fields(entity).get(amount.kind.currency_field)
        unit = named.expression if named is not None else Value(amount.kind.currency)
    none = Value(None, output_field=DateField())
    day: Any = none
    if dated is not None:
        when: Any = F(dated.column)
        if isinstance(dated.kind, kinds.DateTime):
            when = TruncDate(when, tzinfo=ZoneInfo(org_settings.get("time_zone")))
        # Only what has to be turned into the reporting currency needs its day: the groups stay few.
        day = Case(When(_unit__in=[base, ""], then=none), default=when, output_field=DateField())
    found: QuerySet[Any] = rows.annotate(_unit=Cast(unit, output_field=TextField())).annotate(_day=day)
    return found


class Rates:
    """Rates into one currency. Between two dates on which any rate was recorded nothing changes: one look-up for each span."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._dates: list[date] | None = None
        self._found: dict[tuple[str, date], Decimal | None] = {}

    def of(self, unit: str, day: date | None) -> Decimal | None:
        """The rate, or None when none was recorded by then."""
        if unit == self.base:
            return Decimal(1)
        if self._dates is None:
            self._dates = sorted(ExchangeRate.objects.order_by().values_list("date", flat=True).distinct())
        day = day or timezone.now().astimezone(ZoneInfo(org_settings.get("time_zone"))).date()
        place = bisect_right(self._dates, day)
        if place == 0:
            return None
        start = self._dates[place - 1]
        if (unit, start) not in self._found:
            try:
                self._found[unit, start] = currency.rate(unit, on=start, to=self.base)
            except currency.NoRate:
                self._found[unit, start] = None
        return self._found[unit, start]
