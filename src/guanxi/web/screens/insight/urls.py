"""Addresses of dashboards and of the records behind their figures."""

from __future__ import annotations

from django.urls import URLPattern, path

from guanxi.web.screens.insight import boards, editing, export, home, records

urlpatterns: list[URLPattern] = [
    path("insight/", boards.first, name="insight"),
    path("insight/home", home.home, name="insight-home"),
    path("insight/home/choose", home.choose, name="insight-home-choose"),
    path("insight/dashboards/new", editing.new, name="dashboard-new"),
    path("insight/dashboards/undo/<int:id>", editing.undo, name="dashboard-undo"),
    path("insight/dashboards/<int:board>/", boards.board, name="dashboard"),
    path("insight/dashboards/<int:board>/settings", editing.settings, name="dashboard-settings"),
    path("insight/dashboards/<int:board>/copy", editing.copy, name="dashboard-copy"),
    path("insight/dashboards/<int:board>/delete", editing.delete, name="dashboard-delete"),
    path("insight/dashboards/<int:board>/refresh", boards.refresh, name="dashboard-refresh"),
    path("insight/dashboards/<int:board>/order", editing.order, name="dashboard-order"),
    path("insight/dashboards/<int:board>/add", editing.tile, name="dashboard-tile-new"),
    path("insight/dashboards/<int:board>/tiles/<slug:tile>", boards.tile, name="dashboard-tile"),
    path("insight/dashboards/<int:board>/tiles/<slug:tile>/edit", editing.tile, name="dashboard-tile-edit"),
    path("insight/dashboards/<int:board>/tiles/<slug:tile>/change", editing.change, name="dashboard-tile-change"),
    path("insight/dashboards/<int:board>/tiles/<slug:tile>/export", export.export, name="dashboard-tile-export"),
    path("insight/records/<str:key>/", records.records, name="insight-records"),
]
