"""Which records the rows of a file name, and which they point at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q

from guanxi.core.access.actor import Actor
from guanxi.kit.problems import Problem
from guanxi.records import kinds
from guanxi.records.bulk.parse import Parsed
from guanxi.records.entity import Entity, Field
from guanxi.records.lookups import AnyOf
from guanxi.records.read.door import visible
from guanxi.records.write import links
from guanxi.records.write import values as value_rules


class Recogniser:
    """Looks a batch up at once, a query a key. A row that names what it may not, or two records, gets a problem.

    `keys`: the fields that name a record, the strongest first.
    """

    def __init__(self, actor: Actor, entity: Entity, fields: Mapping[str, Field], keys: Sequence[str]) -> None:
        self.actor, self.entity, self.fields, self.keys = actor, entity, fields, keys
        self._links = [f for f in fields.values() if isinstance(f.kind, kinds.Link)]
        self._held = links.of(entity)
        self.points_at_itself = any(f.kind.target == entity.key for f in self._links)  # type: ignore[attr-defined]

    def names(self, row: Parsed) -> list[tuple[str, Any]]:
        """By what a row names its record, in a form that can be compared."""
        values = row.values
        return [(key, self._fold(key, values[key])) for key in self.keys if key in values]

    def _fold(self, key: str, value: Any) -> Any:
        return value.lower() if isinstance(self.fields[key].kind, kinds.Email) else value

    def find_links(self, rows: list[Parsed]) -> None:
        for field in self._links:
            assert isinstance(field.kind, kinds.Link)
            wanted: set[Any] = set()
            for row in rows:
                value = row.values.get(field.key)
                if value is not None:
                    wanted.update(value if field.kind.many else (value,))
            if not wanted:
                continue
            found = value_rules.resolve(self.actor, field.kind, list(wanted))
            for row in rows:
                value = row.values.get(field.key)
                if value is None:
                    continue
                ids = [found[v] for v in (value if field.kind.many else (value,))]
                wrong = [v for v in ids if isinstance(v, Problem)]
                if wrong:
                    row.problems[field.key] = wrong
                else:
                    row.values[field.key] = ids if field.kind.many else ids[0]
            if field in self._held:
                named = {row.values[field.key] for row in rows if not row.problems and field.key in row.values}
                live = links.hold(field, named)
                for row in rows:
                    if not row.problems and row.values.get(field.key) is not None and row.values[field.key] not in live:
                        shown = {"target": str(field.label), "value": str(row.values[field.key])}
                        row.problems[field.key] = [Problem("link.unknown", shown)]

    def known(self, rows: list[Parsed]) -> dict[int, int]:
        """{row number: id} of rows that name a live record; rows that name two, or one out of range, get a problem."""
        hits: dict[int, dict[int, None]] = {}
        for key in self.keys:
            field = self.fields[key]
            wanted: dict[Any, list[Parsed]] = {}
            for row in rows:
                if key in row.values and (key == self.keys[0] or row.number not in hits):
                    wanted.setdefault(row.values[key], []).append(row)
            if not wanted:
                continue
            operands = [field.kind.custom_operand(v) if field.custom else v for v in wanted]
            # By a key that need not be unique, only what the actor sees is recognised: a file must not tell what lies out of range.
            live = self.entity.model.all_rows.filter(deleted_in__isnull=True)
            known = live if field.unique else visible(self.entity, self.actor)
            found = known.filter(Q(AnyOf(field.expression, operands)))
            column = "custom" if field.custom else field.column
            for id_, value in found.values_list("pk", column):
                value = field.kind.from_json(value.get(key)) if field.custom else value
                for row in wanted.get(value, ()):
                    hits.setdefault(row.number, {})[id_] = None
        if not hits:
            return {}
        ids = {id_ for several in hits.values() for id_ in several}
        allowed = set(
            visible(self.entity, self.actor, "edit").filter(pk__any_of=list(ids)).values_list("pk", flat=True)
        )
        result: dict[int, int] = {}
        for row in rows:
            several = hits.get(row.number)
            if several is None:
                continue
            if len(several) > 1:
                row.problems[self.keys[0]] = [Problem("link.several", {"value": _shown(row, self.keys)})]
            elif not several.keys() <= allowed:
                row.problems[self.keys[0]] = [Problem("field.taken", {"value": _shown(row, self.keys)})]
            else:
                result[row.number] = next(iter(several))
        return result


def _shown(row: Parsed, keys: Sequence[str]) -> str:
    return ", ".join(str(row.values[key]) for key in keys if key in row.values)
