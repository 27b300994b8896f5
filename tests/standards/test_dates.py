# ruff: noqa: E501 (tables)
"""Dates and date-times."""

import contextlib
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.kit.problems import BadValue
from guanxi.standards import dates

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    "raw",
    [
        "2024-01-31", "2024/1/31", "2024.1.31", "2024-1-31", "2024年1月31日", "2024年01月31号", "2024 年 1 月 31 日", "20240131", "31.01.2024", "31/01/2024",
        "01/31/2024", "31-01-2024", "二〇二四年一月三十一日", "民国113年1月31日", "中華民國113年1月31日", "民国113/1/31", "45322", 45322, 45322.0, 45322.75, 20240131,
        "31 Jan 2024", "Jan 31, 2024", "January 31st, 2024", "31-Jan-2024", "Wednesday, 31 January 2024", "2024-01-31 08:30", "2024-01-31T08:30:15Z",
        "2024-01-31 00:00:00", "2024/1/31 8:30", "2024年1月31日 上午8点30分", "２０２４－０１－３１", " 2024-01-31 ", "2024年1月31日 星期三", "2024-01-31(周三)",
        date(2024, 1, 31), datetime(2024, 1, 31, 23, 59), "2024-01-31 8:30 PM",
    ],
)  # fmt: skip
def test_all_these_are_the_31st_of_january(raw: object) -> None:
    assert dates.parse(raw) == date(2024, 1, 31)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "date.empty"),
        (None, "date.empty"),
        ("  ", "date.empty"),
        ("1990-1", "date.incomplete"),
        ("1990", "date.incomplete"),
        ("1990年1月", "date.incomplete"),
        ("202401", "date.incomplete"),
        ("1/2024", "date.incomplete"),
        ("Jan 2024", "date.incomplete"),
        ("1月31日", "date.incomplete"),
        ("03/04/2024", "date.ambiguous"),
        ("3-4-2024", "date.ambiguous"),
        ("2024-02-30", "date.impossible"),
        ("2023-02-29", "date.impossible"),
        ("2024-13-01", "date.impossible"),
        ("20241301", "date.impossible"),
        ("0024-01-31", "date.range"),
        ("9999-12-31", "date.range"),
        ("24/1/31", "date.short_year"),
        ("31.1.24", "date.short_year"),
        ("soon", "date.invalid"),
        ("0", "date.invalid"),
        ("123456789", "date.invalid"),
        ("2024-01-31 25:00", "time.invalid"),
        ("2024-01-31 08:61", "time.invalid"),
        (True, "date.invalid"),
        ("-5", "date.invalid"),
    ],
)
def test_what_is_no_date_says_why(raw: object, code: str) -> None:
    with pytest.raises(BadValue) as error:
        dates.parse(raw)
    assert error.value.code == code, error.value


def test_ambiguous_dates_follow_the_order_of_the_column() -> None:
    assert dates.parse("03/04/2024", order="dmy") == date(2024, 4, 3)
    assert dates.parse("03/04/2024", order="mdy") == date(2024, 3, 4)
    assert dates.parse("03.04.2024") == date(2024, 4, 3)
    assert dates.parse("03/03/2024") == date(2024, 3, 3)
    with pytest.raises(BadValue) as error:
        dates.parse("03/04/2024")
    assert "2024-04-03 or 2024-03-04" in str(error.value)
    with pytest.raises(BadValue):
        dates.parse("13/04/2024", order="mdy")


def test_the_order_of_a_column_is_found_from_values_that_decide() -> None:
    assert dates.guess_order(["03/04/2024", "25/12/2024"]) == "dmy"
    assert dates.guess_order(["03/04/2024", "12/25/2024"]) == "mdy"
    assert dates.guess_order(["03/04/2024", "2024-01-01"]) is None
    assert dates.guess_order(["25/12/2024", "12/25/2024"]) is None


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("2024-01-31 08:30", datetime(2024, 1, 31, 0, 30)),
        ("2024-01-31T08:30:15", datetime(2024, 1, 31, 0, 30, 15)),
        ("2024-01-31T08:30:15Z", datetime(2024, 1, 31, 8, 30, 15)),
        ("2024-01-31T08:30:15.250Z", datetime(2024, 1, 31, 8, 30, 15, 250000)),
        ("2024-01-31T08:30+01:00", datetime(2024, 1, 31, 7, 30)),
        ("2024-01-31 08:30 +0100", datetime(2024, 1, 31, 7, 30)),
        ("2024/1/31 8:30", datetime(2024, 1, 31, 0, 30)),
        ("2024年1月31日8时30分", datetime(2024, 1, 31, 0, 30)),
        ("2024年1月31日 下午8:30", datetime(2024, 1, 31, 12, 30)),
        ("2024-01-31 8:30 PM", datetime(2024, 1, 31, 12, 30)),
        ("2024-01-31 12:00 AM", datetime(2024, 1, 30, 16, 0)),
        ("2024-01-31", datetime(2024, 1, 30, 16, 0)),
        ("45322.5", datetime(2024, 1, 31, 4, 0)),
        (45322.75, datetime(2024, 1, 31, 10, 0)),
        (datetime(2024, 1, 31, 8, 30), datetime(2024, 1, 31, 0, 30)),
        (datetime(2024, 1, 31, 8, 30, tzinfo=UTC), datetime(2024, 1, 31, 8, 30)),
        (date(2024, 1, 31), datetime(2024, 1, 30, 16, 0)),
        ("31 Jan 2024 08:30", datetime(2024, 1, 31, 0, 30)),
        ("31.01.2024 08:30:00", datetime(2024, 1, 31, 0, 30)),
        ("2024-01-31T08:30:15-05:30", datetime(2024, 1, 31, 14, 0, 15)),
    ],
)
def test_instants(raw: object, want: datetime) -> None:
    assert dates.parse_datetime(raw, zone=SHANGHAI) == want.replace(tzinfo=UTC)


@given(st.dates(date(1850, 1, 1), date(2199, 12, 31)))
def test_every_day_is_read_back_from_every_spelling(day: date) -> None:
    assert dates.normalise(day.isoformat()) == day.isoformat()
    for shape in ("{y}/{m}/{d}", "{y}年{m}月{d}日", "{y}.{m:02}.{d:02}", "{y}{m:02}{d:02}", "{d:02}.{m:02}.{y}"):
        assert dates.parse(shape.format(y=day.year, m=day.month, d=day.day)) == day
    assert dates.parse(f"{day.day}/{day.month}/{day.year}", order="dmy") == day
    assert dates.parse(f"{day.month}/{day.day}/{day.year}", order="mdy") == day


@given(st.dates(date(1942, 1, 1), date(2118, 12, 31)))
def test_serial_days_of_spreadsheets(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert dates.parse(serial) == dates.parse(str(serial)) == dates.parse(float(serial)) == day


@given(
    st.datetimes(
        datetime(1900, 1, 2),
        datetime(2199, 12, 30),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=8))]),
    )
)
def test_iso_instants_are_exact(stamp: datetime) -> None:
    assert dates.parse_datetime(stamp.isoformat(), zone=SHANGHAI) == stamp


@given(st.text(max_size=20))
def test_any_text_is_a_date_or_a_bad_value(raw: str) -> None:
    for call in (
        lambda: dates.parse(raw),
        lambda: dates.parse_datetime(raw, zone=SHANGHAI),
        lambda: dates.parse("2024-01-31 " + raw),
    ):
        with contextlib.suppress(BadValue):
            call()
