"""Search as you type for link fields: only what the person may see."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from guanxi.core.access.models import Level
from guanxi.records import read, rights
from guanxi.records.entity import Entity
from guanxi.web.access import signed_in
from guanxi.web.pages.base import actor_of, entity_page, render
from guanxi.web.pages.lists import people_like

MOST = 12


@entity_page("view")
def choose(request: HttpRequest, entity: Entity) -> HttpResponse:
    """`<li role="option">` items for `?q=`; without words the newest records."""
    actor = actor_of(request)
    words = request.GET.get("q", "").strip()[:100]
    number = entity.numbering.field if entity.numbering and entity.numbering.field != entity.title else ""
    may_read_number = number and rights.level(actor, entity.declared[number]).rank >= Level.READ.rank
    columns = (number,) if may_read_number else ()
    page = read.page(entity, actor, read.Query(search=words, columns=columns or (entity.title,), limit=MOST))
    items = [(row.id, row.title or f"#{row.id}", row.cells[0].text if columns else "") for row in page.rows]
    return render(request, "pages/choose.html", {"items": items, "words": words})


@signed_in
def people(request: HttpRequest) -> HttpResponse:
    """Colleagues: whoever is signed in may know their names."""
    words = request.GET.get("q", "").strip()[:100]
    return render(
        request, "pages/choose.html", {"items": [(pk, name, "") for pk, name in people_like(words)], "words": words}
    )
