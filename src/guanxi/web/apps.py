from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register


class WebConfig(AppConfig):
    name = "guanxi.web"
    label = "web"

    def ready(self) -> None:
        from guanxi.web.access import check_urls

        register(check_urls, "security")
