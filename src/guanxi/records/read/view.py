"""One record as one actor sees it: cells, origins, time line, related lists."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import IntegerField, QuerySet, Value

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal import note
from guanxi.core.journal.models import Change, ChangeSet, Op
from guanxi.records import catalogue, custom, kinds, policy, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.read.cells import Cell, Reader, names_of
from guanxi.records.read.count import Count, count
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
    """A record as cells. `cells` has every field the actor knows of; `set_in`: which change set each value is owed to."""

    entity: Entity
    id: int
    version: int
    title: str
    cells: Mapping[str, Cell]
    set_in: Mapping[str, int]
    created_in: int
    may: frozenset[str]
    masked: frozenset[str]  # fields that the actor gets masked, filled or not

    def __getitem__(self, key: str) -> Cell:
        return self.cells[key]

    @cached_property
    def origins(self) -> Mapping[str, Origin]:
        """Where each value came from: one query, when first asked for."""
        found = _origins(set(self.set_in.values()))
        return {key: found[number] for key, number in self.set_in.items() if number in found}

    @cached_property
    def counted(self) -> tuple[Cell, ...]:
        """The fields that make this record complete (`Entity.counted`, and required custom ones) as far as the actor may read
        them in full: of a hidden, masked or secret field the ring must not tell whether it is filled.
        """
        keys = (*self.entity.counted, *(k for k, c in self.cells.items() if c.field.custom and c.field.required))
        cells = [self.cells[k] for k in keys if k in self.cells]
        return tuple(c for c in cells if not c.field.secret and c.key not in self.masked)

    @property
    def missing(self) -> tuple[Field, ...]:
        """Fields that make the record complete and are still empty, in order."""
        return tuple(c.field for c in self.counted if c.empty)

    @property
    def completeness(self) -> int:
        """Per cent: 100 × filled ÷ counted, rounded down, so that 100 means all; 100 when nothing counts."""
        return 100 * sum(not c.empty for c in self.counted) // len(self.counted) if self.counted else 100


ACTIONS = ("edit", "delete", "assign", "merge", "export", "unmask")


def view(entity: Entity, actor: Actor, id: int, *, only: Collection[str] | None = None) -> RecordView:  # noqa: A002
    """The record, or Hidden. `only`: with the cells of these fields and the title's, for who needs no more of it."""
    fields = rights.readable(actor, entity)
    if only is not None:
        fields = {key: field for key, field in fields.items() if key == entity.title or key in only}
    reader = Reader(actor, entity, fields.values())
    names = [*reader.columns(), "origin", "created_in"]
    row = visible(entity, actor).filter(pk=id).values(*dict.fromkeys(names)).first()
    if row is None:
        raise Hidden(f"{entity.key} {id}")
    named = reader.names([row])
    cells = {key: reader.cell(row, field, named) for key, field in fields.items()}
    title = cells.get(entity.title)
    return RecordView(
        entity, id, row["version"], title.text if title else str(id), cells,
        {key: row["origin"].get(key, row["created_in"]) for key in cells}, row["created_in"],
        frozenset(_allowed(entity, actor, id)),
        frozenset(k for k, f in fields.items() if rights.level(actor, f) is Level.MASKED),
    )  # fmt: skip


def _allowed(entity: Entity, actor: Actor, id: int) -> Iterator[str]:  # noqa: A002
    """Which of ACTIONS the actor may do to this record, which they may view; actions of equal reach share one query."""
    answers = {policy.conditions(entity, actor, "view"): True}
    for action in ACTIONS:
        reach = policy.conditions(entity, actor, action)
        if reach is not None and reach not in answers:
            answers[reach] = reach == policy.EVERY or visible(entity, actor, action).filter(pk=id).exists()
        if reach is not None and answers[reach]:
            yield action


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
    return Cell(field, value, text, formats=reader.formats if text else None)


def related(entity: Entity, actor: Actor) -> Iterator[Related]:
    """Lists that belong on this record's page: entities that point here and that the actor may see."""
    for other, field in catalogue.links_to(entity):
        if actor.can(other.key, "view") and rights.level(actor, field).rank >= Level.READ.rank:
            yield Related(other, field)


@dataclass(frozen=True)
class Belonging:
    """Some of the records that point here: the newest first, all cells of `columns` in order, and how many there are.

    `editable`: ids of those shown that the actor may edit.
    """

    related: Related
    rows: tuple[Line, ...]
    count: Count
    editable: frozenset[int]


@dataclass(frozen=True)
class Line:
    """One of them."""

    id: int
    title: str
    cells: tuple[Cell, ...]


def belonging(
    pointing: Sequence[Related], actor: Actor, id: int, *, columns: int = 4, limit: int = 5  # noqa: A002
) -> list[Belonging]:  # fmt: skip
    """The newest records that point to record `id`, by each of these fields. The caller has seen to it that the actor may see
    that record.

    One query says which there are, of all of them; then one for the rows of each field by which there are any, one for each
    entity they name, and one to count where there are more than `limit`.
    """
    mine = [visible(one.entity, actor).filter(**{one.field.column: id}).order_by() for one in pointing]
    found: list[list[int]] = [[] for _one in pointing]
    for place, pk in _newest(mine, limit + 1):
        found[place].append(pk)
    found = [sorted(ids, reverse=True) for ids in found]
    may = _editable([(one.entity, ids[:limit]) for one, ids in zip(pointing, found, strict=True)], actor)
    return [
        _belonging(one, actor, rows, ids, may, columns, limit)
        for one, rows, ids in zip(pointing, mine, found, strict=True)
    ]


