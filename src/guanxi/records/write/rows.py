"""Writing rows and their journal lines together: the innermost step, shared by every verb of the door.

Values go in as JSON in journal form and are read into column types by PostgreSQL itself (`jsonb_populate_record`), many
rows a statement, so that one record and ten thousand take the same path.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.db.models import QuerySet

from guanxi.core import secrets
from guanxi.core.journal.ledger import Line, OpenSet
from guanxi.core.journal.models import Op
from guanxi.records import custom, sql
from guanxi.records.entity import Entity
from guanxi.records.write import values

CHUNK = 2000
Row = Mapping[str, Any]


def columns(entity: Entity) -> list[str]:
    return [f.attname for f in entity.model._meta.concrete_fields]


def lock(rows: QuerySet[Any], ids: Collection[int], *, whole: bool = False) -> dict[int, dict[str, Any]]:
    """The rows among `ids`, locked, fresh from the database, as {id: {column: value}}; in id order, so that two never wait crosswise.

    `whole`: against new links to them as well (they are about to be deleted); else others may go on pointing here.
    """
    found = rows.filter(pk__any_of=list(ids)).order_by("pk").select_for_update(of=("self",), no_key=not whole).values()
    return {row["id"]: row for row in found}


def update(
    cs: OpenSet,
    entity: Entity,
    current: Mapping[int, Row],
    wanted: Mapping[int, Mapping[str, Any]],
    *,
    origins: Callable[[int, str], int | None] | None = None,
) -> list[int]:
    """Give locked rows new values (journal form, by field key); returns the ids that really changed.

    `origins(id, key)`: the change set a value is owed to from now on, when that is not this one (None: the record's creation).
    """
    fields = custom.fields(entity)
    lines: list[Line] = []
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for id_, new in wanted.items():
        row = current[id_]
        before = {key: values.stored(row, fields[key]) for key in new}
        changed = {key: value for key, value in new.items() if value != before[key]}
        if not changed:
            continue
        origin = dict(row["origin"])
        owed: dict[str, int | None] = {}
        for key in changed:
            source = origins(id_, key) if origins else cs.id
            if source is None:
                origin.pop(key, None)
            else:
                origin[key] = source
            if source != cs.id:
                owed[key] = source
        lines.append(
            Line(
                entity.key, id_, Op.UPDATE, {k: before[k] for k in changed}, changed,
                {k: row["origin"].get(k) for k in changed}, owed or None,
            )
        )  # fmt: skip
        out = _columns(entity, row, changed)
        groups.setdefault(tuple(sorted(out)), []).append({**out, "id": id_, "origin": origin})
    for names, group in groups.items():
        sql.update_rows(entity, (*names, "origin"), group, at=cs.at, change_set=cs.id)
    cs.add(*lines)
    return [line.record for line in lines]


def _columns(entity: Entity, row: Row, changed: Mapping[str, Any]) -> dict[str, Any]:
    fields = custom.fields(entity)
    out: dict[str, Any] = {}
    extra = dict(row["custom"])
    for key, value in changed.items():
        field = fields[key]
        if field.custom:
            extra.pop(key, None)
            if value is not None:
                extra[key] = value
            out["custom"] = extra
            continue
        out[field.column] = values.column_form(field, value)
        if field.secret:
            out[f"{field.column}_index"] = (
                None if value is None else "\\x" + _blind(entity, field.column, row["id"], value).hex()
            )
    return out


def _blind(entity: Entity, column: str, id: int, value: Any) -> bytes:  # noqa: A002
    import base64

    plain = secrets.open_value(entity.table, column, id, base64.b64decode(value))
    return secrets.blind_index(entity.table, column, plain)


def insert(cs: OpenSet, entity: Entity, id: int, new: Mapping[str, Any]) -> None:  # noqa: A002
    """Create one row from values in journal form, with a journal line that holds them."""
    fields = custom.fields(entity)
    row: dict[str, Any] = {"id": id, "custom": {}}
    out = _columns(entity, row, {k: v for k, v in new.items() if v is not None or not fields[k].custom})
    model = entity.model
    defaults = {f.attname: f.get_default() for f in model._meta.concrete_fields if f.has_default()}
    plain = {**{k: v for k, v in defaults.items() if k not in out}, **out, "id": id}
    stamps = {"created_at": cs.at, "changed_at": cs.at, "created_in": cs.id, "changed_in": cs.id, "version": 1}
    for name, value in stamps.items():
        plain.setdefault(name, value.isoformat() if hasattr(value, "isoformat") else value)
    for field in model._meta.concrete_fields:
        if field.attname not in plain and not field.null:
            plain[field.attname] = ""
    sql.insert_row(entity, plain)
    cs.add(Line(entity.key, id, Op.CREATE, None, {k: v for k, v in new.items() if v is not None}))
