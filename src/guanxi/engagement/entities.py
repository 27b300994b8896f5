# ruff: noqa: E501 (tables)
"""How follow-ups, next steps and attachments are declared."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from guanxi.engagement import declared, lists, models
from guanxi.engagement.policy import Follows
from guanxi.records import kinds
from guanxi.records.entity import Entity, Field, Section
from guanxi.records.policy import Inherits

CUSTOMER = (
    "客户",
    "客户名称",
    "客户编号",
    "公司",
    "customer",
    "customer_no",
    "customer name",
    "account name",
    "company",
)

INTERACTION = Entity(
    key="engagement.interaction",
    model=models.Interaction,
    icon="message-2",
    area="follow-up",
    title="subject",
    policy=Inherits("account"),
    derive=declared.interaction,
    fields=(
        Field("account", required=True, on_delete="cascade", aliases=CUSTOMER),
        Field("contact", aliases=("联系人", "contact name", "contact person")),
        Field("order", aliases=("订单", "订单号", "order_no", "order number")),
        Field("method", kind=kinds.Choice(list=lists.METHOD), bulk=True, aliases=("方式", "跟进方式", "类型", "沟通方式", "type", "activity type", "channel")),
        Field("direction", kind=kinds.Choice(list=lists.DIRECTION), bulk=True, aliases=("方向", "联系方向", "inbound/outbound")),
        Field("subject", kind=kinds.Text(), search=True, personal="conversation", aliases=("主题", "标题", "title", "topic")),
        Field("words", search=True, personal="conversation",
              aliases=("内容", "跟进内容", "跟进记录", "沟通内容", "备注", "content", "notes", "note", "description", "comment")),
        Field("happened_at", sort=True, aliases=("时间", "日期", "跟进时间", "跟进日期", "沟通时间", "date", "time", "when", "activity date")),
        Field("minutes", kind=kinds.Integer(low=Decimal(0), high=Decimal(100_000)), aliases=("时长", "时长（分钟）", "通话时长", "duration", "minutes")),
        Field("who", bulk=True, aliases=("跟进人", "同事", "销售", "负责人", "owner", "by", "user", "assigned to")),
    ),
    columns=("subject", "account", "contact", "method", "happened_at", "who"),
    sections=(
        Section(_("Basics"), "account", "contact", "order", "method", "direction", "happened_at", "minutes", "who", "tags"),
        Section(_("Words"), "subject", "words"),
    ),
)  # fmt: skip

STEP = Entity(
    key="engagement.step",
    model=models.Step,
    icon="list-check",
    area="follow-up",
    title="what",
    policy=Inherits("account"),
    derive=declared.step,
    fields=(
        Field("what", kind=kinds.Text(), search=True, aliases=("下一步", "待办", "任务", "事项", "task", "next step", "todo", "subject")),
        Field("account", required=True, on_delete="cascade", aliases=CUSTOMER),
        Field("contact", aliases=("联系人", "contact name")),
        Field("order", aliases=("订单", "订单号", "order_no", "order number")),
        Field("due", sort=True, bulk=True, aliases=("截止日期", "到期日", "下次跟进时间", "计划日期", "due date", "deadline", "next date")),
        Field("owner", bulk=True, aliases=("负责人", "执行人", "跟进人", "assigned to", "assignee", "who")),
        Field("done_at", aliases=("完成时间", "完成日期", "completed", "done", "closed")),
        Field("interaction", on_delete="cascade", aliases=()),
    ),
    columns=("what", "account", "due", "owner", "done_at"),
    sections=(Section(_("Basics"), "what", "due", "owner", "done_at", "account", "contact", "order", "interaction", "tags"),),
)  # fmt: skip

ATTACHMENT = Entity(
    key="engagement.attachment",
    model=models.Attachment,
    icon="paperclip",
    area="follow-up",
    listed=False,
    policy=Follows("about"),
    derive=declared.attachment,
    fields=(
        Field("name", kind=kinds.Text(), search=True, sort=True, required=True, aliases=("名称", "文件名", "file name")),
        Field("file", kind=kinds.File(), aliases=()),
        Field("remark", aliases=("备注", "说明", "note")),
        Field("about_entity", kind=kinds.Text(max_length=64), aliases=()),
        Field("about", kind=kinds.Integer(low=Decimal(1), high=Decimal(2**62)), aliases=()),
    ),
    columns=("name", "remark", "created_at"),
    sections=(Section(_("Basics"), "name", "file", "remark", "about_entity", "about", "tags"),),
)  # fmt: skip

ENTITIES = (INTERACTION, STEP, ATTACHMENT)
