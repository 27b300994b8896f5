"""What an actor gets of each field: the only place that turns roles into fields."""

from __future__ import annotations

from collections.abc import Mapping

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.records import catalogue, custom, kinds
from guanxi.records.entity import Entity, Field


class UnknownField(LookupError):
    """No such field, or none for this actor: the same error, word for word, whichever it is."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return f"Unknown field: {self.key}"


def level(actor: Actor, field: Field) -> Level:
    """How much of `field` the actor gets; computed and read-only fields are never editable."""
    found = actor.level(field.entity, field.sensitivity, field.key)
    if isinstance(field.kind, kinds.Computed):
        # What is worked out of hidden values would tell them.
        sources = catalogue.get(field.entity).declared
        found = min((found, *(level(actor, sources[key]) for key in field.kind.of)), key=lambda v: v.rank)
    if found is Level.EDIT and field.read_only:
        return Level.READ
    return found


def readable(actor: Actor, entity: Entity) -> Mapping[str, Field]:
    """Fields the actor knows of: at least masked, in order."""
    return {k: f for k, f in custom.fields(entity).items() if level(actor, f) is not Level.HIDDEN}


def editable(actor: Actor, entity: Entity) -> Mapping[str, Field]:
    return {k: f for k, f in custom.fields(entity).items() if level(actor, f) is Level.EDIT}


def field(actor: Actor, entity: Entity, key: str, need: Level = Level.READ) -> Field:
    """The field under this key, if the actor gets at least `need` of it; else UnknownField.

    Filtering, sorting, grouping and searching need READ: comparing with a masked value would tell what it hides.
    """
    found = custom.fields(entity).get(key)
    if found is None or level(actor, found).rank < need.rank:
        raise UnknownField(key)
    return found
