# ruff: noqa: S608 (names come from models, values are parameters)
"""Search as you type over every object: the best few of each, in bounded time. Rights are conditions of every question.

Words that few records have are asked of the index, which knows all of them: they are ranked, and nothing is left out. For
words that many have the index would read them all; then each object's newest rows are looked through, one by one, until there
are enough: that is their order anyway, and words that many have are met soon. What comes before the newest is asked by itself:
names that are just what was typed or begin with it, records opened lately, and the person's own. Which words are common the
sample tells.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from guanxi.core.access.actor import Actor
from guanxi.core.org import versions
from guanxi.kit import text
from guanxi.records import catalogue, policy, search, sql
from guanxi.records.entity import Entity
from guanxi.records.finding import sample
from guanxi.records.policy import Condition
from guanxi.records.read.door import visible

EACH = 6
MOST = 1_000  # records that the index may be asked for; words that more have are common
WALK = 2_500  # newest rows of an object that are looked through for common words
FURTHER = 10_000  # the same, where somebody sees only some rows and these were not enough
UNLIKELY = 4_000  # newest rows of all those objects together of which the sample knows no such record
OWN = 400  # newest rows of their own that are looked through first
MANY = 200  # owners whose newest rows are looked for one by one
WIDE = 0.02  # the part of all records that a beginning of a word may have, to be asked of the index beside other words
_AGAIN = 60  # found rows of an object that are looked at again where the index knows less than the roles
_RANKED = 240  # found records of an object of which it is asked whose they are

RANKS = (0, 1, 2)
EXACT, BEGINS, HAS = RANKS
#: Of tokens `s`, by the tsqueries of what begins with the words and of what is just them.
_RANK = "CASE WHEN NOT s.tokens @@ %s::tsquery THEN 2 WHEN s.tokens @@ %s::tsquery THEN 0 ELSE 1 END"


@dataclass(frozen=True)
class Found:
    """Ids of one object's records, best first. `rank` of the best: 0 is just what was typed, 1 begins with it, 2 has it."""

    entity: Entity
    ids: tuple[int, ...]
    rank: int


#: What roles may find by, kept for as long as nothing of the configuration changes. The rights are held, so that their ids stay theirs.
_REACHES: dict[tuple[Any, ...], tuple[object, dict[str, search.Reach | None]]] = {}


def _reaches(actor: Actor) -> dict[str, search.Reach | None]:
    key = (actor.kind, tuple(map(id, actor.rights)), versions.fingerprint())
    held = _REACHES.get(key)
    if held is None:
        if len(_REACHES) > 200:
            _REACHES.clear()
        held = _REACHES[key] = (actor.rights, {})
    return held[1]


def searched(actor: Actor) -> Iterator[tuple[Entity, search.Reach, tuple[Condition, ...]]]:
    """Objects with a list of their own that this actor may look through."""
    reaches = _reaches(actor)
    for entity in catalogue.every():
        if entity.listed and actor.can(entity.key, "view"):
            if entity.key not in reaches:
                reaches[entity.key] = search.reach(actor, entity)
            reach = reaches[entity.key]
            limits = policy.conditions(entity, actor, "view") if reach is not None else None
            if reach is not None and limits is not None:
                yield entity, reach, limits


def find(actor: Actor, words: str, *, each: int = EACH, seen: Collection[int] = ()) -> list[Found]:
    """What this actor may see and `words` mean, best object first. `seen`: records opened lately, which come before others."""
    terms = text.query_tokens(words)
    if not terms:
        return []
    groups: dict[str, list[_Target]] = {}
    for entity, reach, limits in searched(actor):
        groups.setdefault(reach.weights, []).append(_Target(entity, reach, limits))
    best = _Best(actor, each, frozenset(seen))
    for weights, targets in groups.items():
        best.ask(_Question(words, terms, weights), targets)
    return best.results([t for targets in groups.values() for t in targets], terms)


