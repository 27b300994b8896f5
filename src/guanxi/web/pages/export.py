"""A list as a file, with what this person may export and see; that it was exported is in the journal. A long one is made by a job."""

from __future__ import annotations

import hashlib
import tempfile
from urllib.parse import parse_qsl

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_POST

from guanxi.core import jobs
from guanxi.records import bulk_jobs, exporting, read
from guanxi.records.entity import Entity
from guanxi.records.exporting import value_of, write_rows
from guanxi.records.read.page import matching
from guanxi.records.read.query import resolve_columns
from guanxi.web.pages.base import actor_of, entity_page, go, ids_from, params_from
from guanxi.web.pages.work import TYPES

AT_ONCE = 5_000
IN_MEMORY = 2_000_000  # bytes; what is larger waits in a temporary file

__all__ = ["export", "value_of", "write_rows"]


@require_POST
@entity_page("export")
def export(request: HttpRequest, entity: Entity) -> HttpResponseBase:
    actor = actor_of(request)
    form = request.POST.get("format", "CSV").lower()
    form = form if form in TYPES else "csv"
    params = params_from(request.POST)
    query = read.Query.from_params(parse_qsl(params, keep_blank_values=True))
    resolve_columns(actor, entity, query)
    ids = ids_from(request.POST)[:1000]
    if not ids and matching(entity, actor, query, "export").order_by().values("pk")[: AT_ONCE + 1].count() > AT_ONCE:
        wanted = {"entity": entity.key, "params": params, "form": form}
        twice = hashlib.sha256(repr(wanted).encode()).hexdigest()[:32]
        job = jobs.enqueue(
            bulk_jobs.EXPORT, wanted, actor=actor, once_key=f"{bulk_jobs.EXPORT}:{actor.user_id}:{twice}"
        )
        return go(request, reverse("work", args=[job.pk]))
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (the response closes it)
    n = exporting.write_list(file, form, entity, actor, query, ids=ids)
    exporting.noted(actor, entity, query, rows=n, form=form)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=exporting.file_name(entity, form), content_type=TYPES[form])
