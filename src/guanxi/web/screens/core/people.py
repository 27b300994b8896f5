"""People: list, form, temporary passwords, letting go and taking back."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from guanxi.core.access.models import Role
from guanxi.core.access.services import role_name
from guanxi.core.identity import services
from guanxi.core.identity.models import User
from guanxi.core.jobs import enqueue
from guanxi.core.org import departments
from guanxi.core.org.models import Department
from guanxi.records import handing, write
from guanxi.web.access import allow_area
from guanxi.web.pages import addresses
from guanxi.web.pages.base import entity_plural, sentences
from guanxi.web.screens.core.inputs import Input, act, actor_of, attempt, filled, number, page
from guanxi.web.shell import toast, toast_balance

AREA = "settings.people"
PER_PAGE = 100
AT_ONCE = 5_000  # records handed over within one request; more are a job


def department_choices() -> list[tuple[str, str]]:
    """The tree as options, indented by depth."""
    return [(str(row.pk), "\u2003" * depth + row.name) for depth, row, _people in departments.tree()]


def matching(get: QueryDict) -> tuple[QuerySet[User], dict[str, Any]]:
    """The people whom the list's address means, by name, and what it was understood to ask: text, department, role, state."""
    state = get.get("state", "active")
    rows = services.list_people(active={"active": True, "inactive": False}.get(state))
    text = " ".join(get.get("q", "").split())[:100]
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(username__icontains=text) | Q(email__icontains=text))
    department = Department.objects.filter(pk=number(get.get("department", ""))).first()
    if department is not None:
        rows = rows.filter(department__path__startswith=department.path)
    role = Role.objects.filter(key=get.get("role", "")).first()
    if role is not None:
        rows = rows.filter(roles=role)
    return rows, {"text": text, "department": department, "role": role, "state": state}


