"""Queue, inline runs, progress, cancelling, errors, cron."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import django.db
import psycopg
import pytest
from django.db import transaction
from django.utils import timezone, translation

from guanxi.core import jobs
from guanxi.core.access import ANONYMOUS, SYSTEM, actor_for
from guanxi.core.identity.models import Session, SignInBrake
from guanxi.core.jobs import registry
from guanxi.core.jobs.cron import Cron
from guanxi.core.jobs.errors import is_transient
from guanxi.core.models import Job, User
from tests.core.jobs import work


def test_inline_run_reports_and_returns_its_result(db):
    seen = []
    job = jobs.run_inline(
        jobs.enqueue("test.add", {"a": 2, "b": 3}, actor=SYSTEM), on_progress=lambda *args: seen.append(args)
    )
    assert (job.state, job.result, job.done, job.total, job.attempts) == ("done", {"sum": 5}, 1, 1, 1)
    assert seen == [(1, 1, "adding")]
    assert job.started_at and job.finished_at >= job.started_at
    assert job.label == "Add"


def test_no_commit_no_job(db):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        jobs.enqueue("test.add", actor=SYSTEM)
        raise ZeroDivisionError
    assert not Job.objects.exists()


def test_what_is_over_is_tidied_away(db):
    now = timezone.now()
    for key, until in (("over", now - timedelta(hours=1)), ("open", now + timedelta(hours=1))):
        Session.objects.create(session_key=key, session_data="", started_at=now, expire_date=until)
    for name, at in (("old", now - timedelta(days=30)), ("new", now)):
        SignInBrake.objects.create(key=name, failures=1, at=at, until=at)
    done = jobs.run_inline(jobs.enqueue("core.tidy", actor=SYSTEM))
    assert (done.state, done.result) == ("done", {"jobs": 0, "events": 0, "sessions": 1, "tries": 1})
    assert Session.objects.get().pk == "open" and SignInBrake.objects.get().key == "new"


def test_unknown_kind_is_refused_at_once(db):
    with pytest.raises(jobs.Unknown, match=r"site/jobs\.py"):
        jobs.enqueue("test.typo", actor=SYSTEM)


def test_one_kind_is_one_function():
    with pytest.raises(ValueError, match="twice"):
        jobs.job("test.add")(lambda ctx: None)


def test_once_key_gives_the_open_job_back(db):
    first = jobs.enqueue("test.add", {"a": 1}, actor=SYSTEM, once_key="x")
    assert jobs.enqueue("test.add", {"a": 2}, actor=SYSTEM, once_key="x").pk == first.pk
    assert jobs.enqueue("test.add", actor=SYSTEM, once_key="y").pk != first.pk
    jobs.run_inline(first)
    assert jobs.enqueue("test.add", actor=SYSTEM, once_key="x").pk != first.pk


def test_job_runs_as_the_one_who_asked(db):
    user = User.objects.create(username="li", name="李雷", password="!")
    job = jobs.run_inline(jobs.enqueue("test.actor", actor=actor_for(user)))
    assert job.result == {"current": "李雷", "ctx": "李雷"}
    assert job.actor_id == user.pk
    assert jobs.run_inline(jobs.enqueue("test.actor", actor=SYSTEM)).result["current"] == SYSTEM.name


def test_a_stranger_cannot_start_jobs_as_the_system(db):
    with pytest.raises(PermissionError):
        jobs.enqueue("test.add", actor=ANONYMOUS)
    assert not Job.objects.exists()


def test_job_of_somebody_who_left_has_no_rights(db):
    user = User.objects.create(username="han", name="韩梅梅", password="!")
    job = jobs.enqueue("test.actor", actor=actor_for(user))
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert jobs.run_inline(job).result == {"current": ANONYMOUS.name, "ctx": ANONYMOUS.name}


def test_error_fails_at_once_with_its_reason(db):
    job = jobs.run_inline(jobs.enqueue("test.fail", actor=SYSTEM))
    assert (job.state, job.attempts) == ("failed", 1)
    with translation.override("en"):
        told = job.explain()
    assert "ValueError: the reason" in told["what"]
    assert told["kept"] and told["todo"]


def test_job_can_explain_its_error(db):
    job = jobs.run_inline(jobs.enqueue("test.explain", actor=SYSTEM))
    with translation.override("en"):
        assert job.explain() == {
            "what": "3 rows are bad.", "kept": "Nothing was written.", "todo": "Correct the file.",
        }  # fmt: skip


def test_error_in_sql_leaves_the_callers_transaction_usable(db):
    job = jobs.run_inline(jobs.enqueue("test.sql", {"sql": "SELECT 1/0"}, actor=SYSTEM))
    assert job.state == "failed"
    assert "division by zero" in job.explain()["what"]


@pytest.mark.parametrize("state", ["40P01", "40001", "57P01"])
def test_transient_error_is_tried_again_later_and_not_for_ever(db, state):
    sql = f"DO $$ BEGIN RAISE EXCEPTION 'now' USING ERRCODE = '{state}'; END $$"
    job = jobs.enqueue("test.sql", {"sql": sql}, actor=SYSTEM)
    for attempt in (1, 2):
        job = jobs.run_inline(job)
        assert (job.state, job.attempts) == ("waiting", attempt)
        assert job.run_at > timezone.now()
        Job.objects.update(run_at=timezone.now())
    job = jobs.run_inline(job)
    assert (job.state, job.attempts) == ("failed", 3)


def test_what_counts_as_transient():
    def wrapped(cause):
        try:
            raise django.db.OperationalError("x") from cause
        except django.db.OperationalError as error:
            return error

    assert is_transient(wrapped(psycopg.OperationalError("server closed the connection unexpectedly")))
    assert is_transient(wrapped(psycopg.errors.DeadlockDetected()))
    assert not is_transient(wrapped(psycopg.errors.DiskFull()))
    assert not is_transient(wrapped(psycopg.errors.UniqueViolation()))
    assert not is_transient(ValueError())


def test_cancelled_while_waiting_never_runs(db):
    job = jobs.cancel(jobs.enqueue("test.add", actor=SYSTEM))
    assert job.state == "cancelled"
    assert jobs.run_inline(job).result is None


def test_later_job_waits_for_its_time(db):
    job = jobs.enqueue("test.add", actor=SYSTEM, at=timezone.now() + timedelta(hours=1))
    assert jobs.run_inline(job).state == "waiting"


def test_run_again_makes_a_new_job(db):
    job = jobs.run_inline(jobs.enqueue("test.add", {"a": 5}, actor=SYSTEM))
    again = jobs.run_again(job, actor=SYSTEM)
    assert again.pk != job.pk and jobs.run_inline(again).result == {"sum": 7}


def test_progress_of_an_inline_run_shows_before_its_commit(committed):
    job = jobs.enqueue("test.note", {"seconds": 1.2, "rows": 6}, actor=SYSTEM, inline=True)
    seen = []

    def look(done, total, message):
        with psycopg.connect(**_params()) as other:
            seen.append(other.execute("SELECT done, state FROM core_job WHERE id = %s", [job.pk]).fetchone())
            assert other.execute("SELECT count(*) FROM test_note").fetchone() == (0,)

    job = jobs.run_inline(job, on_progress=look)
    assert (job.state, job.result) == ("done", {"written": 6})
    assert max(done for done, _ in seen) >= 3
    assert job.done == 6


def _params():
    params = django.db.connection.get_connection_params()
    return {k: v for k, v in params.items() if k not in {"cursor_factory", "context"}}


# Cron

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("line", "now", "latest"),
    [
        ("*/5 * * * *", "2026-11-21 10:12:30", "2026-11-21 10:10"),
        ("0 3 * * *", "2026-11-21 02:59", "2026-11-20 03:00"),
        ("0 3 * * *", "2026-11-21 03:00", "2026-11-21 03:00"),
        ("30 8 * * 1-5", "2026-11-21 10:00", "2026-11-20 08:30"),  # a Saturday
        ("0 0 1 1 *", "2026-11-21 10:00", "2026-01-01 00:00"),
        ("0 0 29 2 *", "2026-11-21 10:00", "2024-02-29 00:00"),
        ("15,45 9-17/4 * * *", "2026-11-21 13:20", "2026-11-21 13:15"),
        ("0 0 13 * 0", "2026-11-21 10:00", "2026-11-15 00:00"),  # a Sunday or a 13th
        ("0 0 * * 7", "2026-11-21 10:00", "2026-11-15 00:00"),
    ],
)
def test_cron_finds_the_latest_time(line, now, latest):
    at = datetime.fromisoformat(now).replace(tzinfo=SHANGHAI)
    assert Cron(line).latest(at) == datetime.fromisoformat(latest).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize("line", ["", "* * * *", "60 * * * *", "a * * * *", "*/0 * * * *", "5-1 * * * *"])
def test_bad_cron_line_is_refused(line):
    with pytest.raises(ValueError, match="cron line"):
        Cron(line)


def test_periodic_jobs_carry_their_line():
    assert registry.KINDS["test.minutely"].cron.line == work.minutely.cron.line == "* * * * *"
