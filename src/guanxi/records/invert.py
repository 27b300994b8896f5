"""Undo: a change set is inverted by another one. What people changed since is kept, and listed.

A field goes back if it is still owed to the change set being undone (its `origin`) and still holds what that set wrote; it
then is owed again to whom it was owed before, so that undoing in any order works, and undoing an undo brings the change
back. A record that the set created goes away if nobody touched it since and nothing that stays belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal.ledger import OpenSet, change_set
from guanxi.core.journal.models import Change, ChangeBatch, ChangeSet, Door, Op
from guanxi.kit.results import Balance
from guanxi.records import catalogue, custom, policy, rights, search, sql
from guanxi.records.entity import Entity
from guanxi.records.read.door import Hidden, visible
from guanxi.records.write import rollup, rows, values
from guanxi.records.write.delete import mark, restore

CHUNK = 2000
CONFLICTS_KEPT = 1000


@dataclass(frozen=True)
class Kept:
    """What undo left as it is: a field of a record (or, with no field, the record), and why (a code of `problems`)."""

    entity: str
    record: int
    field: str
    why: str


@dataclass
class Undone:
    """`balance`: read = updated (given back) + skipped (created, now deleted again) … see `undo`. `kept` is cut at 1,000."""

    change_set: int
    restored: int = 0
    removed: int = 0
    revived: int = 0
    conflicts: int = 0
    kept: list[Kept] = field(default_factory=list)

    def keep(self, *found: Kept) -> None:
        self.conflicts += len(found)
        self.kept.extend(found[: max(0, CONFLICTS_KEPT - len(self.kept))])

    @property
    def balance(self) -> Balance:
        done = self.restored + self.removed + self.revived
        return Balance(read=done + self.conflicts, updated=done, held=self.conflicts)


class CannotUndo(ValueError):
    """There is nothing in this change set that could be undone."""


def undo(
    actor: Actor, change_set_id: int, *, reason: str = "", progress: Callable[[int, int], None] | None = None
) -> Undone:
    """Invert a change set, as far as the actor may change its records. Raises Hidden (not theirs to see), CannotUndo."""
    target = ChangeSet.objects.filter(pk=change_set_id).first()
    if target is None or not may_see(actor, target):
        raise Hidden(f"change set {change_set_id}")
    if target.lines == 0:
        raise CannotUndo(f"change set {change_set_id} changed no records")
    with change_set(
        actor, door=Door.PAGE, action="undo", entity=target.entity, record=target.record, undoes=target.pk, reason=reason,
        keep_empty=True,
    ) as cs:  # fmt: skip
        result = Undone(cs.id)
        total = target.lines
        for done, lines in enumerate(_chunks(target), 1):
            by_entity: dict[str, list[Change]] = {}
            for line in lines:
                by_entity.setdefault(line.entity, []).append(line)
            for key, group in by_entity.items():
                _undo_lines(cs, actor, catalogue.get(key), group, result, target.pk)
            if progress:
                progress(min(done * CHUNK, total), total)
        for batch in ChangeBatch.objects.filter(change_set=target).order_by("-id"):
            _undo_batch(cs, actor, target, batch, result, progress)
        cs.balance = result.balance.check().to_dict()
        cs.detail = {"restored": result.restored, "removed": result.removed, "revived": result.revived,
                     "kept": [[k.entity, k.record, k.field, k.why] for k in result.kept[:200]]}  # fmt: skip
    return result


def may_see(actor: Actor, target: ChangeSet) -> bool:
    """Own change sets, and all of them for who may see the journal."""
    return (
        actor.is_system
        or (actor.user_id is not None and target.actor_id == actor.user_id)
        or actor.can("settings.journal", "edit")
    )


def _chunks(target: ChangeSet) -> Iterator[list[Change]]:
    last: int | None = None
    while True:
        lines = Change.objects.filter(change_set=target).order_by("-id")
        if last is not None:
            lines = lines.filter(pk__lt=last)
        chunk = list(lines[:CHUNK])
        if not chunk:
            return
        yield chunk
        last = chunk[-1].pk


def _undo_lines(cs: OpenSet, actor: Actor, entity: Entity, lines: list[Change], result: Undone, target: int) -> None:
    created = [line.record for line in lines if line.op == Op.CREATE]
    deleted = [line.record for line in lines if line.op == Op.DELETE]
    revived = [line.record for line in lines if line.op == Op.RESTORE]
    updates = [line for line in lines if line.op == Op.UPDATE]
    if updates:
        _give_back(cs, actor, entity, updates, result, target)
    if deleted:
        _revive(cs, actor, entity, entity.model.all_rows.filter(pk__in=deleted, deleted_in=target), result)
    if created:
        _remove(cs, actor, entity, entity.model.all_rows.filter(pk__in=created, created_in=target), target, result)
    if revived:
        _remove(cs, actor, entity, entity.model.all_rows.filter(pk__in=revived), target, result, revived=True)


def _give_back(cs: OpenSet, actor: Actor, entity: Entity, lines: list[Change], result: Undone, target: int) -> None:
    every = custom.fields(entity)
    may = {k for k, f in every.items() if rights.level(actor, f) is Level.EDIT or (f.read_only and actor.is_system)}
    derived = _derived(entity)
    owner = entity.policy.owner_field
    # One record may have several lines in a set (an edit, then a sum of its parts): newest first, each on the state before.
    while lines:
        batch: list[Change] = []
        rest: list[Change] = []
        seen: set[int] = set()
        for line in lines:
            (rest if line.record in seen else batch).append(line)
            seen.add(line.record)
        lines = rest
        current = rows.lock(visible(entity, actor, "edit"), seen)
        assignable = set()
        if owner and any(owner in (line.before or {}) for line in batch):
            assignable = set(visible(entity, actor, "assign").filter(pk__in=seen).values_list("pk", flat=True))
        wanted: dict[int, dict[str, Any]] = {}
        owed: dict[tuple[int, str], int | None] = {}
        for line in batch:
            row = current.get(line.record)
            if row is None:
                why = (
                    "undo.right"
                    if entity.model.all_rows.filter(pk=line.record, deleted_in__isnull=True).exists()
                    else "undo.gone"
                )
                result.keep(*(Kept(entity.key, line.record, key, why) for key in line.before or {}))
                continue
            for key, before in (line.before or {}).items():
                why = _why_not(every, row, line, key, target)
                if not why and key not in may and key not in derived:
                    why = "undo.right"
                if not why and key == owner and line.record not in assignable:
                    why = "undo.right"
                if why:
                    result.keep(Kept(entity.key, line.record, key, why))
                else:
                    wanted.setdefault(line.record, {})[key] = before
                    owed[line.record, key] = (line.origin_before or {}).get(key)
        done = _try(cs, entity, current, wanted, owed, result)
        result.restored += len(done)
        search.index(entity, done)
        rollup.after(cs, entity, done, before={i: current[i] for i in done})


def _derived(entity: Entity) -> frozenset[str]:
    """Fields that are sums of parts: read-only to people, but they go back along with the parts."""
    return frozenset(
        r.field
        for other in catalogue.every()
        for r in other.rollups
        if catalogue.link_target(other, r.link) == entity.key
    )


def _why_not(every: Mapping[str, Any], row: Mapping[str, Any], line: Change, key: str, target: int) -> str:
    if key not in every:
        return "undo.gone"
    expected = (line.origin_after or {}).get(key, target) if line.origin_after and key in line.origin_after else target
    if row["origin"].get(key) != expected or values.stored(row, every[key]) != (line.after or {}).get(key):
        return "undo.changed"
    return ""


def _try(
    cs: OpenSet, entity: Entity, current: Mapping[int, Any], wanted: dict[int, dict[str, Any]],
    owed: Mapping[tuple[int, str], int | None], result: Undone,
) -> list[int]:  # fmt: skip
    """Write what goes back; when a unique value is in other hands now, record by record, keeping those."""

    def origins(id_: int, key: str) -> int | None:
        return owed[id_, key]

    if not wanted:
        return []
    before = cs.mark()
    try:
        with transaction.atomic():
            return rows.update(cs, entity, current, wanted, origins=origins)
    except IntegrityError:
        cs.back_to(before)
    done: list[int] = []
    for id_, new in wanted.items():
        before = cs.mark()
        try:
            with transaction.atomic():
                done += rows.update(cs, entity, current, {id_: new}, origins=origins)
        except IntegrityError:
            cs.back_to(before)
            result.keep(*(Kept(entity.key, id_, key, "undo.taken") for key in new))
    return done


def _revive(cs: OpenSet, actor: Actor, entity: Entity, dead: QuerySet[Any], result: Undone) -> None:
    ids = list(dead.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    if not actor.can(entity.key, "delete") and not actor.is_system:
        result.keep(*(Kept(entity.key, i, "", "undo.right") for i in ids))
        return
    before = cs.mark()
    try:
        with transaction.atomic():
            result.revived += restore(cs, entity, ids)
        return
    except IntegrityError:
        cs.back_to(before)
    for id_ in ids:
        before = cs.mark()
        try:
            with transaction.atomic():
                result.revived += restore(cs, entity, [id_])
        except IntegrityError:
            cs.back_to(before)
            result.keep(Kept(entity.key, id_, "", "undo.taken"))


def removable(entity: Entity, rows_: QuerySet[Any], target: int, *, first: int, last: int) -> QuerySet[Any]:
    """Of these rows (ids from `first` to `last`), those that nobody touched since `target` created them and that nothing else
    that stays belongs to. What is used is asked for by range, link by link: few rows, whatever the planner believes.
    """
    used: set[int] = set()
    for other, link in catalogue.links_to(entity):
        span = {f"{link.column}__gte": first, f"{link.column}__lte": last, "deleted_in__isnull": True}
        users = other.model.all_rows.filter(**span).exclude(created_in=target)
        used.update(users.values_list(link.column, flat=True).distinct())
    return rows_.filter(deleted_in__isnull=True, origin={}).exclude(pk__in=used)


def _remove(
    cs: OpenSet,
    actor: Actor,
    entity: Entity,
    made: QuerySet[Any],
    target: int,
    result: Undone,
    *,
    revived: bool = False,
) -> None:
    live = made.filter(deleted_in__isnull=True)
    ids = set(live.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    if not ids:
        return
    untouched = ids
    if not revived:
        untouched = set(removable(entity, live, target, first=min(ids), last=max(ids)).values_list("pk", flat=True))
    allowed = set(_may_remove(entity, actor).filter(pk__in=untouched).values_list("pk", flat=True))
    for id_ in sorted(ids - untouched):
        used = entity.model.all_rows.filter(pk=id_, origin={}).exists()
        result.keep(Kept(entity.key, id_, "", "undo.used" if used else "undo.changed"))
    result.keep(*(Kept(entity.key, id_, "", "undo.right") for id_ in sorted(untouched - allowed)))
    if allowed:
        result.removed += mark(cs, entity, sorted(allowed))


def _may_remove(entity: Entity, actor: Actor) -> QuerySet[Any]:
    """Undoing one's own creation takes the right to edit; it is taking back, not deleting."""
    return visible(entity, actor, "edit")


