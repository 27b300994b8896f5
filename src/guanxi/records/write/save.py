"""`save`: create or change one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DataError, IntegrityError, transaction

from guanxi.core import secrets
from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal import hashing
from guanxi.core.journal.ledger import OpenSet, change_set
from guanxi.core.journal.models import Change, Door, Op
from guanxi.kit.problems import BadValue, Problem
from guanxi.records import custom, files, ids, rights, search
from guanxi.records.entity import Entity, Field
from guanxi.records.read.cells import formats_for
from guanxi.records.read.door import Hidden, visible
from guanxi.records.write import rollup, rows, values
from guanxi.records.write.again import patiently
from guanxi.records.write.assign import check_owner
from guanxi.records.write.errors import Conflict, ConflictField, Invalid, Refused


@dataclass(frozen=True)
class Saved:
    """What was saved. `change_set` is None when nothing differed."""

    id: int
    version: int
    change_set: int | None
    changed: tuple[str, ...]


@patiently
def save(
    actor: Actor,
    entity: Entity,
    raw: Mapping[str, Any],
    *,
    id: int | None = None,  # noqa: A002
    version: int | None = None,
    door: Door = Door.PAGE,
    action: str = "",
    reason: str = "",
) -> Saved:
    """Create a record (`id` None) or change fields of one; `raw` holds what a person or program gave, by field key.

    Raises UnknownField (no such field, or none that the actor may edit), Hidden (no such record for the actor), Refused,
    Invalid, Conflict (somebody changed the same fields since `version`). Then nothing was written.
    """
    fields = {key: rights.field(actor, entity, key, Level.EDIT) for key in raw}
    with (
        files.unless_refused(),
        change_set(
            actor, door=door, action=action or ("edit" if id else "create"), entity=entity.key, record=id, reason=reason
        ) as cs,
        _named(entity),
        transaction.atomic(),
    ):
        if id is None:
            return _create(cs, actor, entity, fields, raw)
        return _change(cs, actor, entity, fields, raw, id, version)


def _create(cs: OpenSet, actor: Actor, entity: Entity, fields: Mapping[str, Field], raw: Mapping[str, Any]) -> Saved:
    if not actor.can(entity.key, "create"):
        raise Refused(f"{entity.key}: create")
    every = custom.fields(entity)
    parsed, problems = values.parse(fields, raw, formats_for(actor))
    values.find_links(actor, fields, parsed, problems)
    new = {key: field.default for key, field in every.items() if field.default is not None} | parsed
    owner = entity.policy.owner_field
    if owner:
        new.setdefault(owner, actor.user_id)
        _check_owner(actor, entity, new[owner], problems, creating=True)
    derived = entity.derive(new) if entity.derive else {}
    new.update(derived)
    id_ = ids.take()[0]
    if entity.numbering and not new.get(entity.numbering.field):
        new[entity.numbering.field] = ids.numbers(entity)[0]
    values.check(entity, every, new, changed=[k for k, v in new.items() if v is not None], id=None, problems=problems)
    if problems:
        raise Invalid(problems)
    written = {
        key: values.journal_form(entity, id_, every[key], value)
        for key, value in new.items()
        if every[key].column or every[key].custom
    }
    rows.insert(cs, entity, id_, written)
    cs.record = cs.record or id_
    if (
        not visible(entity, actor, "create").filter(pk=id_).exists()
        or not visible(entity, actor).filter(pk=id_).exists()
    ):
        raise Refused(f"{entity.key}: create outside your range")
    search.index(entity, [id_])
    rollup.after(cs, entity, [id_], before={})
    return Saved(id_, 1, cs.id, tuple(k for k, v in written.items() if v is not None))


def _change(
    cs: OpenSet,
    actor: Actor,
    entity: Entity,
    fields: Mapping[str, Field],
    raw: Mapping[str, Any],
    id_: int,
    version: int | None,
) -> Saved:
    row = rows.lock(visible(entity, actor, "edit"), [id_]).get(id_)
    if row is None:
        if visible(entity, actor).filter(pk=id_).exists():
            raise Refused(f"{entity.key} {id_}: edit")
        raise Hidden(f"{entity.key} {id_}")
    every = custom.fields(entity)
    parsed, problems = values.parse(fields, raw, formats_for(actor))
    if version is not None and version != row["version"]:
        _settle(actor, entity, fields, parsed, row, version)
    values.find_links(actor, {k: fields[k] for k in parsed}, parsed, problems)
    values.keep_unseen(actor, fields, {id_: row}, {id_: parsed})
    current = {key: _value(entity, row, field) for key, field in every.items() if not field.computed}
    whole = {**current, **parsed}
    if entity.derive:
        for key, value in entity.derive(whole).items():
            whole[key] = parsed[key] = value
    changed = {k: v for k, v in parsed.items() if _differs(every[k], current[k], v)}
    owner = entity.policy.owner_field
    if owner in changed:
        if not visible(entity, actor, "assign").filter(pk=id_).exists():
            raise Refused(f"{entity.key} {id_}: assign")
        _check_owner(actor, entity, changed[owner], problems, creating=False)
    values.check(entity, every, whole, changed=changed, id=id_, problems=problems, asked=raw)
    if problems:
        raise Invalid(problems)
    wanted = {k: values.journal_form(entity, id_, every[k], v) for k, v in changed.items()}
    if not rows.update(cs, entity, {id_: row}, {id_: wanted}):
        return Saved(id_, row["version"], None, ())
    if not visible(entity, actor, "edit").filter(pk=id_).exists() and owner not in changed:
        raise Refused(f"{entity.key} {id_}: the change would take the record out of your range")
    search.index(entity, [id_])
    rollup.after(cs, entity, [id_], before={id_: row})
    return Saved(id_, row["version"] + 1, cs.id, tuple(wanted))


def _value(entity: Entity, row: Mapping[str, Any], field: Field) -> Any:
    """The parsed form of what the row holds; secrets opened."""
    if field.custom:
        return field.kind.from_json(row["custom"].get(field.key))
    value = row[field.column]
    if field.secret and value is not None:
        return secrets.open_value(entity.table, field.column, row["id"], value)
    return None if field.kind.is_empty(value) else value


def _differs(field: Field, current: Any, value: Any) -> bool:
    if field.kind.is_empty(value):
        return not field.kind.is_empty(current)
    return bool(current != value)


def _check_owner(actor: Actor, entity: Entity, owner: int | None, problems: values.Problems, *, creating: bool) -> None:
    try:
        check_owner(actor, entity, owner, creating=creating)
    except BadValue as error:
        problems.setdefault(entity.policy.owner_field, []).append(error.problem)


def _settle(
    actor: Actor, entity: Entity, fields: Mapping[str, Field], parsed: dict[str, Any],
    row: Mapping[str, Any], version: int,
) -> None:  # fmt: skip
    """The record is newer than the `version` the values were based on.

    Each version has one journal line, so the lines since then tell what others changed. Fields that only they changed are
    left as they are now; fields that both changed are a Conflict; the rest goes on.
    """
    behind = row["version"] - version
    lines = (
        list(
            Change.objects.filter(record=row["id"], entity=entity.key)
            .order_by("-id")
            .select_related("change_set")[:behind]
        )
        if behind > 0
        else []
    )
    if len(lines) < behind or behind <= 0 or any(line.op != Op.UPDATE or not hashing.whole(line) for line in lines):
        theirs = dict.fromkeys(fields, (None, "", False))  # The base is not known: everything that differs counts.
    else:
        theirs = {}
        for line in lines:  # newest first: the oldest `before` stays
            for key, before in (line.before or {}).items():
                who = theirs[key][1] if key in theirs else line.change_set.actor_name
                theirs[key] = (before, who, True)
    conflicts = []
    formats = formats_for(actor)
    for key in [k for k in fields if k in theirs and k in parsed]:
        field = fields[key]
        before, who, known = theirs[key]
        now = _value(entity, row, field)
        if not _differs(field, now, parsed[key]):
            continue
        base = None if field.secret or before is None else field.kind.from_json(before)
        if known and not field.secret and not _differs(field, base, parsed[key]):
            del parsed[key]
            continue
        show = field.kind.mask if field.secret else field.kind.format
        conflicts.append(
            ConflictField(
                field,
                "" if base is None or not known else field.kind.format(base, formats),
                "" if parsed[key] is None else show(parsed[key], formats),
                "" if now is None else show(now, formats),
                who,
            )
        )  # fmt: skip
    if conflicts:
        raise Conflict(row["version"], tuple(conflicts))


class _named:
    """Turns what the database refuses at the last moment (a unique value taken meanwhile) into Invalid with its field."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, (IntegrityError, DataError)):
            return
        diagnosis = getattr(getattr(error, "__cause__", None), "diag", None)
        name = str(getattr(diagnosis, "constraint_name", "") or "")
        for key, field in custom.fields(self.entity).items():
            if name and (name.endswith(f"_{key}") or f"_{key}_" in f"{name}_") and (field.unique or not field.custom):
                raise Invalid({key: [Problem("field.taken", {"value": "…"})]}) from error
        raise error