@dataclass(frozen=True, eq=False)
class _Target:
    """One object that is searched for one actor."""

    entity: Entity
    reach: search.Reach
    limits: tuple[Condition, ...]

    @property
    def owner(self) -> str:
        field = self.entity.policy.owner_field
        return f"{field}_id" if field else ""


class _Question:
    """What was typed, for readers of these weights: the tsquery of each rank, and how common its answers are."""

    def __init__(self, words: str, terms: Sequence[text.Term], weights: str) -> None:
        self.known = known = sample.held()
        begins = text.anchor_terms(words)[:1]
        names = [text.Term(t.token, False) for t in begins]
        for token in [t.token[1:] for t in begins]:
            if any(c.isdigit() for c in token) and not token.isdecimal():
                names.append(text.Term(token, False))  # a number with its letters stands there without the sign
        self.queries = (
            " | ".join(search.quoted(t, weights) for t in names),
            " | ".join(search.quoted(t, weights) for t in (*begins, *names[1:])),
            " & ".join(search.quoted(t, weights) for t in terms),
        )
        every = [known.rows(t) for t in terms]
        #: Rows of the sample by rank, for whoever reads everything: that is what the index would have to read.
        self.rows = (
            {n for t in names for n in known.rows(t)},
            {n for t in (*begins, *names[1:]) for n in known.rows(t)},
            set.intersection(*every),
        )
        self._entities = [{known.entities[n] for n in rows} for rows in self.rows]
        # Beginnings that very many words have cost the index as much as all these words: the others are asked, these checked.
        wide = WIDE * len(known.records)
        kept = [n for n, (t, rows) in enumerate(zip(terms, every, strict=True)) if not t.prefix or len(rows) <= wide]
        kept = kept or list(range(len(terms)))
        self.index = " & ".join(search.quoted(terms[n], weights) for n in kept)
        self._cost = known.about(len(set.intersection(*(every[n] for n in kept))))

    def rare(self, rank: int) -> bool:
        """Whether the index may be asked for all that answers with this rank."""
        return (self._cost if rank == HAS else self.known.about(len(self.rows[rank]))) <= MOST

    def within(self, rank: int, entity: Entity) -> bool:
        """Whether the sample knows such a record of an object."""
        return entity.key in self._entities[rank]


@dataclass(slots=True)
class _Row:
    id: int
    rank: int
    seen: bool
    mine: bool

    def order(self) -> tuple[int, bool, bool, int]:
        return (self.rank, not self.seen, not self.mine, -self.id)


