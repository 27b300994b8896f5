"""What a person may choose from when they make a tile: objects, figures, and things to split by."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.utils.translation import gettext as _

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.insight import questions
from guanxi.insight.questions import FIRST, FIRST_OF, REGION, Dimension
from guanxi.records import catalogue, kinds, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.read import BadQuery
from guanxi.records.rights import UnknownField

UNIT_NAMES: dict[str, Callable[[], str]] = {
    "day": lambda: _("by day"), "week": lambda: _("by week"), "month": lambda: _("by month"),
    "quarter": lambda: _("by quarter"), "year": lambda: _("by year"),
}  # fmt: skip


def entities(actor: Actor) -> list[Entity]:
    return [e for e in catalogue.every() if actor.can(e.key, "view")]


def _readable(actor: Actor, entity: Entity) -> Iterator[Field]:
    for f in rights.readable(actor, entity).values():
        if rights.level(actor, f).rank >= Level.READ.rank and not f.computed and not f.secret:
            yield f


def measures(actor: Actor, entity: Entity) -> list[tuple[str, str]]:
    """(measure, its name)."""
    found = [("count", _("Number of records"))]
    for f in _readable(actor, entity):
        if isinstance(f.kind, kinds.Number):
            found.append((f"sum:{f.key}", _("Sum of %(field)s") % {"field": f.label}))
            found.append((f"avg:{f.key}", _("Average of %(field)s") % {"field": f.label}))
        elif isinstance(f.kind, kinds.Link) and not f.kind.many and not f.custom:
            found.append((f"distinct:{f.key}", _("Different: %(field)s") % {"field": f.label}))
    return found


def measure_name(actor: Actor, entity: Entity, measure: str) -> str:
    return dict(measures(actor, entity)).get(measure, measure)


def dimensions(actor: Actor, entity: Entity) -> list[tuple[str, str]]:
    """(dimension, its name): fields of the object and of what it belongs to; dates in every unit."""
    paths: list[str] = []
    for f in _readable(actor, entity):
        paths.append(f.key)
        if isinstance(f.kind, kinds.Link) and not f.kind.many and not f.custom and f.kind.target != "core.user":
            target = catalogue.get(f.kind.target)
            if target.key != entity.key and actor.can(target.key, "view"):
                paths += [f"{f.key}.{below.key}" for below in _readable(actor, target) if not below.custom]
    if entity.key in FIRST_OF:
        paths.append(f"{FIRST_OF[entity.key]}.{FIRST}".lstrip("."))
    if entity.key in REGION:
        paths.append(REGION[entity.key])
    found = []
    for path in paths:
        try:
            by = questions.dimension(actor, entity, path)
        except (BadQuery, UnknownField):
            continue
        if by.dated:
            found += [(f"{path}:{unit}", f"{name_of(by)} · {word()}") for unit, word in UNIT_NAMES.items()]
        else:
            found.append((path, name_of(by)))
    return found


def name_of(by: Dimension) -> str:
    """Customer › Status; Customer › Address: province."""
    if by.path.first:
        own = _("First order or returning")
    else:
        own = str(by.field.label)
        if by.path.part == "province":
            own = _("%(field)s: province") % {"field": own}
        elif by.path.part:
            own = _("%(field)s: city") % {"field": own}
    return " › ".join([*(str(h.label) for h in by.path.hops), own])
