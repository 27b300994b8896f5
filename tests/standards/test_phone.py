# ruff: noqa: E501 (tables)
"""Telephone numbers: hard cases, the fast way against libphonenumber, masks that hide."""

import random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.kit.problems import BadValue
from guanxi.standards import phone

GOOD = [
    ("13800138000", "+8613800138000"),
    ("138 0013 8000", "+8613800138000"),
    ("138-0013-8000", "+8613800138000"),
    ("+86 138 0013 8000", "+8613800138000"),
    ("+86-13800138000", "+8613800138000"),
    ("0086 138 0013 8000", "+8613800138000"),
    ("8613800138000", "+8613800138000"),
    ("（86）13800138000", "+8613800138000"),
    ("１３８００１３８０００", "+8613800138000"),
    ("13800138000.0", "+8613800138000"),
    (13800138000, "+8613800138000"),
    (13800138000.0, "+8613800138000"),
    ("'13800138000", "+8613800138000"),
    ("手机：13800138000", "+8613800138000"),
    ("Tel: 010-88886666", "+861088886666"),
    ("010-88886666", "+861088886666"),
    ("(010) 8888 6666", "+861088886666"),
    ("01088886666", "+861088886666"),
    ("0755-26001234", "+8675526001234"),
    ("0571 8765 4321", "+8657187654321"),
    ("+86 10 8888 6666", "+861088886666"),
    ("+86 (0)10 8888 6666", "+861088886666"),
    ("010-88886666转803", "+861088886666;ext=803"),
    ("010-88886666-803", "+861088886666;ext=803"),
    ("010-88886666 ext. 803", "+861088886666;ext=803"),
    ("010-88886666x803", "+861088886666;ext=803"),
    ("010-88886666（分机803）", "+861088886666;ext=803"),
    ("400-800-1234", "+864008001234"),
    ("+1 415 555 2671", "+14155552671"),
    ("001 415 555 2671", "+14155552671"),
    ("+44 (0)20 7946 0958", "+442079460958"),
    ("+49 30 123456", "+4930123456"),
    ("+852 2123 4567", "+85221234567"),
    ("+81-3-1234-5678", "+81312345678"),
    ("138\u200b0013\u20118000", "+8613800138000"),
    ("13800138000 ", "+8613800138000"),
]


@pytest.mark.parametrize(("raw", "want"), GOOD)
def test_good_numbers(raw: object, want: str) -> None:
    assert phone.normalise(raw) == want


@pytest.mark.parametrize(
    ("raw", "region", "want"),
    [
        ("(415) 555-2671", "US", "+14155552671"),
        ("1-800-356-9377", "US", "+18003569377"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("415-555-2671 x12", "US", "+14155552671;ext=12"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("13800138000", "CN", "+8613800138000"),
        ("2123 4567", "HK", "+85221234567"),
        ("030 123456", "DE", "+4930123456"),
    ],
)
def test_numbers_of_other_regions(raw: str, region: str, want: str) -> None:
    assert phone.normalise(raw, region) == want


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "phone.empty"),
        ("   ", "phone.empty"),
        ("无", "phone.no_digits"),
        ("1380013800", "phone.mobile_length"),
        ("138001380001", "phone.mobile_length"),
        ("+86 138 0013 800", "phone.mobile_length"),
        ("88886666", "phone.too_short"),
        ("123", "phone.too_short"),
        ("1.38E+10", "phone.shortened"),
        ("13800138000,13900139000", "phone.several"),
        ("13800138000/010-88886666", "phone.several"),
        ("13800138000 13900139000", "phone.several"),
        ("13800138000abc", "phone.letters"),
        ("张三13800138000", "phone.letters"),
        ("+999 123456789", "phone.unknown_country"),
        ("+1 415 555 26711234567890", "phone.too_long"),
        ("12345678901", "phone.invalid"),
        ("00000000000", "phone.unknown_country"),
        ("+1 111 111 1111", "phone.invalid"),
        ("19999999999999999999999", "phone.too_long"),
    ],
)
def test_bad_numbers_say_why(raw: str, code: str) -> None:
    with pytest.raises(BadValue) as error:
        phone.normalise(raw)
    assert error.value.code == code, error.value
    assert error.value.problem.message


