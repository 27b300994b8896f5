"""`guanxi migrate`, `demo`, `import` and `describe`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from guanxi.ops import database
from guanxi.ops.errors import Unavailable


def migrate(options: argparse.Namespace) -> int:
    if options.check:
        found = database.state()
        database.refuse_newer(found)
        for name in found.pending:
            print(name)
        return 1 if found.pending else 0
    database.connect()
    before = database.state()
    database.apply(verbosity=1 if before.pending else 0)
    print(f"The database is up to date ({len(before.pending)} migrations applied).")
    return 0


def demo(options: argparse.Namespace) -> int:
    database.prepare(migrate=False)
    return fill(full=options.full)


def fill(*, full: bool) -> int:
    """Load the demo company unless it is there, and print its sign-ins; returns the exit code."""
    from guanxi.ops import demo as company

    return int(company.main(full=full) or 0)


def import_file(options: argparse.Namespace) -> int:
    path = Path(options.file)
    if not path.is_file():
        raise Unavailable(f"There is no file {path}.", "Check the name; quote it if it holds spaces.")
    database.prepare(migrate=False)
    from guanxi.intake import command

    return int(
        command.main(
            path,
            options.entity,
            username=options.user,
            problems=Path(options.problems) if options.problems else None,
            dry_run=options.dry_run,
            columns=options.columns,
            skip_existing=options.skip_existing,
        )
        or 0
    )


def describe(options: argparse.Namespace) -> int:
    from guanxi.records import catalogue

    if not options.entity:
        for entity in sorted(catalogue.every(), key=lambda entity: entity.key):
            print(f"{entity.key:28} {entity.model._meta.verbose_name}")
        return 0
    from guanxi.records.describe import describe as text

    try:
        entity = catalogue.get(options.entity)
    except catalogue.UnknownEntity:
        print(f"guanxi: there is no entity {options.entity}; all of them: guanxi describe", file=sys.stderr)
        return 2
    print(text(entity))
    return 0
