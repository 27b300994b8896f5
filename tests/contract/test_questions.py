# ruff: noqa: E501 (tables)
"""Filters, order and paging say what plain Python over the rows says: for real columns and for custom fields of every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import cycle
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from guanxi.core.access import SYSTEM, acting, actor_for
from guanxi.core.org import versions
from guanxi.records import catalogue, custom, kinds, read, write
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds import Formats
from guanxi.records.read.query import BadQuery
from tests import make

ROWS = 24
Q1, Q2, Q3 = "江苏省", "苏州市", "虎丘区"

#: Values of each kind, with ties; None comes in between.
POOL: dict[str, list[Any]] = {
    "text": ["alpha", "Alpha", "beta 北京", "100% _x\\y", "'; drop"],
    "longtext": ["first\nsecond", "third 北京", "Fourth"],
    "code": ["A-1", "B-22", "Z9"],
    "integer": [0, -5, 7, 1_000_000],
    "number": [Decimal("0.5"), Decimal("-12.25"), Decimal("100"), Decimal("99.9999")],
    "money": [Decimal("10"), Decimal("9.99"), Decimal("1000.5")],
    "percent": [Decimal("12.5"), Decimal("0"), Decimal("100")],
    "rating": [1, 3, 5],
    "boolean": [True, False],
    "date": [date(2026, 1, 1), date(2025, 12, 31), date(2026, 2, 28)],
    "datetime": [datetime(2026, 1, 1, 15, 59, tzinfo=UTC), datetime(2026, 1, 1, 16, 1, tzinfo=UTC), datetime(2025, 5, 5, 5, 5, 5, tzinfo=UTC)],
    "phone": ["+8613800001111", "+8613900002222", "+12025550123"],
    "email": ["a@example.com", "bb@example.org", "c.c@example.com"],
    "url": ["https://a.example.com", "https://b.example.com/x"],
    "address": [
        {"country": "CN", "province": Q1, "city": Q2, "district": Q3, "detail": "人民路1号"}, {"country": "US", "city": "Austin", "detail": "1 Main St"},
    ],
    "person_name": ["张三", "Li Si"],
    "company_name": ["北京一公司", "Acme Ltd"],
    "file": [{"id": "0" * 32, "name": "a.pdf", "size": 3, "sha256": ""}],
}  # fmt: skip


def pool(field: Field, links: dict[str, list[int]]) -> list[Any]:
    kind = field.kind
    if isinstance(kind, kinds.MultiChoice):
        codes = [o.value for o in kind.options()]
        return [codes[:1], codes[1:3], codes[:2]]
    if isinstance(kind, kinds.Choice):
        return [o.value for o in kind.options()][:3]
    if isinstance(kind, kinds.Link):
        ids = links[kind.target]
        return [ids[:1], ids[1:2], ids[:2]] if kind.many else ids[:2]
    low = getattr(kind, "low", None)
    return [v for v in POOL[kind.key] if low is None or v >= low]


REAL = (
    "short_name", "remark", "phone", "email", "website", "address", "employees", "annual_revenue", "first_seen", "tier", "owner",
    "category", "tags",
)  # fmt: skip


@pytest.fixture(scope="module")
def rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, dict[int, dict[str, Any]]]]:
    """{entity: {id: {field: stored value or None}}}: tags with a custom field of every kind, customers with real columns."""
    with django_db_blocker.unblock(), transaction.atomic():
        versions.refresh()
        people = [make.user("sales").pk, make.user("sales").pk]
        with acting(SYSTEM):
            links = {
                "core.user": people,
                "customers.category": [make.record("customers.category", {"name": f"类 {i}"}) for i in range(2)],
                "records.tag": [make.tag() for _ in range(2)],
            }
            tag, account = catalogue.get("records.tag"), catalogue.get("customers.account")
            for key, needs in custom.OFFERED.items():
                options = {"list": "customers.tier", "target": "customers.category", "currency": "CNY"}
                custom.define(SYSTEM, tag, kind=key, key=f"x_{key}", label_zh=key, label_en=key, options={n: options[n] for n in needs},
                              indexed=key in custom.INDEXABLE)  # fmt: skip
            versions.refresh()
            held: dict[str, dict[int, dict[str, Any]]] = {"records.tag": {}, "customers.account": {}}
            for entity, keys, base in ((tag, [f"x_{k}" for k in custom.OFFERED], "name"), (account, REAL, "name")):
                every = custom.fields(entity)
                # Each field has its own rhythm of values and gaps, so that ties fall differently.
                turns = {
                    k: cycle([*pool(every[k], links), None, pool(every[k], links)[0]][: 3 + n % 3])
                    for n, k in enumerate(keys)
                }
                for n in range(ROWS):
                    values = {k: next(turn) for k, turn in turns.items()}
                    given = {k: v for k, v in values.items() if v is not None}
                    plain = {"kind": "company", "currency": "CNY"} if entity is account else {}
                    id_ = write.save(SYSTEM, entity, {base: f"{entity.noun}{n:02d}", "owner": None, **plain, **given} if entity is account
                                     else {base: f"{entity.noun}{n:02d}", **given}).id  # fmt: skip
                    if entity is account and values["owner"] is None:
                        write.save(SYSTEM, entity, {"owner": None}, id=id_)
                    held[entity.key][id_] = values
            for entity_key, key in (("records.tag", "records.tag"),):
                for id_ in links[key]:
                    held[entity_key][id_] = {}
        yield held
        transaction.set_rollback(True)
    versions._stamps.clear()


def cases() -> list[Any]:
    return [pytest.param("records.tag", f"x_{k}", id=f"custom-{k}") for k in custom.OFFERED] + [
        pytest.param("customers.account", k, id=f"real-{k}") for k in REAL
    ]


def field_of(entity: Entity, key: str) -> Field:
    return custom.fields(entity)[key]


def holds(kind: Any, op: str, value: Any, operands: list[Any], zone: Any) -> bool:
    """What an operator means, in plain Python."""
    if op == "empty":
        return value is None
    if op == "filled":
        return value is not None
    if kind.many:
        hit = bool(set(value or []) & set(operands))
        return not hit if op == "none" else hit
    if op == "not":
        return bool(value != operands[0])
    if op == "none":
        return value not in operands
    if value is None:
        return False
    if isinstance(kind, kinds.Address):
        return any(
            operands[0].lower() in str(value.get(p, "")).lower()
            for p in ("province", "city", "district", "detail", "postcode")
        )
    if isinstance(kind, kinds.Date):
        day = value.astimezone(zone).date() if isinstance(value, datetime) else value
        return {
            "is": lambda: day == operands[0], "before": lambda: day < operands[0], "after": lambda: day > operands[0],
            "between": lambda: operands[0] <= day <= operands[1],
            "within": lambda: operands[0] <= day <= operands[1],
        }[op]()  # fmt: skip
    return bool({
        "is": lambda: value == operands[0], "any": lambda: value in operands,
        "contains": lambda: operands[0].lower() in value.lower(), "starts": lambda: value.startswith(operands[0]),
        "gte": lambda: value >= operands[0], "lte": lambda: value <= operands[0], "between": lambda: operands[0] <= value <= operands[1],
    }[op]())  # fmt: skip


def asked(field: Field, op: Any, values: list[Any], formats: Formats) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Operands as texts of an address, and what they mean."""
    kind = field.kind
    values = [v for v in values if v is not None]
    if op.values == 0:
        yield ("1",), []
        return
    if kind.many:
        parts = sorted({p for v in values for p in v})
        yield (str(parts[0]),), [parts[0]]
        yield tuple(map(str, parts[:2])), parts[:2]
        return
    if isinstance(kind, kinds.Address):
        for part in (Q2, "人民路", "main st", "nowhere"):
            yield (part,), [part]
        return
    if isinstance(kind, kinds.Date):
        days = [v.astimezone(formats.zone).date() if isinstance(v, datetime) else v for v in values]
        today = date.today()
        if op.key == "within":
            yield ("this_year",), [date(today.year, 1, 1), date(today.year, 12, 31)]
            yield ("last_year",), [date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)]
        elif op.key == "between":
            low, high = sorted(days)[0], sorted(days)[1]
            yield (low.isoformat(), high.isoformat()), [low, high]
        else:
            yield from (((d.isoformat(),), [d]) for d in days)
        return
    if op.key in ("contains", "starts"):
        for value in values:
            for text in (value[:4], value[1:4], value[:3].swapcase(), value.split("\n")[-1]):
                wanted = text
                if isinstance(kind, kinds.Phone):
                    wanted = text = "".join(c for c in text if c.isdigit() or c == "+")
                yield (text,), [wanted.strip()]
        return
    if op.key == "between":
        low, high = sorted(values)[0], sorted(values)[-1]
        yield (kind.edit_text(low) or str(low), kind.edit_text(high) or str(high)), [low, high]
        return
    n = 2 if op.values == -1 else 1
    for at in range(len(values)):
        chosen = values[at : at + n]
        yield tuple(kind.edit_text(v) if not isinstance(kind, kinds.Link) else str(v) for v in chosen), chosen


