"""Deleting: soft, a change like any other, parts along with the whole."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet

from guanxi.core.access.actor import Actor
from guanxi.core.journal.ledger import Line, OpenSet, change_set
from guanxi.core.journal.models import Door, Op
from guanxi.kit.problems import Problem
from guanxi.kit.results import Balance
from guanxi.records import catalogue, search
from guanxi.records.entity import Entity
from guanxi.records.read.door import Hidden, visible
from guanxi.records.write import rollup, rows
from guanxi.records.write.again import patiently
from guanxi.records.write.errors import Conflict, Invalid, Refused

DELETED = "deleted_in"  # what the journal says was before a record came back
FEW = 50  # up to so many, each deleted record has a line of its own


@dataclass(frozen=True)
class Deleted:
    """`rows`: deleted, without their parts. `skipped`: seen, but not to be deleted by this actor."""

    change_set: int
    rows: int
    skipped: int = 0

    @property
    def balance(self) -> Balance:
        return Balance(read=self.rows + self.skipped, updated=self.rows, skipped=self.skipped).check()


@patiently
def delete(
    actor: Actor,
    entity: Entity,
    id: int,  # noqa: A002
    *,
    version: int | None = None,
    door: Door = Door.PAGE,
    reason: str = "",
) -> Deleted:
    """Delete one record and its parts. Raises Hidden, Refused, Conflict (changed since `version`), Invalid (still used)."""
    with change_set(actor, door=door, action="delete", entity=entity.key, record=id, reason=reason) as cs:
        row = rows.lock(visible(entity, actor, "delete"), [id], whole=True).get(id)
        if row is None:
            if visible(entity, actor).filter(pk=id).exists():
                raise Refused(f"{entity.key} {id}: delete")
            raise Hidden(f"{entity.key} {id}")
        if version is not None and version != row["version"]:
            raise Conflict(row["version"], ())
        return Deleted(cs.id, _delete(cs, entity, [id]))


@patiently
def delete_many(
    actor: Actor,
    entity: Entity,
    selected: QuerySet[Any],
    *,
    door: Door = Door.PAGE,
    reason: str = "",
    progress: Callable[[int, int], None] | None = None,
    finish: Callable[[Deleted], None] | None = None,
) -> Deleted:
    """Delete all of `selected` that the actor may delete, as one change set. Raises Invalid when one is still used.

    `finish` is called inside the transaction, as its last step.
    """
    with change_set(actor, door=door, action="delete", entity=entity.key, reason=reason) as cs:
        total = selected.order_by().count()
        allowed = visible(entity, actor, "delete").filter(pk__in=selected.order_by().values("pk"))
        ids = list(allowed.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        done = 0
        for start in range(0, len(ids), rows.CHUNK):
            done += _delete(cs, entity, ids[start : start + rows.CHUNK])
            if progress:
                progress(min(start + rows.CHUNK, len(ids)), len(ids))
        gone = Deleted(cs.id, done, max(0, total - done))
        cs.balance = gone.balance.to_dict()
        if finish:
            finish(gone)
        return gone


def _delete(cs: OpenSet, entity: Entity, ids: Collection[int]) -> int:
    for other, field in catalogue.links_to(entity):
        parts = other.model.all_rows.filter(**{f"{field.column}__in": list(ids)}, deleted_in__isnull=True)
        if other is entity:
            parts = parts.exclude(pk__in=list(ids))
        if field.on_delete == "cascade":
            found = list(parts.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
            if found:
                _delete(cs, other, found)
        elif field.on_delete == "protect" and parts.exists():
            seen = parts.filter(pk__in=visible(other, cs.actor).values("pk")).count()
            named = Problem("delete.used", {"count": seen, "target": str(other.label_plural)})
            raise Invalid({"": [named if seen else Problem("delete.used_elsewhere")]})
    return mark(cs, entity, ids)


def mark(cs: OpenSet, entity: Entity, ids: Collection[int]) -> int:
    """Mark live rows as deleted by this change set, with their journal lines; returns how many. Rights were checked before."""
    chosen = entity.model.all_rows.filter(pk__in=list(ids))
    wholes = {r.link: set(chosen.values_list(entity.declared[r.link].column, flat=True)) for r in entity.rollups}
    n = mark_rows(cs, entity, ids)
    journal(cs, entity, Op.DELETE, ids, n)
    for link, affected in wholes.items():
        rollup.of_wholes(cs, entity, link, affected)
    return n


def mark_rows(cs: OpenSet, entity: Entity, ids: Collection[int]) -> int:
    """Only the rows and their search tokens; journal and sums are the caller's."""
    live = entity.model.all_rows.filter(pk__any_of=list(ids), deleted_in__isnull=True)
    n = live.update(deleted_in=cs.id, version=F("version") + 1)
    search.forget(ids)
    return n


def restore_rows(cs: OpenSet, entity: Entity, ids: Collection[int]) -> int:
    """Bring deleted rows back, each with a journal line that says which change set had deleted it; sums are the caller's."""
    chosen = entity.model.all_rows.filter(pk__any_of=list(ids), deleted_in__isnull=False)
    was = dict(chosen.values_list("pk", "deleted_in"))
    n = chosen.update(deleted_in=None, version=F("version") + 1)
    cs.add(*(Line(entity.key, id_, Op.RESTORE, {DELETED: was[id_]}, {DELETED: None}) for id_ in sorted(was)))
    search.index(entity, ids)
    return n


def journal(cs: OpenSet, entity: Entity, op: Op, ids: Collection[int], n: int) -> None:
    """A line each for a few records, one batch line for many. A batch names a range; `deleted_in` says which rows of it."""
    if n <= FEW and len(ids) == n:
        cs.add(*(Line(entity.key, id_, op) for id_ in sorted(ids)))
    elif n:
        cs.batch(entity.key, op, first=min(ids), last=max(ids), rows=n)
