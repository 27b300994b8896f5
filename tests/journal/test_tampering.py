"""A thousand ways to falsify the journal: each is found, and located."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from guanxi.core import journal
from guanxi.core.access.actor import SYSTEM
from guanxi.core.journal import hashing, seals
from guanxi.core.journal.models import Change, Seal
from guanxi.records import bulk, catalogue, invert, write
from tests import make

pytestmark = pytest.mark.django_db

TIMES = int(os.environ.get("GUANXI_TAMPERINGS", "1000"))


def run(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall() if cursor.description else []


@dataclass(frozen=True)
class Place:
    """Where a finding must point: to one of these change sets, or to a text (a seal, a line of the checkpoint file)."""

    sets: frozenset[int] = frozenset()
    text: str = ""

    def named_by(self, report: journal.Report) -> bool:
        return any((f.change_set in self.sets) or (self.text and self.text in f.what) for f in report.findings)


def at(*sets: int, text: str = "") -> Place:
    return Place(frozenset(sets), text)


@pytest.fixture
def past() -> None:
    """Some months of a small company: all sorts of change sets, sealed, with several checkpoints."""
    accounts = catalogue.get("customers.account")
    with make.acting(SYSTEM):
        ids = [make.account(name=f"公司{n}有限公司", external_id=f"E{n}") for n in range(6)]
        for n, id_ in enumerate(ids):
            write.save(SYSTEM, accounts, {"name": f"新名{n}有限公司", "phone": "010 6552 9988", "remark": "一"}, id=id_)
        seal()
        make.order(ids[0], [{"quantity": n, "unit_price": "2"} for n in range(1, 4)])
        rows_ = [{"external_id": f"E{n}", "name": f"导入{n}有限公司"} for n in range(4, 14)]
        bulk.load(SYSTEM, accounts, list(enumerate(rows_)), columns=["external_id", "name"])
        journal.note(
            SYSTEM,
            action="export",
            entity="customers.account",
            detail={"rows": 14, "share": 1e20, "nested": {"1": (2, 3)}},
        )
        seal()
        done = write.edit_many(SYSTEM, accounts, accounts.model.all_rows.filter(pk__in=ids), {"remark": "二"})
        invert.undo(SYSTEM, done.change_set)
        write.delete(SYSTEM, accounts, ids[5])
        write.save(SYSTEM, accounts, {"email": "secret@example.com", "name": "某某有限公司"}, id=ids[3])
        write.save(SYSTEM, accounts, {"email": "other@example.com"}, id=ids[4])
        journal.erase(SYSTEM, accounts.key, [ids[3]], ["email"])
        journal.erase(SYSTEM, accounts.key, [ids[4]])
        seal()
        write.save(SYSTEM, accounts, {"remark": "三"}, id=ids[1])
        seal()
    report = journal.verify()
    assert report.intact, [str(f) for f in report.findings]
    assert report.erased > 2


def seal() -> None:
    while journal.seal():
        pass
    journal.checkpoint()


# ---------------------------------------------------------------------- the ways


def _lines(where: str = "TRUE") -> list[tuple[int, int]]:
    return [(a, b) for a, b in run(f"SELECT id, change_set_id FROM core_change WHERE {where} ORDER BY id")]


def _sets(where: str = "TRUE") -> list[int]:
    return [a for (a,) in run(f"SELECT id FROM core_changeset WHERE {where} ORDER BY id")]


def _flip(dice: random.Random, value: bytes) -> bytes:
    place = dice.randrange(len(value))
    return value[:place] + bytes([value[place] ^ dice.randrange(1, 256)]) + value[place + 1 :]


def alter_value(dice: random.Random) -> Place:
    line, set_ = dice.choice(_lines("after IS NOT NULL AND op <> 'x'"))
    side = dice.choice(["after", "before"])
    ((value,),) = run(f"SELECT coalesce({side}, '{{}}'::jsonb)::text FROM core_change WHERE id = %s", line)
    held = json.loads(value)
    held[dice.choice([*held, "name"])] = dice.choice(["", "张三", 7, None, {"a": 1}, dice.random()])
    if held == json.loads(value):
        held["more"] = 1
    run(f"UPDATE core_change SET {side} = %s::jsonb WHERE id = %s", json.dumps(held), line)
    return at(set_)


def alter_line(dice: random.Random) -> Place:
    line, set_ = dice.choice(_lines("salt IS NOT NULL"))
    change = dice.choice([
        "entity = entity || 'x'", "record = record + 1", "op = CASE op WHEN 'u' THEN 'c' ELSE 'u' END",
        "origin_before = '{\"name\": 1}'", "origin_after = '{\"phone\": 3}'", "before = after, after = before, op = 'q'",
    ])  # fmt: skip
    run(f"UPDATE core_change SET {change} WHERE id = %s", line)
    return at(set_)


def alter_hash(dice: random.Random) -> Place:
    line, set_ = dice.choice(_lines("salt IS NOT NULL"))
    column = dice.choice(["salt", "commitment"])
    ((value,),) = run(f"SELECT {column} FROM core_change WHERE id = %s", line)
    run(f"UPDATE core_change SET {column} = %s WHERE id = %s", _flip(dice, bytes(value)), line)
    return at(set_)


def forge_line(dice: random.Random) -> Place:
    """Another value with a fresh salt, and a commitment made with a key that is not ours."""
    line, set_ = dice.choice(_lines("after IS NOT NULL"))
    change = Change.objects.get(pk=line)
    change.after = {**(change.after or {}), "name": "假名"}
    change.salt = dice.randbytes(16)
    import hmac

    message = bytes(change.salt) + hashing.canonical(hashing.content_of(change))
    change.commitment = hmac.digest(b"guess", message, "sha256")
    change.save()
    return at(set_)


def delete_line(dice: random.Random) -> Place:
    line, set_ = dice.choice(_lines())
    run("DELETE FROM core_change WHERE id = %s", line)
    return at(set_)


COPIED = "entity, record, op, before, after, origin_before, origin_after, salt, commitment"


def double_line(dice: random.Random) -> Place:
    line, set_ = dice.choice(_lines())
    run(
        f"INSERT INTO core_change (change_set_id, {COPIED}) SELECT change_set_id, {COPIED} FROM core_change WHERE id = %s",
        line,
    )
    return at(set_)


def copy_line_elsewhere(dice: random.Random) -> Place:
    line, set_ = dice.choice(_lines())
    other = dice.choice([s for s in _sets() if s != set_])
    run(
        f"INSERT INTO core_change (change_set_id, {COPIED}) SELECT %s, {COPIED} FROM core_change WHERE id = %s",
        other,
        line,
    )
    return at(other)


def move_line(dice: random.Random) -> Place:
    line, set_ = dice.choice(_lines())
    other = dice.choice([s for s in _sets() if s != set_])
    run("UPDATE core_change SET change_set_id = %s WHERE id = %s", other, line)
    return at(set_, other)


def swap_lines(dice: random.Random) -> Place:
    ((a, b, set_),) = dice.sample(
        run("SELECT min(id), max(id), change_set_id FROM core_change GROUP BY 3 HAVING count(*) > 1"), 1
    )
    run("UPDATE core_change SET id = -1 WHERE id = %s", a)
    run("UPDATE core_change SET id = %s WHERE id = %s", a, b)
    run("UPDATE core_change SET id = %s WHERE id = -1", b)
    return at(set_)


def blank_line(dice: random.Random) -> Place:
    line, set_ = dice.choice(_lines("salt IS NOT NULL AND before IS NOT NULL"))
    salt = dice.choice(["salt = NULL", "salt = salt"])
    run(f"UPDATE core_change SET before = NULL, after = NULL, origin_before = NULL, origin_after = NULL, {salt} WHERE id = %s",
        line)  # fmt: skip
    return at(set_)


def fill_erased_line(dice: random.Random) -> Place:
    line, set_ = dice.choice(_lines("salt IS NULL"))
    run('UPDATE core_change SET after = \'{"email": "false@example.com"}\' WHERE id = %s', line)
    return at(set_)


def alter_half_erased_line(dice: random.Random) -> Place:
    """A line that an erasure left something in is held to that."""
    ((named,),) = dice.sample(
        run("SELECT after -> 'lines' FROM core_change WHERE op = 'x' AND after::text LIKE '%%\": \"%%'"), 1
    )
    held = named if isinstance(named, dict) else json.loads(named)
    line = int(dice.choice([k for k, v in held.items() if v]))
    run('UPDATE core_change SET after = after || \'{"name": "x"}\' WHERE id = %s', line)
    return at(Change.objects.get(pk=line).change_set_id)


def alter_batch(dice: random.Random) -> Place:
    ((batch, set_),) = dice.sample(run("SELECT id, change_set_id FROM core_changebatch"), 1)
    change = dice.choice([
        "first = first - 1", "last = last + 1", "rows = rows + 1", "of = 1", "op = 'q'", "entity = 'x'",
        "digest = sha256(digest)",
    ])  # fmt: skip
    run(f"UPDATE core_changebatch SET {change} WHERE id = %s", batch)
    return at(set_)


def delete_batch(dice: random.Random) -> Place:
    ((batch, set_),) = dice.sample(run("SELECT id, change_set_id FROM core_changebatch"), 1)
    run("DELETE FROM core_changebatch WHERE id = %s", batch)
    return at(set_)


def double_batch(dice: random.Random) -> Place:
    ((batch, set_),) = dice.sample(run("SELECT id, change_set_id FROM core_changebatch"), 1)
    other = dice.choice([set_, *_sets()])
    run("INSERT INTO core_changebatch (change_set_id, entity, op, first, last, rows, of, digest)"
        " SELECT %s, entity, op, first, last, rows, of, digest FROM core_changebatch WHERE id = %s", other, batch)  # fmt: skip
    return at(other)


def alter_set(dice: random.Random) -> Place:
    set_ = dice.choice(_sets())
    change = dice.choice([
        "at = at + interval '1 second'", "at = at - interval '1 microsecond'", "actor_id = coalesce(actor_id, 0) + 1",
        "actor_name = actor_name || ' '", "door = 'agent'", "action = action || 's'", "entity = entity || 'x'",
        "record = coalesce(record, 0) + 1", "reason = reason || '.'", "request_id = request_id || 'r'",
        "parent_id = CASE WHEN parent_id IS NULL THEN id ELSE NULL END",
        "undoes_id = CASE WHEN undoes_id IS NULL THEN id ELSE NULL END", "detail = detail || '{\"rows\": 15}'",
        "balance = '{\"created\": 99}'", "lines = lines + 1", "digest = sha256(digest)", "sealed = NOT sealed",
    ])  # fmt: skip
    run(f"UPDATE core_changeset SET {change} WHERE id = %s", set_)
    return at(set_)


def invent_set(dice: random.Random) -> Place:
    ((set_,),) = run("SELECT nextval(pg_get_serial_sequence('core_changeset', 'id'))")
    model = dice.choice(_sets())
    names = "at, actor_id, actor_name, door, action, entity, record, reason, request_id, detail, balance, lines, digest, sealed"
    run(f"INSERT INTO core_changeset (id, {names}) SELECT %s, {names} FROM core_changeset WHERE id = %s", set_, model)
    run(f"INSERT INTO core_change (change_set_id, {COPIED}) SELECT %s, {COPIED} FROM core_change WHERE change_set_id = %s",
        set_, model)  # fmt: skip
    run("UPDATE core_changeset SET sealed = %s WHERE id = %s", dice.choice([True, False]), set_)
    return at(set_)


def _drop(sets: list[int]) -> None:
    for table in ("core_change", "core_changebatch", "core_seal"):
        run(f"DELETE FROM {table} WHERE change_set_id = ANY(%s)", sets)
    run("UPDATE core_changeset SET parent_id = NULL WHERE parent_id = ANY(%s)", sets)
    run("DELETE FROM core_changeset WHERE id = ANY(%s)", sets)


def delete_set(dice: random.Random) -> Place:
    """All that is known of a change set, even the count of rows it wrote; the seal's number is what is missed."""
    set_ = dice.choice(_sets()[:-1])
    number = Seal.objects.get(change_set=set_).pk
    _drop([set_])
    run("DELETE FROM core_written WHERE change_set = %s", set_)
    return at(text=f"seal {number} is gone")


