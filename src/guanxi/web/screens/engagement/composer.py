"""Writing a follow-up down on the page of a customer, contact or order: method, words or voice, next step; one request.

What was typed stays in the browser until it is saved (`behaviours/composer.js`), and comes back with every refusal.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.engagement import services
from guanxi.engagement.entities import INTERACTION, STEP
from guanxi.kit.problems import Problem
from guanxi.records import catalogue, kinds, read, rights, write
from guanxi.records.entity import Entity
from guanxi.records.read.cells import names_of
from guanxi.web.access import allow
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses, timeline
from guanxi.web.pages.base import actor_of, answers, entity_plural, render, sentences
from guanxi.web.screens.engagement.sources import LOOKS
from guanxi.web.screens.engagement.steps import Todo, open_of
from guanxi.web.shell import toast

QUICK = {
    "today": gettext_lazy("Today"),
    "tomorrow": gettext_lazy("Tomorrow"),
    "in_3_days": gettext_lazy("In 3 days"),
    "monday": gettext_lazy("Next Monday"),
    "in_2_weeks": gettext_lazy("In 2 weeks"),
    "in_a_month": gettext_lazy("In a month"),
}
MOST_CONTACTS = 100
GIVEN = ("method", "words", "happened_at", "contact", "direction", "minutes")


@dataclass(frozen=True)
class Method:
    value: str
    label: str
    icon: str
    on: bool


@dataclass(frozen=True)
class Offer:
    value: str
    label: str
    on: bool = False


@dataclass(frozen=True)
class Composer:
    """What the template needs. `given`: what was typed, when it was refused."""

    action: str
    draft: str
    methods: Sequence[Method]
    quick: Sequence[Offer]
    contacts: Sequence[Offer]
    directions: Sequence[Offer]
    todo: Sequence[Todo]
    more_steps: int
    speech: str
    steps: bool
    given: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def opened(self) -> bool:
        """Whether the further fields are shown at once: one of them is wrong, or was filled."""
        return any(
            self.problems.get(k) or self.given.get(k) for k in ("happened_at", "contact", "direction", "minutes")
        )


def stands(actor: Actor, entity: Entity) -> bool:
    """Whether this person may write follow-ups down on pages of this entity; costs no query."""
    return entity.key in services.BY and actor.can(INTERACTION.key, "create") and _edits(actor, INTERACTION, "words")


def _edits(actor: Actor, entity: Entity, *keys: str) -> bool:
    return all(rights.level(actor, entity.declared[key]) is Level.EDIT for key in keys)


def of_record(
    actor: Actor, entity: Entity, id: int, given: Mapping[str, str] | None = None, problems: Mapping[str, list[str]] | None = None,  # noqa: A002
) -> Composer:  # fmt: skip
    given = given or {}
    formats = read.formats_for(actor)
    chosen = given.get("method") or "call"

    def options(key: str) -> list[Offer]:
        kind = INTERACTION.declared[key].kind
        assert isinstance(kind, kinds.Choice)
        return [Offer(o.value, o.label, o.value == given.get(key)) for o in kind.options(formats) if not o.retired]

    steps, left = open_of(actor, entity, id)
    return Composer(
        action=reverse("follow-up", args=[entity.key, id]),
        draft=f"gx:draft:{actor.user_id}:{entity.key}:{id}",
        methods=[
            Method(o.value, o.label, LOOKS.get(o.value, LOOKS["note"])[0], o.value == chosen) for o in options("method")
        ],
        quick=[Offer(q.day.isoformat(), str(QUICK[q.key])) for q in services.quick_days(services.today(actor))],
        contacts=contacts_of(actor, entity, id, given.get("contact", "")),
        directions=options("direction"),
        todo=steps,
        more_steps=left,
        speech="zh-CN" if formats.chinese else "en-US",
        steps=actor.can(STEP.key, "create") and _edits(actor, STEP, "what", "due"),
        given=given,
        problems=problems or {},
    )


def contacts_of(actor: Actor, entity: Entity, id: int, chosen: str) -> list[Offer]:  # noqa: A002
    """The people one may have spoken with: those at the customer. A contact's own page needs no choice."""
    contact = catalogue.get("customers.contact")
    if entity.key == contact.key:
        return []
    seen = read.visible(contact, actor)
    if entity.key == "customers.account":
        seen = seen.filter(account=id)
    else:
        seen = seen.filter(account__in=read.visible(entity, actor).filter(pk=id).values("account"))
    ids = list(seen.order_by("-primary", "pk").values_list("pk", flat=True)[:MOST_CONTACTS])
    named = names_of(actor, contact.key, ids) if ids else {}
    return [Offer(str(i), named[i][0], str(i) == chosen) for i in ids if i in named]


