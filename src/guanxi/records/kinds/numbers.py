"""Kinds that are numbers: whole, decimal, money, percent, rating, yes/no."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, ClassVar

from babel.numbers import format_currency, format_decimal
from django.db.models import BigIntegerField, BooleanField, DecimalField
from django.db.models import Field as ModelField

from guanxi.kit.problems import BadValue
from guanxi.records.kinds.base import AT_LEAST, AT_MOST, BETWEEN, DEFAULT, EMPTY, FILLED, IS, Formats, Kind, Operator
from guanxi.standards import booleans, numbers

NUMERIC = (AT_LEAST, AT_MOST, BETWEEN, IS, EMPTY, FILLED)


def locale_of(formats: Formats) -> str:
    """Babel's name of the way numbers are written: the person's choice, else their language."""
    return formats.number_format or ("zh_Hans_CN" if formats.chinese else "en_US")


_SAMPLE = re.compile(r"(\D*)1(?P<sep>\D)234(?P=sep)567(?:(\D)(0+))?(\D*)")
_PROBES = tuple(
    map(Decimal, ("0", "-0.001", "0.5", "1.005", "-12.345", "999.999", "1000", "-98765.4321", "123456789012.34"))
)


@lru_cache(maxsize=256)
def money_writer(currency: str, locale: str) -> Callable[[Decimal], str]:
    """Babel's `format_currency` for one currency and locale, 20 times faster where amounts are grouped by thousands.

    What it does is taken from samples and compared with Babel on others; a locale that writes otherwise gets Babel itself.
    """

    def babel(value: Decimal) -> str:
        return str(format_currency(value, currency, locale=locale))

    up, down = (_SAMPLE.fullmatch(babel(Decimal(n))) for n in (1234567, -1234567))
    if up is None or down is None or up.group(2, 3, 4) != down.group(2, 3, 4):
        return babel
    signs = str.maketrans({",": up[2], ".": up[3] or "."})
    places = len(up[4] or "")
    before, after, low_before, low_after = up[1], up[5], down[1], down[5]

    def quick(value: Decimal) -> str:
        text = f"{abs(value):,.{places}f}".translate(signs)
        return f"{low_before}{text}{low_after}" if value < 0 else f"{before}{text}{after}"

    return quick if all(quick(value) == babel(value) for value in _PROBES) else babel


def plain(value: Decimal) -> str:
    """A decimal without exponent or trailing zeros: 12.50 → 12.5."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True, kw_only=True)
class Number(Kind):
    key: ClassVar[str] = "number"
    json_type: ClassVar[str] = "string"  # decimals travel as text: no float ever touches them
    operators: ClassVar[tuple[Operator, ...]] = NUMERIC
    warehouse: ClassVar[str] = "DECIMAL(18,4)"
    low: Decimal | None = None
    high: Decimal | None = None
    places: int = 4

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            return None
        value = raw if isinstance(raw, Decimal) else numbers.parse(raw)
        value = value.normalize()
        if -int(value.as_tuple().exponent) > self.places:
            raise BadValue("number.places", value=value, places=self.places)
        self.check_range(value)
        return (
            value.quantize(Decimal(1).scaleb(-self.places)) if abs(value) < Decimal(10) ** 14 else self.too_big(value)
        )

    def too_big(self, value: Decimal) -> Decimal:
        raise BadValue("number.too_big", value=value)

    def check_range(self, value: Decimal | int) -> None:
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            low = "−∞" if self.low is None else plain(Decimal(self.low))
            high = "∞" if self.high is None else plain(Decimal(self.high))
            raise BadValue("number.range", value=value, low=low, high=high)

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        return (
            "" if value is None else str(format_decimal(value, locale=locale_of(formats), decimal_quantization=False))
        )

    def edit_text(self, value: Any, formats: Formats = DEFAULT) -> str:
        return "" if value is None else plain(Decimal(value))

    def export(self, value: Any, formats: Formats = DEFAULT) -> Any:
        return None if value is None else Decimal(value)

    def to_json(self, value: Any) -> Any:
        return None if value is None else plain(Decimal(value))

    def from_json(self, value: Any) -> Any:
        return None if value is None else Decimal(str(value)).quantize(Decimal(1).scaleb(-self.places))

    def custom_cast(self) -> ModelField[Any, Any] | None:
        return DecimalField(max_digits=20, decimal_places=self.places)

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True, kw_only=True)
class Integer(Number):
    key: ClassVar[str] = "integer"
    json_type: ClassVar[str] = "integer"
    warehouse: ClassVar[str] = "BIGINT"
    places: int = 0

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        if isinstance(raw, int) and not isinstance(raw, bool):
            self.check_range(raw)
            return raw
        value = Number.parse(self, raw, formats)
        return None if value is None else int(value)

    def to_json(self, value: Any) -> Any:
        return value

    def from_json(self, value: Any) -> Any:
        return value

    def export(self, value: Any, formats: Formats = DEFAULT) -> Any:
        return value

    def custom_cast(self) -> ModelField[Any, Any] | None:
        return BigIntegerField()


