"""The fields of a record as facts: sections of label and value, edited in place, each value with its marks.

Made in Python: a record page has dozens of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guanxi.records import read
from guanxi.records.entity import Entity
from guanxi.web import components
from guanxi.web.components import escape
from guanxi.web.pages import addresses, shown
from guanxi.web.pages.base import entity_label

#: Shown in the header, not among the facts.
ABOVE = frozenset({"tags"})


@dataclass(frozen=True)
class Part:
    """A section of the record page. `body`: filled and essential facts as HTML; `rest`: the empty ones, folded; `empty`: how many."""

    index: int
    title: str
    body: SafeString
    rest: SafeString
    edit_url: str
    empty: int


def sections_of(entity: Entity, known: Iterable[str]) -> list[tuple[int, Any, list[str]]]:
    """Sections with the fields this person knows of; fields in no section (custom ones) come at the end."""
    keys = list(known)
    found = [(i, s.title, [k for k in s.fields if k in keys]) for i, s in enumerate(entity.sections)]
    placed = {k for section in entity.sections for k in section.fields} | {"tags", "created_at", "changed_at"}
    others = [k for k in keys if k not in placed]
    if others:
        found.append((len(found), _("More fields") if entity.sections else entity_label(entity), others))
    return [(i, title, names) for i, title, names in found if names]


class Writer:
    """Writes the facts of one record. `editor`: HTML of an editor that stands open, by field key."""

    def __init__(self, request: HttpRequest, view: read.RecordView, *, editor: Mapping[str, str] | None = None) -> None:
        self.view, self.editor = view, editor or {}
        self.base = addresses.record_url(view.entity.key, view.id)
        self.editable = "edit" in view.may
        self.counted = {c.key for c in view.counted}
        self.request = request
        self.said = {
            "origin": escape(_("Where this comes from")), "edit": escape(_("Edit")), "reveal": escape(_("Show the whole value")),
        }  # fmt: skip
        self.eye = components.icon("eye", size="sm")
        self.pencil = components.icon("pencil", size="sm")
        self.history = components.icon("history", size="sm")

    def may_edit(self, cell: read.Cell) -> bool:
        if cell.key == self.view.entity.policy.owner_field and "assign" not in self.view.may:
            return False
        return self.editable and cell.editable

    def parts(self) -> list[Part]:
        """All sections. Filled and essential fields stand first, empty ones are folded behind them."""
        found = []
        for index, title, keys in sections_of(self.view.entity, self.view.cells):
            cells = [self.view.cells[k] for k in keys if k not in ABOVE]
            may = any(self.may_edit(c) for c in cells)
            seen = [
                c for c in cells if not c.empty or c.field.essential or c.key in self.counted or c.key in self.editor
            ]
            rest = [c for c in cells if c not in seen and self.may_edit(c)] if seen else []
            if seen or may:
                found.append(
                    Part(
                        index,
                        str(title),
                        components.safe("".join(self.fact(c) for c in seen)),
                        components.safe("".join(self.fact(c) for c in rest)),
                        f"{self.base}edit?section={index}" if may else "",
                        len(rest),
                    )
                )
        return found

    def fact(self, cell: read.Cell) -> str:
        """A field as a line: label, value, and the marks beside it."""
        return (
            f'<div class="gx-fact" id="fact-{cell.key}"{self.handle(cell)}><dt>{escape(cell.field.label)}</dt>'
            f"<dd>{self.inside(cell, shown.html(cell, dense=False, record=self.view.id))}</dd></div>"
        )

    def handle(self, cell: read.Cell) -> str:
        return f' data-fact="{cell.key}"' if self.may_edit(cell) else ""

    def inside(self, cell: read.Cell, value: str) -> str:
        """The value with its marks, and its editor where one stands open."""
        return (
            f'<span class="gx-fact-value" id="value-{cell.key}">{value}</span><span class="gx-fact-marks">{self.marks(cell)}</span>'
            f"{self.editor.get(cell.key, '')}"
        )

    def marks(self, cell: read.Cell) -> str:
        key, label, base, said = cell.key, escape(cell.field.label), self.base, self.said
        marks = ""
        if cell.revealable and cell.masked:
            marks += (
                f'<form method="post" action="{base}reveal/{key}" hx-post="{base}reveal/{key}" hx-target="#value-{key}">'
                f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(self.request)}">'
                f'<button class="gx-origin-button" type="submit" title="{said["reveal"]}">{self.eye}'
                f'<span class="gx-hidden-text">{said["reveal"]}: {label}</span></button></form>'
            )
        if self.may_edit(cell):
            marks += (
                f'<a class="gx-origin-button gx-fact-edit" href="{base}edit?field={key}" title="{said["edit"]}" data-fact-edit>'
                f'{self.pencil}<span class="gx-hidden-text">{said["edit"]}: {label}</span></a>'
            )
        if key in self.view.set_in and not cell.empty and not cell.field.computed:
            marks += (
                f'<a class="gx-origin-button" href="{base}origin/{key}" data-origin aria-haspopup="dialog"'
                f' title="{said["origin"]}">{self.history}<span class="gx-hidden-text">{said["origin"]}: {label}</span></a>'
            )
        return marks
