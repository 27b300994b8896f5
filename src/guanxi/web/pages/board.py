"""The board of an entity: its list by column. The same filters, words, order and views stand in the address, and `by`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from html import escape as quoted  # of plain text; Django's looks at each value first
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET, require_POST

from guanxi.core.access import Actor
from guanxi.core.journal.models import ChangeSet
from guanxi.core.org import settings as org_settings
from guanxi.kit.problems import Problem
from guanxi.records import invert, kinds, read, rights, write
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds import Formats, Money
from guanxi.records.read import board as reading
from guanxi.records.read.board import NONE, Card, Column, Figure, Step
from guanxi.records.read.cells import Reader
from guanxi.records.read.groups import amount_of
from guanxi.web import components
from guanxi.web.kinds import values_from
from guanxi.web.pages import addresses, filters, form, saved_views
from guanxi.web.pages.base import actor_of, entity_page, entity_plural, number, render, sentence, sentences, wants
from guanxi.web.pages.chips import chips
from guanxi.web.templatetags.gx import number as grouped

TAGS = 3  # on a card; the others are counted
safe = components.safe


# Cards as HTML (hundreds a page: made in Python) ----------------------------------------------------------------------


@dataclass
class Cards:
    """Makes the `<li>` of cards in one person's language."""

    entity: Entity
    formats: Formats

    def __post_init__(self) -> None:
        self.base = addresses.list_url(self.entity.key)
        self.menu = quoted(_("Move to…"))
        self.words = {
            "late": _("Late"), "today": _("Today"), "planned": _("Planned"), "none": _("No next step"),
        }  # fmt: skip
        self.icons = {
            "late": components.icon("alert-circle", size="sm"), "today": components.icon("bolt", size="sm"),
            "planned": components.icon("calendar-event", size="sm"), "none": components.icon("circle-dashed", size="sm"),
        }  # fmt: skip
        self.dots = components.icon("dots-vertical", size="sm")
        self.clock = components.icon("clock", size="sm")
        self.glass = components.icon("hourglass", size="sm")
        self._tags: dict[tuple[str, str], SafeString] = {}
        self._days: dict[tuple[int, bool], str] = {}
        self._people: dict[Any, str] = {}
        self._labels: dict[str, str] = {}
        self._steps: dict[Step, str] = {}

    def html(self, cards: Iterable[Card]) -> SafeString:
        return safe("".join(self.one(card) for card in cards))

    def one(self, card: Card) -> SafeString:
        title = quoted(card.title or f"#{card.id}")
        due = f' data-step="{card.step.when}"' if card.step else ""
        move = ' data-may-move=""' if card.editable else ""
        parts = [
            f'<li class="gx-deal" data-card="{card.id}" data-version="{card.version}"{move}{due} tabindex="-1">',
            f'<div class="gx-deal-head"><a href="{self.base}{card.id}/" draggable="false">{title}</a>',
        ]
        if card.editable:
            parts.append(
                f'<button class="gx-deal-menu" type="button" data-board-menu aria-haspopup="dialog" title="{self.menu}"'
                f' aria-label="{self.menu} {title}">{self.dots}</button>'
            )
        parts.append("</div>")
        facts = [self._fact(cell) for cell in card.facts if cell.text or cell.restricted]
        if facts:
            parts.append(f'<div class="gx-deal-facts">{"".join(facts)}</div>')
        if card.tags is not None and card.tags.parts:
            parts.append(f'<div class="gx-deal-tags">{self._tag_row(card.tags)}</div>')
        owner = self._owner(card.owner) if card.owner is not None and card.owner.text else ""
        if card.amount is not None and card.amount.text:
            parts.append(f'<div class="gx-deal-worth"><b class="gx-num">{quoted(card.amount.text)}</b>{owner}</div>')
            owner = ""
        step = self._step(card.step) if card.step is not None else ""
        parts.append(f'<div class="gx-deal-foot">{step}{self._since(card.days, card.stuck)}{owner}')
        parts.append("</div></li>")
        return safe("".join(parts))

    def label(self, field: Field) -> str:
        """A field's name, said once a page and not once a card."""
        found = self._labels.get(field.key)
        if found is None:
            found = self._labels[field.key] = quoted(str(field.label))
        return found

    def _fact(self, cell: read.Cell) -> str:
        label = self.label(cell.field)
        if cell.restricted:
            inner: str = components.icon("lock", size="sm", label=_("Not yours to see"))
        elif cell.field.kind.key == "datetime":
            inner = quoted(cell.text.rpartition(" ")[0] or cell.text)
        elif cell.colour:
            inner = components.badge(cell.text, cell.colour, dot=True)
        else:
            inner = quoted(cell.text)
        return f'<span title="{label}"><span class="gx-hidden-text">{label}: </span>{inner}</span>'

    def _tag_row(self, cell: read.Cell) -> str:
        made = []
        for text, colour, _id in cell.parts[:TAGS]:
            if (text, colour) not in self._tags:
                self._tags[text, colour] = components.badge(text, colour, tag=True)
            made.append(self._tags[text, colour])
        rest = len(cell.parts) - TAGS
        return "".join(made) + (f'<span class="gx-dim gx-small">+{rest}</span>' if rest > 0 else "")

    def _step(self, step: Step) -> str:
        if step not in self._steps:
            day = kinds.Date().format(step.day, self.formats) if step.day else ""
            word = self.words[step.when]
            text = day if step.when == "planned" else f"{word} {day}" if step.when == "late" else word
            self._steps[step] = (
                f'<span class="gx-deal-step" title="{quoted(word)} {quoted(day)}">{self.icons[step.when]}{quoted(text)}</span>'
            )
        return self._steps[step]

    def _since(self, days: int, stuck: bool) -> str:
        if not days and not stuck:
            return ""  # since today: nothing to say
        if (days, stuck) not in self._days:
            long = ngettext("%(n)s day in this column", "%(n)s days in this column", days) % {"n": grouped(days)}
            short = pgettext("short", "%(n)s d") % {"n": grouped(days)}
            if stuck:
                long = _("Stuck: %(time)s") % {"time": long}
            self._days[days, stuck] = (
                f'<span class="gx-deal-since{" gx-stuck" if stuck else ""}" title="{quoted(long)}">'
                f"{self.glass if stuck else self.clock}"
                f'<span aria-hidden="true">{quoted(short)}</span><span class="gx-hidden-text">{quoted(long)}</span></span>'
            )
        return self._days[days, stuck]

    def _owner(self, cell: read.Cell) -> str:
        if cell.value not in self._people:
            label, name = self.label(cell.field), quoted(cell.text)
            picture = components.avatar(cell.text, seed=cell.value, size="xs")
            self._people[cell.value] = (
                f'<span class="gx-deal-owner" title="{label}: {name}">{picture}'
                f'<span class="gx-hidden-text">{label}: {name}</span></span>'
            )
        return self._people[cell.value]


