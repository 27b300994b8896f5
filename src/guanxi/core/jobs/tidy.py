"""What is finished long ago goes away, so that the tables stay small."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from guanxi.core.jobs.context import JobContext
from guanxi.core.jobs.registry import job, periodic

JOBS = (
    "DELETE FROM core_job WHERE id IN (SELECT id FROM core_job WHERE state IN ('done', 'failed', 'cancelled')"
    " AND finished_at < now() - interval '180 days' LIMIT 5000)"
)
SESSIONS = (
    "DELETE FROM core_session WHERE session_key IN (SELECT session_key FROM core_session"
    " WHERE expire_date < now() LIMIT 5000)"
)
EVENTS = (
    "DELETE FROM core_event WHERE id IN (SELECT id FROM core_event"
    " WHERE delivered_at < now() - interval '14 days' LIMIT 5000)"
)


@periodic("17 3 * * *")
@job("core.tidy", title=_("Tidy up finished jobs and delivered events"))
def tidy(ctx: JobContext) -> dict[str, Any]:
    """Delete jobs finished for 180 days, events delivered for 14, sessions that have ended and counters of failed sign-ins that
    count no more; some thousands at a time."""
    from guanxi.core.identity import brake

    gone = {"jobs": 0, "events": 0, "sessions": 0, "tries": brake.forget_old()}
    for name, sql in [("jobs", JOBS), ("events", EVENTS), ("sessions", SESSIONS)]:
        while True:
            ctx.check()
            with connection.cursor() as cursor:
                cursor.execute(sql)
                gone[name] += cursor.rowcount
                if cursor.rowcount < 5000:
                    break
    return gone
