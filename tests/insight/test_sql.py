"""Questions become SQL that only depends on the question, the table and the person: kept as text, so that a change shows."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.insight import questions
from guanxi.insight.marts import ask
from guanxi.insight.marts.ask import Table
from guanxi.insight.questions import Question
from tests import make

ORDERS = Table(
    "trade.order",
    {"id": "BIGINT", "status": "ENUM", "channel": "ENUM", "account": "BIGINT", "account.owner": "ENUM", "ordered_at": "TIMESTAMP",
     "total": "DECIMAL(18,4)", "@fx": "SMALLINT", "@month": "USMALLINT", "@day": "DATE", "currency": "ENUM"},
    {"status": {"open": 0, "paid": 1}, "channel": {"online": 0, "store": 1}, "account.owner": {"1": 0, "7": 1}},
    (None, None), "Asia/Shanghai", rates=2,
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        (Question("trade.order"), 'SELECT NULL AS a, NULL AS b, 0 AS r, count(*) AS n, NULL AS total FROM "trade.order"'),
        (
            Question("trade.order", "sum:total", by="ordered_at:month"),
            'SELECT "@month" AS a, NULL AS b, "@fx" AS r, count(*) AS n, sum("total") AS total FROM "trade.order"'
            " GROUP BY a, r ORDER BY total DESC NULLS LAST, a",
        ),
        (
            Question.of("trade.order", "f.channel.any=online&f.channel.any=phone&f.total.gte=5", by="ordered_at:quarter", split="status"),
            'SELECT "@month" // 3 AS a, "status" AS b, 0 AS r, count(*) AS n, NULL AS total FROM "trade.order"'
            ' WHERE enum_code("channel") IN (0) AND "total" >= ? GROUP BY a, b ORDER BY n DESC NULLS LAST, a',
        ),
        (
            Question.of("trade.order", "f.ordered_at.between=2026-01-01&f.ordered_at.between=2026-01-31", measure="distinct:account"),
            'SELECT NULL AS a, NULL AS b, 0 AS r, count(*) AS n, count(DISTINCT "account") AS total FROM "trade.order"'
            ' WHERE "ordered_at" >= ? AND "ordered_at" < ?',
        ),
    ],
)  # fmt: skip
def test_questions_as_sql(db: None, question: Question, wanted: str) -> None:
    admin = make.actor(time_zone="Asia/Shanghai")
    sql, _values = ask.statement(ORDERS, admin, questions.resolve(admin, question))
    assert sql == wanted


def test_the_scope_is_in_every_statement(db: None) -> None:
    """Somebody sees their own, somebody without a right nothing at all."""
    seller = make.user("sales")
    from guanxi.core.access import actor_for

    actor = actor_for(seller)
    sql, _values = ask.statement(ORDERS, actor, questions.resolve(actor, Question("trade.order")))
    owner = str(seller.pk)
    known = owner in ORDERS.enums["account.owner"]
    assert sql.endswith(f"IN ({ORDERS.enums['account.owner'][owner]})" if known else "WHERE false")
    top = ask.largest(ORDERS, actor, questions.resolve(actor, Question("trade.order", by="account", top=3)), {})[0]
    assert top.count('FROM "trade.order"') == top.count("WHERE false" if not known else "IN (") == 1


def test_months_of_another_zone_begin_at_its_own_midnight(db: None) -> None:
    actor = make.actor(time_zone="America/New_York")
    sql, values = ask.statement(
        ORDERS,
        actor,
        questions.resolve(actor, Question.of("trade.order", "f.ordered_at.is=2026-03-08", by="ordered_at:month")),
    )
    assert "@month" not in sql and "INTERVAL" in sql
    assert [str(v) for v in values] == ["2026-03-08 05:00:00", "2026-03-09 04:00:00"]  # the day with 23 hours


def test_names_are_closed_text_becomes_no_sql(db: None) -> None:
    from guanxi.records.read import BadQuery
    from guanxi.records.rights import UnknownField

    admin = make.actor()
    bad: list[dict[str, Any]] = [
        {"by": 'status" --'}, {"by": "status'; DROP"}, {"by": "account.owner.department"}, {"by": "tags"}, {"by": "remark"},
        {"measure": "sum:remark"}, {"measure": "sum(total)"}, {"measure": "max:total"}, {"by": "ordered_at:minute"}, {"by": "a" * 500},
    ]  # fmt: skip
    for one in bad:
        with pytest.raises((BadQuery, UnknownField)):
            questions.resolve(admin, Question("trade.order", **one))
