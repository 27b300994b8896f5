"""Telling: from the outbox to the handlers, at least once, in order per record."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from guanxi.core.events.models import Event

log = logging.getLogger("guanxi.events")

Handler = Callable[["Happened"], None]
HANDLERS: dict[str, dict[str, Handler]] = {}

MOST = 8
"""Attempts before an event is parked; the waits between them grow to about twenty minutes in all."""
ONE_AT_A_TIME = 0x6778_6576
"""Advisory lock: one dispatcher among all workers, which keeps the order."""


@dataclass(frozen=True)
class Happened:
    """What a handler is told."""

    id: int
    kind: str
    at: datetime
    change_set: int | None
    payload: dict[str, Any]


def on(kind: str) -> Callable[[Handler], Handler]:
    """Register a handler for events of `kind`. It runs after the commit, in a transaction of its own, as the system.

    It may be told twice (a crash between its work and the note that it is done): make that harmless.
    """

    def register(handler: Handler) -> Handler:
        HANDLERS.setdefault(kind, {})[f"{handler.__module__}.{handler.__qualname__}"] = handler
        return handler

    return register


def emit(kind: str, payload: Mapping[str, Any], *, change_set: int | None = None, key: str = "") -> Event:
    """Put an event into the outbox, as part of the transaction at hand.

    Events of one record keep their order: by `key`, or by `entity` and `record` of the payload.
    """
    if not key and payload.get("record") is not None:
        key = f"{payload.get('entity', '')}:{payload['record']}"
    now = timezone.now()
    return Event.objects.create(
        kind=kind, payload=dict(payload), change_set=change_set, key=key[:100], at=now, next_at=now
    )


@contextlib.contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else is dispatching; nobody else will while this is open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ONE_AT_A_TIME])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


PENDING = """
SELECT e.id FROM core_event e
WHERE e.delivered_at IS NULL AND NOT e.parked AND e.next_at <= statement_timestamp() AND (e.key = '' OR NOT EXISTS (
    SELECT 1 FROM core_event b WHERE b.key = e.key AND b.id < e.id AND b.delivered_at IS NULL AND NOT b.parked
        AND b.next_at > statement_timestamp()))
ORDER BY e.id LIMIT %s
"""


def dispatch(*, batch: int = 200, stopping: Callable[[], bool] = lambda: False) -> int:
    """Deliver what is due until nothing is; returns how many events were delivered or tried.

    Returns 0 at once when another process is dispatching.
    """
    from guanxi.core.access import SYSTEM, acting

    tried = 0
    with _alone() as mine:
        if not mine:
            return 0
        with acting(SYSTEM):
            while not stopping():
                events = _next(batch)
                if not events:
                    break
                tried += len(events)
                _deliver(events, stopping)
    return tried


def _next(batch: int) -> list[Event]:
    with connection.cursor() as cursor:
        cursor.execute(PENDING, [batch])
        ids = [row[0] for row in cursor.fetchall()]
    return list(Event.objects.filter(pk__in=ids).order_by("pk")) if ids else []


def _deliver(events: list[Event], stopping: Callable[[], bool]) -> None:
    unheard = [event.pk for event in events if not HANDLERS.get(event.kind)]
    if unheard:
        Event.objects.filter(pk__in=unheard).update(delivered_at=timezone.now())
    waiting: set[str] = set()  # keys whose earlier event failed: the later ones wait for it
    for event in events:
        if stopping():
            return
        if HANDLERS.get(event.kind) and event.key not in waiting and not _tell(event) and event.key:
            waiting.add(event.key)


def _tell(event: Event) -> bool:
    """Run every handler not told yet, each in one transaction with the note that it was. False: one failed."""
    happened = Happened(event.pk, event.kind, event.at, event.change_set, event.payload)
    errors: list[str] = []
    for name, handler in HANDLERS[event.kind].items():
        if name in event.told:
            continue
        try:
            with transaction.atomic():
                handler(happened)
                Event.objects.filter(pk=event.pk).update(told=[*event.told, name])
        except Exception as error:
            if isinstance(error, DatabaseError) and not connection.is_usable():
                raise  # the database is away, which is no fault of the handler
            log.exception("event %s (%s): %s failed", event.pk, event.kind, name)
            errors.append(f"{name}: {type(error).__name__}: {error}"[:2000].replace("\x00", ""))
        else:
            event.told = [*event.told, name]
    now = timezone.now()
    if not errors:
        Event.objects.filter(pk=event.pk).update(delivered_at=now, error="")
        return True
    attempts = event.attempts + 1
    Event.objects.filter(pk=event.pk).update(
        attempts=attempts, error="\n".join(errors), parked=attempts >= MOST,
        next_at=now + timedelta(seconds=min(600, 2**attempts * 2)),
    )  # fmt: skip
    return attempts >= MOST  # parked: the later ones need not wait


def unpark(event: Event) -> None:
    """Try a parked event again."""
    Event.objects.filter(pk=event.pk, parked=True).update(parked=False, attempts=0, next_at=timezone.now())
