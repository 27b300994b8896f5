"""What undo leaves as it is, and why; what it may not touch; what a nested error takes back."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.core import journal
from guanxi.core.access.actor import SYSTEM, Actor
from guanxi.core.journal.ledger import change_set
from guanxi.core.journal.models import Change, ChangeSet, Op
from guanxi.records import catalogue, history, invert, write
from tests import make

pytestmark = pytest.mark.django_db

A = "customers.account"


def edit(id_: int, by: Actor = SYSTEM, entity: str = A, **values: Any) -> int:
    with make.acting(by):
        done = write.save(by, catalogue.get(entity), values, id=id_)
    assert done.change_set is not None
    return done.change_set


def undo(set_: int, by: Actor = SYSTEM) -> tuple[invert.Undone, set[tuple[int, str, str]]]:
    with make.acting(by):
        done = invert.undo(by, set_)
    return done, {(k.record, k.field, k.why) for k in done.kept}


def delete(id_: int, entity: str = A, by: Actor = SYSTEM) -> int:
    with make.acting(by):
        return write.delete(by, catalogue.get(entity), id_).change_set


def test_what_was_changed_since_is_kept_and_listed() -> None:
    id_ = make.account(name="甲有限公司", remark="一")
    first = edit(id_, name="乙有限公司", remark="二")
    edit(id_, remark="三")
    done, kept = undo(first)
    assert kept == {(id_, "remark", "undo.changed")}
    assert done.restored == 1
    row = make.row(A, id_)
    assert (row.name, row.remark) == ("甲有限公司", "三")


def test_the_same_value_set_again_by_somebody_is_theirs() -> None:
    id_ = make.account(remark="一")
    first = edit(id_, remark="二")
    edit(id_, remark="三")
    edit(id_, remark="二")
    assert undo(first)[1] == {(id_, "remark", "undo.changed")}


def test_a_value_in_other_hands_is_kept_and_the_rest_goes_back() -> None:
    id_ = make.account(external_id="E1", remark="一")
    first = edit(id_, external_id="E2", remark="二")
    make.account(external_id="E1")
    assert undo(first)[1] == {(id_, "external_id", "undo.taken")}
    row = make.row(A, id_)
    assert (row.external_id, row.remark) == ("E2", "一")


def test_a_deleted_record_whose_value_is_taken_stays_deleted() -> None:
    id_ = make.account(external_id="E1")
    gone = delete(id_)
    make.account(external_id="E1")
    assert undo(gone)[1] == {(id_, "", "undo.taken")}
    assert make.row(A, id_).deleted_in == gone


def test_a_part_does_not_come_back_without_its_whole() -> None:
    account = make.account()
    contact = make.contact(account)
    first = delete(contact, "customers.contact")
    second = delete(account)
    assert undo(first)[1] == {(contact, "", "undo.gone")}
    undo(second)
    assert undo(first)[1] == set()


def test_a_link_to_a_deleted_record_does_not_go_back() -> None:
    one, other = make.account(), make.account()
    contact = make.contact(one)
    moved = edit(contact, entity="customers.contact", account=other)
    delete(one)
    assert undo(moved)[1] == {(contact, "account", "undo.gone")}
    assert make.row("customers.contact", contact).account_id == other


def test_a_link_that_would_close_a_circle_does_not_go_back() -> None:
    top, below = make.account(), make.account()
    edit(below, parent=top, group_role="branch")
    away = edit(below, parent="", group_role="")
    edit(top, parent=below, group_role="branch")
    _, kept = undo(away)
    assert (below, "parent", "undo.invalid") in kept
    assert make.row(A, below).parent_id is None


def test_a_new_record_that_others_belong_to_stays() -> None:
    account = make.account()
    made = make.row(A, account).created_in
    contact = make.contact(account)
    assert undo(made)[1] == {(account, "", "undo.used")}
    undo(make.row("customers.contact", contact).created_in)
    assert undo(made)[1] == set()
    assert make.row(A, account).deleted_in is not None


def test_a_record_deleted_since_keeps_its_values() -> None:
    id_ = make.account(remark="一")
    first = edit(id_, remark="二")
    delete(id_)
    assert undo(first)[1] == {(id_, "remark", "undo.gone")}


def test_a_secret_sealed_again_with_a_new_key_still_goes_back() -> None:
    id_ = make.person(id_number="11010519491231002X", remark="一")
    first = edit(id_, id_number="440524188001010014")
    entity = catalogue.get(A)
    state = history.state_at(entity, id_, make.row(A, id_).created_in)
    _seal_again(id_)
    done, kept = undo(first)
    assert kept == set() and done.restored == 1
    assert (
        state is not None
        and history.state_at(entity, id_, make.row(A, id_).created_in).values.keys() == state.values.keys()
    )  # type: ignore[union-attr]


def _seal_again(id_: int) -> None:
    """What a key rotation does to one cell: other bytes, the same secret."""
    from guanxi.core import secrets
    from guanxi.records import sql

    entity = catalogue.get(A)
    row = make.row(A, id_)
    plain = secrets.open_value(entity.table, "id_number", id_, bytes(row.id_number))
    fresh = "\\x" + secrets.seal_value(entity.table, "id_number", id_, plain).hex()
    with change_set(SYSTEM, action="maintenance") as cs:
        sql.update_rows(entity, ["id_number"], [{"id": id_, "id_number": fresh}], at=cs.at, change_set=cs.id)
        cs.batch(entity.key, Op.UPDATE, first=id_, last=id_, rows=1)


# ---------------------------------------------------------------------- rights


def test_only_own_change_sets_and_only_records_in_reach() -> None:
    anna, ben = make.actor("sales"), make.actor("sales")
    id_ = make.account(by=anna, remark="一")
    mine = edit(id_, by=anna, remark="二")
    with pytest.raises(invert.Hidden), make.acting(ben):
        invert.undo(ben, mine)
    edit(id_, owner=ben.user_id)  # it went to somebody else
    done, kept = undo(mine, anna)
    assert kept == {(id_, "remark", "undo.right")}
    assert done.restored == 0 and make.row(A, id_).remark == "二"


def test_fields_that_the_undoer_may_not_edit_stay() -> None:
    anna = make.actor("sales")
    id_ = make.account(by=anna, remark="一")
    with make.acting(SYSTEM):
        entity = catalogue.get(A)
        by_system = write.save(SYSTEM, entity, {"remark": "二", "credit_rating": "a"}, id=id_)
    locked = [key for key in ("remark", "credit_rating") if not _may(anna, key)]
    assert locked == ["credit_rating"]
    ChangeSet.objects.filter(pk=by_system.change_set).update(
        actor=anna.user_id
    )  # as if it had been theirs, before their role changed
    _done, kept = undo(by_system.change_set or 0, anna)
    assert kept == {(id_, "credit_rating", "undo.right")}
    assert make.row(A, id_).remark == "一"


def _may(actor: Actor, key: str) -> bool:
    from guanxi.core.access.models import Level
    from guanxi.records import rights

    return rights.level(actor, catalogue.get(A).declared[key]) is Level.EDIT


def test_deleted_rows_come_back_only_for_who_may_delete_them() -> None:
    anna = make.actor("sales")
    id_ = make.account(by=anna)
    gone = delete(id_)
    ChangeSet.objects.filter(pk=gone).update(actor=anna.user_id)
    if anna.can(A, "delete"):
        pytest.skip("sales may delete")
    assert undo(gone, anna)[1] == {(id_, "", "undo.right")}
    assert make.row(A, id_).deleted_in == gone


def test_the_parts_amount_goes_back_with_what_it_follows_from() -> None:
    boss = make.actor("administrator")
    account = make.account(by=boss)
    order = make.order(account, [{"quantity": 2, "unit_price": "5"}], by=boss)
    line = catalogue.get("trade.orderline").model.all_rows.get(order=order).pk
    first = edit(line, boss, "trade.orderline", quantity="3", unit_price="7")
    edit(line, boss, "trade.orderline", unit_price="11")
    assert undo(first, boss)[1] == {(line, "unit_price", "undo.changed")}
    assert make.row("trade.orderline", line).amount == 22
    assert make.row("trade.order", order).total == 22


# ---------------------------------------------------------------------- change sets


def test_an_error_inside_takes_back_its_own_part_only() -> None:
    entity = catalogue.get(A)
    with make.acting(SYSTEM), change_set(SYSTEM, action="both") as cs:
        first = write.save(SYSTEM, entity, {"name": "甲有限公司", "external_id": "E1"})
        with pytest.raises(write.Invalid):
            write.save(SYSTEM, entity, {"name": "乙有限公司", "external_id": "E1"})
        with pytest.raises(RuntimeError), change_set(SYSTEM, action="inner"):
            write.save(SYSTEM, entity, {"remark": "夜"}, id=first.id)
            raise RuntimeError
    assert Change.objects.filter(change_set=cs.id).count() == 1
    assert make.row(A, first.id).remark == ""
    journal.seal()
    assert journal.verify().intact


def test_a_note_inside_an_empty_change_set_has_its_parent() -> None:
    with change_set(SYSTEM, action="look") as cs:
        number = journal.note(SYSTEM, action="reveal")
    assert ChangeSet.objects.get(pk=number).parent_id == cs.id
    assert ChangeSet.objects.filter(pk=cs.id).exists()
