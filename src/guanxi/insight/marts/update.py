"""A file of marts brought up to date in one transaction: only rows that changed, and rows that carry something of them, are written.

Works on a copy nobody reads yet. What comes out is what `build` would have made of the same rows, except for their order on disk and
the numbers given to rates; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from guanxi.insight.marts import build, shape, totals
from guanxi.insight.marts.shape import quoted
from guanxi.records import catalogue


class TooMuch(Exception):
    """Making the file anew is less work, or the only way."""


def wholes(con: Any, key: str, link: str, ids: Iterable[int]) -> set[int]:
    """What these rows belonged to when the file was made: a part that moved changed the sums of both wholes."""
    wanted = ", ".join(str(int(i)) for i in ids)
    rows = con.execute(
        f"SELECT DISTINCT CAST({quoted(link)} AS VARCHAR) FROM {quoted(key)} WHERE id IN ({wanted or 'NULL'})"
        f" AND {quoted(link)} IS NOT NULL"
    ).fetchall()
    return {int(row[0]) for row in rows}


def apply(
    con: Any,
    folder: Path,
    changed: Mapping[str, set[int]],
    fresh: Mapping[str, Sequence[str]],
    *,
    zone: str,
    reporting: str,
    rate_days: Sequence[date],
    step: Callable[[str], None] = lambda _text: None,
) -> tuple[dict[str, int], int]:
    """`changed`: ids by entity that were written; `fresh`: Parquet files with those of them that are live. Rows by entity, and how many
    rows were really written. Raises TooMuch; whatever is raised, the transaction is rolled back."""
    rows: dict[str, int] = {}
    written = 0
    con.execute("BEGIN")
    try:
        since = _breaks(con, rate_days)
        for key in shape.ENTITIES:
            step(key)
            n = _entity(con, folder, key, changed.get(key, set()), fresh.get(key, ()), zone, reporting, since)
            written += n
            found = con.execute(f"SELECT count(*) FROM {quoted(key)}").fetchone()
            rows[key] = build.span(con, key) if n else int(found[0])
            if n:
                totals.update(con, key, rows[key])
            con.execute("DROP TABLE went")
            con.execute("DROP TABLE came")
        for key in shape.ENTITIES:
            con.execute(f"DROP TABLE {_moved(key)}")
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("CHECKPOINT")
    return rows, written


def _moved(key: str) -> str:
    return quoted(f"moved {key}")


def _breaks(con: Any, rate_days: Sequence[date]) -> date | None:
    """The days that rates begin at, as they are now; the first from which that changed, None when it did not."""
    before = {row[0] for row in con.execute("SELECT since FROM breaks").fetchall()}
    now = set(rate_days)
    if before == now:
        return None
    con.execute("DELETE FROM breaks")
    if now:
        con.executemany("INSERT INTO breaks VALUES (?)", [[day] for day in sorted(now)])
    return min(before ^ now)


def _entity(
    con: Any,
    folder: Path,
    key: str,
    changed: set[int],
    fresh: Sequence[str],
    zone: str,
    reporting: str,
    since: date | None,
) -> int:
    """One entity's table; leaves temporary tables `went` and `came` (rows written off and on) and `moved KEY` (ids whose carried values
    are others now). The number of rows written."""
    entity = catalogue.get(key)
    pulled = shape.pulled(entity)
    own = ", ".join(quoted(c.name) for c in pulled)
    types = totals.types_of(con, key)
    con.execute("CREATE OR REPLACE TEMP TABLE gone (id BIGINT)")
    con.execute(f"INSERT INTO gone SELECT unnest([{', '.join(map(str, sorted(changed)))}]::BIGINT[])")
    con.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS {build.source(folder, key, fresh)}")
    touched = ["SELECT id FROM gone"]
    for link in shape.CARRIED.get(key, {}):
        target = catalogue.link_target(entity, link)
        touched.append(
            f"SELECT t.id FROM {quoted(key)} t SEMI JOIN {_ids(_moved(target), 'id', types[link])} m ON t.{quoted(link)} = m.k"
        )
    if since is not None and "@fx" in types:
        touched.append(f'SELECT id FROM {quoted(key)} WHERE "@fx" <> 0 AND "@day" >= DATE \'{since}\'')
    con.execute(f"CREATE OR REPLACE TEMP TABLE touched AS {' UNION '.join(touched)}")
    if key == "trade.order":
        _of_the_same_buyers(con, types["account"])
    if not con.execute("SELECT count(*) FROM touched").fetchone()[0]:
        for name in ("went", "came"):
            con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM {quoted(key)} LIMIT 0")
        con.execute(f"CREATE OR REPLACE TEMP TABLE {_moved(key)} (id BIGINT)")
        return 0
    con.execute(f"CREATE OR REPLACE TEMP TABLE before AS SELECT t.* FROM {quoted(key)} t SEMI JOIN touched USING (id)")
    plain = ", ".join(
        f"CAST(CAST({quoted(c.name)} AS VARCHAR) AS {c.type}) AS {quoted(c.name)}"
        if types[c.name] != c.type
        else quoted(c.name)
        for c in pulled
    )
    con.execute(
        f"CREATE TEMP TABLE src AS SELECT {own} FROM fresh UNION ALL SELECT {plain} FROM before ANTI JOIN gone USING (id)"
    )
    build.wide(con, key, zone, reporting)
    _widen(con, key, types)
    shown = {c: t for c, t in types.items() if c in set(build.small(key))}
    names = ", ".join(quoted(c) for c in types)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE after AS SELECT {names} FROM (SELECT {build.shown(key, shown)} FROM wide)"
    )
    con.execute("DROP TABLE wide")
    # Rows that came out as they were stay where they are.
    kept = ", ".join(
        f"CAST(CAST({quoted(c)} AS VARCHAR) AS {t}) AS {quoted(c)}" if t.startswith("ENUM") else quoted(c)
        for c, t in types.items()
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE went AS SELECT {kept} FROM before EXCEPT SELECT {names} FROM after")
    con.execute(f"CREATE OR REPLACE TEMP TABLE came AS SELECT {names} FROM after EXCEPT SELECT {kept} FROM before")
    carried = sorted({n for k, links in shape.CARRIED.items() for link, names in links.items()
                      if catalogue.link_target(catalogue.get(k), link) == key for n in names})  # fmt: skip
    values = ", ".join(["id", *(quoted(c) for c in carried)])
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {_moved(key)} AS SELECT DISTINCT id FROM"
        f" ((SELECT {values} FROM went EXCEPT SELECT {values} FROM came)"
        f" UNION ALL (SELECT {values} FROM came EXCEPT SELECT {values} FROM went))"
    )
    n = int(con.execute("SELECT count(*) FROM (SELECT id FROM went UNION SELECT id FROM came)").fetchone()[0])
    if n:
        con.execute(f"DELETE FROM {quoted(key)} WHERE id IN (SELECT id FROM went)")
        con.execute(f"INSERT INTO {quoted(key)} BY NAME SELECT * FROM came")
    return n


def _ids(table: str, column: str, type_: str) -> str:
    """Ids as values of a link's column, for joins that convert the few and not the many."""
    return f"(SELECT TRY_CAST(CAST({quoted(column)} AS VARCHAR) AS {type_}) AS k FROM {table})"


