"""New and edit: a page, or in a dialog one section or one field. Nobody overwrites what somebody else saved meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.core.identity.models import User
from guanxi.kit.problems import Problem
from guanxi.records import catalogue, kinds, read, rights, tags, write
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds import Formats
from guanxi.records.models import Tag
from guanxi.records.read import Cell
from guanxi.records.read.cells import names_of
from guanxi.web.errors import is_fragment
from guanxi.web.kinds import FormField, form_field, values_from
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, entity_label, entity_page, entity_plural, go, number, render, sentences
from guanxi.web.pages.facts import sections_of
from guanxi.web.shell import toast

MOST_OPTIONS = 300
MOST_CHIPS = 40
SHORT = 8  # fields; a form of so few is shown whole
AMOUNTS = ("integer", "number", "money", "percent")


@dataclass(frozen=True)
class Group:
    """A section of the form. `folded`: behind "more fields" until somebody wants it."""

    title: str
    fields: list[FormField]
    folded: bool = False


@dataclass(frozen=True)
class Choice:
    value: str
    label: str
    colour: str = ""
    retired: bool = False
    group: str = ""


def choices_of(actor: Actor, field: Field, formats: Formats, value: Any) -> Sequence[Any]:
    """What a field offers: values of its list, tags, or records that are linked already."""
    kind = field.kind
    if isinstance(kind, kinds.Choice):
        return [
            o
            for o in kind.options(formats)
            if not o.retired or o.value == value or (isinstance(value, list) and o.value in value)
        ]
    if isinstance(kind, kinds.Tags):
        held = {number(str(v)) for v in value} if isinstance(value, (list, tuple)) else set()
        rows = read.visible(catalogue.of(Tag), actor).filter(Q(retired=False) | Q(pk__in=held - {None}))
        types = {o.value: (place, o.label) for place, o in enumerate(tag_types(formats))}
        last = (len(types), "")
        found = sorted(
            (types.get(type_, last), name, pk, colour or "")
            for pk, name, colour, type_ in rows.order_by("name").values_list("pk", "name", "colour", "type")[
                :MOST_OPTIONS
            ]
        )
        return [Choice(str(pk), name, colour, group=group) for (_place, group), name, pk, colour in found]
    if isinstance(kind, kinds.Links):
        target = catalogue.get(kind.target)
        ids = list(value or []) if isinstance(value, (list, tuple)) else []
        more = list(read.visible(target, actor).order_by("-pk").values_list("pk", flat=True)[: MOST_OPTIONS - len(ids)])
        named = names_of(actor, kind.target, dict.fromkeys([*ids, *more]))
        return [Choice(str(i), name) for i, (name, _colour) in named.items()]
    return ()


def tag_types(formats: Formats) -> Sequence[Any]:
    """The types a tag may have, in order."""
    kind = catalogue.of(Tag).declared["type"].kind
    assert isinstance(kind, kinds.Choice)
    return [o for o in kind.options(formats) if not o.retired]


def options_url(field: Field) -> str:
    """Where the words of a link field are looked up while typing."""
    kind = field.kind
    if not isinstance(kind, kinds.Link) or kind.many:
        return ""
    return reverse("choose-people") if isinstance(kind, kinds.Person) else f"{addresses.list_url(kind.target)}choose"


def name_of(actor: Actor, field: Field, value: Any) -> str:
    """How a link's value reads; "" for what this person may not see."""
    kind = field.kind
    if not isinstance(kind, kinds.Link) or kind.many or not value:
        return ""
    id_ = value if isinstance(value, int) else number(str(value))
    if id_ is None:
        return str(value)
    if isinstance(kind, kinds.Person):
        return User.objects.filter(pk=id_).values_list("name", flat=True).first() or ""
    return names_of(actor, kind.target, [id_]).get(id_, ("",))[0]


