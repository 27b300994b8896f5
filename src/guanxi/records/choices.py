"""Lists of values: shipped as defaults, then the administrator's. The database is the truth; processes hold a copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from guanxi.core.org import versions
from guanxi.kit.text import fold

if TYPE_CHECKING:
    from guanxi.records.kinds.base import Option


@dataclass(frozen=True)
class Default:
    """A shipped value: its code, Chinese and English label, colour, further spellings found in files."""

    code: str
    zh: str
    en: str
    colour: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChoiceListDefault:
    key: str
    zh: str
    en: str
    values: tuple[Default, ...]


@dataclass(frozen=True)
class _Value:
    code: str
    zh: str
    en: str
    colour: str
    retired: bool
    aliases: tuple[str, ...]


SHIPPED: dict[str, ChoiceListDefault] = {}


def ship(key: str, zh: str, en: str, *values: Default) -> str:
    """Declare a shipped list in a room's `lists.py`; returns its key. Installed after migrating, never overwritten."""
    SHIPPED[key] = ChoiceListDefault(key, zh, en, values)
    return key


def _load() -> dict[str, dict[str, _Value]]:
    from guanxi.records.models import ChoiceValue

    lists: dict[str, dict[str, _Value]] = {}
    rows = ChoiceValue.objects.order_by("list", "position", "id").values_list(
        "list", "code", "label_zh", "label_en", "colour", "retired", "aliases"
    )
    for key, code, zh, en, colour, retired, aliases in rows:
        lists.setdefault(key, {})[code] = _Value(code, zh, en, colour, retired, tuple(aliases))
    _lookup.cache_clear()
    return lists


_LISTS = versions.Cached("choices", _load)


def held() -> Mapping[str, Mapping[str, _Value]]:
    """All lists, to be handed to a process that has no database."""
    return _LISTS.get()


def hold(lists: dict[str, dict[str, _Value]]) -> None:
    """Take the lists that another process held, and ask no database for them."""
    _LISTS.put(lists)


def values(key: str) -> Mapping[str, _Value]:
    return _LISTS.get().get(key, {})


def options(key: str, language: str) -> tuple[Option, ...]:
    """The list in order, retired values last marked as such."""
    from guanxi.records.kinds.base import Option

    chinese = language.startswith("zh")
    return tuple(Option(v.code, v.zh if chinese else v.en, v.colour, v.retired) for v in values(key).values())


def label(key: str, code: str, language: str) -> str:
    value = values(key).get(code)
    if value is None:
        return code
    return value.zh if language.startswith("zh") else value.en


def colour(key: str, code: str) -> str:
    value = values(key).get(code)
    return value.colour if value else ""


def find(key: str, text: str) -> str | None:
    """The code that `text` (a code, a label in any language, or an alias; case and width ignored) means."""
    known = _lookup(key, versions.stamp("choices"), id(_LISTS.get()))
    return known.get(text) or known.get(fold(text))


@lru_cache(maxsize=256)
def _lookup(key: str, _stamp: int, _identity: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values(key).values():
        for text in (value.code, value.zh, value.en, *value.aliases):
            found.setdefault(text, value.code)
            found.setdefault(fold(text), value.code)
    return found


def install() -> None:
    """Write the shipped lists and values that are missing. A value comes once: codes are never deleted, only retired."""
    from guanxi.records.models import ChoiceList, ChoiceValue

    known: dict[str, dict[str, int]] = {}
    for key, code, position in ChoiceValue.objects.values_list("list", "code", "position"):
        known.setdefault(key, {})[code] = position
    for shipped in SHIPPED.values():
        row, _new = ChoiceList.objects.get_or_create(
            key=shipped.key, defaults={"label_zh": shipped.zh, "label_en": shipped.en}
        )
        held = known.get(shipped.key, {})
        missing = [v for v in shipped.values if v.code not in held]
        if not missing:
            continue
        # New ones go to the end: the order of the others is the administrator's.
        first = max(held.values(), default=-1) + 1
        ChoiceValue.objects.bulk_create(
            [
                ChoiceValue(
                    list_id=row.key, code=v.code, label_zh=v.zh, label_en=v.en, colour=v.colour, position=first + n,
                    aliases=list(v.aliases),
                )
                for n, v in enumerate(missing)
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        versions.bump("choices")
