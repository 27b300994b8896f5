"""The world that rights are tried in: four places in an organisation, a family of records in each, every cell marked.

me         the person whose role changes; sits in North
colleague  in North too
below      in a department below North
elsewhere  in South

Each place owns one record of every entity (a company and a person among them), all fields filled, then all changed once,
so that old values are in the journal, and one record that was deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from guanxi.core.access import SYSTEM, Actor, acting, actor_for
from guanxi.core.access.models import Role
from guanxi.core.identity.models import User
from guanxi.core.org import versions
from guanxi.records import catalogue, custom, policy, write
from guanxi.records.entity import Entity
from tests import make
from tests.make import samples

PLACES = ("me", "colleague", "below", "elsewhere")
#: Custom fields that every entity gets: one of each class. Their values are marked like all others.
EXTRA = {
    "x_open": ("text", "public"),
    "x_inside": ("money", "internal"),
    "x_private": ("phone", "personal"),
    "x_locked": ("text", "secret"),
}


@dataclass(frozen=True)
class Token:
    """One value of one cell. `old`: it was overwritten, so only the journal has it. `gone`: its record was deleted."""

    mark: samples.Mark
    entity: str
    record: int
    field: str
    place: str
    old: bool = False
    gone: bool = False


@dataclass
class World:
    people: dict[str, User] = field(default_factory=dict)
    records: dict[tuple[str, str], list[int]] = field(default_factory=dict)  # (entity, place) → live ids
    deleted: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)

    def of(self, entity: str, place: str) -> int:
        return self.records[entity, place][0]

    def every(self, entity: str) -> Iterator[tuple[str, int]]:
        for place in PLACES:
            for id_ in self.records[entity, place]:
                yield place, id_

    def as_role(self, key: str) -> Actor:
        """`me` with this role and no other ("" for none)."""
        me = self.people["me"]
        me.roles.set(Role.objects.filter(key=key))
        return actor_for(User.objects.get(pk=me.pk))


def shared(entity: Entity) -> bool:
    """Whether the rows of an entity are everybody's."""
    return isinstance(entity.policy, policy.Everyone)


def build(marked: Callable[[Entity, str], bool] = lambda e, k: True) -> World:
    world = World()
    north, south = make.department("North"), make.department("South")
    team = make.department("North team", parent=north)
    for place, department in zip(PLACES, (north, north, team, south), strict=True):
        world.people[place] = make.user("", username=f"{place}-person", name=f"Person {place}", department=department)
    north.manager = make.user("", username="manager-person", name="Person manager", department=None)
    north.save(update_fields=["manager"])
    world.people["manager"] = north.manager
    for entity in catalogue.every():
        for key, (kind, sensitivity) in EXTRA.items():
            options = {"currency": "CNY"} if kind == "money" else {}
            custom.define(SYSTEM, entity, kind=kind, label_zh=key, label_en=key, key=key, options=options, sensitivity=sensitivity,
                          search=kind != "money")  # fmt: skip
    versions.refresh()
    maker = samples.Maker()
    with acting(SYSTEM):
        for place in PLACES:
            _family(world, maker, place)
        relation = catalogue.get("customers.relation")
        for place, other in zip(PLACES, reversed(PLACES), strict=True):
            # The other side lies elsewhere: what it is called is not for whoever sees this side only.
            write.save(
                SYSTEM,
                relation,
                {"other": world.of("customers.account", other)},
                id=world.of("customers.relation", place),
            )
    return world


def _family(world: World, maker: samples.Maker, place: str) -> None:
    maker.links, maker.user = {}, world.people[place].pk
    maker.tags = []
    entities = sorted(catalogue.every(), key=lambda e: (e.key != "records.tag", not shared(e)))
    for entity in entities:
        if entity.key == "records.tag":
            tag = _make(world, maker, entity, place)
            maker.tags = [tag]
            world.tags.append(tag)
            continue
        first = _make(world, maker, entity, place)
        if entity.key == "customers.account":
            _make(world, maker, entity, place, person=True)
        maker.links[entity.key] = first
    for entity in entities:
        if entity.key == "customers.contact" or not any(True for _ in catalogue.links_to(entity)):
            doomed = _make(world, maker, entity, place, gone=True)
            write.delete(SYSTEM, entity, doomed)


def _make(
    world: World, maker: samples.Maker, entity: Entity, place: str, *, person: bool = False, gone: bool = False
) -> int:
    """A record with every field filled, then every field changed."""
    owner = {entity.policy.owner_field: world.people[place].pk} if entity.policy.owner_field else {}
    links = dict(maker.links)
    if entity.key == "customers.relation":
        owner["other"] = world.records["customers.account", place][1]
    if entity.key == "engagement.attachment":
        owner |= {"about_entity": "customers.account", "about": world.of("customers.account", place)}
    more: dict[str, Any] = {}
    id_ = None
    for old in (True, False):
        values, marks = maker.values(entity, **owner)
        if person:
            full = {
                **values,
                **{
                    k: maker.value(f)[0]
                    for k, f in entity.declared.items()
                    if k in ("gender", "birth_date", "id_number", "employer")
                },
            }
            for key in ("birth_date", "id_number", "employer"):
                value, seen = maker.value(entity.declared[key])
                full[key], marks[key] = value, seen
            full |= samples.person(full)
            values = {k: v for k, v in full.items() if v is not None}
        id_ = write.save(SYSTEM, entity, {**values, **more}, id=id_).id
        every = custom.fields(entity)
        for key, found in marks.items():
            if key in values and not every[key].read_only:
                world.tokens += [Token(m, entity.key, id_, key, place, old, gone) for m in found]
    assert id_ is not None
    maker.links = links
    (world.deleted if gone else world.records).setdefault((entity.key, place), []).append(id_)
    return id_
