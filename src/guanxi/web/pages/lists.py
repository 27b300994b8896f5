"""The list of an entity: filters, order, columns, place and words all stand in the address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote_plus

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.core.identity.models import User
from guanxi.records import read, rights
from guanxi.records.entity import Entity
from guanxi.records.kinds.numbers import locale_of, money_writer
from guanxi.records.read import groups
from guanxi.records.read.query import MAX_SORT, NO_SUM
from guanxi.web.pages import addresses, filters, saved_views
from guanxi.web.pages.base import actor_of, entity_page, entity_plural, number, render, wants
from guanxi.web.pages.chips import Chip, chips, operand_text  # noqa: F401 (other pages know them from here)
from guanxi.web.pages.shown import Head, Table, heads
from guanxi.web.templatetags.gx import count_text
from guanxi.web.templatetags.gx import number as figure

EVERYTHING = "n=50"  # an address without any question would open the default view


def sorted_heads(page: read.Page, base: str, sortable: frozenset[str], own: Sequence[int] = ()) -> list[Head]:
    """Column heads whose link sorts by the column: first press upwards, second downwards, third not at all.

    Each has a second address that keeps what the list is sorted by and adds (turns, drops) this column: with Shift.
    """
    found = []
    by = {o.field.key: o.key for o in page.orders}
    place = {o.field.key: i for i, o in enumerate(page.orders, 1)}
    address = f"{base}?{page.query.params(sort=(_HERE,))}"
    for i, head in enumerate(heads(page.columns)):
        width = own[i] if own else 0
        if head.key not in sortable:
            found.append(replace(head, width=width))
            continue
        up, down = head.key, f"-{head.key}"
        now = by.get(head.key, "")
        then = {up: down, down: ""}.get(now, up)
        direction = {up: "ascending", down: "descending"}.get(now, "")
        others = [s for s in page.query.sort if s.removeprefix("-") != head.key]
        kept = [s if s.removeprefix("-") != head.key else then for s in page.query.sort]
        more = tuple(s for s in (kept if len(others) < len(page.query.sort) else [*others, then]) if s)[:MAX_SORT]
        found.append(
            replace(
                head,
                sort=_sorted_by(address, (then,) if then else ()),
                also=_sorted_by(address, more),
                direction=direction,
                place=place.get(head.key, 0) if len(place) > 1 else 0,
                width=width,
            )
        )
    return found


_HERE = "sortkey"


def _sorted_by(address: str, sort: Sequence[str]) -> str:
    """The address with this order in its place: made of a pattern, because each column asks for two."""
    if sort:
        return address.replace(f"sort={_HERE}", f"sort={quote_plus(','.join(sort))}", 1)
    return address.replace(f"&sort={_HERE}", "", 1).replace(f"sort={_HERE}&", "", 1).replace(f"sort={_HERE}", "", 1)


def sortable_keys(actor: Actor, page: read.Page) -> frozenset[str]:
    """Columns the list may be sorted by: of long lists those with an index, of short ones every readable one that has an order."""
    return frozenset(
        f.key
        for f in page.columns
        if (f.sort or page.count.exact)
        and f.kind.sortable
        and not f.computed
        and rights.level(actor, f).rank >= Level.READ.rank
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
    own = saved_views.settings_of(actor, entity)
    views = saved_views.seen_by(actor, entity, own)
    if not request.GET and (chosen := saved_views.default_of(views)) is not None:
        query = replace(chosen.question(), view=str(chosen.id))
    else:
        chosen = None
        query = read.Query.from_params(_pairs(request))
    if query.by:
        return grouped_list(request, entity, query, views)
    page = read.page(entity, actor, query)
    at = place(request, page)
    current = saved_views.current(views, query, chosen, plain=not request.GET)
    widths = saved_views.widths_for(own, current, [f.key for f in page.columns])
    context = {
        **_frame(actor, entity, query, views, current),
        "total": count_text(page.count.n, not page.count.exact),
        "approximate": not page.count.exact,
        "page": page,
        "table": Table(entity, page.columns, page.rows),
        "heads": sorted_heads(page, base, sortable_keys(actor, page), widths),
        "sized": bool(widths),
        "dropped": page.dropped,
        "owner": entity.policy.owner_field,
        "at": at,
        "next": _page_url(base, query, page.next, at.last + 1 if at.first else 0) if page.next else "",
        "previous": _page_url(base, query, page.previous, max(1, at.first - query.limit) if at.first else 0)
        if page.previous
        else "",
    }
    context["fragment"] = fragment = "rows" if wants(request, "rows") else ""
    return render(request, "pages/list.html", context, fragment=fragment)


def _frame(
    actor: Actor, entity: Entity, query: read.Query, views: Sequence[saved_views.View], current: saved_views.View | None
) -> dict[str, Any]:
    """What stands around the rows: tabs, toolbar, conditions, what may be done."""
    base = addresses.list_url(entity.key)
    params, ungrouped = query.params(), f"{base}?{query.params(by='') or EVERYTHING}"
    clear = f"{base}?{query.unfiltered().params() or EVERYTHING}"
    may = {
        action: actor.can(entity.key, action) for action in ("create", "edit", "delete", "assign", "export", "import")
    }
    return {
        "entity": entity,
        "base": base,
        "plural": entity_plural(entity),
        "query": query,
        "params": params,
        "keep": [(n, v) for n, v in parse_qsl(params) if n != "q"],
        "clear_url": clear,
        "new_url": f"{base}new",
        "base_all": clear,
        "chips": chips(actor, entity, query, base),
        "tabs": saved_views.tabs(views, base, current, query),
        "current": current,
        "less": current is not None and current.less,
        "may": may,
        "tagging": rights.level(actor, entity.declared["tags"]) is Level.EDIT,
        "asked": query.asks,
        "by": [(f.key, str(f.label), f"{ungrouped}&by={f.key}") for f in groups.choosable(actor, entity)],
        "ungrouped_url": ungrouped,
        "sums": _sums(actor, entity, query, base) if query.by else [],
        "import_url": import_url(entity) if may["import"] and may["create"] else "",
    }


def _sums(actor: Actor, entity: Entity, query: read.Query, base: str) -> list[tuple[str, str, bool]]:
    """What the groups can add up: (label, address, whether they do); "only count" first."""
    fields = groups.summable(actor, entity)
    now = groups.sum_of(actor, entity, query)[0]
    found = [(_("Nothing, only count"), f"{base}?{query.params(sum=NO_SUM)}", now is None)]
    found += [(str(f.label), f"{base}?{query.params(sum=f.key)}", f == now) for f in fields]
    return found if fields else []


@dataclass(frozen=True)
class Line:
    """A group as the page shows it."""

    group: groups.Group
    url: str
    n: str
    total: str
    share: int


def grouped_list(
    request: HttpRequest,
    entity: Entity,
    query: read.Query,
    views: Sequence[saved_views.View],
) -> HttpResponse:
    """The same list counted by a field; each group opens the list of its records."""
    actor = actor_of(request)
    base = addresses.list_url(entity.key)
    found = groups.groups(entity, actor, query)
    locale = locale_of(read.formats_for(actor))
    write = money_writer(found.currency, locale) if found.currency else figure
    most = max((g.n for g in found.groups), default=1)
    lines = [
        Line(
            g,
            f"{base}?{g.query.params()}" if g.query is not None else "",
            figure(g.n),
            "" if g.total is None else write(g.total),
            max(1, round(20 * g.n / most)),
        )
        for g in found.groups
    ]
    current = saved_views.current(views, query, None, plain=False)
    context = {
        **_frame(actor, entity, query, views, current),
        "total": count_text(found.n),
        "found": found,
        "rates_url": reverse("settings-currencies") if actor.can("settings.currencies", "edit") else "",
        "lines": lines,
        "whole": "" if found.total is None else write(found.total),
        "n": figure(found.n),
        "today": timezone.localdate(),
    }
    context["fragment"] = fragment = "rows" if wants(request, "rows") else ""
    return render(request, "pages/groups.html", context, fragment=fragment)


def _pairs(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, value) for name, values in request.GET.lists() for value in values]


def _page_url(base: str, query: read.Query, cursor: str, start: int) -> str:
    params = query.params(cursor=cursor)
    return f"{base}?{params}&from={start}" if start else f"{base}?{params}"


def import_url(entity: Entity) -> str:
    """Where files are imported, if that page is there."""
    from django.urls import NoReverseMatch

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
