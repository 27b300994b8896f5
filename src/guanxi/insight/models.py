"""Dashboards: tiles as data, private, shared with roles, or everybody's."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Sharing(models.TextChoices):
    PRIVATE = "private", _("Only me")
    ROLES = "roles", _("Some roles")
    EVERYBODY = "everybody", _("Everybody")


class Dashboard(models.Model):
    """A board of tiles. `tiles` fits `boards.Tile`; `key` marks the ready-made ones, whose names are translated.

    Figures on it are worked out with the rights of whoever looks. Changed through `boards`, which journals before and after.
    """

    key = models.SlugField(max_length=40, blank=True, default="")
    name = models.CharField(_("Name"), max_length=100)
    owner = models.ForeignKey("core.User", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    sharing = models.CharField(_("Shared with"), max_length=16, choices=Sharing, default=Sharing.PRIVATE)
    roles: models.ManyToManyField[models.Model, models.Model] = models.ManyToManyField("core.Role", blank=True)
    tiles = models.JSONField(default=list)
    period = models.CharField(_("Period"), max_length=40, default="last_365_days")
    version = models.IntegerField(default=1)
    position = models.IntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("dashboard")
        verbose_name_plural = _("dashboards")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~models.Q(key=""), name="insight_dashboard_key_once")
        ]

    def __str__(self) -> str:
        return self.name


class HomeBoard(models.Model):
    """The dashboard somebody wants on their start page; `board` null: none. Who has no row gets what `boards.home_of` proposes."""

    person = models.OneToOneField("core.User", on_delete=models.CASCADE, primary_key=True, related_name="+")
    board = models.ForeignKey(Dashboard, on_delete=models.CASCADE, null=True, related_name="+")

    class Meta:
        verbose_name = _("dashboard of the start page")
        verbose_name_plural = _("dashboards of start pages")

    def __str__(self) -> str:
        return f"{self.person_id}: {self.board_id}"
