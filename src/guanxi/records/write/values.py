"""From what a person or file gives to values that can be written: parsed, links found, required, unique, consistent."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Q
from django.db.models.lookups import Exact

from guanxi.core import secrets
from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.identity.models import User
from guanxi.kit.problems import BadValue, Problem
from guanxi.records import catalogue, kinds, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds import Formats
from guanxi.records.read.door import visible
from guanxi.records.write import links

Problems = dict[str, list[Problem]]
Row = Mapping[str, Any]


def parse(fields: Mapping[str, Field], values: Mapping[str, Any], formats: Formats) -> tuple[dict[str, Any], Problems]:
    """Stored values by field key, and what is wrong with the others. Links are still text where no id was given."""
    parsed: dict[str, Any] = {}
    problems: Problems = {}
    formats = in_country(fields, values, formats)
    for key, raw in values.items():
        try:
            parsed[key] = fields[key].kind.parse(raw, formats)
        except BadValue as error:
            problems[key] = [error.problem]
    return parsed, problems


def in_country(fields: Mapping[str, Field], values: Mapping[str, Any], formats: Formats) -> Formats:
    """Formats for one record: its telephone numbers without country code belong to the country its address names."""
    for key, raw in values.items():
        if isinstance(raw, Mapping) and raw.get("country") and isinstance(fields[key].kind, kinds.Address):
            return formats.in_region(str(raw["country"]))
    return formats


def find_links(actor: Actor, fields: Mapping[str, Field], parsed: dict[str, Any], problems: Problems) -> None:
    """Replace ids and names in link fields by ids that the actor may see; what cannot be found becomes a problem."""
    for key in list(parsed):
        kind, value = fields[key].kind, parsed[key]
        if not isinstance(kind, kinds.Link) or value is None:
            continue
        wanted = value if kind.many else [value]
        found = resolve(actor, kind, wanted)
        wrong = [p for w in wanted if isinstance(p := found[w], Problem)]
        if wrong:
            problems[key] = wrong
            del parsed[key]
        else:
            parsed[key] = [found[w] for w in wanted] if kind.many else found[value]
            if not _stays(fields[key], parsed[key]):
                problems[key] = [Problem("link.unknown", {"target": str(fields[key].label), "value": str(value)})]
                del parsed[key]


def keep_unseen(
    actor: Actor, fields: Mapping[str, Field], current: Mapping[int, Row], new: Mapping[int, dict[str, Any]]
) -> None:  # fmt: skip
    """In fields that link to several records, links that the actor cannot see stay where they are, whatever was given.

    `current`: rows as the database holds them; `new`: parsed values by record, links as ids. One query for each such field.
    """
    for key, field in fields.items():
        if not (isinstance(field.kind, kinds.Link) and field.kind.many):
            continue
        had = {i: list(_held(current[i], field)) for i, given in new.items() if key in given and i in current}
        every = {id_ for ids in had.values() for id_ in ids}
        if not every:
            continue
        rows = visible(catalogue.get(field.kind.target), actor).filter(pk__any_of=list(every))
        unseen = every - set(rows.values_list("pk", flat=True))
        for id_, ids in had.items():
            if stay := [i for i in ids if i in unseen]:
                given = list(new[id_][key] or [])
                whole = [*given, *(i for i in stay if i not in given)]
                new[id_][key] = ids if [i for i in ids if i not in unseen] == given else whole


def _held(row: Row, field: Field) -> list[int]:
    value = row["custom"].get(field.key) if field.custom else row[field.column]
    return value or []


def _stays(field: Field, id: Any) -> bool:  # noqa: A002
    """Whether the record linked to is still there, and kept from being deleted until this is written."""
    if field not in links.of(catalogue.get(field.entity)):
        return True
    return id in links.hold(field, [id])


def resolve(actor: Actor, kind: kinds.Link, wanted: Collection[int | str]) -> dict[int | str, int | Problem]:
    """Ids for ids, numbers or names of a link's target, among what the actor may see; one or two queries for any number."""
    ids = [w for w in wanted if isinstance(w, int)]
    texts = [w for w in wanted if isinstance(w, str)]
    named: dict[str, list[int]] = {}
    if kind.target == "core.user":
        people = User.objects.filter(is_active=True)
        known = set(User.objects.filter(pk__any_of=ids).values_list("pk", flat=True)) if ids else set()
        rows = (
            people.filter(Q(name__in=texts) | Q(username__in=texts)).values_list("pk", "name", "username")
            if texts
            else []
        )
        for pk, *names in rows:
            for name in set(names):
                named.setdefault(name, []).append(pk)
        label = "person"
    else:
        target = catalogue.get(kind.target)
        label = str(target.label)
        seen = visible(target, actor)
        known = set(seen.filter(pk__any_of=ids).values_list("pk", flat=True)) if ids else set()
        if texts:
            keys = list(_names(actor, target))
            q = Q()
            for key in keys:
                q |= Q(**{f"{key}__any_of": texts})
            for row in seen.filter(q).values("pk", *keys):
                for key in keys:
                    if row[key] in texts and row["pk"] not in named.setdefault(row[key], []):
                        named[row[key]].append(row["pk"])
    found: dict[int | str, int | Problem] = {}
    for w in ids:
        # A number may be a name too: a customer called "1688", an order number without letters.
        found[w] = w if w in known else Problem("link.unknown", {"target": label, "value": str(w)})
    for text in texts:
        hits = named.get(text, [])
        code = "link.unknown" if not hits else "link.several"
        found[text] = hits[0] if len(hits) == 1 else Problem(code, {"target": label, "value": text})
    return found


