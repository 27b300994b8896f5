"""Whose rows: how an actor's scope becomes conditions on the rows of an entity. The one place that knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Q, QuerySet

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Scope
from guanxi.core.journal.models import ChangeSet

if TYPE_CHECKING:
    from guanxi.records.entity import Entity

#: No condition at all: every live row.
EVERY: tuple[Condition, ...]


@dataclass(frozen=True)
class Condition:
    """`column` (of the entity's own table) must be in `values`, a tuple of ids or a query of ids."""

    column: str
    values: tuple[int, ...] | QuerySet[Any, Any]

    def q(self) -> Q:
        lookup = "any_of" if isinstance(self.values, tuple) else "in"
        return Q(**{f"{self.column}__{lookup}": self.values})


EVERY = ()


class Policy:
    """Which rows lie inside a scope. Sub-classes are data."""

    def conditions(self, entity: Entity, actor: Actor, scope: Scope) -> tuple[Condition, ...] | None:
        """Conditions that all must hold; EVERY for no limit; None for no rows."""
        raise NotImplementedError

    #: What whoever made a row may do with it without a grant, as long as they see it and may make such rows.
    makers_may: ClassVar[frozenset[str]] = frozenset()

    @property
    def owner_field(self) -> str:
        return ""


@dataclass(frozen=True)
class Owned(Policy):
    """Rows belong to a person; the scope is about that person's place in the organisation."""

    field: str = "owner"

    @property
    def owner_field(self) -> str:
        return self.field

    def conditions(self, entity: Entity, actor: Actor, scope: Scope) -> tuple[Condition, ...] | None:
        if scope is Scope.NONE:
            return None
        owners = actor.owners(scope)
        return EVERY if owners is None else (Condition(f"{self.field}_id", owners),)


@dataclass(frozen=True)
class Inherits(Policy):
    """Rows belong to another record and are seen by whoever sees that one (within their scope for this entity too)."""

    field: str

    def conditions(self, entity: Entity, actor: Actor, scope: Scope) -> tuple[Condition, ...] | None:
        from guanxi.records import catalogue

        if scope is Scope.NONE:
            return None
        parent = catalogue.get(catalogue.link_target(entity, self.field))
        narrower = min(scope, actor.scope(parent.key, "view"), key=lambda s: s.rank)
        limits = parent.policy.conditions(parent, actor, narrower)
        if limits is None:
            return None
        if limits == EVERY:
            return EVERY
        rows = parent.model.all_rows.filter(q_of(limits), deleted_in__isnull=True)
        return (Condition(f"{self.field}_id", rows.values("pk")),)


@dataclass(frozen=True)
class Everyone(Policy):
    """Shared reference data: any scope is all rows."""

    def conditions(self, entity: Entity, actor: Actor, scope: Scope) -> tuple[Condition, ...] | None:
        return None if scope is Scope.NONE else EVERY


def q_of(conditions: Iterable[Condition]) -> Q:
    q = Q()
    for condition in conditions:
        q &= condition.q()
    return q


def conditions(entity: Entity, actor: Actor, action: str) -> tuple[Condition, ...] | None:
    """The conditions for what `actor` may `action` of `entity`; None: nothing at all. Nobody acts on what they may not see."""
    scope = min(actor.scope(entity.key, action), actor.scope(entity.key, "view"), key=lambda s: s.rank)
    if scope is Scope.NONE and may_own(entity, actor, action):
        limits = entity.policy.conditions(entity, actor, actor.scope(entity.key, "view"))
        mine = ChangeSet.objects.filter(actor_id=actor.user_id).order_by().values("pk")
        return None if limits is None else (*limits, Condition("created_in", mine))
    return entity.policy.conditions(entity, actor, scope)


def may_own(entity: Entity, actor: Actor, action: str) -> bool:
    """Whether the actor may do this to rows that they made themselves, though not to others'."""
    made = actor.user_id is not None and action in entity.policy.makers_may
    return made and actor.can(entity.key, "create") and actor.can(entity.key, "view")


class NotByOwner(Exception):
    """The rows of this entity are not given out by whose they are."""


def owners(entity: Entity, actor: Actor, action: str) -> tuple[int, ...] | None:
    """The same decision as `conditions`, said as the people at the root whose rows these are: None for everybody's, () for none.

    For copies of rows that carry the root's owner (the marts). Raises NotByOwner for a policy that cannot be said so.
    """
    scope = min(actor.scope(entity.key, action), actor.scope(entity.key, "view"), key=lambda s: s.rank)
    return _owners(entity, actor, scope)


def _owners(entity: Entity, actor: Actor, scope: Scope) -> tuple[int, ...] | None:
    from guanxi.records import catalogue

    if scope is Scope.NONE:
        return ()
    if isinstance(entity.policy, Everyone):
        return None
    if isinstance(entity.policy, Owned):
        return actor.owners(scope)
    if isinstance(entity.policy, Inherits):
        parent = catalogue.get(catalogue.link_target(entity, entity.policy.field))
        return _owners(parent, actor, min(scope, actor.scope(parent.key, "view"), key=lambda s: s.rank))
    raise NotByOwner(entity.key)
