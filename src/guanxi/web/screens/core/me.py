"""My settings: who I am here, how things look to me, how I sign in, where I am signed in."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.mfa.models import Authenticator
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from guanxi.core.access.services import role_name
from guanxi.core.identity import audit, preferences, services
from guanxi.core.identity.adapter import AccountAdapter
from guanxi.core.identity.models import Session, User
from guanxi.core.identity.sessions import end_sessions
from guanxi.web.access import signed_in
from guanxi.web.screens.core.inputs import Input, actor_of, attempt, filled, page
from guanxi.web.shell import toast

_LABELS = {
    "language": gettext_lazy("Language"),
    "time_zone": gettext_lazy("Time zone"),
    "date_format": gettext_lazy("Dates"),
    "number_format": gettext_lazy("Numbers"),
    "theme": gettext_lazy("Theme"),
}


def _me(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _inputs(person: User) -> list[Input]:
    chosen = [
        Input(
            field, _LABELS[field], "select", getattr(person, field),
            [("", _("As the device says") if field == "theme" else _("As the organisation has it")),
             *preferences.choices(field).items()],
        )
        for field in preferences.FIELDS
    ]  # fmt: skip
    return [Input("name", _("Name"), value=person.name, required=True, autocomplete="name"), *chosen]


@signed_in
def me(request: HttpRequest) -> HttpResponse:
    """The whole page; POST saves name and choices."""
    person = _me(request)
    inputs = _inputs(person)
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        given = {item.name: request.POST.get(item.name, "") for item in inputs}
        _done, errors = attempt(lambda: preferences.save(person, given, name=given["name"]))
        if not errors:
            toast(request, _("Saved."))
            return HttpResponseRedirect(reverse("me"))
        person.refresh_from_db()
        inputs = filled(inputs, given, errors)
    held = list(Authenticator.objects.filter(user=person).order_by("created_at"))
    codes = next((a for a in held if a.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "person": person,
        "roles": [role_name(role) for role in person.roles.all()],
        "inputs": inputs,
        "app": next((a for a in held if a.type == Authenticator.Type.TOTP), None),
        "passkeys": [a.wrap() for a in held if a.type == Authenticator.Type.WEBAUTHN],
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "sessions": _sessions(request, person),
        "has_password": person.has_usable_password(),
    }
    return page(request, "core/me.html", context, errors)


def _sessions(request: HttpRequest, person: User) -> list[dict[str, Any]]:
    rows = Session.objects.filter(user=person, expire_date__gt=timezone.now()).order_by("-started_at")[:50]
    return [
        {
            "number": n,
            "agent": describe_agent(row.agent),
            "address": row.address,
            "started_at": row.started_at,
            "here": row.session_key == request.session.session_key,
        }
        for n, row in enumerate(rows)
    ]


def describe_agent(agent: str) -> str:
    """ "Chrome · Windows" out of a user agent; "" when it says nothing known."""
    browsers = (("Edg/", "Edge"), ("MicroMessenger", "微信"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
                ("Safari/", "Safari"))  # fmt: skip
    systems = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("HarmonyOS", "HarmonyOS"),
               ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux"))  # fmt: skip
    browser = next((name for mark, name in browsers if mark in agent), "")
    system = next((name for mark, name in systems if mark in agent), "")
    return " · ".join(part for part in (browser, system) if part)


@signed_in
@require_POST
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    person = _me(request)
    ended = end_sessions(person, keep=request.session.session_key)
    detail = {"ended": ended}
    audit.record(actor_of(request), "signed-out-elsewhere", entity="core.user", record=person.pk, detail=detail)
    toast(request, _("Signed out on %(n)d other devices.") % {"n": ended})
    return HttpResponseRedirect(reverse("me") + "#sessions")


@signed_in
@sensitive_post_parameters("old", "new", "again")
def password(request: HttpRequest) -> HttpResponse:
    """Choose another password. Asks for the present one, except right after signing in with a temporary one."""
    person = _me(request)
    temporary = person.must_change_password
    inputs = [] if temporary or not person.has_usable_password() else [
        Input("old", _("Present password"), "password", required=True, wide=True, autocomplete="current-password")
    ]  # fmt: skip
    inputs += [
        Input("new", _("New password"), "password", required=True, wide=True, autocomplete="new-password",
              help=_("At least 10 characters.")),
        Input("again", _("The password again"), "password", required=True, wide=True, autocomplete="new-password"),
    ]  # fmt: skip
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        errors = _check_new(request, person, asks_old=len(inputs) == 3)
        if not errors:
            key = request.session.session_key
            ended, errors = attempt(
                lambda: services.choose_password(person, request.POST.get("new", ""), keep_session=key)
            )
            if not errors:
                update_session_auth_hash(request, person)
                toast(request, _("The password was changed; other devices are signed out.") if ended else
                      _("The password was changed."))  # fmt: skip
                return HttpResponseRedirect("/" if temporary else reverse("me"))
        errors = {("new" if k == "password" else k): v for k, v in errors.items()}
        inputs = filled(inputs, {}, errors)
    return page(request, "core/password.html", {"inputs": inputs, "temporary": temporary, "person": person}, errors)


def _check_new(request: HttpRequest, person: User, *, asks_old: bool) -> dict[str, list[str]]:
    new, again = request.POST.get("new", ""), request.POST.get("again", "")
    if new != again:
        return {"again": [_("The two passwords differ.")]}
    if person.check_password(new):
        return {"new": [_("This is the password you have now.")]}
    if asks_old:
        try:
            right = AccountAdapter().reauthenticate(person, request.POST.get("old", ""))
        except ValidationError as error:
            return {"old": list(error.messages)}
        if not right:
            return {"old": [str(AccountAdapter.error_messages["incorrect_password"])]}
        reauthenticate_by_password(request)
    return {}
