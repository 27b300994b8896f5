"""Imports: a file, how its columns were understood, and what came of it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from guanxi.core.jobs import JobState


class RunState(models.TextChoices):
    """What this room knows of a run by itself; while it is STARTED its job knows more (see `ImportRun.phase`)."""

    DRAFT = "draft", _("Being prepared")
    STARTED = "started", _("Running")
    DONE = "done", _("Done")


class ImportRun(models.Model):
    """One file on its way in.

    `path` and `problem_path` lie below FILES_ROOT, under generated names; both are emptied when the files go away after
    90 days. `sample` is the first rows as text, `faults` what is wrong with the header ([code, params]). `mapping` holds
    one target key per column of `header` ("" for a column left out). `left_out`, `checked` and `problems` are what the
    pages show afterwards. The change set is the truth about what was written.
    """

    id = models.BigAutoField(primary_key=True)
    actor = models.ForeignKey("core.User", verbose_name=_("Who"), null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("When"), auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    name = models.CharField(_("File"), max_length=255)
    path = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    format = models.CharField(max_length=10)
    encoding = models.CharField(max_length=20, blank=True)
    sheet = models.CharField(max_length=100, blank=True)
    header = models.JSONField(default=list)
    sample = models.JSONField(default=list)
    faults = models.JSONField(default=list)
    entity = models.CharField(_("What a row is"), max_length=64)
    mapping = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=RunState, default=RunState.DRAFT)
    # Jobs are tidied away by plain SQL after half a year, so the database must not hold on to them.
    job = models.ForeignKey(
        "core.Job", null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    undo_job = models.ForeignKey(
        "core.Job", null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    index_job = models.ForeignKey(
        "core.Job", null=True, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    change_set = models.ForeignKey("core.ChangeSet", null=True, on_delete=models.PROTECT, related_name="+")
    balance = models.JSONField(null=True)
    left_out = models.JSONField(default=list)
    checked = models.JSONField(null=True)
    problems = models.JSONField(default=list)
    problem_path = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index(fields=["actor", "-id"], name="intake_run_actor")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.name}"

    @property
    def phase(self) -> str:
        """draft, waiting, running, done, failed or cancelled."""
        if self.state != RunState.STARTED:
            return self.state
        job = _found(self, "job")
        if job is None or job.state == JobState.DONE:  # done without our own mark: it cannot have written anything
            return "failed"
        return str(job.state)

    @property
    def is_open(self) -> bool:
        """Whether work for it is waiting or running."""
        return self.phase in ("waiting", "running")

    @property
    def undone(self) -> bool:
        """Whether its change set was taken back (and that was not itself taken back)."""
        return self.change_set is not None and self.change_set.undone_by.filter(undone_by__isnull=True).exists()

    def running_job(self) -> Any:
        """The job that works for this run now: the import itself, its undoing, or nothing."""
        for name in ("undo_job", "job"):
            job = _found(self, name)
            if job is not None and job.is_open:
                return job
        return None

    def found(self, name: str) -> Any:
        """`job`, `undo_job` or `index_job`, or None when it was tidied away."""
        return _found(self, name)


def _found(run: ImportRun, name: str) -> Any:
    if getattr(run, f"{name}_id") is None:
        return None
    try:
        return getattr(run, name)
    except models.ObjectDoesNotExist:
        return None
