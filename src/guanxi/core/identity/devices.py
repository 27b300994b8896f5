"""Browsers that signed in before, told by a signed cookie.

The cookie names the browser and the accounts (ids) that signed in with it. It opens nothing; it only keeps the brake
that strangers pull (see `brake`) away from the people who work here.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from guanxi.core.identity.models import User

COOKIE = "guanxi_device"
SALT = "guanxi.device"
LASTS = timedelta(days=180)
MOST_ACCOUNTS = 8


def _read(request: HttpRequest) -> tuple[str, list[int]]:
    try:
        device, accounts = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS)
    except (signing.BadSignature, TypeError, ValueError):
        return "", []
    return str(device), [int(account) for account in accounts]


def known(request: HttpRequest, person: User | None) -> str:
    """The browser's id if `person` signed in with it before; "" otherwise."""
    device, accounts = _read(request)
    return device if person is not None and person.pk in accounts else ""


def remember(request: HttpRequest, response: HttpResponse, person: User) -> None:
    """Note in the cookie that `person` signed in with this browser."""
    device, accounts = _read(request)
    accounts = [person.pk, *(a for a in accounts if a != person.pk)][:MOST_ACCOUNTS]
    response.set_cookie(
        COOKIE,
        signing.dumps([device or secrets.token_urlsafe(12), accounts], salt=SALT),
        max_age=LASTS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
