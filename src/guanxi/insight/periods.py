"""Periods of a dashboard: from named ranges to days, what came just before, and names of the units of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from guanxi.kit import time
from guanxi.kit.problems import BadValue
from guanxi.records.kinds import Formats
from guanxi.records.read import BadQuery, Filter

#: Offered, by kind, in this order; any range that lists know may stand in the address, or days FROM..TO with either left open.
OFFERED = (
    ("today", "yesterday"),
    ("this_week", "last_week"),
    ("this_month", "last_month"),
    ("this_quarter", "last_quarter"),
    ("this_year", "last_year"),
    ("last_7_days", "last_30_days", "last_90_days", "last_365_days"),
)
MOST_DAYS = 3660
ALL = "all"


@dataclass(frozen=True)
class Period:
    """Whole days from `start` to `end`, both in; None is open."""

    key: str
    start: date | None
    end: date | None

    def filters(self, path: str) -> tuple[Filter, ...]:
        if self.start is None and self.end is None:
            return ()
        if self.start is None or self.end is None:
            edge = self.end or self.start
            assert edge is not None
            step = timedelta(days=1)
            return (
                Filter(path, "before" if self.end else "after", ((edge + (step if self.end else -step)).isoformat(),)),
            )
        return (Filter(path, "between", (self.start.isoformat(), self.end.isoformat())),)


def read(key: str, formats: Formats) -> Period:
    """The period under a key, as days of the person; BadQuery for what is none."""
    if key in ("", ALL):
        return Period(ALL, None, None)
    if ".." in key:
        try:
            first, last = (date.fromisoformat(part) if part else None for part in key.split("..", 1))
        except ValueError:
            raise BadQuery("A period is two days") from None
        known = [day for day in (first, last) if day is not None]
        if not known or known != sorted(known) or any(not 1900 <= day.year <= 2200 for day in known):
            raise BadQuery("A period is two days")
        return Period(key, first, last)
    today = formats.today or time.today(formats.zone)
    try:
        days = time.relative_range(key, today)
    except BadValue:
        raise BadQuery("Unknown period") from None
    return Period(key, days.start, None if days.end is None else days.end - timedelta(days=1))


def typed(first: str, last: str, days: str, formats: Formats) -> str:
    """The key of what somebody typed: two days in either order, one of them, or a number of days; "" for nothing. BadQuery for nonsense."""
    if days:
        if not (days.isascii() and days.isdigit() and 0 < int(days) <= MOST_DAYS):
            raise BadQuery("A number of days")
        return f"last_{int(days)}_days"
    try:
        found = [date.fromisoformat(text) if text else None for text in (first, last)]
    except ValueError:
        raise BadQuery("A period is two days") from None
    if found == [None, None]:
        return ""
    if found[0] and found[1] and found[1] < found[0]:
        found.reverse()
    key = "..".join("" if day is None else day.isoformat() for day in found)
    read(key, formats)
    return key


def before(period: Period, today: date) -> Period | None:
    """The period before, as far as this one has come: a month that has just begun is held against the first days of the last one.
    Whole months go back by as many months, weeks by a week, other stretches by their own length."""
    if period.start is None or period.end is None:
        return None
    end = min(period.end, max(today, period.start))
    length = end - period.start
    whole = period.start - timedelta(days=1)
    after = period.end + timedelta(days=1)
    if period.start.day == 1 and after.day == 1:
        months = (after.year - period.start.year) * 12 + after.month - period.start.month
        start = _months(period.start, -months)
    elif period.key in ("this_week", "last_week"):
        start = period.start - timedelta(days=7)
    else:
        start = whole - length
    return Period("before", start, whole if end == period.end else min(start + length, whole))


def _months(day: date, n: int) -> date:
    index = day.year * 12 + day.month - 1 + n
    return date(index // 12, index % 12 + 1, 1)


def start_of(day: date, unit: str) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    if unit == "year":
        return date(day.year, 1, 1)
    return day


def following(day: date, unit: str) -> date:
    """The first day of the next unit."""
    if unit == "day":
        return day + timedelta(days=1)
    if unit == "week":
        return day + timedelta(days=7)
    return _months(day, {"month": 1, "quarter": 3, "year": 12}[unit])


def label(day: date, unit: str) -> str:
    """2026-03, 2026 Q1, 2026, 2026-03-02: the same in every language, and sorted as text."""
    if unit == "month":
        return f"{day:%Y-%m}"
    if unit == "quarter":
        return f"{day.year} Q{(day.month - 1) // 3 + 1}"
    if unit == "year":
        return f"{day.year}"
    return day.isoformat()
