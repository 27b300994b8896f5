"""Where a custom field is used, as the settings show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanxi.core.access import Actor
from guanxi.core.access.models import Role
from guanxi.core.access.services import role_name
from guanxi.core.jobs.models import OPEN, Job
from guanxi.insight import boards
from guanxi.insight.models import Dashboard
from guanxi.records import catalogue, custom, custom_use
from guanxi.records.entity import Entity
from guanxi.records.models import CustomField
from guanxi.records.read.query import Query
from guanxi.web.pages import addresses
from guanxi.web.pages.base import entity_plural


@dataclass(frozen=True)
class Line:
    """One place that uses the field."""

    icon: str
    what: str
    name: str
    how: str = ""
    url: str = ""


@dataclass(frozen=True)
class InUse:
    """`holding`: records with a value, whoever may see them; `url`: the list of those this person sees, "" for a retired field."""

    holding: int
    url: str
    lines: Sequence[Line]


def of(actor: Actor, entity: Entity, row: CustomField) -> InUse:
    n = custom.holding(entity, row.key)
    url = "" if row.retired or not n or not actor.can(entity.key, "view") else (
        f"{addresses.list_url(entity.key)}?f.{row.key}.filled=1"
    )  # fmt: skip
    return InUse(n, url, [*_views(actor, entity, row), *_tiles(actor, entity, row), *_roles(entity, row)])


def _how(ways: Sequence[custom_use.How]) -> str:
    words = {"filter": _("filter"), "column": _("column"), "sort": _("sorted by it"), "group": _("counted by it")}
    return " · ".join(str(words[w]) for w in ways)


def _views(actor: Actor, entity: Entity, row: CustomField) -> list[Line]:
    lines, unnamed = [], 0
    for found in custom_use.views(actor, entity, row.key):
        if not found.named:
            unnamed += 1
            continue
        of_ = catalogue.get(found.view.entity)
        url = f"{addresses.list_url(of_.key)}?{found.view.query}" if actor.can(of_.key, "view") else ""
        what = _("Saved view of %(plural)s") % {"plural": entity_plural(of_)}
        lines.append(Line("list", what, found.view.name, _how(found.how), url))
    if unnamed:
        said = ngettext("%(n)s private view of a colleague", "%(n)s private views of colleagues", unnamed) % {
            "n": unnamed
        }
        lines.append(Line("lock", _("Saved views"), said))
    return lines


def _tiles(actor: Actor, entity: Entity, row: CustomField) -> list[Line]:
    seen = set(boards.seen_by(actor).values_list("pk", flat=True))
    lines, unnamed = [], 0
    for board in Dashboard.objects.filter(deleted_at__isnull=True).order_by("position", "id"):
        for tile in boards.tiles_of(board):
            if not _tile_uses(entity, row.key, tile):
                continue
            if board.pk not in seen:
                unnamed += 1
            else:
                name = f"{_(board.name) if board.key else board.name} · {_(tile.title) if board.key else tile.title}"
                lines.append(
                    Line("chart-bar", _("Tile of a dashboard"), name, "", reverse("dashboard", args=[board.pk]))
                )
    if unnamed:
        said = ngettext("%(n)s tile on a dashboard of a colleague", "%(n)s tiles on dashboards of colleagues", unnamed)
        lines.append(Line("lock", _("Dashboards"), said % {"n": unnamed}))
    return lines


def _tile_uses(entity: Entity, key: str, tile: boards.Tile) -> bool:
    try:
        asked = catalogue.get(tile.entity)
    except catalogue.UnknownEntity:
        return False
    paths = [tile.measure.partition(":")[2], tile.by.partition(":")[0], tile.split.partition(":")[0]]
    if any(path and custom_use.points(entity, key, asked, path) for path in paths):
        return True
    query: Query | None = custom_use.read(tile.filters)
    return query is not None and bool(custom_use.ways(entity, key, asked, query))


def _roles(entity: Entity, row: CustomField) -> list[Line]:
    keys = set(custom_use.roles(entity, row.key))
    return [
        Line("user-shield", _("Role"), role_name(role), _("a rule of its own for this field"))
        for role in Role.objects.filter(key__in=keys)
    ]


@dataclass(frozen=True)
class NotUnique:
    """Why a field that is to be unique is not yet kept so by the database. `groups`: records that share a value, as links."""

    building: bool
    groups: Sequence[tuple[int, Sequence[tuple[str, str]]]]
    more: bool


def not_unique(actor: Actor, entity: Entity, row: CustomField) -> NotUnique | None:
    """None for a field that need not be unique, or that is kept so."""
    if not row.unique or row.retired or custom.index_state(entity, row) == "ready":
        return None
    open_ = Job.objects.filter(kind="records.field_index", params__field=row.pk, state__in=OPEN).exists()
    found = custom_use.shared(actor, entity, row)
    groups = [
        (g.n, [(name, addresses.record_url(entity.key, id_)) for id_, name in g.names.items()])
        for g in found[: custom_use.GROUPS]
    ]
    return NotUnique(open_, groups, len(found) > custom_use.GROUPS)
