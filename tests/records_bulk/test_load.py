"""One batch is made ready while the one before is being written: nothing is lost, doubled or out of order between them (OPS-2)."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from guanxi.core.access import SYSTEM, acting
from guanxi.core.journal.models import ChangeSet
from guanxi.core.org import versions
from guanxi.customers.models import Account
from guanxi.records import bulk, catalogue, sql
from guanxi.records.bulk import apart
from guanxi.records.bulk.complete import Completer
from guanxi.records.entity import Entity
from guanxi.records.lookups import AnyOf

LOAD = importlib.import_module("guanxi.records.bulk.load")


@pytest.fixture(autouse=True)
def _database(db: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    versions.refresh()
    monkeypatch.setattr(LOAD, "BATCH", 4)
    # Parsed right here: what is tried is the writing, and a process more would only make it slow.
    monkeypatch.setattr(apart, "_Parser", Here)
    with acting(SYSTEM):
        yield


class Here:
    """The parser without its process."""

    def __init__(self, *args: Any) -> None:
        self.args = args

    def batches(self) -> Iterator[apart.Batch]:
        return apart._here(*self.args)

    def close(self) -> None:
        """Nothing was started."""


@pytest.fixture
def account() -> Entity:
    return catalogue.get("customers.account")


def load(account: Entity, rows: list[dict[str, Any]], **more: Any) -> bulk.Loaded:
    columns = list({key: None for row in rows for key in row})
    return bulk.load(SYSTEM, account, list(enumerate(rows, 1)), columns=columns, **more)


def customer(n: int, **more: Any) -> dict[str, Any]:
    return {"external_id": f"E{n}", "name": f"Customer {n}", "kind": "company", **more}


def test_a_row_of_the_next_batch_updates_the_record_that_is_on_its_way(account: Entity) -> None:
    rows = [
        *(customer(n) for n in range(1, 7)),
        customer(3, name="Again"),
        customer(6, name="Six"),
        customer(6, name="6"),
    ]
    loaded = load(account, rows)
    assert loaded.balance.to_dict() == {"read": 9, "created": 6, "updated": 3, "unchanged": 0, "skipped": 0, "held": 0}
    assert list(Account.all_rows.order_by("id").values_list("external_id", "name")) == [
        ("E1", "Customer 1"), ("E2", "Customer 2"), ("E3", "Again"), ("E4", "Customer 4"), ("E5", "Customer 5"), ("E6", "6"),
    ]  # fmt: skip


def test_a_row_may_point_at_one_of_the_batch_before(account: Entity) -> None:
    rows = [customer(n, number=f"C900{n}", parent=f"C900{n - 4}" if n > 4 else "") for n in range(1, 9)]
    loaded = load(account, rows)
    assert (loaded.balance.created, loaded.balance.held) == (8, 0)
    above = dict(Account.all_rows.values_list("external_id", "parent__external_id"))
    assert above["E5"] == "E1" and above["E8"] == "E4" and above["E1"] is None


def test_rows_are_made_ready_while_others_are_written(account: Entity, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plants a wait: the second batch must be completed before the first may be written to its end."""
    completed, seen = threading.Event(), []
    really, complete = sql.copying, Completer.complete

    def slow(entity: Entity, names: Any, blocks: Any) -> Any:
        def held_back() -> Iterator[bytes]:
            for block in blocks:
                if not seen:
                    seen.append(completed.wait(120))
                yield block

        return really(entity, names, held_back())

    def noting(self: Any, row: Any) -> Any:
        if row.number > 4:
            completed.set()
        return complete(self, row)

    monkeypatch.setattr(sql, "copying", slow)
    monkeypatch.setattr(Completer, "complete", noting)
    assert load(account, [customer(n) for n in range(1, 9)]).balance.created == 8
    assert seen == [True]


@pytest.mark.parametrize("where", ["making ready", "writing"])
def test_an_error_on_either_side_leaves_nothing(account: Entity, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    really, complete = sql.copying, Completer.complete

    def broken(entity: Entity, names: Any, blocks: Any) -> Any:
        def lines() -> Iterator[bytes]:
            yield from blocks
            raise RuntimeError("planted")

        return really(entity, names, lines())

    def refusing(self: Any, row: Any) -> Any:
        if row.number == 7:
            raise RuntimeError("planted")
        return complete(self, row)

    if where == "writing":
        monkeypatch.setattr(sql, "copying", broken)
    else:
        monkeypatch.setattr(Completer, "complete", refusing)
    sets = ChangeSet.objects.count()
    with pytest.raises(RuntimeError, match="planted"):
        load(account, [customer(n) for n in range(1, 13)])
    assert Account.all_rows.count() == 0 and ChangeSet.objects.count() == sets
    assert not [t for t in threading.enumerate() if t.name == "guanxi-copy"]


@pytest.mark.parametrize("key", ["external_id", "email"])
def test_recognising_many_reads_an_index_and_not_the_table(account: Entity, key: str) -> None:
    """A batch costs the same whether it meets ten rows or ten million; also in a table that was empty when it began."""
    rows = [customer(n, email=f"e{n}@example.com") for n in range(1, 1_201)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LOAD, "BATCH", 400)
        load(account, rows)
    wanted = [row[key].replace("e", "x").replace("E", "X") for row in rows[:400]]
    field = account.declared[key]
    found = account.model.all_rows.filter(AnyOf(field.expression, wanted), deleted_in__isnull=True).values("pk")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # a table so small is read whole, were it not for this
        query, params = found.query.sql_with_params()
        cursor.execute(f"EXPLAIN {query}", params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Cond" in plan and f"customers_account_{key}" in plan, plan
