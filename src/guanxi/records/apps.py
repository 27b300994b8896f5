from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RecordsConfig(AppConfig):
    name = "guanxi.records"
    label = "records"

    def ready(self) -> None:
        from guanxi.records import checks, problems

        problems.register()
        checks.register()
        post_migrate.connect(install, sender=self, dispatch_uid="records.install")


def install(**_: Any) -> None:
    """After migrating, when all tables are there: the guard, sequences and shipped lists of the whole catalogue."""
    from guanxi.records import choices, guard

    guard.install()
    choices.install()
