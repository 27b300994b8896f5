# ruff: noqa: E501 (tables)
"""Numbers with check digits, code tables, web addresses, gender and yes/no."""

import importlib
import pkgutil
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric as stdnum_ric
from stdnum.cn import uscc as stdnum_uscc

import guanxi.kit
import guanxi.standards
from guanxi.kit.problems import OWN_CODES, BadValue
from guanxi.standards import booleans, countries, currencies, gender, industries, resident_id, url, uscc

USCC = "91110000600037341L"


@pytest.mark.parametrize(
    "raw",
    [
        USCC,
        USCC.lower(),
        " " + USCC + " ",
        "9111 0000 6000 3734 1L",
        "91110000-600037341L",
        "９１１１００００６０００３７３４１Ｌ",
        "\u200b" + USCC,
    ],
)
def test_credit_codes_are_read(raw: str) -> None:
    assert uscc.normalise(raw) == USCC
    assert stdnum_uscc.is_valid(USCC)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "uscc.length"), ("91110000600037341", "uscc.length"), (USCC + "1", "uscc.length"), ("91110000600037341I", "uscc.characters"), ("9111000060003734OL", "uscc.characters"),
        ("91110000600037341M", "uscc.check"), ("91110000600037431L", "uscc.check"), ("19110000600037341L", "uscc.check"), ("统一社会信用代码统一社会信用代码一二", "uscc.characters"),
    ],
)  # fmt: skip
def test_wrong_credit_codes_say_why(raw: str, code: str) -> None:
    with pytest.raises(BadValue) as error:
        uscc.normalise(raw)
    assert error.value.code == code


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17), st.integers(0, 16))
def test_every_mistyped_character_is_found(first: str, at: int) -> None:
    good = first + uscc.check_character(first)
    assert uscc.normalise(good) == good
    assert stdnum_uscc.calc_check_digit(first) == good[-1]
    wrong = good[:at] + ("1" if good[at] != "1" else "2") + good[at + 1 :]
    with pytest.raises(BadValue):
        uscc.normalise(wrong)
    assert first[4:14] not in uscc.mask(good)


RIC = "11010519491231002X"


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        (RIC, RIC), (RIC.lower(), RIC), ("110105 19491231 002X", RIC), ("110105-19491231-002X", RIC), ("１１０１０５１９４９１２３１００２Ｘ", RIC), ("'" + RIC, RIC),
        ("110105491231002", RIC), ("360426199101010071", "360426199101010071"),
    ],
)  # fmt: skip
def test_identity_numbers_are_read(raw: str, want: str) -> None:
    assert resident_id.normalise(raw) == want


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "resident_id.length"), ("1101051949123100", "resident_id.length"), (RIC + "0", "resident_id.length"), ("1101051949123100XX", "resident_id.characters"),
        ("X10105194912310021", "resident_id.characters"), ("110105194912310021", "resident_id.check"), ("110105194902300020", "resident_id.date"), ("110105194913310020", "resident_id.date"),
        ("110105299912310028", "resident_id.date"), ("990105194912310021", "resident_id.place"), ("110105491331002", "resident_id.date"), ("001105194912310021", "resident_id.place"),
        ("110105170012310021", "resident_id.date"),
    ],
)  # fmt: skip
def test_wrong_identity_numbers_say_why(raw: str, code: str) -> None:
    with pytest.raises(BadValue) as error:
        resident_id.normalise(raw, today=date(2026, 1, 1))
    assert error.value.code == code


@given(
    st.dates(date(1900, 1, 1), date(2025, 12, 31)), st.integers(0, 999), st.sampled_from(["110105", "310106", "440305"])
)
def test_numbers_say_birth_date_and_gender(born: date, order: int, place: str) -> None:
    first = f"{place}{born:%Y%m%d}{order:03d}"
    number = first + resident_id.check_digit(first)
    assert resident_id.normalise(number, today=date(2026, 1, 1)) == number
    assert resident_id.holder(number) == (born, "male" if order % 2 else "female", place)
    assert stdnum_ric.calc_check_digit(number) == number[-1]
    assert f"{born:%Y%m%d}" not in resident_id.mask(number)
    resident_id.check_against(number, birth_date=born, gender="male" if order % 2 else "female")
    with pytest.raises(BadValue):
        resident_id.check_against(number, gender="female" if order % 2 else "male")
    with pytest.raises(BadValue):
        resident_id.check_against(number, birth_date=date(1899, 1, 1))


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("中国", "CN"), ("China", "CN"), ("CN", "CN"), ("cn", "CN"), ("CHN", "CN"), ("PRC", "CN"), ("P.R.C.", "CN"), ("中华人民共和国", "CN"), ("Mainland China", "CN"),
        ("USA", "US"), ("U.S.A.", "US"), ("United States", "US"), ("United States of America", "US"), ("美国", "US"), ("英国", "GB"), ("UK", "GB"), ("England", "GB"),
        ("香港", "HK"), ("Hong Kong", "HK"), ("中国香港", "HK"), ("台湾", "TW"), ("澳门", "MO"), ("韩国", "KR"), ("South Korea", "KR"), ("Deutschland", "DE"), ("GERMANY", "DE"),
        ("ｃｈｉｎａ", "CN"), (" China ", "CN"), ("Côte d’Ivoire", "CI"), ("Viet Nam", "VN"), ("Türkiye", "TR"), ("Turkey", "TR"), ("Czech Republic", "CZ"), ("阿联酋", "AE"),
    ],
)  # fmt: skip
def test_countries(raw: str, want: str) -> None:
    assert countries.normalise(raw) == want


