"""Dates and instants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from guanxi.kit import time
from guanxi.kit.problems import BadValue
from guanxi.records.kinds.base import (
    AFTER,
    BEFORE,
    BETWEEN,
    DEFAULT,
    EMPTY,
    FILLED,
    IS,
    WITHIN,
    Formats,
    Kind,
    Operator,
)  # fmt: skip
from guanxi.standards import dates

MOMENTS = (WITHIN, IS, BEFORE, AFTER, BETWEEN, EMPTY, FILLED)


@dataclass(frozen=True, kw_only=True)
class Date(Kind):
    key: ClassVar[str] = "date"
    operators: ClassVar[tuple[Operator, ...]] = MOMENTS
    warehouse: ClassVar[str] = "DATE"

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        if raw is None or raw == "":
            return None
        if isinstance(raw, datetime):
            return raw.date()
        if isinstance(raw, date):
            return raw
        return dates.parse(raw)

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        return value.strftime(formats.date_format or "%Y-%m-%d") if value else ""

    def edit_text(self, value: Any, formats: Formats = DEFAULT) -> str:
        return value.isoformat() if value else ""

    def export(self, value: Any, formats: Formats = DEFAULT) -> Any:
        return value

    def mask(self, value: Any, formats: Formats = DEFAULT) -> str:
        return f"{value.year}-**-**"

    def to_json(self, value: Any) -> Any:
        return value.isoformat() if value else None

    def from_json(self, value: Any) -> Any:
        return date.fromisoformat(value) if value else None

    def bounds(self, operator: Operator, raw: list[str], formats: Formats) -> tuple[Any, Any]:
        """The half-open range [from, before) that a filter means; either end may be None."""
        if operator == WITHIN:
            days = time.relative_range(raw[0], formats.today or time.today(formats.zone))
            return days.start and self.edge(days.start, formats), days.end and self.edge(days.end, formats)
        first = self.day(raw[0], formats)
        after = first + timedelta(days=1)
        if operator == BEFORE:
            return None, self.edge(first, formats)
        if operator == AFTER:
            return self.edge(after, formats), None
        if operator == BETWEEN:
            after = self.day(raw[1], formats) + timedelta(days=1)
        return self.edge(first, formats), self.edge(after, formats)

    def day(self, raw: str, formats: Formats) -> date:
        day = Date.parse(self, raw, formats)
        if not isinstance(day, date):
            raise BadValue("date.empty")
        return day

    def edge(self, day: date, formats: Formats) -> Any:
        return day

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True, kw_only=True)
class DateTime(Date):
    """An instant, stored in UTC, read and shown in the person's time zone."""

    key: ClassVar[str] = "datetime"
    warehouse: ClassVar[str] = "TIMESTAMPTZ"

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        if raw is None or raw == "":
            return None
        return dates.parse_datetime(raw, zone=formats.zone)

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        if not value:
            return ""
        return str(value.astimezone(formats.zone).strftime(f"{formats.date_format or '%Y-%m-%d'} %H:%M"))

    def edit_text(self, value: Any, formats: Formats = DEFAULT) -> str:
        if not value:
            return ""
        local = value.astimezone(formats.zone).replace(tzinfo=None)
        return str(local.isoformat(timespec="minutes" if not local.second and not local.microsecond else "auto"))

    def export(self, value: Any, formats: Formats = DEFAULT) -> Any:
        return value.astimezone(formats.zone).replace(tzinfo=None) if value else None

    def to_json(self, value: Any) -> Any:
        return value.astimezone(UTC).isoformat(timespec="microseconds") if value else None

    def from_json(self, value: Any) -> Any:
        return datetime.fromisoformat(value) if value else None

    def edge(self, day: date, formats: Formats) -> Any:
        return datetime(day.year, day.month, day.day, tzinfo=formats.zone)
