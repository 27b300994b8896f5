"""The journal: what happened, by whom, through which door; complete enough to invert, chained so that tampering shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guanxi.core.journal.ledger import Line, OpenSet, change_set, maintenance, note, opened
    from guanxi.core.journal.seals import Finding, Report, checkpoint, seal, verify

_LEDGER = ("Line", "OpenSet", "change_set", "maintenance", "note", "opened")
_SEALS = ("Finding", "Report", "checkpoint", "seal", "verify")
__all__ = [
    "Finding",
    "Line",
    "OpenSet",
    "Report",
    "change_set",
    "checkpoint",
    "maintenance",
    "note",
    "opened",
    "seal",
    "verify",
]


def __getattr__(name: str) -> Any:
    # The tables of this package must be importable before Django is ready, so the verbs come in when first used.
    if name in _LEDGER:
        from guanxi.core.journal import ledger

        return getattr(ledger, name)
    if name in _SEALS:
        from guanxi.core.journal import seals

        return getattr(seals, name)
    raise AttributeError(name)
