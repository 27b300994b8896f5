"""The filter builder and the column chooser: forms that become an address of the list."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.records import read, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds import Formats, Link, Person
from guanxi.records.read.query import Asked, leads_to, points_here, resolve, resolve_columns
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses, saved_views, words
from guanxi.web.pages.base import actor_of, entity_page, entity_plural, number, render
from guanxi.web.pages.chips import operand_text, relation_label

ROW = re.compile(r"w\.(\d{1,3})\.(field|op|v|v2|text|range|days|in)")
BLOCK = re.compile(r"b\.([gh][1-9])\.(mode|relation|op|n)")
COLUMN = "col"
COUNTED = {"last": "last_{}_days", "older": "older_than_{}_days", "next": "next_{}_days"}
_COUNTED = re.compile(r"(last|older_than|next)_(\d{1,4})_days", re.ASCII)


def is_builder(params: QueryDict) -> bool:
    """Whether this address comes from one of the two forms and has to be put into the one form of addresses."""
    return any(name.startswith(("w.", "b.")) or name in (COLUMN, "built") for name in params)


def to_address(request: HttpRequest, entity: Entity, base: str) -> HttpResponse:
    """From the forms to the list's own address."""
    params = request.GET
    pairs = [
        (n, v)
        for n, vs in params.lists()
        for v in vs
        if not ROW.fullmatch(n) and not BLOCK.fullmatch(n) and n not in (COLUMN, "built", "at", "from")
    ]
    if "built" in params:
        pairs = [(n, v) for n, v in pairs if not re.match(r"[fgh][1-9]?(\.|$)|match$", n)]
    query = read.Query.from_params(pairs)
    if "built" in params:
        query = _built(params, query)
    if COLUMN in params:
        query = replace(query, columns=tuple(dict.fromkeys(params.getlist(COLUMN))))
    resolve(actor_of(request), entity, query)
    return HttpResponseRedirect(f"{base}?{query.params() or 'n=50'}")


def _built(params: QueryDict, query: read.Query) -> read.Query:
    """The conditions of the builder: rows `w.N.…`, each in the whole (""), a group (g1) or a block of related records (h1)."""
    rows: dict[int, dict[str, list[str]]] = {}
    blocks: dict[str, dict[str, str]] = {}
    for name in params:
        if match := ROW.fullmatch(name):
            rows.setdefault(int(match[1]), {})[match[2]] = [v for v in params.getlist(name) if v != ""]
        elif match := BLOCK.fullmatch(name):
            blocks.setdefault(match[1], {})[match[2]] = params.getlist(name)[-1].strip()
    inside: dict[str, list[read.Filter]] = {}
    for _n, row in sorted(rows.items()):
        if (one := _row(row)) is not None:
            inside.setdefault((row.get("in") or [""])[0], []).append(one)
    filters = list(inside.get("", ()))
    modes = []
    numbers = sorted(key for key in inside if re.fullmatch("g[1-9]", key))
    for no, key in enumerate(numbers, 1):
        filters += [replace(f, group=no) for f in inside[key]]
        if blocks.get(key, {}).get("mode") == "all":
            modes.append((no, "all"))
    having = []
    for key, block in sorted(blocks.items()):
        if key[0] != "h" or not block.get("relation"):
            continue
        op, n = block.get("op") or "gte", block.get("n") or "1"
        if op == "none":
            op, n = "lte", "0"
        having.append(read.Having(block["relation"], op, n, tuple(inside.get(key, ()))))
    mode = "any" if params.get("mode") == "any" else "all"
    return replace(query, filters=tuple(filters), groups=tuple(modes), having=tuple(having), match=mode)


def _row(row: dict[str, list[str]]) -> read.Filter | None:
    """One line of the builder; None while something is missing."""
    if not row.get("field") or not row.get("op"):
        return None
    op = row["op"][0]
    if op in COUNTED:
        days = (row.get("days") or row.get("v") or [""])[0].strip()
        return read.Filter(row["field"][0], "within", (COUNTED[op].format(days),)) if days else None
    values = (row.get("v") or row.get("text") or [])[:200] + (row.get("v2", [])[:1] if op == "between" else [])
    if op in ("empty", "filled"):
        values = ["1"]
    if op == "within":
        spoken = {str(label): key for key, label in words.RANGES.items()}
        values = row.get("range") or [spoken.get(v, v) for v in values]
    return read.Filter(row["field"][0], op, tuple(values)) if values else None