@pytest.mark.parametrize(("entity_key", "key"), cases())
def test_operators_return_what_brute_force_says(rows: Any, db: None, entity_key: str, key: str) -> None:
    versions.refresh()
    entity = catalogue.get(entity_key)
    field, actor = field_of(entity, key), make.actor("administrator")
    formats = read.formats_for(actor)
    held = rows[entity_key]
    n = 0
    with acting(actor):
        for op in field.kind.operators:
            for texts, operands in asked(
                field, op, list(held[next(iter(held))].values())[:0] or [v.get(key) for v in held.values()][:8], formats
            ):
                query = read.Query(filters=(read.Filter(key, op.key, texts),), limit=200)
                found = {row.id for row in read.page(entity, actor, query).rows}
                wanted = {
                    id_
                    for id_, values in held.items()
                    if holds(field.kind, op.key, values.get(key), operands, formats.zone)
                }
                assert found == wanted, f"{key} {op.key} {texts}"
                assert {row.id for row in read.stream(entity, actor, query)} == wanted
                n += 1
    assert n >= 2


def order_of(values: dict[int, dict[str, Any]], key: str, *, down: bool) -> list[int]:
    filled = [(v[key], i) for i, v in values.items() if v.get(key) is not None]
    filled.sort(key=lambda p: -p[1])
    filled.sort(key=lambda p: p[0], reverse=down)
    empties = sorted((i for i, v in values.items() if v.get(key) is None), reverse=True)
    return [i for _v, i in filled] + empties


