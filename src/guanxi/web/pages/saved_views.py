"""Saved views of a list: filters, order and columns under a name, private or shared; shown as tabs that each person orders."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.core.access.models import Role
from guanxi.core.org.versions import Cached, bump
from guanxi.records import custom, read
from guanxi.records.entity import Entity
from guanxi.records.models import ListSetting, SavedView
from guanxi.records.read.groups import resolve_by
from guanxi.records.read.query import resolve, resolve_columns, resolve_filters, resolve_sort
from guanxi.records.rights import UnknownField
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, entity_page, entity_plural, ids_from, number, params_from, render
from guanxi.web.shell import toast

MOST = 40
_SHARED: QuerySet[Any] = QuerySet(SavedView.shared_with.through)
WIDEST, NARROWEST = 900, 48  # pixels

KEPT = 4_000  # characters of a question that a saved view holds


@dataclass(frozen=True)
class View:
    """A saved view as somebody sees it. `params`: what they may ask of it; `less`: that is not all of it."""

    id: int
    name: str
    params: str
    mine: bool
    shared: bool
    default: bool
    less: bool = False
    some: bool = False  # shared with some roles

    def question(self) -> read.Query:
        return question_of(self.params)

    @property
    def address(self) -> str:
        return f"view={self.id}" + (f"&{self.params}" if self.params else "")


@dataclass(frozen=True)
class Settings:
    """How this person has this list."""

    opens_with: int | None = None
    tabs: tuple[int, ...] = ()
    widths: Mapping[str, Any] = None  # type: ignore[assignment]  # always given


#: What each person has of each list; forgotten as a whole when any view or setting changes, in every process.
_KEPT: Cached[dict[tuple[str, int | None, tuple[int, ...]], Any]] = Cached("lists", dict)
_MOST_KEPT = 5000


def settings_of(actor: Actor, entity: Entity) -> Settings:
    return _kept(actor, entity)[0]


def _kept(actor: Actor, entity: Entity) -> tuple[Settings, list[tuple[int, str, str, int, bool]]]:
    """Settings and views of a list for one person, as they are stored."""
    held, key = _KEPT.get(), (entity.key, actor.user_id, actor.role_ids)
    if key not in held:
        if len(held) >= _MOST_KEPT:
            held.clear()
        held[key] = (_settings(actor, entity), _stored(actor, entity))
    found: tuple[Settings, list[tuple[int, str, str, int, bool]]] = held[key]
    return found


def _stored(actor: Actor, entity: Entity) -> list[tuple[int, str, str, int, bool]]:
    for_roles = _SHARED.filter(role_id__in=actor.role_ids).values("savedview_id")
    return list(
        SavedView.objects.filter(Q(owner=actor.user_id) | Q(shared=True) | Q(pk__in=for_roles), entity=entity.key)
        .order_by("id")
        .values_list("id", "name", "query", "owner_id", "shared")[:MOST]
    )


def _settings(actor: Actor, entity: Entity) -> Settings:
    row = (
        ListSetting.objects.filter(person=actor.user_id, entity=entity.key)
        .values_list("opens_with", "tabs", "widths")
        .first()
    )
    return Settings(None, (), {}) if row is None else Settings(row[0], tuple(row[1]), row[2])


def question_of(params: str) -> read.Query:
    return replace(read.Query.from_params(parse_qsl(params, keep_blank_values=True)), view="")


def seen_by(actor: Actor, entity: Entity, own: Settings | None = None) -> list[View]:
    """Views of this list, in the order this person gave them: their own, those for everybody, those for one of their roles."""
    own = own or settings_of(actor, entity)
    rows = _kept(actor, entity)[1]
    found = []
    for id_, name, params, owner, shared in rows:
        try:
            query, less = usable(actor, entity, question_of(params))
        except read.BadQuery:
            continue
        mine = owner == actor.user_id
        found.append(
            View(id_, name, query.params(), mine, shared, id_ == own.opens_with, less, not mine and not shared)
        )
    place = {id_: i for i, id_ in enumerate(own.tabs)}
    return sorted(found, key=lambda v: (place.get(v.id, len(place)), v.id))


def usable(actor: Actor, entity: Entity, query: read.Query) -> tuple[read.Query, bool]:
    """The question without what this person may not ask, and whether something was left out; what it was is not told."""
    try:
        check(actor, entity, query)
        return query, False
    except (UnknownField, read.BadQuery):
        pass
    plain = read.Query(match=query.match, groups=query.groups)

    def may(part: read.Query) -> bool:
        try:
            check(actor, entity, part)
        except (UnknownField, read.BadQuery):
            return False
        return True

    return replace(
        query,
        filters=tuple(f for f in query.filters if may(replace(plain, filters=(f,)))),
        having=tuple(h for h in query.having if may(replace(plain, having=(h,)))),
        sort=tuple(s for s in query.sort if may(replace(plain, sort=(s,)))),
        columns=tuple(c for c in query.columns if may(replace(plain, columns=(c,)))),
        by=query.by if query.by and may(replace(plain, by=query.by)) else "",
    ), True


def check(actor: Actor, entity: Entity, query: read.Query) -> None:
    """Raises UnknownField or BadQuery unless this person may ask all of it."""
    resolve(actor, entity, query)
    resolve_filters(actor, entity, query)
    resolve_sort(actor, entity, query)
    resolve_columns(actor, entity, query)
    if query.by:
        resolve_by(actor, entity, query)


def default_of(views: Sequence[View]) -> View | None:
    return next((v for v in views if v.default), None)


def current(views: Sequence[View], query: read.Query, chosen: View | None, *, plain: bool) -> View | None:
    """The view that the list shows now, if it is one: the one it was opened with, else one that asks exactly this."""
    if chosen is not None:
        return chosen
    if plain:
        return None
    if query.view:
        return next((v for v in views if str(v.id) == query.view), None)
    params = query.params()
    return next((v for v in views if v.params == params), None)


def tabs(views: Sequence[View], base: str, now: View | None, query: read.Query) -> list[dict[str, Any]]:
    """Tabs above the list; none when there is nothing saved."""
    if not views:
        return []
    everything = {
        "label": _("All"),
        "url": f"{base}?n=50",
        "current": now is None,
        "icon": "",
        "id": 0,
        "changed": False,
    }
    return [
        everything,
        *(
            {
                "label": v.name,
                "url": f"{base}?{v.address}",
                "current": v is now,
                "icon": "" if v.mine else "users",
                "id": v.id,
                "changed": v is now and replace(query, view="", cursor="").params() != v.params,
            }
            for v in views
        ),
    ]


@entity_page("view")
def dialog(request: HttpRequest, entity: Entity) -> HttpResponse:
    """Save the list as it stands, or look after the views one has."""
    actor = actor_of(request)
    query = read.Query.from_params([(n, v) for n, vs in request.GET.lists() for v in vs])
    views = seen_by(actor, entity)
    now = current(views, query, None, plain=False)
    chosen = _roles_of(now.id) if now is not None and now.mine else set()
    context = {
        "entity": entity,
        "base": addresses.list_url(entity.key),
        "plural": entity_plural(entity),
        "params": replace(query, view="").params(),
        "views": views,
        "current": now,
        "roles": [(pk, name, pk in chosen) for pk, name in _roles()],
        "audience": "everybody" if now and now.mine and now.shared else "roles" if chosen else "me",
    }
    return render(request, "pages/views.html", context, fragment="dialog" if is_fragment(request) else "")


def _roles() -> list[tuple[int, str]]:
    return sorted(((r.pk, str(r)) for r in Role.objects.all()), key=lambda pair: pair[1])


def _roles_of(view: int) -> set[int]:
    return set(_SHARED.filter(savedview_id=view).values_list("role_id", flat=True))


@require_POST
@entity_page("view")
def save(request: HttpRequest, entity: Entity) -> HttpResponse:
    """Save the question under a name; a view of the same name is replaced."""
    actor = actor_of(request)
    base = addresses.list_url(entity.key)
    name = " ".join(request.POST.get("name", "").split())[:100]
    query = question_of(params_from(request.POST))
    check(actor, entity, query)
    if len(query.params()) > KEPT:
        toast(request, _("These filters are too long to be kept as a view; take some values out."), level="error")
        return HttpResponseRedirect(f"{base}?{query.params()}")
    if not name:
        toast(request, _("Give the view a name."), level="error")
        return HttpResponseRedirect(f"{base}?{query.params()}")
    audience = request.POST.get("audience", "")
    shared = "shared" in request.POST or audience == "everybody"
    roles = set(ids_from(request.POST, "role")) if audience == "roles" else set()
    try:
        with transaction.atomic():
            row, _new = SavedView.objects.update_or_create(
                entity=entity.key,
                owner_id=actor.user_id,
                name=name,
                defaults={"query": query.params(), "shared": shared},
            )
            row.shared_with.set(Role.objects.filter(pk__in=roles))
            if "default" in request.POST:
                _set(actor, entity, opens_with_id=row.pk)
            else:
                ListSetting.objects.filter(person=actor.user_id, opens_with=row.pk).update(opens_with=None)
            bump("lists")
    except IntegrityError:
        toast(request, _("The view could not be saved. Try again."), level="error")
        return HttpResponseRedirect(f"{base}?{query.params()}")
    toast(request, _("Saved as “%(name)s”.") % {"name": name})
    return HttpResponseRedirect(f"{base}?{replace(query, view=str(row.pk)).params()}")


def _set(actor: Actor, entity: Entity, **values: Any) -> None:
    with transaction.atomic():
        ListSetting.objects.update_or_create(person_id=actor.user_id, entity=entity.key, defaults=values)
        bump("lists")


@require_POST
@entity_page("view")
def change(request: HttpRequest, entity: Entity, id: int) -> HttpResponse:  # noqa: A002
    """Rename or delete one's own view; open the list with any view one sees (or with none)."""
    actor = actor_of(request)
    do = request.POST.get("do", "")
    back = HttpResponseRedirect(f"{addresses.list_url(entity.key)}?n=50")
    if do in ("default", "no-default"):
        if id not in {v.id for v in seen_by(actor, entity)}:
            raise Http404("not theirs")
        _set(actor, entity, opens_with_id=id if do == "default" else None)
        toast(request, _("Saved."))
        return back
    row = SavedView.objects.filter(pk=id, entity=entity.key, owner=actor.user_id).first()
    if row is None:
        raise Http404("not theirs")
    if do == "delete":
        with transaction.atomic():
            row.delete()
            bump("lists")
        toast(request, _("The view “%(name)s” is gone; the records stay.") % {"name": row.name})
    elif do == "rename":
        name = " ".join(request.POST.get("name", "").split())[:100]
        taken = SavedView.objects.filter(entity=entity.key, owner=actor.user_id, name=name).exclude(pk=id).exists()
        if not name or taken:
            words = _("There is a view of that name already.") if taken else _("Give the view a name.")
            toast(request, words, level="error")
        else:
            with transaction.atomic():
                SavedView.objects.filter(pk=id).update(name=name)
                bump("lists")
            toast(request, _("Saved."))
    return back