def delete_set_and_renumber(dice: random.Random) -> Place:
    set_ = dice.choice(_sets()[:-1])
    number = Seal.objects.get(change_set=set_).pk
    after = Seal.objects.get(pk=number + 1).change_set_id
    _drop([set_])
    for (seal_,) in run("SELECT id FROM core_seal WHERE id > %s ORDER BY id", number):
        run("UPDATE core_seal SET id = id - 1 WHERE id = %s", seal_)
    return at(after)


def delete_set_only(dice: random.Random) -> Place:
    set_ = dice.choice(_sets())
    run("DELETE FROM core_changeset WHERE id = %s", set_)
    return at(set_)


def alter_seal(dice: random.Random) -> Place:
    ((number, set_),) = dice.sample(run("SELECT id, change_set_id FROM core_seal"), 1)
    column = dice.choice(["previous", "hash"])
    run(f"UPDATE core_seal SET {column} = sha256({column}) WHERE id = %s", number)
    return at(set_)


def delete_seal(dice: random.Random) -> Place:
    ((number, set_),) = dice.sample(run("SELECT id, change_set_id FROM core_seal"), 1)
    run("DELETE FROM core_seal WHERE id = %s", number)
    return at(set_)


def swap_seals(dice: random.Random) -> Place:
    (a, s), (b, t) = dice.sample(run("SELECT id, change_set_id FROM core_seal"), 2)
    run("UPDATE core_seal SET id = -1 WHERE id = %s", a)
    run("UPDATE core_seal SET id = %s WHERE id = %s", a, b)
    run("UPDATE core_seal SET id = %s WHERE id = -1", b)
    return at(s, t)


