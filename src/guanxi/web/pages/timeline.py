"""The time line of a record: change sets as moments, with what they changed and a way back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse

from guanxi.core.access import Actor
from guanxi.core.journal.models import Change, ChangeSet, Op
from guanxi.records import invert, read
from guanxi.records.entity import Entity
from guanxi.records.read.view import Event, FieldChange, event_of
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
        id=cs.pk,
        at=cs.at,
        who=cs.actor_name,
        title=words.happened(cs, event.op),
        icon=icon,
        colour=colour,
        source="" if cs.door == "page" else words.door(cs.door),
        body=cs.reason,
        changes=tuple(changed(c) for c in event.changes),
        href=page,
        undone=event.undone,
        undo_url=reverse("journal-undo", args=[cs.pk]) if mine and cs.lines and not event.undone else "",
    )


def of_record(entity: Entity, actor: Actor, id: int, *, before: int | None = None, limit: int = FIRST) -> Timeline:  # noqa: A002
    """The newest moments before a line of the journal, ending with the record's creation. Raises Hidden."""
    row = read.visible(entity, actor).filter(pk=id).values("created_in").first()
    if row is None:
        raise read.Hidden(f"{entity.key} {id}")
    lines = Change.objects.filter(record=id, entity=entity.key).order_by("-pk")
    if before is not None:
        lines = lines.filter(pk__lt=before)
    # Whether a set was undone is asked of all at once: `event_of` finds it prefetched.
    found = list(lines.select_related("change_set").prefetch_related("change_set__undone_by")[: limit + 1])
    more = len(found) > limit
    events = [event_of(entity, actor, line) for line in found[:limit]]
    if not more and not any(e.op == Op.CREATE for e in events):
        # Created together with many others: the creation has no line of its own.
        first = ChangeSet.objects.filter(pk=row["created_in"]).prefetch_related("undone_by").first()
        if first is not None:
            events.append(Event(first, Op.CREATE.value, (), 0, bool(first.undone_by.all())))
    return Timeline([moment(actor, event) for event in events], found[limit - 1].pk if more else 0)


def as_context(line: Timeline, url: str) -> dict[str, Any]:
    return {"moments": line.moments, "more_url": f"{url}?before={line.more}" if line.more else ""}
