"""The journal: what happened, by whom, through which door; complete enough to invert, chained so that tampering shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guanxi.core.journal.checking import verify
    from guanxi.core.journal.erasure import Erased, erase
    from guanxi.core.journal.ledger import Line, OpenSet, change_set, maintenance, note, opened
    from guanxi.core.journal.seals import Finding, Report, checkpoint, seal

_HOMES = {
    "checking": ("verify",),
    "erasure": ("Erased", "erase"),
    "ledger": ("Line", "OpenSet", "change_set", "maintenance", "note", "opened"),
    "seals": ("Finding", "Report", "checkpoint", "seal"),
}
__all__ = [
    "Erased",
    "Finding",
    "Line",
    "OpenSet",
    "Report",
    "change_set",
    "checkpoint",
    "erase",
    "maintenance",
    "note",
    "opened",
    "seal",
    "verify",
]


def __getattr__(name: str) -> Any:
    # The tables of this package must be importable before Django is ready, so the verbs come in when first used.
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"guanxi.core.journal.{home}"), name)
    raise AttributeError(name)
