"""An entity, declared once: data only. Everything a user sees of an object follows from this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guanxi.records import kinds
from guanxi.records.kinds import Kind
from guanxi.records.labels import Bilingual

if TYPE_CHECKING:
    from guanxi.records.base import Record
    from guanxi.records.policy import Policy

Sensitivity = Literal["", "public", "internal", "personal", "secret"]
Label = str | Promise | Bilingual


class WrongDeclaration(Exception):
    """An entity was declared wrongly; the message names entity and field."""


@dataclass(frozen=True)
class Field:
    """One field of an entity.

    `kind`: inferred from the model field when not given. `sensitivity`: public, internal, personal or secret — the class
    that roles grant levels for. `personal`: which sort of personal data it is (identity, contact, birth …), for privacy.
    `search`: part of the search index. `sort`: has an index, so big lists may be sorted by it. `bulk`: offered in bulk edit.
    `essential`: when empty it is marked as to be completed. `aliases`: further column headers found in files.
    """

    key: str
    kind: Kind = None  # type: ignore[assignment]  # filled by bind()
    label: Label = ""
    help: Label = ""
    search: bool = False
    sort: bool = False
    bulk: bool = False
    essential: bool = False
    required: bool = False
    read_only: bool = False
    unique: bool = False
    personal: str = ""
    sensitivity: Sensitivity = ""
    api: Literal["edit", "read", "hidden"] = "edit"
    aliases: tuple[str, ...] = ()
    on_delete: Literal["protect", "cascade", "keep"] = "protect"
    # Filled by bind():
    entity: str = ""
    column: str = ""
    custom: bool = False
    default: Any = None

    @property
    def expression(self) -> Any:
        return self.kind.expression(self.column, self.key if self.custom else "")

    @property
    def computed(self) -> bool:
        return self.kind.computed

    @property
    def secret(self) -> bool:
        return isinstance(self.kind, kinds.Secret)


@dataclass(frozen=True)
class Section:
    """A group of fields on the record page and form."""

    title: Label
    fields: tuple[str, ...]

    def __init__(self, title: Label, *fields: str) -> None:
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "fields", fields)


@dataclass(frozen=True)
class Numbering:
    """Records get numbers C1001, C1002 … from a database sequence; numbers may have gaps and never repeat."""

    prefix: str
    start: int = 1001
    field: str = "number"


@dataclass(frozen=True)
class Rollup:
    """`field` of the parent that `link` points to is the sum of `of` over this entity's live rows."""

    link: str
    field: str
    of: str


@dataclass(frozen=True)
class Board:
    """How records look on boards. Every field chosen from a list makes a board; this says what is special.

    `by`: the field the board opens with. `amount`: the money field that columns sum up, `dated` the day whose exchange rate
    counts (none: today's). `card`: fields on a card. `stuck`: {field: {code: days}} after which a record counts as stuck.
    `ask`: {field: {code: fields}} that must be filled when a card is moved to that value.
    """

    by: str = ""
    amount: str = ""
    dated: str = ""
    card: tuple[str, ...] = ()
    stuck: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    ask: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


