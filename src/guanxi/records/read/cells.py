"""Cells: what fronts get instead of model instances, so that a template cannot print what is hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from operator import itemgetter
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


@dataclass(slots=True)
class Cell:
    """One value as one actor may see it. Rows share cells: nobody changes one.

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
    formats: Formats | None = None

    @property
    def key(self) -> str:
        return self.field.key

    @property
    def empty(self) -> bool:
        return not self.text and not self.restricted

    @property
    def edit_text(self) -> str:
        """The text an input shows, which `parse` takes back to the same value; "" for what may not be read."""
        if self.formats is None or self.masked or self.value is None:
            return ""
        kind = self.field.kind
        if isinstance(kind, kinds.Link):
            return ";".join(str(i) for i in self.value) if kind.many else str(self.value)
        return kind.edit_text(self.value, self.formats)

    def __str__(self) -> str:
        return self.text


#: What people choose by name, as `strftime` and Babel call it.
DATES = {"iso": "%Y-%m-%d", "cn": "%Y年%m月%d日", "dmy": "%d/%m/%Y", "dmy_dot": "%d.%m.%Y", "mdy": "%m/%d/%Y"}
NUMBERS = {"comma": "en_US", "dot": "de_DE", "space": "fr_FR", "plain": "en_US_POSIX"}


def formats_for(actor: Actor) -> Formats:
    """How this actor reads and writes values."""
    return Formats(
        language=actor.language, time_zone=actor.time_zone,
        date_format=DATES.get(actor.date_format, actor.date_format),
        number_format=NUMBERS.get(actor.number_format, actor.number_format), region=org_settings.get("phone_region"),
    )  # fmt: skip


Names = Mapping[tuple[str, int], tuple[str, str]]
Row = Mapping[str, Any]
REMEMBERED = 500  # cells a reader keeps for each such field
#: Kinds with few values, whose cells are made once for all rows.
FEW = (kinds.Choice, kinds.YesNo, kinds.Date, kinds.Integer)


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
        self._get: dict[str, Callable[[Row], Any]] = {}
        self._make: dict[str, Callable[[Row, Names], Cell]] = {}

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

    def raw(self, row: Row, f: Field) -> Any:
        """The stored value of a field in a row; secrets are opened."""
        get = self._get.get(f.key)
        if get is None:
            get = self._get[f.key] = self._getter(f)
        return get(row)

    def _getter(self, f: Field) -> Callable[[Row], Any]:
        kind, column = f.kind, f.column
        if isinstance(kind, kinds.Computed):
            how, sources = kind.how, [self._all[key] for key in kind.of]
            return lambda row: how(*[self.raw(row, source) for source in sources])
        if f.custom:
            from_json, key = kind.from_json, f.key
            return lambda row: from_json(row["custom"].get(key))
        if f.secret:
            table = self.entity.table

            def opened(row: Row) -> Any:
                value = row[column]
                return None if value is None else secrets.open_value(table, column, row["id"], value)

            return opened
        return itemgetter(column)

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

    def cell(self, row: Row, f: Field, names: Names) -> Cell:
        make = self._make.get(f.key)
        if make is None:
            make = self._make[f.key] = self._maker(f)
        return make(row, names)

    def _maker(self, f: Field) -> Callable[[Row, Names], Cell]:
        """What makes the cells of one field: whatever is the same for all rows is decided here, once."""
        get = self._get[f.key] = self._getter(f)
        kind, level, formats = f.kind, self._levels[f.key], self.formats
        editable = level is Level.EDIT
        is_empty, nothing = kind.is_empty, Cell(f, editable=editable, formats=formats)
        known: dict[Any, Cell] = {}

        if level is Level.MASKED or f.secret:
            may = self._may_unmask or (f.secret and level.rank >= Level.READ.rank)

            def masked(row: Row, _names: Names) -> Cell:
                value = get(row)
                if is_empty(value):
                    return nothing
                return Cell(f, None, kind.mask(value, formats), True, may, editable=editable, formats=formats)

            return masked

        if isinstance(kind, kinds.Link):

            def linked(row: Row, names: Names) -> Cell:
                value = get(row)
                return nothing if is_empty(value) else self._link(f, value, names, editable)

            return linked

        if isinstance(kind, kinds.Money) and kind.currency_field:
            format_in, currency = kind.format_in, self._all[kind.currency_field].column

            def money(row: Row, _names: Names) -> Cell:
                value = get(row)
                if value is None:
                    return nothing
                return Cell(f, value, format_in(value, row[currency], formats), editable=editable, formats=formats)

            return money

        write = kind.format
        if isinstance(kind, FEW) and not kind.many and not isinstance(kind, kinds.DateTime):
            colour = kind.colour if isinstance(kind, kinds.Choice) else None

            def few(row: Row, _names: Names) -> Cell:
                value = get(row)
                cell = known.get(value)
                if cell is None:
                    if is_empty(value):
                        return nothing
                    cell = Cell(f, value, write(value, formats), editable=editable, formats=formats)
                    cell.colour = colour(value) if colour is not None else ""
                    if len(known) < REMEMBERED:
                        known[value] = cell
                return cell

            return few

        def plain(row: Row, _names: Names) -> Cell:
            value = get(row)
            if is_empty(value):
                return nothing
            return Cell(f, value, write(value, formats), editable=editable, formats=formats)

        return plain

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
                        formats=self.formats)  # fmt: skip
        link = (target, value) if target != "core.user" else None
        return Cell(f, value, seen[0][1], link=link, editable=editable, formats=self.formats)


@dataclass
class _Memo:
    """Names that were looked up while one actor's answer was made; None: asked for and not to be seen."""

    actor: Actor
    names: dict[tuple[str, int], tuple[str, str] | None] = dataclass_field(default_factory=dict)


_memo: ContextVar[_Memo | None] = ContextVar("names", default=None)


@contextmanager
def remembering(actor: Actor) -> Iterator[None]:
    """Inside, the name of a record is looked up once, however many parts of the answer say it. For reading only."""
    token = _memo.set(_Memo(actor, {("core.user", actor.user_id): (actor.name, "")} if actor.user_id else {}))
    try:
        yield
    finally:
        _memo.reset(token)


def known_as(actor: Actor, target: str, names: Mapping[int, str]) -> None:
    """Names that the caller has read within this actor's rights anyway, to be remembered where names are."""
    memo = _memo.get()
    if memo is not None and memo.actor is actor and "colour" not in catalogue.get(target).declared:
        memo.names.update({(target, id_): (name, "") for id_, name in names.items()})


def names_of(actor: Actor, target: str, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """{id: (name, colour)} of the records of `target` among `ids` that the actor may see."""
    memo = _memo.get()
    if memo is None or memo.actor is not actor:
        return _look_up(actor, target, ids)
    ids = list(ids)
    if missing := [id_ for id_ in ids if (target, id_) not in memo.names]:
        found = _look_up(actor, target, missing)
        memo.names.update({(target, id_): found.get(id_) for id_ in missing})
    return {id_: name for id_ in ids if (name := memo.names[target, id_]) is not None}


def _look_up(actor: Actor, target: str, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
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