def swap_sets(dice: random.Random) -> Place:
    """Exchange the places of two change sets, lines, seals and all."""
    a, b = dice.sample(_sets(), 2)
    for old, new in ((a, -1), (b, a), (-1, b)):
        run("UPDATE core_changeset SET id = %s WHERE id = %s", new, old)
        for table in ("core_change", "core_changebatch"):
            run(f"UPDATE {table} SET change_set_id = %s WHERE change_set_id = %s", new, old)
        run("UPDATE core_seal SET change_set_id = %s WHERE change_set_id = %s", new, old)
    return at(a, b)


def cut_the_tail(dice: random.Random) -> Place:
    """The newest change sets and everything about them; only the checkpoint outside knows that they were."""
    sets = _sets()
    gone = sets[-dice.randrange(1, len(sets)) :]
    head = Seal.objects.latest("id").pk
    _drop(gone)
    run("DELETE FROM core_written WHERE change_set = ANY(%s)", gone)
    return at(text=f"ends before seal {head}")


def cut_the_tail_and_seal_again(dice: random.Random) -> Place:
    head = Seal.objects.latest("id").pk
    gone = _sets()[-dice.randrange(1, 4) :]
    _drop(gone)
    run("DELETE FROM core_written WHERE change_set = ANY(%s)", gone)
    for _ in gone:
        journal.note(SYSTEM, action="sign-in")
    journal.seal()
    return at(text=f"seal {head} is not the one")


