"""The data directory: made whole or not at all, and its settings."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from guanxi.ops.embedded.programs import as_user, environment
from guanxi.ops.errors import DatabaseUnavailable, explained

if TYPE_CHECKING:
    from guanxi.ops.embedded.server import Server

SUPERUSER = "postgres"
ROLE = "guanxi"  # owns the database; no superuser, so that the program needs no more here than on a hosted server
DATABASE = "guanxi"
PORT = 5432  # only part of the socket's name


def data_directory(server: Server, programs: Path) -> None:
    """Make the data directory beside its place and move it there whole: a crash leaves all of it or nothing."""
    draft = server.data.with_name("postgres.new")
    _remove_draft(draft)
    draft.mkdir(mode=0o700)
    if server.account:
        os.chown(draft, server.account.pw_uid, server.account.pw_gid)
    try:
        _run(
            server, programs, "initdb", "--pgdata", str(draft), "--username", SUPERUSER, "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--data-checksums",
            "--auth=trust",  # the socket lies in a folder that only the server's user and root may enter
        )  # fmt: skip
        # Single-user mode reads one statement a line; role and database exist before anybody can connect.
        create = f"CREATE ROLE {ROLE} LOGIN CREATEDB\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n"
        _run(server, programs, "postgres", "--single", "-D", str(draft), "postgres", text=create)
    except DatabaseUnavailable:
        _remove_draft(draft)
        raise
    with (draft / "postgresql.conf").open("a") as conf:
        conf.write("\n# Written at every start; own settings belong in <home>/postgresql.conf\n")
        conf.write("include_if_exists = 'guanxi.conf'\n")
    if server.data.exists():
        server.data.rmdir()  # empty, or _check_data would have refused
    draft.rename(server.data)


def _run(server: Server, programs: Path, *command: str, text: str = "") -> None:
    """Run a program of PostgreSQL's as the right user, in a clean environment, with `text` as its input."""
    done = subprocess.run(
        [str(programs / command[0]), *command[1:]],
        env=environment(),
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        **as_user(server.account),
    )
    if done.returncode or "FATAL" in done.stderr or "ERROR" in done.stderr:
        raise explained(server.home, done.stderr or done.stdout)


def _remove_draft(draft: Path) -> None:
    """Remove a data directory in the making, first ending what an interrupted start left working in it."""
    import psutil

    for _ in range(50):
        workers = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.name() not in ("initdb", "postgres"):
                    continue
                if str(draft) in process.cmdline() or process.cwd() == str(draft.resolve()):
                    process.kill()
                    workers.append(process)
        psutil.wait_procs(workers, timeout=5)
        shutil.rmtree(draft, ignore_errors=True)
        if not draft.exists():
            return
        time.sleep(0.1)  # a last child was writing while its folder went
    shutil.rmtree(draft)


def settings(server: Server) -> None:
    """Write the settings, sized to the machine as it is now."""
    from guanxi.ops import machine

    chosen = {
        **machine.database_settings(server.data),
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": '"' + str(server.socket_dir).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
    }
    lines = ["# Written by guanxi at every start, sized to the machine."]
    lines += [f"{name} = {_quoted(value)}" for name, value in chosen.items()]
    lines.append(f"include_if_exists = {_quoted(str(server.home / 'postgresql.conf'))}")
    target = server.data / "guanxi.conf"
    target.write_text("\n".join(lines) + "\n")
    main = server.data / "postgresql.conf"
    if "'guanxi.conf'" not in main.read_text():
        with main.open("a") as conf:
            conf.write("\ninclude_if_exists = 'guanxi.conf'\n")
    if server.account:
        os.chown(target, server.account.pw_uid, server.account.pw_gid)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
