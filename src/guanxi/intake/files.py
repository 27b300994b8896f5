"""Where the files of imports lie: below FILES_ROOT, under names made here, and for 90 days."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from guanxi.intake.problems import Trouble
from guanxi.kit.streams.errors import human_size

LIMIT = 500_000_000
"""Bytes of one file that comes in by page."""
KEEP = timedelta(days=90)
DRAFT = timedelta(days=7)
_CHUNK = 1 << 20

TOO_BIG = gettext_noop(
    "The file is larger than %(limit)s. Split it, or ask an administrator to import it with `guanxi import`."
)
NO_SPACE = gettext_noop(
    "The file could not be kept (%(reason)s). Ask an administrator to free some space, then try again."
)
GONE = gettext_noop("The file of this import is not kept any more. Choose it again.")


@dataclass(frozen=True)
class Kept:
    """A file as it was kept: its place below FILES_ROOT, and what it holds."""

    path: str
    sha256: str
    size: int


def root() -> Path:
    return Path(settings.FILES_ROOT) / "intake"


def place(path: str) -> Path:
    """The file on disk; raises Trouble when it is not there any more."""
    found = Path(settings.FILES_ROOT) / path
    if not path or not found.is_file():
        raise Trouble(GONE)
    return found


def keep(source: BinaryIO, *, limit: int | None = LIMIT) -> Kept:
    """Copy a stream into the store; raises Trouble when it is too large or does not fit on the disk."""
    digest, size = hashlib.sha256(), 0
    target = new("data")
    try:
        with target.open("wb") as out:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if limit is not None and size > limit:
                    raise Trouble(TOO_BIG, limit=human_size(limit))
                digest.update(chunk)
                out.write(chunk)
    except BaseException as error:
        with contextlib.suppress(OSError):
            target.unlink()
        if isinstance(error, OSError):
            raise Trouble(NO_SPACE, reason=error.strerror or type(error).__name__) from error
        raise
    return Kept(relative(target), digest.hexdigest(), size)


def new(ending: str) -> Path:
    """A fresh place for a file; nothing of the name that a person gave is in it."""
    try:
        folder = root() / timezone.now().strftime("%Y-%m")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Trouble(NO_SPACE, reason=error.strerror or type(error).__name__) from error
    return folder / f"{secrets.token_hex(16)}.{ending}"


def relative(path: Path) -> str:
    return path.relative_to(settings.FILES_ROOT).as_posix()


def remove(path: str) -> None:
    if path:
        with contextlib.suppress(OSError):
            (Path(settings.FILES_ROOT) / path).unlink()


def strays(known: set[str], *, older: timedelta = timedelta(days=1)) -> Iterator[str]:
    """Files that no run knows: left behind by a process that was killed. Young ones may be somebody's just now."""
    limit = (timezone.now() - older).timestamp()
    for folder, _, names in os.walk(root()):
        for name in names:
            path = Path(folder, name)
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < limit and (found := relative(path)) not in known:
                    yield found
