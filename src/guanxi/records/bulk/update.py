"""Rows of a file that name a record the house has: they change what they bring, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from guanxi.core.access.actor import Actor
from guanxi.core.journal.ledger import OpenSet
from guanxi.kit.problems import Problem
from guanxi.records import custom
from guanxi.records.bulk.parse import Parsed, Problems
from guanxi.records.entity import Entity, Field
from guanxi.records.read.door import visible
from guanxi.records.write import many, rollup
from guanxi.records.write import rows as row_writer
from guanxi.records.write import values as value_rules
from guanxi.records.write.save import _differs, _value

Known = list[tuple[int, Parsed]]
"""Rows with the id of the record that each names."""


class Updater:
    """Changes records inside one change set.

    `fields`: what the file brings; `hold` takes the number and problems of rows that are refused.
    """

    def __init__(
        self, cs: OpenSet, actor: Actor, entity: Entity, fields: Mapping[str, Field], *,
        owner_problem: Callable[[int | None], Problem | None], hold: Callable[[int, Problems], None],
    ) -> None:  # fmt: skip
        self.cs, self.actor, self.entity, self.fields = cs, actor, entity, fields
        self.every = custom.fields(entity)
        self._owner_problem, self._hold = owner_problem, hold
        self._sealed = [f for f in self.every.values() if f.custom or f.secret]
        self._plain = [(k, f.column) for k, f in self.every.items() if not (f.computed or f.custom or f.secret)]

    def write(self, known: Known) -> tuple[list[int], int]:
        """Apply rows to the records they name. Returns (ids that changed, how many rows changed nothing)."""
        changed: list[int] = []
        unchanged = 0
        # Two rows for one record: each is applied to what the one before left.
        while known:
            batch: dict[int, Parsed] = {}
            rest = []
            for id_, row in known:
                if id_ in batch:
                    rest.append((id_, row))
                else:
                    batch[id_] = row
            known = rest
            done, same = self._batch(batch)
            changed += done
            unchanged += same
        return changed, unchanged

    def _batch(self, batch: Mapping[int, Parsed]) -> tuple[list[int], int]:
        current = row_writer.lock(visible(self.entity, self.actor, "edit"), batch.keys())
        given = {id_: parsed.values for id_, parsed in batch.items()}
        value_rules.keep_unseen(self.actor, self.fields, current, given)
        wholes: dict[int, many.Now] = {}
        changes: dict[int, dict[str, Any]] = {}
        refused: dict[int, Problems] = {}
        for id_, parsed in batch.items():
            row = current.get(id_)
            if row is None:
                refused[id_] = {"": [Problem("undo.gone")]}
                continue
            now = {k: v if (v := row[column]) or v == 0 else None for k, column in self._plain}
            now |= {f.key: _value(self.entity, row, f) for f in self._sealed}
            new = dict(parsed.values)
            if self.entity.derive:
                new.update(self.entity.derive({**now, **new}))
            changed = {k: v for k, v in new.items() if v != now[k] and _differs(self.every[k], now[k], v)}
            if not changed:
                continue
            problems: Problems = {}
            self._check_owner_change(id_, changed, problems)
            if problems:
                refused[id_] = problems
            else:
                changes[id_] = changed
                wholes[id_] = many.Now(self.entity, self.every, row, new)
        refused |= many.rules(self.entity, wholes, changes)
        for id_, parsed in batch.items():
            if id_ in refused:
                self._hold(parsed.number, refused[id_])
        wanted = {
            id_: {k: value_rules.journal_form(self.entity, id_, self.every[k], v) for k, v in changed.items()}
            for id_, changed in changes.items()
            if id_ not in refused
        }
        done = row_writer.update(self.cs, self.entity, current, wanted)
        rollup.after(self.cs, self.entity, done, before={i: current[i] for i in done})
        return done, len(batch) - len(done) - len(refused)

    def _check_owner_change(self, id_: int, changed: Mapping[str, Any], problems: Problems) -> None:
        owner = self.entity.policy.owner_field
        if owner not in changed:
            return
        if not visible(self.entity, self.actor, "assign").filter(pk=id_).exists():
            problems[owner] = [Problem("undo.right")]
        elif problem := self._owner_problem(changed[owner]):
            problems[owner] = [problem]
