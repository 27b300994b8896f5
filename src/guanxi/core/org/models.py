"""How the company is organised: departments, currencies and their dated rates, settings."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Department(models.Model):
    """A node of the department tree. `path` holds the ids from the root, `/1/4/9/`, so that a subtree is one prefix."""

    name = models.CharField(_("Name"), max_length=150)
    parent = models.ForeignKey(
        "self", verbose_name=_("Belongs to"), null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    manager = models.ForeignKey(
        "core.User", verbose_name=_("Manager"), null=True, blank=True, on_delete=models.SET_NULL, related_name="manages"
    )
    path = models.CharField(max_length=500, db_index=True, editable=False, default="")
    position = models.IntegerField(default=0)

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["path"]

    def __str__(self) -> str:
        return self.name


class ExchangeRate(models.Model):
    """What one unit of `currency` was worth in `base` from `date` on."""

    currency = models.CharField(_("Currency"), max_length=3)
    base = models.CharField(_("Reporting currency"), max_length=3)
    date = models.DateField(_("Valid from"))
    rate = models.DecimalField(_("Rate"), max_digits=20, decimal_places=10)

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        constraints = [
            models.UniqueConstraint(fields=["currency", "base", "date"], name="core_exchangerate_once"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="core_exchangerate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.date} 1 {self.currency} = {self.rate} {self.base}"


class Setting(models.Model):
    """One organisation-wide setting (reporting currency, name, …), typed by `org.settings`."""

    key = models.CharField(max_length=64, primary_key=True)
    value = models.JSONField()

    def __str__(self) -> str:
        return self.key


class Version(models.Model):
    """A stamp per kind of shared configuration (access, choices, …); processes drop their copy when it changes."""

    key = models.CharField(max_length=32, primary_key=True)
    n = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.key} {self.n}"
