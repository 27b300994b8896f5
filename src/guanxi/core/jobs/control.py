"""The worker's own line to the database, beside the connections on which jobs do their work."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, LiteralString, Protocol, cast

import psycopg
from django.db import connection

Params = Sequence[Any] | Mapping[str, Any]
GONE = (psycopg.OperationalError, psycopg.InterfaceError)


def connect(name: str) -> psycopg.Connection[Any]:
    """A new autocommit connection to the default database, seen as `name` in pg_stat_activity."""
    settings = {k: v for k, v in connection.get_connection_params().items() if k not in {"cursor_factory", "context"}}
    settings.update(application_name=name, autocommit=True, connect_timeout=settings.get("connect_timeout", 5))
    return psycopg.connect(**settings)


class Line(Protocol):
    """Something that runs a statement and returns its rows."""

    def run(self, sql: LiteralString, params: Params, *, patience: float = 0.0) -> list[tuple[Any, ...]]: ...


class Control:
    """An autocommit connection shared by threads, that comes back after the database was away."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    def _open(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._name)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None

    def run(self, sql: LiteralString, params: Params, *, patience: float = 0.0) -> list[tuple[Any, ...]]:
        """Run one statement. When the database is away, try again for `patience` seconds (once at least)."""
        deadline = time.monotonic() + patience
        retried = False
        while True:
            with self._lock:
                try:
                    cursor = self._open().execute(sql, params)
                    return cursor.fetchall() if cursor.description else []
                except GONE as error:
                    if error.sqlstate is not None and error.sqlstate[:2] not in {"08", "57"}:
                        raise
                    self._drop()
                    if retried and time.monotonic() >= deadline:
                        raise
            if retried:
                time.sleep(0.3)
            retried = True

    @contextlib.contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[Any]]:
        """Several statements as one; nobody else uses the line meanwhile, so keep it short."""
        with self._lock:
            try:
                with self._open().transaction():
                    yield cast("psycopg.Connection[Any]", self._connection)
            except GONE:
                self._drop()
                raise

    def close(self) -> None:
        with self._lock:
            self._drop()


class SameTransaction:
    """The line of a job that runs inside somebody's open transaction: Django's own connection."""

    def run(self, sql: LiteralString, params: Params, *, patience: float = 0.0) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall()) if cursor.description else []
