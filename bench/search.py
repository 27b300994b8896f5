"""Search as you type: CPU for each kind of thing that people type, and what the index costs a record.

CPU is that of this process and of its database backend, per request, so that a busy machine does not matter.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

#: What is typed, by kind; words that stand in many records and single letters are among them.
KINDS: dict[str, tuple[str, ...]] = {
    "one character": ("张", "李", "王", "伟", "欧", "海"),
    "name": ("张伟", "李静", "王芳", "陈子涵", "欧阳娜", "赵欣"),
    "pinyin": ("zhang", "zhangw", "liwei", "wangfang", "chenzihan", "ouyang"),
    "initials": ("zw", "lj", "wf", "czh", "oy", "zx"),
    "one letter, two digits": ("z", "l", "1", "13", "86", "s"),
    "start of a phone": ("138001", "1391", "1867", "13800138", "021", "0571"),
    "last four digits": ("8000", "1234", "0571", "8888", "4321", "7007"),
    "e-mail word": ("gmail", "example", "com", "qq", "mail", "u696"),
    "piece of an e-mail": ("u1234@", "u99@example", "u500@example.cn", "u7", "u31", "u2048@ex"),
    "common word": ("公司", "有限公司", "上海", "smith", "new york", "北京市"),
    "company": ("华为技术", "中国银行", "科技有限", "贸易公司", "集团", "acme"),
    "number": ("C1001", "c5000", "1001", "O100001", "x00000696", "C99999"),
    "slip": ("zhangwie", "zhagnwei", "smtih", "wnagfang", "13800138x", "张伟伟伟"),
}


#: People who are measured: by their share of all customers. The administrator sees all of them.
NARROW = 0.002


def run(bench: Any, *, rounds: int = 3) -> None:
    """Print p50, p95 and p99 of the palette's request for each kind and for all, for an administrator and for somebody who
    sees few records; and bytes a record of the index."""
    from django.db import connection
    from django.test import Client

    from guanxi.records import sql

    sql.analyze_search()  # what waits to be sorted in, is: it belongs to the writing
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), pg_table_size('records_searchentry'), pg_indexes_size('records_searchentry'), pg_backend_pid()"
            " FROM records_searchentry"
        )
        n, table, index, backend = cursor.fetchone()
    per = max(n, 1)
    print(
        f"  {'search index, a record':<38}{(table + index) / per:>10,.0f} bytes"
        f" (tokens {table / per:,.0f}, index {index / per:,.0f}; {n:,} records)",
        flush=True,
    )
    seller = _seller(bench, round(NARROW * n))
    narrow = Client()
    narrow.force_login(seller)
    for who, client in (("administrator", bench.client), (f"sees {NARROW:.1%}", narrow)):
        every: list[float] = []
        for kind, words in KINDS.items():
            taken = []
            for i in range(rounds + 1):
                for word in words:
                    before = _cpu(backend)
                    answer = client.get("/palette", {"q": word}, headers={"HX-Request": "true"})
                    assert answer.status_code == 200
                    if i:  # the first round warms up
                        taken.append(_cpu(backend) - before)
            every += taken
            _say(f"{who}, {kind}", taken)
        _say(f"{who}, all kinds", every)


def _seller(bench: Any, n: int) -> Any:
    """Somebody in sales who owns `n` customers from all over the table, and sees no others."""
    from django.db import connection

    from guanxi.core.access import SYSTEM
    from guanxi.core.identity import services
    from guanxi.core.identity.models import User
    from guanxi.core.journal import change_set
    from guanxi.core.journal.models import Door

    if not User.objects.filter(username="seller").exists():
        services.add_person(SYSTEM, "seller", name="Seller", roles=["sales"], must_change=False)
        User.objects.filter(username="seller").update(must_change_password=False)
    seller = User.objects.get(username="seller")
    table = bench.accounts.model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE owner_id = %s", [seller.pk])
        if not cursor.fetchone()[0]:
            # Past the door of writing: whose records they are is all that counts here.
            with change_set(SYSTEM, door=Door.COMMAND, action="assign", entity=bench.accounts.key):
                cursor.execute(
                    f"UPDATE {table} SET owner_id = %s WHERE id IN"
                    f" (SELECT id FROM {table} WHERE deleted_in IS NULL ORDER BY hashint8(id) LIMIT %s)",
                    [seller.pk, n],
                )
            cursor.execute(f"ANALYZE {table}")
    return seller


def _cpu(backend: int) -> float:
    """Seconds of CPU of this process and of its database backend."""
    own = time.process_time()
    schedule = Path(f"/proc/{backend}/schedstat")
    if schedule.exists() and os.access(schedule, os.R_OK):
        return own + int(schedule.read_text().split()[0]) / 1e9
    import psutil

    times = psutil.Process(backend).cpu_times()
    return own + times.user + times.system


def _say(what: str, taken: list[float]) -> None:
    taken = sorted(1000 * t for t in taken)

    def at(share: float) -> float:
        return taken[min(len(taken) - 1, int(len(taken) * share))]

    print(f"  {'palette, ' + what:<48}{at(0.5):>10.1f} ms CPU p50, {at(0.95):.1f} p95, {at(0.99):.1f} p99", flush=True)