def empty_the_journal(dice: random.Random) -> Place:
    head = Seal.objects.latest("id").pk
    _drop(_sets())
    return at(text=f"ends before seal {head}")


def _file() -> tuple[Path, list[str]]:
    path = seals.checkpoint_file()
    return path, path.read_text().splitlines(keepends=True)


def alter_checkpoint(dice: random.Random) -> Place:
    path, lines = _file()
    number = dice.randrange(len(lines))
    point = json.loads(lines[number])
    key = dice.choice(["seal", "hash", "at", "mac", "after"])
    point[key] = point[key] - 1 if key == "seal" else point[key][::-1] + "0"
    lines[number] = dice.choice([json.dumps(point), lines[number][: dice.randrange(2, 60)].strip()]) + "\n"
    path.write_text("".join(lines))
    return at(text=f"line {number + 1} of the checkpoint file")


def delete_checkpoint(dice: random.Random) -> Place:
    path, lines = _file()
    number = dice.randrange(len(lines) - 1)
    del lines[number]
    path.write_text("".join(lines))
    return at(text=f"before line {number + 1} of the checkpoint file")


def swap_checkpoints(dice: random.Random) -> Place:
    path, lines = _file()
    a, b = sorted(dice.sample(range(len(lines)), 2))
    lines[a], lines[b] = lines[b], lines[a]
    path.write_text("".join(lines))
    return at(text=f"before line {a + 1} of the checkpoint file")


