"""Trees of records that name the one above in `parent`: categories, groups of companies.

Nothing about the tree is stored beside that link, so nothing can go stale when a branch is moved, undone or imported. Trees
of categories are small and read whole; what lies below one company is read level by level.
"""

from __future__ import annotations

from collections.abc import Iterable

from guanxi.core.access import Actor
from guanxi.records.entity import Entity
from guanxi.records.read import visible

DEEPEST = 50


def below(actor: Actor, entity: Entity, ids: Iterable[int]) -> set[int]:
    """These records and everything below them that the actor may see; one query a level."""
    found = level = set(visible(entity, actor).filter(pk__in=list(ids)).values_list("pk", flat=True))
    for _ in range(DEEPEST):
        level = set(visible(entity, actor).filter(parent__in=level).values_list("pk", flat=True)) - found
        if not level:
            break
        found = found | level
    return found


def paths(actor: Actor, entity: Entity, *, separator: str = " / ") -> dict[int, str]:
    """{id: names from the root} of a whole tree, for small ones: 零售商品 / 食品杂货 / 冰激凌."""
    rows = {
        pk: (name, above) for pk, name, above in visible(entity, actor).values_list("pk", entity.title, "parent_id")
    }
    known: dict[int, str] = {}

    def path(pk: int, depth: int = 0) -> str:
        if pk not in known:
            name, above = rows[pk]
            known[pk] = f"{path(above, depth + 1)}{separator}{name}" if above in rows and depth < DEEPEST else name
        return known[pk]

    for pk in rows:
        path(pk)
    return known
