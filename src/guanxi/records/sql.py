"""The SQL written by hand over record tables; questions to the search index stand in `finding`. Names come from models,
values are always parameters.

Everything here works on any number of rows a statement. Rights were checked before; journal lines are the caller's.
"""

from __future__ import annotations

import json
import select
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from threading import Event, Thread
from typing import Any

import psycopg
from django.db import IntegrityError, connection

from guanxi.records.entity import Entity

CHUNK = 2000


def quote(name: str) -> str:
    """A table's or column's name in a statement."""
    return str(connection.ops.quote_name(name))


def update_rows(
    entity: Entity, names: Sequence[str], items: Sequence[Mapping[str, Any]], *, at: datetime, change_set: int
) -> None:
    """Set the columns `names` of rows; each item is JSON with "id" and those columns, read by `jsonb_populate_record`."""
    table = quote(entity.table)
    sets = ", ".join(f"{quote(name)} = s.{quote(name)}" for name in names)
    sql = (
        f"UPDATE {table} AS t SET {sets}, version = t.version + 1, changed_at = %s, changed_in = %s"
        f" FROM (SELECT (jsonb_populate_record(NULL::{table}, v)).* FROM unnest(%s::jsonb[]) AS v) AS s WHERE t.id = s.id"
    )
    with connection.cursor() as cursor:
        for start in range(0, len(items), CHUNK):
            chunk = [json.dumps(item, ensure_ascii=False) for item in items[start : start + CHUNK]]
            cursor.execute(sql, [at, change_set, chunk])


def insert_row(entity: Entity, values: Mapping[str, Any]) -> None:
    """Insert one row from JSON values by column."""
    names = ", ".join(quote(name) for name in values)
    table = quote(entity.table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {names} FROM jsonb_populate_record(NULL::{table}, %s::jsonb)",
            [json.dumps(values, ensure_ascii=False, default=str)],
        )


@contextmanager
def copying(entity: Entity, names: Sequence[str], blocks: Iterable[bytes]) -> Iterator[None]:
    """COPY text lines whose columns are `names`, in a thread of its own, while the body computes.

    The connection is busy until the body has ended and the last block is written: neither the body nor `blocks` may use the
    database. Raises the driver's errors at the end; an error of the body gives the rows up.
    """
    columns = ", ".join(quote(name) for name in names)
    given_up = Event()
    failed: list[BaseException] = []

    def send() -> None:
        try:
            with cursor.copy(f"COPY {quote(entity.table)} ({columns}) FROM STDIN") as copy:
                for block in blocks:
                    if given_up.is_set():
                        raise InterruptedError
                    copy.write(block)
        except BaseException as error:
            failed.append(error)

    with connection.cursor() as cursor:
        thread = Thread(target=send, name="guanxi-copy", daemon=True)
        thread.start()
        try:
            yield
        except BaseException:
            given_up.set()
            raise
        finally:
            thread.join()
    if failed:
        raise failed[0]


def hold(entity: Entity, ids: Collection[int]) -> set[int]:
    """Those of these records that are live, kept from being deleted until the transaction ends (others may still edit them)."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {quote(entity.table)} WHERE id = ANY(%s) AND deleted_in IS NULL ORDER BY id FOR KEY SHARE",
            [list(ids)],
        )
        return {int(row[0]) for row in cursor.fetchall()}


def lock_tree(entity: Entity) -> None:
    """Until the transaction ends, nobody else moves nodes of this tree: two moves at once could close a circle."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"guanxi.tree.{entity.key}"])


def sum_parts(part: Entity, column: str, whole: Entity, sums: Mapping[str, str], ids: Collection[int]) -> int:
    """Set columns of wholes to sums over their live parts: `sums` maps a column of the whole to one of the part; returns rows set."""
    sets = ", ".join(f"{quote(name)} = coalesce(s.{quote(name)}, 0)" for name in sums)
    added = ", ".join(f"sum({quote(of)}) AS {quote(name)}" for name, of in sums.items())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {quote(whole.table)} t SET {sets} FROM (SELECT {quote(column)} AS whole, {added} FROM {quote(part.table)}"
            f" WHERE {quote(column)} = ANY(%s) AND deleted_in IS NULL GROUP BY 1) s WHERE t.id = s.whole",
            [list(ids)],
        )
        return int(cursor.rowcount)


