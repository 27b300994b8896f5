"""Real worker processes: quick, once, and not to be killed out of it."""

from __future__ import annotations

import os
import random
import re
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.db import connection, transaction
from django.utils import timezone

from guanxi.core import jobs
from guanxi.core.access import SYSTEM
from guanxi.core.models import Job, Periodic
from tests.core.jobs import work  # noqa: F401  # registers the kinds
from tests.core.jobs.conftest import until

pytestmark = pytest.mark.crash


def state(job):
    job.refresh_from_db()
    return job.state


def notes(job):
    with connection.cursor() as cursor:
        cursor.execute("SELECT text, n FROM test_note WHERE job = %s ORDER BY n", [job.pk])
        return cursor.fetchall()


@pytest.fixture
def gate(tmp_path):
    """A job with this gate waits half way until the file is there: `gate.touch()`."""
    return tmp_path / "gate"


def under_way(job):
    """The job has its session and has written something that is not committed."""
    return state(job) == "running" and job.done >= 1


def test_job_is_picked_up_at_its_commit(workers):
    """Not when the worker next looks by itself: this one would in an hour."""
    workers(1, tick=3600, lease=3600)
    waits = []
    for _ in range(12):
        with transaction.atomic():
            job = jobs.enqueue("test.add", actor=SYSTEM)
            time.sleep(random.uniform(0, 0.1))
        committed_at = timezone.now()
        until(lambda job=job: state(job) == "done")
        waits.append((job.started_at - committed_at).total_seconds())
    print(f"picked up after {sorted(waits)[6] * 1000:.0f} ms (median), {max(waits) * 1000:.0f} ms (most)")


def test_job_of_a_killed_worker_is_run_again(workers, gate):
    both = {process.pid: process for process in workers(2, lease=3)}
    job = jobs.enqueue("test.note", {"text": "once", "rows": 4, "gate": str(gate)}, actor=SYSTEM)
    until(lambda: under_way(job))
    first = job.claim
    both[int(job.worker.rpartition(":")[2])].kill()
    until(lambda: under_way(job) and job.claim != first)
    gate.touch()
    until(lambda: state(job) == "done")
    assert notes(job) == [("once", n) for n in range(4)]
    assert job.lost >= 1


def test_kill_at_random_points_every_job_comes_true_exactly_once(workers):
    rounds = int(os.environ.get("GUANXI_KILLS", "8"))
    made = []
    for n in range(rounds):
        (worker,) = workers(1, lease=1.5, slots=2)
        for k in range(3):
            made.append(jobs.enqueue("test.note", {"text": f"{n}.{k}", "seconds": 0.15, "rows": 3}, actor=SYSTEM))
        time.sleep(random.uniform(0, 0.5))
        worker.kill()
        worker.wait()
    workers(2, slots=2)

    def over():
        # Whoever was lost several times waits for minutes; that is not what this test is about.
        Job.objects.filter(state="waiting").update(run_at=timezone.now())
        return not Job.objects.filter(state__in=["waiting", "running"]).exists()

    until(over, 120 + 5 * rounds, every=0.5)
    for job in made:
        assert state(job) == "done", job.error
        assert [n for _, n in notes(job)] == [0, 1, 2]
    print(f"{len(made)} jobs, {sum(job.lost for job in made)} taken back after {rounds} kills")


def test_worker_that_was_only_asleep_cannot_finish_a_job_given_to_another(workers, gate):
    (sleeper,) = workers(1, lease=3)
    job = jobs.enqueue("test.note", {"text": "one", "rows": 6, "gate": str(gate)}, actor=SYSTEM)
    until(lambda: under_way(job))
    first = job.claim
    os.kill(sleeper.pid, signal.SIGSTOP)
    try:
        workers(1)
        until(lambda: under_way(job) and job.claim != first)
        second = job.claim
    finally:
        gate.touch()  # both may go on
        os.kill(sleeper.pid, signal.SIGCONT)
    until(lambda: state(job) == "done")
    assert job.claim == second
    assert [n for _, n in notes(job)] == list(range(6))
    assert sleeper.poll() is None


def test_running_job_is_cancelled_at_its_next_check(workers, gate):
    workers(1)
    job = jobs.enqueue("test.note", {"rows": 20, "gate": str(gate)}, actor=SYSTEM)
    until(lambda: under_way(job) and job.done == 10)
    jobs.cancel(job)
    until(lambda: state(job) == "cancelled")
    assert notes(job) == []
    assert job.done == 10


