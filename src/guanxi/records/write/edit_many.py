"""Changing the same fields of many records: one change set, one balance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal.ledger import change_set
from guanxi.core.journal.models import Door
from guanxi.kit.problems import BadValue
from guanxi.kit.results import Balance
from guanxi.records import custom, rights, search
from guanxi.records.entity import Entity
from guanxi.records.read.cells import formats_for
from guanxi.records.read.door import visible
from guanxi.records.write import rollup, rows, values
from guanxi.records.write.again import patiently
from guanxi.records.write.assign import check_owner
from guanxi.records.write.errors import Invalid
from guanxi.records.write.save import _differs, _value


@dataclass(frozen=True)
class Edited:
    """`held`: why records were left as they are, by record id."""

    change_set: int
    balance: Balance
    held: Mapping[int, list[str]]


@patiently
def edit_many(
    actor: Actor,
    entity: Entity,
    selected: QuerySet[Any],
    raw: Mapping[str, Any],
    *,
    add_tags: tuple[int, ...] = (),
    remove_tags: tuple[int, ...] = (),
    door: Door = Door.PAGE,
    reason: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Edited:
    """Give all of `selected` the values `raw` (and add or remove tags). Records that cannot take them are held, and named.

    `selected` is a query of visible rows (`read.page.matching`). Raises UnknownField, Invalid (a value nobody could take).
    """
    fields = {key: rights.field(actor, entity, key, Level.EDIT) for key in raw}
    if add_tags or remove_tags:
        rights.field(actor, entity, "tags", Level.EDIT)
    parsed, problems = values.parse(fields, raw, formats_for(actor))
    values.find_links(actor, fields, parsed, problems)
    owner = entity.policy.owner_field
    action = "assign" if set(raw) == {owner} and owner else "edit"
    if owner in parsed:
        try:
            check_owner(actor, entity, parsed[owner], creating=False)
        except BadValue as error:
            problems.setdefault(owner, []).append(error.problem)
    if problems:
        raise Invalid(problems)
    with transaction.atomic(), change_set(actor, door=door, action="bulk", entity=entity.key, reason=reason) as cs:
        allowed = visible(entity, actor, action)
        if owner in parsed:
            allowed = allowed.filter(pk__in=visible(entity, actor, "assign").values("pk"))
        ids = list(selected.order_by("pk").values_list("pk", flat=True))
        held: dict[int, list[str]] = {}
        changed = 0
        for start in range(0, len(ids), rows.CHUNK):
            chunk = ids[start : start + rows.CHUNK]
            current = rows.lock(allowed, chunk)
            for id_ in chunk:
                if id_ not in current:
                    held[id_] = ["undo.right"]
            wanted: dict[int, dict[str, Any]] = {}
            for id_, row in current.items():
                new = dict(parsed)
                if add_tags or remove_tags:
                    new["tags"] = [t for t in dict.fromkeys([*row["tags"], *add_tags]) if t not in remove_tags]
                wrong = _wanted(entity, row, new, wanted)
                if wrong:
                    held[id_] = wrong
            done = rows.update(cs, entity, current, wanted)
            changed += len(done)
            search.index(entity, done)
            rollup.after(cs, entity, done, before={i: current[i] for i in done})
            if progress:
                progress(start + len(chunk), len(ids))
        balance = Balance(read=len(ids), updated=changed, unchanged=len(ids) - changed - len(held), held=len(held))
        balance.check()
        cs.balance = balance.to_dict()
        return Edited(cs.id, balance, held)


def _wanted(
    entity: Entity, row: Mapping[str, Any], new: dict[str, Any], wanted: dict[int, dict[str, Any]]
) -> list[str]:
    """Adds what this row should become to `wanted`, or returns the codes of what is wrong with that."""
    every = custom.fields(entity)
    current = {key: _value(entity, row, field) for key, field in every.items() if not field.computed}
    whole = {**current, **new}
    if entity.derive:
        derived = entity.derive(whole)
        whole.update(derived)
        new = {**new, **derived}
    changed = {k: v for k, v in new.items() if _differs(every[k], current[k], v)}
    problems: values.Problems = {}
    values.check(entity, every, whole, changed=changed, id=row["id"], problems=problems)
    if problems:
        return [p.code for found in problems.values() for p in found]
    wanted[row["id"]] = {k: values.journal_form(entity, row["id"], every[k], v) for k, v in changed.items()}
    return []
