# ruff: noqa: S608 (names come from models, values are parameters)
"""Search as you type over every object: the best few of each, in two bounded steps.

First the newest rows of each object are looked through: words that stand in many records are found there at once. Only for
words that are rarer is the index asked, and then all of what it knows is ranked; where a word was common, the index is asked
for names that begin with it, so that the best ones come first however old they are. Rights are conditions of both steps.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from guanxi.core.access.actor import Actor
from guanxi.core.org.versions import Cached
from guanxi.kit import text
from guanxi.records import catalogue, policy, rights, search, sql
from guanxi.records.entity import Entity, Field
from guanxi.records.policy import Condition
from guanxi.records.read.cells import Cell, Reader
from guanxi.records.read.door import visible

EACH = 6
WINDOW = 400  # newest rows of an object that are looked through
COMMON = 12_000  # records that may be ranked; words that stand in more are common
_AGAIN = 60  # found rows of an object that are looked at again where the index knows less than the roles
_SIMILAR = 200


@dataclass(frozen=True)
class Found:
    """Ids of one object's records, best first. `rank` of the best: 0 is just what was typed, 1 begins with it, 2 has it."""

    entity: Entity
    ids: tuple[int, ...]
    rank: int


@dataclass(frozen=True)
class Part:
    """A piece of a text, and whether it is what was looked for."""

    text: str
    hit: bool = False


@dataclass(frozen=True)
class Fact:
    label: Any
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Hit:
    """One record as it is shown: nothing in it that the actor may not read."""

    entity: Entity
    id: int
    title: tuple[Part, ...]
    facts: tuple[Fact, ...]

    @property
    def name(self) -> str:
        return "".join(part.text for part in self.title)


@dataclass(frozen=True)
class _Target:
    """One object that is searched for one actor."""

    entity: Entity
    reach: search.Reach
    limits: tuple[Condition, ...]
    query: str
    exact: str
    begins: str

    @property
    def owner(self) -> str:
        field = self.entity.policy.owner_field
        return f"{field}_id" if field else ""


def searched(actor: Actor) -> Iterator[tuple[Entity, search.Reach, tuple[Condition, ...]]]:
    """Objects with a list of their own that this actor may look through."""
    for entity in catalogue.every():
        if entity.listed and actor.can(entity.key, "view"):
            reach = search.reach(actor, entity)
            limits = policy.conditions(entity, actor, "view") if reach is not None else None
            if reach is not None and limits is not None:
                yield entity, reach, limits


def find(actor: Actor, words: str, *, each: int = EACH, seen: Collection[int] = ()) -> list[Found]:
    """What this actor may see and `words` mean, best object first. `seen`: records opened lately, which come before others."""
    terms, anchors = text.query_tokens(words), text.anchor_terms(words)
    if not terms:
        return []
    targets = [_target(words, anchors, *found) for found in searched(actor)]
    if not targets:
        return []
    best = _Best(actor, each, list(seen))
    rare = any(len(t.token) >= 20 for t in terms) or sum(t.token.isdecimal() for t in terms) >= 3
    left = targets if rare else best.newest(targets)
    common = best.common
    best.indexed([t for t in left if not common], [t for t in targets if common or t not in left])
    return best.results(targets, words)


def _target(
    words: str, anchors: Sequence[text.Term], entity: Entity, reach: search.Reach, limits: tuple[Condition, ...]
) -> _Target:
    weights = reach.weights
    exact = begins = ""
    if anchors:
        name = anchors[0].token
        exact = search.quoted(text.Term(name, False), weights)
        begins = search.quoted(text.Term(name, True), weights)
        if any(c.isdigit() for c in name) and not name[1:].isdecimal():
            exact += " | " + search.quoted(text.Term(name[1:], False), weights)
    return _Target(entity, reach, limits, search.ts_query(words, weights), exact, begins)


@dataclass
class _Row:
    id: int
    rank: int
    seen: bool
    mine: bool

    def order(self) -> tuple[int, bool, bool, int]:
        return (self.rank, not self.seen, not self.mine, -self.id)


