"""Text: cleaning, folding for comparison, Chinese bigrams and pinyin, and the tokens of the search index.

Search works on sets of tokens. :func:`search_tokens` makes the set of a record, :func:`query_tokens` the terms of a query; a record is
found when for every term it has the token itself, or for prefix terms any token that starts with it. The pieces:

* Chinese runs: every two neighbouring characters, and the last one alone (张三丰 → 张三 三丰 丰), so that one character as a prefix finds
  it anywhere and more characters match as exact bigrams;
* pinyin and initials of every suffix of a name (zhangsanfeng sanfeng feng zsf sf f);
* every four neighbouring digits of a telephone number or any other number: there are only 10,000 of these, so that they cost the
  index next to nothing, and a piece of a number is the few that it consists of (138001 → 1380 3800 8001);
* folded Latin words; e-mail addresses whole and in words; numbers with letters whole and without separators;
* ``=``-tokens, the name from its beginning (=张三丰 =zhangsanfeng =zsf) and the bare digits of a number (=1001), by which results
  are ranked (:func:`anchor_terms`);
* ``#``-tokens, scopes, so that rights are one more term (:func:`scope_token`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from guanxi.kit.surnames import READINGS, surname_length

VERSION = 2

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

_LONGEST_PHONE = 15  # digits, by E.164
MAX_TOKEN = 80  # characters; longer words are cut, queries are cut alike
MAX_PART = 2_000  # characters of one part that are indexed
MAX_DIGITS = 40  # digits of one number that are indexed
MAX_QUERY = 200  # characters of a query that count
_MAX_PINYIN = 24  # characters of a name that get pinyin suffixes: the tokens grow with the square of nothing, but nobody types more


def clean(text: str) -> str:
    """What a person meant to type: nothing invisible, spaces (of any kind) single, none at the ends. Keeps width and case."""
    if not (text.isascii() and text.isprintable()):
        text = _CONTROL.sub("", _INVISIBLE.sub("", text))
    return " ".join(text.split())


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
            _word(tokens, word)
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


def grams(digits: str) -> list[str]:
    """Every four neighbouring digits; fewer than four stay as they are."""
    return [digits[i : i + 4] for i in range(len(digits) - 3)] if len(digits) > 4 else [digits]


def _word(tokens: set[str], word: str) -> None:
    if word.isdecimal() and word.isascii():
        tokens.update(grams(word[:MAX_DIGITS]))
    else:
        tokens.add(word[:MAX_TOKEN])


def _words(tokens: set[str], folded: str) -> None:
    for cjk, word, other in _PIECES.findall(folded):
        if cjk:
            tokens.update(bigrams(cjk))
        else:
            _word(tokens, word or other)


def _phone(tokens: set[str], phone: str) -> None:
    digits = _DIGITS.sub("", half_width(phone[:MAX_PART]).partition(";")[0])
    tokens.update(grams(digits[:MAX_DIGITS]))


def _email(tokens: set[str], folded: str) -> None:
    """The whole address and its words; not the word it begins with, which as a prefix finds the whole (one key less a record)."""
    tokens.add(folded[:MAX_TOKEN])
    first = _PIECES.match(folded)
    word = first[2] if first else None
    if word and not word.isdecimal() and word not in COMMON_WORDS:
        folded = folded[len(word) :]
    _words(tokens, folded)


def _number(tokens: set[str], number: str) -> None:
    folded = fold(number[:MAX_PART])
    pieces = [cjk or word or other for cjk, word, other in _PIECES.findall(folded)]
    if not pieces:
        return
    for piece in pieces:
        _word(tokens, piece)
    if len(pieces) > 1:
        tokens.add("".join(pieces)[:MAX_TOKEN])
    tail = pieces[-1]
    digits = tail.lstrip("abcdefghijklmnopqrstuvwxyz")
    if digits.isdecimal() and digits.isascii():
        digits = digits[:MAX_DIGITS]
        tokens.update(grams(digits))
        if len(digits) > _LONGEST_PHONE:
            tokens.add(digits)
        bare = digits.lstrip("0") or digits
        if len(bare) < 4:
            tokens.add(bare)
        tokens.add("=" + bare)


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
            _email(tokens, fold(email[:MAX_PART]))
    for text in words:
        if text:
            _words(tokens, fold(text[:MAX_PART]))
    for number in numbers:
        if number:
            _number(tokens, number)
    tokens.discard("")
    return frozenset(tokens)


def _digit_terms(digits: str) -> list[str]:
    # Stored numbers carry a country code, typed ones a trunk 0 or 00: both drop away. Numbers are stored without leading zeros as well.
    bare = digits.lstrip("0")
    return grams((bare if len(bare) >= 4 else digits)[:MAX_DIGITS])


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
        if len(digits) > _LONGEST_PHONE:
            terms[digits[:MAX_TOKEN]] = True  # the beginning of a credit code, of an account: no telephone number
            return " "
        if match[0][0] in "+(" or len(digits) >= 9:
            terms.update(dict.fromkeys(_digit_terms(digits), False))
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
        elif word.isdecimal() and word.isascii() and 4 <= len(word) <= _LONGEST_PHONE:
            terms.update(dict.fromkeys(_digit_terms(word), False))
        else:
            terms[word[:MAX_TOKEN]] = True
    if not terms and letters:
        # Several single letters are initials typed with spaces; one alone is what a name begins with.
        joined = "".join(letters)
        terms[joined if len(joined) > 1 else "=" + joined] = True
    return [Term(token, prefix) for token, prefix in terms.items()]


def anchor_terms(text: str) -> list[Term]:
    """Terms any of which marks a record whose name begins with the query: those rank first."""
    pieces = [cjk or word or other for cjk, word, other in _PIECES.findall(fold(text[:MAX_QUERY]))]
    joined = "".join(pieces)[: MAX_TOKEN - 1]
    if joined.isdecimal() and joined.isascii():
        joined = joined.lstrip("0")
    return [Term("=" + joined, True)] if joined else []


def highlights(text: str, query: str) -> list[tuple[int, int]]:
    """Where in a shown value the words of a query stand: spans, in order, without overlap.

    Words and characters count whatever their case and width, digits whatever stands between them, Chinese by pinyin and initials.
    """
    pieces = query_pieces(query)
    marked = [False] * len(text)
    if text.isascii():
        plain, at = text.lower(), list(range(len(text)))
    else:
        folded = [_fold_char(char) for char in text]
        plain, at = "".join(folded), [i for i, f in enumerate(folded) for _ in f]
    for piece in pieces:
        start = plain.find(piece)
        if piece.isdecimal() and len(piece) >= 3:
            digits = [i for i, c in enumerate(plain) if c in "0123456789"]
            found = "".join([plain[i] for i in digits]).find(piece)
            if found >= 0:
                for i in range(at[digits[found]], at[digits[found + len(piece) - 1]] + 1):
                    marked[i] = True
        elif start >= 0:
            while start >= 0:
                for i in at[start : start + len(piece)]:
                    marked[i] = True
                start = plain.find(piece, start + len(piece))
        elif piece.isascii() and piece.isalpha():
            _mark_pinyin(marked, text, piece)
    spans: list[tuple[int, int]] = []
    for i, on in enumerate(marked):
        if on and spans and spans[-1][1] == i:
            spans[-1] = (spans[-1][0], i + 1)
        elif on:
            spans.append((i, i + 1))
    return spans


@lru_cache(maxsize=20_000)
def _fold_char(char: str) -> str:
    return fold(char) or " "


@lru_cache(maxsize=64)
def query_pieces(query: str) -> tuple[str, ...]:
    """What of a query is marked in a shown value."""
    folded = fold(query[:MAX_QUERY])
    found = [] if _HAS_CJK.search(folded) or "@" not in folded else [p for p in folded.split() if "@" in p]
    for match in _PHONE_QUERY.finditer(folded):
        digits = _DIGITS.sub("", match[0])
        if match[0][0] in "+(" or len(digits) >= 9:
            found.append(digits.lstrip("0") or digits)
    return (*found, *(cjk or word or other for cjk, word, other in _PIECES.findall(folded)))


def _mark_pinyin(marked: list[bool], text: str, piece: str) -> None:
    for run in _HAN.finditer(text):
        said = pinyin(run[0][:_MAX_PINYIN], surname=len(run[0]) <= 4)
        short = "".join(s[0] for s in said)
        found = short.find(piece) if len(piece) > 1 else -1
        if found >= 0:
            for i in range(found, found + len(piece)):
                marked[run.start() + i] = True
            return
        for start in range(len(said)):
            left, i = piece, start
            while left and i < len(said) and (left.startswith(said[i]) or said[i].startswith(left)):
                left = left[len(said[i]) :]
                i += 1
            if not left and i > start and (len(piece) > 1 or start == 0):
                for j in range(start, i):
                    marked[run.start() + j] = True
                return


def matches(tokens: frozenset[str], terms: Iterable[Term]) -> bool:
    """Whether a record with these tokens is found by these terms: the definition the index must agree with."""
    return all(
        term.token in tokens or (term.prefix and any(t.startswith(term.token) for t in tokens)) for term in terms
    )
