"""The shipped lists of values of the machinery's own objects."""

from __future__ import annotations

from guanxi.records.choices import Default as V
from guanxi.records.choices import ship

TAG_TYPE = ship(
    "records.tag_type", "标签类型", "Type of tag",
    V("industry", "行业", "Industry", "blue"),
    V("scale", "规模", "Scale", "azure"),
    V("need", "需求", "Need", "green"),
    V("risk", "风险", "Risk", "red"),
    V("behaviour", "行为", "Behaviour", "orange", ("behavior",)),
    V("campaign", "活动", "Campaign", "purple"),
    V("data", "数据", "Data", "gray", ("数据质量",)),
    V("other", "其他", "Other", "gray", ("其它",)),
)  # fmt: skip

COLOUR = ship(
    "records.colour", "颜色", "Colour",
    *(
        V(code, zh, en, code)
        for code, zh, en in (
            ("blue", "蓝", "Blue"), ("azure", "天蓝", "Azure"), ("indigo", "靛蓝", "Indigo"), ("purple", "紫", "Purple"),
            ("pink", "粉", "Pink"), ("red", "红", "Red"), ("orange", "橙", "Orange"), ("yellow", "黄", "Yellow"),
            ("lime", "青柠", "Lime"), ("green", "绿", "Green"), ("teal", "蓝绿", "Teal"), ("cyan", "青", "Cyan"),
            ("gray", "灰", "Grey"), ("dark", "深灰", "Dark"),
        )
    ),
)  # fmt: skip