WAYS: list[Callable[[random.Random], Place]] = [
    alter_value, alter_value, alter_value, alter_line, alter_line, alter_hash, forge_line, delete_line, double_line,
    copy_line_elsewhere, move_line, swap_lines, blank_line, fill_erased_line, alter_half_erased_line, alter_batch, delete_batch,
    double_batch, alter_set, alter_set, alter_set, invent_set, delete_set, delete_set_and_renumber, delete_set_only, alter_seal,
    delete_seal, swap_seals, swap_sets, cut_the_tail, cut_the_tail_and_seal_again, empty_the_journal, alter_checkpoint,
    delete_checkpoint, swap_checkpoints,
]  # fmt: skip


class Undo(Exception):
    """Takes a tampering back."""


@pytest.fixture
def seed() -> int:
    given = int(os.environ.get("GUANXI_SEED", "0")) or int(time.time())
    print(f"GUANXI_SEED={given}")
    return given


@pytest.mark.slow
@pytest.mark.usefixtures("past")
def test_every_tampering_is_found_and_located(seed: int) -> None:
    dice = random.Random(seed)
    missed: list[str] = []
    ways: Counter[str] = Counter()
    for n in range(TIMES):
        way = WAYS[n % len(WAYS)]
        ways[way.__name__] += 1
        path, kept = _file()
        try:
            with transaction.atomic():
                place = way(dice)
                report = journal.verify()
                if not place.named_by(report):
                    missed.append(f"{n} {way.__name__}: expected {place}, found {[str(f) for f in report.findings]}")
                raise Undo
        except Undo:
            path.write_text("".join(kept))
    assert journal.verify().intact
    print(f"{TIMES} tamperings in {len(ways)} ways")
    assert not missed, "\n".join(missed[:10])


@pytest.mark.usefixtures("past")
def test_a_set_that_was_never_sealed_is_missed_by_the_rows_it_wrote() -> None:
    id_ = make.account(name="甲有限公司")
    set_ = make.row("customers.account", id_).created_in
    _drop([set_])
    assert [f.change_set for f in journal.verify().findings] == [set_]


def test_sealing_twice_changes_nothing_and_a_cut_checkpoint_heals(past: None) -> None:
    assert journal.seal() == 0
    assert journal.checkpoint() is None
    path, lines = _file()
    path.write_text("".join(lines)[:-9])  # the power went off while the last line was written
    assert journal.verify().intact
    journal.note(SYSTEM, action="sign-in")
    seal()
    assert journal.verify().intact
    assert len(path.read_text().splitlines()) == len(lines)


@pytest.fixture
def many_lines() -> Iterator[int]:
    """Twenty thousand lines in twenty change sets."""
    from guanxi.core.journal.ledger import Line, change_set
    from guanxi.core.journal.models import Op

    values = {"name": "杭州测试有限公司", "phone": "+86 571 8888 8888", "email": "someone@example.com"}
    for n in range(20):
        with change_set(SYSTEM, action="bulk", entity="customers.account") as cs:
            cs.add_all(
                Line(
                    "customers.account",
                    n * 1000 + i,
                    Op.UPDATE,
                    values,
                    {**values, "name": "新"},
                    dict.fromkeys(values),
                )
                for i in range(1000)
            )
    seal()
    yield 20_000


@pytest.mark.slow
def test_verify_holds_little_in_memory(many_lines: int) -> None:
    import tracemalloc

    start = time.process_time()
    report = journal.verify()
    assert report.intact and report.lines == many_lines
    print(f"verify: {many_lines / (time.process_time() - start):,.0f} lines per second of this process's time")
    tracemalloc.start()
    journal.verify()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"verify: {peak / 1e6:.1f} MB at most")
    assert peak < 25e6