# The page -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A column with its words: `n` and `total` are "" until they are known."""

    column: Column
    label: str
    n: str
    total: str
    note: str
    list_url: str
    html: SafeString


def label_of(column: Column) -> str:
    return column.label if column.code != NONE else pgettext("board", "None")


def zero(amount: Field | None) -> Figure:
    return Figure(0, None if amount is None else Decimal(0))


def words(figure: Figure | None, formats: Formats) -> dict[str, str]:
    """The head of a column in words: how many, how much, and what is not in the sum. What was estimated begins with ≈."""
    if figure is None:
        return {"n": "", "total": "", "note": ""}
    about = "" if figure.exact else "≈ "
    total = ""
    if figure.total is not None and figure.n and (figure.exact or figure.total):
        total = about + Money().format_in(figure.total, org_settings.get("reporting_currency"), formats)
    note = ""
    if figure.left_out:
        left = f"{about}{grouped(figure.left_n)}"
        note = ngettext(
            "%(n)s amount in %(currencies)s is left out: there is no exchange rate.",
            "%(n)s amounts in %(currencies)s are left out: there is no exchange rate.", figure.left_n,
        ) % {"n": left, "currencies": ", ".join(figure.left_out)}  # fmt: skip
    n = f"{about}{grouped(figure.n)}" if not figure.below else f"< {grouped(figure.n)}"
    return {"n": n, "total": total, "note": note}


def board_url(entity: Entity, by: Field, query: read.Query | None = None) -> str:
    params = query.params() if query is not None else ""
    return f"{addresses.list_url(entity.key)}board?by={by.key}{'&' if params else ''}{params}"


def question(request: HttpRequest) -> read.Query:
    """What the board shows: the list's question; `by` says the columns here."""
    asked = read.Query.from_params([(name, value) for name, values in request.GET.lists() for value in values])
    return replace(asked, by="")


def column_list(entity: Entity, by: Field, query: read.Query, code: str) -> str:
    """The list of exactly what a column holds; "" where no question means that."""
    asked = reading.opening(query, by, code)
    return "" if asked is None else f"{addresses.list_url(entity.key)}?{asked.params()}"


