"""Tiles as a page shows them: formatted numbers, the data of a chart, and the address of the records behind each figure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from babel.numbers import format_compact_decimal, format_currency, format_decimal, format_percent
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanxi.core.access import Actor
from guanxi.core.identity.models import User
from guanxi.core.org.models import Department
from guanxi.insight import answers, completeness, periods, questions, ready
from guanxi.insight.answers import Answer, Point
from guanxi.insight.boards import Tile
from guanxi.insight.groups import REST, TooMany
from guanxi.insight.models import Dashboard
from guanxi.insight.offered import measure_name, name_of
from guanxi.insight.questions import Question
from guanxi.kit import time
from guanxi.records import catalogue, read
from guanxi.records.kinds.numbers import locale_of
from guanxi.records.read import BadQuery, Filter
from guanxi.records.read.query import resolve as resolve_conditions
from guanxi.records.rights import UnknownField
from guanxi.web.pages import addresses
from guanxi.web.templatetags.gx import day
from guanxi.web.templatetags.gx import number as figure


@dataclass(frozen=True)
class BoardFilters:
    """What holds for the whole board, as the address has it. `who`: a person's id, or d and a department's."""

    period: str = ""
    who: str = ""
    region: str = ""

    @classmethod
    def of(cls, request: HttpRequest, board: Dashboard) -> BoardFilters:
        get = request.GET.get
        return cls(get("period", "") or board.period, get("who", "")[:20], get("region", "")[:40])

    def params(self) -> str:
        return urlencode(
            [(k, v) for k, v in (("period", self.period), ("who", self.who), ("region", self.region)) if v]
        )

    def owners(self) -> tuple[str, ...]:
        """Ids of the people meant; BadQuery for nobody."""
        kind, text = ("d", self.who[1:]) if self.who.startswith("d") else ("", self.who)
        if not (text.isascii() and text.isdigit() and len(text) < 18):
            raise BadQuery("No such person")
        if not kind:
            return (text,)
        path = Department.objects.filter(pk=int(text)).values_list("path", flat=True).first()
        if not path:
            raise BadQuery("No such department")
        people = User.objects.filter(department__path__startswith=path).order_by("pk").values_list("pk", flat=True)
        return tuple(str(p) for p in people[:150]) or ("0",)

    def on(self, actor: Actor, question: Question) -> Question:
        """The question inside the board's filters, as far as its object has what they are about."""
        entity = catalogue.get(question.entity)
        formats = read.formats_for(actor)
        period = periods.read(self.period, formats)
        asked = question.also(*period.filters(questions.time_path(entity)))
        if self.who and (owner := questions.owner_path(entity)):
            asked = asked.also(Filter(owner, "any", self.owners()))
        if self.region and (region := questions.REGION.get(entity.key)):
            asked = asked.also(Filter(region, "any", (self.region,)))
        return asked

    def before(self, actor: Actor) -> BoardFilters | None:
        formats = read.formats_for(actor)
        earlier = periods.before(periods.read(self.period, formats), time.today(formats.zone))
        if earlier is None or earlier.start is None or earlier.end is None:
            return None
        return replace(self, period=f"{earlier.start}..{earlier.end}")


def title_of(text: str) -> str:
    """A title; those of the ready-made tiles in the reader's language."""
    return _(text) if text in ready.TITLES else text


def drill_url(actor: Actor, question: Question, filters: tuple[Filter, ...] | None) -> str:
    """The records behind a figure: in their list where the list can ask this, else on a page of our own; "" when neither can."""
    if filters is None:
        return ""
    entity = catalogue.get(question.entity)
    query = questions.joined(question.more, filters)
    if query is None:
        return ""
    try:
        resolve_conditions(actor, entity, query)
        return f"{addresses.list_url(entity.key)}?{questions.params(query)}"
    except (UnknownField, BadQuery):
        return f"{reverse('insight-records', args=[entity.key])}?{questions.params(query)}"


