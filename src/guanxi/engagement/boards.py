"""What boards show of follow-up: the day of the earliest step that is open, for customers, contacts and orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from django.db.models import Min

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.engagement.entities import STEP
from guanxi.records import read, rights
from guanxi.records.entity import Entity
from guanxi.records.read import board

LINKS = {"customers.account": "account", "customers.contact": "contact", "trade.order": "order"}


def next_steps(actor: Actor, entity: Entity, ids: Sequence[int]) -> Mapping[int, date] | None:
    """{id: day}; None where steps do not hang on such records, or where the actor may not know of them. One query."""
    link = LINKS.get(entity.key)
    if link is None or not actor.can(STEP.key, "view"):
        return None
    if any(rights.level(actor, STEP.declared[key]).rank < Level.READ.rank for key in (link, "due", "done_at")):
        return None
    rows = read.visible(STEP, actor).filter(
        done_at__isnull=True, due__isnull=False, **{f"{link}_id__any_of": list(ids)}
    )
    return dict(rows.order_by().values_list(f"{link}_id").annotate(Min("due")))


board.NEXT_STEPS.append(next_steps)
