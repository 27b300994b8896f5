"""The search index: tokens of every record in one table, kept by the write door, in bulk by a job.

Tokens of internal fields carry the weight C, those of personal and secret ones D, of custom ones B, those of public fields
none. A query that may not read a class of fields asks for the other weights (a lexeme without a weight answers to any), so
that rights are part of what the index is asked, and nobody finds a record by what they may not read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
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


def vector(tokens: Iterable[str], place: str = "") -> str:
    """A tsvector literal: quoted lexemes, all at this place if there is one ("3D": position 3, weight D)."""
    lexemes = "\n".join(tokens)  # no token has a line break: folding makes spaces of them
    if not lexemes:
        return ""
    if "'" in lexemes or "\\" in lexemes:
        lexemes = lexemes.replace("\\", "\\\\").replace("'", "''")
    end = f"':{place}" if place else "'"
    return "'" + lexemes.replace("\n", f"{end} '") + end


#: Weights of the classes of declared fields; public ones have none. Custom fields may change their class: they have a weight of their own.
WEIGHTS = {"internal": "C", "personal": "D", "secret": "D"}
_POSITIONS = {"B": "1B", "C": "2C", "D": "3D"}
_ALL = frozenset("ABCD")


def weight_of(field: Field) -> str:
    return "B" if field.custom else WEIGHTS.get(field.sensitivity, "")


def _by_weight(fields: Iterable[Field]) -> dict[str, list[Field]]:
    sorted_: dict[str, list[Field]] = {"": []}
    for field in fields:
        sorted_.setdefault(weight_of(field), []).append(field)
    return sorted_


def literal(by_weight: Mapping[str, list[Field]], row: Mapping[str, Any]) -> str:
    """The tsvector of a row. What stands in a public field too is public."""
    public = tokens_of(by_weight[""], row)
    parts = [vector(public)]
    for weight, fields in by_weight.items():
        if weight:
            parts.append(vector(tokens_of(fields, row) - public, _POSITIONS[weight]))
    return " ".join(parts)


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
    by_weight = _by_weight(fields)
    with sql.TokenWriter(entity) as writer:
        for start in range(0, len(ids), CHUNK):
            found = entity.model.all_rows.filter(pk__in=ids[start : start + CHUNK], deleted_in__isnull=True)
            chunk = list(found.values(*columns))
            writer.start()
            rows = [(row["id"], literal(by_weight, row)) for row in chunk]
            writer.put(rows)
            done += len(rows)
    return done


def forget(ids: Collection[int]) -> None:
    SearchEntry.objects.filter(pk__any_of=list(ids)).delete()


def quoted(term: text.Term, weights: str = "") -> str:
    """One term of a tsquery."""
    marks = ("*" if term.prefix else "") + weights
    return "'" + term.token.replace("\\", "\\\\").replace("'", "''") + "'" + (f":{marks}" if marks else "")


def ts_query(words: str, weights: str = "") -> str:
    """The query of a person as a tsquery: every term must be there, most as prefixes; "" when there is nothing to look for."""
    return " & ".join(quoted(term, weights) for term in text.query_tokens(words))


@dataclass(frozen=True)
class Reach:
    """What of an entity's index an actor may ask. `weights`: "" for everything, else those that are left.

    `exact` is False where denied fields are not whole classes: then what is found must be looked at again, with `allowed` alone.
    """

    weights: str
    exact: bool
    allowed: tuple[Field, ...]


def reach(actor: Actor, entity: Entity) -> Reach | None:
    """None: the actor may read no searched field of this entity."""
    fields = searchable(entity)
    allowed = tuple(f for f in fields if rights.level(actor, f).rank >= Level.READ.rank)
    if not allowed:
        return None
    denied = [f for f in fields if f not in allowed]
    if not denied:
        return Reach("", True, allowed)
    gone, open_ = {weight_of(f) for f in denied}, {weight_of(f) for f in allowed}
    if "" in gone or gone & open_:
        kept = _ALL - (gone - open_ - {""})
        return Reach("" if kept == _ALL else "".join(sorted(kept)), False, allowed)
    return Reach("".join(sorted(_ALL - gone)), True, allowed)


def condition(actor: Actor, entity: Entity, words: str) -> Q:
    """Rows whose tokens match. Whoever may not read a searched field does not find by it."""
    may = reach(actor, entity)
    query = ts_query(words, may.weights) if may else ""
    if may is None or not query:
        return Q(pk__in=[])
    q = Q(pk__in=SearchEntry.objects.filter(entity=entity.key, tokens__match=query).values("record"))
    # Exceptions for single fields: the index knows classes only, so look again, with the readable ones only.
    return q if may.exact else Q(pk__in=list(_matching_in(actor, entity, q, may.allowed, words)))


def _matching_in(actor: Actor, entity: Entity, q: Q, fields: Iterable[Field], words: str) -> Iterable[int]:
    from guanxi.records.read.door import visible

    terms = text.query_tokens(words)
    columns = dict.fromkeys(["id", *("custom" if f.custom else f.column for f in fields)])
    for row in visible(entity, actor).filter(q).order_by("-pk").values(*columns)[:5000]:
        if text.matches(tokens_of(fields, row), terms):
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
