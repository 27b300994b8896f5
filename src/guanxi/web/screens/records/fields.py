"""Custom fields: what an administrator adds to an entity without touching the program."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from guanxi.core.access.models import FieldClass
from guanxi.core.org import settings as org_settings
from guanxi.records import catalogue, custom
from guanxi.records.entity import Entity
from guanxi.records.models import ChoiceList, CustomField
from guanxi.web.access import allow_area
from guanxi.web.kinds import values_from
from guanxi.web.pages.base import actor_of, answers, entity_label, entity_plural, render, sentences
from guanxi.web.screens.records import field_look, field_use
from guanxi.web.shell import toast

AREA = "settings.fields"
KINDS = {
    "text": gettext_lazy("Text"),
    "longtext": gettext_lazy("Long text"),
    "integer": gettext_lazy("Whole number"),
    "number": gettext_lazy("Number"),
    "money": gettext_lazy("Money"),
    "percent": gettext_lazy("Percent"),
    "rating": gettext_lazy("Stars"),
    "boolean": gettext_lazy("Yes or no"),
    "date": gettext_lazy("Date"),
    "datetime": gettext_lazy("Date and time"),
    "choice": gettext_lazy("One of a list"),
    "multichoice": gettext_lazy("Several of a list"),
    "phone": gettext_lazy("Phone"),
    "email": gettext_lazy("E-mail"),
    "url": gettext_lazy("Web address"),
    "address": gettext_lazy("Address"),
    "person_name": gettext_lazy("Name of a person"),
    "company_name": gettext_lazy("Name of a company"),
    "link": gettext_lazy("One record"),
    "links": gettext_lazy("Several records"),
    "user": gettext_lazy("Colleague"),
    "file": gettext_lazy("File"),
    "code": gettext_lazy("Number or code"),
    "secret": gettext_lazy("Secret number"),
    "tags": gettext_lazy("Tags"),
    "computed": gettext_lazy("Computed"),
}
WORDS = ("label_zh", "label_en", "help_zh", "help_en")


@dataclass
class Typed:
    """What a form holds: as typed, else as stored."""

    kind: str = "text"
    label_zh: str = ""
    label_en: str = ""
    help_zh: str = ""
    help_en: str = ""
    list: str = ""
    target: str = ""
    currency: str = ""
    sensitivity: str = "public"
    required: bool = False
    unique: bool = False
    indexed: bool = False
    search: bool = False
    wrong: str = ""
    wrong_default: str = ""
    default: Any = None  # as typed, or as the input holds what is stored
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def posted(cls, post: QueryDict, row: CustomField | None = None) -> Typed:
        typed = cls()
        for name in (*WORDS, "kind", "list", "target", "currency"):
            setattr(typed, name, " ".join(post.get(name, "").split())[:300])
        typed.sensitivity = (
            post.get("sensitivity", "public") if post.get("sensitivity") in FieldClass.values else "public"
        )
        for name in ("required", "unique", "indexed", "search"):
            setattr(typed, name, name in post)
        typed.options = {
            k: v for k, v in (("list", typed.list), ("target", typed.target), ("currency", typed.currency)) if v
        }
        if row is not None:  # what never changes is not asked for again
            typed.kind, typed.options, typed.unique, typed.indexed = row.kind, row.options, row.unique, row.indexed
        if (kind := typed.made_kind()) is not None:
            typed.default = values_from(post, [field_look.DefaultField(kind)]).get("default")
        return typed

    @property
    def shown(self) -> str:
        """What the input of the default depends on; the form says for what it was drawn."""
        return " ".join(
            [self.kind, *(str(v) for _k, v in sorted(self.options.items())), *(["unique"] if self.unique else [])]
        )

    def made_kind(self) -> Any:
        """The kind with its options; None while one of them is missing."""
        return field_look.kind_of(self.kind, self.options)


def get_entity(key: str) -> Entity:
    return catalogue.get(key)


@allow_area(AREA, "edit")
@answers
def fields(request: HttpRequest) -> HttpResponse:
    """All entities with how many fields they have."""
    counts: dict[str, list[int]] = {}
    for key, retired in CustomField.objects.filter(deleted=False).values_list("entity", "retired"):
        counts.setdefault(key, [0, 0])[retired] += 1
    rows = [
        {
            "key": e.key,
            "icon": e.icon,
            "label": entity_plural(e),
            "built_in": len(e.declared),
            "own": counts.get(e.key, [0, 0])[0],
            "retired": counts.get(e.key, [0, 0])[1],
        }
        for e in catalogue.every()
    ]
    return render(request, "records/fields.html", {"rows": rows})


@allow_area(AREA, "edit")
@answers
def entity_fields(request: HttpRequest, key: str) -> HttpResponse:
    entity = get_entity(key)
    rows = list(custom.known(entity).order_by("retired", "position", "id"))
    own = [
        {
            "row": r,
            "kind": str(KINDS.get(r.kind, r.kind)),
            "class": FieldClass(r.sensitivity).label,
            "building": custom.index_state(entity, r) == "building",
            "default": field_look.default_text(actor_of(request), r),
            "marks": [
                str(t)
                for on, t in (
                    (r.required, _("Required")),
                    (r.unique, _("Unique")),
                    (r.indexed, _("Sortable")),
                    (r.search, _("Searchable")),
                )
                if on
            ],
        }
        for r in rows
    ]
    built_in = [
        {
            "key": f.key,
            "label": str(f.label),
            "kind": str(KINDS.get(f.kind.key, f.kind.key)),
            "class": FieldClass(f.sensitivity or "public").label,
            "marks": [
                str(t)
                for on, t in (
                    (f.required, _("Required")),
                    (f.unique, _("Unique")),
                    (f.sort, _("Sortable")),
                    (f.search, _("Searchable")),
                )
                if on
            ],
        }
        for f in entity.declared.values()
    ]
    return render(
        request,
        "records/entity_fields.html",
        {"entity": entity, "plural": entity_plural(entity), "own": own, "built_in": built_in},
    )


def _form(request: HttpRequest, entity: Entity, typed: Typed, row: CustomField | None) -> HttpResponse:
    context = _context(request, entity, typed, row)
    return render(request, "records/field.html", context, status=422 if typed.wrong or typed.wrong_default else 200)


def _context(request: HttpRequest, entity: Entity, typed: Typed, row: CustomField | None) -> dict[str, Any]:
    actor = actor_of(request)
    return {
        "entity": entity,
        "noun": entity_label(entity),
        "plural": entity_plural(entity),
        "typed": typed,
        "row": row,
        "kinds": [(k, KINDS[k]) for k in custom.OFFERED],
        "classes": list(FieldClass.choices),
        "asks": custom.OFFERED.get(typed.kind, ()),
        "indexable": typed.kind in custom.INDEXABLE,
        "lists": [
            (c.key, c.label_zh if request.LANGUAGE_CODE.startswith("zh") else c.label_en)
            for c in ChoiceList.objects.order_by("key")
        ],
        "targets": [(e.key, entity_label(e)) for e in catalogue.every()],
        "kind_label": str(KINDS.get(typed.kind, typed.kind)),
        "options": _options(request, row) if row is not None else [],
        "default_input": field_look.default_input(actor, typed),
        "look": field_look.look(actor, entity, typed),
        "use": field_use.of(actor, entity, row) if row is not None else None,
        "not_unique": field_use.not_unique(actor, entity, row) if row is not None else None,
    }


def _options(request: HttpRequest, row: CustomField) -> list[str]:
    """What a kind was made with, in words: the list of values, the object, the currency."""
    chinese = request.LANGUAGE_CODE.startswith("zh")
    lists = {
        c.key: c.label_zh if chinese else c.label_en for c in ChoiceList.objects.filter(key=row.options.get("list"))
    }
    targets = {e.key: entity_label(e) for e in catalogue.every()}
    return [lists.get(value) or targets.get(value) or str(value) for value in row.options.values()]


@require_POST
@allow_area(AREA, "edit")
@answers
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """How the field would look as it is typed now: in a form and in the list. Writes nothing; by POST, so that no address is
    made of what is typed. With another kind, the questions of that kind come along.
    """
    entity = get_entity(key)
    row = custom.known(entity).filter(key=request.POST.get("of", "")).first()
    typed = Typed.posted(request.POST, row)
    before = request.POST.get("shown", "")
    another_kind = row is None and before.partition(" ")[0] != typed.kind
    if another_kind:
        typed.default = None
    context = _context(request, entity, typed, row)
    context |= {"another_kind": another_kind, "another_default": before != typed.shown}
    return render(request, "records/field.html", context, fragment="preview")


@allow_area(AREA, "edit")
@answers
def add(request: HttpRequest, key: str) -> HttpResponse:
    entity = get_entity(key)
    typed = Typed(currency=org_settings.get("reporting_currency"))
    if request.method == "POST":
        typed = Typed.posted(request.POST)
        try:
            made = custom.define(
                actor_of(request),
                entity,
                kind=typed.kind,
                label_zh=typed.label_zh,
                label_en=typed.label_en,
                help_zh=typed.help_zh,
                help_en=typed.help_en,
                options=typed.options,
                sensitivity=typed.sensitivity,
                required=typed.required,
                unique=typed.unique,
                indexed=typed.indexed,
                search=typed.search,
                default=typed.default,
            )
        except custom.WrongField as error:
            _explain(typed, error)
        else:
            toast(
                request,
                _("The field is there: in lists, forms, filters, imports and exports."),
                href=reverse("settings-field", args=[key, made]),
            )
            return HttpResponseRedirect(reverse("settings-entity-fields", args=[key]))
    return _form(request, entity, typed, None)


def _explain(typed: Typed, error: custom.WrongField) -> None:
    if error.problem is not None:
        typed.wrong_default = " ".join(text for texts in sentences({"": [error.problem]}).values() for text in texts)
    typed.wrong = explain(error)


def explain(error: custom.WrongField) -> str:
    """Why a field cannot be so, in the reader's language."""
    said = {
        "needs": _("This kind needs one thing more: choose the list, the object or the currency."),
        "label": _("Give the field a name in at least one language."),
        "index": _("A field of this kind can be neither unique nor sorted by."),
        "taken": _("There is a field of that name already; choose another."),
        "default": _("The default value does not fit the kind of the field."),
        "unique": _("A field that no two records may share cannot give all new records the same value."),
        "held": _("Records still hold a value of this field. Empty it there first, or only retire the field."),
        "gone": _("Somebody changed this field meanwhile."),
    }
    return said.get(error.why, str(error))


