"""What was found as it is shown: nothing in it that the actor may not read, with what was looked for marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from guanxi.core.access.actor import Actor
from guanxi.kit import text
from guanxi.records import rights, search
from guanxi.records.entity import Entity, Field
from guanxi.records.read.cells import Cell, Reader
from guanxi.records.read.door import visible


@dataclass(frozen=True)
class Part:
    """A piece of a text, and whether it is what was looked for."""

    text: str
    hit: bool = False


@dataclass(frozen=True)
class Fact:
    label: Any
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Hit:
    """One record as it is shown: nothing in it that the actor may not read."""

    entity: Entity
    id: int
    title: tuple[Part, ...]
    facts: tuple[Fact, ...]

    @property
    def name(self) -> str:
        return "".join(part.text for part in self.title)


def shown(actor: Actor, entity: Entity, ids: Iterable[int], words: str) -> list[Hit]:
    """These records as the actor may see them now, in this order; those they may not are left out. One query, one more a link."""
    order = list(ids)
    known = rights.readable(actor, entity)
    title = known.get(entity.title)
    wanted = {key: known[key] for key in entity.columns[:5] if key in known}
    wanted |= {f.key: f for f in search.searchable(entity) if f.key in known}
    if title is not None:
        wanted[title.key] = title
    reader = Reader(actor, entity, wanted.values())
    rows = {row["id"]: row for row in visible(entity, actor).filter(pk__in=order).values(*reader.columns())}
    named = reader.names(rows.values())
    return [_hit(entity, reader, rows[i], wanted, named, words) for i in order if i in rows]


def _hit(entity: Entity, reader: Reader, row: Any, fields: dict[str, Field], named: Any, words: str) -> Hit:
    title: tuple[Part, ...] = (Part(str(row["id"])),)
    first: list[Fact] = []
    matched: list[Fact] = []
    for key, field in fields.items():
        cell = reader.cell(row, field, named)
        if key == entity.title:
            title = _parts(cell, words)
        elif cell.text:
            parts = _parts(cell, words)
            if any(part.hit for part in parts):
                matched.append(Fact(field.label, parts))
            elif key in entity.columns[:5]:
                first.append(Fact(field.label, parts))
    return Hit(entity, row["id"], title, tuple([*matched, *first][:4]))


def _parts(cell: Cell, words: str) -> tuple[Part, ...]:
    """A cell's text with what was looked for marked; never in one that is masked: that would tell what it hides."""
    value = cell.text[:120]
    if not words or cell.masked or cell.restricted:
        return (Part(value),)
    parts, at = [], 0
    for start, end in text.highlights(value, words):
        parts += [Part(value[at:start]), Part(value[start:end], hit=True)]
        at = end
    return tuple(part for part in (*parts, Part(value[at:])) if part.text)