@pytest.mark.parametrize("raw", ["", "Atlantis", "XX", "中", "EU", "1"])
def test_unknown_countries(raw: str) -> None:
    with pytest.raises(BadValue):
        countries.normalise(raw)


def test_every_country_is_read_back_from_its_names() -> None:
    assert len(countries.codes()) > 240
    for code in countries.codes():
        assert countries.normalise(code) == code
        for locale in ("en", "zh-Hans"):
            assert countries.normalise(countries.name(code, locale)) == code
    assert countries.name("CN", "zh-Hans") == "中国"


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("CNY", "CNY"), ("cny", "CNY"), ("RMB", "CNY"), ("人民币", "CNY"), ("元", "CNY"), ("¥", "CNY"), ("￥", "CNY"), ("USD", "USD"), ("US$", "USD"), ("$", "USD"), ("美元", "USD"),
        ("Dollar", "USD"), ("€", "EUR"), ("Euro", "EUR"), ("欧元", "EUR"), ("港币", "HKD"), ("HK$", "HKD"), ("日元", "JPY"), ("£", "GBP"), ("英镑", "GBP"), ("韩元", "KRW"), ("新台币", "TWD"),
    ],
)  # fmt: skip
def test_currencies(raw: str, want: str) -> None:
    assert currencies.normalise(raw) == want


def test_every_currency_has_names_and_is_read_back() -> None:
    for code in currencies.CODES:
        assert currencies.normalise(code) == code
        for locale in ("en", "zh-Hans"):
            assert currencies.normalise(currencies.name(code, locale)) == code, currencies.name(code, locale)
    assert (currencies.symbol("CNY", "zh-Hans"), currencies.of_country("CN"), currencies.digits("JPY")) == (
        "¥",
        "CNY",
        0,
    )
    with pytest.raises(BadValue):
        currencies.normalise("XXX")


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("https://www.acme.com", "https://www.acme.com"), ("www.Acme.com", "https://www.acme.com"), ("acme.com/", "https://acme.com"), ("HTTP://Acme.COM/About?x=1#y", "http://acme.com/About?x=1#y"),
        ("//acme.com", "https://acme.com"), ("https://acme.com:443/", "https://acme.com"), ("https://acme.com:8443/x", "https://acme.com:8443/x"), ("acme.com:8080", "https://acme.com:8080"),
        ("ｗｗｗ．ａｃｍｅ．ｃｏｍ", "https://www.acme.com"), ("https://例子.中国", "https://xn--fsqu00a.xn--fiqs8s"), ("https://acme.com/中文", "https://acme.com/中文"), (" acme.cn ", "https://acme.cn"),
        ("http://192.168.1.1/", "http://192.168.1.1"), ("acme。com", "https://acme.com"), ("<https://acme.com>", "https://acme.com"),
    ],
)  # fmt: skip
def test_web_addresses(raw: str, want: str) -> None:
    assert url.normalise(raw) == want
    assert url.normalise(want) == want


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "url.empty"), ("javascript:alert(1)", "url.scheme"), ("data:text/html,x", "url.scheme"), ("ftp://acme.com", "url.scheme"), ("mailto:li@acme.com", "url.scheme"),
        ("https://li:pw@acme.com", "url.credentials"), ("https://acme.com@evil.com", "url.credentials"), ("https://", "url.host"), ("localhost", "url.host"), ("acme", "url.host"),
        ("https://acme..com", "url.host"), ("https://-acme.com", "url.host"), ("a b.com", "url.invalid"), ("https://acme.com/\"x", "url.invalid"), ("https://acme.com\\@evil.com", "url.invalid"),
        ("https://acme.com:99999", "url.invalid"), ("https://[::1", "url.invalid"), ("JaVaScRiPt:alert(1)//acme.com", "url.scheme"), ("https://2130706433", "url.host"), ("无", "url.host"),
    ],
)  # fmt: skip
def test_what_is_no_web_address_says_why(raw: str, code: str) -> None:
    with pytest.raises(BadValue) as error:
        url.normalise(raw)
    assert error.value.code == code


