"""Cells: what fronts get instead of model instances, so that a template cannot print what is hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from guanxi.core import secrets
from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.identity.models import User
from guanxi.core.org import settings as org_settings
from guanxi.records import catalogue, custom, kinds, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds import Formats
from guanxi.records.read.door import visible


@dataclass(frozen=True)
class Cell:
    """One value as one actor may see it.

    `value`: the stored value, None when masked or restricted. `text`: formatted, masked if need be. `masked`: it is there but
    shown in part; `revealable`: may be asked for, which is logged. `restricted`: points to something the actor may not see.
    `href`: entity key and id of the record it links to. `parts`: cells' own sub-values (tags, several links): (text, colour, id).
    """

    field: Field
    value: Any = None
    text: str = ""
    masked: bool = False
    revealable: bool = False
    restricted: bool = False
    editable: bool = False
    link: tuple[str, int] | None = None
    colour: str = ""
    parts: tuple[tuple[str, str, int], ...] = ()
    edit_text: str = ""

    @property
    def key(self) -> str:
        return self.field.key

    @property
    def empty(self) -> bool:
        return not self.text and not self.restricted

    def __str__(self) -> str:
        return self.text


def formats_for(actor: Actor) -> Formats:
    """How this actor reads and writes values."""
    return Formats(
        language=actor.language, time_zone=actor.time_zone, date_format=actor.date_format,
        number_format=actor.number_format, region=org_settings.get("phone_region"),
    )  # fmt: skip


Names = Mapping[tuple[str, int], tuple[str, str]]


@dataclass
class Reader:
    """Turns rows of one entity into cells for one actor. Rows are dicts of column values (`QuerySet.values`)."""

    actor: Actor
    entity: Entity
    fields: Iterable[Field]
    formats: Formats = dataclass_field(init=False)

    def __post_init__(self) -> None:
        self.fields = tuple(self.fields)
        self.formats = formats_for(self.actor)
        self._levels = {f.key: rights.level(self.actor, f) for f in self.fields}
        self._may_unmask = self.actor.can(self.entity.key, "unmask")
        self._all = custom.fields(self.entity)

    def columns(self) -> list[str]:
        """The columns the fields need, for `.values()`."""
        needed = {"id": None, "version": None}
        for f in self.fields:
            for key in self._sources(f):
                needed["custom" if self._all[key].custom else self._all[key].column] = None
        return list(needed)

    def _sources(self, f: Field) -> tuple[str, ...]:
        if isinstance(f.kind, kinds.Computed):
            return f.kind.of
        if isinstance(f.kind, kinds.Money) and f.kind.currency_field:
            return (f.key, f.kind.currency_field)
        return (f.key,)

    def raw(self, row: Mapping[str, Any], f: Field) -> Any:
        """The stored value of a field in a row; secrets are opened."""
        if isinstance(f.kind, kinds.Computed):
            values = [self.raw(row, self._all[key]) for key in f.kind.of]
            return f.kind.how(*values)
        if f.custom:
            return f.kind.from_json(row["custom"].get(f.key))
        value = row[f.column]
        if f.secret and value is not None:
            return secrets.open_value(self.entity.table, f.column, row["id"], value)
        return value

    def names(self, rows: Iterable[Mapping[str, Any]]) -> Names:
        """Names of everything the rows point to that the actor may see: one query per target, whatever the number of rows."""
        wanted: dict[str, set[int]] = {}
        for f in self.fields:
            if not isinstance(f.kind, kinds.Link) or self._levels[f.key].rank < Level.READ.rank:
                continue
            for row in rows:
                value = self.raw(row, f)
                if value:
                    wanted.setdefault(f.kind.target, set()).update(value if f.kind.many else (value,))
        return {
            (target, id_): name
            for target, ids in wanted.items()
            for id_, name in names_of(self.actor, target, ids).items()
        }

    def cell(self, row: Mapping[str, Any], f: Field, names: Names) -> Cell:
        value, level = self.raw(row, f), self._levels[f.key]
        editable = level is Level.EDIT
        if f.kind.is_empty(value):
            return Cell(f, editable=editable)
        if level is Level.MASKED or f.secret:
            may = self._may_unmask or (f.secret and level.rank >= Level.READ.rank)
            return Cell(f, text=f.kind.mask(value, self.formats), masked=True, revealable=may, editable=editable)
        if isinstance(f.kind, kinds.Link):
            return self._link(f, value, names, editable)
        text = f.kind.format(value, self.formats)
        colour = f.kind.colour(value) if isinstance(f.kind, kinds.Choice) and not f.kind.many else ""
        if isinstance(f.kind, kinds.Money) and f.kind.currency_field:
            text = f.kind.format_in(value, row[self._all[f.kind.currency_field].column], self.formats)
        return Cell(f, value, text, editable=editable, colour=colour, edit_text=f.kind.edit_text(value, self.formats))

    def _link(self, f: Field, value: Any, names: Names, editable: bool) -> Cell:
        assert isinstance(f.kind, kinds.Link)
        target = f.kind.target
        ids = value if f.kind.many else (value,)
        seen = [(id_, *names[target, id_]) for id_ in ids if (target, id_) in names]
        if not seen:
            return Cell(f, restricted=True, editable=editable and f.kind.many)
        if f.kind.many:
            text = ("、" if self.formats.chinese else ", ").join(name for _, name, _ in seen)
            parts = tuple((name, colour, id_) for id_, name, colour in seen)
            return Cell(f, [i for i, _, _ in seen], text, parts=parts, editable=editable, restricted=len(seen) < len(ids),
                        edit_text=";".join(str(i) for i, _, _ in seen))  # fmt: skip
        link = (target, value) if target != "core.user" else None
        return Cell(f, value, seen[0][1], link=link, editable=editable, edit_text=str(value))


def names_of(actor: Actor, target: str, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """{id: (name, colour)} of the records of `target` among `ids` that the actor may see."""
    if target == "core.user":
        return {pk: (name, "") for pk, name in User.objects.filter(pk__in=list(ids)).values_list("pk", "name")}
    entity = catalogue.get(target)
    title = entity.declared[entity.title]
    if rights.level(actor, title) is Level.HIDDEN:
        return {}
    reader = Reader(actor, entity, [title])
    colour = "colour" if "colour" in entity.declared else ""
    rows = visible(entity, actor).filter(pk__in=list(ids)).values(*reader.columns(), *([colour] if colour else []))
    return {row["id"]: (reader.cell(row, title, {}).text, row[colour] if colour else "") for row in rows}
