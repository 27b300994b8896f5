"""From the kept file through the bulk door, as one transaction: complete, or nothing."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils import timezone

from guanxi.core import jobs
from guanxi.core.access.actor import Actor
from guanxi.core.journal import ledger
from guanxi.core.journal.models import Door
from guanxi.intake import columns, files
from guanxi.intake import held as held_rows
from guanxi.intake.models import ImportRun, RunState
from guanxi.kit.problems import Problem
from guanxi.kit.results import Balance
from guanxi.kit.streams import Row, Table, open_table
from guanxi.records import bulk, catalogue, choices
from guanxi.records.entity import Entity

Raw = tuple[int, Mapping[str, Any]]
_EVERY = 20_000


@dataclass
class Reader:
    """Gives the rows of a table as values of a record, and counts what it keeps back.

    It runs in the door's reading thread, so it touches neither the database nor the run.
    """

    table: Table
    composer: columns.Composer
    held: int = 0
    filled: Counter[int] = field(default_factory=Counter)
    refused: list[tuple[int, tuple[Problem, ...]]] = field(default_factory=list)

    def rows(self, limit: int | None = None) -> Iterator[Raw]:
        composer, unmapped, filled = self.composer, self.composer.unmapped, self.filled
        mapped = {self.table.header[i] for places in composer.of.values() for i in places}
        for row in islice(self.table.rows(), limit):
            for i in unmapped:
                if row.cells[i] not in (None, ""):
                    filled[i] += 1
            if row.problems and (wrong := self._wrong(row, mapped)):
                self.held += 1
                self.refused.append((row.number, wrong))
                continue
            yield row.number, composer(row.cells)

    def _wrong(self, row: Row, mapped: set[str]) -> tuple[Problem, ...]:
        """Faults of the row as such, and of cells that would be taken over; a fault in a column left out harms nobody."""
        return tuple(p for p in row.problems if "column" not in p.params or p.params["column"] in mapped)

    def take_refused(self, held: held_rows.Held) -> None:
        """Hand over what was refused so far."""
        while self.refused:
            number, problems = self.refused.pop()
            held.add(number, {"": list(problems)})

    @property
    def balance(self) -> Balance:
        return Balance(read=self.held, held=self.held)


@contextlib.contextmanager
def opened(run: ImportRun) -> Iterator[Table]:
    """The table of a run's file, as it was understood when it came in."""
    with open_table(files.place(run.path), run.name, sheet=run.sheet or None) as table:
        yield table


def count(table: Table, check: Callable[[], None] | None = None) -> int:
    """How many rows there are; a small part of the time that writing them takes, and then the time left can be told."""
    number = 0
    for number, _row in enumerate(table.rows(), 1):
        if check and number % _EVERY == 0:
            check()
    return number


@dataclass(frozen=True)
class Checked:
    """A dry run: what would come of the first rows, and what is wrong with them."""

    balance: Balance
    whole: bool
    problems: list[dict[str, Any]]
    cells: dict[str, int]
    left_out: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        return {
            "balance": self.balance.to_dict(), "whole": self.whole, "problems": self.problems, "cells": self.cells,
            "left_out": self.left_out,
        }  # fmt: skip


def _door(
    actor: Actor, run: ImportRun, entity: Entity, reader: Reader, held: held_rows.Held, **more: Any
) -> bulk.Loaded:
    options = run.options
    choices.values("")  # lists are read before the door's reading thread needs them: it has no transaction
    return bulk.load(
        actor, entity, reader.rows(more.pop("limit", None)), columns=reader.composer.columns,
        recognise_by=options.get("recognise_by"), on_existing=options.get("on_existing", "update"), door=Door.IMPORT,
        reason=run.name, detail={"run": run.pk, "file": run.name, "sha256": run.sha256}, held=held.add, **more,
    )  # fmt: skip


def dry(
    actor: Actor, run: ImportRun, *, limit: int | None = None, progress: Callable[[int, int | None], None] | None = None,
    save_to: Any = None,
) -> Checked:  # fmt: skip
    """Everything an import does with the first `limit` rows, and then nothing written. `save_to`: a path for the held rows."""
    entity = catalogue.get(run.entity)
    with opened(run) as table, held_rows.Held() as held:
        reader = Reader(table, columns.Composer(run.mapping))
        loaded = _door(actor, run, entity, reader, held, dry_run=True, limit=limit, progress=progress)
        reader.take_refused(held)
        balance = (loaded.balance + reader.balance).check()
        names = held_rows.Names(run.header, run.mapping, columns.targets(actor, entity))
        cells: Counter[str] = Counter()
        for _row, problems in held:
            cells.update({key for key, _p in problems})
        whole = limit is None or balance.read < limit or next(islice(table.rows(), limit, None), None) is None
        if save_to is not None and len(held):
            held_rows.write(held, table, names, save_to)
        return Checked(balance, whole, held_rows.summary(held, names), dict(cells), _left_out(run, reader))


def load(ctx: jobs.JobContext, run: ImportRun) -> dict[str, Any]:
    """Import the file of a run. Rows, change set, the run's own mark and the job's end are one transaction."""
    actor, entity = ctx.actor, catalogue.get(run.entity)
    with opened(run) as table, held_rows.Held() as held:
        total = count(table, ctx.check)
        ctx.progress(0, total)
        reader = Reader(table, columns.Composer(run.mapping))
        target = None
        try:
            with transaction.atomic():
                result = _inside(ctx, run, entity, actor, reader, held, total)
                names = held_rows.Names(run.header, run.mapping, columns.targets(actor, entity))
                if len(held):
                    target = files.new("csv" if table.format == "csv" else "xlsx")
                    held_rows.write(held, table, names, target)
                before = run.problem_path
                run.problems = held_rows.summary(held, names)
                run.problem_path = files.relative(target) if target else ""
                run.left_out = _left_out(run, reader)
                run.state, run.finished_at = RunState.DONE, timezone.now()
                run.save(
                    update_fields=[
                        "problems", "problem_path", "left_out", "state", "finished_at", "change_set", "balance", "index_job",
                    ]
                )  # fmt: skip
                ctx.progress(total, total)
                ctx.complete(result)
        except BaseException:
            if target is not None:
                files.remove(files.relative(target))
            raise
        files.remove(before)
    return result


def _inside(
    ctx: jobs.JobContext, run: ImportRun, entity: Entity, actor: Actor, reader: Reader, held: held_rows.Held, total: int
) -> dict[str, Any]:
    """The rows and their change set, whose balance also counts the rows that never got as far as the door."""
    detail = {"run": run.pk, "file": run.name, "sha256": run.sha256}
    with ledger.change_set(
        actor, door=Door.IMPORT, action="import", entity=entity.key, reason=run.name, detail=detail
    ) as cs:  # fmt: skip
        loaded = _door(
            actor, run, entity, reader, held, total=total, check=ctx.check,
            progress=lambda done, of: ctx.progress(done + reader.held, of),
        )  # fmt: skip
        reader.take_refused(held)
        balance = (loaded.balance + reader.balance).check()
        cs.balance = balance.to_dict()
    run.balance, run.change_set_id = balance.to_dict(), loaded.change_set
    run.index_job_id = loaded.index_job
    return {"balance": run.balance, "change_set": loaded.change_set, "run": run.pk}


def _left_out(run: ImportRun, reader: Reader) -> list[dict[str, Any]]:
    """Columns left out by choice, and how many values they held."""
    return [
        {"column": run.header[i] or f"#{i + 1}", "values": reader.filled[i]}
        for i in reader.composer.unmapped
        if run.header[i] != columns.REASON
    ]
