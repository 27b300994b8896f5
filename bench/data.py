"""Customers, orders and lines for the benchmark: seeded, bilingual, as many as wanted, in constant memory."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟"
GIVEN = "伟芳娜敏静秀英丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文辉玲斌宇浩凯欣怡晨雪梅建国志红春华子轩梓涵"
FIRST = (
    "Anna",
    "Ben",
    "Carla",
    "David",
    "Emma",
    "Frank",
    "Grace",
    "Henry",
    "Iris",
    "Jack",
    "Kate",
    "Liam",
    "Mia",
    "Noah",
)
LAST = (
    "Smith",
    "Jones",
    "Garcia",
    "Miller",
    "Davis",
    "Wilson",
    "Moore",
    "Taylor",
    "Thomas",
    "White",
    "Harris",
    "Clark",
)
PLACES = (
    ("浙江省", "杭州市", "西湖区"), ("江苏省", "南京市", "鼓楼区"), ("广东省", "深圳市", "南山区"),
    ("上海市", "上海市", "浦东新区"), ("北京市", "北京市", "海淀区"), ("四川省", "成都市", "武侯区"),
)  # fmt: skip
US = (("CA", "San Jose"), ("NY", "Buffalo"), ("TX", "Austin"), ("WA", "Seattle"))
HEADER = (
    "customer_no", "full_name", "email", "phone", "mobile", "country", "state", "city", "street", "source", "status",
    "created_at", "note",
)  # fmt: skip
START = datetime(2019, 1, 1)


def customers(n: int, seed: int = 1) -> Iterator[tuple[Any, ...]]:
    """Rows as HEADER names them; every other one Chinese."""
    r = random.Random(seed)
    pick, number = r.choice, r.randrange
    for i in range(1, n + 1):
        made = (START + timedelta(minutes=number(3_600_000))).strftime("%Y-%m-%d %H:%M:%S")
        note = "重要客户，需要定期回访" if number(4) == 0 else ""
        if i % 2:
            province, city, district = pick(PLACES)
            name = pick(FAMILY) + pick(GIVEN) + (pick(GIVEN) if number(3) else "")
            place = ("CN", province, city, f"{district}文一路{number(1, 999)}号")
            phones = (f"0571-8{number(1_000_000, 9_999_999)}", f"13{number(100_000_000, 999_999_999)}")
        else:
            state, city = pick(US)
            name = f"{pick(FIRST)} {pick(LAST)}"
            place = ("US", state, city, f"{number(1, 9999)} Main Street")
            phones = (
                f"+1-212-{number(200, 999)}-{number(10_000):04d}",
                f"(415) {number(200, 999)}-{number(10_000):04d}",
            )
        yield (
            f"X{i:08d}", name, f"u{i}@example.{'cn' if i % 2 else 'com'}", *phones, *place,
            pick(("website", "referral", "exhibition")), pick(("lead", "active", "dormant")), made, note,
        )  # fmt: skip


def write_customers(path: Path, n: int) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        out.writerows(customers(n))
    return path


def orders(accounts: list[int], seed: int = 2) -> Iterator[tuple[int, dict[str, Any]]]:
    """One order for each of these accounts."""
    r = random.Random(seed)
    for i, account in enumerate(accounts, 1):
        stamp = START + timedelta(minutes=r.randrange(3_600_000))
        yield i, {"account": account, "ordered_at": stamp.isoformat(sep=" "), "currency": "CNY"}


def lines(orders: list[int], each: int, seed: int = 3) -> Iterator[tuple[int, dict[str, Any]]]:
    """`each` lines for each of these orders."""
    r = random.Random(seed)
    number = 0
    for order in orders:
        for _ in range(each):
            number += 1
            yield number, {
                "order": order, "description": f"商品 {r.randrange(5000)}", "quantity": r.randrange(1, 9),
                "unit_price": f"{r.randrange(100, 99_999) / 100:.2f}",
            }  # fmt: skip
