"""Making dashboards: boards, sharing, tiles; everything by buttons that work without a mouse, each step with undo."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.core.access.models import Role
from guanxi.insight import boards, offered, ready
from guanxi.insight.boards import Draft, Invalid, Stale, Tile
from guanxi.insight.models import Dashboard, Sharing
from guanxi.web.access import signed_in
from guanxi.web.pages.base import actor_of, answers, entity_plural, number, render
from guanxi.web.screens.insight.boards import name_of, period_choices, url_of
from guanxi.web.screens.insight.shown import title_of
from guanxi.web.shell import toast

KIND_NAMES = {
    "number": gettext_lazy("Number"), "line": gettext_lazy("Line"), "bar": gettext_lazy("Bars"),
    "stacked": gettext_lazy("Stacked bars"), "funnel": gettext_lazy("Funnel"), "heat": gettext_lazy("Heat map"),
    "table": gettext_lazy("Table"), "completeness": gettext_lazy("Completeness"),
}  # fmt: skip
WIDTH_NAMES = {
    3: gettext_lazy("A quarter"), 4: gettext_lazy("A third"), 6: gettext_lazy("Half"), 8: gettext_lazy("Two thirds"),
    12: gettext_lazy("The whole width"),
}  # fmt: skip
HEIGHT_NAMES = {1: gettext_lazy("Low"), 2: gettext_lazy("Middle height"), 3: gettext_lazy("High")}


def _edit_url(board: int) -> str:
    return f"{url_of(board)}?edit=1"


def _undo_url(change_set: int) -> str:
    return reverse("dashboard-undo", args=[change_set]) if change_set else ""


def _saved(request: HttpRequest, save: Callable[[], int], text: str) -> list[str]:
    """Saves and says so with a way back; the problems when it could not be."""
    try:
        change_set = save()
    except Invalid as error:
        return [str(error)]
    except Stale:
        return [_("Somebody changed this dashboard meanwhile. Look at it again and repeat your change.")]
    if change_set:
        toast(request, text, undo=_undo_url(change_set))
    return []


def _mine(request: HttpRequest, pk: int) -> Dashboard:
    found = boards.get(actor_of(request), pk)
    if not boards.may_change(actor_of(request), found):
        raise Http404("not theirs")
    return found


@signed_in
@answers
def new(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    draft, problems = Draft(""), []
    if request.method == "POST":
        draft = _draft(request, draft)
        try:
            made = boards.create(actor, draft)
        except Invalid as error:
            problems = [str(error)]
        else:
            return HttpResponseRedirect(_edit_url(made.pk))
    return _settings_page(request, actor, None, draft, problems)


@signed_in
@answers
def settings(request: HttpRequest, board: int) -> HttpResponse:
    actor = actor_of(request)
    found = _mine(request, board)
    draft, problems = boards.draft_of(found), []
    if request.method == "POST":
        draft = _draft(request, draft)
        problems = _saved(request, lambda: boards.save(actor, board, draft), _("The dashboard was changed."))
        if not problems:
            return HttpResponseRedirect(url_of(board))
    return _settings_page(request, actor, found, draft, problems)


def _draft(request: HttpRequest, before: Draft) -> Draft:
    post = request.POST
    return replace(
        before, name=post.get("name", "")[:200], period=post.get("period", before.period)[:40],
        sharing=post.get("sharing", Sharing.PRIVATE), roles=tuple(post.getlist("roles")[:100]),
    )  # fmt: skip


def _settings_page(
    request: HttpRequest, actor: Actor, board: Dashboard | None, draft: Draft, problems: list[str]
) -> HttpResponse:
    wide = boards.may_share_widely(actor)
    roles = Role.objects.order_by("pk") if wide else Role.objects.filter(pk__in=actor.role_ids).order_by("pk")
    sharings = [(v, label) for v, label in Sharing.choices if wide or v != Sharing.EVERYBODY or draft.sharing == v]
    context = {
        "board": board,
        "name": name_of(board) if board else "",
        "draft": draft,
        "problems": problems,
        "periods": period_choices(draft.period),
        "sharings": [(v, label, v == draft.sharing) for v, label in sharings],
        "roles": [(r.key, _(r.name) if r.ready_made else r.name, r.key in draft.roles) for r in roles],
        "back": url_of(board.pk) if board else reverse("insight"),
    }
    return render(request, "insight/settings.html", context, status=422 if problems else 200)


@signed_in
@require_POST
@answers
def copy(request: HttpRequest, board: int) -> HttpResponse:
    """The same board as one's own."""
    actor = actor_of(request)
    found = boards.get(actor, board)
    name = _("%(name)s (mine)") % {"name": name_of(found)}
    try:
        made = boards.create(actor, boards.copy_of(found, name[:100], tuple(ready.TITLES)))
    except Invalid as error:
        toast(request, str(error), level="error")
        return HttpResponseRedirect(url_of(board))
    toast(request, _("This copy is yours to change."))
    return HttpResponseRedirect(_edit_url(made.pk))


