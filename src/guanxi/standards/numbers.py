# ruff: noqa: E501 (tables of words and patterns)
"""Numbers and amounts as people write them, as ``Decimal``: 1,234.50 · 1.234,50 · ¥1,234 · 1.2万 · 3亿 · (123) · 12.5%."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from guanxi.kit.problems import BadValue
from guanxi.kit.text import nfkc

VERSION = 1
MAX_DIGITS = 30

_PLAIN = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,10})?", re.ASCII)
_UNITS = {
    "百": 2, "千": 3, "k": 3, "万": 4, "萬": 4, "w": 4, "十万": 5, "百万": 6, "m": 6, "mn": 6, "million": 6, "千万": 7, "亿": 8, "億": 8, "十亿": 9,
    "bn": 9, "billion": 9, "百亿": 10, "千亿": 11, "万亿": 12,
}  # fmt: skip
_SIGNS = {
    "¥": "", "￥": "", "元": "CNY", "圆": "CNY", "块": "CNY", "人民币": "CNY", "rmb": "CNY", "cny": "CNY", "cn¥": "CNY", "$": "", "us$": "USD",
    "usd": "USD", "美元": "USD", "美金": "USD", "€": "EUR", "eur": "EUR", "欧元": "EUR", "£": "GBP", "gbp": "GBP", "英镑": "GBP", "hk$": "HKD",
    "hkd": "HKD", "港币": "HKD", "港元": "HKD", "日元": "JPY", "jpy": "JPY", "jp¥": "JPY", "nt$": "TWD", "twd": "TWD", "新台币": "TWD", "台币": "TWD",
    "₩": "KRW", "krw": "KRW", "韩元": "KRW", "₹": "INR", "inr": "INR", "chf": "CHF", "sgd": "SGD", "s$": "SGD", "新加坡元": "SGD", "aud": "AUD",
    "a$": "AUD", "澳元": "AUD", "cad": "CAD", "c$": "CAD", "加元": "CAD", "₽": "RUB", "rub": "RUB", "卢布": "RUB", "元整": "CNY", "元人民币": "CNY",
}  # fmt: skip
_DOLLARS = frozenset({"USD", "HKD", "TWD", "SGD", "AUD", "CAD"})
_SHARED = {"$": _DOLLARS, "¥": frozenset({"CNY", "JPY"}), "￥": frozenset({"CNY", "JPY"})}
_ALTERNATIVES = "|".join(re.escape(s) for s in sorted(_SIGNS, key=len, reverse=True))
_UNIT_ALTERNATIVES = "|".join(sorted(_UNITS, key=len, reverse=True))
_AMOUNT = re.compile(
    rf"(?P<sign1>[-+])?\s*(?P<cur1>{_ALTERNATIVES})?\s*(?P<sign2>[-+])?\s*(?P<number>[0-9][0-9.,' ]*|\.[0-9]+)\s*"
    rf"(?P<unit>{_UNIT_ALTERNATIVES})?\s*(?P<cur2>{_ALTERNATIVES})?\s*(?P<sign3>-)?",
    re.IGNORECASE | re.ASCII,
)
_GROUPED = {
    ",": re.compile(
        r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?|[0-9]{1,4}(?:,[0-9]{4})+(?:\.[0-9]*)?|[0-9]{1,2}(?:,[0-9]{2})*,[0-9]{3}(?:\.[0-9]*)?"
    ),
    ".": re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]*)?"),
    " ": re.compile(r"[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]*)?"),
    "'": re.compile(r"[0-9]{1,3}(?:'[0-9]{3})+(?:[.,][0-9]*)?"),
}


class Amount(NamedTuple):
    """A number with the currency written beside it, if it says one (a bare ¥ or $ does not)."""

    value: Decimal
    currency: str | None


def _digits(text: str, raw: object, decimal: str | None) -> Decimal:
    text = text.strip()
    commas, dots = text.count(","), text.count(".")
    if decimal == ",":
        body = text.replace(".", "").replace(" ", "").replace("'", "").replace(",", ".")
    elif decimal == ".":
        body = text.replace(",", "").replace(" ", "").replace("'", "")
    elif commas and dots:
        if text.rfind(",") > text.rfind("."):
            ok, body = _GROUPED["."].fullmatch(text) and commas == 1, text.replace(".", "").replace(",", ".")
        else:
            ok, body = _GROUPED[","].fullmatch(text) and dots == 1, text.replace(",", "")
        if not ok:
            raise BadValue("number.invalid", value=raw)
    elif " " in text or "'" in text:
        sign = " " if " " in text else "'"
        if not _GROUPED[sign].fullmatch(text):
            raise BadValue("number.invalid", value=raw)
        body = text.replace(sign, "").replace(",", ".")
    elif commas == 1 and not _GROUPED[","].fullmatch(text):
        body = text.replace(",", ".")  # 1,5 and 12,50: a decimal comma, groups have three digits
    elif commas:
        if not _GROUPED[","].fullmatch(text):
            raise BadValue("number.invalid", value=raw)
        body = text.replace(",", "")
    elif dots > 1:
        if not _GROUPED["."].fullmatch(text):
            raise BadValue("number.invalid", value=raw)
        body = text.replace(".", "")
    else:
        body = text
    if not re.fullmatch(r"[0-9]*\.?[0-9]*", body) or not any(c.isdigit() for c in body):
        raise BadValue("number.invalid", value=raw)
    if len(body) > MAX_DIGITS:
        raise BadValue("number.too_big", value=raw)
    return Decimal(body)


def parse_amount(raw: object, *, decimal: str | None = None) -> Amount:
    """Value and currency. ``decimal`` ("." or ",") settles how a column writes fractions; without it a lone comma before three digits
    separates thousands (1,234) and otherwise is the decimal sign (12,50). Raises :class:`BadValue`.
    """
    if isinstance(raw, bool):
        raise BadValue("number.invalid", value=raw)
    if isinstance(raw, Decimal):
        if not raw.is_finite():
            raise BadValue("number.invalid", value=raw)
        return Amount(raw, None)
    if isinstance(raw, int):
        return Amount(Decimal(raw), None)
    if isinstance(raw, float):
        if raw != raw or abs(raw) == float("inf"):
            raise BadValue("number.invalid", value=raw)
        return Amount(Decimal(repr(raw)), None)
    text = "" if raw is None else str(raw)
    if _PLAIN.fullmatch(text) and decimal != ",":
        return Amount(Decimal(text), None)
    if len(text) > 200:
        raise BadValue("number.too_big", value=raw)
    text = nfkc(text).replace("−", "-").replace("–", "-").replace("，", ",")
    if not text:
        raise BadValue("number.empty")
    negative = False
    if text[0] == "(" and text[-1] == ")":
        negative, text = True, text[1:-1].strip()
    scientific = re.fullmatch(r"[-+]?[0-9](?:\.[0-9]{1,17})?[eE][+-]?[0-9]{1,2}", text)
    if scientific:
        value = Decimal(text)
        if abs(value) >= Decimal(10) ** MAX_DIGITS:
            raise BadValue("number.too_big", value=raw)
        return Amount(-value if negative else value, None)
    match = _AMOUNT.fullmatch(text)
    if not match:
        raise BadValue("number.invalid", value=raw)
    signs = [s for s in (match["sign1"], match["sign2"], match["sign3"]) if s]
    if len(signs) > 1 or (signs and negative):
        raise BadValue("number.invalid", value=raw)
    value = _digits(match["number"], raw, decimal)
    if match["unit"]:
        value = value.scaleb(_UNITS[match["unit"].lower()])
        value = value.quantize(Decimal(1)) if value == value.to_integral_value() else value
    signs_found = [c.lower() for c in (match["cur1"], match["cur2"]) if c]
    found = {_SIGNS[c] for c in signs_found} - {""}
    # A bare ¥ or $ leaves open whose it is, but $5€ is nobody's.
    if len(found) > 1 or any(c in _SHARED and not found <= _SHARED[c] for c in signs_found):
        raise BadValue("number.invalid", value=raw)
    return Amount(-value if negative or signs[:1] == ["-"] else value, found.pop() if found else None)


def parse(raw: object, *, decimal: str | None = None) -> Decimal:
    """A number; a percent sign divides by 100. Raises :class:`BadValue`."""
    if isinstance(raw, str) and raw.rstrip().endswith(("%", "％")):
        return parse_percent(raw, decimal=decimal)
    return parse_amount(raw, decimal=decimal).value


def parse_percent(raw: object, *, decimal: str | None = None) -> Decimal:
    """12.5% → 0.125; without the sign the number is taken as the fraction it is. Raises :class:`BadValue`."""
    text = nfkc(raw) if isinstance(raw, str) else raw
    if isinstance(text, str) and text.endswith("%"):
        return parse_amount(text[:-1], decimal=decimal).value / 100
    return parse_amount(text, decimal=decimal).value


def parse_int(raw: object) -> int:
    """A whole number; 12.0 is one, 12.5 raises ``number.fraction``."""
    value = parse(raw)
    if value != value.to_integral_value():
        raise BadValue("number.fraction", value=raw)
    return int(value)


def parse_money(raw: object, currency: str, *, decimal: str | None = None) -> Decimal:
    """An amount in ``currency``; raises ``number.currency`` when another one is written beside it. Not rounded."""
    amount = parse_amount(raw, decimal=decimal)
    if amount.currency and amount.currency != currency:
        raise BadValue("number.currency", value=raw, found=amount.currency, wanted=currency)
    return amount.value


def normalise(raw: object, *, decimal: str | None = None) -> str:
    """Plain digits with a point: ``1234.5``."""
    value = parse(raw, decimal=decimal)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