def input_of(
    actor: Actor,
    field: Field,
    formats: Formats,
    *,
    cell: Cell | None = None,
    given: Any = None,
    posted: bool = False,
    problems: Sequence[str] = (),
    autofocus: bool = False,
    making: bool = False,
) -> FormField:
    """A field as an input: with what was posted, else with what is stored, else with its default.

    `making`: whoever saves it makes new tags too (`tags.settled`), so that the input may ask for them.
    """
    kind = field.kind
    if posted:
        value = given
    elif cell is not None:
        value = cell.edit_text if kind.key in AMOUNTS else cell.value
        if cell.field.secret:
            value = None
    else:
        value = field.default
        if kind.key in AMOUNTS and value is not None:
            value = kind.edit_text(value, formats)
    text = name_of(actor, field, value)
    if field.secret and cell is not None:
        text = cell.text
    made = form_field(
        field,
        value=value,
        text=text,
        problems=problems,
        options=choices_of(actor, field, formats, value),
        options_url=options_url(field),
        autofocus=autofocus,
        language=formats.language,
    )
    if field.secret and cell is not None and not cell.empty:
        made.required = False
    if isinstance(kind, kinds.Tags):
        typed = [v for v in made.value if isinstance(v, tags.NewTag)]
        made.value = [str(v) for v in made.value if not isinstance(v, tags.NewTag)]
        may = making and tags.may_make(actor)
        made.extra = {"may_make": may, "types": tag_types(formats) if may else (), "new": "; ".join(t.name for t in typed),
                      "type": typed[0].type if typed else "", "many": len(made.options) > MOST_CHIPS}  # fmt: skip
    elif kind.many and isinstance(kind, kinds.Link):
        made.value = [str(v) for v in made.value]
    return made


def groups_of(
    actor: Actor,
    entity: Entity,
    fields: Mapping[str, Field],
    *,
    cells: Mapping[str, Cell] | None = None,
    given: Mapping[str, Any] | None = None,
    problems: Mapping[str, Sequence[str]] | None = None,
    focus: str = "",
) -> list[Group]:
    """The inputs of a form by section. `given`: what was posted or asked for in the address."""
    formats = read.formats_for(actor)
    given, problems = given or {}, problems or {}
    order = [k for _i, _t, names in sections_of(entity, fields) for k in names]
    order += [k for k in fields if k not in order]
    first = focus or next((k for k in order if problems.get(k)), order[0] if order else "")

    def one(key: str) -> FormField:
        cell = cells.get(key) if cells is not None else None
        return input_of(
            actor,
            fields[key],
            formats,
            cell=cell,
            given=given.get(key),
            posted=key in given,
            problems=problems.get(key, ()),
            autofocus=key == first,
            making=True,
        )

    groups = [Group(str(title), [one(k) for k in names]) for _i, title, names in sections_of(entity, fields)]
    rest = [k for k in fields if k not in {n for _i, _t, names in sections_of(entity, fields) for n in names}]
    if rest:
        groups.append(Group(_("Tags") if rest == ["tags"] else _("More"), [one(k) for k in rest]))
    return groups


def in_order_of_need(entity: Entity, groups: Sequence[Group], given: Iterable[str]) -> list[Group]:
    """For a new record: first what it must have, then what makes it complete or came along in the address; the rest folded.

    Nothing is folded in a form so short that folding would not help, and nothing with a problem.
    """
    every = [f for g in groups for f in g.fields]
    if len(every) <= SHORT:
        return list(groups)
    wanted = {*entity.counted, *given}
    main = [f for f in every if f.required or f.key in wanted or f.problems]
    if not main:
        return list(groups)
    main.sort(key=lambda f: not f.required)
    first = next((f for f in main if f.problems), main[0])
    for field in every:
        field.autofocus = field is first
    shown = {f.key for f in main}
    rest = [Group(g.title, [f for f in g.fields if f.key not in shown], folded=True) for g in groups]
    return [Group(_("The main things"), main), *(g for g in rest if g.fields)]


@dataclass(frozen=True)
class Wrong:
    """One line of the summary above a form that could not be saved. `id`: the element to go to, "" for the record as a whole."""

    text: str
    label: str = ""
    id: str = ""


def summary(groups: Iterable[Group], whole: Iterable[str]) -> list[Wrong]:
    """Everything that is wrong, in the order of the form."""
    found = [Wrong(text) for text in whole]
    for field in (f for g in groups for f in g.fields):
        found += [Wrong(str(text), field.label, field.id) for text in field.problems]
    return found


