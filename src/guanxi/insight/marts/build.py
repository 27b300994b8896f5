"""Rows into the marts' DuckDB file: one wide table per entity, sorted by its date, values of few kept as ENUMs.

`build` makes the file from everything there is; `marts.update` brings a copy of it up to date. Both make wide rows here, so that they
make the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from guanxi.insight.marts import shape, totals
from guanxi.insight.marts.shape import quoted
from guanxi.insight.questions import FIRST
from guanxi.records import catalogue

MOST_SMALL = 4000
LIMITS: dict[str, Any] = {"threads": 2, "memory_limit": "1GB", "preserve_insertion_order": False}


def files(folder: Path, names: Sequence[str]) -> str:
    return "read_parquet([" + ", ".join(f"'{folder / name}'" for name in names) + "])"


def source(folder: Path, key: str, names: Sequence[str]) -> str:
    """A SELECT of the rows in these Parquet files, none when there are no files."""
    columns = shape.pulled(catalogue.get(key))
    if names:
        return f"SELECT {', '.join(quoted(c.name) for c in columns)} FROM {files(folder, names)}"
    return f"SELECT {', '.join(f'NULL::{c.type} AS {quoted(c.name)}' for c in columns)} WHERE false"


def local(column: str, zone: str, low: datetime | None, high: datetime | None) -> str:
    """A UTC TIMESTAMP as the clock of a zone shows it, as arithmetic: the offsets in force between `low` and `high`."""
    tz = ZoneInfo(zone)
    begin = (low or datetime(2000, 1, 1)).replace(tzinfo=UTC)
    end = max(begin, (high or datetime(2000, 1, 1)).replace(tzinfo=UTC))
    steps: list[tuple[datetime | None, int]] = [(None, _offset(tz, begin))]
    at = begin
    while at < end:
        then = min(at + timedelta(days=7), end)
        if _offset(tz, then) != _offset(tz, at):
            a, b = at, then
            while b - a > timedelta(seconds=1):
                middle = a + (b - a) / 2
                a, b = (middle, b) if _offset(tz, middle) == _offset(tz, at) else (a, middle)
            steps.append((b.replace(microsecond=0), _offset(tz, then)))
        at = then
    if len(steps) == 1:
        return f"({column} + INTERVAL {steps[0][1]} SECOND)"
    cases = " ".join(
        f"WHEN {column} >= TIMESTAMP '{when:%Y-%m-%d %H:%M:%S}' THEN INTERVAL {seconds} SECOND"
        for when, seconds in reversed(steps)
        if when is not None
    )
    return f"({column} + CASE {cases} ELSE INTERVAL {steps[0][1]} SECOND END)"


def _offset(tz: ZoneInfo, at: datetime) -> int:
    found = at.astimezone(tz).utcoffset()
    return int(found.total_seconds()) if found is not None else 0


def build(
    folder: Path,
    target: Path,
    parts: Mapping[str, Sequence[str]],
    *,
    zone: str,
    reporting: str,
    rate_days: Sequence[date],
    step: Callable[[str], None] = lambda _text: None,
) -> dict[str, int]:
    """Make the file `target` out of Parquet files in `folder`, by entity; rows by entity. The file is whole when this returns."""
    import duckdb  # when it is needed: most processes never do

    rows: dict[str, int] = {}
    with duckdb.connect(str(target), config={**LIMITS, "temp_directory": str(folder / "spill")}) as con:
        con.execute("CREATE TABLE breaks (since DATE)")
        if rate_days:
            con.executemany("INSERT INTO breaks VALUES (?)", [[day] for day in rate_days])
        con.execute("CREATE TABLE fx (entity VARCHAR, fx SMALLINT, currency VARCHAR, since DATE)")
        con.execute("CREATE TABLE spans (entity VARCHAR, low TIMESTAMP, high TIMESTAMP, rows BIGINT)")
        for key in shape.ENTITIES:
            step(key)
            con.execute(f"CREATE TEMP TABLE src AS {source(folder, key, parts.get(key, ()))}")
            rows[key] = _table(con, key, zone, reporting)
        con.execute("CHECKPOINT")
    return rows


def _table(con: Any, key: str, zone: str, reporting: str) -> int:
    wide(con, key, zone, reporting)
    types = _enums(con, key)
    time = shape.MAIN_TIME.get(key)
    order = f"ORDER BY {quoted(time)}" if time else "ORDER BY id"
    con.execute(f"CREATE TABLE {quoted(key)} AS SELECT {shown(key, types)} FROM wide {order}")
    con.execute("DROP TABLE wide")
    n = span(con, key)
    totals.build(con, key, n)
    return n


def wide(con: Any, key: str, zone: str, reporting: str) -> None:
    """Temporary table `src` (own columns) becomes `wide`: with what is carried from linked rows, days and rates. Links are looked up in
    the tables of the entities before; customers' first orders are told among the rows of `src`."""
    joins, extra = [], []
    for link, names in shape.CARRIED.get(key, {}).items():
        target = catalogue.link_target(catalogue.get(key), link)
        joins.append(f"LEFT JOIN {quoted(target)} {quoted('j_' + link)} ON {quoted('j_' + link)}.id = s.{quoted(link)}")
        extra += [f"{quoted('j_' + link)}.{quoted(name)} AS {quoted(f'{link}.{name}')}" for name in names]
    if key == "trade.order":
        extra.append(f"row_number() OVER (PARTITION BY s.account ORDER BY s.ordered_at, s.id) = 1 AS {quoted(FIRST)}")
    sql = f"SELECT {', '.join(['s.*', *extra])} FROM src s {' '.join(joins)}"
    time = shape.MAIN_TIME.get(key)
    if time is None:
        con.execute(f"CREATE TEMP TABLE wide AS {sql}")
    else:
        con.execute(f"CREATE TEMP TABLE early AS {sql}")
        instant = _is_instant(con, "early", time)
        low, high = _edges(con, "early", time)
        day = f"{local(quoted(time), zone, low, high)}::DATE" if instant else quoted(time)
        con.execute(
            f"CREATE TEMP TABLE wide AS SELECT *, (({day}).year() - 1900) * 12 + ({day}).month() - 1 AS month_, {day} AS day_ FROM early"
        )
        con.execute("DROP TABLE early")
    con.execute("DROP TABLE src")
    _rates(con, key, reporting)


