"""Events: what happened, told after the commit to those who asked, at least once and in order per record."""

from __future__ import annotations

from guanxi.core.events.models import Event
from guanxi.core.events.outbox import Happened, dispatch, emit, on, unpark

__all__ = ["Event", "Happened", "dispatch", "emit", "on", "unpark"]