def formable(fields: Mapping[str, Field]) -> dict[str, Field]:
    """Fields that a form can hold: not computed ones, not those that only the machine sets."""
    return {k: f for k, f in fields.items() if not f.computed and not f.read_only}


def prefilled(request: HttpRequest, fields: Mapping[str, Field]) -> dict[str, Any]:
    """Values asked for in the address: `?account=1001`."""
    params = request.GET
    return {k: (params.getlist(k) if f.kind.many else params[k]) for k, f in fields.items() if k in params}


def _context(entity: Entity, id: int | None, title: str) -> dict[str, Any]:  # noqa: A002
    base = addresses.list_url(entity.key)
    return {
        "entity": entity,
        "noun": entity_label(entity),
        "plural": entity_plural(entity),
        "list_url": base,
        "base": f"{base}{id}/" if id else base,
        "title": title,
    }


@entity_page("create")
def new(request: HttpRequest, entity: Entity) -> HttpResponse:
    actor = actor_of(request)
    fields = formable(rights.editable(actor, entity))
    given: dict[str, Any] = prefilled(request, fields)
    problems: dict[str, list[Problem]] = {}
    if request.method == "POST":
        given = values_from(with_files(request), fields.values())
        try:
            with tags.settled(actor, entity, given) as values:
                saved = write.save(actor, entity, values)
        except write.Invalid as error:
            problems = error.problems
        except write.Refused:
            problems = {"": [Problem("undo.right")]}
        else:
            undo = reverse("journal-undo", args=[saved.change_set]) if saved.change_set else ""
            said_text = _("%(noun)s created.") % {"noun": entity_label(entity)}
            if stays(request):
                return _stay(said_text, undo)
            toast(request, said_text, undo=undo)
            again = "again" in request.POST
            return go(
                request, f"{addresses.list_url(entity.key)}new" if again else addresses.record_url(entity.key, saved.id)
            )
    said = sentences(problems)
    groups = in_order_of_need(
        entity, groups_of(actor, entity, fields, given=given, problems=said), prefilled(request, fields)
    )
    context = {
        **_context(entity, None, _("New %(noun)s") % {"noun": entity.label}),
        "groups": groups,
        "folded": [g for g in groups if g.folded],
        "version": "",
        "wrong": summary(groups, _whole(said, fields)),
        "action": f"{addresses.list_url(entity.key)}new{'?stay=1' if 'stay' in request.GET else ''}",
        "cancel": addresses.list_url(entity.key),
        "new": True,
    }
    return render(
        request,
        "pages/form.html",
        context,
        status=_status(request, problems),
        fragment="dialog" if is_fragment(request) else "",
    )


def _status(request: HttpRequest, problems: Mapping[str, Any]) -> int:
    return 422 if problems and not is_fragment(request) else 200


def _whole(said: Mapping[str, list[str]], shown: Iterable[str]) -> list[str]:
    """What is wrong with the record as a whole, or with fields that the form does not show."""
    keys = set(shown)
    return [text for key, texts in said.items() if key not in keys for text in texts]


def with_files(request: HttpRequest) -> QueryDict:
    """The posted form with its files among the values."""
    if not request.FILES:
        return request.POST
    post = request.POST.copy()
    for name, file in request.FILES.items():
        post.setlist(name, [file])  # type: ignore[list-item]
    return post


def chosen_fields(request: HttpRequest, entity: Entity, fields: Mapping[str, Field]) -> tuple[dict[str, Field], str]:
    """The fields a form is about: one, a section, or all; and what the form is called after."""
    params = request.GET
    if key := params.get("field", ""):
        if key not in fields:
            raise read.Hidden(key)
        money = getattr(fields[key].kind, "currency_field", "")
        keys = [key, *([money] if money in fields else [])]
        return {k: fields[k] for k in keys}, str(fields[key].label)
    if (index := number(params.get("section", ""))) is not None:
        for i, title, names in sections_of(entity, fields):
            if i == index:
                return {k: fields[k] for k in names}, str(title)
        raise read.Hidden(str(index))
    return dict(fields), ""


