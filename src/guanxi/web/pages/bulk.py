"""Changing many records at once: the same fields, the owner, tags, or deleting; each one change set with a balance and a way back."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanxi.core import jobs
from guanxi.core.access import Actor
from guanxi.kit.problems import Problem
from guanxi.records import bulk_jobs, catalogue, read, rights, write
from guanxi.records.entity import Entity, Field
from guanxi.records.models import Tag
from guanxi.records.read.page import matching
from guanxi.web.errors import is_fragment
from guanxi.web.kinds import values_from
from guanxi.web.pages import addresses, words
from guanxi.web.pages.base import actor_of, entity_page, entity_plural, go, ids_from, params_from, render, sentences
from guanxi.web.pages.form import Choice, formable, input_of
from guanxi.web.shell import toast
from guanxi.web.templatetags.gx import number as figure

AT_ONCE = 500  # more is done as a job, with progress
NEEDS = {"edit": "edit", "tag": "edit", "assign": "assign", "delete": "delete", "export": "export"}


def selection(request: HttpRequest, entity: Entity, actor: Actor) -> tuple[QuerySet[Any], list[int], str]:
    """The rows meant: those ticked, or all that the list's question means; with what says so again in the next form."""
    data = request.POST if request.method == "POST" else request.GET
    params = params_from(data)
    if data.get("all"):
        query = read.Query.from_params(parse_qsl(params, keep_blank_values=True))
        return matching(entity, actor, query), [], params
    ids = ids_from(data)[:1000]
    return read.visible(entity, actor).filter(pk__in=ids), ids, params


def bulk_fields(actor: Actor, entity: Entity, do: str) -> dict[str, Field]:
    owner = entity.policy.owner_field
    fields = formable(rights.editable(actor, entity))
    if do == "assign":
        return {owner: fields[owner]} if owner in fields else {}
    return {k: f for k, f in fields.items() if f.bulk and k not in (owner, "tags") and not f.secret}


@entity_page("view")
def bulk(request: HttpRequest, entity: Entity) -> HttpResponse:
    actor = actor_of(request)
    do = (request.POST if request.method == "POST" else request.GET).get("do", "")
    if do not in NEEDS or not actor.can(entity.key, NEEDS[do]):
        raise Http404("no such act")
    rows, ids, params = selection(request, entity, actor)
    n = rows.count()
    back = f"{addresses.list_url(entity.key)}?{params}"
    fields = bulk_fields(actor, entity, do)
    problems: dict[str, list[Problem]] = {}
    given: dict[str, Any] = {}
    if request.method == "POST" and n > 0 and do != "export":
        given = _given(request, fields)
        try:
            if n > AT_ONCE:
                return _later(request, actor, entity, do, ids, params, given)
            return _do(request, actor, entity, do, rows, given, back)
        except write.Invalid as error:
            problems = error.problems
    said = sentences(problems)
    formats = read.formats_for(actor)
    context = {
        "entity": entity,
        "plural": entity_plural(entity),
        "list_url": addresses.list_url(entity.key),
        "do": do,
        "n": n,
        "ids": ids,
        "all": not ids,
        "params": params,
        "back": back,
        "later": n > AT_ONCE,
        "inputs": [
            input_of(
                actor,
                f,
                formats,
                given=given.get(k, "" if not f.kind.many else []),
                posted=True,
                problems=said.get(k, ()),
            )
            for k, f in fields.items()
        ]
        if do in ("edit", "assign")
        else [],
        "tags": _tags(actor) if do == "tag" else [],
        "whole": [t for k, ts in said.items() if k not in fields for t in ts],
        "action": f"{addresses.list_url(entity.key)}bulk",
    }
    for item in context["inputs"]:  # type: ignore[attr-defined]
        item.required = do == "assign"
        if item.template == "web/kinds/choice_buttons.html":
            # Buttons would show "none" as chosen; here nothing chosen means "as it is".
            item.template, item.group = "web/kinds/choice.html", False
    status = 422 if problems and not is_fragment(request) else 200
    return render(request, "pages/bulk.html", context, status=status, fragment="dialog" if is_fragment(request) else "")


def _given(request: HttpRequest, fields: dict[str, Field]) -> dict[str, Any]:
    """Values that were filled in, and the fields to be emptied."""
    clear = set(request.POST.getlist("clear"))
    given = values_from(request.POST, fields.values())
    filled = {k: v for k, v in given.items() if not _nothing(v)}
    return {**{k: None for k in clear if k in fields}, **filled}


