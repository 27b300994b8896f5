"""Tiles over marts of millions of order lines: `run(bench)`, or alone: `python -m bench.dashboards [--lines 10000000]`.

The Parquet files are made by DuckDB, with the columns that a refresh would have pulled; building the marts from them and asking is the
program's own code. Each question is asked anew: nothing is remembered between two runs.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

LINES = 10_000_000
PROVINCES = ("广东省", "江苏省", "浙江省", "上海市", "北京市", "四川省", "湖北省", "山东省", "福建省", "河南省")
#: How a column of an entity is filled, over `i`, the number of the row; columns not named here stay empty.
FILLED: dict[str, dict[str, str]] = {
    "customers.account": {
        "owner": "1 + hash(i) % 50", "kind": "'person'", "status": "['active','prospect','lost'][1 + (hash(i) % 3)::INT]",
        "tier": "['a','b','c'][1 + (hash(i + 1) % 3)::INT]", "address:province": "{provinces}[1 + (hash(i + 2) % 10)::INT]",
        "created_at": "TIMESTAMP '2022-01-01' + INTERVAL (i * 100) SECOND", "@filled:owner": "true",
        "@filled:phone": "hash(i) % 10 > 0", "@filled:email": "hash(i) % 10 > 3", "@filled:source": "hash(i) % 2 > 0",
    },
    "trade.category": {},
    "trade.product": {"category": "1 + i % 60", "status": "'active'", "currency": "'CNY'"},
    "trade.order": {
        "account": "1 + hash(i) % {accounts}", "ordered_at": "TIMESTAMP '2023-01-01' + INTERVAL (i * {step}) SECOND",
        "status": "['paid','open','shipped','cancelled'][1 + (hash(i) % 4)::INT]", "currency": "'CNY'",
        "channel": "['online','store','phone','agent','wechat'][1 + (hash(i + 3) % 5)::INT]",
        "total": "(hash(i) % 1000000) / 100", "discount": "0", "paid": "0", "sales_rep": "1 + hash(i + 4) % 50",
    },
    "trade.orderline": {
        "order": "1 + i // 5", "product": "1 + hash(i) % 2000", "quantity": "1 + hash(i) % 9", "unit_price": "9.9",
        "discount": "0", "amount": "(hash(i) % 100000) / 100", "position": "i % 5",
    },
    "trade.payment": {},
}  # fmt: skip


def make(folder: Path, lines: int) -> dict[str, Any]:
    """Parquet files as a refresh pulls them; what of them the marts are built from."""
    import duckdb

    from guanxi.insight.marts import shape
    from guanxi.insight.marts.shape import quoted
    from guanxi.records import catalogue

    orders, accounts = max(1, lines // 5), max(1, lines // 10)
    rows = {"customers.account": accounts, "trade.category": 60, "trade.product": 2000, "trade.order": orders,
            "trade.orderline": lines, "trade.payment": 0}  # fmt: skip
    words = {
        "{provinces}": str(list(PROVINCES)),
        "{accounts}": str(accounts),
        "{step}": str(max(1, 94_000_000 // orders)),
    }
    parts = {}
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as con:
        for key, n in rows.items():
            columns = []
            for column in shape.pulled(catalogue.get(key)):
                sql = "1 + i" if column.name == "id" else FILLED[key].get(column.name, "NULL")
                for word, text in words.items():
                    sql = sql.replace(word, text)
                columns.append(f"({sql})::{column.type} AS {quoted(column.name)}")
            name = f"{key}.parquet"
            con.execute(
                f"COPY (SELECT {', '.join(columns)} FROM range({n}) t(i)) TO '{folder / name}' (FORMAT parquet)"
            )
            parts[key] = [name]
    return parts


def questions() -> dict[str, Any]:
    from guanxi.insight.questions import Question
    from guanxi.records.read import Filter

    year = (Filter("ordered_at", "between", ("2025-01-01", "2025-12-31")),)
    line_year = (replace(year[0], field="order.ordered_at"),)
    q = Question
    return {
        "number: revenue, all time": q("trade.orderline", "sum:amount"),
        "number: revenue, one year": q("trade.orderline", "sum:amount", filters=line_year),
        "number: customers who bought": q("trade.order", "distinct:account", filters=year),
        "line: revenue by month, all lines": q("trade.orderline", "sum:amount", by="order.ordered_at:month"),
        "line: revenue by month, one year": q(
            "trade.orderline", "sum:amount", by="order.ordered_at:month", filters=line_year
        ),
        "line: customers over time": q("customers.account", by="created_at:month", cumulative=True),
        "bar: category, all lines": q("trade.orderline", "sum:amount", by="product.category"),
        "bar: category, one year": q("trade.orderline", "sum:amount", by="product.category", filters=line_year),
        "bar: region, all lines": q("trade.orderline", "sum:amount", by="order.account.address:province"),
        "bar: region, one year": q("trade.order", "sum:total", by="account.address:province", filters=year),
        "stacked: new and returning": q("trade.order", "sum:total", by="ordered_at:month", split="first_order"),
        "heat: month and channel, all lines": q("trade.orderline", by="order.ordered_at:month", split="order.channel"),
        "funnel: customers by status": q("customers.account", by="status"),
        "table: top customers, one year": q("trade.order", "sum:total", by="account", top=10, filters=year),
        "table: top customers, all time": q("trade.order", "sum:total", by="account", top=10),
    }


def run(bench: Any = None, *, lines: int = LINES, times: int = 15) -> None:
    """Prints p50 and p95 of each kind of tile, for somebody who sees everything and for a manager of eight."""
    from django.test.utils import override_settings

    from bench.__main__ import say
    from guanxi.core.access import acting, actor_for
    from guanxi.core.access.models import Role
    from guanxi.core.identity.models import User
    from guanxi.core.org.settings import organisation
    from guanxi.insight import questions as asking
    from guanxi.insight.marts import ask, build, store

    admin = actor_for(User.objects.filter(roles__key="administrator").first()) if bench is None else bench.actor
    manager = replace(
        admin,
        rights=actor_rights("sales_manager"),
        role_ids=tuple(Role.objects.filter(key="sales_manager").values_list("pk", flat=True)),
    )
    manager.__dict__["subtree_people"] = tuple(range(1, 9))
    say(f"dashboards: marts of {lines:,} order lines")
    with tempfile.TemporaryDirectory() as name, override_settings(MARTS_ROOT=name):
        folder = Path(name)
        parts = make(folder, lines)
        began = time.perf_counter()
        org = organisation()
        rows = build.build(
            folder, folder / "marts-1.duckdb", parts, zone=org.time_zone, reporting=org.reporting_currency, rate_days=[]
        )
        size = (folder / "marts-1.duckdb").stat().st_size / 1e6
        say(f"  {'built from Parquet':<38}{time.perf_counter() - began:>10.1f} s   {size:,.0f} MB")
        state = store.State(
            "marts-1.duckdb",
            "",
            "2026-01-01T00:00:00+00:00",
            "",
            "",
            org.time_zone,
            org.reporting_currency,
            0,
            0,
            "",
            rows=rows,
        )
        opened = store.Opened(state)
        for label, question in questions().items():
            found = []
            for actor in (admin, manager):
                with acting(actor):
                    asked = asking.resolve(actor, question)
                    spent, cpu = [], []
                    for _ in range(times):
                        opened.answers.clear()
                        began, busy = time.perf_counter(), time.process_time()
                        ask.ask(opened, actor, asked)
                        spent.append((time.perf_counter() - began) * 1000)
                        cpu.append((time.process_time() - busy) * 1000)
                late = sorted(spent)[int(len(spent) * 0.95) - 1]
                found.append(f"{statistics.median(spent):>6.0f} {late:>6.0f} {statistics.median(cpu):>6.0f}")
            say(f"  {label:<38}{found[0]} ms p50, p95, CPU   of eight people: {found[1]}")
        opened.con.close()
        update(folder, parts, rows)


def update(folder: Path, parts: dict[str, Any], rows: dict[str, int], many: int = 300) -> None:
    """What a refresh costs after this many orders changed, with a line each, and a customer got another owner."""
    import shutil

    import duckdb

    from bench.__main__ import say
    from guanxi.core.org.settings import organisation
    from guanxi.insight.marts import build
    from guanxi.insight.marts import update as updating

    step = max(1, rows["trade.order"] // many)
    orders = [1 + i * step for i in range(many)]
    changes = {"trade.order": (orders, "'paid' AS status"), "trade.orderline": ([(o - 1) * 5 + 1 for o in orders], "3 AS amount"),
               "customers.account": ([5], "3 AS owner")}  # fmt: skip
    fresh = {}
    with duckdb.connect() as con:
        for key, (ids, change) in changes.items():
            fresh[key] = [f"fresh-{key}.parquet"]
            con.execute(
                f"COPY (SELECT * REPLACE ({change}) FROM '{folder / parts[key][0]}' WHERE id IN ({', '.join(map(str, ids))}))"
                f" TO '{folder / fresh[key][0]}' (FORMAT parquet)"
            )
    org = organisation()
    began, busy = time.perf_counter(), time.process_time()
    shutil.copyfile(folder / "marts-1.duckdb", folder / "marts-2.duckdb")
    with duckdb.connect(str(folder / "marts-2.duckdb"), config=build.LIMITS) as con:
        _rows, written = updating.apply(
            con, folder, {key: set(ids) for key, (ids, _) in changes.items()}, fresh, zone=org.time_zone,
            reporting=org.reporting_currency, rate_days=[],
        )  # fmt: skip
    say(
        f"  {f'{many} orders changed: {written:,} rows written':<38}{time.perf_counter() - began:>10.1f} s"
        f"   CPU {time.process_time() - busy:.1f} s"
    )


def actor_rights(role: str) -> Any:
    from guanxi.core.access.actor import ROLES
    from guanxi.core.access.models import Role

    return (ROLES.get()[Role.objects.get(key=role).pk],)


def main() -> None:
    parser = argparse.ArgumentParser(description="Tiles over marts")
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--times", type=int, default=15)
    given = parser.parse_args()
    import django

    django.setup()
    run(lines=given.lines, times=given.times)


if __name__ == "__main__":
    main()