@require_GET
@entity_page("view")
def board(request: HttpRequest, entity: Entity) -> HttpResponse:
    actor = actor_of(request)
    by = reading.field_of(entity, actor, request.GET.get("by", ""))
    base = addresses.list_url(entity.key)
    if filters.is_builder(request.GET):
        return filters.to_address(request, entity, f"{base}board")
    query = question(request)
    found = reading.read(entity, actor, by, query)
    formats = read.formats_for(actor)
    cards = Cards(entity, formats)
    columns = []
    for c in found.columns:
        figure = None if found.figures is None else found.figures.get(c.code, zero(found.amount))
        columns.append(
            Shown(
                column=c,
                label=label_of(c),
                **words(figure, formats),
                list_url=column_list(entity, by, query, c.code),
                html=cards.html(c.cards),
            )
        )
    here = board_url(entity, by)
    views = saved_views.seen_by(actor, entity)
    now = saved_views.current(views, query, None, plain=False)
    tabs = saved_views.tabs(views, base, now, query)
    for tab, view in zip(tabs, [None, *views], strict=False):
        asked = "" if view is None else replace(view.question(), by="", view=str(view.id)).params()
        tab["url"] = f"{here}&{asked}".rstrip("&")
    context: dict[str, Any] = {
        "entity": entity,
        "plural": entity_plural(entity),
        "by": by,
        "others": [(f, board_url(entity, f, query)) for f in reading.fields(entity, actor)],
        "board": found,
        "columns": columns,
        "rows_url": f"{base}board/cards?{urlencode({'by': by.key})}&{query.params()}",
        "figures_url": f"{base}board/figures?{urlencode({'by': by.key})}&{query.params()}",
        "move_url": f"{base}board/move?{urlencode({'by': by.key})}&{query.params()}",
        "undo_url": f"{base}board/undo?{urlencode({'by': by.key})}&{query.params()}",
        "stated": stated(found),
        "query": query,
        "params": query.params(),
        "base": base,
        "here": here,
        "list_url": f"{base}?{query.params()}",
        "keep": [(n, v) for n, v in parse_qsl(query.params()) if n != "q"],
        "chips": _chips(actor, entity, query, by),
        "clear_url": f"{here}&{query.unfiltered().params()}".rstrip("&"),
        "tabs": tabs,
        "may": {"create": actor.can(entity.key, "create"), "export": False},
        "language": actor.language,
    }
    return render(request, "pages/board.html", context, fragment="board" if wants(request, "board") else "")


def _chips(actor: Actor, entity: Entity, query: read.Query, by: Field) -> list[Any]:
    """The filters in force; taken away they lead back to the board."""
    base = addresses.list_url(entity.key)
    here = board_url(entity, by)
    made = chips(actor, entity, query, base)
    return [replace(c, remove_url=c.remove_url.replace(f"{base}?", f"{here}&", 1)) for c in made]


def stated(found: reading.Board) -> str:
    """What the sums in the heads are: of which field, in which currency, by which rates."""
    if found.amount is None:
        return ""
    values = {"field": found.amount.label, "currency": org_settings.get("reporting_currency")}
    if found.dated is None:
        return _("Sums: %(field)s in %(currency)s, at today’s exchange rates.") % values
    return _("Sums: %(field)s in %(currency)s, at the exchange rates of “%(date)s”.") % {
        **values, "date": found.dated.label,
    }  # fmt: skip


@require_GET
@entity_page("view")
def cards(request: HttpRequest, entity: Entity) -> HttpResponse:
    """Further cards of a column (`col`, from the place `at` on) as `<li>`; the place after them is in the header X-Next."""
    actor = actor_of(request)
    by = reading.field_of(entity, actor, request.GET.get("by", ""))
    code = _code(by, request.GET.get("col", ""))
    query = question(request)
    found, after = reading.more(entity, actor, by, query, code, query.cursor)
    response = HttpResponse(Cards(entity, read.formats_for(actor)).html(found))
    response["X-Next"] = after
    return response


def _code(by: Field, code: str) -> str:
    """A column's code from outside; BadQuery for one that the list does not have."""
    assert isinstance(by.kind, kinds.Choice)
    if code != NONE and code not in {o.value for o in by.kind.options()}:
        raise read.BadQuery("unknown value")
    return code


@require_GET
@entity_page("view")
def figures(request: HttpRequest, entity: Entity) -> HttpResponse:
    """The heads of columns (of those named `col`, else of all): {code: {n, total, note}}. Of very many records they are
    estimated, and each that is begins with ≈; with `exact=1` everything is added up."""
    actor = actor_of(request)
    by = reading.field_of(entity, actor, request.GET.get("by", ""))
    codes = [_code(by, code) for code in request.GET.getlist("col")] or None
    exact = request.GET.get("exact") == "1"
    return JsonResponse(_figures(entity, actor, by, question(request), codes, exact=exact))


