"""A question's answer as a person may see it: numbers, names of groups, and for each number the question behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from guanxi.core.access.actor import Actor
from guanxi.core.org.settings import organisation
from guanxi.insight import live, money, periods, questions
from guanxi.insight.groups import REST, Group, TooMany
from guanxi.insight.marts import ask, store
from guanxi.insight.questions import MOST_GROUPS, Dimension, Question, Resolved
from guanxi.records import kinds, policy
from guanxi.records.read import Filter, formats_for
from guanxi.records.read.cells import names_of

#: Below this many rows PostgreSQL answers as fast, and of this moment.
SMALL = 20_000


@dataclass(frozen=True)
class Point:
    """One number. `n`: records behind it; `drill`: filters that give exactly these records, None where a list cannot say it."""

    value: Decimal
    n: int
    drill: tuple[Filter, ...] | None = None


@dataclass(frozen=True)
class Series:
    key: Any
    label: str
    colour: str = ""
    points: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Answer:
    """Series over the same labels. `unit`: count, money or number. `fresh`: the moment the figures are of."""

    question: Question
    unit: str
    labels: tuple[str, ...]
    colours: tuple[str, ...]
    series: tuple[Series, ...]
    total: Point
    currency: str
    zone: str
    fresh: datetime
    from_marts: bool
    left_out: int = 0
    keys: tuple[Any, ...] = ()

    @property
    def empty(self) -> bool:
        return self.total.n == 0


def groups(actor: Actor, asked: Resolved, *, prefer: str = "") -> tuple[list[Group], datetime, bool]:
    """From the marts where they can answer, else from PostgreSQL. `prefer`: "live" or "marts", for tests and drills."""
    marts = store.opened() if prefer != "live" else None
    if marts is not None:
        try:
            if prefer != "marts" and marts.state.rows.get(asked.entity.key, 0) < SMALL:
                raise ask.NotHere("small")
            return ask.ask(marts, actor, asked), marts.state.at, True
        except (ask.NotHere, policy.NotByOwner):
            pass
    if prefer == "marts":
        raise ask.NotHere(asked.question.entity)
    return live.ask(actor, asked), timezone.now(), False


def _measure(asked: Resolved, sum_: money.Sum) -> Decimal:
    if asked.measure == "count":
        return Decimal(sum_.n)
    if asked.measure == "avg":
        return sum_.total / sum_.n if sum_.n else Decimal(0)
    return sum_.total


def _shown(asked: Resolved, value: Decimal) -> Decimal:
    return money.rounded(value) if asked.money else value


def answer(actor: Actor, question: Question, *, prefer: str = "") -> Answer:
    """Raises UnknownField, UnknownEntity, BadQuery for what this person may not ask, TooMany for what is too much for a tile."""
    asked = questions.resolve(actor, question)
    read, fresh, from_marts = groups(actor, asked, prefer=prefer)
    converter = money.Converter(asked.money)
    sums = converter.add(read)
    left_out = sum(s.left_out for s in sums.values())
    whole = _whole(actor, asked, sums, prefer)
    total = Point(_shown(asked, _measure(asked, whole)), whole.n, question.filters)
    unit = "money" if asked.money else "number" if asked.measure in ("sum", "avg") else "count"
    namer = _Namer(actor)
    if asked.by is None:
        labels: tuple[str, ...] = (_("All"),)
        series: tuple[Series, ...] = (Series(None, "", "", (total,)),)
        colours: tuple[str, ...] = ("",)
        keys: tuple[Any, ...] = (None,)
    else:
        splits = _order(asked, asked.split, sums, 1, namer) if asked.split is not None else [None]
        keys = tuple(_order(asked, asked.by, sums, 0, namer))
        rest: set[Any] = {REST} if REST in keys else set()
        keys = tuple(key for key in keys if key != REST)
        if question.top and len(keys) > question.top and not asked.by.dated:
            rest |= set(keys[question.top :])
            keys = keys[: question.top]
        if rest:
            keys = (*keys, REST)
        if len(keys) > MOST_GROUPS or len(splits) > 60:
            raise TooMany
        names = namer.labels(asked.by, keys)
        labels, colours = tuple(n[0] for n in names), tuple(n[1] for n in names)
        split_names = namer.labels(asked.split, splits) if asked.split is not None else [("", "")]
        found = []
        for split, (name, colour) in zip(splits, split_names, strict=True):
            points = tuple(_point(asked, sums, key, split, rest) for key in keys)
            if question.cumulative and asked.by.dated:
                points = _running(points, question, asked.by)
            found.append(Series(split, name, colour, points))
        series = tuple(found)
    return Answer(
        question, unit, labels, colours, series, total, organisation().reporting_currency if asked.money else "",
        actor.time_zone, fresh, from_marts, left_out, keys,
    )  # fmt: skip


def _whole(actor: Actor, asked: Resolved, sums: dict[tuple[Any, Any], money.Sum], prefer: str) -> money.Sum:
    """Everything together. Different values cannot be added up over groups: they are counted again."""
    if asked.measure == "distinct" and asked.by is not None:
        plain = replace(asked.question, by="", split="", top=0, cumulative=False)
        read, _fresh, _marts = groups(actor, questions.resolve(actor, plain), prefer=prefer)
        return money.Converter(False).add(read).get((None, None), money.Sum())
    whole = money.Sum()
    for s in sums.values():
        whole.n += s.n
        whole.total += s.total
    return whole


def _order(
    asked: Resolved, by: Dimension, sums: dict[tuple[Any, Any], money.Sum], side: int, namer: _Namer
) -> list[Any]:
    """The groups of one dimension: dates without gaps, choices as their list has them, others by size."""
    seen = {key[side] for key in sums}
    if by.dated:
        days = sorted(d for d in seen if d is not None)
        found: list[Any] = []
        if days:
            day = periods.start_of(days[0], by.unit)
            while day <= days[-1] and len(found) <= MOST_GROUPS:
                found.append(day)
                day = periods.following(day, by.unit)
        # A running total has no place for what has no date.
        return found + ([None] if None in seen and not asked.question.cumulative else [])
    if by.path.first:
        return [v for v in (True, False) if v in seen]
    kind = by.field.kind
    if isinstance(kind, kinds.Choice) and not asked.question.top:
        order = {o.value: i for i, o in enumerate(kind.options(formats_for(namer.actor)))}
        return sorted(seen, key=lambda v: (v is None, order.get(v, len(order)), str(v)))
    if isinstance(kind, kinds.Rating):
        return sorted(seen, key=lambda v: (v is None, v or 0))
    size: dict[Any, Decimal] = {}
    for key, s in sums.items():
        size[key[side]] = size.get(key[side], Decimal(0)) + _measure(asked, s)
    return sorted(seen, key=lambda v: (v is None, -size[v], str(v)))


def _point(asked: Resolved, sums: dict[tuple[Any, Any], money.Sum], key: Any, split: Any, rest: set[Any]) -> Point:
    if key == REST:
        together = money.Sum()
        for other in rest:
            s = sums.get((other, split))
            if s is not None:
                together.n += s.n
                together.total += s.total
        return Point(_shown(asked, _measure(asked, together)), together.n, None)
    s = sums.get((key, split), money.Sum())
    assert asked.by is not None
    more = drill(asked.question.filters, asked.by, key)
    if asked.split is not None and more is not None:
        more = drill(more, asked.split, split)
    return Point(_shown(asked, _measure(asked, s)), s.n, more)


def _running(points: Sequence[Point], question: Question, by: Dimension) -> tuple[Point, ...]:
    """Running totals; the records behind each are all up to its end."""
    value, n, found = Decimal(0), 0, []
    for point in points:
        value, n = value + point.value, n + point.n
        until = None
        if point.drill is not None:
            edge = next((f for f in point.drill if f.field == by.path.text and f.op == "between"), None)
            if edge is not None:
                after = date.fromisoformat(edge.values[1]) + timedelta(days=1)
                until = (*question.filters, Filter(by.path.text, "before", (after.isoformat(),)))
        found.append(replace(point, value=value, n=n, drill=until))
    return tuple(found)


def drill(filters: tuple[Filter, ...], by: Dimension, key: Any) -> tuple[Filter, ...] | None:
    """The filters with one group singled out."""
    at = by.path.text
    if key is None:
        return (*filters, Filter(at, "empty", ("1",)))
    if by.dated:
        first, last = key, periods.following(key, by.unit) - timedelta(days=1)
        kept = []
        for f in filters:  # a period on the same date: the days of both
            if f.field == at and f.op == "between":
                first, last = max(first, date.fromisoformat(f.values[0])), min(last, date.fromisoformat(f.values[1]))
            else:
                kept.append(f)
        return (*kept, Filter(at, "between", (first.isoformat(), last.isoformat())))
    if by.path.first or isinstance(by.field.kind, kinds.YesNo):
        return (*filters, Filter(at, "is", ("1" if key else "0",)))
    op = "is" if isinstance(by.field.kind, kinds.Rating) else "any"
    return (*filters, Filter(at, op, (str(key),)))


@dataclass
class _Namer:
    """Names of groups in the person's language; of records and people only those the person may see."""

    actor: Actor
    _names: dict[str, dict[int, tuple[str, str]]] = field(default_factory=dict)

    def labels(self, by: Dimension, keys: Sequence[Any]) -> list[tuple[str, str]]:
        kind = by.field.kind
        formats = formats_for(self.actor)
        named: dict[int, tuple[str, str]] = {}
        if isinstance(kind, kinds.Link) and not by.path.first:
            named = names_of(
                self.actor, kind.target, [k for k in keys if isinstance(k, int) and not isinstance(k, bool)]
            )
        found = []
        for key in keys:
            if key == REST:
                found.append((_("All others"), "gray"))
            elif key is None:
                found.append((_("Empty"), "gray"))
            elif by.path.first:
                found.append((_("First order") if key else _("Returning customer"), "teal" if key else "blue"))
            elif by.dated:
                found.append((periods.label(key, by.unit), ""))
            elif by.path.part:
                found.append((str(key), ""))
            elif isinstance(kind, kinds.Link):
                found.append(named.get(key, (_("Not for you to see"), "gray")))
            elif isinstance(kind, kinds.Choice):
                found.append((kind.format(key, formats), kind.colour(key)))
            else:
                found.append((kind.format(key, formats), ""))
        return found