@entity_page("edit")
def edit(request: HttpRequest, entity: Entity, id: int) -> HttpResponse:  # noqa: A002
    actor = actor_of(request)
    view = read.view(entity, actor, id)
    if "edit" not in view.may:
        raise write.Refused(f"{entity.key} {id}")
    every = formable(rights.editable(actor, entity))
    owner = entity.policy.owner_field
    if owner in every and "assign" not in view.may:
        del every[owner]
    fields, part = chosen_fields(request, entity, every)
    here = request.get_full_path()
    given: dict[str, Any] = {}
    problems: dict[str, list[Problem]] = {}
    version = view.version
    if request.method == "POST":
        given = values_from(with_files(request), fields.values())
        version = number(request.POST.get("version", "")) or view.version
        taken = {k: v for k, v in given.items() if request.POST.get(f"keep-{k}") != "theirs"}
        try:
            with tags.settled(actor, entity, taken, id=id) as values:
                saved = write.save(actor, entity, values, id=id, version=version)
        except write.Invalid as error:
            problems = error.problems
        except write.Conflict as error:
            return conflict(request, entity, id, view, error, here)
        else:
            return _saved(request, entity, id, saved)
    said = sentences(problems)
    groups = groups_of(
        actor, entity, fields, cells=view.cells, given=given, problems=said, focus=request.GET.get("field", "")
    )
    context = {
        **_context(entity, id, view.title or f"#{id}"),
        "part": part,
        "groups": groups,
        "version": version,
        "action": here,
        "cancel": addresses.record_url(entity.key, id),
        "wrong": summary(groups, _whole(said, fields)),
    }
    return render(
        request,
        "pages/form.html",
        context,
        status=_status(request, problems),
        fragment="dialog" if is_fragment(request) else "",
    )


def stays(request: HttpRequest) -> bool:
    """Whether the form stands in a dialog over the page of another record, where one goes on afterwards."""
    return is_fragment(request) and "stay" in request.GET


def _stay(text: str, undo: str) -> HttpResponse:
    """The dialog shuts; the panels of the page behind it are asked for again."""
    told: dict[str, Any] = {"gx:shut": {}, "gx:related": {}, "gx:timeline": {}, "gx:graph": {}}
    told["gx:toast"] = {"text": text, "level": "success", "undo": undo}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(told)})


def _saved(request: HttpRequest, entity: Entity, id: int, saved: write.Saved) -> HttpResponse:  # noqa: A002
    """Back to the record; in a dialog the record behind it is drawn again."""
    said = _("Saved.") if saved.change_set else _("Nothing was changed.")
    undo = reverse("journal-undo", args=[saved.change_set]) if saved.change_set else ""
    if stays(request):
        return _stay(said, undo)
    if is_fragment(request):
        from guanxi.web.pages.record import context_of

        response = render(request, "pages/record.html", context_of(request, entity, id), fragment="record")
        response["HX-Retarget"], response["HX-Reswap"] = "#record", "outerHTML"
        response["HX-Trigger"] = json.dumps(
            {"gx:shut": {}, "gx:toast": {"text": said, "level": "success", "undo": undo}}
        )
        return response
    toast(request, said, level="success" if saved.change_set else "info", undo=undo)
    return HttpResponseRedirect(addresses.record_url(entity.key, id))


def conflict(
    request: HttpRequest,
    entity: Entity,
    id: int,  # noqa: A002
    view: read.RecordView,
    error: write.Conflict,
    action: str,
) -> HttpResponse:
    """409: what was typed is carried along, and for each field in question the person chooses."""
    rows = [
        {
            "name": f.field.key,
            "label": str(f.field.label),
            "before": f.base,
            "theirs": f.theirs,
            "yours": f.yours,
            "who": f.who,
        }
        for f in error.fields
    ]
    carry = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in ("csrfmiddlewaretoken", "version") and not name.startswith("keep-")
    ]
    context = {
        **_context(entity, id, view.title or f"#{id}"),
        "rows": rows,
        "carry": carry,
        "version": error.version,
        "action": action,
        "who": "、".join(dict.fromkeys(r["who"] for r in rows if r["who"])),
        "cancel": addresses.record_url(entity.key, id),
    }
    return render(
        request, "pages/conflict.html", context, status=409, fragment="dialog" if is_fragment(request) else ""
    )
