"""Tags in the settings: by type, with colour and how often each is used; renamed, merged, retired, deleted."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.core.jobs import enqueue
from guanxi.records import choices, read, tags, write
from guanxi.records import lists as shipped
from guanxi.records.models import Tag
from guanxi.web.access import allow_area
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, answers, entity_plural, number, render, sentences
from guanxi.web.shell import toast, toast_balance

AREA = "settings.lists"
AT_ONCE = 500  # records that get another tag within one request; more are a job
WORDS = ("name", "type", "colour")


def _said(error: write.Invalid) -> str:
    return " ".join(text for texts in sentences(error.problems).values() for text in texts)


def _groups(request: HttpRequest, actor: Actor) -> list[dict[str, Any]]:
    """The tags by type in the order of the list of types, those without one last; retired ones at the end of each."""
    counts = tags.counts(actor)
    types = {o.value: o.label for o in choices.options(shipped.TAG_TYPE, request.LANGUAGE_CODE)}
    rows: dict[str, list[dict[str, Any]]] = {}
    for tag in read.visible(tags.entity(), actor).order_by("retired", "name"):
        group = tag.type if tag.type in types else ""
        rows.setdefault(group, []).append({"tag": tag, "n": counts.get(tag.pk, 0)})
    order = [*types, ""]
    return [{"label": types.get(key, _("Without type")), "rows": rows[key]} for key in order if key in rows]


@allow_area(AREA, "edit")
@answers
def index(request: HttpRequest) -> HttpResponse:
    """All tags; adding one is a form below them."""
    actor = actor_of(request)
    typed = dict.fromkeys(WORDS, "") | {"wrong": ""}
    if request.method == "POST":
        typed |= _given(request)
        try:
            saved = write.save(actor, tags.entity(), {k: typed[k] for k in WORDS})
        except write.Invalid as error:
            typed["wrong"] = _said(error)
        else:
            _tell(request, _("The tag is there."), saved.change_set)
            return HttpResponseRedirect(f"{reverse('settings-tags')}#tag-{saved.id}")
    groups = _groups(request, actor)
    context = {
        "groups": groups,
        "n": sum(len(g["rows"]) for g in groups),
        "typed": typed,
        "colours": choices.options(shipped.COLOUR, request.LANGUAGE_CODE),
        "types": [o for o in choices.options(shipped.TAG_TYPE, request.LANGUAGE_CODE) if not o.retired],
        "types_url": reverse("settings-list", args=[shipped.TAG_TYPE]),
        "may": {action: actor.can(tags.KEY, action) for action in ("create", "edit", "delete")},
    }
    return render(request, "records/tags.html", context, status=422 if typed["wrong"] else 200)


def _given(request: HttpRequest) -> dict[str, str]:
    return {name: " ".join(request.POST.get(name, "").split())[:60] for name in WORDS}


def _tell(request: HttpRequest, text: str, change_set: int | None) -> None:
    toast(request, text, undo=reverse("journal-undo", args=[change_set]) if change_set else "")


@require_POST
@allow_area(AREA, "edit")
@answers
def one(request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002
    """Rename, colour, give another type, retire, bring back, delete: each one step of the journal with its way back."""
    actor, do = actor_of(request), request.POST.get("do", "save")
    row = read.get_visible(tags.entity(), actor, id)
    back = f"{reverse('settings-tags')}#tag-{id}"
    try:
        if do == "delete":
            gone = write.delete(actor, tags.entity(), id)
            _tell(request, _("The tag is deleted."), gone.change_set)
            return HttpResponseRedirect(reverse("settings-tags"))
        if do in ("retire", "restore"):
            values: dict[str, Any] = {"retired": do == "retire"}
            text = (
                _("Retired: records keep it, nobody can choose it any more.") if do == "retire" else _("Back in use.")
            )
        else:
            values, text = dict(_given(request)), _("Saved.")
        version = number(request.POST.get("version", "")) or row.version
        saved = write.save(actor, tags.entity(), values, id=id, version=version)
        _tell(request, text if saved.change_set else _("Nothing was changed."), saved.change_set)
    except write.Invalid as error:
        toast(request, _said(error), level="error")
    except write.Conflict:
        toast(request, _("Somebody changed this tag meanwhile; it is shown as it is now."), level="warning")
    return HttpResponseRedirect(back)


@allow_area(AREA, "edit")
@answers
def merge(request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002
    """Records with one tag get another; it is deleted. One step that can be undone, a job when it is many records."""
    actor = actor_of(request)
    row: Tag = read.get_visible(tags.entity(), actor, id)  # type: ignore[assignment]
    used = tags.used(actor, id)
    n = sum(n for _entity, n in used)
    others = list(read.visible(tags.entity(), actor).exclude(pk=id).order_by("retired", "name"))
    wrong = ""
    if request.method == "POST":
        into = next((t for t in others if str(t.pk) == request.POST.get("into", "")), None)
        if into is None:
            wrong = _("Choose the one to keep.")
        elif n > AT_ONCE:
            made = enqueue(
                "records.merge_tags", {"tag": id, "into": into.pk}, actor=actor, once_key=f"records.merge_tags:{id}"
            )
            toast(request, _("That is a lot: it is being merged in the background."), level="info",
                  href=reverse("work", args=[made.pk]), label=_("Show"))  # fmt: skip
            return HttpResponseRedirect(reverse("settings-tags"))
        else:
            try:
                change_set, balance = tags.merge(actor, id, into.pk)
            except write.Invalid as error:
                wrong = _said(error)
            else:
                done = ngettext("Merged: %(n)s record changed.", "Merged: %(n)s records changed.", balance.updated)
                toast_balance(
                    request, change_set, balance, done=done, held=_("%(n)s could not be changed and keep the old tag.")
                )
                return HttpResponseRedirect(reverse("settings-tags"))
    context = {
        "tag": row, "n": n, "wrong": wrong, "others": others,
        "used": [(entity_plural(e), n, f"{addresses.list_url(e.key)}?f.tags.any={id}") for e, n in used],
    }  # fmt: skip
    return render(request, "records/tag_merge.html", context, status=422 if wrong else 200)