def _of_the_same_buyers(con: Any, type_: str) -> None:
    """Whatever touches an order touches all of its customer's, before and now: which is the first is told among all of them."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE buyers AS SELECT CAST(CAST(account AS VARCHAR) AS BIGINT) AS id"
        ' FROM "trade.order" SEMI JOIN touched USING (id) UNION SELECT account FROM fresh'
    )
    con.execute(
        f'INSERT INTO touched SELECT t.id FROM "trade.order" t SEMI JOIN {_ids("buyers", "id", type_)} m ON t.account = m.k'
        " ANTI JOIN touched o ON t.id = o.id"
    )


def _widen(con: Any, key: str, types: dict[str, str]) -> None:
    """New values of small columns become part of their types. Changes `types` along."""
    for name in build.small(key):
        held = types[name]
        if not (held.startswith("ENUM") or held == "VARCHAR"):
            continue  # of too many values for an ENUM
        values = build.distinct(con, "wide", name)
        if held == "VARCHAR":
            if (
                not values
                or con.execute(f"SELECT 1 FROM {quoted(key)} WHERE {quoted(name)} IS NOT NULL LIMIT 1").fetchone()
            ):
                continue
            known: list[str] = []
        else:
            known = [row[0] for row in con.execute(f"SELECT unnest(enum_range(NULL::{held}))").fetchall()]
            if set(values) <= set(known):
                continue
        every = [*known, *sorted(set(values) - set(known))]
        if len(every) > build.MOST_SMALL:
            raise TooMuch(f"{key}.{name} has many values now")
        types[name] = build.enum(every)
        con.execute(
            f"ALTER TABLE {quoted(key)} ALTER {quoted(name)} SET DATA TYPE {types[name]}"
            f" USING CAST(CAST({quoted(name)} AS VARCHAR) AS {types[name]})"
        )
