"""`visible`: the rows an actor may see, edit, export …; fails closed."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from guanxi.core.access.actor import Actor
from guanxi.records import policy
from guanxi.records.base import Record
from guanxi.records.entity import Entity


class Hidden(LookupError):
    """There is no such record for this actor; whether there is one at all is not said. Fronts answer 404."""


def visible(entity: Entity, actor: Actor, action: str = "view") -> QuerySet[Any]:
    """Live rows of `entity` inside the actor's scope for `action`; none for an unknown or anonymous actor."""
    rows: QuerySet[Any] = entity.model.all_rows.filter(deleted_in__isnull=True)
    limits = policy.conditions(entity, actor, action)
    return rows.none() if limits is None else rows.filter(policy.q_of(limits))


def get_visible(entity: Entity, actor: Actor, id: int, action: str = "view") -> Record:  # noqa: A002
    """One visible row; raises Hidden."""
    row = visible(entity, actor, action).filter(pk=id).first()
    if not isinstance(row, Record):
        raise Hidden(f"{entity.key} {id}")
    return row
