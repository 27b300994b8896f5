"""Totals of large tables, kept beside them: by month and by one small column each, and by customer, each with whose records they are.

A question that asks for no more than a table of totals has is answered from it, for everybody's range; others read the rows. Totals are
exact (decimals), and a refresh takes the rows that went away off them and adds those that came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from guanxi.insight.marts import shape
from guanxi.insight.marts.shape import quoted
from guanxi.insight.questions import FIRST, owner_path
from guanxi.records import catalogue

#: Below this many rows, reading them all is quick enough.
FROM = 500_000
#: Totals by month with more cells than rows divided by this are not worth their room.
WORTH = 4


@dataclass(frozen=True)
class Totals:
    """One table of totals: `keys` are the columns it tells apart, `rows` how many cells it has."""

    name: str
    keys: tuple[str, ...]
    rows: int


def types_of(con: Any, table: str) -> dict[str, str]:
    """Columns of a table in this connection's file, with their types as SQL has them."""
    rows = con.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'main' AND table_name = ? AND NOT internal"
        " ORDER BY column_index",
        [table],
    ).fetchall()
    return {str(name): str(type_) for name, type_ in rows}


def _numbers(key: str) -> list[str]:
    return [
        c.name
        for c in shape.pulled(catalogue.get(key))
        if not c.small and c.name != "id" and c.type in ("BIGINT", "DECIMAL(18,4)")
    ]


def _keys(con: Any, key: str) -> list[tuple[str, ...]]:
    types = types_of(con, key)
    common = [c for c in (owner_path(catalogue.get(key)), "@fx") if c in types]
    monthly = [*common, *(["@month"] if "@month" in types else [])]
    small = [c for c, t in types.items() if t.startswith("ENUM") or (t == "BOOLEAN" and c.rpartition(".")[2] == FIRST)]
    found = [tuple(monthly)]
    found += [(c, *monthly) for c in small if c not in monthly]
    found += [(c, *common) for c in shape.TOTALS_BY.get(key, ()) if types.get(c) == "BIGINT"]
    return found


def _cells(key: str, sign: str = "") -> list[str]:
    """The figures of a cell, over rows; `sign` "-" takes them off."""
    found = [f"{sign}count(*) AS n"]
    for c in _numbers(key):
        found += [f"{sign}sum({quoted(c)}) AS {quoted(f's:{c}')}", f"{sign}count({quoted(c)}) AS {quoted(f'c:{c}')}"]
    return found


def _figures(key: str) -> list[str]:
    return ["n", *(f"{side}:{c}" for c in _numbers(key) for side in ("s", "c"))]


def build(con: Any, key: str, rows: int) -> None:
    """Make the totals of an entity whose table stands, when it is large and has amounts; those that are there stay."""
    con.execute("CREATE TABLE IF NOT EXISTS totals (entity VARCHAR, name VARCHAR, keys VARCHAR[], rows BIGINT)")
    if key not in shape.MONEY or rows < FROM:
        return
    held = [tuple(row[0]) for row in con.execute("SELECT keys FROM totals WHERE entity = ?", [key]).fetchall()]
    for keys in _keys(con, key):
        if keys in held:
            continue
        held.append(keys)
        name = f"{key}#{len(held)}"
        columns = ", ".join(quoted(k) for k in keys)
        con.execute(
            f"CREATE TABLE {quoted(name)} AS SELECT {columns}, {', '.join(_cells(key))} FROM {quoted(key)} GROUP BY {columns}"
        )
        n: int | None = int(con.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()[0])
        if n is not None and "@month" in keys and n * WORTH > rows:
            con.execute(f"DROP TABLE {quoted(name)}")
            n = None  # remembered as not worth it
        con.execute("INSERT INTO totals VALUES (?, ?, ?, ?)", [key, name, list(keys), n])


def update(con: Any, key: str, rows: int) -> None:
    """Take the rows of the temporary table `went` off the totals and add those of `came`; make those that a new column asks for."""
    held = con.execute("SELECT name, keys FROM totals WHERE entity = ? AND rows IS NOT NULL", [key]).fetchall()
    types, figures = types_of(con, key), _figures(key)
    for name, keys in held:
        columns = ", ".join(quoted(k) for k in keys)
        # An ENUM that got new values is another type.
        typed = ", ".join(
            f"CAST(CAST({quoted(k)} AS VARCHAR) AS {types[k]}) AS {quoted(k)}"
            if types[k].startswith("ENUM")
            else quoted(k)
            for k in keys
        )
        sums = ", ".join(f"sum({quoted(f)}) AS {quoted(f)}" for f in figures)
        con.execute(
            f"CREATE OR REPLACE TABLE {quoted(name)} AS SELECT {columns}, {sums} FROM ("
            f"SELECT {typed}, {', '.join(quoted(f) for f in figures)} FROM {quoted(name)}"
            f" UNION ALL SELECT {columns}, {', '.join(_cells(key, '-'))} FROM went GROUP BY {columns}"
            f" UNION ALL SELECT {columns}, {', '.join(_cells(key))} FROM came GROUP BY {columns}"
            f") GROUP BY {columns} HAVING sum(n) <> 0"
        )
        n = int(con.execute(f"SELECT count(*) FROM {quoted(name)}").fetchone()[0])
        con.execute("UPDATE totals SET rows = ? WHERE name = ?", [n, name])
    build(con, key, rows)
