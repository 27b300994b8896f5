"""The chain of seals over the journal, its checkpoints outside the database, and the check of both."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from guanxi.core.journal import hashing
from guanxi.core.journal.models import Change, ChangeBatch, ChangeSet, Op, Seal

LOCK = 0x6775616E  # one sealer at a time
START = b"\0" * 32
CHUNK = 2000


def seal(limit: int = 10_000) -> int:
    """Chain change sets that are not yet sealed, oldest first; returns how many. Safe to run from many processes."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
            if not cursor.fetchone()[0]:
                return 0
        last = Seal.objects.order_by("-id").first()
        sequence, previous = (last.id, bytes(last.hash)) if last else (0, START)
        pending = ChangeSet.objects.filter(sealed=False).order_by("id").values_list("id", "digest")[:limit]
        seals = []
        for change_set, digest in pending:
            sequence += 1
            link = hashing.seal_hash(sequence, previous, change_set, bytes(digest))
            seals.append(Seal(id=sequence, change_set_id=change_set, previous=previous, hash=link))
            previous = link
        Seal.objects.bulk_create(seals, batch_size=CHUNK)
        ChangeSet.objects.filter(id__in=[s.change_set_id for s in seals]).update(sealed=True)
    return len(seals)


def checkpoint_file() -> Path:
    return Path(settings.CHECKPOINTS) / "journal.jsonl"


def checkpoint() -> dict[str, Any] | None:
    """Write the head of the chain to a file outside the database; nothing when it has not moved."""
    head = Seal.objects.order_by("-id").values_list("id", "hash").first()
    if head is None:
        return None
    path = checkpoint_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = {"seal": head[0], "hash": bytes(head[1]).hex()}
    known = list(checkpoints())
    if known and known[-1]["seal"] == line["seal"]:
        return None
    line = {**line, "at": timezone.now().isoformat()}
    line["mac"] = hashing.mac(hashing.canonical(line)).hex()
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return line


def checkpoints() -> Iterator[dict[str, Any]]:
    """The checkpoints as written; a last line cut short by a crash is passed over."""
    path = checkpoint_file()
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for text in file:
            try:
                yield json.loads(text)
            except ValueError:
                yield {"seal": None, "hash": "", "text": text.strip()}


@dataclass(frozen=True)
class Finding:
    """Where the journal is not what was written: `what` happened to which change set (and line)."""

    what: str
    change_set: int | None = None
    change: int | None = None
    record: int | None = None

    def __str__(self) -> str:
        where = [f"change set #{self.change_set}"] if self.change_set is not None else []
        where += [f"line {self.change}"] if self.change is not None else []
        where += [f"record {self.record}"] if self.record is not None else []
        return f"{self.what}: {', '.join(where)}" if where else self.what


@dataclass(frozen=True)
class Report:
    change_sets: int
    lines: int
    seals: int
    unsealed: int
    erased: int
    findings: tuple[Finding, ...]

    @property
    def intact(self) -> bool:
        return not self.findings


def verify() -> Report:
    """Read the whole journal and name everything that is not as it was written. Memory is flat; one pass a table."""
    findings: list[Finding] = []
    counts = {"sets": 0, "lines": 0, "erased": 0}
    digests_bad = _check_sets(findings, counts)
    seals, unsealed = _check_chain(findings, digests_bad)
    _check_checkpoints(findings)
    return Report(counts["sets"], counts["lines"], seals, unsealed, counts["erased"], tuple(findings))


