"""`guanxi database …`"""

from __future__ import annotations

import argparse
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection

from guanxi.ops import database, embedded
from guanxi.ops.errors import DatabaseUnavailable

SHOWN = ("shared_buffers", "work_mem", "maintenance_work_mem", "max_wal_size", "data_checksums", "max_connections")


def _server() -> embedded.Server:
    home = settings.DATABASES["default"].get("EMBEDDED_HOME")
    if not home:
        raise DatabaseUnavailable(
            "GUANXI_DATABASE_URL names a server of your own; guanxi neither starts nor stops that one.",
            "Use that server's own tools.",
        )
    return embedded.Server(Path(home))


def info(_: argparse.Namespace) -> int:
    import django

    django.setup()  # the other verbs work while the program itself does not
    found = database.state()
    where = settings.DATABASES["default"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        size = cursor.fetchone()[0]
        cursor.execute("SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)", [list(SHOWN)])
        values = dict(cursor.fetchall())
    lines = [
        ("server", f"PostgreSQL {found.server}, " + ("embedded" if database.is_embedded() else "your own")),
        ("place", where.get("EMBEDDED_HOME") or f"{where['HOST'] or 'localhost'}:{where['PORT'] or 5432}"),
        ("database", f"{where['NAME']}, {size}"),
        ("version", "up to date" if not found.pending else f"{len(found.pending)} migrations behind: guanxi migrate"),
        *((name, values.get(name, "")) for name in SHOWN),
    ]
    for name, value in lines:
        print(f"{name:22}{value}")
    database.refuse_newer(found)
    return 0


def url(_: argparse.Namespace) -> int:
    print(address(settings.DATABASES["default"]))
    return 0


def address(where: dict[str, Any]) -> str:
    """The database as a URL that PostgreSQL's tools take."""
    login = quote(where["USER"], safe="")
    if where["PASSWORD"]:
        login += ":" + quote(where["PASSWORD"], safe="")
    options = {k: v for k, v in where["OPTIONS"].items() if isinstance(v, str)}
    host = where["HOST"]
    if host.startswith("/"):
        options["host"], host = host, ""
    port = f":{where['PORT']}" if where["PORT"] else ""
    return f"postgresql://{login}@{host}{port}/{quote(where['NAME'])}" + (
        f"?{urlencode(options, quote_via=quote, safe='')}" if options else ""
    )


def psql(options: argparse.Namespace) -> int:
    """Their own psql if they have one, else the wheel's; held meanwhile, so that nobody stops the server."""
    database.connect()
    connection.close()
    program = _psql()
    command = [program, address(settings.DATABASES["default"]), *options.arguments]
    return subprocess.run(command, check=False).returncode


def _psql() -> str:
    import shutil

    bundled = embedded.engine() / "bin" / "psql"
    if bundled.exists() and os.access(bundled, os.X_OK):
        return str(bundled)
    return shutil.which("psql") or "psql"


def start(_: argparse.Namespace) -> int:
    server = _server()
    embedded.ensure(server.home)
    server.forget()
    print(f"The embedded database runs; stop it with: guanxi database stop\n{server.url()}")
    return 0


def stop(options: argparse.Namespace) -> int:
    server = _server()
    if not server.is_running():
        print("The embedded database does not run.")
        return 0
    if options.force:
        server.stop()
    elif not server.release():
        raise DatabaseUnavailable(
            "The embedded database is in use.",
            "End guanxi run and other commands first, or: guanxi database stop --force",
        )
    print("The embedded database is stopped.")
    return 0


VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "info": info, "url": url, "psql": psql, "start": start, "stop": stop,
}  # fmt: skip
