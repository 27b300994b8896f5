"""Dates and date-times as people and spreadsheets write them. Nothing is filled in: a date without a day is refused, not given one."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from dateutil import parser as dateutil_parser  # type: ignore[import-untyped,unused-ignore]

from guanxi.kit.problems import BadValue, shown
from guanxi.kit.text import clean, nfkc

VERSION = 1
Order = Literal["ymd", "dmy", "mdy"]
FIRST_YEAR, LAST_YEAR = 1850, 2199

_ISO_MOMENT = re.compile(  # the day of an instant without zone, as databases write it
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
)
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_ISO_STAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)(Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.ASCII,
)
_YMD = re.compile(r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})\s*[日号]?", re.ASCII)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_XXY = re.compile(r"([0-9]{1,2})\s*([-/.])\s*([0-9]{1,2})\s*\2\s*([0-9]{4})", re.ASCII)
_SHORT = re.compile(r"[0-9]{1,2}\s*([-/.年])\s*[0-9]{1,2}\s*[-/.月]\s*[0-9]{1,2}\s*[日号]?", re.ASCII)
_ROC = re.compile(
    r"(?:中华民国|中華民國|民国|民國)\s*([0-9]{1,3}|元)\s*[年./-]\s*([0-9]{1,2})\s*[月./-]\s*([0-9]{1,2})\s*[日号]?",
    re.ASCII,
)
_MONTH_ONLY = re.compile(
    r"[0-9]{4}(?:\s*[-/.年]\s*[0-9]{1,2}\s*月?|年)?|[0-9]{1,2}\s*[-/.]\s*[0-9]{4}|[0-9]{1,2}月[0-9]{1,2}[日号]?",
    re.ASCII,
)
_NAMED = re.compile(
    r"(?=.*[0-9]{4})(?=.*(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec))[0-9a-z ,./'-]+", re.IGNORECASE
)
_TIME = re.compile(
    r"(?:(上午|下午|凌晨|早上|中午|晚上|am|pm)\s*)?([0-9]{1,2})\s*[:时點点]\s*(?:([0-9]{1,2})\s*[:分]?\s*(?:([0-9]{1,2})(?:\.([0-9]{1,6}))?\s*秒?)?)?"
    r"\s*(a\.?m\.?|p\.?m\.?)?\s*(z|utc|gmt|[+-][0-9]{2}:?(?:[0-9]{2})?)?",
    re.IGNORECASE | re.ASCII,
)
_SPLIT_TIME = re.compile(
    r"(?P<day>.*?[0-9日号])(?:\s*[T,]\s*|\s+|(?<=[日号]))(?P<clock>(?:上午|下午|凌晨|早上|中午|晚上|[ap]m\s*)?\s*[0-9]{1,2}\s*[:时點点].*)",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"\s*[(]?(?:星期|周|週|礼拜)[一二三四五六日天][)]?|\b(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b[,.]?\s*",
    re.IGNORECASE,
)
_CHINESE_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_CHINESE_DATE = re.compile(
    r"[〇零○一二三四五六七八九十]{4}年[一二三四五六七八九十]{1,3}月[一二三四五六七八九十]{1,3}[日号]"
)
_EPOCH = date(1899, 12, 30)  # day 0 of spreadsheets; right for every serial after February 1900


def _bounded(raw: object) -> str:
    """Cleaned text; what is far longer than any date is refused before a pattern sees it."""
    text = str(raw)
    if len(text) > 100:
        raise BadValue("date.invalid", value=raw)
    return nfkc(text)


def _make(year: int, month: int, day: int, raw: object) -> date:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadValue("date.range", value=raw, first=FIRST_YEAR, last=LAST_YEAR)
    try:
        return date(year, month, day)
    except ValueError:
        raise BadValue("date.impossible", value=raw)


def _chinese_number(text: str) -> int:
    if "十" in text:
        tens, _, ones = text.partition("十")
        return (int(tens.translate(_CHINESE_DIGITS)) if tens else 1) * 10 + (
            int(ones.translate(_CHINESE_DIGITS)) if ones else 0
        )
    return int(text.translate(_CHINESE_DIGITS))


def parse(raw: object, *, order: Order | None = None) -> date:
    """The day. ``order`` decides 03/04/2024; without it such dates raise ``date.ambiguous``. Times of day are dropped.

    Takes text, ``date``, ``datetime``, and numbers: 20240131 and serial days of spreadsheets. Raises :class:`BadValue`.
    """
    if isinstance(raw, str):
        iso = _ISO.fullmatch(raw) or _ISO_MOMENT.fullmatch(raw)
        if iso:
            return _make(int(iso[1]), int(iso[2]), int(iso[3]), raw)
    elif isinstance(raw, datetime):
        return raw.date()
    elif isinstance(raw, date):
        return raw
    elif isinstance(raw, bool) or raw is None:
        raise BadValue("date.empty" if raw is None else "date.invalid", value=raw)
    text = _bounded(raw)
    if not text:
        raise BadValue("date.empty")
    split = _SPLIT_TIME.fullmatch(text)
    if split:
        _clock(split["clock"], text)
        text = split["day"].strip(" ,T")
    return _day(text, raw, order)


def _day(text: str, raw: object, order: Order | None) -> date:
    text = clean(_WEEKDAY.sub(" ", text)).strip(" ,")
    match = _YMD.fullmatch(text)
    if match:
        return _make(int(match[1]), int(match[2]), int(match[3]), raw)
    match = _COMPACT.fullmatch(text)
    if match and FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        return _make(int(match[1]), int(match[2]), int(match[3]), raw)
    match = _XXY.fullmatch(text)
    if match:
        return _two_ways(int(match[1]), int(match[3]), int(match[4]), dotted=match[2] == ".", order=order, raw=raw)
    match = _ROC.fullmatch(text)
    if match:
        return _make(1911 + (1 if match[1] == "元" else int(match[1])), int(match[2]), int(match[3]), raw)
    if _CHINESE_DATE.fullmatch(text):
        year, rest = text.split("年")
        month, day = rest.rstrip("日号").split("月")
        return _make(
            int(year.translate(_CHINESE_DIGITS)) if "十" not in year else 0,
            _chinese_number(month),
            _chinese_number(day),
            raw,
        )
    if _MONTH_ONLY.fullmatch(text) or re.fullmatch(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])", text):
        raise BadValue("date.incomplete", value=raw)
    serial = re.fullmatch(r"([0-9]{5})(?:\.[0-9]+)?", text)
    if serial and 15000 <= int(serial[1]) <= 80000:  # 1941 to 2119
        return _EPOCH + timedelta(days=int(serial[1]))
    if _SHORT.fullmatch(text):
        raise BadValue("date.short_year", value=raw)
    if _NAMED.fullmatch(text):
        return _named(text, raw)
    if re.search(r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec", text, re.IGNORECASE) and re.search("[0-9]", text):
        raise BadValue("date.incomplete" if not re.search(r"[0-9].*[0-9]{2}", text) else "date.short_year", value=raw)
    raise BadValue("date.invalid", value=raw)


def _two_ways(first: int, second: int, year: int, *, dotted: bool, order: Order | None, raw: object) -> date:
    if order == "mdy":
        return _make(year, first, second, raw)
    if order == "dmy" or dotted:  # 31.01.2024: nobody writes the month first with dots
        return _make(year, second, first, raw)
    if first == second or second > 12:
        return _make(year, first, second, raw)
    if first > 12:
        return _make(year, second, first, raw)
    as_dmy, as_mdy = _make(year, second, first, raw), _make(year, first, second, raw)
    raise BadValue("date.ambiguous", value=raw, first=as_dmy.isoformat(), second=as_mdy.isoformat())


def _named(text: str, raw: object) -> date:
    """Month names. dateutil fills what is missing from a default, so it is asked twice with different ones and must agree."""
    try:
        one = dateutil_parser.parse(text, default=datetime(2001, 2, 3), dayfirst=True)
        two = dateutil_parser.parse(text, default=datetime(2004, 6, 8), dayfirst=True)
    except (ValueError, OverflowError):
        raise BadValue("date.invalid", value=raw)
    if one.date() != two.date():
        raise BadValue("date.incomplete", value=raw)
    return _make(one.year, one.month, one.day, raw)


def _clock(text: str, raw: object) -> tuple[time, tzinfo | None]:
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise BadValue("time.invalid", value=raw)
    before, hour_text, minute, second, fraction, after, zone = match.groups()
    hour = int(hour_text)
    half = (before or after or "").lower().replace(".", "")
    if half:
        if hour > 12 and half in ("am", "pm"):
            raise BadValue("time.invalid", value=raw)
        if half in ("pm", "下午", "晚上") and hour < 12:
            hour += 12
        elif half in ("am", "凌晨", "上午") and hour == 12:
            hour = 0
        elif half == "中午" and hour < 3:
            hour += 12
    try:
        clock = time(hour, int(minute or 0), int(second or 0), int((fraction or "0").ljust(6, "0")))
    except ValueError:
        raise BadValue("time.invalid", value=raw)
    return clock, _offset(zone, raw) if zone else None


def _offset(zone: str, raw: object) -> tzinfo:
    if zone.lower() in ("z", "utc", "gmt"):
        return UTC
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    if hours > 14 or minutes > 59:
        raise BadValue("time.invalid", value=raw)
    from datetime import timezone

    return timezone((timedelta(hours=hours, minutes=minutes)) * (-1 if zone[0] == "-" else 1))


def parse_datetime(raw: object, *, zone: tzinfo, order: Order | None = None) -> datetime:
    """The instant in UTC. Without an offset the value is local time in ``zone``; without a time of day it is midnight there.

    Serial days of spreadsheets keep their fraction, to the second. Raises :class:`BadValue`.
    """
    if isinstance(raw, str):
        stamp = _ISO_STAMP.fullmatch(raw)
        if stamp:
            try:
                moment = datetime.fromisoformat(raw)
            except ValueError:
                pass
            else:
                _make(moment.year, moment.month, moment.day, raw)
                return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    elif isinstance(raw, datetime):
        return (raw if raw.tzinfo else raw.replace(tzinfo=zone)).astimezone(UTC)
    text = "" if raw is None else _bounded(raw)
    serial = re.fullmatch(r"([0-9]{5})\.([0-9]+)", text)
    if serial and 15000 <= int(serial[1]) <= 80000:
        seconds = round(float("0." + serial[2]) * 86400)
        local = datetime.combine(_EPOCH, time()) + timedelta(days=int(serial[1]), seconds=seconds)
        return local.replace(tzinfo=zone).astimezone(UTC)
    split = _SPLIT_TIME.fullmatch(text)
    clock, offset = time(), None
    if split:
        clock, offset = _clock(split["clock"], raw)
        day = _day(split["day"].strip(" ,T"), raw, order)
    else:
        day = parse(raw, order=order)
    return datetime.combine(day, clock, offset or zone).astimezone(UTC)


def normalise(raw: object, *, order: Order | None = None) -> str:
    """``YYYY-MM-DD``."""
    return parse(raw, order=order).isoformat()


def guess_order(samples: list[str]) -> Order | None:
    """The order a column uses, from those of its values that can only be read one way; None when nothing decides or they disagree."""
    orders: set[Order] = set()
    for sample in samples:
        match = _XXY.match(nfkc(sample))
        if match and int(match[1]) > 12 >= int(match[3]):
            orders.add("dmy")
        elif match and int(match[3]) > 12 >= int(match[1]):
            orders.add("mdy")
    return orders.pop() if len(orders) == 1 else None


def display(day: date) -> str:
    """``YYYY-MM-DD`` (STD-1)."""
    return shown(day.isoformat())
