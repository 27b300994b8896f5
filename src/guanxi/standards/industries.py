# ruff: noqa: E501 (tables of words and patterns)
"""Industries: the sections of GB/T 4754-2017, a letter each, with names in Chinese and English and everyday aliases."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from guanxi.kit.problems import BadValue
from guanxi.kit.text import fold

VERSION = 1


class Industry(NamedTuple):
    """One section."""

    code: str
    zh: str
    en: str


_TABLE = """
A|农、林、牧、渔业|Agriculture, forestry, animal husbandry and fishery|农业,林业,牧业,渔业,农林牧渔,agriculture,farming
B|采矿业|Mining|矿业,采矿,石油,煤炭,oil and gas
C|制造业|Manufacturing|制造,生产,工业,工厂,电子制造,机械,汽车,化工,纺织,食品,医药制造,factory,automotive,electronics,industrial,chemicals,pharma
D|电力、热力、燃气及水生产和供应业|Electricity, heat, gas and water supply|电力,能源,燃气,水务,energy,utilities,power
E|建筑业|Construction|建筑,工程,施工,装修,装饰,building
F|批发和零售业|Wholesale and retail trade|批发,零售,贸易,商贸,批发零售,批发业,零售业,外贸,电商,电子商务,retail,wholesale,trade,trading,e-commerce,ecommerce
G|交通运输、仓储和邮政业|Transport, storage and post|交通,运输,物流,仓储,快递,邮政,交通运输,logistics,transport,transportation,shipping
H|住宿和餐饮业|Accommodation and catering|住宿,餐饮,酒店,饭店,餐饮业,hotel,hospitality,catering,restaurant,restaurants,food service
I|信息传输、软件和信息技术服务业|Information transmission, software and information technology|it,软件,互联网,信息技术,计算机,通信,电信,科技,it服务,软件业,internet,software,technology,tech,telecom,information technology
J|金融业|Finance|金融,银行,保险,证券,投资,基金,banking,insurance,financial services,finance and insurance
K|房地产业|Real estate|房地产,地产,物业,property
L|租赁和商务服务业|Leasing and business services|商务服务,租赁,咨询,广告,法律,会计,人力资源,consulting,business services,advertising,legal
M|科学研究和技术服务业|Scientific research and technical services|科研,科学研究,技术服务,研发,设计,检测,research,r&d,engineering services
N|水利、环境和公共设施管理业|Water conservancy, environment and public facilities|环保,水利,环境,公共设施,environment
O|居民服务、修理和其他服务业|Resident services, repair and other services|居民服务,生活服务,维修,美容,家政,其他服务,services,repair,personal services
P|教育|Education|教育培训,培训,学校,教育业,training,school
Q|卫生和社会工作|Health and social work|医疗,卫生,医院,健康,养老,医疗健康,healthcare,health,hospital,medical
R|文化、体育和娱乐业|Culture, sports and entertainment|文化,体育,娱乐,传媒,媒体,影视,游戏,文化传媒,media,entertainment,sports
S|公共管理、社会保障和社会组织|Public administration, social security and social organisations|政府,公共管理,社会组织,协会,事业单位,机关,government,public sector,ngo,non-profit
T|国际组织|International organisations|international organization,international organizations
"""

INDUSTRIES: dict[str, Industry] = {}
_ALIASES: dict[str, str] = {}
for _line in _TABLE.strip().splitlines():
    _code, _zh, _en, _aliases = _line.split("|")
    INDUSTRIES[_code] = Industry(_code, _zh, _en)
    _ALIASES[_code] = _aliases


@cache
def _index() -> dict[str, str]:
    index: dict[str, str] = {}
    for code, industry in INDUSTRIES.items():
        for word in (code, industry.zh, industry.en, industry.zh.removesuffix("业"), *_ALIASES[code].split(",")):
            index.setdefault(fold(word).replace("、", ""), code)
    return index


def normalise(raw: object) -> str:
    """The letter of the section. Raises :class:`BadValue`: free words are kept by the caller, not guessed here."""
    text = fold(str(raw)[:200]).replace("、", "").replace(",", "") if not str(raw).isascii() else fold(str(raw)[:200])
    code = _index().get(text) or _index().get(text.removesuffix("行业")) or _index().get(text.removesuffix("业"))
    if code is None:
        head = text[:1].upper()
        if head in INDUSTRIES and (text[1:3].strip(" .-").isdigit() or text[1:2] in " .-:"):  # C3911, "C. 制造业"
            return head
        raise BadValue("industry.unknown", value=raw)
    return code


def name(code: str, locale: str = "en") -> str:
    """The name for people; the code itself when unknown."""
    industry = INDUSTRIES.get(code)
    if industry is None:
        return code
    return industry.zh if locale.lower().startswith("zh") else industry.en
