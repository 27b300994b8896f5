"""Search over everything: the first hits of each object that this person may see, each with the list behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from guanxi.core.access import Actor
from guanxi.records import catalogue, read
from guanxi.records.entity import Entity
from guanxi.records.search import searchable
from guanxi.web.access import signed_in
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, answers, entity_plural, render

HITS = 6


@dataclass(frozen=True)
class Hit:
    title: str
    facts: str
    url: str


@dataclass(frozen=True)
class Group:
    """The hits in one object."""

    title: str
    icon: str
    hits: tuple[Hit, ...]
    count: read.Count
    url: str


def groups(actor: Actor, words: str) -> Iterator[Group]:
    """One group for each object with hits; a fixed number of queries an object."""
    query = read.Query(search=words, limit=HITS)
    for entity in catalogue.every():
        if entity.listed and searchable(entity) and actor.can(entity.key, "view"):
            page = read.page(entity, actor, query)
            if page.rows:
                yield Group(
                    entity_plural(entity), entity.icon, tuple(_hit(entity, row) for row in page.rows), page.count,
                    f"{addresses.list_url(entity.key)}?{query.params(limit=50)}",
                )  # fmt: skip


def _hit(entity: Entity, row: read.Row) -> Hit:
    facts = [cell.text for cell in row.cells if cell.text and cell.text != row.title]
    return Hit(row.title, " · ".join(facts[:5]), addresses.record_url(entity.key, row.id))


@signed_in
@answers
def search(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:200]
    found = list(groups(actor_of(request), words)) if words else []
    return render(request, "pages/search.html", {"words": words, "groups": found})