def _is_instant(con: Any, table: str, time: str) -> bool:
    found = con.execute(
        f"SELECT column_type = 'TIMESTAMP' FROM (DESCRIBE {quoted(table)}) WHERE column_name = '{time}'"
    ).fetchone()
    return bool(found and found[0])


def _edges(con: Any, table: str, time: str) -> tuple[datetime | None, datetime | None]:
    found = con.execute(
        f"SELECT min({quoted(time)})::TIMESTAMP, max({quoted(time)})::TIMESTAMP FROM {quoted(table)}"
    ).fetchone()
    return found[0], found[1]


def span(con: Any, key: str) -> int:
    """Notes between which days the rows lie and how many there are; the number."""
    n = int(con.execute(f"SELECT count(*) FROM {quoted(key)}").fetchone()[0])
    con.execute("DELETE FROM spans WHERE entity = ?", [key])
    if (time := shape.MAIN_TIME.get(key)) is not None:
        con.execute("INSERT INTO spans VALUES (?, ?, ?, ?)", [key, *_edges(con, key, time), n])
    return n


def shown(key: str, types: Mapping[str, str]) -> str:
    """The columns of `wide` as they stand in the file; `types` of those that are not as they were pulled."""
    replaced = ", ".join(f"CAST(CAST({quoted(c)} AS VARCHAR) AS {t}) AS {quoted(c)}" for c, t in types.items())
    dated = key in shape.MAIN_TIME
    columns = f"*{' EXCLUDE (month_, day_)' if dated else ''}{f' REPLACE ({replaced})' if replaced else ''}"
    return f'{columns}, month_::USMALLINT AS "@month", day_ AS "@day"' if dated else columns


