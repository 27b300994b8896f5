"""The list of change sets, newest first, asked by person, door, act, object, time and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.core.identity.models import User
from guanxi.core.journal.models import ChangeSet, Door
from guanxi.records import catalogue
from guanxi.records.read.count import count
from guanxi.web.access import signed_in
from guanxi.web.pages import words
from guanxi.web.pages.base import actor_of, answers, entity_label, entity_plural, number, render, wants
from guanxi.web.screens.records.journal.seen import SETTINGS, About, abouts, known_entity, of_actor, sees_all
from guanxi.web.templatetags.gx import number as figure

PER_PAGE = 50
ACTIONS = (
    "create",
    "edit",
    "bulk",
    "delete",
    "import",
    "undo",
    "merge",
    "reveal",
    "export",
    "download",
    "settings",
    "sign-in",
    "sign-in-failed",
    "view-as",
    "assign",
)


@dataclass(frozen=True)
class Line:
    """A change set in the list."""

    id: int
    at: datetime
    who: str
    who_id: int | None
    title: str
    icon: str
    colour: str
    door: str
    noun: str
    about: About | None
    lines: int
    balance: str
    reason: str
    undone: bool
    sealed: bool


def balance_text(balance: dict[str, int] | None) -> str:
    """A balance in few words: "12 created, 3 held back"."""
    names = {"created": _("created"), "updated": _("updated"), "skipped": _("skipped"), "held": _("held back")}
    given = balance or {}
    comma = "，" if _("created") != "created" else ", "
    return comma.join(
        # Translators: how many records, and what became of them: "12 created"
        _("%(n)s %(done)s") % {"n": figure(given[k]), "done": name}
        for k, name in names.items()
        if given.get(k)
    )


def as_lines(actor: Actor, sets: Sequence[ChangeSet]) -> list[Line]:
    undone = set(ChangeSet.objects.filter(undoes__in=[cs.pk for cs in sets]).values_list("undoes", flat=True))
    names = abouts(actor, {(cs.entity, cs.record) for cs in sets if cs.entity and cs.record})
    found = []
    for cs in sets:
        icon, colour = words.look("import" if cs.door == "import" else cs.action)
        entity = known_entity(cs.entity)
        found.append(
            Line(
                cs.pk,
                cs.at,
                cs.actor_name,
                cs.actor_id,
                words.action(cs.action),
                icon,
                colour,
                "" if cs.door == "page" else words.door(cs.door),
                entity_label(entity) if entity else str(SETTINGS.get(cs.entity, "")),
                names.get((cs.entity, cs.record)) if cs.record else None,
                cs.lines,
                balance_text(cs.balance),
                cs.reason,
                cs.pk in undone,
                cs.sealed,
            )
        )
    return found


@signed_in
@answers
def journal(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    get = request.GET
    rows = of_actor(actor)
    asked: dict[str, str] = {}
    if (who := number(get.get("who", ""))) is not None and sees_all(actor):
        rows, asked["who"] = rows.filter(actor_id=who), str(who)
    if get.get("door") in Door.values:
        rows, asked["door"] = rows.filter(door=get["door"]), get["door"]
    if get.get("action") in ACTIONS:
        rows, asked["action"] = rows.filter(action=get["action"]), get["action"]
    if (entity := known_entity(get.get("entity", ""))) is not None and actor.can(entity.key, "view"):
        rows, asked["entity"] = rows.filter(entity=entity.key), entity.key
    if (record := number(get.get("record", ""))) is not None and "entity" in asked:
        rows, asked["record"] = rows.filter(record=record), str(record)
    if (about := get.get("about", "")) in SETTINGS and sees_all(actor):
        rows, asked["about"] = rows.filter(entity=about), about
    if text := " ".join(get.get("q", "").split())[:100]:
        rows, asked["q"] = _with_text(actor, rows, text), text
    for name, lookup, add in (("since", "at__gte", 0), ("until", "at__lt", 1)):
        if day := _day(get.get(name, "")):
            rows, asked[name] = rows.filter(**{lookup: _start(day, add)}), get[name]
    total = count(rows)
    if (before := number(get.get("before", ""))) is not None:
        rows = rows.filter(pk__lt=before)
    sets = list(rows.order_by("-pk")[: PER_PAGE + 1])
    more, sets = len(sets) > PER_PAGE, sets[:PER_PAGE]
    here = f"{reverse('journal')}?{urlencode(asked)}"
    context = {
        "lines": as_lines(actor, sets),
        "total": total,
        "asked": asked,
        "all": sees_all(actor),
        "next": f"{here}&before={sets[-1].pk}" if more else "",
        "first": here if before is not None else "",
        "doors": [(d.value, d.label) for d in Door],
        "actions": [(a, words.action(a)) for a in ACTIONS],
        "settings": [(key, str(label)) for key, label in SETTINGS.items()] if sees_all(actor) else [],
        "entities": [(e.key, entity_plural(e)) for e in catalogue.every() if actor.can(e.key, "view")],
        "people": list(User.objects.order_by("name").values_list("pk", "name")[:300]) if sees_all(actor) else [],
    }
    return render(request, "records/journal.html", context, fragment="rows" if wants(request, "rows") else "")


def _with_text(actor: Actor, rows: QuerySet[ChangeSet], text: str) -> QuerySet[ChangeSet]:
    """Words in the reason, the person's name, or (for who sees all) in what is said of settings; "#12" is that step."""
    if text.startswith("#") and (pk := number(text[1:])) is not None:
        return rows.filter(pk=pk)
    found = Q(reason__icontains=text) | Q(actor_name__icontains=text) | Q(request_id=text)
    if sees_all(actor):
        rows = rows.alias(said=Cast("detail", TextField()))
        found |= Q(action="settings", said__icontains=text)
    return rows.filter(found)


def _day(text: str) -> Any:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _start(day: Any, add: int) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day)) + timedelta(days=add)
