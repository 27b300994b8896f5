"""Filters as database conditions. Operators mean the same for real and custom columns."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import (
    Exact,
    GreaterThanOrEqual,
    IContains,
    In,
    LessThan,
    LessThanOrEqual,
    StartsWith,
)

from guanxi.core import secrets
from guanxi.core.access.actor import Actor
from guanxi.kit.problems import BadValue
from guanxi.records import catalogue, kinds
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds import Formats
from guanxi.records.kinds import base as ops
from guanxi.records.kinds.base import Operator
from guanxi.records.read.door import visible
from guanxi.records.read.query import Asked, BadQuery, Conditions, Pointing


def condition(actor: Actor, entity: Entity, asked: Conditions, formats: Formats) -> Q:
    """All conditions of a question as one."""
    parts = [_one(actor, a, entity, formats) for a in asked.single]
    for _no, mode, members in asked.groups:
        parts.append(_join(mode, [_one(actor, a, entity, formats) for a in members]))
    parts += [_pointing(actor, p, formats) for p in asked.having]
    return _join(asked.match, parts)


def _join(mode: str, parts: list[Q]) -> Q:
    q = Q()
    for part in parts:
        q = q | part if mode == "any" else q & part
    return q


def _one(actor: Actor, asked: Asked, entity: Entity, formats: Formats) -> Q:
    if asked.link is None:
        return compile_filter(actor, entity, asked.field, asked.operator, asked.values, formats)
    target = catalogue.get(asked.field.entity)
    inner = compile_filter(actor, target, asked.field, asked.operator, asked.values, formats)
    rows = visible(target, actor).filter(inner).order_by().values("pk")
    return Q(**{f"{asked.link.column}__in": rows})


def _pointing(actor: Actor, asked: Pointing, formats: Formats) -> Q:
    """Records that so many visible others point to. As a set of ids, so that the planner may choose where to begin."""
    column = asked.link.column
    rows = visible(asked.entity, actor).filter(**{f"{column}__isnull": False}).order_by()
    for one in asked.asked:
        rows = rows.filter(_one(actor, one, asked.entity, formats))

    def at_least(n: int) -> Q:
        if n <= 0:
            return ~Q(pk__in=[])
        if n == 1:
            return Q(pk__in=rows.values(column))
        return Q(pk__in=rows.values(column).annotate(_n=Count("pk")).filter(_n__gte=n).values(column))

    if asked.operator == ops.AT_LEAST:
        return at_least(asked.n)
    if asked.operator == ops.AT_MOST:
        return ~at_least(asked.n + 1)
    if asked.n == 0:
        return ~at_least(1)
    return Q(pk__in=rows.values(column).annotate(_n=Count("pk")).filter(_n=asked.n).values(column))


def compile_filter(
    actor: Actor, entity: Entity, field: Field, operator: Operator, raw: tuple[str, ...], formats: Formats
) -> Q:
    """One filter as a Q; BadQuery names the field when an operand cannot be read."""
    try:
        return _compile(actor, entity, field, operator, raw, formats)
    except BadValue as error:
        raise BadQuery(f"{field.key}: {error}") from error


def _compile(
    actor: Actor, entity: Entity, field: Field, operator: Operator, raw: tuple[str, ...], formats: Formats
) -> Q:
    if field.computed:
        raise BadQuery(f"The list cannot be filtered by {field.key}")
    if operator == ops.EMPTY:
        return empty(field)
    if operator == ops.FILLED:
        return ~empty(field)
    kind = field.kind
    if isinstance(kind, kinds.Secret):
        return Q(**{f"{field.column}_index": secrets.blind_index(entity.table, field.column, str(kind.parse(raw[0])))})
    if isinstance(kind, kinds.Date):
        return _range(field, *kind.bounds(operator, list(raw), formats))
    if isinstance(kind, kinds.Address):
        text = F(field.column) if not field.custom else KeyTextTransform(field.key, "custom")
        return _any_part(text, str(kind.operand(operator, raw[0], formats)))
    if kind.many:
        return _many(actor, field, operator, raw, formats)
    operands = [kind.operand(operator, text, formats) for text in raw]
    if isinstance(kind, kinds.Link) and not isinstance(kind, kinds.Person):
        target = catalogue.get(kind.target)
        operands = list(visible(target, actor).filter(pk__in=operands).values_list("pk", flat=True)) or [-1]
        operator = ops.ANY_OF
    if field.custom and operator not in (ops.CONTAINS, ops.STARTS):
        operands = [kind.custom_operand(value) for value in operands]
    return _compare(field, operator, operands)


def _compare(field: Field, operator: Operator, operands: list[Any]) -> Q:
    left = field.expression
    first = operands[0] if operands else None
    if operator == ops.IS:
        return Q(Exact(left, first)) if first is not None else empty(field)
    if operator == ops.IS_NOT:
        return empty(field) | ~Q(Exact(left, first))
    if operator == ops.ANY_OF:
        return Q(In(left, operands))
    if operator == ops.NONE_OF:
        return empty(field) | ~Q(In(left, operands))
    if operator == ops.CONTAINS:
        return Q(IContains(left, first))
    if operator == ops.STARTS:
        return Q(StartsWith(left, first))
    if operator == ops.AT_LEAST:
        return Q(GreaterThanOrEqual(left, first))
    if operator == ops.AT_MOST:
        return Q(LessThanOrEqual(left, first))
    if operator == ops.BETWEEN:
        return Q(GreaterThanOrEqual(left, first)) & Q(LessThanOrEqual(left, operands[1]))
    raise BadQuery(f"The field {field.key} has no operator {operator.key}")


def empty(field: Field) -> Q:
    """Whether the field has no value: NULL or the empty form of its column; for custom fields, no key."""
    if field.custom:
        return ~Q(custom__has_key=field.key)
    blank = field.kind.blank
    nothing = Q(**{f"{field.column}__isnull": True})  # the lookup of the column: sealed ones have their own
    if blank is None:
        return nothing
    return Q(**{field.column: blank}) | nothing


def _range(field: Field, low: Any, before: Any) -> Q:
    left, kind = field.expression, field.kind
    as_operand = kind.custom_operand if field.custom else (lambda value: value)
    q = Q()
    if low is not None:
        q &= Q(GreaterThanOrEqual(left, as_operand(low)))
    if before is not None:
        q &= Q(LessThan(left, as_operand(before)))
    return q


def _any_part(column: Any, text: str) -> Q:
    parts = ("province", "city", "district", "detail", "postcode")
    q = Q()
    for part in parts:
        q |= Q(IContains(KeyTextTransform(part, column), text))
    return q


def _many(actor: Actor, field: Field, operator: Operator, raw: tuple[str, ...], formats: Formats) -> Q:
    operands = [field.kind.operand(operator, text, formats) for text in raw]
    if isinstance(field.kind, kinds.Link):
        target = catalogue.get(field.kind.target)
        operands = list(visible(target, actor).filter(pk__in=operands).values_list("pk", flat=True)) or [-1]
    q = Q()
    for value in operands:
        if field.custom:
            q |= Q(custom__contains={field.key: [value]})
        else:
            q |= Q(**{f"{field.column}__contains": [value]})
    return ~q if operator == ops.NONE_OF else q


def after(expression: Any, value: Any, id: int, descending: bool) -> Q:  # noqa: A002
    """Rows after the one with this sort value and id, in the order (value, newest first); index-friendly form.

    Written as `a <= x AND NOT (a = x AND id >= y)`: the usual OR form cannot start inside the index.
    """
    side = LessThanOrEqual(expression, value) if descending else GreaterThanOrEqual(expression, value)
    return Q(side) & ~(Q(Exact(expression, value)) & Q(pk__gte=id))


def before(expression: Any, value: Any, id: int, descending: bool) -> Q:  # noqa: A002
    """Rows before that one, in the same order."""
    side = GreaterThanOrEqual(expression, value) if descending else LessThanOrEqual(expression, value)
    return Q(side) & ~(Q(Exact(expression, value)) & Q(pk__lte=id))
