"""Where a custom field is used: what would miss it when it is retired or deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl

from django.db.models import Count

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import FieldGrant
from guanxi.records import catalogue, custom, kinds
from guanxi.records.entity import Entity
from guanxi.records.models import SavedView
from guanxi.records.read.cells import names_of
from guanxi.records.read.door import visible
from guanxi.records.read.query import BadQuery, Filter, Query

How = Literal["filter", "column", "sort", "group"]


@dataclass(frozen=True)
class ViewUse:
    """A saved view that asks for the field. `named`: whether this person may know what it is called (theirs, or shared)."""

    view: SavedView
    how: tuple[How, ...]
    named: bool


def ways(entity: Entity, key: str, of: Entity, query: Query) -> tuple[How, ...]:
    """How a question over `of` uses the field `key` of `entity`: as a filter (also over related records), column, order, group."""
    found: list[How] = []
    filters = [(of, f) for f in query.filters]
    for having in query.having:
        other, _dot, _link = having.relation.rpartition(".")
        try:
            filters += [(catalogue.get(other), f) for f in having.filters]
        except catalogue.UnknownEntity:
            continue
    if any(_points(entity, key, asked, f) for asked, f in filters):
        found.append("filter")
    if of is entity:
        if key in query.columns:
            found.append("column")
        if any(sort.lstrip("-") == key for sort in query.sort):
            found.append("sort")
        if query.by == key:
            found.append("group")
    return tuple(found)


def _points(entity: Entity, key: str, asked: Entity, condition: Filter) -> bool:
    """Whether a condition on `asked` names the field, itself or through a link."""
    return points(entity, key, asked, condition.field)


def points(entity: Entity, key: str, asked: Entity, path: str) -> bool:
    """Whether `path` (x_a, account.x_a, line.order.x_a) asked of one entity ends at the field `key` of another."""
    link, dot, rest = path.partition(".")
    if not dot:
        return asked is entity and link == key
    field = custom.fields(asked).get(link)
    if field is None or not isinstance(field.kind, kinds.Link):
        return False
    try:
        return points(entity, key, catalogue.get(field.kind.target), rest)
    except catalogue.UnknownEntity:
        return False


def read(text: str) -> Query | None:
    """A stored address as a question; None when it cannot be read any more."""
    try:
        return Query.from_params(parse_qsl(text, keep_blank_values=True))
    except BadQuery:
        return None


def views(actor: Actor, entity: Entity, key: str) -> list[ViewUse]:
    """Every saved view that uses the field, of any entity; what is private to somebody else is counted and not named."""
    found = []
    roles = set(actor.role_ids)
    for view in (
        SavedView.objects.filter(query__contains=key).prefetch_related("shared_with").order_by("entity", "name")
    ):
        query = read(view.query)
        try:
            of = catalogue.get(view.entity)
        except catalogue.UnknownEntity:
            continue
        how = ways(entity, key, of, query) if query is not None else ()
        if how:
            named = view.owner_id == actor.user_id or view.shared or any(r.pk in roles for r in view.shared_with.all())
            found.append(ViewUse(view, how, named))
    return found


def roles(entity: Entity, key: str) -> Iterable[str]:
    """Keys of the roles that treat this field otherwise than its class."""
    found = FieldGrant.objects.filter(entity=entity.key, field=key).order_by("role__key")
    return list(found.values_list("role__key", flat=True).distinct())


GROUPS = 5  # values that several records share, as many as are named
NAMED = 3  # records of each


@dataclass(frozen=True)
class Shared:
    """A value that more than one record has: how many, and what those are called that this person sees, by id."""

    n: int
    names: dict[int, str]


def shared(actor: Actor, entity: Entity, row: Any) -> list[Shared]:
    """Values of a custom field that more than one record has, the most common first; at most GROUPS + 1 of them."""
    field = custom.field_of(row)
    rows = entity.model.all_rows.filter(deleted_in__isnull=True, custom__has_key=row.key)
    rows = rows.annotate(_value=field.expression).filter(_value__isnull=False).order_by()
    found = list(
        rows.values("_value").annotate(_n=Count("pk")).filter(_n__gt=1).order_by("-_n", "_value")[: GROUPS + 1]
    )
    made = []
    for group in found:
        seen = visible(entity, actor).annotate(_value=field.expression).filter(_value=group["_value"])
        ids = list(seen.filter(custom__has_key=row.key).order_by("pk").values_list("pk", flat=True)[:NAMED])
        made.append(Shared(group["_n"], called(actor, entity, ids)))
    return made


def called(actor: Actor, entity: Entity, ids: list[int]) -> dict[int, str]:
    """Numbers of records where they have some (they say nothing of a person), else their names; by id."""
    if entity.numbering is not None:
        column = entity.numbering.field
        return dict(visible(entity, actor).filter(pk__in=ids).order_by("pk").values_list("pk", column))
    names = names_of(actor, entity.key, ids)
    return {id_: names[id_][0] for id_ in ids if id_ in names}


def in_words(groups: list[Shared]) -> str:
    """C1001, C1002; C1007, C1011 …"""
    parts = [", ".join(g.names.values()) + (" …" if g.n > len(g.names) else "") for g in groups[:GROUPS] if g.names]
    return "; ".join(parts) + (" …" if len(groups) > GROUPS else "")
