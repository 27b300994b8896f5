"""The index of a unique custom field is built beside the writing, by CREATE UNIQUE INDEX CONCURRENTLY (MOD-5, OPS-2).

These tests commit: inside a transaction PostgreSQL could not take that way, and the plain one would be tested instead.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guanxi.core import jobs
from guanxi.core.access.actor import SYSTEM, acting
from guanxi.core.jobs.models import Job, JobState
from guanxi.core.org import versions
from guanxi.customers.models import Account
from guanxi.records import catalogue, custom, sql, write
from guanxi.records.models import CustomField

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "x_seal"
INDEX = f"customers_account_{KEY}"


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    versions.refresh()
    yield
    with connection.cursor() as cursor:  # emptying tables leaves their indexes
        cursor.execute(f"DROP INDEX IF EXISTS {INDEX}")


def account() -> Any:
    return catalogue.get("customers.account")


def customer(name: str, seal: str | None = None) -> int:
    values = {"name": name, "kind": "company"} | ({KEY: seal} if seal else {})
    with acting(SYSTEM):
        return write.save(SYSTEM, account(), values).id


def defined(*, unique: bool) -> CustomField:
    custom.define(SYSTEM, account(), kind="text", label_zh="防伪码", label_en="Seal", key=KEY, unique=unique)
    return CustomField.objects.get(key=KEY)


def index() -> tuple[bool, bool] | None:
    """(unique, valid) of the index; None when there is none at all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indisunique, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = %s",
            [INDEX],
        )
        found = cursor.fetchone()
    return tuple(found) if found else None


def build() -> Job:
    return jobs.run_inline(Job.objects.filter(kind="records.field_index", state=JobState.WAITING).latest("pk"))


def sharing() -> tuple[CustomField, int, int]:
    """A field that was not unique when two records got the same value, and is to be now."""
    row = defined(unique=False)
    first, second = customer("甲公司", "S-1"), customer("乙公司", "S-1")
    customer("丙公司", "S-2")
    CustomField.objects.filter(pk=row.pk).update(unique=True)
    versions.bump("fields")
    custom.build_index_later(SYSTEM, row)
    row.refresh_from_db()
    return row, first, second


def test_it_is_built_beside_the_writing_and_keeps_the_field_unique() -> None:
    row = defined(unique=True)
    customer("甲公司", "S-1")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert build().state == JobState.DONE
    assert any(q["sql"].startswith("CREATE UNIQUE INDEX CONCURRENTLY") for q in asked.captured_queries)
    assert index() == (True, True) and custom.index_state(account(), row) == "ready"
    with pytest.raises(write.Invalid) as refused:
        customer("乙公司", "S-1")
    assert [p.code for p in refused.value.problems[KEY]] == ["field.taken"]


def test_records_that_share_a_value_are_named_and_nothing_is_left_behind() -> None:
    row, first, second = sharing()
    failed = build()
    assert failed.state == JobState.FAILED
    numbers = dict(Account.all_rows.filter(pk__in=[first, second]).values_list("pk", "number"))
    said = failed.error["what"] % failed.error["args"]
    assert numbers[first] in said and numbers[second] in said and "防伪码" in said
    assert failed.error["todo"] and index() is None, "an index that is not whole slows writing and keeps nothing"
    with acting(SYSTEM):
        write.save(SYSTEM, account(), {KEY: "S-3"}, id=second)
    custom.build_index_later(SYSTEM, row)
    assert build().state == JobState.DONE and index() == (True, True)


def test_what_a_broken_off_attempt_left_is_removed() -> None:
    row, _first, second = sharing()
    with connection.cursor() as cursor, pytest.raises(Exception, match="duplicate"):
        # What is left when the server dies half-way: there, and not valid.
        cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {INDEX} ON customers_account ((custom ->> '{KEY}'))")
    assert index() == (True, False) and not sql.has_index(INDEX)
    assert custom.index_state(account(), row) == "building"
    with acting(SYSTEM):
        write.save(SYSTEM, account(), {KEY: "S-3"}, id=second)
    assert build().state == JobState.DONE and index() == (True, True)


def test_a_write_that_races_with_the_building_is_refused_or_seen() -> None:
    """While the index is built another transaction writes: the building waits for it, and what came first wins."""
    row = defined(unique=True)
    customer("甲公司", "S-1")
    started, go_on = threading.Event(), threading.Event()
    outcome: dict[str, Any] = {}

    def elsewhere() -> None:
        from django.db import transaction

        try:
            with transaction.atomic():
                outcome["made"] = customer("乙公司", "S-2")
                started.set()
                go_on.wait(600)
        except Exception as error:  # told to the test
            outcome["error"] = error
            started.set()
        finally:
            connection.close()

    def building() -> None:
        try:
            outcome["job"] = build().state
        finally:
            connection.close()

    writer, builder = threading.Thread(target=elsewhere), threading.Thread(target=building)
    writer.start()
    assert started.wait(600)
    builder.start()
    try:
        waiting = "SELECT 1 FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%%' AND relid = 'customers_account'::regclass"
        with connection.cursor() as cursor:
            for _try in range(6000):
                cursor.execute(waiting)
                if cursor.fetchone():
                    break
                builder.join(0.05)
            else:
                pytest.fail("the building does not wait for who writes")
        # The index is there, not whole yet, and people write: a value that is taken is refused as ever.
        with pytest.raises(write.Invalid):
            customer("丙公司", "S-1")
        customer("丁公司", "S-4")
    finally:
        go_on.set()
        writer.join(600)
        builder.join(600)
    assert "error" not in outcome and outcome["job"] == JobState.DONE
    assert index() == (True, True) and custom.index_state(account(), row) == "ready"
    with pytest.raises(write.Invalid):
        customer("戊公司", "S-2")
    assert Account.all_rows.filter(custom__has_key=KEY).count() == 3
