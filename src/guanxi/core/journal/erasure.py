"""Taking a person's values out of the journal so that the chain still verifies.

A line's commitment stays where it is, so every digest and seal over it holds. What is taken out is its values and its salt,
without which nobody can even guess at them. The erasure is a change set of its own, whose lines name the lines they emptied
and commit to what is left in them: `verify` tells a lawful erasure from a hand that blanked a line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from guanxi.core.access.actor import Actor
from guanxi.core.journal import hashing
from guanxi.core.journal.ledger import Line, change_set
from guanxi.core.journal.models import Change, Door, Op

CHUNK = 1000

UPDATE = """
UPDATE core_change c SET before = v.before, after = v.after, origin_before = v.origin_before, origin_after = v.origin_after,
    salt = v.salt
FROM unnest(%s::bigint[], %s::jsonb[], %s::jsonb[], %s::jsonb[], %s::jsonb[], %s::bytea[])
    v (id, before, after, origin_before, origin_after, salt)
WHERE c.id = v.id
"""
PARTS = ("before", "after", "origin_before", "origin_after")


@dataclass(frozen=True)
class Erased:
    """`change_set`: the erasure itself; `lines`: how many lines of the journal lost values."""

    change_set: int
    lines: int


def erase(
    actor: Actor,
    entity: str,
    record_ids: Collection[int],
    fields: Collection[str] | None = None,
    *,
    door: Door = Door.SYSTEM,
    reason: str = "",
) -> Erased:
    """Take the values of these records out of the journal: those of `fields`, or with None all of them.

    The records' own rows, search tokens and files are the caller's, and so are rights. Cannot be undone; undoing a change
    whose values were erased leaves the record as it is and says so. `reason` must not hold what is erased.
    """
    ids = sorted(set(record_ids))
    done = 0
    with change_set(actor, door=door, action="erase", entity=entity, reason=reason, keep_empty=True) as cs:
        cs.flush()  # lines of this very set, when it joined another one
        for start in range(0, len(ids), CHUNK):
            lines = Change.objects.filter(entity=entity, record__in=ids[start : start + CHUNK]).exclude(op=Op.ERASE)
            left: dict[int, dict[str, str | None]] = {}
            emptied: list[Change] = []
            for line in lines.order_by("id").select_for_update():
                if _empty(line, fields):
                    emptied.append(line)
                    rest = (
                        None
                        if line.salt is None
                        else hashing.commitment(bytes(line.salt), hashing.content_of(line)).hex()
                    )
                    left.setdefault(line.record, {})[str(line.pk)] = rest
            _write(emptied)
            done += len(emptied)
            named = None if fields is None else sorted(fields)
            for record, of_record in left.items():
                cs.add(Line(entity, record, Op.ERASE, None, {"fields": named, "lines": of_record}))
        return Erased(cs.id, done)


def _empty(line: Change, fields: Collection[str] | None) -> bool:
    """Take values out of a line; False when it has none of them."""
    held: dict[str, Mapping[str, Any]] = {part: getattr(line, part) or {} for part in PARTS}
    if line.salt is None or not any(held.values()):
        return False
    if fields is not None and not any(key in values for values in held.values() for key in fields):
        return False
    for part, values in held.items():
        rest = {} if fields is None else {key: value for key, value in values.items() if key not in fields}
        setattr(line, part, rest or None)
    line.salt = os.urandom(16) if any(getattr(line, part) for part in PARTS) else None
    return True


def _write(lines: list[Change]) -> None:
    def texts(part: str) -> list[str | None]:
        values = [getattr(line, part) for line in lines]
        return [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]

    if lines:
        with connection.cursor() as cursor:
            columns = [texts(part) for part in PARTS]
            cursor.execute(UPDATE, [[line.pk for line in lines], *columns, [line.salt for line in lines]])
