"""Cells as HTML with their links. Made in Python: a list page has hundreds of them, a record page dozens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guanxi.records import kinds as record_kinds
from guanxi.records.entity import Entity, Field
from guanxi.records.read import Cell, Row
from guanxi.web import components, kinds
from guanxi.web.components import escape
from guanxi.web.pages import addresses

safe = components.safe


class Linked:
    """A cell with addresses instead of entity keys and ids: what `web.kinds` shows."""

    __slots__ = ("_cell", "href", "parts")

    def __init__(self, cell: Cell, href: str | None, parts: Sequence[Any]) -> None:
        self._cell, self.href, self.parts = cell, href, parts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cell, name)


def linked(cell: Cell, *, linking: bool = True, record: int = 0) -> Any:
    """The cell as the faces want it: one link has an address, parts are text, colour and (in links) address.

    `record`: whose cell it is; a file then leads to its download.
    """
    if record and linking and isinstance(cell.field.kind, record_kinds.File) and cell.value and not cell.masked:
        return Linked(cell, f"{addresses.record_url(cell.field.entity, record)}file/{cell.key}", ())
    if not cell.link and not cell.parts:
        return cell
    href = addresses.record_url(*cell.link) if cell.link and linking else None
    kind = cell.field.kind
    target = kind.target if isinstance(kind, record_kinds.Link) and not isinstance(kind, record_kinds.Tags) else ""
    parts = [
        kinds.Part(
            text,
            colour,
            addresses.record_url(target, id_) if target and linking and addresses.has_pages(target) else None,
        )
        for text, colour, id_ in cell.parts
    ]
    return Linked(cell, href, parts)


def html(cell: Cell, *, dense: bool = True, linking: bool = True, record: int = 0) -> SafeString:
    if dense and cell.field.kind.key == "datetime" and cell.value is not None:
        day, _sep, _clock = cell.text.rpartition(" ")
        return safe(f'<time title="{escape(cell.text)}">{escape(day or cell.text)}</time>')
    return kinds.show(linked(cell, linking=linking, record=record), dense=dense)


@dataclass(frozen=True)
class Head:
    """A column's head: `sort` is the address that sorts by it (`also`: by it besides others), `direction` "ascending",
    "descending" or "", `place` its rank among several, `width` in pixels, 0 for as wide as it is.
    """

    key: str
    label: str
    css: str
    sort: str = ""
    direction: str = ""
    also: str = ""
    place: int = 0
    width: int = 0

    @property
    def width_label(self) -> str:
        return _("Width of %(label)s") % {"label": self.label}


@dataclass
class Table:
    """The rows of a list as `<tr>` elements. `boxes`: with a tick box each."""

    entity: Entity
    columns: Sequence[Field]
    rows: Sequence[Row]
    boxes: bool = True
    linking: bool = True

    @cached_property
    def lead(self) -> int:
        """The column that carries the link to the record: the title's, else the first."""
        return next((i for i, f in enumerate(self.columns) if f.key == self.entity.title), 0)

    @cached_property
    def pictured(self) -> bool:
        """Whether rows begin with an avatar: people and companies do."""
        return self.entity.declared[self.entity.title].kind.key in ("company_name", "person_name")

    def __html__(self) -> str:
        return self.body

    @cached_property
    def body(self) -> SafeString:
        ends = [kinds.face(getattr(f.kind, "result", f.kind).key).to_end for f in self.columns]
        opens = [f'<td data-label="{escape(f.label)}"' for f in self.columns]
        filled = [f'{td} class="gx-end">' if end else f"{td}>" for td, end in zip(opens, ends, strict=True)]
        self._blank = [f'{td} class="gx-blank">{components.empty_value()}</td>' for td in opens]
        self._filled = filled
        self._choose, self._base = escape(_("Choose")), addresses.list_url(self.entity.key)
        self._made: dict[int, str] = {}  # rows share cells of the same value: made once
        plain = (record_kinds.Link, record_kinds.DateTime, record_kinds.MultiChoice, record_kinds.File)
        self._faces = [
            None if isinstance(f.kind, plain) else kinds.face(getattr(f.kind, "result", f.kind).key)
            for f in self.columns
        ]
        return safe("".join([self._row(row) for row in self.rows]))

    def _row(self, row: Row) -> str:
        parts = [f'<tr data-id="{row.id}" data-version="{row.version}">']
        if self.boxes:
            parts.append(
                f'<td class="gx-tick"><input type="checkbox" name="id" value="{row.id}" data-row'
                f' aria-label="{self._choose} {escape(row.title)}"></td>'
            )
        lead, blank, filled, made = self.lead, self._blank, self._filled, self._made
        for i, cell in enumerate(row.cells):
            if i == lead:
                parts.append(f'<td class="gx-lead">{self._lead(row, cell, self._base)}</td>')
            elif not cell.text and not cell.restricted:
                parts.append(blank[i])
            else:
                shown = made.get(id(cell))
                if shown is None:
                    face = self._faces[i]
                    simple = face is not None and not (cell.masked or cell.restricted or cell.parts)
                    inside = (
                        face.show(cell, dense=True)
                        if face and simple
                        else html(cell, linking=self.linking, record=row.id)
                    )
                    shown = made[id(cell)] = f"{filled[i]}{inside}</td>"
                parts.append(shown)
        if not row.cells:
            parts.append(f'<td class="gx-lead"><a href="{self._base}{row.id}/">{escape(row.title or row.id)}</a></td>')
        parts.append("</tr>")
        return "".join(parts)

    def _lead(self, row: Row, cell: Cell, base: str) -> str:
        text: str = escape(cell.text or (row.title if cell.key == self.entity.title else "") or f"#{row.id}")
        if cell.masked:
            text = html(cell)
        if self.pictured and cell.key == self.entity.title:
            company = components.looks_like_company(cell.text)
            picture = components.avatar(cell.text, seed=row.id, size="sm", company=company)
            text = f'<span class="gx-person">{picture}<span>{text}</span></span>'
        return f'<a href="{base}{row.id}/">{text}</a>'


def heads(columns: Iterable[Field]) -> list[Head]:
    """Plain heads, without sorting."""
    return [
        Head(f.key, str(f.label), "gx-end" if kinds.face(getattr(f.kind, "result", f.kind).key).to_end else "")
        for f in columns
    ]
