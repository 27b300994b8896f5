"""A list as a file, with what this person may export and see; that it was exported is in the journal."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from typing import IO, Any
from urllib.parse import parse_qsl

from django.http import FileResponse, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guanxi.core.journal import note
from guanxi.kit.writers import CsvWriter, XlsxWriter
from guanxi.records import kinds, read
from guanxi.records.entity import Entity
from guanxi.records.kinds import Formats
from guanxi.records.read import Cell
from guanxi.records.read.page import matching
from guanxi.records.read.query import resolve_columns
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, entity_page, entity_plural
from guanxi.web.shell import toast

AT_ONCE = 100_000
IN_MEMORY = 2_000_000  # bytes; what is larger waits in a temporary file
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def value_of(cell: Cell, formats: Formats) -> Any:
    """What stands in the file: what stands on the page, in the form that importing takes back."""
    if cell.masked or cell.restricted or isinstance(cell.field.kind, kinds.Link):
        return cell.text
    if cell.value is None:
        return ""
    return cell.field.kind.export(cell.value, formats)


def write_rows(
    target: IO[bytes], form: str, header: list[str], rows: Iterable[read.Row], formats: Formats, sheet: str
) -> int:
    """Writes all rows; returns how many."""
    writer = CsvWriter(target, header) if form == "csv" else XlsxWriter(target, header, sheet=sheet)  # type: ignore[arg-type]
    with writer as out:
        for row in rows:
            out.write([value_of(cell, formats) for cell in row.cells])
    return writer.rows


@require_POST
@entity_page("export")
def export(request: HttpRequest, entity: Entity) -> HttpResponseBase:
    actor = actor_of(request)
    form = request.POST.get("format", "CSV").lower()
    form = form if form in TYPES else "csv"
    params = request.POST.get("params", "")[:4000]
    query = read.Query.from_params(parse_qsl(params, keep_blank_values=True))
    columns = resolve_columns(actor, entity, query)
    base = addresses.list_url(entity.key)
    if matching(entity, actor, query, "export").values("pk")[: AT_ONCE + 1].count() > AT_ONCE:
        toast(
            request,
            _("That is more than %(n)s rows. Filter the list and export it in parts.") % {"n": f"{AT_ONCE:,}"},
            level="error",
        )
        return HttpResponseRedirect(f"{base}?{params}")
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (the response closes it)
    header = [str(f.label) for f in columns]
    rows = read.stream(entity, actor, query, "export")
    n = write_rows(file, form, header, rows, read.formats_for(actor), entity_plural(entity))
    note(
        actor,
        action="export",
        entity=entity.key,
        detail={
            "rows": n,
            "format": form,
            "columns": [f.key for f in columns],
            "filters": [f"{f.field}.{f.op}" for f in query.filters],
        },
    )
    file.seek(0)
    day = timezone.localtime().strftime("%Y-%m-%d")
    name = f"{entity_plural(entity)} {day}.{form}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=TYPES[form])