@given(st.text(max_size=40))
def test_a_web_address_is_always_http(raw: str) -> None:
    for text in (raw, "https://acme.com/" + raw, raw + ".com"):
        try:
            result = url.normalise(text)
        except BadValue:
            continue
        assert re.match(r"https?://[a-z0-9_.:-]+(?:[/?#]|\Z)", result)
        assert url.normalise(result) == result


def test_hosts_for_comparing() -> None:
    assert url.host("https://www.acme.com/about") == "acme.com"
    assert url.display("https://www.acme.com/about/") == "acme.com/about"


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("制造业", "C"), ("制造", "C"), ("C", "C"), ("c", "C"), ("Manufacturing", "C"), ("C3911", "C"), ("C. 制造业", "C"), ("IT", "I"), ("软件", "I"), ("互联网行业", "I"), ("信息传输、软件和信息技术服务业", "I"),
        ("金融业", "J"), ("Finance", "J"), ("银行", "J"), ("零售", "F"), ("批发和零售业", "F"), ("Retail", "F"), ("教育", "P"), ("教育培训", "P"), ("房地产", "K"), ("农、林、牧、渔业", "A"), ("Healthcare", "Q"), ("物流", "G"), ("餐饮", "H"), ("电商", "F"),
    ],
)  # fmt: skip
def test_industries(raw: str, want: str) -> None:
    assert industries.normalise(raw) == want


def test_industries_have_twenty_sections_with_names() -> None:
    assert "".join(industries.INDUSTRIES) == "ABCDEFGHIJKLMNOPQRST"
    for code in industries.INDUSTRIES:
        assert (
            industries.normalise(industries.name(code, "en"))
            == industries.normalise(industries.name(code, "zh-Hans"))
            == code
        )
    for raw in ("", "Zauberei", "Z", "cat"):
        with pytest.raises(BadValue):
            industries.normalise(raw)


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("男", "male"),
        ("女", "female"),
        ("M", "male"),
        ("f", "female"),
        ("Male", "male"),
        ("FEMALE", "female"),
        ("先生", "male"),
        ("女士", "female"),
        ("1", "male"),
        (2, "female"),
        (1.0, "male"),
        ("Mr.", "male"),
        ("其他", "other"),
        ("未知", ""),
        ("", ""),
        ("保密", ""),
        ("男性", "male"),
        ("Ｆ", "female"),
        ("non-binary", "other"),
        ("0", ""),
    ],
)
def test_gender(raw: object, want: str) -> None:
    assert gender.normalise(raw) == want
    if want:
        assert gender.normalise(gender.name(want, "zh-Hans")) == gender.normalise(gender.name(want)) == want


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("是", True),
        ("否", False),
        ("Y", True),
        ("n", False),
        ("Yes", True),
        ("NO", False),
        ("true", True),
        ("FALSE", False),
        ("1", True),
        ("0", False),
        (1, True),
        (0.0, False),
        (True, True),
        ("√", True),
        ("×", False),
        ("有", True),
        ("无", False),
        ("对", True),
        ("不", False),
        ("ｙ", True),
        ("on", True),
    ],
)
def test_booleans(raw: object, want: bool) -> None:
    assert booleans.parse(raw) is want
    assert booleans.parse(booleans.normalise(raw)) is want


@pytest.mark.parametrize(
    ("module", "raw"), [(gender, "maybe"), (booleans, ""), (booleans, "2"), (booleans, "maybe"), (gender, "男女")]
)
def test_neither(module, raw: str) -> None:
    with pytest.raises(BadValue):
        module.normalise(raw)


MODULES = [m.name for m in pkgutil.iter_modules(guanxi.standards.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_every_normaliser_has_a_version(name: str) -> None:
    assert isinstance(importlib.import_module(f"guanxi.standards.{name}").VERSION, int)


def test_every_message_is_used_and_every_code_has_one() -> None:
    root = Path(guanxi.kit.__path__[0]).parent
    used: set[str] = set()
    for path in [*root.glob("kit/**/*.py"), *root.glob("standards/*.py")]:
        used |= set(re.findall(r'(?:BadValue|Problem)\(\s*"([a-z_]+\.[a-z_]+)"', path.read_text("utf-8")))
        used |= (
            set(
                re.findall(
                    r'"((?:email|date|time|phone|number|resident_id|uscc|url|header|row|cell|name)\.[a-z_]+)"',
                    path.read_text("utf-8"),
                )
            )
            if path.name != "problems.py"
            else set()
        )
    assert used == OWN_CODES


def test_nothing_here_needs_django_or_the_network() -> None:
    root = Path(guanxi.kit.__path__[0]).parent
    for path in [*root.glob("kit/**/*.py"), *root.glob("standards/*.py")]:
        assert not re.search(
            r"^\s*(?:from|import) (?:django|socket|urllib\.request|requests|guanxi\.(?!kit|standards))",
            path.read_text("utf-8"),
            re.MULTILINE,
        ), path
