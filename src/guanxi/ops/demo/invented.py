# ruff: noqa: E501 (tables)
"""The invented part of the demo company: names, phones, addresses. Seeded by what they are for, so always the same.

Nothing here reaches anybody: mail goes to the reserved domains example.com/.org/.net, American numbers are 555-01xx,
mainland mobiles lie in the well-known sample block 138 0013 xxxx, credit codes are of a region that does not exist.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from guanxi.kit import text
from guanxi.standards import uscc

_FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙史陶贺顾毛郝龚邵万钱严赖覃洪武莫孔"
_FAMILY_2 = ("欧阳", "司马", "上官", "诸葛", "慕容", "夏侯")
_MALE = "伟强磊军洋勇杰涛明超辉刚建国志文斌鑫浩宇轩博天翔鹏飞龙晨峰凯家豪子俊泽宏海波永兴德安平"
_FEMALE = "芳娜敏静丽艳娟霞秀英玲桂兰燕红梅琴云洁雪慧婷雅琳倩怡萱欣雨佳梦瑶思晓月莹颖薇璐妍"
_FIRST_M = (
    "James Robert John Michael David William Richard Joseph Thomas Daniel Matthew Anthony Mark Steven Paul Andrew Kevin"
    " Brian George Edward Jason Ryan Jacob Gary Eric Stephen Larry Justin Scott Brandon Benjamin Samuel Patrick Lukas Felix"
    " Jonas Pierre Antoine Carlos Diego Hiroshi Kenji"
)
_FIRST_F = (
    "Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty Sandra Ashley Emily Donna"
    " Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Laura Sharon Cynthia Kathleen Amy Angela Anna Emma Nicole"
    " Helen Sophie Camille Greta Lucia Carmen Yuki Naomi"
)
_LAST = (
    "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Jackson Martin Lee Thompson White"
    " Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Hill Green Adams Nelson Baker Hall Campbell Mitchell"
    " Carter Roberts Phillips Evans Turner Parker Collins Edwards Stewart Morris Murphy Cook Rogers Morgan Cooper Peterson"
    " Reed Bailey Kelly Howard Ward Cox Richardson Wood Watson Brooks Bennett Gray James Hughes Price Myers Long Foster"
)
#: province, city, district, area code, postcode
_PLACES = (
    ("北京市", "北京市", "海淀区", "010", "100080"), ("北京市", "北京市", "朝阳区", "010", "100020"),
    ("上海市", "上海市", "浦东新区", "021", "200120"), ("上海市", "上海市", "徐汇区", "021", "200030"),
    ("广东省", "广州市", "天河区", "020", "510630"), ("广东省", "深圳市", "南山区", "0755", "518052"),
    ("浙江省", "杭州市", "西湖区", "0571", "310012"), ("浙江省", "宁波市", "鄞州区", "0574", "315100"),
    ("江苏省", "南京市", "鼓楼区", "025", "210009"), ("江苏省", "苏州市", "姑苏区", "0512", "215005"),
    ("四川省", "成都市", "武侯区", "028", "610041"), ("湖北省", "武汉市", "武昌区", "027", "430060"),
    ("福建省", "厦门市", "思明区", "0592", "361004"), ("山东省", "青岛市", "市南区", "0532", "266071"),
    ("陕西省", "西安市", "雁塔区", "029", "710061"), ("湖南省", "长沙市", "岳麓区", "0731", "410013"),
    ("河南省", "郑州市", "金水区", "0371", "450003"), ("重庆市", "重庆市", "渝中区", "023", "400010"),
)  # fmt: skip
_STREETS = (
    "人民路",
    "中山路",
    "解放路",
    "建设路",
    "文化路",
    "和平路",
    "长江路",
    "黄河路",
    "学院路",
    "科技路",
    "滨江路",
    "新华路",
    "朝阳路",
    "迎宾路",
)
_US_PLACES = (
    ("OH", "Cincinnati", "513", "45202"), ("OH", "Columbus", "614", "43215"), ("KY", "Louisville", "502", "40202"),
    ("IN", "Indianapolis", "317", "46204"), ("TN", "Nashville", "615", "37203"), ("GA", "Atlanta", "404", "30303"),
    ("TX", "Dallas", "214", "75201"), ("CO", "Denver", "303", "80202"), ("MI", "Detroit", "313", "48226"),
    ("IL", "Chicago", "312", "60601"), ("WA", "Seattle", "206", "98101"), ("AZ", "Phoenix", "602", "85004"),
)  # fmt: skip
_US_STREETS = (
    "Main St",
    "Oak St",
    "Maple Ave",
    "Cedar Ln",
    "Elm St",
    "Washington Ave",
    "Lake Dr",
    "Hill Rd",
    "Park Ave",
    "River Rd",
    "Sunset Blvd",
)


def rng(*seed: object) -> random.Random:
    """A generator of its own for everything that is invented, so that nothing shifts when something is added."""
    return random.Random("/".join(map(str, ("guanxi-demo", *seed))))  # noqa: S311 - nothing secret comes of it


@dataclass(frozen=True)
class Somebody:
    """An invented person. `name` in their own script, `latin` in Latin letters, gender as the list of values has it."""

    name: str
    latin: str
    gender: str
    chinese: bool


def person(r: random.Random, *, chinese: bool, gender: str = "", family: str = "") -> Somebody:
    gender = gender or r.choice(("male", "female"))
    if chinese:
        surname = family or (r.choice(_FAMILY_2) if r.random() < 0.02 else r.choice(_FAMILY))
        given = "".join(r.sample(_MALE if gender == "male" else _FEMALE, 1 if r.random() < 0.25 else 2))
        return Somebody(surname + given, latin(surname, given), gender, True)
    first = r.choice((_FIRST_M if gender == "male" else _FIRST_F).split())
    name = f"{first} {family or r.choice(_LAST.split())}"
    return Somebody(name, name, gender, False)


def latin(surname: str, given: str) -> str:
    """王秀英 → Wang Xiuying."""
    return "".join(text.pinyin(surname, surname=True)).capitalize() + " " + "".join(text.pinyin(given)).capitalize()


def email(somebody: Somebody, n: int, domain: str = "example.com") -> str:
    return f"{'.'.join(reversed(somebody.latin.lower().split()))}{n}@{domain}"


def mobile(n: int) -> str:
    """The n-th of 10,000 numbers of the sample block."""
    return f"1380013{n % 10_000:04d}"


def cn_place(r: random.Random) -> tuple[dict[str, str], str]:
    """An invented address in a real district, and the area code there."""
    province, city, district, area, postcode = r.choice(_PLACES)
    detail = f"{r.choice(_STREETS)}{r.randrange(1, 400)}号"
    return {
        "country": "CN",
        "province": province,
        "city": city,
        "district": district,
        "detail": detail,
        "postcode": postcode,
    }, area


def home(r: random.Random, *, chinese: bool) -> dict[str, str]:
    if chinese:
        place, _area = cn_place(r)
        return {
            **place,
            "detail": f"{place['detail']}{r.randrange(1, 30)}幢{r.randrange(1, 4)}单元{r.randrange(1, 30)}0{r.randrange(1, 5)}室",
        }
    state, city, _area, postcode = r.choice(_US_PLACES)
    street = f"{r.randrange(10, 9800)} {r.choice(_US_STREETS)}"
    return {"country": "US", "province": state, "city": city, "district": "", "detail": street, "postcode": postcode}


def landline(r: random.Random, area: str) -> str:
    """A number of the exchange 5555; seven digits in Xiamen."""
    return f"{area}-5555{r.randrange(10_000):04d}" if area != "0592" else f"{area}-555{r.randrange(10_000):04d}"


def us_phone(r: random.Random) -> str:
    """A number set aside for fiction: 555-01xx."""
    return f"+1{r.choice(_US_PLACES)[2]}55501{r.randrange(100):02d}"


def credit_code(n: int) -> str:
    """A unified social credit code with right check digits, of region 990000, which there is none of."""
    organisation = f"D{n:07d}"
    values = [int(ch, 36) for ch in organisation]
    rest = 11 - sum(v * w for v, w in zip(values, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    body = f"91990000{organisation}{'X' if rest == 10 else '0' if rest == 11 else rest}"
    return body + uscc.check_character(body)


def words(title: str) -> str:
    """SHOUTED LABELS OF THE SOURCE → Shouted Labels Of The Source."""
    return " ".join(part.capitalize() if part.isalpha() else part.title() for part in title.split())


def pick(r: random.Random, weighted: dict[Any, int]) -> Any:
    return r.choices(list(weighted), weights=list(weighted.values()))[0]
