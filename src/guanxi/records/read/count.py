"""How many: exact where that is cheap, estimated and marked where it is not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

CAP = 10_000


@dataclass(frozen=True)
class Count:
    """`n` rows; `exact` or an estimate of the planner (shown with ≈)."""

    n: int
    exact: bool = True


def count(rows: QuerySet[Any], *, whole: bool = False) -> Count:
    """Counts up to 10,000 rows exactly (below 2 ms); beyond that asks the planner.

    `whole`: nothing is filtered, so the planner's guess comes from the table itself and is asked first.
    """
    guess = _planned(rows) if whole else None
    if guess is not None and guess > 4 * CAP:
        return Count(guess, exact=False)
    n = rows.order_by().values("pk")[: CAP + 1].count()
    return Count(n) if n <= CAP else Count(max(_planned(rows) if guess is None else guess, CAP + 1), exact=False)


def _planned(rows: QuerySet[Any]) -> int:
    try:
        sql, params = rows.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return int(plan[0]["Plan"]["Plan Rows"])
