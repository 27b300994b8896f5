"""Reading by column: the records a question means, by the value of one field that is chosen from a list.

A board asks the database a constant number of times, whatever the number of columns and cards: once for the heads, once for
which cards come first in their columns, and a handful of times for all cards together (values, names, dates, rights). The
cards of further columns than `AT_ONCE` come when they are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from django.db.models import Case, Count, F, Q, QuerySet, Sum, TextField, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber
from django.db.models.lookups import Exact
from django.db.models.sql.datastructures import BaseTable
from django.utils import timezone

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal.models import ChangeSet
from guanxi.core.org import settings as org_settings
from guanxi.records import custom, kinds, policy, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds import Formats
from guanxi.records.read import filters
from guanxi.records.read.amounts import Rates, by_unit_and_day
from guanxi.records.read.cells import Cell, Reader, formats_for
from guanxi.records.read.count import CAP, count
from guanxi.records.read.door import visible
from guanxi.records.read.groups import _opening, amount_of
from guanxi.records.read.page import _place, _window, matching
from guanxi.records.read.query import Cursor, Order, Query, resolve_sort
from guanxi.records.rights import UnknownField

WINDOW = 20  # cards of a column that come with the page: what is seen and as much again
MORE = 40  # cards that come when a column is scrolled
AT_ONCE = 12  # columns whose cards come with the page
PROBE = 3000  # records of a long list that the first cards are taken from
NONE = ""  # the column of records without a value
FACTS = 3  # fields on a card, where the entity does not say which
SAMPLE = 20_000  # records that an estimate of the heads looks at
SHARE = 0.2  # of more than this part of the table there is no estimate: adding up is no dearer

Due = Literal["late", "today", "planned", "none"]
#: Who knows the next step of records: (actor, entity, ids) → {id: day of the next step that is open}, or None for records it
#: knows nothing of. Rooms add theirs.
NextSteps = Callable[[Actor, Entity, Sequence[int]], Mapping[int, date] | None]
NEXT_STEPS: list[NextSteps] = []


@dataclass(frozen=True)
class Step:
    """The next step of a record: when it is due, seen from today; `day` is None when there is none."""

    when: Due
    day: date | None = None


@dataclass(frozen=True)
class Card:
    """One record on a board. `days` it has had this value; `stuck`: longer than its board says is good."""

    id: int
    version: int
    title: str
    facts: tuple[Cell, ...]
    owner: Cell | None
    tags: Cell | None
    amount: Cell | None
    days: int
    stuck: bool
    step: Step | None
    editable: bool


@dataclass(frozen=True)
class Figure:
    """What a column holds: how many, and the sum in the reporting currency.

    `left_out`: currencies without a rate, `left_n`: how many amounts are in them. Not `exact`: estimated from a part of the
    records, and rounded to what that can tell. `below`: fewer than `n`, as none of that part was in the column.
    """

    n: int = 0
    total: Decimal | None = None
    left_out: tuple[str, ...] = ()
    left_n: int = 0
    exact: bool = True
    below: bool = False


@dataclass(frozen=True)
class Column:
    """One value of the list. `waiting`: its cards come when it is looked at. `next`: cursor of further cards, "" for none."""

    code: str
    label: str
    colour: str = ""
    retired: bool = False
    cards: tuple[Card, ...] = ()
    next: str = ""
    waiting: bool = False


@dataclass(frozen=True)
class Board:
    """`figures` is None where there are so many records that they come after the page."""

    entity: Entity
    by: Field
    amount: Field | None
    dated: Field | None
    columns: tuple[Column, ...]
    figures: Mapping[str, Figure] | None
    editable: bool


# Which boards there are -----------------------------------------------------------------------------------------------


def fields(entity: Entity, actor: Actor) -> tuple[Field, ...]:
    """The fields an actor can have a board by, the one it opens with first."""
    found = [f for f in custom.fields(entity).values() if _boards(f) and rights.level(actor, f).rank >= Level.READ.rank]
    return tuple(sorted(found, key=lambda f: f.key != entity.board.by))


def _boards(field: Field) -> bool:
    return isinstance(field.kind, kinds.Choice) and not field.kind.many


def field_of(entity: Entity, actor: Actor, key: str) -> Field:
    """The field to make a board by; UnknownField for one that is unknown, hidden, masked or not chosen from a list."""
    if not key:
        known = fields(entity, actor)
        if not known:
            raise UnknownField(key)
        return known[0]
    found = rights.field(actor, entity, key)
    if not _boards(found):
        raise UnknownField(key)
    return found


def may_edit(entity: Entity, actor: Actor, by: Field) -> bool:
    """Whether the actor may move any card at all."""
    return rights.level(actor, by) is Level.EDIT and actor.can(entity.key, "edit")


# Columns and cards ----------------------------------------------------------------------------------------------------


def holds(by: Field, code: str) -> Q:
    """The condition that a record stands in this column."""
    return filters.empty(by) if code == NONE else Q(Exact(by.expression, code))


def opening(query: Query, by: Field, code: str) -> Query | None:
    """The question whose list is exactly this column; None where no question means that."""
    return _opening(query, by, code or None)


def read(entity: Entity, actor: Actor, by: Field, query: Query) -> Board:
    """The board with the first cards of its columns. Raises BadQuery and UnknownField as the list itself would."""
    maker = _Cards(entity, actor, by)
    found = matching(entity, actor, query)
    numbers = figures(entity, actor, by, query) if few(entity, actor, query) else None
    columns = _columns(by, maker.formats, numbers)
    order = next(iter(resolve_sort(actor, entity, query)), None)
    begun = {c.code for c in columns[:AT_ONCE]}
    ids, whole = _firsts(found, by, order, few=numbers is not None)
    wanted = [id_ for code in begun for id_ in ids.get(code, ())[: WINDOW + 1]]
    rows = {row["id"]: row for row in visible(entity, actor).filter(pk__any_of=wanted).values(*maker.columns(order))}
    cards = maker.cards([rows[id_] for code in begun for id_ in ids.get(code, ())[:WINDOW] if id_ in rows])
    made = []
    for column in columns:
        mine = [id_ for id_ in ids.get(column.code, ()) if id_ in rows] if column.code in begun else []
        if column.code not in begun or (not mine and not whole):
            made.append(replace(column, waiting=numbers is None or column.code in numbers))
            continue
        shown = mine[:WINDOW]
        more = _place(rows[shown[-1]], order).text() if shown and (len(mine) > WINDOW or not whole) else ""
        made.append(replace(column, cards=tuple(cards[id_] for id_ in shown), next=more))
    return Board(entity, by, maker.amount, maker.dated, tuple(made), numbers, may_edit(entity, actor, by))


def _firsts(found: QuerySet[Any], by: Field, order: Order | None, *, few: bool) -> tuple[dict[str, list[int]], bool]:
    """{code: ids of the first records of the column, one more than are shown}, and whether that is all there is to say.

    Of few records the database numbers all within their column. Of many, only the first some thousand of the whole list are
    looked at: what is rare among them comes when its column is looked at, so that no page waits for a search through everything.
    """
    code = Coalesce(by.expression, Value(NONE), output_field=TextField())
    rows: Iterable[Mapping[str, Any]]
    if few:
        terms: list[Any] = []
        if order is not None:
            terms.append(Case(When(filters.empty(order.field), then=Value(1)), default=Value(0)))
            terms.append(order.field.expression.desc() if order.descending else order.field.expression.asc())
        place = Window(RowNumber(), partition_by=[code], order_by=[*terms, F("pk").desc()])
        numbered = found.annotate(_code=code, _place=place).filter(_place__lte=WINDOW + 1)
        rows = list(numbered.order_by("_place").values("id", "_code"))
        whole = True
    else:
        rows = list(_window(found.annotate(_code=code), order, None, ["id", "_code"], PROBE))
        whole = len(rows) < PROBE
    firsts: dict[str, list[int]] = {}
    for row in rows:
        mine = firsts.setdefault(row["_code"], [])
        if len(mine) <= WINDOW:
            mine.append(row["id"])
    return firsts, whole


def _columns(by: Field, formats: Formats, numbers: Mapping[str, Figure] | None) -> list[Column]:
    """The values in the order of their list, "none" last. Retired values and "none" only where there may be records."""
    assert isinstance(by.kind, kinds.Choice)
    found = [
        Column(o.value, o.label, o.colour, o.retired)
        for o in by.kind.options(formats)
        if not o.retired or numbers is None or o.value in numbers
    ]
    known = {c.code for c in found}
    found += [Column(code, code) for code in numbers or () if code != NONE and code not in known]
    if not by.required or numbers is None or NONE in numbers:
        found.append(Column(NONE, ""))
    return found


def more(entity: Entity, actor: Actor, by: Field, query: Query, code: str, at: str) -> tuple[tuple[Card, ...], str]:
    """Further cards of one column from a place on, and the place after them ("" at the end)."""
    maker = _Cards(entity, actor, by)
    order = next(iter(resolve_sort(actor, entity, query)), None)
    found = matching(entity, actor, query).filter(holds(by, code))
    rows = list(_window(found, order, Cursor.read(at), maker.columns(order), MORE + 1))
    cards = maker.cards(rows[:MORE])
    after = _place(rows[MORE - 1], order).text() if len(rows) > MORE else ""
    return tuple(cards[row["id"]] for row in rows[:MORE]), after


def one(entity: Entity, actor: Actor, by: Field, id: int) -> tuple[Card, str] | None:  # noqa: A002
    """One record as a card and the column it stands in; None when the actor does not see it."""
    maker = _Cards(entity, actor, by)
    row = visible(entity, actor).filter(pk=id).values(*maker.columns(None)).first()
    if row is None:
        return None
    value = maker.reader.raw(row, by)
    return maker.cards([row])[id], NONE if by.kind.is_empty(value) else str(value)


def few(entity: Entity, actor: Actor, query: Query) -> bool:
    """Whether the question means so few records that adding them up is part of answering a page."""
    return bool(matching(entity, actor, query).order_by().values("pk")[: CAP + 1].count() <= CAP)


def fits(entity: Entity, actor: Actor, query: Query, id: int) -> bool:  # noqa: A002
    """Whether the question (still) means this record."""
    return bool(matching(entity, actor, query).filter(pk=id).exists())


class _Cards:
    """Makes cards of rows for one actor: what is needed for all of them is asked for once."""

    def __init__(self, entity: Entity, actor: Actor, by: Field) -> None:
        self.entity, self.actor, self.by = entity, actor, by
        self.formats = formats_for(actor)
        known = rights.readable(actor, entity)
        self.amount, self.dated = amount_of(actor, entity)
        self.title = known.get(entity.title)
        self.owner = known.get(entity.policy.owner_field) or next(
            (f for k in entity.columns if (f := known.get(k)) and isinstance(f.kind, kinds.Person)), None
        )
        self.tags = known.get("tags")
        apart = {f.key for f in (by, self.title, self.owner, self.tags, self.amount) if f}
        wanted = entity.board.card or tuple(k for k in entity.columns if k not in ("created_at", "changed_at"))
        self.facts = [known[k] for k in wanted if k in known and k not in apart][:FACTS]
        shown = [*self.facts, by, *(f for f in (self.title, self.owner, self.tags, self.amount) if f)]
        self.reader = Reader(actor, entity, shown)
        self.zone: tzinfo = ZoneInfo(actor.time_zone)
        self.limits: Mapping[str, int] = entity.board.stuck.get(by.key, {})

    def columns(self, order: Any) -> list[str]:
        """The columns to read for cards, and for going on from one of them."""
        extra = [] if order is None else ["custom" if order.field.custom else order.field.column]
        return list(dict.fromkeys([*self.reader.columns(), "origin", "created_in", "created_at", *extra]))

    def cards(self, rows: Sequence[Mapping[str, Any]]) -> dict[int, Card]:
        """{id: card}"""
        names = self.reader.names(rows)
        since = self._since(rows)
        editable = self._editable([row["id"] for row in rows])
        steps = self._steps([row["id"] for row in rows])
        today = timezone.now().astimezone(self.zone).date()
        reader, made = self.reader, {}
        for row in rows:
            id_ = row["id"]
            code = reader.raw(row, self.by) or NONE
            days = max(0, (today - since[id_].astimezone(self.zone).date()).days)
            limit = self.limits.get(code)
            made[id_] = Card(
                id=id_, version=row["version"],
                title=reader.cell(row, self.title, names).text if self.title else "",
                facts=tuple(reader.cell(row, f, names) for f in self.facts),
                owner=reader.cell(row, self.owner, names) if self.owner else None,
                tags=reader.cell(row, self.tags, names) if self.tags and row["tags"] else None,
                amount=reader.cell(row, self.amount, names) if self.amount else None,
                days=days, stuck=limit is not None and days > limit,
                step=None if steps is None else step(steps.get(id_), today), editable=editable is None or id_ in editable,
            )  # fmt: skip
        return made

    def _since(self, rows: Sequence[Mapping[str, Any]]) -> dict[int, datetime]:
        """When each row got its value: the time of the change set that set it, else of the record itself. One query."""
        key = self.by.key
        sets = {row["id"]: row["origin"].get(key, row["created_in"]) for row in rows}
        asked = {sets[row["id"]] for row in rows if sets[row["id"]] != row["created_in"]}
        at = dict(ChangeSet.objects.filter(pk__any_of=list(asked)).values_list("pk", "at")) if asked else {}
        return {row["id"]: at.get(sets[row["id"]], row["created_at"]) for row in rows}

    def _editable(self, ids: Sequence[int]) -> set[int] | None:
        """Which of these the actor may edit; None for all."""
        if not may_edit(self.entity, self.actor, self.by):
            return set()
        reach = policy.conditions(self.entity, self.actor, "edit")
        if reach == policy.conditions(self.entity, self.actor, "view"):
            return None
        return set(visible(self.entity, self.actor, "edit").filter(pk__any_of=list(ids)).values_list("pk", flat=True))

    def _steps(self, ids: Sequence[int]) -> dict[int, date] | None:
        """The earliest open next step of each; None when no room knows of next steps of these records."""
        answers = [found for ask in NEXT_STEPS if (found := ask(self.actor, self.entity, ids)) is not None]
        if not answers:
            return None
        earliest: dict[int, date] = {}
        for found in answers:
            for id_, day in found.items():
                earliest[id_] = min(day, earliest.get(id_, day))
        return earliest


def step(day: date | None, today: date) -> Step:
    if day is None:
        return Step("none")
    return Step("late" if day < today else "today" if day == today else "planned", day)


# Figures --------------------------------------------------------------------------------------------------------------


def figures(
    entity: Entity, actor: Actor, by: Field, query: Query, codes: Iterable[str] | None = None
) -> dict[str, Figure]:
    """{code: how many and how much} over everything the question means; exact. Columns without records are left out.

    One query: amounts are added up per currency and day by the database, turned into the reporting currency by the rate of
    their day (of today, where the entity names no day) and rounded once, at the end.
    """
    found = matching(entity, actor, query).order_by()
    if codes is not None:
        any_of = Q()
        for code in codes:
            any_of |= holds(by, code)
        found = found.filter(any_of)
    return _figures(entity, actor, by, found)


def estimated(entity: Entity, actor: Actor, by: Field, query: Query) -> dict[str, Figure] | None:
    """The same of very many records, from pages of the table that the database picks at random (always the same ones, so
    that a board does not change by being looked at again); None where so few are meant that they can be added up.

    A column with `n` records in the sample is known to about 2/√n of itself; two digits are given. A column that none of them
    stands in holds fewer than three times what one of them stands for (19 times in 20).
    """
    found = matching(entity, actor, query).order_by()
    meant = count(found, whole=not query.params()).n
    share = SAMPLE / max(meant, 1)
    if share > SHARE:
        return None
    seen = _figures(entity, actor, by, _sampled(found, share))
    rounded = {
        code: replace(f, n=_two_digits(Decimal(f.n) / Decimal(share)),
                      total=None if f.total is None else Decimal(_two_digits(f.total / Decimal(share))),
                      left_n=_two_digits(Decimal(f.left_n) / Decimal(share)), exact=False)
        for code, f in seen.items()
    }  # fmt: skip
    assert isinstance(by.kind, kinds.Choice)
    few = Figure(_two_digits(Decimal(3 / share)), exact=False, below=True)
    codes = [o.value for o in by.kind.options(formats_for(actor)) if not o.retired] + ([] if by.required else [NONE])
    return {**dict.fromkeys(codes, few), **rounded}


def _two_digits(n: Decimal) -> int:
    return int(round(n, 1 - n.adjusted())) if n else 0


class _Sample(BaseTable):
    """A table of which the database reads but some pages."""

    share = 1.0

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        sql, params = super().as_sql(compiler, connection)
        return f"{sql} TABLESAMPLE SYSTEM ({self.share * 100:.4f}) REPEATABLE (1)", params


def _sampled(rows: QuerySet[Any], share: float) -> QuerySet[Any]:
    """These rows as far as they stand in about this share of the pages of their table."""
    rows = rows.all()
    alias = rows.query.get_initial_alias()
    assert alias is not None
    sample = _Sample(rows.query.alias_map[alias].table_name, alias)
    sample.share = share
    rows.query.alias_map[alias] = sample
    return rows


def _figures(entity: Entity, actor: Actor, by: Field, found: QuerySet[Any]) -> dict[str, Figure]:
    amount, dated = amount_of(actor, entity)
    base = org_settings.get("reporting_currency")
    rows = _grouped(entity, found, by, amount, dated, base)
    rates = Rates(base)
    counts: dict[str, int] = {}
    sums: dict[str, Decimal] = {}
    without: dict[str, set[str]] = {}
    left: dict[str, int] = {}
    for row in rows:
        code = row["_by"] or NONE
        counts[code] = counts.get(code, 0) + row["_n"]
        if amount is None or row["_sum"] is None:
            continue
        rate = rates.of(row["_unit"] or base, row["_day"])
        if rate is None:
            without.setdefault(code, set()).add(row["_unit"])
            left[code] = left.get(code, 0) + row["_k"]
        else:
            sums[code] = sums.get(code, Decimal(0)) + row["_sum"] * rate
    unit = Decimal(1).scaleb(-get_currency_precision(base))
    return {
        code: Figure(
            n, None if amount is None else sums.get(code, Decimal(0)).quantize(unit, rounding=ROUND_HALF_EVEN),
            tuple(sorted(without.get(code, ()))), left.get(code, 0),
        )
        for code, n in counts.items()
    }  # fmt: skip


def _grouped(
    entity: Entity, found: QuerySet[Any], by: Field, amount: Field | None, dated: Field | None, base: str
) -> Iterable[Mapping[str, Any]]:
    rows = found.annotate(_by=by.expression)
    if amount is None:
        return list(rows.values("_by").annotate(_n=Count("pk")))
    rows = by_unit_and_day(entity, rows, amount, dated, base)
    return list(rows.values("_by", "_unit", "_day").annotate(
        _n=Count("pk"), _sum=Sum(amount.expression), _k=Count(amount.expression)
    ))  # fmt: skip
