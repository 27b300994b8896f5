"""A list's question: filters, order, columns, place. Text from outside becomes this and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.records import rights
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds.base import Operator

MAX_LIMIT = 200
MAX_FILTERS = 20
MAX_VALUES = 200


class BadQuery(ValueError):
    """The question cannot be asked. `message` is the same for what is unknown and what is forbidden."""


@dataclass(frozen=True)
class Filter:
    """One condition: field key, operator key, operands as URL text."""

    field: str
    op: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Query:
    """`sort`: field keys, "-" before descending ones; empties come last; ties by newest first. `search`: words for the index."""

    filters: tuple[Filter, ...] = ()
    sort: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    search: str = ""
    cursor: str = ""
    limit: int = 50

    @classmethod
    def from_params(cls, params: Iterable[tuple[str, str]]) -> Query:
        """From URL parameters: `f.tier.any=a`, repeated for more values; `sort`, `cols`, `q`, `at`, `n`. Others are left alone."""
        found: dict[tuple[str, str], list[str]] = {}
        one: dict[str, str] = {}
        for name, value in params:
            if name.startswith("f."):
                key, _, op = name[2:].rpartition(".")
                found.setdefault((key, op), []).append(value)
            elif name in ("sort", "cols", "q", "at", "n"):
                one[name] = value
        if len(found) > MAX_FILTERS or any(len(v) > MAX_VALUES for v in found.values()):
            raise BadQuery("Too many filters")
        limit = one.get("n", "50")
        return cls(
            filters=tuple(Filter(k, op, tuple(v)) for (k, op), v in found.items()),
            sort=tuple(s for s in one.get("sort", "").split(",") if s),
            columns=tuple(c for c in one.get("cols", "").split(",") if c),
            search=one.get("q", "").strip()[:200],
            cursor=one.get("at", ""),
            limit=min(int(limit), MAX_LIMIT) if limit.isdigit() and int(limit) else 50,
        )

    def params(self, **changes: Any) -> str:
        """The URL parameters of this question with something changed; the place is left out unless given."""
        query = replace(self, **{"cursor": "", **changes})
        pairs = [(f"f.{f.field}.{f.op}", v) for f in query.filters for v in (f.values or ("1",))]
        pairs += [("sort", ",".join(query.sort))] if query.sort else []
        pairs += [("cols", ",".join(query.columns))] if query.columns else []
        pairs += [("q", query.search)] if query.search else []
        pairs += [("n", str(query.limit))] if query.limit != 50 else []
        pairs += [("at", query.cursor)] if query.cursor else []
        return urlencode(pairs)

    def without(self, index: int) -> Query:
        return replace(self, filters=self.filters[:index] + self.filters[index + 1 :], cursor="")


@dataclass(frozen=True)
class Order:
    """One field to sort by, checked."""

    field: Field
    descending: bool

    @property
    def key(self) -> str:
        return ("-" if self.descending else "") + self.field.key


@dataclass(frozen=True)
class Cursor:
    """A place in a list: the sort value and id of the row it stands at, and whether we read backwards from there."""

    value: Any
    id: int
    back: bool = False

    def text(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([self.value, self.id, int(self.back)]).encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        if not text:
            return None
        try:
            value, id_, back = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if not isinstance(id_, int) or isinstance(value, (dict, list)):
                raise TypeError
            return cls(value, id_, bool(back))
        except (ValueError, TypeError) as error:
            raise BadQuery("The place in the list is malformed; go back to the first page") from error


def resolve_filters(actor: Actor, entity: Entity, query: Query) -> list[tuple[Field, Operator, tuple[str, ...]]]:
    """Filters with their fields and operators; UnknownField and BadQuery alike whether a field is unknown or denied."""
    found = []
    for f in query.filters:
        field = rights.field(actor, entity, f.field)
        try:
            operator = field.kind.operator(f.op)
        except KeyError:
            raise BadQuery(f"The field {field.key} has no operator {f.op[:20]}") from None
        values = f.values
        if operator.values >= 0 and len(values) < operator.values:
            raise BadQuery(f"The filter on {field.key} needs {operator.values} values")
        found.append((field, operator, values))
    return found


def resolve_sort(actor: Actor, entity: Entity, query: Query) -> list[Order]:
    orders = []
    for text in query.sort[:1]:
        field = rights.field(actor, entity, text.removeprefix("-"))
        if field.computed or not field.kind.sortable:
            raise BadQuery(f"The list cannot be sorted by {field.key}")
        orders.append(Order(field, text.startswith("-")))
    return orders


def resolve_columns(actor: Actor, entity: Entity, query: Query) -> list[Field]:
    """The columns to show: those asked for, else the entity's, without what is hidden from the actor."""
    if query.columns:
        return [rights.field(actor, entity, key, Level.MASKED) for key in dict.fromkeys(query.columns)]
    known: Mapping[str, Field] = rights.readable(actor, entity)
    return [known[key] for key in entity.columns if key in known]