Derive = Callable[[Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class Entity:
    """One object of the house. `key` is `room.noun` and gives URL, view names, permission, templates, API path."""

    key: str
    model: type[Record]
    fields: tuple[Field, ...]
    columns: tuple[str, ...]
    policy: Policy
    icon: str = "database"
    title: str = "name"
    sections: tuple[Section, ...] = ()
    recognise_by: tuple[str, ...] = ()
    numbering: Numbering | None = None
    derive: Derive | None = None
    rollups: tuple[Rollup, ...] = ()
    merge: Mapping[str, Any] = field(default_factory=dict)
    completeness: tuple[str, ...] = ()  # the fields that make a record complete; see `counted`
    area: str = ""
    listed: bool = True  # has a list of its own in the menu
    board: Board = Board()
    help: Label = ""

    @property
    def room(self) -> str:
        return self.key.partition(".")[0]

    @property
    def noun(self) -> str:
        return self.key.partition(".")[2]

    @property
    def label(self) -> Label:
        return self.model._meta.verbose_name or self.noun

    @property
    def label_plural(self) -> Label:
        return self.model._meta.verbose_name_plural or self.noun

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @cached_property
    def declared(self) -> Mapping[str, Field]:
        """The declared fields and those every record has, bound to their columns, in order."""
        bound = {f.key: bind(self, f) for f in self.fields}
        for shared in SHARED:
            bound.setdefault(shared.key, bind(self, shared))
        return bound

    @cached_property
    def counted(self) -> tuple[str, ...]:
        """Fields that make a record complete, in order: those declared as `completeness`, else the title and what is required
        or essential. What the machine fills in or what is kept secret never counts.
        """
        main = set(self.completeness) or {f.key for f in self.declared.values() if f.required or f.essential} | {
            self.title
        }
        order = [*self.completeness, *(k for s in self.sections for k in s.fields), *self.declared]
        keys = [k for k in dict.fromkeys(order) if k in main]
        return tuple(k for k in keys if not (self.declared[k].read_only or self.declared[k].secret))

    def __str__(self) -> str:
        return self.key


SHARED = (
    Field("tags", kind=kinds.Tags(), label=_("Tags"), bulk=True, aliases=("标签", "Tags", "Labels")),
    Field("created_at", label=pgettext_lazy("record", "Created"), read_only=True, sort=True, api="read"),
    Field("changed_at", label=_("Last changed"), read_only=True, sort=True, api="read"),
)


def bind(entity: Entity, declared: Field) -> Field:
    """The field with everything filled in that its model field knows."""
    if declared.kind is not None and declared.kind.computed:
        return replace(
            declared, entity=entity.key, read_only=True, label=declared.label or declared.key,
            sensitivity=declared.sensitivity or "public",
        )  # fmt: skip
    try:
        column = entity.model._meta.get_field(declared.key)
    except Exception as error:
        raise WrongDeclaration(
            f"{entity.key}.{declared.key}: the model {entity.model.__name__} has no such field"
        ) from error
    if not isinstance(column, models.Field):
        raise WrongDeclaration(f"{entity.key}.{declared.key}: is no column of {entity.model.__name__}")
    kind = declared.kind or infer(entity, column)
    numbered = entity.numbering is not None and entity.numbering.field == declared.key
    read_only = declared.read_only or numbered
    return replace(
        declared,
        kind=kind,
        label=declared.label or column.verbose_name,
        help=declared.help or column.help_text,
        entity=entity.key,
        column=column.attname,
        required=not read_only and (declared.required or not (column.blank or column.has_default())),
        read_only=read_only,
        unique=declared.unique or numbered,
        sensitivity=declared.sensitivity or ("personal" if declared.personal else "public"),
        default=column.get_default() if column.has_default() else None,
    )


def infer(entity: Entity, column: models.Field[Any, Any]) -> Kind:
    """The kind of a plain model field; special ones must be declared."""
    if isinstance(column, models.ForeignKey):
        target = column.remote_field.model
        if target._meta.label_lower == "core.user":
            return kinds.Person()
        return kinds.Link(target=f"{target._meta.app_label}.{target._meta.model_name}")
    if isinstance(column, models.DateTimeField):
        return kinds.DateTime()
    simple: tuple[tuple[type[Any], Callable[[], Kind]], ...] = (
        (models.DateField, kinds.Date),
        (models.TextField, kinds.LongText),
        (models.BooleanField, kinds.YesNo),
        (models.IntegerField, kinds.Integer),
        (models.CharField, lambda: kinds.Text(max_length=column.max_length or 200)),
        (models.DecimalField, lambda: kinds.Number(places=getattr(column, "decimal_places", 4))),
    )
    for type_, make in simple:
        if isinstance(column, type_):
            return make()
    hint = " (declare kind=Links(…) or Tags())" if isinstance(column, ArrayField) else ""
    raise WrongDeclaration(
        f"{entity.key}.{column.name}: say its kind, it does not follow from {type(column).__name__}{hint}"
    )
