"""Handing over: everything somebody owns gets another owner, as one change set with a balance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import QuerySet

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.identity.models import User
from guanxi.core.journal.ledger import change_set
from guanxi.kit.results import Balance
from guanxi.records import catalogue, rights
from guanxi.records.entity import Entity
from guanxi.records.read.door import visible
from guanxi.records.write import edit_many

Progress = Callable[[int, int], None]


def owned(actor: Actor, person: int) -> Iterator[tuple[Entity, int, int]]:
    """(entity, records this person owns, those of them that the actor may give to somebody else), where there are any."""
    for entity in catalogue.every():
        owner = entity.policy.owner_field
        if not owner:
            continue
        column = entity.declared[owner].column
        every = entity.model.all_rows.filter(**{column: person}, deleted_in__isnull=True).count()
        if every:
            yield entity, every, _mine(actor, entity).filter(**{column: person}).count()


def _mine(actor: Actor, entity: Entity) -> QuerySet[Any]:
    """Rows whose owner the actor may change."""
    owner = entity.declared[entity.policy.owner_field]
    rows = visible(entity, actor, "assign")
    if rights.level(actor, owner) is not Level.EDIT:
        return rows.none()
    return rows


def hand_over(
    actor: Actor, person: int, to: int, *, reason: str = "", progress: Progress | None = None
) -> tuple[int | None, Balance]:
    """Give all that `person` owns to `to`. What the actor may not give away stays and is not counted. Raises Invalid."""
    if not User.objects.filter(pk=to, is_active=True).exists():
        raise LookupError(f"person {to}")
    total = Balance()
    found = [(entity, n) for entity, _every, n in owned(actor, person) if n]
    whole, before = sum(n for _entity, n in found), 0
    with change_set(actor, action="assign", entity="core.user", record=None, reason=reason,
                    detail={"from": person, "to": to}) as cs:  # fmt: skip
        for entity, n in found:
            owner = entity.policy.owner_field
            rows = _mine(actor, entity).filter(**{entity.declared[owner].column: person})

            def step(done: int, _total: int, before: int = before) -> None:
                if progress:
                    progress(before + done, whole)

            total += edit_many(actor, entity, rows, {owner: to}, progress=step).balance
            before += n
        cs.balance = total.check().to_dict()
        return (cs.id if cs.lines else None), total
