"""Changing single cells of several records, each to a value of its own: paste, fill. One change set, a balance of cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal.ledger import OpenSet, change_set
from guanxi.core.journal.models import Door
from guanxi.kit.problems import Problem
from guanxi.kit.results import Balance
from guanxi.records import kinds, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.read.cells import formats_for
from guanxi.records.read.door import visible
from guanxi.records.write import links, many, rows, values
from guanxi.records.write.again import patiently
from guanxi.records.write.assign import Outside, check_owner
from guanxi.records.write.errors import Conflict
from guanxi.records.write.save import _settle

MOST = 20_000  # cells in one go
Cells = Mapping[int, Mapping[str, Any]]


class TooMany(ValueError):
    """More cells than are taken in one go."""


@dataclass
class CellsEdited:
    """`changed`: cells that got a new value (or would, when only tried); `held`: what is wrong with others, by record and field.

    `balance` counts cells. `versions`: today's version of every record that may be changed.
    """

    change_set: int = 0
    balance: Balance = field(default_factory=Balance)
    changed: set[tuple[int, str]] = field(default_factory=set)
    held: dict[tuple[int, str], list[Problem]] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)

    def hold(self, id_: int, key: str, *problems: Problem) -> None:
        self.held.setdefault((id_, key), []).extend(problems)


class _Tried(Exception):
    """Everything was worked out; nothing is to stay."""


@patiently
def edit_cells(
    actor: Actor,
    entity: Entity,
    cells: Cells,
    *,
    versions: Mapping[int, int] | None = None,
    door: Door = Door.PAGE,
    action: str = "bulk",
    reason: str = "",
    try_only: bool = False,
) -> CellsEdited:
    """Give each record its own values (`{id: {field key: what was typed}}`). A cell that cannot be taken is held; the others go in.

    `versions`: what the values were based on; cells that others changed since are held. `try_only`: the same answer, and
    nothing is written. Raises UnknownField (a column the actor does not know of), TooMany.
    """
    if sum(map(len, cells.values())) > MOST:
        raise TooMany
    keys = dict.fromkeys(key for given in cells.values() for key in given)
    fields = {key: rights.field(actor, entity, key, Level.MASKED) for key in keys}
    done = CellsEdited()
    try:
        with transaction.atomic(), change_set(actor, door=door, action=action, entity=entity.key, reason=reason) as cs:
            ids = sorted(cells)
            for start in range(0, len(ids), rows.CHUNK):
                some = {i: cells[i] for i in ids[start : start + rows.CHUNK]}
                _Batch(cs, actor, entity, fields, versions or {}, done).run(some)
            total = sum(map(len, cells.values()))
            done.balance = Balance(
                read=total, updated=len(done.changed), held=len(done.held),
                unchanged=total - len(done.changed) - len(done.held),
            ).check()  # fmt: skip
            cs.balance = done.balance.to_dict()
            if try_only:
                raise _Tried
            done.change_set = cs.id if done.changed else 0
    except _Tried:
        pass
    return done


class _Batch:
    def __init__(
        self, cs: OpenSet, actor: Actor, entity: Entity, fields: Mapping[str, Field], versions: Mapping[int, int],
        done: CellsEdited,
    ) -> None:  # fmt: skip
        self.cs, self.actor, self.entity, self.fields = cs, actor, entity, fields
        self.versions, self.done = versions, done

    def run(self, cells: Cells) -> None:
        current = rows.lock(visible(self.entity, self.actor, "edit"), cells.keys())
        self._without_right(cells, current)
        self.done.versions.update({i: row["version"] for i, row in current.items()})
        new = self._parsed({i: cells[i] for i in cells if i in current})
        self._stale(new, current)
        self._links(new)
        values.keep_unseen(self.actor, self.fields, current, new)
        self._owners(new)
        new = {i: given for i, given in new.items() if given}
        asked = {(i, key) for i, given in new.items() for key in given}
        wanted = self._checked(current, new)
        written, refused = many.write(self.cs, self.actor, self.entity, current, wanted)
        for id_, problem in refused.items():
            for key in new[id_]:
                self.done.hold(id_, key, problem)
        self.done.changed |= {(i, key) for i in written for key in wanted[i] if (i, key) in asked}

    def _without_right(self, cells: Cells, current: Mapping[int, Any]) -> None:
        """Whoever is not there for the actor answers like whoever is not there at all."""
        missing = cells.keys() - current.keys()
        seen = set(visible(self.entity, self.actor).filter(pk__any_of=list(missing)).values_list("pk", flat=True))
        for id_ in missing:
            for key in cells[id_]:
                self.done.hold(id_, key, Problem("undo.right" if id_ in seen else "undo.gone"))

    def _parsed(self, cells: Cells) -> dict[int, dict[str, Any]]:
        open_ = {k: f for k, f in self.fields.items() if rights.level(self.actor, f) is Level.EDIT and not f.computed}
        formats = formats_for(self.actor)
        found: dict[int, dict[str, Any]] = {}
        for id_, given in cells.items():
            for key in given.keys() - open_.keys():
                self.done.hold(id_, key, Problem("cell.closed"))
            parsed, problems = values.parse(open_, {k: v for k, v in given.items() if k in open_}, formats)
            for key, said in problems.items():
                self.done.hold(id_, key, *said)
            found[id_] = parsed
        return found

    def _stale(self, new: dict[int, dict[str, Any]], current: Mapping[int, Any]) -> None:
        for id_, given in new.items():
            version = self.versions.get(id_)
            while given and version is not None and version != current[id_]["version"]:
                try:
                    _settle(self.actor, self.entity, {k: self.fields[k] for k in given}, given, current[id_], version)
                    break
                except Conflict as error:
                    for f in error.fields:
                        told = {"value": f.theirs or "–", "who": f.who or "–"}
                        self.done.hold(id_, f.field.key, Problem("cell.changed", told))
                        given.pop(f.field.key, None)

    def _links(self, new: dict[int, dict[str, Any]]) -> None:
        """Names and ids of other records become ids that the actor sees: one or two queries a column."""
        holding = links.of(self.entity)
        for key, f in self.fields.items():
            if not isinstance(f.kind, kinds.Link):
                continue
            named: dict[Any, None] = {}
            for given in new.values():
                if given.get(key) is not None:
                    named.update(dict.fromkeys(given[key] if f.kind.many else [given[key]]))
            if not named:
                continue
            found = values.resolve(self.actor, f.kind, list(named))
            live = links.hold(f, [i for i in found.values() if isinstance(i, int)]) if f in holding else None
            for id_, given in new.items():
                if given.get(key) is None:
                    continue
                said = [found[w] for w in (given[key] if f.kind.many else [given[key]])]
                wrong = [p for p in said if isinstance(p, Problem)]
                if not wrong and live is not None and said[0] not in live:
                    wrong = [Problem("link.unknown", {"target": str(f.label), "value": str(given[key])})]
                if wrong:
                    self.done.hold(id_, key, *wrong)
                    del given[key]
                else:
                    given[key] = said if f.kind.many else said[0]

    def _owners(self, new: dict[int, dict[str, Any]]) -> None:
        owner = self.entity.policy.owner_field
        moved = [i for i, given in new.items() if owner and owner in given]
        if not moved:
            return
        free = set(visible(self.entity, self.actor, "assign").filter(pk__any_of=moved).values_list("pk", flat=True))
        known: dict[Any, Problem | None] = {}
        for id_ in moved:
            to = new[id_][owner]
            if to not in known:
                try:
                    check_owner(self.actor, self.entity, to, creating=False)
                    known[to] = None
                except Outside as error:
                    known[to] = error.problem
            problem = Problem("undo.right") if id_ not in free else known[to]
            if problem:
                self.done.hold(id_, owner, problem)
                del new[id_][owner]

    def _checked(self, current: Mapping[int, Any], new: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
        """What can be written. A cell that the rules refuse is left out, and its record asked again without it."""
        wanted: dict[int, dict[str, Any]] = {}
        left = dict(new)
        while left:
            fine, problems = many.check(self.entity, current, left)
            wanted.update(fine)
            again: dict[int, dict[str, Any]] = {}
            for id_, found in problems.items():
                blamed = found.keys() & left[id_].keys() or left[id_].keys()
                for key in blamed:
                    self.done.hold(id_, key, *(found.get(key) or [p for said in found.values() for p in said]))
                rest = {k: v for k, v in left[id_].items() if k not in blamed}
                if rest:
                    again[id_] = rest
            left = again
        return wanted
