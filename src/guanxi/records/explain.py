"""Why somebody sees a record, or does not: their roles, how far each reaches, where the record stands, and what they get of each field.

It only tells what `policy` and `rights` decide; the verdicts are asked of the read door itself, so that they cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass

from guanxi.core.access.actor import ROLES, Actor
from guanxi.core.access.models import Level, Role, Scope
from guanxi.core.identity.models import User
from guanxi.records import catalogue, custom, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.policy import Inherits
from guanxi.records.read.door import visible

ACTIONS = ("view", "edit", "delete", "assign", "export", "unmask")
NEAR = (Scope.OWN, Scope.DEPARTMENT, Scope.SUBTREE)


@dataclass(frozen=True)
class Reach:
    """How far a role reaches for an action."""

    role: str
    scope: Scope


@dataclass(frozen=True)
class Right:
    """One action on this record: whether it is allowed, and what each role gives for it."""

    action: str
    allowed: bool
    reaches: tuple[Reach, ...]


@dataclass(frozen=True)
class FieldRight:
    """What the person gets of a field, and the roles that give it."""

    field: Field
    level: Level
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """`through`: entities that the record's owner is inherited from, nearest first. `owner`: None for nobody's and for shared
    rows. `owned`: whether rows of this entity have owners at all. `distance`: the narrowest scope that the owner lies in; ALL
    when they are outside of everything narrower.
    """

    through: tuple[Entity, ...]
    owned: bool
    owner: User | None
    distance: Scope
    rights: tuple[Right, ...]
    fields: tuple[FieldRight, ...]


def explain(entity: Entity, actor: Actor, id: int) -> Explanation:  # noqa: A002
    """Why `actor` gets what they get of this record. Whoever asks must have been let to the record, and to the roles, before."""
    names = dict(Role.objects.filter(pk__in=actor.role_ids).values_list("pk", "name"))
    given = ROLES.get()
    roles = [(names[r], given[r]) for r in actor.role_ids if r in names and r in given]
    found = []
    for action in ACTIONS:
        reaches = tuple(Reach(name, role.scope(entity.key, action)) for name, role in roles)
        allowed = actor.can(entity.key, action) and visible(entity, actor, action).filter(pk=id).exists()
        found.append(Right(action, allowed, tuple(r for r in reaches if r.scope is not Scope.NONE)))
    fields = []
    for field in custom.fields(entity).values():
        level = rights.level(actor, field)
        by = tuple(
            name for name, role in roles
            if level is not Level.HIDDEN and role.level(entity.key, field.sensitivity, field.key).rank >= level.rank
        )  # fmt: skip
        fields.append(FieldRight(field, level, by))
    through, top, top_id = _top(entity, id)
    owner_field = top.policy.owner_field
    owner_id = (
        top.model.all_rows.filter(pk=top_id).values_list(f"{owner_field}_id", flat=True).first()
        if owner_field
        else None
    )
    owner = User.objects.filter(pk=owner_id).first() if owner_id else None
    distance = next((s for s in NEAR if owner is not None and owner.pk in (actor.owners(s) or ())), Scope.ALL)
    return Explanation(through, bool(owner_field), owner, distance, tuple(found), tuple(fields))


def _top(entity: Entity, id: int) -> tuple[tuple[Entity, ...], Entity, int | None]:  # noqa: A002
    """The record whose owner decides: this one, or the one it belongs to."""
    through: list[Entity] = []
    here: int | None = id
    while isinstance(entity.policy, Inherits) and here is not None:
        link = entity.policy.field
        here = entity.model.all_rows.filter(pk=here).values_list(f"{link}_id", flat=True).first()
        entity = catalogue.get(catalogue.link_target(entity, link))
        through.append(entity)
    return tuple(through), entity, here
