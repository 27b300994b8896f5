"""How django-allauth works here: nobody signs up, the brake is ours, everything is noted in the journal."""

from __future__ import annotations

import base64
import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from guanxi.core.access.actor import ANONYMOUS, actor_for
from guanxi.core.identity import audit, brake, devices
from guanxi.core.identity.models import User
from guanxi.core.identity.sessions import ADDRESS, AGENT
from guanxi.core.org import settings as org_settings

_AAD = b"core.identity.second-step"


def client_address(request: HttpRequest) -> str:
    """The address a request came from, through as many proxies as the site says it has; "" when there is none."""
    return get_client_ip(request) or ""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("User name or password is wrong."),
        "email_password_mismatch": _("User name or password is wrong."),
        "too_many_login_attempts": _(
            "Too many wrong passwords. Wait a little and try again; an administrator can give you a new password."
        ),
        "incorrect_password": _("The password is wrong."),
        "incorrect_code": _("The code is wrong."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Check a password. Raises ValidationError while the brake is on; says nothing about which part was wrong."""
        login = str(credentials.get("username") or credentials.get("email") or "")
        person = User.objects.named(login).first()
        address = client_address(request)
        attempt = brake.Attempt(login, address, device=devices.known(request, person))
        verdict = attempt.enter()
        if not verdict.allowed:
            raise self.validation_error("too_many_login_attempts")
        user = authenticate(request, **credentials)
        if user is not None:
            attempt.succeeded()
            return user
        # What was typed is not kept: people type passwords into the wrong box.
        known = {"address": address, "known": person is not None}
        record = person.pk if person else None
        audit.record(ANONYMOUS, "sign-in-failed", entity="core.user", record=record, detail=known)
        if verdict.tripped:
            audit.record(ANONYMOUS, "locked-out", entity="core.user", record=record, detail=known)
        return None

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        super().login(request, user)
        request.session[ADDRESS] = client_address(request)
        request.session[AGENT] = request.META.get("HTTP_USER_AGENT", "")[:300]

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        assert isinstance(user, User)
        devices.remember(request, response, user)
        methods = [m.get("type") or m.get("method") for m in request.session.get("account_authentication_methods", [])]
        audit.record(
            actor_for(user),
            "sign-in",
            entity="core.user",
            record=user.pk,
            detail={"address": client_address(request), "by": methods},
        )
        return response

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        if isinstance(user, User):
            audit.record(actor_for(user), "sign-out", entity="core.user", record=user.pk)
        super().logout(request)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Most of allauth's little messages ("Successfully signed in as …") say what is plain to see: dropped."""
        text = message or _SAID.get(message_template or "")
        if text:
            messages.add_message(request, level, str(text), extra_tags=extra_tags)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whoever signed in a moment ago is not asked again; the window is the one that holds after asking."""
        request = context.request
        if request is None or not request.user.is_authenticated:
            return True
        records = get_authentication_records(request, request.user)
        newest = max((record.get("at", 0.0) for record in records), default=0.0)
        return bool(time.time() - newest >= app_settings.REAUTHENTICATION_TIMEOUT)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("me")


_SAID = {
    "mfa/messages/totp_activated.txt": _("The authenticator app is set up."),
    "mfa/messages/totp_deactivated.txt": _("The authenticator app is no longer asked for."),
    "mfa/messages/recovery_codes_generated.txt": _("There are new recovery codes; the old ones no longer work."),
    "mfa/messages/webauthn_added.txt": _("The passkey was added."),
    "mfa/messages/webauthn_removed.txt": _("The passkey was removed."),
}


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": _("The code is wrong.")}

    def get_totp_issuer(self) -> str:
        return org_settings.get("name")

    def _get_site_name(self) -> str:
        return org_settings.get("name")

    def encrypt(self, text: str) -> str:
        from guanxi.core.secrets import seal

        return base64.b64encode(seal(text, _AAD)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        from guanxi.core.secrets import unseal

        return unseal(base64.b64decode(encrypted_text), _AAD).decode()


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Single sign-on knows people, it does not make them: an administrator adds them, with the same e-mail address."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.is_existing:
            return
        person = self._whose(sociallogin)
        if person is None:
            audit.record(
                ANONYMOUS,
                "sign-in-failed",
                entity="core.user",
                detail={"address": client_address(request), "known": False, "by": "single-sign-on"},
            )
            messages.error(
                request, str(_("Nobody here has the e-mail address of that account. Ask an administrator to add you."))
            )
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_login")))
        sociallogin.connect(request, person)

    @staticmethod
    def _whose(sociallogin: Any) -> User | None:
        for address in sociallogin.email_addresses:
            if address.email and (address.verified or getattr(settings, "OIDC_TRUSTS_EMAIL", False)):
                person = User.objects.named(address.email).filter(is_active=True).first()
                if person is not None:
                    return person
        return None


def code_attempt(user: AbstractBaseUser) -> str:
    """The brake's counter for second steps of `user` from the browser at hand."""
    assert isinstance(user, User)
    request = context.request
    device = devices.known(request, user) if request is not None else ""
    return brake.key("device", device, f"code {user.pk}") if device else brake.key("code", str(user.pk))