class _Grouped:
    """Rows of one table in (change set, id) order, taken change set by change set."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = rows
        self._next = next(rows, None)

    def take(self, change_set: int) -> Iterator[Any]:
        while self._next is not None and self._next.change_set_id == change_set:
            row, self._next = self._next, next(self._rows, None)
            yield row

    def before(self, change_set: int | None) -> Iterator[Any]:
        """Rows whose change set is not in the journal."""
        while self._next is not None and (change_set is None or self._next.change_set_id < change_set):
            row, self._next = self._next, next(self._rows, None)
            yield row


def _check_sets(findings: list[Finding], counts: dict[str, int]) -> set[int]:
    changes = _Grouped(Change.objects.order_by("change_set_id", "id").iterator(CHUNK))
    batches = _Grouped(ChangeBatch.objects.order_by("change_set_id", "id").iterator(CHUNK))
    erased: dict[tuple[str, int], int] = {}
    lawful = set(Change.objects.filter(op=Op.ERASE).values_list("entity", "record"))
    bad: set[int] = set()

    def found(finding: Finding) -> None:
        findings.append(finding)
        if finding.change_set is not None:
            bad.add(finding.change_set)

    for change_set in ChangeSet.objects.order_by("id").iterator(CHUNK):
        counts["sets"] += 1
        for stray in (*changes.before(change_set.id), *batches.before(change_set.id)):
            found(Finding("a line whose change set was removed", stray.change_set_id, stray.id))
        digest, lines, located = hashing.Digest(), 0, False
        for change in changes.take(change_set.id):
            lines += 1
            if change.salt is None:
                erased[change.entity, change.record] = change.change_set_id
            elif hashing.commitment(bytes(change.salt), hashing.content_of(change)) != bytes(change.commitment):
                located = True
                found(Finding("a line was altered", change_set.id, change.id, change.record))
            digest.line(change.entity, change.record, change.op, bytes(change.commitment))
        for batch in batches.take(change_set.id):
            lines += 1
            digest.batch(batch)
        counts["lines"] += lines
        if digest.close(change_set) != bytes(change_set.digest) and not located:
            if lines < change_set.lines:
                what = f"{change_set.lines - lines} of its {change_set.lines} lines are gone"
            elif lines > change_set.lines:
                what = f"{lines - change_set.lines} lines were added to it"
            else:
                what = "the change set or the order of its lines was altered"
            found(Finding(what, change_set.id))
    for stray in (*changes.before(None), *batches.before(None)):
        found(Finding("a line whose change set was removed", stray.change_set_id, stray.id))
    counts["erased"] = len(erased)
    for (entity, record), change_set_id in erased.items():
        if (entity, record) not in lawful:
            found(Finding(f"values of {entity} were taken out without an erasure", change_set_id, record=record))
    return bad


def _check_chain(findings: list[Finding], already: set[int]) -> tuple[int, int]:
    expected, previous, n = 1, START, 0
    rows = Seal.objects.order_by("id").values_list("id", "change_set_id", "previous", "hash", "change_set__digest")
    for number, change_set, before, link, digest in rows.iterator(CHUNK):
        n += 1
        if number != expected:
            findings.append(Finding(f"seals {expected} to {number - 1} are gone, with their change sets", change_set))
            previous = bytes(before)
        elif bytes(before) != previous:
            findings.append(Finding(f"seal {number} does not follow the one before it", change_set))
        if digest is None:
            findings.append(Finding("a sealed change set was removed", change_set))
        elif (
            hashing.seal_hash(number, bytes(before), change_set, bytes(digest)) != bytes(link)
            and change_set not in already
        ):
            findings.append(Finding(f"the digest or seal {number} was altered", change_set))
        expected, previous = number + 1, bytes(link)
    unsealed = ChangeSet.objects.filter(sealed=False).count()
    marked = ChangeSet.objects.filter(sealed=True, seal__isnull=True).order_by("id").values_list("id", flat=True)[:20]
    findings.extend(Finding("marked as sealed, but its seal is gone", change_set) for change_set in marked)
    return n, unsealed


def _check_checkpoints(findings: list[Finding]) -> None:
    known = list(checkpoints())
    hashes = dict(Seal.objects.filter(id__in=[c["seal"] for c in known if c["seal"]]).values_list("id", "hash"))
    for index, point in enumerate(known):
        body = {k: v for k, v in point.items() if k != "mac"}
        if hashing.mac(hashing.canonical(body)).hex() != point.get("mac"):
            if index < len(known) - 1:
                findings.append(Finding(f"line {index + 1} of the checkpoint file was altered"))
            continue
        found = hashes.get(point["seal"])
        if found is None:
            findings.append(Finding(f"the journal ends before seal {point['seal']}, which a checkpoint names"))
        elif bytes(found).hex() != point["hash"]:
            findings.append(Finding(f"seal {point['seal']} is not the one that its checkpoint names"))