# Numbers ----------------------------------------------------------------------------------------------------------------


def number_text(actor: Actor, value: Decimal, unit: str, currency: str, *, short: bool = False) -> str:
    """A figure in the person's format; `short` for large ones on tiles: ¥1.2M, 120万."""
    locale = locale_of(read.formats_for(actor))
    if unit == "percent":
        return str(format_percent(value, format="#,##0.#%", locale=locale))
    if short and abs(value) >= 1_000_000:
        text = str(format_compact_decimal(value, locale=locale, fraction_digits=2))
        return f"{_symbol(currency, locale)}{text}" if unit == "money" else text
    if unit == "money":
        return str(format_currency(value, currency, locale=locale))
    if unit == "count" or value == value.to_integral_value():
        return str(format_decimal(value, locale=locale, decimal_quantization=False, format="#,##0"))
    return str(format_decimal(value.quantize(Decimal("0.01")), locale=locale))


def _symbol(currency: str, locale: str) -> str:
    from babel.numbers import get_currency_symbol

    return str(get_currency_symbol(currency, locale=locale))


@dataclass
class Shown:
    """A tile, ready for its template. `rows`: label, then per series (text, value, href); `chart`: JSON for the drawing."""

    tile: Tile
    title: str
    state: str = "ok"  # ok, empty, denied, much
    value: str = ""
    href: str = ""
    full: str = ""
    change: str = ""
    direction: str = ""
    against: str = ""
    heads: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    chart: dict[str, Any] | None = None
    summary: str = ""
    currency: str = ""
    zone: str = ""
    fresh: Any = None
    left_out: str = ""
    rates_url: str = ""
    answer: Answer | None = None


def tile_shown(actor: Actor, tile: Tile, board: BoardFilters) -> Shown:
    """The tile as this person sees it; what they may not ask looks like what there is not."""
    shown = Shown(tile, title_of(tile.title))
    try:
        if tile.kind == "completeness":
            return _complete(actor, tile, board, shown)
        question = tile.question()
        if tile.follows:
            question = board.on(actor, question)
        answer = answers.answer(actor, question)
        shown.answer = answer
        _common(actor, shown, answer)
        if tile.kind == "number":
            _number(actor, shown, answer, board)
        else:
            _grouped(actor, shown, answer)
            if answer.empty:
                shown.state = "empty"
    except (UnknownField, catalogue.UnknownEntity, BadQuery):
        shown.state = "denied"
    except TooMany:
        shown.state = "much"
    return shown


def _common(actor: Actor, shown: Shown, answer: Answer) -> None:
    shown.currency, shown.zone = answer.currency, answer.zone
    shown.fresh = timezone.localtime(answer.fresh)
    if answer.left_out:
        n = answer.left_out
        shown.left_out = ngettext(
            "%(n)s record is left out: there is no rate for its currency.",
            "%(n)s records are left out: there is no rate for their currency.", n,
        ) % {"n": figure(n)}  # fmt: skip
        if actor.can("settings.currencies", "edit"):
            shown.rates_url = reverse("settings-currencies")


def _number(actor: Actor, shown: Shown, answer: Answer, board: BoardFilters) -> None:
    total = answer.total
    shown.value = number_text(actor, total.value, answer.unit, answer.currency, short=True)
    shown.full = number_text(actor, total.value, answer.unit, answer.currency)
    shown.href = drill_url(actor, answer.question, total.drill)
    earlier = board.before(actor) if shown.tile.follows else None
    shown.summary = f"{shown.title}: {shown.full}"
    if earlier is None:
        return
    before = answers.answer(actor, earlier.on(actor, shown.tile.question())).total
    first, last = (day(date.fromisoformat(text)) for text in earlier.period.split(".."))
    shown.against = first if first == last else f"{first} – {last}"
    if before.value == 0:
        shown.change = _("nothing before") if total.value else ""
        return
    share = (total.value - before.value) / abs(before.value)
    shown.change = number_text(actor, abs(share), "percent", "")
    shown.direction = "up" if share > 0 else "down" if share < 0 else "same"


