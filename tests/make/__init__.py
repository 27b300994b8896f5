"""Factories: people and records for tests, made through the same doors as a user's own.

Each takes what matters to the test and fills the rest; records come back as ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from guanxi.core.access import SYSTEM, Actor, acting, actor_for
from guanxi.core.access.models import Role
from guanxi.core.identity.models import User
from guanxi.core.org.models import Department
from guanxi.records import catalogue, write

_n = count(1)
#: A hash nobody can sign in with: making a real one takes a tenth of a second.
_NO_PASSWORD = "!"


def department(name: str = "", parent: Department | None = None) -> Department:
    made = Department.objects.create(name=name or f"Department {next(_n)}", parent=parent)
    made.path = f"{parent.path if parent else '/'}{made.pk}/"
    made.save(update_fields=["path"])
    return made


def user(role: str = "sales", *, username: str = "", department: Department | None = None, **more: Any) -> User:
    """Somebody with one of the ready-made roles ("" for none)."""
    n = next(_n)
    made = User.objects.create(
        username=username or f"{role or 'nobody'}{n}", name=more.pop("name", f"Person {n}"), password=_NO_PASSWORD,
        department=department, **more,
    )  # fmt: skip
    if role:
        made.roles.add(Role.objects.get(key=role))
    return made


def actor(role: str = "administrator", **more: Any) -> Actor:
    """The actor of somebody new with this role."""
    return actor_for(user(role, **more))


def record(key: str, values: Mapping[str, Any], *, by: Actor | None = None) -> int:
    """A record of any entity, made by `by` (default: the system)."""
    who = by or SYSTEM
    with acting(who):
        return write.save(who, catalogue.get(key), values).id


def account(*, by: Actor | None = None, **values: Any) -> int:
    return record("customers.account", {"name": f"测试客户{next(_n)}有限公司", "kind": "company", **values}, by=by)


def person(*, by: Actor | None = None, **values: Any) -> int:
    return record("customers.account", {"name": "王小明", "kind": "person", **values}, by=by)


def contact(account: int, *, by: Actor | None = None, **values: Any) -> int:
    return record("customers.contact", {"account": account, "name": "李小红", **values}, by=by)


def product(*, by: Actor | None = None, **values: Any) -> int:
    n = next(_n)
    return record("trade.product", {"sku": f"SKU-{n}", "name": f"产品 {n}", "price": Decimal("9.90"), **values}, by=by)


def order(account: int, lines: Iterable[Mapping[str, Any]] = (), *, by: Actor | None = None, **values: Any) -> int:
    """An order; each of `lines` has at least quantity and unit_price."""
    made = record(
        "trade.order", {"account": account, "ordered_at": datetime(2026, 3, 1, 9, tzinfo=UTC), **values}, by=by
    )
    for line in lines:
        record("trade.orderline", {"order": made, **line}, by=by)
    return made


def payment(order: int, amount: Decimal | str, *, by: Actor | None = None, **values: Any) -> int:
    return record("trade.payment", {"order": order, "amount": amount, "received_at": "2026-03-02", **values}, by=by)


def interaction(account: int, words: str = "", *, by: Actor | None = None, **values: Any) -> int:
    text = words or f"跟进 {next(_n)}: 客户要报价"
    return record("engagement.interaction", {"account": account, "method": "call", "words": text, **values}, by=by)


def step(account: int, due: Any, what: str = "", *, by: Actor | None = None, **values: Any) -> int:
    text = what or f"回电话 {next(_n)}"
    return record("engagement.step", {"account": account, "what": text, "due": due, **values}, by=by)


def attachment(about: int, entity: str = "customers.account", *, by: Actor | None = None, **values: Any) -> int:
    """An attachment of a record; without a `file` it is only a name."""
    given = {"about": about, "about_entity": entity, "name": f"合同{next(_n)}.pdf", **values}
    return record("engagement.attachment", given, by=by)


def tag(name: str = "", *, by: Actor | None = None, **values: Any) -> int:
    return record("records.tag", {"name": name or f"标签{next(_n)}", **values}, by=by)


def row(key: str, id: int) -> Any:  # noqa: A002
    """The row as the database has it, whatever anybody may see."""
    return catalogue.get(key).model.all_rows.get(pk=id)


def marts() -> None:
    """The marts, up to now; a page of the site that is still open may be at it already."""
    import time

    from guanxi.insight.marts import store

    end = time.monotonic() + 120
    while True:
        try:
            store.refresh()
            return
        except store.Busy:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
