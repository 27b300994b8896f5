"""Parquet into the marts' DuckDB file: one wide table per entity, sorted by its date, values of few kept as ENUMs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from guanxi.insight.marts import shape
from guanxi.insight.questions import FIRST
from guanxi.records import catalogue

MOST_SMALL = 4000
LIMITS: dict[str, Any] = {"threads": 2, "memory_limit": "1GB", "preserve_insertion_order": False}


@dataclass(frozen=True)
class Parts:
    """The Parquet files of one entity: `base` as first pulled, less the ids in `touched`, and those as they are now in `delta`."""

    base: tuple[str, ...] = ()
    delta: tuple[str, ...] = ()
    touched: str = ""
    rows: int = 0
    touches: int = 0


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _files(folder: Path, names: Sequence[str]) -> str:
    return "read_parquet([" + ", ".join(f"'{folder / name}'" for name in names) + "])"


def source(folder: Path, key: str, parts: Parts) -> str:
    """A SELECT of the entity's live rows as they are now."""
    columns = ", ".join(quoted(c.name) for c in shape.pulled(catalogue.get(key)))
    pieces = []
    if parts.base:
        old = f"SELECT {columns} FROM {_files(folder, parts.base)} b"
        pieces.append(f"{old} ANTI JOIN {_files(folder, [parts.touched])} t ON b.id = t.id" if parts.touched else old)
    if parts.delta:
        pieces.append(f"SELECT {columns} FROM {_files(folder, parts.delta)}")
    if not pieces:
        nothing = ", ".join(f"NULL::{c.type} AS {quoted(c.name)}" for c in shape.pulled(catalogue.get(key)))
        return f"SELECT {nothing} WHERE false"
    return " UNION ALL ".join(pieces)


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
    parts: Mapping[str, Parts],
    *,
    zone: str,
    reporting: str,
    rate_days: Sequence[date],
    step: Callable[[str], None] = lambda _text: None,
) -> dict[str, int]:
    """Make the file `target` out of the Parquet files in `folder`; rows by entity. The file is whole when this returns."""
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
            rows[key] = _table(con, folder, key, parts.get(key, Parts()), zone, reporting)
        con.execute("DROP TABLE breaks")
        con.execute("CHECKPOINT")
    return rows


def _table(con: Any, folder: Path, key: str, parts: Parts, zone: str, reporting: str) -> int:
    con.execute(f"CREATE TEMP TABLE src AS {source(folder, key, parts)}")
    joins, extra = [], []
    for link, names in shape.CARRIED.get(key, {}).items():
        target = catalogue.link_target(catalogue.get(key), link)
        joins.append(f"LEFT JOIN {quoted(target)} {quoted('j_' + link)} ON {quoted('j_' + link)}.id = s.{quoted(link)}")
        extra += [f"{quoted('j_' + link)}.{quoted(name)} AS {quoted(f'{link}.{name}')}" for name in names]
    if key == "trade.order":
        extra.append(f"row_number() OVER (PARTITION BY s.account ORDER BY s.ordered_at, s.id) = 1 AS {quoted(FIRST)}")
    wide = f"SELECT {', '.join(['s.*', *extra])} FROM src s {' '.join(joins)}"
    time = shape.MAIN_TIME.get(key)
    if time is None:
        con.execute(f"CREATE TEMP TABLE wide AS {wide}")
    else:
        con.execute(f"CREATE TEMP TABLE early AS {wide}")
        instant = con.execute(f"SELECT typeof({quoted(time)}) = 'TIMESTAMP' FROM early LIMIT 1").fetchone()
        low, high = con.execute(
            f"SELECT min({quoted(time)})::TIMESTAMP, max({quoted(time)})::TIMESTAMP FROM early"
        ).fetchone()
        day = f"{local(quoted(time), zone, low, high)}::DATE" if instant and instant[0] else quoted(time)
        con.execute("INSERT INTO spans VALUES (?, ?, ?, 0)", [key, low, high])
        con.execute(
            f"CREATE TEMP TABLE wide AS SELECT *, (({day}).year() - 1900) * 12 + ({day}).month() - 1 AS month_, {day} AS day_ FROM early"
        )
        con.execute("DROP TABLE early")
    con.execute("DROP TABLE src")
    _rates(con, key, reporting)
    types = _enums(con, key)
    replaced = [f"CAST(CAST({quoted(c)} AS VARCHAR) AS {t}) AS {quoted(c)}" for c, t in types.items()]
    shown = [f"* EXCLUDE (month_, day_) REPLACE ({', '.join(replaced)})" if replaced else "* EXCLUDE (month_, day_)"]
    if time is None:
        shown = [f"* REPLACE ({', '.join(replaced)})" if replaced else "*"]
    else:
        shown += ['month_::USMALLINT AS "@month"', 'day_ AS "@day"']
    order = f"ORDER BY {quoted(time)}" if time else "ORDER BY id"
    con.execute(f"CREATE TABLE {quoted(key)} AS SELECT {', '.join(shown)} FROM wide {order}")
    con.execute("DROP TABLE wide")
    n = int(con.execute(f"SELECT count(*) FROM {quoted(key)}").fetchone()[0])
    con.execute("UPDATE spans SET rows = ? WHERE entity = ?", [n, key])
    return n


