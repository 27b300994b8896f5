"""One run of one job, from claim to outcome."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

from django.conf import settings
from django.db import connection, connections, transaction
from django.utils import translation
from django.utils.translation import gettext_noop

from guanxi.core.jobs import registry
from guanxi.core.jobs.context import JobContext, as_json
from guanxi.core.jobs.control import Control, Line, SameTransaction
from guanxi.core.jobs.errors import Cancelled, Interrupted, Lost, explain, is_transient
from guanxi.core.jobs.models import Job
from guanxi.core.jobs.queue import INLINE

if TYPE_CHECKING:
    from guanxi.core.access import Actor

log = logging.getLogger("guanxi.jobs")

LEASE = 20.0
"""Seconds after which a worker that is not heard of has lost its jobs."""
MOST_LOST = 10
"""A job whose worker died this often is the likely cause, and fails."""
PATIENCE = 120.0
"""Seconds to wait for the database to come back before an outcome is given up (the lease then decides)."""

CLAIM: LiteralString = """
UPDATE core_job SET state = 'running', claim = %(claim)s, worker = %(worker)s, attempts = attempts + 1,
    started_at = COALESCE(started_at, now()), heartbeat_at = now(),
    lease_until = now() + %(lease)s * interval '1 second',
    message = '', error = NULL
WHERE id = (
    SELECT id FROM core_job WHERE state = 'waiting' AND run_at <= statement_timestamp() AND kind = ANY(%(kinds)s)
        AND (id = %(id)s OR (%(id)s::bigint IS NULL AND queue <> 'inline'
             AND (%(queues)s::text[] IS NULL OR queue = ANY(%(queues)s))))
    ORDER BY run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, kind, params, actor_id, attempts, max_attempts, claim
"""
BEAT: LiteralString = """
UPDATE core_job j SET heartbeat_at = now(), lease_until = now() + %s * interval '1 second'
FROM (SELECT id FROM core_job WHERE claim = ANY(%s) AND state = 'running' AND id = ANY(%s) FOR UPDATE SKIP LOCKED) mine
WHERE j.id = mine.id
"""
LOOK: LiteralString = "SELECT id, claim, state, cancel_requested FROM core_job WHERE id = ANY(%s)"
FINISH: LiteralString = """
UPDATE core_job SET state = %s, result = %s::jsonb, error = %s::jsonb, finished_at = now(), done = %s, total = %s,
    message = %s, eta = NULL, rate = NULL
WHERE id = %s AND claim = %s AND state = 'running' RETURNING id
"""
AGAIN: LiteralString = """
UPDATE core_job SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'waiting' END,
    finished_at = CASE WHEN cancel_requested THEN now() END,
    attempts = attempts - %s, run_at = now() + %s * interval '1 second',
    error = %s::jsonb, eta = NULL, lease_until = NULL
WHERE id = %s AND claim = %s AND state = 'running' RETURNING id
"""
WORKER_DIED = as_json(
    {
        "what": gettext_noop("The program that ran this job stopped before it was done."),
        "kept": gettext_noop("Finished steps are kept; what was not finished was rolled back."),
        "todo": gettext_noop("Start it again. If it stops every time, it may need more memory than the machine has."),
    }
)


@dataclass(frozen=True)
class Claimed:
    """A job this process has taken."""

    id: int
    kind: str
    params: dict[str, Any]
    actor_id: int | None
    attempts: int
    max_attempts: int
    claim: str

    @property
    def session(self) -> str:
        """Name of the database session that works for this run, so that it can be ended with it."""
        return f"guanxi-job-{self.id}-{self.claim}"


def worker_name() -> str:
    return f"{socket.gethostname()[:60]}:{os.getpid()}"


def claim(line: Line, *, lease: float, queues: list[str] | None = None, job_id: int | None = None) -> Claimed | None:
    """Take the next due job (or the job `job_id`), if there is one nobody else holds."""
    names = {
        "claim": secrets.token_hex(8), "worker": worker_name(), "lease": lease, "queues": queues, "id": job_id,
        "kinds": list(registry.KINDS),
    }  # fmt: skip
    rows = line.run(CLAIM, names)
    if not rows:
        return None
    id_, kind, params, *rest = rows[0]
    return Claimed(id_, kind, json.loads(params) if isinstance(params, str) else params, *rest)


def actor_of(claimed: Claimed) -> Actor:
    from guanxi.core.access import SYSTEM, actor_for
    from guanxi.core.models import User

    if claimed.actor_id is None:
        return SYSTEM
    return actor_for(User.objects.get(pk=claimed.actor_id))


@contextlib.contextmanager
def _workplace(claimed: Claimed, *, shared: bool) -> Iterator[None]:
    """The job's own database session, named after it and closed with it; or a savepoint in the session at hand."""
    if shared:
        with transaction.atomic():
            yield
        return
    connections.close_all()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('application_name', %s, false)", [claimed.session])
        yield
    finally:
        connections.close_all()


def execute(
    claimed: Claimed,
    line: Line,
    *,
    on_progress: Callable[[int, int | None, str], None] | None = None,
    on_start: Callable[[JobContext], None] | None = None,
    shared: bool = False,
) -> None:
    """Run a claimed job in this thread and write its outcome; raises nothing the job raised."""
    from guanxi.core.access import acting

    kind = registry.get(claimed.kind)
    ctx: JobContext | None = None
    try:
        with _workplace(claimed, shared=shared):
            actor = actor_of(claimed)
            ctx = JobContext(
                job_id=claimed.id, claim=claimed.claim, actor=actor, attempt=claimed.attempts, line=line,
                on_progress=on_progress,
            )  # fmt: skip
            if on_start:
                on_start(ctx)
            language = getattr(actor, "language", "") or settings.LANGUAGE_CODE
            with acting(actor), translation.override(language):
                result = kind(ctx, **claimed.params)
            ctx.check_lost()
    except Cancelled:
        _finish(line, claimed, ctx, "cancelled")
    except Interrupted:
        _again(line, claimed, wait=0.0, error=None, uncount=1)
    except Lost:
        log.warning("job %s: given to another worker meanwhile; this run is dropped", claimed.id)
    except Exception as error:
        if is_transient(error) and claimed.attempts < claimed.max_attempts:
            wait = min(60.0, 2.0 ** (claimed.attempts - 1))
            log.warning("job %s: %s; trying again in %s s", claimed.id, error, wait)
            _again(line, claimed, wait=wait, error=explain(error), uncount=0)
        else:
            log.exception("job %s (%s) failed", claimed.id, claimed.kind)
            _finish(line, claimed, ctx, "failed", error=explain(error))
    else:
        _finish(line, claimed, ctx, "done", result=result)


def _finish(
    line: Line, claimed: Claimed, ctx: JobContext | None, state: str, *, result: Any = None, error: Any = None
) -> None:
    done, total, message = (ctx.done, ctx.total, ctx.message) if ctx else (0, None, "")
    try:
        text = as_json(result)
    except TypeError as problem:
        log.error("job %s: its result is not JSON: %s", claimed.id, problem)
        text = as_json(str(result))
    rows = line.run(
        FINISH,
        [state, text, None if error is None else as_json(error), done, total, message, claimed.id, claimed.claim],
        patience=PATIENCE,
    )
    if not rows and not (ctx and ctx.completed):
        log.warning("job %s: ended as %s, but was given to another worker meanwhile", claimed.id, state)


def _again(line: Line, claimed: Claimed, *, wait: float, error: Any, uncount: int) -> None:
    note = None if error is None else as_json(error)
    line.run(AGAIN, [uncount, wait, note, claimed.id, claimed.claim], patience=PATIENCE)
    if not wait:
        line.run("SELECT pg_notify('guanxi_jobs', '')", [])


def beat(line: Line, running: dict[str, JobContext], lease: float) -> None:
    """Renew the leases of `running` (by claim) and tell each run what was asked of it."""
    ids = [ctx.job_id for ctx in running.values()]
    if not ids:
        return
    line.run(BEAT, [lease, list(running), ids])
    states = {row[0]: row[1:] for row in line.run(LOOK, [ids])}
    for claim_, ctx in running.items():
        holder, state, cancel = states.get(ctx.job_id, ("", "", False))
        ctx.heard(cancel=cancel, lost=holder != claim_ or state != "running")


def sweep(control: Control) -> int:
    """Take back the jobs of workers not heard of any more; returns how many.

    Their database sessions are ended first: one may still be busy with a long statement, or belong to a worker that was
    only asleep, and must not commit beside the next run.
    """
    with control.transaction() as line:
        rows = line.execute(
            "SELECT id, claim, queue, lost, cancel_requested FROM core_job"
            " WHERE state = 'running' AND lease_until < now() FOR UPDATE SKIP LOCKED"
        ).fetchall()
        for id_, claim_, queue, lost, cancel in rows:
            log.warning("job %s: its worker is not heard of any more", id_)
            line.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
                [f"guanxi-job-{id_}-{claim_}"],
            )
            if cancel or queue == INLINE or lost + 1 >= MOST_LOST:
                state, error = ("cancelled", None) if cancel else ("failed", WORKER_DIED)
                line.execute(
                    "UPDATE core_job SET state = %s, error = %s::jsonb, finished_at = now(), eta = NULL WHERE id = %s",
                    [state, error, id_],
                )
            else:
                wait = 0 if lost < 2 else min(60, 2**lost)
                line.execute(
                    "UPDATE core_job SET state = 'waiting', lost = lost + 1, attempts = attempts - 1,"
                    " lease_until = NULL, eta = NULL, run_at = now() + %s * interval '1 second' WHERE id = %s",
                    [wait, id_],
                )
        if rows:
            line.execute("SELECT pg_notify('guanxi_jobs', '')")
    return len(rows)


