# ruff: noqa: E501 (tables of words and patterns)
"""Names of people: split into family and given name, shown in the order of the script, masked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from guanxi.kit.problems import BadValue
from guanxi.kit.surnames import surname_length
from guanxi.kit.text import fold, has_cjk, is_han, nfkc

VERSION = 1
MAX_LENGTH = 100

_TITLES_ZH = re.compile(r"(?:先生|女士|小姐|太太|同志|老师|经理|总监|总经理|董事长|主任|博士|教授)$")
_TITLES = re.compile(r"^(?:mr|mrs|ms|miss|mx|dr|prof|sir|dame|herr|frau|mme|sr|sra)\.?\s+", re.IGNORECASE)
_SUFFIX = re.compile(r"[, ]+(jr|sr|ii|iii|iv|ph\.?d|m\.?d|esq)\.?$", re.IGNORECASE)
_PARTICLES = frozenset("van von der den de del della di da dos du la le el al bin ibn ter ten zu st st.".split())
_PLACEHOLDERS = frozenset(
    "test tester 测试 测试用户 unknown 未知 不详 无 无名 none null na n/a n.a. - -- . xxx xx x 匿名 匿名用户 anonymous 先生 女士 客户 用户 姓名 name abc aaa 某某 某 "
    "待定 tbd 张某某".split()
)
_BRACKETS = re.compile(r"\s*[(\[（【][^)\]）】]*[)\]）】]\s*$")
_SPACES_IN_HAN = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_DOTS = re.compile("[·•‧∙⋅・･.]")


@dataclass(frozen=True, slots=True)
class PersonName:
    """``script`` is ``han`` (family name first, no space), ``latin``, or ``other``."""

    family: str
    given: str
    script: str
    suffix: str = ""


def normalise(raw: object) -> str:
    """The name with single spaces and one spelling of its signs; a Chinese name without inner spaces (张 三 → 张三). Raises :class:`BadValue`.

    Names all in capitals or small letters get their usual case; mixed ones (McDonald, de Gaulle) are kept as written.
    """
    text = str(raw)
    if len(text) > 10 * MAX_LENGTH:  # patterns never see more
        raise BadValue("name.too_long", value=text, limit=MAX_LENGTH)
    text = nfkc(text)
    if not text:
        raise BadValue("name.empty")
    if len(text) > MAX_LENGTH:
        raise BadValue("name.too_long", value=text, limit=MAX_LENGTH)
    if not text.isascii() and has_cjk(text):
        text = _SPACES_IN_HAN.sub("", text)
        return _DOTS.sub("·", text) if is_han(_DOTS.sub("", text)) else text
    text = text.strip(" ,;").replace("’", "'").replace("`", "'")
    if not text:
        raise BadValue("name.empty")
    return _capitalise(text) if text.isupper() or text.islower() else text


def _capitalise(text: str) -> str:
    words = []
    for i, word in enumerate(text.split(" ")):
        low = word.lower()
        if low in _PARTICLES and i > 0:
            words.append(low)
        else:
            words.append("".join(p.capitalize() if p not in "-'" else p for p in re.split(r"([-'])", low)))
    return " ".join(words)


def is_placeholder(name: str) -> bool:
    """Whether somebody filled in anything to get past a form."""
    return fold(name) in _PLACEHOLDERS


def split(raw: object) -> PersonName:
    """Family and given name: 欧阳修 → 欧阳 + 修, ``John Smith`` and ``Smith, John`` → Smith + John. Titles fall away."""
    text = _BRACKETS.sub("", normalise(raw)) or normalise(raw)
    if is_han(text.replace("·", "")):
        bare = _TITLES_ZH.sub("", text)
        text = bare or text
        if "·" in text:  # 买买提·吐尔逊: the given name stands first
            given, _, family = text.partition("·")
            return PersonName(family, given, "han")
        length = surname_length(text)
        if len(text) <= 1:
            return PersonName(text, "", "han")
        return PersonName(text[:length], text[length:], "han")
    if has_cjk(text):
        return PersonName("", text, "other")
    text = _TITLES.sub("", text) or text
    suffix = ""
    found = _SUFFIX.search(text)
    if found:
        suffix, text = found[1], text[: found.start()]
    if "," in text:
        family, _, given = (part.strip() for part in text.partition(","))
        return PersonName(family, given, "latin", suffix)
    words = text.split(" ")
    if len(words) == 1:
        return PersonName("", words[0], "latin", suffix)
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    return PersonName(" ".join(words[start:]), " ".join(words[:start]), "latin", suffix)


def display(family: str, given: str, locale: str = "en") -> str:
    """The whole name: Chinese ones surname first without a space, others by the reader's locale (surname first in Chinese)."""
    if is_han(family + given):
        return family + given
    if has_cjk(family + given):
        return f"{family} {given}".strip()
    order = (
        (family, given)
        if locale.lower().startswith(("zh", "ja", "ko", "hu")) and not (family + given).isascii()
        else (given, family)
    )
    return " ".join(part for part in order if part)


def comparison_key(name: str) -> str:
    """Folded, without spaces and dots: equal for spellings of the same name, in either order of a comma."""
    parts = split(name) if name.strip() else PersonName("", "", "other")
    whole = parts.given + parts.family if parts.script == "latin" else parts.family + parts.given
    return re.sub(r"[\W_]+", "", fold(whole))


def mask(name: str) -> str:
    """The family name only: 张*, 欧阳**, ``J*** S***`` for Latin names."""
    text = " ".join(name.split())
    if not text:
        return ""
    if is_han(text):
        length = surname_length(text) if len(text) > 1 else 0
        return text[:length] + "*" * max(1, len(text) - length)
    if has_cjk(text):
        return text[0] + "**" if len(text) > 1 else "*"
    return " ".join(word[0] + "***" if len(word) > 1 else "***" for word in text.split(" "))
