# ruff: noqa: E501 (tables)
"""The private customers of the demo company: real households and purchases, under invented names and addresses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from guanxi.ops.demo import invented
from guanxi.ops.demo.journey import CURRENCY, Basket, Household, Item

Row = dict[str, Any]
NOTE = "演示数据：姓名、电话、地址均为虚构，购买记录来自 The Complete Journey（84.51°） Demo data: invented name, phone and address; real purchases"
#: The Chinese names of the source's departments.
DEPARTMENTS = {
    "GROCERY": "食品杂货", "DRUG GM": "日用百货", "PRODUCE": "蔬果", "MEAT": "鲜肉", "MEAT-PCKGD": "包装肉类", "SEAFOOD": "海鲜",
    "SEAFOOD-PCKGD": "包装海鲜", "DELI": "熟食", "PASTRY": "烘焙", "NUTRITION": "营养健康", "COSMETICS": "化妆品", "FLORAL": "鲜花",
    "SALAD BAR": "沙拉吧", "FUEL": "燃油", "SPIRITS": "酒类", "GARDEN CENTER": "园艺", "RESTAURANT": "餐饮", "COUPON": "优惠券",
    "FROZEN GROCERY": "冷冻食品", "CHEF SHOPPE": "厨师料理", "TRAVEL & LEISURE": "旅行休闲", "MISCELLANEOUS": "其他", "TOYS": "玩具",
    "AUTOMOTIVE": "汽车用品", "PHOTO & VIDEO": "影像", "HOUSEWARES": "家居用品", "POSTAL CENTER": "邮政服务", "ELECT &PLUMBING": "五金水电",
    "CHARITABLE CONT": "慈善捐赠", "PROD-WHS SALES": "仓储批发", "CNTRL/STORE SUP": "门店耗材", "GM MERCH EXP": "百货费用",
}  # fmt: skip
_AGES = {"19-24": (19, 24), "25-34": (25, 34), "35-44": (35, 44), "45-54": (45, 54), "55-64": (55, 64), "65+": (65, 84)}
_END = date(2017, 12, 31)


def account_key(household: int) -> str:
    return f"DEMO-H{household:04d}"


def order_key(basket: int) -> str:
    return f"DEMO-T{basket}"


def sku(product: int) -> str:
    return f"R{product}"


def accounts(households: Iterable[Household]) -> list[Row]:
    """One person for each household: whoever holds its card."""
    known = list(households)
    ranks = {h.id: i / len(known) for i, h in enumerate(sorted(known, key=lambda h: -h.spent))}
    return [_account(h, ranks[h.id]) for h in known]


def _account(h: Household, rank: float) -> Row:
    r = invented.rng("household", h.id)
    chinese = r.random() < 0.6
    who = invented.person(r, chinese=chinese)
    facts = h.facts
    # Somebody of an age that the source knows; of the others nothing is made up.
    born = None
    if facts.get("age") in _AGES:
        low, high = _AGES[facts["age"]]
        born = _END - timedelta(days=int(365.25 * r.randrange(low, high + 1)) + r.randrange(365))
    quiet = (_END - h.last.date()).days
    status = "active" if quiet <= 45 else "dormant" if quiet <= 120 else "lost"
    tags = ["演示数据"]
    tags += ["高频购买"] if h.baskets >= 120 else []
    tags += ["有孩家庭"] if facts.get("kids_count", "0") != "0" else []
    tags += ["流失风险"] if status == "dormant" and rank < 0.4 else []
    average = (h.spent / h.baskets).quantize(Decimal("0.01"))
    return {
        "external_id": account_key(h.id), "kind": "person", "name": who.name, "english_name": who.latin if chinese else "",
        "owner": "sales.retail" if chinese else "sales.retail2", "status": status,
        "tier": "strategic" if rank < 0.03 else "key" if rank < 0.2 else "regular" if rank < 0.7 else "small",
        "source": invented.pick(r, {"store": 6, "wechat": 2 if chinese else 0, "website": 2, "referral": 2, "social": 1, "ads": 1}),
        "category": "C-FAMILY" if facts.get("household_size", "1") not in ("1",) else "C-SINGLE",
        "mobile": invented.mobile(h.id) if chinese else "", "phone": "" if chinese else invented.us_phone(r),
        "email": invented.email(who, h.id) if r.random() < 0.85 else "",
        "wechat": f"demo_{who.latin.lower().replace(' ', '_')}{h.id}" if chinese and r.random() < 0.5 else "",
        "address": invented.home(r, chinese=chinese), "language": "zh" if chinese else "en", "gender": who.gender, "birth_date": born,
        "consumption_habit": f"全年 {h.baskets} 次购买，平均每次 {average} 美元 / {h.baskets} purchases a year, {average} USD each",
        "first_seen": date(2016, 1, 1) + timedelta(days=r.randrange(365)), "tags": tags, "remark": NOTE,
        "x_income": facts.get("income", ""), "x_household_size": facts.get("household_size", ""),
    }  # fmt: skip


def families(households: Iterable[Household], rows: Iterable[Row]) -> tuple[list[Row], list[Row], list[Row]]:
    """Some married customers with their household and spouse: (households, people with their place in them, relations)."""
    by_key = {row["external_id"]: row for row in rows}
    homes: list[Row] = []
    members: list[Row] = []
    relations: list[Row] = []
    for h in households:
        if len(homes) >= 40 or h.facts.get("marital_status") != "Married":
            continue
        row = by_key[account_key(h.id)]
        r = invented.rng("family", h.id)
        chinese = row["language"] == "zh"
        other = "female" if row["gender"] == "male" else "male"
        spouse = invented.person(r, chinese=chinese, gender=other, family="" if chinese else row["name"].split()[-1])
        home = f"DEMO-F{h.id:04d}"
        homes.append(
            {
                "external_id": home, "kind": "household", "name": f"{row['name']}家庭" if chinese else f"{row['name'].split()[-1]} household",
                "owner": row["owner"], "address": row["address"], "language": row["language"], "tags": ["演示数据"], "remark": NOTE,
            }
        )  # fmt: skip
        members += [
            {"external_id": row["external_id"], "parent": home, "group_role": "member"},
            {
                "external_id": f"DEMO-S{h.id:04d}", "kind": "person", "name": spouse.name, "gender": spouse.gender, "owner": row["owner"],
                "address": row["address"], "mobile": row["mobile"], "phone": row["phone"], "language": row["language"], "parent": home,
                "group_role": "member", "tags": ["演示数据"], "remark": NOTE,
            },
        ]  # fmt: skip
        relations.append({"account": row["external_id"], "type": "married_to", "other": f"DEMO-S{h.id:04d}"})
    return homes, members, relations


def _code(*path: str) -> str:
    """A short code for a category of the source, the same for the same path."""
    import hashlib

    return "R-" + hashlib.blake2s("/".join(path).encode(), digest_size=5).hexdigest()


def category_of(item: Item) -> str:
    """The code of the narrowest category of a product."""
    path = [part for part in (item.department, item.category, item.type) if part]
    return _code(*path)


def categories(items: Iterable[Item]) -> list[list[Row]]:
    """The category tree of these products, level by level: departments, categories, types."""
    levels: list[dict[str, Row]] = [{}, {}, {}]
    for item in items:
        path = [part for part in (item.department, item.category, item.type) if part]
        for depth in range(len(path)):
            code = _code(*path[: depth + 1])
            if code not in levels[depth]:
                title = invented.words(path[depth])
                name = f"{DEPARTMENTS.get(path[0], '')} {title}".strip() if depth == 0 else title
                levels[depth][code] = {
                    "code": code,
                    "name": name[:100],
                    "parent": _code(*path[:depth]) if depth else "R",
                }
    # Two spellings that differ in case only would be two categories of one name.
    for level in levels:
        seen: dict[tuple[str, str], int] = {}
        for row in level.values():
            n = seen[row["parent"], row["name"]] = seen.get((row["parent"], row["name"]), 0) + 1
            if n > 1:
                row["name"] = f"{row['name'][:92]} ({n})"
    return [list(level.values()) for level in levels]


def products(items: Iterable[Item]) -> list[Row]:
    return [
        {
            "sku": sku(item.id),
            "name": " ".join(part for part in (invented.words(item.type or item.category or item.department), item.size.lower()) if part),
            "category": category_of(item), "brand": "自有品牌 Private label" if item.brand == "Private" else "全国品牌 National brand",
            "unit": "piece", "price": item.price, "currency": CURRENCY, "status": "active",
        }
        for item in items
    ]  # fmt: skip


def order(basket: Basket, owner: str) -> Row:
    r = invented.rng("basket", basket.id)
    return {
        "external_id": order_key(basket.id), "account": account_key(basket.household), "ordered_at": basket.at, "status": "completed",
        "channel": "store", "payment_method": invented.pick(r, {"card": 6, "cash": 2, "wechat_pay": 1, "alipay": 1}), "sales_rep": owner,
        "currency": CURRENCY, "x_store": str(basket.store),
    }  # fmt: skip


def lines(basket: Basket, names: dict[int, str]) -> list[Row]:
    """The lines of a basket; products that the source does not describe are lines without product."""
    return [
        {
            "order": order_key(basket.id), "product": sku(line.product) if line.product in names else "",
            "description": names.get(line.product, f"No. {line.product}"), "quantity": line.quantity, "unit_price": line.unit_price,
            "discount": line.discount, "position": position,
        }
        for position, line in enumerate(basket.lines, 1)
    ]  # fmt: skip


def payment(basket: Basket, order_row: Row) -> Row | None:
    amount = sum((line.amount for line in basket.lines), Decimal(0))
    if not amount:
        return None
    return {
        "order": order_row["external_id"], "amount": amount, "currency": CURRENCY, "received_at": basket.at.date(),
        "method": order_row["payment_method"], "reference": f"POS-{basket.id}",
    }  # fmt: skip
