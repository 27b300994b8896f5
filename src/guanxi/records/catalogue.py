"""The catalogue: every entity of the house. `site.catalogue` fills it once; tests, docs, API and pages iterate it."""

from __future__ import annotations

from collections.abc import Iterator

from guanxi.records import kinds
from guanxi.records.base import Record
from guanxi.records.entity import Entity, Field, WrongDeclaration

_entities: dict[str, Entity] = {}
_by_model: dict[type[Record], Entity] = {}


class UnknownEntity(LookupError):
    """There is no such entity, or not for this actor: fronts answer 404."""


def register(*entities: Entity) -> None:
    for entity in entities:
        if entity.key in _entities and _entities[entity.key] is not entity:
            raise WrongDeclaration(f"{entity.key}: declared twice")
        _entities[entity.key] = entity
        _by_model[entity.model] = entity


def every() -> Iterator[Entity]:
    yield from _entities.values()


def get(key: str) -> Entity:
    try:
        return _entities[key]
    except KeyError:
        raise UnknownEntity(key) from None


def of(model: type[Record]) -> Entity:
    try:
        return _by_model[model]
    except KeyError:
        raise WrongDeclaration(
            f"{model._meta.label}: is a Record but no entity of the catalogue; list it in site/catalogue.py"
        ) from None


def link_target(entity: Entity, key: str) -> str:
    """The entity key that a link field points to."""
    kind = entity.declared[key].kind
    if not isinstance(kind, kinds.Link):
        raise WrongDeclaration(f"{entity.key}.{key}: is no link")
    return kind.target


def links_to(target: Entity) -> Iterator[tuple[Entity, Field]]:
    """Every declared (entity, field) that points to `target` with a foreign key."""
    for entity in every():
        for field in entity.declared.values():
            if isinstance(field.kind, kinds.Link) and not field.kind.many and field.kind.target == target.key:
                yield entity, field
