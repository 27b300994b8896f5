"""Where a value comes from: its source, what other sources say, what stood there before; and masked values shown for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.core.journal.models import ChangeSet
from guanxi.records import history, invert, kinds, read
from guanxi.records.entity import Entity
from guanxi.records.read.view import Origin
from guanxi.web import components
from guanxi.web.components import escape
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses, shown, words
from guanxi.web.pages.base import actor_of, entity_page, entity_plural, render

SHOWN_FOR = 60  # seconds until a revealed value is masked again


@dataclass(frozen=True)
class Said:
    """A value with who said it: today's, an earlier one, or another source's. `href`: its step in the journal, for who may see it."""

    text: str
    source: str
    who: str
    at: datetime
    reason: str
    href: str
    erased: bool = False


@entity_page("view")
def origin(request: HttpRequest, entity: Entity, id: int, field: str) -> HttpResponse:  # noqa: A002
    """Where a value comes from, and what stood there before, as far as this person may see it."""
    actor = actor_of(request)
    view = read.view(entity, actor, id)
    if field not in view.cells:
        raise read.Hidden(f"{entity.key} {id}")
    cell, source = view.cells[field], view.origins.get(field)
    pasts = history.past(view, actor, field)
    context: dict[str, Any] = {
        **_page(view),
        "field_label": str(cell.field.label),
        "now": _now(actor, source) if source is not None else None,
        "earlier": [said(actor, past) for past in pasts],
        "more": len(pasts) == history.EARLIER,
        "rivals": [said(actor, past) for past in history.rivals(pasts, view, field)],
        "parts": _parts(actor, view, cell) if isinstance(cell.field.kind, kinds.Tags) else [],
        "value": shown.html(cell, dense=False),
    }
    return render(request, "pages/origin.html", context, fragment="panel" if is_fragment(request) else "")


def said(actor: Actor, past: history.Past) -> Said:
    one = past.change_set
    return Said(
        past.cell.text,
        source_text(one),
        one.actor_name,
        one.at,
        one.reason,
        _step(actor, one),
        past.erased,
    )


def _now(actor: Actor, source: Origin) -> Said:
    found = ChangeSet.objects.filter(pk=source.change_set).first()
    return Said("", source_text(source), source.who, source.at, source.reason, _step(actor, found) if found else "")


def _step(actor: Actor, one: ChangeSet) -> str:
    return reverse("journal-entry", args=[one.pk]) if invert.may_see(actor, one) else ""


def _parts(actor: Actor, view: read.RecordView, cell: read.Cell) -> list[Said]:
    """Each tag with who put it there, and when."""
    names = {id_: text for text, _colour, id_ in cell.parts}
    found = history.added(view, cell.key)
    return [
        Said(names[id_], source_text(one), one.actor_name, one.at, one.reason, _step(actor, one))
        for id_, one in found.items()
        if id_ in names
    ]


def source_text(source: Any) -> str:
    """Where a value came in, in words: "Import", "Typed in", "Given back by undo"."""
    if source.action == "undo":
        return _("Given back by undo")
    if source.door == "page":
        return _("Set in bulk") if source.action == "bulk" else _("Typed in")
    return words.door(source.door)


def _page(view: read.RecordView) -> dict[str, Any]:
    return {
        "title": view.title or f"#{view.id}",
        "base": addresses.record_url(view.entity.key, view.id),
        "plural": entity_plural(view.entity),
        "list_url": addresses.list_url(view.entity.key),
    }


@require_POST
@entity_page("view")
def reveal(request: HttpRequest, entity: Entity, id: int, field: str) -> HttpResponse:  # noqa: A002
    """The whole of a masked value, for a minute. It is written into the journal that it was looked at."""
    actor = actor_of(request)
    view = read.view(entity, actor, id)
    cell = view.cells.get(field)
    if cell is None or not cell.masked or not cell.revealable:
        raise read.Hidden(f"{entity.key} {id}")  # as if it were not there
    whole = read.reveal(entity, actor, id, cell.field.key)
    text = components.safe(
        f'<span class="gx-num">{escape(whole.text)}</span> <button class="gx-origin-button" type="button"'
        f' data-copy="{escape(whole.edit_text or whole.text)}"'
        f' title="{escape(_("Copy"))}">{components.icon("copy", size="sm", label=_("Copy"))}</button>'
    )
    if is_fragment(request):
        return HttpResponse(_for_a_while(text, shown.html(cell, dense=False)))
    context = {**_page(view), "field_label": str(cell.field.label), "text": text}
    return render(request, "pages/revealed.html", context)


def _for_a_while(text: SafeString, masked: SafeString) -> str:
    note = escape(_("Looking at it is in the journal. Masked again in {n} s.")).replace(
        "{n}", f"<span data-remask-left>{SHOWN_FOR}</span>"
    )
    return (
        f'<span data-remask="{SHOWN_FOR}">{text}<small class="gx-dim gx-remask-note">{note}</small>'
        f"<template>{masked}</template></span>"
    )
