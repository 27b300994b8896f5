"""A small company lived through at random, against a model in plain dicts: what the doors show, what the journal says."""

from __future__ import annotations

import copy
import importlib
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from guanxi.core import journal
from guanxi.core.access.actor import SYSTEM, acting
from guanxi.core.journal.models import Change, ChangeBatch, Op
from guanxi.records import bulk, catalogue, custom, history, invert, read, write
from guanxi.records.entity import Entity
from guanxi.records.write import values as forms
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

A, C, S, L = "customers.account", "customers.contact", "trade.order", "trade.orderline"
ORDER_OF_BIRTH = (A, C, S, L)
LINKS = {C: "account", S: "account", L: "order"}
PARTS = {A: [(C, "cascade"), (S, "protect")], C: [], S: [(L, "cascade")], L: []}
FIELDS = {
    A: ("name", "remark", "external_id", "id_number", "tags", "x_spare", "gender", "birth_date"),
    C: ("name", "remark", "account"),
    S: ("remark", "account"),
    L: ("quantity", "unit_price", "order"),
}
NAMES = st.sampled_from(["甲某", "乙某", "丙某"])
WORDS = st.sampled_from(["", "一", "二", "三'\"\\x"])
CODES = st.sampled_from(["", "E1", "E2", "E3", "E4"])
NUMBERS = st.sampled_from(["", "11010519491231002X", "440524188001010014"])
AMOUNTS = st.sampled_from([Decimal("0.5"), Decimal(1), Decimal("2.25"), Decimal(10)])


def _derived(values: dict[str, Any]) -> dict[str, Any]:
    """An identity number fills birth date and gender where they are empty."""
    number = values.get("id_number")
    if not number:
        return {}
    born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    known = {"birth_date": born, "gender": "male" if int(number[16]) % 2 else "female"}
    return {name: value for name, value in known.items() if not values.get(name)}


def _same(shown: Any, value: Any) -> bool:
    return (shown if shown not in (None, "", []) else None) == (value if value not in (None, "", []) else None)


@dataclass
class Model:
    """One record: {field: (value, change set it is owed to; None for its creation)}."""

    key: str
    id: int
    fields: dict[str, tuple[Any, int | None]]
    created_in: int
    deleted_in: int | None = None
    version: int = 1
    past: list[dict[str, Any] | None] = field(default_factory=list)  # a version each: {field: before}, or None

    def __getitem__(self, name: str) -> Any:
        return self.fields[name][0]


@dataclass
class Act:
    """What one change set did, as undo has to know it."""

    number: int
    created: list[int] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    revived: list[int] = field(default_factory=list)
    changed: dict[tuple[int, str], list[Any]] = field(default_factory=dict)  # before, owed before, after, owed after


