"""Cells of a list changed in place: what the editors of a page need, in one answer, and saving one cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.records import kinds, read, rights, write
from guanxi.records.entity import Entity, Field
from guanxi.records.read import Cell
from guanxi.records.read.cells import Reader
from guanxi.records.read.query import resolve_columns
from guanxi.web.kinds import face, values_from
from guanxi.web.pages.base import actor_of, entity_page, ids_from, number, sentence
from guanxi.web.pages.form import AMOUNTS, input_of
from guanxi.web.pages.shown import Table

MOST_ROWS = 200
MOST_COLUMNS = 60


def columns_of(request: HttpRequest, actor: Actor, entity: Entity) -> list[Field]:
    """The columns the page shows, by `cols`. Raises UnknownField."""
    params = request.POST if request.method == "POST" else request.GET
    keys = tuple(key for key in params.get("cols", "").split(",") if key)[:MOST_COLUMNS]
    return resolve_columns(actor, entity, read.Query(columns=keys))


def rows_of(actor: Actor, entity: Entity, ids: Iterable[int], columns: Sequence[Field]) -> list[read.Row]:
    """Rows as the list shows them, of records that the actor sees; in the order of `ids`."""
    title = rights.readable(actor, entity).get(entity.title)
    reader = Reader(actor, entity, dict.fromkeys([*columns, *([title] if title else [])]))
    ids = list(ids)
    found = {r["id"]: r for r in read.visible(entity, actor).filter(pk__in=ids).values(*reader.columns())}
    names = reader.names(found.values())
    return [
        read.Row(
            id_, found[id_]["version"],
            reader.cell(found[id_], title, names).text if title else str(id_),
            tuple(reader.cell(found[id_], column, names) for column in columns),
        )
        for id_ in ids if id_ in found
    ]  # fmt: skip


def closed(actor: Actor, field: Field) -> str:
    """Why nobody like this person can change a column in place; "" when they can."""
    if field.computed:
        return _("This follows from other fields.")
    if field.read_only:
        return _("This is filled by the system.")
    level = rights.level(actor, field)
    if level is Level.MASKED:
        return _("This is masked for your role.")
    if level is not Level.EDIT:
        return _("Your role may read this, not change it.")
    if field.secret or isinstance(field.kind, kinds.File):
        return _("Open the record to change this.")
    return ""


def closed_cell(cell: Cell) -> str:
    """Why one cell of an open column cannot be changed."""
    if (
        cell.restricted and not cell.field.kind.many
    ):  # of several links those that are seen can be changed, the others stay
        return _("Part of this lies outside your range.")
    return ""


def input_value(cell: Cell) -> Any:
    """What the editor holds for a cell, as JSON: text, a list of texts, parts of an address, or a link's id and name."""
    kind = cell.field.kind
    if cell.masked or (cell.restricted and not kind.many):
        return ""
    value = face(kind.key).value(cell.edit_text if kind.key in AMOUNTS else cell.value)
    if isinstance(kind, kinds.Link) and not kind.many:
        return {"id": str(value), "text": cell.text}
    if isinstance(value, Mapping):
        return {part: str(text) for part, text in value.items()}
    if isinstance(value, (list, tuple)):
        return [str(v) for v in value]
    return str(value)


def editor(actor: Actor, field: Field) -> str:
    """The empty editor of a column as HTML: the input of its form, labelled for those who do not see the column."""
    made = input_of(actor, field, read.formats_for(actor), given="" if not field.kind.many else [], posted=True)
    made.id = f"cell-{made.id}"
    if made.template == "web/kinds/choice_buttons.html":
        made.template, made.group = "web/kinds/choice.html", False
    return render_to_string("pages/cell_edit.html", {"f": made, "kind_template": made.template})