@allow_area(AREA, "edit")
def people(request: HttpRequest) -> HttpResponse:
    """Everybody, by name; filters: text, department (and below), role, state."""
    get = request.GET
    rows, asked = matching(get)
    text, department, role, state = asked["text"], asked["department"], asked["role"], asked["state"]
    count = rows.count()
    first = min((number(get.get("page", "")) or 1) - 1, count // PER_PAGE) * PER_PAGE
    shown = list(rows[first : first + PER_PAGE])
    second = set(
        Authenticator.objects.filter(user__in=shown).exclude(type=Authenticator.Type.RECOVERY_CODES)
        .values_list("user_id", flat=True)
    )  # fmt: skip

    def link(to: int) -> str:
        query = get.copy()
        query["page"] = str(to)
        return f"?{query.urlencode()}"

    here = first // PER_PAGE + 1
    context = {
        "rows": [
            {"person": p, "roles": [role_name(r) for r in p.roles.all()], "second": p.pk in second} for p in shown
        ],
        "count": count,
        "first": first + 1 if shown else 0,
        "last": first + len(shown),
        "previous": link(here - 1) if here > 1 else "",
        "next": link(here + 1) if first + len(shown) < count else "",
        "filters": [
            Input("department", _("Department"), "select", str(department.pk) if department else "",
                  [("", _("All departments")), *department_choices()]),
            Input("role", _("Role"), "select", role.key if role else "",
                  [("", _("All roles")), *((r.key, role_name(r)) for r in Role.objects.all())]),
            Input("state", _("State"), "select", state,
                  [("active", _("Active")), ("inactive", _("Inactive")), ("all", _("All"))]),
        ],
        "text": text,
        "asked": [(name, get[name]) for name in ("q", "department", "role", "state") if get.get(name)],
        "filtered": bool(text or department or role or state != "active"),
    }  # fmt: skip
    return page(request, "core/people.html", context)


def _inputs(person: User | None) -> list[Input]:
    others = User.objects.filter(is_active=True).exclude(pk=person.pk if person else 0).order_by("name")
    return [
        Input("name", _("Name"), value=person.name if person else "", required=True),
        Input("username", _("User name"), value=person.username if person else "", required=True),
        Input("email", _("E-mail"), "email", person.email if person else "",
              help=_("May be used to sign in too.")),
        Input("department", _("Department"), "select", (person.department_id or "") if person else "",
              [("", _("None")), *department_choices()]),
        Input("manager", _("Manager"), "select", (person.manager_id or "") if person else "",
              [("", _("None")), *((str(p.pk), str(p)) for p in others)]),
        Input("roles", _("Roles"), "choices", [r.key for r in person.roles.all()] if person else [],
              [(r.key, role_name(r)) for r in Role.objects.all()], wide=True,
              help=_("Of several roles the widest right counts.")),
    ]  # fmt: skip


def _given(request: HttpRequest) -> dict[str, Any]:
    post = request.POST
    return {name: post.get(name, "") for name in ("name", "username", "email", "department", "manager")} | {
        "roles": post.getlist("roles")
    }


def _values(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": given["name"], "email": given["email"], "roles": given["roles"],
        "department": Department.objects.filter(pk=number(given["department"])).first(),
        "manager": User.objects.filter(pk=number(given["manager"])).first(),
    }  # fmt: skip


@allow_area(AREA, "edit")
@sensitive_variables()
def person_new(request: HttpRequest) -> HttpResponse:
    inputs = _inputs(None)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        given = _given(request)
        made, errors = attempt(lambda: services.add_person(actor_of(request), given["username"], **_values(given)))
        if made is not None:
            return page(request, "core/password_shown.html", {"made": made, "new": True})
        inputs = filled(inputs, given, errors)
    return page(request, "core/person.html", {"inputs": inputs, "person": None}, errors)


@allow_area(AREA, "edit")
def person(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(User, pk=pk)
    inputs = _inputs(one)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        given = _given(request)
        done, errors = attempt(
            lambda: services.edit_person(actor_of(request), one, username=given["username"], **_values(given)),
        )
        if done is not None:
            toast(request, _("Saved."))
            return HttpResponseRedirect(reverse("settings-people"))
        one.refresh_from_db()
        inputs = filled(inputs, given, errors)
    context = {
        "inputs": inputs,
        "person": one,
        "owned": services.owned_records(one) if not one.is_active else [],
        "second": Authenticator.objects.filter(user=one).exists(),
        "is_me": actor_of(request).user_id == one.pk,
        "sessions": one.sessions.count(),
        "may_view_as": actor_of(request).can("settings.roles", "edit"),
    }
    return page(request, "core/person.html", context, errors)


@allow_area(AREA, "edit")
@require_POST
@sensitive_variables()
def person_password(request: HttpRequest, pk: int) -> HttpResponse:
    """A temporary password, shown once on the answer itself: it is kept nowhere."""
    one = get_object_or_404(User, pk=pk)
    made, errors = attempt(lambda: services.set_password(actor_of(request), one))
    if made is None:
        toast(request, " ".join(m for ms in errors.values() for m in ms), level="error")
        return HttpResponseRedirect(reverse("settings-person", args=[pk]))
    return page(request, "core/password_shown.html", {"made": made, "new": False})


@allow_area(AREA, "edit")
@require_POST
def person_state(request: HttpRequest, pk: int) -> HttpResponse:
    """Deactivate or activate."""
    one = get_object_or_404(User, pk=pk)
    back = reverse("settings-person", args=[pk])
    actor = actor_of(request)
    if request.POST.get("active") == "yes":
        return act(request, lambda: services.activate(actor, one), back=back, said=_("Active again."))
    return act(
        request,
        lambda: services.deactivate(actor, one),
        back=back,
        said=_("Deactivated and signed out everywhere. Their records stay."),
    )


@allow_area(AREA, "edit")
@require_POST
def person_second_step(request: HttpRequest, pk: int) -> HttpResponse:
    one = get_object_or_404(User, pk=pk)
    return act(
        request,
        lambda: services.remove_second_step(actor_of(request), one),
        back=reverse("settings-person", args=[pk]),
        said=_("The second sign-in step was removed."),
    )


@allow_area(AREA, "edit")
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything somebody owns to somebody else: one change set, with a balance, that can be undone."""
    one = get_object_or_404(User, pk=pk)
    actor = actor_of(request)
    theirs = list(handing.owned(actor, one.pk))
    owned = [
        {"label": entity_plural(entity), "n": every, "mine": mine, "url": addresses.list_url(entity.key),
         "owner": entity.policy.owner_field}
        for entity, every, mine in theirs
    ]  # fmt: skip
    n = sum(mine for _entity, _every, mine in theirs)
    others = User.objects.filter(is_active=True).exclude(pk=pk).order_by("name")
    inputs = [
        Input("to", _("Give them to"), "select", one.manager_id or "", [("", "–"), *((str(p.pk), str(p)) for p in others)],
              required=True),
        Input("reason", _("Reason"), help=_("Stands in the journal of every record.")),
    ]  # fmt: skip
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        given = {item.name: request.POST.get(item.name, "") for item in inputs}
        to = others.filter(pk=number(given["to"])).first()
        reason = given["reason"].strip()[:500]
        if to is None:
            errors = {"to": [_("Choose one from the list.")]}
        elif not n:
            errors = {"": [_("There is nothing that you could hand over.")]}
        elif n > AT_ONCE:
            made = enqueue("records.hand_over", {"from_person": pk, "to": to.pk, "reason": reason}, actor=actor,
                           once_key=f"records.hand_over:{pk}")  # fmt: skip
            toast(request, _("That is a lot: it is being handed over in the background."), level="info")
            return HttpResponseRedirect(reverse("job", args=[made.pk]))
        else:
            try:
                change_set, balance = handing.hand_over(actor, pk, to.pk, reason=reason)
            except write.Invalid as error:
                errors = {"to": [text for texts in sentences(error.problems).values() for text in texts]}
            else:
                done = ngettext("%(n)s record handed over.", "%(n)s records handed over.", balance.updated)
                toast_balance(
                    request, change_set, balance, done=done, held=_("%(n)s stay as they are; the journal says why.")
                )
                return HttpResponseRedirect(reverse("settings-person", args=[pk]))
        inputs = filled(inputs, given, errors)
    context = {"person": one, "owned": owned, "n": n, "inputs": inputs}
    return page(request, "core/hand_over.html", context, errors)
