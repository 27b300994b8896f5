"""The search index: tokens of every record in one table, kept by the write door, in bulk by a job."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Q

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.kit import text
from guanxi.records import custom, rights, sql
from guanxi.records.entity import Entity, Field
from guanxi.records.models import SearchEntry

CHUNK = 2000


def searchable(entity: Entity) -> list[Field]:
    return [f for f in custom.fields(entity).values() if f.search and not f.secret and not f.computed]


def tokens_of(fields: Iterable[Field], row: Mapping[str, Any]) -> frozenset[str]:
    """The tokens of one row of column values. Pure."""
    parts: dict[str, list[str]] = {}
    for field in fields:
        value = row["custom"].get(field.key) if field.custom else row[field.column]
        if value is None or value == "" or field.kind.is_empty(value):
            continue
        for sort, part in field.kind.tokens(value).items():
            parts.setdefault(sort, []).append(part)
    return text.search_tokens(
        names=parts.get("name", ()), phones=parts.get("phone", ()), emails=parts.get("email", ()),
        words=parts.get("word", ()), numbers=parts.get("number", ()),
    )  # fmt: skip


def vector(tokens: Iterable[str]) -> str:
    """A tsvector literal without positions: quoted lexemes."""
    lexemes = "\n".join(tokens)  # no token has a line break: folding makes spaces of them
    if "'" in lexemes or "\\" in lexemes:
        lexemes = lexemes.replace("\\", "\\\\").replace("'", "''")
    return "'" + lexemes.replace("\n", "' '") + "'" if lexemes else ""


def index(entity: Entity, ids: Collection[int]) -> int:
    """Write the tokens of these live records; returns how many.

    While the database writes the tokens of one chunk, those of the next are made.
    """
    fields = searchable(entity)
    if not fields or not ids:
        return 0
    columns = dict.fromkeys(["id", *("custom" if f.custom else f.column for f in fields)])
    done = 0
    ids = list(ids)
    with sql.TokenWriter(entity) as writer:
        for start in range(0, len(ids), CHUNK):
            found = entity.model.all_rows.filter(pk__in=ids[start : start + CHUNK], deleted_in__isnull=True)
            chunk = list(found.values(*columns))
            writer.start()
            rows = [(row["id"], vector(tokens_of(fields, row))) for row in chunk]
            writer.put(rows)
            done += len(rows)
    return done


def forget(ids: Collection[int]) -> None:
    SearchEntry.objects.filter(pk__any_of=list(ids)).delete()


def ts_query(words: str) -> str:
    """The query of a person as a tsquery: every term must be there, most as prefixes; "" when there is nothing to look for."""
    terms = text.query_tokens(words)
    return " & ".join(
        "'" + t.replace("\\", "\\\\").replace("'", "''") + "'" + (":*" if prefix else "") for t, prefix in terms
    )


def condition(actor: Actor, entity: Entity, words: str) -> Q:
    """Rows whose tokens match. Whoever may not read a searched field does not find by it: then only readable ones are compared."""
    query = ts_query(words)
    if not query:
        return Q(pk__in=[])
    rows = SearchEntry.objects.filter(entity=entity.key, tokens__match=query)
    q = Q(pk__in=rows.values("record"))
    denied = [f for f in searchable(entity) if rights.level(actor, f).rank < Level.READ.rank]
    if denied:
        # The index mixes all fields of a record; look again, with the readable ones only.
        allowed = [f for f in searchable(entity) if f not in denied]
        q = Q(pk__in=list(_matching_in(actor, entity, q, allowed, words)))
    return q


def _matching_in(actor: Actor, entity: Entity, q: Q, fields: list[Field], words: str) -> Iterable[int]:
    from guanxi.records.read.door import visible

    terms = text.query_tokens(words)
    columns = dict.fromkeys(["id", *("custom" if f.custom else f.column for f in fields)])
    for row in visible(entity, actor).filter(q).order_by("-pk").values(*columns)[:5000]:
        tokens = tokens_of(fields, row)
        if all(t in tokens or (prefix and any(o.startswith(t) for o in tokens)) for t, prefix in terms):
            yield row["id"]


def rebuild(entity: Entity) -> int:
    """Index everything live of one entity that has no tokens yet, in batches; returns how many."""
    done = 0
    last = 0
    while True:
        rows = entity.model.all_rows.filter(pk__gt=last, deleted_in__isnull=True).order_by("pk")
        ids = list(rows.values_list("pk", flat=True)[:CHUNK])
        if not ids:
            return done
        known = set(SearchEntry.objects.filter(pk__in=ids).values_list("pk", flat=True))
        done += index(entity, [i for i in ids if i not in known])
        last = ids[-1]
