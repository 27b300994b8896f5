"""Real worker processes: quick, once, and not to be killed out of it."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from datetime import timedelta

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


def test_job_is_picked_up_within_200_ms_of_the_commit(workers):
    workers(1)
    waits = []
    for _ in range(12):
        with transaction.atomic():
            job = jobs.enqueue("test.add", actor=SYSTEM)
            time.sleep(random.uniform(0, 0.1))
        committed_at = timezone.now()
        until(lambda job=job: state(job) == "done")
        waits.append((job.started_at - committed_at).total_seconds())
    print(f"picked up after {sorted(waits)[6] * 1000:.0f} ms (median), {max(waits) * 1000:.0f} ms (most)")
    assert sorted(waits)[10] < 0.2


def test_job_of_a_killed_worker_is_run_again(workers):
    both = {process.pid: process for process in workers(2, lease=3)}
    job = jobs.enqueue("test.note", {"text": "once", "seconds": 2, "rows": 4}, actor=SYSTEM)
    until(lambda: state(job) == "running")
    time.sleep(1)
    both[int(job.worker.rpartition(":")[2])].kill()
    killed = time.monotonic()
    until(lambda: state(job) == "done", 20)
    print(f"done again {time.monotonic() - killed:.1f} s after the kill, 2 s of them work")
    assert time.monotonic() - killed < 15
    assert notes(job) == [("once", n) for n in range(4)]
    assert job.lost == 1


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
    workers(2, lease=1.5, slots=2)
    until(lambda: not Job.objects.filter(state__in=["waiting", "running"]).exists(), 60)
    for job in made:
        assert state(job) == "done", job.error
        assert [n for _, n in notes(job)] == [0, 1, 2]
    print(f"{len(made)} jobs, {sum(job.lost for job in made)} taken back after {rounds} kills")


def test_worker_that_was_only_asleep_cannot_finish_a_job_given_to_another(workers):
    (sleeper,) = workers(1, lease=2)
    job = jobs.enqueue("test.note", {"text": "one", "seconds": 3, "rows": 6}, actor=SYSTEM)
    until(lambda: state(job) == "running")
    time.sleep(0.5)
    os.kill(sleeper.pid, signal.SIGSTOP)
    try:
        workers(1, lease=2)
        until(lambda: state(job) == "running" and job.lost == 1, 15)
        second = job.claim
    finally:
        os.kill(sleeper.pid, signal.SIGCONT)
    until(lambda: state(job) == "done", 15)
    assert job.claim == second
    assert [n for _, n in notes(job)] == list(range(6))
    assert sleeper.poll() is None


def test_running_job_is_cancelled_at_its_next_check(workers):
    workers(1)
    job = jobs.enqueue("test.note", {"seconds": 20, "rows": 200}, actor=SYSTEM)
    until(lambda: state(job) == "running" and job.done > 2)
    asked = time.monotonic()
    jobs.cancel(job)
    until(lambda: state(job) == "cancelled", 5)
    print(f"cancelled after {time.monotonic() - asked:.2f} s")
    assert notes(job) == []
    assert 2 < job.done < 200


def test_progress_shows_while_the_transaction_is_open(workers):
    workers(1)
    job = jobs.enqueue("test.note", {"seconds": 3, "rows": 30}, actor=SYSTEM)
    until(lambda: state(job) == "running" and job.done >= 10)
    assert notes(job) == []
    assert job.total == 30
    assert 5 < job.rate < 15
    assert timezone.now() < job.eta < timezone.now() + timedelta(seconds=4)
    until(lambda: state(job) == "done")


@pytest.mark.parametrize("kind", ["test.note", "test.stubborn"])
def test_asked_to_stop_a_worker_gives_its_job_back(workers, kind):
    (first,) = workers(1, lease=30)
    job = jobs.enqueue(kind, {"seconds": 3}, actor=SYSTEM) if kind == "test.stubborn" else jobs.enqueue(
        kind, {"seconds": 3, "rows": 30}, actor=SYSTEM)  # fmt: skip
    until(lambda: state(job) == "running")
    time.sleep(0.3)
    first.terminate()
    assert first.wait(5) == 0
    assert state(job) == "waiting"
    assert (job.attempts, job.lost) == (0, 0)
    workers(1)
    until(lambda: state(job) == "done", 15)


def test_worker_survives_the_loss_of_every_connection(workers):
    (worker,) = workers(1)
    job = jobs.enqueue("test.note", {"seconds": 2, "rows": 10}, actor=SYSTEM)
    until(lambda: state(job) == "running" and job.done >= 1)  # its own session is open: it will be lost as well
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                       " WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
    until(lambda: state(job) == "done", 15)
    assert job.attempts == 2
    assert len(notes(job)) == 10
    later = jobs.enqueue("test.add", actor=SYSTEM)
    assert until(lambda: state(later) == "done") < 2
    assert worker.poll() is None


def test_periodic_job_runs_once_across_workers(workers):
    workers(3)
    until(lambda: Periodic.objects.filter(key="test.minutely").exists())
    Job.objects.filter(kind="test.minutely").delete()
    for worker_again in range(2):
        # Make the latest time one that nobody has seen: fresh workers look at it all at once.
        Periodic.objects.update(last=timezone.now() - timedelta(minutes=3))
        workers(2)
        until(lambda n=worker_again: Job.objects.filter(kind="test.minutely").count() >= n + 1)
        time.sleep(1.5)
    count = Job.objects.filter(kind="test.minutely").count()
    assert 2 <= count <= 3  # a minute may have turned meanwhile


def test_idle_worker_costs_little(workers):
    (worker,) = workers(1)
    process = psutil.Process(worker.pid)
    time.sleep(1.5)
    before = process.cpu_times()
    time.sleep(5)
    after = process.cpu_times()
    used = (after.user + after.system - before.user - before.system) / 5
    print(f"idle: {used * 100:.2f} % of a core, {process.memory_info().rss / 2**20:.0f} MB")
    assert used < 0.03


def test_jobs_leave_no_sessions_behind(workers):
    workers(1, slots=2)
    made = [jobs.enqueue("test.add", actor=SYSTEM) for _ in range(20)]
    until(lambda: all(state(job) == "done" for job in made))
    with connection.cursor() as cursor:

        def left():
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'guanxi-job-%%'", [])
            return cursor.fetchone()[0]

        until(lambda: left() == 0, 5)


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
