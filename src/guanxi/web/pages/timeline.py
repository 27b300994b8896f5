"""The time line of a record: change sets as moments, with what they changed and a way back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.core.journal.models import Change, ChangeSet, Op
from guanxi.records import invert, read
from guanxi.records.entity import Entity
from guanxi.records.read.view import Event, FieldChange, Historian
from guanxi.web import components
from guanxi.web.pages import addresses, words
from guanxi.web.templatetags.gx import ago

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


def panel(request: HttpRequest, view: read.RecordView) -> str:
    """The time line as a panel of the record page."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    line = of_record(view.entity, actor, view.id, created_in=view.created_in)
    context = as_context(request, line, f"{addresses.record_url(view.entity.key, view.id)}timeline")
    return f'<ol class="gx-timeline">{render_to_string("pages/moments.html", context)}</ol>'


def of_record(
    entity: Entity,
    actor: Actor,
    id: int,  # noqa: A002
    *,
    before: int | None = None,
    limit: int = FIRST,
    created_in: int | None = None,
) -> Timeline:
    """The newest moments before a line of the journal, ending with the record's creation. Raises Hidden.

    `created_in`: the change set that made the record, from who has looked already whether the actor may see it.
    """
    if created_in is None:
        row = read.visible(entity, actor).filter(pk=id).values("created_in").first()
        if row is None:
            raise read.Hidden(f"{entity.key} {id}")
        created_in = row["created_in"]
    lines = Change.objects.filter(record=id, entity=entity.key).order_by("-pk")
    if before is not None:
        lines = lines.filter(pk__lt=before)
    # Whether a set was undone is asked of all at once: `Historian` finds it prefetched.
    found = list(lines.select_related("change_set").prefetch_related("change_set__undone_by")[: limit + 1])
    more = len(found) > limit
    past = Historian(entity, actor)
    events = [past.event(line) for line in found[:limit]]
    if not more and not any(e.op == Op.CREATE for e in events):
        # Created together with many others: the creation has no line of its own.
        first = ChangeSet.objects.filter(pk=created_in).prefetch_related("undone_by").first()
        if first is not None:
            events.append(Event(first, Op.CREATE.value, (), 0, bool(first.undone_by.all())))
    return Timeline([moment(actor, event) for event in events], found[limit - 1].pk if more else 0)


def html(moments: Iterable[Moment], token: str) -> SafeString:
    """Moments as the `moment` component draws them, made in Python: a record page has a dozen. `token` is for the undo forms."""
    undone, undo, details, empty = (str(escape(text)) for text in (_("undone"), _("Undo"), _("Details"), _("empty")))
    ask = str(
        escape(_("This takes back everything done in this step. What was changed since then is kept and listed."))
    )
    arrow = components.icon("arrow-right", size="sm", css="gx-dimmer")
    back = components.icon("arrow-back-up", size="sm")
    parts = []
    for m in moments:
        parts.append(
            f'<li class="gx-moment{" gx-undone" if m.undone else ""}" id="moment-{m.id}">'
            f'<span class="gx-moment-icon {components.colour_class(m.colour)}">{components.icon(m.icon)}</span><div>'
            f'<div class="gx-moment-head"><b>{escape(m.who)}</b><span>{escape(m.title)}</span>'
        )
        parts.append(components.badge(undone, "gray") if m.undone else "")
        parts.append(f'<span class="gx-dimmer gx-small">{escape(m.source)}</span>' if m.source else "")
        parts.append(f"{ago(m.at)}</div>")
        parts.append(f'<div class="gx-moment-body">{escape(m.body)}</div>' if m.body else "")
        if m.changes:
            rows = "".join(
                f"<div><dt>{escape(c.label)}</dt><dd>"
                + (f'<del class="gx-was">{escape(c.before)}</del> {arrow} ' if c.before else "")
                + (
                    f'<ins class="gx-quiet-link">{escape(c.after)}</ins>'
                    if c.after
                    else f'<span class="gx-none">{empty}</span>'
                )
                + "</dd></div>"
                for c in m.changes
            )
            parts.append(f'<dl class="gx-moment-changes">{rows}</dl>')
        if m.undo_url or m.href:
            parts.append('<div class="gx-moment-actions">')
            if m.undo_url:
                parts.append(
                    f'<form method="post" action="{m.undo_url}" data-confirm="{ask}" data-confirm-ok="{undo}">'
                    f'<input type="hidden" name="csrfmiddlewaretoken" value="{escape(token)}">'
                    f'<button class="btn btn-link gx-small">{back}{undo}</button></form>'
                )
            parts.append(f'<a class="gx-small" href="{m.href}">{details}</a>' if m.href else "")
            parts.append("</div>")
        parts.append("</div></li>")
    return components.safe("".join(parts))


def as_context(request: HttpRequest, line: Timeline, url: str) -> dict[str, Any]:
    return {
        "moments": line.moments,
        "moments_html": html(line.moments, get_token(request)) if line.moments else "",
        "more_url": f"{url}?before={line.more}" if line.more else "",
    }