class Company(RuleBasedStateMachine):
    tags: list[int] = []

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[int, Model] = {}
        self.acts: list[Act] = []
        self.pictures: dict[int, dict[int, tuple[bool, dict[str, Any]]]] = {}
        self._outer = transaction.atomic()
        self._outer.__enter__()
        self._acting = acting(SYSTEM)
        self._acting.__enter__()

    def teardown(self) -> None:
        try:
            self.check_the_past()
            while journal.seal():
                pass
            journal.checkpoint()
            report = journal.verify()
            assert [f for f in report.findings if "checkpoint" not in f.what] == [], [str(f) for f in report.findings]
        finally:
            self._acting.__exit__(None, None, None)
            transaction.set_rollback(True)
            self._outer.__exit__(None, None, None)

    # ------------------------------------------------------------------ the model

    def live(self, key: str) -> list[Model]:
        return [r for r in self.records.values() if r.key == key and r.deleted_in is None]

    def is_live(self, id_: int) -> bool:
        return self.records[id_].deleted_in is None

    def pick(self, data: st.DataObject, key: str) -> Model:
        return data.draw(st.sampled_from(self.live(key)), label=key)

    def born(self, act: Act, key: str, id_: int, given: dict[str, Any]) -> Model:
        empty = {"tags": [], "quantity": Decimal(1), "unit_price": Decimal(0)}
        whole = {name: given.get(name, empty.get(name, "")) for name in FIELDS[key]}
        whole |= _derived(whole)
        fields: dict[str, tuple[Any, int | None]] = {name: (value, None) for name, value in whole.items()}
        self.records[id_] = Model(key, id_, fields, act.number)
        act.created.append(id_)
        return self.records[id_]

    def put(self, act: Act, record: Model, name: str, value: Any, owed: int | None) -> None:
        old = record.fields[name]
        record.fields[name] = (value, owed)
        if (record.id, name) in act.changed:
            act.changed[record.id, name][2:] = [value, owed]
        else:
            act.changed[record.id, name] = [*old, value, owed]

    def change(self, act: Act, record: Model, given: dict[str, Any]) -> bool:
        given = given | _derived({name: record[name] for name in record.fields} | given)
        differs = [name for name, value in given.items() if record[name] != value]
        for name in differs:
            self.put(act, record, name, given[name], act.number)
        return bool(differs)

    def taken(self, code: str, but: int = 0) -> bool:
        return bool(code) and any(r["external_id"] == code and r.id != but for r in self.live(A))

    def done(self, act: Act) -> None:
        self.acts.append(act)
        self.pictures[act.number] = {
            r.id: (r.deleted_in is None, {n: copy.copy(v) for n, (v, _) in r.fields.items()})
            for r in self.records.values()
        }

    # ------------------------------------------------------------------ what people do

    @initialize()
    def begin(self) -> None:
        self.new_account("甲某", "", "E1", "", [])

    @rule(name=NAMES, remark=WORDS, code=CODES, number=NUMBERS, tags=st.lists(st.integers(0, 1), unique=True))
    def new_account(self, name: str, remark: str, code: str, number: str, tags: list[int]) -> None:
        given = {"name": name, "remark": remark, "external_id": code, "id_number": number,
                 "tags": [self.tags[t] for t in tags]}  # fmt: skip
        entity = catalogue.get(A)
        if self.taken(code):
            with pytest.raises(write.Invalid):
                write.save(SYSTEM, entity, {**given, "kind": "person"})
            return
        made = write.save(SYSTEM, entity, {**given, "kind": "person"})
        act = Act(made.change_set or 0)
        self.born(act, A, made.id, given)
        self.done(act)

    @rule(data=st.data(), key=st.sampled_from([C, S, L]), word=WORDS, n=AMOUNTS, price=AMOUNTS)
    def new_part(self, data: st.DataObject, key: str, word: str, n: Decimal, price: Decimal) -> None:
        whole = A if key in (C, S) else S
        if not self.live(whole):
            return
        link = self.pick(data, whole).id
        given: dict[str, Any] = {LINKS[key]: link}
        more: dict[str, Any] = {}
        if key == L:
            given |= {"quantity": n, "unit_price": price}
        else:
            given["remark"] = word
        if key == C:
            given["name"] = "王小明"
        if key == S:
            more["ordered_at"] = "2026-01-02 10:00"
        made = write.save(SYSTEM, catalogue.get(key), {**given, **more})
        act = Act(made.change_set or 0)
        self.born(act, key, made.id, given)
        self.done(act)

    @rule(data=st.data(), name=NAMES, remark=WORDS, number=NUMBERS, spare=WORDS, tags=st.lists(st.integers(0, 1), unique=True),
          code=CODES)  # fmt: skip
    def edit_account(self, data: st.DataObject, name: str, remark: str, number: str, spare: str, tags: list[int],
                     code: str) -> None:  # fmt: skip
        if not self.live(A):
            return
        record = self.pick(data, A)
        every = {"name": name, "remark": remark, "id_number": number, "x_spare": spare, "external_id": code,
                 "tags": [self.tags[t] for t in tags]}  # fmt: skip
        chosen = data.draw(st.sets(st.sampled_from(sorted(every)), min_size=1))
        given = {k: every[k] for k in sorted(chosen)}
        entity = catalogue.get(A)
        if "external_id" in given and record["external_id"] != code and self.taken(code, record.id):
            with pytest.raises(write.Invalid):
                write.save(SYSTEM, entity, given, id=record.id)
            return
        self._edited(record, given, write.save(SYSTEM, entity, given, id=record.id, version=self._version(record)))

    @rule(data=st.data(), n=AMOUNTS, price=AMOUNTS, move=st.booleans())
    def edit_line(self, data: st.DataObject, n: Decimal, price: Decimal, move: bool) -> None:
        if not self.live(L):
            return
        record = self.pick(data, L)
        given: dict[str, Any] = {"quantity": n, "unit_price": price}
        if move:
            given["order"] = self.pick(data, S).id
        self._edited(record, given, write.save(SYSTEM, catalogue.get(L), given, id=record.id))

    def _edited(self, record: Model, given: dict[str, Any], saved: write.Saved) -> None:
        if saved.change_set is None:
            assert not self.change(Act(0), record, given)
            return
        act = Act(saved.change_set)
        assert self.change(act, record, given)
        self.done(act)

    def _version(self, record: Model) -> int:
        return int(catalogue.get(record.key).model.all_rows.get(pk=record.id).version)

    @rule(data=st.data(), remark=WORDS, mine=NAMES, theirs=NAMES, their_remark=WORDS)
    def two_edit_at_once(self, data: st.DataObject, remark: str, mine: str, theirs: str, their_remark: str) -> None:
        """Both have the form open; the other one saves first; ours comes with a stale version."""
        if not self.live(A):
            return
        record = self.pick(data, A)
        entity = catalogue.get(A)
        version, base = self._version(record), {"name": record["name"], "remark": record["remark"]}
        first = {"name": theirs, "remark": their_remark}
        self._edited(record, first, write.save(SYSTEM, entity, first, id=record.id, version=version))
        second = {"name": mine, "remark": remark}
        touched = {k for k in base if base[k] != record[k]}
        clash = {k for k in touched if second[k] not in (base[k], record[k])}
        if clash:
            with pytest.raises(write.Conflict) as caught:
                write.save(SYSTEM, entity, second, id=record.id, version=version)
            assert {f.field.key for f in caught.value.fields} == clash
            return
        ours = {k: v for k, v in second.items() if not (k in touched and v == base[k])}
        saved = write.save(SYSTEM, entity, second, id=record.id, version=version)
        self._edited(record, ours, saved)

    @rule(data=st.data(), spare=WORDS, name=NAMES, tag=st.integers(0, 1))
    def bulk_edit(self, data: st.DataObject, spare: str, name: str, tag: int) -> None:
        if not self.live(A):
            return
        chosen = data.draw(st.sets(st.sampled_from([r.id for r in self.live(A)]), min_size=1))
        entity = catalogue.get(A)
        given = {"name": name, "x_spare": spare}
        done = write.edit_many(
            SYSTEM, entity, entity.model.all_rows.filter(pk__in=chosen), given, add_tags=(self.tags[tag],)
        )
        act = Act(done.change_set)
        changed = 0
        for id_ in sorted(chosen):
            record = self.records[id_]
            tags = list(dict.fromkeys([*record["tags"], self.tags[tag]]))
            changed += self.change(act, record, {**given, "tags": tags})
        assert done.balance.updated == changed and done.balance.held == 0
        if changed:
            self.done(act)

    @rule(data=st.data(), key=st.sampled_from([A, C, S, L]))
    def delete(self, data: st.DataObject, key: str) -> None:
        if not self.live(key):
            return
        record = self.pick(data, key)
        if any(p[LINKS[other]] == record.id for other, how in PARTS[key] if how == "protect" for p in self.live(other)):
            with pytest.raises(write.Invalid):
                write.delete(SYSTEM, catalogue.get(key), record.id)
            return
        done = write.delete(SYSTEM, catalogue.get(key), record.id)
        act = Act(done.change_set)
        gone = [p for other, _ in PARTS[key] for p in self.live(other) if p[LINKS[other]] == record.id]
        for r in [*gone, record]:
            r.deleted_in = act.number
            act.deleted.append(r.id)
        self.done(act)

    @rule(rows=st.lists(st.tuples(CODES.filter(bool), st.none() | NAMES, WORDS), min_size=1, max_size=8))
    def load(self, rows: list[tuple[str, str | None, str]]) -> None:
        entity = catalogue.get(A)
        given = [{"external_id": c, "name": n or "", "remark": w} for c, n, w in rows]
        done = bulk.load(SYSTEM, entity, list(enumerate(given)), columns=["external_id", "name", "remark"])
        act = Act(done.change_set or 0)
        held = 0
        for row in given:
            full = {k: v for k, v in row.items() if v}
            known = [r for r in self.live(A) if r["external_id"] == row["external_id"]]
            if known:
                self.change(act, known[0], full)
            elif "name" not in full:
                held += 1
            else:
                id_ = entity.model.all_rows.get(external_id=row["external_id"], deleted_in__isnull=True).pk
                self.born(act, A, id_, full)
        assert done.balance.held == held
        assert done.created == len(act.created)
        if act.created or act.changed:
            self.done(act)

    # ------------------------------------------------------------------ undo: what the rules say, in the model's words

    @precondition(lambda self: bool(self.acts))
    @rule(data=st.data(), back=st.integers(0, 6))
    def undo(self, data: st.DataObject, back: int) -> None:
        old = self.acts[-1 - min(back, len(self.acts) - 1)]
        undone = invert.undo(SYSTEM, old.number)
        act = Act(undone.change_set)
        kept: set[tuple[int, str, str]] = set()
        for key in ORDER_OF_BIRTH:
            self._revive(act, old, key, kept)
        for (id_, name), (before, owed_before, after, owed_after) in old.changed.items():
            self._give_back(act, id_, name, before, owed_before, after, owed_after, kept)
        for key in reversed(ORDER_OF_BIRTH):
            self._remove(act, old, key, kept)
        assert {(k.record, k.field, k.why) for k in undone.kept} == kept
        if act.changed or act.deleted or act.revived:
            self.done(act)

    def _revive(self, act: Act, old: Act, key: str, kept: set[tuple[int, str, str]]) -> None:
        for id_ in sorted(old.deleted):
            r = self.records[id_]
            if r.key != key or r.deleted_in is None:
                continue
            if r.deleted_in != old.number or (key in LINKS and not self.is_live(r[LINKS[key]])):
                kept.add((id_, "", "undo.gone"))
            elif key == A and self.taken(r["external_id"]):
                kept.add((id_, "", "undo.taken"))
            else:
                r.deleted_in = None
                act.revived.append(id_)

    def _give_back(
        self, act: Act, id_: int, name: str, before: Any, owed_before: int | None, after: Any, owed_after: int | None,
        kept: set[tuple[int, str, str]],
    ) -> None:  # fmt: skip
        r = self.records[id_]
        if r.deleted_in is not None:
            kept.add((id_, name, "undo.gone"))
        elif r.fields[name] != (after, owed_after):
            kept.add((id_, name, "undo.changed"))
        elif LINKS.get(r.key) == name and not self.is_live(before):
            kept.add((id_, name, "undo.gone"))
        elif name == "external_id" and self.taken(before, id_):
            kept.add((id_, name, "undo.taken"))
        else:
            self.put(act, r, name, before, owed_before)

    def _remove(self, act: Act, old: Act, key: str, kept: set[tuple[int, str, str]]) -> None:
        for id_ in [*old.created, *old.revived]:
            r = self.records[id_]
            if r.key != key or r.deleted_in is not None:
                continue
            newer = 0 if id_ in old.created else old.number
            if any(owed is not None and owed > newer for _, owed in r.fields.values()):
                kept.add((id_, "", "undo.changed"))
            elif any(p[LINKS[other]] == id_ for other, _ in PARTS[key] for p in self.live(other)):
                kept.add((id_, "", "undo.used"))
            else:
                r.deleted_in = act.number
                act.deleted.append(id_)

    # ------------------------------------------------------------------ what must hold

    @invariant()
    def the_read_door_shows_the_model(self) -> None:
        for key in ORDER_OF_BIRTH:
            entity = catalogue.get(key)
            shown = set(read.visible(entity, SYSTEM).values_list("pk", flat=True))
            assert shown == {r.id for r in self.live(key)}
            for record in self.live(key):
                view = read.view(entity, SYSTEM, record.id)
                row = entity.model.all_rows.filter(pk=record.id).values().get()
                for name, (value, owed) in record.fields.items():
                    cell = view[name]
                    if name == "id_number":
                        assert (_open(entity, row) or "") == value
                        assert bool(cell.text) == bool(value)
                    else:
                        assert _same(cell.value, value), (key, record.id, name)
                    assert row["origin"].get(name) == owed, (key, record.id, name)
                    assert view.origins[name].change_set == (owed or record.created_in)
                assert row["created_in"] == record.created_in
                if key == L:
                    assert row["amount"] == record["quantity"] * record["unit_price"]
                if key == S:
                    assert row["total"] == sum(
                        p["quantity"] * p["unit_price"] for p in self.live(L) if p["order"] == record.id
                    )

    @invariant()
    def live_records_belong_to_live_ones(self) -> None:
        assert all(
            self.is_live(r[LINKS[r.key]]) for r in self.records.values() if r.deleted_in is None and r.key in LINKS
        )

    @invariant()
    def lines_follow_on_one_another(self) -> None:
        """Forwards through the journal: each line begins where the one before it ended, and the last ends at the row."""
        for record in self.records.values():
            entity = catalogue.get(record.key)
            row = entity.model.all_rows.filter(pk=record.id).values().get()
            known: dict[str, Any] = {}
            origin: dict[str, int | None] = {}
            lines = Change.objects.filter(entity=record.key, record=record.id).order_by("id")
            for line in lines:
                if line.op == Op.CREATE:
                    known = {k: (line.after or {}).get(k) for k in custom.fields(entity)}
                elif line.op == Op.UPDATE:
                    for name, before in (line.before or {}).items():
                        assert known.get(name, before) == before
                        assert origin.get(name) == (line.origin_before or {}).get(name)
                        known[name] = (line.after or {})[name]
                        origin[name] = (line.origin_after or {}).get(name, line.change_set_id)
            assert {k: v for k, v in origin.items() if v is not None} == row["origin"]
            for name, value in known.items():
                f = custom.fields(entity)[name]
                if (f.column or f.custom) and name not in history.STAMPS:
                    assert forms.stored(row, f) == value, (record.key, record.id, name)

    @invariant()
    def every_written_row_has_its_line(self) -> None:
        written = _counted("SELECT change_set, op, sum(rows) FROM core_written GROUP BY 1, 2")
        lines: dict[tuple[int, str], int] = {}
        single = [(number, op, 1) for number, op in Change.objects.values_list("change_set", "op")]
        for number, op, n in [*single, *ChangeBatch.objects.values_list("change_set", "op", "rows")]:
            done = "i" if op == Op.CREATE else "u"
            lines[number, done] = lines.get((number, done), 0) + n
        assert written == lines

    def check_the_past(self) -> None:
        """Every record as it was after every change set, folded back from today."""
        for number, picture in self.pictures.items():
            for id_, record in self.records.items():
                entity = catalogue.get(record.key)
                state = history.state_at(entity, id_, number)
                if id_ not in picture:
                    assert state is None
                    continue
                live, fields = picture[id_]
                assert state is not None and state.gaps == ()
                assert state.live == live, (record.key, id_, number)
                for name, value in fields.items():
                    f = custom.fields(entity)[name]
                    held = state.values.get(name)
                    if f.secret:
                        shown = invert._opened(entity, f, id_, held)
                    else:
                        shown = None if held is None else f.kind.from_json(held)
                    assert _same(shown, value), (record.key, id_, name, number)


def _counted(sql: str) -> dict[tuple[int, str], int]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {(number, op): int(n) for number, op, n in cursor.fetchall()}


def _open(entity: Entity, row: dict[str, Any]) -> Any:
    from guanxi.core import secrets

    value = row["id_number"]
    return None if value is None else secrets.open_value(entity.table, "id_number", row["id"], bytes(value))


def test_a_company_lived_through_at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    with make.acting(SYSTEM):
        custom.define(SYSTEM, catalogue.get(A), kind="text", label_zh="备用", label_en="Spare", key="x_spare")
        Company.tags = [make.tag(), make.tag()]
    monkeypatch.setattr(importlib.import_module("guanxi.records.bulk.load"), "BATCH", 3)
    run_state_machine_as_test(Company)