def _names(actor: Actor, target: Entity) -> Iterator[str]:
    """Fields by which a file may name a record of this entity: number, strong keys and title, where plain text and readable."""
    numbering = [target.numbering.field] if target.numbering else []
    for key in dict.fromkeys([*numbering, *target.recognise_by, target.title]):
        field = target.declared[key]
        plain = isinstance(field.kind, kinds.Text) and not isinstance(field.kind, kinds.Email)
        if plain and rights.level(actor, field).rank >= Level.READ.rank:
            yield key


def stored(row: Row, field: Field) -> Any:
    """A field's value in journal form (JSON; None for empty) from a row of column values."""
    if field.custom:
        return row["custom"].get(field.key)
    value = row[field.column]
    if value is None or value == "" or value == []:
        return None
    if field.secret:
        return base64.b64encode(bytes(value)).decode()
    return field.kind.to_json(value)


def journal_form(entity: Entity, id: int, field: Field, value: Any) -> Any:  # noqa: A002
    """A parsed value in journal form; secrets are sealed for this row."""
    if value is None or field.kind.is_empty(value):
        return None
    if field.secret:
        return base64.b64encode(secrets.seal_value(entity.table, field.column, id, value)).decode()
    return field.kind.to_json(value)


def column_form(field: Field, value: Any) -> Any:
    """A value in journal form as JSON that PostgreSQL reads into the column (`jsonb_populate_record`)."""
    if value is None:
        return field.kind.blank
    if field.secret:
        return "\\x" + base64.b64decode(value).hex()
    return value


def unsealed(form: str) -> bytes:
    """The sealed bytes of a secret in journal form."""
    return base64.b64decode(form)


def same_secret(entity: Entity, id: int, field: Field, before: Any, value: Any) -> bool:  # noqa: A002
    """Whether a sealed value already says this; sealing twice never gives the same bytes."""
    if before is None or value is None:
        return before is None and value is None
    return bool(secrets.open_value(entity.table, field.column, id, base64.b64decode(before)) == value)


def check(
    entity: Entity, fields: Mapping[str, Field], values: Mapping[str, Any], *, changed: Iterable[str], id: int | None,  # noqa: A002
    problems: Problems, asked: Collection[str] = (),
) -> None:  # fmt: skip
    """Rules over the whole record as it would be: required, invariants of the model, uniqueness. Adds to `problems`.

    `values`: stored values of every field by key. `changed`: keys that differ from what the database holds.
    """
    changed = set(changed)
    for key, field in fields.items():
        if field.required and field.kind.is_empty(values.get(key)) and (id is None or key in changed or key in asked):
            problems.setdefault(key, []).append(Problem("field.required"))
    if problems:
        return
    probe = entity.model(
        **{f.column: _column_value(f, values.get(k)) for k, f in fields.items() if f.column and not f.computed}
    )
    probe.id = id  # type: ignore[assignment]
    for key, problem in probe.invariants():
        problems.setdefault(key, []).append(problem)
    for _place, key, problem in entity.model.invariants_many([probe]):
        problems.setdefault(key, []).append(problem)
    for key in changed:
        field = fields[key]
        if field.unique and not field.kind.is_empty(values.get(key)):
            _check_unique(entity, field, values[key], id, problems)
        if isinstance(field.kind, kinds.Link) and field.kind.target == entity.key and id is not None:
            _check_cycle(entity, field, values.get(key), id, problems)


def _column_value(field: Field, value: Any) -> Any:
    if value is None:
        return field.kind.blank
    return value


def _check_unique(entity: Entity, field: Field, value: Any, id: int | None, problems: Problems) -> None:  # noqa: A002
    operand = field.kind.custom_operand(value) if field.custom else value
    rows = entity.model.all_rows.filter(Q(Exact(field.expression, operand)), deleted_in__isnull=True)
    if rows.exclude(pk=id).exists():
        problems.setdefault(field.key, []).append(Problem("field.taken", {"value": str(value)}))


def _check_cycle(entity: Entity, field: Field, value: Any, id: int, problems: Problems) -> None:  # noqa: A002
    """Follows the link upwards; a record that meets itself would hang every tree that is drawn of it."""
    seen: set[int] = {id}
    at = value
    while isinstance(at, int):
        if at in seen:
            problems.setdefault(field.key, []).append(Problem("link.itself"))
            return
        seen.add(at)
        at = entity.model.all_rows.filter(pk=at).values_list(field.column, flat=True).first()
