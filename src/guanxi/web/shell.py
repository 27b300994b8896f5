"""The frame around every page: areas and menu, quick-create, preferences, toasts.

`site.menu` lists `Menu` objects and hands them to `install` when the program starts; this module shows of them what the
person may use.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import get_urlconf, reverse
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.core.org import versions
from guanxi.kit.results import Balance
from guanxi.web.access import public
from guanxi.web.templatetags.frame import forget
from guanxi.web.templatetags.gx import number

Text = str | Promise
YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Area:
    key: str
    label: Text
    icon: str


AREAS = (
    Area("home", _("Home"), "home"),
    Area("customers", _("Customers"), "users"),
    Area("follow-up", _("Follow-up"), "list-check"),
    Area("sales", _("Sales"), "target-arrow"),
    Area("marketing", _("Marketing"), "speakerphone"),
    Area("service", _("Service"), "ticket"),
    Area("insight", _("Insight"), "chart-bar"),
    Area("data", _("Data"), "database"),
    Area("privacy", _("Privacy"), "shield-lock"),
    Area("settings", _("Settings"), "settings"),
)


@dataclass(frozen=True, kw_only=True)
class Menu:
    """One entry of the left menu. `needs` is (entity or settings area, action); without it everybody sees the entry.

    `create` is the URL of "new …" with the label for quick-create; it needs the right to create.
    """

    area: str
    label: Text
    url: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    icon: str = ""
    needs: tuple[str, str] | None = None
    needs_any: tuple[tuple[str, str], ...] = ()  # one of these is enough
    create: Text = ""
    create_url: str = ""

    def path(self) -> str:
        return self.url if self.url.startswith("/") else reverse(self.url, args=self.args, kwargs=dict(self.kwargs))

    def create_path(self) -> str:
        name = self.create_url
        return name if name.startswith("/") else reverse(name, args=self.args, kwargs=dict(self.kwargs))

    def visible_to(self, actor: Actor) -> bool:
        if self.needs_any and not any(actor.can(*need) for need in self.needs_any):
            return False
        return self.needs is None or actor.can(*self.needs)

    def creatable_by(self, actor: Actor) -> bool:
        return bool(self.create_url) and (self.needs is None or actor.can(self.needs[0], "create"))


@dataclass
class Frame:
    """What the site put into the shell."""

    menu: tuple[Menu, ...] = ()
    search_url: str = ""
    palette_url: str = ""
    recent_url: str = ""
    pinned: Callable[[Actor], Sequence[Any]] | None = None
    notices_url: str = ""
    me_url: str = ""
    help_url: str = ""


frame = Frame()


def install(
    menu: Iterable[Menu], *, search_url: str = "", notices_url: str = "", me_url: str = "", help_url: str = "",
    palette_url: str = "", recent_url: str = "", pinned: Callable[[Actor], Sequence[Any]] | None = None,
) -> None:  # fmt: skip
    """Called once by the site when the program starts; a second call replaces the first. URLs are URL names or paths.

    `pinned` says which records a person pinned, as things with `title`, `url` and `icon`.
    """
    entries = tuple(menu)
    known = {area.key for area in AREAS}
    for entry in entries:
        if entry.area not in known:
            raise ValueError(f"menu entry {entry.url!r} names the unknown area {entry.area!r}")
    frame.menu, frame.search_url, frame.notices_url = entries, search_url, notices_url
    frame.me_url, frame.help_url = me_url, help_url
    frame.palette_url, frame.recent_url, frame.pinned = palette_url, recent_url, pinned
    _entries_of.clear()
    forget()


def link(name: str) -> str:
    if not name or name.startswith("/"):
        return name
    return _reversed(name, get_urlconf())


@lru_cache(maxsize=64)
def _reversed(name: str, urlconf: str | None) -> str:
    return reverse(name, urlconf)


#: {(rights, addresses): (entries with their paths, what may be created)}; what roles grant is part of the key.
_entries_of: dict[tuple[Any, ...], tuple[list[tuple[Menu, str]], list[Menu]]] = {}


def menu_key(request: HttpRequest) -> tuple[Any, ...]:
    """The same for all who have the same menu."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return (actor.kind, getattr(actor, "role_ids", ()), versions.stamp("access"), getattr(request, "urlconf", None))


