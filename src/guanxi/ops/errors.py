"""Failures a person can do something about: shown as two lines without a traceback."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


class Unavailable(Exception):
    """Something the program needs is not there. `remedy` says what to do about it, one step a line."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}\n{self.remedy}" if self.remedy else self.problem


class DatabaseUnavailable(Unavailable):
    """The database cannot be started, reached or used."""


def explained(home: Path, text: str) -> DatabaseUnavailable:
    """What a failure's own words mean to the person who has to do something about it."""
    data = home / "postgres"
    low = text.lower()
    last = next((line for line in reversed(text.splitlines()) if "FATAL" in line or "PANIC" in line), "")
    detail = (last or text.strip()[-400:]).strip()
    if "no space left" in low or "disk quota" in low or "disk full" in low:
        free = shutil.disk_usage(home if home.exists() else Path("/")).free // 1024**2
        return DatabaseUnavailable(
            f"No space left for the database in {home} ({free} MB free).",
            "Free some space on that disk, or move the folder to a larger one and set GUANXI_HOME.\n"
            "What was saved is safe; an unfinished change was rolled back.",
        )
    if "permission denied" in low or "operation not permitted" in low or "read-only file system" in low:
        return DatabaseUnavailable(
            f"No right to use the database folder {data} as user {_me()}.",
            "Start guanxi as the user who made that folder, give it to this one (chown -R),\n"
            "or choose another folder with GUANXI_HOME.",
        )
    if "incompatible with server" in low or "not compatible with this version" in low:
        return DatabaseUnavailable(
            f"The data in {data} was made by another version of PostgreSQL.",
            "Use the guanxi that made it, or name a PostgreSQL of that version in GUANXI_DATABASE_URL.",
        )
    if "shared memory" in low or "semaphores" in low or "cannot allocate memory" in low:
        return DatabaseUnavailable(
            f"The machine gave the database too little memory: {detail}",
            f"Close other programs, or set a smaller shared_buffers in {home / 'postgresql.conf'}.",
        )
    return DatabaseUnavailable(
        f"The embedded database did not start: {detail or 'it ended without a word'}",
        f"See {data / 'start.log'} and {data / 'logs'}. Restore a backup if its files are damaged.",
    )


def _me() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())
