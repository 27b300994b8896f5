"""The worker: takes jobs, delivers events, starts what is due, takes back what was lost.

One process: the main thread listens and keeps house, each job has a thread with a database session of its own, one more
thread delivers events. Everything it knows is in the database, so any number of workers on any machines may run.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from types import FrameType
from typing import Any

import psycopg
from django.db import DatabaseError, connections
from django.utils import timezone

from guanxi.core.jobs import execution, registry
from guanxi.core.jobs.context import JobContext
from guanxi.core.jobs.control import GONE, Control, connect
from guanxi.core.jobs.execution import Claimed
from guanxi.core.jobs.queue import CHANNEL

log = logging.getLogger("guanxi.jobs")

TICK = 1.0
"""Seconds between two looks at what no notification tells: retries and delayed jobs that came due, events, cron."""

DUE = """
WITH moved AS (UPDATE core_periodic SET last = %(at)s WHERE key = %(key)s AND last < %(at)s RETURNING key)
INSERT INTO core_job (kind, queue, title, params, state, done, message, cancel_requested, once_key, attempts,
    max_attempts, lost, run_at, created_at, claim, worker)
SELECT %(key)s, %(queue)s, '', '{}'::jsonb, 'waiting', 0, '', false, 'periodic:' || %(key)s, 0,
    %(attempts)s, 0, now(), now(), '', '' FROM moved
