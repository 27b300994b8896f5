"""`verify`: reads the whole journal and names everything that is not as it was written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

from guanxi.core.journal import hashing
from guanxi.core.journal.models import ChangeBatch, ChangeSet, Op
from guanxi.core.journal.seals import START, Finding, Report, checkpoints
from guanxi.core.snapshot import snapshot

CHUNK = 5000
NAMED_AT_MOST = 20  # of findings that may concern every change set alike

# The content comes as one text: reading it is most of the work.
LINES = """
SELECT id, change_set_id, entity, record, op, salt, commitment,
    jsonb_build_array(entity, record, op, before, after, origin_before, origin_after)::text
FROM core_change ORDER BY change_set_id, id
"""
BATCHES = """
SELECT id, change_set_id, entity, op, first, last, rows, of, digest FROM core_changebatch ORDER BY change_set_id, id
"""
# Rows were written, counted by trigger, in a change set of which nothing is left.
LOST = """
SELECT w.change_set FROM (SELECT DISTINCT change_set FROM core_written) w
WHERE NOT EXISTS (SELECT FROM core_changeset c WHERE c.id = w.change_set) ORDER BY 1 LIMIT %s
"""


def verify() -> Report:
    """Read the whole journal and name everything that is not as it was written.

    One pass over each table in one snapshot, while people work on. Memory grows with the number of erased lines only.
    """
    with snapshot():
        check = _Check()
        check.sets()
        check.chain()
        check.checkpoints()
        check.lost()
        return Report(check.n_sets, check.n_lines, check.n_seals, check.unsealed, check.n_erased, tuple(check.findings))


def _read(sql: str) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


class _Grouped:
    """Rows (id, change set, …) in order of change sets, taken change set by change set."""

    def __init__(self, rows: Iterator[tuple[Any, ...]]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def take(self, change_set: int) -> Iterator[tuple[Any, ...]]:
        while self._next is not None and self._next[1] == change_set:
            row, self._next = self._next, next(self._rows, None)
            yield row

    def before(self, change_set: int | None) -> Iterator[tuple[Any, ...]]:
        """Rows whose change set is not in the journal."""
        while self._next is not None and (change_set is None or self._next[1] < change_set):
            row, self._next = self._next, next(self._rows, None)
            yield row


_decode = json.JSONDecoder().raw_decode


class _Check:
    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.bad: set[int] = set()
        self.n_sets = self.n_lines = self.n_seals = self.n_erased = self.unsealed = 0

    def found(
        self, what: str, change_set: int | None = None, change: int | None = None, record: int | None = None
    ) -> None:
        self.findings.append(Finding(what, change_set, change, record))
        if change_set is not None:
            self.bad.add(change_set)

    # ------------------------------------------------------------------ change sets and their lines

    def sets(self) -> None:
        self._erasures = _erasures()
        changes, batches = _Grouped(_read(LINES)), _Grouped(_read(BATCHES))
        for change_set in ChangeSet.objects.order_by("id").iterator(CHUNK):
            self.n_sets += 1
            for stray in (*changes.before(change_set.pk), *batches.before(change_set.pk)):
                self.found("a line whose change set was removed", stray[1], stray[0])
            self._set(change_set, changes, batches)
        for stray in (*changes.before(None), *batches.before(None)):
            self.found("a line whose change set was removed", stray[1], stray[0])

    def _set(self, change_set: ChangeSet, changes: _Grouped, batches: _Grouped) -> None:
        digest, lines, located = hashing.Digest(), 0, False
        for row in changes.take(change_set.pk):
            lines += 1
            if wrong := self._line(row):
                located = True
                self.found(wrong, change_set.pk, row[0], row[3])
            digest.line(row[2], row[3], row[4], row[6])
        for id_, number, entity, op, first, last, rows, of, own in batches.take(change_set.pk):
            lines += 1
            digest.batch(
                ChangeBatch(id=id_, change_set_id=number, entity=entity, op=op, first=first, last=last, rows=rows, of=of,
                            digest=own)
            )  # fmt: skip
        self.n_lines += lines
        if digest.close(change_set) != bytes(change_set.digest) and not located:
            if lines < change_set.lines:
                what = f"{change_set.lines - lines} of its {change_set.lines} lines are gone"
            elif lines > change_set.lines:
                what = f"{lines - change_set.lines} lines were added to it"
            else:
                what = "the change set or the order of its lines was altered"
            self.found(what, change_set.pk)

    def _line(self, row: tuple[Any, ...]) -> str:
        """What is wrong with a line; "" when nothing is."""
        id_, _set, _entity, _record, _op, salt, commitment, content = row
        if salt is None:
            if id_ not in self._erasures or self._erasures[id_] is not None:
                return "values were taken out without an erasure"
            self.n_erased += 1
            if any(part is not None for part in _decode(content)[0][3:]):
                return "values were put into an erased line"
            return ""
        found = hashing.commitment(salt, _decode(content)[0])
        if id_ in self._erasures:
            self.n_erased += 1
            return "" if found == self._erasures[id_] else "an erased line was altered"
        return "" if found == commitment else "a line was altered"

    # ------------------------------------------------------------------ seals and checkpoints

    def chain(self) -> None:
        expected, previous = 1, START
        rows = _read(
            "SELECT s.id, s.change_set_id, s.previous, s.hash, c.digest, c.sealed FROM core_seal s"
            " LEFT JOIN core_changeset c ON c.id = s.change_set_id ORDER BY s.id"
        )
        for number, change_set, before, link, digest, sealed in rows:
            self.n_seals += 1
            before, link = bytes(before), bytes(link)
            if number != expected:
                gone = f"seals {expected} to {number - 1} are" if number - expected > 1 else f"seal {expected} is"
                self.found(f"{gone} gone, with what was sealed", change_set)
            elif before != previous:
                self.found(f"seal {number} does not follow the one before it", change_set)
            if digest is None:
                self.found("a sealed change set was removed", change_set)
            elif hashing.seal_hash(number, before, change_set, bytes(digest)) != link:
                if change_set not in self.bad:
                    self.found(f"the digest or seal {number} was altered", change_set)
            elif not sealed:
                self.found("marked as not sealed, but it has a seal", change_set)
            expected, previous = number + 1, link
        self.unsealed = ChangeSet.objects.filter(sealed=False, seal__isnull=True).count()
        marked = ChangeSet.objects.filter(sealed=True, seal__isnull=True).order_by("id").values_list("id", flat=True)
        for change_set in marked[:NAMED_AT_MOST]:
            self.found("marked as sealed, but its seal is gone", change_set)

    def checkpoints(self) -> None:
        mac = ""
        for number, point in enumerate(checkpoints(), 1):
            body = {key: value for key, value in point.items() if key != "mac"}
            own = str(point.get("mac", ""))
            if hashing.mac(hashing.canonical(body)).hex() != own:
                self.found(f"line {number} of the checkpoint file was altered")
            else:
                if point.get("after") != mac:
                    self.found(f"lines before line {number} of the checkpoint file are gone or were moved")
                self._checkpoint(point["seal"], point["hash"])
            mac = own

    def _checkpoint(self, seal: int, expected: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT hash, change_set_id FROM core_seal WHERE id = %s", [seal])
            row = cursor.fetchone()
        if row is None:
            self.found(f"the journal ends before seal {seal}, which a checkpoint names")
        elif bytes(row[0]).hex() != expected:
            self.found(f"seal {seal} is not the one that its checkpoint names", row[1])

    def lost(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(LOST, [NAMED_AT_MOST])
            for (change_set,) in cursor.fetchall():
                if change_set not in self.bad:
                    self.found("rows were written, but nothing of the change set is left", change_set)


def _erasures() -> dict[int, bytes | None]:
    """{line: what is left of it, as a commitment; None when nothing is}, as the latest erasure says.

    A line can only have been erased by a later one; the lines that say so are checked like all others.
    """
    found: dict[int, bytes | None] = {}
    for id_, after in _read(f"SELECT id, after::text FROM core_change WHERE op = '{Op.ERASE.value}' ORDER BY id"):  # noqa: S608
        for line, left in (json.loads(after or "{}").get("lines") or {}).items():
            if int(line) < id_:
                found[int(line)] = None if left is None else bytes.fromhex(left)
    return found
