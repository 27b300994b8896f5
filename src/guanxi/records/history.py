"""A record as it was: today's row, folded back over its lines in the journal; and what one field held before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from guanxi.core.access.actor import Actor
from guanxi.core.journal import hashing
from guanxi.core.journal.models import Change, ChangeSet, Op
from guanxi.records import custom
from guanxi.records.entity import Entity
from guanxi.records.invert import same
from guanxi.records.read.cells import Cell
from guanxi.records.read.view import Historian, RecordView
from guanxi.records.write import values
from guanxi.records.write.delete import DELETED


@dataclass(frozen=True)
class State:
    """What a record was after some change set.

    `values`: journal form by field key; empty fields are left out. `origin`: which change set each value was owed to, for
    those set after creation. `live`: neither deleted nor still to be created. `unknown`: the values were erased from the
    journal since, so these fields cannot be told. `gaps`: (line, field) where a line does not continue the one before it;
    there are none unless somebody wrote past the doors.
    """

    values: dict[str, Any]
    origin: dict[str, int]
    live: bool
    unknown: bool = False
    gaps: tuple[tuple[int, str], ...] = ()


@dataclass
class _Fold:
    entity: Entity
    id: int
    values: dict[str, Any]
    origin: dict[str, int]
    deleted_in: int | None
    exists: bool = True
    unknown: bool = False
    gaps: list[tuple[int, str]] = field(default_factory=list)

    def back(self, line: Change) -> None:
        """From the state after a line to the state before it."""
        if line.op == Op.DELETE:
            self.deleted_in = None
        elif line.op == Op.RESTORE:
            self.deleted_in = (line.before or {}).get(DELETED)
        elif line.op == Op.CREATE:
            if hashing.whole(line):
                written = {k: v for k, v in (line.after or {}).items() if v is not None}
                keys = {k for k in {**written, **self.values} if not self._same(k, written.get(k))}
                self.gaps += [(line.pk, key) for key in sorted(keys)]
            self.exists = False
        elif line.op == Op.UPDATE:
            self.unknown = self.unknown or not hashing.whole(line)
            for key, before in (line.before or {}).items():
                if not self._same(key, (line.after or {}).get(key)):
                    self.gaps.append((line.pk, key))
                _put(self.values, key, before)
                _put(self.origin, key, (line.origin_before or {}).get(key))

    def _same(self, key: str, value: Any) -> bool:
        known = custom.fields(self.entity).get(key)
        if known is None:
            return True
        return same(self.entity, known, self.id, self.values.get(key), value)


def _put(into: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        into.pop(key, None)
    else:
        into[key] = value


def state_at(entity: Entity, record: int, change_set: int) -> State | None:
    """The record as it was once `change_set` was done; None when there is no such record, or was not yet.

    What the lines since say is taken back, newest first. Costs one query for the row and one for its lines. Rights and
    masking are the caller's: this is what the database held. Fields defined or retired since are read as they are today.
    """
    row = entity.model.all_rows.filter(pk=record).values().first()
    if row is None:
        return None
    every = custom.fields(entity)
    held = {k: values.stored(row, f) for k, f in every.items() if (f.column or f.custom) and k not in STAMPS}
    fold = _Fold(
        entity, record, {k: v for k, v in held.items() if v is not None}, dict(row["origin"]), row["deleted_in"]
    )
    own = False
    for line in _lines(entity, record):
        own = own or line.change_set_id == change_set
        # Change sets get their numbers before they get to the record, so the order of its lines counts, where it has one.
        if own or (line.change_set_id < change_set and not _named(entity, record, change_set)):
            own = True
            break
        fold.back(line)
    if not fold.exists or (not own and row["created_in"] > change_set):
        return None
    # Many records deleted at once have no line each; the mark itself says when.
    live = fold.deleted_in is None or fold.deleted_in > change_set
    return State(fold.values, fold.origin, live, fold.unknown, tuple(fold.gaps))


STAMPS = frozenset({"created_at", "changed_at"})


def _lines(entity: Entity, record: int) -> Iterator[Change]:
    found = Change.objects.filter(record=record, entity=entity.key).exclude(op=Op.ERASE)
    return iter(found.order_by("-id"))


def _named(entity: Entity, record: int, change_set: int) -> bool:
    return Change.objects.filter(record=record, entity=entity.key, change_set=change_set).exists()


EARLIER = 20
ADDED = 200  # lines looked through for who added what


@dataclass(frozen=True)
class Past:
    """A value that stood in a field once, as the actor may see it today, and the change set that had set it.

    `erased`: the value was taken out of the journal since and cannot be told.
    """

    cell: Cell
    change_set: ChangeSet
    erased: bool = False


def past(view: RecordView, actor: Actor, key: str, *, limit: int = EARLIER) -> list[Past]:
    """What a field held before, newest first, at most `limit` values; two queries. `view`: the record as the actor sees it.

    Each value is owed to the change set that had set it, not to the one that replaced it.
    """
    lines = list(_of_field(view, key)[:limit])
    owed = [(line.origin_before or {}).get(key) or view.created_in for line in lines]
    sets = ChangeSet.objects.in_bulk(owed)
    seen = Historian(view.entity, actor)
    return [
        Past(seen.change(line, key).before, sets[number], erased=not hashing.whole(line))
        for line, number in zip(lines, owed, strict=True)
        if number in sets
    ]


def rivals(pasts: Sequence[Past], view: RecordView, key: str) -> list[Past]:
    """What other sources said last and today's value is not: one value each, newest first.

    A source is a person who typed, or a file, interface or rule; the source that today's value comes from has no rival in itself.
    """
    found: dict[tuple[str, str], Past] = {}
    now = view.origins.get(key)
    mine = _source(now.door, now.who, now.reason) if now is not None else None
    for one in pasts:
        source = _source(one.change_set.door, one.change_set.actor_name, one.change_set.reason)
        if source != mine:
            found.setdefault(source, one)
    text = view.cells[key].text
    return [one for one in found.values() if one.cell.text and one.cell.text != text]


def _source(door: str, who: str, reason: str) -> tuple[str, str]:
    return (door, reason if door == "import" else who)


def added(view: RecordView, key: str) -> dict[int, ChangeSet]:
    """Of a field with several links (tags): which change set put each one there, by the id it points to."""
    wanted = set(view.cells[key].value or ())
    sets: dict[int, int] = {}
    for line in _of_field(view, key)[:ADDED]:
        new = set((line.after or {}).get(key) or ()) - set((line.before or {}).get(key) or ())
        for one in new & wanted - sets.keys():
            sets[one] = line.change_set_id
    for one in wanted - sets.keys():
        sets[one] = view.created_in
    named = ChangeSet.objects.in_bulk(set(sets.values()))
    return {one: named[number] for one, number in sets.items() if number in named}


def _of_field(view: RecordView, key: str) -> Any:
    found = Change.objects.filter(record=view.id, entity=view.entity.key, op=Op.UPDATE, after__has_key=key)
    return found.order_by("-pk")
