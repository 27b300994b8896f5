"""The journal: what happened, change set by change set, and taking one back."""

from guanxi.web.screens.records.journal.listing import Line, as_lines, journal
from guanxi.web.screens.records.journal.seen import of_actor
from guanxi.web.screens.records.journal.step import entry
from guanxi.web.screens.records.journal.taking_back import restore, undo, undo_progress

__all__ = ["Line", "as_lines", "entry", "journal", "of_actor", "restore", "undo", "undo_progress"]
