"""A question about records: what is measured of which rows, by what. Text from outside becomes a `Question`, and with somebody's
rights a `Resolved` one; nothing else reaches a database.

A *path* names a field, directly (`status`) or through links (`order.account.tier`), or a part of an address
(`account.address:province`). A *dimension* is a path, for dates with a unit: `ordered_at:month`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from guanxi.core.access.actor import Actor
from guanxi.records import catalogue, kinds, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.policy import Inherits, Owned
from guanxi.records.read import BadQuery, Filter, Query
from guanxi.records.read.query import MAX_FILTERS
from guanxi.records.read.query import resolve as resolve_conditions
from guanxi.records.rights import UnknownField

UNITS = ("day", "week", "month", "quarter", "year")
PARTS = ("province", "city")
MEASURES = ("count", "sum", "avg", "distinct")
DEEPEST = 3
MOST_GROUPS = 400

#: The date that a period filter means, and that rates of exchange are taken of, by entity; others: when it was recorded.
TIME: dict[str, str] = {
    "trade.order": "ordered_at", "trade.orderline": "order.ordered_at", "trade.payment": "received_at",
}  # fmt: skip
#: Where the currency of an amount stands when it is not in the record itself.
CURRENCY_AT: dict[str, str] = {"trade.orderline": "order.currency"}
#: Where a record's region stands.
REGION: dict[str, str] = {
    "customers.account": "address:province", "customers.contact": "account.address:province",
    "trade.order": "account.address:province", "trade.orderline": "order.account.address:province",
    "trade.payment": "order.account.address:province",
}  # fmt: skip
#: Whether an order is the customer's first: no field, worked out over all live orders of the customer.
FIRST = "first_order"
FIRST_OF = {"trade.order": "", "trade.orderline": "order", "trade.payment": "order"}


@dataclass(frozen=True)
class Question:
    """`measure`: count, sum:FIELD, avg:FIELD, distinct:FIELD. `by` and `split`: dimensions or "". `filters`: in the list's address
    syntax, all of which hold; `more`: conditions that are more than that (groups, any of several, related records, words).
    `top`: only the largest groups, the rest together. `cumulative`: running totals over a date."""

    entity: str
    measure: str = "count"
    by: str = ""
    split: str = ""
    filters: tuple[Filter, ...] = ()
    top: int = 0
    cumulative: bool = False
    more: Query | None = None

    @classmethod
    def of(cls, entity: str, params: str = "", **more: Any) -> Question:
        """With conditions as URL text: `f.status.any=paid&f.account.tier.any=a`."""
        query = Query.from_params(parse_qsl(params, keep_blank_values=True))
        query = replace(query, sort=(), columns=(), by="", cursor="", limit=50)
        if query == Query(filters=query.filters) and not any(f.group for f in query.filters):
            return cls(entity, filters=query.filters, **more)
        return cls(entity, more=query, **more)

    def also(self, *filters: Filter) -> Question:
        return replace(self, filters=(*self.filters, *filters))


@dataclass(frozen=True)
class Path:
    """A checked path. `hops` are links on the way, `field` what is at the end; `part` of an address; `text` as asked."""

    text: str
    hops: tuple[Field, ...]
    field: Field
    part: str = ""
    first: bool = False

    @property
    def entity(self) -> Entity:
        return catalogue.get(self.field.entity)

    @property
    def prefix(self) -> str:
        return ".".join(h.key for h in self.hops)


@dataclass(frozen=True)
class Dimension:
    path: Path
    unit: str = ""

    @property
    def text(self) -> str:
        return f"{self.path.text}:{self.unit}" if self.unit else self.path.text

    @property
    def field(self) -> Field:
        return self.path.field

    @property
    def dated(self) -> bool:
        return isinstance(self.field.kind, kinds.Date)


@dataclass(frozen=True)
class Resolved:
    """A question with its fields, after the rights were asked. `money` says that values are amounts in `currency_path`."""

    question: Question
    entity: Entity
    measure: str
    value: Path | None
    by: Dimension | None
    split: Dimension | None
    filters: tuple[tuple[Path, Filter], ...]
    money: bool = False
    currency: Path | None = None
    fixed_currency: str = ""
    time: Path | None = None
    dimensions: tuple[Dimension, ...] = field(default=())


def owner_path(entity: Entity) -> str:
    """Where the person stands whose scope a record lies in; "" for shared records."""
    if isinstance(entity.policy, Owned):
        return entity.policy.field
    if isinstance(entity.policy, Inherits):
        parent = catalogue.get(catalogue.link_target(entity, entity.policy.field))
        above = owner_path(parent)
        return f"{entity.policy.field}.{above}" if above else ""
    return ""


def time_path(entity: Entity) -> str:
    return TIME.get(entity.key, "created_at")


def path(actor: Actor, entity: Entity, text: str) -> Path:
    """The checked path. UnknownField, word for word the same, for what is not there and for what is not for this person: every
    field on the way must be readable, every record passed through visible to them at all."""
    try:
        return _path(actor, entity, text)
    except UnknownField:
        raise UnknownField(text) from None


def _path(actor: Actor, entity: Entity, text: str) -> Path:
    keys, _, part = text.partition(":")
    names = keys.split(".")
    if not text or len(names) > DEEPEST or (part and part not in PARTS):
        raise UnknownField(text)
    hops: list[Field] = []
    at = entity
    if not actor.can(at.key, "view"):
        raise UnknownField(text)
    for name in names[:-1]:
        link = rights.field(actor, at, name)
        if not isinstance(link.kind, kinds.Link) or link.kind.many or link.custom or link.kind.target == "core.user":
            raise UnknownField(text)
        hops.append(link)
        at = catalogue.get(link.kind.target)
        if not actor.can(at.key, "view"):
            raise UnknownField(text)
    if names[-1] == FIRST and at.key == "trade.order" and not part:
        # Worked out of who bought when: both must be readable.
        rights.field(actor, at, "ordered_at")
        return Path(text, tuple(hops), rights.field(actor, at, "account"), first=True)
    last = rights.field(actor, at, names[-1])
    if last.computed or last.secret or isinstance(last.kind, kinds.Secret) or (hops and last.custom):
        raise UnknownField(text)
    if part and not isinstance(last.kind, kinds.Address):
        raise UnknownField(text)
    return Path(text, tuple(hops), last, part)


def dimension(actor: Actor, entity: Entity, text: str) -> Dimension:
    """A checked dimension; BadQuery for a field that nothing can be grouped by."""
    keys, _, end = text.rpartition(":")
    unit = end if keys and end in UNITS else ""
    found = path(actor, entity, keys if unit else text)
    kind = found.field.kind
    if found.first:
        return Dimension(found)
    if isinstance(kind, kinds.Date):
        return Dimension(found, unit or "month")
    groups = isinstance(kind, (kinds.Choice, kinds.Link, kinds.YesNo, kinds.Rating)) and not kind.many
    if unit or not (groups or found.part):
        raise BadQuery(f"Nothing can be grouped by {text[:80]}")
    return Dimension(found)


def resolve(actor: Actor, question: Question) -> Resolved:
    """The question with this person's rights, or UnknownField, UnknownEntity, BadQuery."""
    entity = catalogue.get(question.entity)
    if not actor.can(entity.key, "view"):
        raise catalogue.UnknownEntity(entity.key)
    if len(question.filters) > MAX_FILTERS:
        raise BadQuery("Too many filters")
    measure, _, of = question.measure.partition(":")
    if measure not in MEASURES or bool(of) != (measure != "count"):
        raise BadQuery("Unknown measure")
    value = path(actor, entity, of) if of else None
    money, currency, fixed, time = False, None, "", None
    if value is not None:
        kind = value.field.kind
        if measure == "distinct":
            if not isinstance(kind, kinds.Link) or kind.many:
                raise BadQuery(f"Cannot count different values of {of[:80]}")
        elif not isinstance(kind, kinds.Number) or value.hops:
            raise BadQuery(f"Cannot add up {of[:80]}")
        if isinstance(kind, kinds.Money) and measure != "distinct":
            money, fixed = True, kind.currency
            at = CURRENCY_AT.get(entity.key) or kind.currency_field
            if not fixed and at:
                currency = path(actor, entity, at)
            time = path(actor, entity, time_path(entity)) if entity.key in TIME else None
    by = dimension(actor, entity, question.by) if question.by else None
    split = dimension(actor, entity, question.split) if question.split else None
    if split is not None and by is None:
        raise BadQuery("A split needs something to be split")
    filters = tuple((path(actor, entity, f.field), f) for f in question.filters)
    for where, f in filters:
        _operator(where, f)
    if question.more is not None:
        resolve_conditions(actor, entity, question.more)
    return Resolved(
        question, entity, measure, value, by, split, filters, money, currency, fixed, time,
        tuple(d for d in (by, split) if d is not None),
    )  # fmt: skip


