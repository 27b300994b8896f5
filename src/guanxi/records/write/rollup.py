"""Sums of parts kept on the whole (an order's total of its lines): `Rollup` lines of the part's entity."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from guanxi.core.journal.ledger import OpenSet
from guanxi.core.journal.models import Op
from guanxi.records import catalogue, sql
from guanxi.records.entity import Entity, Rollup
from guanxi.records.write import rows

CHUNK = 20_000
FEW = 50


def after(cs: OpenSet, entity: Entity, ids: Collection[int], *, before: Mapping[int, Mapping[str, Any]]) -> None:
    """Bring the wholes of these parts up to date, in the same change set. `before`: the rows as they were, for moved parts."""
    for link in {r.link for r in entity.rollups}:
        column = entity.declared[link].column
        wholes = set(entity.model.all_rows.filter(pk__in=ids).values_list(column, flat=True))
        wholes |= {row[column] for row in before.values()}
        of_wholes(cs, entity, link, {w for w in wholes if w is not None})


def of_wholes(cs: OpenSet, entity: Entity, link: str, wholes: Collection[int]) -> None:
    """Recompute the sums of these wholes from the parts that are live."""
    wholes = list(wholes)
    if len(wholes) > CHUNK:
        for start in range(0, len(wholes), CHUNK):
            of_wholes(cs, entity, link, wholes[start : start + CHUNK])
        return
    if not wholes:
        return
    whole = catalogue.get(catalogue.link_target(entity, link))
    column = entity.declared[link].column
    rollups = [r for r in entity.rollups if r.link == link]
    # First the locks, then the sums: whoever waited here for another's parts must see them.
    fresh = _of_fresh(cs, entity, whole, rollups, column, wholes)
    current = rows.lock(whole.model.all_rows.filter(deleted_in__isnull=True), set(wholes) - fresh)
    parts = entity.model.all_rows.filter(**{f"{column}__in": list(current)}, deleted_in__isnull=True)
    sums = {
        row[column]: row
        for row in parts.values(column).annotate(
            **{f"sum_{r.field}": Sum(entity.declared[r.of].column) for r in rollups}
        )
    }
    wanted = {
        id_: {
            r.field: whole.declared[r.field].kind.to_json(
                (sums[id_][f"sum_{r.field}"] if id_ in sums else None) or Decimal(0)
            )
            for r in rollups
        }
        for id_ in current
    }
    rows.update(cs, whole, current, wanted)


def _of_fresh(
    cs: OpenSet, entity: Entity, whole: Entity, rollups: list[Rollup], column: str, wholes: Collection[int]
) -> set[int]:
    """Wholes that this change set itself created in bulk get their sums in one statement and one batch line.

    Their values as created are not in the journal line by line either: undoing the set takes the rows away altogether.
    """
    fresh = set(
        whole.model.all_rows.filter(pk__in=list(wholes), created_in=cs.id, version=1).values_list("pk", flat=True)
    )
    if len(fresh) < FEW:
        return set()
    n = sql.sum_parts(entity, column, whole, {r.field: entity.declared[r.of].column for r in rollups}, fresh)
    if n:
        cs.batch(whole.key, Op.UPDATE, first=min(fresh), last=max(fresh), rows=n)
    return fresh
