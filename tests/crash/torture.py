"""Kills the program and its database while they write, again and again, and looks at what is left each time.

    python -m tests.crash.torture --kills 40 --seed 1

A worker process works at random on an embedded server of its own (with fsync): it creates, edits, edits in bulk, imports and
undoes, and says so after each commit. Meanwhile it, its backend or the postmaster gets a SIGKILL at a random moment. Then:
whatever was said is there, once; whatever was not is not there, or (for the one act the blow may have met between the commit
and the word) is there as a whole; the journal verifies and has a line for each written row; no number was given twice; the
search index knows every customer and nobody else.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

POOL = 12  # customers that are edited again and again
ROWS = 90  # of an import, in batches of 25, so that a blow falls between them, too


# ---------------------------------------------------------------------- the worker: a process that is killed


class Worker:
    """Acts at random and tells each act before (`try`) and after its commit (`ack`), one JSON line each."""

    def __init__(self, out: int, seed: int, pool: list[int], imports: list[tuple[str, int]]) -> None:
        from guanxi.core.access.actor import SYSTEM
        from guanxi.records import catalogue

        self.out, self.dice = out, random.Random(seed)
        self.actor, self.entity = SYSTEM, catalogue.get("customers.account")
        self.pool, self.imports = pool, imports
        self.n = 0

    def say(self, what: str, **more: Any) -> None:
        os.write(self.out, json.dumps({"what": what, **more}).encode() + b"\n")

    def run(self) -> None:
        from guanxi.core.access.actor import acting

        self.say("pid", backend=self._backend())
        acts = [self.create, self.edit, self.edit, self.bulk, self.load, self.load, self.undo]
        with acting(self.actor):
            while True:
                self.n += 1
                act = self.dice.choice(acts)
                token = f"T{os.getpid()}-{self.n}"
                act(token)

    def _backend(self) -> int:
        from django.db import connection

        connection.ensure_connection()
        return int(connection.connection.info.backend_pid)

    def create(self, token: str) -> None:
        from guanxi.records import write

        self.say("try", kind="create", token=token)
        made = write.save(self.actor, self.entity, {"name": "新客户有限公司", "external_id": token})
        number = self.entity.model.all_rows.values_list("number", flat=True).get(pk=made.id)
        self.say("ack", token=token, number=number)

    def edit(self, token: str) -> None:
        from guanxi.records import write

        id_ = self.dice.choice(self.pool)
        self.say("try", kind="edit", token=token, id=id_)
        write.save(self.actor, self.entity, {"remark": token}, id=id_)
        self.say("ack", token=token)

    def bulk(self, token: str) -> None:
        from guanxi.records import write

        self.say("try", kind="bulk", token=token)
        chosen = self.entity.model.all_rows.filter(pk__in=self.pool)
        write.edit_many(self.actor, self.entity, chosen, {"preferences": token})
        self.say("ack", token=token)

    def load(self, token: str) -> None:
        from guanxi.records import bulk

        self.say("try", kind="load", token=token)
        new = [{"name": f"导入{n}有限公司", "external_id": f"{token}-{n}"} for n in range(ROWS)]
        old = [{"external_id": f"P{n}", "service_preference": token} for n in range(POOL)]
        rows = new[:40] + old + new[40:]
        done = bulk.load(
            self.actor, self.entity, list(enumerate(rows)), columns=["name", "external_id", "service_preference"]
        )
        self.imports.append((token, done.change_set or 0))
        self.say("ack", token=token, change_set=done.change_set)

    def undo(self, token: str) -> None:
        from guanxi.records import invert

        if not self.imports:
            return
        target, change_set = self.imports.pop()
        self.say("try", kind="undo", token=token, target=target)
        invert.undo(self.actor, change_set)
        self.say("ack", token=token)


# ---------------------------------------------------------------------- the other one: kills, and looks


class Wrong(AssertionError):
    """Something was lost, doubled or half done."""


class Torturer:
    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.pool: list[int] = []
        self.created: set[str] = set()  # tokens that must be there
        self.numbers: set[str] = set()
        self.imports: dict[str, int] = {}  # token -> change set, of those that stand
        self.gone: set[str] = set()  # tokens of undone imports
        self.remark: dict[int, str] = {}
        self.preferences = ""
        self.kills: Counter[str] = Counter()
        self.acts: Counter[str] = Counter()
        self.doubts: Counter[str] = Counter()

    def prepare(self) -> None:
        from django.core.management import call_command

        from guanxi.core.access.actor import SYSTEM, acting
        from guanxi.core.org import versions
        from guanxi.records import catalogue, write

        call_command("migrate", verbosity=0)
        versions.refresh()
        with acting(SYSTEM):
            for n in range(POOL):
                given = {"name": f"老客户{n}有限公司", "external_id": f"P{n}"}
                self.pool.append(write.save(SYSTEM, catalogue.get("customers.account"), given).id)
        self.remark = dict.fromkeys(self.pool, "")
        loader = importlib.import_module("guanxi.records.bulk.load")
        loader.BATCH = 25  # type: ignore[attr-defined]
        loader.INDEX_AT_ONCE = 40  # type: ignore[attr-defined]  # the rest follows as a job

    def round(self, how: str) -> None:
        from django.db import connections

        connections.close_all()
        read, write = os.pipe()
        seed = self.dice.randrange(2**32)
        known = list(self.imports.items())
        pid = os.fork()
        if pid == 0:
            os.close(read)
            try:
                Worker(write, seed, self.pool, known).run()
            except BaseException as error:
                os.write(write, json.dumps({"what": "error", "text": repr(error)[:500]}).encode() + b"\n")
            os._exit(1)
        os.close(write)
        said = self._strike(pid, read, how)
        os.waitpid(pid, 0)
        os.close(read)
        self.kills[how] += 1
        _connect()
        _alone()
        self._account(said, how)
        self._look()

    def _strike(self, pid: int, read: int, how: str) -> list[dict[str, Any]]:
        """Everything the worker said until it was dead."""
        held = b""
        while b"\n" not in held:  # it is connected and begins
            if not (more := os.read(read, 65536)):
                raise Wrong("the worker ended before it began")
            held += more
        backend = int(json.loads(held.split(b"\n")[0]).get("backend", 0))
        # Now and then something is finished first, however slow the machine; the blow then falls into what comes next.
        finished = self.dice.choice((0, 0, 1, 2, 3))
        while held.count(b'"what": "ack"') < finished and (more := os.read(read, 65536)):
            held += more
        until = time.monotonic() + self.dice.uniform(0.0, 0.7) ** 1.5
        while (left := until - time.monotonic()) > 0:
            if select.select([read], [], [], left)[0]:
                more = os.read(read, 65536)
                held += more
                if not more:
                    break
        victim = {"program": pid, "backend": backend, "postmaster": self._postmaster()}[how]
        os.kill(victim, signal.SIGKILL)
        ended = time.monotonic() + 30
        while more := (
            os.read(read, 65536) if select.select([read], [], [], max(0, ended - time.monotonic()))[0] else b""
        ):
            held += more
            if b'"error"' in held:
                break
        if how != "program":
            os.kill(pid, signal.SIGKILL)
        return [json.loads(line) for line in held.split(b"\n") if line.endswith(b"}")]

    def _postmaster(self) -> int:
        from django.conf import settings

        from guanxi.ops import embedded

        note = embedded.Server(Path(settings.HOME)).postmaster()
        if note is None:
            raise Wrong("the server is not there")
        return note.pid

    def _account(self, said: list[dict[str, Any]], how: str) -> None:
        """What must be there now. The last act without a word is in doubt, and looked up."""
        tries = {s["token"]: s for s in said if s["what"] == "try"}
        acked = {s["token"]: s for s in said if s["what"] == "ack"}
        errors = [s for s in said if s["what"] == "error"]
        if how == "program" and errors:
            raise Wrong(f"the worker failed by itself: {errors}")
        for token, act in tries.items():
            self.acts[act["kind"]] += token in acked
            done = acked.get(token)
            if done is None:
                if token != list(tries)[-1]:
                    raise Wrong(f"{act} has no word, but others followed")
                done = self._doubt(act)
                self.doubts[f"{act['kind']}: {'done' if done else 'not done'}"] += 1
            if done is not None:
                self._stands(act, done)

    def _stands(self, act: dict[str, Any], done: dict[str, Any]) -> None:
        token = act["token"]
        match act["kind"]:
            case "create":
                self.created.add(token)
                if "number" in done and done["number"] in self.numbers:
                    raise Wrong(f"number {done['number']} was given twice")
                self.numbers.add(done.get("number", token))
            case "edit":
                self.remark[act["id"]] = token
            case "bulk":
                self.preferences = token
            case "load":
                self.imports[token] = done["change_set"]
            case "undo":
                self.gone.add(act["target"])
                del self.imports[act["target"]]

    def _doubt(self, act: dict[str, Any]) -> dict[str, Any] | None:
        """Whether the act that the blow met was committed. `_look` then demands all of it, or nothing."""
        from guanxi.core.journal.models import ChangeSet
        from guanxi.records import catalogue

        rows = catalogue.get("customers.account").model.all_rows
        token = act["token"]
        match act["kind"]:
            case "create":
                return {} if rows.filter(external_id=token).exists() else None
            case "edit":
                return {} if rows.filter(pk=act["id"], remark=token).exists() else None
            case "bulk":
                return {} if rows.filter(preferences=token).exists() else None
            case "load":
                found = rows.filter(external_id__startswith=f"{token}-").values_list("created_in", flat=True).first()
                return {"change_set": found} if found else None
            case _:
                undone = ChangeSet.objects.filter(undoes=self.imports[act["target"]]).exists()
                return {} if undone else None

    def _look(self) -> None:
        from guanxi.core import journal
        from guanxi.records import catalogue

        entity = catalogue.get("customers.account")
        live = entity.model.all_rows.filter(deleted_in__isnull=True)
        shown = Counter(live.exclude(external_id="").values_list("external_id", flat=True))
        wanted = {f"P{n}" for n in range(POOL)} | self.created
        wanted |= {f"{token}-{n}" for token in self.imports for n in range(ROWS)}
        if set(shown) != wanted:
            raise Wrong(f"missing {sorted(wanted - set(shown))[:5]}, too many {sorted(set(shown) - wanted)[:5]}")
        if doubled := [code for code, n in shown.items() if n != 1]:
            raise Wrong(f"there twice: {doubled[:5]}")
        held = dict(live.filter(pk__in=self.pool).values_list("pk", "remark"))
        if held != self.remark:
            raise Wrong(f"edits: {held} instead of {self.remark}")
        if (found := set(live.filter(pk__in=self.pool).values_list("preferences", flat=True))) != {self.preferences}:
            raise Wrong(f"bulk edit: {found} instead of {self.preferences}")
        if len(found := set(live.filter(pk__in=self.pool).values_list("service_preference", flat=True))) != 1:
            raise Wrong(f"half an import: {found}")
        numbers = Counter(entity.model.all_rows.values_list("number", flat=True))
        if doubled := [number for number, n in numbers.items() if n > 1]:
            raise Wrong(f"numbers given twice: {doubled}")
        while journal.seal():
            pass
        journal.checkpoint()
        report = journal.verify()
        if not report.intact:
            raise Wrong("; ".join(str(f) for f in report.findings))
        if uneven := _uneven():
            raise Wrong(f"rows written without a line, or the other way round: {uneven[:5]}")

    def command_line(self) -> None:
        """`guanxi journal verify` says what this process found, and where, once somebody has been at the tables."""
        from django.db import connection

        from guanxi.core.journal.models import Change

        for arguments in (["journal", "seal"], ["journal", "checkpoint"], ["journal", "verify"]):
            code, text = _command(*arguments)
            if code:
                raise Wrong(f"{arguments}: {code} {text}")
        line = Change.objects.order_by("id")[3]
        with connection.cursor() as cursor:
            cursor.execute('UPDATE core_change SET after = after || \'{"name": "falsch"}\' WHERE id = %s', [line.pk])
        code, text = _command("journal", "verify")
        if code != 1 or f"change set #{line.change_set_id}, line {line.pk}" not in text:
            raise Wrong(f"a falsified line: exit code {code}, {text}")

    def catch_up(self) -> int:
        """Run the waiting jobs; then the index must have every live customer, and no other. Returns how many jobs."""
        from guanxi.core import jobs
        from guanxi.core.jobs.models import Job
        from guanxi.records import catalogue
        from guanxi.records.models import SearchEntry

        waiting = list(Job.objects.filter(kind="records.index", state="waiting"))
        for job in waiting:
            done = jobs.run_inline(job)
            if done.state != "done":
                raise Wrong(f"index job {job.pk}: {done.state} {done.error}")
        model = catalogue.get("customers.account").model
        live = set(model.all_rows.filter(deleted_in__isnull=True).values_list("pk", flat=True))
        found = set(SearchEntry.objects.filter(entity="customers.account").values_list("pk", flat=True))
        if live != found:
            raise Wrong(f"search index: {len(live - found)} missing, {len(found - live)} too many")
        return len(waiting)


def _command(*arguments: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-m", "guanxi", *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def _connect() -> None:
    """Wait until the server has recovered from its log."""
    from django.db import OperationalError, connections

    until = time.monotonic() + 300
    while True:
        connections.close_all()
        try:
            connections["default"].ensure_connection()
            return
        except OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _alone() -> None:
    """Wait until the dead worker's session is gone: what it had sent before the blow may still be on its way into the tables."""
    from django.db import connection

    until = time.monotonic() + 300
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'"
            )
            if cursor.fetchone() == (0,):
                return
        if time.monotonic() > until:
            raise Wrong("a session of the dead worker does not end")
        time.sleep(0.02)


