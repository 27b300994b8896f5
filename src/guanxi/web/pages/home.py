"""The start page: my figures, what I changed last, what came in last, and first steps while the house is new."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.core.identity.models import User
from guanxi.records import catalogue, read, rights
from guanxi.records.entity import Entity
from guanxi.records.read.count import Count, count
from guanxi.records.read.page import matching
from guanxi.web.access import signed_in
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, answers, entity_plural, render
from guanxi.web.pages.lists import import_url
from guanxi.web.screens.records.journal import Line, as_lines, of_actor

RECENT = 8


@dataclass(frozen=True)
class Figure:
    """A number with the list behind it."""

    label: str
    count: Count
    url: str
    icon: str


@dataclass(frozen=True)
class Step:
    """A first step in a new house."""

    title: str
    text: str
    url: str
    icon: str
    done: bool
    first: bool = False


@dataclass(frozen=True)
class Recent:
    title: str
    noun: str
    url: str
    icon: str
    at: Any


def figure(actor: Actor, key: str, label: str, *filters: tuple[str, str, tuple[str, ...]]) -> Figure | None:
    """How many records fit, if this person may ask that at all. The number is the one that the list shows."""
    try:
        entity = catalogue.get(key)
        if not actor.can(key, "view"):
            return None
        query = read.Query(filters=tuple(read.Filter(*f) for f in filters))
        return Figure(
            label,
            count(matching(entity, actor, query)),
            f"{addresses.list_url(key)}?{query.params() or 'n=50'}",
            entity.icon,
        )
    except (catalogue.UnknownEntity, rights.UnknownField, read.BadQuery):
        return None


def figures(actor: Actor) -> list[Figure]:
    me = (str(actor.user_id),)
    asked = (
        figure(actor, "customers.account", _("My customers"), ("owner", "any", me)),
        figure(actor, "customers.account", _("New this month"), ("created_at", "within", ("this_month",))),
        figure(actor, "trade.order", _("Orders this month"), ("ordered_at", "within", ("this_month",))),
        figure(actor, "customers.account", _("Without an owner"), ("owner", "empty", ("1",))),
    )
    # That nobody lacks an owner is nothing to say.
    return [f for f in asked if f is not None and (f.count.n or f is not asked[3])]


def recent_changes(actor: Actor) -> list[Line]:
    return as_lines(actor, list(of_actor(actor).filter(actor_id=actor.user_id, lines__gt=0).order_by("-pk")[:RECENT]))


def newest(actor: Actor, entity: Entity) -> read.Page | None:
    if not actor.can(entity.key, "view"):
        return None
    columns = tuple(k for k in ("name", "status", "owner") if k in rights.readable(actor, entity))
    return read.page(entity, actor, read.Query(columns=columns, limit=RECENT))


def steps(actor: Actor, customers: int) -> list[Step]:
    """First steps, for whoever may take them; none when all are done."""
    found = []
    account = catalogue.get("customers.account")
    if actor.can(account.key, "create"):
        to = import_url(account) if actor.can(account.key, "import") else ""
        found.append(
            Step(
                _("Bring in your customers"),
                _(
                    "Import the file you have: CSV or Excel, Chinese or English headers. "
                    "Every row is accounted for, and the import can be undone."
                ),
                to or f"{addresses.list_url(account.key)}new",
                "file-import",
                customers > 0,
            )
        )
    if actor.can("settings.people", "edit"):
        found.append(
            Step(
                _("Invite your colleagues"),
                _("Give each a role; it decides what they see and change."),
                _named("settings-people"),
                "user-plus",
                User.objects.filter(is_active=True).count() > 1,
            )
        )
    if actor.can("settings.fields", "edit"):
        from guanxi.records.models import CustomField

        found.append(
            Step(
                _("Make it yours"),
                _("Add the fields your business needs, and name statuses and tiers as you do."),
                reverse("settings-fields"),
                "adjustments-horizontal",
                CustomField.objects.exists(),
            )
        )
    found = [s for s in found if s.url]
    open_ = next((s for s in found if not s.done), None)
    return [] if open_ is None else [replace(s, first=s is open_) for s in found]


def _named(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@signed_in
@answers
def home(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    account = catalogue.get("customers.account")
    page = newest(actor, account)
    from guanxi.web.pages.shown import Table, heads
    from guanxi.web.screens.engagement.steps import for_home

    hour = timezone.localtime().hour
    first = steps(actor, page.count.n if page else 0)
    greeting = _("Good morning") if 5 <= hour < 12 else _("Good afternoon") if 12 <= hour < 18 else _("Good evening")
    context = {
        "greeting": greeting,
        "figures": figures(actor),
        "changes": recent_changes(actor),
        "my_steps": for_home(actor),
        "steps": first,
        "fresh": bool(first) and not (page and page.rows),
        "steps_done": sum(s.done for s in first),
        "newest": page,
        "newest_heads": heads(page.columns) if page else [],
        "newest_table": Table(account, page.columns, page.rows, boxes=False) if page else None,
        "newest_title": entity_plural(account),
        "newest_url": addresses.list_url(account.key),
        "today": timezone.localtime(),
    }
    return render(request, "pages/home.html", context)
