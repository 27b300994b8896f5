"""Cron lines: minute, hour, day of month, month, day of week."""

from __future__ import annotations

from datetime import datetime, timedelta

RANGES = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]


def _part(text: str, low: int, high: int) -> frozenset[int]:
    values: set[int] = set()
    for item in text.split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        start, end = (low, high) if span == "*" else (int(first), int(last or (high if step else first)))
        if not low <= start <= end <= high or (step and int(step) < 1):
            raise ValueError(item)
        values.update(range(start, end + 1, int(step or 1)))
    return frozenset(values)


class Cron:
    """A parsed cron line: `*`, `5`, `1-5`, `*/10`, `10-20/2` and lists of these; 0 and 7 are Sunday.

    As in cron, when both days are given, either is enough.
    """

    def __init__(self, line: str) -> None:
        self.line = line
        try:
            parts = [_part(text, *span) for text, span in zip(line.split(), RANGES, strict=True)]
        except ValueError:
            raise ValueError(f"{line!r} is not a cron line: five parts like */5 * * * *")
        self._minutes, self._hours, self._days, self._months, self._weekdays = parts
        _, _, day, _, weekday = line.split()
        self._either = day != "*" and weekday != "*"

    def _on(self, day: datetime) -> bool:
        by_date = day.day in self._days
        by_weekday = bool({day.isoweekday(), day.isoweekday() % 7} & self._weekdays)
        return day.month in self._months and (by_date or by_weekday if self._either else by_date and by_weekday)

    def latest(self, now: datetime) -> datetime | None:
        """The last time at or before `now` (aware; the line is read in its zone); None if four years have none."""
        for back in range(4 * 366):
            day = now - timedelta(days=back)
            if self._on(day):
                for hour in sorted(self._hours, reverse=True):
                    for minute in sorted(self._minutes, reverse=True):
                        if back or (hour, minute) <= (now.hour, now.minute):
                            return day.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return None
