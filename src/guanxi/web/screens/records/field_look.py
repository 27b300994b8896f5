"""How a field looks while it is being made: its input in a form, its value in a list, the input of its default."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.kit.problems import BadValue
from guanxi.records import catalogue, custom, kinds, read
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds import Kind
from guanxi.records.labels import Bilingual
from guanxi.records.models import CustomField
from guanxi.records.read import Cell, formats_for
from guanxi.records.read.cells import names_of
from guanxi.web.components import SafeString
from guanxi.web.kinds import FormField, cell_class, form_field
from guanxi.web.pages import shown
from guanxi.web.pages.form import AMOUNTS, choices_of, input_of

if TYPE_CHECKING:
    from guanxi.web.screens.records.fields import Typed


@dataclass(frozen=True)
class DefaultField:
    """What the input of a default has to know of a field."""

    kind: Kind
    key: str = "default"
    label: str = ""
    required: bool = False


def kind_of(key: str, options: dict[str, Any]) -> Kind | None:
    """The kind with its options; None for an unknown one, or while something is missing that it needs."""
    if key not in custom.OFFERED or any(not options.get(name) for name in custom.OFFERED[key]):
        return None
    kind: Kind = custom.kind_of(key, options)
    if isinstance(kind, kinds.Link) and kind.target not in {e.key for e in catalogue.every()} | {"core.user"}:
        return None
    return kind


def stored_default(actor: Actor, row: CustomField) -> Any:
    """A default as its input holds it."""
    field = custom.field_of(row)
    if field.kind.key in AMOUNTS and field.default is not None:
        return field.kind.edit_text(field.default, formats_for(actor))
    return field.default


def default_text(actor: Actor, row: CustomField) -> str:
    """A default as it reads; "" for none."""
    field = custom.field_of(row)
    return "" if field.default is None else field.kind.format(field.default, formats_for(actor))


def default_input(actor: Actor, typed: Typed) -> FormField | None:
    """The input for the default of a field; None for a kind that has none, or that is not whole yet."""
    kind = typed.made_kind()
    if kind is None or kind.key in custom.NO_DEFAULT or typed.unique:
        return None
    said = _("New records get it where nothing else is given, also in imports. Records that exist are not changed.")
    field = Field("default", kind=kind, label=_("Default value"), help=said)
    made = form_field(
        field, value=typed.default, options=choices_of(actor, field, formats_for(actor), typed.default),
        problems=[typed.wrong_default] if typed.wrong_default else (), language=get_language(),
    )  # fmt: skip
    made.id = "cf-default"
    return made


@dataclass(frozen=True)
class Look:
    """`missing`: what has to be chosen before there is anything to see. `cell`: the value in a list; `css`: of its column."""

    input: FormField | None = None
    label: str = ""
    cell: SafeString | str = ""
    css: str = ""
    invented: bool = False
    missing: str = ""


def look(actor: Actor, entity: Entity, typed: Typed) -> Look:
    """The field as people will see it. The value shown is the default, or one that was made up."""
    kind = typed.made_kind()
    label = Bilingual(typed.label_zh or typed.label_en, typed.label_en or typed.label_zh)
    if kind is None:
        needed = {
            "list": _("Choose the list of values."),
            "target": _("Choose the object."),
            "currency": _("Name the currency."),
        }
        for name in custom.OFFERED.get(typed.kind, ()):
            if not typed.options.get(name):
                return Look(label=str(label), missing=needed[name])
        return Look(label=str(label), missing=_("Choose a kind."))
    formats = formats_for(actor)
    try:
        value = kind.parse(typed.default, formats) if kind.key not in custom.NO_DEFAULT else None
    except BadValue:
        value = None
    if kind.is_empty(value):
        value = None
    field = Field(
        "preview", kind=kind, label=label if str(label) else _("New field"), entity=entity.key, custom=True,
        help=Bilingual(typed.help_zh or typed.help_en, typed.help_en or typed.help_zh), required=typed.required, default=value,
    )  # fmt: skip
    made = input_of(actor, field, formats)
    made.id, made.name = "cf-preview", "preview"
    sample = value if value is not None else sample_of(actor, kind)
    cell = _cell(actor, field, sample)
    return Look(
        made, str(field.label), shown.html(cell, linking=False), cell_class(shown.linked(cell)), invented=value is None
    )


def sample_of(actor: Actor, kind: Kind) -> Any:
    """A value to look at; for links a record this person sees."""
    today = timezone.localdate()
    texts = {
        "text": _("Some words"), "longtext": _("Some sentences, as long as they need to be."), "phone": "+86 138 0013 8000",
        "email": "li@example.com", "url": "https://example.com", "person_name": _("Li Na"),
        "company_name": _("Example Trading Ltd"), "integer": "12", "number": "12.5", "money": "12800", "percent": "12.5",
        "rating": "4", "boolean": "1", "date": today.isoformat(), "datetime": f"{today.isoformat()} 09:30",
        "address": {"country": "CN", "province": "上海市", "city": "上海市", "street": "南京东路 1 号"},
    }  # fmt: skip
    if isinstance(kind, kinds.Choice):
        codes = [o.value for o in kind.options(formats_for(actor)) if not o.retired]
        return (codes[:2] if kind.many else codes[0]) if codes else None
    if isinstance(kind, kinds.Person):
        return actor.user_id
    if isinstance(kind, kinds.Link):
        ids = list(read.visible(catalogue.get(kind.target), actor).order_by("-pk").values_list("pk", flat=True)[:2])
        return (ids if kind.many else ids[0]) if ids else None
    try:
        return kind.parse(texts[kind.key], formats_for(actor))
    except (KeyError, BadValue):
        return None


def _cell(actor: Actor, field: Field, value: Any) -> Cell:
    kind, formats = field.kind, formats_for(actor)
    if value is None:
        return Cell(field)
    if isinstance(kind, kinds.Link):
        ids = value if kind.many else [value]
        if isinstance(kind, kinds.Person):
            return Cell(field, value, actor.name)
        names = names_of(actor, kind.target, ids)
        words = [names[i][0] for i in ids if i in names]
        return Cell(field, value, "、".join(words), parts=tuple((w, "", i) for w, i in zip(words, ids, strict=False)))
    cell = Cell(field, value, kind.format(value, formats), formats=formats)
    if isinstance(kind, kinds.MultiChoice):
        return replace(
            cell, parts=tuple((kind_label(kind, code, formats), kind_colour(kind, code), 0) for code in value)
        )
    if isinstance(kind, kinds.Choice):
        return replace(cell, colour=kind.colour(value))
    return cell


def kind_label(kind: kinds.Choice, code: str, formats: kinds.Formats) -> str:
    return next((o.label for o in kind.options(formats) if o.value == code), code)


def kind_colour(kind: kinds.Choice, code: str) -> str:
    return next((o.colour for o in kind.options() if o.value == code), "")