def get_row(entity: Entity, name: str) -> CustomField:
    row: CustomField | None = custom.known(entity).filter(key=name).first()
    if row is None:
        raise Http404("no such field")
    return row


def _tell(request: HttpRequest, text: str, step: int | None) -> None:
    """A toast with the way back, where there is something to take back."""
    toast(request, text, undo=reverse("journal-restore", args=[step]) if step else "")


@allow_area(AREA, "edit")
@answers
def edit(request: HttpRequest, key: str, name: str) -> HttpResponse:
    entity = get_entity(key)
    row = get_row(entity, name)
    typed = Typed(
        kind=row.kind,
        sensitivity=row.sensitivity,
        required=row.required,
        unique=row.unique,
        indexed=row.indexed,
        search=row.search,
        options=row.options,
        **{w: getattr(row, w) for w in WORDS},
    )
    typed.default = field_look.stored_default(actor_of(request), row)
    if request.method == "POST":
        given = Typed.posted(request.POST, row)
        if not (given.label_zh or given.label_en):
            given.wrong = _("Give the field a name in at least one language.")
            return _form(request, entity, given, row)
        changes = {
            "label_zh": given.label_zh or given.label_en,
            "label_en": given.label_en or given.label_zh,
            "help_zh": given.help_zh,
            "help_en": given.help_en,
            "sensitivity": given.sensitivity,
            "required": given.required,
            "search": given.search,
        }
        if "default_shown" in request.POST:
            changes["default"] = given.default
        try:
            step = custom.change(actor_of(request), entity, name, **changes)
        except custom.WrongField as error:
            _explain(given, error)
            return _form(request, entity, given, row)
        _tell(request, _("Saved.") if step else _("Nothing was changed."), step)
        return HttpResponseRedirect(reverse("settings-entity-fields", args=[key]))
    return _form(request, entity, typed, row)


