"""Several people changed in one step: chosen in the list, looked at, done, undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanxi.core.access.models import Role
from guanxi.core.access.services import role_name
from guanxi.core.identity import people_bulk
from guanxi.core.identity.models import User
from guanxi.core.identity.people_bulk import Wanted
from guanxi.core.org import departments
from guanxi.web.access import allow_area
from guanxi.web.screens.core import people
from guanxi.web.screens.core.inputs import Input, actor_of, attempt, number, page
from guanxi.web.shell import toast
from guanxi.web.templatetags.gx import number as figure

AS_IT_IS, NONE = "", "none"
FILTERS = ("q", "department", "role", "state")


@dataclass(frozen=True)
class Row:
    """One person of the preview: what differs, in words."""

    person: User
    changes: list[tuple[str, str, str]]
    problem: str = ""


def _chosen(params: QueryDict) -> list[int]:
    """The people whose boxes were ticked, or everybody whom the list means."""
    if params.get("all"):
        return list(people.matching(params)[0].values_list("pk", flat=True)[: people_bulk.MOST + 1])
    return [pk for text in params.getlist("id") if (pk := number(text))]


def _wanted(post: QueryDict) -> Wanted:
    values: dict[str, Any] = {}
    for key in ("department", "manager"):
        if (text := post.get(f"to_{key}", AS_IT_IS)) != AS_IT_IS:
            values[key] = None if text == NONE else number(text) or -1
    if (active := post.get("to_active", AS_IT_IS)) in ("yes", "no"):
        values["active"] = active == "yes"
    return Wanted(values, tuple(post.getlist("add_roles")), tuple(post.getlist("remove_roles")))


def _inputs(post: QueryDict) -> list[Input]:
    keep = (AS_IT_IS, _("as it is"))
    everybody = [(str(p.pk), str(p)) for p in User.objects.filter(is_active=True).order_by("name")]
    roles = [(r.key, role_name(r)) for r in Role.objects.all()]
    get = post.get
    return [
        Input("to_department", _("Department"), "select", get("to_department", ""),
              [keep, (NONE, _("None")), *people.department_choices()]),
        Input("to_manager", _("Manager"), "select", get("to_manager", ""), [keep, (NONE, _("None")), *everybody]),
        Input("to_active", _("State"), "select", get("to_active", ""),
              [keep, ("yes", _("Active")), ("no", _("Inactive"))],
              help=_("Who is deactivated is signed out at once; their records stay.")),
        Input("add_roles", _("Give roles"), "choices", post.getlist("add_roles"), roles, wide=True),
        Input("remove_roles", _("Take roles away"), "choices", post.getlist("remove_roles"), roles, wide=True),
    ]  # fmt: skip


def _rows(lines: list[people_bulk.Line]) -> list[Row]:
    names = dict(User.objects.values_list("pk", "name"))
    rooms = {row.pk: row.name for _depth, row, _n in departments.tree()}
    roles = {r.key: role_name(r) for r in Role.objects.all()}

    def word(key: str, value: Any) -> str:
        if key == "active":
            return _("Active") if value else _("Inactive")
        if key == "roles":
            return ", ".join(roles.get(one, one) for one in value)
        if value is None:
            return ""
        return (names if key == "manager" else rooms).get(value, f"#{value}")

    labels = {"department": _("Department"), "manager": _("Manager"), "roles": _("Roles"), "active": _("State")}
    return [
        Row(
            line.person,
            [(labels[k], word(k, line.before[k]), word(k, line.after[k])) for k in line.after],
            line.problem,
        )
        for line in lines
    ]


@allow_area(people.AREA, "edit")
def bulk(request: HttpRequest) -> HttpResponse:
    """GET asks what is to change; POST shows what would come of it, or (`do=apply`) does it."""
    params = request.POST if request.method == "POST" else request.GET
    ids = _chosen(params)
    filters = urlencode([(name, params[name]) for name in FILTERS if params.get(name)])
    back = f"{reverse('settings-people')}{'?' if filters else ''}{filters}"
    if not ids:
        toast(request, _("Choose somebody first."), level="info")
        return HttpResponseRedirect(back)
    context: dict[str, Any] = {
        "people": list(User.objects.filter(pk__in=ids[: people_bulk.MOST]).order_by("name", "pk")),
        "inputs": _inputs(params), "back": back, "filters": [(n, params[n]) for n in FILTERS if params.get(n)],
    }  # fmt: skip
    context["n"] = len(context["people"])
    errors: dict[str, list[str]] = {}
    if len(ids) > people_bulk.MOST:
        errors = {"": [_("At most %(n)d people at once. Narrow the list.") % {"n": people_bulk.MOST}]}
    elif request.method == "POST":
        wanted = _wanted(request.POST)
        fingerprint = f"{sorted(wanted.values.items())} {wanted.add_roles} {wanted.remove_roles}"
        # What is done is what was looked at: with something else typed since, it is looked at again.
        apply = request.POST.get("do") == "apply" and request.POST.get("seen") == fingerprint
        if wanted.nothing:
            errors = {"": [_("Say what is to change.")]}
        else:
            done, errors = attempt(lambda: people_bulk.edit(actor_of(request), ids, wanted, try_only=not apply))
            if done is not None and apply:
                return _told(request, done, back)
            if done is not None:
                context |= {
                    "changed": _rows(done.changed),
                    "held": _rows(done.held),
                    "same": done.same,
                    "tried": True,
                    "seen": fingerprint,
                }
    return page(request, "core/people_bulk.html", context, errors)


def _told(request: HttpRequest, done: people_bulk.Done, back: str) -> HttpResponse:
    n = len(done.changed)
    text = ngettext("%(n)s person changed.", "%(n)s people changed.", n) % {"n": figure(n)}
    if done.held:
        held = ngettext("%(n)s stays as it is.", "%(n)s stay as they are.", len(done.held))
        text += " " + held % {"n": figure(len(done.held))}
    undo = reverse("journal-restore", args=[done.step]) if done.step else ""
    level = "warning" if done.held else "success" if n else "info"
    toast(request, text if n or done.held else _("Nothing was changed."), level=level, undo=undo)
    return HttpResponseRedirect(back)
