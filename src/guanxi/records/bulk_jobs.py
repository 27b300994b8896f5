"""Large acts on many records as jobs: bulk edit, assign, tag, delete, and a list as a file. Each one transaction with a balance.

A job that was stopped, or whose worker died, has written nothing; one that is run again after it was done is not run again,
because it is marked as done inside its own transaction.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from guanxi.core.access.actor import Actor
from guanxi.core.jobs import Job, JobContext, JobError, job, periodic
from guanxi.core.jobs.models import JobState
from guanxi.kit.problems import Problem
from guanxi.records import catalogue, exporting, read, write
from guanxi.records.entity import Entity
from guanxi.records.read.page import matching
from guanxi.records.rights import UnknownField

EDIT, EXPORT = "records.bulk", "records.export"
KEEP = 24 * 3600  # seconds that a file made for somebody is kept
REFUSED = gettext_noop("This could not be done: %(why)s")
NOTHING = gettext_noop("Nothing was changed.")
LOOK = gettext_noop("Open the list again and start it anew.")


def chosen(actor: Actor, entity: Entity, *, ids: list[int], params: str) -> QuerySet[Any]:
    """The rows meant: those with these ids, or all that the list's question means. Raises BadQuery, UnknownField."""
    if ids:
        return read.visible(entity, actor).filter(pk__any_of=ids)
    return matching(entity, actor, read.Query.from_params(parse_qsl(params, keep_blank_values=True)))


@job(EDIT, title=gettext_lazy("Change many records"))
def bulk(
    ctx: JobContext, *, entity: str, do: str, ids: list[int], params: str, values: Mapping[str, Any], add: list[int],
    remove: list[int], reason: str,
) -> dict[str, Any]:  # fmt: skip
    """`do`: edit, assign, tag or delete. The result is a balance and the change set that takes it back."""
    of, actor = catalogue.get(entity), ctx.actor
    result: dict[str, Any] = {}

    def progress(done: int, total: int) -> None:
        ctx.progress(done, total)
        ctx.check()

    def edited(done: write.Edited) -> None:
        result.update(
            change_set=done.change_set if done.balance.updated else None,
            balance=done.balance.to_dict(),
            why=dict(done.why),
        )
        ctx.complete(result)

    def deleted(gone: write.Deleted) -> None:
        result.update(change_set=gone.change_set if gone.rows else None, balance=gone.balance.to_dict(),
                      why={"undo.right": gone.skipped} if gone.skipped else {})  # fmt: skip
        ctx.complete(result)

    try:
        rows = chosen(actor, of, ids=ids, params=params)
        if do == "delete":
            write.delete_many(actor, of, rows, reason=reason, progress=progress, finish=deleted)
        else:
            write.edit_many(
                actor, of, rows, values, add_tags=tuple(add), remove_tags=tuple(remove), reason=reason, progress=progress,
                finish=edited,
            )  # fmt: skip
    except write.Invalid as error:
        raise JobError(REFUSED, kept=NOTHING, todo=LOOK, why=_said(error.problems)) from error
    except (UnknownField, read.BadQuery) as error:
        raise JobError(REFUSED, kept=NOTHING, todo=LOOK, why=_("a field or filter is not there any more")) from error
    return result


def _said(problems: Mapping[str, list[Problem]]) -> str:
    return "; ".join(_(p.template) % p.params for found in problems.values() for p in found)


# A list as a file --------------------------------------------------------------------------------------------------------


def folder() -> Path:
    return Path(settings.FILES_ROOT) / "exports"


@job(EXPORT, title=gettext_lazy("Write a list into a file"))
def export(ctx: JobContext, *, entity: str, params: str, form: str) -> dict[str, Any]:
    """The file lies under a name that nobody can guess; only whoever asked for it gets it, for a day."""
    of, actor = catalogue.get(entity), ctx.actor
    query = read.Query.from_params(parse_qsl(params, keep_blank_values=True))
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder() / f"{secrets.token_hex(16)}.{form}"
    try:
        total = matching(of, actor, query, "export").count()
        with path.open("xb") as out:
            path.chmod(0o600)
            n = exporting.write_list(out, form, of, actor, query, progress=_reporting(ctx, total))
        exporting.noted(actor, of, query, rows=n, form=form)
    except (UnknownField, read.BadQuery) as error:
        _remove(path)
        raise JobError(REFUSED, kept=NOTHING, todo=LOOK, why=_("a field or filter is not there any more")) from error
    except BaseException:
        _remove(path)
        raise
    ctx.progress(n, n)
    return {
        "rows": n,
        "path": path.name,
        "name": exporting.file_name(of, form),
        "form": form,
        "bytes": path.stat().st_size,
    }


def _reporting(ctx: JobContext, total: int) -> Any:
    def progress(done: int) -> None:
        ctx.progress(done, max(done, total))
        ctx.check()

    return progress


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def file_of(found: Job) -> Path | None:
    """The file that an export made, while it is kept."""
    result = found.result if isinstance(found.result, dict) else {}
    name = str(result.get("path", ""))
    if found.kind != EXPORT or found.state != JobState.DONE or not name or Path(name).name != name:
        return None
    path = folder() / name
    with contextlib.suppress(OSError):
        if path.stat().st_mtime > time.time() - KEEP:
            return path
    return None


@periodic("41 * * * *")
@job("records.exports_expire", title=gettext_lazy("Take away files of exports that expired"))
def expire(ctx: JobContext) -> dict[str, int]:
    gone = 0
    for path in _old():
        ctx.check()
        _remove(path)
        gone += 1
    return {"removed": gone}


def _old() -> Iterator[Path]:
    if not folder().is_dir():
        return
    limit = time.time() - KEEP
    for path in folder().iterdir():
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_mtime < limit:
                yield path
