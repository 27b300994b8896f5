"""Eight people at the same few records at once: nobody's work is silently lost, and nobody hears of a deadlock."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections, transaction

from guanxi.core import journal
from guanxi.core.access.actor import SYSTEM, acting
from guanxi.core.journal.models import Change, ChangeBatch, Op
from guanxi.core.org import versions
from guanxi.records import bulk, catalogue, custom, invert, read, write
from guanxi.records.write import values as forms
from tests import make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

EDITORS = 8
ACTS = 14
A, S, L = "customers.account", "trade.order", "trade.orderline"
OWN = (
    "short_name",
    "english_name",
    "wechat",
    "job_title",
    "preferences",
    "service_preference",
    "consumption_habit",
    "website",
)


@dataclass
class House:
    accounts: list[int]
    order: int
    tags: list[int]
    acked: dict[int, set[str]] = field(default_factory=dict)  # account -> tokens in its remark
    versions: list[tuple[int, int]] = field(default_factory=list)
    own: dict[tuple[int, str], str] = field(
        default_factory=dict
    )  # last value each editor gave to the field that is theirs
    tagged: set[int] = field(default_factory=set)
    refusals: Counter[str] = field(default_factory=Counter)
    errors: list[BaseException] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Editor(threading.Thread):
    def __init__(self, house: House, number: int, start: threading.Barrier) -> None:
        super().__init__(name=f"editor {number}")
        self.house, self.number, self.barrier = house, number, start
        self.dice = random.Random(number)
        self.n = 0

    def run(self) -> None:
        acts: list[Callable[[], None]] = [
            self.append, self.append, self.append, self.own, self.own, self.tag, self.line, self.line, self.load,
            self.undo_an_edit, self.delete_and_undo, self.edit_line,
        ]  # fmt: skip
        try:
            with acting(SYSTEM):
                self.barrier.wait()
                for _ in range(ACTS):
                    self.n += 1
                    self.dice.choice(acts)()
        except BaseException as error:
            self.house.errors.append(error)
        finally:
            connections.close_all()

    @property
    def token(self) -> str:
        return f"[{self.number}.{self.n}]"

    def _saved(self, saved: write.Saved) -> None:
        with self.house.lock:
            self.house.versions.append((saved.id, saved.version))

    def append(self) -> None:
        """Read, think, write with the version that was read; after a conflict read again."""
        entity, id_ = catalogue.get(A), self.dice.choice(self.house.accounts)
        while True:
            view = read.view(entity, SYSTEM, id_)
            try:
                given = {"remark": f"{view['remark'].value or ''}{self.token}"}
                self._saved(write.save(SYSTEM, entity, given, id=id_, version=view.version))
            except write.Conflict:
                self.house.refusals["conflict"] += 1
                continue
            with self.house.lock:
                self.house.acked.setdefault(id_, set()).add(self.token)
            return

    def own(self) -> None:
        """A field that only this editor changes, on a version that is old: no conflict, and nobody else's field is touched."""
        entity, id_, key = catalogue.get(A), self.dice.choice(self.house.accounts), OWN[self.number]
        version = read.view(entity, SYSTEM, id_).version
        value = f"https://example.com/{self.n}" if key == "website" else f"{key} {self.n}"
        self._saved(write.save(SYSTEM, entity, {key: value}, id=id_, version=version))
        with self.house.lock:
            self.house.own[id_, key] = value

    def tag(self) -> None:
        entity = catalogue.get(A)
        chosen = entity.model.all_rows.filter(pk__in=self.house.accounts)
        write.edit_many(SYSTEM, entity, chosen, {"industry": ""}, add_tags=(self.house.tags[self.number],))
        with self.house.lock:
            self.house.tagged.add(self.house.tags[self.number])

    def load(self) -> None:
        rows = [{"external_id": f"E{n}", "complaint_record": self.token} for n in range(len(self.house.accounts))]
        self.dice.shuffle(rows)
        done = bulk.load(SYSTEM, catalogue.get(A), list(enumerate(rows)), columns=["external_id", "complaint_record"])
        assert done.updated == len(rows)

    def undo_an_edit(self) -> None:
        entity, id_ = catalogue.get(A), self.dice.choice(self.house.accounts)
        made = write.save(SYSTEM, entity, {"credit_rating": "", "job_title": f"{self.token}"} if self.number == 3 else
                          {"complaint_record": self.token}, id=id_)  # fmt: skip
        if made.change_set:
            undone = invert.undo(SYSTEM, made.change_set)
            assert {k.why for k in undone.kept} <= {"undo.changed"}
            if self.number == 3:
                with self.house.lock:
                    self.house.own.pop((id_, "job_title"), None)

    def line(self) -> None:
        try:
            self._saved(
                write.save(SYSTEM, catalogue.get(L), {"order": self.house.order, "quantity": "1", "unit_price": "2"})
            )
        except write.Invalid:
            self.house.refusals["the order is deleted"] += 1

    def edit_line(self) -> None:
        entity = catalogue.get(L)
        ids = list(entity.model.all_rows.filter(deleted_in__isnull=True).values_list("pk", flat=True))
        if not ids:
            return
        try:
            if self.dice.random() < 0.3:
                write.delete(SYSTEM, entity, self.dice.choice(ids))
            else:
                write.save(SYSTEM, entity, {"unit_price": str(self.n)}, id=self.dice.choice(ids))
        except read.Hidden:
            self.house.refusals["the line is deleted"] += 1

    def delete_and_undo(self) -> None:
        try:
            done = write.delete(SYSTEM, catalogue.get(S), self.house.order)
        except read.Hidden:
            self.house.refusals["deleted already"] += 1
            return
        undone = invert.undo(SYSTEM, done.change_set)
        assert undone.kept == []