_TOKENS = (
    "INSERT INTO records_searchentry (record, entity, tokens)"
    " SELECT i, %s::text, t::tsvector FROM unnest(%s::bigint[], %s::text[]) AS s (i, t)"
    " ON CONFLICT (record) DO UPDATE SET tokens = EXCLUDED.tokens"
)


class TokenWriter:
    """Writes search tokens a chunk behind: what was put is sent by the next `start`, and written while its caller goes on.

    A context manager; when it ends everything is written, or the error is raised.
    """

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self._put: Sequence[tuple[int, str]] = ()
        self._sent: psycopg.Cursor[Any] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> TokenWriter:
        return self

    def put(self, tokens: Sequence[tuple[int, str]]) -> None:
        """(record id, tsvector text); nothing is sent yet."""
        self._finish()
        self._put = tokens

    def start(self) -> None:
        """Send what was put and do not wait."""
        if self._put:
            connection.ensure_connection()
            raw = connection.connection
            self._stack.enter_context(raw.pipeline())
            self._sent = psycopg.Cursor(raw)
            ids, texts = [i for i, _ in self._put], [t for _, t in self._put]
            self._sent.execute(_TOKENS, [self.entity.key, ids, texts])
            while raw.pgconn.flush():  # the server begins once it has all of it
                select.select([], [raw.fileno()], [])
            self._put = ()

    def _finish(self) -> None:
        stack, self._stack, self._sent = self._stack, ExitStack(), None
        stack.close()

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        self._finish()
        if kind is None:
            self.start()
            self._finish()


def expression_index(entity: Entity, name: str, expression: str, *, key: str, unique: bool) -> None:
    """An index on an expression over `custom`, for live rows that have the key. `expression` and `key` are checked by the caller.

    Built beside the writing, except inside a transaction, where PostgreSQL cannot. What an attempt that was broken off left
    behind is dropped first.
    """
    beside = "" if connection.in_atomic_block else "CONCURRENTLY "
    with connection.cursor() as cursor:
        if not has_index(name):
            cursor.execute(f"DROP INDEX {beside}IF EXISTS {quote(name)}")
        try:
            cursor.execute(
                f"CREATE {'UNIQUE ' if unique else ''}INDEX {beside}IF NOT EXISTS {quote(name)} ON {quote(entity.table)}"
                f" ({expression}{'' if unique else ', id DESC'}) WHERE deleted_in IS NULL AND custom ? '{key}'"
            )
        except IntegrityError:
            if beside:
                cursor.execute(f"DROP INDEX {beside}IF EXISTS {quote(name)}")
            raise


def has_index(name: str) -> bool:
    """Whether there is an index of this name that is whole."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE c.relname = %s AND i.indisvalid AND pg_table_is_visible(c.oid)",
            [name],
        )
        return cursor.fetchone() is not None


def analyze(entity: Entity, columns: Collection[str] = ()) -> None:
    """Fresh statistics for the planner after much was written; until autovacuum comes by it would plan for an empty table.

    `columns`: only of these. Nothing happens while somebody else is at it: the lock is kept until the transaction ends.
    """
    only = f" ({', '.join(map(quote, columns))})" if columns else ""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE (SKIP_LOCKED) {quote(entity.table)}{only}")


def rows_known(entity: Entity) -> int:
    """How many rows the planner believes the table to have; 0 where nothing is known."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [quote(entity.table)])
        return max(0, int(cursor.fetchone()[0]))


def analyze_search() -> None:
    """The same for the search index: without statistics its queries scan. What waits to be sorted in, is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('records_search_tokens')")
        cursor.execute("ANALYZE records_searchentry")
