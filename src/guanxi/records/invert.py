"""Undo: a change set is inverted by another one. What people changed since is kept, and listed.

A field goes back if it is still owed to the change set being undone (its `origin`) and still holds what that set wrote; it
then is owed again to whom it was owed before, so that undoing in any order works, and undoing an undo brings the change
back. A record that the set created goes away if nobody touched it since and nothing that stays belongs to it; one that it
deleted comes back if what it belongs to is there.

It runs in three steps, whatever the order was in which the set was written: what was deleted comes back (wholes before their
parts), values go back, what was created goes away (parts before their wholes). Sums of parts are worked out at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction

from guanxi.core import secrets
from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal import hashing
from guanxi.core.journal.ledger import OpenSet, change_set
from guanxi.core.journal.models import Change, ChangeBatch, ChangeSet, Door, Op
from guanxi.kit.problems import BadValue
from guanxi.kit.results import Balance
from guanxi.records import catalogue, custom, policy, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.read.door import Hidden, visible
from guanxi.records.write import links, many, rollup, rows, values
from guanxi.records.write.again import patiently
from guanxi.records.write.assign import check_owner
from guanxi.records.write.delete import journal, mark_rows, restore_rows

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
    """`restored`, `removed`, `revived` count records, `conflicts` fields and records. `kept` is cut at 1,000."""

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


Progress = Callable[[int, int], None]


@patiently
def undo(actor: Actor, change_set_id: int, *, reason: str = "", progress: Progress | None = None) -> Undone:
    """Invert a change set, as far as the actor may change its records. Raises Hidden (not theirs to see), CannotUndo."""
    target = ChangeSet.objects.filter(pk=change_set_id).first()
    if target is None or not may_see(actor, target):
        raise Hidden(f"change set {change_set_id}")
    if target.lines == 0 or not _invertible(target):
        raise CannotUndo(f"change set {change_set_id} changed no records")
    with change_set(
        actor, door=Door.PAGE, action="undo", entity=target.entity, record=target.record, undoes=target.pk, reason=reason,
        keep_empty=True,
    ) as cs:  # fmt: skip
        result = _Undo(cs, actor, target, progress).run()
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


def _invertible(target: ChangeSet) -> bool:
    """Whether there is a line of a record: erasures and key rotations are final."""
    lines = Change.objects.filter(change_set=target).exclude(op=Op.ERASE)
    return lines.exists() or ChangeBatch.objects.filter(change_set=target).exclude(op=Op.UPDATE).exists()


class _Undo:
    def __init__(self, cs: OpenSet, actor: Actor, target: ChangeSet, progress: Progress | None) -> None:
        self.cs, self.actor, self.target = cs, actor, target
        self.result = Undone(cs.id)
        self._progress = progress
        self._total = target.lines
        if target.balance and target.balance.get("created"):
            self._total += target.balance["created"]
        self._done = 0
        self._wholes: dict[tuple[str, str], set[int]] = {}  # (part's entity, link) -> records whose sums may be off

    def run(self) -> Undone:
        entities = self._entities()
        for entity in entities:
            self._revive(entity)
        for lines in self._chunks(Op.UPDATE):
            by_entity: dict[str, list[Change]] = {}
            for line in lines:
                by_entity.setdefault(line.entity, []).append(line)
            for key, group in by_entity.items():
                self._give_back(catalogue.get(key), group)
            self._step(len(lines))
        for entity in reversed(entities):
            self._remove(entity)
        for (key, link), wholes in self._wholes.items():
            rollup.of_wholes(self.cs, catalogue.get(key), link, wholes)
        return self.result

    def _entities(self) -> list[Entity]:
        """The entities that the set touched, each after those that it links to."""
        keys = {*Change.objects.filter(change_set=self.target).order_by().values_list("entity", flat=True).distinct(),
                *ChangeBatch.objects.filter(change_set=self.target).values_list("entity", flat=True)}  # fmt: skip
        ordered: list[Entity] = []

        def place(entity: Entity, above: frozenset[str]) -> None:
            for link in links.of(entity):
                target = catalogue.get(link.kind.target)  # type: ignore[attr-defined]  # links.of gives links
                if target.key not in above and target is not entity:
                    place(target, above | {entity.key})
            if entity not in ordered:
                ordered.append(entity)

        for key in sorted(keys):
            place(catalogue.get(key), frozenset())
        return [entity for entity in ordered if entity.key in keys]

    def _chunks(self, op: Op, entity: str = "") -> Iterator[list[Change]]:
        """Lines of the set, newest first."""
        lines = Change.objects.filter(change_set=self.target, op=op, **({"entity": entity} if entity else {}))
        last: int | None = None
        while True:
            chunk = list((lines if last is None else lines.filter(pk__lt=last)).order_by("-id")[:CHUNK])
            if not chunk:
                return
            yield chunk
            last = chunk[-1].pk

    def _batches(self, op: Op, entity: Entity) -> list[ChangeBatch]:
        found = ChangeBatch.objects.filter(change_set=self.target, op=op, entity=entity.key)
        return list(found.order_by("-id"))

    def _step(self, n: int) -> None:
        self._done += n
        if self._progress:
            self._progress(min(self._done, self._total), self._total)

    def _keep(self, entity: Entity, ids: Collection[int], why: str) -> None:
        self.result.keep(*(Kept(entity.key, id_, "", why) for id_ in sorted(ids)))

    def _touch(self, entity: Entity, ids: Collection[int], before: Collection[Mapping[str, Any]] = ()) -> None:
        """Remember the wholes of these parts."""
        for link in {r.link for r in entity.rollups}:
            column = entity.declared[link].column
            wholes = self._wholes.setdefault((entity.key, link), set())
            wholes.update(entity.model.all_rows.filter(pk__any_of=ids).values_list(column, flat=True))
            wholes.update(row[column] for row in before if row[column] is not None)

    # ------------------------------------------------------------------ what was deleted comes back

    def _revive(self, entity: Entity) -> None:
        waiting: list[int] = []
        for lines in self._chunks(Op.DELETE, entity.key):
            waiting += self._revive_some(entity, [line.record for line in lines], listed=True)
            self._step(len(lines))
        for batch in self._batches(Op.DELETE, entity):
            dead = entity.model.all_rows.filter(pk__gte=batch.first, pk__lte=batch.last, deleted_in=self.target.pk)
            ids = list(dead.order_by("pk").values_list("pk", flat=True))
            for start in range(0, len(ids), CHUNK):
                waiting += self._revive_some(entity, ids[start : start + CHUNK])
                self._step(CHUNK)
        # Those that belong to records of their own kind wait until these are back.
        while waiting:
            still: list[int] = []
            for start in range(0, len(waiting), CHUNK):
                still += self._revive_some(entity, waiting[start : start + CHUNK])
            if len(still) == len(waiting):
                self._keep(entity, still, "undo.gone")
                return
            waiting = still

    def _revive_some(self, entity: Entity, ids: Collection[int], *, listed: bool = False) -> list[int]:
        """Bring these back, as far as may be; returns those whose own whole is not there (yet)."""
        every = entity.model.all_rows.filter(pk__any_of=ids)
        dead = every.filter(deleted_in=self.target.pk)
        found = rows.lock(dead, ids, whole=True)
        if listed:
            self._keep(entity, set(every.filter(deleted_in__isnull=False).values_list("pk", flat=True)) - found.keys(),
                       "undo.gone")  # fmt: skip
        ready, own = links.standing(entity, found.values())
        limits = policy.conditions(entity, self.actor, "delete")
        allowed = (
            set() if limits is None
            else set(dead.filter(policy.q_of(limits), pk__any_of=ready).values_list("pk", flat=True))
        )  # fmt: skip
        self._keep(entity, found.keys() - ready - own, "undo.gone")
        self._keep(entity, ready - allowed, "undo.right")
        for id_ in self._one_by_one(entity, sorted(allowed), lambda some: restore_rows(self.cs, entity, some)):
            self._keep(entity, [id_], "undo.taken")
            allowed.discard(id_)
        self.result.revived += len(allowed)
        self._touch(entity, allowed)
        return sorted(own)

    def _one_by_one(self, entity: Entity, ids: list[int], act: Callable[[list[int]], object]) -> list[int]:
        """Do it to all at once; when the database refuses (a unique value is in other hands), singly. Returns the refused."""
        if not ids:
            return []
        place = self.cs.mark()
        try:
            with transaction.atomic():
                act(ids)
            return []
        except IntegrityError:
            self.cs.back_to(place)
        if len(ids) == 1:
            return ids
        half = len(ids) // 2
        return self._one_by_one(entity, ids[:half], act) + self._one_by_one(entity, ids[half:], act)

    # ------------------------------------------------------------------ values go back

    def _give_back(self, entity: Entity, lines: list[Change]) -> None:
        # One record may have several lines in a set (an edit, then a sum of its parts): newest first, each on the state before.
        while lines:
            batch: dict[int, Change] = {}
            rest: list[Change] = []
            for line in lines:
                if line.record in batch:
                    rest.append(line)
                else:
                    batch[line.record] = line
            lines = rest
            self._give_back_once(entity, batch)

    def _give_back_once(self, entity: Entity, batch: Mapping[int, Change]) -> None:
        every = custom.fields(entity)
        follows = _following(entity, every)
        current = rows.lock(visible(entity, self.actor, "edit"), batch.keys())
        alive = set(
            entity.model.all_rows.filter(pk__any_of=batch.keys() - current.keys(), deleted_in__isnull=True)
            .values_list("pk", flat=True)
        )  # fmt: skip
        assignable = self._assignable(entity, batch)
        wanted: dict[int, dict[str, Any]] = {}
        owed: dict[tuple[int, str], int | None] = {}
        for id_, line in batch.items():
            row = current.get(id_)
            if not hashing.whole(line):
                self.result.keep(Kept(entity.key, id_, "", "undo.erased"))
                if line.before is None:
                    continue
            if row is None:
                why = "undo.right" if id_ in alive else "undo.gone"
                self.result.keep(*(Kept(entity.key, id_, key, why) for key in line.before or {} if key not in follows))
                continue
            new: dict[str, Any] = {}
            for key, before in (line.before or {}).items():
                why = self._why_not(entity, every.get(key), row, line, key, assignable)
                if not why:
                    new[key] = before
                    owed[id_, key] = (line.origin_before or {}).get(key)
                elif key not in follows:
                    self.result.keep(Kept(entity.key, id_, key, why))
            if new:
                wanted[id_] = new
        self._without_lost_links(entity, every, wanted)
        self._without_wrong(entity, every, current, wanted, follows)
        self._follow(entity, every, current, wanted, owed)

        def write(some: list[int]) -> list[int]:
            return rows.update(self.cs, entity, current, {i: wanted[i] for i in some},
                               origins=lambda id_, key: owed.get((id_, key), self.cs.id))  # fmt: skip

        done = set(wanted)
        for id_ in self._one_by_one(entity, sorted(wanted), write):
            self.result.keep(*(Kept(entity.key, id_, key, "undo.taken") for key in wanted[id_]))
            done.discard(id_)
        self.result.restored += len(done)
        many.index(entity, done, wanted)
        self._touch(entity, done, [current[i] for i in done])

    def _assignable(self, entity: Entity, batch: Mapping[int, Change]) -> set[int]:
        """Records that the actor may give back to whom they belonged before."""
        owner = entity.policy.owner_field
        moved = {i: (line.before or {})[owner] for i, line in batch.items() if owner and owner in (line.before or {})}
        if not moved:
            return set()
        found = set(visible(entity, self.actor, "assign").filter(pk__any_of=moved).values_list("pk", flat=True))
        for id_ in list(found):
            try:
                check_owner(self.actor, entity, moved[id_], creating=False)
            except BadValue:
                found.discard(id_)
        return found

    def _why_not(
        self, entity: Entity, known: Field | None, row: rows.Row, line: Change, key: str, assignable: set[int]
    ) -> str:
        if known is None:
            return "undo.gone"
        owed = line.origin_after or {}
        if row["origin"].get(key) != owed.get(key, self.target.pk) or not same(
            entity, known, line.record, values.stored(row, known), (line.after or {}).get(key)
        ):
            return "undo.changed"
        # Read-only values follow from others and go back along with them; see `_follow`.
        if not known.read_only and rights.level(self.actor, known) is not Level.EDIT:
            return "undo.right"
        return "undo.right" if key == entity.policy.owner_field and line.record not in assignable else ""

    def _follow(
        self, entity: Entity, every: Mapping[str, Field], current: Mapping[int, rows.Row],
        wanted: Mapping[int, dict[str, Any]], owed: dict[tuple[int, str], int | None],
    ) -> None:  # fmt: skip
        """Values that follow from others (an amount) are worked out from what the others are now."""
        if entity.derive is None:
            return
        for id_, new in wanted.items():
            for key, value in entity.derive(self._whole(entity, every, current[id_], new)).items():
                form = values.journal_form(entity, id_, every[key], value)
                if every[key].read_only and (key not in new or new[key] != form):
                    new[key] = form
                    owed[id_, key] = self.cs.id

    def _whole(self, entity: Entity, every: Mapping[str, Field], row: rows.Row, new: Mapping[str, Any]) -> many.Now:
        return many.Now(entity, every, row, {k: _opened(entity, every[k], row["id"], form) for k, form in new.items()})

    def _without_lost_links(
        self, entity: Entity, every: Mapping[str, Field], wanted: dict[int, dict[str, Any]]
    ) -> None:
        """Links to records that are deleted by now do not go back."""
        for link in links.of(entity):
            named = {new[link.key] for new in wanted.values() if new.get(link.key) is not None}
            live = links.hold(link, named)
            for id_, new in list(wanted.items()):
                if new.get(link.key) is not None and new[link.key] not in live:
                    del new[link.key]
                    self.result.keep(Kept(entity.key, id_, link.key, "undo.gone"))
                    if not new:
                        del wanted[id_]

    def _without_wrong(
        self, entity: Entity, every: Mapping[str, Field], current: Mapping[int, rows.Row],
        wanted: dict[int, dict[str, Any]], follows: frozenset[str],
    ) -> None:  # fmt: skip
        """Values that the rules refuse, now that others of the record have changed, do not go back."""
        left = set(wanted)
        while left:
            wholes = {i: self._whole(entity, every, current[i], wanted[i]) for i in left}
            changed = {i: keys for i in left if (keys := [key for key in wanted[i] if key not in follows])}
            problems = many.rules(entity, wholes, changed)
            left = set(problems)
            for id_, found in problems.items():
                for key in found.keys() & set(changed[id_]) or changed[id_]:
                    taken = any(p.code == "field.taken" for p in found.get(key, ()))
                    self.result.keep(Kept(entity.key, id_, key, "undo.taken" if taken else "undo.invalid"))
                    del wanted[id_][key]
        sums = _sums(entity)
        for id_, new in list(wanted.items()):
            if all(key in follows and key not in sums for key in new):
                del wanted[id_]

    # ------------------------------------------------------------------ what was created goes away

    def _remove(self, entity: Entity) -> None:
        for lines in self._chunks(Op.CREATE, entity.key):
            self._remove_some(entity, [line.record for line in lines])
            self._step(len(lines))
        for batch in self._batches(Op.CREATE, entity):
            rows_ = entity.model.all_rows.filter(pk__gte=batch.first, pk__lte=batch.last, created_in=self.target.pk)
            live = rows_.filter(deleted_in__isnull=True)
            self._remove_some(entity, list(live.order_by("pk").values_list("pk", flat=True)))
            self._step(batch.rows)
        for lines in self._chunks(Op.RESTORE, entity.key):
            self._remove_some(entity, [line.record for line in lines], revived=True)
            self._step(len(lines))

    def _remove_some(self, entity: Entity, ids: Collection[int], *, revived: bool = False) -> None:
        live = entity.model.all_rows.filter(pk__any_of=ids, deleted_in__isnull=True)
        found = set(live.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
        # A created record is untouched when every value is still owed to its creation; a revived one, when none is newer.
        newer = self.target.pk if revived else 0
        follows = _following(entity, custom.fields(entity))
        owing = live.exclude(origin={}).values_list("pk", "origin")
        changed = {i for i, origin in owing if any(s > newer for k, s in origin.items() if k not in follows)}
        removable = found - changed
        used = links.used(entity, removable)
        removable -= used
        allowed = set(
            visible(entity, self.actor, "delete" if revived else "edit").filter(pk__any_of=removable)
            .values_list("pk", flat=True)
        )  # fmt: skip
        # What may not be removed may hold others of the same kind in place.
        while allowed != removable and (more := links.used(entity, allowed)):
            used |= more
            allowed -= more
        self._keep(entity, changed, "undo.changed")
        self._keep(entity, used, "undo.used")
        self._keep(entity, removable - used - allowed, "undo.right")
        if allowed:
            self._touch(entity, allowed)
            journal(self.cs, entity, Op.DELETE, allowed, mark_rows(self.cs, entity, allowed))
            self.result.removed += len(allowed)


def _sums(entity: Entity) -> frozenset[str]:
    """Fields that are sums of parts: read-only to people, and right again when the parts are."""
    return frozenset(
        r.field
        for other in catalogue.every()
        for r in other.rollups
        if catalogue.link_target(other, r.link) == entity.key
    )


def _following(entity: Entity, every: Mapping[str, Field]) -> frozenset[str]:
    """Fields that the house fills and that follow from others: sums, amounts. They are never a conflict of their own."""
    number = entity.numbering.field if entity.numbering else ""
    return _sums(entity) | {key for key, f in every.items() if f.read_only and key != number}


def _opened(entity: Entity, known: Field, id_: int, form: Any) -> Any:
    """The parsed value of what the journal holds; secrets opened."""
    if form is None:
        return None
    if known.secret:
        return secrets.open_value(entity.table, known.column, id_, values.unsealed(form))
    return known.kind.from_json(form)


def same(entity: Entity, known: Field, id_: int, one: Any, other: Any) -> bool:
    """Whether two values in journal form say the same; a secret may have been sealed again with a newer key."""
    if one == other:
        return True
    if not known.secret or one is None or other is None:
        return False
    return bool(_opened(entity, known, id_, one) == _opened(entity, known, id_, other))
