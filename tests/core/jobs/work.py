"""Jobs of the tests."""

from __future__ import annotations

import os
import time

from django.db import connection, transaction

from guanxi.core.jobs import JobError, job, periodic


@job("test.add", title="Add")
def add(ctx, a=1, b=2):
    ctx.progress(1, 1, "adding")
    return {"sum": a + b}


@job("test.note")
def note(ctx, text="", seconds=0.0, rows=1):
    """Write rows and be done, all in one transaction; as slow as asked."""
    with transaction.atomic(), connection.cursor() as cursor:
        for n in range(rows):
            ctx.check()
            cursor.execute("INSERT INTO test_note (job, text, n, pid) VALUES (%s, %s, %s, %s)",
                           [ctx.job_id, text, n, os.getpid()])  # fmt: skip
            ctx.progress(n + 1, rows)
            time.sleep(seconds / rows)
        ctx.complete({"written": rows})


@job("test.stubborn")
def stubborn(ctx, seconds=30):
    """Does not listen."""
    time.sleep(seconds)


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
