"""Sealing the journal as it grows, and writing checkpoints outside the database."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanxi.core.jobs import JobContext, job, periodic
from guanxi.core.journal import seals


@periodic("* * * * *")
@job("journal.seal", title=_("Seal the journal"))
def seal(ctx: JobContext) -> dict[str, int]:
    """Chain what was written since the last minute and note the head of the chain; running twice is harmless."""
    done = 0
    while n := seals.seal():
        done += n
        ctx.check()
    seals.checkpoint()
    return {"sealed": done}
