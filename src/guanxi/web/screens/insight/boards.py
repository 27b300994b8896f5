"""Dashboards: the board with its filters, and one tile at a time."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.core.identity.models import User
from guanxi.core.jobs import enqueue
from guanxi.core.org.models import Department
from guanxi.core.org.settings import organisation
from guanxi.insight import answers, boards, periods
from guanxi.insight.groups import TooMany
from guanxi.insight.marts import store
from guanxi.insight.models import Dashboard
from guanxi.insight.questions import Question
from guanxi.records import catalogue
from guanxi.records.read import BadQuery, formats_for
from guanxi.records.rights import UnknownField
from guanxi.web.access import signed_in
from guanxi.web.pages import words
from guanxi.web.pages.base import actor_of, render
from guanxi.web.pages.base import answers as answers_page
from guanxi.web.screens.insight.shown import BoardFilters, tile_shown, title_of
from guanxi.web.shell import toast
from guanxi.web.templatetags.gx import day


def url_of(board: int) -> str:
    return reverse("dashboard", args=[board])


@signed_in
@answers_page
def first(request: HttpRequest) -> HttpResponse:
    """The board somebody sees first; without any, an invitation to make one."""
    found = boards.default_for(actor_of(request))
    if found is not None:
        return HttpResponseRedirect(url_of(found.pk))
    return render(request, "insight/none.html", {})


def name_of(board: Dashboard) -> str:
    return title_of(board.name) if board.key else board.name


@signed_in
@answers_page
def board(request: HttpRequest, board: int) -> HttpResponse:
    actor = actor_of(request)
    found = boards.get(actor, board)
    filters = BoardFilters.of(request, found)
    if {"from", "to", "days"} & set(request.GET):
        return _typed(request, actor, found, filters)
    period = periods.read(filters.period, formats_for(actor))
    if filters.who:
        filters.owners()
    may = boards.may_change(actor, found)
    editing = may and "edit" in request.GET
    marts = store.opened()
    everything = list(boards.seen_by(actor)[: boards.MOST_BOARDS])
    keep = filters.params()
    tiles = boards.tiles_of(found)
    context: dict[str, Any] = {
        "board": found,
        "name": name_of(found),
        "tabs": [
            {"label": name_of(b), "url": url_of(b.pk), "current": b.pk == found.pk, "icon": "" if b.owner_id == actor.user_id else "users"}
            for b in everything
        ] if len(everything) > 1 else [],
        "tiles": [{"tile": t, "title": title_of(t.title)} for t in tiles],
        "params": keep,
        "filters": filters,
        "picker": picker(url_of(found.pk), filters, period, found.period),
        "people": _people(actor, filters.who),
        "regions": _regions(actor, filters.region),
        "may": may,
        "editing": editing,
        "zone": actor.time_zone,
        "reporting": organisation().reporting_currency,
        "fresh": marts.state.at if marts is not None else None,
        "url": url_of(found.pk),
    }  # fmt: skip
    return render(request, "insight/board.html", context)


def _typed(request: HttpRequest, actor: Actor, board: Dashboard, filters: BoardFilters) -> HttpResponse:
    """Days typed into the picker become a period in the address."""
    text = {name: request.GET.get(name, "").strip()[:12] for name in ("from", "to", "days")}
    try:
        key = periods.typed(text["from"], text["to"], text["days"], formats_for(actor)) or filters.period
    except BadQuery:
        key = filters.period
        wrong = _("Days are a number from 1 to %(most)s.") % {"most": periods.MOST_DAYS}
        toast(request, wrong if text["days"] else _("These are no two days of a calendar."), level="error")
    return HttpResponseRedirect(f"{url_of(board.pk)}?{replace(filters, period=key).params()}")


@dataclass(frozen=True)
class Picker:
    """The choice of a period: groups of ready ones as (label, address, chosen), and what is in the fields."""

    label: str
    days: str
    groups: tuple[tuple[tuple[str, str, bool], ...], ...]
    first: str
    last: str
    counted: str
    keep: tuple[tuple[str, str], ...]


def picker(url: str, filters: BoardFilters, period: periods.Period, opens_with: str) -> Picker:
    def one(key: str) -> tuple[str, str, bool]:
        return period_name(key), f"{url}?{replace(filters, period=key).params()}", key == period.key

    groups: tuple[tuple[str, ...], ...] = (*periods.OFFERED, (periods.ALL,))
    if all(opens_with not in group for group in groups) and ".." not in opens_with:
        groups = (*groups[:-1], (opens_with, periods.ALL))
    counted = period.key.removeprefix("last_").removesuffix("_days")
    return Picker(
        period_name(period.key), period_days(period), tuple(tuple(one(key) for key in group) for group in groups),
        period.start.isoformat() if period.start else "", period.end.isoformat() if period.end else "",
        counted if counted.isdigit() else "",
        tuple((name, value) for name, value in (("who", filters.who), ("region", filters.region)) if value),
    )  # fmt: skip


def period_name(key: str) -> str:
    """What a period is called where it stands alone."""
    if key in ("", periods.ALL):
        return _("All time")
    if ".." in key:
        return _("Chosen days")
    return str(capfirst(words.range_text(key)))


def period_days(period: periods.Period) -> str:
    """Its days as the person writes them."""
    if period.start is None and period.end is None:
        return ""
    if period.end is None:
        return _("since %(day)s") % {"day": day(period.start)}
    if period.start is None:
        return _("until %(day)s") % {"day": day(period.end)}
    return day(period.start) if period.start == period.end else f"{day(period.start)} – {day(period.end)}"


def period_choices(chosen: str) -> list[tuple[str, str, bool]]:
    """Periods a dashboard may open with."""
    keys = [periods.ALL, *(key for group in periods.OFFERED for key in group)]
    found = [(key, period_name(key), key == (chosen or periods.ALL)) for key in keys]
    if not any(on for _key, _label, on in found):
        label = chosen.replace("..", " – ").strip(" –") if ".." in chosen else period_name(chosen)
        found.append((chosen, label, True))
    return found


def _people(actor: Actor, chosen: str) -> list[tuple[str, str, bool]]:
    """Departments, then people: those whose customers the actor could see."""
    mine = actor.owners(actor.scope("customers.account", "view"))
    if mine is not None and len(mine) < 2:
        return []
    people = User.objects.filter(is_active=True).order_by("name")
    departments = Department.objects.order_by("path")
    if mine is not None:
        people = people.filter(pk__in=mine)
        departments = departments.filter(pk__in=people.values("department"))
    found = [(f"d{d.pk}", f"{'　' * (d.path.count('/') - 2)}{d.name}", f"d{d.pk}" == chosen) for d in departments[:200]]
    found += [(str(pk), name, str(pk) == chosen) for pk, name in people.values_list("pk", "name")[:300]]
    return found


def _regions(actor: Actor, chosen: str) -> list[tuple[str, bool]]:
    """Regions there are among the customers the actor sees; none for who may not read addresses."""
    try:
        question = Question("customers.account", by="address:province")
        found = answers.answer(actor, question)
    except (UnknownField, catalogue.UnknownEntity, BadQuery, TooMany):
        return []
    return [(str(key), str(key) == chosen) for key in found.keys if key is not None]


@signed_in
@answers_page
def tile(request: HttpRequest, board: int, tile: str) -> HttpResponse:
    """One tile: a piece of the board, or a page of its own."""
    actor = actor_of(request)
    found = boards.get(actor, board)
    chosen = next((t for t in boards.tiles_of(found) if t.id == tile), None)
    if chosen is None:
        raise Http404("no such tile")
    filters = BoardFilters.of(request, found)
    shown = tile_shown(actor, chosen, filters)
    entity = catalogue.get(chosen.entity) if shown.state != "denied" else None
    context = {
        "s": shown,
        "board": found,
        "board_name": name_of(found),
        "board_url": f"{url_of(found.pk)}?{filters.params()}",
        "params": filters.params(),
        "data_id": f"data-{chosen.id}",
        "may_export": entity is not None and actor.can(entity.key, "export"),
    }
    fragment = "tile" if request.headers.get("HX-Request") == "true" else ""
    return render(request, "insight/tile.html", context, fragment=fragment)


@signed_in
@require_POST
@answers_page
def refresh(request: HttpRequest, board: int) -> HttpResponse:
    """Ask for fresh figures now; the job runs beside the pages."""
    actor = actor_of(request)
    found = boards.get(actor, board)
    with contextlib.suppress(OSError):
        store.ask()
    enqueue("insight.refresh", actor=actor, once_key="insight.refresh")
    toast(request, _("The figures are being brought up to date."))
    return HttpResponseRedirect(url_of(found.pk))
