"""统一社会信用代码, the unified social credit code (GB 32100-2015): 18 characters, mod-31 check character."""

from __future__ import annotations

from guanxi.kit.problems import BadValue
from guanxi.kit.text import nfkc

VERSION = 1
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUE = {c: i for i, c in enumerate(_ALPHABET)}
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


def check_character(first17: str) -> str:
    """The 18th character for the first 17."""
    return _ALPHABET[-sum(w * _VALUE[c] for w, c in zip(_WEIGHTS, first17, strict=True)) % 31]


def normalise(raw: object) -> str:
    """Upper case without separators. Raises :class:`BadValue`."""
    text = nfkc(str(raw)[:200]).upper().replace(" ", "").replace("-", "")
    if len(text) != 18:
        raise BadValue("uscc.length", value=text, length=len(text))
    wrong = next((c for c in text if c not in _VALUE), None)
    if wrong:
        raise BadValue("uscc.characters", value=text, found=wrong)
    if check_character(text[:17]) != text[17]:
        raise BadValue("uscc.check", value=text)
    return text


def adcode(code: str) -> str:
    """The division that registered the organisation."""
    return code[2:8]


def mask(code: str) -> str:
    """First two and last four characters."""
    return f"{code[:2]}{'*' * (len(code) - 6)}{code[-4:]}" if len(code) > 10 else "*" * len(code)