def _grouped(actor: Actor, shown: Shown, answer: Answer) -> None:
    split = len(answer.series) > 1 or bool(answer.question.split)
    by = questions.dimension(actor, catalogue.get(answer.question.entity), answer.question.by)
    figure = measure_name(actor, catalogue.get(answer.question.entity), answer.question.measure)
    shown.heads = [name_of(by), *(s.label if split else figure for s in answer.series)]
    named = [p for s in answer.series for p, key in zip(s.points, answer.keys, strict=True) if key != REST]
    largest = max((abs(p.value) for p in named), default=Decimal(0))

    def cell(point: Point) -> dict[str, Any]:
        share = min(100, int(100 * abs(point.value) / largest)) if largest else 0
        return {
            "text": number_text(actor, point.value, answer.unit, answer.currency),
            "value": point.value,
            "href": drill_url(actor, answer.question, point.drill) if point.n else "",
            "share": share,
        }

    for i, label in enumerate(answer.labels):
        shown.rows.append(
            {"label": label, "colour": answer.colours[i], "cells": [cell(s.points[i]) for s in answer.series]}
        )
    shown.chart = {
        "kind": shown.tile.kind,
        "dated": by.dated,
        "labels": list(answer.labels),
        "colours": list(answer.colours),
        "series": [
            {
                "name": s.label if split else figure,
                "colour": s.colour,
                "values": [float(p.value) for p in s.points],
                "texts": [row["cells"][j]["text"] for row in shown.rows],
                "hrefs": [row["cells"][j]["href"] for row in shown.rows],
            }
            for j, s in enumerate(answer.series)
        ],
        "money": answer.unit == "money",
        "locale": "zh-CN" if actor.language.startswith("zh") else "en",
    }
    shown.full = number_text(actor, answer.total.value, answer.unit, answer.currency)
    shown.summary = _summary(shown, answer)


def _summary(shown: Shown, answer: Answer) -> str:
    """The chart in one or two sentences, for who cannot see it."""
    totals = [(sum((s.points[i].value for s in answer.series), Decimal(0)), i) for i in range(len(answer.labels))]
    if not totals:
        return shown.title
    _most, at = max(totals)
    best = ", ".join(c["text"] for c in shown.rows[at]["cells"][:3])
    return _("%(title)s: %(n)s groups, %(total)s together; the largest is %(label)s with %(value)s.") % {
        "title": shown.title, "n": len(totals), "total": shown.full, "label": answer.labels[at], "value": best,
    }  # fmt: skip


def _complete(actor: Actor, tile: Tile, board: BoardFilters, shown: Shown) -> Shown:
    question = Question.of(tile.entity, tile.filters)
    if tile.follows:
        question = board.on(actor, question)
    found = completeness.completeness(actor, question)
    shown.zone, shown.fresh = actor.time_zone, timezone.localtime(found.fresh)
    if not found.n or not found.fields:
        shown.state = "empty"
        return shown
    shown.heads = [_("Field"), _("Filled"), _("Missing")]
    filled = sum(n for _f, n, _d in found.fields)
    shown.full = number_text(actor, Decimal(filled) / (found.n * len(found.fields)), "percent", "")
    for f, n, missing in found.fields:
        share = Decimal(n) / found.n
        shown.rows.append({
            "label": str(f.label), "colour": "", "cells": [
                {"text": number_text(actor, share, "percent", ""), "value": share, "href": "", "share": int(share * 100)},
                {"text": number_text(actor, Decimal(found.n - n), "count", ""), "value": Decimal(found.n - n), "share": 0,
                 "href": drill_url(actor, question, missing) if n < found.n else ""},
            ],
        })  # fmt: skip
    shown.summary = f"{shown.title}: " + ", ".join(f"{r['label']} {r['cells'][0]['text']}" for r in shown.rows)
    return shown
