"""The embedded database: what breaks heals, and what cannot heal is said in words."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from guanxi.ops import embedded, errors, machine
from guanxi.ops.errors import DatabaseUnavailable

pytestmark = [pytest.mark.slow]

START = (
    "import sys; from pathlib import Path; from guanxi.ops import embedded; print(embedded.ensure(Path(sys.argv[1])))"
)


def started(home: Path, code: str = START) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(home)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def value(server: embedded.Server, sql: str) -> object:
    with server.connect("guanxi") as connection:
        row = connection.execute(sql).fetchone()
        return row[0] if row else None


def postmaster(server: embedded.Server) -> psutil.Process:
    note = server.postmaster()
    assert note is not None
    return psutil.Process(note.pid)


def kill(server: embedded.Server) -> None:
    process = postmaster(server)
    process.kill()
    psutil.wait_procs([process], timeout=60)


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait for it; the limit only ends a test that has failed."""
    ended = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ended, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def server(home: Path) -> embedded.Server:
    embedded.ensure(home)
    return embedded.Server(home)


def test_a_fresh_one_has_checksums_utf8_and_a_role_that_is_no_superuser(server: embedded.Server) -> None:
    assert value(server, "SHOW data_checksums") == "on"
    assert value(server, "SHOW server_encoding") == "UTF8"
    assert value(server, "SHOW listen_addresses") == ""
    assert value(server, "SHOW jit") == "off"
    assert value(server, "SELECT rolsuper FROM pg_roles WHERE rolname = 'guanxi'") is False
    assert value(server, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'guanxi'") == "guanxi"
    assert server.socket_dir.stat().st_mode & 0o077 == 0, "nobody else may reach the socket"


def test_the_administrators_own_settings_win(server: embedded.Server) -> None:
    assert value(server, "SHOW shared_buffers") == "32MB"


def test_finding_it_running_is_cheap(server: embedded.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its note and its socket are enough: no process is started or looked for, no lock taken, no session opened."""

    def dear(*_: object, **__: object) -> None:
        raise AssertionError("finding a running server needs none of this")

    with monkeypatch.context() as patch:
        for where, name in (
            (subprocess, "Popen"), (psutil, "process_iter"), (embedded.Server, "_lock"), (embedded.Server, "connect"),
        ):  # fmt: skip
            patch.setattr(where, name, dear)
        assert embedded.ensure(server.home) == server.url()


@pytest.mark.crash
def test_kill_9_of_the_database_heals_and_keeps_what_was_committed(server: embedded.Server) -> None:
    with server.connect("guanxi") as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    kill(server)
    assert not server.is_ready()
    embedded.ensure(server.home)
    assert value(server, "SELECT count(*) FROM kept") == 1000


@pytest.mark.crash
def test_kill_9_of_the_postmaster_while_a_backend_is_busy(server: embedded.Server) -> None:
    connection = server.connect("guanxi")
    connection.execute("SET statement_timeout = 0")
    import threading

    def busy() -> None:
        with contextlib.suppress(Exception):
            connection.execute("SELECT count(*) FROM generate_series(1, 1000000000)")

    thread = threading.Thread(target=busy)
    thread.start()
    until(lambda: value(server, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%1000000000)' AND state = 'active'"
                                " AND pid <> pg_backend_pid()"))  # fmt: skip
    kill(server)
    embedded.ensure(server.home)
    assert value(server, "SELECT 1") == 1
    thread.join(60)
    assert not thread.is_alive()


@pytest.mark.crash
def test_a_stale_note_with_somebody_elses_process_id_does_no_harm(server: embedded.Server) -> None:
    note = server.data / "postmaster.pid"
    lines = note.read_text().splitlines()
    socket = server.socket_dir / embedded.SOCKET_NAME
    server.stop()
    assert not note.exists()
    # After a reboot the number may be anybody's: here it is this test's own, very much alive.
    note.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    socket.with_name(socket.name + ".lock").write_text(f"{os.getpid()}\n")
    if server.account:
        os.chown(note, server.account.pw_uid, server.account.pw_gid)
    assert not server.is_ready()
    embedded.ensure(server.home)
    assert value(server, "SELECT 1") == 1
    assert postmaster(server).pid != os.getpid()


@pytest.mark.crash
def test_a_half_written_note_does_no_harm(server: embedded.Server) -> None:
    server.stop()
    (server.data / "postmaster.pid").write_text("12")
    embedded.ensure(server.home)
    assert value(server, "SELECT 1") == 1


@pytest.mark.crash
def test_an_interrupted_first_start_leaves_no_half_database(home: Path) -> None:
    process = started(home)
    until((home / "postgres.new").exists)
    time.sleep(0.2)  # somewhere in its work; where does not matter
    process.kill()  # what it had started works on: the next start ends that
    process.wait()
    server = embedded.Server(home)
    embedded.ensure(home)
    assert value(server, "SELECT 1") == 1


def test_many_starts_at_once_share_one_server(home: Path) -> None:
    code = START + "; import time; time.sleep(1)"
    processes = [started(home, code) for _ in range(4)]
    outputs = {process.communicate(timeout=600)[0] for process in processes}
    assert {process.returncode for process in processes} == {0}
    assert len(outputs) == 1
    masters = [p for p in embedded.Server(home).processes() if p.cmdline()[1:2] == ["-D"]]
    assert len(masters) == 1


def test_the_last_user_stops_it_and_a_killed_one_does_not_count(server: embedded.Server) -> None:
    other = started(server.home, START + "; sys.stdout.flush(); import time; time.sleep(3600)")
    assert other.stdout is not None
    other.stdout.readline()
    assert not server.release(), "another process uses it"
    other.send_signal(signal.SIGKILL)
    other.wait()
    server.hold()
    assert server.release()
    assert not server.is_running()


def test_it_is_not_stopped_under_a_connection_from_outside(server: embedded.Server) -> None:
    with server.connect("guanxi"):
        assert not server.release()
    assert server.release()


@pytest.mark.parametrize("name", ["with space", "引号'和\"汉字", "long" * 30, "dollar$HOME`x`"])
def test_any_folder_name_will_do(home: Path, name: str) -> None:
    server = embedded.Server(home / name)
    try:
        embedded.ensure(server.home)
        assert value(server, "SELECT current_database()") == "guanxi"
        assert len(os.fsencode(server.socket_dir / embedded.SOCKET_NAME)) <= embedded.SOCKET_LIMIT
    finally:
        server.forget()
        server.stop()
        if server.socket_dir.parent == Path("/tmp"):
            shutil.rmtree(server.socket_dir)


def test_data_of_another_major_version_is_refused(server: embedded.Server) -> None:
    server.stop()
    (server.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(DatabaseUnavailable, match="made by PostgreSQL 16") as caught:
        embedded.ensure(server.home)
    assert "GUANXI_DATABASE_URL" in caught.value.remedy


def test_no_space_is_said_before_anything_is_begun(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(home)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10 * 1024 * 1024))
    with pytest.raises(DatabaseUnavailable, match=r"No space left .*10 MB free"):
        embedded.ensure(home)
    assert not (home / "postgres").exists()
    assert not (home / "postgres.new").exists()


def test_a_folder_of_other_things_is_left_alone(home: Path) -> None:
    (home / "postgres").mkdir()
    (home / "postgres" / "thesis.doc").write_text("mine")
    with pytest.raises(DatabaseUnavailable, match="not empty"):
        embedded.ensure(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="root passes PostgreSQL on to another user")
def test_a_home_that_the_servers_user_cannot_enter_is_said(home: Path) -> None:
    private = home / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(DatabaseUnavailable, match="may not pass") as caught:
        embedded.ensure(private / "home")
    assert f"chmod o+x {private}" in caught.value.remedy
    assert private.stat().st_mode & 0o777 == 0o700, "nobody's folder is opened behind their back"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
def test_another_users_home_is_said(server: embedded.Server) -> None:
    server.stop()
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom guanxi.ops import embedded, errors\nimport psutil, psycopg, getpass\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "try:\n    embedded.ensure(Path(sys.argv[1]))\nexcept errors.DatabaseUnavailable as e:\n    print(e)\n"
    )
    output, error = started(server.home, code).communicate(timeout=300)
    assert "No right to use" in output, (output, error)


def test_settings_fit_small_and_large_machines(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def buffers(memory: int) -> str:
        monkeypatch.setattr(machine, "memory", lambda: memory * 1024 * machine.MB)
        return machine.database_settings(home)["shared_buffers"]

    assert buffers(1) == "128MB"
    assert buffers(8) == "1024MB"
    assert buffers(256) == "4096MB"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("FATAL:  could not write lock file: No space left on device", "No space left"),
        ("initdb: error: could not access directory: Permission denied", "No right"),
        ("FATAL:  database files are incompatible with server", "another version"),
        ("FATAL:  could not map anonymous shared memory: Cannot allocate memory", "too little memory"),
        ("something else entirely", "something else entirely"),
    ],
)
def test_failures_become_words(home: Path, text: str, problem: str) -> None:
    found = errors.explained(home, text)
    assert problem in found.problem
    assert found.remedy
