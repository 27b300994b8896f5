"""Imports as jobs: running one, taking one back, and clearing away old files."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from psycopg.errors import UniqueViolation

from guanxi.core.jobs import JobContext, JobError, job, periodic
from guanxi.intake import files, loading
from guanxi.intake.models import ImportRun, RunState
from guanxi.intake.problems import Trouble
from guanxi.kit.streams import TableError
from guanxi.records import invert
from guanxi.records.read.door import Hidden
from guanxi.records.rights import UnknownField
from guanxi.records.write import Refused

_TRIES = 3
NOTHING = gettext_noop("Nothing was written.")


@job("intake.run_import", title=_("Import"))
def run_import(ctx: JobContext, *, run: int) -> dict[str, Any]:
    """Import the file of a run. Killed at any point, it has written everything or nothing, and runs again."""
    found = ImportRun.objects.get(pk=run)
    if found.state == RunState.DONE:
        return {"balance": found.balance, "change_set": found.change_set_id, "run": found.pk}
    try:
        return _again_when_crossed(ctx, found)
    except (TableError, Trouble) as error:
        raise JobError(
            error.template, kept=NOTHING, todo=gettext_noop("Correct the file and import it again."), **error.params
        ) from error
    except (Refused, UnknownField) as error:
        raise JobError(
            gettext_noop("You may not import this any more: a right was taken back since the columns were chosen."),
            kept=NOTHING, todo=gettext_noop("Choose the columns again, or ask an administrator."),
        ) from error  # fmt: skip


def _again_when_crossed(ctx: JobContext, run: ImportRun) -> dict[str, Any]:
    """Run it again when somebody created the same unique value while it was under way: then it is seen, and its row held or updated."""
    for _try in range(_TRIES - 1):
        try:
            return loading.load(ctx, run)
        except (IntegrityError, UniqueViolation) as error:  # COPY's errors come as the driver's own
            if UniqueViolation not in (type(error), type(error.__cause__)):
                raise
            run.refresh_from_db()
    return loading.load(ctx, run)


@job("intake.undo_import", title=_("Take back an import"))
def undo_import(ctx: JobContext, *, run: int) -> dict[str, Any]:
    """Invert the change set of a run. A second run finds it done."""
    found = ImportRun.objects.select_related("change_set").get(pk=run)
    if found.change_set_id is None or found.undone:
        return {}

    def progress(done: int, total: int) -> None:
        ctx.progress(done, total)
        ctx.check()

    try:
        undone = invert.undo(ctx.actor, found.change_set_id, reason=found.name, progress=progress)
    except (Hidden, invert.CannotUndo) as error:
        raise JobError(
            gettext_noop("This import cannot be taken back by you."), kept=gettext_noop("Nothing was changed."),
            todo=gettext_noop("Ask whoever imported it, or an administrator."),
        ) from error  # fmt: skip
    return {
        "change_set": undone.change_set, "restored": undone.restored, "removed": undone.removed, "revived": undone.revived,
        "conflicts": undone.conflicts,
    }  # fmt: skip


@periodic("41 3 * * *")
@job("intake.tidy", title=_("Clear away old import files"))
def tidy(ctx: JobContext) -> dict[str, int]:
    """After 90 days the files go, and what the run remembers of their values; drafts nobody went on with go after 7."""
    gone = {"files": 0, "drafts": 0, "strays": 0}
    now = timezone.now()
    for run in ImportRun.objects.filter(state=RunState.DRAFT, created_at__lt=now - files.DRAFT):
        ctx.check()
        files.remove(run.path)
        run.delete()
        gone["drafts"] += 1
    old = ImportRun.objects.filter(created_at__lt=now - files.KEEP).exclude(path="", problem_path="")
    for run in old:
        ctx.check()
        if run.is_open:
            continue
        files.remove(run.path)
        files.remove(run.problem_path)
        run.path = run.problem_path = ""
        run.problems, run.sample, run.checked = [], [], None
        run.save(update_fields=["path", "problem_path", "problems", "sample", "checked"])
        gone["files"] += 1
    known = {
        path
        for pair in ImportRun.objects.filter(~Q(path="") | ~Q(problem_path="")).values_list("path", "problem_path")
        for path in pair
        if path
    }
    for stray in files.strays(known):
        files.remove(stray)
        gone["strays"] += 1
    return gone