def _undo_batch(
    cs: OpenSet, actor: Actor, target: ChangeSet, batch: ChangeBatch, result: Undone,
    progress: Callable[[int, int], None] | None,
) -> None:  # fmt: skip
    entity = catalogue.get(batch.entity)
    span = entity.model.all_rows.filter(pk__gte=batch.first, pk__lte=batch.last)
    if batch.op == Op.DELETE:
        ids = list(span.filter(deleted_in=target.pk).values_list("pk", flat=True))
        for start in range(0, len(ids), CHUNK):
            _revive(cs, actor, entity, entity.model.all_rows.filter(pk__in=ids[start : start + CHUNK]), result)
        return
    if batch.op == Op.RESTORE:
        # Restored rows: those that the undone deletion had marked and that are live now.
        for chunk in _id_chunks(span.filter(deleted_in__isnull=True)):
            _remove(cs, actor, entity, entity.model.all_rows.filter(pk__in=chunk), target.pk, result, revived=True)
        return
    if batch.op != Op.CREATE:
        return
    made = span.filter(created_in=target.pk)
    gone = _mark_span(
        cs, entity, actor, removable(entity, made, target.pk, first=batch.first, last=batch.last), target.pk
    )
    if gone:
        cs.batch(entity.key, Op.DELETE, first=batch.first, last=batch.last, rows=gone)
        result.removed += gone
        for link in {r.link for r in entity.rollups}:
            column = entity.declared[link].column
            wholes = set(span.filter(deleted_in=cs.id).values_list(column, flat=True))
            rollup.of_wholes(cs, entity, link, wholes)
    for id_, origin in made.filter(deleted_in__isnull=True).values_list("pk", "origin"):
        seen = visible(entity, actor, "edit").filter(pk=id_).exists()
        why = "undo.changed" if origin else ("undo.used" if seen else "undo.right")
        result.keep(Kept(entity.key, id_, "", why))
    if progress:
        progress(
            result.removed,
            target.balance["created"] if target.balance and target.balance.get("created") else result.removed,
        )


def _mark_span(cs: OpenSet, entity: Entity, actor: Actor, chosen: QuerySet[Any], target: int) -> int:
    """Delete the removable rows of a batch in one statement (tens of thousands of rows a second)."""
    limits = policy.conditions(entity, actor, "edit")
    if limits is None:
        return 0
    n = chosen.filter(policy.q_of(limits)).update(deleted_in=cs.id, version=F("version") + 1)
    sql.forget_deleted(entity, created_in=target, deleted_in=cs.id)
    return n


def _id_chunks(rows_: QuerySet[Any]) -> Iterator[list[int]]:
    ids = list(rows_.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
