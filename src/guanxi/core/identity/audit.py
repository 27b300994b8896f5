"""Signing in and changing settings leave a line in the journal; this is the one place that writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guanxi.core.access.actor import Actor


def record(
    actor: Actor, action: str, *, entity: str = "", record: int | None = None, detail: Mapping[str, Any] | None = None
) -> int:
    """Note `action` in the journal, inside the caller's transaction where there is one; returns the id of that step."""
    from guanxi.core import journal

    return journal.note(actor, action=action, entity=entity, record=record, detail=dict(detail or {}))


def settings_changed(
    actor: Actor, entity: str, record_id: int | None, *, before: Mapping[str, Any], after: Mapping[str, Any]
) -> int | None:
    """A change of settings with both states; returns its step. None, and no line, when nothing changed."""
    if before == after:
        return None
    return record(actor, "settings", entity=entity, record=record_id, detail={"before": before, "after": after})
