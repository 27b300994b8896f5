"""The HTML faces of all kinds, and the two ways through them: showing a cell, and a form there and back.

A new kind: one class in `base.py` (or a module of its own), one line in FACES, one template under `templates/web/kinds/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guanxi.web import components
from guanxi.web.components import escape
from guanxi.web.kinds import base
from guanxi.web.kinds.base import Face, FormField, Part, parts_of

__all__ = ["FACES", "Face", "FormField", "Part", "cell_class", "face", "form_field", "parts_of", "show", "values_from"]

FACES: Mapping[str, Face] = {
    face.key: face
    for face in (
        base.Face(), base.LongText(), base.Integer(), base.Number(), base.Money(), base.Percent(), base.Rating(), base.YesNo(),
        base.Date(), base.DateTime(), base.Choice(), base.MultiChoice(), base.Phone(), base.Email(), base.Url(), base.Address(),
        base.PersonName(), base.CompanyName(), base.Code(), base.Secret(), base.Link(), base.User(), base.Links(), base.Tags(),
        base.File(), base.Computed(),
    )
}  # fmt: skip
BUTTONS = 5  # so many options are buttons side by side; more are a list


def face(key: str) -> Face:
    """The face of a kind; plain text for a kind that has none."""
    return FACES.get(key) or FACES["text"]


def _kind_of(cell: Any) -> Any:
    kind = cell.field.kind
    # A computed value looks like what it computes.
    return getattr(kind, "result", None) or kind


def show(cell: Any, *, dense: bool = True) -> SafeString:
    """A cell as HTML. Masked and restricted values show only the text that the read door gave."""
    if cell is None:
        return components.empty_value()
    if getattr(cell, "restricted", False):
        label = _("Not yours to see")
        return components.safe(
            f'<span class="gx-masked" title="{escape(label)}">{components.icon("lock", size="sm", label=label)}</span>'
        )
    if getattr(cell, "masked", False):
        label = _("Masked for your role")
        return components.safe(
            f'<span class="gx-masked gx-num" title="{escape(label)}">{escape(cell.text)}'
            f"{components.icon('eye-off', size='sm', label=label)}</span>"
        )
    if cell.text == "" and not getattr(cell, "parts", None):
        return components.empty_value()
    return face(_kind_of(cell).key).show(cell, dense=dense)


def cell_class(cell: Any) -> str:
    """Classes for the element around a cell."""
    if cell is None or (getattr(cell, "text", "") == "" and not getattr(cell, "parts", None)):
        return "gx-blank"
    return "gx-end" if face(_kind_of(cell).key).to_end else ""


def form_field(
    field: Any,
    *,
    value: Any = None,
    text: str = "",
    problems: Sequence[Any] = (),
    options: Sequence[Any] | None = None,
    options_url: str = "",
    prefix: str = "",
    autofocus: bool = False,
    read_only: bool = False,
    language: str | None = None,
) -> FormField:
    """A form field for a field of records.

    `value` is the stored value or what was posted; `text` how it reads (for links); `problems` sentences or `kit` problems;
    `options` what may be chosen (default: the field's own); `options_url` answers search-as-you-type for links.
    """
    from django.utils import translation

    shown = face(field.kind.key)
    name = f"{prefix}{field.key}"
    if options is None:
        give = getattr(field, "options", None)
        options = give(language or translation.get_language()) if callable(give) else give or ()
    options = [o for o in options if not getattr(o, "retired", False) or str(getattr(o, "value", o)) == str(value)]
    template, group = shown.template, shown.group
    read_only = read_only or bool(getattr(field, "read_only", False))
    if read_only:
        template, group = "web/kinds/computed.html", False
    elif field.kind.key == "choice" and 0 < len(options) <= BUTTONS:
        template, group = "web/kinds/choice_buttons.html", True
    return FormField(
        key=field.key, label=str(field.label), kind=field.kind.key, name=name, id=f"f-{name}".replace(".", "-"),
        template=template, value=shown.value(value), text=text, help=str(getattr(field, "help", "") or ""),
        required=bool(getattr(field, "required", False)), read_only=read_only,
        autofocus=autofocus, problems=list(problems), options=options, options_url=options_url, wide=shown.wide, group=group,
        extra=shown.hints(field.kind),
    )  # fmt: skip


def values_from(post: QueryDict, fields: Iterable[Any], *, prefix: str = "") -> dict[str, Any]:
    """The raw values of a posted form, for the write door: only fields that the form showed are in it."""
    values: dict[str, Any] = {}
    for field in fields:
        shown, name = face(field.kind.key), f"{prefix}{field.key}"
        if shown.posted(post, name):
            values[field.key] = shown.raw(post, name)
    return values