def panel(request: HttpRequest, view: read.RecordView) -> str:
    """The composer as a panel of the record page."""
    composer = of_record(actor_of(request), view.entity, view.id)
    return render_to_string("engagement/composer.html", {"composer": composer}, request)


@require_POST
@allow("{key}", "view")
@answers
def compose(request: HttpRequest, key: str, id: int) -> HttpResponse:  # noqa: A002
    """Save. The answer is an empty composer and the time line with the new item on top, both in one; or what was wrong."""
    actor, entity = actor_of(request), catalogue.get(key)
    if not stands(actor, entity):
        raise write.Refused(INTERACTION.key)
    about = timeline.about_of(entity, actor, id)
    given = {name: request.POST.get(name, "") for name in (*GIVEN, "what", "due")}
    try:
        done = save(actor, entity, id, given)
    except write.Invalid as error:
        return refused(request, about, given, sentences(error.problems))
    said = _("Written down.") if done.step is None else _("Written down, with the next step.")
    undo = reverse("journal-undo", args=[done.change_set])
    if not is_fragment(request):
        toast(request, said, undo=undo)
        return HttpResponseRedirect(addresses.record_url(key, id))
    composer = of_record(actor, entity, id)
    line = timeline.as_context(request, about, timeline.of_record(about), only=())
    response = HttpResponse(
        render_to_string("engagement/composer.html", {"composer": composer, "saved": True}, request)
        + render_to_string("pages/timeline_region.html", {**line, "oob": True}, request)
    )
    response["HX-Trigger"] = json.dumps({"gx:toast": {"text": said, "level": "success", "undo": undo}})
    return response


def save(actor: Actor, entity: Entity, id: int, given: Mapping[str, str]) -> services.Recorded:  # noqa: A002
    """Raises Invalid, with the keys of the form."""
    what, due = given["what"].strip(), given["due"].strip()
    if not given["words"].strip() and not what and not due:
        raise write.Invalid({"words": [Problem("field.required")]})
    if due and not what:
        what = _("Follow up again")
    values: dict[str, Any] = {k: given[k] for k in GIVEN if given[k].strip()}
    values[services.BY[entity.key]] = id
    return services.record(actor, values, what=what, due=due)


def refused(
    request: HttpRequest, about: timeline.About, given: Mapping[str, str], problems: Mapping[str, list[str]]
) -> HttpResponse:
    """The composer with everything that was typed, and what is wrong with it."""
    composer = of_record(about.actor, about.entity, about.id, given, problems)
    context = {
        "composer": composer,
        "whole": [text for key, found in problems.items() if key not in (*GIVEN, "what", "due") for text in found],
        "plural": entity_plural(about.entity),
        "list_url": addresses.list_url(about.entity.key),
        "base": addresses.record_url(about.entity.key, about.id),
        "title": names_of(about.actor, about.entity.key, [about.id]).get(about.id, ("",))[0] or f"#{about.id}",
    }
    if is_fragment(request):
        return HttpResponse(render_to_string("engagement/composer.html", context, request))
    return render(request, "engagement/compose.html", context, status=422)
