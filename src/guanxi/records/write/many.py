"""Changing many records at once: the rules of `save`, asked a batch at a time. The middle of bulk edit, fill and paste.

The number of queries depends on the number of fields, not of records. What one record cannot take is told for that record and
stops no other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.db.models import Q

from guanxi.core.access.actor import Actor
from guanxi.core.journal.ledger import OpenSet
from guanxi.kit.problems import Problem
from guanxi.records import custom, kinds, policy, search
from guanxi.records.base import Record
from guanxi.records.entity import Entity, Field
from guanxi.records.lookups import AnyOf
from guanxi.records.read.door import visible
from guanxi.records.write import rollup, rows, values
from guanxi.records.write.save import _differs, _value

Row = Mapping[str, Any]


class Now(Mapping[str, Any]):
    """The values of one record as it would be, by field key. Worked out when asked for: opening a secret is dear."""

    __slots__ = ("_entity", "_every", "_known", "new", "row")

    def __init__(self, entity: Entity, every: Mapping[str, Field], row: Row, new: Mapping[str, Any]) -> None:
        self._entity, self._every, self.row = entity, every, row
        self.new = dict(new)
        self._known: dict[str, Any] = {}

    def now(self, key: str) -> Any:
        """What the database holds."""
        if key not in self._known:
            field = self._every[key]
            self._known[key] = None if field.computed else _value(self._entity, self.row, field)
        return self._known[key]

    def __getitem__(self, key: str) -> Any:
        return self.new[key] if key in self.new else self.now(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._every)

    def __len__(self) -> int:
        return len(self._every)


class _Probe:
    """The record as its model's invariants read it: columns as attributes."""

    def __init__(self, columns: Mapping[str, Field], whole: Now) -> None:
        self._columns, self._whole = columns, whole
        self.id = self.pk = whole.row["id"]

    def __getattr__(self, name: str) -> Any:
        try:
            field = self._columns[name]
        except KeyError:
            raise AttributeError(name) from None
        value = self._whole[field.key]
        return field.kind.blank if value is None else value


def check(
    entity: Entity, current: Mapping[int, Row], new: Mapping[int, Mapping[str, Any]]
) -> tuple[dict[int, dict[str, Any]], dict[int, values.Problems]]:
    """What locked rows would become (journal form, only what differs), and what is wrong with the others, by record and field.

    `new`: parsed values by record and field key; links are ids that were looked up.
    """
    every = custom.fields(entity)
    wholes: dict[int, Now] = {}
    changed: dict[int, dict[str, Any]] = {}
    for id_, given in new.items():
        whole = Now(entity, every, current[id_], given)
        if entity.derive:
            whole.new.update(entity.derive(whole))
        differs = {k: v for k, v in whole.new.items() if _differs(every[k], whole.now(k), v)}
        if differs:
            wholes[id_], changed[id_] = whole, differs
    problems = rules(entity, wholes, changed)
    wanted = {
        id_: {k: values.journal_form(entity, id_, every[k], v) for k, v in differs.items()}
        for id_, differs in changed.items()
        if id_ not in problems
    }
    return wanted, problems


def rules(
    entity: Entity, wholes: Mapping[int, Now], changed: Mapping[int, Collection[str]]
) -> dict[int, values.Problems]:
    """What is wrong with records as they would be: required, invariants, unique, no circles. `changed`: the fields that differ."""
    every = custom.fields(entity)
    problems: dict[int, values.Problems] = {}
    ruled = entity.model.invariants is not Record.invariants
    related = entity.model.invariants_many.__func__ is not Record.invariants_many.__func__  # type: ignore[attr-defined]
    columns = {f.column: f for f in every.values() if f.column and not f.computed} if ruled or related else {}
    probes: dict[int, Any] = {}
    for id_, keys in changed.items():
        whole = wholes[id_]
        found: values.Problems = {}
        for key in keys:
            if every[key].required and every[key].kind.is_empty(whole[key]):
                found.setdefault(key, []).append(Problem("field.required"))
        if (ruled or related) and not found:
            probe: Any = _Probe(columns, whole)
            for key, problem in entity.model.invariants(probe):
                found.setdefault(key, []).append(problem)
            probes[id_] = probe
        if found:
            problems[id_] = found
    if related:
        order = [id_ for id_ in probes if id_ not in problems]
        for place, key, problem in entity.model.invariants_many([probes[id_] for id_ in order]):
            problems.setdefault(order[place], {}).setdefault(key, []).append(problem)
    for key in {key for keys in changed.values() for key in keys}:
        field = every[key]
        moved = {i: wholes[i][key] for i, keys in changed.items() if key in keys and i not in problems}
        if field.unique:
            _unique(entity, field, moved, problems)
        if isinstance(field.kind, kinds.Link) and field.kind.target == entity.key and not field.kind.many:
            for id_ in _circles(entity, field, moved):
                problems.setdefault(id_, {}).setdefault(key, []).append(Problem("link.itself"))
    return problems


