"""Real workers on the test database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

ROOT = Path(__file__).parents[3]


def database_url() -> str:
    s = connection.settings_dict
    host, port = s["HOST"] or s["OPTIONS"].get("host", ""), s["PORT"] or 5432
    password = f":{quote(s['PASSWORD'])}" if s["PASSWORD"] else ""
    return f"postgresql://{quote(s['USER'])}{password}@/{quote(s['NAME'])}?host={quote(host, safe='/')}&port={port}"


def until(check, seconds=300.0, every=0.02):
    """Wait until `check()` is true; returns how long it took. The limit only ends a test that has failed: machines are busy."""
    start = time.monotonic()
    while time.monotonic() - start < seconds:
        if check():
            return time.monotonic() - start
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s")


@pytest.fixture
def committed(transactional_db):
    """A database where commits count (other processes look at it), emptied afterwards."""
    assert connection.settings_dict["NAME"].startswith("test_")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS test_note")
        cursor.execute("CREATE TABLE test_note (job bigint, text text, n int, pid int)")


@pytest.fixture
def workers(committed):
    """`workers(n, lease=30, tick=1)` starts worker processes; they are ended with the test. Only who wants a lease to end
    asks for a short one."""
    started: list[subprocess.Popen] = []

    def start(n=1, *, lease=30.0, slots=1, tick=1.0):
        path = f"{ROOT / 'src'}:{ROOT}:{os.environ.get('PYTHONPATH', '')}"
        env = {**os.environ, "GUANXI_DATABASE_URL": database_url(), "PYTHONPATH": path}
        command = [sys.executable, "-m", "tests.core.jobs.worker_process", str(lease), str(slots), str(tick)]
        new = [subprocess.Popen(command, env=env, cwd=ROOT) for _ in range(n)]
        started.extend(new)
        with connection.cursor() as cursor:

            def ready():
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity"
                    " WHERE application_name = 'guanxi worker listening' AND datname = current_database()"
                )
                return cursor.fetchone()[0] >= sum(p.poll() is None for p in started)

            until(ready)
        return new

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()
