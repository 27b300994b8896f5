"""`guanxi doctor`: is all well, and what to do where it is not."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from django.conf import settings
from django.db import connection

from guanxi import __version__
from guanxi.ops import database
from guanxi.ops.errors import Unavailable

Level = Literal["ok", "warning", "error"]
MARKS = {"ok": "✓", "warning": "!", "error": "✗"}
LOW_SPACE = 2 * 1024**3
LEAST_SPACE = 256 * 1024**2


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `remedy` is empty when all is well."""

    what: str
    level: Level
    text: str
    remedy: str = ""


def run(options: argparse.Namespace) -> int:
    """Print all findings; exit code 1 if one is an error."""
    findings = list(examine())
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            print(f"{MARKS[finding.level]} {finding.what:12} {finding.text}")
            for line in finding.remedy.splitlines():
                print(f"{'':15}→ {line}")
    return int(any(finding.level == "error" for finding in findings))


def examine() -> Iterator[Finding]:
    """Look at everything; one that fails does not keep the others from being looked at."""
    for what, check in CHECKS.items():
        try:
            yield from check()
        except Unavailable as error:
            yield Finding(what, "error", error.problem, error.remedy)
        except Exception as error:
            yield Finding(what, "error", f"{type(error).__name__}: {error}".splitlines()[0])


def _program() -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("program", "ok", f"guanxi {__version__}, Python {python}, process {os.getpid()}")


def _database() -> Iterator[Finding]:
    found = database.state()
    kind = "embedded" if database.is_embedded() else "your own"
    yield Finding("database", "ok", f"PostgreSQL {found.server}, {kind}")
    if found.unknown:
        yield Finding(
            "version", "error", f"made by a newer guanxi ({found.unknown[-1]})",
            "Install that version again, or restore the backup from before the upgrade.",
        )  # fmt: skip
    elif found.pending:
        yield Finding("version", "warning", f"{len(found.pending)} migrations to apply", "guanxi migrate")
    else:
        yield Finding("version", "ok", "the database is of this program's version")


def _disk() -> Iterator[Finding]:
    home = Path(settings.HOME)
    space = shutil.disk_usage(home if home.exists() else home.parent).free
    level: Level = "error" if space < LEAST_SPACE else "warning" if space < LOW_SPACE else "ok"
    remedy = "" if level == "ok" else "Free some space, or move the folder to a larger disk and set GUANXI_HOME."
    yield Finding("disk", level, f"{space / 1024**3:.1f} GB free in {home}", remedy)


def _keys() -> Iterator[Finding]:
    folder = Path(settings.HOME) / "keys"
    for path in sorted(folder.glob("*")):
        if path.is_file() and path.stat().st_mode & 0o077:
            yield Finding("keys", "error", f"{path} can be read by others", f"chmod 600 {path}")
    from guanxi.core.secrets import derive, master
    from guanxi.core.secrets.models import DataKey

    if DataKey._meta.db_table not in connection.introspection.table_names():
        return  # the database has no tables yet; said above
    if not DataKey.objects.exists():
        yield Finding("keys", "ok", "no value has been sealed yet; the master key is made with the first")
        return
    derive("doctor")  # unwraps every data key: a wrong master key is found here, not on somebody's page
    place = master.path() if master.path().exists() else "the environment"
    yield Finding(
        "keys", "ok", f"the master key opens the data keys ({place}); is it in a backup apart from the database?"
    )


def _assets() -> Iterator[Finding]:
    from django.contrib.staticfiles import finders

    found = finders.find("dist/manifest.json")
    if found:
        yield Finding("assets", "ok", "styles and scripts are built")
    else:
        yield Finding(
            "assets",
            "error",
            "styles and scripts are not built",
            "make assets   (from a clone)\npip install .   (installed)",
        )


def _messages() -> Iterator[Finding]:
    root = Path(__file__).parent.parent.parent
    missing = [po for po in root.glob("*/locale/*/LC_MESSAGES/django.po") if not po.with_suffix(".mo").exists()]
    if missing:
        yield Finding("languages", "warning", f"{len(missing)} catalogues are not compiled", "make messages")
    else:
        yield Finding("languages", "ok", "all catalogues are compiled")


CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "program": _program, "database": _database, "disk": _disk, "keys": _keys, "assets": _assets, "languages": _messages,
}  # fmt: skip