@dataclass(frozen=True, kw_only=True)
class Percent(Number):
    """Stored as the number people say: 12.5 means 12.5 %."""

    key: ClassVar[str] = "percent"
    places: int = 2

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        if isinstance(raw, str):
            raw = raw.strip().rstrip("%％").strip()
        return Number.parse(self, raw, formats)

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        return "" if value is None else f"{Number.format(self, plain_decimal(value), formats)}%"


def plain_decimal(value: Any) -> Decimal:
    return Decimal(plain(Decimal(value)))


@dataclass(frozen=True, kw_only=True)
class Rating(Integer):
    """One to five stars."""

    key: ClassVar[str] = "rating"
    low: Decimal | None = Decimal(1)
    high: Decimal | None = Decimal(5)

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        return "" if value is None else "★" * value + "☆" * (5 - value)

    def edit_text(self, value: Any, formats: Formats = DEFAULT) -> str:
        return "" if value is None else str(value)


@dataclass(frozen=True, kw_only=True)
class Money(Number):
    """An amount. Its currency is in the field `currency_field` of the same record, or fixed by `currency`."""

    key: ClassVar[str] = "money"
    currency_field: str = ""
    currency: str = ""

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        if isinstance(raw, str):
            raw = raw.strip().lstrip("¥￥$€£").strip()
        return Number.parse(self, raw, formats)

    def format_in(self, value: Any, currency: str, formats: Formats = DEFAULT) -> str:
        if value is None:
            return ""
        if not currency:
            return self.format(value, formats)
        return money_writer(currency, locale_of(formats))(value)

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        if value is None:
            return ""
        if self.currency:
            return money_writer(self.currency, locale_of(formats))(value)
        return str(format_decimal(value, format="#,##0.00##", locale=locale_of(formats)))


@dataclass(frozen=True, kw_only=True)
class YesNo(Kind):
    key: ClassVar[str] = "boolean"
    json_type: ClassVar[str] = "boolean"
    operators: ClassVar[tuple[Operator, ...]] = (IS, EMPTY, FILLED)
    sortable: ClassVar[bool] = False
    groupable: ClassVar[bool] = True
    warehouse: ClassVar[str] = "BOOLEAN"

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> bool | None:
        if raw is None or raw == "":
            return None
        return raw if isinstance(raw, bool) else booleans.parse(raw)

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        if value is None:
            return ""
        if formats.chinese:
            return "是" if value else "否"
        return "Yes" if value else "No"

    def edit_text(self, value: Any, formats: Formats = DEFAULT) -> str:
        return "" if value is None else ("1" if value else "0")

    def export(self, value: Any, formats: Formats = DEFAULT) -> Any:
        return self.format(value, formats)

    def custom_cast(self) -> ModelField[Any, Any] | None:
        return BooleanField()

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {}
