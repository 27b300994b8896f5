"""A list counted by one field: how many records under each value, and what their amounts come to in the reporting currency."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from django.db.models import Count, DateField, F, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.org import settings as org_settings
from guanxi.records import custom, kinds, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.read.amounts import Rates, by_unit_and_day
from guanxi.records.read.cells import formats_for, names_of
from guanxi.records.read.page import matching
from guanxi.records.read.query import NO_SUM, BadQuery, Filter, Query

MOST = 100  # groups that are shown


@dataclass(frozen=True)
class Group:
    """Records with one value. `query` opens them as a list, None where no question means exactly them.

    `total`: in the reporting currency, None without an amount; `left_out`: currencies that no rate leads from, and
    `left_n`: how many amounts are left out for that.
    `restricted`: they point to what the actor may not see.
    """

    label: str
    colour: str
    n: int
    total: Decimal | None
    left_out: tuple[str, ...]
    query: Query | None
    empty: bool = False
    restricted: bool = False
    left_n: int = 0


@dataclass(frozen=True)
class Grouped:
    """`more`: further groups, with fewer records each. `n` and `total` are of the whole list. `dated`: whose day's rates count.

    `amount`: what is added up; `currency`: into which, "" for numbers that are no money.
    """

    field: Field
    amount: Field | None
    dated: Field | None
    currency: str
    groups: tuple[Group, ...]
    more: int
    n: int
    total: Decimal | None
    left_out: tuple[str, ...]
    left_n: int = 0


def choosable(actor: Actor, entity: Entity) -> list[Field]:
    """The fields that the list can be counted by, as far as the actor may read them."""
    return [
        f for f in custom.fields(entity).values() if _groupable(f) and rights.level(actor, f).rank >= Level.READ.rank
    ]


def _groupable(field: Field) -> bool:
    kind = field.kind
    if field.computed or kind.many or isinstance(kind, kinds.Secret):
        return False
    if isinstance(kind, (kinds.Date, kinds.Link)):
        return not field.custom
    return isinstance(kind, (kinds.Choice, kinds.YesNo))


def resolve_by(actor: Actor, entity: Entity, query: Query) -> Field:
    """The field to count by; UnknownField and BadQuery as everywhere."""
    field = rights.field(actor, entity, query.by)
    if not _groupable(field):
        raise BadQuery(f"The list cannot be counted by {field.key}")
    return field


def amount_of(actor: Actor, entity: Entity) -> tuple[Field | None, Field | None]:
    """The amount that groups add up and the day whose rates count, as far as the actor may read them."""
    known = {k: f for k, f in rights.readable(actor, entity).items() if rights.level(actor, f).rank >= Level.READ.rank}
    board = entity.board
    amount = known.get(board.amount)
    if amount is None or not isinstance(amount.kind, kinds.Money):
        return None, None
    if amount.kind.currency_field and amount.kind.currency_field not in known:
        return None, None
    return amount, known.get(board.dated)


def summable(actor: Actor, entity: Entity) -> list[Field]:
    """The fields that groups can add up, as far as the actor may read them: amounts of money, and plain numbers."""
    known = {k for k, f in rights.readable(actor, entity).items() if rights.level(actor, f).rank >= Level.READ.rank}
    return [f for k, f in custom.fields(entity).items() if k in known and _adds_up(f, known)]


def _adds_up(field: Field, known: Collection[str]) -> bool:
    if field.computed or field.secret:
        return False
    if isinstance(field.kind, kinds.Money):
        # An amount whose currency stands with another record (a line's with its order) cannot be converted here.
        return bool(field.kind.currency) or field.kind.currency_field in known
    return type(field.kind) in (kinds.Number, kinds.Integer)  # shares and stars do not add up


def sum_of(actor: Actor, entity: Entity, query: Query) -> tuple[Field | None, Field | None]:
    """What the groups of a question add up, and the day whose rates count. UnknownField and BadQuery as everywhere."""
    standing, dated = amount_of(actor, entity)
    if not query.sum:
        return standing, dated
    if query.sum == NO_SUM:
        return None, None
    field = rights.field(actor, entity, query.sum)
    if field not in summable(actor, entity):
        raise BadQuery(f"The list cannot add up {field.key}")
    if not isinstance(field.kind, kinds.Money):
        return field, None
    return field, rights.readable(actor, entity).get(entity.board.dated) if dated is None else dated


def groups(entity: Entity, actor: Actor, query: Query) -> Grouped:
    """All that the question means, counted. Three queries, and one for names, whatever the number of groups."""
    field = resolve_by(actor, entity, query)
    by = _expression(field, actor)
    rows = matching(entity, actor, query).order_by().annotate(_by=by)
    counted = rows.values("_by").annotate(_n=Count("pk")).order_by("-_n", "_by")
    found = [(row["_by"], row["_n"]) for row in counted[: MOST + 1]]
    more = len(found) > MOST
    found = found[:MOST]
    amount, dated = sum_of(actor, entity, query)
    # Numbers that are no money have no currency, and none to be converted into.
    base = org_settings.get("reporting_currency") if amount is None or isinstance(amount.kind, kinds.Money) else ""
    sums: dict[Any, _Sum] = {}
    whole, n = _Sum(), sum(k for _v, k in found)
    if amount is not None:
        rates = Rates(base)
        for value, unit, day, total, k in _amounts(entity, rows, amount, dated, base, None if not more else found):
            sums.setdefault(_plain(value), _Sum()).add(total, rates.of(unit, day), unit, k)
        whole = _Sum.of(sums.values())
        if more:
            whole = _Sum()
            for _value, unit, day, total, k in _amounts(entity, rows, amount, dated, base, ()):
                whole.add(total, rates.of(unit, day), unit, k)
    further = 0
    if more:
        further = rows.values("_by").distinct().count() - MOST
        n = rows.count()
    made = _made(actor, query, field, found, sums, amount is not None, base)
    return Grouped(
        field, amount, dated, base, tuple(made), further, n, whole.rounded(base) if amount else None, whole.left_out,
        whole.left_n,
    )  # fmt: skip


def _expression(field: Field, actor: Actor) -> Any:
    if isinstance(field.kind, kinds.DateTime):
        return TruncMonth(F(field.column), tzinfo=ZoneInfo(actor.time_zone), output_field=DateField())
    if isinstance(field.kind, kinds.Date):
        return TruncMonth(F(field.column))
    return field.expression


def _plain(value: Any) -> Any:
    """Both ways of being empty are one group."""
    return None if value == "" else value


def _amounts(
    entity: Entity, rows: QuerySet[Any], amount: Field, dated: Field | None, base: str,
    shown: Sequence[tuple[Any, int]] | None,
) -> Iterable[tuple[Any, str, date | None, Decimal, int]]:  # fmt: skip
    """(value, currency, day, sum, how many); of the groups `shown` (None: of all), or of everything together where it is empty."""
    rows = by_unit_and_day(entity, rows, amount, dated, base)
    if shown:
        values = [v for v, _n in shown if v is not None]
        rows = rows.filter(Q(_by__in=values) | Q(_by__isnull=True) if len(values) < len(shown) else Q(_by__in=values))
    keys = ["_unit", "_day"] if shown is not None and not shown else ["_by", "_unit", "_day"]
    found = rows.values(*keys).annotate(_sum=Sum(amount.expression), _k=Count(amount.expression))
    for row in found:
        if row["_sum"] is not None:
            yield row.get("_by"), row["_unit"] or base, row["_day"], row["_sum"], row["_k"]


@dataclass
class _Sum:
    """Amounts in the reporting currency, added exactly and rounded once."""

    total: Decimal = Decimal(0)
    left_out: tuple[str, ...] = ()
    left_n: int = 0

    def add(self, amount: Decimal, rate: Decimal | None, unit: str, n: int) -> None:
        if rate is None:
            self.left_n += n
            self.left_out = tuple(sorted({*self.left_out, unit}))
        else:
            self.total += amount * rate

    @classmethod
    def of(cls, parts: Iterable[_Sum]) -> _Sum:
        whole = cls()
        for part in parts:
            whole.total += part.total
            whole.left_out = tuple(sorted({*whole.left_out, *part.left_out}))
            whole.left_n += part.left_n
        return whole

    def rounded(self, base: str) -> Decimal:
        if not base:
            return self.total
        return self.total.quantize(Decimal(1).scaleb(-get_currency_precision(base)), rounding=ROUND_HALF_EVEN)


def _made(
    actor: Actor, query: Query, field: Field, found: Sequence[tuple[Any, int]],
    sums: Mapping[Any, _Sum], money: bool, base: str,
) -> list[Group]:  # fmt: skip
    kind, formats = field.kind, formats_for(actor)
    counts: dict[Any, int] = {}
    for value, n in found:
        counts[_plain(value)] = counts.get(_plain(value), 0) + n
    names: Mapping[int, tuple[str, str]] = {}
    if isinstance(kind, kinds.Link):
        names = names_of(actor, kind.target, [v for v in counts if v is not None])
    made: list[Group] = []
    unseen: Group | None = None
    for value, n in counts.items():
        total = sums.get(value, _Sum())
        group = Group(
            "", "", n, total.rounded(base) if money else None, total.left_out if money else (),
            _opening(query, field, value), empty=value is None, left_n=total.left_n,
        )  # fmt: skip
        if value is None:
            made.append(group)
        elif isinstance(kind, kinds.Link):
            if value in names:
                made.append(replace(group, label=names[value][0], colour=names[value][1]))
                continue
            # What they point to is not to be seen: not even how many different ones there are.
            old = unseen or replace(group, n=0, total=Decimal(0) if money else None, left_out=(), left_n=0)
            both = (old.total or Decimal(0)) + (group.total or Decimal(0)) if money else None
            left_out = tuple(sorted({*old.left_out, *group.left_out}))
            unseen = replace(
                old,
                n=old.n + n,
                total=both,
                left_out=left_out,
                query=None,
                restricted=True,
                left_n=old.left_n + group.left_n,
            )
        elif isinstance(kind, kinds.Date):
            made.append(replace(group, label=month_text(value, chinese=formats.chinese)))
        else:
            colour = kind.colour(value) if isinstance(kind, kinds.Choice) else ""
            made.append(replace(group, label=kind.format(value, formats), colour=colour))
    return _ordered(kind, counts, made, formats) + ([unseen] if unseen else [])


def _ordered(kind: Any, counts: Mapping[Any, int], made: list[Group], formats: Any) -> list[Group]:
    """Choices in the order of their list, months newest first, others by size; what is empty comes last."""
    if isinstance(kind, kinds.Link):
        return sorted(made, key=lambda g: g.empty)
    if isinstance(kind, kinds.Date):
        days = dict(zip((id(g) for g in made), counts, strict=True))
        return sorted(made, key=lambda g: (g.empty, -(days[id(g)] or date.min).toordinal()))
    if isinstance(kind, kinds.Choice):
        place = {option.label: i for i, option in enumerate(kind.options(formats))}
        return sorted(made, key=lambda g: (g.empty, place.get(g.label, len(place))))
    return sorted(made, key=lambda g: g.empty)


def month_text(value: date, *, chinese: bool) -> str:
    return f"{value.year} 年 {value.month} 月" if chinese else value.strftime("%Y-%m")


def _opening(query: Query, field: Field, value: Any) -> Query | None:
    """The question that means exactly this group of the list."""
    if query.match == "any" and len(query.filters) + len(query.having) + bool(query.groups) > 0:
        if query.having or any(f.group for f in query.filters):
            return None
        query = replace(query, match="all", filters=tuple(replace(f, group=1) for f in query.filters))
    if value is None:
        added = Filter(field.key, "empty", ("1",))
        if added in query.filters:
            return replace(query, by="", cursor="")
    elif isinstance(field.kind, kinds.Date):
        first = value.date() if isinstance(value, datetime) else value
        last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        added = Filter(field.key, "between", (first.isoformat(), last.isoformat()))
    else:
        text = {True: "1", False: "0"}.get(value, str(value)) if isinstance(value, bool) else str(value)
        added = Filter(field.key, "is", (text,))
    return replace(query, by="", cursor="", filters=(*query.filters, added))
