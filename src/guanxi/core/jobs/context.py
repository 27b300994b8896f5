"""What a running job has in its hands."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import psycopg
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, connection

from guanxi.core.jobs.control import Line
from guanxi.core.jobs.errors import Cancelled, Interrupted, Lost
from guanxi.kit.progress import Progress

if TYPE_CHECKING:
    from guanxi.core.access import Actor

log = logging.getLogger("guanxi.jobs")
EVERY = 0.5
"""Seconds between two writes of the progress."""

PROGRESS = """
UPDATE core_job SET done = %s, total = %s, rate = %s, message = %s, eta = now() + %s * interval '1 second'
WHERE id = %s AND claim = %s AND state = 'running' RETURNING cancel_requested
"""
COMPLETE = """
UPDATE core_job SET state = 'done', result = %s::jsonb, finished_at = now(), done = %s, total = %s, eta = NULL
WHERE id = %s AND claim = %s AND state = 'running'
"""


def as_json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


class JobContext:
    """Progress, cancelling and the actor of one run."""

    def __init__(
        self,
        *,
        job_id: int,
        claim: str,
        actor: Actor,
        attempt: int,
        line: Line,
        on_progress: Callable[[int, int | None, str], None] | None = None,
    ) -> None:
        self.job_id = job_id
        self.claim = claim
        self.actor = actor
        self.attempt = attempt
        self.done = 0
        self.total: int | None = None
        self.message = ""
        self.completed = False
        self.interrupt = False
        self._cancel = False
        self._lost = False
        self._line = line
        self._on_progress = on_progress
        self._meter = Progress()
        self._written = 0.0

    def progress(self, done: int, total: int | None = None, message: str | None = None) -> None:
        """Say how far the job is. Cheap: at most two writes a second, outside the job's own transaction, so that people
        see it while that is still open."""
        self.done = done
        if total is not None:
            self.total = self._meter.total = total
        if message is not None:
            self.message = message[:500]
        self._meter.to(done)
        if self._on_progress:
            self._on_progress(self.done, self.total, self.message)
        now = time.monotonic()
        if now - self._written < EVERY or self.completed:
            return
        self._written = now
        left = self._meter.seconds_left
        try:
            rows = self._line.run(
                PROGRESS,
                [done, self.total, self._meter.rate or None, self.message, left, self.job_id, self.claim],
            )
        except (psycopg.Error, DatabaseError) as error:
            log.warning("job %s: progress not written: %s", self.job_id, error)
            return
        if rows:
            self._cancel = self._cancel or rows[0][0]
        else:
            self._lost = True

    def heard(self, *, cancel: bool, lost: bool) -> None:
        """The worker tells what it read about this job."""
        self._cancel = self._cancel or cancel
        self._lost = self._lost or (lost and not self.completed)

    def cancelled(self) -> bool:
        """Whether the job should stop, for whatever reason; tidy up and call `check`, or just call `check` often."""
        return self._cancel or self._lost or self.interrupt

    def check(self) -> None:
        """Raise `Cancelled` (or another `Stop`) if the job should end. Call it wherever ending is clean."""
        if self._lost:
            raise Lost
        if self._cancel:
            raise Cancelled
        if self.interrupt:
            raise Interrupted

    def check_lost(self) -> None:
        """Raise `Lost` when the job belongs to another run by now."""
        if self._lost and not self.completed:
            raise Lost

    def complete(self, result: Any = None) -> None:
        """Mark the job as done *inside the job's own transaction*: call it last, before the commit.

        Then what the job wrote and that it is done come true together, and a worker killed between the two cannot make
        the job run again. Raises `Lost` (so that the transaction is rolled back) when the job belongs to another run.
        """
        self.check()
        with connection.cursor() as cursor:
            cursor.execute(COMPLETE, [as_json(result), self.done, self.total, self.job_id, self.claim])
            if not cursor.rowcount:
                raise Lost
        self.completed = True
