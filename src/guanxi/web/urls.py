"""Addresses of the pages: the shell's own, the hand-made screens, then the generic pages of every entity."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from guanxi.web import app, shell
from guanxi.web.pages import choose, home, search, work
from guanxi.web.pages import urls as pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("manifest.webmanifest", app.manifest, name="manifest"),
    path("sw.js", app.worker, name="worker"),
    path("offline", app.offline, name="offline"),
    path("search", search.search, name="search"),
    path("palette", search.palette, name="palette"),
    path("recent", search.recent, name="recent"),
    path("preferences", shell.preferences, name="preferences"),
    path("work/<int:pk>/", work.work, name="work"),
    path("work/<int:pk>/state", work.state, name="work-state"),
    path("work/<int:pk>/cancel", work.cancel, name="work-cancel"),
    path("work/<int:pk>/file", work.file, name="work-file"),
    path("choose/people", choose.people, name="choose-people"),
    path("", include("guanxi.web.screens.records.urls")),
    *pages.every(),
]