@require_POST
@entity_page("view")
def order(request: HttpRequest, entity: Entity) -> HttpResponse:
    """The order of the tabs, for this person only."""
    actor = actor_of(request)
    known = [v.id for v in seen_by(actor, entity)]
    wanted = [n for n in dict.fromkeys(ids_from(request.POST, "view")) if n in known]
    _set(actor, entity, tabs=[*wanted, *(n for n in known if n not in wanted)])
    return HttpResponse(status=204) if is_fragment(request) else HttpResponseRedirect(addresses.list_url(entity.key))


@require_POST
@entity_page("view")
def widths(request: HttpRequest, entity: Entity) -> HttpResponse:
    """Widths of columns in pixels, kept for this person and view: `widths` is {field: pixels}, nothing for as wide as they are."""
    actor = actor_of(request)
    view = number(request.POST.get("view", "")) or 0
    known = custom.fields(entity)
    try:
        given = json.loads(request.POST.get("widths", "{}")[:10_000])
        kept = {
            key: max(NARROWEST, min(WIDEST, int(px)))
            for key, px in given.items()
            if key in known and isinstance(px, (int, float))
        }
    except (ValueError, AttributeError, OverflowError):
        raise read.BadQuery("no widths") from None
    if view and view not in {v.id for v in seen_by(actor, entity)}:
        raise Http404("not theirs")
    with transaction.atomic():
        row, _new = ListSetting.objects.select_for_update().get_or_create(person_id=actor.user_id, entity=entity.key)
        row.widths = {k: v for k, v in row.widths.items() if k != str(view)} | ({str(view): kept} if kept else {})
        row.save(update_fields=["widths"])
        bump("lists")
    if is_fragment(request) or "params" not in request.POST:
        return HttpResponse(status=204)
    query = read.Query.from_params(parse_qsl(params_from(request.POST), keep_blank_values=True))
    return HttpResponseRedirect(f"{addresses.list_url(entity.key)}?{query.params() or 'n=50'}")


def widths_for(own: Settings, now: View | None, keys: Iterable[str]) -> list[int]:
    """The width of each column in pixels, 0 for as wide as it is; nothing at all when none was set."""
    kept = own.widths.get(str(now.id if now else 0), {})
    found = [kept.get(key, 0) for key in keys]
    return found if any(found) else []
