"""What every test stands on: a database server of the tests' own, and a database name that no other session has."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# How long an example takes says nothing on a busy machine.
hypothesis.settings.register_profile(
    "house", hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")

PREFIX = "test_guanxi"


def _own_home() -> Path:
    """The home of the tests' embedded server; it stays, so that the next run need not make one again."""
    home = Path(tempfile.gettempdir()) / f"guanxi-tests-{os.geteuid()}"
    home.mkdir(mode=0o711, exist_ok=True)
    if home.is_symlink() or home.stat().st_uid != os.geteuid():
        raise pytest.UsageError(f"{home} is somebody else's; remove it or set GUANXI_HOME")
    # Nothing here outlives a power cut, so nothing has to wait for the disk.
    settings = (
        "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nshared_buffers = 256MB\nmax_connections = 200\n"
    )
    conf = home / "postgresql.conf"
    if not conf.exists() or conf.read_text() != settings:
        conf.write_text(settings)
    return home


# Settings are read when pytest-django starts, before any hook here; xdist's workers inherit the environment.
if not os.environ.get("GUANXI_HOME") and not os.environ.get("GUANXI_DATABASE_URL"):
    os.environ["GUANXI_HOME"] = str(_own_home())
os.environ.setdefault("GUANXI_TEST_SESSION", f"{os.getpid()}_{secrets.token_hex(3)}")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any) -> None:
    """Several sessions at once share a server but not a database; what killed sessions left is dropped."""
    from django.conf import settings

    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    settings.DATABASES["default"].setdefault("TEST", {})
    test = settings.DATABASES["default"]["TEST"]
    test["NAME"] = "_".join(filter(None, [PREFIX, os.environ["GUANXI_TEST_SESSION"], worker]))
    from django.db import connections

    connections["default"].settings_dict["TEST"]["NAME"] = test["NAME"]
    for given in (settings.DATABASES["default"], connections["default"].settings_dict):
        given["OPTIONS"]["connect_timeout"] = 120  # seconds; a busy machine fails no test
    if worker in ("", "gw0"):
        with django_db_blocker.unblock():
            _drop_remains()


@pytest.fixture(scope="session", autouse=True)
def _tables_may_be_emptied() -> Iterator[None]:
    """After a test that commits, Django truncates every table, which the database refuses unless it is told beforehand."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    plain = DatabaseOperations.execute_sql_flush

    def emptying(self: Any, sql_list: list[str]) -> None:
        plain(self, ["SET LOCAL guanxi.emptying = 'on'", *sql_list])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", emptying)
        yield


def _drop_remains() -> None:
    from django.db import connection

    with connection._nodb_cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s AND pg_get_userbyid(datdba) = current_user",
            [f"{PREFIX}_%"],
        )
        for (name,) in cursor.fetchall():
            owner = re.match(rf"{PREFIX}_(\d+)_", name)
            if owner and not Path(f"/proc/{owner[1]}").exists() and Path("/proc/self").exists():
                with contextlib.suppress(Exception):  # another session is just dropping it
                    cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty home for an embedded server of the test's own, stopped and removed at the end.

    Not `tmp_path`: that one is closed to the user whom PostgreSQL runs as when the tests run as root.
    """
    import shutil

    from guanxi.ops import embedded

    folder = Path(tempfile.mkdtemp(prefix="guanxi-home-"))
    folder.chmod(0o711)
    (folder / "postgresql.conf").write_text("fsync = off\nshared_buffers = 32MB\n")
    yield folder
    server = embedded.Server(folder)
    server.forget()
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)
    if server.socket_dir.parent == Path("/tmp"):
        shutil.rmtree(server.socket_dir, ignore_errors=True)
