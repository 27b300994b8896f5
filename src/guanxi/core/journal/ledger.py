"""Writing the journal: every act opens a change set, and what it does to records becomes lines of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from guanxi.core.access.actor import Actor, acting
from guanxi.core.events import emit
from guanxi.core.journal import hashing
from guanxi.core.journal.models import Change, ChangeBatch, ChangeSet, Door, Op

FLUSH_AT = 2000
WRITTEN = "journal.written"  # the event that every change set with changed records leaves in the outbox
request_id: ContextVar[str] = ContextVar("guanxi_request_id", default="")


@dataclass(frozen=True)
class Line:
    """One record's change, as `Change` stores it; values are in JSON form."""

    entity: str
    record: int
    op: Op
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    origin_before: Mapping[str, int | None] | None = None
    origin_after: Mapping[str, int | None] | None = None


@dataclass(frozen=True)
class Place:
    """How far a change set had been written."""

    lines: int
    batches: int
    digest: hashing.Digest


@dataclass
class OpenSet:
    """A change set being written. Its row goes in last, with the digest over everything; nothing to say, no row."""

    id: int
    actor: Actor
    door: str
    action: str
    at: datetime
    entity: str = ""
    record: int | None = None
    reason: str = ""
    request_id: str = ""
    parent: int | None = None
    undoes: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    balance: dict[str, int] | None = None
    keep_empty: bool = False
    lines: int = 0
    _digest: hashing.Digest = field(default_factory=hashing.Digest)
    _pending: list[Change] = field(default_factory=list)
    _batches: list[ChangeBatch] = field(default_factory=list)

    def add(self, *lines: Line) -> None:
        """Write lines: one per changed record."""
        for line in lines:
            content = (
                line.entity, line.record, line.op.value, line.before, line.after, line.origin_before,
                line.origin_after,
            )  # fmt: skip
            salt = os.urandom(16)
            commitment = hashing.commitment(salt, content)
            self._digest.line(line.entity, line.record, line.op.value, commitment)
            self._pending.append(
                Change(
                    change_set_id=self.id, entity=line.entity, record=line.record, op=line.op.value,
                    before=line.before, after=line.after, origin_before=line.origin_before,
                    origin_after=line.origin_after, salt=salt, commitment=commitment,
                )
            )  # fmt: skip
            self.lines += 1
        if len(self._pending) >= FLUSH_AT:
            self.flush()

    def add_all(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self.add(line)

    def batch(
        self, entity: str, op: Op, *, first: int, last: int, rows: int, digest: bytes = b"", of: int | None = None
    ) -> None:
        """Write one line for many records created, deleted or restored at once."""
        self.flush()
        line = ChangeBatch(
            change_set_id=self.id, entity=entity, op=op.value, first=first, last=last, rows=rows, of=of,
            digest=digest or hashing.mac(f"{entity}|{op.value}|{first}|{last}|{rows}".encode()),
        )  # fmt: skip
        self._batches.append(line)
        self.lines += 1

    def mark(self) -> Place:
        """A place to come back to when the rows written since are rolled back to a savepoint. Writes out what is pending."""
        self.flush()
        return Place(self.lines, len(self._batches), self._digest.copy())

    def back_to(self, place: Place) -> None:
        """Forget the lines since this `mark` (the savepoint took their rows back)."""
        self.lines = place.lines
        del self._batches[place.batches :]
        self._pending.clear()
        self._digest = place.digest.copy()

    def flush(self) -> None:
        if len(self._pending) > 200:
            _copy(self._pending)
        elif self._pending:
            Change.objects.bulk_create(self._pending)
        self._pending.clear()

    def close(self) -> None:
        self.flush()
        if self.lines == 0 and not self.keep_empty:
            return
        row = ChangeSet(
            id=self.id, at=self.at, actor_id=self.actor.user_id, actor_name=self.actor.name, door=self.door,
            action=self.action, entity=self.entity, record=self.record, reason=self.reason[:500],
            request_id=self.request_id, parent_id=self.parent, undoes_id=self.undoes,
            detail=hashing.plain(self.detail), balance=self.balance, lines=self.lines,
        )  # fmt: skip
        for line in self._batches:
            self._digest.batch(line)
        row.digest = self._digest.close(row)
        row.save(force_insert=True)
        ChangeBatch.objects.bulk_create(self._batches)
        if self.lines:
            facts = {
                "action": self.action,
                "door": self.door,
                "entity": self.entity,
                "record": self.record,
                "lines": self.lines,
            }
            emit(WRITTEN, facts, change_set=self.id)


def _copy(changes: list[Change]) -> None:
    columns = [f for f in Change._meta.concrete_fields if not f.primary_key]
    names = ", ".join(connection.ops.quote_name(str(f.column)) for f in columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY core_change ({names}) FROM STDIN") as copy:
        for change in changes:
            copy.write_row([f.get_db_prep_save(getattr(change, f.attname), connection) for f in columns])


_open: ContextVar[OpenSet | None] = ContextVar("guanxi_change_set", default=None)


def opened() -> OpenSet | None:
    """The change set this code runs inside, if any."""
    return _open.get()


@contextmanager
def change_set(
    actor: Actor,
    *,
    door: Door = Door.PAGE,
    action: str,
    entity: str = "",
    record: int | None = None,
    reason: str = "",
    undoes: int | None = None,
    detail: Mapping[str, Any] | None = None,
    keep_empty: bool = False,
) -> Iterator[OpenSet]:
    """One act: a transaction and its change set. Inside another change set it joins that one; an error takes back its own part.

    The database lets record tables be written only while this is open (see `records.guard`), and counts what is written.
    """
    outer = _open.get()
    if outer is not None:
        place = outer.mark()
        try:
            with transaction.atomic(), acting(actor):
                yield outer
        except BaseException:
            outer.back_to(place)
            raise
        return
    with transaction.atomic(), acting(actor):
        cs = OpenSet(
            id=_begin(), actor=actor, door=door, action=action, at=timezone.now(), entity=entity, record=record,
            reason=reason, request_id=request_id.get(), undoes=undoes, detail=dict(detail or {}),
            keep_empty=keep_empty,
        )  # fmt: skip
        token = _open.set(cs)
        try:
            yield cs
        finally:
            _open.reset(token)
        cs.close()
        _end()


def _begin() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('guanxi.change_set', n::text, true)::bigint"
            " FROM nextval(pg_get_serial_sequence('core_changeset', 'id')) AS n"
        )
        return int(cursor.fetchone()[0])


def _end() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('guanxi.change_set', '', true)")


def note(
    actor: Actor,
    *,
    action: str,
    entity: str = "",
    record: int | None = None,
    detail: Mapping[str, Any] | None = None,
    door: Door = Door.PAGE,
    reason: str = "",
) -> int:
    """Write down an act that changes no records (sign-in, reveal, export, settings); returns the id of its change set.

    `detail` must be JSON; inside an open change set this still makes one of its own, whose parent is that one.
    """
    outer = _open.get()
    if outer is not None:
        outer.keep_empty = True
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval(pg_get_serial_sequence('core_changeset', 'id'))")
            number = int(cursor.fetchone()[0])
        OpenSet(
            id=number, actor=actor, door=door, action=action, at=timezone.now(), entity=entity, record=record,
            reason=reason, request_id=request_id.get(), parent=outer.id if outer else None,
            detail=dict(detail or {}), keep_empty=True,
        ).close()  # fmt: skip
    return number


@contextmanager
def maintenance(reason: str) -> Iterator[OpenSet]:
    """Rewriting rows without changing what they say (key rotation): journalled as one batch line by the caller."""
    from guanxi.core.access.actor import SYSTEM

    with change_set(SYSTEM, door=Door.SYSTEM, action="maintenance", reason=reason) as cs:
        yield cs
