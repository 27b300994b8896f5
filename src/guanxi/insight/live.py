"""Questions answered by PostgreSQL through the read door: always of this moment, for every field there is."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum, TextField
from django.db.models import DateField as DateColumn
from django.db.models import Value as Constant
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, NullIf, Trunc, TruncDate
from django.db.models.lookups import In, IsNull

from guanxi.core.access.actor import Actor, acting
from guanxi.core.org.settings import organisation
from guanxi.insight.groups import REST, Group, TooMany
from guanxi.insight.questions import Dimension, Path, Resolved
from guanxi.records import catalogue, kinds, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.read import Count as HowMany
from guanxi.records.read import Filter, Query, Row, visible
from guanxi.records.read.cells import Reader
from guanxi.records.read.count import count
from guanxi.records.read.page import matching
from guanxi.records.read.query import resolve_columns

MOST = 20_000  # groups that are fetched to be put together here


def rows(actor: Actor, asked: Resolved) -> QuerySet[Any]:
    """The records a question is about: visible to the actor and inside all filters."""
    found = visible(asked.entity, actor)
    if asked.question.more is not None:
        found = found.filter(pk__in=matching(asked.entity, actor, asked.question.more).values("pk"))
    for where, f in asked.filters:
        found = found.filter(_condition(actor, asked.entity, where.text, where, f))
    return found


def _condition(actor: Actor, entity: Entity, text: str, where: Path, f: Filter) -> Q:
    """One filter as a Q. Over a link: whose linked record, seen with the actor's own eyes, is inside it."""
    first, dot, rest = text.partition(".")
    if dot:
        link = entity.declared[first]
        target = catalogue.get(catalogue.link_target(entity, first))
        inner = visible(target, actor).filter(_condition(actor, target, rest, where, f))
        return Q(**{f"{link.column}__in": inner.values("pk")})
    if where.first:
        yes = any(v in ("1", "true") for v in f.values)
        no = any(v in ("0", "false") for v in f.values)
        earlier = Q(pk__in=_earlier(entity).values("pk"))
        return Q() if yes and no else ~earlier if yes else earlier
    if where.part:
        values = [v for v in f.values if v] if f.op != "empty" else []
        text_of = KeyTextTransform(where.part, where.field.column)
        q = Q(In(text_of, values)) if values else Q(pk__in=[])
        if f.op == "empty" or "" in f.values:
            q |= Q(IsNull(NullIf(text_of, Constant("", output_field=TextField())), True))
        return q
    own = matching(entity, actor, Query(filters=(Filter(first, f.op, f.values),)))
    return Q(pk__in=own.values("pk"))


def _earlier(entity: Entity) -> QuerySet[Any]:
    """Orders before which the same customer has another live one."""
    every: QuerySet[Any] = cast(Any, entity.model).objects.all()
    before = every.filter(account_id=OuterRef("account_id")).filter(
        Q(ordered_at__lt=OuterRef("ordered_at")) | Q(ordered_at=OuterRef("ordered_at"), pk__lt=OuterRef("pk"))
    )
    return every.filter(Exists(before))


def ask(actor: Actor, asked: Resolved) -> list[Group]:
    """All groups. Raises TooMany."""
    with acting(actor):  # joins over links carry the actor's scope
        return list(_groups(actor, asked))


def _groups(actor: Actor, asked: Resolved) -> Iterator[Group]:
    found = rows(actor, asked).order_by()
    zone = ZoneInfo(actor.time_zone)
    keys: dict[str, Any] = {}
    if asked.by is not None:
        keys["gx_by"] = _key(asked.by, zone)
    if asked.split is not None:
        keys["gx_split"] = _key(asked.split, zone)
    sums: dict[str, Any] = {"gx_n": Count("pk")}
    if asked.value is not None:
        column = asked.value.field.expression
        if asked.measure == "distinct":
            sums["gx_total"] = Count(_reach(asked.value), distinct=True)
        else:
            sums["gx_total"] = Sum(column)
        if asked.measure == "avg":
            sums["gx_n"] = Count(column)
    if asked.currency is not None:
        keys["gx_currency"] = _reach(asked.currency)
        reporting = organisation().reporting_currency
        at_home = Q(gx_currency__in=["", reporting]) | Q(gx_currency__isnull=True)
        base = found.annotate(**keys)
        yield from _read(asked, base.filter(at_home), list(keys), sums)
        if asked.time is not None:
            day = _reach(asked.time)
            keys["gx_day"] = (
                TruncDate(day, tzinfo=ZoneInfo(organisation().time_zone))
                if isinstance(asked.time.field.kind, kinds.DateTime)
                else day
            )
        yield from _read(asked, found.annotate(**keys).filter(~at_home), list(keys), sums, several=True)
        return
    yield from _read(asked, found.annotate(**keys), list(keys), sums)


