"""A person's values leave the journal; the chain verifies; nobody else can blank a line."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi.core import journal
from guanxi.core.access.actor import SYSTEM
from guanxi.core.journal import hashing
from guanxi.core.journal.models import Change, ChangeSet, Op
from guanxi.records import catalogue, history, invert, write
from tests import make

pytestmark = pytest.mark.django_db

A = "customers.account"
MARKS = ("秘密姓名", "geheim@example.com", "+8613800138777")


@pytest.fixture
def person() -> tuple[int, int, int]:
    """(record, its first edit, its second edit), all with values that must go."""
    with make.acting(SYSTEM):
        entity = catalogue.get(A)
        id_ = make.person(name=MARKS[0], email=MARKS[1])
        first = write.save(SYSTEM, entity, {"mobile": "138 0013 8777", "remark": "留"}, id=id_)
        second = write.save(SYSTEM, entity, {"name": "王小明", "email": "new@example.com", "mobile": ""}, id=id_)
    journal.seal()
    return id_, first.change_set or 0, second.change_set or 0


def found_in_journal(mark: str) -> list[str]:
    """Tables and columns of the journal in which a text occurs, in any form."""
    hits = []
    with connection.cursor() as cursor:
        for table in ("core_changeset", "core_change", "core_changebatch", "core_seal", "core_written"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{mark}%"])
            if cursor.fetchone()[0]:
                hits.append(table)
            hexed = mark.encode().hex()
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{hexed}%"])
            if cursor.fetchone()[0]:
                hits.append(f"{table} (bytes)")
    return hits


def test_erased_values_are_nowhere_and_the_chain_verifies(person: tuple[int, int, int]) -> None:
    id_, first, _second = person
    assert all(found_in_journal(mark) for mark in MARKS)
    done = journal.erase(SYSTEM, A, [id_])
    assert done.lines == 3
    journal.seal()
    report = journal.verify()
    assert report.intact, [str(f) for f in report.findings]
    assert report.erased == 3
    assert [found_in_journal(mark) for mark in MARKS] == [[], [], []]
    assert Change.objects.filter(record=id_, salt__isnull=False).exclude(op=Op.ERASE).count() == 0
    state = history.state_at(catalogue.get(A), id_, first)
    assert state is not None and state.unknown


def test_single_fields_go_and_the_others_stay(person: tuple[int, int, int]) -> None:
    id_, first, _second = person
    journal.erase(SYSTEM, A, [id_], ["name", "email"])
    journal.erase(SYSTEM, A, [id_], ["mobile"])
    journal.seal()
    assert journal.verify().intact
    assert [found_in_journal(mark) for mark in MARKS] == [[], [], []]
    assert (Change.objects.get(change_set=first).after or {})["remark"] == "留"
    assert journal.erase(SYSTEM, A, [id_], ["mobile"]).lines == 0


def test_undo_of_erased_lines_is_refused_and_listed(person: tuple[int, int, int]) -> None:
    id_, first, second = person
    journal.erase(SYSTEM, A, [id_], ["name", "email", "mobile"])
    with make.acting(SYSTEM):
        done = invert.undo(SYSTEM, second)
        assert [(k.record, k.field, k.why) for k in done.kept] == [(id_, "", "undo.erased")]
        assert make.row(A, id_).name == "王小明"
        done = invert.undo(SYSTEM, first)  # what was left of it goes back
        assert {(k.field, k.why) for k in done.kept} == {("", "undo.erased")}
        assert make.row(A, id_).remark == ""


def test_an_erasure_cannot_be_undone(person: tuple[int, int, int]) -> None:
    erased = journal.erase(SYSTEM, A, [person[0]])
    with pytest.raises(invert.CannotUndo):
        invert.undo(SYSTEM, erased.change_set)


def test_a_stale_form_meets_an_erased_line_as_a_conflict(person: tuple[int, int, int]) -> None:
    id_ = person[0]
    journal.erase(SYSTEM, A, [id_], ["name"])
    with make.acting(SYSTEM), pytest.raises(write.Conflict):
        write.save(SYSTEM, catalogue.get(A), {"name": MARKS[0], "email": "mine@example.com"}, id=id_, version=2)


@pytest.mark.parametrize(
    "blanking",
    [
        "before = NULL, after = NULL, origin_before = NULL, origin_after = NULL, salt = NULL",
        "before = NULL, after = NULL",
        "salt = NULL",
        "after = after - 'email'",
    ],
)
@pytest.mark.parametrize("lawful_one_before", [True, False])
def test_unlawful_blanking_is_found(person: tuple[int, int, int], blanking: str, lawful_one_before: bool) -> None:
    """Also of a line that came after an erasure of the same record."""
    id_, _first, second = person
    if lawful_one_before:
        journal.erase(SYSTEM, A, [id_])
        with make.acting(SYSTEM):
            again = write.save(SYSTEM, catalogue.get(A), {"email": "again@example.com"}, id=id_)
        second = again.change_set or 0
    assert journal.verify().intact
    line = Change.objects.get(change_set=second)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE core_change SET {blanking} WHERE id = %s", [line.pk])
    assert [(f.change_set, f.change, f.record) for f in journal.verify().findings] == [(second, line.pk, id_)]


def test_notes_of_the_doors_hold_no_values(person: tuple[int, int, int]) -> None:
    """Reveals and undos say which field of which record, never what was in it."""
    from guanxi.records import read

    id_, _, second = person
    with make.acting(SYSTEM):
        read.view(catalogue.get(A), SYSTEM, id_)
        from guanxi.records.read.view import reveal

        reveal(catalogue.get(A), SYSTEM, id_, "email")
        invert.undo(SYSTEM, second)
    told = [str(row) for row in ChangeSet.objects.values("detail", "reason", "balance")]
    assert not any(mark in text for mark in MARKS for text in told)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4) | st.integers(0, 30), inner, max_size=3
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60)
@given(detail=st.dictionaries(st.sampled_from(["a", "b", "ab"]), JSON, max_size=3))
def test_whatever_a_note_says_verifies(detail: dict[str, Any]) -> None:
    """What PostgreSQL gives back hashes like what was written: other keys' order, big and small numbers, tuples."""
    number = journal.note(SYSTEM, action="test", detail=detail)
    assert hashing.canonical(ChangeSet.objects.get(pk=number).detail) == hashing.canonical(hashing.plain(detail))
    assert journal.verify().intact
