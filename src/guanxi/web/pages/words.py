"""Words for what the machinery calls by keys: filter operators, ranges of days, doors, actions, why undo kept something."""

from __future__ import annotations

import re
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from guanxi.core.journal.models import ChangeSet, Door
from guanxi.kit.problems import MESSAGES

_COUNTED = re.compile(r"(last|next|older_than)_(\d{1,4})_days", re.ASCII)

OPERATORS: dict[str, Promise] = {
    "is": pgettext_lazy("filter", "is"),
    "not": pgettext_lazy("filter", "is not"),
    "any": pgettext_lazy("filter", "is any of"),
    "none": pgettext_lazy("filter", "is none of"),
    "contains": pgettext_lazy("filter", "contains"),
    "starts": pgettext_lazy("filter", "starts with"),
    "empty": pgettext_lazy("filter", "is empty"),
    "filled": pgettext_lazy("filter", "is not empty"),
    "gte": pgettext_lazy("filter", "at least"),
    "lte": pgettext_lazy("filter", "at most"),
    "between": pgettext_lazy("filter", "between"),
    "before": pgettext_lazy("filter", "before"),
    "after": pgettext_lazy("filter", "after"),
    "within": pgettext_lazy("filter", "within"),
    # In the builder, "within" is three: a range with a name, and two that count days.
    "last": pgettext_lazy("filter", "in the last … days"),
    "older": pgettext_lazy("filter", "more than … days ago"),
    "next": pgettext_lazy("filter", "in the next … days"),
}

RANGES: dict[str, Promise] = {
    "today": gettext_lazy("today"),
    "yesterday": gettext_lazy("yesterday"),
    "tomorrow": gettext_lazy("tomorrow"),
    "this_week": gettext_lazy("this week"),
    "last_week": gettext_lazy("last week"),
    "next_week": gettext_lazy("next week"),
    "this_month": gettext_lazy("this month"),
    "last_month": gettext_lazy("last month"),
    "next_month": gettext_lazy("next month"),
    "this_quarter": gettext_lazy("this quarter"),
    "last_quarter": gettext_lazy("last quarter"),
    "next_quarter": gettext_lazy("next quarter"),
    "this_year": gettext_lazy("this year"),
    "last_year": gettext_lazy("last year"),
    "next_year": gettext_lazy("next year"),
    "past": gettext_lazy("the past"),
    "future": gettext_lazy("the future"),
    "last_7_days": gettext_lazy("the last 7 days"),
    "last_30_days": gettext_lazy("the last 30 days"),
    "last_90_days": gettext_lazy("the last 90 days"),
    "last_365_days": gettext_lazy("the last 365 days"),
    "next_7_days": gettext_lazy("the next 7 days"),
    "next_30_days": gettext_lazy("the next 30 days"),
}

ACTIONS: dict[str, Promise] = {
    "create": pgettext_lazy("journal", "created it"),
    "edit": pgettext_lazy("journal", "changed it"),
    "bulk": pgettext_lazy("journal", "changed many at once"),
    "delete": pgettext_lazy("journal", "deleted"),
    "undo": pgettext_lazy("journal", "took something back"),
    "import": pgettext_lazy("journal", "imported a file"),
    "merge": pgettext_lazy("journal", "merged"),
    "reveal": pgettext_lazy("journal", "looked at a masked value"),
    "export": pgettext_lazy("journal", "exported"),
    "download": pgettext_lazy("journal", "downloaded a file"),
    "settings": pgettext_lazy("journal", "changed settings"),
    "sign-in": pgettext_lazy("journal", "signed in"),
    "sign-out": pgettext_lazy("journal", "signed out"),
    "sign-in-failed": pgettext_lazy("journal", "failed to sign in"),
    "view-as": pgettext_lazy("journal", "looked at the house as somebody else"),
    "view-as-ended": pgettext_lazy("journal", "stopped looking as somebody else"),
    "assign": pgettext_lazy("journal", "gave it to somebody"),
    "maintenance": pgettext_lazy("journal", "maintained the tables"),
}

OPS: dict[str, Promise] = {
    "c": pgettext_lazy("journal", "created it"),
    "u": pgettext_lazy("journal", "changed it"),
    "d": pgettext_lazy("journal", "deleted it"),
    "r": pgettext_lazy("journal", "brought it back"),
    "x": pgettext_lazy("journal", "erased values"),
}

LOOKS: dict[str, tuple[str, str]] = {
    "create": ("plus", "green"),
    "c": ("plus", "green"),
    "edit": ("pencil", "blue"),
    "u": ("pencil", "blue"),
    "bulk": ("checks", "indigo"),
    "delete": ("trash", "red"),
    "d": ("trash", "red"),
    "undo": ("arrow-back-up", "orange"),
    "r": ("arrow-back-up", "orange"),
    "x": ("shield-lock", "red"),
    "import": ("database-import", "teal"),
    "merge": ("arrows-join", "purple"),
    "reveal": ("eye", "yellow"),
    "export": ("download", "cyan"),
    "download": ("download", "yellow"),
    "settings": ("settings", "gray"),
    "sign-in": ("login", "gray"),
    "sign-out": ("logout", "gray"),
    "sign-in-failed": ("alert-triangle", "red"),
    "view-as": ("eye", "yellow"),
    "view-as-ended": ("eye", "gray"),
    "assign": ("user-check", "indigo"),
}


def operator(key: str) -> str:
    return str(OPERATORS.get(key, key))


def range_text(key: str) -> str:
    """A range of days in words: "this month", "more than 30 days ago"."""
    if key in RANGES:
        return str(RANGES[key])
    counted = _COUNTED.fullmatch(key)
    if counted is None:
        return key
    n = int(counted[2])
    if counted[1] == "older_than":
        return ngettext("more than %(n)s day ago", "more than %(n)s days ago", n) % {"n": n}
    if counted[1] == "next":
        return ngettext("the next %(n)s day", "the next %(n)s days", n) % {"n": n}
    return ngettext("the last %(n)s day", "the last %(n)s days", n) % {"n": n}


def action(key: str) -> str:
    return str(ACTIONS.get(key, key))


def door(key: str) -> str:
    return str(Door(key).label) if key in Door.values else key


def look(key: str) -> tuple[str, str]:
    """Icon and colour of an action or operation."""
    return LOOKS.get(key, ("activity", "gray"))


def why(code: str) -> str:
    """Why undo or a bulk edit left something as it was."""
    return _(MESSAGES[code]) if code in MESSAGES and "%(" not in MESSAGES[code] else code


def happened(cs: ChangeSet | Any, op: str = "") -> str:
    """What a change set did, as half a sentence after the person's name: "changed it"."""
    if cs.action == "undo":
        return str(ACTIONS["undo"])
    if cs.action in ("import", "merge", "bulk") or not op:
        return action(cs.action)
    return str(OPS.get(op, op))