def test_progress_shows_while_the_transaction_is_open(workers, gate):
    workers(1)
    job = jobs.enqueue("test.note", {"rows": 30, "gate": str(gate)}, actor=SYSTEM)
    until(lambda: under_way(job) and job.done == 15)
    assert notes(job) == []
    assert job.total == 30
    assert job.rate > 0
    assert job.eta > job.started_at
    gate.touch()
    until(lambda: state(job) == "done")


@pytest.mark.parametrize("kind", ["test.note", "test.stubborn"])
def test_asked_to_stop_a_worker_gives_its_job_back(workers, gate, kind):
    (first,) = workers(1)
    job = jobs.enqueue(kind, {"rows": 4, "gate": str(gate)}, actor=SYSTEM)
    until(lambda: under_way(job))
    first.terminate()
    assert first.wait(60) == 0
    assert state(job) == "waiting"
    assert (job.attempts, job.lost) == (0, 0)
    gate.touch()
    workers(1)
    until(lambda: state(job) == "done")


def test_worker_survives_the_loss_of_every_connection(workers, gate):
    (worker,) = workers(1)
    job = jobs.enqueue("test.note", {"rows": 10, "gate": str(gate)}, actor=SYSTEM)
    until(lambda: under_way(job))  # its own session is open: it will be lost as well
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
    gate.touch()
    until(lambda: state(job) == "done")
    assert job.attempts == 2
    assert len(notes(job)) == 10
    later = jobs.enqueue("test.add", actor=SYSTEM)
    until(lambda: state(later) == "done")
    assert worker.poll() is None


def test_periodic_job_runs_once_across_workers(workers):
    began = timezone.now().replace(second=0, microsecond=0)
    workers(3)
    until(lambda: Periodic.objects.filter(key="test.minutely").exists())
    Job.objects.filter(kind="test.minutely").delete()
    for worker_again in range(2):
        # Make the latest time one that nobody has seen: fresh workers look at it all at once.
        Periodic.objects.update(last=timezone.now() - timedelta(minutes=3))
        workers(2)
        until(lambda n=worker_again: Job.objects.filter(kind="test.minutely").count() >= n + 1)
        time.sleep(1.5)  # long enough for a second one, if there were one
    count = Job.objects.filter(kind="test.minutely").count()
    turned = (timezone.now() - began) // timedelta(minutes=1)  # each minute that came meanwhile has one, too
    assert 2 <= count <= 2 + turned


def test_idle_worker_sleeps(workers):
    """It wakes to look at the clock, some dozens of times a second at the most, and for nothing else."""
    (worker,) = workers(1)
    process = psutil.Process(worker.pid)
    threads = Path(f"/proc/{worker.pid}/task")

    def wakeups():
        """How often its threads slept and were woken. On a busy machine they are fewer, never more."""
        if not threads.exists():  # not Linux
            return process.num_ctx_switches().voluntary
        found = (
            re.search(r"^voluntary_ctxt_switches:\s*(\d+)", (t / "status").read_text(), re.M) for t in threads.iterdir()
        )
        return sum(int(match[1]) for match in found if match)

    time.sleep(1.5)
    before, used, began = wakeups(), process.cpu_times(), time.monotonic()
    time.sleep(4)
    often = (wakeups() - before) / (time.monotonic() - began)
    now = process.cpu_times()
    print(f"idle: {often:.0f} wakeups a second, {(now.user + now.system - used.user - used.system) / 4:.2%} of a core,"
          f" {process.memory_info().rss / 2**20:.0f} MB")  # fmt: skip
    assert often < 300


def test_jobs_leave_no_sessions_behind(workers):
    workers(1, slots=2)
    made = [jobs.enqueue("test.add", actor=SYSTEM) for _ in range(20)]
    until(lambda: all(state(job) == "done" for job in made))
    with connection.cursor() as cursor:

        def left():
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'guanxi-job-%%'"
                           " AND datname = current_database()", [])  # fmt: skip
            return cursor.fetchone()[0]

        until(lambda: left() == 0)


def test_once_key_holds_when_many_ask_at_once(committed):
    made = []

    def ask():
        try:
            made.append(jobs.enqueue("test.add", actor=SYSTEM, once_key="same").pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8 and len(set(made)) == 1
