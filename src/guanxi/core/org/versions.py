"""Shared configuration changes at once in every process.

Roles, lists of values and custom fields are kept in memory. Each kind has a stamp in the database; whoever changes it
sets a new stamp, and every process looks at the stamps once per request or job (one query) and drops what is old.
Stamps are random, not counted, so that a rolled-back change can never look like a later one.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Generic, TypeVar

from django.db import connection, transaction

T = TypeVar("T")
_stamps: dict[str, int] = {}


def refresh() -> None:
    """Read all stamps (one query). Called at the start of each request and job."""
    with connection.cursor() as cursor:  # without the ORM: this runs at every request
        cursor.execute("SELECT key, n FROM core_version")
        fresh = dict(cursor.fetchall())
    _stamps.clear()
    _stamps.update(fresh)


def bump(key: str) -> None:
    """Say that configuration of this kind changed; other processes see it when the transaction commits."""
    from guanxi.core.org.models import Version

    n = secrets.randbits(62)
    Version.objects.update_or_create(key=key, defaults={"n": n})
    _stamps[key] = n
    if transaction.get_connection().in_atomic_block:
        # What this process read inside the transaction may be rolled back: look again afterwards.
        transaction.on_commit(lambda: _stamps.__setitem__(key, n))


def stamp(key: str) -> int:
    return _stamps.get(key, 0)


def fingerprint() -> int:
    """One number for all stamps: it changes when any shared configuration does."""
    return hash(frozenset(_stamps.items()))


class Cached(Generic[T]):
    """A value loaded once per stamp: `ROLES = Cached("access", load_roles)`, read as `ROLES.get()`."""

    def __init__(self, key: str, load: Callable[[], T]) -> None:
        self.key = key
        self.load = load
        self._held: tuple[int, T] | None = None

    def get(self) -> T:
        now = stamp(self.key)
        held = self._held
        if held is None or held[0] != now:
            held = (now, self.load())
            self._held = held
        return held[1]

    def put(self, value: T) -> None:
        """Hold this as what the present stamp says."""
        self._held = (stamp(self.key), value)

    def clear(self) -> None:
        self._held = None