def _newest(lists: Sequence[QuerySet[Any]], limit: int) -> Iterable[tuple[int, int]]:
    """(place in `lists`, id) of the newest rows of each."""
    parts = [
        rows.annotate(_place=Value(i, output_field=IntegerField())).order_by("-pk").values_list("_place", "pk")[:limit]
        for i, rows in enumerate(lists)
    ]
    if not parts:
        return []
    found: Iterable[tuple[int, int]] = parts[0] if len(parts) == 1 else parts[0].union(*parts[1:], all=True)
    return found


def _belonging(
    related: Related, actor: Actor, rows: QuerySet[Any], ids: list[int], may: frozenset[int], columns: int, limit: int
) -> Belonging:  # fmt: skip
    if not ids:
        return Belonging(related, (), Count(0), frozenset())
    entity, link = related.entity, related.field
    known = rights.readable(actor, entity)
    title = known.get(entity.title)
    shown = [known[k] for k in entity.columns if k in known and k not in (link.key, entity.title)][:columns]
    reader = Reader(actor, entity, [*([title] if title else []), *shown])
    total = Count(len(ids)) if len(ids) <= limit else count(rows)
    found = list(visible(entity, actor).filter(pk__in=ids[:limit]).order_by("-pk").values(*reader.columns()))
    names = reader.names(found)
    lines = tuple(
        Line(
            row["id"], reader.cell(row, title, names).text if title else "",
            tuple(reader.cell(row, f, names) for f in shown),
        )
        for row in found
    )  # fmt: skip
    return Belonging(related, lines, total, may & {line.id for line in lines})


def _editable(lists: Sequence[tuple[Entity, list[int]]], actor: Actor) -> frozenset[int]:
    """Which of these records, all of them in view, the actor may edit: one query, or none where who sees may edit.

    Ids are those of one sequence, so they need not be told apart by entity.
    """
    may: set[int] = set()
    ask = []
    for entity, ids in lists:
        reach = policy.conditions(entity, actor, "edit")
        if reach is None or not ids:
            continue
        if reach == policy.EVERY or reach == policy.conditions(entity, actor, "view"):
            may.update(ids)
        else:
            ask.append(visible(entity, actor, "edit").filter(pk__in=ids).order_by().values_list("pk", flat=True))
    if ask:
        may.update(ask[0] if len(ask) == 1 else ask[0].union(*ask[1:], all=True))
    return frozenset(may)


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


class Historian:
    """Journal lines of one entity as one actor may see them: values masked and restricted like today's."""

    def __init__(self, entity: Entity, actor: Actor) -> None:
        self.entity, self.actor = entity, actor
        self._known = rights.readable(actor, entity)
        self._every = custom.fields(entity)
        self._readers: dict[str, Reader] = {}
        self._names: dict[tuple[str, int], tuple[str, str]] | None = None

    def ahead(self, lines: Iterable[Change]) -> None:
        """Look up at once what all these lines link to, which `event` would else ask for one by one."""
        wanted: dict[str, set[int]] = {}
        for line in lines:
            sides = (line.before, line.after) if line.op == Op.UPDATE else ()
            for key, value in [p for side in sides for p in (side or {}).items()]:
                field = self._known.get(key)
                if field is not None and isinstance(field.kind, kinds.Link) and value:
                    wanted.setdefault(field.kind.target, set()).update(value if field.kind.many else (value,))
        self._names = {
            (target, id_): name
            for target, ids in wanted.items()
            for id_, name in names_of(self.actor, target, ids).items()
        }

    def event(self, line: Change, *, undone: bool | None = None) -> Event:
        """One line as an event. Whether it was undone is read from `change_set.undone_by` unless the caller says."""
        keys = {**(line.before or {}), **(line.after or {})} if line.op == Op.UPDATE else {}
        changes = tuple(self.change(line, key) for key in keys if key in self._known)
        hidden = sum(key in self._every and key not in self._known for key in keys)
        undone = bool(line.change_set.undone_by.all()) if undone is None else undone
        return Event(line.change_set, line.op, changes, hidden, undone)

    def change(self, line: Change, key: str) -> FieldChange:
        """What a line did to one field that the actor knows of."""
        field = self._known[key]
        before, after = (self._cell(line.record, field, (side or {}).get(key)) for side in (line.before, line.after))
        return FieldChange(field, before, after)

    def _cell(self, record: int, field: Field, value: Any) -> Cell:
        if value is None:
            return Cell(field)
        reader = self._readers.setdefault(field.key, Reader(self.actor, self.entity, [field]))
        stored = base64.b64decode(value) if field.secret else field.kind.from_json(value)
        row: dict[str, Any] = {"id": record, "custom": {field.key: value}, field.column: stored}
        if money := getattr(field.kind, "currency_field", ""):
            row[self.entity.declared[money].column] = ""
        return reader.cell(row, field, reader.names([row]) if self._names is None else self._names)
