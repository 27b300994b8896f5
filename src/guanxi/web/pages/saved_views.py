"""Saved views of a list: filters, order and columns under a name, private or shared; shown as tabs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.records import read
from guanxi.records.entity import Entity
from guanxi.records.models import SavedView
from guanxi.records.read.query import resolve_columns, resolve_filters, resolve_sort
from guanxi.records.rights import UnknownField
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, entity_page, entity_plural, render
from guanxi.web.shell import toast

MOST = 40


@dataclass(frozen=True)
class View:
    """A saved view as somebody sees it."""

    id: int
    name: str
    params: str
    mine: bool
    shared: bool
    default: bool

    def question(self) -> read.Query:
        return read.Query.from_params(parse_qsl(self.params, keep_blank_values=True))


def seen_by(actor: Actor, entity: Entity) -> list[View]:
    """Views of this list: their own and those shared with everybody or one of their roles. One query."""
    mine_or_shared = Q(owner=actor.user_id) | Q(shared=True)
    rows = (
        SavedView.objects.filter(mine_or_shared, entity=entity.key)
        .order_by("position", "id")
        .values_list("id", "name", "query", "owner_id", "shared", "is_default")[:MOST]
    )
    found = [
        View(id_, name, params, owner == actor.user_id, shared, default and owner == actor.user_id)
        for id_, name, params, owner, shared, default in rows
    ]
    return [v for v in found if _askable(actor, entity, v)]


def _askable(actor: Actor, entity: Entity, view: View) -> bool:
    """A shared view that asks for a field this person does not have is no view for them."""
    try:
        query = view.question()
        resolve_filters(actor, entity, query)
        resolve_sort(actor, entity, query)
        resolve_columns(actor, entity, query)
    except (UnknownField, read.BadQuery):
        return False
    return True


def default_of(views: Sequence[View]) -> View | None:
    return next((v for v in views if v.default), None)


def current(views: Sequence[View], query: read.Query, chosen: View | None, *, plain: bool) -> View | None:
    """The view that the list shows now, if it is one."""
    if chosen is not None:
        return chosen
    if plain:
        return None
    params = query.params()
    return next((v for v in views if v.params == params), None)


def tabs(views: Sequence[View], base: str, now: View | None) -> list[dict[str, Any]]:
    """Tabs above the list; none when there is nothing saved."""
    if not views:
        return []
    everything = {"label": _("All"), "url": f"{base}?n=50", "current": now is None, "icon": ""}
    return [
        everything,
        *(
            {"label": v.name, "url": f"{base}?{v.params}", "current": v is now, "icon": "" if v.mine else "users"}
            for v in views
        ),
    ]


@entity_page("view")
def dialog(request: HttpRequest, entity: Entity) -> HttpResponse:
    """Save the list as it stands, or look after the views one has."""
    actor = actor_of(request)
    query = read.Query.from_params([(n, v) for n, vs in request.GET.lists() for v in vs])
    views = seen_by(actor, entity)
    context = {
        "entity": entity,
        "base": addresses.list_url(entity.key),
        "plural": entity_plural(entity),
        "params": query.params(),
        "views": views,
        "current": current(views, query, None, plain=False),
    }
    return render(request, "pages/views.html", context, fragment="dialog" if is_fragment(request) else "")


@require_POST
@entity_page("view")
def save(request: HttpRequest, entity: Entity) -> HttpResponse:
    """Save the question under a name; a view of the same name is replaced."""
    actor = actor_of(request)
    base = addresses.list_url(entity.key)
    name = " ".join(request.POST.get("name", "").split())[:100]
    query = read.Query.from_params(parse_qsl(request.POST.get("params", "")[:4000], keep_blank_values=True))
    resolve_filters(actor, entity, query)
    resolve_sort(actor, entity, query)
    resolve_columns(actor, entity, query)
    if not name:
        toast(request, _("Give the view a name."), level="error")
        return HttpResponseRedirect(f"{base}?{query.params()}")
    shared, default = "shared" in request.POST, "default" in request.POST
    try:
        with transaction.atomic():
            if default:
                SavedView.objects.filter(entity=entity.key, owner=actor.user_id).update(is_default=False)
            SavedView.objects.update_or_create(
                entity=entity.key,
                owner_id=actor.user_id,
                name=name,
                defaults={"query": query.params()[:4000], "shared": shared, "is_default": default},
            )
    except IntegrityError:
        toast(request, _("The view could not be saved. Try again."), level="error")
        return HttpResponseRedirect(f"{base}?{query.params()}")
    toast(request, _("Saved as “%(name)s”.") % {"name": name})
    return HttpResponseRedirect(f"{base}?{query.params()}")


@require_POST
@entity_page("view")
def change(request: HttpRequest, entity: Entity, id: int) -> HttpResponse:  # noqa: A002
    """Delete one's own view, or make it (or nothing) what the list opens with."""
    actor = actor_of(request)
    row = SavedView.objects.filter(pk=id, entity=entity.key, owner=actor.user_id).first()
    if row is None:
        raise Http404("not theirs")
    do = request.POST.get("do", "")
    if do == "delete":
        row.delete()
        toast(request, _("The view “%(name)s” is gone; the records stay.") % {"name": row.name})
    elif do in ("default", "no-default"):
        with transaction.atomic():
            SavedView.objects.filter(entity=entity.key, owner=actor.user_id).update(is_default=False)
            SavedView.objects.filter(pk=row.pk).update(is_default=do == "default")
        toast(request, _("Saved."))
    return HttpResponseRedirect(f"{addresses.list_url(entity.key)}?n=50")
