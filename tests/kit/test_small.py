"""Problems, balance, progress, money, time."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.kit import money, time
from guanxi.kit.problems import MESSAGES, OWN_CODES, BadValue, Problem
from guanxi.kit.progress import Progress
from guanxi.kit.results import Balance, Unbalanced

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_problem_without_message_cannot_be_made() -> None:
    with pytest.raises(KeyError):
        Problem("no.such_code")
    with pytest.raises(KeyError):
        BadValue("no.such_code")


def test_message_repeats_the_value_shortened_on_one_line() -> None:
    message = str(BadValue("phone.mobile_length", value="1380013\n800" + "x" * 100, digits=10))
    assert message.startswith("'1380013 800xxx")
    assert "…' has 10 digits; a mainland mobile has 11" in message


def test_every_message_says_what_to_do() -> None:
    assert all(";" in template or "should" in template for template in (MESSAGES[code] for code in OWN_CODES))


def test_balance_adds_up_or_raises() -> None:
    good = Balance(read=10, created=3, updated=2, unchanged=1, skipped=2, held=2)
    assert good.check() is good
    assert good.written == 5
    with pytest.raises(Unbalanced):
        good.add(read=1).check()
    with pytest.raises(Unbalanced):
        Balance(read=0, created=1, held=-1).check()


COUNTS = st.tuples(*[st.integers(0, 10**9)] * 6)


@given(COUNTS, COUNTS)
def test_balance_adds_and_survives_json(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    left, right = Balance(*a), Balance(*b)
    assert (left + right).as_tuple() == tuple(x + y for x, y in zip(a, b, strict=True))
    assert Balance.from_dict(left.to_dict()) == left


def test_balance_refuses_unknown_counts() -> None:
    with pytest.raises(TypeError):
        Balance.from_dict({"lost": 1})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_progress_forgets_a_slow_start() -> None:
    clock = Clock()
    progress = Progress(10_000, window=10, clock=clock)
    assert progress.seconds_left is None
    for step in range(1, 61):
        clock.now = float(step)
        progress.advance(1 if step <= 40 else 100)
    assert progress.rate == pytest.approx(100)
    assert progress.seconds_left == pytest.approx((10_000 - progress.done) / 100)
    progress.to(10_000)
    assert progress.seconds_left == 0.0
    assert progress.fraction == 1.0


def test_progress_memory_is_flat() -> None:
    clock = Clock()
    progress = Progress(10**6, window=10, clock=clock)
    for _ in range(20_000):
        clock.now += 0.001
        progress.advance()
    assert len(progress._marks) < 210


@pytest.mark.parametrize(
    ("amount", "currency", "want"),
    [
        ("1.005", "CNY", "1.01"),
        ("-1.005", "CNY", "-1.01"),
        ("2.675", "USD", "2.68"),
        ("100.5", "JPY", "101"),
        ("1.2345", "KWD", "1.235"),
        ("1.23455", "CLF", "1.2346"),
        ("0.004", "CNY", "0.00"),
        ("12345678901234567890.125", "CNY", "12345678901234567890.13"),
    ],
)
def test_round_money(amount: str, currency: str, want: str) -> None:
    assert str(money.round_money(Decimal(amount), currency)) == want


def test_money_is_never_float() -> None:
    with pytest.raises(TypeError):
        money.round_money(1.1, "CNY")  # type: ignore[arg-type]


def test_convert() -> None:
    assert money.convert(Decimal("100"), Decimal("7.1234"), to="CNY") == Decimal("712.34")
    assert money.convert(Decimal("1000"), Decimal("20.8555"), to="JPY") == Decimal("20856")
    with pytest.raises(ValueError, match="positive"):
        money.convert(Decimal(1), Decimal(0), to="CNY")


TODAY = date(2024, 2, 29)  # a Thursday


@pytest.mark.parametrize(
    ("key", "start", "end"),
    [
        ("today", "2024-02-29", "2024-03-01"),
        ("yesterday", "2024-02-28", "2024-02-29"),
        ("tomorrow", "2024-03-01", "2024-03-02"),
        ("this_week", "2024-02-26", "2024-03-04"),
        ("last_week", "2024-02-19", "2024-02-26"),
        ("next_week", "2024-03-04", "2024-03-11"),
        ("this_month", "2024-02-01", "2024-03-01"),
        ("last_month", "2024-01-01", "2024-02-01"),
        ("next_month", "2024-03-01", "2024-04-01"),
        ("this_quarter", "2024-01-01", "2024-04-01"),
        ("last_quarter", "2023-10-01", "2024-01-01"),
        ("next_quarter", "2024-04-01", "2024-07-01"),
        ("this_year", "2024-01-01", "2025-01-01"),
        ("last_year", "2023-01-01", "2024-01-01"),
        ("next_year", "2025-01-01", "2026-01-01"),
        ("last_30_days", "2024-01-31", "2024-03-01"),
        ("last_1_days", "2024-02-29", "2024-03-01"),
        ("next_7_days", "2024-03-01", "2024-03-08"),
    ],
)
def test_relative_ranges(key: str, start: str, end: str) -> None:
    assert time.relative_range(key, TODAY) == (date.fromisoformat(start), date.fromisoformat(end))


def test_weeks_may_begin_on_sunday() -> None:
    assert time.relative_range("this_week", TODAY, week_start=6).start == date(2024, 2, 25)


@pytest.mark.parametrize("key", ["", "TODAY", "last_0_days", "last_9999_days", "last_٣_days", "__class__"])
def test_unknown_range_is_refused(key: str) -> None:
    with pytest.raises(BadValue) as error:
        time.relative_range(key, TODAY)
    assert error.value.code == "range.unknown"


@pytest.mark.parametrize("key", time.RANGES)
@given(day=st.dates(date(1950, 1, 1), date(2100, 1, 1)))
def test_every_range_is_in_order(key: str, day: date) -> None:
    start, end = time.relative_range(key, day)
    assert start is None or end is None or start < end


def test_days_become_instants_of_the_zone() -> None:
    days = time.relative_range("today", date(2024, 3, 10))
    start, end = time.instants(days, ZoneInfo("America/New_York"))
    assert start is not None
    assert end is not None
    assert (end - start).total_seconds() == 23 * 3600  # the clocks change
    assert time.instants(days, SHANGHAI).start == datetime(2024, 3, 9, 16, tzinfo=UTC)
    assert time.today(SHANGHAI, now=datetime(2024, 3, 9, 16, tzinfo=UTC)) == date(2024, 3, 10)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "/etc/passwd"])
def test_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        time.zone(name)