@require_GET
@entity_page("view")
def cells(request: HttpRequest, entity: Entity) -> HttpResponse:
    """For the rows of a page: editors by column, why others are closed, and per row its version and the values to edit."""
    actor = actor_of(request)
    columns = columns_of(request, actor, entity)
    ids = ids_from(request.GET)[:MOST_ROWS]
    why = {f.key: reason for f in columns if (reason := closed(actor, f))}
    open_ = [f for f in columns if f.key not in why]
    may = set(read.visible(entity, actor, "edit").filter(pk__in=ids).values_list("pk", flat=True))
    owner = entity.policy.owner_field
    give = (
        set(read.visible(entity, actor, "assign").filter(pk__in=ids).values_list("pk", flat=True))
        if any(f.key == owner for f in open_)
        else set()
    )
    rows = {}
    for row in rows_of(actor, entity, ids, open_):
        mine = {cell.key: reason for cell in row.cells if (reason := closed_cell(cell))}
        if owner and row.id not in give and owner in {f.key for f in open_}:
            mine[owner] = _("You may not give this record to somebody else.")
        rows[str(row.id)] = {
            "version": row.version,
            "may": row.id in may,
            "values": {cell.key: input_value(cell) for cell in row.cells},
            "closed": mine,
        }
    return JsonResponse(
        {
            "editors": {f.key: editor(actor, f) for f in open_} if may else {},
            "kinds": {f.key: f.kind.key for f in open_},
            "closed": why,
            "refused": _("You may read this record, not change it."),
            "rows": rows,
        }
    )


def answer(
    actor: Actor, entity: Entity, columns: Sequence[Field], ids: Iterable[int], *, said: str, change_set: int | None,
    level: str = "success", status: int = 200, **more: Any,
) -> JsonResponse:  # fmt: skip
    """The rows as they are now, with what their editors hold, a sentence, and the way back."""
    rows = rows_of(actor, entity, ids, columns)
    why = {f.key for f in columns if closed(actor, f)}
    return JsonResponse(
        {
            "rows": {
                str(row.id): {
                    "html": Table(entity, columns, [row]).body,
                    "version": row.version,
                    "values": {cell.key: input_value(cell) for cell in row.cells if cell.key not in why},
                }
                for row in rows
            },
            "said": said,
            "level": level,
            "undo": reverse("journal-undo", args=[change_set]) if change_set else "",
            **more,
        },
        status=status,
    )


@require_POST
@entity_page("edit")
def save_cell(request: HttpRequest, entity: Entity, id: int) -> HttpResponse:  # noqa: A002
    """One cell: 200 with the row as it is now, 422 with what is wrong, 409 with both values when others were faster."""
    actor = actor_of(request)
    columns = columns_of(request, actor, entity)
    key = request.POST.get("key", "")
    field = rights.field(actor, entity, key, Level.EDIT)
    if reason := closed(actor, field):
        return JsonResponse({"problems": [reason]}, status=422)
    if not read.visible(entity, actor, "edit").filter(pk=id).exists():
        read.get_visible(entity, actor, id)
        return JsonResponse({"problems": [_("You may read this record, not change it.")]}, status=422)
    given = values_from(request.POST, [field])
    try:
        saved = write.save(actor, entity, given, id=id, version=number(request.POST.get("version", "")))
    except write.Invalid as error:
        own = [sentence(p) for k in (key, "") for p in error.problems.get(k, ())]
        known = rights.readable(actor, entity)
        others = [
            f"{known[k].label}: {sentence(p)}" for k, found in error.problems.items()
            if k not in (key, "") and k in known for p in found
        ]  # fmt: skip
        return JsonResponse({"problems": own + others or [_("This cannot be saved so.")]}, status=422)
    except write.Conflict as error:
        fields = [
            {"label": str(f.field.label), "theirs": f.theirs, "yours": f.yours, "who": f.who} for f in error.fields
        ]
        return JsonResponse({"conflict": fields, "version": error.version}, status=409)
    except write.Refused:
        return JsonResponse({"problems": [_("This lies outside what you may change.")]}, status=422)
    said = _("Saved.") if saved.change_set else ""
    return answer(actor, entity, columns, [id], said=said, change_set=saved.change_set)
