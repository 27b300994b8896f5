"""Addresses of the journal, custom fields and lists of values."""

from __future__ import annotations

from django.urls import URLPattern, path

from guanxi.web.screens.records import fields, journal, lists, tags, trees

urlpatterns: list[URLPattern] = [
    path("journal/", journal.journal, name="journal"),
    path("journal/<int:id>", journal.entry, name="journal-entry"),
    path("journal/<int:id>/undo", journal.undo, name="journal-undo"),
    path("journal/<int:id>/restore", journal.restore, name="journal-restore"),
    path("journal/<int:id>/undoing", journal.undo_progress, name="journal-undoing"),
    path("settings/fields/", fields.fields, name="settings-fields"),
    path("settings/fields/<str:key>/", fields.entity_fields, name="settings-entity-fields"),
    path("settings/fields/<str:key>/new", fields.add, name="settings-field-new"),
    path("settings/fields/<str:key>/preview", fields.preview, name="settings-field-preview"),
    path("settings/fields/<str:key>/<slug:name>", fields.edit, name="settings-field"),
    path("settings/fields/<str:key>/<slug:name>/use", fields.use, name="settings-field-use"),
    path("settings/fields/<str:key>/<slug:name>/act", fields.act, name="settings-field-act"),
    path("settings/trees/", trees.index, name="settings-trees"),
    path("settings/trees/<str:key>/", trees.tree, name="settings-tree"),
    path("settings/trees/<str:key>/move", trees.move, name="settings-tree-move"),
    path("settings/trees/<str:key>/<int:id>", trees.node, name="settings-tree-node"),
    path("settings/trees/<str:key>/<int:id>/merge", trees.merge, name="settings-tree-merge"),
    path("settings/tags/", tags.index, name="settings-tags"),
    path("settings/tags/<int:id>", tags.one, name="settings-tag"),
    path("settings/tags/<int:id>/merge", tags.merge, name="settings-tag-merge"),
    path("settings/lists/", lists.lists, name="settings-lists"),
    path("settings/lists/<str:key>/", lists.one, name="settings-list"),
    path("settings/lists/<str:key>/order", lists.order, name="settings-list-order"),
    path("settings/lists/<str:key>/<int:id>/merge", lists.merge, name="settings-list-merge"),
    path("settings/lists/<str:key>/<int:id>", lists.value, name="settings-list-value"),
]