def _figures(
    entity: Entity, actor: Actor, by: Field, query: read.Query, codes: list[str] | None = None, *, exact: bool = True
) -> dict[str, dict[str, str]]:
    assert isinstance(by.kind, kinds.Choice)
    formats = read.formats_for(actor)
    found = None if exact else reading.estimated(entity, actor, by, query)
    if found is None:
        found = reading.figures(entity, actor, by, query, codes)
    nothing = zero(amount_of(actor, entity)[0])
    every = codes if codes is not None else [*(o.value for o in by.kind.options(formats)), NONE]
    return {code: words(found.get(code, nothing), formats) for code in every}


# Moving a card --------------------------------------------------------------------------------------------------------


@require_POST
@entity_page("edit")
def move(request: HttpRequest, entity: Entity) -> HttpResponse:
    """One card to another column: one write. Answers JSON: the card anew, the heads of both columns, the way back.

    422 with `form`: fields that have to be filled first. 409: somebody else moved it; `card` and `column` say where it is.
    422, 404 with `text`: refused. Nothing was written then.
    """
    actor = actor_of(request)
    by = reading.field_of(entity, actor, request.GET.get("by", ""))
    query = question(request)
    post = request.POST
    id_, version = number(post.get("_id", "")), number(post.get("_version", ""))
    to = _code(by, post.get("_to", NONE))
    if id_ is None or version is None:
        raise read.BadQuery("no card")
    if not reading.may_edit(entity, actor, by):
        raise write.Refused(f"{entity.key}.{by.key}")
    before = reading.one(entity, actor, by, id_)
    if before is None:
        raise read.Hidden(f"{entity.key} {id_}")
    asked = _asked(entity, actor, by, id_, to)
    given = values_from(post, asked.values()) if "_asked" in post else {}
    problems: Mapping[str, list[Problem]]
    if asked and "_asked" not in post:
        return _ask(request, actor, asked, {}, {})
    if problems := {key: [Problem("field.required")] for key in asked if _blank(given.get(key))}:
        return _ask(request, actor, asked, given, problems)
    try:
        saved = write.save(actor, entity, {**given, by.key: to}, id=id_, version=version, action="move")
    except write.Invalid as error:
        return _refused(request, entity, actor, asked, given, error)
    except write.Conflict as error:
        return _conflict(entity, actor, by, id_, error)
    return _moved(entity, actor, by, query, id_, before[1], saved)