def _operator(where: Path, f: Filter) -> None:
    if where.first or where.part:
        if f.op not in ("any", "is", "empty"):
            raise BadQuery(f"The field {where.text} has no operator {f.op[:20]}")
        return
    try:
        operator = where.field.kind.operator(f.op)
    except KeyError:
        raise BadQuery(f"The field {where.text} has no operator {f.op[:20]}") from None
    if operator.values >= 0 and len(f.values) < operator.values:
        raise BadQuery(f"The filter on {where.text} needs {operator.values} values")


def joined(more: Query | None, filters: tuple[Filter, ...]) -> Query | None:
    """One list question for all of it; None where no address can say it."""
    # In an address, one field with one operator twice would mean either: the second stands in a group of its own.
    seen: set[tuple[str, str]] = set()
    apart: list[Filter] = []
    for f in filters:
        free = next(n for n in range(1, 10) if all(a.group != n for a in apart)) if (f.field, f.op) in seen else 0
        apart.append(replace(f, group=free))
        seen.add((f.field, f.op))
    filters = tuple(apart)
    if more is None:
        return Query(filters=filters)
    if any(f.group for f in filters):
        return None
    if more.match == "all":
        return replace(more, filters=(*more.filters, *filters))
    if more.having or more.groups or any(f.group for f in more.filters) or more.search:
        return None
    return Query(filters=(*(replace(f, group=1) for f in more.filters), *filters))


def params(query: Query) -> str:
    """As the address of a list has it; never empty, or the list would open its default view."""
    return query.params() or "n=50"
