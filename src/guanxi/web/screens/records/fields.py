"""Custom fields: what an administrator adds to an entity without touching the program."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from guanxi.core.access.models import FieldClass
from guanxi.records import catalogue, custom
from guanxi.records.entity import Entity
from guanxi.records.models import ChoiceList, CustomField
from guanxi.web.access import allow_area
from guanxi.web.pages.base import actor_of, answers, entity_label, entity_plural, render
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
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def posted(cls, request: HttpRequest) -> Typed:
        post = request.POST
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
        return typed


def get_entity(key: str) -> Entity:
    return catalogue.get(key)


@allow_area(AREA, "edit")
@answers
def fields(request: HttpRequest) -> HttpResponse:
    """All entities with how many fields they have."""
    counts: dict[str, list[int]] = {}
    for key, retired in CustomField.objects.values_list("entity", "retired"):
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
    rows = list(CustomField.objects.filter(entity=entity.key).order_by("retired", "position", "id"))
    own = [
        {
            "row": r,
            "kind": str(KINDS.get(r.kind, r.kind)),
            "class": FieldClass(r.sensitivity).label,
            "building": custom.index_state(entity, r) == "building",
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
    context = {
        "entity": entity,
        "noun": entity_label(entity),
        "plural": entity_plural(entity),
        "typed": typed,
        "row": row,
        "kinds": [(k, KINDS[k]) for k in custom.OFFERED],
        "classes": list(FieldClass.choices),
        "lists": [
            (c.key, c.label_zh if request.LANGUAGE_CODE.startswith("zh") else c.label_en)
            for c in ChoiceList.objects.order_by("key")
        ],
        "targets": [(e.key, entity_label(e)) for e in catalogue.every()],
        "kind_label": str(KINDS.get(typed.kind, typed.kind)),
        "options": [f"{k}: {v}" for k, v in (row.options if row else {}).items()],
    }
    return render(request, "records/field.html", context, status=422 if typed.wrong else 200)


@allow_area(AREA, "edit")
@answers
def add(request: HttpRequest, key: str) -> HttpResponse:
    entity = get_entity(key)
    typed = Typed(currency="CNY")
    if request.method == "POST":
        typed = Typed.posted(request)
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
            )
        except custom.WrongField as error:
            typed.wrong = explain(error)
        else:
            toast(
                request,
                _("The field is there: in lists, forms, filters, imports and exports."),
                href=reverse("settings-field", args=[key, made]),
            )
            return HttpResponseRedirect(reverse("settings-entity-fields", args=[key]))
    return _form(request, entity, typed, None)


def explain(error: custom.WrongField) -> str:
    """Why a field cannot be so, in the reader's language."""
    text = str(error)
    if "needs" in text:
        return _("This kind needs one thing more: choose the list, the object or the currency.")
    if "label" in text:
        return _("Give the field a name in at least one language.")
    if "indexed or unique" in text:
        return _("A field of this kind can be neither unique nor sorted by.")
    if "taken" in text:
        return _("There is a field of that name already; choose another.")
    return text


@allow_area(AREA, "edit")
@answers
def edit(request: HttpRequest, key: str, name: str) -> HttpResponse:
    entity = get_entity(key)
    row = CustomField.objects.filter(entity=entity.key, key=name).first()
    if row is None:
        raise Http404("no such field")
    typed = Typed(
        kind=row.kind,
        sensitivity=row.sensitivity,
        required=row.required,
        unique=row.unique,
        indexed=row.indexed,
        search=row.search,
        **{w: getattr(row, w) for w in WORDS},
    )
    if request.method == "POST":
        given = Typed.posted(request)
        if not (given.label_zh or given.label_en):
            given.wrong, given.kind = _("Give the field a name in at least one language."), row.kind
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
        wanted = {k: v for k, v in changes.items() if v != getattr(row, k)}
        if wanted:
            custom.change(actor_of(request), entity, name, **wanted)
        toast(request, _("Saved."))
        return HttpResponseRedirect(reverse("settings-entity-fields", args=[key]))
    return _form(request, entity, typed, row)


@require_POST
@allow_area(AREA, "edit")
@answers
def act(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """Retire, bring back, move up or down."""
    entity = get_entity(key)
    row = CustomField.objects.filter(entity=entity.key, key=name).first()
    if row is None:
        raise Http404("no such field")
    actor, do = actor_of(request), request.POST.get("do", "")
    if do in ("retire", "restore"):
        custom.change(actor, entity, name, retired=do == "retire")
        toast(
            request, _("Retired: its values are kept and come back with it.") if do == "retire" else _("Back in use.")
        )
    elif do in ("up", "down"):
        order = list(CustomField.objects.filter(entity=entity.key, retired=False).order_by("position", "id"))
        at = next((i for i, r in enumerate(order) if r.key == name), -1)
        to = at + (1 if do == "down" else -1)
        if at >= 0 and 0 <= to < len(order):
            order[at], order[to] = order[to], order[at]
            for position, one in enumerate(order):
                if one.position != position:
                    custom.change(actor, entity, one.key, position=position)
    return HttpResponseRedirect(reverse("settings-entity-fields", args=[key]))
