"""Microseconds per call of the normalisers, and of a whole customer row. Run: python bench/standards.py"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from guanxi.kit import text
from guanxi.standards import (
    address,
    company_name,
    countries,
    dates,
    email,
    numbers,
    person_name,
    phone,
    resident_id,
    uscc,
)

ZONE = ZoneInfo("Asia/Shanghai")
N = 20_000
FAMILY, GIVEN = "张李王赵陈刘单欧", "伟芳娜敏静强磊军洋勇艳杰"
CITIES = [
    ("广东", "深圳", "南山区"),
    ("北京", "", "朝阳区"),
    ("江苏省", "苏州市", "吴中区"),
    ("浙江省", "杭州市", "余杭区"),
    ("四川", "成都", "武侯区"),
]


def measure(call: Callable[[int], Any], n: int = N) -> float:
    """CPU microseconds per call; the argument varies, so that caches do not flatter."""
    for i in range(200):
        call(i)
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        for i in range(n):
            call(i)
        best = min(best, time.process_time() - started)
    return best / n * 1e6


def person(i: int) -> str:
    return FAMILY[i % 8] + GIVEN[i % 12] + GIVEN[i // 12 % 12]


def row(i: int) -> None:
    person_name.normalise(person(i))
    company_name.normalise(f"北京恒通{i}贸易有限公司")
    phone.normalise(f"138{i:08d}")
    phone.normalise(f"010-{62000000 + i}")
    email.normalise(f"user{i}@Example-Mail.com")
    countries.normalise("中国")
    province, city, district = CITIES[i % 5]
    address.from_parts(province=province, city=city, district=district, detail=f"科技路{i}号")
    dates.parse_datetime("2024-01-31 08:30:00", zone=ZONE)


CASES: dict[str, Callable[[int], Any]] = {
    "phone: mobile": lambda i: phone.normalise(f"138{i:08d}"),
    "phone: mobile with spaces": lambda i: phone.normalise(f"+86 138 {i // 10000:04d} {i % 10000:04d}"),
    "phone: landline": lambda i: phone.normalise(f"010-{62000000 + i}"),
    "phone: NANP": lambda i: phone.normalise(f"+1 415 {200 + i % 700} {i % 10000:04d}"),
    "phone: slow (+49)": lambda i: phone.normalise(f"+49 30 {1234000 + i}"),
    "email: plain": lambda i: email.normalise(f"user{i}@Example-Mail.com"),
    "email: slow (IDN)": lambda i: email.normalise(f"user{i}@münchen.de"),
    "dates: ISO": lambda i: dates.parse(f"2024-01-{i % 28 + 1:02d}"),
    "dates: 年月日": lambda i: dates.parse(f"2024年1月{i % 28 + 1}日"),
    "dates: date-time": lambda i: dates.parse_datetime(f"2024-01-{i % 28 + 1:02d} 08:30:00", zone=ZONE),
    "numbers: plain": lambda i: numbers.parse(f"{i}.50"),
    "numbers: ¥1,234.50": lambda i: numbers.parse(f"¥1,{i % 900 + 100}.50"),
    "person name": lambda i: person_name.normalise(person(i)),
    "person name: split": lambda i: person_name.split(person(i)),
    "company name": lambda i: company_name.normalise(f"北京恒通{i}贸易有限公司"),
    "company name: core": lambda i: company_name.core(f"北京恒通{i}贸易有限公司"),
    "address: one line": lambda i: address.parse(f"广东省深圳市南山区科技路{i}号"),
    "address: columns": lambda i: address.from_parts(
        province="广东", city="深圳", district="南山区", detail=f"科技路{i}号"
    ),
    "country": lambda i: countries.normalise(("中国", "USA", "Germany")[i % 3]),
    "credit code": lambda i: uscc.normalise("91110000600037341L"),
    "resident id": lambda i: resident_id.normalise("11010519491231002X"),
    "search tokens of a record": lambda i: text.search_tokens(
        names=[person(i), f"北京恒通{i}贸易有限公司"],
        phones=["+8613800138000", "+861088886666"],
        emails=[f"u{i}@a.com"],
        numbers=[f"C{i}"],
    ),
    "customer row (goal 60)": row,
}


def main() -> None:
    for name, call in CASES.items():
        print(f"{name:32} {measure(call, N if 'slow' not in name else N // 10):8.2f} µs")


if __name__ == "__main__":
    main()
