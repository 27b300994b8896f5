"""The departments and colleagues of the demo company, exchange rates, tags and custom fields."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

#: key: (name, key of the department above)
DEPARTMENTS: dict[str, tuple[str, str]] = {
    "hq": ("总部 Headquarters", ""),
    "sales": ("销售中心 Sales", "hq"),
    "east": ("华东大区 East China", "sales"),
    "south": ("华南大区 South China", "sales"),
    "intl": ("国际业务部 International", "sales"),
    "retail": ("零售事业部 Retail", "sales"),
    "service": ("客户服务部 Service", "hq"),
    "marketing": ("市场部 Marketing", "hq"),
    "data": ("数据与合规部 Data & Privacy", "hq"),
}


@dataclass(frozen=True)
class Colleague:
    username: str
    name: str
    role: str
    department: str
    manager: str = ""
    language: str = ""


#: The first of each role is the one that `make demo` shows first.
PEOPLE = (
    Colleague("admin", "周管理", "administrator", "hq"),
    Colleague("manager", "沈国强", "sales_manager", "sales"),
    Colleague("manager.east", "顾晓敏", "sales_manager", "east", "manager"),
    Colleague("sales", "陈伟", "sales", "east", "manager.east"),
    Colleague("sales.east", "陆佳怡", "sales", "east", "manager.east"),
    Colleague("sales.south", "李娜", "sales", "south", "manager"),
    Colleague("sales.intl", "Dora Becker", "sales", "intl", "manager", "en"),
    Colleague("sales.retail", "王芳", "sales", "retail", "manager"),
    Colleague("sales.retail2", "Frank Miller", "sales", "retail", "manager", "en"),
    Colleague("service", "赵静", "service", "service"),
    Colleague("marketing", "林雨萱", "marketing", "marketing"),
    Colleague("analyst", "Helen Hughes", "analyst", "data", "", "en"),
    Colleague("steward", "何志明", "steward", "data"),
    Colleague("privacy", "郑雅琳", "privacy", "data"),
)

#: What one unit was worth in CNY, roughly, at the start of the quarter: enough to see dated rates at work.
RATES: tuple[tuple[str, datetime.date, Decimal], ...] = tuple(
    (currency, datetime.date.fromisoformat(day), Decimal(rate))
    for currency, days in {
        "USD": {
            "2016-12-30": "6.95",
            "2017-04-01": "6.89",
            "2017-07-01": "6.78",
            "2017-10-01": "6.65",
            "2026-01-01": "7.00",
        },
        "EUR": {
            "2016-12-30": "7.31",
            "2017-04-01": "7.35",
            "2017-07-01": "7.75",
            "2017-10-01": "7.86",
            "2026-01-01": "8.20",
        },
        "HKD": {"2016-12-30": "0.896", "2017-07-01": "0.868", "2026-01-01": "0.90"},
        "JPY": {"2016-12-30": "0.0594", "2017-07-01": "0.0603", "2026-01-01": "0.0450"},
    }.items()
    for day, rate in days.items()
)

#: name: (type, colour)
TAGS: dict[str, tuple[str, str]] = {
    "演示数据": ("data", "gray"),
    "高频购买": ("behaviour", "green"),
    "价格敏感": ("behaviour", "orange"),
    "有孩家庭": ("need", "pink"),
    "流失风险": ("risk", "red"),
    "集团客户": ("scale", "purple"),
    "上市公司": ("scale", "indigo"),
    "外贸": ("industry", "azure"),
    "决策周期长": ("risk", "yellow"),
    "2026 春季展会": ("campaign", "cyan"),
}

#: entity, key, kind, options, label_zh, label_en, further arguments
CUSTOM_FIELDS: tuple[tuple[str, str, str, dict[str, str], str, str, dict[str, Any]], ...] = (
    ("customers.account", "x_income", "text", {}, "家庭年收入", "Household income", {"sensitivity": "personal"}),
    ("customers.account", "x_household_size", "text", {}, "家庭人口", "Household size", {}),
    ("customers.account", "x_contract_until", "date", {}, "框架合同到期", "Frame contract until", {"indexed": True}),
    ("customers.account", "x_satisfaction", "rating", {}, "满意度", "Satisfaction", {}),
    ("trade.order", "x_store", "text", {}, "门店号", "Store", {}),
)
