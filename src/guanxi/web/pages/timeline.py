"""The time line of a record: change sets as moments, with what they changed and a way back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse

from guanxi.core.access import Actor
from guanxi.records import invert
from guanxi.records.entity import Entity
from guanxi.records.read.view import Event, FieldChange, timeline
from guanxi.web.pages import words

FIRST = 8
MORE = 30


@dataclass(frozen=True)
class Changed:
    """One field in one change: texts as the reader may see them."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Moment:
    """What the moment component shows."""

    id: int
    at: datetime
    who: str
    title: str
    icon: str
    colour: str
    source: str = ""
    body: str = ""
    changes: tuple[Changed, ...] = ()
    href: str = ""
    undone: bool = False
    undo_url: str = ""


@dataclass(frozen=True)
class Timeline:
    moments: list[Moment] = field(default_factory=list)
    more: int = 0  # go on before this line of the journal; 0 when the beginning is reached


def changed(change: FieldChange) -> Changed:
    return Changed(str(change.field.label), change.before.text, change.after.text)


def moment(actor: Actor, event: Event) -> Moment:
    cs = event.change_set
    icon, colour = words.look("undo" if cs.action == "undo" else "bulk" if cs.action == "bulk" else event.op)
    if cs.door == "import":
        icon, colour = words.look("import")
    mine = invert.may_see(actor, cs)
    page = reverse("journal-entry", args=[cs.pk]) if mine else ""
    return Moment(
        id=cs.pk, at=cs.at, who=cs.actor_name, title=words.happened(cs, event.op), icon=icon, colour=colour,
        source="" if cs.door == "page" else words.door(cs.door), body=cs.reason,
        changes=tuple(changed(c) for c in event.changes), href=page, undone=event.undone,
        undo_url=reverse("journal-undo", args=[cs.pk]) if mine and cs.lines and not event.undone else "",
    )  # fmt: skip


def of_record(entity: Entity, actor: Actor, id: int, *, before: int | None = None, limit: int = FIRST) -> Timeline:  # noqa: A002
    """The newest moments before a line of the journal. Raises Hidden."""
    events = timeline(entity, actor, id, before=before, limit=limit)
    lines = [e for e in events if getattr(e, "line", None)]
    full = len(events) >= limit
    more = int(getattr(lines[-1], "line", 0)) if full and lines else 0
    if full and not more:
        more = oldest_line(entity, id, before, limit)
    return Timeline(moments(actor, events), more)


def oldest_line(entity: Entity, id: int, before: int | None, limit: int) -> int:  # noqa: A002
    """The journal line at which a window of `limit` lines ends; 0 when nothing older is there."""
    from guanxi.core.journal.models import Change

    lines = Change.objects.filter(record=id, entity=entity.key).order_by("-id")
    if before is not None:
        lines = lines.filter(pk__lt=before)
    found = list(lines.values_list("pk", flat=True)[: limit + 1])
    return found[limit - 1] if len(found) > limit else 0


def moments(actor: Actor, events: Iterable[Event]) -> list[Moment]:
    return [moment(actor, event) for event in events]


def as_context(line: Timeline, url: str) -> dict[str, Any]:
    return {"moments": line.moments, "more_url": f"{url}?before={line.more}" if line.more else ""}
