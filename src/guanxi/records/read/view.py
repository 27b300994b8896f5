"""One record as one actor sees it: cells, origins, time line, related lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal import note
from guanxi.core.journal.models import Change, ChangeSet, Op
from guanxi.records import catalogue, custom, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.read.cells import Cell, Reader
from guanxi.records.read.door import Hidden, visible


@dataclass(frozen=True)
class Origin:
    """Where a value came from: the change set that set it."""

    change_set: int
    at: datetime
    who: str
    door: str
    action: str
    reason: str


@dataclass(frozen=True)
class Related:
    """Records of another entity that point here."""

    entity: Entity
    field: Field


@dataclass(frozen=True)
class RecordView:
    """A record as cells. `cells` has every field the actor knows of; `origins` says where each value came from."""

    entity: Entity
    id: int
    version: int
    title: str
    cells: Mapping[str, Cell]
    origins: Mapping[str, Origin]
    created_in: int
    may: frozenset[str]

    def __getitem__(self, key: str) -> Cell:
        return self.cells[key]

    @property
    def missing(self) -> tuple[Field, ...]:
        """Essential fields that are still empty, in order."""
        return tuple(c.field for c in self.cells.values() if c.field.essential and c.empty)

    @property
    def completeness(self) -> int:
        """Per cent of the essential fields that are filled; 100 when there are none."""
        essential = [c for c in self.cells.values() if c.field.essential]
        return round(100 * sum(not c.empty for c in essential) / len(essential)) if essential else 100


ACTIONS = ("edit", "delete", "assign", "merge", "export", "unmask")


def view(entity: Entity, actor: Actor, id: int) -> RecordView:  # noqa: A002
    """The record, or Hidden."""
    fields = rights.readable(actor, entity)
    reader = Reader(actor, entity, fields.values())
    names = [*reader.columns(), "origin", "created_in"]
    row = visible(entity, actor).filter(pk=id).values(*dict.fromkeys(names)).first()
    if row is None:
        raise Hidden(f"{entity.key} {id}")
    named = reader.names([row])
    cells = {key: reader.cell(row, field, named) for key, field in fields.items()}
    title = cells.get(entity.title)
    sets = {key: row["origin"].get(key, row["created_in"]) for key in cells}
    found = _origins(set(sets.values()))
    return RecordView(
        entity, id, row["version"], title.text if title else str(id), cells,
        {key: found[number] for key, number in sets.items() if number in found}, row["created_in"],
        frozenset(a for a in ACTIONS if actor.can(entity.key, a) and visible(entity, actor, a).filter(pk=id).exists()),
    )  # fmt: skip


def _origins(numbers: Iterable[int]) -> dict[int, Origin]:
    rows = ChangeSet.objects.filter(pk__in=list(numbers)).values_list(
        "id", "at", "actor_name", "door", "action", "reason"
    )
    return {row[0]: Origin(*row) for row in rows}


def reveal(entity: Entity, actor: Actor, id: int, key: str) -> Cell:  # noqa: A002
    """The whole value of a masked field, for who may unmask; written into the journal. Raises Hidden or UnknownField."""
    field = rights.field(actor, entity, key, Level.MASKED)
    level = rights.level(actor, field)
    may_read = level.rank >= Level.READ.rank
    rows = visible(entity, actor, "view" if may_read else "unmask")
    reader = Reader(actor, entity, [field])
    row = rows.filter(pk=id).values(*reader.columns()).first()
    if row is None or (not may_read and not visible(entity, actor).filter(pk=id).exists()):
        raise Hidden(f"{entity.key} {id}")
    value = reader.raw(row, field)
    note(actor, action="reveal", entity=entity.key, record=id, detail={"field": key})
    text = "" if field.kind.is_empty(value) else field.kind.format(value, reader.formats)
    return Cell(field, value, text, edit_text=field.kind.edit_text(value, reader.formats) if text else "")


def related(entity: Entity, actor: Actor) -> Iterator[Related]:
    """Lists that belong on this record's page: entities that point here and that the actor may see."""
    for other, field in catalogue.links_to(entity):
        if actor.can(other.key, "view") and rights.level(actor, field).rank >= Level.READ.rank:
            yield Related(other, field)


@dataclass(frozen=True)
class FieldChange:
    """One field in one change, as the actor may see it."""

    field: Field
    before: Cell
    after: Cell


@dataclass(frozen=True)
class Event:
    """One change set in a record's time line."""

    change_set: ChangeSet
    op: str
    changes: tuple[FieldChange, ...]
    hidden: int  # fields changed that the actor does not know of
    undone: bool


def timeline(entity: Entity, actor: Actor, id: int, *, before: int | None = None, limit: int = 20) -> list[Event]:  # noqa: A002
    """What happened to the record, newest first, ending with its creation. Raises Hidden."""
    row = visible(entity, actor).filter(pk=id).values("created_in").first()
    if row is None:
        raise Hidden(f"{entity.key} {id}")
    lines = Change.objects.filter(record=id, entity=entity.key).select_related("change_set").order_by("-id")
    if before is not None:
        lines = lines.filter(pk__lt=before)
    found = list(lines[:limit])
    events = [event_of(entity, actor, line) for line in found]
    if len(found) < limit and not any(e.op == Op.CREATE for e in events):
        created = ChangeSet.objects.filter(pk=row["created_in"]).first()
        if created is not None:
            events.append(Event(created, Op.CREATE.value, (), 0, created.undone_by.exists()))
    return events


def event_of(entity: Entity, actor: Actor, line: Change) -> Event:
    known = rights.readable(actor, entity)
    every = custom.fields(entity)
    changes, hidden = [], 0
    keys = [k for k in {**(line.before or {}), **(line.after or {})} if line.op == Op.UPDATE]
    reader = Reader(actor, entity, known.values())
    for key in keys:
        field = known.get(key)
        if field is None:
            hidden += key in every
            continue
        changes.append(
            FieldChange(field, *(_historic(reader, line, field, side) for side in (line.before, line.after)))
        )
    return Event(line.change_set, line.op, tuple(changes), hidden, line.change_set.undone_by.exists())


def _historic(reader: Reader, line: Change, field: Field, side: Any) -> Cell:
    """A value from the journal as a cell, masked and restricted like today's."""
    import base64

    value = (side or {}).get(field.key)
    if value is None:
        return Cell(field)
    if field.secret:
        stored: Any = base64.b64decode(value)
    else:
        stored = field.kind.from_json(value)
    row: dict[str, Any] = {"id": line.record, "custom": {field.key: value}, field.column: stored}
    money = getattr(field.kind, "currency_field", "")
    if money:
        row[reader.entity.declared[money].column] = ""
    one = Reader(reader.actor, reader.entity, [field])
    return one.cell(row, field, one.names([row]))
