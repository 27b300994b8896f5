"""The data keys, wrapped by the master key."""

from __future__ import annotations

from django.db import models


class KeyState(models.TextChoices):
    """`active` seals; `retiring` is being rotated away; `old` only opens what the journal and backups still hold."""

    ACTIVE = "active"
    RETIRING = "retiring"
    OLD = "old"


class DataKey(models.Model):
    """A random 256-bit key for one purpose, encrypted by the master key. Never deleted: the journal may need it."""

    id = models.AutoField(primary_key=True)
    purpose = models.CharField(max_length=32)
    wrapped = models.BinaryField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=KeyState, default=KeyState.ACTIVE)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["purpose"], condition=models.Q(state="active"), name="core_datakey_one_active"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk} {self.state}"
