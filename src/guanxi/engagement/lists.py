"""The shipped lists of values of this room."""

from __future__ import annotations

from guanxi.records.choices import Default as V
from guanxi.records.choices import ship

METHOD = ship(
    "engagement.method", "跟进方式", "Method of follow-up",
    V("call", "电话", "Call", "green", ("打电话", "通话", "phone", "telephone", "phone call")),
    V("visit", "拜访", "Visit", "purple", ("上门", "面谈", "会议", "meeting", "on site")),
    V("chat", "微信", "Chat", "teal", ("聊天", "企业微信", "微信聊天", "钉钉", "wechat", "whatsapp", "im", "message")),
    V("mail", "邮件", "E-mail", "blue", ("电子邮件", "邮箱", "email", "mail")),
    V("note", "备注", "Note", "yellow", ("记录", "其他", "其它", "memo", "other")),
)  # fmt: skip

DIRECTION = ship(
    "engagement.direction", "联系方向", "Direction",
    V("out", "我方联系客户", "We contacted them", "azure", ("呼出", "主动", "outgoing", "outbound")),
    V("in", "客户联系我方", "They contacted us", "indigo", ("呼入", "来访", "来电", "incoming", "inbound")),
)  # fmt: skip
