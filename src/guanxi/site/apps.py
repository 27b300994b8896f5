from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "guanxi.site"
    label = "site"

    def ready(self) -> None:
        from guanxi.site.catalogue import register_all

        register_all()
