"""`guanxi journal …` and `guanxi keys …`"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from guanxi.ops import database


def verify(_: argparse.Namespace) -> int:
    database.prepare(migrate=False)
    from guanxi.core import journal

    report = journal.verify()
    for finding in report.findings:
        print(finding)
    waiting = f", {report.unsealed:,} not yet sealed" if report.unsealed else ""
    print(
        f"{report.change_sets:,} change sets, {report.lines:,} lines, {report.seals:,} seals{waiting}: "
        + ("intact." if report.intact else f"{len(report.findings)} findings.")
    )
    return 0 if report.intact else 1


def seal(_: argparse.Namespace) -> int:
    database.prepare(migrate=False)
    from guanxi.core import journal

    total = 0
    while done := journal.seal():
        total += done
    print(f"{total} change sets sealed.")
    return 0


def checkpoint(options: argparse.Namespace) -> int:
    seal(options)
    from guanxi.core import journal
    from guanxi.core.journal import seals

    line = journal.checkpoint()
    print(
        f"Seal {line['seal']} written to {seals.checkpoint_file()}." if line else "The last checkpoint is up to date."
    )
    return 0


def keys_status(_: argparse.Namespace) -> int:
    database.prepare(migrate=False)
    from guanxi.core.secrets import master, rotation
    from guanxi.core.secrets.models import DataKey

    place = master.path()
    print(f"{'master key':22}{place if place.exists() else 'from the environment'}")
    for key in DataKey.objects.order_by("id"):
        print(f"{f'data key {key.pk}':22}{key.purpose}, {key.state}, made {key.created_at:%Y-%m-%d}")
    for sealed in rotation.sealed_columns():
        print(f"{'sealed':22}{sealed.table}.{sealed.column}")
    return 0


def keys_rotate(_: argparse.Namespace) -> int:
    database.prepare(migrate=False)
    from guanxi.core import secrets

    def progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done:,} of {total:,} values sealed again", end="", file=sys.stderr)

    result = secrets.rotate(progress)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"Data key {result.key} seals now; {result.cells:,} values were sealed again.")
    if result.left:
        print(f"{result.left:,} values were being changed meanwhile; run it once more.")
        return 1
    return 0


JOURNAL: dict[str, Callable[[argparse.Namespace], int]] = {"verify": verify, "seal": seal, "checkpoint": checkpoint}
KEYS: dict[str, Callable[[argparse.Namespace], int]] = {"status": keys_status, "rotate": keys_rotate}