@dataclass(frozen=True)
class Choosable:
    """A field that may be filtered, with its operators and how its operands are given."""

    key: str
    label: str
    group: str
    operators: Sequence[dict[str, Any]]
    input: str  # text, date, number, choice, yesno, link
    options: Sequence[tuple[str, str]] = ()
    url: str = ""


@dataclass(frozen=True)
class Given:
    """A condition as it stands in the builder."""

    n: int
    field: Choosable
    op: str
    values: tuple[str, ...]
    text: str = ""

    @property
    def first(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def second(self) -> str:
        return self.values[1] if len(self.values) > 1 else ""

    @property
    def day(self) -> str:
        """The first operand where it is a day and not the name of a range."""
        return self.first if self.op not in ("within", *COUNTED) else ""

    @property
    def counted(self) -> str:
        """The number of days in "the last 14 days"."""
        match = _COUNTED.fullmatch(self.first)
        return match[2] if match else ""


@dataclass(frozen=True)
class Part:
    """A stretch of lines in the builder: the whole, a group, or what counts among related records."""

    place: str  # "", g1, h1
    given: Sequence[Given]
    mode: str = ""
    relation: str = ""
    label: str = ""
    op: str = ""
    n: str = "1"
    groups: Mapping[str, Sequence[Choosable]] | None = None
    known: Sequence[Choosable] = ()


def choosable(actor: Actor, entity: Entity, formats: Formats, *, follow: bool = True) -> dict[str, Choosable]:
    """Every field the actor may filter by: readable, with operators; with `follow` those of what its links lead to as well."""
    found = {}
    sections = {key: str(section.title) for section in entity.sections for key in section.fields}
    links = []
    for key, field in rights.readable(actor, entity).items():
        if rights.level(actor, field).rank < Level.READ.rank or not field.kind.operators or field.computed:
            continue
        found[key] = _choosable(field, key, sections.get(key, _("More")), formats)
        if follow and (target := leads_to(actor, field)) is not None:
            links.append((field, target))
    for link, target in links:
        for key, one in choosable(actor, target, formats, follow=False).items():
            path = f"{link.key}.{key}"
            found[path] = replace(one, key=path, group=f"{link.label} ›")
    return found


def _choosable(field: Field, key: str, group: str, formats: Formats) -> Choosable:
    kind = field.kind
    keys = [o.key for o in kind.operators]
    options: list[tuple[str, str]] = []
    url, input_ = "", "text"
    if isinstance(kind, Person):
        input_, url = "link", "/choose/people"
    elif isinstance(kind, Link):
        input_, url = "link", f"{addresses.list_url(kind.target)}choose"
    elif callable(getattr(kind, "options", None)):
        input_ = "choice"
        options = [(o.value, str(o.label)) for o in kind.options(formats)]  # type: ignore[attr-defined]
    elif kind.key == "boolean":
        input_, options = "yesno", [("1", _("Yes")), ("0", _("No"))]
    elif kind.key in ("date", "datetime"):
        input_ = "date"
        options = [(k, str(label)) for k, label in words.RANGES.items() if not _COUNTED.fullmatch(k)]
        at = keys.index("within") + 1
        keys[at:at] = ["last", "older", "next"]
    elif kind.key in ("integer", "number", "money", "percent", "rating"):
        input_ = "number"
    operators = [{"key": k, "label": words.operator(k), "show": _shows(k)} for k in keys]
    return Choosable(key, str(field.label), group, operators, input_, options, url)


def _shows(op: str) -> str:
    """Which inputs an operator wants."""
    if op in ("empty", "filled"):
        return ""
    return {"between": "v v2", "within": "range", "last": "days", "older": "days", "next": "days"}.get(op, "v")


def _given(actor: Actor, known: Mapping[str, Choosable], asked: Iterable[Asked], numbers: Iterator[int]) -> list[Given]:
    found = []
    for one in asked:
        text, op = "", one.operator.key
        if isinstance(one.field.kind, Link) and one.values and (id_ := number(one.values[0])) is not None:
            text = operand_text(actor, one.field, op, (str(id_),))
        if op == "within" and (counted := _COUNTED.fullmatch(one.values[0])):
            op = {"last": "last", "older_than": "older", "next": "next"}[counted[1]]
        found.append(Given(next(numbers), known[one.source.field], op, one.values, text))
    return found


def _grouped(known: Iterable[Choosable]) -> dict[str, list[Choosable]]:
    found: dict[str, list[Choosable]] = {}
    for one in known:
        found.setdefault(one.group, []).append(one)
    return found


def relations(actor: Actor, entity: Entity) -> list[tuple[str, str]]:
    """What points here and may be asked about: (`trade.order.account`, "Orders")."""
    found = [(f"{other.key}.{link.key}", relation_label(other, link)) for other, link in points_here(actor, entity)]
    return sorted(found, key=lambda pair: pair[1])


def _related(actor: Actor, relation: str, entity: Entity, link: Field, place: str) -> Part:
    """An empty block about related records."""
    known = choosable(actor, entity, read.formats_for(actor), follow=False)
    known.pop(link.key, None)
    label = relation_label(entity, link)
    return Part(
        place, (), relation=relation, label=label, op="gte", groups=_grouped(known.values()), known=[*known.values()]
    )


@entity_page("view")
def builder(request: HttpRequest, entity: Entity) -> HttpResponse:
    """The filter builder, as a dialog or a page of its own."""
    actor = actor_of(request)
    query = read.Query.from_params([(n, v) for n, vs in request.GET.lists() for v in vs])
    formats = read.formats_for(actor)
    known = choosable(actor, entity, formats)
    asked = resolve(actor, entity, query)
    numbers = itertools.count()
    whole = Part("", _given(actor, known, asked.single, numbers))
    parts = [Part(f"g{no}", _given(actor, known, members, numbers), mode) for no, mode, members in asked.groups]
    for i, one in enumerate(asked.having, 1):
        block = _related(actor, one.source.relation, one.entity, one.link, f"h{i}")
        fields = {c.key: c for c in block.known} | choosable(actor, one.entity, formats)
        op = "none" if one.operator.key == "lte" and one.n == 0 else one.operator.key
        given = _given(actor, fields, one.asked, numbers)
        parts.append(replace(block, given=given, op=op, n="1" if op == "none" else str(one.n)))
    context = {
        "entity": entity,
        "base": addresses.list_url(entity.key),
        "plural": entity_plural(entity),
        "whole": whole,
        "parts": parts,
        "new_group": Part("__g__", ()),
        "groups": _grouped(known.values()),
        "known": known.values(),
        "relations": relations(actor, entity),
        "query": query,
        "keep": _kept(query),
    }
    return render(request, "pages/filters.html", context, fragment="dialog" if is_fragment(request) else "")


@entity_page("view")
def related(request: HttpRequest, entity: Entity) -> HttpResponse:
    """One more block of the builder, about records that point here."""
    actor = actor_of(request)
    relation = request.GET.get("relation", "")
    place = request.GET.get("place", "h1")
    if not re.fullmatch("h[1-9]", place):
        raise read.BadQuery("no place")
    for other, link in points_here(actor, entity):
        if f"{other.key}.{link.key}" == relation:
            return render(request, "pages/filter_related.html", {"p": _related(actor, relation, other, link, place)})
    raise read.BadQuery("no relation")


def _kept(query: read.Query) -> list[tuple[str, str]]:
    """What of the list's address stays when only the filters change."""
    from urllib.parse import parse_qsl

    return list(parse_qsl(replace(query, filters=(), having=(), groups=(), match="all").params()))


@entity_page("view")
def columns(request: HttpRequest, entity: Entity) -> HttpResponse:
    """The column chooser: which, and in which order."""
    actor = actor_of(request)
    query = read.Query.from_params([(n, v) for n, vs in request.GET.lists() for v in vs])
    chosen = resolve_columns(actor, entity, query)
    keys = [f.key for f in chosen]
    others = [f for key, f in rights.readable(actor, entity).items() if key not in keys]
    from urllib.parse import parse_qsl

    context = {
        "entity": entity,
        "base": addresses.list_url(entity.key),
        "plural": entity_plural(entity),
        "items": [(f, True) for f in chosen] + [(f, False) for f in others],
        "keep": [(n, v) for n, v in parse_qsl(query.params()) if n != "cols"],
        "reset": f"{addresses.list_url(entity.key)}?{query.params(columns=()) or 'n=50'}",
        "params": query.params(),
        "view": query.view,
        "sized": bool(saved_views.settings_of(actor, entity).widths.get(query.view or "0")),
    }
    return render(request, "pages/columns.html", context, fragment="dialog" if is_fragment(request) else "")
