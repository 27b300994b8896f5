"""Pages of a list: keyset paging, and streams of all rows for exports."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import Case, Q, QuerySet, Value, When
from django.db.models.lookups import Exact, GreaterThan, LessThan

from guanxi.core.access.actor import Actor
from guanxi.records import rights
from guanxi.records.entity import Entity, Field
from guanxi.records.read import filters
from guanxi.records.read.cells import Cell, Reader, formats_for
from guanxi.records.read.count import Count, count
from guanxi.records.read.door import visible
from guanxi.records.read.query import BadQuery, Cursor, Order, Query, resolve, resolve_columns, resolve_sort

CHUNK = 2000


@dataclass(frozen=True)
class Row:
    id: int
    version: int
    title: str
    cells: tuple[Cell, ...]

    def __getitem__(self, key: str) -> Cell:
        return next(cell for cell in self.cells if cell.key == key)


@dataclass(frozen=True)
class Page:
    """One page of a list. `next` and `previous` are cursors, "" where there is none."""

    entity: Entity
    query: Query
    columns: tuple[Field, ...]
    order: Order | None
    rows: tuple[Row, ...]
    next: str
    previous: str
    count: Count
    orders: tuple[Order, ...] = ()  # those in force: of a long list only the first
    dropped: tuple[Order, ...] = ()  # those that the list is too long for


def matching(entity: Entity, actor: Actor, query: Query, action: str = "view") -> QuerySet[Any]:
    """The rows a question means, unordered: visible, filtered, searched. For counts, bulk acts and exports."""
    from guanxi.records import search

    rows = visible(entity, actor, action)
    formats = formats_for(actor)
    rows = rows.filter(filters.condition(actor, entity, resolve(actor, entity, query), formats))
    if query.search:
        rows = rows.filter(search.condition(actor, entity, query.search))
    return rows


def page(entity: Entity, actor: Actor, query: Query) -> Page:
    """One page; the number of database queries does not depend on the number of rows.

    Sorting by several fields sorts all rows, so only lists that are counted exactly are: of longer ones the first field counts.
    """
    columns = resolve_columns(actor, entity, query)
    orders = resolve_sort(actor, entity, query)
    found = matching(entity, actor, query)
    cursor = Cursor.read(query.cursor)
    counted = count(found, whole=not query.asks) if len(orders) > 1 else None
    dropped: list[Order] = []
    if counted is not None and not counted.exact:
        orders, dropped = orders[:1], orders[1:]
    if len(orders) < 2 and cursor is not None and isinstance(cursor.value, list):
        cursor = Cursor(cursor.value[0] if cursor.value else None, cursor.id, cursor.back)
    order = orders[0] if orders else None
    title = rights.readable(actor, entity).get(entity.title)
    reader = Reader(actor, entity, [*columns, *([title] if title else [])])
    extra = ["custom" if o.field.custom else o.field.column for o in orders]
    names = list(dict.fromkeys([*reader.columns(), *extra]))
    back = cursor is not None and cursor.back
    rows: list[Mapping[str, Any]]
    if len(orders) > 1:
        rows = list(_sorted(found, orders, cursor).values(*names)[: query.limit + 1])
    else:
        rows = list(_window(found, order, cursor, names, query.limit + 1))
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    if back:
        rows.reverse()
    named = reader.names(rows)
    shown = tuple(
        Row(
            id=row["id"], version=row["version"],
            title=reader.cell(row, title, named).text if title else str(row["id"]),
            cells=tuple([reader.cell(row, column, named) for column in columns]),
        )
        for row in rows
    )  # fmt: skip
    has_next = bool(rows) and (more or back)
    has_previous = bool(rows) and (cursor is not None) and (more or not back)
    if counted is None:
        alone = cursor is None and not more  # the whole list stands on this page
        counted = Count(len(rows)) if alone else count(found, whole=not query.asks)
    return Page(
        entity, query, tuple(columns), order, shown,
        next=_place_of(rows[-1], orders).text() if has_next else "",
        previous=_place_of(rows[0], orders, back=True).text() if has_previous else "",
        count=counted, orders=tuple(orders), dropped=tuple(dropped),
    )  # fmt: skip


def _place_of(row: Mapping[str, Any], orders: Sequence[Order], *, back: bool = False) -> Cursor:
    if len(orders) < 2:
        return _place(row, orders[0] if orders else None, back=back)
    return Cursor([_place(row, order).value for order in orders], row["id"], back)


def _place(row: Mapping[str, Any], order: Order | None, *, back: bool = False) -> Cursor:
    if order is None:
        return Cursor(None, row["id"], back)
    field = order.field
    value = row["custom"].get(field.key) if field.custom else field.kind.to_json(row[field.column])
    return Cursor(None if field.kind.is_empty(value) else value, row["id"], back)


def _sorted(rows: QuerySet[Any], orders: Sequence[Order], cursor: Cursor | None) -> QuerySet[Any]:
    """Rows in the order of several fields from a place on: each with empties last, then newest first."""
    back = cursor is not None and cursor.back
    terms: list[Any] = []
    for order in orders:
        empty_last = Case(When(filters.empty(order.field), then=Value(1)), default=Value(0))
        terms.append(empty_last.desc() if back else empty_last.asc())
        terms.append(order.field.expression.desc() if order.descending != back else order.field.expression.asc())
    rows = rows.order_by(*terms, "pk" if back else "-pk")
    if cursor is None:
        return rows
    values = cursor.value if isinstance(cursor.value, list) else []
    if len(values) != len(orders):
        raise BadQuery("The place in the list is malformed; go back to the first page")
    beyond, same = Q(), Q()
    for order, given in zip(orders, values, strict=True):
        nothing, expression = filters.empty(order.field), order.field.expression
        value = _sort_value(order, Cursor(given, cursor.id))
        if value is None:
            further = ~nothing if back else Q(pk__in=[])
            same_here = nothing
        else:
            side = LessThan if order.descending != back else GreaterThan
            further = ~nothing & Q(side(expression, value))
            further = further if back else further | nothing
            same_here = ~nothing & Q(Exact(expression, value))
        beyond |= same & further
        same &= same_here
    beyond |= same & (Q(pk__gt=cursor.id) if back else Q(pk__lt=cursor.id))
    return rows.filter(beyond)


def _window(
    rows: QuerySet[Any], order: Order | None, cursor: Cursor | None, names: list[str], n: int
) -> Iterator[Mapping[str, Any]]:
    """Up to `n` rows from a place on, in reading direction (backwards from the place when the cursor says so)."""
    back = cursor is not None and cursor.back
    if order is None:
        if cursor is not None:
            rows = rows.filter(pk__gt=cursor.id) if back else rows.filter(pk__lt=cursor.id)
        yield from rows.order_by("pk" if back else "-pk").values(*names)[:n]
        return
    # Empties come last, as a second run of their own, so that both runs can use an index.
    expression, descending = order.field.expression, order.descending
    nothing = filters.empty(order.field)
    filled = rows.filter(~nothing)
    empties = rows.filter(nothing)
    forward = (expression.desc() if descending else expression.asc(), "-pk")
    backward = (expression.asc() if descending else expression.desc(), "pk")
    value = _sort_value(order, cursor)
    if back:
        assert cursor is not None
        taken = 0
        if value is None:
            for row in empties.filter(pk__gt=cursor.id).order_by("pk").values(*names)[:n]:
                taken += 1
                yield row
            place = Q()
        else:
            place = filters.before(expression, value, cursor.id, descending)
        if taken < n:
            yield from filled.filter(place).order_by(*backward).values(*names)[: n - taken]
        return
    taken = 0
    if cursor is None or value is not None:
        place = filters.after(expression, value, cursor.id, descending) if cursor is not None else Q()
        for row in filled.filter(place).order_by(*forward).values(*names)[:n]:
            taken += 1
            yield row
        place = Q()
    else:
        place = Q(pk__lt=cursor.id)
    if taken < n:
        yield from empties.filter(place).order_by("-pk").values(*names)[: n - taken]


def _sort_value(order: Order, cursor: Cursor | None) -> Any:
    if cursor is None or cursor.value is None:
        return None
    if isinstance(cursor.value, list):
        raise BadQuery("The place in the list is malformed; go back to the first page")
    try:
        kind = order.field.kind
        value = kind.from_json(cursor.value)
        wanted = {"integer": int, "boolean": bool}.get(kind.json_type, str)
        if type(cursor.value) is not wanted or kind.to_json(value) != cursor.value or "\0" in str(cursor.value):
            raise ValueError
        return kind.custom_operand(value) if order.field.custom else value
    except (ValueError, TypeError, ArithmeticError) as error:
        raise BadQuery("The place in the list is malformed; go back to the first page") from error


def stream(
    entity: Entity, actor: Actor, query: Query, action: str = "export", *, ids: Collection[int] = ()
) -> Iterator[Row]:
    """All rows a question means (of these `ids`, when there are any), in the order of its list, with flat memory. For exports.

    Sorted by several fields, all of them count, however long the list is: PostgreSQL sorts it once and gives it out bit by bit.
    """
    columns = resolve_columns(actor, entity, query)
    orders = resolve_sort(actor, entity, query)
    reader = Reader(actor, entity, columns)
    extra = ["custom" if o.field.custom else o.field.column for o in orders]
    names = list(dict.fromkeys([*reader.columns(), *extra]))
    rows = matching(entity, actor, query, action)
    if ids:
        rows = rows.filter(pk__any_of=list(ids))
    for chunk in _whole(rows, orders, names):
        named = reader.names(chunk)
        for row in chunk:
            yield Row(row["id"], row["version"], "", tuple(reader.cell(row, column, named) for column in columns))


def _whole(rows: QuerySet[Any], orders: Sequence[Order], names: list[str]) -> Iterator[list[Any]]:
    """All rows in order, a chunk at a time."""
    if len(orders) > 1:
        left = _sorted(rows, orders, None).values(*names).iterator(chunk_size=CHUNK)
        while chunk := list(islice(left, CHUNK)):
            yield chunk
        return
    order, cursor = orders[0] if orders else None, None
    while part := list(_window(rows, order, cursor, names, CHUNK)):
        yield part
        if len(part) < CHUNK:
            return
        cursor = _place(part[-1], order)
