"""Roles and their matrix: objects × actions with a scope in each cell, field classes × levels, exceptions per field."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from guanxi.core.access import effect, services
from guanxi.core.access.models import ANY, Action, FieldClass, Level, Role, Scope
from guanxi.records import catalogue, custom
from guanxi.web.access import allow_area
from guanxi.web.screens.core.inputs import Input, act, actor_of, attempt, filled, page
from guanxi.web.shell import toast

AREA = "settings.roles"

AREA_NAMES = {
    "people": gettext_lazy("People"),
    "departments": gettext_lazy("Departments"),
    "roles": gettext_lazy("Roles"),
    "fields": gettext_lazy("Custom fields"),
    "lists": gettext_lazy("Lists of values"),
    "currencies": gettext_lazy("Currencies and rates"),
    "journal": gettext_lazy("Journal"),
    "jobs": gettext_lazy("Jobs"),
    "organisation": gettext_lazy("Organisation"),
}


@dataclass(frozen=True)
class Object:
    """An object of the house as the matrix shows it; fields are (key, label, class)."""

    key: str
    label: str
    fields: tuple[tuple[str, str, str], ...] = ()


def catalogue_objects() -> list[Object]:
    """Every object of the catalogue with its fields, custom ones included."""
    found = []
    for entity in catalogue.every():
        fields = {**entity.declared, **custom.fields(entity)}
        found.append(
            Object(
                entity.key,
                str(entity.label),
                tuple((f.key, str(f.label), f.sensitivity or "public") for f in fields.values()),
            )
        )
    return found


@allow_area(AREA, "edit")
def roles(request: HttpRequest) -> HttpResponse:
    """All roles; POST adds one, empty or as a copy."""
    inputs = [
        Input("name", _("Name"), required=True),
        Input("copy_of", _("Rights"), "select", request.GET.get("copy", ""), [
            ("", _("None to begin with")),
            *((r.key, _("As %(role)s") % {"role": services.role_name(r)}) for r in Role.objects.all()),
        ]),
        Input("description", _("Description"), wide=True),
    ]  # fmt: skip
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        given = {item.name: request.POST.get(item.name, "") for item in inputs}
        source = Role.objects.filter(key=given["copy_of"]).first()
        made, errors = attempt(lambda: services.create_role(
            actor_of(request), given["name"], description=given["description"], copy_of=source
        ))  # fmt: skip
        if made is not None:
            toast(request, _("The role was added."))
            return HttpResponseRedirect(reverse("settings-role", args=[made.key]))
        inputs = filled(inputs, given, errors)
    rows = [
        {
            "role": role, "name": services.role_name(role), "description": services.role_description(role),
            "people": role.active_people, "fixed": role.key == services.ADMINISTRATOR,
        }
        for role in Role.objects.annotate(active_people=Count("people", filter=Q(people__is_active=True)))
    ]  # fmt: skip
    return page(request, "core/roles.html", {"rows": rows, "inputs": inputs, "adding": bool(errors)}, errors)


# --- the matrix -------------------------------------------------------------------------------------------------------


def _cells(role: Role) -> dict[str, str]:
    """{form name: value} of every cell that is set: `g:entity:action` and `f:entity:class:field`."""
    grants = {f"g:{g.entity}:{g.action}": g.scope for g in role.grants.all()}
    fields = {f"f:{g.entity}:{g.field_class}:{g.field}": g.level for g in role.field_grants.all()}
    return {**grants, **fields}


def _select(
    name: str, cells: dict[str, str], choices: list[tuple[str, str]], inherited: str, label: str,
    came: dict[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    value = cells.get(name, "")
    words = dict(choices)
    first = ("", _("(%(inherited)s)") % {"inherited": inherited}) if inherited else ("", "–")
    return {
        "name": name, "value": value, "label": label,
        "differs": bool(came) and value != (came or {}).get(name, ""),
        "came": words.get((came or {}).get(name, ""), inherited or "–"),
        "options": [{"value": v, "label": text, "chosen": v == value} for v, text in (first, *choices)],
    }  # fmt: skip


def _matrix(cells: dict[str, str], objects: list[Object], came: dict[str, str]) -> list[dict[str, Any]]:
    scopes = [(s.value, str(s.label)) for s in Scope]
    rows = []
    for thing in (Object(ANY, _("Every object")), *objects):
        row = []
        for action in Action:
            above = "" if thing.key == ANY else str(Scope(cells.get(f"g:*:{action.value}", "none")).label)
            label = f"{thing.label} · {action.label}"
            choices = scopes if thing.key != ANY else scopes[1:]
            row.append(_select(f"g:{thing.key}:{action.value}", cells, choices, above, label, came))
        rows.append({"label": thing.label, "key": thing.key, "cells": row})
    return rows


def _levels(cells: dict[str, str], objects: list[Object], came: dict[str, str]) -> list[dict[str, Any]]:
    levels = [(v.value, str(v.label)) for v in Level]
    rows = []
    for thing in (Object(ANY, _("Every object")), *objects):
        row = []
        for cls in FieldClass:
            above = "" if thing.key == ANY else str(Level(cells.get(f"f:*:{cls.value}:", "hidden")).label)
            row.append(
                _select(f"f:{thing.key}:{cls.value}:", cells, levels if thing.key != ANY else levels[1:], above,
                        f"{thing.label} · {cls.label}", came)
            )  # fmt: skip
        rows.append({"label": thing.label, "key": thing.key, "cells": row})
    return rows


def _exceptions(cells: dict[str, str], objects: list[Object]) -> list[dict[str, Any]]:
    levels = [(v.value, str(v.label)) for v in Level]
    names = {(o.key, key): f"{o.label} · {label}" for o in objects for key, label, _cls in o.fields}
    rows = []
    for name in sorted(n for n in cells if n.startswith("f:") and not n.endswith(":")):
        _f, entity, _cls, field = name.split(":", 3)
        label = names.get((entity, field), f"{entity} · {field}")
        rows.append({"label": label, "cell": _select(name, cells, levels, _("no exception"), label)})
    return rows


def _areas(cells: dict[str, str]) -> list[dict[str, Any]]:
    names = {area: f"g:settings.{area}:edit" for area in services.AREAS}
    return [{"name": n, "label": AREA_NAMES.get(a, a), "on": cells.get(n) == "all"} for a, n in names.items()]


def _posted(request: HttpRequest, was: dict[str, str]) -> dict[str, str]:
    """The cells that this form changes: what differs from what the form was filled with."""
    now = {name: str(value) for name, value in request.POST.items() if name.startswith(("g:", "f:"))}
    for area in services.AREAS:
        name = f"g:settings.{area}:edit"
        if f"has:{name}" in request.POST:
            now[name] = "all" if request.POST.get(name) else ""
    field, level = request.POST.get("exception_field", ""), request.POST.get("exception_level", "")
    if field.count(":") == 1 and level:
        entity, _colon, key = field.partition(":")
        now[f"f:{entity}::{key}"] = level
    off = {"", "none"}
    return {
        name: value for name, value in now.items()
        if value != was.get(name, "") and not (name.startswith("g:settings.") and {value, was.get(name, "")} <= off)
    }  # fmt: skip


def _split(changes: dict[str, str]) -> tuple[dict[services.GrantKey, str | None], dict[services.FieldKey, str | None]]:
    grants: dict[services.GrantKey, str | None] = {}
    fields: dict[services.FieldKey, str | None] = {}
    for name, value in changes.items():
        parts = name.split(":")
        if parts[0] == "g" and len(parts) == 3:
            grants[parts[1], parts[2]] = value or None
        elif parts[0] == "f" and len(parts) == 4:
            fields[parts[1], parts[2], parts[3]] = value or None
    return grants, fields


def _was(request: HttpRequest) -> dict[str, str]:
    try:
        found = json.loads(request.POST.get("was", "{}"))
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _effects(
    role: Role, grants: dict[services.GrantKey, str | None], fields: dict[services.FieldKey, str | None],
    objects: list[Object],
) -> list[dict[str, Any]]:  # fmt: skip
    """Sentences about what a change means for people: "12 people lose: export of contacts"."""
    names = {o.key: o.label for o in objects} | {ANY: _("Every object")}
    labels = {(o.key, key): label for o in objects for key, label, _cls in o.fields}
    classes = {(o.key, key): cls for o in objects for key, _label, cls in o.fields}
    found = []
    for e in effect.effects(role, grants, fields, entities=[o.key for o in objects], classes=classes):
        people = ngettext("%(n)d person", "%(n)d people", e.people) % {"n": e.people}
        if e.entity.startswith("settings."):
            area = e.entity.removeprefix("settings.")
            what = _("Settings") + " · " + str(AREA_NAMES.get(area, area))
        elif e.what.startswith("."):
            what = f"{names.get(e.entity, e.entity)} · {labels.get((e.entity, e.what[1:]), e.what[1:])}"
        else:
            word = Action(e.what).label if e.what in Action.values else FieldClass(e.what).label
            what = f"{names.get(e.entity, e.entity)} · {word}"
        found.append({"people": people, "what": what, "before": e.before.label, "after": e.after.label, "more": e.more})
    return found


@allow_area(AREA, "edit")
def role(request: HttpRequest, key: str) -> HttpResponse:
    """The matrix of one role. POST changes the cells that differ from what the form showed; 409 if others did before."""
    one = get_object_or_404(Role, key=key)
    cells = _cells(one)
    errors: dict[str, list[str]] = {}
    effects: list[dict[str, Any]] = []
    asked = False
    status = 200
    came = effect.ready_cells(key) if one.ready_made and key != services.ADMINISTRATOR else {}
    if request.method == "POST":
        was = _was(request)
        changes = _posted(request, was)
        lost = [name for name in changes if cells.get(name, "") not in (was.get(name, ""), changes[name])]
        if lost:
            errors = {
                "": [_("Somebody changed the same rights meanwhile. They are shown as they are now; look again.")]
            }
            status = 409
        else:
            grants, fields = _split(changes)
            objects = catalogue_objects()
            effects = _effects(one, grants, fields, objects) if request.POST.get("do") == "preview" else []
        if not lost and effects:
            # Somebody is touched: first it is said how, and what was chosen stands in the form until it is saved.
            cells = {name: value for name, value in (cells | changes).items() if value}
            asked = True
        elif not lost:
            changed, errors = attempt(lambda: services.set_rights(
                actor_of(request), one, grants=grants, fields=fields
            ))  # fmt: skip
            if not errors:
                toast(request, _("%(n)d rights changed.") % {"n": changed} if changed else _("Nothing was changed."))
                return HttpResponseRedirect(reverse("settings-role", args=[key]))
            cells = cells | changes
    objects = catalogue_objects()
    context = {
        "role": one,
        "name": services.role_name(one),
        "description": services.role_description(one),
        "fixed": one.key == services.ADMINISTRATOR,
        "people": one.people.filter(is_active=True).count(),
        "actions": [str(a.label) for a in Action],
        "classes": [str(c.label) for c in FieldClass],
        "matrix": _matrix(cells, objects, came),
        "levels": _levels(cells, objects, came),
        "differing": sum(cells.get(name, "") != came.get(name, "") for name in {*cells, *came}) if came else 0,
        "effects": effects,
        "asked": asked,
        "exceptions": _exceptions(cells, objects),
        "objects": objects,
        "level_choices": [(v.value, str(v.label)) for v in Level],
        "areas": _areas(cells),
        "was": json.dumps(_cells(one)),
    }
    response = page(request, "core/role.html", context, errors)
    if status == 409:
        response.status_code = 409
    return response


@allow_area(AREA, "edit")
@require_POST
def role_edit(request: HttpRequest, key: str) -> HttpResponse:
    """Rename or delete."""
    one = get_object_or_404(Role, key=key)
    actor = actor_of(request)
    if request.POST.get("do") == "delete":
        _done, errors = attempt(lambda: services.delete_role(actor, one))
        if errors:
            toast(request, " ".join(m for ms in errors.values() for m in ms), level="error")
            return HttpResponseRedirect(reverse("settings-role", args=[key]))
        toast(request, _("The role was deleted."))
        return HttpResponseRedirect(reverse("settings-roles"))
    name, description = request.POST.get("name", ""), request.POST.get("description", "")
    return act(
        request,
        lambda: services.rename_role(actor, one, name=name, description=description),
        back=reverse("settings-role", args=[key]),
        said=_("Saved."),
    )