def run_inline(
    job: Job, *, on_progress: Callable[[int, int | None, str], None] | None = None, lease: float = LEASE
) -> Job:
    """Run a waiting job in this process and return it, finished (look at `state` and `error`).

    For tests and for commands, with `on_progress(done, total, message)`. Ctrl-C cancels. Inside an open transaction all
    of it stays in that transaction.
    """
    if connection.in_atomic_block:
        shared = SameTransaction()
        if taken := claim(shared, lease=lease, job_id=job.pk):
            execute(taken, shared, on_progress=on_progress, shared=True)
        job.refresh_from_db()
        return job
    control = Control("guanxi command")
    running: dict[str, JobContext] = {}
    over = threading.Event()

    def keep() -> None:
        while not over.wait(lease / 4):
            with contextlib.suppress(Exception):  # the next beat may come through; else the lease runs out
                beat(control, dict(running), lease)
        connections.close_all()

    keeper = threading.Thread(target=keep, name="job keeper", daemon=True)
    try:
        taken = claim(control, lease=lease, job_id=job.pk)
        if taken:
            keeper.start()

            def start(ctx: JobContext) -> None:
                running[taken.claim] = ctx

            try:
                execute(taken, control, on_progress=on_progress, on_start=start)
            except KeyboardInterrupt:
                _finish(control, taken, running.get(taken.claim), "cancelled")
                raise
    finally:
        over.set()
        control.close()
    job.refresh_from_db()
    return job
