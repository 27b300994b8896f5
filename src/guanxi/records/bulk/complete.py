"""What a new row needs beyond its file: defaults, an owner, derived values; and the rules it has to keep."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db.models import Q

from guanxi.core.access.actor import Actor
from guanxi.kit.problems import Problem
from guanxi.records.base import Record
from guanxi.records.bulk.parse import Parsed
from guanxi.records.entity import Entity, Field
from guanxi.records.lookups import AnyOf
from guanxi.records.write.assign import Outside, check_owner


class Completer:
    """Makes the rows of a file whole. Only `look_at_owners`, `look_around` and `look_for_taken` use the database.

    `every`: all fields of the entity; `given`: the keys that the file brings; `keys`: those of them that name a record.
    """

    def __init__(
        self, actor: Actor, entity: Entity, every: Mapping[str, Field], given: Collection[str], keys: Sequence[str]
    ) -> None:
        self.actor, self.entity, self.every, self.given, self._keys = actor, entity, every, given, keys
        self._unique = [f for f in every.values() if f.unique and f.key in given]
        self._related = entity.model.invariants_many.__func__ is not Record.invariants_many.__func__  # type: ignore[attr-defined]
        self._rules = self._related or entity.model.invariants is not Record.invariants
        self._defaults = {
            k: f.default for k, f in every.items() if f.default is not None and not f.kind.is_empty(f.default)
        }
        self._nothing: dict[str, Any] = dict.fromkeys(every)
        self._required = [k for k, f in every.items() if f.required]
        self._empty = type("Probe", (), {f.column: f.kind.blank for f in every.values() if f.column})
        self._columns = {k: f.column for k, f in every.items() if f.column}
        self._owners: dict[int | None, Problem | None] = {}

    def filled(self) -> list[str]:
        """The fields that a row may have a value in when it is complete, as far as they are stored."""
        entity = self.entity
        keys = dict.fromkeys([*self.given, *self._defaults])
        if entity.policy.owner_field:
            keys[entity.policy.owner_field] = None
        if entity.numbering:
            keys[entity.numbering.field] = None
        if entity.derive:
            keys.update(dict.fromkeys(entity.derive({**self._defaults})))
        return [k for k in keys if self.every[k].column or self.every[k].custom]

    def look_at_owners(self, rows: list[Parsed]) -> None:
        """Whether the actor may give records to those whom these rows name: known before any is completed."""
        owner = self.entity.policy.owner_field
        if owner:
            mine = self._defaults.get(owner, self.actor.user_id)
            for id_ in {row.values.get(owner, mine) for row in rows}:
                self.owner_problem(id_)

    def owner_problem(self, owner: int | None) -> Problem | None:
        """Why the actor may not give a new record to this person, if so."""
        if owner not in self._owners:
            try:
                check_owner(self.actor, self.entity, owner, creating=True)
                self._owners[owner] = None
            except Outside as error:
                self._owners[owner] = error.problem
        return self._owners[owner]

    def complete(self, row: Parsed) -> Any:
        """Give a new row defaults, owner and derived values, and check it against its own rules. Returns it as rules read it."""
        new = row.values
        for key, value in self._defaults.items():
            if key not in new:
                new[key] = value
        owner = self.entity.policy.owner_field
        if owner:
            new.setdefault(owner, self.actor.user_id)
            problem = self._owners[new[owner]]
            if problem:
                row.problems[owner] = [problem]
        if self.entity.derive:
            new.update(self.entity.derive({**self._nothing, **new}))
        for key in self._required:
            if self.every[key].kind.is_empty(new.get(key)):
                row.problems.setdefault(key, []).append(Problem("field.required"))
        if not self._rules:
            return None
        columns = self._columns
        probe = self._empty()  # what a row does not fill is the class's
        probe.__dict__.update([(columns[k], v) for k, v in new.items() if v is not None and k in columns])
        if not row.problems:
            for key, problem in self.entity.model.invariants(probe):  # it reads columns only
                row.problems.setdefault(key, []).append(problem)
        return probe

    def look_around(self, rows: list[Parsed], probes: list[Any]) -> None:
        """What the rules over other records say of new ones: a query a batch."""
        if not self._related:
            return
        fine = [(row, probe) for row, probe in zip(rows, probes, strict=True) if not row.problems]
        for place, key, problem in self.entity.model.invariants_many([probe for _row, probe in fine]):
            fine[place][0].problems.setdefault(key, []).append(problem)

    def look_for_taken(self, rows: list[Parsed]) -> None:
        """Unique values must be free, in the database and among the rows themselves."""
        for field in self._unique:
            seen: dict[Any, int] = {}
            for row in rows:
                value = row.values.get(field.key)
                if value is None or row.problems:
                    continue
                if value in seen:
                    row.problems[field.key] = [Problem("field.taken", {"value": str(value)})]
                else:
                    seen[value] = row.number
            if not seen or field.key in self._keys:
                continue  # nobody was recognised by it, so it is free
            operands = [field.kind.custom_operand(v) if field.custom else v for v in seen]
            taken = self.entity.model.all_rows.filter(Q(AnyOf(field.expression, operands)), deleted_in__isnull=True)
            if field.custom:
                gone = {field.kind.from_json(c.get(field.key)) for c in taken.values_list("custom", flat=True)}
            else:
                gone = set(taken.values_list(field.column, flat=True))
            for row in rows:
                if gone and row.values.get(field.key) in gone:
                    row.problems[field.key] = [Problem("field.taken", {"value": str(row.values[field.key])})]
