"""Questions answered from the marts: a question becomes one SQL statement over one wide table, or over totals kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from guanxi.core.access.actor import Actor
from guanxi.core.org import currency
from guanxi.core.org.settings import organisation
from guanxi.insight.groups import REST, Group, TooMany
from guanxi.insight.marts.build import local
from guanxi.insight.marts.shape import MAIN_TIME, quoted
from guanxi.insight.marts.store import Opened
from guanxi.insight.questions import Dimension, Path, Resolved, owner_path
from guanxi.kit.problems import BadValue
from guanxi.records import catalogue, kinds, policy
from guanxi.records.kinds import Formats
from guanxi.records.kinds import base as ops
from guanxi.records.read import BadQuery, Filter, formats_for, visible

MOST = 20_000


class NotHere(Exception):
    """The marts cannot answer this question; PostgreSQL can."""


@dataclass(frozen=True)
class Table:
    """What a statement needs to know of one table: its columns with their types, values of the ENUMs, and the span of its date.

    `of`: for a table of totals, the table they are of; its `columns` are those it tells apart."""

    name: str
    columns: Mapping[str, str]
    enums: Mapping[str, Mapping[str, int]]
    span: tuple[datetime | None, datetime | None]
    zone: str
    rates: int = 1
    of: str = ""
    timed: bool = True

    @property
    def entity(self) -> str:
        return self.of or self.name

    def type(self, column: str) -> str:
        try:
            return self.columns[column]
        except KeyError:
            raise NotHere(column) from None


def table_of(marts: Opened, key: str) -> Table:
    if key not in marts.columns:
        raise NotHere(key)
    columns = marts.columns[key]
    return Table(
        key, columns, {c: v for (t, c), v in marts.enums.items() if t == key}, marts.spans.get(key, (None, None)),
        marts.state.zone, len(marts.fx.get(key, {})), timed=columns.get(MAIN_TIME.get(key, "")) == "TIMESTAMP",
    )  # fmt: skip


def totals_of(marts: Opened, table: Table) -> list[Table]:
    """The tables of totals kept of a table, the smallest first."""
    return [
        replace(table, name=t.name, of=table.name, columns={k: table.columns[k] for k in t.keys})
        for t in marts.totals.get(table.name, ())
    ]


def ask(marts: Opened, actor: Actor, asked: Resolved) -> list[Group]:
    """All groups, or NotHere. Raises TooMany."""
    if asked.money and (marts.state.reporting != organisation().reporting_currency):
        raise NotHere("another reporting currency")
    if asked.question.more is not None:
        raise NotHere("conditions that only the read door knows")
    table = table_of(marts, asked.entity.key)
    fx = marts.fx.get(asked.entity.key, {})
    rates = {}
    if _ranked(asked) and table.rates > 1:
        rates = {number: _weight(code, on) for number, (code, on) in fx.items()}
    for one in totals_of(marts, table):
        try:
            sql, values = _sql(one, actor, asked, rates)
            break
        except NotHere:
            continue
    else:
        sql, values = _sql(table, actor, asked, rates)
    rows = marts.rows(f"{sql} LIMIT {MOST + 1}", values)
    if len(rows) > MOST:
        raise TooMany
    found = []
    for a, b, rate, n, total in rows:
        code, on = fx.get(rate, (asked.fixed_currency, None)) if asked.money else ("", None)
        keys = [_key(v, d) for v, d in zip((a, b), (asked.by, asked.split), strict=True)]
        found.append(Group(keys[0], keys[1], n, None if total is None else Decimal(total), code, on))
    return found


def _sql(table: Table, actor: Actor, asked: Resolved, rates: Mapping[int, float]) -> tuple[str, tuple[Any, ...]]:
    return largest(table, actor, asked, rates) if _ranked(asked) else statement(table, actor, asked)


def _ranked(asked: Resolved) -> bool:
    """Whether only the largest of possibly very many groups are wanted."""
    by = asked.by
    return bool(
        asked.question.top and by is not None and not by.dated and asked.split is None and asked.measure != "distinct"
    )


def _weight(code: str, on: date | None) -> float:
    try:
        return float(currency.rate(code, on=on))
    except currency.NoRate:
        return 0.0


def largest(table: Table, actor: Actor, asked: Resolved, rates: Mapping[int, float]) -> tuple[str, tuple[Any, ...]]:
    """The SQL of the `top` largest groups, and of the rest as one. Rates only rank; amounts stay apart by currency and exact."""
    assert asked.by is not None
    values: list[Any] = []
    where = _where(table, actor, asked, values)
    key = _dimension(table, asked.by, actor.time_zone)
    n, total, rate = _figures(table, asked)
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    single = _one_each(table, asked.by)
    if single:
        n, total = _cell(asked)
    rows = f"SELECT {key} AS k, {rate} AS r, {n} AS n, {total} AS total FROM {quoted(table.name)}{condition}"
    if rate == "0":
        rank = "n" if asked.value is None else "total / nullif(n, 0)" if asked.measure == "avg" else "total"
        s = f"s AS ({rows})" if single else f"s AS MATERIALIZED ({rows} GROUP BY k{_there(table)})"
        sums = "SELECT count(*) AS c, sum(n) AS n, sum(total) AS total FROM"
        sql = (
            f"WITH {s}, most AS (SELECT k, n, total FROM s WHERE k IS NOT NULL ORDER BY {rank} DESC NULLS LAST, k"
            f" LIMIT {asked.question.top}) SELECT k::VARCHAR AS a, NULL AS b, 0 AS r, n, total FROM most"
            f" UNION ALL SELECT '{REST}', NULL, 0, w.n - coalesce(m.n, 0), w.total - coalesce(m.total, 0)"
            f" FROM ({sums} s) w, ({sums} most) m WHERE w.c > m.c"
        )
        return sql, tuple(values)
    rank = "total"
    if rates:
        rank += f" * CASE r {' '.join(f'WHEN {k} THEN {r!r}' for k, r in sorted(rates.items()))} END"
    rank = f"sum({rank})" + (" / nullif(sum(n), 0)" if asked.measure == "avg" else "")
    sql = (
        f"WITH s AS MATERIALIZED ({rows} GROUP BY k, r{_there(table)}),"
        f" most AS (SELECT k FROM s WHERE k IS NOT NULL GROUP BY k ORDER BY {rank} DESC NULLS LAST, k LIMIT {asked.question.top})"
        f" SELECT CASE WHEN most.k IS NULL THEN '{REST}' ELSE most.k::VARCHAR END AS a, NULL AS b, s.r AS r, sum(s.n) AS n,"
        f" sum(s.total) AS total FROM s LEFT JOIN most ON s.k = most.k GROUP BY a, r ORDER BY a"
    )
    return sql, tuple(values)


def _one_each(table: Table, by: Dimension) -> bool:
    """Whether these totals have one cell for each value: whose it is follows from it, and there is one currency."""
    follows = {by.path.text, "@fx"}
    return (
        bool(table.of)
        and table.rates == 1
        and all(c in follows or c.startswith(f"{by.path.text}.") for c in table.columns)
    )


def _cell(asked: Resolved) -> tuple[str, str]:
    """How many and the total, of one cell of totals."""
    if asked.value is None:
        return '"n"', "NULL"
    value = asked.value.text
    return quoted(f"c:{value}") if asked.measure == "avg" else '"n"', quoted(f"s:{value}")


def _there(table: Table) -> str:
    """Cells of totals whose rows have all gone are no groups."""
    return ' HAVING sum("n") <> 0' if table.of else ""


def _figures(table: Table, asked: Resolved) -> tuple[str, str, str]:
    """How many, the total, and what tells currencies apart, as SQL."""
    # One number a currency and stretch of days with one rate; with nothing but the reporting currency there is nothing to tell apart.
    rate = '"@fx"' if asked.money and "@fx" in table.columns and table.rates > 1 else "0"
    if asked.money and "@fx" not in table.columns and asked.currency is not None:
        raise NotHere("currencies")
    n = 'coalesce(sum("n"), 0)' if table.of else "count(*)"
    if asked.value is None:
        return n, "NULL", rate
    if asked.measure == "distinct":
        return n, f"count(DISTINCT {_column(table, asked.value)})", rate
    if table.of:
        # What is added up is no column of totals: its sum is.
        value = asked.value.text
        if asked.measure == "avg":
            n = f"coalesce(sum({quoted(f'c:{value}')}), 0)"
        return n, f"sum({quoted(f's:{value}')})", rate
    column = _column(table, asked.value)
    return f"count({column})" if asked.measure == "avg" else n, f"sum({column})", rate


def _key(value: Any, by: Dimension | None) -> Any:
    if by is None or value is None or value == REST:
        return value
    if by.dated:
        if isinstance(value, int):  # months since 1900, or larger units of them
            months = value * {"month": 1, "quarter": 3, "year": 12}[by.unit]
            return date(1900 + months // 12, months % 12 + 1, 1)
        return value.date() if isinstance(value, datetime) else value
    if isinstance(by.field.kind, (kinds.Link, kinds.Rating)) and not by.path.first:
        return int(value)
    if by.path.first or isinstance(by.field.kind, kinds.YesNo):
        return value in (True, "true")
    return value


def statement(table: Table, actor: Actor, asked: Resolved) -> tuple[str, tuple[Any, ...]]:
    """The SQL of a question for one actor, and its values. Pure: it depends on what is given only (and on today's date)."""
    values: list[Any] = []
    where = _where(table, actor, asked, values)
    keys = ["NULL" if d is None else _dimension(table, d, actor.time_zone) for d in (asked.by, asked.split)]
    n, total, rate = _figures(table, asked)
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    body = f"SELECT {keys[0]} AS a, {keys[1]} AS b, {rate} AS r, {n} AS n, {total} AS total FROM {quoted(table.name)}{condition}"
    grouped = [name for name, sql in (("a", keys[0]), ("b", keys[1]), ("r", rate)) if sql not in ("NULL", "0")]
    if grouped:
        order = "total" if asked.value is not None else "n"
        body += f" GROUP BY {', '.join(grouped)}{_there(table)} ORDER BY {order} DESC NULLS LAST, a"
    return body, tuple(values)


def filled(marts: Opened, actor: Actor, asked: Resolved, fields: Sequence[str]) -> tuple[int, list[int]]:
    """How many records a question is about, and in how many of them each of these essential fields is filled."""
    if asked.question.more is not None:
        raise NotHere("conditions that only the read door knows")
    table = table_of(marts, asked.entity.key)
    values: list[Any] = []
    where = _where(table, actor, asked, values)
    counts = ["count(*)"]
    for key in fields:
        table.type(f"@filled:{key}")
        counts.append(f"count(*) FILTER (WHERE {quoted(f'@filled:{key}')})")
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    row = marts.rows(f"SELECT {', '.join(counts)} FROM {quoted(table.name)}{condition}", tuple(values))[0]
    return int(row[0]), [int(n) for n in row[1:]]


def _where(table: Table, actor: Actor, asked: Resolved, values: list[Any]) -> list[str]:
    """The actor's scope and the question's filters."""
    owners = policy.owners(asked.entity, actor, "view")
    where: list[str] = []
    if owners is not None:
        where.append(_one_of(table, owner_path(asked.entity), [str(o) for o in owners]))
    formats = formats_for(actor)
    for path, f in asked.filters:
        where.append(_condition(table, actor, path, f, formats, values))
    return where


def _column(table: Table, path: Path) -> str:
    table.type(path.text)
    if path.field.custom:
        raise NotHere(path.text)
    return quoted(path.text)


def _dimension(table: Table, by: Dimension, zone: str) -> str:
    main = by.dated and by.path.text == MAIN_TIME.get(table.entity)
    if main and "@month" in table.columns and (zone == table.zone or not table.timed):
        size = {"month": 1, "quarter": 3, "year": 12}.get(by.unit)
        if size is not None:
            return '"@month"' if size == 1 else f'"@month" // {size}'
        if not table.of:
            return '"@day"' if by.unit == "day" else "date_trunc('week', \"@day\")"
    column = _column(table, by.path)
    if not by.dated:
        return column
    text = column
    if table.type(by.path.text) == "TIMESTAMP":
        low, high = table.span if main else (datetime(1990, 1, 1), datetime.now())
        text = local(column, zone, low, high)
    return f"{text}::DATE" if by.unit == "day" else f"date_trunc('{by.unit}', {text})"


def _one_of(table: Table, column: str, values: list[str], *, empty: bool = False) -> str:
    """`column IN (…)`; values they do not have are none of theirs."""
    name = quoted(column)
    kind = table.type(column)
    if kind == "ENUM":
        # Their codes are compared: a third of the time of comparing the values.
        name = f"enum_code({quoted(column)})"
        texts = [str(table.enums[column][v]) for v in values if v in table.enums[column]]
    elif kind == "BIGINT":
        texts = [str(int(v)) for v in values]
    else:
        texts = ["'" + v.replace("'", "''") + "'" for v in values]
    found = f"{name} IN ({', '.join(texts)})" if texts else "false"
    return f"({found} OR {quoted(column)} IS NULL)" if empty else found


def _condition(table: Table, actor: Actor, path: Path, f: Filter, formats: Formats, values: list[Any]) -> str:
    """One filter, meaning what it means in lists."""
    kind = path.field.kind
    if table.of and path.text == MAIN_TIME.get(table.entity) and "@month" in table.columns:
        return _months(table, path, f, formats)
    name = _column(table, path)
    if path.first:
        wanted = {v in ("1", "true") for v in f.values}
        return "true" if len(wanted) > 1 else name if True in wanted else f"NOT {name}"
    if path.part:
        return _one_of(table, path.text, [v for v in f.values if v], empty=f.op == "empty" or "" in f.values)
    operator = kind.operator(f.op)
    if operator.values == 2 and len(f.values) > 2:
        pairs = [replace(f, values=f.values[i : i + 2]) for i in range(0, len(f.values) - 1, 2)]
        return " AND ".join(_condition(table, actor, path, pair, formats, values) for pair in pairs)
    if operator == ops.EMPTY:
        return f"{name} IS NULL"
    if operator == ops.FILLED:
        return f"{name} IS NOT NULL"
    try:
        if isinstance(kind, kinds.Date):
            return _between(name, *kind.bounds(operator, list(f.values), formats), values)
        operands = [kind.operand(operator, text, formats) for text in f.values]
    except BadValue as error:
        raise BadQuery(f"{path.text}: {error}") from error
    if isinstance(kind, kinds.Link):
        if not isinstance(kind, kinds.Person):
            # Whether the linked record may be seen is asked by the read door, which compares with nothing else.
            seen = visible(catalogue.get(kind.target), actor).filter(pk__in=operands)
            operands = list(seen.values_list("pk", flat=True))
        return _one_of(table, path.text, [str(v) for v in operands])
    if isinstance(kind, kinds.Choice):
        codes = [str(v) for v in operands if v is not None]
        if operator in (ops.IS, ops.ANY_OF):
            if operator == ops.IS and not codes:
                return f"{name} IS NULL"
            return _one_of(table, path.text, codes)
        if operator in (ops.IS_NOT, ops.NONE_OF):
            return f"({name} IS NULL OR NOT {_one_of(table, path.text, codes)})"
    if isinstance(kind, kinds.YesNo) and operator == ops.IS:
        return f"{name} IS NULL" if operands[0] is None else name if operands[0] else f"NOT {name}"
    if isinstance(kind, kinds.Number):
        sign = {ops.AT_LEAST: ">=", ops.AT_MOST: "<=", ops.IS: "="}.get(operator)
        if sign is not None and operands[0] is not None:
            values.append(operands[0])
            return f"{name} {sign} ?"
        if operator == ops.BETWEEN:
            values.extend(operands[:2])
            return f"{name} BETWEEN ? AND ?"
    raise NotHere(f"{path.text}.{f.op}")


def _months(table: Table, path: Path, f: Filter, formats: Formats) -> str:
    """A filter on the date of totals by month: whole months of the organisation's, or NotHere."""
    kind = path.field.kind
    assert isinstance(kind, kinds.Date)
    operator = kind.operator(f.op)
    if operator in (ops.EMPTY, ops.FILLED) or len(f.values) > 2:
        raise NotHere(f"{path.text}.{f.op}")
    try:
        edges = kind.bounds(operator, list(f.values), formats)
    except BadValue as error:
        raise BadQuery(f"{path.text}: {error}") from error
    pieces = []
    for sign, edge in zip((">=", "<"), edges, strict=True):
        if edge is None:
            continue
        if isinstance(edge, datetime):
            there = edge.astimezone(ZoneInfo(table.zone))
            if there.time() != there.time().min:
                raise NotHere(path.text)
            edge = there.date()
        if edge.day != 1:
            raise NotHere(path.text)
        pieces.append(f'"@month" {sign} {(edge.year - 1900) * 12 + edge.month - 1}')
    return " AND ".join(pieces) or "true"


def _between(name: str, low: Any, before: Any, values: list[Any]) -> str:
    pieces = []
    for sign, edge in ((">=", low), ("<", before)):
        if edge is not None:
            pieces.append(f"{name} {sign} ?")
            values.append(edge.astimezone(UTC).replace(tzinfo=None) if isinstance(edge, datetime) else edge)
    return " AND ".join(pieces) or "true"
