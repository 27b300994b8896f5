"""Bringing the server up, whatever a crash left behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from guanxi.ops.embedded import making, programs
from guanxi.ops.embedded.making import PORT
from guanxi.ops.embedded.programs import MAJOR, as_user, environment
from guanxi.ops.errors import DatabaseUnavailable, explained

if TYPE_CHECKING:
    from guanxi.ops.embedded.server import Server

SOCKET_NAME = f".s.PGSQL.{PORT}"
NEEDED_SPACE = 256 * 1024 * 1024
LEAST_SPACE = 24 * 1024 * 1024
START_SECONDS = 900  # a server that recovers a large import from its log may take minutes; it is killed by nobody


def bring_up(server: Server) -> None:
    """Start it and return when it takes connections. The caller holds the home's lock and has seen that it is not ready."""
    _check_data(server)
    folder = programs.folder(server)
    _clear_remains(server)
    try:
        _make_socket_dir(server)
        if not (server.data / "PG_VERSION").exists():
            making.data_directory(server, folder)
        making.settings(server)
        _launch(server, folder)
    except OSError as error:
        raise explained(server.home, str(error)) from error


def _check_data(server: Server) -> None:
    """Refuse what cannot be started, in words."""
    version = server.data / "PG_VERSION"
    space = shutil.disk_usage(server.home).free
    if space < (LEAST_SPACE if version.exists() else NEEDED_SPACE):
        raise explained(server.home, "No space left on device")
    try:
        found = version.read_text().strip()
        owner = server.data.stat().st_uid
    except FileNotFoundError:
        if server.data.exists() and any(server.data.iterdir()):
            raise DatabaseUnavailable(
                f"{server.data} is not empty and holds no PostgreSQL data.",
                "Move it away, or choose another folder with GUANXI_HOME.",
            )
        return
    except PermissionError as error:
        raise explained(server.home, str(error)) from error
    if found != str(MAJOR):
        raise DatabaseUnavailable(
            f"The data in {server.data} was made by PostgreSQL {found}; this program brings PostgreSQL {MAJOR}.",
            "Install the guanxi that made it and dump the database there (guanxi database url, pg_dump),\n"
            f"or serve the folder with a PostgreSQL {found} of your own and name that in GUANXI_DATABASE_URL.",
        )
    if owner != (server.account.pw_uid if server.account else os.geteuid()):
        raise explained(server.home, "Permission denied")


def _clear_remains(server: Server) -> None:
    """Remove what a killed server left: orphaned backends, its note, its socket and the socket's lock."""
    import psutil

    note = server.postmaster()
    alive = server.processes()
    if note and any(process.pid == note.pid for process in alive):
        # A server is there but not on our socket, or it starts or stops just now: wait, then take it down.
        for _ in range(100):
            if server.is_ready():
                return
            if not psutil.pid_exists(note.pid):
                break
            if (fresh := server.postmaster()) and fresh.status == "ready" and fresh.socket != str(server.socket_dir):
                break
            time.sleep(0.1)
        server.stop(locked=True)
        alive = server.processes()
    # Backends outlive a killed postmaster for a moment; PostgreSQL rightly refuses to start beside them.
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.send_signal(3)  # SIGQUIT: leave at once
    _, stubborn = psutil.wait_procs(alive, timeout=5)
    for process in stubborn:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(stubborn, timeout=5)
    # The note names a process id that may by now belong to anybody; PostgreSQL would believe it to be a server.
    for left in (
        server.data / "postmaster.pid",
        server.socket_dir / SOCKET_NAME,
        server.socket_dir / f"{SOCKET_NAME}.lock",
    ):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            left.unlink()


def _make_socket_dir(server: Server) -> None:
    folder = server.socket_dir
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    uid = server.account.pw_uid if server.account else os.geteuid()
    stat = folder.lstat()
    if server.account and stat.st_uid == 0:
        os.chown(folder, server.account.pw_uid, server.account.pw_gid)
    elif stat.st_uid != uid or folder.is_symlink() or not folder.is_dir():
        raise DatabaseUnavailable(
            f"{folder}, where the database's socket belongs, is somebody else's.",
            "Remove it, or choose a home with a shorter path (GUANXI_HOME).",
        )
    folder.chmod(0o700)


def _launch(server: Server, programs: Path) -> None:
    """Start the server as nobody's child and wait until it takes connections, however long recovery needs."""
    log = server.data / "start.log"
    # The shell puts it into the background and goes, so it outlives us; the paths are arguments, never code.
    script = '"$1" -D "$2" </dev/null >"$3" 2>&1 & echo $!'
    shell = subprocess.run(
        ["/bin/sh", "-c", script, "sh", str(programs / "postgres"), str(server.data), str(log)],
        env=environment(),
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        **as_user(server.account),
    )
    pid = int(shell.stdout.strip() or 0)
    started = time.monotonic()
    told = False
    while not server.is_ready():
        waited = time.monotonic() - started
        if not alive(pid):
            if server.is_ready():
                break
            raise explained(server.home, _start_log(server, log))
        if waited > START_SECONDS:
            raise DatabaseUnavailable(
                f"The database has not become ready in {START_SECONDS // 60} minutes.",
                f"It is still working (process {pid}); see {server.logs}, and try again.",
            )
        if waited > 5 and not told:
            told = True
            print("The database is recovering from its log; this may take a few minutes …", file=sys.stderr)
        time.sleep(0.02 if waited < 2 else 0.2)


def _start_log(server: Server, log: Path) -> str:
    """What the server said before it gave up."""
    text = log.read_text(errors="replace") if log.exists() else ""
    newest = max(server.logs.glob("*.log"), key=lambda path: path.stat().st_mtime, default=None)
    if newest and "FATAL" not in text and "PANIC" not in text:
        text += newest.read_text(errors="replace")[-4000:]
    return text


def alive(pid: int) -> bool:
    """Whether process `pid` runs; a zombie (a container's first process may never bury it) does not."""
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