def _rates(con: Any, key: str, reporting: str) -> None:
    """The column @fx: 0 for the reporting currency, else a number for (currency, days with one rate)."""
    at = shape.MONEY.get(key)
    if at is None:
        return
    foreign = f"{quoted(at)} IS NOT NULL AND {quoted(at)} <> '{reporting}'"
    con.execute("INSERT INTO fx VALUES (?, 0, ?, NULL)", [key, reporting])
    if not con.execute(f"SELECT count(*) FROM wide WHERE {foreign}").fetchone()[0]:
        con.execute('CREATE OR REPLACE TEMP TABLE wide AS SELECT *, 0::SMALLINT AS "@fx" FROM wide')
        return
    con.execute(
        f"CREATE TEMP TABLE dated AS SELECT w.id, w.{quoted(at)} AS currency, b.since FROM (SELECT * FROM wide WHERE {foreign}) w"
        " ASOF LEFT JOIN breaks b ON w.day_ >= b.since"
    )
    con.execute(
        f"INSERT INTO fx SELECT '{key}', row_number() OVER (ORDER BY currency, since), currency, coalesce(since, DATE '1900-01-01')"
        " FROM (SELECT DISTINCT currency, since FROM dated)"
    )
    con.execute(
        'CREATE OR REPLACE TEMP TABLE wide AS SELECT w.*, coalesce(f.fx, 0)::SMALLINT AS "@fx" FROM wide w LEFT JOIN dated d'
        f" ON d.id = w.id LEFT JOIN fx f ON f.entity = '{key}' AND f.currency = d.currency"
        " AND f.since = coalesce(d.since, DATE '1900-01-01')"
    )
    con.execute("DROP TABLE dated")


def _enums(con: Any, key: str) -> dict[str, str]:
    """Makes a type for each small column of few values: {column: type}. Groups over them need no hashing."""
    entity = catalogue.get(key)
    small = {c.name for c in shape.pulled(entity) if c.small}
    for link, names in shape.CARRIED.get(key, {}).items():
        target = catalogue.get(catalogue.link_target(entity, link))
        below = {c.name for c in shape.pulled(target) if c.small}
        below |= {f"{up}.{n}" for up, more in shape.CARRIED.get(target.key, {}).items() for n in more}
        small |= {f"{link}.{n}" for n in names if n in below}
    found: dict[str, str] = {}
    for name in sorted(small):
        values = con.execute(
            f"SELECT DISTINCT CAST({quoted(name)} AS VARCHAR) AS v FROM wide WHERE {quoted(name)} IS NOT NULL ORDER BY v"
            f" LIMIT {MOST_SMALL + 1}"
        ).fetchall()
        if 0 < len(values) <= MOST_SMALL:
            type_ = quoted(f"{key}/{name}")
            con.execute(f"CREATE TYPE {type_} AS ENUM ({', '.join(_text(v[0]) for v in values)})")
            found[name] = type_
        elif not values:
            found[name] = "VARCHAR"  # an ENUM carried from another table would keep that one's type
    return found


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