def test_message_names_the_remedy() -> None:
    with pytest.raises(BadValue) as error:
        phone.normalise("1380013800")
    assert str(error.value) == "'1380013800' has 10 digits; a mainland mobile has 11"


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("13800138000", ["13800138000"]),
        ("13800138000,13900139000", ["13800138000", "13900139000"]),
        ("13800138000 13900139000", ["13800138000", "13900139000"]),
        ("13800138000、010-88886666", ["13800138000", "010-88886666"]),
        ("010-88886666/6667", ["010-88886666", "010-88886667"]),
        ("手机:13800138000；电话：010-88886666", ["13800138000", "010-88886666"]),
        ("13800138000 or 13900139000", ["13800138000", "13900139000"]),
        ("+86 138 0013 8000", ["+86 138 0013 8000"]),
        ("010-88886666转803", ["010-88886666转803"]),
        ("", []),
        ("无", []),
    ],
)
def test_two_numbers_in_a_cell_are_split(raw: str, want: list[str]) -> None:
    assert phone.split(raw) == want


@pytest.mark.parametrize("want", [w for _, w in GOOD])
def test_normalise_is_idempotent(want: str) -> None:
    assert phone.normalise(want) == want


def reference(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        if phonenumbers.is_valid_number(number)
        else None
    )


SHAPES = [
    ("1##########", "CN"), ("+861##########", "CN"), ("861##########", "CN"), ("00861##########", "CN"), ("010########", "CN"), ("0##########", "CN"),
    ("0###########", "CN"), ("02#########", "CN"), ("07##########", "CN"), ("+8610########", "CN"), ("+86##########", "CN"), ("400#######", "CN"), ("+86###########", "US"),
    ("+1##########", "CN"), ("+1##########", "US"), ("##########", "US"), ("1##########", "US"), ("##########", "CN"), ("###########", "CN"), ("86###########", "CN"),
    ("+8613#########", "DE"), ("+1212#######", "US"), ("0#########", "CN"), ("+860##########", "CN"),
]  # fmt: skip


def test_the_fast_way_agrees_with_libphonenumber() -> None:
    """Wherever the fast way answers, libphonenumber gives the same; and for usual numbers it does answer."""
    random_ = random.Random(20240131)
    answered = 0
    for _ in range(400):
        for shape, region in SHAPES:
            text = "".join(random_.choice("0123456789") if c == "#" else c for c in shape)
            fast = phone._fast(text, region)
            if fast is not None:
                answered += 1
                assert fast == reference(text, region), (text, region)
    assert answered > 3000


@pytest.mark.parametrize("region", ["CN", "US"])
def test_the_fast_way_answers_for_usual_numbers(region: str) -> None:
    random_ = random.Random(7)
    for _ in range(2000):
        text = (
            f"1{random_.choice('35789')}{random_.randrange(10**9):09d}"
            if region == "CN"
            else f"+1415{random_.randrange(2_000_000, 10_000_000)}"
        )
        assert phone._fast(text, region) == reference(text, region)


@given(st.text(max_size=25))
def test_any_text_is_a_number_or_a_bad_value(raw: str) -> None:
    try:
        result = phone.normalise(raw)
    except BadValue:
        return
    assert phone.normalise(result) == result


@pytest.mark.parametrize(
    ("e164", "locale", "want"),
    [
        ("+8613800138000", "zh-Hans", "+86 138 0013 8000"),
        ("+861088886666", "en", "+86 10 8888 6666"),
        ("+861088886666;ext=803", "en", "+86 10 8888 6666 ext. 803"),
        ("+861088886666;ext=803", "zh-Hans", "+86 10 8888 6666 转 803"),
        ("+14155552671", "en", "+1 415 555 2671"),
        ("garbage", "en", "garbage"),
    ],
)
def test_display(e164: str, locale: str, want: str) -> None:
    assert phone.display(e164, "CN", locale) == want


def test_shown_numbers_are_read_back() -> None:
    for _, e164 in GOOD:
        for locale in ("en", "zh-Hans"):
            assert phone.normalise(phone.display(e164, "CN", locale)) == e164


@pytest.mark.parametrize(
    ("e164", "want"),
    [
        ("+8613800138000", "138****8000"),
        ("+861088886666;ext=803", "+8610******66"),
        ("+14155552671", "+141******71"),
        ("+12345", "******"),
        ("", "******"),
    ],
)
def test_mask(e164: str, want: str) -> None:
    assert phone.mask(e164) == want


@given(st.sampled_from(["+8613", "+8610", "+1415", "+4420"]), st.integers(10**7, 10**9 - 1))
def test_mask_hides_at_least_four_digits(start: str, rest: int) -> None:
    number = f"{start}{rest}"
    masked = phone.mask(number)
    assert number.lstrip("+") not in masked
    assert masked.count("*") >= 4


def test_mobile_and_region() -> None:
    assert phone.is_mobile("+8613800138000")
    assert not phone.is_mobile("+861088886666")
    assert [phone.region_of(n) for n in ("+8613800138000", "+85221234567", "+14155552671")] == ["CN", "HK", "US"]
