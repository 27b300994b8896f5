"""What every template may use: the actor, the shell around the page, language, theme, CSP nonce, request id."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from guanxi.core.access import ANONYMOUS
from guanxi.web import shell as frame_of


def shell(request: HttpRequest) -> dict[str, Any]:
    """A context processor. Costs nothing for what a template does not show."""
    actor = getattr(request, "actor", ANONYMOUS)
    return {
        "actor": actor,
        "theme": theme_of(request),
        "density": request.COOKIES.get("gx_density", "") if request.COOKIES.get("gx_density") in ("compact",) else "",
        "languages": settings.LANGUAGES,
        "request_id": getattr(request, "request_id", ""),
        "csp_nonce": getattr(request, "csp_nonce", ""),
        "menu_here": SimpleLazyObject(lambda: frame_of.menu_here(request)),
        "menu": SimpleLazyObject(lambda: frame_of.menu_for(request)),
        "quick_create": SimpleLazyObject(lambda: frame_of.quick_create_for(request)),
        "pinned": SimpleLazyObject(lambda: frame_of.pinned_for(request)),
        "preferences_url": SimpleLazyObject(lambda: frame_of.link("preferences")),
        "sign_out_url": SimpleLazyObject(lambda: frame_of.link("account_logout")),
        "palette_url": SimpleLazyObject(lambda: frame_of.link(frame_of.frame.palette_url)),
        "recent_url": SimpleLazyObject(lambda: frame_of.link(frame_of.frame.recent_url)),
        "search_url": SimpleLazyObject(lambda: frame_of.link(frame_of.frame.search_url)),
        "notices_url": SimpleLazyObject(lambda: frame_of.link(frame_of.frame.notices_url)),
        "me_url": SimpleLazyObject(lambda: frame_of.link(frame_of.frame.me_url)),
        "help_url": SimpleLazyObject(lambda: frame_of.link(frame_of.frame.help_url)),
    }


def theme_of(request: HttpRequest) -> str:
    """ "light", "dark", or "" for what the device says. The account decides, else the cookie."""
    actor = getattr(request, "actor", ANONYMOUS)
    chosen = actor.theme if actor.user_id is not None else request.COOKIES.get("gx_theme", "")
    return chosen if chosen in ("light", "dark") else ""
