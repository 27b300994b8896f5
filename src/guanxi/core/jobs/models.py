"""Jobs: work that outlives a request. The queue and what people see of it are one table."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from guanxi.core.jobs import registry


class JobState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


OPEN = (JobState.WAITING, JobState.RUNNING)


class Job(models.Model):
    """One piece of work.

    While it runs, `claim` (fresh for each run) and `lease_until` say who has it; whoever finds the lease run out takes
    it back. Every write of a run names its claim, so a run that lost its job can no longer change it. `error` holds
    English msgids (`what`, `kept`, `todo`) and their `args`, so that each reader sees them in their own language.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=64)
    queue = models.CharField(max_length=32, default="default")
    title = models.CharField(_("Title"), max_length=200, blank=True)
    params = models.JSONField(default=dict)
    state = models.CharField(_("State"), max_length=10, choices=JobState, default=JobState.WAITING)
    done = models.BigIntegerField(_("Done"), default=0)
    total = models.BigIntegerField(_("Total"), null=True)
    rate = models.FloatField(_("Per second"), null=True)
    eta = models.DateTimeField(_("Ready at"), null=True)
    message = models.CharField(_("Message"), max_length=500, blank=True)
    result = models.JSONField(_("Result"), null=True)
    error = models.JSONField(_("Error"), null=True)
    cancel_requested = models.BooleanField(default=False)
    once_key = models.CharField(max_length=200, null=True)  # noqa: DJ001  # null: not compared
    actor = models.ForeignKey("core.User", verbose_name=_("Who"), null=True, on_delete=models.PROTECT, related_name="+")
    attempts = models.IntegerField(default=0)
    max_attempts = models.IntegerField(default=3)
    lost = models.IntegerField(default=0)
    run_at = models.DateTimeField()
    created_at = models.DateTimeField(_("Created"))
    started_at = models.DateTimeField(_("Started"), null=True)
    finished_at = models.DateTimeField(_("Finished"), null=True)
    heartbeat_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    claim = models.CharField(max_length=32, blank=True)
    worker = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.UniqueConstraint(
                fields=["once_key"], condition=models.Q(state__in=["waiting", "running"]), name="core_job_once"
            )
        ]
        indexes = [
            models.Index(fields=["run_at", "id"], condition=models.Q(state="waiting"), name="core_job_waiting"),
            models.Index(fields=["lease_until"], condition=models.Q(state="running"), name="core_job_running"),
            models.Index(fields=["actor", "-id"], name="core_job_actor"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.label}"

    @property
    def label(self) -> str:
        """What people call this job."""
        kind = registry.KINDS.get(self.kind)
        return self.title or str(kind.title if kind else self.kind)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def fraction(self) -> float | None:
        """Part done, 0.0 to 1.0; None when unknown."""
        return min(1.0, self.done / self.total) if self.total else None

    def explain(self) -> dict[str, str]:
        """The error in the reader's language: `what` happened, what was `kept`, what `todo`; empty if there is none."""
        error: dict[str, Any] = self.error or {}
        args = error.get("args") or {}
        return {
            part: gettext(error[part]) % args if args else gettext(error[part])
            for part in ("what", "kept", "todo")
            if error.get(part)
        }


class Periodic(models.Model):
    """When a periodic job was last due; moved on by the worker that comes first."""

    key = models.CharField(max_length=64, primary_key=True)
    last = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key} {self.last}"
