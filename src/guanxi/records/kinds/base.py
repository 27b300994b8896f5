"""What a kind of value is: every face of it in one place. Its HTML face stands in `web/kinds`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, tzinfo
from functools import lru_cache
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db.models import Expression, F, TextField
from django.db.models import Field as ModelField
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from guanxi.kit.problems import BadValue
from guanxi.kit.text import clean


@dataclass(frozen=True)
class Formats:
    """How one person wants to see values; part of every format and parse call."""

    language: str = "zh-hans"
    time_zone: str = "Asia/Shanghai"
    date_format: str = ""
    number_format: str = ""
    region: str = "CN"
    today: date | None = None

    @property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.time_zone)

    def in_region(self, country: str) -> Formats:
        """The same for a record of another country; unchanged when the country is not known."""
        return _in_region(self, country)

    @property
    def chinese(self) -> bool:
        return self.language.startswith("zh")


@lru_cache(maxsize=1024)
def _in_region(formats: Formats, country: str) -> Formats:
    from guanxi.standards import countries

    try:
        return replace(formats, region=countries.normalise(country))
    except BadValue:
        return formats


DEFAULT = Formats()
MASK = "••••"


@dataclass(frozen=True)
class Operator:
    """A filter operator: its key in URLs, and how many values it takes (0, 1, 2, or -1 for a list)."""

    key: str
    values: int = 1


IS = Operator("is")
IS_NOT = Operator("not")
ANY_OF = Operator("any", -1)
NONE_OF = Operator("none", -1)
CONTAINS = Operator("contains")
STARTS = Operator("starts")
EMPTY = Operator("empty", 0)
FILLED = Operator("filled", 0)
AT_LEAST = Operator("gte")
AT_MOST = Operator("lte")
BETWEEN = Operator("between", 2)
BEFORE = Operator("before")
AFTER = Operator("after")
WITHIN = Operator("within")  # a named range: today, this_month, last_30_days …


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of value. Instances are data (frozen); sub-classes give the faces.

    Stored values are what the database column holds; JSON values are what the journal, the API and custom fields hold.
    `parse` takes what a person or file gives and returns the stored value, None for empty; it raises BadValue.
    """

    key: ClassVar[str]
    json_type: ClassVar[str] = "string"
    operators: ClassVar[tuple[Operator, ...]] = (IS, IS_NOT, ANY_OF, EMPTY, FILLED)
    sortable: ClassVar[bool] = True
    groupable: ClassVar[bool] = False
    blank: ClassVar[Any] = None  # how the column stores "empty"
    computed: ClassVar[bool] = False
    many: ClassVar[bool] = False
    warehouse: ClassVar[str] = "VARCHAR"  # column type in the warehouse

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        raise NotImplementedError

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        return "" if value is None else str(value)

    def edit_text(self, value: Any, formats: Formats = DEFAULT) -> str:
        """The text an input shows, which `parse` takes back to the same value."""
        return self.format(value, formats)

    def mask(self, value: Any, formats: Formats = DEFAULT) -> str:
        return MASK

    def is_empty(self, value: Any) -> bool:
        return value is None or value == "" or value == [] or value == {}

    def to_json(self, value: Any) -> Any:
        return value

    def from_json(self, value: Any) -> Any:
        return value

    def export(self, value: Any, formats: Formats = DEFAULT) -> Any:
        """What a spreadsheet cell holds; `parse` takes it back to the same value."""
        return self.edit_text(value, formats)

    def tokens(self, value: Any) -> Mapping[str, str]:
        """Parts for the search index, by sort of token: {"name": …} {"phone": …} {"email": …} {"word": …} {"number": …}."""
        return {"word": str(value)}

    # How the database sees it -------------------------------------------------------------------------------------

    def custom_cast(self) -> ModelField[Any, Any] | None:
        """For custom fields: the type that the JSON text is cast to for comparing; None compares the JSON text itself.

        Dates and instants stay text: their ISO forms sort as they should, and a cast to them could not be indexed.
        """
        return None

    def custom_operand(self, value: Any) -> Any:
        """A stored value as `expression` of a custom field compares it."""
        return value if self.custom_cast() is not None else self.to_json(value)

    def expression(self, column: str, custom: str = "") -> Combinable:
        """The SQL expression of this value: a column, or a key of the JSON column `custom`."""
        if not custom:
            return F(column)
        text: Expression = KeyTextTransform(custom, "custom")
        cast = self.custom_cast()
        return Cast(text, cast) if cast is not None else Cast(text, TextField())

    def operand(self, operator: Operator, raw: str, formats: Formats = DEFAULT) -> Any:
        """A filter's operand from URL text, as the expression compares it."""
        return self.parse(raw, formats)

    def operator(self, key: str) -> Operator:
        for operator in self.operators:
            if operator.key == key:
                return operator
        raise KeyError(key)


def text_of(raw: Any) -> str:
    """Raw input as one clean line of text."""
    if raw is None:
        return ""
    if type(raw) is str:
        # Nearly everything is clean already, and looking is cheaper than cleaning.
        if raw.isprintable() and raw.isascii() and "  " not in raw and raw[:1] != " " and raw[-1:] != " ":
            return raw
        return clean(raw)
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    return clean(str(raw))


def wrong_shape(wanted: str) -> BadValue:
    return BadValue("field.shape", wanted=wanted)


@dataclass(frozen=True)
class Option:
    """One value to choose from."""

    value: str
    label: str
    colour: str = ""
    retired: bool = field(default=False, compare=False)
