"""The look of the house: name, logo, accent colour."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from guanxi.core.org import brand as brands
from guanxi.core.org import pictures
from guanxi.web.access import allow_area
from guanxi.web.screens.core.inputs import actor_of, attempt, page
from guanxi.web.shell import toast

#: Readable everywhere, see `brand.weakest`; a test says so.
READY = ("#3350d0", "#1d63c4", "#0f6e84", "#17724b", "#5f6a1c", "#a84a12", "#b3312f", "#b02a6b", "#7a3fb8", "#47536b")


@allow_area("settings.organisation", "edit")
def branding(request: HttpRequest) -> HttpResponse:
    now = brands.brand()
    given = {"name": now.name, "accent": now.accent}
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        given = {name: request.POST.get(name, "") for name in given}
        if request.POST.get("ready"):
            given["accent"] = request.POST["ready"]
        file = request.FILES.get("logo")
        content = file.read(pictures.MOST_BYTES + 1) if file else None
        _done, errors = attempt(lambda: brands.change(
            actor_of(request), name=given["name"], accent=given["accent"], logo=content,
            remove_logo=bool(request.POST.get("remove_logo")),
        ))  # fmt: skip
        if not errors:
            toast(request, _("Saved. Everybody sees it with their next page."))
            return HttpResponseRedirect(reverse("settings-branding"))
    context = {
        "given": given, "now": now, "errors": errors, "ready": READY, "own": "#3350d0",
        "measured": f"{brands.weakest(now.accent or '#3350d0'):.1f}", "most": pictures.MOST_BYTES // 1024,
    }  # fmt: skip
    return page(request, "core/branding.html", context, errors)
