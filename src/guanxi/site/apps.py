from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Puts the house together: fills the catalogue of entities and the table of jobs."""

    name = "guanxi.site"
    label = "site"

    def ready(self) -> None:
        from guanxi.site import catalogue, jobs

        catalogue.register_all()
        jobs.register_all()
