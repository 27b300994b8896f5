"""What follows from other fields of the same record, and from who writes it down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.utils import timezone

from guanxi.core.access.actor import NoActor, current

SUBJECT = 60


def interaction(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The customer of a contact or order; now, by whoever writes; the first line of the words as subject."""
    found = dict(whose(values))
    if not values.get("happened_at"):
        found["happened_at"] = timezone.now()
    if not values.get("who"):
        found["who"] = _me()
    if not values.get("method"):
        found["method"] = "note"
    if not values.get("subject") and (subject := first_line(values.get("words") or "")):
        found["subject"] = subject
    return found


def step(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The customer of a contact or order; whoever writes it down does it, if nobody else was named."""
    found = dict(whose(values))
    if not values.get("owner"):
        found["owner"] = _me()
    return found


def attachment(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Called as the file is."""
    file = values.get("file")
    return {"name": str(file["name"])} if file and not values.get("name") else {}


def whose(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The customer that a contact or an order names, where none was given."""
    from guanxi.customers.models import Contact
    from guanxi.trade.models import Order

    if values.get("account"):
        return {}
    for key, model in (("contact", Contact), ("order", Order)):
        if isinstance(values.get(key), int):
            account = cast(Any, model.objects).filter(pk=values[key]).values_list("account_id", flat=True).first()
            if account:
                return {"account": account}
    return {}


def first_line(words: str) -> str:
    """The first line, cut at a word or sign of punctuation where it is long."""
    line = next((one.strip() for one in words.split("\n") if one.strip()), "")
    if len(line) <= SUBJECT:
        return line.rstrip(" ，。；、,;.")
    cut = line[:SUBJECT]
    at = max(cut.rfind(sign) for sign in " ，。；、,;.")
    return (cut[:at] if at > SUBJECT // 2 else cut).rstrip(" ，。；、,;.") + "…"


def _me() -> int | None:
    try:
        return current().user_id
    except NoActor:
        return None