@allow_area(AREA, "edit")
@answers
def use(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """What would miss the field, before it is retired or deleted; POST to `act` does it."""
    entity = get_entity(key)
    row = get_row(entity, name)
    context = {
        "entity": entity, "plural": entity_plural(entity), "row": row, "use": field_use.of(actor_of(request), entity, row),
        "label": row.label_zh if request.LANGUAGE_CODE.startswith("zh") else row.label_en,
    }  # fmt: skip
    return render(request, "records/field_use.html", context)


@require_POST
@allow_area(AREA, "edit")
@answers
def act(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """Retire, bring back, delete, move up or down, build the index again."""
    entity = get_entity(key)
    row = get_row(entity, name)
    actor, do = actor_of(request), request.POST.get("do", "")
    if do == "retire":
        _tell(request, _("Retired: its values are kept and come back with it."),
              custom.change(actor, entity, name, retired=True))  # fmt: skip
    elif do == "restore":
        _tell(request, _("Back in use."), custom.change(actor, entity, name, retired=False))
    elif do == "delete":
        try:
            step = custom.delete(actor, entity, name)
        except custom.WrongField as error:
            toast(request, explain(error), level="error")
            return HttpResponseRedirect(reverse("settings-field-use", args=[key, name]))
        _tell(request, _("The field is deleted."), step)
    elif do == "index":
        custom.build_index_later(actor, row)
        toast(request, _("It is being checked again."), level="info", href=reverse("jobs"), label=_("Show"))
        return HttpResponseRedirect(reverse("settings-field", args=[key, name]))
    elif do in ("up", "down"):
        order = list(custom.known(entity).filter(retired=False).order_by("position", "id"))
        at = next((i for i, r in enumerate(order) if r.key == name), -1)
        to = at + (1 if do == "down" else -1)
        if at >= 0 and 0 <= to < len(order):
            order[at], order[to] = order[to], order[at]
            for position, one in enumerate(order):
                if one.position != position:
                    custom.change(actor, entity, one.key, position=position)
    return HttpResponseRedirect(reverse("settings-entity-fields", args=[key]))
