# ruff: noqa: E501 (tables of words and patterns)
"""Currencies by ISO 4217: three letters stored, names in English and Chinese from CLDR, signs and everyday names understood."""

from __future__ import annotations

from functools import cache

from babel import Locale
from babel.core import get_global

from guanxi.kit.money import minor_units
from guanxi.kit.problems import BadValue
from guanxi.kit.text import fold

VERSION = 1

CODES: tuple[str, ...] = tuple(
    (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK "
        "DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS "
        "KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD "
        "OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP "
        "TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW"
    ).split()
)
_ALIASES = {
    "CNY": "rmb,cnh,yuan,renminbi,元,圆,人民币元,人民幣,¥,￥,cn¥,chinese yuan,块", "USD": "us$,$,dollar,dollars,us dollar,us dollars,美金,美刀,美圆",
    "EUR": "€,euros,欧", "GBP": "£,pound,pounds,pound sterling,sterling,英磅", "JPY": "jp¥,yen,日圆,円,日币", "HKD": "hk$,hong kong dollar,港币,港幣,港纸",
    "TWD": "nt$,ntd,台币,新臺幣,新台币", "KRW": "₩,won,韩币,韩圆", "INR": "₹,rupee,rupees,rs", "SGD": "s$,新币,新元,坡币", "AUD": "a$,au$,澳币", "CAD": "c$,ca$,加币,加拿大元",
    "CHF": "sfr,swiss franc,瑞郎", "RUB": "₽,rouble,ruble,卢布", "MOP": "澳门币,葡币", "THB": "฿,baht,泰铢", "VND": "₫,dong,越南盾", "MYR": "rm,ringgit,马币,令吉",
    "IDR": "rp,印尼盾", "PHP": "₱,菲律宾比索", "BRL": "r$,雷亚尔", "TRY": "₺,tl", "ILS": "₪,nis", "UAH": "₴", "NZD": "nz$,纽币", "ZAR": "rand,兰特", "SAR": "沙特里亚尔",
    "AED": "dirham,迪拉姆", "PLN": "zł,zloty", "SEK": "瑞典克朗", "NOK": "挪威克朗", "DKK": "丹麦克朗", "MXN": "mx$,墨西哥比索", "KZT": "₸,坚戈",
}  # fmt: skip


@cache
def _names(locale: str) -> dict[str, str]:
    every = Locale.parse("zh_Hans" if locale.lower().startswith("zh") else locale[:2]).currencies
    return {code: every.get(code, code) for code in CODES}


@cache
def _index() -> dict[str, str]:
    index: dict[str, str] = {}
    for locale in ("en", "zh"):
        index.update({fold(name): code for code, name in _names(locale).items()})
    for code, aliases in _ALIASES.items():
        for alias in aliases.split(","):
            index[fold(alias)] = code
    index.update({code.lower(): code for code in CODES})
    return index


def normalise(raw: object) -> str:
    """Three letters: 人民币, RMB, ¥, cny → CNY. A bare ¥ is CNY and a bare $ is USD here. Raises :class:`BadValue`."""
    code = _index().get(fold(str(raw)[:200]).strip(" .,;"))
    if code is None:
        raise BadValue("currency.unknown", value=raw)
    return code


def name(code: str, locale: str = "en") -> str:
    """The name for people; the code itself when unknown."""
    return _names("zh" if locale.lower().startswith("zh") else locale[:2]).get(code, code)


def symbol(code: str, locale: str = "en") -> str:
    """The sign beside amounts: ¥, US$, €."""
    signs = Locale.parse("zh_Hans" if locale.lower().startswith("zh") else locale[:2]).currency_symbols
    return str(signs.get(code, code))


def of_country(country: str) -> str | None:
    """The currency a country uses today."""
    history = get_global("territory_currencies").get(country, ())
    current = [entry[0] for entry in history if entry[2] is None and entry[3]]
    return current[0] if current and current[0] in CODES else None


digits = minor_units
