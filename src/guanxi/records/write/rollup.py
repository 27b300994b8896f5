"""Sums of parts kept on the whole (an order's total of its lines): `Rollup` lines of the part's entity."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from guanxi.core.journal.ledger import OpenSet
from guanxi.records import catalogue
from guanxi.records.entity import Entity
from guanxi.records.write import rows


def after(cs: OpenSet, entity: Entity, ids: Collection[int], *, before: Mapping[int, Mapping[str, Any]]) -> None:
    """Bring the wholes of these parts up to date, in the same change set. `before`: the rows as they were, for moved parts."""
    for link in {r.link for r in entity.rollups}:
        column = entity.declared[link].column
        wholes = set(entity.model.all_rows.filter(pk__in=ids).values_list(column, flat=True))
        wholes |= {row[column] for row in before.values()}
        of_wholes(cs, entity, link, {w for w in wholes if w is not None})


def of_wholes(cs: OpenSet, entity: Entity, link: str, wholes: Collection[int]) -> None:
    """Recompute the sums of these wholes from the parts that are live."""
    if not wholes:
        return
    whole = catalogue.get(catalogue.link_target(entity, link))
    column = entity.declared[link].column
    rollups = [r for r in entity.rollups if r.link == link]
    parts = entity.model.all_rows.filter(**{f"{column}__in": list(wholes)}, deleted_in__isnull=True)
    sums = {
        row[column]: row
        for row in parts.values(column).annotate(**{f"sum_{r.field}": Sum(entity.declared[r.of].column) for r in rollups})
    }
    current = rows.lock(whole.model.all_rows.filter(deleted_in__isnull=True), wholes)
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
