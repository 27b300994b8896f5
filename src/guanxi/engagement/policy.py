"""Whose attachments: those of the records that one sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Scope
from guanxi.records import catalogue
from guanxi.records.entity import Entity
from guanxi.records.policy import Condition, Policy, q_of


@dataclass(frozen=True)
class Follows(Policy):
    """Rows belong to a record of any entity, by its id in `field`, and are seen by whoever sees that one.

    Also for who sees everything this asks whether the record is live: nothing else takes a row away with its record.
    """

    field: str
    makers_may: ClassVar[frozenset[str]] = frozenset(
        {"delete"}
    )  # a file attached by mistake is taken away by who did it

    def conditions(self, entity: Entity, actor: Actor, scope: Scope) -> tuple[Condition, ...] | None:
        if scope is Scope.NONE:
            return None
        parts: list[Any] = []
        for other in catalogue.every():
            if isinstance(other.policy, Follows):
                continue
            narrower = min(scope, actor.scope(other.key, "view"), key=lambda s: s.rank)
            limits = other.policy.conditions(other, actor, narrower)
            if limits is not None:
                rows = other.model.all_rows.filter(q_of(limits), deleted_in__isnull=True)
                parts.append(rows.order_by().values("pk"))
        if not parts:
            return None
        return (Condition(self.field, parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]),)