ON CONFLICT (once_key) WHERE state IN ('waiting', 'running') DO NOTHING
"""


class Worker:
    """One worker process. `run` blocks until a signal or `stop`."""

    def __init__(
        self,
        *,
        slots: int = 2,
        queues: list[str] | None = None,
        lease: float = execution.LEASE,
        grace: float = 10.0,
        parent: int | None = None,
        events: bool = True,
    ) -> None:
        self.lease = lease
        self._slots = slots
        self._queues = queues
        self._grace = grace
        self._parent = parent
        self._events = events
        self._stopping = threading.Event()
        self._control = Control("guanxi worker")
        self._lock = threading.Lock()
        self._busy: dict[str, tuple[Claimed, JobContext | None]] = {}
        self._next_beat = self._next_sweep = 0.0
        self._fired: dict[str, datetime] = {}

    def stop(self, *_: Any) -> None:
        """Finish or give back what is running, then let `run` return."""
        self._stopping.set()

    def run(self) -> None:
        with self._signals():
            deliverer = threading.Thread(target=self._deliver, name="events", daemon=True)
            if self._events:
                deliverer.start()
            away = False
            while not self._stopping.is_set():
                try:
                    self._listen(returned=away)
                except GONE as error:
                    if not away:
                        log.warning("the database is away, waiting for it: %s", str(error).strip().split("\n")[0])
                    away = True
                    self._stopping.wait(0.5)
                except psycopg.errors.UndefinedTable:
                    log.warning("the database has no tables for jobs yet; run “guanxi migrate”")
                    self._stopping.wait(5)
            self._wind_up()
            if self._events:
                deliverer.join(self._grace)
            self._control.close()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._signalled) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        self._stopping.set()
        signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once

    def _listen(self, *, returned: bool) -> None:
        with connect("guanxi worker listening") as line:
            line.execute(f"LISTEN {CHANNEL}")
            if returned:
                log.warning("the database is back")
            self._register_periodic()
            while not self._stopping.is_set():
                self._keep_house()
                self._take()
                for note in line.notifies(timeout=TICK, stop_after=1):
                    if note.payload == "cancel":
                        self._next_beat = 0.0
                if self._parent and os.getppid() != self._parent:
                    log.warning("the program that started this worker is gone; stopping")
                    self.stop()

    # Taking and running

    def _take(self) -> None:
        """Start a thread for every due job while there are free slots."""
        while not self._stopping.is_set():
            with self._lock:
                if len(self._busy) >= self._slots:
                    return
            if not (claimed := self._claim()):
                return
            threading.Thread(target=self._work, args=[claimed], name=f"job {claimed.id}", daemon=True).start()

    def _claim(self) -> Claimed | None:
        claimed = execution.claim(self._control, lease=self.lease, queues=self._queues)
        if claimed:
            with self._lock:
                self._busy[claimed.claim] = (claimed, None)
        return claimed

    def _work(self, claimed: Claimed) -> None:
        """Run a job, and then the next ones, until there is none."""
        following: Claimed | None = claimed
        while following:
            taken = following
            following = None

            def started(ctx: JobContext, taken: Claimed = taken) -> None:
                ctx.interrupt = self._stopping.is_set()
                with self._lock:
                    self._busy[taken.claim] = (taken, ctx)

            try:
                execution.execute(taken, self._control, on_start=started)
            except BaseException:
                log.exception("job %s: its outcome could not be written; it will be run again", taken.id)
            try:
                if not self._stopping.is_set():
                    following = self._claim()  # before this slot is given up, or there could be one too many
            except psycopg.Error:
                pass  # the main thread asks again
            finally:
                with self._lock:
                    self._busy.pop(taken.claim, None)

    # Housekeeping

    def _keep_house(self) -> None:
        now = time.monotonic()
        if now >= self._next_beat:
            self._next_beat = now + self.lease / 4
            self._beat()
        if now >= self._next_sweep:
            self._next_sweep = now + self.lease / 4
            execution.sweep(self._control)
        self._start_periodic()

    def _beat(self) -> None:
        with self._lock:
            running = {claim: ctx for claim, (_, ctx) in self._busy.items() if ctx}
        execution.beat(self._control, running, self.lease)

    def _register_periodic(self) -> None:
        for kind in registry.KINDS.values():
            if kind.cron:
                self._control.run(
                    "INSERT INTO core_periodic (key, last) VALUES (%s, now()) ON CONFLICT DO NOTHING", [kind.key]
                )

    def _start_periodic(self) -> None:
        now = timezone.localtime()
        for kind in registry.KINDS.values():
            due = kind.cron.latest(now) if kind.cron else None
            if due and self._fired.get(kind.key) != due:
                self._control.run(DUE, {"key": kind.key, "at": due, "queue": kind.queue, "attempts": kind.max_attempts})
                self._fired[kind.key] = due

    def _deliver(self) -> None:
        from guanxi.core import events

        quiet = False
        while not self._stopping.is_set():
            try:
                events.dispatch(stopping=self._stopping.is_set)
                quiet = False
            except (DatabaseError, *GONE) as error:
                if not quiet:
                    log.warning("events wait for the database: %s", str(error).strip().split("\n")[0])
                quiet = True
                connections.close_all()
            except Exception:
                log.exception("events: the dispatcher failed; going on")
                connections.close_all()
            self._stopping.wait(TICK)
        connections.close_all()

    # The end

    def _wind_up(self) -> None:
        """Give running jobs the grace time to end at a `ctx.check()`, then end their sessions and give them back."""
        with self._lock:
            for _, ctx in self._busy.values():
                if ctx:
                    ctx.interrupt = True
        end = time.monotonic() + self._grace
        while time.monotonic() < end:
            with self._lock:
                if not self._busy:
                    return
            with contextlib.suppress(psycopg.Error):
                self._beat()
            time.sleep(0.1)
        with self._lock:
            left = [claimed for claimed, _ in self._busy.values()]
        for claimed in left:
            log.warning("job %s: did not stop within %s s; it goes back into the queue", claimed.id, self._grace)
            with contextlib.suppress(psycopg.Error):
                self._control.run(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
                    [claimed.session],
                )
                self._control.run(execution.AGAIN, [1, 0.0, None, claimed.id, claimed.claim])


def run(
    *,
    slots: int = 2,
    queues: list[str] | None = None,
    lease: float = execution.LEASE,
    grace: float = 10.0,
    parent: int | None = None,
) -> None:
    """Work until SIGTERM or SIGINT. With `parent` (a process id), also stop when that process is gone.

    Job kinds and event handlers must be imported before (the site does so when Django starts).
    """
    Worker(slots=slots, queues=queues, lease=lease, grace=grace, parent=parent).run()
