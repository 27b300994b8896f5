"""Telephone numbers: stored as E.164 (``+8613800138000``), an extension as ``;ext=803``, shown as ``+86 138 0013 8000``.

libphonenumber decides what a number is. What makes up nearly all of a mainland customer base (mobiles, landlines with area code, and
North American numbers) is decided by the same patterns, taken from its metadata, without its general machinery: 20 times faster, and
a test holds both ways against each other.
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, ValidationResult

from guanxi.kit.problems import BadValue
from guanxi.kit.text import clean, half_width

VERSION = 1


def _pattern(region: str, kind: str) -> str:
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        raise RuntimeError(f"libphonenumber has no metadata for {region}")
    return f"(?:{getattr(metadata, kind).national_number_pattern})"


_CN_MOBILE = re.compile(_pattern("CN", "mobile"))
_CN_FIXED = re.compile(_pattern("CN", "fixed_line"))
_NANP = re.compile(f"{_pattern('US', 'fixed_line')}|{_pattern('CA', 'fixed_line')}")
# Numbers of the right shape in a range that libphonenumber does not know to be in use (yet): area code and subscriber number.
_CN_SHAPE = re.compile(r"0[1-9][0-9]{1,2}[2-9][0-9]{6,7}|1[3-9][0-9]{9}")
_NANP_SHAPE = re.compile(r"[2-9][0-9]{2}[2-9][0-9]{6}")
_DROP = str.maketrans("", "", " -().\t\u00a0")
_NUMBER = re.compile(r"(?:\+|00)?[0-9]{10,14}", re.ASCII)

_LABEL = re.compile(
    r"^(?:tel(?:ephone)?|phone|mobile|mob|cell|fax|手机号?码?|电话号?码?|座机|固话|传真|联系电话|联系方式)[.:： ]*",
    re.IGNORECASE,
)
_EXTENSION = re.compile(
    r"(?<=[0-9)])[ ,(]*(?:转接?|轉|分机号?|內線|内线|extension|ext|分機|x|#|;ext=)[.:： ]*([0-9]{1,8})(?:号|號)?[)]?$",
    re.IGNORECASE,
)
_DASH_EXTENSION = re.compile(r"^((?:\+?86[- ]?|0086[- ]?)?\(?0?[1-9][0-9]{1,2}\)?[- ][0-9]{7,8})-([0-9]{1,6})$")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?e\+?[0-9]+", re.IGNORECASE)
_SEPARATORS = re.compile(
    r"[,;、，；/|\n]|\s+(?:or|and)\s+|或者?|以及|(?<=[0-9])\s+(?=(?:\+?86[- ]?)?1[3-9][0-9]{9}(?![0-9]))|\s{2,}"
)
_DASHES = re.compile("[\u2010-\u2015\u2212\u30fc\uff0d~]")


def _tidy(raw: object) -> str:
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    text = str(raw)
    if len(text) > 250:  # patterns never see more
        raise BadValue("phone.too_long", value=text, region="CN")
    text = clean(_DASHES.sub("-", half_width(text)))
    text = _LABEL.sub("", text)
    if text.endswith(".0") and text[:-2].lstrip("+").isdigit():  # a number that went through a spreadsheet
        text = text[:-2]
    return text.lstrip("'")


def _fast(text: str, region: str) -> str | None:
    """E.164 of the common forms, None for everything else."""
    digits = text.translate(_DROP)
    if not _NUMBER.fullmatch(digits):
        return None
    first = digits[0]
    if first == "1" and len(digits) == 11:
        if region == "CN" and _CN_MOBILE.fullmatch(digits):
            return "+86" + digits
        if region in ("US", "CA") and _NANP.fullmatch(digits, 1):
            return "+" + digits
        return None
    if first == "+":
        if digits.startswith("+86"):
            if _CN_MOBILE.fullmatch(digits, 3) or (digits[3] != "0" and _CN_FIXED.fullmatch(digits, 3)):
                return digits
        elif digits.startswith("+1") and len(digits) == 12 and _NANP.fullmatch(digits, 2):
            return digits
        return None
    if region == "CN":
        if first == "0":
            if digits.startswith("0086"):
                return "+" + digits[2:] if _CN_MOBILE.fullmatch(digits, 4) else None
            if digits[1] != "0" and len(digits) >= 10 and _CN_FIXED.fullmatch(digits, 1):
                return "+86" + digits[1:]
        elif first == "8" and len(digits) == 13 and digits.startswith("861") and _CN_MOBILE.fullmatch(digits, 2):
            return "+" + digits
    elif region in ("US", "CA") and len(digits) == 10 and first not in "01" and _NANP.fullmatch(digits):
        return "+1" + digits
    return None


def split(raw: object) -> list[str]:
    """The numbers in one cell, as written: ``010-88886666/6667; 13800138000`` → three. A short second part replaces the last digits.

    Raises :class:`BadValue` only for cells over 250 characters.
    """
    text = _tidy(raw)
    found: list[str] = []
    for piece in _SEPARATORS.split(text.replace(";ext=", " ext ")):
        piece = _LABEL.sub("", piece.strip())
        if not piece:
            continue
        digits = sum(c.isdigit() for c in piece)
        if found and piece.isdigit() and digits <= 4 and len(found[-1]) > digits + 4:
            found.append(found[-1][:-digits] + piece)
        elif digits:
            found.append(piece)
    return found


def normalise(raw: object, region: str = "CN", *, strict: bool = True) -> str:
    """E.164, with ``;ext=`` and the digits of an extension. Takes text, or a number as spreadsheets give it.

    ``region``: two letters of the country whose numbers may stand without country code. ``strict``: refuse numbers of the right
    shape whose range is not known to be in use; numbering plans change faster than tables, so a door that must not lose data
    passes False and leaves that judgement to data quality. Raises :class:`BadValue` (``phone.…``).
    """
    if isinstance(raw, str):
        fast = _fast(raw, region) or (None if strict else _shaped(raw, region))
        if fast is not None:
            return fast
    text = _tidy(raw)
    if not text:
        raise BadValue("phone.empty")
    fast = _fast(text, region)
    if fast is not None:
        return fast
    return _slow(text, region, strict)


def _shaped(text: str, region: str) -> str | None:
    """E.164 of text that has the shape of a mainland or North American number, in use or not; None for everything else."""
    digits = text.translate(_DROP)
    if region == "CN" and _CN_SHAPE.fullmatch(digits):
        return "+86" + digits.lstrip("0")
    if region in ("US", "CA") and _NANP_SHAPE.fullmatch(digits):
        return "+1" + digits
    if digits.startswith("+1") and len(digits) == 12 and _NANP_SHAPE.fullmatch(digits, 2):
        return digits
    return None


def _possible(number: phonenumbers.PhoneNumber) -> bool:
    national = str(number.national_number)
    if number.country_code == 86 and (len(national) < 9 or (re.match(r"1[3-9]", national) and len(national) != 11)):
        return False
    return bool(phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE)


def _slow(text: str, region: str, strict: bool) -> str:
    digits = sum(c.isdigit() for c in text)
    if not digits:
        raise BadValue("phone.no_digits", value=text)
    if _SCIENTIFIC.fullmatch(text):
        raise BadValue("phone.shortened", value=text)
    if len(split(text)) > 1:
        raise BadValue("phone.several", value=text)
    extension = ""
    found = _EXTENSION.search(text)
    if found:
        text, extension = text[: found.start()], found[1]
    else:
        dashed = _DASH_EXTENSION.match(text)
        if dashed and region == "CN":
            text, extension = dashed[1], dashed[2]
    if re.search(r"[^\W\d_]", text) and not (region in ("US", "CA") and re.search(r"\d.*[A-Za-z]{3,}", text)):
        raise BadValue("phone.letters", value=text)
    if text.startswith("00") and len(text) > 8:
        text = "+" + text[2:]
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            raise BadValue("phone.unknown_country", value=text)
        if error.error_type == NumberParseException.TOO_LONG:
            raise BadValue("phone.too_long", value=text, region=region)
        raise BadValue("phone.too_short", value=text, region=region)
    if not phonenumbers.is_valid_number(number) and (strict or not _possible(number)):
        raise _why(text, number, region)
    extension = extension or number.extension or ""
    number.extension = None
    result = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{result};ext={extension}" if extension else result


def _why(text: str, number: phonenumbers.PhoneNumber, region: str) -> BadValue:
    national = str(number.national_number)
    where = phonenumbers.region_code_for_country_code(number.country_code or 0) or region
    if number.country_code == 86 and re.match(r"1[3-9]", national) and len(national) != 11:
        return BadValue("phone.mobile_length", value=text, digits=len(national))
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason in (ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY) or (
        where == "CN" and len(national) in (7, 8)
    ):
        return BadValue("phone.too_short", value=text, region=where)
    if reason == ValidationResult.TOO_LONG:
        return BadValue("phone.too_long", value=text, region=where)
    return BadValue("phone.invalid", value=text, region=where)


def is_mobile(e164: str) -> bool:
    """Whether a normalised number is a mobile (where the country tells them apart)."""
    if e164.startswith("+86"):
        return _CN_MOBILE.fullmatch(e164.partition(";")[0], 3) is not None
    number = phonenumbers.parse(e164.partition(";")[0])
    return phonenumbers.number_type(number) in (
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    )


def region_of(e164: str) -> str | None:
    """Two letters of the country of a normalised number."""
    if e164.startswith("+86"):
        return "CN"
    return phonenumbers.region_code_for_number(phonenumbers.parse(e164.partition(";")[0]))


@lru_cache(maxsize=8192)
def display(e164: str, region: str = "CN", locale: str = "en") -> str:
    """A normalised number for people: ``+86 138 0013 8000``, ``+86 10 8888 6666 ext. 803`` (转 803 in Chinese).

    ``region`` is the reader's country; numbers show their country code wherever they are read (STD-1), so it changes nothing yet.
    """
    del region
    bare, _, extension = e164.partition(";ext=")
    if bare.startswith("+86") and _CN_MOBILE.fullmatch(bare, 3):
        shown = f"+86 {bare[3:6]} {bare[6:10]} {bare[10:]}"
    else:
        try:
            shown = phonenumbers.format_number(phonenumbers.parse(bare), PhoneNumberFormat.INTERNATIONAL).replace(
                "-", " "
            )
        except NumberParseException:
            return e164  # stored before this rule, or by hand: better shown as it is than hidden
    if not extension:
        return shown
    return f"{shown} 转 {extension}" if locale.lower().startswith("zh") else f"{shown} ext. {extension}"


def mask(e164: str) -> str:
    """Enough to recognise, not enough to call: ``138****8000``; others keep the country code and two digits. Extensions vanish."""
    bare = e164.partition(";")[0]
    if bare.startswith("+86") and _CN_MOBILE.fullmatch(bare, 3):
        return f"{bare[3:6]}****{bare[10:]}"
    digits = "".join(c for c in bare if c.isdigit())
    if len(digits) < 8:
        return "*" * 6
    keep = 4 if bare.startswith("+86") else 3
    return f"+{digits[:keep]}{'*' * (len(digits) - keep - 2)}{digits[-2:]}"
