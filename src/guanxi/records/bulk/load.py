"""`load`: rows from a file or system become records, in one transaction, with a balance that adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from django.db import transaction

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.jobs import enqueue
from guanxi.core.journal.ledger import OpenSet, change_set
from guanxi.core.journal.models import Door
from guanxi.kit.problems import Problem
from guanxi.kit.results import Balance
from guanxi.records import custom, rights, search, sql
from guanxi.records.bulk import apart
from guanxi.records.bulk.complete import Completer
from guanxi.records.bulk.create import Creator
from guanxi.records.bulk.parse import Parsed, Problems, Raw, patient_collector
from guanxi.records.bulk.recognise import Recogniser
from guanxi.records.bulk.update import Known, Updater
from guanxi.records.entity import Entity, Field
from guanxi.records.read.cells import formats_for
from guanxi.records.write import rollup
from guanxi.records.write.errors import Refused

BATCH = 10_000
ANALYZE_FROM = 1_000  # so many new rows change what the planner should know
GROWN = 4  # and on the way, when the table has so many times the rows that the planner knows of
INDEX_AT_ONCE = 2_000  # up to so many new rows are put into the search index at once; more follow as a job


class Cancelled(Exception):
    """The job was asked to stop; nothing was written."""


@dataclass(frozen=True)
class Loaded:
    """`change_set`: None when nothing changed or for a dry run. `index_job`: the job that gives many new rows their search tokens."""

    change_set: int | None
    balance: Balance
    index_job: int | None = None

    @property
    def created(self) -> int:
        return self.balance.created

    @property
    def updated(self) -> int:
        return self.balance.updated


class _DryRun(Exception):
    """Rolls a dry run back."""


def load(
    actor: Actor,
    entity: Entity,
    rows: Iterable[Raw],
    *,
    columns: Sequence[str],
    recognise_by: Sequence[str] | None = None,
    on_existing: Literal["update", "skip"] = "update",
    door: Door = Door.IMPORT,
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
    held: Callable[[int, Problems], None] | None = None,
    progress: Callable[[int, int | None], None] | None = None,
    check: Callable[[], None] | None = None,
    total: int | None = None,
    dry_run: bool = False,
) -> Loaded:
    """Write rows of (number, {field key: raw value}); fields are those in `columns`.

    A row is recognised as an existing record by `recognise_by` (default: the entity's); empty cells never empty a field.
    Rows with a problem are held: reported through `held` and left out. Everything else is one change set in one transaction:
    all of it or, after any error (also from `check`, which may raise to cancel), none of it. Raises UnknownField, Refused.
    """
    if not actor.can(entity.key, "import"):
        raise Refused(f"{entity.key}: import")
    fields = {
        key: rights.field(actor, entity, key, Level.READ if _is_number(entity, key) else Level.EDIT) for key in columns
    }
    cs: OpenSet | None = None
    try:
        with transaction.atomic(), change_set(
            actor, door=door, action="import", entity=entity.key, reason=reason, detail=detail
        ) as cs:  # fmt: skip
            loader = _Loader(cs, actor, entity, fields, recognise_by, on_existing, held)
            with patient_collector():
                loader.run(rows, progress=progress, check=check, total=total)
            cs.balance = (Balance.from_dict(cs.balance or {}) + loader.balance.check()).to_dict()
            if dry_run:
                raise _DryRun
            if loader.balance.created >= ANALYZE_FROM:
                sql.analyze(entity)
            job = _index_later(cs, actor, entity) if loader.to_index and search.searchable(entity) else None
    except _DryRun:
        return Loaded(None, loader.balance)
    return Loaded(cs.id if loader.balance.written else None, loader.balance, job)


def _index_later(cs: OpenSet, actor: Actor, entity: Entity) -> int:
    params = {"change_set": cs.id, "entity": entity.key}
    return enqueue("records.index", params, actor=actor, once_key=f"records.index:{cs.id}:{entity.key}").pk


def _is_number(entity: Entity, key: str) -> bool:
    """Numbers are given by the house, but a file may bring its own, or name records by them."""
    return entity.numbering is not None and entity.numbering.field == key


class _Loader:
    """One load: a batch at a time is recognised, completed and made ready, and written while the next one is looked at."""

    def __init__(
        self, cs: OpenSet, actor: Actor, entity: Entity, fields: Mapping[str, Field], recognise_by: Sequence[str] | None,
        on_existing: str, held: Callable[[int, Problems], None] | None,
    ) -> None:  # fmt: skip
        self.cs, self.actor, self.entity, self.fields = cs, actor, entity, fields
        every = custom.fields(entity)
        keys = entity.recognise_by if recognise_by is None else recognise_by
        self.keys = [key for key in keys if key in fields]
        self.balance = Balance()
        self.to_index = 0
        self._held, self._on_existing = held, on_existing
        self._recogniser = Recogniser(actor, entity, fields, self.keys)
        self._completer = Completer(actor, entity, every, fields, self.keys)
        self._creator = Creator(cs, entity, self._completer.filled())
        self._updater = Updater(
            cs, actor, entity, fields, owner_problem=self._completer.owner_problem, hold=self._hold
        )  # fmt: skip
        self._ready: list[Parsed] = []
        self._named: dict[str, set[Any]] = {key: set() for key in self.keys}
        self._planned_for = max(sql.rows_known(entity), BATCH // GROWN)
        self._planned_by = sorted({every[key].column or "custom" for key in self.keys})

    def run(
        self, rows: Iterable[Raw], *, progress: Callable[[int, int | None], None] | None,
        check: Callable[[], None] | None, total: int | None,
    ) -> None:  # fmt: skip
        parsed_by = {key: field.kind for key, field in self.fields.items()}
        with closing(apart.batches(rows, parsed_by, formats_for(self.actor), size=BATCH)) as source:
            again: list[Parsed] = []
            for batch in source:
                if check:
                    check()
                blanks = sum(1 for item in batch if isinstance(item, int))
                self.balance = self.balance.add(read=len(batch), skipped=blanks)
                again = self._batch([*again, *(item for item in batch if not isinstance(item, int))])
                self._keep_plans_good()
                if progress:
                    progress(self.balance.read, total)
            while again:
                again = self._batch(again)
            self._send()

    def _keep_plans_good(self) -> None:
        """What recognises the next rows is planned by what is known of the table: it must not be taken for an empty one."""
        if self.balance.created >= self._planned_for * GROWN and self.keys:
            self._planned_for = self.balance.created
            sql.analyze(self.entity, ["id", "deleted_in", *self._planned_by])

    def _batch(self, batch: list[Parsed]) -> list[Parsed]:
        """Make one batch ready to be written, and write the one before it meanwhile.

        Returns rows that name the same record as an earlier one that is not written yet, to be done after it.
        """
        good = self._without_problems(batch)
        if self._recogniser.points_at_itself:  # a row may point at one of the batch before
            self._send()
        self._recogniser.find_links(good)
        good = self._without_problems(good)
        existing = self._recogniser.known(good)
        good = self._without_problems(good)
        self._completer.look_at_owners(good)
        new: list[Parsed] = []
        known: list[tuple[int, Parsed]] = []
        later: list[Parsed] = []
        before, self._named = self._named, {key: set() for key in self.keys}
        with self._sending():
            for row in good:
                if id_ := existing.get(row.number):
                    known.append((id_, row))
                    continue
                names = self._recogniser.names(row)
                if any(value in before[key] or value in self._named[key] for key, value in names):
                    later.append(row)
                    continue
                for key, value in names:
                    self._named[key].add(value)
                new.append(row)
            probes = [self._completer.complete(row) for row in new]
        self._completer.look_around(new, probes)
        self._make_ready(self._without_problems(new))
        if known:
            self._send()  # what is new comes first, and is seen by the rules for the others
            self._update(known)
        return later

    def _make_ready(self, rows: list[Parsed]) -> None:
        if rows and not self.actor.can(self.entity.key, "create"):
            for row in rows:
                self._hold(row.number, {"": [Problem("undo.right")]})
            return
        self._completer.look_for_taken(rows)
        self._ready = self._without_problems(rows)

    @contextmanager
    def _sending(self) -> Iterator[None]:
        """The rows that are ready go to the database while the body computes; the body must not use the database."""
        rows, self._ready = self._ready, []
        if not rows:
            yield
            return
        with self._creator.sending(rows) as created:
            yield
        self.balance = self.balance.add(created=len(rows))
        if self._creator.created <= INDEX_AT_ONCE:
            search.index(self.entity, created)
        else:
            self.to_index += len(created)
        self._roll_up(rows)

    def _send(self) -> None:
        """Write what is ready, now."""
        with self._sending():
            pass

    def _roll_up(self, rows: list[Parsed]) -> None:
        for link in {r.link for r in self.entity.rollups}:
            wholes = {row.values[link] for row in rows if row.values.get(link) is not None}
            rollup.of_wholes(self.cs, self.entity, link, wholes)

    def _update(self, known: Known) -> None:
        if self._on_existing == "skip":
            self.balance = self.balance.add(skipped=len(known))
            return
        changed, unchanged = self._updater.write(known)
        self.balance = self.balance.add(updated=len(changed), unchanged=unchanged)
        if len(changed) <= INDEX_AT_ONCE:
            search.index(self.entity, changed)
        else:
            search.forget(changed)
            self.to_index += len(changed)

    def _without_problems(self, rows: list[Parsed]) -> list[Parsed]:
        fine = []
        for row in rows:
            if row.problems:
                self._hold(row.number, row.problems)
            else:
                fine.append(row)
        return fine

    def _hold(self, number: int, problems: Problems) -> None:
        self.balance = self.balance.add(held=1)
        if self._held:
            self._held(number, problems)
