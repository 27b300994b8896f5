"""A list as a file: what the actor may export and see, in the form that importing takes back. Memory stays flat."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import IO, Any

from django.utils import timezone

from guanxi.core.access.actor import Actor
from guanxi.core.journal import note
from guanxi.kit.writers import CsvWriter, XlsxWriter
from guanxi.records import kinds, read
from guanxi.records.entity import Entity
from guanxi.records.kinds import Formats
from guanxi.records.read import Cell
from guanxi.records.read.query import resolve_columns

Form = str  # csv or xlsx
EVERY = 500


def value_of(cell: Cell, formats: Formats) -> Any:
    """What stands in the file: what stands on the page, in the form that importing takes back."""
    if isinstance(cell.field.kind, kinds.Link) and cell.field.kind.many and not cell.masked:
        return "; ".join(name for name, _colour, _id in cell.parts)  # as importing takes lists
    if cell.masked or cell.restricted or isinstance(cell.field.kind, kinds.Link):
        return cell.text
    if cell.value is None:
        return ""
    return cell.field.kind.export(cell.value, formats)


def write_rows(
    target: IO[bytes], form: Form, header: list[str], rows: Iterable[read.Row], formats: Formats, sheet: str,
    progress: Callable[[int], None] | None = None,
) -> int:  # fmt: skip
    """Writes all rows; returns how many. `progress` hears how many are written, and may stop it by raising."""
    writer = CsvWriter(target, header) if form == "csv" else XlsxWriter(target, header, sheet=sheet)  # type: ignore[arg-type]
    with writer as out:
        for row in rows:
            out.write([value_of(cell, formats) for cell in row.cells])
            if progress and writer.rows % EVERY == 0:
                progress(writer.rows)
    return writer.rows


def write_list(
    target: IO[bytes], form: Form, entity: Entity, actor: Actor, query: read.Query, *,
    ids: Collection[int] = (), progress: Callable[[int], None] | None = None,
) -> int:  # fmt: skip
    """All rows that a question means (of these `ids`, when there are any), with its columns. Raises UnknownField, BadQuery."""
    header = [str(f.label) for f in resolve_columns(actor, entity, query)]
    rows = read.stream(entity, actor, query, "export", ids=ids)
    return write_rows(target, form, header, rows, read.formats_for(actor), plural(entity), progress)


def noted(actor: Actor, entity: Entity, query: read.Query, *, rows: int, form: Form) -> None:
    """That it was exported stands in the journal: what, how much, by which question."""
    detail = {
        "rows": rows, "format": form, "columns": [f.key for f in resolve_columns(actor, entity, query)],
        "filters": [f"{f.field}.{f.op}" for f in query.filters],
    }  # fmt: skip
    note(actor, action="export", entity=entity.key, detail=detail)


def plural(entity: Entity) -> str:
    text = str(entity.label_plural)
    return text[:1].upper() + text[1:]


def file_name(entity: Entity, form: Form) -> str:
    return f"{plural(entity)} {timezone.localtime():%Y-%m-%d}.{form}"
