"""Kinds chosen from a list that administrators edit (`records.choices`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from guanxi.kit.problems import BadValue
from guanxi.records import choices
from guanxi.records.kinds.base import (
    ANY_OF,
    DEFAULT,
    EMPTY,
    FILLED,
    IS,
    IS_NOT,
    NONE_OF,
    Formats,
    Kind,
    Operator,
    Option,
    text_of,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Choice(Kind):
    """One value of a list of values. Stored as its code; found by code or by any of its labels."""

    key: ClassVar[str] = "choice"
    blank: ClassVar[Any] = ""
    operators: ClassVar[tuple[Operator, ...]] = (ANY_OF, NONE_OF, IS, IS_NOT, EMPTY, FILLED)
    groupable: ClassVar[bool] = True
    list: str

    def options(self, formats: Formats = DEFAULT) -> tuple[Option, ...]:
        return choices.options(self.list, formats.language)

    def code(self, raw: Any, formats: Formats) -> str:
        text = text_of(raw)
        code = choices.find(self.list, text)
        if code is None:
            shown = [option.label for option in self.options(formats) if not option.retired]
            raise BadValue(
                "choice.unknown", value=text, options=", ".join(shown[:12]) + (" …" if len(shown) > 12 else "")
            )
        return code

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        return self.code(raw, formats) if text_of(raw) else None

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        return choices.label(self.list, value, formats.language) if value else ""

    def colour(self, value: Any) -> str:
        return choices.colour(self.list, value) if value else ""

    def edit_text(self, value: Any, formats: Formats = DEFAULT) -> str:
        return value or ""

    def export(self, value: Any, formats: Formats = DEFAULT) -> Any:
        return self.format(value, formats)

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True, kw_only=True)
class MultiChoice(Choice):
    """Several values of a list, stored as a JSON array of codes in list order."""

    key: ClassVar[str] = "multichoice"
    json_type: ClassVar[str] = "array"
    operators: ClassVar[tuple[Operator, ...]] = (ANY_OF, NONE_OF, EMPTY, FILLED)
    sortable: ClassVar[bool] = False
    groupable: ClassVar[bool] = False
    blank: ClassVar[Any] = []
    many: ClassVar[bool] = True

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        parts = raw if isinstance(raw, (list, tuple)) else text_of(raw).replace("；", ";").replace("、", ";").split(";")
        codes = {self.code(part, formats) for part in parts if text_of(part)}
        order = [option.value for option in self.options(formats)]
        return sorted(codes, key=order.index) or None

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        separator = "、" if formats.chinese else ", "
        return separator.join(choices.label(self.list, code, formats.language) for code in value or [])

    def edit_text(self, value: Any, formats: Formats = DEFAULT) -> str:
        return ";".join(value or [])

    def export(self, value: Any, formats: Formats = DEFAULT) -> Any:
        return "; ".join(choices.label(self.list, code, formats.language) for code in value or [])

    def operand(self, operator: Operator, raw: str, formats: Formats = DEFAULT) -> Any:
        return self.code(raw, formats)
