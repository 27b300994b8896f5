"""What a person opened lately and what they pinned: ids only, so that what is shown of a record is always read with today's rights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from guanxi.core.access.actor import Actor
from guanxi.records import catalogue
from guanxi.records.entity import Entity
from guanxi.records.models import Mark
from guanxi.records.read.cells import names_of
from guanxi.records.read.door import Hidden, visible

KEPT = 50  # recent records of a person; older ones are forgotten
PINS = 30


@dataclass(frozen=True)
class Marked:
    """A record a person may see: what it is called now."""

    entity: Entity
    id: int
    title: str
    pinned: bool


def opened(actor: Actor, entity: Entity, id: int) -> None:  # noqa: A002
    """Remember that this person looked at a record; raises Hidden for one they may not see."""
    me = _me(actor, entity, id)
    now = timezone.now()
    Mark.objects.update_or_create(
        user_id=me,
        record=id,
        defaults={"opened_at": now},
        create_defaults={"entity": entity.key, "opened_at": now},
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM records_mark WHERE user_id = %s AND pinned_at IS NULL AND id NOT IN"
            " (SELECT id FROM records_mark WHERE user_id = %s AND pinned_at IS NULL ORDER BY opened_at DESC LIMIT %s)",
            [me, me, KEPT],
        )


def pin(actor: Actor, entity: Entity, id: int, *, on: bool = True) -> None:  # noqa: A002
    """Pin a record or take the pin away; raises Hidden for one they may not see. Beyond PINS the oldest pin goes."""
    if not on:
        Mark.objects.filter(user_id=actor.user_id or 0, record=id, entity=entity.key).update(pinned_at=None)
        return
    me = _me(actor, entity, id)
    now = timezone.now()
    Mark.objects.update_or_create(
        user_id=me,
        record=id,
        defaults={"pinned_at": now},
        create_defaults={"entity": entity.key, "pinned_at": now},
    )
    beyond = Mark.objects.filter(user_id=me, pinned_at__isnull=False).order_by("-pinned_at")
    old = list(beyond.values_list("pk", flat=True)[PINS:])
    Mark.objects.filter(pk__in=old).update(pinned_at=None)


def _me(actor: Actor, entity: Entity, id: int) -> int:  # noqa: A002
    if actor.user_id is None or not visible(entity, actor).filter(pk=id).exists():
        raise Hidden(f"{entity.key} {id}")
    return actor.user_id


def is_pinned(actor: Actor, id: int) -> bool:  # noqa: A002
    return (
        _ask("SELECT 1, '' FROM records_mark WHERE user_id = %s AND record = %s AND pinned_at IS NOT NULL", actor, id)
        != []
    )


def pinned(actor: Actor) -> list[Marked]:
    """What this person pinned and may still see, in the order of pinning."""
    rows = _ask(
        "SELECT record, entity FROM records_mark WHERE user_id = %s AND pinned_at IS NOT NULL ORDER BY pinned_at", actor
    )
    return _named(actor, rows, pinned=True)


def recent(actor: Actor, limit: int = 8) -> list[Marked]:
    """What this person opened lately and may still see, the latest first."""
    rows = _ask(
        "SELECT record, entity FROM records_mark WHERE user_id = %s AND opened_at IS NOT NULL ORDER BY opened_at DESC LIMIT %s",
        actor, 2 * limit,
    )  # fmt: skip
    return _named(actor, rows)[:limit]


def recent_ids(actor: Actor) -> list[int]:
    """Ids of what was opened lately or is pinned, without asking for rights: only to be compared with ids that were."""
    return [row[0] for row in _ask("SELECT record, entity FROM records_mark WHERE user_id = %s", actor)]


def _ask(statement: str, actor: Actor, *more: int) -> list[tuple[int, str]]:
    if actor.user_id is None:
        return []
    with connection.cursor() as cursor:  # without the ORM: this runs at every page
        cursor.execute(statement, [actor.user_id, *more])
        rows: list[tuple[int, str]] = cursor.fetchall()
    return rows


def _named(actor: Actor, rows: Iterable[tuple[int, str]], *, pinned: bool = False) -> list[Marked]:
    by_entity: dict[str, list[int]] = {}
    for record, key in rows:
        by_entity.setdefault(key, []).append(record)
    titles: dict[int, str] = {}
    for key, ids in by_entity.items():
        try:
            titles |= {id_: name for id_, (name, _) in names_of(actor, key, ids).items()}
        except catalogue.UnknownEntity:
            continue
    return [Marked(catalogue.get(key), id_, titles[id_], pinned) for id_, key in rows if id_ in titles]
