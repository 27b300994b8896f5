"""Jobs of the room: the marts are brought up to now."""

from __future__ import annotations

import contextlib
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanxi.core import events
from guanxi.core.access import SYSTEM
from guanxi.core.jobs import JobContext, JobError, enqueue, job, periodic
from guanxi.core.journal.ledger import WRITTEN
from guanxi.core.journal.models import Door
from guanxi.insight.marts import store


@periodic("*/5 * * * *")
@job("insight.refresh", title=_("Bring figures up to date"))
def refresh(ctx: JobContext, *, anew: bool = False) -> dict[str, Any]:
    """Pull what changed and swap the marts. Twice is harmless: the second finds nothing, or the first at work."""
    ctx.check()

    def step(text: str) -> None:
        ctx.progress(ctx.done + 1, message=text)
        ctx.check()

    try:
        return store.refresh(anew=anew, step=step)
    except store.Busy:
        return {"busy": True}
    except OSError as error:
        raise JobError(
            gettext_noop("The figures could not be written to disk."), kept=gettext_noop("The figures from before still stand."),
            todo=gettext_noop("See whether the disk is full and the folder of the marts may be written to."),
        ) from error  # fmt: skip


@events.on(WRITTEN)
def after_an_import(happened: events.Happened) -> None:
    """What a file brought is in the figures at once, not minutes later. Asked twice, one job waits; one at work goes round again."""
    if happened.payload.get("door") == Door.IMPORT:
        with contextlib.suppress(OSError):
            store.ask()
        enqueue("insight.refresh", actor=SYSTEM, once_key="insight.refresh")
