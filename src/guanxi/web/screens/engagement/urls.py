"""Addresses of following up: writing it down, files, next steps."""

from __future__ import annotations

from django.urls import URLPattern, path

from guanxi.web.screens.engagement import attachments, composer, steps

urlpatterns: list[URLPattern] = [
    path("engagement/follow-up/<str:key>/<int:id>", composer.compose, name="follow-up"),
    path("engagement/attach/<str:key>/<int:id>", attachments.attach, name="attach"),
    path("engagement/attachment/<int:id>/remove", attachments.remove, name="attachment-remove"),
    path("engagement/step/<int:id>/done", steps.done, name="step-done"),
    path("engagement/my-steps", steps.my_steps, name="my-steps"),
]
