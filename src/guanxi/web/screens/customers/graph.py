"""The relation graph on a customer's page: drawn by the server as a small SVG, and said again as a list."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from guanxi.customers import graph
from guanxi.records import read
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, ids_from

WIDTH, ROW, STEP, LEFT = 300, 44, 22, 14  # pixels of the picture
CAPITAL = 13  # pixels of a Chinese character; a Latin one is about half
MOST_OPENED = 12
COLOURS = {"company": "blue", "person": "teal", "household": "orange", "contact": "purple"}


@dataclass(frozen=True)
class Drawn:
    """A node with its place. `line`: SVG path from the node it hangs on. `label`: how it stands to that one."""

    x: int
    y: int
    name: str
    full: str
    label: str
    line: str
    url: str
    colour: str
    open_url: str
    centre: bool


def panel(request: HttpRequest, view: read.RecordView) -> str:
    """Who belongs together with this customer. `?open=<id>` draws the neighbours of that one as well."""
    actor = actor_of(request)
    opened = ids_from(request.GET, "open")[:MOST_OPENED]
    found = graph.around(actor, view.id, opened=opened)
    base = f"{addresses.record_url(view.entity.key, view.id)}panel/graph"
    nodes, bows = draw(found, base, opened)
    context: dict[str, Any] = {
        "nodes": nodes,
        "bows": bows,
        "width": WIDTH,
        "height": len(nodes) * ROW + 6,
        "list": sentences(found),
        "cut": found.cut,
        "most": graph.MOST,
        "opened": bool(opened),
        "base": base,
        "alone": len(found.nodes) == 1,
        "add_url": f"{addresses.list_url('customers.relation')}new?account={view.id}&stay=1"
        if actor.can("customers.relation", "create")
        else "",
    }
    return render_to_string("customers/graph.html", context, request)


def draw(found: graph.Graph, base: str, opened: list[int]) -> tuple[list[Drawn], list[str]]:
    """Rows of a tree from the customer in question outward; edges that are not part of the tree become bows at the side."""
    keys = list(found.nodes)
    tree = _tree(found, keys[0])
    drawn: list[Drawn] = []
    rows: dict[graph.Key, tuple[int, int]] = {}
    used: set[graph.Edge] = set()

    def row(key: graph.Key, depth: int, above: graph.Key | None, edge: graph.Edge | None) -> None:
        node = found.nodes[key]
        x, y = LEFT + depth * STEP, len(drawn) * ROW + ROW // 2
        rows[key] = x, y
        line = ""
        if above is not None:
            ax, ay = rows[above]
            line = f"M{ax} {ay + 10}V{y - 8}Q{ax} {y} {ax + 8} {y}H{x - 8}"
        if edge is not None:
            used.add(edge)
        more = node.more and key[0] == "customers.account" and len(opened) < MOST_OPENED
        drawn.append(
            Drawn(
                x, y, shortened(node.name, WIDTH - x - 16 - (26 if more else 0)), node.name, _label(edge, key), line,
                addresses.record_url(*key), COLOURS.get(node.sort, "gray"),
                f"{base}?{urlencode([('open', i) for i in [*opened, key[1]]])}" if more else "", above is None,
            )
        )  # fmt: skip
        for below, by in tree.get(key, ()):
            row(below, depth + 1, key, by)

    row(keys[0], 0, None, None)
    bows = []
    for edge in found.edges:
        if edge not in used and edge.start in rows and edge.end in rows:
            (_sx, sy), (_ex, ey) = rows[edge.start], rows[edge.end]
            bows.append(f"M{WIDTH - 16} {sy}C{WIDTH} {sy} {WIDTH} {ey} {WIDTH - 16} {ey}")
    return drawn, bows


def _tree(found: graph.Graph, root: graph.Key) -> dict[graph.Key, list[tuple[graph.Key, graph.Edge]]]:
    """What hangs on what, each node once, nearest first."""
    at: dict[graph.Key, list[tuple[graph.Key, graph.Edge]]] = {}
    for edge in found.edges:
        at.setdefault(edge.start, []).append((edge.end, edge))
        at.setdefault(edge.end, []).append((edge.start, edge))
    tree: dict[graph.Key, list[tuple[graph.Key, graph.Edge]]] = {}
    seen, waiting = {root}, [root]
    while waiting:
        here = waiting.pop(0)
        for there, edge in at.get(here, ()):
            if there not in seen:
                seen.add(there)
                tree.setdefault(here, []).append((there, edge))
                waiting.append(there)
    return tree


def _label(edge: graph.Edge | None, key: graph.Key) -> str:
    """How a node stands to the one it hangs on; the arrow says who does it."""
    if edge is None:
        return ""
    if edge.belongs:
        if edge.end == key:
            return _("above it")
        return edge.label or _("belongs to it")
    return f"{edge.label} →" if edge.end == key else f"← {edge.label}"


def sentences(found: graph.Graph) -> list[dict[str, str]]:
    """Every edge in words, for who does not see the picture."""
    told = []
    for edge in found.edges:
        start, end = found.nodes[edge.start], found.nodes[edge.end]
        word = _("belongs to") + (f" ({edge.label})" if edge.label else "") if edge.belongs else edge.label
        told.append(
            {
                "start": start.name, "start_url": addresses.record_url(*edge.start), "word": word,
                "end": end.name, "end_url": addresses.record_url(*edge.end),
            }
        )  # fmt: skip
    return told


def shortened(text: str, pixels: int) -> str:
    """As much of a name as fits into so many pixels."""
    left = pixels
    for i, ch in enumerate(text):
        left -= CAPITAL if unicodedata.east_asian_width(ch) in "WF" else 7
        if left < 0:
            return text[: max(i - 1, 1)] + "…"
    return text
