"""What stands on the time line of records, listed by hand: the order decides between moments of one instant."""

from __future__ import annotations

from guanxi.web.pages.timeline import Changes, install
from guanxi.web.screens.engagement.sources import Attachments, Interactions, Orders, Payments, StepsDone

SOURCES = (Interactions(), StepsDone(), Orders(), Payments(), Attachments(), Changes())


def install_timeline() -> None:
    """Called where the addresses are listed."""
    install(SOURCES)
