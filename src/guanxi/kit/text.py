"""Text: cleaning, folding for comparison, Chinese bigrams and pinyin, and the tokens of the search index.

Search works on sets of tokens. :func:`search_tokens` makes the set of a record, :func:`query_tokens` the terms of a query; a record is
found when for every term it has the token itself, or for prefix terms any token that starts with it. The pieces:

* Chinese runs: every two neighbouring characters, and the last one alone (张三丰 → 张三 三丰 丰), so that one character as a prefix finds
  it anywhere and more characters match as exact bigrams;
* pinyin and initials of every suffix of a name (zhangsanfeng sanfeng feng zsf sf f);
* every suffix of a telephone number with at least 4 digits: a prefix of a suffix is a substring;
* folded Latin words; e-mail addresses whole and in words; numbers whole, without separators and without leading zeros;
* ``=``-tokens, the name from its beginning (=张三丰 =zhangsanfeng =zsf), by which results are ranked (:func:`anchor_terms`);
* ``#``-tokens, scopes, so that rights are one more term (:func:`scope_token`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from guanxi.kit.surnames import READINGS, surname_length

VERSION = 1

_CJK = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U000323af"
_HAS_CJK = re.compile(f"[{_CJK}]")
_HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")
_PIECES = re.compile(f"([{_CJK}]+)|([0-9a-z]+)|((?:(?![{_CJK}_])\\w)+)")
# Characters nobody sees but every comparison trips over: zero-width, direction marks, soft hyphen, BOM, controls, variation selectors.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}

MAX_TOKEN = 80  # characters; longer words are cut, queries are cut alike
MAX_PART = 2_000  # characters of one part that are indexed
MAX_QUERY = 200  # characters of a query that count
_MAX_PINYIN = 24  # characters of a name that get pinyin suffixes: the tokens grow with the square of nothing, but nobody types more


def clean(text: str) -> str:
    """What a person meant to type: nothing invisible, spaces (of any kind) single, none at the ends. Keeps width and case."""
    if not (text.isascii() and text.isprintable()):
        text = _CONTROL.sub("", _INVISIBLE.sub("", text))
    return " ".join(text.split())


def clean_lines(text: str) -> str:
    """Like :func:`clean` for long texts: keeps line breaks and inner spacing, drops trailing blanks and blank lines at the ends."""
    text = _CONTROL.sub("", _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def half_width(text: str) -> str:
    """Full-width letters, digits, signs and spaces as ASCII (ＡＢＣ１２３（） → ABC123()); nothing else changes."""
    return text if text.isascii() else text.translate(_FULL_WIDTH)


def nfkc(text: str) -> str:
    """Unicode NFKC, cleaned: one spelling for what looks the same."""
    return clean(text) if text.isascii() else clean(unicodedata.normalize("NFKC", text))


def fold(text: str) -> str:
    """For comparing: NFKC, cleaned, case folded, Latin accents dropped (``Ｍüller`` → ``muller``). Idempotent."""
    if text.isascii():
        return " ".join(text.lower().split()) if text.isprintable() else clean(text).lower()
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    if not text.isascii() and _HAS_CJK.sub("", text).isascii() is False:
        parts = []
        for char in unicodedata.normalize("NFKD", text):
            # Only marks on Latin, Greek and Cyrillic go; the voicing mark of Japanese kana makes another letter.
            if unicodedata.combining(char) and char not in "\u3099\u309a":
                continue
            parts.append(char)
        text = unicodedata.normalize("NFKC", "".join(parts)).casefold()
    return clean(text)


def has_cjk(text: str) -> bool:
    """True when the text has a Chinese, Japanese or Korean character."""
    return not text.isascii() and _HAS_CJK.search(text) is not None


def is_han(text: str) -> bool:
    """True when the text consists of Chinese characters only (and is not empty)."""
    return _HAN.fullmatch(text) is not None


def bigrams(run: str) -> list[str]:
    """Neighbouring pairs and the last character: 张三丰 → 张三, 三丰, 丰."""
    return [run[i : i + 2] for i in range(len(run) - 1)] + [run[-1]] if run else []


# --- pinyin ---------------------------------------------------------------------------------------------------------------------------


def _toneless(syllable: str) -> str:
    plain = syllable.replace("ü", "v").replace("ǖ", "v").replace("ǘ", "v").replace("ǚ", "v").replace("ǜ", "v")
    return "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))


@cache
def _tables() -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Usual reading of each character, and those phrases of 2 to 4 characters that are read otherwise (重庆, 银行). Made on first use."""
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

    single = {chr(code): _toneless(readings.split(",", 1)[0]) for code, readings in PINYIN_DICT.items()}
    plain = lru_cache(maxsize=None)(_toneless)
    phrases = {}
    for phrase, readings in PHRASES_DICT.items():
        if 2 <= len(phrase) <= 4:
            said = tuple(plain(r[0]) for r in readings)
            if said != tuple(single.get(c, "") for c in phrase) and len(said) == len(phrase):
                phrases[phrase] = said
    return single, phrases


