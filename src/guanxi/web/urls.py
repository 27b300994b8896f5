"""Addresses of the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from guanxi.web import shell

urlpatterns: list[URLPattern | URLResolver] = [
    path("preferences", shell.preferences, name="preferences"),
]
