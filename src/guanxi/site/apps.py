from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Puts the house together: fills the catalogue of entities."""

    name = "guanxi.site"
    label = "site"

    def ready(self) -> None:
        from guanxi.site import catalogue

        catalogue.register_all()
