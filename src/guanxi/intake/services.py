"""Verbs of importing: look at a file, take it in, say what its columns are, try it, run it, take it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from guanxi.core import jobs
from guanxi.core.access.actor import Actor
from guanxi.intake import columns, files, loading
from guanxi.intake.models import ImportRun, RunState
from guanxi.intake.problems import NotYours, Trouble, of_table
from guanxi.kit.problems import Problem
from guanxi.kit.streams import Limits, Table, TableError, open_table
from guanxi.records import catalogue
from guanxi.records.entity import Entity

SAMPLE = 50
CHECKED, CHECKED_OF_MORE = 5_000, 1_000
"""Rows a page tries out while somebody waits: a file of up to so many as a whole, of a longer one the first."""
LIMITS = Limits(bytes=8 << 30)

NO_RIGHT = gettext_noop("You may not import into any object here. Ask an administrator for the right to import.")
NO_COLUMN = gettext_noop("No column is used. Choose a field for at least one column.")
NO_ROWS = gettext_noop(
    "The table has column names but no rows. Fill in at least one row below them, save it and choose the file again."
)
TWICE = gettext_noop("Two columns are to fill “%(field)s”. Leave one of them out.")
WHOLE_AND_PART = gettext_noop(
    "“%(field)s” is filled by one column as a whole and by others in parts. Leave out one or the other."
)
NO_TARGET = gettext_noop("There is no field “%(field)s” that you may fill. Choose one from the list.")
NO_HEADER = gettext_noop("There is no column “%(column)s” in this file. Its columns: %(columns)s")
SAME_HEADER = gettext_noop(
    "Several columns are called “%(column)s”. Rename them in the file so that each name occurs once."
)
NO_ENTITY = gettext_noop("There is nothing called “%(entity)s” that you may import. Possible: %(entities)s")
WRONG_COLUMNS = gettext_noop("The mapping has %(given)d columns but the file has %(wanted)d. Choose the file again.")
STARTED = gettext_noop("This import has been started already.")
NOTHING_TO_UNDO = gettext_noop("This import wrote nothing, so there is nothing to take back.")
UNDONE = gettext_noop("This import was taken back already.")


@dataclass(frozen=True)
class Examined:
    """A file as it was understood, before anything is kept of it.

    `rows` are the first rows as text; `problems` concern the header. `entity` is what a row probably is; None when the actor may
    import nothing.
    """

    format: str
    encoding: str
    sheet: str
    header: list[str]
    rows: list[list[str]]
    problems: list[Problem]
    entity: Entity | None
    columns: list[columns.Column]
    few: bool  # `rows` are all rows

    @property
    def mapping(self) -> list[str]:
        return [column.target for column in self.columns]


def examine(
    actor: Actor,
    source: str | Path | BinaryIO,
    name: str = "",
    *,
    entity: Entity | None = None,
    sheet: str | None = None,
) -> Examined:
    """Find out what a file is and what its columns mean. Raises Trouble."""
    with readable(), open_table(source, name, limits=LIMITS, sheet=sheet) as table:
        return _examine(actor, table, name or _name_of(source), entity)


@contextmanager
def readable() -> Iterator[None]:
    """What is wrong with a file, as Trouble."""
    try:
        yield
    except TableError as error:
        raise of_table(error) from error


def _name_of(source: str | Path | BinaryIO) -> str:
    return Path(source).name if isinstance(source, str | Path) else ""


def _examine(actor: Actor, table: Table, name: str, entity: Entity | None) -> Examined:
    first = [row.cells for row in islice(table.rows(), SAMPLE + 1)]
    if not first:
        raise Trouble(NO_ROWS)
    samples = first[:SAMPLE]
    entity = entity or columns.guess(actor, name, table.header)
    found = columns.recognise(actor, entity, table.header, samples) if entity else []
    return Examined(
        format=table.format, encoding=table.encoding or "", sheet=table.sheet or "", header=list(table.header),
        rows=[[_text(cell) for cell in cells] for cells in samples], problems=list(table.problems), entity=entity,
        columns=found, few=len(first) <= SAMPLE,
    )  # fmt: skip


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return columns.shown(
        cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat() if isinstance(cell, date) else cell
    )


# Taking a file in -----------------------------------------------------------------------------------------------------


def receive(
    actor: Actor, source: BinaryIO, name: str, *, entity: Entity | None = None, limit: int | None = files.LIMIT
) -> ImportRun:
    """Keep a file and prepare its import: a draft with a proposed mapping. Raises Trouble; then nothing is kept."""
    if not columns.importable(actor):
        raise Trouble(NO_RIGHT)
    name = _clean(name)
    kept = files.keep(source, limit=limit)
    try:
        seen = examine(actor, files.place(kept.path), name, entity=entity)
        if seen.entity is None:
            raise Trouble(NO_RIGHT)
        return ImportRun.objects.create(
            actor_id=actor.user_id, name=name, path=kept.path, sha256=kept.sha256, size=kept.size, format=seen.format,
            encoding=seen.encoding, sheet=seen.sheet, header=seen.header, entity=seen.entity.key, mapping=seen.mapping,
            sample=seen.rows, faults=[[p.code, dict(p.params)] for p in seen.problems], options={"on_existing": "update"},
        )  # fmt: skip
    except BaseException:
        files.remove(kept.path)
        raise


def _clean(name: str) -> str:
    """A file's name as people see it: without folders and control characters, at most 255 characters."""
    bare = "".join(ch for ch in name.replace("\\", "/").rpartition("/")[2] if ch.isprintable()).strip() or "table"
    if len(bare) <= 255:
        return bare
    stem, dot, ending = bare.rpartition(".")
    return f"{stem[: 254 - len(ending)]}{dot}{ending}" if dot and len(ending) < 10 else bare[:255]