class _Best:
    """The rows found so far, by object."""

    def __init__(self, actor: Actor, each: int, seen: list[int]) -> None:
        self.actor, self.each, self.seen = actor, each, seen
        self.rows: dict[str, dict[int, _Row]] = {}
        self.common = False

    def newest(self, targets: list[_Target]) -> list[_Target]:
        """Look through the newest rows of each object; returns those objects of which the index must be asked for all."""
        parts, params = [], []
        for n, t in enumerate(targets):
            where, values = _where(t)
            mine = f"t.{t.owner} = %s" if t.owner and self.actor.user_id is not None else "false"
            own = [self.actor.user_id] if t.owner and self.actor.user_id is not None else []
            parts.append(
                f"(WITH w AS MATERIALIZED (SELECT t.id, {mine} AS mine FROM {sql.quote(t.entity.table)} t"
                f" WHERE {where} ORDER BY t.id DESC LIMIT {WINDOW}), f AS (SELECT w.id, {_rank(t)} AS rank, w.mine,"
                # OFFSET 0: row by row, never by way of the index, whatever the planner thinks of how rare the words are.
                " s.record = ANY(%s) AS seen, count(*) OVER () AS hits FROM w, LATERAL (SELECT e.record, e.tokens"
                " FROM records_searchentry e WHERE e.record = w.id OFFSET 0) s WHERE s.tokens @@ %s::tsquery"
                " ORDER BY rank, seen DESC, mine DESC, id DESC"
                f" LIMIT {self._take(t)}) SELECT {n}, id, rank, mine, seen, hits, c.n FROM (SELECT count(*) AS n FROM w) c"
                " LEFT JOIN f ON true)"
            )
            params += [*own, *values, *_rank_params(t), self.seen, t.query]
        hits = dict.fromkeys(range(len(targets)), 0)
        whole = dict.fromkeys(range(len(targets)), 0)
        for n, id_, rank, mine, seen, count, size in _ask(" UNION ALL ".join(parts), params):
            whole[n] = size
            if id_ is not None:
                hits[n] = count
                self._keep(targets[n], id_, rank, mine, seen)
        sizes = _SIZES.get()
        about = sum(
            hits[n] / whole[n] * sizes.get(t.entity.table, 0) for n, t in enumerate(targets) if whole[n] >= WINDOW
        )
        self.common = about > COMMON
        return [t for n, t in enumerate(targets) if whole[n] >= WINDOW and hits[n] < self.each]

    def indexed(self, whole: list[_Target], names: list[_Target], *, most: int = 0) -> None:
        """Ask the index: for everything of `whole`, and for those of `names` that begin with the words; `most`: any so many."""
        asked: dict[str, list[_Target]] = {}
        for t in whole:
            asked.setdefault(t.query, []).append(t)
        for t in names:
            enough = sum(row.rank < 2 for row in self.rows.get(t.entity.key, {}).values()) >= self.each
            if t.exact:
                asked.setdefault(f"({t.exact if enough else f'{t.exact} | {t.begins}'})", []).append(t)
        if not asked:
            return
        pools, parts, pool_params, params = [], [], [], []
        for p, (query, group) in enumerate(asked.items()):
            keys = [t.entity.key for t in group]
            pools.append(
                f"p{p} AS MATERIALIZED (SELECT s.record AS id, s.entity, {_rank(group[0])} AS rank, s.record = ANY(%s) AS seen"
                " FROM records_searchentry s WHERE s.tokens @@ %s::tsquery AND s.entity = ANY(%s)"
                f"{f' LIMIT {most}' if most else ''})"
            )
            pool_params += [*_rank_params(group[0]), self.seen, query, keys]
            for t in group:
                where, values = _where(t)
                me = self.actor.user_id if t.owner else None
                mine = f"t.{t.owner} = %s" if me is not None else "false"
                own = [me] if me is not None else []
                source = f"(SELECT * FROM p{p} WHERE entity = %s ORDER BY rank, seen DESC, id DESC LIMIT {10 * self._take(t)})"
                if t.limits:
                    source = f"(SELECT * FROM p{p} WHERE entity = %s)"
                parts.append(
                    f"(SELECT %s, p.id, p.rank, {mine} AS mine, p.seen FROM {source} p JOIN {sql.quote(t.entity.table)} t"
                    f" ON t.id = p.id WHERE {where} ORDER BY p.rank, p.seen DESC, mine DESC, p.id DESC LIMIT {self._take(t)})"
                )
                params += [t.entity.key, *own, t.entity.key, *values]
        by_key = {t.entity.key: t for t in (*whole, *names)}
        for key, id_, rank, mine, seen in _ask(
            f"WITH {', '.join(pools)} {' UNION ALL '.join(parts)}", [*pool_params, *params]
        ):
            self._keep(by_key[key], id_, rank, mine, seen)

    def results(self, targets: list[_Target], words: str) -> list[Found]:
        found = []
        for t in targets:
            rows = sorted(self.rows.get(t.entity.key, {}).values(), key=_Row.order)
            if rows and not t.reach.exact:
                held = _held(self.actor, t, [row.id for row in rows], words)
                rows = [row for row in rows if row.id in held]
            if rows:
                ids = tuple(row.id for row in rows[: self.each])
                found.append((rows[0].order()[:3], Found(t.entity, ids, rows[0].rank)))
        return [f for _, f in sorted(found, key=lambda item: item[0])]

    def _take(self, t: _Target) -> int:
        return self.each if t.reach.exact else max(self.each, _AGAIN)

    def _keep(self, t: _Target, id_: int, rank: int, mine: bool, seen: bool) -> None:
        self.rows.setdefault(t.entity.key, {})[id_] = _Row(id_, rank, bool(seen), bool(mine))


