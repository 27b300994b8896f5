# ruff: noqa: E501 (tables of words and patterns)
"""Countries and territories by ISO 3166: two letters stored, names in English and Chinese from CLDR, everyday aliases understood."""

from __future__ import annotations

from functools import cache

from babel import Locale

from guanxi.kit.problems import BadValue
from guanxi.kit.text import fold

VERSION = 1

_ALPHA3 = (
    "AFG:AF ALB:AL DZA:DZ AND:AD AGO:AO ARG:AR ARM:AM AUS:AU AUT:AT AZE:AZ BHS:BS BHR:BH BGD:BD BRB:BB BLR:BY BEL:BE BLZ:BZ BEN:BJ BTN:BT BOL:BO "
    "BIH:BA BWA:BW BRA:BR BRN:BN BGR:BG BFA:BF BDI:BI KHM:KH CMR:CM CAN:CA CPV:CV CAF:CF TCD:TD CHL:CL CHN:CN COL:CO COM:KM COG:CG COD:CD CRI:CR "
    "CIV:CI HRV:HR CUB:CU CYP:CY CZE:CZ DNK:DK DJI:DJ DMA:DM DOM:DO ECU:EC EGY:EG SLV:SV GNQ:GQ ERI:ER EST:EE SWZ:SZ ETH:ET FJI:FJ FIN:FI FRA:FR "
    "GAB:GA GMB:GM GEO:GE DEU:DE GHA:GH GRC:GR GRL:GL GTM:GT GIN:GN GNB:GW GUY:GY HTI:HT HND:HN HKG:HK HUN:HU ISL:IS IND:IN IDN:ID IRN:IR IRQ:IQ "
    "IRL:IE ISR:IL ITA:IT JAM:JM JPN:JP JOR:JO KAZ:KZ KEN:KE PRK:KP KOR:KR KWT:KW KGZ:KG LAO:LA LVA:LV LBN:LB LSO:LS LBR:LR LBY:LY LIE:LI LTU:LT "
    "LUX:LU MAC:MO MDG:MG MWI:MW MYS:MY MDV:MV MLI:ML MLT:MT MRT:MR MUS:MU MEX:MX MDA:MD MCO:MC MNG:MN MNE:ME MAR:MA MOZ:MZ MMR:MM NAM:NA NPL:NP "
    "NLD:NL NZL:NZ NIC:NI NER:NE NGA:NG MKD:MK NOR:NO OMN:OM PAK:PK PSE:PS PAN:PA PNG:PG PRY:PY PER:PE PHL:PH POL:PL PRT:PT PRI:PR QAT:QA ROU:RO "
    "RUS:RU RWA:RW SMR:SM SAU:SA SEN:SN SRB:RS SYC:SC SLE:SL SGP:SG SVK:SK SVN:SI SLB:SB SOM:SO ZAF:ZA SSD:SS ESP:ES LKA:LK SDN:SD SUR:SR SWE:SE "
    "CHE:CH SYR:SY TWN:TW TJK:TJ TZA:TZ THA:TH TLS:TL TGO:TG TON:TO TTO:TT TUN:TN TUR:TR TKM:TM UGA:UG UKR:UA ARE:AE GBR:GB USA:US URY:UY UZB:UZ "
    "VUT:VU VAT:VA VEN:VE VNM:VN YEM:YE ZMB:ZM ZWE:ZW"
)
_ALIASES = {
    "CN": "prc,p.r.c.,p.r. china,pr china,china pr,mainland china,people's republic of china,the people's republic of china,中华人民共和国,中国大陆,大陆,中國,内地,mainland,中国内地",
    "HK": "hong kong,hongkong,香港,中国香港,hong kong sar,hk sar,香港特别行政区", "MO": "macau,macao,澳门,澳門,中国澳门,澳门特别行政区",
    "TW": "taiwan,台湾,臺灣,台灣,中国台湾,台湾省,chinese taipei",
    "US": "u.s.,u.s.a.,united states of america,the united states,america,美利坚合众国,美國,états-unis",
    "GB": "uk,u.k.,great britain,britain,england,scotland,wales,northern ireland,united kingdom of great britain and northern ireland,大不列颠,英格兰,苏格兰,英國",
    "KR": "korea,south korea,republic of korea,rok,大韩民国,南韩,韓國", "KP": "north korea,dprk,北朝鲜,北韩", "JP": "日本国,nippon,nihon",
    "DE": "deutschland,federal republic of germany,德國", "FR": "république française,法國", "RU": "russian federation,俄国,俄罗斯联邦,俄羅斯",
    "AE": "uae,u.a.e.,emirates,阿联酋,dubai", "NL": "holland,the netherlands,nederland,荷兰王国", "CH": "schweiz,suisse,svizzera,swiss", "CZ": "czech republic,捷克共和国",
    "VN": "viet nam,vietnam,越南", "LA": "lao pdr,laos", "BN": "brunei darussalam", "SY": "syrian arab republic", "IR": "islamic republic of iran,persia",
    "TR": "turkey,türkiye,turkiye", "MM": "burma,缅甸联邦", "CI": "ivory coast,côte d'ivoire", "CD": "drc,dr congo,刚果金,刚果(金)", "CG": "congo,刚果布,刚果(布)",
    "MK": "macedonia", "ES": "españa", "IT": "italia", "AT": "österreich", "BR": "brasil", "MX": "méxico", "SG": "singapore,星加坡,狮城", "NZ": "aotearoa,纽西兰",
    "AU": "澳洲,commonwealth of australia", "SA": "沙特,ksa", "BA": "波黑", "PG": "巴新", "TZ": "united republic of tanzania", "VA": "holy see", "SZ": "swaziland",
    "CV": "cabo verde", "TL": "east timor", "MD": "republic of moldova", "PS": "palestine", "KG": "吉尔吉斯", "LK": "锡兰", "MY": "大马",
}  # fmt: skip
_NOT_COUNTRIES = frozenset({"EU", "EZ", "UN", "ZZ", "QO", "XA", "XB", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"})


@cache
def _names(locale: str) -> dict[str, str]:
    territories = Locale.parse("zh_Hans" if locale.lower().startswith("zh") else locale[:2]).territories
    return {
        code: name
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    }


@cache
def _index() -> dict[str, str]:
    index: dict[str, str] = {}
    for locale in ("en", "zh"):
        for code, name in _names(locale).items():
            index[fold(name)] = code
            index.setdefault(fold(name).replace(" & ", " and ").replace("st. ", "saint "), code)
    for code, aliases in _ALIASES.items():
        index.update({fold(alias).rstrip("."): code for alias in aliases.split(",")})
    index.update({fold(a3): code for a3, code in (pair.split(":") for pair in _ALPHA3.split())})
    index.update({code.lower(): code for code in _names("en")})
    return index


def codes() -> list[str]:
    """All codes, by English name."""
    names = _names("en")
    return sorted(names, key=lambda code: names[code])


def normalise(raw: object) -> str:
    """Two letters: 中国, China, PRC, CHN, cn → CN. Raises :class:`BadValue`."""
    known, text = _index(), str(raw)
    code = known.get(text) or known.get(text.lower()) or known.get(fold(text[:200]).strip(" .,;"))
    if code is None:
        raise BadValue("country.unknown", value=raw)
    return code


def name(code: str, locale: str = "en") -> str:
    """The name for people; the code itself when unknown."""
    return _names("zh" if locale.lower().startswith("zh") else locale[:2]).get(code, code)


display = name
