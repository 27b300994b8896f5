"""How a customer hangs together with others: group and branches, household, relations; as nodes and edges, within somebody's rights.

What the actor may not see is not there: neither as a node, nor as an edge to nowhere, nor in any count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import BigIntegerField, F, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Cast

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.customers.entities import ACCOUNT, CONTACT, RELATION
from guanxi.records import read, rights
from guanxi.records.entity import Entity
from guanxi.records.read.cells import names_of

MOST = 40  # nodes in one picture
AHEAD = 400  # edges looked at to say where more follows

Key = tuple[str, int]


@dataclass(frozen=True)
class Edge:
    """`start` belongs to `end` (a branch to its group), or stands to it as `label` says (invests in, supplies …)."""

    start: Key
    end: Key
    label: str
    belongs: bool = False


@dataclass
class Node:
    """`key`: entity and id. `sort`: company, person, household or contact. `opened`: its neighbours are in the picture;
    `more`: it has some that are not."""

    key: Key
    name: str
    sort: str
    opened: bool = False
    more: bool = False


@dataclass
class Graph:
    """`nodes`: the first is the one asked about. `cut`: there would be more than fit."""

    nodes: dict[Key, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    cut: bool = False


def around(actor: Actor, account: int, *, opened: Iterable[int] = (), most: int = MOST) -> Graph:
    """The neighbours of a customer and of those `opened` beside it. Raises Hidden when the actor may not see the customer.

    A fixed number of queries for each opened node, and at most `most` nodes.
    """
    graph = Graph()
    centre: Key = (ACCOUNT.key, account)
    _add(actor, graph, [centre])
    if centre not in graph.nodes:
        raise read.Hidden(f"{ACCOUNT.key} {account}")
    for id_ in dict.fromkeys([account, *opened]):
        node = graph.nodes.get((ACCOUNT.key, id_))
        if node is None:
            continue
        node.opened = True
        found = _edges(actor, [id_], limit=most + 1)
        ends = dict.fromkeys(k for e in found for k in (e.start, e.end) if k not in graph.nodes)
        room = most - len(graph.nodes)
        # Those cut off are visible ones: the query left the others out.
        graph.cut = graph.cut or len(ends) > room
        _add(actor, graph, list(ends)[: max(room, 0)])
        known = {(e.start, e.end, e.label) for e in graph.edges}
        graph.edges += [
            e
            for e in found
            if e.start in graph.nodes and e.end in graph.nodes and (e.start, e.end, e.label) not in known
        ]
    waiting = [n.key[1] for n in graph.nodes.values() if n.key[0] == ACCOUNT.key and not n.opened]
    drawn = set(graph.edges)
    for edge in _edges(actor, waiting, limit=AHEAD) if waiting else ():
        if edge.start in graph.nodes and edge.end in graph.nodes and edge not in drawn:
            graph.edges.append(edge)
            drawn.add(edge)
        for here, there in ((edge.start, edge.end), (edge.end, edge.start)):
            if here in graph.nodes and there not in graph.nodes and not graph.nodes[here].opened:
                graph.nodes[here].more = True
    return graph


def _may(actor: Actor, entity: Entity, *keys: str) -> bool:
    return actor.can(entity.key, "view") and all(
        rights.level(actor, entity.declared[k]).rank >= Level.READ.rank for k in keys
    )


def _edges(actor: Actor, ids: list[int], *, limit: int) -> list[Edge]:
    """Edges at these customers whose both ends the actor may see. One query."""
    seen = read.visible(ACCOUNT, actor).values("pk")
    parts = []
    if _may(actor, ACCOUNT, "parent"):
        rows = read.visible(ACCOUNT, actor).filter(Q(pk__in=ids, parent__in=seen) | Q(parent__in=ids))
        parts.append(_ends(rows, 0, "pk", "parent", None, "group_role", limit))
    if _may(actor, RELATION, "account", "type"):
        ends = Q(pk__in=[])
        if _may(actor, RELATION, "other"):
            ends |= Q(other__in=seen)
        if _may(actor, RELATION, "contact"):
            ends |= Q(contact__in=read.visible(CONTACT, actor).values("pk"))
        rows = read.visible(RELATION, actor).filter(ends).filter(Q(account__in=ids) | Q(other__in=ids))
        parts.append(_ends(rows, 1, "account", "other", "contact", "type", limit))
    if not parts:
        return []
    places = rights.level(actor, ACCOUNT.declared["group_role"]).rank >= Level.READ.rank
    role, kind, formats = ACCOUNT.declared["group_role"].kind, RELATION.declared["type"].kind, read.formats_for(actor)
    found = sorted(parts[0] if len(parts) == 1 else parts[0].union(*parts[1:], all=True), key=lambda row: row[:2])
    edges = []
    for related, _id, start, end, contact, word in found:
        if related:
            there: Key = (ACCOUNT.key, end) if end else (CONTACT.key, contact)
            edges.append(Edge((ACCOUNT.key, start), there, kind.format(word, formats)))
        else:
            label = role.format(word, formats) if word and places else ""
            edges.append(Edge((ACCOUNT.key, start), (ACCOUNT.key, end), label, belongs=True))
    return edges


def _ends(
    rows: QuerySet[Any], place: int, start: str, end: str, contact: str | None, word: str, limit: int
) -> QuerySet[Any]:  # fmt: skip
    """The first rows as (place, id, start, end, contact, word); columns by name."""
    nobody = Cast(Value(None), BigIntegerField())
    found = rows.annotate(
        edge_place=Value(place, output_field=IntegerField()), edge_start=F(start), edge_end=F(end),
        edge_contact=nobody if contact is None else F(contact), edge_word=F(word),
    )  # fmt: skip
    names = ("edge_place", "pk", "edge_start", "edge_end", "edge_contact", "edge_word")
    return found.order_by("pk").values_list(*names)[:limit]


def _add(actor: Actor, graph: Graph, keys: list[Key]) -> None:
    accounts = [id_ for entity, id_ in keys if entity == ACCOUNT.key]
    contacts = [id_ for entity, id_ in keys if entity == CONTACT.key]
    names = {(ACCOUNT.key, i): n for i, (n, _c) in names_of(actor, ACCOUNT.key, accounts).items()} if accounts else {}
    names |= {(CONTACT.key, i): n for i, (n, _c) in names_of(actor, CONTACT.key, contacts).items()} if contacts else {}
    sorts = (
        dict(read.visible(ACCOUNT, actor).filter(pk__in=accounts).values_list("pk", "kind"))
        if accounts and _may(actor, ACCOUNT, "kind")
        else {}
    )
    for key in keys:
        if key in names:
            sort = "contact" if key[0] == CONTACT.key else sorts.get(key[1], "")
            graph.nodes[key] = Node(key, names[key] or f"#{key[1]}", sort)
