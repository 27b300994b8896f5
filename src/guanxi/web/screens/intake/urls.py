"""Addresses of importing."""

from __future__ import annotations

from django.urls import URLPattern, path

from guanxi.web.screens.intake import imports

urlpatterns: list[URLPattern] = [
    path("intake/import/", imports.imports, name="import"),
    path("intake/import/<int:pk>/", imports.run, name="import-run"),
    path("intake/import/<int:pk>/columns", imports.columns_page, name="import-columns"),
    path("intake/import/<int:pk>/check", imports.check, name="import-check"),
    path("intake/import/<int:pk>/progress", imports.progress, name="import-progress"),
    path("intake/import/<int:pk>/cancel", imports.cancel, name="import-cancel"),
    path("intake/import/<int:pk>/undo", imports.undo, name="import-undo"),
    path("intake/import/<int:pk>/discard", imports.discard, name="import-discard"),
    path("intake/import/<int:pk>/problems", imports.problems, name="import-problems"),
]