def walk(entity: Entity, actor: Any, query: read.Query, place: Callable[[read.Page], str]) -> Iterator[list[int]]:
    for _ in range(200):
        page = read.page(entity, actor, query)
        yield [row.id for row in page.rows]
        if not place(page):
            return
        query = replace(query, cursor=place(page))
    raise AssertionError("paging does not end")


SORTED = [c for c in cases() if c.values[1] not in ("x_longtext", "x_phone", "x_url", "x_boolean", "x_address", "x_link", "x_links", "x_user",
          "x_multichoice", "x_file", "remark", "phone", "website", "address", "owner", "category", "tags")]  # fmt: skip


def test_the_list_of_sortable_kinds_is_whole(rows: Any, db: None) -> None:
    versions.refresh()
    sortable = {(e, k) for e, k in (c.values for c in cases()) if field_of(catalogue.get(e), k).kind.sortable}
    assert sortable == {tuple(c.values) for c in SORTED}


@pytest.mark.parametrize("direction", ["", "-"])
@pytest.mark.parametrize(("entity_key", "key"), SORTED)
def test_paging_visits_each_row_once_both_ways_with_empties_last(
    rows: Any, db: None, entity_key: str, key: str, direction: str
) -> None:
    versions.refresh()
    entity, actor = catalogue.get(entity_key), make.actor("administrator")
    wanted = order_of(rows[entity_key], key, down=direction == "-")
    with acting(actor):
        query = read.Query(sort=(direction + key,), limit=5)
        forward = list(walk(entity, actor, query, lambda page: page.next))
        assert [i for page in forward for i in page] == wanted
        last = query
        for _ in range(len(forward) - 1):
            last = replace(last, cursor=read.page(entity, actor, last).next)
        backward = list(walk(entity, actor, last, lambda page: page.previous))
        assert [i for page in reversed(backward) for i in page] == wanted


FORGED = ["x", "W10", "bnVsbA", "eyJhIjoxfQ", "WyJcdTAwMDAiLCAxLCAwXQ", "WzEuNSwgMSwgMF0", "W251bGwsIDEwMDAwMDAwMDAwMDAwMDAwMDAwMCwgMF0", "W3RydWUsIDEsIDBd",
          "WyJhYmMiLCA1LCAxXQ", "WzEyMywgNSwgMF0", "WyIiLCAxLCAwXQ"]  # fmt: skip


@pytest.mark.parametrize("cursor", FORGED)
def test_a_forged_place_is_answered_never_an_error(rows: Any, db: None, cursor: str) -> None:
    versions.refresh()
    for entity_key, key in (c.values for c in SORTED):
        entity, actor = catalogue.get(entity_key), make.actor("administrator")
        try:
            with acting(actor), transaction.atomic():
                read.page(entity, actor, read.Query(sort=(key,), cursor=cursor))
        except BadQuery:
            pass


HOSTILE = [
    "",
    "\0",
    "%",
    "_",
    "\\",
    "'",
    "x" * 5000,
    "9" * 30,
    "-1",
    "1e999",
    "NaN",
    "٣",
    "2026-99-99",
    "{}",
    "[]",
    "null",
    "true",
    "1,2",
    "\ud7ff",
    "9" * 18,
]


@pytest.mark.parametrize(("entity_key", "key"), cases())
def test_hostile_operands_are_answered_never_an_error(rows: Any, db: None, entity_key: str, key: str) -> None:
    versions.refresh()
    entity, actor = catalogue.get(entity_key), make.actor("administrator")
    with acting(actor):
        for op in field_of(entity, key).kind.operators:
            for text in HOSTILE:
                query = read.Query(filters=(read.Filter(key, op.key, (text, text)[: max(1, op.values)]),))
                try:
                    with transaction.atomic():
                        read.page(entity, actor, query)
                except BadQuery:
                    pass


def test_hostile_addresses_are_answered(db: None) -> None:
    person = make.user("administrator")
    client = Client()
    client.force_login(person)
    for question in ("f.name.contains=%00", "q=%00", "sort=%00", "cols=%00", "at=%00", "n=%00", "q=%27%3B--", "q=%5C", "f..=1", "f.name=1", "f.name.__class__=1",
                     "sort=owner__password", "cols=owner__password", "f.owner__password.contains=a", "f.name.contains=a&f.name.contains=b", "n=-1",
                     "sort=-", "q=" + "a" * 3000, "w.0.field=owner__password&w.0.op=is&w.0.v=1", "col=owner__password"):  # fmt: skip
        answer = client.get(f"/customers/account/?{question}")
        assert answer.status_code in (200, 302, 400), question
    assert actor_for(person).can("customers.account", "view")
    assert timedelta(0) == timedelta()
