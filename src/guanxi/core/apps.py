from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def install(**_: Any) -> None:
    from guanxi.core import secrets
    from guanxi.core.access import ready

    secrets.install()
    ready.install()


class CoreConfig(AppConfig):
    name = "guanxi.core"
    label = "core"

    def ready(self) -> None:
        post_migrate.connect(install, sender=self, dispatch_uid="core.install")
