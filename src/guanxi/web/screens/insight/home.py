"""A dashboard on the start page: a piece that the page asks for after it stands, so that figures hold nothing up."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guanxi.insight import boards
from guanxi.web.access import signed_in
from guanxi.web.pages.base import actor_of, answers, number, render
from guanxi.web.screens.insight.boards import name_of, period_days, period_name, url_of
from guanxi.web.screens.insight.shown import BoardFilters, title_of
from guanxi.web.shell import toast


@signed_in
@answers
def home(request: HttpRequest) -> HttpResponse:
    """The chosen board with its tiles still to come, or why there is none; and the choice."""
    from guanxi.insight import periods
    from guanxi.records.read import formats_for

    actor = actor_of(request)
    board, chosen = boards.home_of(actor)
    tiles = boards.tiles_for(actor, board) if board else []
    context: dict[str, object] = {
        "board": board,
        "chosen": chosen,
        "choices": [
            (b.pk, name_of(b), board is not None and b.pk == board.pk)
            for b in boards.seen_by(actor)[: boards.MOST_BOARDS]
        ],
        "tiles": [{"tile": t, "title": title_of(t.title)} for t in tiles],
    }
    if board is not None:
        period = periods.read(board.period, formats_for(actor))
        context |= {
            "name": name_of(board),
            "url": url_of(board.pk),
            "params": BoardFilters(board.period).params(),
            "period": period_name(period.key),
            "days": period_days(period),
        }
    return render(
        request, "insight/home.html", context, fragment="board" if request.headers.get("HX-Request") == "true" else ""
    )


@signed_in
@require_POST
@answers
def choose(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    boards.choose_home(actor, number(request.POST.get("board", "")))
    toast(request, _("Your start page was changed."))
    return HttpResponseRedirect(reverse("home"))
