"""The page of one record: header, sections with an origin for each value, time line, what belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from guanxi.core.access import Actor
from guanxi.records import read
from guanxi.records.entity import Entity
from guanxi.web import components
from guanxi.web import panels as hung
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses, shown
from guanxi.web.pages.base import actor_of, entity_label, entity_page, entity_plural, render
from guanxi.web.pages.facts import Writer
from guanxi.web.pages.neighbours import came_from
from guanxi.web.pages.why import may_ask

EARLIER = 10


def header(view: read.RecordView, writer: Writer) -> dict[str, Any]:
    """Title, number, tags, owner and how complete the record is."""
    entity = view.entity
    numbering = entity.numbering.field if entity.numbering else ""
    owner = view.cells.get(entity.policy.owner_field)
    tags = view.cells.get("tags")
    states = [view.cells[k] for k in ("status", "tier") if k in view.cells and not view.cells[k].empty]
    missing = [f for f in view.missing if writer.may_edit(view.cells[f.key])]
    person = entity.declared[entity.title].kind.key in ("company_name", "person_name")
    kind = view.cells.get("kind")
    return {
        "title": view.title or f"#{view.id}",
        "number": view.cells[numbering].text
        if numbering and numbering in view.cells and entity.title != numbering
        else "",
        "owner": owner if owner and not owner.empty else None,
        "states": [shown.html(c) for c in states],
        "kind": kind.text if kind else "",
        "tags": components.safe(writer.inside(tags, shown.html(tags, dense=False) if not tags.empty else ""))
        if tags and (not tags.empty or writer.may_edit(tags))
        else "",
        "tagging": bool(tags and writer.may_edit(tags)),
        "tagged": bool(tags and not tags.empty),
        "pictured": person,
        "company": bool(kind and kind.value == "company"),
        "percent": view.completeness,
        "counted": len(view.counted),
        "filled": len(view.counted) - len(view.missing),
        "missing": missing[0] if missing else None,
    }


@entity_page("view")
def record(request: HttpRequest, entity: Entity, id: int) -> HttpResponse:  # noqa: A002
    return render(
        request, "pages/record.html", context_of(request, entity, id), fragment="record" if is_fragment(request) else ""
    )


def context_of(request: HttpRequest, entity: Entity, id: int) -> dict[str, Any]:  # noqa: A002
    """Everything on the page."""
    view = read.view(entity, actor_of(request), id)
    origin = came_from(request, entity)
    return {
        **context_of_facts(request, view),
        "neighbours": f"{addresses.record_url(entity.key, id)}neighbours?{urlencode({'from': origin})}"
        if origin
        else "",
        "middle": hanging(request, view, "middle"),
        "side": hanging(request, view, "side"),
        "waiting": any(one.lazy for one in hung.of(actor_of(request), entity)),
    }


def context_of_facts(
    request: HttpRequest, view: read.RecordView, *, editor: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Header and sections: what one changed value may change elsewhere. `editor`: HTML of editors that stand open, by field."""
    entity = view.entity
    writer = Writer(request, view, editor=editor)
    parts = writer.parts()
    return {
        "entity": entity,
        "view": view,
        "base": addresses.record_url(entity.key, view.id),
        "list_url": addresses.list_url(entity.key),
        "plural": entity_plural(entity),
        "noun": entity_label(entity),
        "head": header(view, writer),
        "parts": [p for p in parts if p.body],
        "bare": [p for p in parts if not p.body],
        "may": {a: a in view.may for a in ("edit", "delete", "assign")} | {"ask": may_ask(actor_of(request))},
        "id": view.id,
    }


# Panels -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hanging:
    """A panel on a page. `body` is "" for one that is asked for later, at `url`."""

    key: str
    title: str
    icon: str
    body: SafeString
    url: str
    framed: bool


def hanging(request: HttpRequest, view: read.RecordView, place: str) -> list[Hanging]:
    """The panels of one place; those drawn with the page that have nothing to say are left out."""
    found = []
    base = addresses.record_url(view.entity.key, view.id)
    for one in hung.of(actor_of(request), view.entity, place):
        body = "" if one.lazy else one.body(request, view)
        if one.lazy or body:
            url = f"{base}panel/{one.key}"
            found.append(Hanging(one.key, str(one.title), one.icon, components.safe(body), url, one.framed))
    return found


def _narrow(entity: Entity, actor: Actor, id: int) -> read.RecordView:  # noqa: A002
    """The record as panels that come later need it: which it is, and its title."""
    view = read.view(entity, actor, id, only=())
    if entity.title in view.cells:
        read.known_as(actor, entity.key, {id: view.title})
    return view


@entity_page("view")
def panels(request: HttpRequest, entity: Entity, id: int) -> HttpResponse:  # noqa: A002
    """All panels that the page did not draw itself, in one answer: each goes to its place."""
    actor = actor_of(request)
    with read.remembering(actor):
        view = _narrow(entity, actor, id)
        lazy = [one for one in hung.of(actor, entity) if one.lazy]
        found = [{"key": one.key, "body": components.safe(one.body(request, view))} for one in lazy]
    return render(request, "pages/panels_filled.html", {"panels": found})


@entity_page("view")
def panel_page(request: HttpRequest, entity: Entity, id: int, name: str) -> HttpResponse:  # noqa: A002
    """One panel: its inside for the record page, or a page of its own."""
    actor = actor_of(request)
    one = hung.get(actor, entity, name)
    view = _narrow(entity, actor, id) if one is None or one.lazy else read.view(entity, actor, id)
    if one is None:
        raise read.Hidden(f"{entity.key} {id}")
    with read.remembering(actor):
        body = components.safe(one.body(request, view))
    if is_fragment(request):
        return HttpResponse(body)
    context = {
        "panel": one,
        "body": body,
        "title": view.title or f"#{id}",
        "base": addresses.record_url(entity.key, id),
        "plural": entity_plural(entity),
        "list_url": addresses.list_url(entity.key),
    }
    return render(request, "pages/panel.html", context)
