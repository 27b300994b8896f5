"""Address, secret number, file, computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from guanxi.kit.problems import BadValue
from guanxi.kit.text import has_cjk
from guanxi.records import files
from guanxi.records.kinds.base import (
    CONTAINS,
    DEFAULT,
    EMPTY,
    FILLED,
    IS,
    MASK,
    Formats,
    Kind,
    Operator,
    text_of,
    wrong_shape,
)
from guanxi.standards import address, countries

PARTS = ("country", "province", "city", "district", "detail", "postcode")


@dataclass(frozen=True, kw_only=True)
class Address(Kind):
    """A postal address in parts: country (ISO, two letters), province, city, district, detail, postcode, and the adcode."""

    key: ClassVar[str] = "address"
    json_type: ClassVar[str] = "object"
    operators: ClassVar[tuple[Operator, ...]] = (CONTAINS, EMPTY, FILLED)
    sortable: ClassVar[bool] = False
    blank: ClassVar[Any] = None

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        if isinstance(raw, Mapping):
            parts = {name: text_of(raw[name]) if raw.get(name) else "" for name in PARTS}
        else:
            parts = dict.fromkeys(PARTS, "")
            parts["detail"] = text_of(raw)
        if not any(parts.values()):
            return None
        if parts["country"]:
            parts["country"] = countries.normalise(parts["country"])
        if parts["country"] not in ("", "CN") or not any(has_cjk(parts[name]) for name in PARTS[1:-1]):
            return {name: value for name, value in parts.items() if value}
        split = address.from_parts(**{name: parts[name] for name in PARTS[1:]})
        found = {"country": parts["country"] or "CN", "adcode": split.adcode}
        found |= {name: getattr(split, name) for name in PARTS[1:]}
        return {name: value for name, value in found.items() if value}

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        if not value:
            return ""
        part = value.get
        country = part("country", "")
        if country in ("", "CN"):
            levels = dict.fromkeys(filter(None, (part("province"), part("city"), part("district"))))
            return "".join(levels) + str(part("detail", ""))
        region = " ".join(filter(None, (part("province"), part("postcode"))))
        places = (part("detail"), part("district"), part("city"), region, countries.name(country, formats.language))
        return ", ".join(filter(None, places))

    def edit_text(self, value: Any, formats: Formats = DEFAULT) -> str:
        return self.format(value, formats)

    def mask(self, value: Any, formats: Formats = DEFAULT) -> str:
        return f"{self.format({k: v for k, v in value.items() if k in ('country', 'province', 'city')}, formats)}***"

    def operand(self, operator: Operator, raw: str, formats: Formats = DEFAULT) -> Any:
        return text_of(raw)

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {"word": f"{value.get('city') or ''} {value.get('district') or ''}"}


@dataclass(frozen=True, kw_only=True)
class Secret(Kind):
    """A number kept encrypted, found only by being equal (through its blind index)."""

    key: ClassVar[str] = "secret"
    operators: ClassVar[tuple[Operator, ...]] = (IS, EMPTY, FILLED)
    sortable: ClassVar[bool] = False
    standard: str = ""

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        text = text_of(raw)
        if not text:
            return None
        if self.standard == "resident_id":
            from guanxi.standards import resident_id

            return resident_id.normalise(text)
        if len(text) > 200:
            raise BadValue("field.too_long", length=len(text), limit=200)
        return text

    def mask(self, value: Any, formats: Formats = DEFAULT) -> str:
        text = str(value)
        return f"{text[:3]}{'*' * 8}{text[-2:]}" if len(text) >= 12 else MASK

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True, kw_only=True)
class File(Kind):
    """A file kept outside the database (`records.files`): {"id", "name", "size", "type", "sha256"}."""

    key: ClassVar[str] = "file"
    json_type: ClassVar[str] = "object"
    operators: ClassVar[tuple[Operator, ...]] = (EMPTY, FILLED)
    sortable: ClassVar[bool] = False

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        if raw is None or raw == "":
            return None
        if isinstance(raw, Mapping):
            return files.known(raw)
        if hasattr(raw, "read"):
            return files.keep(raw)
        raise wrong_shape("PDF, PNG, JPG, XLSX, DOCX, TXT")

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        return str(value["name"]) if value else ""

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {"word": str(value["name"])}


@dataclass(frozen=True, kw_only=True)
class Computed(Kind):
    """A value worked out from others of the same record when it is read; `of` names them, `result` says how it looks."""

    key: ClassVar[str] = "computed"
    operators: ClassVar[tuple[Operator, ...]] = ()
    sortable: ClassVar[bool] = False
    computed: ClassVar[bool] = True
    of: tuple[str, ...]
    how: Callable[..., Any]
    result: Kind

    def format(self, value: Any, formats: Formats = DEFAULT) -> str:
        return self.result.format(value, formats)

    def mask(self, value: Any, formats: Formats = DEFAULT) -> str:
        return self.result.mask(value, formats)

    def export(self, value: Any, formats: Formats = DEFAULT) -> Any:
        return self.result.export(value, formats)

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {}
