# ruff: noqa: E501 (tables)
"""Numbers and amounts."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.kit.problems import BadValue
from guanxi.standards import numbers


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("1234.50", "1234.50"), ("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("¥1,234", "1234"), ("￥1,234.5", "1234.5"), ("1.2万", "12000"),
        ("3亿", "300000000"), ("1.5亿元", "150000000"), ("(123)", "-123"), ("(1,234.50)", "-1234.50"), ("12.5%", "0.125"), ("-12.5", "-12.5"),
        ("−12.5", "-12.5"), ("12.5-", "-12.5"), ("$ 1,234", "1234"), ("1 234,50", "1234.50"), ("1'234.50", "1234.50"), ("１２３", "123"), ("0.5", "0.5"),
        (".5", "0.5"), ("5.", "5"), ("12,50", "12.50"), ("1,234,567", "1234567"), ("1.234.567", "1234567"), ("12,34,567.89", "1234567.89"), ("1,2345", "12345"),
        ("1.5e3", "1500"), ("1.38E+10", "13800000000"), ("100元", "100"), ("USD 100", "100"), ("100 EUR", "100"), ("¥-5", "-5"), ("-¥5", "-5"), ("2k", "2000"),
        ("3.5m", "3500000"), ("1百万", "1000000"), (5, "5"), (0.1, "0.1"), (Decimal("1.10"), "1.10"), ("1，234", "1234"), ("99999999999999999999.99", "99999999999999999999.99"),
    ],
)  # fmt: skip
def test_numbers(raw: object, want: str) -> None:
    assert numbers.parse(raw) == Decimal(want)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "number.empty"), (None, "number.empty"), ("abc", "number.invalid"), ("1,23,45", "number.invalid"), ("1.2.3", "number.invalid"), ("--5", "number.invalid"),
        ("1,234.56.78", "number.invalid"), ("(-5)", "number.invalid"), ("12 34", "number.invalid"), ("$5€", "number.invalid"), ("NaN", "number.invalid"),
        ("inf", "number.invalid"), (float("nan"), "number.invalid"), (float("inf"), "number.invalid"), (Decimal("NaN"), "number.invalid"), (True, "number.invalid"),
        ("9" * 40, "number.too_big"), ("1e99", "number.too_big"), ("一百", "number.invalid"), ("1_000", "number.invalid"), ("٣", "number.invalid"), ("13800138000abc", "number.invalid"),
        ("5-3", "number.invalid"),
    ],
)  # fmt: skip
def test_what_is_no_number_says_why(raw: object, code: str) -> None:
    with pytest.raises(BadValue) as error:
        numbers.parse(raw)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("raw", "value", "currency"),
    [
        ("¥100", "100", None),
        ("100元", "100", "CNY"),
        ("US$1,000", "1000", "USD"),
        ("€ 5", "5", "EUR"),
        ("HK$20", "20", "HKD"),
        ("RMB 3.5万", "35000", "CNY"),
        ("5", "5", None),
        ("20万日元", "200000", "JPY"),
        ("$5", "5", None),
    ],
)
def test_amounts_say_their_currency(raw: str, value: str, currency: str | None) -> None:
    assert numbers.parse_amount(raw) == (Decimal(value), currency)


def test_money_in_another_currency_is_refused() -> None:
    assert numbers.parse_money("¥5", "CNY") == numbers.parse_money("5元", "CNY") == 5
    with pytest.raises(BadValue) as error:
        numbers.parse_money("US$5", "CNY")
    assert error.value.code == "number.currency"


def test_the_decimal_sign_of_a_column_can_be_given() -> None:
    assert numbers.parse("1,234", decimal=",") == Decimal("1.234")
    assert numbers.parse("1.234", decimal=",") == 1234
    assert numbers.parse("1,234") == 1234


def test_whole_numbers() -> None:
    assert numbers.parse_int("12.0") == 12
    with pytest.raises(BadValue) as error:
        numbers.parse_int("12.5")
    assert error.value.code == "number.fraction"


def test_percent() -> None:
    assert numbers.parse_percent("12.5%") == numbers.parse_percent("０.125") == Decimal("0.125")


DECIMALS = st.decimals(-(10**12), 10**12, places=2)


@given(DECIMALS)
def test_what_people_write_is_read_back(value: Decimal) -> None:
    assert numbers.parse(f"{value:,}") == value
    assert numbers.parse(f"¥{value:,}") == value
    assert numbers.parse(f"{value:,}".translate(str.maketrans(",.", ".,"))) == value
    assert numbers.parse(str(value)) == value


@given(DECIMALS)
def test_normalise_is_idempotent(value: Decimal) -> None:
    once = numbers.normalise(f"{value:,}")
    assert numbers.normalise(once) == once
    assert Decimal(once) == value


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_a_bad_value(raw: str) -> None:
    with contextlib.suppress(BadValue):
        numbers.parse(raw)
