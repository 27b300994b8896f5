"""How complete the data is: for each essential field that the person may read, in how many records it is filled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils import timezone

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.insight import answers, live, questions
from guanxi.insight.marts import ask, store
from guanxi.insight.questions import Question
from guanxi.records import policy, rights
from guanxi.records.entity import Field
from guanxi.records.read import Filter
from guanxi.records.read.filters import empty


@dataclass(frozen=True)
class Completeness:
    """`fields`: (field, records in which it is filled, filters that give those in which it is not)."""

    n: int
    fields: tuple[tuple[Field, int, tuple[Filter, ...]], ...]
    fresh: datetime
    from_marts: bool


def completeness(actor: Actor, question: Question, *, prefer: str = "") -> Completeness:
    """Raises as `answers.answer` does."""
    asked = questions.resolve(actor, question)
    fields = [
        f
        for f in rights.readable(actor, asked.entity).values()
        if f.essential and not f.computed and rights.level(actor, f).rank >= Level.READ.rank
    ]
    fresh, from_marts = timezone.now(), False
    n, counts = 0, [0] * len(fields)
    marts = store.opened() if prefer != "live" else None
    if marts is not None and (prefer == "marts" or marts.state.rows.get(asked.entity.key, 0) >= answers.SMALL):
        try:
            n, counts = ask.filled(marts, actor, asked, [f.key for f in fields])
            fresh, from_marts = marts.state.at, True
        except (ask.NotHere, policy.NotByOwner):
            from_marts = False
    if not from_marts:
        sums = {f"f{i}": Count("pk", filter=~empty(f)) for i, f in enumerate(fields)}
        row = live.rows(actor, asked).order_by().aggregate(n=Count("pk"), **sums)
        n, counts = row["n"], [row[f"f{i}"] for i in range(len(fields))]
    found = tuple(
        (f, count, (*question.filters, Filter(f.key, "empty", ("1",)))) for f, count in zip(fields, counts, strict=True)
    )
    return Completeness(n, found, fresh, from_marts)
