"""Where the values of a list are used, how often, and giving records of one value another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Count, F, Func, QuerySet

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal.ledger import change_set
from guanxi.kit.results import Balance
from guanxi.records import catalogue, choice_editing, custom, kinds, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.models import ChoiceValue, CustomField
from guanxi.records.read.door import visible
from guanxi.records.write import edit_many

Progress = Callable[[int, int], None]
CHUNK = 1_000


def fields_of(key: str) -> Iterator[tuple[Entity, Field]]:
    """Every field, declared or custom, that offers the list `key`."""
    for entity in catalogue.every():
        for field in custom.fields(entity).values():
            if isinstance(field.kind, kinds.Choice) and getattr(field.kind, "list", "") == key:
                yield entity, field


def _readable(actor: Actor, key: str, level: Level = Level.READ) -> Iterator[tuple[Entity, Field]]:
    for entity, field in fields_of(key):
        if actor.can(entity.key, "view") and rights.level(actor, field).rank >= level.rank:
            yield entity, field


def counts(actor: Actor, key: str) -> dict[str, int]:
    """{code: how many records that the actor sees have it}; one query a field."""
    found: dict[str, int] = {}
    for entity, field in _readable(actor, key):
        rows = visible(entity, actor).order_by()
        if field.kind.many:
            if field.custom:
                continue  # several values inside JSON: counted nowhere else either
            rows = rows.annotate(one=Func(F(field.column), function="unnest")).values("one")
            pairs: Any = rows.annotate(n=Count("pk")).values_list("one", "n")
        else:
            pairs = rows.annotate(one=field.expression).values("one").annotate(n=Count("pk")).values_list("one", "n")
        for code, n in pairs:
            if code:
                found[code] = found.get(code, 0) + n
    return found


def having(actor: Actor, entity: Entity, field: Field, code: str) -> QuerySet[Any]:
    """The visible records whose `field` is (or, for several values, holds) this code."""
    rows: QuerySet[Any] = visible(entity, actor)
    if field.kind.many:
        where: dict[str, Any] = (
            {"custom__contains": {field.key: [code]}} if field.custom else {f"{field.column}__contains": [code]}
        )
        return rows.filter(**where)
    found: QuerySet[Any] = rows.alias(one=field.expression).filter(one=code)
    return found


def merge(
    actor: Actor, value: ChoiceValue, into: ChoiceValue, *, progress: Progress | None = None
) -> tuple[int | None, Balance]:
    """Records with `value` get `into`; `value` is retired, and its names become spellings of `into`, so that files still find it.

    One change set for all records. What the actor may not change keeps the old value and is counted as held.
    """
    if value.list_id != into.list_id or value.pk == into.pk:
        raise choice_editing.WrongValue("merge")
    total = Balance()
    with change_set(
        actor, action="bulk", detail={"list": value.list_id, "value": value.code, "merged_into": into.code}
    ) as cs:
        if into.retired:
            choice_editing.change(actor, into, retired=False)
        for entity, field in _readable(actor, value.list_id, Level.EDIT):
            rows = having(actor, entity, field, value.code)
            if not field.kind.many:
                total += edit_many(actor, entity, rows, {field.key: into.code}, progress=progress).balance
                continue
            held = dict(rows.values_list("pk", "custom" if field.custom else field.column))
            together: dict[tuple[str, ...], list[int]] = {}
            for pk, old in held.items():
                codes = old[field.key] if field.custom else old
                new = tuple(dict.fromkeys(into.code if code == value.code else code for code in codes))
                together.setdefault(new, []).append(pk)
            for codes, ids in together.items():
                for start in range(0, len(ids), CHUNK):
                    some = visible(entity, actor).filter(pk__in=ids[start : start + CHUNK])
                    total += edit_many(actor, entity, some, {field.key: list(codes)}).balance
        names = [value.label_zh, value.label_en, *value.aliases]
        aliases = list(dict.fromkeys([*into.aliases, *(n for n in names if n not in (into.label_zh, into.label_en))]))
        choice_editing.change(actor, into, aliases=aliases)
        choice_editing.change(actor, value, retired=True)
        _defaults(actor, value, into)
        cs.balance = total.check().to_dict()
        return (cs.id if cs.lines else None), total


def _defaults(actor: Actor, value: ChoiceValue, into: ChoiceValue) -> None:
    """Custom fields that gave new records the old value give them the new one."""
    for row in CustomField.objects.filter(options__list=value.list_id, deleted=False).exclude(default=None):
        held = row.default if isinstance(row.default, list) else [row.default]
        if value.code in held:
            new = list(dict.fromkeys(into.code if code == value.code else code for code in held))
            custom.change(
                actor, catalogue.get(row.entity), row.key, default=new if isinstance(row.default, list) else new[0]
            )