def _visible(request: HttpRequest) -> tuple[list[tuple[Menu, str]], list[Menu]]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    key = menu_key(request)
    found = _entries_of.get(key)
    if found is None:
        entries = [entry for entry in frame.menu if entry.visible_to(actor)]
        found = [(e, e.path()) for e in entries], [e for e in entries if e.creatable_by(actor)]
        if len(_entries_of) > 500:
            _entries_of.clear()
        _entries_of[key] = found
    return found


def menu_here(request: HttpRequest) -> str:
    """The path of the menu entry one is at: the longest path that the address begins with; "" at none."""
    here = request.path
    paths = (path for _, path in _visible(request)[0] if here == path or (path != "/" and here.startswith(path)))
    return max(paths, key=len, default="")


def menu_for(request: HttpRequest) -> list[dict[str, Any]]:
    """Areas with the entries this person may use, the current one marked."""
    entries, current = _visible(request)[0], menu_here(request)
    areas = []
    for area in AREAS:
        items = [
            {"label": e.label, "path": p, "icon": e.icon or area.icon, "current": p == current}
            for e, p in entries
            if e.area == area.key
        ]
        if items:
            areas.append({"key": area.key, "label": area.label, "icon": area.icon, "items": items,
                          "current": any(item["current"] for item in items)})  # fmt: skip
    return areas


def quick_create_for(request: HttpRequest) -> list[dict[str, Any]]:
    return [{"label": e.create, "path": e.create_path(), "icon": e.icon} for e in _visible(request)[1]]


def pinned_for(request: HttpRequest) -> Sequence[Any]:
    """What this person pinned and may still see."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return frame.pinned(actor) if frame.pinned is not None and actor.user_id is not None else ()


# Toasts ---------------------------------------------------------------------------------------------------------------


def toast(
    request: HttpRequest, text: str, *, level: str = "success", undo: str = "", href: str = "", label: str = ""
) -> None:
    """A short notice on the next page (or in this fragment's `{% toasts %}`). `undo` is a URL that takes it back by POST."""
    extra = json.dumps({"undo": undo, "href": href, "label": label}) if undo or href else ""
    messages.add_message(request, getattr(messages, level.upper()), text, extra_tags=extra)


def toast_balance(request: HttpRequest, change_set: int | None, balance: Balance, *, done: str, held: str) -> None:
    """What a bulk step came to, with Undo. `done` and `held` say how many were changed and how many could not be, as %(n)s."""
    text = done % {"n": number(balance.updated)}
    if balance.held:
        text += " " + held % {"n": number(balance.held)}
    undo = reverse("journal-undo", args=[change_set]) if change_set else ""
    toast(request, text, level="warning" if balance.held else "success", undo=undo)


def toast_header(response: HttpResponse, text: str, *, level: str = "success", undo: str = "") -> HttpResponse:
    """The same for an answer to htmx that swaps nothing: the browser makes the toast itself."""
    response["HX-Trigger"] = json.dumps({"gx:toast": {"text": str(text), "level": level, "undo": undo}})
    return response


# Preferences ----------------------------------------------------------------------------------------------------------


@public
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Language, theme and density: kept in a cookie, and in the account of whoever is signed in. Back to the same page."""
    chosen: dict[str, str] = {}
    language, theme, density = (request.POST.get(name, "") for name in ("language", "theme", "density"))
    if language in dict(settings.LANGUAGES):
        chosen["language"] = language
    if theme in ("light", "dark", "auto"):
        chosen["theme"] = theme
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if chosen and actor.user_id is not None:
        from guanxi.core.identity import preferences as kept

        kept.save(request.user, {name: "" if value == "auto" else value for name, value in chosen.items()})  # type: ignore[arg-type]
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponse(status=204) if request.headers.get("HX-Request") == "true" else HttpResponseRedirect(back)
    cookie: dict[str, Any] = {"max_age": YEAR, "samesite": "Lax", "secure": request.is_secure(), "httponly": True}
    if "language" in chosen:
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen["language"], **cookie)
    if "theme" in chosen:
        response.set_cookie("gx_theme", chosen["theme"], **cookie)
    if density in ("comfortable", "compact"):
        response.set_cookie("gx_density", density, **cookie)
    return response
