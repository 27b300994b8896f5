# ruff: noqa: E501 (tables of words and patterns)
"""Addresses: a Chinese one split into province, city, district and detail 省市区 with its adcode; others kept with their postcode.

Names are looked up in the table of divisions (``data/regions.tsv``), longest first, from the left; former names (闸北区) lead to
what the place belongs to today (静安区). Missing levels are filled in where only one place bears the name. Where several do (朝阳区 is in
Beijing and in Changchun), nothing is invented: the district stays alone and the result says ``district.ambiguous``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib.resources import files

from guanxi.kit.problems import BadValue
from guanxi.kit.text import clean, half_width, has_cjk

VERSION = 1
MAX_LENGTH = 1000

_MUNICIPALITIES = frozenset({"11", "12", "31", "50"})
_NATIONALITIES = (
    "壮族 回族 维吾尔 满族 蒙古族 蒙古 藏族 羌族 彝族 土家族 苗族 侗族 布依族 白族 傣族 景颇族 傈僳族 哈尼族 朝鲜族 哈萨克 柯尔克孜 畲族 瑶族 黎族 "
    "仡佬族 水族 佤族 拉祜族 布朗族 纳西族 独龙族 怒族 普米族 东乡族 保安族 撒拉族 裕固族 土族 塔吉克 锡伯 达斡尔族 鄂温克族 鄂伦春 毛南族 仫佬族 各族"
).split()
_TRADITIONAL = str.maketrans(
    "廣東蘇慶龍遼寧陝雲貴肅濟漢紹興煙臺廈門區縣號樓湾灣", "广东苏庆龙辽宁陕云贵肃济汉绍兴烟台厦门区县号楼湾湾"
)
#: After a short name these say that it was no district but the beginning of a street or place: 朝阳门外大街, 长安街.
_NOT_AFTER_SHORT = "门路街道大桥里巷镇乡村站东西南北中坊花广市区县湖山"
_SKIP = re.compile(r"[\s,，、/\-·|]+")
_POSTCODE = re.compile(
    r"(?:邮政编码|邮编|[Zz]ip|[Pp]ostcode)[:： ]*([0-9]{6})|^([0-9]{6})(?=\s*[^0-9\s-])|(?<![0-9A-Za-z#-])([0-9]{6})$"
)
_LABEL = re.compile(
    r"^(?:(?:详细|通讯|联系|收货|公司|家庭|注册|办公)?(?:地址|住址)[:： ]*)?(?:中华人民共和国|中国(?!银行|移动|石|电|联|人|建|工|农|平))?"
)
_LATIN_POSTCODE = re.compile(
    r"\b(?:([A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2})|([A-Z][0-9][A-Z] ?[0-9][A-Z][0-9])|(?:[A-Z]{2},? )([0-9]{5}(?:-[0-9]{4})?)|([0-9]{5})(?= [A-ZÄÖÜ][a-zäöüß]+)"
    r"|([0-9]{6}|[0-9]{3}-[0-9]{4}))\b"
)


@dataclass(frozen=True, slots=True)
class Address:
    """The parts of an address; levels that are unknown are empty. ``adcode`` is that of the deepest level found (6 digits)."""

    province: str = ""
    city: str = ""
    district: str = ""
    detail: str = ""
    postcode: str = ""
    adcode: str = ""
    flags: tuple[str, ...] = field(default=())

    def one_line(self) -> str:
        """The address written without separators in Chinese, as it stands otherwise."""
        levels = [self.province]
        if self.city != self.province:
            levels.append(self.city)
        joined = "".join([*levels, self.district])
        if not joined or has_cjk(joined):
            return joined + self.detail
        return ", ".join(p for p in (self.detail, self.district, self.city, self.province, self.postcode) if p)


class _Regions:
    """The table, indexed by name for each level: full names, short names, former names."""

    def __init__(self) -> None:
        self.name: dict[str, str] = {}
        self.full: tuple[dict[str, list[str]], ...] = ({}, {}, {})
        self.short: tuple[dict[str, list[str]], ...] = ({}, {}, {})
        self.former: tuple[dict[str, list[str]], ...] = ({}, {}, {})
        text = (files("guanxi.standards") / "data" / "regions.tsv").read_text("utf-8")
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            code, name, *rest = line.split("\t")
            self.name[code] = name
            level = self.level(code)
            self.full[level].setdefault(name, []).append(code)
            short = _shorten(name, level)
            if short != name and len(short) > 1:
                self.short[level].setdefault(short, []).append(code)
            for former in rest[0].split(" ") if rest else ():
                self.former[level].setdefault(former, []).append(code)
        # For each level: the longest name that begins with two characters, so that most places are left after one look-up.
        self.starts: tuple[dict[str, int], ...] = ({}, {}, {})
        for level, starts in enumerate(self.starts):
            for index in (self.full[level], self.former[level], self.short[level]):
                for name in index:
                    starts[name[:2]] = max(starts.get(name[:2], 0), len(name))

    @staticmethod
    def level(code: str) -> int:
        return 0 if code.endswith("0000") else 1 if code.endswith("00") else 2

    def parents(self, code: str) -> tuple[str, str]:
        """Names of province and city of a code; municipalities are their own city."""
        province = self.name[code[:2] + "0000"]
        if code[:2] in _MUNICIPALITIES:
            return province, province
        return province, "" if code.endswith("0000") else self.name.get(code[:4] + "00", "")

    def find(self, text: str, at: int, level: int, within: str, *, short: bool) -> tuple[list[str], int, bool]:
        """Codes of the longest name at a place, its length, and whether it is a former name. ``within`` is a prefix of the codes."""
        longest = self.starts[level].get(text[at : at + 2], 0)
        for length in range(min(longest, len(text) - at), 1, -1):
            piece = text[at : at + length]
            for index, former in ((self.full, False), (self.former, True), (self.short, False)):
                if index is self.short and not short:
                    continue
                codes = index[level].get(piece)
                if not codes:
                    continue
                codes = [c for c in codes if c.startswith(within)]
                if (
                    index is self.short
                    and level == 2
                    and text[at + length : at + length + 1] in tuple(_NOT_AFTER_SHORT)
                ):
                    continue
                if codes:
                    return codes, length, former
        return [], 0, False


def _shorten(name: str, level: int) -> str:
    if level == 0:
        for end in ("特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市"):
            if name.endswith(end):
                return name[: -len(end)]
        return name
    for end in ("自治州", "自治县", "自治旗"):
        if name.endswith(end):
            base, changed = name[: -len(end)], True
            while changed:
                changed = False
                for nationality in _NATIONALITIES:
                    if base.endswith(nationality) and len(base) > len(nationality) + 1:
                        base, changed = base[: -len(nationality)], True
            return base
    for end in ("地区", "林区", "新区", "特区", "盟", "市", "区", "县", "旗"):
        if name.endswith(end):
            return name[: -len(end)]
    return name


@cache
def _regions() -> _Regions:
    return _Regions()


def _tidy(raw: object) -> tuple[str, str]:
    """Cleaned text without label and country, and the postcode."""
    text = clean(half_width(str(raw)))
    match = _POSTCODE.search(text) if has_cjk(text) else None
    postcode = ""
    if match:
        postcode = match[1] or match[2] or match[3]
        text = (text[: match.start()] + " " + text[match.end() :]).strip(" ,;()")
    return _LABEL.sub("", text, count=1).strip(), postcode


def parse(raw: object) -> Address:
    """Split one line. Raises :class:`BadValue` only for an empty one; what is not found stays in ``detail``."""
    text, postcode = _tidy(raw)
    if not text:
        raise BadValue("address.empty")
    if len(text) > MAX_LENGTH:  # a story, not an address
        return Address(detail=text, postcode=postcode, flags=("unresolved",))
    if not has_cjk(text):
        match = _LATIN_POSTCODE.search(text)
        code = next((g for g in match.groups() if g), "") if match else ""
        return Address(detail=text, postcode=postcode or code, flags=("latin",))
    return replace(_split(text), postcode=postcode)


def _skip(text: str, at: int) -> int:
    match = _SKIP.match(text, at)
    return match.end() if match else at


def _split(text: str) -> Address:
    regions = _regions()
    look = text.translate(_TRADITIONAL)
    flags: list[str] = []
    at, within, code = 0, "", ""

    def take(codes: list[str], length: int, former: bool) -> None:
        nonlocal at, within, code
        code = codes[0]
        within = code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code
        if former:
            flags.append(f"renamed:{look[at : at + length]}")
        at = _skip(look, at + length)

    provinces, province_length, _ = regions.find(look, 0, 0, "", short=True)
    cities, city_length, city_former = regions.find(look, 0, 1, "", short=True)
    # 吉林市 is longer than 吉林: then it is the city; 朝阳区 below likewise beats the city 朝阳.
    if provinces and province_length >= city_length:
        take(provinces, province_length, False)
        while within in _MUNICIPALITIES and len(within) == 2:
            own = regions.name[within + "0000"]
            again = next((n for n in (own, "市辖区", "县") if look.startswith(n, at)), "")
            if not again:
                break
            at = _skip(look, at + len(again))
        cities, city_length, city_former = regions.find(look, at, 1, within, short=True)
    districts, district_length, district_former = regions.find(look, at, 2, within, short=bool(within))
    if (
        cities
        and city_length >= district_length
        and not (city_length == district_length and len(districts) == 1 and not within)
    ):
        if len(cities) == 1:
            take(cities, city_length, city_former)
            if look.startswith("市辖区", at):
                at = _skip(look, at + 3)
            districts, district_length, district_former = regions.find(look, at, 2, within, short=True)
        else:
            districts, district_length = [], 0
    if districts:
        if len(districts) == 1:
            take(districts, district_length, district_former)
        else:
            province, city = regions.parents(code) if code else ("", "")
            name = look[at : at + district_length]
            rest = look[_skip(look, at + district_length) :]
            return Address(province, city, name, rest, "", code, (*flags, "district.ambiguous"))
    if not code:
        return Address(detail=text, flags=("unresolved",))
    province, city = regions.parents(code)
    district = regions.name[code] if regions.level(code) == 2 else ""
    if look == text:
        detail = text[at:]
    else:
        detail = text[at:] if len(look) == len(text) else look[at:]
    return Address(province, city, district, detail, "", code, tuple(flags))


@lru_cache(maxsize=8192)
def _levels(province: str, city: str, district: str) -> Address:
    """Canonical names of separate columns; falls back to what was written when the table does not know it."""
    written = Address(clean(province), clean(city), clean(district))
    joined = " ".join(p for p in (written.province, written.city, written.district) if p)
    if not joined or not has_cjk(joined):
        return replace(written, flags=("latin",) if joined else ())
    found = _split(half_width(joined))
    if found.detail or "unresolved" in found.flags:
        return replace(
            written,
            adcode=found.adcode,
            flags=(*found.flags, "unresolved") if "unresolved" not in found.flags else found.flags,
        )
    return found


def from_parts(
    *, province: str = "", city: str = "", district: str = "", detail: str = "", postcode: str = ""
) -> Address:
    """An address from separate columns: the levels in their official names (广东 → 广东省), the detail without repeating them."""
    levels = _levels(province or "", city or "", district or "")
    line, found_postcode = _tidy(detail) if detail else ("", "")
    if line and has_cjk(line):
        if not (levels.province or levels.district or levels.city):
            levels = _split(line)
            line = levels.detail
        elif levels.province and line.startswith((levels.province, levels.city or "\0", levels.district or "\0")):
            own = _split(line)
            if own.adcode and (
                own.adcode == levels.adcode
                or own.adcode.startswith(_stem(levels.adcode))
                or levels.adcode.startswith(_stem(own.adcode))
            ):
                line = own.detail
                if len(_stem(own.adcode)) > len(_stem(levels.adcode)):
                    levels = own
    return replace(levels, detail=line, postcode=clean(postcode or "") or found_postcode)


def _stem(code: str) -> str:
    if not code:
        return "\0"
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


def name_of(adcode: str) -> str | None:
    """The name of a division: 310106 → 静安区."""
    return _regions().name.get(adcode)


def mask(address: Address) -> str:
    """Province, city and district; the detail is hidden."""
    return replace(address, detail="", postcode="").one_line() + ("****" if address.detail else "")


def normalise(raw: object) -> str:
    """The whole address on one line, its levels complete and in official names."""
    found = parse(raw)
    return found.one_line() if "latin" not in found.flags else found.detail