def _nothing(value: Any) -> bool:
    if isinstance(value, dict):
        return not any(value.values())
    return value in ("", None, [])


def _tags(actor: Actor) -> list[Choice]:
    entity = catalogue.of(Tag)
    rows = read.visible(entity, actor).order_by("name").values_list("pk", "name", "colour", "retired")[:300]
    return [Choice(str(pk), name, colour, retired) for pk, name, colour, retired in rows]


def _later(
    request: HttpRequest, actor: Actor, entity: Entity, do: str, ids: list[int], params: str, given: dict[str, Any]
) -> HttpResponse:
    """As a job; what no record could take is said at once. Raises Invalid."""
    add, remove = _tags_given(request, actor) if do == "tag" else ((), ())
    if do in ("edit", "assign", "tag"):
        if not (given or add or remove):
            raise write.Invalid({"": [Problem("field.required")]})
        write.parsed_once(actor, entity, given if do != "tag" else {}, add_tags=add, remove_tags=remove)
    wanted = {
        "entity": entity.key, "do": do, "ids": ids, "params": params, "values": given if do in ("edit", "assign") else {},
        "add": list(add), "remove": list(remove), "reason": request.POST.get("reason", "").strip()[:500],
    }  # fmt: skip
    twice = hashlib.sha256(json.dumps(wanted, sort_keys=True, default=str).encode()).hexdigest()[:32]
    job = jobs.enqueue(bulk_jobs.EDIT, wanted, actor=actor, once_key=f"{bulk_jobs.EDIT}:{actor.user_id}:{twice}")
    if is_fragment(request):
        response = HttpResponse(status=204)
        response["HX-Trigger"] = json.dumps({"gx:shut": {}, "gx:work": {"url": reverse("work-state", args=[job.pk])}})
        return response
    return go(request, reverse("work", args=[job.pk]))


def _tags_given(request: HttpRequest, actor: Actor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    add, remove = tuple(ids_from(request.POST, "add")), tuple(ids_from(request.POST, "remove"))
    known = set(read.visible(catalogue.of(Tag), actor).filter(pk__in=[*add, *remove]).values_list("pk", flat=True))
    return tuple(t for t in add if t in known), tuple(t for t in remove if t in known)


def _do(
    request: HttpRequest, actor: Actor, entity: Entity, do: str, rows: QuerySet[Any], given: dict[str, Any], back: str
) -> HttpResponse:
    reason = request.POST.get("reason", "").strip()[:500]
    if do == "delete":
        gone = write.delete_many(actor, entity, rows, reason=reason)
        text = ngettext("%(n)s record is deleted.", "%(n)s records are deleted.", gone.rows) % {"n": figure(gone.rows)}
        toast(request, text, undo=reverse("journal-undo", args=[gone.change_set]) if gone.rows else "")
        return go(request, addresses.list_url(entity.key) if request.POST.get("all") else back)
    if do == "tag":
        add, remove = _tags_given(request, actor)
        if not add and not remove:
            raise write.Invalid({"": [Problem("field.required")]})
        done = write.edit_many(actor, entity, rows, {}, add_tags=add, remove_tags=remove, reason=reason)
    else:
        if not given:
            raise write.Invalid({"": [Problem("field.required")]})
        done = write.edit_many(actor, entity, rows, given, reason=reason)
    _tell(request, done)
    return go(request, back)


def _tell(request: HttpRequest, done: write.Edited) -> None:
    """The balance as a sentence: changed, unchanged, left as they are and why."""
    b = done.balance
    parts = [ngettext("%(n)s record changed", "%(n)s records changed", b.updated) % {"n": figure(b.updated)}]
    if b.unchanged:
        parts.append(_("%(n)s were so already") % {"n": figure(b.unchanged)})
    if left := b.held + b.skipped:
        why = "; ".join(words.why(code) for code in list(done.why)[:3])
        parts.append(_("%(n)s left as they are: %(why)s") % {"n": figure(left), "why": why})
    undo = reverse("journal-undo", args=[done.change_set]) if b.updated else ""
    toast(request, " · ".join(parts), level="warning" if left else "success", undo=undo)
