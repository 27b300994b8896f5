"""Days, instants and relative ranges ("this week") in a person's time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as time_of_day
from typing import NamedTuple
from zoneinfo import ZoneInfo

from guanxi.kit.problems import BadValue


class DateRange(NamedTuple):
    """Whole days from ``start`` up to but not including ``end``; None is open."""

    start: date | None
    end: date | None

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date):
            return False
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


class InstantRange(NamedTuple):
    """Instants in UTC from ``start`` up to but not including ``end``; None is open."""

    start: datetime | None
    end: datetime | None


def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name; raises ``ValueError`` for unknown ones (also for paths, which ZoneInfo would try)."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"unknown time zone {name!r}; use an IANA name such as Asia/Shanghai") from error


def today(in_zone: tzinfo, *, now: datetime | None = None) -> date:
    """The calendar day in a zone."""
    return (now or datetime.now(UTC)).astimezone(in_zone).date()


def _monday(day: date, first: int) -> date:
    return day - timedelta(days=(day.weekday() - first) % 7)


def _month(day: date, move: int) -> date:
    index = day.year * 12 + day.month - 1 + move
    return date(index // 12, index % 12 + 1, 1)


def _quarter(day: date, move: int) -> date:
    return _month(date(day.year, (day.month - 1) // 3 * 3 + 1, 1), 3 * move)


def _days(n: int) -> timedelta:
    return timedelta(days=n)


_FIXED: dict[str, Callable[[date, int], DateRange]] = {
    "today": lambda d, _w: DateRange(d, d + _days(1)),
    "yesterday": lambda d, _w: DateRange(d - _days(1), d),
    "tomorrow": lambda d, _w: DateRange(d + _days(1), d + _days(2)),
    "this_week": lambda d, w: DateRange(_monday(d, w), _monday(d, w) + _days(7)),
    "last_week": lambda d, w: DateRange(_monday(d, w) - _days(7), _monday(d, w)),
    "next_week": lambda d, w: DateRange(_monday(d, w) + _days(7), _monday(d, w) + _days(14)),
    "this_month": lambda d, _w: DateRange(_month(d, 0), _month(d, 1)),
    "last_month": lambda d, _w: DateRange(_month(d, -1), _month(d, 0)),
    "next_month": lambda d, _w: DateRange(_month(d, 1), _month(d, 2)),
    "this_quarter": lambda d, _w: DateRange(_quarter(d, 0), _quarter(d, 1)),
    "last_quarter": lambda d, _w: DateRange(_quarter(d, -1), _quarter(d, 0)),
    "next_quarter": lambda d, _w: DateRange(_quarter(d, 1), _quarter(d, 2)),
    "this_year": lambda d, _w: DateRange(date(d.year, 1, 1), date(d.year + 1, 1, 1)),
    "last_year": lambda d, _w: DateRange(date(d.year - 1, 1, 1), date(d.year, 1, 1)),
    "next_year": lambda d, _w: DateRange(date(d.year + 1, 1, 1), date(d.year + 2, 1, 1)),
    "past": lambda d, _w: DateRange(None, d),
    "future": lambda d, _w: DateRange(d + _days(1), None),
}
#: Ranges a filter can offer, in the order a menu shows them. ``last_N_days`` and the like take any N from 1 to 3660.
RANGES: tuple[str, ...] = (
    *_FIXED,
    "last_7_days",
    "last_30_days",
    "last_90_days",
    "last_365_days",
    "next_7_days",
    "next_30_days",
)
_COUNTED = re.compile(r"(last|next|older_than)_([1-9]\d{0,3})_days", re.ASCII)


def relative_range(key: str, day: date, *, week_start: int = 0) -> DateRange:
    """The days a name means as seen from ``day``. ``last_30_days`` ends with ``day`` itself, ``next_7_days`` begins after it.

    ``week_start``: 0 is Monday, 6 Sunday. Raises :class:`BadValue` for unknown names.
    """
    fixed = _FIXED.get(key)
    if fixed:
        return fixed(day, week_start)
    counted = _COUNTED.fullmatch(key)
    if not counted or int(counted[2]) > 3660:
        raise BadValue("range.unknown", value=key)
    n = int(counted[2])
    if counted[1] == "last":
        return DateRange(day - _days(n - 1), day + _days(1))
    if counted[1] == "next":
        return DateRange(day + _days(1), day + _days(n + 1))
    return DateRange(None, day - _days(n))


def instants(days: DateRange, in_zone: tzinfo) -> InstantRange:
    """The same range in UTC; right on days with 23 or 25 hours."""

    def at(day: date | None) -> datetime | None:
        return None if day is None else datetime.combine(day, time_of_day(), in_zone).astimezone(UTC)

    return InstantRange(at(days.start), at(days.end))
