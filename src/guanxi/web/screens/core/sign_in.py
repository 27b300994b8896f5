"""The addresses of signing in: allauth's views, only those needed; and the first run of an empty house."""

from __future__ import annotations

import ipaddress

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as keys
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import views as oidc
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from guanxi.core.identity import brake, services
from guanxi.core.identity.adapter import AccountAdapter, client_address
from guanxi.core.org import currency
from guanxi.web.access import first_run, house_is_empty
from guanxi.web.screens.core.inputs import Input, attempt, filled, page


def _is_this_machine(request: HttpRequest) -> bool:
    """Whether the request comes from this machine itself and not through a proxy on it."""
    if any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")):
        return False
    address = request.META.get("REMOTE_ADDR", "")
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


@first_run
@never_cache
@sensitive_post_parameters("password", "again")
def welcome(request: HttpRequest) -> HttpResponse:
    """Name the house and make its first administrator. Works once.

    From another machine it asks for the setup code that `guanxi run` prints, so that no stranger comes first.
    """
    here = _is_this_machine(request)
    language = get_language() or settings.LANGUAGE_CODE
    names = currency.names(language)
    inputs = [
        Input("organisation", _("Name of your organisation"), required=True, wide=True, autocomplete="organization"),
        Input("name", _("Your name"), required=True, autocomplete="name"),
        Input("username", _("User name"), required=True, autocomplete="username", value="admin"),
        Input("password", _("Password"), "password", required=True, autocomplete="new-password",
              help=_("At least 10 characters.")),
        Input("again", _("The password again"), "password", required=True, autocomplete="new-password"),
        Input("email", _("E-mail"), "email", autocomplete="email"),
        Input("language", _("Language"), "select", language, list(settings.LANGUAGES)),
        Input("currency", _("Reporting currency"), "select", "CNY",
              [(code, f"{code} · {name}") for code, name in names.items()]),
    ]  # fmt: skip
    if not here:
        inputs.insert(0, Input("code", _("Setup code"), "code", required=True, wide=True,
                               help=_("`guanxi run` shows it in the terminal when it starts.")))  # fmt: skip
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        given = {item.name: request.POST.get(item.name, "") for item in inputs}
        errors = _check_first(request, given, here=here)
        if not errors:
            try:
                person, errors = attempt(lambda: services.first_run(
                    username=given["username"], name=given["name"], password=given["password"], email=given["email"],
                    organisation=given["organisation"], currency=given["currency"], language=given["language"],
                ))  # fmt: skip
            except services.AlreadyRun:
                return HttpResponseRedirect(reverse("account_login"))
            if person is not None:
                house_is_empty()
                adapter = AccountAdapter()
                adapter.login(request, person)
                return adapter.post_login(
                    request,
                    person,
                    email_verification="none",
                    signal_kwargs=None,
                    email=None,
                    signup=False,
                    redirect_url="/",
                )
        errors = {("organisation" if k == "reporting_currency" else k): v for k, v in errors.items()}
        inputs = filled(inputs, given, errors)
    return page(request, "core/first_run.html", {"inputs": inputs}, errors)


def _check_first(request: HttpRequest, given: dict[str, str], *, here: bool) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not here:
        attempt_ = brake.Attempt("first-run", client_address(request))
        if not attempt_.enter().allowed:
            return {"code": [str(AccountAdapter.error_messages["too_many_login_attempts"])]}
        if not services.is_setup_code(given["code"]):
            return {"code": [str(_("The setup code is wrong."))]}
        attempt_.succeeded()
    if not given["organisation"].strip():
        errors["organisation"] = [str(_("Between 1 and 100 characters."))]
    if given["password"] != given["again"]:
        errors["again"] = [str(_("The two passwords differ."))]
    return errors


def _sso() -> list[URLPattern]:
    """Single sign-on has addresses only where it is configured."""
    if not getattr(settings, "SOCIALACCOUNT_PROVIDERS", None):
        return []
    return [
        path("sign-in/<str:provider_id>/start", oidc.login, name="openid_connect_login"),
        path("sign-in/<str:provider_id>/callback", oidc.callback, name="openid_connect_callback"),
        path("sign-in/cancelled", social.login_cancelled, name="socialaccount_login_cancelled"),
        path("sign-in/failed", social.login_error, name="socialaccount_login_error"),
    ]


urlpatterns: list[URLPattern] = [
    path("first-run", welcome, name="first-run"),
    path("sign-in", account.login, name="account_login"),
    path("sign-in/second-step", mfa.authenticate, name="mfa_authenticate"),
    path("sign-in/passkey", keys.login_webauthn, name="mfa_login_webauthn"),
    path("sign-in/inactive", account.account_inactive, name="account_inactive"),
    path("sign-out", account.logout, name="account_logout"),
    path("me/again", account.reauthenticate, name="account_reauthenticate"),
    path("me/again/code", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("me/again/passkey", keys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("me/app", totp.activate_totp, name="mfa_activate_totp"),
    path("me/app/remove", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("me/codes", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("me/codes/new", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("me/codes/download", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
    path("me/passkeys/add", keys.add_webauthn, name="mfa_add_webauthn"),
    path("me/passkeys/<int:pk>/edit", keys.edit_webauthn, name="mfa_edit_webauthn"),
    path("me/passkeys/<int:pk>/remove", keys.remove_webauthn, name="mfa_remove_webauthn"),
    *_sso(),
]
