"""Kinds that point to something: another record, several, a colleague, tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from guanxi.records.kinds.base import (
    ANY_OF,
    DEFAULT,
    EMPTY,
    FILLED,
    IS,
    NONE_OF,
    Formats,
    Kind,
    Operator,
    text_of,
    wrong_shape,
)


def identifier(raw: Any) -> int | None:
    """The id in raw input; None when it is something else, to be looked up by number or name."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    text = text_of(raw)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


@dataclass(frozen=True, kw_only=True)
class Link(Kind):
    """One record of `target` (an entity key). Stored as its id.

    `parse` takes an id, or the text of a number (C1001) or name, which the write door looks up among what the actor may
    see: kinds know no rights.
    """

    key: ClassVar[str] = "link"
    json_type: ClassVar[str] = "integer"
    operators: ClassVar[tuple[Operator, ...]] = (IS, ANY_OF, EMPTY, FILLED)
    sortable: ClassVar[bool] = False
    warehouse: ClassVar[str] = "BIGINT"
    target: str

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        found = identifier(raw)
        return found if found is not None else (text_of(raw) or None)

    def operand(self, operator: Operator, raw: str, formats: Formats = DEFAULT) -> Any:
        found = identifier(raw)
        if found is None:
            raise wrong_shape("123")
        return found

    def tokens(self, value: Any) -> Mapping[str, str]:
        return {}


@dataclass(frozen=True, kw_only=True)
class Links(Link):
    """Several records of `target`, stored as an array of ids."""

    key: ClassVar[str] = "links"
    json_type: ClassVar[str] = "array"
    operators: ClassVar[tuple[Operator, ...]] = (ANY_OF, NONE_OF, EMPTY, FILLED)
    blank: ClassVar[Any] = []
    many: ClassVar[bool] = True

    def parse(self, raw: Any, formats: Formats = DEFAULT) -> Any:
        parts = raw if isinstance(raw, (list, tuple)) else text_of(raw).replace("；", ";").split(";")
        found = [Link.parse(self, part, formats) for part in parts]
        return [f for i, f in enumerate(found) if f is not None and f not in found[:i]] or None


@dataclass(frozen=True, kw_only=True)
class Person(Link):
    """A colleague (a person who signs in). Everybody who is signed in may know the names of colleagues."""

    key: ClassVar[str] = "user"
    groupable: ClassVar[bool] = True
    target: str = "core.user"


@dataclass(frozen=True, kw_only=True)
class Tags(Links):
    """Tags of a record, stored as an array of tag ids; who added each and when is in the journal."""

    key: ClassVar[str] = "tags"
    target: str = "records.tag"
