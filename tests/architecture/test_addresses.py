# ruff: noqa: E501 (tables)
"""Every address says who may use it, sends strangers to the sign-in page, and changes nothing when it is only looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import URLPattern

from guanxi.core.access import SYSTEM
from guanxi.core.access.models import Role
from guanxi.core.identity.models import User
from guanxi.core.journal.models import ChangeSet
from guanxi.records import catalogue, custom
from guanxi.records.models import ChoiceList
from guanxi.web import access
from tests import make

PUBLIC = {
    "account_login", "account_logout", "account_inactive", "mfa_authenticate", "mfa_login_webauthn", "preferences", "account_signup",
    "account_reset_password", "brand-css", "brand-logo", "health", "health-live", "health-ready", "manifest", "worker", "offline",
}  # fmt: skip
#: What looking may write: where somebody is signed in, and what package pages keep in the session.
OF_SESSIONS = {"django_session", "core_session", "core_cacheentry", "core_attempt", "core_brake"}


def patterns() -> list[tuple[str, URLPattern]]:
    return list(access.walk())


def samples(route: str, pattern: URLPattern, ids: dict[str, Any]) -> str:
    key = (pattern.default_args or {}).get("key", "")
    first = ids.get(key, ids["id"])
    own = {
        "int:id": first,
        "int:pk": ids["user"],
        "slug:field": "x_any",
        "slug:name": "x_any",
        "slug:key": "sales",
        "str:key": "customers.account",
    }
    if "/panel/" in route:
        own |= {"slug:name": "timeline", "slug:panel": "timeline", "slug:key": "timeline"}
    if "/lists/" in route:
        own |= {"str:key": ids["list"], "int:id": ids["choice"]}
    if "/trees/" in route:
        own |= {"str:key": "trade.category", "int:id": ids["trade.category"]}
    if "/tags/" in route:
        own |= {"int:id": ids["records.tag"]}
    if route.startswith("journal/"):
        own |= {"int:id": ids["set"]}
    return "/" + re.sub(r"<([^>]+)>", lambda m: str(own.get(m[1], 1)), route)


@pytest.fixture
def ids(db: None) -> dict[str, Any]:
    for entity in catalogue.every():
        custom.define(SYSTEM, entity, kind="text", label_zh="x", label_en="x", key="x_any")
    account = make.account(x_any="a")
    contact = make.contact(account, x_any="a")
    product = make.product(x_any="a")
    order = make.order(account, [{"quantity": 1, "unit_price": 2, "x_any": "a"}], x_any="a")
    found = {
        "customers.account": account, "customers.contact": contact, "trade.product": product, "trade.order": order,
        "trade.payment": make.payment(order, 1, x_any="a"), "records.tag": make.tag(x_any="a"),
        "customers.category": make.record("customers.category", {"name": "c", "x_any": "a"}),
        "trade.category": make.record("trade.category", {"name": "c", "x_any": "a"}),
        "customers.address": make.record("customers.address", {"account": account, "purpose": "billing", "address": {"detail": "a"}, "x_any": "a"}),
        "customers.relation": make.record("customers.relation", {"account": account, "type": "supplies", "other": make.account(), "x_any": "a"}),
        "customers.contactpoint": make.record("customers.contactpoint", {"account": account, "kind": "wechat", "value": "abc", "x_any": "a"}),
        "engagement.interaction": make.interaction(account, x_any="a"), "engagement.step": make.step(account, "2026-05-01", x_any="a"),
        "engagement.attachment": make.attachment(account, x_any="a"),
        "trade.orderline": catalogue.get("trade.orderline").model.all_rows.values_list("pk", flat=True)[0],
    }  # fmt: skip
    some = ChoiceList.objects.order_by("key").first()
    assert some is not None and set(found) == {e.key for e in catalogue.every()}
    return {
        **found, "id": account, "user": make.user("sales").pk, "list": some.key, "choice": some.values.first().pk,
        "set": ChangeSet.objects.filter(lines__gt=0).latest("pk").pk,
    }  # fmt: skip


def test_every_address_declares_its_permission() -> None:
    assert not access.check_urls()
    assert len(patterns()) > 200


def test_only_these_are_public() -> None:
    found = {
        p.name
        for _r, p in patterns()
        if (rule := access.rule_of(p.callback, p.name)) is not None and rule.kind == "public"
    }
    assert found <= PUBLIC


def test_strangers_are_sent_to_sign_in(ids: dict[str, Any]) -> None:
    client = Client()
    n = 0
    for route, pattern in patterns():
        rule = access.rule_of(pattern.callback, pattern.name)
        assert rule is not None
        if rule.kind == "public":
            continue
        path = samples(route, pattern, ids)
        for answer in (client.get(path), client.post(path)):
            to_sign_in = answer.status_code == 302 and answer["Location"].startswith("/sign-in")
            assert to_sign_in or answer.status_code == 404, f"{path}: {answer.status_code}"
            assert to_sign_in or rule.kind == "first_run", path
            n += 1
    assert n > 400


def counted() -> dict[str, Any]:
    """Every table's rows, byte for byte, but those of sessions; and every sequence."""
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table in OF_SESSIONS:
                continue
            cursor.execute(f'SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM "{table}" t')
            found[table] = cursor.fetchone()
        cursor.execute(
            "SELECT sequencename, last_value FROM pg_sequences WHERE sequencename LIKE 'guanxi_record%' OR sequencename LIKE 'core_changeset%'"
        )
        found["sequences"] = cursor.fetchall()
    return found


def visited(client: Client, ids: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for route, pattern in patterns():
        path = samples(route, pattern, ids)
        if "sign-out" not in path:
            for headers in ({}, {"HX-Request": "true", "HX-Target": "rows"}):
                yield path, client.get(path, headers=headers)


def test_looking_changes_nothing(ids: dict[str, Any]) -> None:
    person = make.user("administrator")
    client = Client()
    client.force_login(person)
    client.get("/")
    before = counted()
    pages = 0
    for path, answer in visited(client, ids):
        pages += 1
        assert answer.status_code < 500, path
    after = counted()
    assert {k: (before[k], after[k]) for k in before if before[k] != after[k]} == {}
    assert pages > 400


def test_the_administrator_finds_every_page(ids: dict[str, Any]) -> None:
    """Nothing is so well guarded that nobody gets in."""
    client = Client()
    client.force_login(make.user("administrator"))
    lost = []
    for route, pattern in patterns():
        if (pattern.default_args or {}).get("key") is None:
            continue
        path = samples(route, pattern, ids)
        answer = client.get(path)
        if answer.status_code == 404 and not path.endswith("bulk") and "/views/" not in path and "/file/" not in path:
            lost.append(path)
    assert not lost


def test_people_without_a_role_get_in_nowhere(ids: dict[str, Any]) -> None:
    client = Client()
    client.force_login(make.user(""))
    assert Role.objects.count() >= 8 and User.objects.count() >= 2
    for route, pattern in patterns():
        rule = access.rule_of(pattern.callback, pattern.name)
        if rule is not None and rule.kind == "allow":
            path = samples(route, pattern, ids)
            assert client.get(path).status_code in (404, 405), path
            assert client.post(path).status_code in (404, 405), path
