"""The records before and after this one in the list that somebody came from.

The list's address travels along as `?from=` (its parameters, cursor included); only that one page of the list is asked for, and
the next or previous one at its edges, so the cost is that of a page, however long the list.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.http import HttpRequest, HttpResponse

from guanxi.core.access import Actor
from guanxi.records import read
from guanxi.records.entity import Entity
from guanxi.records.rights import UnknownField
from guanxi.web.pages import addresses, saved_views
from guanxi.web.pages.base import actor_of, entity_page, render

LONGEST = 4000  # characters of a list's address
NOTHING = "-"  # the list without any parameters


@dataclass(frozen=True)
class Neighbour:
    title: str
    url: str


def came_from(request: HttpRequest, entity: Entity) -> str:
    """The parameters of the list that somebody comes from: carried in the address, else told by the browser; "" for none."""
    if given := request.GET.get("from", ""):
        return given[:LONGEST]
    referer = urlsplit(request.headers.get("Referer", ""))
    if referer.netloc == request.get_host() and referer.path == addresses.list_url(entity.key):
        return (referer.query or NOTHING)[:LONGEST]
    return ""


@entity_page("view")
def neighbours(request: HttpRequest, entity: Entity, id: int) -> HttpResponse:  # noqa: A002
    """Links to the records before and after, as a piece of the record page; nothing for a list this record is not in."""
    actor = actor_of(request)
    read.get_visible(entity, actor, id)
    context = {}
    if origin := came_from(request, entity):
        try:
            before, after = around(entity, actor, id, origin)
            context = {"before": before, "after": after, "list_url": _list_url(entity, origin)}
        except (read.BadQuery, UnknownField):  # a list that this person cannot ask for any more
            context = {}
    return render(request, "pages/neighbours.html", context)


def around(entity: Entity, actor: Actor, id: int, origin: str) -> tuple[Neighbour | None, Neighbour | None]:  # noqa: A002
    """The records beside this one in that list. Raises BadQuery and UnknownField as the list itself does."""
    query = question(entity, actor, origin)
    page = read.page(entity, actor, query)
    ids = [row.id for row in page.rows]
    if id not in ids:
        return None, None
    at = ids.index(id)
    before = _neighbour(entity, page.rows[at - 1], query) if at else _edge(entity, actor, query, page.previous, -1)
    after = (
        _neighbour(entity, page.rows[at + 1], query) if at + 1 < len(ids) else _edge(entity, actor, query, page.next, 0)
    )
    return before, after


def question(entity: Entity, actor: Actor, origin: str) -> read.Query:
    """The list's question; only titles are asked for. A list without parameters opens this person's default view."""
    pairs = parse_qsl("" if origin == NOTHING else origin, keep_blank_values=True)
    query = read.Query.from_params(pairs)
    if not pairs:
        chosen = saved_views.default_of(saved_views.seen_by(actor, entity))
        query = chosen.question() if chosen is not None else query
    return replace(query, columns=(entity.title,))


def _edge(entity: Entity, actor: Actor, query: read.Query, cursor: str, at: int) -> Neighbour | None:
    if not cursor:
        return None
    there = replace(query, cursor=cursor)
    rows = read.page(entity, actor, there).rows
    return _neighbour(entity, rows[at], there) if rows else None


def _neighbour(entity: Entity, row: read.Row, query: read.Query) -> Neighbour:
    origin = replace(query, columns=()).params(cursor=query.cursor) or NOTHING
    return Neighbour(
        row.title or f"#{row.id}", f"{addresses.record_url(entity.key, row.id)}?{urlencode({'from': origin})}"
    )


def _list_url(entity: Entity, origin: str) -> str:
    return addresses.list_url(entity.key) + ("" if origin == NOTHING else f"?{urlencode(parse_qsl(origin))}")