def columns_of(actor: Actor, run: ImportRun, entity: Entity) -> list[columns.Column]:
    """The columns of a run's file, recognised for this entity from the rows that were kept as a sample."""
    return columns.recognise(actor, entity, run.header, run.sample)


def settle(
    actor: Actor, run: ImportRun, *, entity: Entity, mapping: Sequence[str], options: Mapping[str, Any] | None = None
) -> ImportRun:
    """Say what a row is and which column fills which field. Raises Trouble."""
    known_entity(actor, entity.key)
    _check_mapping(actor, entity, run.header, mapping)
    given = dict(options or run.options)
    run.entity, run.mapping = entity.key, list(mapping)
    run.options = {"on_existing": "skip" if given.get("on_existing") == "skip" else "update"}
    run.checked = None
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        if locked.phase not in ("draft", "failed", "cancelled"):
            raise Trouble(STARTED)
        run.save(update_fields=["entity", "mapping", "options", "checked"])
    return run


def _check_mapping(actor: Actor, entity: Entity, header: Sequence[str], mapping: Sequence[str]) -> None:
    if len(mapping) != len(header):
        raise Trouble(WRONG_COLUMNS, given=len(mapping), wanted=len(header))
    known = columns.targets(actor, entity)
    used = [target for target in mapping if target]
    for target in used:
        if target not in known:
            raise Trouble(NO_TARGET, field=target)
        if used.count(target) > 1:
            raise Trouble(TWICE, field=known[target].label)
        if known[target].part and known[target].field.key in used:
            raise Trouble(WHOLE_AND_PART, field=str(known[target].field.label))
    if not used:
        raise Trouble(NO_COLUMN)


def known_entity(actor: Actor, key: str) -> Entity:
    """The entity, if this actor may import it; else Trouble that lists those they may."""
    possible = {entity.key: entity for entity in columns.importable(actor)}
    if key not in possible:
        raise Trouble(NO_ENTITY, entity=key, entities=", ".join(possible) or "–")
    return possible[key]


def named(header: Sequence[str], given: Mapping[str, str], mapping: Sequence[str]) -> list[str]:
    """A mapping with some columns said by name: {"客户电话": "phone"}. Who says a field takes it from the column that had it."""
    result = list(mapping)
    for name, target in given.items():
        places = [i for i, head in enumerate(header) if head == name.strip()]
        if not places:
            raise Trouble(NO_HEADER, column=name, columns=", ".join(filter(None, header)))
        if len(places) > 1:
            raise Trouble(SAME_HEADER, column=name)
        if target:
            result = ["" if t == target or t.startswith(f"{target}.") else t for t in result]
        result[places[0]] = target
    return result