def _rank(t: _Target) -> str:
    if not t.exact:
        return "2"
    return "CASE WHEN s.tokens @@ %s::tsquery THEN 0 WHEN s.tokens @@ %s::tsquery THEN 1 ELSE 2 END"


def _rank_params(t: _Target) -> list[str]:
    return [t.exact, t.begins] if t.exact else []


def _where(t: _Target) -> tuple[str, list[Any]]:
    """The live rows inside the limits, of the table `t`."""
    where, params = ["t.deleted_in IS NULL"], []
    for condition in t.limits:
        column = f"t.{sql.quote(condition.column)}"
        if isinstance(condition.values, tuple):
            where.append(f"{column} = ANY(%s)")
            params.append(list(condition.values))
        else:
            inner, values = condition.values.query.sql_with_params()
            where.append(f"{column} IN ({inner})")
            params += list(values)
    return " AND ".join(where), params


def _ask(statement: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _sizes() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, reltuples::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        return {name: max(n, 0) for name, n in cursor.fetchall()}


class _Sizes(Cached[dict[str, int]]):
    """About how many rows each table has, as the planner knows it; looked up again now and then."""

    uses = 0

    def get(self) -> dict[str, int]:
        self.uses += 1
        if self.uses % 200 == 0:
            self.clear()
        return super().get()


_SIZES = _Sizes("sizes", _sizes)


def _held(actor: Actor, t: _Target, ids: list[int], words: str) -> set[int]:
    """Those of these records that the words mean by fields the actor may read."""
    terms = text.query_tokens(words)
    columns = dict.fromkeys(["id", *("custom" if f.custom else f.column for f in t.reach.allowed)])
    rows = visible(t.entity, actor).filter(pk__in=ids).values(*columns)
    return {row["id"] for row in rows if text.matches(search.tokens_of(t.reach.allowed, row), terms)}


# Similar ones ---------------------------------------------------------------------------------------------------------


def similar(actor: Actor, words: str, *, each: int = EACH) -> list[Found]:
    """When nothing was found: what sounds the same, then what begins the same, the most alike first."""
    tried = {words}
    for other in _others(words):
        if other in tried:
            continue
        tried.add(other)
        if found := _begun(actor, other):
            ranked = [r for f in found if (r := _alike(actor, f, words, each))]
            if ranked:
                return [f for _, f in sorted(ranked, key=lambda item: -item[0])]
    return []


def _begun(actor: Actor, words: str) -> list[Found]:
    """Candidates for what is alike: some records that the index knows for these words, without asking whether they are the best."""
    anchors = text.anchor_terms(words)
    targets = [_target(words, anchors, *found) for found in searched(actor)]
    targets = [t for t in targets if t.query]
    best = _Best(actor, _SIMILAR // 4, [])
    best.indexed(targets, [], most=10 * _SIMILAR)
    return best.results(targets, words)


def _others(words: str) -> Iterator[str]:
    folded = text.fold(words)
    said = "".join(text.pinyin(folded)).replace(" ", "") if text.has_cjk(folded) else folded
    if said != folded:
        yield said
    # What is dropped may hold the slip: half of what was typed, at least three letters, has to stay.
    low = max(3, len(said) // 2)
    for length in dict.fromkeys((len(said) - 2, low)):
        if low <= length < len(said):
            yield said[:length]


def _alike(actor: Actor, found: Found, words: str, each: int) -> tuple[float, Found] | None:
    """The records whose shown values are most like the words; None when none is."""
    wanted = _sound(words)
    scores: dict[int, float] = {}
    for hit in shown(actor, found.entity, found.ids, ""):
        values = [hit.name, *("".join(p.text for p in fact.parts) for fact in hit.facts)]
        scores[hit.id] = max(_likeness(wanted, _sound(value)) for value in values)
    ids = sorted((i for i in found.ids if scores.get(i, 0) >= 0.6), key=lambda i: -scores[i])[:each]
    return (scores[ids[0]], Found(found.entity, tuple(ids), 2)) if ids else None


def _sound(value: str) -> str:
    folded = text.fold(value[:80])
    return "".join(c for c in "".join(text.pinyin(folded, surname=len(folded) <= 4)) if c.isalnum())


def _likeness(wanted: str, value: str) -> float:
    """From 0 to 1: how much of `wanted` stands at the beginning of `value` in the same order."""
    start = value[: len(wanted) + 1]
    matcher = difflib.SequenceMatcher(None, wanted, start, autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= 0.6 else 0.0


# Shown ----------------------------------------------------------------------------------------------------------------


def shown(actor: Actor, entity: Entity, ids: Iterable[int], words: str) -> list[Hit]:
    """These records as the actor may see them now, in this order; those they may not are left out. One query, one more a link."""
    order = list(ids)
    known = rights.readable(actor, entity)
    title = known.get(entity.title)
    wanted = {key: known[key] for key in entity.columns[:5] if key in known}
    wanted |= {f.key: f for f in search.searchable(entity) if f.key in known}
    if title is not None:
        wanted[title.key] = title
    reader = Reader(actor, entity, wanted.values())
    rows = {row["id"]: row for row in visible(entity, actor).filter(pk__in=order).values(*reader.columns())}
    named = reader.names(rows.values())
    return [_hit(entity, reader, rows[i], wanted, named, words) for i in order if i in rows]


def _hit(entity: Entity, reader: Reader, row: Any, fields: dict[str, Field], named: Any, words: str) -> Hit:
    title: tuple[Part, ...] = (Part(str(row["id"])),)
    first: list[Fact] = []
    matched: list[Fact] = []
    for key, field in fields.items():
        cell = reader.cell(row, field, named)
        if key == entity.title:
            title = _parts(cell, words)
        elif cell.text:
            parts = _parts(cell, words)
            if any(part.hit for part in parts):
                matched.append(Fact(field.label, parts))
            elif key in entity.columns[:5]:
                first.append(Fact(field.label, parts))
    return Hit(entity, row["id"], title, tuple([*matched, *first][:4]))


def _parts(cell: Cell, words: str) -> tuple[Part, ...]:
    """A cell's text with what was looked for marked; never in one that is masked: that would tell what it hides."""
    value = cell.text[:120]
    if not words or cell.masked or cell.restricted:
        return (Part(value),)
    parts, at = [], 0
    for start, end in text.highlights(value, words):
        parts += [Part(value[at:start]), Part(value[start:end], hit=True)]
        at = end
    return tuple(part for part in (*parts, Part(value[at:])) if part.text)
