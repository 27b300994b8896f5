"""A list's question: filters, order, columns, place. Text from outside becomes this and nothing else.

In an address: `f.tier.any=a` a condition; `f.account.tier.any=a` one on the record a link points to; `match=any` when one condition is
enough; `f1.tier.any=a&f1.status.any=b` a group, of which one is enough (`g1=all`: all of them); `h1=trade.order.account&h1.n.gte=3&
h1.ordered_at.within=this_year` how many records point here, and which of them count.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.records import catalogue, kinds, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds.base import AT_LEAST, AT_MOST, IS, Operator
from guanxi.records.rights import UnknownField

MAX_LIMIT = 200
MAX_FILTERS = 20
MAX_VALUES = 200
MAX_SORT = 3
NO_SUM = "-"
HOW_MANY = {o.key: o for o in (AT_LEAST, AT_MOST, IS)}
_CONDITION = re.compile(r"([fh])([1-9]?)\.(.+)\.([^.]*)", re.DOTALL)
_MODE = re.compile(r"([gh])([1-9])")


class BadQuery(ValueError):
    """The question cannot be asked. `message` is the same for what is unknown and what is forbidden."""


@dataclass(frozen=True)
class Filter:
    """One condition: field key (`account.tier`: of what the link `account` points to), operator key, operands as URL text.

    `group`: the number of the group it stands in, 0 for none.
    """

    field: str
    op: str
    values: tuple[str, ...] = ()
    group: int = 0


@dataclass(frozen=True)
class Having:
    """How many records of another entity point here: `relation` is that entity's key and its link (`trade.order.account`).

    `op` is gte, lte or is; `filters` say which of them count.
    """

    relation: str
    op: str = "gte"
    n: str = "1"
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True)
class Query:
    """`sort`: field keys, "-" before descending ones; empties come last; ties by newest first. `search`: words for the index.

    `match` is "all" or "any" of the conditions; `groups`: {group number: "all" or "any"}, "any" where it says nothing.
    `by`: the field that the list is counted by; `sum`: what its groups add up (NO_SUM: nothing, "": what the board does).
    `view`: the saved view that the list was opened with.
    """

    filters: tuple[Filter, ...] = ()
    sort: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    search: str = ""
    cursor: str = ""
    limit: int = 50
    match: str = "all"
    groups: tuple[tuple[int, str], ...] = ()
    having: tuple[Having, ...] = ()
    by: str = ""
    view: str = ""
    sum: str = ""

    @classmethod
    def from_params(cls, params: Iterable[tuple[str, str]]) -> Query:
        """From URL parameters; `sort`, `cols`, `by`, `q`, `at`, `n` beside the conditions. Others are left alone."""
        found: dict[tuple[str, int, str, str], list[str]] = {}
        one: dict[str, str] = {}
        modes: dict[tuple[str, int], str] = {}
        for name, value in params:
            if condition := _CONDITION.fullmatch(name):
                sort, place, key, op = condition.groups()
                found.setdefault((sort, int(place or 0), key, op), []).append(value)
            elif mode := _MODE.fullmatch(name):
                modes[mode[1], int(mode[2])] = value
            elif name in ("sort", "cols", "q", "at", "n", "match", "by", "view", "sum"):
                one[name] = value
            elif name.startswith("f."):
                raise BadQuery("A condition needs a field and an operator")
        if len(found) > MAX_FILTERS or any(len(v) > MAX_VALUES for v in found.values()):
            raise BadQuery("Too many filters")
        limit = one.get("n", "50")
        filters = tuple(Filter(k, op, tuple(v), group) for (sort, group, k, op), v in found.items() if sort == "f")
        used = {f.group for f in filters}
        return cls(
            filters=filters,
            sort=tuple(s for s in one.get("sort", "").split(",") if s)[:MAX_SORT],
            columns=tuple(c for c in one.get("cols", "").split(",") if c),
            search=one.get("q", "").strip()[:200],
            cursor=one.get("at", ""),
            limit=min(int(limit), MAX_LIMIT) if limit.isascii() and limit.isdigit() and int(limit) else 50,
            match="any" if one.get("match") == "any" else "all",
            groups=tuple((no, "all") for (sort, no), mode in sorted(modes.items())
                         if sort == "g" and mode == "all" and no in used),
            having=tuple(_havings(found, modes)),
            by=one.get("by", ""),
            sum=one.get("sum", ""),
            view=one.get("view", "") if one.get("view", "").isalnum() else "",
        )  # fmt: skip

    def params(self, **changes: Any) -> str:
        """The URL parameters of this question with something changed; the place is left out unless given."""
        query = replace(self, **{"cursor": "", **changes})
        pairs = [("match", "any")] if query.match == "any" else []
        pairs += [(f"f{f.group or ''}.{f.field}.{f.op}", v) for f in query.filters for v in (f.values or ("1",))]
        used = {f.group for f in query.filters}
        pairs += [(f"g{no}", mode) for no, mode in query.groups if no in used and mode == "all"]
        for i, having in enumerate(query.having, 1):
            pairs.append((f"h{i}", having.relation))
            if (having.op, having.n) != ("gte", "1"):
                pairs.append((f"h{i}.n.{having.op}", having.n))
            pairs += [(f"h{i}.{f.field}.{f.op}", v) for f in having.filters for v in (f.values or ("1",))]
        pairs += [("sort", ",".join(query.sort))] if query.sort else []
        pairs += [("cols", ",".join(query.columns))] if query.columns else []
        pairs += [("by", query.by)] if query.by else []
        pairs += [("sum", query.sum)] if query.by and query.sum else []
        pairs += [("view", query.view)] if query.view else []
        pairs += [("q", query.search)] if query.search else []
        pairs += [("n", str(query.limit))] if query.limit != 50 else []
        pairs += [("at", query.cursor)] if query.cursor else []
        return urlencode(pairs)

    def without(self, index: int) -> Query:
        return replace(self, filters=self.filters[:index] + self.filters[index + 1 :], cursor="")

    @property
    def asks(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.filters or self.having or self.search)

    def unfiltered(self) -> Query:
        """The same list without any condition."""
        return replace(self, filters=(), having=(), groups=(), match="all", search="", cursor="")


def _havings(
    found: Mapping[tuple[str, int, str, str], list[str]], modes: Mapping[tuple[str, int], str]
) -> Iterator[Having]:
    for no in sorted({no for sort, no in modes if sort == "h"} | {no for sort, no, _k, _o in found if sort == "h"}):
        relation = modes.get(("h", no))
        if relation is None:
            raise BadQuery("A condition on related records does not say which")
        having = Having(relation)
        for (sort, place, key, op), values in found.items():
            if sort != "h" or place != no:
                continue
            if key == "n":
                having = replace(having, op=op, n=values[0])
            else:
                having = replace(having, filters=(*having.filters, Filter(key, op, tuple(values))))
        yield having


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
    """A place in a list: the sort value (values, where several sort) and id of the row, and whether we read backwards from it."""

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
            several = value if isinstance(value, list) else [value]
            if not isinstance(id_, int) or len(several) > MAX_SORT or any(isinstance(v, (dict, list)) for v in several):
                raise TypeError
            return cls(value, id_, bool(back))
        except (ValueError, TypeError) as error:
            raise BadQuery("The place in the list is malformed; go back to the first page") from error


@dataclass(frozen=True)
class Asked:
    """One condition, checked. `link`: the field that leads to the record it is about, None for the record itself."""

    source: Filter
    field: Field
    operator: Operator
    values: tuple[str, ...]
    link: Field | None = None


@dataclass(frozen=True)
class Pointing:
    """How many records point here, checked: those of `entity` by its field `link`, of which `asked` count."""

    source: Having
    entity: Entity
    link: Field
    operator: Operator
    n: int
    asked: tuple[Asked, ...]


@dataclass(frozen=True)
class Conditions:
    """All conditions of a question, checked: single ones, groups (number, mode, members), and those on what points here."""

    match: str
    single: tuple[Asked, ...]
    groups: tuple[tuple[int, str, tuple[Asked, ...]], ...]
    having: tuple[Pointing, ...]


def resolve(actor: Actor, entity: Entity, query: Query) -> Conditions:
    """The conditions with their fields; UnknownField and BadQuery alike whether something is unknown or denied."""
    modes = dict(query.groups)
    members: dict[int, list[Asked]] = {}
    for f in query.filters:
        members.setdefault(f.group, []).extend(_asked(actor, entity, f))
    single = tuple(members.pop(0, ()))
    groups = tuple((no, modes.get(no, "any"), tuple(found)) for no, found in sorted(members.items()))
    return Conditions(query.match, single, groups, tuple(_pointing(actor, entity, h) for h in query.having))


def resolve_filters(actor: Actor, entity: Entity, query: Query) -> list[tuple[Field, Operator, tuple[str, ...]]]:
    """The single conditions with their fields and operators, after all conditions were checked."""
    return [(a.field, a.operator, a.values) for a in resolve(actor, entity, query).single]


def _asked(actor: Actor, entity: Entity, f: Filter) -> Iterator[Asked]:
    field, link = find(actor, entity, f.field)
    try:
        operator = field.kind.operator(f.op)
    except KeyError:
        raise BadQuery(f"The field {f.field} has no operator {f.op[:20]}") from None
    if field.computed:
        raise BadQuery(f"The list cannot be filtered by {f.field}")
    if operator.values >= 0 and len(f.values) < operator.values:
        raise BadQuery(f"The filter on {f.field} needs {operator.values} values")
    if operator.values < 1:
        yield Asked(f, field, operator, f.values, link)
        return
    for start in range(0, len(f.values) - operator.values + 1, operator.values):
        yield Asked(f, field, operator, f.values[start : start + operator.values], link)


def find(actor: Actor, entity: Entity, key: str) -> tuple[Field, Field | None]:
    """The field under `tier`, or under `account.tier` with the link to it; UnknownField unless both may be read."""
    first, dot, rest = key.partition(".")
    field = rights.field(actor, entity, first)
    if not dot:
        return field, None
    target = leads_to(actor, field)
    if target is None or "." in rest:
        raise UnknownField(key)
    return rights.field(actor, target, rest), field


def leads_to(actor: Actor, link: Field) -> Entity | None:
    """The entity that a link leads to, if questions may follow it: one record, of what the actor may see."""
    kind = link.kind
    if not isinstance(kind, kinds.Link) or kind.many or isinstance(kind, kinds.Person) or link.custom:
        return None
    try:
        target = catalogue.get(kind.target)
    except catalogue.UnknownEntity:
        return None
    return target if actor.can(target.key, "view") else None


def points_here(actor: Actor, entity: Entity) -> Iterator[tuple[Entity, Field]]:
    """Every (entity, link) that points to `entity` and that the actor may follow back."""
    for other, link in catalogue.links_to(entity):
        if actor.can(other.key, "view") and rights.level(actor, link).rank >= Level.READ.rank:
            yield other, link


def _pointing(actor: Actor, entity: Entity, having: Having) -> Pointing:
    for other, link in points_here(actor, entity):
        if f"{other.key}.{link.key}" == having.relation:
            break
    else:
        raise UnknownField(having.relation)
    operator = HOW_MANY.get(having.op)
    if operator is None or not (having.n.isascii() and having.n.isdigit() and len(having.n) < 7):
        raise BadQuery("That is no way to count related records")
    asked = tuple(a for f in having.filters for a in _asked(actor, other, f))
    return Pointing(having, other, link, operator, int(having.n), asked)


def resolve_sort(actor: Actor, entity: Entity, query: Query) -> list[Order]:
    orders: dict[str, Order] = {}
    for text in query.sort[:MAX_SORT]:
        field = rights.field(actor, entity, text.removeprefix("-"))
        if field.computed or not field.kind.sortable:
            raise BadQuery(f"The list cannot be sorted by {field.key}")
        orders.setdefault(field.key, Order(field, text.startswith("-")))
    return list(orders.values())


def resolve_columns(actor: Actor, entity: Entity, query: Query) -> list[Field]:
    """The columns to show: those asked for, else the entity's, without what is hidden from the actor."""
    if query.columns:
        return [rights.field(actor, entity, key, Level.MASKED) for key in dict.fromkeys(query.columns)]
    known: Mapping[str, Field] = rights.readable(actor, entity)
    return [known[key] for key in entity.columns if key in known]
