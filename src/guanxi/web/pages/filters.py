"""The filter builder and the column chooser: forms that become an address of the list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.records import read, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds import Formats, Link, Person
from guanxi.records.read.cells import names_of
from guanxi.records.read.query import resolve_columns, resolve_filters
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses, words
from guanxi.web.pages.base import actor_of, entity_page, entity_plural, number, render

ROW = re.compile(r"w\.(\d{1,3})\.(field|op|v|v2|text)")
COLUMN = "col"


def is_builder(params: QueryDict) -> bool:
    """Whether this address comes from one of the two forms and has to be put into the one form of addresses."""
    return any(name.startswith("w.") or name == COLUMN or name == "built" for name in params)


def to_address(request: HttpRequest, entity: Entity, base: str) -> HttpResponse:
    """From the forms to the list's own address."""
    params = request.GET
    pairs = [
        (n, v)
        for n, vs in params.lists()
        for v in vs
        if not ROW.fullmatch(n) and n not in (COLUMN, "built", "at", "from")
    ]
    if "built" in params:
        pairs = [(n, v) for n, v in pairs if not n.startswith("f.")]
    query = read.Query.from_params(pairs)
    if "built" in params:
        query = replace(query, filters=_built(params))
    if COLUMN in params:
        query = replace(query, columns=tuple(dict.fromkeys(params.getlist(COLUMN))))
    resolve_filters(actor_of(request), entity, query)
    return HttpResponseRedirect(f"{base}?{query.params()}")


def _built(params: QueryDict) -> tuple[read.Filter, ...]:
    rows: dict[int, dict[str, list[str]]] = {}
    for name in params:
        match = ROW.fullmatch(name)
        if match:
            rows.setdefault(int(match[1]), {})[match[2]] = [v for v in params.getlist(name) if v != ""]
    found = []
    for _n, row in sorted(rows.items()):
        if not row.get("field") or not row.get("op"):
            continue
        op = row["op"][0]
        values = (row.get("v") or row.get("text") or [])[:200] + (row.get("v2", [])[:1] if op == "between" else [])
        if op in ("empty", "filled"):
            values = ["1"]
        if op == "within":
            spoken = {str(label): key for key, label in words.RANGES.items()}
            values = [spoken.get(v, v) for v in values]
        if values:
            found.append(read.Filter(row["field"][0], op, tuple(values)))
    return tuple(found)


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
    """A filter as it stands in the builder."""

    n: int
    field: Choosable
    op: str
    values: tuple[str, ...]
    text: str = ""

    @property
    def first(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def shown(self) -> str:
        """The first operand as the input shows it: ranges of days in words."""
        return str(words.RANGES.get(self.first, self.first))

    @property
    def second(self) -> str:
        return self.values[1] if len(self.values) > 1 else ""


def choosable(actor: Actor, entity: Entity, formats: Formats) -> dict[str, Choosable]:
    """Every field the actor may filter by: readable, with operators."""
    found = {}
    sections = {key: str(section.title) for section in entity.sections for key in section.fields}
    for key, field in rights.readable(actor, entity).items():
        if rights.level(actor, field).rank < Level.READ.rank or not field.kind.operators or field.computed:
            continue
        found[key] = _choosable(field, sections.get(key, _("More")), formats)
    return found


def _choosable(field: Field, group: str, formats: Formats) -> Choosable:
    kind = field.kind
    operators = [
        {"key": o.key, "label": words.operator(o.key), "values": 1 if o.values < 0 else o.values}
        for o in kind.operators
    ]
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
        options = [(key, str(label)) for key, label in words.RANGES.items()]
    elif kind.key in ("integer", "number", "money", "percent", "rating"):
        input_ = "number"
    return Choosable(field.key, str(field.label), group, operators, input_, options, url)


@entity_page("view")
def builder(request: HttpRequest, entity: Entity) -> HttpResponse:
    """The filter builder, as a dialog or a page of its own."""
    actor = actor_of(request)
    query = read.Query.from_params([(n, v) for n, vs in request.GET.lists() for v in vs])
    known = choosable(actor, entity, read.formats_for(actor))
    given = []
    for n, (field, operator, values) in enumerate(resolve_filters(actor, entity, query)):
        text = ""
        if isinstance(field.kind, Link) and values and (id_ := number(values[0])) is not None:
            text = names_of(actor, field.kind.target, [id_]).get(id_, ("",))[0]
        given.append(Given(n, known[field.key], operator.key, values, text))
    groups: dict[str, list[Choosable]] = {}
    for one in known.values():
        groups.setdefault(one.group, []).append(one)
    context = {
        "entity": entity,
        "base": addresses.list_url(entity.key),
        "plural": entity_plural(entity),
        "given": given,
        "groups": groups,
        "known": known.values(),
        "query": query,
        "keep": _kept(query),
    }
    return render(request, "pages/filters.html", context, fragment="dialog" if is_fragment(request) else "")


def _kept(query: read.Query) -> list[tuple[str, str]]:
    """What of the list's address stays when only the filters change."""
    from urllib.parse import parse_qsl

    return [(n, v) for n, v in parse_qsl(query.params()) if not n.startswith("f.")]


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
        "reset": f"{addresses.list_url(entity.key)}?{query.params(columns=())}",
    }
    return render(request, "pages/columns.html", context, fragment="dialog" if is_fragment(request) else "")
