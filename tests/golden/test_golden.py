"""What follows from the declarations, kept as text: a change in the machinery shows as a difference in these files.

`make golden` (or `GUANXI_GOLDEN=1 pytest tests/golden`) writes them anew; read the difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from guanxi.records import catalogue
from guanxi.records.describe import describe
from guanxi.web import access
from tests import make

HERE = Path(__file__).parent
AGAIN = os.environ.get("GUANXI_GOLDEN", "") not in ("", "0")


def golden(name: str, text: str) -> None:
    path = HERE / name
    if AGAIN:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    assert path.exists(), f"{name} is missing: run `make golden`"
    assert text == path.read_text(encoding="utf-8"), f"{name} has changed: if that is meant, run `make golden`"


@pytest.mark.parametrize("key", [e.key for e in catalogue.every()])
def test_description(db: None, key: str) -> None:
    from django.utils import translation

    with translation.override("en"):
        golden(f"describe/{key}.txt", describe(catalogue.get(key)))


def test_every_description_is_of_an_entity() -> None:
    assert {p.stem for p in (HERE / "describe").glob("*.txt")} == {e.key for e in catalogue.every()}


def test_addresses_and_their_permissions() -> None:
    lines = []
    for route, pattern in access.walk():
        rule = access.rule_of(pattern.callback, pattern.name)
        key = (pattern.default_args or {}).get("key", "")
        entity = rule.entity.format(key=key) if rule and key else rule.entity if rule else ""
        who = (
            "undeclared" if rule is None else " ".join(filter(None, (rule.kind.replace("_", " "), entity, rule.action)))
        )
        lines.append(f"/{route}  {who}")
    golden("addresses.txt", "\n".join(sorted(lines)) + "\n")


def _rows(first: int, n: int) -> None:
    """So many of everything, each with its own links, so that a query for each row would show."""
    for i in range(first, first + n):
        category = make.record("customers.category", {"name": f"c{i}"})
        tag = make.tag(f"t{i}")
        account = make.account(
            owner=make.user("sales").pk, category=category, tags=[tag], annual_revenue="5", currency="CNY"
        )
        other = make.account(parent=account, kind="company")
        contact = make.contact(account, tags=[tag])
        make.record("customers.address", {"account": account, "purpose": "billing", "address": {"detail": f"{i}"}})
        make.record(
            "customers.contactpoint", {"account": account, "contact": contact, "kind": "wechat", "value": f"wx{i}"}
        )
        make.record("customers.relation", {"account": account, "type": "supplies", "other": other})
        product = make.product(category=make.record("trade.category", {"name": f"c{i}"}))
        order = make.order(
            account,
            [{"quantity": 1, "unit_price": 2, "product": product}],
            contact=contact,
            sales_rep=make.user("sales").pk,
        )
        make.payment(order, 1)
        make.interaction(account, contact=contact, order=order)
        make.step(account, "2026-05-01", owner=make.user("sales").pk)
        make.attachment(account)


def _queries(client: Client, path: str, **headers: str) -> tuple[int, int]:
    """How many queries, and how many of them count: these are asked only where a page does not show all there is."""
    client.get(path, headers=headers)  # what is looked up once per process is not counted
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(path, headers=headers)
    assert answer.status_code == 200, path
    counting = [q for q in seen if q["sql"].startswith(("EXPLAIN", "SELECT COUNT(*) FROM (SELECT"))]
    return len(seen), len(counting)


def test_queries_do_not_grow_with_rows(db: None) -> None:
    client = Client()
    client.force_login(make.user("administrator"))
    _rows(0, 2)
    paths: dict[str, str] = {"home": "/", "journal": "/journal/"}
    ids: dict[str, int] = {}
    for entity in catalogue.every():
        base = f"/{entity.room}/{entity.noun}/"
        ids[entity.key] = entity.model.all_rows.order_by("pk").values_list("pk", flat=True)[0]
        paths |= {
            f"{entity.key} list": base,
            f"{entity.key} list, all columns": f"{base}?cols={','.join(entity.declared)}",
            f"{entity.key} record": f"{base}{ids[entity.key]}/",
            f"{entity.key} panels": f"{base}{ids[entity.key]}/panels",
            f"{entity.key} new": f"{base}new",
            f"{entity.key} choose": f"{base}choose",
        }
    few = {name: _queries(client, path) for name, path in paths.items()}
    _rows(2, 30)
    many = {name: _queries(client, path) for name, path in paths.items()}
    grown = {
        n: (few[n], many[n])
        for n in paths
        if many[n][0] - many[n][1] > few[n][0] - few[n][1] or many[n][1] > few[n][1] + 2
    }
    assert not grown, f"queries grow with rows: {grown}"
    golden("queries.txt", "".join(f"{name}: {n}\n" for name, (n, _counting) in sorted(many.items())))
