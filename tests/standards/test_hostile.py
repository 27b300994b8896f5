"""Values made to hurt: long, repetitive, strange. Every normaliser answers at once, with a result or a BadValue."""

import contextlib
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from guanxi.kit import text
from guanxi.kit.problems import BadValue
from guanxi.standards import (
    address,
    booleans,
    company_name,
    countries,
    currencies,
    dates,
    email,
    gender,
    headers,
    industries,
    numbers,
    person_name,
    phone,
    resident_id,
    url,
    uscc,
)

CALLS: list[Callable[[str], object]] = [
    *(
        module.normalise
        for module in (
            phone,
            email,
            dates,
            numbers,
            person_name,
            company_name,
            address,
            uscc,
            resident_id,
            countries,
            currencies,
            url,
            industries,
            gender,
            booleans,
        )
    ),
    phone.split,
    company_name.core,
    person_name.split,
    lambda raw: dates.parse_datetime(raw, zone=ZoneInfo("Asia/Shanghai")),
    lambda raw: headers.recognise(raw, {"name": ["客户名称"]}),
    lambda raw: text.search_tokens(names=[raw], words=[raw], phones=[raw], emails=[raw], numbers=[raw]),
    text.query_tokens,
    text.anchor_terms,
]
PIECES = [
    "1 ",
    "1",
    "a@",
    "a.",
    ".",
    "-",
    "(",
    "公司",
    "北京市",
    "银行分行",
    "年1月",
    "ext ",
    "转1",
    "\u200b",
    "=",
    "'",
    "1,",
    "\ufdfa",
    "e1",
    "张",
    "  ",
    "%",
    "http://",
    "a-b ",
]


@pytest.mark.parametrize("piece", PIECES)
def test_long_values_are_answered_at_once(piece: str) -> None:
    for call in CALLS:
        for raw in (piece * 10_000, "1" + piece * 10_000 + "x", "北京" + piece * 90 + "x"):
            started = time.process_time()
            with contextlib.suppress(BadValue):
                call(raw)
            # Milliseconds; but a pattern that goes wrong takes minutes, and then the run is to say which.
            assert time.process_time() - started < 30, (call, raw[:30])
