"""Measure the house at growing sizes: `make bench` or `python -m bench [--sizes 10000,100000,1000000] [--lines 5]`.

Prints figures, judges nothing. A database of its own is made in a temporary home (kept with --home DIR). CPU figures are those
of this process plus those of the PostgreSQL processes, per request; on a busy machine they are the ones to trust.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def say(text: str = "") -> None:
    print(text, flush=True)


@dataclass
class Clock:
    """Wall and CPU seconds of something that ran."""

    wall: float = 0.0
    cpu: float = 0.0
    database: float = 0.0


class Meter:
    """CPU of this process and of all PostgreSQL processes of our server."""

    def __init__(self) -> None:
        import psutil
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self.server = psutil.Process(cursor.fetchone()[0]).parent()

    def _database(self) -> float:
        import psutil

        gone = self.server.cpu_times()  # backends that ended are counted in their parent's children
        total = gone.children_user + gone.children_system
        for process in [self.server, *self.server.children(recursive=True)]:
            try:
                times = process.cpu_times()
                total += times.user + times.system
            except psutil.NoSuchProcess:
                continue
        return total

    @contextmanager
    def watch(self) -> Iterator[Clock]:
        clock = Clock()
        wall, cpu, database = time.perf_counter(), time.process_time(), self._database()
        yield clock
        clock.wall, clock.cpu = time.perf_counter() - wall, time.process_time() - cpu
        clock.database = self._database() - database


def memory() -> float:
    """Peak memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Bench:
    def __init__(self, lines: int, requests: int) -> None:
        from django.test import Client

        from guanxi.core.access import SYSTEM, actor_for
        from guanxi.core.identity import services
        from guanxi.core.identity.models import User
        from guanxi.records import catalogue

        if not User.objects.filter(username="bench").exists():
            services.add_person(SYSTEM, "bench", name="Bench", roles=["administrator"], must_change=False)
            User.objects.filter(username="bench").update(must_change_password=False)
        self.user = User.objects.get(username="bench")
        self.actor = actor_for(self.user)
        self.client = Client()
        self.client.force_login(self.user)
        self.accounts = catalogue.get("customers.account")
        self.orders = catalogue.get("trade.order")
        self.lines = catalogue.get("trade.orderline")
        self.each, self.requests = lines, requests
        self.meter = Meter()

    def load(self, path: Path, n: int) -> int:
        """The file through the same reader and door as any import; returns the change set."""
        from guanxi.kit.streams import open_table
        from guanxi.records import bulk

        names = {
            "customer_no": "external_id", "full_name": "name", "email": "email", "phone": "phone", "mobile": "mobile",
            "source": "source", "status": "status", "created_at": "first_seen", "note": "remark",
        }  # fmt: skip

        def rows() -> Iterator[tuple[int, dict[str, Any]]]:
            with open_table(path) as table:
                at = {name: i for i, name in enumerate(table.header)}
                plain = [(field, at[name]) for name, field in names.items()]
                place = [(part, at[name]) for part, name in
                         (("country", "country"), ("province", "state"), ("city", "city"), ("detail", "street"))]  # fmt: skip
                for row in table.rows():
                    cells = row.cells
                    values: dict[str, Any] = {field: cells[i] for field, i in plain}
                    values["address"] = {part: cells[i] for part, i in place}
                    values["kind"] = "person"
                    yield row.number, values

        held: list[Any] = []
        with self.meter.watch() as clock:
            loaded = bulk.load(
                self.actor, self.accounts, rows(), columns=[*names.values(), "address", "kind"],
                held=lambda number, problems: held.append((number, problems)),
            )  # fmt: skip
        self.rate("import, journal and standards", n, clock)
        say(f"  {'':<38}{loaded.balance}  peak memory {memory():,.0f} MB")
        if held:
            say(f"  {'':<38}first held row: {held[0]}")
        assert loaded.change_set is not None
        return loaded.change_set

    def index(self) -> None:
        from guanxi.core import jobs
        from guanxi.core.jobs.models import Job
        from guanxi.records.models import SearchEntry

        before = SearchEntry.objects.count()
        with self.meter.watch() as clock:
            for job in Job.objects.filter(kind="records.index", state="waiting").order_by("id"):
                jobs.run_inline(job)
        self.rate("search tokens (job)", SearchEntry.objects.count() - before, clock)

    def load_lines(self, n: int) -> None:
        """One order for each account and `each` lines an order, orders and lines of a slice in one change set."""
        from bench import data
        from guanxi.core.journal import change_set
        from guanxi.core.journal.models import Door
        from guanxi.records import bulk

        ids = list(
            self.accounts.model.all_rows.filter(deleted_in__isnull=True).order_by("pk").values_list("pk", flat=True)
        )
        with self.meter.watch() as clock:
            for start in range(0, len(ids), 50_000):
                chunk = ids[start : start + 50_000]
                with change_set(self.actor, door=Door.COMMAND, action="import", entity="trade.order") as cs:
                    bulk.load(
                        self.actor, self.orders, data.orders(chunk), columns=["account", "ordered_at", "currency"]
                    )
                    made = list(self.orders.model.all_rows.filter(created_in=cs.id).values_list("pk", flat=True))
                    bulk.load(
                        self.actor, self.lines, data.lines(made, self.each),
                        columns=["order", "description", "quantity", "unit_price"],
                    )  # fmt: skip
        self.rate(f"orders with {self.each} lines each (lines)", n * self.each, clock)

    def rate(self, what: str, n: int, clock: Clock) -> None:
        cpu = f"CPU {clock.cpu:,.1f} s here, {clock.database:,.1f} s database"
        say(f"  {what:<38}{n / clock.wall:>10,.0f} /s   {clock.wall:,.1f} s wall; {cpu}")

    def settle(self, seconds: float = 180.0) -> None:
        """Wait for the database's own housekeeping after a bulk write: its CPU would be counted as that of the pages."""
        from django.db import connection

        end = time.monotonic() + seconds
        calm = 0
        while calm < 3 and time.monotonic() < end:
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'")
                calm = calm + 1 if not cursor.fetchone()[0] else 0
            time.sleep(2)

    def pages(self) -> None:
        from django.db import connection

        self.settle()
        from django.test.utils import CaptureQueriesContext

        middle = (
            self.accounts.model.all_rows.filter(deleted_in__isnull=True).order_by("pk").values_list("pk", flat=True)
        )
        ids = list(middle[:200])
        from guanxi.records.read.query import Cursor

        deep = Cursor(None, ids[len(ids) // 2]).text()
        by_name = Cursor("李", ids[0]).text()
        base = "/customers/account/"
        gets: list[tuple[str, Callable[[int], str]]] = [
            ("list, first page", lambda i: base),
            ("list, last page", lambda i: f"{base}?at={deep}"),
            ("list by name, first page", lambda i: f"{base}?sort=name"),
            ("list by name, in the middle", lambda i: f"{base}?sort=name&at={by_name}"),
            ("list, filter status", lambda i: f"{base}?f.status.any=active"),
            ("list, search 张伟", lambda i: f"{base}?q=张伟"),
            ("record", lambda i: f"{base}{ids[i % len(ids)]}/"),
        ]
        for what, path in gets:
            self.requests_of(what, lambda i, path=path: self.client.get(path(i)))
        counts = []
        for n in (2, 32):
            with CaptureQueriesContext(
                connection,
            ) as captured:
                self.client.get(f"{base}?n={n}")
            counts.append(len(captured))
        say(f"  {'queries, list of 2 and of 32 rows':<38}{counts[0]:>10} and {counts[1]}")
        form = {"name": "新客户", "kind": "company", "phone": "0571-87654321"}
        self.requests_of(
            "create", lambda i: self.client.post(f"{base}new", {**form, "name": f"新客户{i}"}), ok=(302, 303, 204, 200)
        )

    def requests_of(self, what: str, act: Callable[[int], Any], ok: tuple[int, ...] = (200,)) -> None:
        for i in range(3):
            answer = act(i)
        if answer.status_code not in ok:
            say(f"  {what:<38}{'—':>10}   answered {answer.status_code}")
            return
        walls = []
        with self.meter.watch() as clock:
            for i in range(self.requests):
                begin = time.perf_counter()
                act(i + 3)
                walls.append(time.perf_counter() - begin)
        walls.sort()
        n = self.requests
        say(
            f"  {what:<38}{1000 * (clock.cpu + clock.database) / n:>10.1f} ms CPU"
            f" ({1000 * clock.cpu / n:.1f} here, {1000 * clock.database / n:.1f} database); wall p50 {1000 * walls[n // 2]:.1f},"
            f" p95 {1000 * walls[int(n * 0.95)]:.1f}"
        )

    def undo(self, change_set: int, n: int) -> None:
        from guanxi.records import invert

        with self.meter.watch() as clock:
            undone = invert.undo(self.actor, change_set)
        self.rate("undo of the import", undone.removed, clock)
        say(f"  {'':<38}{undone.removed} removed, {undone.conflicts} kept, of {n}")


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m bench", description=__doc__.split("\n\n")[0])
    arguments.add_argument(
        "--sizes", default="10000,100000,1000000", help="customers, one house each (default %(default)s)"
    )
    arguments.add_argument("--lines", type=int, default=5, help="order lines for each customer (default %(default)s)")
    arguments.add_argument("--requests", type=int, default=60, help="requests for each figure (default %(default)s)")
    arguments.add_argument("--home", type=Path, help="keep the houses here")
    given = arguments.parse_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    if len(sizes) > 1:
        import subprocess
        import sys

        for size in sizes:  # one process and one database each, so that peak memory and caches are its own
            command = [
                sys.executable,
                "-m",
                "bench",
                "--sizes",
                str(size),
                "--lines",
                str(given.lines),
                "--requests",
                str(given.requests),
            ]
            subprocess.run(command + (["--home", str(given.home)] if given.home else []), check=True)
        subprocess.run([sys.executable, "-m", "bench.dashboards"], check=True)
        return
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-", ignore_cleanup_errors=True) as temporary:
        home = (given.home or Path(temporary)) / str(sizes[0])
        home.mkdir(parents=True, exist_ok=True)
        for folder in (Path(temporary), home):
            folder.chmod(0o755)
        os.environ["GUANXI_HOME"] = str(home)
        os.environ.pop("GUANXI_DATABASE_URL", None)
        os.environ["DJANGO_SETTINGS_MODULE"] = "guanxi.site.settings"
        import django

        django.setup()
        from django.core.management import call_command
        from django.test.utils import override_settings

        from bench import board, data, felt, search
        from guanxi.core.org import versions

        call_command("migrate", verbosity=0)
        versions.refresh()
        n = sizes[0]
        say(f"{n:,} customers, {n * given.lines:,} order lines")
        with override_settings(ALLOWED_HOSTS=["*"]):
            bench = Bench(given.lines, given.requests)
            path = data.write_customers(home / "customers.csv", n)
            change_set = bench.load(path, n)
            bench.index()
            bench.pages()
            search.run(bench)
            board.measure(bench)
            if not given.lines:
                felt.run(bench)
            bench.undo(change_set, n)
            if given.lines:
                bench.load(path, n)
                bench.load_lines(n)
                bench.index()
                bench.pages()
                felt.run(bench)


if __name__ == "__main__":
    main()
