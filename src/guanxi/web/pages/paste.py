"""Many cells of a list at once: pasted from a spreadsheet (looked at first), or filled with one value. One change set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.kit.problems import BadValue
from guanxi.records import kinds, read, rights, write
from guanxi.records.entity import Entity, Field
from guanxi.web.pages.base import actor_of, entity_page, number, sentence
from guanxi.web.pages.grid import MOST_ROWS, answer, closed, columns_of, rows_of
from guanxi.web.templatetags.gx import number as figure

MOST_SHOWN = 200  # lines of a preview
MOST_TEXT = 2_000_000


class Malformed(ValueError):
    """The request does not say which cells."""


@dataclass(frozen=True)
class Line:
    """One cell of the preview. `problem`: why it stays as it is."""

    number: int
    record: str
    column: str
    before: str
    after: str
    problem: str


def cells_from(request: HttpRequest) -> tuple[dict[int, dict[str, Any]], dict[int, int], list[int]]:
    """Wanted values by record and field, versions, and records in the order of the page. Raises Malformed.

    The body is JSON: `{"rows": [{"id": 7, "version": 3, "values": {"phone": "138 …"}}, …]}`.
    """
    try:
        text = request.POST.get("cells", "")
        if len(text) > MOST_TEXT:
            raise ValueError
        rows = json.loads(text)["rows"]
        wanted: dict[int, dict[str, Any]] = {}
        versions: dict[int, int] = {}
        for row in rows[:MOST_ROWS]:
            id_, version, given = int(row["id"]), int(row["version"]), dict(row["values"])
            if not all(isinstance(k, str) and isinstance(v, (str, list, dict)) for k, v in given.items()):
                raise ValueError
            if not 0 < id_ < 2**63 or id_ in wanted:
                raise ValueError
            wanted[id_], versions[id_] = given, version
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Malformed from error
    return wanted, versions, list(wanted)


@require_POST
@entity_page("edit")
def paste(request: HttpRequest, entity: Entity) -> HttpResponse:
    """`try=1`: what would come of it, as a dialog. Else it is done: what can go in goes in, the rest is named."""
    actor = actor_of(request)
    columns = columns_of(request, actor, entity)
    try:
        wanted, versions, order = cells_from(request)
    except Malformed:
        return JsonResponse({"problems": [_("These cells cannot be read.")]}, status=422)
    for given in wanted.values():
        for key in given:
            rights.field(actor, entity, key, Level.MASKED)
    shut = {f.key: why for f in columns if (why := closed(actor, f))}
    trying = bool(request.POST.get("try"))
    done = write.edit_cells(actor, entity, wanted, versions=versions, try_only=trying)
    if trying:
        return HttpResponse(_preview(request, actor, entity, wanted, order, done, shut))
    text, level = _said(done)
    balance = done.balance
    return answer(
        actor, entity, columns, order, said=text, change_set=done.change_set, level=level,
        balance=balance.to_dict(), why=_reasons(done), held=[[i, key] for i, key in done.held],
    )  # fmt: skip


def _reasons(done: write.CellsEdited) -> list[str]:
    return list(dict.fromkeys(sentence(p) for said in done.held.values() for p in said[:1]))[:3]


def _said(done: write.CellsEdited) -> tuple[str, str]:
    b = done.balance
    parts = [ngettext("%(n)s cell changed", "%(n)s cells changed", b.updated) % {"n": figure(b.updated)}]
    if b.unchanged:
        parts.append(_("%(n)s were so already") % {"n": figure(b.unchanged)})
    if b.held:
        parts.append(_("%(n)s left as they are: %(why)s") % {"n": figure(b.held), "why": "; ".join(_reasons(done))})
    return " · ".join(parts), "warning" if b.held else "success"


def _preview(
    request: HttpRequest, actor: Actor, entity: Entity, wanted: dict[int, dict[str, Any]], order: list[int],
    done: write.CellsEdited, shut: dict[str, str],
) -> str:  # fmt: skip
    keys = dict.fromkeys(k for given in wanted.values() for k in given)
    fields = {k: rights.field(actor, entity, k, Level.MASKED) for k in keys}
    formats = read.formats_for(actor)
    now = {row.id: row for row in rows_of(actor, entity, order, list(fields.values()))}
    lines: list[Line] = []
    for at_row, id_ in enumerate(order, 1):
        row = now.get(id_)
        for at, key in enumerate(fields):
            if key not in wanted[id_]:
                continue
            if (id_, key) in done.held:
                problem = shut.get(key) or "; ".join(sentence(p) for p in done.held[id_, key])
            elif (id_, key) in done.changed:
                problem = ""
            else:
                continue
            before = row.cells[at].text if row else ""
            lines.append(
                Line(at_row, row.title if row else f"#{id_}", str(fields[key].label), before,
                     _shown(fields[key], wanted[id_][key], formats), problem)
            )  # fmt: skip
    lines.sort(key=lambda line: not line.problem)
    context = {
        "lines": lines[:MOST_SHOWN],
        "more": max(0, len(lines) - MOST_SHOWN),
        "balance": done.balance,
        "changed": done.balance.updated,
        "beyond": number(request.POST.get("beyond", "")) or 0,
    }
    return render_to_string("pages/paste.html", context)


def _shown(field: Field, raw: Any, formats: kinds.Formats) -> str:
    """How a value will read; as it was given where that is not known yet (names of other records)."""
    text = "; ".join(raw.values() if isinstance(raw, dict) else raw) if not isinstance(raw, str) else raw
    if isinstance(field.kind, kinds.Link):
        return text
    try:
        value = field.kind.parse(raw, formats)
    except BadValue:
        return text
    return "" if value is None else field.kind.format(value, formats)