def _unique(entity: Entity, field: Field, moved: Mapping[int, Any], problems: dict[int, values.Problems]) -> None:
    """Values that must be one record's alone: among the batch, and in the database."""
    takers: dict[Any, list[int]] = {}
    for id_, value in moved.items():
        if not field.kind.is_empty(value):
            takers.setdefault(field.kind.custom_operand(value) if field.custom else value, []).append(id_)
    if not takers:
        return
    live = entity.model.all_rows.filter(Q(AnyOf(field.expression, list(takers))), deleted_in__isnull=True)
    held: dict[Any, set[int]] = {}
    for row in live.values("pk", "custom" if field.custom else field.column):
        value = row["custom"].get(field.key) if field.custom else row[field.column]
        if field.custom:
            value = field.kind.custom_operand(field.kind.from_json(value))
        held.setdefault(value, set()).add(row["pk"])
    for value, ids in takers.items():
        free = not (held.get(value, set()) - set(ids[:1]))
        for id_ in ids[1:] if free else ids:
            said = problems.setdefault(id_, {}).setdefault(field.key, [])
            said.append(Problem("field.taken", {"value": str(moved[id_])}))


def _circles(entity: Entity, field: Field, moved: Mapping[int, Any]) -> set[int]:
    """Records that would belong to themselves; one query a level."""
    above: dict[int, int | None] = dict(moved)
    at = {id_: value for id_, value in moved.items() if value is not None}
    seen: dict[int, set[int]] = {id_: {id_} for id_ in at}
    found: set[int] = set()
    while at:
        unknown = set(at.values()) - above.keys()
        if unknown:
            pairs = entity.model.all_rows.filter(pk__any_of=list(unknown)).values_list("pk", field.column)
            above.update(dict.fromkeys(unknown))
            above.update(dict(pairs))
        following: dict[int, int] = {}
        for id_, value in at.items():
            if value in seen[id_]:
                if value == id_:  # others that only lead into a circle are not to blame for it
                    found.add(id_)
                continue
            seen[id_].add(value)
            higher = above[value]
            if higher is not None:
                following[id_] = higher
        at = following
    return found


class _Outside(Exception):
    """Some records would leave the actor's range."""

    def __init__(self, ids: Collection[int]) -> None:
        super().__init__()
        self.ids = ids


def write(
    cs: OpenSet, actor: Actor, entity: Entity, current: Mapping[int, Row], wanted: Mapping[int, Mapping[str, Any]]
) -> tuple[list[int], dict[int, Problem]]:
    """Give locked rows what `check` found, with search and sums; returns who changed, and why others did not after all."""
    refused: dict[int, Problem] = {}
    done: list[int] = []
    limits = policy.conditions(entity, actor, "edit") or ()
    every = custom.fields(entity)
    owner = entity.policy.owner_field
    ranging = {k for k, f in every.items() if k != owner and f.column in {c.column for c in limits}}

    def attempt(some: list[int]) -> None:
        if not some:
            return
        place = cs.mark()
        try:
            with transaction.atomic():
                written = rows.update(cs, entity, current, {i: wanted[i] for i in some})
                moved = [i for i in written if ranging & wanted[i].keys()]
                if moved:
                    inside = visible(entity, actor, "edit").filter(pk__any_of=moved).values_list("pk", flat=True)
                    if out := set(moved) - set(inside):
                        raise _Outside(out)
                done.extend(written)
            return
        except _Outside as error:
            cs.back_to(place)
            refused.update(dict.fromkeys(error.ids, Problem("undo.right")))
            attempt([i for i in some if i not in error.ids])
            return
        except (IntegrityError, DataError):
            cs.back_to(place)
        if len(some) == 1:
            refused[some[0]] = Problem("undo.taken")
            return
        half = len(some) // 2
        attempt(some[:half])
        attempt(some[half:])

    attempt(sorted(wanted))
    index(entity, done, wanted)
    summed = {key for r in entity.rollups for key in (r.link, r.of)}
    if parts := [i for i in done if summed & wanted[i].keys()]:
        rollup.after(cs, entity, parts, before={i: current[i] for i in parts})
    return done, refused


def index(entity: Entity, ids: Collection[int], wanted: Mapping[int, Collection[str]]) -> None:
    """Search tokens again for those records that are found by a field which changed."""
    words = {f.key for f in search.searchable(entity)}
    search.index(entity, [i for i in ids if not words.isdisjoint(wanted[i])])
