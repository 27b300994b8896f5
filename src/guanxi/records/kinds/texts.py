"""Kinds that are text: plain, long, names of people and companies, phone, e-mail, web address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from guanxi.kit.problems import BadValue
from guanxi.records.kinds.base import (
    ANY_OF,
    CONTAINS,
    DEFAULT,
    EMPTY,
    FILLED,
    IS,
    IS_NOT,
    STARTS,
    Formats,
    Kind,
    Operator,
    text_of,
)  # fmt: skip
from guanxi.standards import company_name, email, person_name, phone, url


@dataclass(frozen=True, kw_only=True)
class Text(Kind):
    key: ClassVar[str] = "text"
    blank: ClassVar[Any] = ""
    operators: ClassVar[tuple[Operator, ...]] = (CONTAINS, IS, IS_NOT, STARTS, ANY_OF, EMPTY, FILLED)
    max_length: int = 200

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> str | None:
        text = text_of(raw)
        if not text:
            return None
        if len(text) > self.max_length:
            raise BadValue("field.too_long", length=len(text), limit=self.max_length)
        return self.normalise(text, formats)

    def normalise(self, text: str, formats: Formats) -> str:
        return text

    def operand(self, operator: Operator, raw: str, formats: Formats = DEFAULT) -> Any:
        if operator in (CONTAINS, STARTS):
            return text_of(raw)
        return self.parse(raw, formats)

    def mask(self, value: Any, formats: Formats = DEFAULT) -> str:
        text = str(value)
        return text[:1] + "***" if len(text) > 1 else "***"


@dataclass(frozen=True, kw_only=True)
class LongText(Text):
    key: ClassVar[str] = "longtext"
    sortable: ClassVar[bool] = False
    operators: ClassVar[tuple[Operator, ...]] = (CONTAINS, EMPTY, FILLED)
    max_length: int = 20_000

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> str | None:
        from guanxi.kit import text

        lines = [text.clean(line) for line in str(raw or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")]
        whole = "\n".join(lines).strip()
        if len(whole) > self.max_length:
            raise BadValue("field.too_long", length=len(whole), limit=self.max_length)
        return whole or None

    def mask(self, value: Any, formats: Formats = DEFAULT) -> str:
        return "***"


@dataclass(frozen=True, kw_only=True)
class Code(Text):
    """An identifier in capital letters and digits, with a check of its own (credit code …) given by `standard`."""

    key: ClassVar[str] = "code"
    standard: str = ""

    def normalise(self, text: str, formats: Formats) -> str:
        if self.standard == "uscc":
            from guanxi.standards import uscc

            return uscc.normalise(text)
        return text.upper()

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {"number": str(value)}


@dataclass(frozen=True, kw_only=True)
class PersonName(Text):
    key: ClassVar[str] = "person_name"
    max_length: int = 150

    def normalise(self, text: str, formats: Formats) -> str:
        return person_name.normalise(text)

    def mask(self, value: Any, formats: Formats = DEFAULT) -> str:
        return person_name.mask(str(value))

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {"name": str(value)}


@dataclass(frozen=True, kw_only=True)
class CompanyName(Text):
    key: ClassVar[str] = "company_name"

    def normalise(self, text: str, formats: Formats) -> str:
        return company_name.normalise(text)

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {"name": str(value)}


@dataclass(frozen=True, kw_only=True)
class Phone(Text):
    """Stored as E.164 (+8613800138000), shown in groups."""

    key: ClassVar[str] = "phone"
    operators: ClassVar[tuple[Operator, ...]] = (IS, CONTAINS, STARTS, ANY_OF, EMPTY, FILLED)
    sortable: ClassVar[bool] = False
    max_length: int = 60

    def normalise(self, text: str, formats: Formats) -> str:
        return phone.normalise(text, formats.region, strict=False)

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        return phone.display(value, formats.region) if value else ""

    def mask(self, value: Any, formats: Formats = DEFAULT) -> str:
        return phone.mask(str(value))

    def operand(self, operator: Operator, raw: str, formats: Formats = DEFAULT) -> Any:
        if operator in (CONTAINS, STARTS):
            return "".join(ch for ch in text_of(raw) if ch.isdigit() or ch == "+")
        return self.parse(raw, formats)

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {"phone": str(value)}


@dataclass(frozen=True, kw_only=True)
class Email(Text):
    key: ClassVar[str] = "email"
    max_length: int = 254

    def normalise(self, text: str, formats: Formats) -> str:
        return email.normalise(text)

    def mask(self, value: Any, formats: Formats = DEFAULT) -> str:
        return email.mask(str(value))

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {"email": str(value)}


@dataclass(frozen=True, kw_only=True)
class Url(Text):
    key: ClassVar[str] = "url"
    sortable: ClassVar[bool] = False
    max_length: int = 500

    def normalise(self, text: str, formats: Formats) -> str:
        return url.normalise(text)