def _uneven() -> list[tuple[Any, ...]]:
    """Change sets whose rows, as the triggers counted them, are not those of their lines."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "WITH lines AS (SELECT change_set_id AS cs, CASE op WHEN 'c' THEN 'i' ELSE 'u' END AS op, count(*) AS n"
            " FROM core_change WHERE op <> 'x' GROUP BY 1, 2 UNION ALL"
            " SELECT change_set_id, CASE op WHEN 'c' THEN 'i' ELSE 'u' END, rows FROM core_changebatch),"
            " both_ AS (SELECT cs, op, sum(n) AS n FROM lines GROUP BY 1, 2),"
            " counted AS (SELECT change_set AS cs, op, sum(rows) AS n FROM core_written GROUP BY 1, 2)"
            " SELECT coalesce(b.cs, c.cs), b.n, c.n FROM both_ b FULL JOIN counted c ON b.cs = c.cs AND b.op = c.op"
            " WHERE b.n IS DISTINCT FROM c.n"
        )
        return list(cursor.fetchall())


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=40)
    options.add_argument("--seed", type=int, default=int(time.time()))
    given = options.parse_args()
    home = Path(tempfile.mkdtemp(prefix="guanxi-crash-"))
    home.chmod(0o711)
    (home / "postgresql.conf").write_text("shared_buffers = 32MB\nfsync = on\nsynchronous_commit = on\n")
    os.environ.pop("GUANXI_DATABASE_URL", None)
    os.environ |= {"GUANXI_HOME": str(home), "DJANGO_SETTINGS_MODULE": "guanxi.site.settings"}
    import django

    django.setup()
    from django.db import connections

    from guanxi.ops import embedded

    torturer = Torturer(given.seed)
    ways = ["program", "program", "program", "backend", "postmaster"]
    started = time.monotonic()
    try:
        torturer.prepare()
        for n in range(given.kills):
            torturer.round(ways[n % len(ways)])
            if n % 20 == 19:
                print(f"{n + 1} kills, nothing wrong so far", file=sys.stderr, flush=True)
        caught_up = torturer.catch_up()
        torturer.command_line()
    except Wrong as wrong:
        print(f"seed {given.seed}, after {dict(torturer.kills)}: {wrong}", file=sys.stderr)
        return 1
    finally:
        connections.close_all()
        server = embedded.Server(home)
        server.forget()
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    print(
        f"{given.kills} kills ({', '.join(f'{n} {k}' for k, n in torturer.kills.items())}) in"
        f" {time.monotonic() - started:.0f} s, seed {given.seed}; acknowledged: {dict(torturer.acts)};"
        f" met on the way: {dict(torturer.doubts)}; {caught_up} index jobs caught up. Nothing lost, doubled or half done."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