def test_eight_editors_on_few_records() -> None:
    versions.refresh()
    with acting(SYSTEM):
        accounts = [make.account(name=f"客户{n}有限公司", external_id=f"E{n}") for n in range(4)]
        order = make.order(accounts[0], [{"quantity": 1, "unit_price": "2"}])
        house = House(accounts, order, [make.tag() for _ in range(EDITORS)])
    start = threading.Barrier(EDITORS)
    editors = [Editor(house, n, start) for n in range(EDITORS)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join(timeout=600)
        assert not editor.is_alive()
    assert not house.errors, house.errors
    with acting(SYSTEM):
        _nothing_lost(house)
        _every_line_begins_where_the_last_ended()
        _sums_are_right(house.order)
        while journal.seal():
            pass
        assert journal.verify().intact
    print(f"{EDITORS * ACTS} acts, {len(house.versions)} saves, refused: {dict(house.refusals)}")


def _nothing_lost(house: House) -> None:
    seen = Counter(house.versions)
    assert max(seen.values()) == 1  # no version of a record was given out twice
    entity = catalogue.get(A)
    for id_ in house.accounts:
        row = entity.model.all_rows.get(pk=id_)
        for token in house.acked.get(id_, ()):
            assert row.remark.count(token) == 1, token
        assert house.tagged <= set(row.tags)
        for (record, key), value in house.own.items():
            if record == id_ and key != "job_title":
                assert getattr(row, key) == value
        touched = Change.objects.filter(entity=A, record=id_).exclude(op=Op.CREATE).count()
        assert row.version == 1 + touched


def _every_line_begins_where_the_last_ended() -> None:
    for key in (A, S, L):
        entity = catalogue.get(key)
        for row in entity.model.all_rows.values():
            known: dict[str, Any] = {}
            for line in Change.objects.filter(entity=key, record=row["id"]).order_by("id"):
                if line.op == Op.CREATE:
                    known = {name: (line.after or {}).get(name) for name in custom.fields(entity)}
                elif line.op == Op.UPDATE:
                    for name, before in (line.before or {}).items():
                        assert known[name] == before, (key, row["id"], line.pk, name)
                    known |= line.after or {}
            for name, value in known.items():
                known_field = custom.fields(entity)[name]
                if known_field.column and name not in ("created_at", "changed_at"):
                    assert forms.stored(row, known_field) == value, (key, row["id"], name)
    assert not ChangeBatch.objects.exists()


def _sums_are_right(order: int) -> None:
    lines = catalogue.get(L).model.all_rows.filter(order=order, deleted_in__isnull=True)
    row = catalogue.get(S).model.all_rows.get(pk=order)
    assert row.total == sum(lines.values_list("amount", flat=True), Decimal(0))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM records_searchentry WHERE record = %s", [order])
        assert cursor.fetchone() == (1 if row.deleted_in is None else 0,)


def _meanwhile(first: Callable[[], object], second: Callable[[], object]) -> list[BaseException]:
    """`first` in a transaction that stays open for a while; `second` begins when it is done, and ends after the commit."""
    written, errors = threading.Event(), list[BaseException]()

    def slow() -> None:
        try:
            with acting(SYSTEM), transaction.atomic():
                first()
                written.set()
                time.sleep(0.4)
        finally:
            written.set()
            connections.close_all()

    def quick() -> None:
        try:
            written.wait(120)
            with acting(SYSTEM):
                second()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=slow), threading.Thread(target=quick)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return errors


def test_two_lines_added_at_once_are_both_in_the_sum() -> None:
    versions.refresh()
    order = make.order(make.account())
    errors = _meanwhile(
        lambda: make.record(L, {"order": order, "quantity": "1", "unit_price": "2"}),
        lambda: make.record(L, {"order": order, "quantity": "1", "unit_price": "5"}),
    )
    assert not errors
    assert make.row(S, order).total == 7


def test_nothing_is_hung_on_a_record_that_is_just_being_deleted() -> None:
    versions.refresh()
    account = make.account()
    errors = _meanwhile(
        lambda: write.delete(SYSTEM, catalogue.get(A), account),
        lambda: make.order(account),
    )
    assert [type(error) for error in errors] == [write.Invalid]
    assert not catalogue.get(S).model.all_rows.exists()
