"""One change set: its records with their changes, what it was about, and what an undo left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.core.journal.models import Change, ChangeBatch, ChangeSet, Op
from guanxi.records import invert, rights
from guanxi.records.read.view import Historian
from guanxi.web.access import signed_in
from guanxi.web.pages import words
from guanxi.web.pages.base import actor_of, answers, entity_label, entity_plural, number, render, wants
from guanxi.web.pages.timeline import Changed, changed
from guanxi.web.screens.records import restoring
from guanxi.web.screens.records.journal import taking_back
from guanxi.web.screens.records.journal.seen import SETTINGS, About, abouts, get_set, known_entity, sees_all
from guanxi.web.templatetags.gx import number as figure

PER_PAGE = 50


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
        "undoing": (working := taking_back.undoing(cs) if not undone_by else None),
        "may_undo": invert.may_see(actor, cs) and cs.lines > 0 and not undone_by and not working,
        "again": after > 0,
    }
    return render(
        request, "records/entry.html", context, fragment="lines" if wants(request, "lines", "li") and after else ""
    )


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
