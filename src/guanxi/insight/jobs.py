"""Jobs of the room: the marts are brought up to now."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanxi.core.jobs import JobContext, JobError, job, periodic
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