def pinyin(text: str, *, surname: bool = False) -> list[str]:
    """One toneless syllable per character (ü as v); other characters stay as they are. ``surname=True`` reads the start as a surname."""
    single, phrases = _tables()
    said: list[str] = []
    start, n = 0, len(text)
    if surname and n > 1:
        length = surname_length(text)
        reading = READINGS.get(text[:length])
        if reading:
            said = reading.split()
            start = length
    while start < n:
        for length in (4, 3, 2):
            found = phrases.get(text[start : start + length]) if start + length <= n else None
            if found:
                said.extend(found)
                start += length
                break
        else:
            char = text[start]
            said.append(single.get(char) or char)
            start += 1
    return said


def initials(text: str, *, surname: bool = False) -> str:
    """First letters of the pinyin: 张三丰 → zsf."""
    return "".join(s[0] for s in pinyin(text, surname=surname))


def sort_key(name: str) -> str:
    """Key that sorts Chinese names by pinyin among Latin ones."""
    folded = fold(name)
    return folded if folded.isascii() else " ".join(pinyin(folded, surname=len(folded) <= 4)) + " " + folded


# --- tokens ---------------------------------------------------------------------------------------------------------------------------

#: Words so common in e-mail addresses that a prefix search on them would match half the table: they match exactly.
COMMON_WORDS: frozenset[str] = frozenset(
    [
        "com",
        "cn",
        "net",
        "org",
        "gov",
        "edu",
        "io",
        "co",
        "www",
        "mail",
        "email",
        "gmail",
        "hotmail",
        "outlook",
        "live",
        "yahoo",
        "icloud",
        "qq",
        "foxmail",
        "163",
        "126",
        "139",
        "189",
        "sina",
        "sohu",
        "aliyun",
        "yeah",
        "info",
        "me",
        "de",
        "uk",
        "hk",
        "tw",
        "jp",
        "us",
        "example",
        "http",
        "https",
    ]
)
_DIGITS = re.compile(r"[^0-9]+")
_PHONE_QUERY = re.compile(r"(?<![0-9a-z@._/-])[+(]?\d[\d ().\-/]{3,}\d(?![0-9a-z@])", re.ASCII)
_EMAIL_QUERY = re.compile(r"[^\s@,;]+@[^\s@,;]+")


class Term(NamedTuple):
    """One term of a query: the token, and whether tokens that only start with it count too."""

    token: str
    prefix: bool


def _name(tokens: set[str], name: str) -> None:
    folded = fold(name[:MAX_PART])
    if not folded:
        return
    latin: list[str] = []
    first = True
    for cjk, word, other in _PIECES.findall(folded):
        if not cjk:
            word = word or other
            tokens.add(word[:MAX_TOKEN])
            latin.append(word)
        else:
            tokens.update(bigrams(cjk))
            said = pinyin(cjk[:_MAX_PINYIN], surname=first and len(cjk) <= 4)
            whole = "".join(said)
            short = "".join([s[0] for s in said])
            if first:
                tokens.update(("=" + cjk[:MAX_TOKEN], "=" + whole[:MAX_TOKEN], "=" + short))
                if len(cjk) <= 4:  # the everyday reading of a surname must find the person as well
                    plain = "".join(pinyin(cjk))
                    if plain != whole:
                        tokens.update((plain, "=" + plain))
            if "v" in whole:  # 吕 is lv to an input method, lu on many forms
                tokens.add(whole.replace("v", "u")[:MAX_TOKEN])
            at = 0
            for i, syllable in enumerate(said):
                tokens.add(whole[at : at + MAX_TOKEN])
                tokens.add(short[i:])
                at += len(syllable)
        first = False
    if latin:
        joined = "".join(latin)[:MAX_TOKEN]
        if 1 < len(latin) <= 4:
            tokens.add(joined)
        tokens.add("=" + joined)


def _words(tokens: set[str], folded: str) -> None:
    for cjk, word, other in _PIECES.findall(folded):
        if cjk:
            tokens.update(bigrams(cjk))
        else:
            tokens.add((word or other)[:MAX_TOKEN])


def _phone(tokens: set[str], phone: str) -> None:
    digits = _DIGITS.sub("", half_width(phone[:MAX_PART]).partition(";")[0])[:20]
    tokens.update([digits[i:] for i in range(len(digits) - 3)])


