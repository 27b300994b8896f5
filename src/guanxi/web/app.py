"""Guanxi as an app on a phone or desktop: manifest, service worker, and the page shown without a connection.

The worker keeps the page for "no connection" and the files it needs, which are the same for everybody. No page with data
is ever kept in a browser.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guanxi.web import assets
from guanxi.web.access import public

ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-maskable.png", "512x512", "maskable"),
)


@public
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The web app manifest, in the reader's language."""
    name = brand_name() or _("Guanxi")
    icons = [
        {"src": static(f"web/{file}"), "sizes": sizes, "type": "image/png", "purpose": purpose}
        for file, sizes, purpose in ICONS
    ]
    shortcuts = [{"name": _("Search"), "url": reverse("search")}]
    found: dict[str, Any] = {
        "id": "/", "name": name, "short_name": name[:12], "description": _("Customers, and where every value comes from."),
        "lang": "zh-Hans" if translation.get_language() == "zh-hans" else "en", "dir": "ltr",
        "start_url": "/", "scope": "/", "display": "standalone", "background_color": "#f8f9fb", "theme_color": "#3350d0",
        "icons": [*icons, {"src": static("web/mark.svg"), "sizes": "any", "type": "image/svg+xml"}], "shortcuts": shortcuts,
    }  # fmt: skip
    return _kept(JsonResponse(found, content_type="application/manifest+json"))


def brand_name() -> str:
    from guanxi.core.org.brand import brand

    return str(brand().name or "")


@public
@require_safe
def worker(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The service worker. Its text changes with the assets, so that browsers take the new one."""
    keep = [assets.url("app.css"), static("web/mark.svg")]
    text = _script().replace("$KEEP", json.dumps(keep)).replace("$STAMP", f"{assets.stamp():x}")
    response = HttpResponse(text.replace("$OFFLINE", reverse("offline")), content_type="text/javascript; charset=utf-8")
    response["Service-Worker-Allowed"] = "/"
    response["Cache-Control"] = "no-cache"
    return response


@lru_cache(maxsize=1)
def _script() -> str:
    return render_to_string("web/worker.js")


@public
@require_safe
def offline(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """What is shown without a connection: nothing of anybody's in it, in both languages."""
    return _kept(HttpResponse(render_to_string("web/offline.html", {"languages": settings.LANGUAGES})))


def _kept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-cache"
    return response
