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
from guanxi.records import rights
from guanxi.records.entity import Entity, Field
from guanxi.records.read.cells import formats_for
from guanxi.records.read.door import visible
from guanxi.records.write import many, rows, values
from guanxi.records.write.again import patiently
from guanxi.records.write.assign import check_owner
from guanxi.records.write.errors import Invalid

HELD_KEPT = 1000  # so many reasons are remembered one by one; `why` counts all


@dataclass(frozen=True)
class Edited:
    """`held`: why records were left as they are, by record id (the first 1,000); `why`: how many for each reason."""

    change_set: int
    balance: Balance
    held: Mapping[int, list[str]]
    why: Mapping[str, int]


def parsed_once(
    actor: Actor, entity: Entity, raw: Mapping[str, Any], *, add_tags: tuple[int, ...] = (), remove_tags: tuple[int, ...] = ()
) -> tuple[Mapping[str, Field], dict[str, Any]]:  # fmt: skip
    """The values all records are to get, checked as far as they do not depend on the record. Raises UnknownField, Invalid."""
    fields = {key: rights.field(actor, entity, key, Level.EDIT) for key in raw}
    if add_tags or remove_tags:
        rights.field(actor, entity, "tags", Level.EDIT)
    parsed, problems = values.parse(fields, raw, formats_for(actor))
    values.find_links(actor, fields, parsed, problems)
    owner = entity.policy.owner_field
    if owner in parsed:
        try:
            check_owner(actor, entity, parsed[owner], creating=False)
        except BadValue as error:
            problems.setdefault(owner, []).append(error.problem)
    if problems:
        raise Invalid(problems)
    return fields, parsed


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
    finish: Callable[[Edited], None] | None = None,
) -> Edited:
    """Give all of `selected` the values `raw` (and add or remove tags). Records that cannot take them are held, and named;
    those that the actor sees but may not change are skipped.

    `selected` is a query of visible rows (`read.page.matching`). `finish` is called inside the transaction, as its last
    step. Raises UnknownField, Invalid (a value nobody could take).
    """
    fields, parsed = parsed_once(actor, entity, raw, add_tags=add_tags, remove_tags=remove_tags)
    owner = entity.policy.owner_field
    action = "assign" if set(raw) == {owner} and owner and not (add_tags or remove_tags) else "edit"
    with transaction.atomic(), change_set(actor, door=door, action="bulk", entity=entity.key, reason=reason) as cs:
        allowed = visible(entity, actor, action)
        if owner in parsed:
            allowed = allowed.filter(pk__in=visible(entity, actor, "assign").values("pk"))
        ids = list(selected.order_by("pk").values_list("pk", flat=True))
        held: dict[int, list[str]] = {}
        why: dict[str, int] = {}
        changed = skipped = n_held = 0

        def hold(id_: int, codes: list[str]) -> None:
            if len(held) < HELD_KEPT:
                held[id_] = codes
            for code in dict.fromkeys(codes):
                why[code] = why.get(code, 0) + 1

        for start in range(0, len(ids), rows.CHUNK):
            chunk = ids[start : start + rows.CHUNK]
            current = rows.lock(allowed, chunk)
            for id_ in chunk:
                if id_ not in current:
                    skipped += 1
                    hold(id_, ["undo.right"])
            new: dict[int, dict[str, Any]] = {id_: dict(parsed) for id_ in current}
            values.keep_unseen(actor, fields, current, new)
            for id_, row in current.items():
                if add_tags or remove_tags:
                    new[id_]["tags"] = [
                        t for t in dict.fromkeys([*row["tags"], *add_tags]) if t not in remove_tags
                    ] or None
            wanted, problems = many.check(entity, current, new)
            done, refused = many.write(cs, actor, entity, current, wanted)
            for id_, found in problems.items():
                n_held += 1
                hold(id_, [p.code for said in found.values() for p in said])
            for id_, problem in refused.items():
                n_held += 1
                hold(id_, [problem.code])
            changed += len(done)
            if progress:
                progress(start + len(chunk), len(ids))
        balance = Balance(
            read=len(ids),
            updated=changed,
            unchanged=len(ids) - changed - skipped - n_held,
            skipped=skipped,
            held=n_held,
        )
        cs.balance = balance.check().to_dict()
        result = Edited(cs.id, balance, held, why)
        if finish:
            finish(result)
        return result
