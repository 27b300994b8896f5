"""`guanxi import`: a file into the database, from the command line. Says what it understood, how far it is, and how to go back."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.utils import translation

from guanxi.core import jobs
from guanxi.core.access.actor import Actor, acting, actor_for
from guanxi.core.access.services import ADMINISTRATOR
from guanxi.core.identity.models import User
from guanxi.core.org import versions
from guanxi.intake import columns, files, loading, services
from guanxi.intake.models import ImportRun
from guanxi.intake.problems import Trouble, text
from guanxi.kit.problems import Problem
from guanxi.kit.progress import Progress
from guanxi.kit.results import Balance

OK, HELD, USAGE, FAILED, CANCELLED = 0, 1, 2, 3, 130
"""Exit codes: all rows in; some held; wrong file, column, object or person; nothing written; stopped by the person."""


def main(
    path: Path,
    entity: str | None = None,
    *,
    username: str | None = None,
    problems: Path | None = None,
    dry_run: bool = False,
    columns: Iterable[str] = (),
    skip_existing: bool = False,
) -> int:
    """Import `path`; returns an exit code. `columns` are "column name=field" ("column name=" leaves it out).

    `problems`: where the held rows go as well. Without `username` the first administrator imports.
    """
    versions.refresh()
    try:
        actor = _actor(username)
        with acting(actor), translation.override("en"):
            return _main(actor, path, entity, problems, dry_run, columns, skip_existing)
    except Trouble as error:
        with translation.override("en"):
            _complain(str(error))
        return USAGE
    except KeyboardInterrupt:
        _complain("Stopped. Nothing was written.")
        return CANCELLED


def _main(
    actor: Actor,
    path: Path,
    entity: str | None,
    problems: Path | None,
    dry_run: bool,
    given: Iterable[str],
    skip_existing: bool,
) -> int:
    wanted = services.known_entity(actor, entity) if entity else None
    with path.open("rb") as source:
        run = services.receive(actor, source, path.name, entity=wanted, limit=None)
    try:
        mapping = services.named(run.header, _pairs(given), run.mapping)
        services.settle(
            actor, run, entity=services.known_entity(actor, run.entity), mapping=mapping,
            options={"on_existing": "skip" if skip_existing else "update"},
        )  # fmt: skip
        _say_columns(actor, run)
        if dry_run:
            return _try(actor, run, problems)
        run = services.launch(actor, run, inline=True)
    finally:
        services.discard(ImportRun.objects.filter(pk=run.pk).first() or run)
    return _run(run, problems)


def _actor(username: str | None) -> Actor:
    people = User.objects.filter(is_active=True)
    if username:
        person = people.filter(username=username).first()
        if person is None:
            raise Trouble(
                "There is nobody called %(name)s who may sign in. All of them: guanxi user list", name=username
            )
    else:
        person = people.filter(roles__key=ADMINISTRATOR).order_by("pk").first()
        if person is None:
            raise Trouble("There is no administrator yet. Make one: guanxi user add NAME")
    return actor_for(person)


def _pairs(given: Iterable[str]) -> dict[str, str]:
    pairs = {}
    for pair in given:
        name, equals, target = pair.rpartition("=")
        if not equals:
            raise Trouble(
                "'%(pair)s' should look like 'column name=field'; an empty field leaves the column out.", pair=pair
            )
        pairs[name.strip()] = target.strip()
    return pairs


def _try(actor: Actor, run: ImportRun, problems: Path | None) -> int:
    line = _Line(None)
    with services.readable():
        found = loading.dry(actor, run, progress=lambda done, total: line(done, total, ""), save_to=problems)
    line.end()
    _say_balance(found.balance, "Would be")
    _say_problems(found.problems)
    if problems and found.balance.held:
        _say(f"Rows with problems: {problems}")
    _say("Nothing was written (--dry-run).")
    return HELD if found.balance.held else OK


def _run(run: ImportRun, problems: Path | None) -> int:
    line = _Line(None)
    assert run.job is not None
    job = jobs.run_inline(run.job, on_progress=line)
    line.end()
    run.refresh_from_db()
    if job.state == jobs.JobState.CANCELLED:
        _complain("Stopped. Nothing was written.")
        return CANCELLED
    if run.phase != "done":
        why = job.explain()
        for part in ("what", "kept", "todo"):
            if why.get(part):
                _complain(why[part])
        return FAILED
    balance = Balance.from_dict(run.balance or {})
    _say_balance(balance, "")
    _say_problems(run.problems)
    if run.problem_path:
        place = files.place(run.problem_path)
        if problems:
            shutil.copyfile(place, problems)
            place = problems
        _say(f"Rows with problems, with the reason in the last column: {place}")
        _say("Correct them there and import that file; rows that are in already are recognised.")
    if run.change_set_id:
        _say(f"Change set {run.change_set_id}. Take it back on the page of this import: /intake/import/{run.pk}/")
    else:
        _say("Nothing differed from what is there, so nothing was written.")
    return HELD if balance.held else OK


# What is said ---------------------------------------------------------------------------------------------------------


class _Line:
    """One line that shows how far it is, rewritten in place on a terminal, every few seconds otherwise."""

    def __init__(self, total: int | None) -> None:
        self._meter = Progress(total)
        self._shown = 0.0
        self._live = sys.stderr.isatty()

    def __call__(self, done: int, total: int | None, message: str) -> None:
        self._meter.total = total
        self._meter.to(done)
        now = time.monotonic()
        if now - self._shown < (0.2 if self._live else 5.0):
            return
        self._shown = now
        left = self._meter.seconds_left
        parts = [f"{done:,}" + (f" of {total:,}" if total else "") + " rows"]
        parts += [f"{self._meter.rate:,.0f} a second"] if self._meter.rate else []
        parts += [f"{left:,.0f} s left"] if left is not None and total else []
        sys.stderr.write(("\r\x1b[K" if self._live else "") + ", ".join(parts) + ("" if self._live else "\n"))
        sys.stderr.flush()

    def end(self) -> None:
        if self._live and self._shown:
            sys.stderr.write("\r\x1b[K")


def _say(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _complain(line: str) -> None:
    sys.stderr.write(f"guanxi: {line}\n")


def _say_columns(actor: Actor, run: ImportRun) -> None:
    entity = services.known_entity(actor, run.entity)
    facts = ", ".join(filter(None, [run.format.upper(), run.encoding, run.sheet and f"sheet {run.sheet!r}"]))
    _say(f"{run.name}: {facts}; each row is a record of {entity.key}")
    known = columns.targets(actor, entity)
    width = max((_width(name) for name in run.header), default=0)
    for name, target in zip(run.header, run.mapping, strict=True):
        label = f"{target} ({known[target].label})" if target else "left out"
        _say(f"  {name or '(no name)'}{' ' * (width - _width(name or '(no name)'))}  ->  {label}")
    _say()


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if ord(ch) >= 0x1100 else 1 for ch in text)


def _say_balance(balance: Balance, prefix: str) -> None:
    for name, count in balance.to_dict().items():
        label = f"{prefix} {name}".strip() if name != "read" else "rows read"
        _say(f"{label.capitalize():>22} {count:>12,}")


def _say_problems(found: list[dict[str, Any]], *, at_most: int = 10) -> None:
    for item in found[:at_most]:
        rows = ", ".join(str(row) for row in item["rows"]) + (" …" if item["count"] > len(item["rows"]) else "")
        column = f"{item['column']}: " if item["column"] else ""
        _say(f"  {column}{text(Problem(item['code'], item['params']))} ({item['count']:,} times; row {rows})")
    if len(found) > at_most:
        _say("  …")
