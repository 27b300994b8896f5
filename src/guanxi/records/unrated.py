"""Amounts that sums leave out: in a currency that no exchange rate leads from on their day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, DateField, F, TextField, Value
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone

from guanxi.core.access.actor import Actor
from guanxi.core.org import currency
from guanxi.core.org import settings as org_settings
from guanxi.records import catalogue, custom, kinds
from guanxi.records.entity import Entity, Field
from guanxi.records.read.door import visible
from guanxi.records.read.groups import amount_of


@dataclass(frozen=True)
class Unrated:
    """Amounts of one object in one currency. `first` and `last`: their days; `since`: from when on there is a rate, None for never.

    `dated`: the field whose day counts, None where today's does.
    """

    entity: Entity
    amount: Field
    dated: Field | None
    unit: Field | None
    currency: str
    n: int
    first: date
    last: date
    since: date | None


def found(actor: Actor) -> list[Unrated]:
    """Of every object whose amounts are added up, as far as the actor sees it; one query an object. The most amounts first."""
    made = [one for entity in catalogue.every() if actor.can(entity.key, "view") for one in _of(actor, entity)]
    return sorted(made, key=lambda one: (-one.n, one.currency))


def _of(actor: Actor, entity: Entity) -> list[Unrated]:
    amount, dated = amount_of(actor, entity)
    if amount is None or not isinstance(amount.kind, kinds.Money):
        return []
    base = org_settings.get("reporting_currency")
    zone = ZoneInfo(org_settings.get("time_zone"))
    today = timezone.now().astimezone(zone).date()
    unit = custom.fields(entity).get(amount.kind.currency_field)
    code = unit.expression if unit is not None else Value(amount.kind.currency)
    rows = (
        visible(entity, actor)
        .order_by()
        .annotate(_unit=Cast(code, output_field=TextField()), _amount=amount.expression)
    )
    rows = rows.filter(_amount__isnull=False).exclude(_unit__in=[base, ""])
    day: Any = Value(None, output_field=DateField())
    if dated is not None:
        at = F(dated.column)
        day = TruncDate(at, tzinfo=zone) if isinstance(dated.kind, kinds.DateTime) else at
    rates: dict[str, date | None] = {}
    days: dict[str, list[tuple[date, int]]] = {}
    for found_unit, found_day, n in rows.annotate(_day=day).values_list("_unit", "_day").annotate(n=Count("pk")):
        if found_unit not in rates:
            rates[found_unit] = currency.rated_since(found_unit)
        since, on = rates[found_unit], found_day or today
        if since is None or on < since:
            days.setdefault(found_unit, []).append((on, n))
    return [
        Unrated(
            entity, amount, dated, unit, code_, sum(n for _d, n in some), min(d for d, _n in some), max(d for d, _n in some),
            rates[code_],
        )
        for code_, some in days.items()
    ]  # fmt: skip
