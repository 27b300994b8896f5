"""`manage.py check`: a wrong declaration fails with entity and field, before anybody meets it on a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.checks import register as register_check
from django.db.models import UniqueConstraint

from guanxi.records import catalogue, kinds
from guanxi.records.entity import Board, Entity, WrongDeclaration


def register() -> None:
    register_check(check_entities)


def check_entities(**_: Any) -> list[CheckMessage]:
    return [Error(text, id="guanxi.E001") for entity in catalogue.every() for text in problems(entity)]


def problems(entity: Entity) -> Iterator[str]:
    """What is wrong with a declaration, in sentences that name entity and field."""
    try:
        declared = entity.declared
    except WrongDeclaration as error:
        yield str(error)
        return
    app, model = entity.model._meta.app_label, entity.model._meta.model_name
    if entity.key != f"{app}.{model}":
        yield f"{entity.key}: the key must be {app}.{model}, room and noun"
    mentioned = {
        "columns": entity.columns, "recognise_by": entity.recognise_by, "title": (entity.title,),
        "sections": tuple(key for section in entity.sections for key in section.fields),
        "rollups": tuple(name for r in entity.rollups for name in (r.link, r.of)), "merge": tuple(entity.merge),
        "board": _of_board(entity.board),
    }  # fmt: skip
    for place, keys in mentioned.items():
        yield from (f"{entity.key}: {place} names {key}, which is no field" for key in keys if key not in declared)
    owner = entity.policy.owner_field
    if owner and owner not in declared:
        yield f"{entity.key}: its policy names {owner}, which is no field"
    columns = {f.attname: f for f in entity.model._meta.concrete_fields}
    indexed = {name.lstrip("-") for index in entity.model._meta.indexes for name in index.fields[:1]}
    indexed |= {c.fields[0] for c in entity.model._meta.constraints if isinstance(c, UniqueConstraint) and c.fields}
    for key, field in declared.items():
        where = f"{entity.key}.{key}"
        if isinstance(field.kind, kinds.Link) and field.kind.target != "core.user":
            try:
                catalogue.get(field.kind.target)
            except catalogue.UnknownEntity:
                yield f"{where}: links to {field.kind.target}, which is no entity"
        if field.secret and f"{key}_index" not in columns:
            yield f"{where}: a secret needs its blind index, a column {key}_index"
        if (
            field.sort
            and key not in indexed
            and not getattr(columns[field.column], "db_index", False)
            and key not in ("created_at", "changed_at")
        ):
            yield f"{where}: sort=True promises an index on {key}, but the model has none that starts with it"
        if isinstance(field.kind, kinds.Computed):
            yield from (
                f"{where}: is computed from {of}, which is no field" for of in field.kind.of if of not in declared
            )
        if (
            isinstance(field.kind, kinds.Money)
            and field.kind.currency_field
            and field.kind.currency_field not in declared
        ):
            yield f"{where}: its currency is in {field.kind.currency_field}, which is no field"
        if not str(field.label):
            yield f"{where}: has no label"
    known = (
        {f.column for f in declared.values()} | SYSTEM_COLUMNS | {f"{k}_index" for k, f in declared.items() if f.secret}
    )
    for attname in columns.keys() - known:
        yield f"{entity.key}: the column {attname} is in no field; declare it, or nobody can see, export or erase it"


def _of_board(board: Board) -> tuple[str, ...]:
    named = [board.by, board.amount, board.dated, *board.card, *board.stuck, *board.ask]
    return tuple(filter(None, [*named, *(f for asked in board.ask.values() for keys in asked.values() for f in keys)]))


SYSTEM_COLUMNS = {"id", "created_in", "changed_in", "deleted_in", "version", "origin", "custom"}