def check(actor: Actor, run: ImportRun) -> loading.Checked:
    """Try the first rows without writing anything, and keep what came of it with the run. Raises Trouble."""
    with readable():
        with loading.opened(run) as table:
            short = next(islice(table.rows(), CHECKED, None), None) is None
        found = loading.dry(actor, run, limit=CHECKED if short else CHECKED_OF_MORE)
    run.checked = found.to_dict()
    run.save(update_fields=["checked"])
    return found


def launch(actor: Actor, run: ImportRun, *, inline: bool = False) -> ImportRun:
    """Start the import as a job; a second call while it runs changes nothing. Raises Trouble."""
    known_entity(actor, run.entity)
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update(of=("self",)).select_related(None).get(pk=run.pk)
        if locked.phase in ("waiting", "running"):
            return locked
        if locked.phase == "done":
            raise Trouble(STARTED)
        _check_mapping(actor, catalogue.get(locked.entity), locked.header, locked.mapping)
        files.place(locked.path)
        locked.job = jobs.enqueue(
            "intake.run_import", {"run": locked.pk}, actor=actor, once_key=f"intake.run:{locked.pk}", title=locked.name[:200],
            inline=inline,
        )  # fmt: skip
        locked.state = RunState.STARTED
        locked.save(update_fields=["job", "state"])
    return locked


def start(
    actor: Actor, source: BinaryIO | str | Path, name: str = "", *, entity: Entity | None = None,
    mapping: Sequence[str] | None = None, options: Mapping[str, Any] | None = None, inline: bool = False,
) -> ImportRun:  # fmt: skip
    """Take a file in and start its import, with the recognised columns or those given. Raises Trouble."""
    if isinstance(source, str | Path):
        path = Path(source)
        with path.open("rb") as stream:
            return start(
                actor, stream, name or path.name, entity=entity, mapping=mapping, options=options, inline=inline
            )  # fmt: skip
    run = receive(actor, source, name, entity=entity, limit=None)
    try:
        settle(
            actor, run, entity=entity or catalogue.get(run.entity), mapping=run.mapping if mapping is None else mapping,
            options=options,
        )  # fmt: skip
        return launch(actor, run, inline=inline)
    except BaseException:
        discard(run)
        raise


def cancel(run: ImportRun) -> None:
    """Ask the import to stop. It ends with nothing written."""
    job = run.found("job")
    if job is not None and job.is_open:
        jobs.cancel(job)


def discard(run: ImportRun) -> None:
    """Forget a draft and its file."""
    if run.state == RunState.DRAFT:
        files.remove(run.path)
        run.delete()


def undo(actor: Actor, run: ImportRun, *, inline: bool = False) -> ImportRun:
    """Take an import back, as a job: what people changed since is kept and listed. Raises Trouble."""
    with transaction.atomic():
        locked = ImportRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
        if locked.change_set_id is None:
            raise Trouble(NOTHING_TO_UNDO)
        if locked.undone:
            raise Trouble(UNDONE)
        locked.undo_job = jobs.enqueue(
            "intake.undo_import", {"run": locked.pk}, actor=actor, once_key=f"intake.undo:{locked.pk}",
            title=locked.name[:200], inline=inline,
        )  # fmt: skip
        locked.save(update_fields=["undo_job"])
    return locked


# Whose ----------------------------------------------------------------------------------------------------------------


def past(actor: Actor) -> QuerySet[ImportRun]:
    """The runs this actor may see: their own, and all for who looks after jobs. Newest first."""
    runs = ImportRun.objects.select_related("actor", "job", "undo_job", "change_set").order_by("-id")
    if sees_all(actor):
        return runs
    if actor.user_id is None:
        return runs.none()
    return runs.filter(actor_id=actor.user_id, entity__in=[entity.key for entity in columns.importable(actor)])


def sees_all(actor: Actor) -> bool:
    return actor.is_system or actor.can("settings.jobs", "edit")


def get(actor: Actor, pk: int) -> ImportRun:
    """One run; raises NotYours."""
    run = past(actor).filter(pk=pk).first()
    if run is None:
        raise NotYours(pk)
    return run


def get_own(actor: Actor, pk: int) -> ImportRun:
    """One run that this actor may go on with: their own, with the right to import it still theirs; raises NotYours."""
    run = get(actor, pk)
    if run.actor_id != actor.user_id or not actor.can(run.entity, "import"):
        raise NotYours(pk)
    return run
