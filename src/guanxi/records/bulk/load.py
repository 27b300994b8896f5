"""`load`: rows from a file or system become records, in one transaction, with a balance that adds up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from django.db import transaction
from django.db.models import Q

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.jobs import enqueue
from guanxi.core.journal.ledger import OpenSet, change_set
from guanxi.core.journal.models import Door
from guanxi.kit.problems import Problem
from guanxi.kit.results import Balance
from guanxi.records import custom, kinds, rights, search, sql
from guanxi.records.base import Record
from guanxi.records.bulk import apart
from guanxi.records.bulk.create import Creator
from guanxi.records.bulk.parse import Parsed, Problems, Raw, patient_collector
from guanxi.records.entity import Entity, Field
from guanxi.records.lookups import AnyOf
from guanxi.records.read.cells import formats_for
from guanxi.records.read.door import visible
from guanxi.records.write import links, many, rollup
from guanxi.records.write import rows as row_writer
from guanxi.records.write import values as value_rules
from guanxi.records.write.errors import Refused
from guanxi.records.write.save import _differs, _value

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
    loader = _Loader(actor, entity, fields, recognise_by, on_existing, held)
    cs: OpenSet | None = None
    try:
        with transaction.atomic(), change_set(
            actor, door=door, action="import", entity=entity.key, reason=reason, detail=detail
        ) as cs:  # fmt: skip
            with patient_collector():
                loader.run(cs, rows, progress=progress, check=check, total=total)
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
    def __init__(
        self, actor: Actor, entity: Entity, fields: Mapping[str, Field], recognise_by: Sequence[str] | None,
        on_existing: str, held: Callable[[int, Problems], None] | None,
    ) -> None:  # fmt: skip
        self.actor, self.entity, self.fields = actor, entity, fields
        self.every = custom.fields(entity)
        self.formats = formats_for(actor)
        keys = entity.recognise_by if recognise_by is None else recognise_by
        self.keys = [key for key in keys if key in fields]
        self.on_existing = on_existing
        self._held = held
        self.balance = Balance()
        self.to_index = 0
        self._planned_for = max(sql.rows_known(entity), BATCH // GROWN)
        self._unique = [f for f in self.every.values() if f.unique and f.key in fields]
        self._links = [f for f in fields.values() if isinstance(f.kind, kinds.Link)]
        self._held_links = links.of(entity)
        self._points_at_itself = any(f.kind.target == entity.key for f in self._links)  # type: ignore[attr-defined]
        self._ready: list[Parsed] = []
        self._named: dict[str, set[Any]] = {key: set() for key in self.keys}
        self._related = entity.model.invariants_many.__func__ is not Record.invariants_many.__func__  # type: ignore[attr-defined]
        self._rules = self._related or entity.model.invariants is not Record.invariants
        self._defaults = {
            k: f.default for k, f in self.every.items() if f.default is not None and not f.kind.is_empty(f.default)
        }
        self._nothing: dict[str, Any] = dict.fromkeys(self.every)
        self._required = [k for k, f in self.every.items() if f.required]
        self._empty = type("Probe", (), {f.column: f.kind.blank for f in self.every.values() if f.column})
        self._columns = {k: f.column for k, f in self.every.items() if f.column}
        self._sealed = [f for f in self.every.values() if f.custom or f.secret]
        self._plain = [(k, f.column) for k, f in self.every.items() if not (f.computed or f.custom or f.secret)]
        self._owners: dict[int | None, Problem | None] = {}

    def run(
        self, cs: OpenSet, rows: Iterable[Raw], *, progress: Callable[[int, int | None], None] | None,
        check: Callable[[], None] | None, total: int | None,
    ) -> None:  # fmt: skip
        keys = dict.fromkeys([*self.fields, *self._defaults])
        owner = self.entity.policy.owner_field
        if owner:
            keys[owner] = None
        if self.entity.numbering:
            keys[self.entity.numbering.field] = None
        if self.entity.derive:
            keys.update(dict.fromkeys(self.entity.derive({**self._defaults})))
        self.creator = Creator(cs, self.entity, [k for k in keys if self.every[k].column or self.every[k].custom])
        self.cs = cs
        parsed_by = {key: field.kind for key, field in self.fields.items()}
        with closing(apart.batches(rows, parsed_by, self.formats, size=BATCH)) as source:
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
            with self._sending():
                pass

    def _keep_plans_good(self) -> None:
        """What recognises the next rows is planned by what is known of the table: it must not be taken for an empty one."""
        if self.balance.created >= self._planned_for * GROWN and self.keys:
            self._planned_for = self.balance.created
            columns = {self.every[key].column or "custom" for key in self.keys}
            sql.analyze(self.entity, ["id", "deleted_in", *sorted(columns)])

    def _batch(self, batch: list[Parsed]) -> list[Parsed]:
        """Make one batch ready to be written, and write the one before it meanwhile.

        Returns rows that name the same record as an earlier one that is not written yet, to be done after it.
        """
        for row in batch:
            if row.problems:
                self._hold(row.number, row.problems)
        good = [row for row in batch if not row.problems]
        if self._points_at_itself:  # a row may name one of the batch before
            with self._sending():
                pass
        self._find_links(good)
        good = self._without_problems(good)
        existing = self._recognise(good)
        good = self._without_problems(good)
        self._look_at_owners(good)
        new: list[Parsed] = []
        known: list[tuple[int, Parsed]] = []
        later: list[Parsed] = []
        named, self._named = self._named, {key: set() for key in self.keys}
        with self._sending():
            for row in good:
                if id_ := existing.get(row.number):
                    known.append((id_, row))
                    continue
                mine = [(key, self._fold(key, row.values[key])) for key in self.keys if key in row.values]
                if any(value in named[key] or value in self._named[key] for key, value in mine):
                    later.append(row)
                    continue
                for key, value in mine:
                    self._named[key].add(value)
                new.append(row)
            probes = [self._complete(row) for row in new]
        self._look_around(new, probes)
        self._make_ready(self._without_problems(new))
        if known:
            with self._sending():  # what is new comes first, and is seen by the rules for the others
                pass
            self._update(known)
        return later

    @contextmanager
    def _sending(self) -> Iterator[None]:
        """The rows that are ready go to the database while the body computes; the body must not use the database."""
        rows, self._ready = self._ready, []
        if not rows:
            yield
            return
        with self.creator.sending(rows) as created:
            yield
        self.balance = self.balance.add(created=len(rows))
        if self.creator.created <= INDEX_AT_ONCE:
            search.index(self.entity, created)
        else:
            self.to_index += len(created)
        self._roll_up(rows)

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

    def _find_links(self, rows: list[Parsed]) -> None:
        for field in self._links:
            assert isinstance(field.kind, kinds.Link)
            wanted: set[Any] = set()
            for row in rows:
                value = row.values.get(field.key)
                if value is not None:
                    wanted.update(value if field.kind.many else (value,))
            if not wanted:
                continue
            found = value_rules.resolve(self.actor, field.kind, list(wanted))
            for row in rows:
                value = row.values.get(field.key)
                if value is None:
                    continue
                ids = [found[v] for v in (value if field.kind.many else (value,))]
                wrong = [v for v in ids if isinstance(v, Problem)]
                if wrong:
                    row.problems[field.key] = wrong
                else:
                    row.values[field.key] = ids if field.kind.many else ids[0]
            if field in self._held_links:
                named = {row.values[field.key] for row in rows if not row.problems and field.key in row.values}
                live = links.hold(field, named)
                for row in rows:
                    if not row.problems and row.values.get(field.key) is not None and row.values[field.key] not in live:
                        shown = {"target": str(field.label), "value": str(row.values[field.key])}
                        row.problems[field.key] = [Problem("link.unknown", shown)]

    def _fold(self, key: str, value: Any) -> Any:
        return value.lower() if isinstance(self.fields[key].kind, kinds.Email) else value

    def _recognise(self, rows: list[Parsed]) -> dict[int, int]:
        """{row number: id} of rows that name a live record; rows that name two, or one out of range, get a problem."""
        hits: dict[int, dict[int, None]] = {}
        for key in self.keys:
            field = self.fields[key]
            wanted: dict[Any, list[Parsed]] = {}
            for row in rows:
                if key in row.values and (key == self.keys[0] or row.number not in hits):
                    wanted.setdefault(row.values[key], []).append(row)
            if not wanted:
                continue
            operands = [field.kind.custom_operand(v) if field.custom else v for v in wanted]
            # By a key that need not be unique, only what the actor sees is recognised: a file must not tell what lies out of range.
            live = self.entity.model.all_rows.filter(deleted_in__isnull=True)
            known = live if field.unique else visible(self.entity, self.actor)
            found = known.filter(Q(AnyOf(field.expression, operands)))
            column = "custom" if field.custom else field.column
            for id_, value in found.values_list("pk", column):
                value = field.kind.from_json(value.get(key)) if field.custom else value
                for row in wanted.get(value, ()):
                    hits.setdefault(row.number, {})[id_] = None
        if not hits:
            return {}
        ids = {id_ for several in hits.values() for id_ in several}
        allowed = set(
            visible(self.entity, self.actor, "edit").filter(pk__any_of=list(ids)).values_list("pk", flat=True)
        )
        result: dict[int, int] = {}
        for row in rows:
            several = hits.get(row.number)
            if several is None:
                continue
            if len(several) > 1:
                row.problems[self.keys[0]] = [Problem("link.several", {"value": _shown(row, self.keys)})]
            elif not several.keys() <= allowed:
                row.problems[self.keys[0]] = [Problem("field.taken", {"value": _shown(row, self.keys)})]
            else:
                result[row.number] = next(iter(several))
        return result

    def _complete(self, row: Parsed) -> Any:
        """Give a new row defaults, owner and derived values, and check it against its own rules. Returns it as rules read it."""
        new = row.values
        for key, value in self._defaults.items():
            if key not in new:
                new[key] = value
        owner = self.entity.policy.owner_field
        if owner:
            new.setdefault(owner, self.actor.user_id)
            problem = self._owners[new[owner]]
            if problem:
                row.problems[owner] = [problem]
        if self.entity.derive:
            new.update(self.entity.derive({**self._nothing, **new}))
        for key in self._required:
            if self.every[key].kind.is_empty(new.get(key)):
                row.problems.setdefault(key, []).append(Problem("field.required"))
        if not self._rules:
            return None
        columns = self._columns
        probe = self._empty()  # what a row does not fill is the class's
        probe.__dict__.update([(columns[k], v) for k, v in new.items() if v is not None and k in columns])
        if not row.problems:
            for key, problem in self.entity.model.invariants(probe):  # it reads columns only
                row.problems.setdefault(key, []).append(problem)
        return probe

    def _look_around(self, rows: list[Parsed], probes: list[Any]) -> None:
        """What the rules over other records say of new ones: a query a batch."""
        if not self._related:
            return
        fine = [(row, probe) for row, probe in zip(rows, probes, strict=True) if not row.problems]
        for place, key, problem in self.entity.model.invariants_many([probe for _row, probe in fine]):
            fine[place][0].problems.setdefault(key, []).append(problem)

    def _look_at_owners(self, rows: list[Parsed]) -> None:
        """Whether the actor may give records to those whom these rows name: known before any is completed."""
        owner = self.entity.policy.owner_field
        if owner:
            mine = self._defaults.get(owner, self.actor.user_id)
            for id_ in {row.values.get(owner, mine) for row in rows}:
                self._owner_problem(id_)

    def _owner_problem(self, owner: int | None) -> Problem | None:
        from guanxi.records.write.assign import Outside, check_owner

        if owner not in self._owners:
            try:
                check_owner(self.actor, self.entity, owner, creating=True)
                self._owners[owner] = None
            except Outside as error:
                self._owners[owner] = error.problem
        return self._owners[owner]

    def _make_ready(self, rows: list[Parsed]) -> None:
        if rows and not self.actor.can(self.entity.key, "create"):
            for row in rows:
                self._hold(row.number, {"": [Problem("undo.right")]})
            return
        self._ready = self._unique_ones(rows)

    def _roll_up(self, rows: list[Parsed]) -> None:
        for link in {r.link for r in self.entity.rollups}:
            wholes = {row.values[link] for row in rows if row.values.get(link) is not None}
            rollup.of_wholes(self.cs, self.entity, link, wholes)

    def _unique_ones(self, rows: list[Parsed]) -> list[Parsed]:
        """Rows whose unique values are free, in the database and among themselves; the others are held."""
        for field in self._unique:
            seen: dict[Any, int] = {}
            for row in rows:
                value = row.values.get(field.key)
                if value is None or row.problems:
                    continue
                if value in seen:
                    row.problems[field.key] = [Problem("field.taken", {"value": str(value)})]
                else:
                    seen[value] = row.number
            if not seen or field.key in self.keys:
                continue  # nobody was recognised by it, so it is free
            operands = [field.kind.custom_operand(v) if field.custom else v for v in seen]
            taken = self.entity.model.all_rows.filter(Q(AnyOf(field.expression, operands)), deleted_in__isnull=True)
            if field.custom:
                gone = {field.kind.from_json(c.get(field.key)) for c in taken.values_list("custom", flat=True)}
            else:
                gone = set(taken.values_list(field.column, flat=True))
            for row in rows:
                if gone and row.values.get(field.key) in gone:
                    row.problems[field.key] = [Problem("field.taken", {"value": str(row.values[field.key])})]
        return self._without_problems(rows)

    def _update(self, known: list[tuple[int, Parsed]]) -> None:
        if not known:
            return
        if self.on_existing == "skip":
            self.balance = self.balance.add(skipped=len(known))
            return
        # Two rows for one record: each is applied to what the one before left.
        while known:
            batch: dict[int, Parsed] = {}
            rest = []
            for id_, row in known:
                if id_ in batch:
                    rest.append((id_, row))
                else:
                    batch[id_] = row
            known = rest
            self._update_batch(batch)

    def _update_batch(self, batch: Mapping[int, Parsed]) -> None:
        current = row_writer.lock(visible(self.entity, self.actor, "edit"), batch.keys())
        given = {id_: parsed.values for id_, parsed in batch.items()}
        value_rules.keep_unseen(self.actor, self.fields, current, given)
        wholes: dict[int, many.Now] = {}
        changes: dict[int, dict[str, Any]] = {}
        refused: dict[int, Problems] = {}
        for id_, parsed in batch.items():
            row = current.get(id_)
            if row is None:
                refused[id_] = {"": [Problem("undo.gone")]}
                continue
            now = {k: v if (v := row[column]) or v == 0 else None for k, column in self._plain}
            now |= {f.key: _value(self.entity, row, f) for f in self._sealed}
            new = dict(parsed.values)
            if self.entity.derive:
                new.update(self.entity.derive({**now, **new}))
            changed = {k: v for k, v in new.items() if v != now[k] and _differs(self.every[k], now[k], v)}
            if not changed:
                continue
            problems: Problems = {}
            self._check_owner_change(id_, changed, problems)
            if problems:
                refused[id_] = problems
            else:
                changes[id_] = changed
                wholes[id_] = many.Now(self.entity, self.every, row, new)
        refused |= many.rules(self.entity, wholes, changes)
        for id_, parsed in batch.items():
            if id_ in refused:
                self._hold(parsed.number, refused[id_])
        wanted = {
            id_: {k: value_rules.journal_form(self.entity, id_, self.every[k], v) for k, v in changed.items()}
            for id_, changed in changes.items()
            if id_ not in refused
        }
        held = len(refused)
        done = row_writer.update(self.cs, self.entity, current, wanted)
        self.balance = self.balance.add(updated=len(done), unchanged=len(batch) - len(done) - held)
        if len(done) <= INDEX_AT_ONCE:
            search.index(self.entity, done)
        else:
            search.forget(done)
            self.to_index += len(done)
        rollup.after(self.cs, self.entity, done, before={i: current[i] for i in done})

    def _check_owner_change(self, id_: int, changed: Mapping[str, Any], problems: Problems) -> None:
        owner = self.entity.policy.owner_field
        if owner not in changed:
            return
        if not visible(self.entity, self.actor, "assign").filter(pk=id_).exists():
            problems[owner] = [Problem("undo.right")]
        elif problem := self._owner_problem(changed[owner]):
            problems[owner] = [problem]


def _shown(row: Parsed, keys: Sequence[str]) -> str:
    return ", ".join(str(row.values[key]) for key in keys if key in row.values)