def _read(
    asked: Resolved, found: QuerySet[Any], keys: list[str], sums: dict[str, Any], *, several: bool = False
) -> Iterator[Group]:
    if not keys:
        row = found.aggregate(**sums)
        yield Group(None, None, row["gx_n"], _decimal(row.get("gx_total")))
        return
    grouped = found.values(*keys).annotate(**sums).order_by("-gx_total" if "gx_total" in sums else "-gx_n")
    read = list(grouped[: MOST + 1])
    if len(read) > MOST:
        if not asked.question.top or asked.split is not None or several or asked.measure == "distinct":
            raise TooMany
        read = read[: asked.question.top]
        seen = [row["gx_by"] for row in read]
        row = found.exclude(gx_by__in=[k for k in seen if k is not None]).aggregate(**sums)
        yield Group(REST, None, row["gx_n"], _decimal(row.get("gx_total")), asked.fixed_currency)
    for row in read:
        yield Group(
            _plain(row.get("gx_by")), _plain(row.get("gx_split")), row["gx_n"], _decimal(row.get("gx_total")),
            row.get("gx_currency") or asked.fixed_currency, row.get("gx_day"),
        )  # fmt: skip


def _plain(value: Any) -> Any:
    return None if value == "" else value


def _decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _reach(where: Path) -> Combinable:
    """The expression of a path; links on the way are joined with the scope in the join."""
    if not where.hops:
        return cast(Combinable, where.field.expression)
    return F("__".join([*(h.key for h in where.hops), where.field.column]))


def _key(by: Dimension, zone: ZoneInfo) -> Any:
    where = by.path
    if where.first:
        link = f"{'__'.join(h.key for h in where.hops)}_id" if where.hops else "pk"
        return ~Exists(_earlier(where.entity).filter(pk=OuterRef(link)))
    if where.part:
        column = "__".join([*(h.key for h in where.hops), where.field.column])
        return NullIf(KeyTextTransform(where.part, column), Constant("", output_field=TextField()))
    expression = _reach(where)
    if not by.dated:
        return expression
    timed = isinstance(by.field.kind, kinds.DateTime)
    if where.field.custom:
        expression = Cast(expression, DateColumn())
        timed = False
    if timed:
        return TruncDate(expression, tzinfo=zone) if by.unit == "day" else Trunc(
            expression, by.unit, output_field=DateColumn(), tzinfo=zone
        )  # fmt: skip
    return expression if by.unit == "day" else Trunc(expression, by.unit, output_field=DateColumn())


def listed(
    actor: Actor, asked: Resolved, *, after: int | None = None, limit: int = 50
) -> tuple[list[Field], list[Row], int | None, HowMany]:
    """The records themselves, newest first: columns, rows as cells, the id to go on after, and how many there are."""
    columns = resolve_columns(actor, asked.entity, Query())
    title = rights.readable(actor, asked.entity).get(asked.entity.title)
    reader = Reader(actor, asked.entity, [*columns, *([title] if title else [])])
    with acting(actor):
        found = rows(actor, asked)
        window = found if after is None else found.filter(pk__lt=after)
        read = list(window.order_by("-pk").values(*reader.columns())[: limit + 1])
        many = count(found)
    more = read[limit - 1]["id"] if len(read) > limit else None
    read = read[:limit]
    named = reader.names(read)
    shown = [
        Row(
            row["id"], row["version"], reader.cell(row, title, named).text if title else str(row["id"]),
            tuple(reader.cell(row, column, named) for column in columns),
        )
        for row in read
    ]  # fmt: skip
    return columns, shown, more, many
