"""Keyed hashes over journal rows: what is hashed, in which order, in which form.

A line's *commitment* covers its salt and content. A change set's *digest* covers its own row and the commitments of its
lines in the order they were written. A *seal* covers the seal before it, the change set and its digest. All are
HMAC-SHA256 under one key that is not in the database, so nobody who can only write to the database can make one.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from guanxi.core.journal.models import Change, ChangeBatch, ChangeSet

HEADER = (
    "id", "actor_id", "actor_name", "door", "action", "entity", "record", "reason", "request_id", "parent_id",
    "undoes_id", "detail", "balance", "lines",
)  # fmt: skip


@cache
def key() -> bytes:
    from guanxi.core import secrets

    return secrets.derive("journal")


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: the same bytes before writing to and after reading from the database."""
    return _encode(value).encode()


def plain(value: Any) -> Any:
    """`value` as it will come back from a JSON column: keys are texts, tuples lists, and PostgreSQL knows no exponents."""
    return json.loads(json.dumps(value, ensure_ascii=False), parse_float=_number)


def _number(text: str) -> float | int:
    return int(Decimal(text)) if "e+" in text else float(text) or 0.0


def mac(message: bytes) -> bytes:
    return hmac.digest(key(), message, "sha256")


def running_mac() -> hmac.HMAC:
    """`mac` of what is not there at once: `update` it, then ask for its `digest()`."""
    return hmac.new(key(), digestmod="sha256")


def commitment(salt: bytes, content: Sequence[Any]) -> bytes:
    """`content` is (entity, record, op, before, after, origin_before, origin_after)."""
    return mac(salt + canonical(content))


def content_of(change: Change) -> tuple[Any, ...]:
    return (
        change.entity, change.record, change.op, change.before, change.after, change.origin_before,
        change.origin_after,
    )  # fmt: skip


def whole(change: Change) -> bool:
    """Whether a line still has everything that was written into it: nothing of it was erased."""
    return change.salt is not None and commitment(bytes(change.salt), content_of(change)) == bytes(change.commitment)


class Digest:
    """A change set's digest, built while its lines go by."""

    def __init__(self) -> None:
        self._hash = hmac.new(key(), digestmod="sha256")

    def copy(self) -> Digest:
        twin = Digest.__new__(Digest)
        twin._hash = self._hash.copy()
        return twin

    def line(self, entity: str, record: int, op: str, commitment: bytes) -> None:
        self._hash.update(f"{entity}|{record}|{op}|".encode() + commitment)

    def batch(self, batch: ChangeBatch) -> None:
        content = (batch.entity, batch.op, batch.first, batch.last, batch.rows, batch.of)
        self._hash.update(canonical(content) + bytes(batch.digest))

    def close(self, change_set: ChangeSet) -> bytes:
        header: Mapping[str, Any] = {name: getattr(change_set, name) for name in HEADER}
        self._hash.update(canonical({**header, "at": change_set.at.timestamp()}))
        return self._hash.digest()


def seal_hash(sequence: int, previous: bytes, change_set: int, digest: bytes) -> bytes:
    return mac(previous + f"{sequence}|{change_set}|".encode() + digest)
