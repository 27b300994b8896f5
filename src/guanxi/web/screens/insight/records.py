"""The records behind a figure, where their own list has no words for the question (a region, a customer's first order)."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from guanxi.core.access import Actor
from guanxi.insight import live, questions
from guanxi.insight.offered import name_of
from guanxi.insight.questions import Dimension, Path, Question
from guanxi.records.entity import Entity
from guanxi.records.read import Filter
from guanxi.web.pages import addresses, words
from guanxi.web.pages.base import actor_of, entity_page, entity_plural, number, render
from guanxi.web.pages.chips import operand_text
from guanxi.web.pages.shown import Table, heads
from guanxi.web.templatetags.gx import count_text


@dataclass(frozen=True)
class Chip:
    label: str
    operator: str
    value: str


@entity_page("view")
def records(request: HttpRequest, entity: Entity) -> HttpResponse:
    """The list of exactly these records, newest first."""
    actor = actor_of(request)
    question = Question.of(entity.key, request.GET.urlencode())
    asked = questions.resolve(actor, question)
    columns, rows, more, many = live.listed(actor, asked, after=number(request.GET.get("after", "")))
    base = reverse("insight-records", args=[entity.key])
    query = questions.joined(question.more, question.filters)
    params = query.params() if query is not None else ""
    context = {
        "entity": entity,
        "plural": entity_plural(entity),
        "list_url": addresses.list_url(entity.key),
        "chips": [_chip(actor, path, f) for path, f in asked.filters],
        "heads": heads(tuple(columns)),
        "table": Table(entity, tuple(columns), tuple(rows), boxes=False),
        "rows": rows,
        "total": count_text(many.n, not many.exact),
        "count": many.n,
        "next": f"{base}?{params}&after={more}" if more else "",
    }
    return render(request, "insight/records.html", context)


def _chip(actor: Actor, path: Path, f: Filter) -> Chip:
    label = name_of(Dimension(path))
    if path.first or path.part:
        return Chip(label, words.operator(f.op), ", ".join(f.values) if path.part else _yes_no(actor, f))
    operator = path.field.kind.operator(f.op)
    value = "" if operator.values == 0 else operand_text(actor, path.field, operator.key, f.values)
    return Chip(label, words.operator(f.op), value)


def _yes_no(actor: Actor, f: Filter) -> str:
    from guanxi.records.kinds import YesNo
    from guanxi.records.read import formats_for

    return YesNo().format(f.values[0] in ("1", "true"), formats_for(actor))
