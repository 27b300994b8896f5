"""The machinery's own objects that people keep: tags."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanxi.records import kinds, lists, models
from guanxi.records.entity import Entity, Field, Section
from guanxi.records.policy import Everyone

TAG = Entity(
    key="records.tag",
    model=models.Tag,
    icon="tag",
    area="data",
    policy=Everyone(),
    fields=(
        Field("name", kind=kinds.Text(max_length=60), search=True, sort=True, unique=True, aliases=("标签", "标签名称", "tag", "label")),
        Field("type", kind=kinds.Choice(list=lists.TAG_TYPE), bulk=True, aliases=("标签类型", "类型", "tag type")),
        Field("colour", kind=kinds.Choice(list=lists.COLOUR), bulk=True, aliases=("颜色", "color")),
        Field("retired", bulk=True, help=_("Records keep it; nobody can choose it any more."), aliases=("已停用", "停用")),
    ),
    columns=("name", "type", "colour", "retired", "created_at"),
    sections=(Section(_("Basics"), "name", "type", "colour", "retired"),),
    recognise_by=("name",),
)  # fmt: skip

ENTITIES = (TAG,)
