"""Lists of values: what choice fields offer."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guanxi.records import catalogue, choice_editing, choices, custom
from guanxi.records import lists as shipped
from guanxi.records.models import ChoiceList, ChoiceValue
from guanxi.web.access import allow_area
from guanxi.web.pages.base import actor_of, answers, entity_plural, number, render
from guanxi.web.shell import toast

AREA = "settings.lists"


def used_by(key: str) -> Iterator[str]:
    """The fields that offer this list: "Customers · Tier"."""
    for entity in catalogue.every():
        for field in custom.fields(entity).values():
            if getattr(field.kind, "list", "") == key:
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
    context = {
        "list": row,
        "list_label": _label(row, request),
        "rows": list(ChoiceValue.objects.filter(list=row).order_by("position", "id")),
        "typed": typed,
        "colours": choices.options(shipped.COLOUR, request.LANGUAGE_CODE),
        "used": list(used_by(key)),
    }
    return render(request, "records/list.html", context, status=422 if typed["wrong"] else 200)


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
        choice_editing.move(actor, row, -1 if do == "up" else 1)
    elif do in ("retire", "restore"):
        choice_editing.change(actor, row, retired=do == "retire")
        toast(
            request,
            _("Retired: records keep it, nobody can choose it any more.") if do == "retire" else _("Back in use."),
        )
    else:
        zh, en = (" ".join(post.get(name, "").split())[:100] for name in ("label_zh", "label_en"))
        if zh or en:
            choice_editing.change(
                actor, row, label_zh=zh or en, label_en=en or zh, colour=_colour(post.get("colour", ""))
            )
            toast(request, _("Saved."))
        else:
            toast(request, _("Give the value a name in at least one language."), level="error")
    return HttpResponseRedirect(f"{reverse('settings-list', args=[key])}#value-{number(str(id))}")
