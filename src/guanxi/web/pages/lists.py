"""The list of an entity: filters, order, columns, place and words all stand in the address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.core.identity.models import User
from guanxi.kit.problems import BadValue
from guanxi.records import read, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds import Formats, Link, Person, Secret
from guanxi.records.read.cells import names_of
from guanxi.records.read.query import resolve_filters
from guanxi.web.pages import addresses, filters, saved_views, words
from guanxi.web.pages.base import actor_of, entity_page, entity_plural, number, render, wants
from guanxi.web.pages.shown import Head, Table, heads
from guanxi.web.templatetags.gx import count_text

EVERYTHING = "n=50"  # an address without any question would open the default view


@dataclass(frozen=True)
class Chip:
    """One filter in force."""

    label: str
    operator: str
    value: str
    edit_url: str
    remove_url: str


def chips(actor: Actor, entity: Entity, query: read.Query, base: str) -> list[Chip]:
    """The filters in words. Raises UnknownField and BadQuery as the list itself would."""
    found = []
    edit = f"{base}filters?{query.params()}"
    for i, (field, operator, values) in enumerate(resolve_filters(actor, entity, query)):
        shown = "" if operator.values == 0 else operand_text(actor, field, operator.key, values)
        found.append(
            Chip(str(field.label), words.operator(operator.key), shown, edit, f"{base}?{query.without(i).params()}")
        )
    return found


def operand_text(actor: Actor, field: Field, operator: str, values: tuple[str, ...]) -> str:
    """Operands as a person reads them: labels of choices, names of records and people, ranges of days."""
    kind = field.kind
    comma = "、" if actor.language.startswith("zh") else ", "
    if operator == "within":
        return str(words.RANGES.get(values[0], values[0]))
    if isinstance(kind, Person):
        ids = [n for v in values if (n := number(v)) is not None]
        names = dict(User.objects.filter(pk__in=ids).values_list("pk", "name"))
        return comma.join(names.get(n, f"#{n}") for n in ids)
    if isinstance(kind, Link):
        ids = [n for v in values if (n := number(v)) is not None]
        seen = names_of(actor, kind.target, ids)
        return comma.join(seen[n][0] if n in seen else f"#{n}" for n in ids)
    if isinstance(kind, Secret):
        return "•••"
    options = getattr(kind, "options", None)
    if callable(options):
        return comma.join(_label(kind, v, read.formats_for(actor)) for v in values)
    if kind.key == "boolean":
        return comma.join(_("Yes") if v in ("1", "true") else _("No") for v in values)
    return (" – " if operator == "between" else comma).join(values)


def _label(kind: Any, text: str, formats: Formats) -> str:
    """The label of a choice given by code or by any of its spellings."""
    try:
        parsed = kind.parse(text, formats)
    except BadValue:
        return text
    return str(kind.format(parsed, formats))


def sorted_heads(page: read.Page, base: str, sortable: frozenset[str]) -> list[Head]:
    """Column heads whose link sorts by the column: first press upwards, second downwards, third not at all."""
    found = []
    now = page.order.key if page.order else ""
    for head in heads(page.columns):
        if head.key not in sortable:
            found.append(head)
            continue
        up, down = head.key, f"-{head.key}"
        then: tuple[str, ...] = {up: (down,), down: ()}.get(now, (up,))
        direction = {up: "ascending", down: "descending"}.get(now, "")
        found.append(replace(head, sort=f"{base}?{page.query.params(sort=then)}", direction=direction))
    return found


def sortable_keys(actor: Actor, columns: tuple[Field, ...]) -> frozenset[str]:
    """Columns that big lists may be sorted by: those with an index, which the actor may read."""
    return frozenset(
        f.key
        for f in columns
        if f.sort and f.kind.sortable and not f.computed and rights.level(actor, f).rank >= Level.READ.rank
    )


@dataclass(frozen=True)
class Range:
    """Where in the list the page stands, as far as it is known without counting: `first` is 0 when it is not."""

    first: int
    last: int


def place(request: HttpRequest, page: read.Page) -> Range:
    """Row numbers travel in the address beside the cursor (`from`), since keyset paging does not know them."""
    shown = len(page.rows)
    start = number(request.GET.get("from", "")) if page.query.cursor else 1
    if not start or not shown:
        return Range(0, 0)
    return Range(start, start + shown - 1)


@entity_page("view")
def entity_list(request: HttpRequest, entity: Entity) -> HttpResponse:
    actor = actor_of(request)
    base = addresses.list_url(entity.key)
    if filters.is_builder(request.GET):
        return filters.to_address(request, entity, base)
    views = saved_views.seen_by(actor, entity)
    if not request.GET and (chosen := saved_views.default_of(views)) is not None:
        query = chosen.question()
    else:
        chosen = None
        query = read.Query.from_params(_pairs(request))
    page = read.page(entity, actor, query)
    at = place(request, page)
    current = saved_views.current(views, query, chosen, plain=not request.GET)
    context: dict[str, Any] = {
        "entity": entity,
        "base": base,
        "plural": entity_plural(entity),
        "query": query,
        "params": query.params(),
        "keep": [(n, v) for n, v in parse_qsl(query.params()) if n != "q"],
        "clear_url": f"{base}?{query.params(filters=()) or EVERYTHING}",
        "new_url": f"{base}new",
        "base_all": f"{base}?{EVERYTHING}",
        "total": count_text(page.count.n, not page.count.exact),
        "approximate": not page.count.exact,
        "page": page,
        "table": Table(entity, page.columns, page.rows),
        "heads": sorted_heads(page, base, sortable_keys(actor, page.columns)),
        "chips": chips(actor, entity, query, base),
        "tabs": saved_views.tabs(views, base, current),
        "current": current,
        "may": {
            action: actor.can(entity.key, action)
            for action in ("create", "edit", "delete", "assign", "export", "import")
        },
        "tagging": rights.level(actor, entity.declared["tags"]) is Level.EDIT,
        "owner": entity.policy.owner_field,
        "at": at,
        "next": _page_url(base, query, page.next, at.last + 1 if at.first else 0) if page.next else "",
        "previous": _page_url(base, query, page.previous, max(1, at.first - query.limit) if at.first else 0)
        if page.previous
        else "",
        "asked": bool(query.filters or query.search),
        "import_url": import_url(entity) if actor.can(entity.key, "import") and actor.can(entity.key, "create") else "",
    }
    fragment = "rows" if wants(request, "rows") else ""
    return render(request, "pages/list.html", context, fragment=fragment)


def _pairs(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, value) for name, values in request.GET.lists() for value in values]


def _page_url(base: str, query: read.Query, cursor: str, start: int) -> str:
    params = query.params(cursor=cursor)
    return f"{base}?{params}&from={start}" if start else f"{base}?{params}"


def import_url(entity: Entity) -> str:
    """Where files are imported, if that page is there."""
    from django.urls import NoReverseMatch, reverse

    for name in ("import", "intake:import", "intake-import"):
        try:
            return f"{reverse(name)}?as={entity.key}"
        except NoReverseMatch:
            continue
    return ""


def people_like(text: str, limit: int = 12) -> list[tuple[int, str]]:
    """Active colleagues whose name contains the text."""
    rows = User.objects.filter(is_active=True)
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(username__icontains=text))
    return list(rows.order_by("name").values_list("pk", "name")[:limit])
