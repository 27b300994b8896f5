"""The figures of a tile as a file; that they went out is in the journal."""

from __future__ import annotations

import tempfile

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guanxi.core.journal import note
from guanxi.insight import boards
from guanxi.kit.writers import CsvWriter, XlsxWriter
from guanxi.web.access import signed_in
from guanxi.web.pages.base import actor_of, answers
from guanxi.web.pages.export import TYPES
from guanxi.web.screens.insight.shown import BoardFilters, tile_shown


@signed_in
@require_POST
@answers
def export(request: HttpRequest, board: int, tile: str) -> HttpResponseBase:
    actor = actor_of(request)
    found = boards.get(actor, board)
    chosen = next((t for t in boards.tiles_of(found) if t.id == tile), None)
    if chosen is None or not actor.can(chosen.entity, "export"):
        raise Http404("no such tile")
    form = request.POST.get("format", "CSV").lower()
    form = form if form in TYPES else "csv"
    filters = BoardFilters.of(request, found)
    shown = tile_shown(actor, chosen, filters)
    if shown.state == "denied":
        raise Http404("no such tile")
    unit = f" ({shown.currency})" if shown.currency else ""
    heads = shown.heads or [_("Figure"), shown.title]
    header = [heads[0], *(f"{head}{unit}" for head in heads[1:])]
    file = tempfile.SpooledTemporaryFile(max_size=2_000_000)  # noqa: SIM115 (the response closes it)
    writer = CsvWriter(file, header) if form == "csv" else XlsxWriter(file, header, sheet=shown.title)  # type: ignore[arg-type]
    with writer as out:
        if shown.rows:
            for row in shown.rows:
                out.write([row["label"], *(cell["value"] for cell in row["cells"])])
        elif shown.answer is not None:
            out.write([shown.title, shown.answer.total.value])
    note(
        actor, action="export", entity=chosen.entity,
        detail={"rows": writer.rows, "format": form, "dashboard": found.pk, "tile": chosen.id},
    )  # fmt: skip
    file.seek(0)
    day = timezone.localtime().strftime("%Y-%m-%d")
    return FileResponse(file, as_attachment=True, filename=f"{shown.title} {day}.{form}", content_type=TYPES[form])
