"""Files that nothing points to any more (refused uploads of a process that died, rolled-back steps) are taken away by night.

A file is needed while a field of a record holds it, live or deleted, or a line of the journal does: undo brings it back.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from guanxi.core.jobs import JobContext, job, periodic
from guanxi.core.journal.models import Change
from guanxi.kit.results import Balance
from guanxi.records import catalogue, custom, files, kinds
from guanxi.records.entity import Entity, Field

YOUNG = 24 * 3600  # seconds that a file is left alone: what points to it may not be written yet
EVERY = 500
_KEPT = re.compile(r"[0-9a-f]{32}(\.part)?")


@periodic("23 3 * * *")
@job("records.files_tidy", title=_("Take away files that nothing points to"))
def tidy(ctx: JobContext) -> dict[str, Any]:
    """The balance counts files: unchanged are needed, skipped too young to judge, updated taken away. `missing`: needed, not there."""
    paths = list(_kept())
    held = _held()  # asked after the files were listed: what came since is not judged
    needed = held | _undoable(ctx)
    limit = time.time() - YOUNG
    removed = young = size = 0
    for n, path in enumerate(paths, 1):
        if n % EVERY == 0:
            ctx.check()
            ctx.progress(n, len(paths))
        if path.name in needed:
            continue
        try:
            stat = path.stat()
            if stat.st_mtime > limit:
                young += 1
                continue
            path.unlink()
        except FileNotFoundError:  # somebody was faster: gone all the same
            removed += 1
            continue
        removed, size = removed + 1, size + stat.st_size
    ctx.progress(len(paths), len(paths))
    balance = Balance(read=len(paths), updated=removed, skipped=young, unchanged=len(paths) - removed - young).check()
    missing = len(held - {path.name for path in paths})
    return {"balance": balance.to_dict(), "bytes": size, "missing": missing}


def _kept() -> Iterator[Path]:
    """Files of records, and parts of uploads that never ended; other rooms keep theirs in folders of other names."""
    for folder in sorted(files.root().glob("[0-9a-f][0-9a-f]")):
        yield from (path for path in folder.iterdir() if _KEPT.fullmatch(path.name))


def _fields() -> Iterator[tuple[Entity, Field]]:
    for entity in catalogue.every():
        for field in custom.fields(entity).values():
            if isinstance(field.kind, kinds.File):
                yield entity, field


def _held() -> set[str]:
    """Ids of the files that fields of records hold."""
    found: set[str] = set()
    for entity, field in _fields():
        column = "custom" if field.custom else field.column
        rows = entity.model.all_rows.filter(**{f"{column}__has_key": field.key if field.custom else "id"})
        for value in rows.values_list(column, flat=True).iterator(chunk_size=2_000):
            found |= _ids(value.get(field.key) if field.custom else value)
    return found


def _undoable(ctx: JobContext) -> set[str]:
    """Those that the journal would give back."""
    found: set[str] = set()
    by_entity: dict[str, list[str]] = {}
    for entity, field in _fields():
        by_entity.setdefault(entity.key, []).append(field.key)
    for entity_key, keys in by_entity.items():
        for lines in ("before", "after"):
            for key in keys:
                rows = Change.objects.filter(entity=entity_key, **{f"{lines}__has_key": key})
                for values in rows.values_list(lines, flat=True).iterator(chunk_size=2_000):
                    found |= _ids(values.get(key))
            ctx.check()
    return found


def _ids(value: Any) -> set[str]:
    return {str(value["id"])} if isinstance(value, Mapping) and value.get("id") else set()
