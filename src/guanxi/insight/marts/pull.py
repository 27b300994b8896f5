"""What changed since the last time, from PostgreSQL into Parquet: led by the journal, in one snapshot, in bounded memory.

The journal knows every record that was written, so nothing is scanned to find what changed. A change set gets its number when it
begins and is seen when it commits, so numbers can come late: those missing below the highest one seen are asked for again until no
transaction that could still bring them is open.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import connection

from guanxi.core.journal.models import Change, ChangeBatch, ChangeSet, Op
from guanxi.insight.marts import shape
from guanxi.records import catalogue
from guanxi.records.entity import Entity

BLOCK = 64 << 20  # bytes of CSV that wait on disk before they become Parquet
MOST_LATE = 10_000
MOST_CHANGED = 200_000  # beyond that, reading a table whole is cheaper than by ids
KEEP_LATE = timedelta(days=1)


class StartAnew(Exception):
    """What changed cannot be told from the journal: everything is pulled."""


@dataclass
class Watermark:
    """`high`: the highest change set seen; `late`: numbers below it not seen yet, and since when they are missed."""

    high: int = 0
    late: dict[int, datetime] = field(default_factory=dict)
    digest: str = ""


def database() -> str:
    """Which database this is: marts of another one are never read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database(), oid FROM pg_database WHERE datname = current_database()")
        name, oid = cursor.fetchone()
    first = ChangeSet.objects.order_by("id").values_list("id", "digest").first()
    return f"{name}/{oid}/{bytes(first[1]).hex()[:16] if first else ''}"


def top() -> Watermark:
    """Where the journal ends now, with nothing missed."""
    last = ChangeSet.objects.order_by("-id").values_list("id", "digest").first()
    mark = Watermark(last[0], {}, bytes(last[1]).hex()) if last else Watermark()
    mark.late = _missing(max(0, mark.high - MOST_LATE), mark.high)
    return mark


def _missing(low: int, high: int) -> dict[int, datetime]:
    seen = set(ChangeSet.objects.filter(pk__gt=low, pk__lte=high).values_list("pk", flat=True))
    now = datetime.now(UTC)
    return {n: now for n in range(low + 1, high + 1) if n not in seen}


def _oldest() -> datetime | None:
    """When the oldest transaction still open began, of all that can be seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(xact_start) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            " AND datname = current_database()"
        )
        found: datetime | None = cursor.fetchone()[0]
    return found


def changed(since: Watermark) -> tuple[dict[str, set[int]], Watermark]:
    """Ids of records by entity that were written after `since`, and the new watermark. Raises StartAnew."""
    held = ChangeSet.objects.filter(pk=since.high).values_list("digest", flat=True).first()
    if since.high and (held is None or bytes(held).hex() != since.digest):
        raise StartAnew("the journal is not the one we knew")  # a backup came back
    late = list(ChangeSet.objects.filter(pk__in=list(since.late)).values_list("pk", flat=True))
    new = ChangeSet.objects.filter(pk__gt=since.high)
    mark = top()
    if mark.high - since.high > MOST_LATE * 10:
        raise StartAnew("too much happened")
    oldest = _oldest()
    now = datetime.now(UTC)
    mark.late = _missing(since.high, mark.high)
    for number, when in since.late.items():
        may_come = (oldest is not None and oldest <= when) and now - when < KEEP_LATE
        if number not in late and may_come:
            mark.late[number] = when
    if len(mark.late) > MOST_LATE:
        raise StartAnew("too many numbers are missing")
    sets = [*late, *new.filter(lines__gt=0).values_list("pk", flat=True)]
    found: dict[str, set[int]] = {}
    for start in range(0, len(sets), 2000):
        _collect(sets[start : start + 2000], found)
    return found, mark


def _collect(sets: list[int], found: dict[str, set[int]]) -> None:
    lines = Change.objects.filter(change_set__in=sets, entity__in=shape.ENTITIES)
    for key, record in lines.values_list("entity", "record").iterator(10_000):
        found.setdefault(key, set()).add(record)
    for batch in ChangeBatch.objects.filter(change_set__in=sets, entity__in=shape.ENTITIES):
        if sum(map(len, found.values())) + batch.rows > MOST_CHANGED:
            raise StartAnew("a large import")
        column = {Op.CREATE: "created_in", Op.DELETE: "deleted_in"}.get(Op(batch.op), "")
        of = f'AND "{column}" = {int(batch.change_set_id)}' if column else ""
        table = connection.ops.quote_name(catalogue.get(batch.entity).table)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id FROM {table} WHERE id BETWEEN %s AND %s {of}",
                [batch.first, batch.last],
            )
            found.setdefault(batch.entity, set()).update(row[0] for row in cursor.fetchall())


def with_wholes(found: dict[str, set[int]]) -> dict[str, set[int]]:
    """The same and the records whose sums were written along with their parts (the total of an order): those have no line of their
    own in the journal."""
    for key in shape.ENTITIES:
        entity = catalogue.get(key)
        for rollup in entity.rollups:
            parts = found.get(key)
            if not parts:
                continue
            whole = catalogue.link_target(entity, rollup.link)
            column = entity.declared[rollup.link].column
            with connection.cursor() as cursor:
                cursor.execute(
                    f'SELECT DISTINCT "{column}" FROM {connection.ops.quote_name(entity.table)}'
                    f' WHERE id = ANY(%s) AND "{column}" IS NOT NULL',
                    [list(parts)],
                )
                found.setdefault(whole, set()).update(row[0] for row in cursor.fetchall())
    return found


def to_parquet(
    entity: Entity,
    folder: Path,
    stem: str,
    ids: Iterable[int] | None = None,
    *,
    tick: Callable[[int], None] = lambda _n: None,
) -> list[str]:
    """Live rows (all, or those with these ids) as Parquet files; their names. Memory is bounded by DuckDB's limit, disk by BLOCK."""
    columns = shape.pulled(entity)
    table = connection.ops.quote_name(entity.table)
    wanted = ", ".join(f'{c.sql} AS "{c.name}"' for c in columns)
    of = "" if ids is None else " AND id = ANY(ARRAY[" + ",".join(str(int(i)) for i in ids) + "]::bigint[])"
    sql = f"COPY (SELECT {wanted} FROM {table} WHERE deleted_in IS NULL{of}) TO STDOUT (FORMAT csv)"
    made: list[str] = []
    read = 0
    with tempfile.TemporaryDirectory(dir=folder) as waiting, connection.cursor() as cursor:
        csv = Path(waiting) / "block.csv"
        out = csv.open("wb")
        size = 0

        def turn() -> None:
            nonlocal size
            out.close()
            if size:
                name = f"{stem}-{len(made)}.parquet"
                _convert(csv, folder / name, columns)
                made.append(name)
            size = 0

        with cursor.copy(sql) as copy:
            for data in copy:
                size += out.write(data)
                read += 1
                if size >= BLOCK:
                    turn()
                    tick(read)
                    out = csv.open("wb")
        turn()
    tick(read)
    return made


def _convert(csv: Path, target: Path, columns: tuple[shape.Column, ...]) -> None:
    import duckdb  # when it is needed: most processes never do

    types = ", ".join(f"'{c.name}': '{c.type}'" for c in columns)
    with duckdb.connect(config={"threads": 1, "memory_limit": "512MB"}) as con:
        con.execute(
            f"COPY (SELECT * FROM read_csv('{csv}', header = false, columns = {{{types}}}, nullstr = '', allow_quoted_nulls = false))"
            f" TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )
