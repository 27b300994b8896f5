from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from guanxi.site.menu import install_menu
from guanxi.site.panels import install_panels
from guanxi.site.timeline import install_timeline

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("guanxi.web.screens.core.urls")),
    path("", include("guanxi.web.screens.intake.urls")),
    path("", include("guanxi.web.screens.engagement.urls")),
    path("", include("guanxi.web.screens.insight.urls")),
    path("", include("guanxi.web.urls")),
]

install_menu(urlpatterns)
install_panels()
install_timeline()

handler400 = "guanxi.web.errors.bad_request"
handler403 = "guanxi.web.errors.forbidden"
handler404 = "guanxi.web.errors.not_found"
handler500 = "guanxi.web.errors.server_error"