@signed_in
@require_POST
@answers
def delete(request: HttpRequest, board: int) -> HttpResponse:
    _mine(request, board)
    change_set = boards.delete(actor_of(request), board)
    toast(request, _("The dashboard was deleted."), undo=_undo_url(change_set))
    return HttpResponseRedirect(reverse("insight"))


@signed_in
@require_POST
@answers
def undo(request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002
    try:
        board = boards.undo(actor_of(request), id)
    except Stale:
        toast(request, _("This was changed again since; it cannot be taken back in one step."), level="error")
        return HttpResponseRedirect(reverse("insight"))
    toast(request, _("Taken back."))
    return HttpResponseRedirect(url_of(board.pk) if board.deleted_at is None else reverse("insight"))


# Tiles ------------------------------------------------------------------------------------------------------------------


@signed_in
@answers
def tile(request: HttpRequest, board: int, tile: str = "") -> HttpResponse:
    """A tile's form; POST saves it. A ready-made one is added with one press."""
    actor = actor_of(request)
    found = _mine(request, board)
    draft = boards.draft_of(found)
    held = next((t for t in draft.tiles if t.id == tile), None)
    if tile and held is None:
        raise Http404("no such tile")
    values = asdict(held) if held else {"id": "", "kind": "bar", "title": "", "entity": "customers.account", "width": 6, "height": 2,
                                        "follows": True, "filters": "", "measure": "count", "by": "", "split": "", "top": 0,
                                        "cumulative": False}  # fmt: skip
    if held:
        values["title"] = title_of(held.title)
    problems: list[str] = []
    if request.method == "POST":
        preset = next((t for t in ready.TILES if t.id == request.POST.get("ready")), None)
        if preset is not None:
            made: Tile | None = replace(preset, id=secrets.token_hex(4))
        else:
            values = _values(request, values)
            made = None
            try:
                made = boards.tile({k: v for k, v in values.items() if k != "id" or v})
                if held and made.title == title_of(held.title):
                    made = replace(made, title=held.title)
            except Invalid as error:
                problems = [str(error)]
        if made is not None:
            chosen = made
            tiles = tuple(chosen if t.id == tile else t for t in draft.tiles) if held else (*draft.tiles, chosen)
            problems = _saved(
                request, lambda: boards.save(actor, board, replace(draft, tiles=tiles)), _("The tile was saved.")
            )
            if not problems:
                return HttpResponseRedirect(f"{_edit_url(board)}#tile-{chosen.id}")
    elif request.GET.get("entity"):
        values = {**_values(request, values), "follows": "follows" in request.GET or values["follows"]}
    return _tile_page(request, actor, found, values, problems, held)


def _values(request: HttpRequest, before: dict[str, Any]) -> dict[str, Any]:
    given = request.POST if request.method == "POST" else request.GET
    filters = given.get("filters", before["filters"]).strip()
    return {
        "id": before["id"],
        **{key: given.get(key, before[key])[:120] for key in ("kind", "title", "entity", "measure", "by", "split")},
        "filters": (filters.partition("?")[2] if "?" in filters else filters)[:2000],
        "top": min(number(given.get("top", "")) or 0, 50),
        "width": number(given.get("width", "")) or before["width"],
        "height": number(given.get("height", "")) or before["height"],
        "cumulative": "cumulative" in given,
        "follows": "follows" in given,
    }


def _tile_page(
    request: HttpRequest, actor: Actor, board: Dashboard, values: dict[str, Any], problems: list[str], held: Tile | None
) -> HttpResponse:
    known = offered.entities(actor)
    entity = next((e for e in known if e.key == values["entity"]), known[0] if known else None)
    if entity is None:
        raise Http404("nothing to measure")
    place = (
        reverse("dashboard-tile-edit", args=[board.pk, held.id])
        if held
        else reverse("dashboard-tile-new", args=[board.pk])
    )
    dimensions = offered.dimensions(actor, entity)
    context = {
        "board": board,
        "name": name_of(board),
        "back": _edit_url(board.pk),
        "v": values,
        "place": place,
        "held": held,
        "problems": problems,
        "kinds": [(k, label, k == values["kind"]) for k, label in KIND_NAMES.items()],
        "entities": [(e.key, entity_plural(e), e.key == entity.key) for e in known],
        "measures": [(k, label, k == values["measure"]) for k, label in offered.measures(actor, entity)],
        "by": [(k, label, k == values["by"]) for k, label in dimensions],
        "split": [(k, label, k == values["split"]) for k, label in dimensions],
        "widths": [(w, WIDTH_NAMES[w], w == values["width"]) for w in boards.WIDTHS],
        "heights": [(h, HEIGHT_NAMES[h], h == values["height"]) for h in boards.HEIGHTS],
        "ready": []
        if held
        else [(t.id, title_of(t.title), KIND_NAMES[t.kind]) for t in ready.TILES if actor.can(t.entity, "view")],
    }
    fragment = "fields" if request.headers.get("HX-Request") == "true" and request.method == "GET" else ""
    return render(request, "insight/tile_form.html", context, status=422 if problems else 200, fragment=fragment)


def _step(values: tuple[int, ...], now: int, by: int) -> int:
    at = min(range(len(values)), key=lambda i: abs(values[i] - now)) + by
    return values[max(0, min(len(values) - 1, at))]


@signed_in
@require_POST
@answers
def change(request: HttpRequest, board: int, tile: str) -> HttpResponse:
    """Move, resize or remove a tile by one step."""
    actor = actor_of(request)
    draft = boards.draft_of(_mine(request, board))
    tiles = list(draft.tiles)
    at = next((i for i, t in enumerate(tiles) if t.id == tile), None)
    if at is None:
        raise Http404("no such tile")
    do = request.POST.get("do", "")
    if do == "remove":
        del tiles[at]
    elif do in ("before", "after"):
        to = at + (-1 if do == "before" else 1)
        if 0 <= to < len(tiles):
            tiles[at], tiles[to] = tiles[to], tiles[at]
    elif do in ("wider", "narrower"):
        tiles[at] = replace(tiles[at], width=_step(boards.WIDTHS, tiles[at].width, 1 if do == "wider" else -1))
    elif do in ("taller", "shorter"):
        tiles[at] = replace(tiles[at], height=_step(boards.HEIGHTS, tiles[at].height, 1 if do == "taller" else -1))
    text = _("The tile was removed.") if do == "remove" else _("The dashboard was changed.")
    for problem in _saved(request, lambda: boards.save(actor, board, replace(draft, tiles=tuple(tiles))), text):
        toast(request, problem, level="error")
    return HttpResponseRedirect(f"{_edit_url(board)}#tile-{tile}")


@signed_in
@require_POST
@answers
def order(request: HttpRequest, board: int) -> HttpResponse:
    """The order of the tiles after a drag: their ids."""
    actor = actor_of(request)
    draft = boards.draft_of(_mine(request, board))
    wanted = request.POST.getlist("tile")[: boards.MOST_TILES]
    place = {id_: i for i, id_ in enumerate(wanted)}
    tiles = tuple(sorted(draft.tiles, key=lambda t: place.get(t.id, len(place))))
    problems = _saved(
        request, lambda: boards.save(actor, board, replace(draft, tiles=tiles)), _("The dashboard was changed.")
    )
    for problem in problems:
        toast(request, problem, level="error")
    return HttpResponseRedirect(_edit_url(board))
