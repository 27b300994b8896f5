"""Jobs of the tests."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.db import connection, transaction

from guanxi.core.jobs import JobError, job, periodic


@job("test.add", title="Add")
def add(ctx, a=1, b=2):
    ctx.progress(1, 1, "adding")
    return {"sum": a + b}


@job("test.note")
def note(ctx, text="", seconds=0.0, rows=1, gate=""):
    """Write rows and be done, all in one transaction; as slow as asked. With `gate`, a file's name, the job waits half way
    until that file is there."""
    with transaction.atomic(), connection.cursor() as cursor:
        for n in range(rows):
            while gate and n == rows // 2 and not Path(gate).exists():
                ctx.check()
                ctx.progress(n, rows)
                time.sleep(0.02)
            ctx.check()
            cursor.execute("INSERT INTO test_note (job, text, n, pid) VALUES (%s, %s, %s, %s)",
                           [ctx.job_id, text, n, os.getpid()])  # fmt: skip
            ctx.progress(n + 1, rows)
            time.sleep(seconds / rows)
        ctx.complete({"written": rows})


@job("test.stubborn")
def stubborn(ctx, gate, **_):
    """Does not listen: says that it has begun, and waits for the file `gate`."""
    ctx.progress(1, 2)
    while not Path(gate).exists():
        time.sleep(0.02)


@job("test.sql")
def sql(ctx, sql="SELECT 1"):
    with connection.cursor() as cursor:
        cursor.execute(sql)


@job("test.fail")
def fail(ctx):
    raise ValueError("the reason")


@job("test.explain")
def explain(ctx):
    raise JobError("%(n)s rows are bad.", kept="Nothing was written.", todo="Correct the file.", n=3)


@job("test.actor")
def who(ctx):
    from guanxi.core.access import current

    return {"current": current().name, "ctx": ctx.actor.name}


@periodic("* * * * *")
@job("test.minutely")
def minutely(ctx):
    return "tick"
