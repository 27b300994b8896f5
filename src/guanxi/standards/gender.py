"""Gender: ``male``, ``female``, ``other``; empty is unknown."""

from __future__ import annotations

from guanxi.kit.problems import BadValue
from guanxi.kit.text import fold

VERSION = 1
_WORDS = {
    "male": "male m man 男 男性 男士 先生 mr mr. 1 boy herr 男生 ♂",
    "female": "female f woman 女 女性 女士 小姐 太太 ms ms. mrs mrs. miss 2 girl frau 女生 w ♀",
    "other": "other 其他 其它 x diverse divers non-binary nonbinary nb 9",
    "": "unknown 未知 不详 保密 未说明 未说明的性别 - n/a na none null u 0 不明 secret",
}
_INDEX = {word: value for value, words in _WORDS.items() for word in words.split()}
_NAMES = {"male": ("男", "male"), "female": ("女", "female"), "other": ("其他", "other"), "": ("", "")}


def normalise(raw: object) -> str:
    """``male``, ``female``, ``other`` or the empty text (unknown, GB/T 2261.1: 0, 1, 2, 9). Raises :class:`BadValue`."""
    text = fold(str(raw)[:200]).removesuffix(".0")
    if not text:
        return ""
    value = _INDEX.get(text)
    if value is None:
        raise BadValue("gender.unknown", value=raw)
    return value


def name(value: str, locale: str = "en") -> str:
    """The word for people."""
    zh, en = _NAMES.get(value, (value, value))
    return zh if locale.lower().startswith("zh") else en
