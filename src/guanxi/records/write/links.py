"""Live records never point to deleted ones: links are held while they are written, and looked at before anything goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from guanxi.records import catalogue, kinds, sql
from guanxi.records.entity import Entity, Field


def of(entity: Entity) -> list[Field]:
    """The declared links of an entity to one record each; those that may outlive their target (`keep`) do not count."""
    return [
        f
        for f in entity.declared.values()
        if isinstance(f.kind, kinds.Link)
        and not f.kind.many
        and f.kind.target != "core.user"
        and f.on_delete != "keep"
        and not f.computed
    ]


def hold(link: Field, ids: Collection[int]) -> set[int]:
    """Which of these targets are live; they stay so until the transaction ends."""
    assert isinstance(link.kind, kinds.Link)
    if not ids:
        return set()
    return sql.hold(catalogue.get(link.kind.target), ids)


def standing(entity: Entity, rows: Iterable[Mapping[str, Any]]) -> tuple[set[int], set[int]]:
    """Of these rows (column values): ids whose every link leads to a live record, and ids that only lack one of their own kind."""
    rows = list(rows)
    lost: set[int] = set()
    own: set[int] = set()
    for link in of(entity):
        live = hold(link, {row[link.column] for row in rows if row[link.column] is not None})
        missing = {row["id"] for row in rows if row[link.column] is not None and row[link.column] not in live}
        if link.kind.target == entity.key:  # type: ignore[attr-defined]  # `of` gives links only
            own |= missing
        else:
            lost |= missing
    return {row["id"] for row in rows} - lost - own, own - lost


def used(entity: Entity, ids: Collection[int]) -> set[int]:
    """Which of these records live ones belong to that are not among them."""
    found: set[int] = set()
    ids = set(ids)
    if not ids:
        return found
    for other, link in catalogue.links_to(entity):
        if link.on_delete == "keep":
            continue
        if max(ids) - min(ids) < 4 * len(ids):  # a batch of an import: by range, whatever the planner believes
            wanted: dict[str, Any] = {f"{link.column}__gte": min(ids), f"{link.column}__lte": max(ids)}
        else:
            wanted = {f"{link.column}__any_of": list(ids)}
        parts = other.model.all_rows.filter(**wanted, deleted_in__isnull=True)
        if other is entity:
            parts = parts.exclude(pk__any_of=list(ids))
        found.update(parts.order_by().values_list(link.column, flat=True).distinct())
    return found & ids