def _blank(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _asked(entity: Entity, actor: Actor, by: Field, id: int, to: str) -> dict[str, Field]:  # noqa: A002
    """What must be filled before the card may stand there and is empty now: what the board declares for this value, and
    required fields. Only what this person may fill; the rest is the write door's to refuse."""
    editable = form.formable(rights.editable(actor, entity))
    declared = entity.board.ask.get(by.key, {}).get(to, ())
    wanted = [k for k, f in editable.items() if k != by.key and (f.required or k in declared)]
    if not wanted:
        return {}
    reader = Reader(actor, entity, [editable[k] for k in wanted])
    row = read.visible(entity, actor).filter(pk=id).values(*reader.columns()).first()
    if row is None:
        raise read.Hidden(f"{entity.key} {id}")
    return {k: editable[k] for k in wanted if editable[k].kind.is_empty(reader.raw(row, editable[k]))}


def _ask(
    request: HttpRequest,
    actor: Actor,
    asked: Mapping[str, Field],
    given: Mapping[str, Any],
    problems: Mapping[str, list[Problem]],
) -> HttpResponse:
    """The small dialog that asks for what is missing."""
    formats = read.formats_for(actor)
    said = sentences(problems)
    inputs = [
        form.input_of(
            actor, field, formats, given=given.get(key), posted=key in given, problems=said.get(key, ()), autofocus=i == 0
        )
        for i, (key, field) in enumerate(asked.items())
    ]  # fmt: skip
    for one in inputs:
        one.required = True
    whole = [text for key, texts in said.items() if key not in asked for text in texts]
    html = render_to_string("pages/board_ask.html", {"inputs": inputs, "whole": whole}, request=request)
    return JsonResponse({"form": html}, status=422)


def _refused(
    request: HttpRequest,
    entity: Entity,
    actor: Actor,
    asked: Mapping[str, Field],
    given: Mapping[str, Any],
    error: write.Invalid,
) -> HttpResponse:
    """What the write door found: in the dialog where it can be put right there, else in a sentence."""
    editable = form.formable(rights.editable(actor, entity))
    if asked and set(error.problems) <= set(asked):
        return _ask(request, actor, asked, given, error.problems)
    known = rights.readable(actor, entity)
    lines = []
    for key, problems in error.problems.items():
        label = f"{known[key].label}: " if key in known and key in editable else ""
        lines += [f"{label}{sentence(p)}" for p in problems]
    return JsonResponse({"text": " ".join(lines)}, status=422)


def _conflict(entity: Entity, actor: Actor, by: Field, id: int, error: write.Conflict) -> HttpResponse:  # noqa: A002
    """Somebody else was faster: the card goes where it is now."""
    now = reading.one(entity, actor, by, id)
    if now is None:
        raise read.Hidden(f"{entity.key} {id}")
    card, code = now
    formats = read.formats_for(actor)
    who = next((f.who for f in error.fields if f.who), "")
    place = next((f.theirs for f in error.fields if f.field.key == by.key), "") or by.kind.format(code, formats)
    values = {"title": card.title or f"#{id}", "who": who or _("Somebody"), "place": place or pgettext("board", "None")}
    text = _("“%(title)s” was not moved: meanwhile %(who)s moved it to “%(place)s”.") % values
    if all(f.field.key != by.key for f in error.fields):
        fields = ", ".join(str(f.field.label) for f in error.fields)
        text = _("“%(title)s” was not moved: meanwhile %(who)s changed %(fields)s.") % {**values, "fields": fields}
    return JsonResponse({"text": text, "card": Cards(entity, formats).one(card), "column": code}, status=409)


def _moved(
    entity: Entity, actor: Actor, by: Field, query: read.Query, id: int, origin: str, saved: write.Saved  # noqa: A002
) -> HttpResponse:  # fmt: skip
    return _stands(entity, actor, by, query, id, origin, change_set=saved.change_set)


def _stands(
    entity: Entity, actor: Actor, by: Field, query: read.Query, id: int, origin: str, *,  # noqa: A002
    change_set: int | None, said: str = "",
) -> HttpResponse:  # fmt: skip
    """Where a card stands now, the heads of that column and of the one it stood in (`origin`), and the way back."""
    formats = read.formats_for(actor)
    now = reading.one(entity, actor, by, id)
    if now is None:  # moved out of their own sight: the write door would have refused
        raise read.Hidden(f"{entity.key} {id}")
    card, code = now
    place = by.kind.format(code, formats) or pgettext("board", "None")
    text = _("“%(title)s” is now in “%(place)s”.") % {"title": card.title or f"#{id}", "place": place}
    text = f"{said} {text}".strip()
    stays = reading.fits(entity, actor, query, id)
    if not stays:
        text += " " + _("It no longer fits the filters.")
    few = reading.few(entity, actor, query)
    return JsonResponse(
        {
            "text": text,
            "card": Cards(entity, formats).one(card) if stays else "",
            "column": code,
            "undo": reverse("journal-undo", args=[change_set]) if change_set else "",
            "set": change_set or 0,
            "figures": _figures(entity, actor, by, query, list(dict.fromkeys([origin, code]))) if few else None,
        }
    )


# Taking a move back ---------------------------------------------------------------------------------------------------


@require_POST
@entity_page("edit")
def undo(request: HttpRequest, entity: Entity) -> HttpResponse:
    """Take back one move (`_set`) of one card (`_id`), or the taking back of one. Answers like `move`; what somebody changed
    since stays, and the answer says so. 404 for what is no such step, or not this person's to take back."""
    actor = actor_of(request)
    by = reading.field_of(entity, actor, request.GET.get("by", ""))
    query = question(request)
    id_, set_ = number(request.POST.get("_id", "")), number(request.POST.get("_set", ""))
    if id_ is None or set_ is None:
        raise read.BadQuery("no step")
    before = reading.one(entity, actor, by, id_)
    step = ChangeSet.objects.filter(pk=set_, entity=entity.key, record=id_, action__in=("move", "undo")).first()
    if before is None or step is None or not invert.may_see(actor, step):
        raise read.Hidden(f"{entity.key} {id_}")
    if ChangeSet.objects.filter(undoes=step).exists():
        said = _("This was taken back already.")
        return _stands(entity, actor, by, query, id_, before[1], change_set=None, said=said)
    try:
        done = invert.undo(actor, set_)
    except invert.CannotUndo:
        raise read.Hidden(f"change set {set_}") from None
    said = ""
    if done.conflicts:
        said = ngettext("%(n)s value stays as it is", "%(n)s values stay as they are", done.conflicts)
        said = f"{said % {'n': grouped(done.conflicts)}}. "
    return _stands(entity, actor, by, query, id_, before[1], change_set=done.change_set, said=said)
