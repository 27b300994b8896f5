"""The journal: what happened, change set by change set, and taking one back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.core.identity.models import User
from guanxi.core.jobs import enqueue
from guanxi.core.jobs.models import Job
from guanxi.core.journal.models import Change, ChangeBatch, ChangeSet, Door, Op
from guanxi.core.org.problems import Invalid as OrgInvalid
from guanxi.records import catalogue, invert, policy, read, rights
from guanxi.records.entity import Entity
from guanxi.records.read.cells import Reader, names_of
from guanxi.records.read.count import count
from guanxi.records.read.view import Historian
from guanxi.web.access import signed_in
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses, words
from guanxi.web.pages.base import actor_of, answers, back_url, entity_label, entity_plural, go, number, render, wants
from guanxi.web.pages.timeline import Changed, changed
from guanxi.web.screens.records import restoring
from guanxi.web.shell import toast
from guanxi.web.templatetags.gx import number as figure

PER_PAGE = 50
AT_ONCE = 500  # records that one request takes back; more are a job
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
#: What changes of settings are about, for the filter: entity in the journal → words.
SETTINGS = {
    "core.user": _lazy("People"),
    "core.department": _lazy("Departments"),
    "core.role": _lazy("Roles"),
    "records.customfield": _lazy("Fields"),
    "records.choicevalue": _lazy("Lists of values"),
    "core.exchangerate": _lazy("Currencies and rates"),
    "core.organisation": _lazy("Organisation"),
    "core.brand": _lazy("Look"),
}


def sees_all(actor: Actor) -> bool:
    return actor.is_system or actor.can("settings.journal", "edit") or actor.can("settings.journal", "view")


def of_actor(actor: Actor) -> QuerySet[ChangeSet]:
    """The change sets this person may look at: their own, or all for who may see the journal."""
    rows = ChangeSet.objects.all()
    return rows if sees_all(actor) else rows.filter(actor_id=actor.user_id)


# What it was about -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class About:
    """A record that the journal names, as far as this person may see it."""

    label: str
    url: str = ""
    gone: bool = False


def known_entity(key: str) -> Entity | None:
    try:
        return catalogue.get(key)
    except catalogue.UnknownEntity:
        return None


def within(entity: Entity, actor: Actor, ids: Iterable[int]) -> set[int]:
    """Which of these records, deleted ones too, lie in the actor's range."""
    limits = policy.conditions(entity, actor, "view")
    if limits is None:
        return set()
    return set(entity.model.all_rows.filter(policy.q_of(limits), pk__in=list(ids)).values_list("pk", flat=True))


def gone_names(actor: Actor, entity: Entity, ids: Iterable[int]) -> dict[int, str]:
    """Names of records that are no longer there, if they lay in the actor's range: as their rows still say, masked if need be."""
    title = entity.declared[entity.title]
    seen = within(entity, actor, ids)
    if not seen or rights.level(actor, title) is Level.HIDDEN:
        return dict.fromkeys(seen, "")
    reader = Reader(actor, entity, [title])
    rows = entity.model.all_rows.filter(pk__in=seen).values(*reader.columns())
    return {row["id"]: reader.cell(row, title, {}).text for row in rows}


def abouts(actor: Actor, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], About]:
    """Names of records by (entity, id): two queries an entity. Records out of range are not in it."""
    by_entity: dict[str, set[int]] = {}
    for key, id_ in wanted:
        by_entity.setdefault(key, set()).add(id_)
    found: dict[tuple[str, int], About] = {}
    for key, ids in by_entity.items():
        entity = known_entity(key)
        if entity is None or not actor.can(key, "view"):
            continue
        names = names_of(actor, key, ids)
        for id_, (name, _colour) in names.items():
            found[key, id_] = About(name or f"#{id_}", addresses.record_url(key, id_))
        for id_, name in gone_names(actor, entity, ids - names.keys()).items():
            found[key, id_] = About(name or f"#{id_}", gone=True)
    return found


# The list ----------------------------------------------------------------------------------------------------------------


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


# One change set ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Touched:
    """One record in a change set: what was done to it, as far as this person may see it."""

    id: int
    noun: str
    about: About | None
    op: str
    icon: str
    colour: str
    changes: tuple[Changed, ...]
    hidden: int


@dataclass(frozen=True)
class Bunch:
    """Many records created, deleted or brought back at once."""

    noun: str
    op: str
    rows: int


@dataclass(frozen=True)
class Left:
    """What an undo left as it is."""

    noun: str
    about: About | None
    field: str
    why: str


def get_set(actor: Actor, id: int) -> ChangeSet:  # noqa: A002
    found = ChangeSet.objects.filter(pk=id).first()
    if found is None or not (invert.may_see(actor, found) or sees_all(actor)):
        raise read.Hidden(f"change set {id}")
    return found


