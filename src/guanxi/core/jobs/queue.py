"""Putting jobs into the queue, taking them out, stopping them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from guanxi.core.jobs import registry
from guanxi.core.jobs.models import OPEN, Job, JobState

if TYPE_CHECKING:
    from guanxi.core.access import Actor

CHANNEL = "guanxi_jobs"
INLINE = "inline"
"""Queue of jobs that run in the process which made them; no worker takes these."""


def notify(payload: str = "") -> None:
    """Wake the workers when this transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


def enqueue(
    kind: str,
    params: Mapping[str, Any] | None = None,
    *,
    actor: Actor,
    once_key: str | None = None,
    at: datetime | None = None,
    title: str = "",
    inline: bool = False,
) -> Job:
    """Put a job into the queue, as part of the transaction at hand: no commit, no job.

    `params` are JSON. With `once_key`, a job that is still waiting or running under that key is returned instead of a
    second one. `at` is the earliest time to run. `inline` jobs wait for `run_inline` instead of a worker.
    """
    if actor.user_id is None and not actor.is_system:
        raise PermissionError("Nobody in particular cannot start jobs.")  # or it would run as the system
    known = registry.get(kind)
    now = timezone.now()
    for _ in range(20):
        if once_key and (job := Job.objects.filter(once_key=once_key, state__in=OPEN).first()):
            return job
        try:
            with transaction.atomic():
                job = Job.objects.create(
                    kind=kind, queue=INLINE if inline else known.queue, title=title, params=dict(params or {}),
                    once_key=once_key, actor_id=actor.user_id, max_attempts=known.max_attempts,
                    run_at=at or now, created_at=now,
                )  # fmt: skip
        except IntegrityError:
            if not once_key:
                raise
            continue  # another one came first and may be finished already: look again
        if not inline:
            notify()
        return job
    raise RuntimeError(f"The job {kind} could not be queued under the key {once_key!r}.")


def cancel(job: Job) -> Job:
    """Ask a job to stop. A waiting one is cancelled at once, a running one at its next `ctx.check()`."""
    now = timezone.now()
    stopped = Job.objects.filter(pk=job.pk, state=JobState.WAITING).update(
        state=JobState.CANCELLED, cancel_requested=True, finished_at=now
    )
    if not stopped:
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(cancel_requested=True)
        notify("cancel")
    job.refresh_from_db()
    return job


def run_again(job: Job, *, actor: Actor) -> Job:
    """A new job with the parameters of a finished one."""
    return enqueue(job.kind, job.params, actor=actor, once_key=job.once_key, title=job.title)
