"""Trees of records (categories): which entities are one, and moving, ordering and merging their nodes through the write door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal.ledger import change_set
from guanxi.kit.problems import Problem
from guanxi.kit.results import Balance
from guanxi.records import catalogue, kinds, rights, sql
from guanxi.records.entity import Entity, Field
from guanxi.records.read.door import Hidden, visible
from guanxi.records.write import Conflict, Invalid, delete, edit_many, save

LARGEST = 3_000
PARENT, POSITION = "parent", "position"
Progress = Callable[[int, int], None]


@dataclass
class Node:
    """A record in its tree. `hidden_above`: its parent lies outside the actor's range, so it stands at the top."""

    id: int
    name: str
    code: str
    parent: int | None
    depth: int
    version: int
    children: int = 0
    counts: tuple[tuple[str, str, int], ...] = ()


def is_tree(entity: Entity) -> bool:
    """Whether records of this entity stand in an order below each other: a link to itself and a position."""
    link = entity.declared.get(PARENT)
    return (
        link is not None
        and POSITION in entity.declared
        and isinstance(link.kind, kinds.Link)
        and link.kind.target == entity.key
    )


def every() -> Iterator[Entity]:
    yield from (entity for entity in catalogue.every() if is_tree(entity))


def uses(actor: Actor, entity: Entity) -> Iterator[tuple[Entity, Field]]:
    """Fields of other entities that point into this tree and that the actor may read."""
    for other, field in catalogue.links_to(entity):
        if other is not entity and actor.can(other.key, "view") and rights.level(actor, field).rank >= Level.READ.rank:
            yield other, field


def nodes(actor: Actor, entity: Entity) -> list[Node]:
    """The tree in reading order, as far as the actor may see it; cut at LARGEST. Counts cost one query a use."""
    names = [entity.title, PARENT + "_id", POSITION, "version", *(["code"] if "code" in entity.declared else [])]
    rows = list(visible(entity, actor).order_by(POSITION, entity.title, "pk").values("pk", *names)[:LARGEST])
    known = {row["pk"] for row in rows}
    below: dict[int | None, list[dict[str, Any]]] = {}
    for row in rows:
        parent = row[PARENT + "_id"]
        below.setdefault(parent if parent in known else None, []).append(row)
    counts: dict[int, list[tuple[str, str, int]]] = {}
    for other, field in uses(actor, entity):
        found = visible(other, actor).filter(**{f"{field.column}__isnull": False}).order_by()
        for pk, n in found.values_list(field.column).annotate(n=Count("pk")):
            counts.setdefault(pk, []).append((other.key, field.key, n))
    result: list[Node] = []
    stack = [(0, row) for row in reversed(below.get(None, []))]
    while stack:
        depth, row = stack.pop()
        children = below.get(row["pk"], [])
        result.append(
            Node(row["pk"], row[entity.title], row.get("code") or "", row[PARENT + "_id"], depth, row["version"],
                 len(children), tuple(counts.get(row["pk"], ())))
        )  # fmt: skip
        stack += [(depth + 1, child) for child in reversed(children)]
    return result


def place(
    actor: Actor,
    entity: Entity,
    id: int,  # noqa: A002
    *,
    parent: int | None,
    before: int | None,
    was_parent: int | None,
) -> int | None:
    """Put a node under `parent` (None: the top) before its sibling `before` (None: last); returns the change set.

    Raises Conflict when somebody moved it meanwhile (it no longer stands under `was_parent`), Hidden, Invalid, Refused.
    """
    with change_set(actor, action="edit", entity=entity.key, record=id) as cs:
        sql.lock_tree(entity)
        row = visible(entity, actor, "edit").filter(pk=id).values("pk", "version", PARENT + "_id").first()
        if row is None:
            raise Hidden(f"{entity.key} {id}")
        if row[PARENT + "_id"] != was_parent:
            raise Conflict(row["version"], ())
        siblings = [
            found for found in visible(entity, actor).filter(**{PARENT + "_id": parent})
            .order_by(POSITION, entity.title, "pk").values("pk", POSITION, "version") if found["pk"] != id
        ]  # fmt: skip
        at = next((i for i, found in enumerate(siblings) if found["pk"] == before), len(siblings))
        order: list[Any] = [*siblings[:at], None, *siblings[at:]]
        raw: dict[str, Any] = {POSITION: at}
        if parent != was_parent:
            raw[PARENT] = parent
        save(actor, entity, raw, id=id, version=row["version"])
        for position, found in enumerate(order):
            if found is not None and found[POSITION] != position:
                save(actor, entity, {POSITION: position}, id=found["pk"], version=found["version"])
        return cs.id if cs.lines else None


def merge(actor: Actor, entity: Entity, id: int, into: int, *, progress: Progress | None = None) -> tuple[int, Balance]:  # noqa: A002
    """Everything under and in node `id` moves to `into`, and `id` is deleted: one change set. Returns it and the balance.

    Raises Invalid when something that points to the node may not be changed by the actor: then nothing is.
    """
    read = updated = unchanged = 0
    with change_set(actor, action="bulk", entity=entity.key, record=id, detail={"merged_into": into}) as cs:
        sql.lock_tree(entity)
        both = set(visible(entity, actor, "edit").filter(pk__in=(id, into)).values_list("pk", flat=True))
        if both != {id, into}:
            raise Hidden(f"{entity.key} {id} {into}")
        if id in _above(entity, into):
            raise Invalid({PARENT: [Problem("link.itself")]})
        for other, field in catalogue.links_to(entity):
            if other is entity:
                continue
            if other.model.all_rows.filter(**{field.column: id}, deleted_in__isnull=True).exists():
                selected = visible(other, actor).filter(**{field.column: id})
                done = edit_many(actor, other, selected, {field.key: into}, progress=progress)
                read, updated, unchanged = (
                    read + done.balance.read, updated + done.balance.updated, unchanged + done.balance.unchanged,
                )  # fmt: skip
                if done.held:
                    raise Invalid({"": [Problem("tree.held", {"n": len(done.held)})]})
        for child in list(visible(entity, actor).filter(**{PARENT + "_id": id}).values_list("pk", flat=True)):
            save(actor, entity, {PARENT: into}, id=child)
            read, updated = read + 1, updated + 1
        delete(actor, entity, id)
        balance = Balance(read=read, updated=updated, unchanged=unchanged)
        cs.balance = balance.check().to_dict()
        return cs.id, balance


def _above(entity: Entity, id: int) -> set[int]:  # noqa: A002
    """The ids of the nodes over this one, itself included."""
    found: set[int] = set()
    at: int | None = id
    while at is not None and at not in found:
        found.add(at)
        at = entity.model.all_rows.filter(pk=at).values_list(PARENT + "_id", flat=True).first()
    return found
