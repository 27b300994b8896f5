# ruff: noqa: E501 (tables)
"""The business customers of the demo company: groups with subsidiaries and branches, contacts, relations, orders. Invented.

Everything here is a pure function of the seeds in `invented`: rows as the import takes them, links by the number elsewhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from guanxi.ops.demo import invented

Row = dict[str, Any]
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOTE = "演示数据：虚构的公司和人物 Demo data: invented company and people"

#: Chinese name without legal form, English name, section of GB/T 4754, province-level place of the seat
_GROUPS = (
    ("华澜纺织", "Hualan Textile", "C"), ("东川精密机械", "Dongchuan Precision", "C"), ("海岳国际物流", "Haiyue Logistics", "G"),
    ("云杉信息技术", "Yunshan Information Technology", "I"), ("瑞禾食品", "Ruihe Foods", "F"), ("嘉木家居", "Jiamu Living", "C"),
    ("北辰新能源", "Beichen New Energy", "D"), ("康沐医疗", "Kangmu Medical", "Q"),
)  # fmt: skip
_FRONT = "鼎 锦 恒 瑞 晟 宏 泰 博 朗 启 盛 睿 丰 嘉 凯 润 星 蓝 远 天 金 安 信 德 元 新 万 聚 翔 卓".split()
_BACK = "源 达 诚 创 益 通 联 邦 合 辉 晟 和 尚 科 维 川 岭 洋 沃 禾".split()
_TRADES = {
    "C": ("电子", "机械", "塑胶", "包装", "汽车零部件", "医疗器械"), "F": ("商贸", "供应链", "进出口", "超市"), "I": ("科技", "软件", "网络技术"),
    "G": ("物流", "货运"), "E": ("建筑工程", "装饰工程"), "H": ("酒店管理", "餐饮管理"), "L": ("企业咨询", "广告传媒"), "P": ("教育科技",),
    "J": ("融资租赁",), "M": ("检测技术",), "A": ("农业发展",),
}  # fmt: skip
_ENGLISH_TRADE = {
    "C": "Manufacturing", "F": "Trading", "I": "Technology", "G": "Logistics", "E": "Construction", "H": "Hospitality", "L": "Consulting",
    "P": "Education", "J": "Leasing", "M": "Testing", "A": "Agriculture",
}  # fmt: skip
_CITIES = ("上海", "杭州", "苏州", "南京", "宁波", "广州", "深圳", "厦门", "成都", "武汉")
_FOREIGN = (
    ("Larkfield Retail Group Ltd.", "GB", "F"), ("Nordwald Maschinenbau GmbH", "DE", "C"), ("Atelier Brumaire SAS", "FR", "C"),
    ("Cascade Outdoor Supply Inc.", "US", "F"), ("Harbourline Shipping Pte. Ltd.", "SG", "G"), ("Kitayama Seiki K.K.", "JP", "C"),
    ("Blue Prairie Foods LLC", "US", "A"), ("Tessera Software B.V.", "NL", "I"), ("Montalba Arredi S.r.l.", "IT", "C"),
    ("Redgum Mining Services Pty Ltd", "AU", "B"), ("Sunrise Garments Ltd.", "HK", "F"), ("Oakhurst Medical Devices Inc.", "US", "Q"),
)  # fmt: skip
_FOREIGN_CITY = {
    "GB": "London", "DE": "Hannover", "FR": "Lyon", "US": "Chicago", "SG": "Singapore", "JP": "Nagoya", "NL": "Utrecht", "IT": "Udine",
    "AU": "Perth", "HK": "Hong Kong",
}  # fmt: skip
_FOREIGN_PHONE = {
    "GB": "+4420794601{:02d}", "DE": "+4930231251{:02d}", "US": "+131255501{:02d}", "HK": "+852255512{:02d}", "SG": "+65655512{:02d}",
}  # fmt: skip
_TITLES = (
    ("总经理", "General Manager", "decision_maker"), ("采购经理", "Purchasing Manager", "buyer"), ("财务主管", "Finance Lead", "finance"),
    ("技术总监", "Technical Director", "technical"), ("运营经理", "Operations Manager", "user"), ("行政助理", "Office Assistant", "gatekeeper"),
    ("供应链总监", "Supply Chain Director", "influencer"),
)  # fmt: skip
_DEPARTMENTS = {
    "采购经理": "采购部",
    "财务主管": "财务部",
    "技术总监": "技术部",
    "运营经理": "运营部",
    "行政助理": "行政部",
    "供应链总监": "供应链中心",
}
OWNERS = {"east": ("sales", "sales.east"), "south": ("sales.south",), "intl": ("sales.intl",)}
_SOUTH = ("广州", "深圳", "厦门", "成都", "武汉")

#: sku, Chinese name, English name, unit, price in CNY, share that is cost
CATALOGUE = (
    ("B-POS-01", "智能收银终端", "Smart till", "piece", 3980, 62), ("B-POS-02", "自助结账机", "Self-checkout", "piece", 18600, 66),
    ("B-SHF-01", "轻型货架（组）", "Light shelving, set", "set", 860, 55), ("B-SHF-02", "重型仓储货架（组）", "Heavy shelving, set", "set", 2380, 58),
    ("B-LBL-01", "电子价签 2.9 寸", "Electronic shelf label 2.9in", "piece", 46, 60), ("B-LBL-02", "价签基站", "Label base station", "piece", 1280, 52),
    ("B-FRZ-01", "立式冷藏柜", "Upright fridge", "piece", 5680, 68), ("B-FRZ-02", "组合式冷库", "Modular cold room", "set", 86000, 70),
    ("B-CAR-01", "购物车（10 台）", "Shopping trolleys, 10", "set", 2600, 57), ("B-PKG-01", "环保纸袋（箱）", "Paper bags, carton", "box", 190, 48),
    ("B-SVC-01", "门店数字化实施", "Store digitisation", "day", 3200, 45), ("B-SVC-02", "设备维保（年）", "Maintenance, year", "year", 9800, 40),
    ("B-SVC-03", "数据分析顾问", "Data consulting", "day", 4500, 42), ("B-SFT-01", "会员系统授权", "Loyalty software licence", "licence", 36000, 15),
    ("B-SFT-02", "库存管理授权", "Stock software licence", "licence", 28000, 15), ("B-TRN-01", "店长培训", "Store manager training", "day", 5200, 38),
)  # fmt: skip


def companies() -> list[Row]:
    """Every business customer, those above first."""
    found: list[Row] = []
    n = 0

    def add(name: str, english: str, industry: str, **more: Any) -> Row:
        nonlocal n
        n += 1
        row = _company(n, name, english, industry, **more)
        found.append(row)
        return row

    for g, (zh, en, industry) in enumerate(_GROUPS):
        r = invented.rng("group", g)
        top = add(
            f"{zh}集团有限公司",
            f"{en} Group Co., Ltd.",
            industry,
            short=zh,
            role="headquarters",
            scale="large",
            city=r.choice(_CITIES),
        )
        for city in r.sample(_CITIES, 2):
            sub = add(
                f"{city}{zh}有限公司",
                f"{en} ({_latin(city)}) Co., Ltd.",
                industry,
                short=f"{city}{zh}",
                role="subsidiary",
                parent=top,
                scale="medium",
                city=city,
            )
            for branch in r.sample([c for c in _CITIES if c != city], r.choice((1, 1, 2))):
                add(
                    f"{city}{zh}有限公司{branch}分公司", f"{en} ({_latin(city)}) {_latin(branch)} Branch", industry, role="branch", parent=sub,
                    scale="small", city=branch,
                )  # fmt: skip
    names: set[str] = set()
    for i in range(64):
        r = invented.rng("company", i)
        industry = r.choice(list(_TRADES))
        stem = next(s for _ in range(50) if (s := r.choice(_FRONT) + r.choice(_BACK)) not in names)
        names.add(stem)
        city, trade = r.choice(_CITIES), r.choice(_TRADES[industry])
        form = r.choice(("有限公司", "有限公司", "有限责任公司", "股份有限公司"))
        add(
            f"{city}{stem}{trade}{form}",
            f"{_latin(city)} {_latin(stem)} {_ENGLISH_TRADE[industry]} Co., Ltd.",
            industry,
            short=stem + trade,
            city=city,
        )
    for name, country, industry in _FOREIGN:
        add(name, name, industry, country=country, short=name.split()[0])
    return found


def _latin(zh: str) -> str:
    from guanxi.kit import text

    return "".join(text.pinyin(zh)).capitalize()


def _company(
    n: int, name: str, english: str, industry: str, *, short: str = "", role: str = "", parent: Row | None = None,
    scale: str = "", city: str = "", country: str = "CN",
) -> Row:  # fmt: skip
    r = invented.rng("account", n)
    chinese = country == "CN"
    area = "south" if city in _SOUTH else "east" if chinese else "intl"
    scale = scale or invented.pick(r, {"micro": 2, "small": 5, "medium": 3, "large": 1})
    people = {"micro": (3, 10), "small": (10, 50), "medium": (50, 250), "large": (400, 6000)}[scale]
    employees = r.randrange(*people)
    slug = "".join(ch for ch in english.split(" Co.")[0].lower() if ch.isascii() and ch.isalnum())[:24]
    if chinese:
        place, phone_area = _place_in(r, city)
        phone = invented.landline(r, phone_area)
    else:
        place = {
            "country": country,
            "province": "",
            "city": _FOREIGN_CITY[country],
            "district": "",
            "detail": f"{r.randrange(1, 90)} Harbour Road",
            "postcode": "",
        }
        phone = _FOREIGN_PHONE[country].format(n % 100) if country in _FOREIGN_PHONE else ""
    tags = ["演示数据"] + (["集团客户"] if role else []) + (["外贸"] if not chinese else [])
    return {
        "external_id": f"DEMO-B{n:04d}", "kind": "company", "name": name, "english_name": english, "short_name": short,
        "owner": r.choice(OWNERS[area]), "status": invented.pick(r, {"lead": 3, "active": 7, "dormant": 2, "lost": 1}),
        "tier": "strategic" if role == "headquarters" else invented.pick(r, {"key": 2, "regular": 6, "small": 3}),
        "source": invented.pick(r, {"website": 3, "referral": 4, "trade_show": 4, "cold_call": 2, "partner": 2, "wechat": 2, "ads": 1}),
        "industry": industry, "category": f"B-{'GROUP' if role else 'SINGLE' if chinese else 'ABROAD'}",
        "phone": phone, "email": f"info@{slug or 'company'}{n}.example.com",
        "website": f"https://{slug or 'company'}{n}.example.com",
        "address": place, "language": "zh" if chinese else "en",
        "credit_code": invented.credit_code(n) if chinese else "", "scale": scale, "employees": employees,
        "annual_revenue": Decimal(employees * r.randrange(30, 90)) * 10_000, "currency": "CNY" if chinese else "USD",
        "credit_rating": invented.pick(r, {"aaa": 1, "aa": 3, "a": 5, "bbb": 4, "bb": 2, "b": 1}),
        "service_preference": r.choice(("", "", "开票后 30 天付款", "仅工作日送货", "需要英文资料", "固定联系人对接")),
        "parent": parent["external_id"] if parent else "", "group_role": role,
        "first_seen": date(2015, 1, 1) + timedelta(days=r.randrange(700)),
        "tags": tags, "remark": NOTE, "x_satisfaction": r.choice((None, 3, 4, 4, 5)),
        "x_contract_until": date(2026, 6, 30) + timedelta(days=r.randrange(500)) if r.random() < 0.4 else None,
    }  # fmt: skip


def _place_in(r: random.Random, city: str) -> tuple[dict[str, str], str]:
    for _ in range(200):
        place, area = invented.cn_place(r)
        if place["city"].startswith(city):
            break
    return place, area


def contacts(accounts: list[Row]) -> list[Row]:
    """One to four people at each company; the first is the main contact."""
    found: list[Row] = []
    for account in accounts:
        r = invented.rng("contacts", account["external_id"])
        chinese = account["language"] == "zh"
        count = {"large": 4, "medium": 3}.get(account["scale"], r.choice((1, 1, 2)))
        for i, (zh, en, role) in enumerate(r.sample(_TITLES, count)):
            who = invented.person(r, chinese=chinese)
            n = len(found) + 1
            found.append(
                {
                    "external_id": f"DEMO-K{n:04d}", "account": account["external_id"], "name": who.name,
                    "job_title": zh if chinese else en, "department": _DEPARTMENTS.get(zh, "总经办") if chinese else "",
                    "role": role, "mobile": invented.mobile(9000 + n) if chinese else "",
                    "phone": "" if chinese else account["phone"], "email": invented.email(who, n, account["website"].removeprefix("https://")),
                    "wechat": f"demo_{who.latin.lower().replace(' ', '_')}{n}" if chinese else "", "gender": who.gender,
                    "language": account["language"], "primary": i == 0, "tags": ["演示数据"], "remark": NOTE,
                }
            )  # fmt: skip
    return found


def addresses(accounts: list[Row]) -> list[Row]:
    """Where goods and bills of the larger companies go."""
    found = []
    for account in accounts:
        if account["scale"] in ("large", "medium"):
            r = invented.rng("addresses", account["external_id"])
            for purpose in ("billing", "shipping"):
                place = (
                    account["address"]
                    if purpose == "billing"
                    else {
                        **account["address"],
                        "detail": f"{account['address']['detail']} 仓库 Warehouse {r.randrange(1, 9)}",
                    }
                )
                found.append(
                    {
                        "account": account["external_id"],
                        "purpose": purpose,
                        "address": place,
                        "primary": purpose == "billing",
                    }
                )
    return found


def points(accounts: list[Row]) -> list[Row]:
    """Further ways to reach some companies: fax, service account, an address that bounces."""
    found = []
    for account in accounts[::5]:
        r = invented.rng("points", account["external_id"])
        if account["phone"]:
            found.append(
                {"account": account["external_id"], "kind": "fax", "value": account["phone"], "label": "传真 Fax"}
            )
        found.append(
            {
                "account": account["external_id"], "kind": "email", "value": account["email"].replace("info@", "old@"), "label": "旧邮箱 Old",
                "invalid_since": date(2025, 1, 1) + timedelta(days=r.randrange(300)),
            }
        )  # fmt: skip
    return found


def relations(accounts: list[Row]) -> list[Row]:
    """Who invests in, supplies, competes with whom."""
    free = [a for a in accounts if not a["parent"]]
    found = []
    for i in range(48):
        r = invented.rng("relation", i)
        one, other = r.sample(free, 2)
        kind = invented.pick(
            r,
            {
                "supplies": 5,
                "invests_in": 2,
                "partners_with": 3,
                "competes_with": 3,
                "distributes_for": 2,
                "referred_by": 2,
            },
        )
        since = date(2012, 1, 1) + timedelta(days=r.randrange(3000))
        found.append(
            {
                "account": one["external_id"], "type": kind, "other": other["external_id"], "since": since,
                "until": since + timedelta(days=r.randrange(400, 1500)) if r.random() < 0.15 else None, "remark": "",
            }
        )  # fmt: skip
    return found


def products() -> list[Row]:
    return [
        {
            "sku": sku, "name": f"{zh} {en}", "category": "B", "brand": "关系优选 Guanxi Select", "unit": unit, "price": Decimal(price),
            "cost": Decimal(price * share) / 100, "currency": "CNY", "status": "active", "description": "演示数据 Demo data",
        }
        for sku, zh, en, unit, price, share in CATALOGUE
    ]  # fmt: skip


def orders(accounts: list[Row], people: list[Row]) -> Iterator[tuple[Row, list[Row], list[Row]]]:
    """Orders of the active companies with their lines and payments: (order, lines, payments)."""
    first_contact: dict[str, str] = {}
    for person in people:
        first_contact.setdefault(person["account"], person["external_id"])
    n = 0
    for account in accounts:
        if account["status"] == "lead":
            continue
        r = invented.rng("orders", account["external_id"])
        currency = "CNY" if account["language"] == "zh" else r.choice(("USD", "EUR"))
        rate = {"CNY": Decimal(1), "USD": Decimal("6.8"), "EUR": Decimal("7.6")}[currency]
        for _ in range({"large": 6, "medium": 4, "small": 2, "micro": 1}[account["scale"]]):
            n += 1
            at = datetime(2017, 1, 3, 9, 30, tzinfo=SHANGHAI) + timedelta(
                days=r.randrange(360), minutes=r.randrange(480)
            )
            order_id = f"DEMO-O{n:05d}"
            lines: list[Row] = []
            for position, (sku, zh, en, _unit, price, _share) in enumerate(r.sample(CATALOGUE, r.randrange(1, 5)), 1):
                quantity = Decimal(r.choice((1, 2, 3, 5, 10, 20, 50) if price < 3000 else (1, 1, 2, 4)))
                unit_price = (Decimal(price) / rate).quantize(Decimal("0.01"))
                discount = (quantity * unit_price * r.choice((0, 0, 0, 5, 8)) / 100).quantize(Decimal("0.01"))
                lines.append(
                    {
                        "order": order_id, "product": sku, "description": f"{zh} {en}", "quantity": quantity, "unit_price": unit_price,
                        "discount": discount, "position": position,
                    }
                )  # fmt: skip
            total = sum((line["quantity"] * line["unit_price"] - line["discount"] for line in lines), Decimal(0))
            status = invented.pick(r, {"completed": 8, "shipped": 2, "confirmed": 2, "cancelled": 1})
            method = r.choice(("bank_transfer", "bank_transfer", "bill", "credit", "alipay"))
            payments = []
            parts = {
                "completed": (Decimal(1),),
                "shipped": (Decimal("0.5"), Decimal("0.3")),
                "confirmed": (Decimal("0.3"),),
            }.get(status, ())
            for i, part in enumerate(parts, 1):
                payments.append(
                    {
                        "order": order_id, "amount": (total * part).quantize(Decimal("0.01")), "currency": currency,
                        "received_at": (at + timedelta(days=20 * i)).date(), "method": method, "reference": f"{order_id}-{i}",
                    }
                )  # fmt: skip
            yield (
                {
                    "external_id": order_id, "account": account["external_id"], "contact": first_contact.get(account["external_id"], ""),
                    "ordered_at": at, "status": status, "channel": "direct", "payment_method": method, "sales_rep": account["owner"],
                    "currency": currency, "delivery_address": account["address"], "remark": NOTE,
                },
                lines,
                payments,
            )  # fmt: skip