def _rates(con: Any, key: str, reporting: str) -> None:
    """The column @fx: 0 for the reporting currency, else a number for (currency, days with one rate). Numbers given stay."""
    at = shape.MONEY.get(key)
    if at is None:
        return
    if not con.execute("SELECT count(*) FROM fx WHERE entity = ?", [key]).fetchone()[0]:
        con.execute("INSERT INTO fx VALUES (?, 0, ?, NULL)", [key, reporting])
    foreign = f"{quoted(at)} IS NOT NULL AND CAST({quoted(at)} AS VARCHAR) <> '{reporting}'"
    if not con.execute(f"SELECT count(*) FROM wide WHERE {foreign}").fetchone()[0]:
        con.execute('ALTER TABLE wide ADD COLUMN "@fx" SMALLINT DEFAULT 0')
        return
    con.execute(
        f"CREATE TEMP TABLE dated AS SELECT w.id, CAST(w.{quoted(at)} AS VARCHAR) AS currency,"
        " coalesce(b.since, DATE '1900-01-01') AS since"
        f" FROM (SELECT * FROM wide WHERE {foreign}) w ASOF LEFT JOIN breaks b ON w.day_ >= b.since"
    )
    con.execute(
        f"INSERT INTO fx SELECT '{key}', (SELECT max(fx) FROM fx WHERE entity = '{key}') + row_number() OVER (ORDER BY currency, since),"
        " currency, since FROM (SELECT DISTINCT currency, since FROM dated) d WHERE NOT EXISTS"
        f" (SELECT 1 FROM fx f WHERE f.entity = '{key}' AND f.currency = d.currency AND f.since = d.since)"
    )
    con.execute(
        'CREATE TEMP TABLE rated AS SELECT w.*, coalesce(f.fx, 0)::SMALLINT AS "@fx" FROM wide w LEFT JOIN dated d'
        f" ON d.id = w.id LEFT JOIN fx f ON f.entity = '{key}' AND f.currency = d.currency AND f.since = d.since"
    )
    for sql in ("DROP TABLE dated", "DROP TABLE wide", "ALTER TABLE rated RENAME TO wide"):
        con.execute(sql)


def small(key: str) -> list[str]:
    """Columns of an entity's table that may be ENUMs: their own and those that are carried."""
    entity = catalogue.get(key)
    found = {c.name for c in shape.pulled(entity) if c.small}
    for link, names in shape.CARRIED.get(key, {}).items():
        target = catalogue.link_target(entity, link)
        below = set(small(target))
        found |= {f"{link}.{n}" for n in names if n in below}
    return sorted(found)


def distinct(con: Any, table: str, column: str) -> list[str]:
    """The values of a column as text, in order; no more than one beyond what an ENUM may have."""
    rows = con.execute(
        f"SELECT DISTINCT CAST({quoted(column)} AS VARCHAR) AS v FROM {quoted(table)} WHERE {quoted(column)} IS NOT NULL ORDER BY v"
        f" LIMIT {MOST_SMALL + 1}"
    ).fetchall()
    return [row[0] for row in rows]


def enum(values: Sequence[str]) -> str:
    return f"ENUM({', '.join(_text(v) for v in values)})"


def _enums(con: Any, key: str) -> dict[str, str]:
    """A type for each small column of few values: {column: type}. Groups over them need no hashing."""
    found: dict[str, str] = {}
    for name in small(key):
        values = distinct(con, "wide", name)
        if 0 < len(values) <= MOST_SMALL:
            found[name] = enum(values)
        elif not values:
            found[name] = "VARCHAR"  # an ENUM carried from another table would keep that one's type
    return found


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
