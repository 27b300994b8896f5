from __future__ import annotations

from django.apps import AppConfig


class EngagementConfig(AppConfig):
    name = "guanxi.engagement"
    label = "engagement"

    def ready(self) -> None:
        from guanxi.engagement import boards  # noqa: F401 — tells boards of next steps