def _number(tokens: set[str], number: str) -> None:
    folded = fold(number[:MAX_PART])
    pieces = [cjk or word or other for cjk, word, other in _PIECES.findall(folded)]
    if not pieces:
        return
    tokens.update([p[:MAX_TOKEN] for p in pieces])
    if len(pieces) > 1:
        tokens.add("".join(pieces)[:MAX_TOKEN])
    tail = pieces[-1]
    digits = tail.lstrip("abcdefghijklmnopqrstuvwxyz")
    if digits.isdigit():
        tokens.add(digits)
        tokens.add(digits.lstrip("0") or digits)


def scope_token(kind: str, key: object) -> str:
    """Token for a scope, such as ``#owner:17`` or ``#department:4``; a query can never contain one, because folding removes ``#``."""
    return f"#{kind}:{key}"


def search_tokens(
    *,
    names: Iterable[str | None] = (),
    phones: Iterable[str | None] = (),
    emails: Iterable[str | None] = (),
    words: Iterable[str | None] = (),
    numbers: Iterable[str | None] = (),
    scopes: Iterable[str] = (),
) -> frozenset[str]:
    """The tokens of one record; parts may be None or empty. ``scopes`` are ready tokens (:func:`scope_token`)."""
    tokens: set[str] = set(scopes)
    for name in names:
        if name:
            _name(tokens, name)
    for phone in phones:
        if phone:
            _phone(tokens, phone)
    for email in emails:
        if email:
            folded = fold(email[:MAX_PART])
            tokens.add(folded[:MAX_TOKEN])
            _words(tokens, folded)
    for text in words:
        if text:
            _words(tokens, fold(text[:MAX_PART]))
    for number in numbers:
        if number:
            _number(tokens, number)
    tokens.discard("")
    return frozenset(tokens)


def _digit_term(digits: str) -> Term:
    # Stored numbers carry a country code, typed ones a trunk 0 or 00: both drop away. Numbers are stored without leading zeros as well.
    bare = digits.lstrip("0")
    return Term((bare if len(bare) >= 4 else digits)[:MAX_TOKEN], True)


def query_tokens(text: str) -> list[Term]:
    """The terms of a query, all of which must match. Empty for a query that asks nothing (then show nothing or everything, not an error).

    Single Latin letters only count when there is nothing else: as a prefix one letter matches most of the table.
    """
    folded = fold(text[:MAX_QUERY])
    terms: dict[str, bool] = {}
    letters: list[str] = []

    def email(match: re.Match[str]) -> str:
        terms[match[0][:MAX_TOKEN]] = True
        return " "

    def phone(match: re.Match[str]) -> str:
        digits = _DIGITS.sub("", match[0])
        # "+1 415 …" or nine digits and more in groups are one number; "2024 1001" is two.
        if match[0][0] in "+(" or len(digits) >= 9:
            term = _digit_term(digits)
            terms[term.token] = True
            return " "
        return match[0]

    rest = _PHONE_QUERY.sub(phone, _EMAIL_QUERY.sub(email, folded))
    for cjk, word, other in _PIECES.findall(rest):
        word = word or other
        if cjk:
            if len(cjk) == 1:
                terms.setdefault(cjk, True)
            else:
                for i in range(len(cjk) - 1):
                    terms[cjk[i : i + 2]] = False
        elif word in COMMON_WORDS:
            terms.setdefault(word, False)
        elif len(word) == 1 and not word.isdigit():
            letters.append(word)
        elif word.isdecimal() and len(word) >= 4:
            term = _digit_term(word)
            terms[term.token] = True
        else:
            terms[word[:MAX_TOKEN]] = True
    if not terms and letters:
        # Two single letters are initials typed with spaces; one alone matches exactly.
        joined = "".join(letters)
        terms[joined] = len(joined) > 1
    return [Term(token, prefix) for token, prefix in terms.items()]


def anchor_terms(text: str) -> list[Term]:
    """Terms any of which marks a record whose name begins with the query: those rank first."""
    pieces = [cjk or word or other for cjk, word, other in _PIECES.findall(fold(text[:MAX_QUERY]))]
    joined = "".join(pieces)[: MAX_TOKEN - 1]
    return [Term("=" + joined, True)] if joined else []


def matches(tokens: frozenset[str], terms: Iterable[Term]) -> bool:
    """Whether a record with these tokens is found by these terms: the definition the index must agree with."""
    return all(
        term.token in tokens or (term.prefix and any(t.startswith(term.token) for t in tokens)) for term in terms
    )