def touched(actor: Actor, lines: Sequence[Change]) -> list[Touched]:
    """Lines as the reader may see them: fields by their rights, and of records out of their range nothing."""
    names = abouts(actor, {(line.entity, line.record) for line in lines})
    found = []
    past: dict[str, Historian] = {}
    for line in lines:
        entity = known_entity(line.entity)
        about = names.get((line.entity, line.record))
        icon, colour = words.look(line.op)
        changes: tuple[Changed, ...] = ()
        hidden = 0
        if entity is not None and about is not None and line.op == Op.UPDATE:
            event = past.setdefault(entity.key, Historian(entity, actor)).event(line)
            changes, hidden = tuple(changed(c) for c in event.changes), event.hidden
        found.append(
            Touched(
                line.pk,
                entity_label(entity) if entity else line.entity,
                about,
                str(words.OPS.get(line.op, line.op)),
                icon,
                colour,
                changes,
                hidden,
            )
        )
    return found


def kept(actor: Actor, cs: ChangeSet) -> list[Left]:
    """What an undo left as it is, with the reason; records out of range are counted but not named."""
    listed = [row for row in (cs.detail or {}).get("kept", []) if isinstance(row, list) and len(row) == 4]
    names = abouts(actor, {(key, record) for key, record, _f, _w in listed})
    found = []
    for key, record, field, why in listed:
        entity = known_entity(key)
        known = rights.readable(actor, entity) if entity is not None else {}
        label = (
            str(known[field].label)
            if field in known
            else (_("a field you do not see") if field else _("the whole record"))
        )
        found.append(Left(entity_label(entity) if entity else key, names.get((key, record)), label, words.why(why)))
    return found


def facts(actor: Actor, cs: ChangeSet) -> list[tuple[str, str]]:
    """What an act without changed rows was about, in words; only what this person may know."""
    detail, found = cs.detail or {}, []
    entity = known_entity(cs.entity)
    if (key := detail.get("field")) and entity is not None:
        known = rights.readable(actor, entity)
        if key in known:
            found.append((_("Field"), str(known[key].label)))
    if cs.action in ("export", "download") and "rows" in detail:
        found.append((_("Rows"), figure(detail.get("rows", 0))))
        found.append((_("Format"), str(detail.get("format", "")).upper()))
    if cs.action == "export" and entity is not None:
        known = rights.readable(actor, entity)
        labels = [str(known[k].label) for k in detail.get("columns", []) if k in known]
        found.append((_("Columns"), "、".join(labels)))
    if detail.get("file"):
        found.append((_("File"), str(detail["file"])))
    return found


@signed_in
@answers
def entry(request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002
    actor = actor_of(request)
    cs = get_set(actor, id)
    after = number(request.GET.get("after", "")) or 0
    lines = list(Change.objects.filter(change_set=cs, pk__gt=after).order_by("pk")[: PER_PAGE + 1])
    more, lines = len(lines) > PER_PAGE, lines[:PER_PAGE]
    batches = (
        [
            Bunch(entity_plural(e) if (e := known_entity(b.entity)) else b.entity, str(Op(b.op).label), b.rows)
            for b in ChangeBatch.objects.filter(change_set=cs).order_by("pk")
        ]
        if not after
        else []
    )
    undone_by = list(ChangeSet.objects.filter(undoes=cs).order_by("pk").values_list("pk", "at", "actor_name"))
    entity = known_entity(cs.entity)
    icon, colour = words.look("import" if cs.door == "import" else cs.action)
    context = {
        "cs": cs,
        "icon": icon,
        "colour": colour,
        "title": words.action(cs.action),
        "door": words.door(cs.door),
        "noun": entity_label(entity) if entity else str(SETTINGS.get(cs.entity, "")),
        "about": abouts(actor, [(cs.entity, cs.record)]).get((cs.entity, cs.record)) if entity and cs.record else None,
        "touched": touched(actor, lines),
        "batches": batches,
        "facts": facts(actor, cs),
        "undone_by": undone_by,
        "kept": kept(actor, cs) if cs.action == "undo" else [],
        "counts": counts(cs),
        "terms": terms(cs),
        "differences": differences(actor, cs),
        "may_restore": restoring.possible(actor, cs) and not undone_by,
        "more": f"{reverse('journal-entry', args=[id])}?after={lines[-1].pk}" if more else "",
        "undoing": (working := undoing(cs) if not undone_by else None),
        "may_undo": invert.may_see(actor, cs) and cs.lines > 0 and not undone_by and not working,
        "again": after > 0,
    }
    return render(
        request, "records/entry.html", context, fragment="lines" if wants(request, "lines", "li") and after else ""
    )


def size(cs: ChangeSet) -> int:
    """How many records a change set touched."""
    batches = ChangeBatch.objects.filter(change_set=cs).aggregate(n=Count("pk"), rows=Sum("rows"))
    return cs.lines - (batches["n"] or 0) + (batches["rows"] or 0)


def undo_key(id: int) -> str:  # noqa: A002
    return f"records.undo:{id}"


def undoing(cs: ChangeSet) -> dict[str, Any] | None:
    """How far the job is that takes this change set back; None when there is none."""
    job = Job.objects.filter(kind="records.undo", params__change_set=cs.pk).order_by("-pk").first()
    if job is None or (not job.is_open and job.state == "done"):
        return None
    left = (job.eta - timezone.now()).total_seconds() if job.eta else None
    return {
        "state": job.state, "done": job.done, "total": job.total, "rate": job.rate or 0.0,
        "left": max(0.0, left) if left is not None else None, "failure": job.explain() if job.state == "failed" else {},
    }  # fmt: skip


@signed_in
@answers
def undo_progress(request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002
    """The piece of a change set's page that asks again while it is being taken back; then the whole page comes anew."""
    cs = get_set(actor_of(request), id)
    working = undoing(cs)
    if working is None:
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("journal-entry", args=[id])})
    return render(request, "records/entry.html", {"cs": cs, "undoing": working}, fragment="undoing")


