"""The outbox: what happened, waiting to be told to those who asked."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """One thing that happened, written in the transaction that made it happen.

    Events with the same non-empty `key` are delivered in order. `told` lists the handlers that are done, so that a
    retry repeats only those that failed. After too many failures an event is parked, with its error, until somebody
    looks.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("When"))
    kind = models.CharField(max_length=64)
    key = models.CharField(max_length=100, blank=True)
    change_set = models.BigIntegerField(null=True)
    payload = models.JSONField(default=dict)
    told = models.JSONField(default=list)
    delivered_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    parked = models.BooleanField(default=False)
    error = models.TextField(_("Error"), blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["id"], condition=models.Q(delivered_at=None, parked=False), name="core_event_pending"),
            models.Index(
                fields=["key", "id"], condition=models.Q(delivered_at=None, parked=False), name="core_event_order"
            ),
            models.Index(fields=["id"], condition=models.Q(parked=True), name="core_event_parked"),
            models.Index(fields=["delivered_at"], name="core_event_delivered"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind}"
