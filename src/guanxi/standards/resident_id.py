"""Mainland resident identity numbers (GB 11643): 18 digits with an ISO 7064 check digit; old ones of 15 digits are completed."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from guanxi.kit.problems import BadValue
from guanxi.kit.text import nfkc

VERSION = 1
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)


class Holder(NamedTuple):
    """What a number says about the person."""

    birth_date: date
    gender: str  # male or female
    adcode: str


def check_digit(first17: str) -> str:
    """The 18th digit for the first 17."""
    return _CHECKS[sum(w * int(c) for w, c in zip(_WEIGHTS, first17, strict=True)) % 11]


def normalise(raw: object, *, today: date | None = None) -> str:
    """18 characters, X in upper case. A number of 15 digits becomes one of 18. Raises :class:`BadValue`."""
    text = nfkc(str(raw)[:200]).upper().replace(" ", "").replace("-", "").lstrip("'")
    if len(text) not in (15, 18):
        raise BadValue("resident_id.length", value=text, length=len(text))
    if not re.fullmatch(r"[0-9]{15}|[0-9]{17}[0-9X]", text):
        raise BadValue("resident_id.characters", value=text)
    if len(text) == 15:
        text = text[:6] + "19" + text[6:]
        text += check_digit(text)
    if text[:2] not in _PROVINCES:
        raise BadValue("resident_id.place", value=text, found=text[:2])
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        raise BadValue("resident_id.date", value=text, found=text[6:14])
    if born.year < 1850 or born > (today or date.today()):
        raise BadValue("resident_id.date", value=text, found=born.isoformat())
    if check_digit(text[:17]) != text[17]:
        raise BadValue("resident_id.check", value=text)
    return text


def holder(number: str) -> Holder:
    """Birth date, gender and place of a normalised number."""
    born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    return Holder(born, "male" if int(number[16]) % 2 else "female", number[:6])


def check_against(number: str, *, birth_date: date | None = None, gender: str | None = None) -> None:
    """Raise :class:`BadValue` when the number says otherwise than the record. ``gender``: male, female, anything else is not compared."""
    person = holder(number)
    if birth_date is not None and birth_date != person.birth_date:
        raise BadValue(
            "resident_id.birth_date",
            value=mask(number),
            found=person.birth_date.isoformat(),
            given=birth_date.isoformat(),
        )
    if gender in ("male", "female") and gender != person.gender:
        raise BadValue("resident_id.gender", value=mask(number), found=person.gender, given=gender)


def mask(number: str) -> str:
    """First three and last two digits: the birth date and the order number are hidden."""
    return f"{number[:3]}{'*' * (len(number) - 5)}{number[-2:]}" if len(number) >= 15 else "*" * len(number)
