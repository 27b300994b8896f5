"""The settings at a glance: a card per topic, what each is for, how much there is of it, and who changed it last."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext_lazy as _

from guanxi.core.access import Actor
from guanxi.core.access.models import Role
from guanxi.core.identity.models import User
from guanxi.core.jobs.models import OPEN, Job
from guanxi.core.journal.models import ChangeSet
from guanxi.core.org import settings as org_settings
from guanxi.core.org.models import Department, ExchangeRate
from guanxi.kit.text import fold, has_cjk, pinyin
from guanxi.records import tags
from guanxi.records.models import ChoiceList, CustomField
from guanxi.web.access import signed_in
from guanxi.web.screens.core.inputs import actor_of
from guanxi.web.templatetags.gx import number as figure


def _people() -> str:
    n = User.objects.filter(is_active=True).count()
    return ngettext("%(n)s person signs in", "%(n)s people sign in", n) % {"n": figure(n)}


def _departments() -> str:
    n = Department.objects.count()
    return ngettext("%(n)s department", "%(n)s departments", n) % {"n": figure(n)}


def _roles() -> str:
    n = Role.objects.count()
    return ngettext("%(n)s role", "%(n)s roles", n) % {"n": figure(n)}


def _fields() -> str:
    n = CustomField.objects.filter(retired=False, deleted=False).count()
    return ngettext("%(n)s field of your own", "%(n)s fields of your own", n) % {"n": figure(n)}


def _lists() -> str:
    n = ChoiceList.objects.count()
    return ngettext("%(n)s list", "%(n)s lists", n) % {"n": figure(n)}


def _tags() -> str:
    n = tags.how_many()
    return ngettext("%(n)s tag", "%(n)s tags", n) % {"n": figure(n)}


def _rates() -> str:
    n = ExchangeRate.objects.count()
    return ngettext("%(n)s rate recorded", "%(n)s rates recorded", n) % {"n": figure(n)}


def _jobs() -> str:
    n = Job.objects.filter(state__in=OPEN).count()
    return ngettext("%(n)s is waiting or running", "%(n)s are waiting or running", n) % {"n": figure(n)}


def _organisation() -> str:
    return org_settings.get("name")


def _nothing() -> str:
    return ""


@dataclass(frozen=True)
class Topic:
    """One card. `needs`: one of these rights; `words`: what people may type to find it; `about`: entities in the journal."""

    group: str
    key: str
    label: str | Promise
    text: str | Promise
    icon: str
    needs: tuple[tuple[str, str], ...]
    words: str | Promise = ""
    about: tuple[str, ...] = ()
    fact: Callable[[], str] = _nothing

    def visible_to(self, actor: Actor) -> bool:
        return any(actor.can(*need) for need in self.needs)


GROUPS: dict[str, str | Promise] = {
    "people": _("People and rights"),
    "data": _("What you keep about customers"),
    "company": _("Your organisation"),
    "running": _("What happened and what runs"),
}


def _area(name: str) -> tuple[tuple[str, str], ...]:
    return ((f"settings.{name}", "edit"),)


TREES = ("trade.category", "customers.category")
TOPICS: tuple[Topic, ...] = (
    Topic("people", "settings-people", _("People"),
          _("Who signs in, in which department, with which roles. Add, reset a password, hand over records."),
          "users", _area("people"), _("user account colleague password second step hand over leave deactivate invite"),
          ("core.user",), _people),
    Topic("people", "settings-departments", _("Departments"),
          _("The tree of your organisation. Managers see what their department and those below it own."),
          "sitemap", _area("departments"), _("tree team branch manager organisation chart move merge"),
          ("core.department",), _departments),
    Topic("people", "settings-roles", _("Roles"),
          _("What a role may do, with whose records, and how much of each field it sees. View everything as somebody else would."),
          "user-shield", _area("roles"), _("right permission access view as matrix mask export"),
          ("core.role",), _roles),
    Topic("data", "settings-fields", _("Fields"),
          _("Fields of your own for any object: at once in lists, forms, filters, imports and exports."),
          "typography", _area("fields"), _("custom field column add attribute"), ("records.customfield",), _fields),
    Topic("data", "settings-lists", _("Lists of values"),
          _("What choice fields offer: order, names in both languages, colours; retire or merge what is no longer used."),
          "list", _area("lists"), _("choice option status tier source drop-down dictionary colour merge"),
          ("records.choicevalue",), _lists),
    Topic("data", "settings-tags", _("Tags"),
          _("Short words on any record, by type: colours, how often each is used; rename, merge, retire."),
          "tags", _area("lists"), _("tag label keyword colour merge type"), (), _tags),
    Topic("data", "settings-trees", _("Category trees"),
          _("Product and customer categories as a tree: drag, rename, merge."),
          "hierarchy-2", tuple((key, "edit") for key in TREES), _("category tree product customer class drag")),
    Topic("company", "settings-organisation", _("Organisation"),
          _("Name, language, time zone and the country of phone numbers, for whoever chose nothing else."),
          "building", _area("organisation"), _("name language time zone phone region"),
          ("core.organisation",), _organisation),
    Topic("company", "settings-branding", _("Look"),
          _("Your name, logo and accent colour on every page."),
          "palette", _area("organisation"), _("brand logo colour accent theme"), ("core.brand",)),
    Topic("company", "settings-currencies", _("Currencies and rates"),
          _("The currency sums are shown in, and what others were worth from which day on."),
          "coin", _area("currencies"), _("money exchange rate yuan dollar euro reporting currency"),
          ("core.exchangerate",), _rates),
    Topic("running", "jobs", _("Jobs"),
          _("Imports, large changes and nightly work: how far they are, what failed and what to do."),
          "clock", _area("jobs"), _("background task progress failed retry cancel queue worker"), (), _jobs),
    Topic("running", "journal", _("Journal"),
          _("Every change of every record and setting: who, when, before and after; most of it can be taken back."),
          "history", _area("journal"), _("log audit history undo who changed")),
)  # fmt: skip
NEEDS = tuple(dict.fromkeys(need for topic in TOPICS for need in topic.needs if need[0].startswith("settings.")))


def _matches(topic: Topic, text: str) -> bool:
    """Whether every word of `text` is in what the card says, in either language, or in its pinyin."""
    said = [str(part) for part in (topic.label, topic.text, topic.words)]
    for language in ("en", "zh-hans"):
        if language != get_language():
            with override(language):
                said += [str(part) for part in (topic.label, topic.text, topic.words)]
    heap = fold(" ".join(said))
    heap += " " + " ".join(fold("".join(pinyin(part))) for part in said if has_cjk(part))
    return all(word in heap for word in fold(text).split())


def last_changes(topics: Iterable[Topic]) -> dict[str, ChangeSet]:
    """The latest change of settings by topic key: one short query a topic, each on an index."""
    found = {}
    for topic in topics:
        if topic.about:
            row = ChangeSet.objects.filter(action="settings", entity__in=topic.about).order_by("-pk").first()
            if row is not None:
                found[topic.key] = row
    return found


@signed_in
def overview(request: HttpRequest) -> HttpResponse:
    """The cards this person may open; `?q=` keeps those that match. Whoever may open none gets 404."""
    actor = actor_of(request)
    mine = [topic for topic in TOPICS if topic.visible_to(actor)]
    if not any(need[0].startswith("settings.") and actor.can(*need) for topic in mine for need in topic.needs):
        raise Http404("no settings")
    text = " ".join(request.GET.get("q", "").split())[:60]
    shown = [topic for topic in mine if not text or _matches(topic, text)]
    changes = last_changes(shown)
    groups: list[dict[str, Any]] = []
    for key, label in GROUPS.items():
        cards = [
            {"topic": t, "url": reverse(t.key), "fact": t.fact(), "last": changes.get(t.key)}
            for t in shown
            if t.group == key
        ]
        if cards:
            groups.append({"label": label, "key": key, "cards": cards})
    context = {
        "groups": groups,
        "text": text,
        "sees_journal": actor.can("settings.journal", "edit"),
    }
    part = "#cards" if request.headers.get("HX-Target", "").endswith("cards") else ""
    return render(request, f"core/overview.html{part}", context)
