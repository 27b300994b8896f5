"""The chain of seals over the journal, and its checkpoints outside the database. `checking` reads both."""

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
from guanxi.core.journal.models import ChangeSet, Seal

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
    """Write the head of the chain to a file outside the database; nothing when it has not moved.

    Each line also names the one before it, so that none can be taken out of the middle.
    """
    head = Seal.objects.order_by("-id").values_list("id", "hash").first()
    if head is None:
        return None
    path = checkpoint_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = {"seal": head[0], "hash": bytes(head[1]).hex()}
    known = list(checkpoints())
    previous = known[-1] if known else {}
    if previous.get("seal") == line["seal"] and previous.get("hash") == line["hash"]:
        return None
    line = {**line, "at": timezone.now().isoformat(), "after": previous.get("mac", "")}
    line["mac"] = hashing.mac(hashing.canonical(line)).hex()
    _finish(path)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return line


def _finish(path: Path) -> None:
    """Take away a last line that a crash cut short, so that the next one does not go on in the middle of it."""
    if not path.exists():
        return
    whole, _, rest = path.read_bytes().rpartition(b"\n")
    if rest:
        with path.open("r+b") as file:
            file.truncate(len(whole) + 1 if whole else 0)


def checkpoints() -> Iterator[dict[str, Any]]:
    """The checkpoints as written. What is none comes as {"text": …}; a line cut short by a crash does not come."""
    path = checkpoint_file()
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            try:
                found = json.loads(text)
            except ValueError:
                found = None
            if not text.endswith("\n"):
                return
            if isinstance(found, dict) and "mac" in found:
                yield found
            else:
                yield {"text": text.strip()}


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
