"""The organisation's look on every page: a style sheet of one rule and a logo, each with a stamp in its address."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from guanxi.core.org import brand as brands
from guanxi.web.access import public


def _context() -> dict[str, Any]:
    found = brands.brand()
    logo = found.logo
    return {
        "name": found.name,
        "css_url": f"{reverse('brand-css')}?v={found.stamp}" if found.accent else "",
        "logo_url": f"{reverse('brand-logo')}?v={found.stamp}" if logo else "",
        "logo_width": round(28 * logo.width / logo.height) if logo else 0,
    }


def context(_request: HttpRequest) -> dict[str, Any]:
    """A context processor: `brand.name`, `brand.css_url`, `brand.logo_url`; empty where the house's own look stands."""
    return {"brand": SimpleLazyObject(_context)}


def _kept(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """For ever under its own stamp, not at all under any other."""
    mine = request.GET.get("v") == brands.brand().stamp
    response["Cache-Control"] = "public, max-age=31536000, immutable" if mine else "no-cache"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@public
@require_safe
def css(request: HttpRequest) -> HttpResponse:
    return _kept(request, HttpResponse(brands.brand().css, content_type="text/css; charset=utf-8"))


@public
@require_safe
def logo(request: HttpRequest) -> HttpResponse:
    picture = brands.brand().logo
    if picture is None:
        raise Http404("no logo")
    response = HttpResponse(picture.content, content_type=picture.type)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Content-Disposition"] = "inline"
    return _kept(request, response)
