"""Who may use a page: every view says it, nothing works without having said it.

    @allow("customers.account", "view")          one right on one entity
    @allow("{room}.{noun}", "edit")              the entity named by the URL
    @allow_area("settings.people")               an area of the settings
    @signed_in / @public / @first_run

`check_urls` (a Django system check) refuses to start with an undeclared view; the middleware enforces what was declared:
nobody signed in → sign-in page, signed in without the right → 404, exactly as for a page that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils.http import urlencode

from guanxi.core.access import Actor

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Rule:
    kind: Literal["public", "signed_in", "allow", "first_run"]
    entity: str = ""
    action: str = ""

    def permits(self, actor: Actor, values: dict[str, Any]) -> bool:
        """Whether a signed-in actor may use the view with these URL values."""
        if self.kind != "allow":
            return True
        try:
            entity = self.entity.format_map(values)
        except KeyError:
            return False
        return actor.can(entity, self.action)


PUBLIC = Rule("public")
SIGNED_IN = Rule("signed_in")
FIRST_RUN = Rule("first_run")

# Views of packages cannot carry our decorators: declared here by URL name, module by module.
OTHERS: dict[str, Rule] = {
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_signup": PUBLIC,  # closed by our adapter: shows that nobody signs up here
    "account_inactive": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "account_confirm_password_reset_code": PUBLIC,
    "account_email_verification_sent": PUBLIC,
    "account_confirm_email": PUBLIC,
    "account_request_login_code": PUBLIC,
    "account_confirm_login_code": PUBLIC,
    "account_reauthenticate": SIGNED_IN,
    "account_email": SIGNED_IN,
    "account_change_password": SIGNED_IN,
    "account_set_password": SIGNED_IN,
    "account_change_phone": SIGNED_IN,
    "account_verify_phone": SIGNED_IN,
    "mfa_authenticate": PUBLIC,  # the second step: a password was given, nobody is signed in yet
    "mfa_trust": PUBLIC,
    "mfa_login_webauthn": PUBLIC,
    "mfa_signup_webauthn": PUBLIC,
    "mfa_reauthenticate": SIGNED_IN,
    "mfa_reauthenticate_webauthn": SIGNED_IN,
    "mfa_index": SIGNED_IN,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": SIGNED_IN,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_view_recovery_codes": SIGNED_IN,
    "mfa_download_recovery_codes": SIGNED_IN,
    "mfa_list_webauthn": SIGNED_IN,
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_edit_webauthn": SIGNED_IN,
    "mfa_remove_webauthn": SIGNED_IN,
    "socialaccount_login_cancelled": PUBLIC,
    "socialaccount_login_error": PUBLIC,
    "socialaccount_signup": PUBLIC,
    "socialaccount_connections": SIGNED_IN,
    "openid_connect_login": PUBLIC,
    "openid_connect_callback": PUBLIC,
}


def _declare(view: View, rule: Rule) -> View:
    view.access = rule  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """Anybody, signed in or not."""
    return _declare(view, PUBLIC)


def signed_in(view: View) -> View:
    """Everybody who is signed in."""
    return _declare(view, SIGNED_IN)


def first_run(view: View) -> View:
    """Anybody, while there is nobody in the house yet; 404 from then on."""
    return _declare(view, FIRST_RUN)


def allow(entity: str, action: str) -> Callable[[View], View]:
    """Whoever has `action` on `entity` in any scope. `{name}` in entity is filled from the URL."""
    return lambda view: _declare(view, Rule("allow", entity, action))


def allow_area(area: str, action: str = "view") -> Callable[[View], View]:
    """Whoever has `action` on an area of the settings, such as `settings.people`."""
    return allow(area, action)


def rule_of(view: Any, name: str | None) -> Rule | None:
    """What a view declares: on itself, on its class, or in the table of other packages' views."""
    rule = getattr(view, "access", None) or getattr(getattr(view, "view_class", None), "access", None)
    return rule if isinstance(rule, Rule) else OTHERS.get(name or "")


def walk(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every URL pattern of the site with its whole route."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from walk(pattern, route)
        else:
            yield route, pattern


def check_urls(**_: Any) -> list[CheckMessage]:
    """System check: every URL has declared who may use it."""
    return [
        Error(
            f"The view of /{route} ({pattern.name or pattern.callback!r}) does not say who may use it.",
            hint="Put @public, @signed_in, @allow(entity, action), @allow_area(area) or @first_run on it.",
            id="web.E001",
        )
        for route, pattern in walk()
        if rule_of(pattern.callback, pattern.name) is None
    ]


_somebody_is_here = False


def house_is_empty() -> bool:
    """True while nobody can sign in yet. Asked of the database only until the first person exists."""
    global _somebody_is_here
    if _somebody_is_here:
        return False
    from guanxi.core.identity.models import User

    _somebody_is_here = User.objects.exists()
    return not _somebody_is_here


def forget_house() -> None:
    """For tests, which empty the house."""
    global _somebody_is_here
    _somebody_is_here = False


class Access:
    """Middleware: refuses what was not declared or is not allowed. Stands after `middleware.Person`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: dict[str, Any]) -> HttpResponse | None:
        match = request.resolver_match
        rule = rule_of(view, match.url_name if match else None)
        if rule is None:
            raise Http404("undeclared")
        if rule.kind == "public":
            return None
        if rule.kind == "first_run":
            if house_is_empty():
                return None
            raise Http404("the house has people")
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if actor.user_id is None:
            return to_sign_in(request)
        if not rule.permits(actor, kwargs):
            raise Http404("not allowed")
        return None


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Where somebody goes who is not signed in: to the sign-in page and back, or to the first-run page of an empty house."""
    if house_is_empty():
        try:
            return HttpResponseRedirect(reverse("first-run"))
        except NoReverseMatch:
            pass
    here = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    target = (
        f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': here})}"
        if here != "/"
        else resolve_url(settings.LOGIN_URL)
    )
    if request.headers.get("HX-Request") == "true":
        # A fragment cannot show a sign-in page: the whole page goes there.
        answer = HttpResponse(status=401)
        current = request.headers.get("HX-Current-URL", "")
        path = current.split("/", 3)[3] if current.count("/") >= 3 else ""
        answer["HX-Redirect"] = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': '/' + path})}"
        return answer
    return HttpResponseRedirect(target)
