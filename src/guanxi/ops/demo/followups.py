# ruff: noqa: E501 (tables)
"""Invented follow-ups and next steps with the business customers of the demo company, up to the day it is loaded."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from guanxi.ops.demo import invented

Row = dict[str, Any]
MARK_ZH, MARK_EN = "（演示）", "(demo)"
#: method, Chinese, English
_SAID = (
    ("call", "电话确认了报价单，客户希望本月底前定下来，重点关心安装周期。", "Went through the offer by phone; they want to decide by the end of the month and care most about installation time."),
    ("call", "采购说预算已批，等总经理签字。竞争对手报价低 5%，但没有本地服务。", "Purchasing says the budget is approved and waits for the director. The competitor is 5% cheaper but has no local service."),
    ("call", "没有打通，已发短信。", "No answer, sent a text message."),
    ("visit", "上门演示收银终端，门店经理和 IT 都在场，提出要对接现有会员系统。", "Showed the till on site, store manager and IT present; they want it connected to their loyalty system."),
    ("visit", "回访：设备运行稳定，店长培训反馈很好，考虑二期增加 20 台。", "Follow-up visit: everything runs well, training was liked; they think about 20 more tills in phase two."),
    ("visit", "参观了客户新仓库，冷库方案需要重新测算，约定两周后给出新图纸。", "Saw the new warehouse; the cold room has to be calculated again, new drawings in two weeks."),
    ("chat", "微信发送了产品资料和案例，客户回复会转给总部。", "Sent brochures and references by chat; they will pass them on to headquarters."),
    ("chat", "客户问电子价签的电池寿命，已答复 5 年并附上检测报告。", "They asked about the battery of the shelf labels; answered five years and attached the test report."),
    ("mail", "邮件发送合同草稿，等待法务意见。", "Mailed the draft contract, waiting for their legal department."),
    ("mail", "收到对方对付款条款的修改意见：30% 预付，验收后 60 天付清。", "Received their changes to the payment terms: 30% in advance, the rest 60 days after acceptance."),
    ("note", "联系人即将调岗，下次拜访前先确认新的对接人。", "The contact is about to change jobs; find out who takes over before the next visit."),
    ("note", "上季度回款及时，可以考虑放宽账期。", "They paid on time last quarter; longer terms could be considered."),
)  # fmt: skip
_STEPS = (
    ("回电话确认交期", "Call back about the delivery date"), ("寄样品", "Send samples"), ("发修改后的报价", "Send the revised offer"),
    ("约门店拜访", "Arrange a store visit"), ("跟进合同签署", "Chase the signature"), ("安排培训时间", "Set a date for the training"),
    ("请技术测算方案", "Have engineering calculate the variant"), ("催付尾款", "Ask for the open balance"),
)  # fmt: skip


def rows(accounts: list[Row], people: list[Row], now: datetime) -> tuple[list[Row], list[Row]]:
    """(follow-ups, next steps): some twenty of the first and one or two of the second for each company."""
    staff: dict[str, list[str]] = {}
    for one in people:
        staff.setdefault(one["account"], []).append(one["external_id"])
    said: list[Row] = []
    steps: list[Row] = []
    for account in accounts:
        r = invented.rng("follow-ups", account["external_id"])
        chinese = account["language"] == "zh"
        at = _office(now - timedelta(days=r.randrange(1, 12)), r)
        for _ in range({"large": 36, "medium": 24, "small": 14, "micro": 8}[account["scale"]]):
            method, zh, en = r.choice(_SAID)
            contact = r.choice([*staff.get(account["external_id"], []), ""])
            said.append(
                {
                    "account": account["external_id"], "contact": contact, "method": method, "words": zh + MARK_ZH if chinese else f"{en} {MARK_EN}",
                    "happened_at": at, "direction": r.choice(("out", "out", "in")) if method != "note" else "", "who": account["owner"],
                    "minutes": r.choice((5, 10, 15, 30)) if method == "call" else r.choice((45, 60, 90)) if method == "visit" else None,
                    "tags": ["演示数据"],
                }
            )  # fmt: skip
            at = _office(at - timedelta(days=r.randrange(2, 30)), r)
        if account["status"] == "lost":
            continue
        # Most are planned ahead, some are for today, some late; a few customers have none.
        for due in r.sample((-9, -3, -1, 0, 0, 1, 2, 4, 7, 12, 20, 33), r.choice((0, 1, 1, 2))):
            zh, en = r.choice(_STEPS)
            steps.append(
                _step(account, zh + MARK_ZH if chinese else f"{en} {MARK_EN}", now + timedelta(days=due), None)
            )
        for ago in (14, 45, 90):
            zh, en = r.choice(_STEPS)
            day = _office(now - timedelta(days=ago + r.randrange(4)), r)
            steps.append(_step(account, zh + MARK_ZH if chinese else f"{en} {MARK_EN}", day, day))
    return said, steps


def _office(day: datetime, r: random.Random) -> datetime:
    """A moment of that day when people are at work; at weekends, of the Friday before."""
    day -= timedelta(days=max(0, day.weekday() - 4))
    return day.replace(hour=r.randrange(9, 18), minute=r.randrange(60))


def _step(account: Row, what: str, due: datetime, done: datetime | None) -> Row:
    return {
        "account": account["external_id"], "what": what, "due": due.date(), "owner": account["owner"], "done_at": done, "tags": ["演示数据"],
    }  # fmt: skip
