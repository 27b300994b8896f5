"""A file of a record, sent to be kept and never to be shown by the browser: under its own name, with no guess at its type.

That it was given out stands in the journal, as for a masked value that was looked at: a line of access, with nothing changed.
"""

from __future__ import annotations

from pathlib import Path

from django.http import FileResponse, HttpRequest

from guanxi.core.journal import note
from guanxi.records import files, kinds, read, rights
from guanxi.records.entity import Entity
from guanxi.web.pages.base import actor_of, entity_page

#: What a browser is told of an ending; everything else is only bytes.
TYPES = {
    ".pdf": "application/pdf", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
    ".webp": "image/webp",
}  # fmt: skip


@entity_page("view")
def download(request: HttpRequest, entity: Entity, id: int, field: str) -> FileResponse:  # noqa: A002
    """The file in this field. Unknown records, records out of reach, fields that hold no file: all the same 404."""
    actor = actor_of(request)
    try:
        known = rights.field(actor, entity, field)
    except rights.UnknownField as error:
        raise read.Hidden(field) from error
    if not isinstance(known.kind, kinds.File):
        raise read.Hidden(field)
    column = "custom" if known.custom else known.column
    row = read.visible(entity, actor).filter(pk=id).values(column).first()
    value = (row[column].get(known.key) if known.custom else row[column]) if row else None
    if not value:
        raise read.Hidden(f"{entity.key} {id}")
    try:
        source = files.open_file(value)
    except FileNotFoundError as error:
        raise read.Hidden(f"{entity.key} {id}") from error
    if request.method == "GET":
        note(actor, action="download", entity=entity.key, record=id, detail={"field": known.key})
    name = str(value["name"])
    kind = TYPES.get(Path(name).suffix.lower(), "application/octet-stream")
    response = FileResponse(source, as_attachment=True, filename=name, content_type=kind)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
