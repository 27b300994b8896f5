"""What happens around every page: request id, security headers, same origin, the person with language and time zone.

Order in settings: RequestId, SecurityHeaders, … sessions …, SameOrigin, … CSRF, authentication, messages …, Person, Access.
"""

from __future__ import annotations

import re
import secrets
import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from guanxi.core.access import ANONYMOUS, acting, actor_for
from guanxi.core.journal import ledger
from guanxi.core.org import versions
from guanxi.web import errors

Next = Callable[[HttpRequest], HttpResponse]


class CSP:
    """Names of CSP sources, as Django 6 has them in `django.utils.csp`."""

    SELF = "'self'"
    NONE = "'none'"
    NONCE = "<CSP_NONCE_SENTINEL>"


# Nothing from elsewhere, no inline script or style, no eval. Images may be data: because the style sheet draws ticks that way.
POLICY: dict[str, Sequence[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "media-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "worker-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
}
PERMISSIONS = ", ".join([
    *(f"{name}=()" for name in ("camera", "geolocation", "payment", "usb", "serial", "midi", "display-capture")),
    "microphone=(self)", "clipboard-write=(self)", "publickey-credentials-get=(self)", "publickey-credentials-create=(self)",
])  # fmt: skip
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def policy() -> dict[str, Sequence[str]]:
    """`SECURE_CSP` or POLICY; forms may also lead to the servers of single sign-on, since browsers hold redirects to form-action."""
    rules = dict(getattr(settings, "SECURE_CSP", None) or POLICY)
    apps = settings.SOCIALACCOUNT_PROVIDERS.get("openid_connect", {}).get("APPS", [])
    issuers = [urlsplit(app.get("settings", {}).get("server_url", "")) for app in apps]
    origins = [f"{url.scheme}://{url.netloc}" for url in issuers if url.scheme in ("http", "https") and url.netloc]
    if origins:
        rules["form-action"] = [*rules["form-action"], *dict.fromkeys(origins)]
    return rules


class RequestId:
    """A name for each request, in the log, in the answer and on error pages. A proxy's own name is kept if it is harmless."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)  # type: ignore[attr-defined]
        token = ledger.request_id.set(request.request_id)  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
        finally:
            ledger.request_id.reset(token)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


class SecurityHeaders:
    """CSP by `policy()`, what the browser may do, and what caches may keep of a page."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.policy = policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.csp_nonce = SimpleLazyObject(lambda: secrets.token_urlsafe(16))  # type: ignore[attr-defined]
        response = self.get_response(request)
        # The nonce stands in the header only when a template used it: a page that needs none allows none.
        used = request.csp_nonce._wrapped.__class__ is str  # type: ignore[attr-defined]
        nonce = f"'nonce-{request.csp_nonce}'" if used else ""  # type: ignore[attr-defined]
        csp = "; ".join(
            " ".join(
                [
                    name,
                    *(nonce if source == CSP.NONCE else source for source in sources if source != CSP.NONCE or nonce),
                ]
            )
            for name, sources in self.policy.items()
        )
        response.headers.setdefault("Content-Security-Policy", csp)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("X-Frame-Options", "DENY")
        if not request.path.startswith(settings.STATIC_URL):
            patch_vary_headers(response, ["HX-Request", "HX-Request-Type", "Cookie"])
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response


class SameOrigin:
    """Refuse what another site makes a browser send: a second wall beside the CSRF token.

    Browsers say where a request comes from (`Sec-Fetch-Site`, `Origin`); programs say neither and need the token anyway.
    """

    SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in self.SAFE and not self.same(request):
            return errors.csrf_failure(request, reason="origin")
        return self.get_response(request)

    @staticmethod
    def same(request: HttpRequest) -> bool:
        site = request.headers.get("Sec-Fetch-Site", "")
        if site and site not in ("same-origin", "none"):
            return False
        origin = request.headers.get("Origin")
        if origin is None:
            return True
        if origin in settings.CSRF_TRUSTED_ORIGINS:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and parts.netloc == request.get_host()


class Person:
    """`request.actor` for whoever is signed in, acting during the request, in their language and time zone."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        versions.refresh()
        actor = actor_for(request.user, role_ids=getattr(request.user, "role_ids", None))
        request.actor = actor  # type: ignore[attr-defined]
        chosen = getattr(request.user, "language", "") if actor.user_id else ""
        language = chosen or language_from(request)
        if actor.user_id is not None:
            actor = replace(actor, language=language)  # values are written in the language of the page they stand on
            request.actor = actor  # type: ignore[attr-defined]
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
        try:
            timezone.activate(actor.time_zone if actor is not ANONYMOUS else settings.TIME_ZONE)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            timezone.deactivate()
        try:
            with acting(actor):
                response = self.get_response(request)
                render = getattr(response, "render", None)
                if callable(render) and not getattr(response, "is_rendered", True):
                    response = render()
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
            return response
        finally:
            timezone.deactivate()
            translation.deactivate()


def language_from(request: HttpRequest) -> str:
    """The language of somebody who chose none in their account: cookie, else the browser's, else the site's."""
    known = dict(settings.LANGUAGES)
    cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if cookie in known:
        return cookie
    return translation.get_language_from_request(request)


def bad_query(message: str) -> BadRequest:
    """The one answer to an unknown or forbidden filter, sort or column."""
    return BadRequest(message)