def counts(cs: ChangeSet) -> dict[str, int]:
    """What an undo did."""
    detail = cs.detail or {}
    return {k: detail.get(k, 0) for k in ("restored", "removed", "revived")} if cs.action == "undo" else {}


def terms(cs: ChangeSet) -> list[tuple[str, str, int]]:
    """The balance of an undo in its own words: (class, label, count), the first being what there was to take back."""
    if cs.action != "undo" or not cs.balance:
        return []
    did = counts(cs)
    return [
        ("in", _("To take back"), cs.balance.get("read", 0)),
        ("", _("Values given back"), did["restored"]),
        ("", _("New records taken away"), did["removed"]),
        ("", _("Deleted records brought back"), did["revived"]),
        ("held", _("Left as they are"), cs.balance.get("held", 0)),
    ]


def differences(actor: Actor, cs: ChangeSet) -> list[tuple[str, str, str]]:
    """What a change of settings changed: (what, before, after), for who sees the whole journal."""
    detail = cs.detail or {}
    if cs.action != "settings" or not sees_all(actor):
        return []
    before, after = detail.get("before") or {}, detail.get("after") or {}
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    return [
        (
            restoring.word(key),
            restoring.say(cs.entity, key, before.get(key)),
            restoring.say(cs.entity, key, after.get(key)),
        )
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]


@require_POST
@signed_in
@answers
def restore(request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002
    """Put a setting back to what it was before this step; refused when somebody changed it since."""
    actor = actor_of(request)
    cs = get_set(actor, id)
    if not restoring.possible(actor, cs):
        raise read.Hidden(f"change set {id}")
    try:
        restoring.restore(actor, cs)
    except restoring.Changed:
        toast(request, _("It was changed again since; look at the setting itself."), level="warning")
    except OrgInvalid as error:
        toast(request, " ".join(m for ms in error.errors.values() for m in ms), level="error")
    else:
        toast(request, _("Put back as it was before."))
    return go(request, back_url(request, reverse("journal-entry", args=[id])))


@require_POST
@signed_in
@answers
def undo(request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002
    """Take a change set back. Where something was left as it is, the page of the undo says what and why."""
    actor = actor_of(request)
    cs = get_set(actor, id)
    page = reverse("journal-entry", args=[id])
    if ChangeSet.objects.filter(undoes=cs).exists():
        toast(request, _("This was taken back already."), level="info")
        return go(request, page)
    reason = request.POST.get("reason", "").strip()[:500]
    if size(cs) > AT_ONCE and invert.may_see(actor, cs):
        job = enqueue("records.undo", {"change_set": id, "reason": reason}, actor=actor, once_key=undo_key(id))
        if is_fragment(request):  # from the notice of the work itself: one stays where one is
            told = {"gx:work": {"url": reverse("work-state", args=[job.pk])}}
            return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(told)})
        toast(request, _("This is a large step: it is being taken back in the background."), level="info")
        return go(request, page)
    try:
        done = invert.undo(actor, id, reason=reason)
    except invert.CannotUndo:
        toast(request, _("There is nothing in this step that could be taken back."), level="info")
        return go(request, page)
    n = done.restored + done.removed + done.revived
    text = ngettext("Taken back: %(n)s record", "Taken back: %(n)s records", n) % {"n": figure(n)}
    result = reverse("journal-entry", args=[done.change_set])
    if done.conflicts:
        left = ngettext("%(n)s value stays as it is", "%(n)s values stay as they are", done.conflicts) % {
            "n": figure(done.conflicts)
        }
        toast(request, f"{text} · {left}", level="warning")
        return go(request, result)
    toast(request, text, undo=reverse("journal-undo", args=[done.change_set]), href=result, label=_("Show"))
    back = back_url(request, result)
    return go(request, result if _gone(done, cs, back) else back)


def _gone(done: invert.Undone, cs: ChangeSet, back: str) -> bool:
    """Whether the page one came from is of a record that the undo took away."""
    return bool(done.removed) and cs.record is not None and f"/{cs.record}/" in back
