"""Lists of values: what choice fields offer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from guanxi.core.jobs import enqueue
from guanxi.records import choice_editing, choice_use, choices, write
from guanxi.records import lists as shipped
from guanxi.records.models import ChoiceList, ChoiceValue
from guanxi.web.access import allow_area
from guanxi.web.errors import is_fragment
from guanxi.web.pages.base import actor_of, answers, entity_plural, number, render, sentences
from guanxi.web.shell import toast, toast_balance, toast_header

AREA = "settings.lists"


AT_ONCE = 5_000  # records that get another value within one request; more are a job


def used_by(key: str) -> Iterator[str]:
    """The fields that offer this list: "Customers · Tier"."""
    for entity, field in choice_use.fields_of(key):
        yield f"{entity_plural(entity)} · {field.label}"


def _label(row: ChoiceList, request: HttpRequest) -> str:
    return row.label_zh if request.LANGUAGE_CODE.startswith("zh") else row.label_en


@allow_area(AREA, "edit")
@answers
def lists(request: HttpRequest) -> HttpResponse:
    rows = ChoiceList.objects.annotate(
        n=Count("values", filter=Q(values__retired=False)), retired=Count("values", filter=Q(values__retired=True))
    )
    items = [
        {"key": r.key, "label": _label(r, request), "n": r.n, "retired": r.retired, "used": list(used_by(r.key))}
        for r in rows.order_by("key")
    ]
    return render(request, "records/lists.html", {"items": items})


def get_list(key: str) -> ChoiceList:
    row = ChoiceList.objects.filter(key=key).first()
    if row is None:
        raise Http404("no such list")
    return row


@allow_area(AREA, "edit")
@answers
def one(request: HttpRequest, key: str) -> HttpResponse:
    """The values of a list; adding one is a form below them."""
    row = get_list(key)
    typed = {"label_zh": "", "label_en": "", "code": "", "colour": "", "wrong": ""}
    if request.method == "POST":
        typed = {name: " ".join(request.POST.get(name, "").split())[:100] for name in typed}
        try:
            choice_editing.add(
                actor_of(request),
                row,
                label_zh=typed["label_zh"],
                label_en=typed["label_en"],
                code=typed["code"],
                colour=_colour(typed["colour"]),
            )
        except choice_editing.WrongValue as error:
            typed["wrong"] = {
                "taken": _("This code is in the list already."),
                "label": _("Give the value a name in at least one language."),
                "code": _("A code has small letters, digits, dots, dashes and underscores."),
            }[error.why]
        else:
            toast(request, _("The value is in the list."))
            return HttpResponseRedirect(reverse("settings-list", args=[key]))
    context = {**_context(request, row), "typed": typed}
    return render(request, "records/list.html", context, status=422 if typed["wrong"] else 200)


def _context(request: HttpRequest, row: ChoiceList, *, moved: str = "") -> dict[str, Any]:
    rows = list(ChoiceValue.objects.filter(list=row).order_by("position", "id"))
    counts = choice_use.counts(actor_of(request), row.key)
    shipped_codes = {v.code for v in choices.SHIPPED[row.key].values} if row.key in choices.SHIPPED else set()
    chinese = request.LANGUAGE_CODE.startswith("zh")
    return {
        "list": row,
        "list_label": _label(row, request),
        "rows": [
            {"v": v, "n": counts.get(v.code, 0), "shipped": v.code in shipped_codes,
             "shown": v.label_zh if chinese else v.label_en}
            for v in rows
        ],
        "was": ",".join(str(v.pk) for v in rows),
        "moved": moved,
        "colours": choices.options(shipped.COLOUR, request.LANGUAGE_CODE),
        "used": list(used_by(row.key)),
    }  # fmt: skip


@require_POST
@allow_area(AREA, "edit")
@answers
def order(request: HttpRequest, key: str) -> HttpResponse:
    """Drag or keys: the whole order at once; refused when the list changed since the page was shown."""
    row = get_list(key)
    given, was = (
        [n for text in request.POST.get(name, "").split(",") if (n := number(text)) is not None]
        for name in ("order", "was")
    )
    try:
        step = choice_editing.reorder(actor_of(request), row, given, was=was)
        said, level = _("The order is saved."), "success"
    except choice_editing.Reordered:
        step = None
        said, level = _("Somebody changed this list meanwhile; it is shown as it is now."), "warning"
    undo = reverse("journal-restore", args=[step]) if step else ""
    if not is_fragment(request):
        toast(request, said, level=level, undo=undo)
        return HttpResponseRedirect(reverse("settings-list", args=[key]))
    context = _context(request, row, moved=request.POST.get("moved", ""))
    return toast_header(render(request, "records/list.html", context, fragment="values"), said, level=level, undo=undo)


@allow_area(AREA, "edit")
@answers
def merge(request: HttpRequest, key: str, id: int) -> HttpResponse:  # noqa: A002
    """Give records of one value another one; the old value is retired and its names become spellings of the new."""
    row = get_list(key)
    one = ChoiceValue.objects.filter(pk=id, list=row).first()
    if one is None:
        raise Http404("no such value")
    actor = actor_of(request)
    others = list(ChoiceValue.objects.filter(list=row).exclude(pk=id).order_by("position", "id"))
    n = choice_use.counts(actor, key).get(one.code, 0)
    chinese = request.LANGUAGE_CODE.startswith("zh")
    wrong = ""
    if request.method == "POST":
        into = next((v for v in others if str(v.pk) == request.POST.get("into", "")), None)
        if into is None:
            wrong = _("Choose the one to keep.")
        elif n > AT_ONCE:
            enqueue("records.merge_values", {"value": one.pk, "into": into.pk}, actor=actor,
                    once_key=f"records.merge_values:{one.pk}")  # fmt: skip
            toast(request, _("That is a lot: it is being merged in the background."), level="info", href=reverse("jobs"),
                  label=_("Show"))  # fmt: skip
            return HttpResponseRedirect(reverse("settings-list", args=[key]))
        else:
            try:
                change_set, balance = choice_use.merge(actor, one, into)
            except write.Invalid as error:
                wrong = " ".join(text for texts in sentences(error.problems).values() for text in texts)
            else:
                done = ngettext("Merged: %(n)s record changed.", "Merged: %(n)s records changed.", balance.updated)
                toast_balance(
                    request,
                    change_set,
                    balance,
                    done=done,
                    held=_("%(n)s could not be changed and keep the old value."),
                )
                return HttpResponseRedirect(reverse("settings-list", args=[key]))
    context = {
        "list": row, "list_label": _label(row, request), "value": one, "n": n, "wrong": wrong,
        "shown": one.label_zh if chinese else one.label_en,
        "others": [(v.pk, v.label_zh if chinese else v.label_en, v.retired) for v in others],
    }  # fmt: skip
    return render(request, "records/list_merge.html", context, status=422 if wrong else 200)


def _colour(text: str) -> str:
    return text if text in choices.values(shipped.COLOUR) else ""


@require_POST
@allow_area(AREA, "edit")
@answers
def value(request: HttpRequest, key: str, id: int) -> HttpResponse:  # noqa: A002
    """Rename, colour, move, retire or bring back one value."""
    row = ChoiceValue.objects.filter(pk=id, list=get_list(key)).first()
    if row is None:
        raise Http404("no such value")
    post, actor = request.POST, actor_of(request)
    do = post.get("do", "save")
    if do in ("up", "down"):
        step = choice_editing.move(actor, row, -1 if do == "up" else 1)
        if step:
            toast(request, _("The order is saved."), undo=reverse("journal-restore", args=[step]))
    elif do in ("retire", "restore"):
        choice_editing.change(actor, row, retired=do == "retire")
        toast(
            request,
            _("Retired: records keep it, nobody can choose it any more.") if do == "retire" else _("Back in use."),
        )
    else:
        if (was := post.get("was")) is not None and was != f"{row.label_zh}\n{row.label_en}\n{row.colour}":
            toast(request, _("Somebody changed this value meanwhile; it is shown as it is now."), level="warning")
            return HttpResponseRedirect(f"{reverse('settings-list', args=[key])}#value-{id}")
        zh, en = (" ".join(post.get(name, "").split())[:100] for name in ("label_zh", "label_en"))
        if zh or en:
            choice_editing.change(
                actor, row, label_zh=zh or en, label_en=en or zh, colour=_colour(post.get("colour", ""))
            )
            toast(request, _("Saved."))
        else:
            toast(request, _("Give the value a name in at least one language."), level="error")
    return HttpResponseRedirect(f"{reverse('settings-list', args=[key])}#value-{number(str(id))}")
