"""What follows from other fields of the same record, and from who writes it down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.utils import timezone

from guanxi.core.access.actor import NoActor, current

SUBJECT = 60


# Each of these names all fields that it may ever fill: that is how bulk loads know which columns they write.


def interaction(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The customer of a contact or order; now, by whoever writes; the first line of the words as subject."""
    return {
        "account": whose(values),
        "happened_at": values.get("happened_at") or timezone.now(),
        "who": values.get("who") or _me(),
        "method": values.get("method") or "note",
        "subject": values.get("subject") or first_line(values.get("words") or "") or None,
    }


def step(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The customer of a contact or order; whoever writes it down does it, if nobody else was named."""
    return {"account": whose(values), "owner": values.get("owner") or _me()}


def attachment(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Called as the file is."""
    file = values.get("file")
    return {"name": values.get("name") or (str(file["name"]) if file else None)}


def whose(values: Mapping[str, Any]) -> Any:
    """The customer; where none was given, that of the contact or order."""
    from guanxi.customers.models import Contact
    from guanxi.trade.models import Order

    if values.get("account"):
        return values["account"]
    for key, model in (("contact", Contact), ("order", Order)):
        if isinstance(values.get(key), int):
            account = cast(Any, model.objects).filter(pk=values[key]).values_list("account_id", flat=True).first()
            if account:
                return account
    return None


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