@dataclass
class _Best:
    """The rows found so far, by object."""

    actor: Actor
    each: int
    seen: frozenset[int]
    rows: dict[str, dict[int, _Row]] = field(default_factory=dict)

    def ask(self, question: _Question, targets: list[_Target]) -> None:
        if question.rare(HAS):
            self.indexed(question, targets, question.index, question.queries[HAS])
            return
        names = [question.queries[rank] for rank in (EXACT, BEGINS) if question.queries[rank] and question.rare(rank)]
        self.indexed(question, targets, " | ".join(names), "", also=self.seen)
        for rank in RANKS:
            if question.queries[rank] and not question.rare(rank):
                # Of few owners' rows all are looked through at once, and ranked: with the last question.
                asked = [t for t in targets if rank == HAS or not self._few(t)]
                self.walk(question, [t for t in asked if self.wants(t, rank)], rank)
        # Common words of long ago: those that the sample knows.
        left = [t for t in targets if self.wants(t, HAS) and question.within(HAS, t.entity)]
        if left:
            ids = [i for t in left for i in question.known.of(question.rows[HAS], t.entity.key)[:_RANKED]]
            self.indexed(question, left, "", "", also=ids)

    def wants(self, t: _Target, rank: int) -> bool:
        """Whether there is room for more rows of this rank."""
        rows = self.rows.get(t.entity.key, {}).values()
        return sum(row.rank <= rank for row in rows) < self.take(t)

    def take(self, t: _Target) -> int:
        return self.each if t.reach.exact else max(self.each, _AGAIN)

    def indexed(
        self, question: _Question, targets: list[_Target], index: str, check: str, *, also: Iterable[int] = ()
    ) -> None:
        """Keep what the index knows for the tsquery `index`, of it what answers to `check`, and of `also` what the words mean."""
        by_key = {t.entity.key: t for t in targets}
        params: list[Any] = []
        if question.queries[BEGINS]:
            rank, ranks = _RANK, [question.queries[BEGINS], question.queries[EXACT]]
        else:
            rank, ranks = "2", []
        parts = []
        if index:
            more = " AND s.tokens @@ %s::tsquery" if check and check != index else ""
            parts.append(
                f"SELECT s.entity, s.record, {rank} AS rank FROM records_searchentry s WHERE s.tokens @@ %s::tsquery{more}"
            )
            params += [*ranks, index, *([check] if more else [])]
        if ids := list(also):
            # OFFSET 0: row by row, never by way of the index, whatever the planner thinks of how rare the words are.
            parts.append(
                f"SELECT s.entity, s.record, {rank} AS rank FROM (SELECT * FROM records_searchentry e WHERE e.record = ANY(%s)"
                " OFFSET 0) s WHERE s.tokens @@ %s::tsquery"
            )
            params += [*ranks, ids, question.queries[HAS]]
        if not parts:
            return
        found: dict[str, dict[int, int]] = {}
        asked = f"SELECT entity, rank, array_agg(record) FROM ({' UNION ALL '.join(parts)}) x GROUP BY 1, 2"
        for key, rank_, records in _ask(asked, params):
            if key in by_key:
                found.setdefault(key, {}).update(dict.fromkeys(records, rank_))
        self.allowed([(by_key[key], ranked) for key, ranked in found.items()])

    def allowed(self, found: Iterable[tuple[_Target, dict[int, int]]]) -> None:
        """Keep those of the found records {id: rank} that are live and inside the actor's limits."""
        parts, params, ranked = [], [], {}
        for n, (t, ranks) in enumerate(found):
            ranked[n] = (t, ranks)
            ids: list[int] = list(ranks)
            if not t.limits and len(ids) > _RANKED:
                ids = sorted(ids, key=lambda i: (ranks[i], i not in self.seen, -i))[:_RANKED]
            where, values = _where(t)
            mine, me = self._mine(t)
            parts.append(
                f"SELECT {n}, t.id, {mine} FROM {sql.quote(t.entity.table)} t WHERE t.id = ANY(%s) AND {where}"
            )
            params += [*me, ids, *values]
        if parts:
            for n, id_, mine in _ask(" UNION ALL ".join(parts), params):
                t, ranks = ranked[n]
                self.keep(t, id_, ranks[id_], mine)

    def walk(self, question: _Question, targets: list[_Target], rank: int) -> None:
        """Look through the newest rows of each object, and before them the actor's own, until there are enough of this rank."""
        if not targets:
            return
        likely = [t for t in targets if question.within(rank, t.entity)]
        unlikely = min(WALK, UNLIKELY // (len(targets) - len(likely) or 1))
        steps = []
        for t in targets:
            if self._mine(t)[1] and self._owners(t) != [self.actor.user_id]:
                steps.append((t, 0, OWN, True))
            steps.append((t, 0, WALK if t in likely else unlikely, False))
        self._walk(question, steps, rank)
        self._walk(question, [(t, WALK, FURTHER, False) for t in likely if t.limits and self.wants(t, rank)], rank)

    def _walk(self, question: _Question, steps: list[tuple[_Target, int, int, bool]], rank: int) -> None:
        parts, params = [], []
        for n, (t, begin, end, own) in enumerate(steps):
            where, values = _where(t)
            mine, me = self._mine(t)
            newest = f"SELECT t.id, {mine} AS mine FROM {sql.quote(t.entity.table)} t WHERE {where}"
            owners = self._owners(t)
            if own:
                newest += f" AND {mine}"
                values = [*values, *me]
            elif len(owners) > 1 and self._few(t):
                # The newest of each owner by itself: backwards through everybody's, the rows of few would be far between.
                newest = (
                    f"SELECT t.id, t.mine FROM unnest(%s::bigint[]) o, LATERAL ({newest} AND t.{sql.quote(t.owner)} = o"
                    " ORDER BY t.id DESC LIMIT %s) t"
                )
                values = [*values, max(50, 4 * end // len(owners))]
                me = [owners, *me]
            ranked, ranks, order = str(rank), [], ""
            if rank == HAS and question.queries[BEGINS] and self._few(t):
                ranked, ranks, order = _RANK, [question.queries[BEGINS], question.queries[EXACT]], "ORDER BY 4, 2 DESC"
            parts.append(
                f"(SELECT {n}, w.id, w.mine, {ranked} FROM ({newest} ORDER BY t.id DESC OFFSET {begin} LIMIT {end - begin}) w,"
                " LATERAL (SELECT e.tokens FROM records_searchentry e WHERE e.record = w.id OFFSET 0) s"
                f" WHERE s.tokens @@ %s::tsquery {order} LIMIT {self.take(t)})"
            )
            params += [*ranks, *me, *values, question.queries[rank]]
        if parts:
            for n, id_, mine, found in _ask(" UNION ALL ".join(parts), params):
                self.keep(steps[n][0], id_, found, mine)

    def _few(self, t: _Target) -> bool:
        """Whether the actor sees the rows of few owners only."""
        return 0 < len(self._owners(t)) <= MANY

    @staticmethod
    def _owners(t: _Target) -> list[int]:
        """Whose rows alone the actor may see; empty where limits are none or others."""
        for condition in t.limits:
            if condition.column == t.owner and isinstance(condition.values, tuple):
                return list(condition.values)
        return []

    def _mine(self, t: _Target) -> tuple[str, list[Any]]:
        """A condition for the actor's own rows, with its parameters."""
        if t.owner and self.actor.user_id is not None:
            return f"t.{sql.quote(t.owner)} = %s", [self.actor.user_id]
        return "false", []

    def keep(self, t: _Target, id_: int, rank: int, mine: bool) -> None:
        rows = self.rows.setdefault(t.entity.key, {})
        if id_ not in rows or rows[id_].rank > rank:
            rows[id_] = _Row(id_, rank, id_ in self.seen, bool(mine))

    def results(self, targets: list[_Target], terms: Sequence[text.Term]) -> list[Found]:
        found = []
        for t in targets:
            rows = sorted(self.rows.get(t.entity.key, {}).values(), key=_Row.order)
            if rows and not t.reach.exact:
                held = _held(self.actor, t, [row.id for row in rows], terms)
                rows = [row for row in rows if row.id in held]
            if rows:
                ids = tuple(row.id for row in rows[: self.each])
                found.append((rows[0].order()[:3], Found(t.entity, ids, rows[0].rank)))
        return [f for _, f in sorted(found, key=lambda item: item[0])]


def _where(t: _Target) -> tuple[str, list[Any]]:
    """The live rows inside the limits, of the table `t`."""
    where = ["t.deleted_in IS NULL"]
    params: list[Any] = []
    for condition in t.limits:
        column = f"t.{sql.quote(condition.column)}"
        if isinstance(condition.values, tuple) and len(condition.values) == 1:
            # Not `= ANY`: equal to one, its index is in the order of ids, and is read so.
            where.append(f"{column} = %s")
            params.append(condition.values[0])
        elif isinstance(condition.values, tuple):
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


def _held(actor: Actor, t: _Target, ids: list[int], terms: Sequence[text.Term]) -> set[int]:
    """Those of these records that the words mean by fields the actor may read."""
    columns = dict.fromkeys(["id", *("custom" if f.custom else f.column for f in t.reach.allowed)])
    rows = visible(t.entity, actor).filter(pk__in=ids).values(*columns)
    return {row["id"] for row in rows if text.matches(search.tokens_of(t.reach.allowed, row), terms)}
