"""The addresses that every entity of the catalogue has, under `/room/noun/` and the namespace `room.noun`."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLResolver, include, path

from guanxi.records import catalogue
from guanxi.records.entity import Entity
from guanxi.web.pages import (
    board,
    bulk,
    cells,
    choose,
    delete,
    export,
    files,
    filters,
    form,
    grid,
    lists,
    neighbours,
    origin,
    paste,
    record,
    saved_views,
    search,
    timeline,
    why,
)


def of(entity: Entity) -> URLResolver:
    key = {"key": entity.key}
    patterns = [
        path("", lists.entity_list, key, name="list"),
        path("new", form.new, key, name="new"),
        path("filters", filters.builder, key, name="filters"),
        path("filters/related", filters.related, key, name="filters-related"),
        path("columns", filters.columns, key, name="columns"),
        path("views", saved_views.dialog, key, name="views"),
        path("views/save", saved_views.save, key, name="view-save"),
        path("views/order", saved_views.order, key, name="view-order"),
        path("columns/widths", saved_views.widths, key, name="widths"),
        path("views/<int:id>", saved_views.change, key, name="view-change"),
        path("choose", choose.choose, key, name="choose"),
        path("bulk", bulk.bulk, key, name="bulk"),
        path("export", export.export, key, name="export"),
        path("board", board.board, key, name="board"),
        path("board/cards", board.cards, key, name="board-cards"),
        path("board/figures", board.figures, key, name="board-figures"),
        path("board/move", board.move, key, name="board-move"),
        path("board/undo", board.undo, key, name="board-undo"),
        path("grid", grid.cells, key, name="grid"),
        path("grid/paste", paste.paste, key, name="grid-paste"),
        path("<int:id>/", record.record, key, name="record"),
        path("<int:id>/grid", grid.save_cell, key, name="grid-save"),
        path("<int:id>/edit", form.edit, key, name="edit"),
        path("<int:id>/delete", delete.delete, key, name="delete"),
        path("<int:id>/timeline", timeline.timeline_page, key, name="timeline"),
        path("<int:id>/file/<slug:field>", files.download, key, name="file"),
        path("<int:id>/panels", record.panels, key, name="panels"),
        path("<int:id>/panel/<slug:name>", record.panel_page, key, name="panel"),
        path("<int:id>/why", why.why, key, name="why"),
        path("<int:id>/neighbours", neighbours.neighbours, key, name="neighbours"),
        path("<int:id>/cell/<slug:field>", cells.cell, key, name="cell"),
        path("<int:id>/origin/<slug:field>", origin.origin, key, name="origin"),
        path("<int:id>/reveal/<slug:field>", origin.reveal, key, name="reveal"),
        path("<int:id>/opened", search.opened, key, name="opened"),
        path("<int:id>/pin", search.pin, key, name="pin"),
    ]
    return path(f"{entity.room}/{entity.noun}/", include((patterns, entity.key), namespace=entity.key))


def every() -> Iterator[URLResolver]:
    for entity in catalogue.every():
        yield of(entity)
