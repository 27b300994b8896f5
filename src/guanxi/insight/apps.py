from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class InsightConfig(AppConfig):
    name = "guanxi.insight"
    label = "insight"

    def ready(self) -> None:
        post_migrate.connect(install, sender=self, dispatch_uid="insight.install")


def install(**_: Any) -> None:
    """After migrating: the dashboard that everybody starts with, once."""
    from guanxi.insight.ready import install as install_ready

    install_ready()
