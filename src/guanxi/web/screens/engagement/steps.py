"""Next steps: of one record above its time line, and one's own on the home page and on a page of their own. Done by one click."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.engagement import services
from guanxi.engagement.entities import STEP
from guanxi.records import read, rights
from guanxi.records.entity import Entity
from guanxi.web.access import allow
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, answers, back_url, go, render
from guanxi.web.screens.engagement.sources import STATES, Cells, reads, text
from guanxi.web.shell import toast

ON_RECORD, ON_HOME, ON_PAGE = 4, 8, 200


@dataclass(frozen=True)
class Todo:
    """An open step as it is shown. `done_url` is "" for who may not mark it as done."""

    id: int
    what: str
    url: str
    due: str
    state: str
    colour: str
    said: str
    who: str
    account: tuple[str, str] | None
    done_url: str


@dataclass
class Group:
    """Steps that are late, for today, for this week, or for later."""

    key: str
    title: str
    steps: list[Todo] = field(default_factory=list)


def said_of(due: date, now: date) -> str:
    """When a step is due, in words; never by colour alone."""
    days = (due - now).days
    if days < 0:
        return ngettext("%(n)s day late", "%(n)s days late", -days) % {"n": -days}
    if days < 2:
        return _("tomorrow") if days else _("today")
    return ngettext("in %(n)s day", "in %(n)s days", days) % {"n": days}


def todos(actor: Actor, rows: Any) -> list[Todo]:
    """Steps as they are shown: a fixed number of queries."""
    now = services.today(actor)
    may = actor.can(STEP.key, "edit") and rights.level(actor, STEP.declared["done_at"]) is Level.EDIT
    found = Cells(actor, STEP, "what", "due", "owner", "account").of(rows, "due")
    ids = [row["id"] for row, _cells in found]
    mine = (
        set(read.visible(STEP, actor, "edit").filter(pk__in=ids).values_list("pk", flat=True)) if may and ids else set()
    )
    made = []
    for row, cells in found:
        state = services.state_of(row["due"], now)
        account = cells.get("account")
        made.append(
            Todo(
                row["id"], text(cells, "what"), addresses.record_url(STEP.key, row["id"]), text(cells, "due"), state, STATES[state],
                said_of(row["due"], now), text(cells, "owner"),
                (account.text, addresses.record_url(*account.link)) if account is not None and account.link else None,
                reverse("step-done", args=[row["id"]]) if row["id"] in mine else "",
            )
        )  # fmt: skip
    return made


def open_of(actor: Actor, entity: Entity, id: int) -> tuple[list[Todo], int]:  # noqa: A002
    """The first open steps of a record, and how many more there are."""
    by = services.BY.get(entity.key)
    if by is None or not reads(actor, STEP, "due", by):
        return [], 0
    rows = services.open_steps(actor).filter(**{by: id}).order_by("due", "pk")
    first = todos(actor, rows[: ON_RECORD + 1])
    return first[:ON_RECORD], (rows.count() - ON_RECORD if len(first) > ON_RECORD else 0)


def mine(actor: Actor, *, limit: int, until: date | None = None) -> list[Todo]:
    """Open steps that the actor is to do, by day."""
    if actor.user_id is None or not reads(actor, STEP, "due", "owner"):
        return []
    rows = services.open_steps(actor).filter(owner=actor.user_id)
    if until is not None:
        rows = rows.filter(due__lte=until)
    return todos(actor, rows.order_by("due", "pk")[:limit])


def grouped(actor: Actor, steps: Iterable[Todo], due: dict[int, date]) -> list[Group]:
    """By how soon; groups without steps are left out. `due`: the day of each step."""
    now = services.today(actor)
    sunday = now + timedelta(days=6 - now.weekday())
    groups = [
        Group("late", _("Late")),
        Group("today", _("Today")),
        Group("week", _("This week")),
        Group("later", _("Later")),
    ]
    for one in steps:
        day = due[one.id]
        groups[0 if day < now else 1 if day == now else 2 if day <= sunday else 3].steps.append(one)
    return [g for g in groups if g.steps]


def for_home(actor: Actor) -> dict[str, Any]:
    """What the home page shows of one's steps: late ones, today's and this week's. Empty for who may not see steps."""
    if not actor.can(STEP.key, "view"):
        return {}
    now = services.today(actor)
    found = mine(actor, limit=ON_HOME + 1, until=now + timedelta(days=6 - now.weekday()))
    return {"steps": found[:ON_HOME], "more": len(found) > ON_HOME, "url": reverse("my-steps")}


@allow(STEP.key, "view")
@answers
def my_steps(request: HttpRequest) -> HttpResponse:
    """Everything one has still to do, by how soon."""
    actor = actor_of(request)
    found = mine(actor, limit=ON_PAGE)
    ids = [one.id for one in found]
    due = dict(read.visible(STEP, actor).filter(pk__in=ids).values_list("pk", "due")) if ids else {}
    context = {
        "groups": grouped(actor, found, due),
        "all_url": f"{addresses.list_url(STEP.key)}?f.owner.is={actor.user_id}&f.done_at.empty=1&sort=due",
    }
    return render(request, "engagement/my_steps.html", context)


@require_POST
@allow(STEP.key, "edit")
@answers
def done(request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002
    """Mark a step as done. For htmx the line goes away, and a time line on the page is drawn anew."""
    saved = services.finish(actor_of(request), id)
    undo = reverse("journal-undo", args=[saved.change_set]) if saved.change_set else ""
    if is_fragment(request):
        said = {"gx:toast": {"text": _("Done."), "level": "success", "undo": undo}, "gx:timeline": {"target": "body"}}
        return HttpResponse("", headers={"HX-Trigger": json.dumps(said)})
    toast(request, _("Done."), undo=undo)
    return go(request, back_url(request, reverse("my-steps")))
