"""Pages that exist only for tests and screenshots: every component and kind with sample values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.utils import timezone

from guanxi.web import access, errors, kinds, shell

HERE = Path(__file__).parent


@dataclass
class Cell:
    field: Any
    value: Any = None
    text: str = ""
    masked: bool = False
    restricted: bool = False
    href: str | None = None
    colour: str | None = None
    parts: list[Any] | None = None


@dataclass
class Option:
    value: str
    label: str
    colour: str = ""
    retired: bool = False


@dataclass
class Bound:
    key: str
    label: str
    kind: Any
    help: str = ""
    required: bool = False
    read_only: bool = False
    choices: list[Option] = field(default_factory=list)

    def options(self, language: str) -> list[Option]:
        return self.choices


def bound(key: str, label: str, kind: str, **more: Any) -> Bound:
    extra = {k: more.pop(k) for k in ("currency", "low", "high", "result") if k in more}
    return Bound(key, label, SimpleNamespace(key=kind, **extra), **more)


TIER = [Option("a", "战略客户", "purple"), Option("b", "重点客户", "blue"), Option("c", "普通客户", "gray")]
STAGE = [
    Option(str(i), s, c)
    for i, (s, c) in enumerate(
        [
            ("线索", "azure"),
            ("潜在", "indigo"),
            ("跟进中", "orange"),
            ("报价", "yellow"),
            ("成交", "green"),
            ("休眠", "gray"),
            ("流失", "red"),
        ]
    )
]
FIELDS = [
    bound("name", "客户名称", "company_name", required=True, help="营业执照上的全称"),
    bound("contact", "联系人", "person_name"),
    bound("phone", "电话", "phone"),
    bound("email", "邮箱", "email"),
    bound("site", "网站", "url"),
    bound("uscc", "统一社会信用代码", "code"),
    bound("tier", "客户级别", "choice", choices=TIER, required=True),
    bound("stage", "阶段", "choice", choices=STAGE),
    bound(
        "interests",
        "关注产品",
        "multichoice",
        choices=[Option("x", "车床", "teal"), Option("y", "铣床", "cyan"), Option("z", "磨床", "lime")],
    ),
    bound("owner", "负责人", "user"),
    bound("parent", "上级公司", "link"),
    bound("partners", "合作伙伴", "links", choices=[Option("1", "上海申通"), Option("2", "苏州工业园")]),
    bound("staff", "员工人数", "integer"),
    bound("score", "评分", "number"),
    bound("credit", "信用额度", "money", currency="CNY"),
    bound("share", "占有率", "percent"),
    bound("rating", "星级", "rating"),
    bound("active", "在合作", "boolean"),
    bound("founded", "成立日期", "date"),
    bound("next", "下次联系", "datetime"),
    bound("id_number", "证件号码", "secret"),
    bound("tags", "标签", "tags", choices=[Option("1", "展会"), Option("2", "老客户")]),
    bound("file", "合同扫描件", "file"),
    bound("revenue", "累计成交额", "computed", result=SimpleNamespace(key="money")),
    bound("address", "地址", "address"),
    bound("note", "备注", "longtext"),
]
BY = {f.key: f for f in FIELDS}


def c(key: str, text: str, value: Any = None, **more: Any) -> Cell:
    return Cell(BY[key], value if value is not None else text, text, **more)


def cells(i: int = 0) -> dict[str, Cell]:
    names = [
        "苏州恒达精密机械有限公司",
        "Spencer Foods SA",
        "北京韵丰恒能源有限责任公司",
        "Gertz Logistics AG",
        "南京泉洋安能源有限公司",
    ]
    people = ["彭三春", "Astrid Marquez", "欧阳雪峰", "Latoya Baker", "罗伟"]
    owners = ["王强", "李敏", "陈思远"]
    stage = STAGE[i % len(STAGE)]
    amount = 9983 * (i + 1) % 260_000
    return {
        "name": c("name", names[i % 5], href=f"/record#{i}"),
        "contact": c("contact", people[i % 5], href="/record"),
        "phone": c("phone", f"138 0013 {8000 + i}", f"+861380013{8000 + i}"),
        "email": c("email", f"info{i}@example.com"),
        "site": c("site", "https://www.example.com/zh/", "https://www.example.com/zh/"),
        "uscc": c("uscc", "91320594MA1MXXXX0K"),
        "tier": c("tier", TIER[i % 3].label, TIER[i % 3].value, colour=TIER[i % 3].colour),
        "stage": c("stage", stage.label, stage.value, colour=stage.colour),
        "interests": c(
            "interests", "车床、铣床", ["x", "y"], parts=[kinds.Part("车床", "teal"), kinds.Part("铣床", "cyan")]
        ),
        "owner": c("owner", owners[i % 3], i % 3 + 1),
        "parent": c("parent", "恒达集团", 7, href="/record"),
        "partners": c(
            "partners",
            "上海申通、苏州工业园",
            [1, 2],
            parts=[kinds.Part("上海申通", None, "/record"), kinds.Part("苏州工业园", None, "/record")],
        ),
        "staff": c("staff", f"{120 + i * 37:,}", 120),
        "score": c("score", "87.5", 87.5),
        "credit": c("credit", f"¥{amount:,.2f}", amount),
        "share": c("share", "12.5%", 12.5),
        "rating": c("rating", "★★★★☆", 4),
        "active": c("active", "是", True),
        "founded": c("founded", "2009-03-18", date(2009, 3, 18)),
        "next": c("next", "2026-11-24 14:30", datetime(2026, 11, 24, 6, 30, tzinfo=UTC)),
        "id_number": c("id_number", "320********17", masked=True),
        "tags": c("tags", "展会、老客户", [1, 2], parts=[kinds.Part("展会", "pink"), kinds.Part("老客户", "teal")]),
        "file": c("file", "合同-2026.pdf", href="/record"),
        "revenue": c("revenue", f"¥{amount * 7:,.2f}", amount * 7),
        "address": c("address", "江苏省苏州市吴中区金枫南路 198 号"),
        "note": c("note", "对价格敏感，决策人是总工。\n下次带样件去。"),
        "empty": Cell(BY["note"]),
        "restricted": Cell(BY["credit"], restricted=True),
    }


def menu() -> None:
    m = shell.Menu
    shell.install(
        [
            m(area="home", label="工作台", url="/"),
            m(area="customers", label="客户", url="/list", create="客户", create_url="/form", icon="building"),
            m(area="customers", label="联系人", url="/record", create="联系人", create_url="/form", icon="user"),
            m(area="follow-up", label="跟进", url="/origin"),
            m(area="sales", label="商机看板", url="/boom"),
            m(area="data", label="导入", url="/conflict"),
            m(area="data", label="变更记录", url="/error/404"),
            m(area="settings", label="人员", url="/mine"),
            m(area="settings", label="角色", url="/mine#2"),
        ],
        search_url="/list",
        notices_url="/list",
        me_url="/mine",
        help_url="/list",
    )


def page(request: HttpRequest, file: str, **context: Any) -> HttpResponse:
    menu()
    if request.actor.user_id is None:  # the shell with somebody in it
        request.actor = SimpleNamespace(
            user_id=3, name="李敏", can=lambda *a: True, theme=request.GET.get("theme", ""), kind="user"
        )
    template = engines["django"].from_string((HERE / f"{file}.html").read_text())
    context |= {"actor_title": "华东区 · 销售经理", "notice_count": 3}
    return HttpResponse(template.render(context, request))


def moments() -> list[Any]:
    now = timezone.now()
    return [
        {
            "id": 1,
            "icon": "phone-call",
            "colour": "green",
            "who": "李敏",
            "title": "电话",
            "at": now - timedelta(minutes=12),
            "body": "确认了样件规格，要求下周二前报价。\n下一步：发报价单。",
        },
        {
            "id": 2,
            "icon": "pencil",
            "colour": "blue",
            "who": "王强",
            "title": "修改",
            "source": "页面",
            "at": now - timedelta(hours=5),
            "undo_url": "/boom",
            "href": "/record",
            "changes": [
                {"label": "客户级别", "before": "普通客户", "after": "战略客户"},
                {"label": "电话", "before": "", "after": "0512-6832 1188"},
                {"label": "传真", "before": "0512-6832 1180", "after": ""},
            ],
        },
        {
            "id": 3,
            "icon": "file-import",
            "colour": "purple",
            "who": "陈思远",
            "title": "导入",
            "source": "客户名单2026.xlsx",
            "at": now - timedelta(days=3),
            "undone": True,
            "href": "/record",
        },
    ]


@access.public
def guide(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        "guide",
        cells=cells(),
        fields=FIELDS,
        moments=moments(),
        now=timezone.now(),
        colours=[
            "gray",
            "red",
            "orange",
            "yellow",
            "lime",
            "green",
            "teal",
            "cyan",
            "azure",
            "blue",
            "indigo",
            "purple",
            "pink",
        ],
        chips=[
            {"label": "级别", "operator": "是", "value": "战略客户", "remove_url": "/list"},
            {"label": "成交额", "operator": "≥", "value": "100,000", "remove_url": "/list"},
        ],
        tabs=[
            {"label": "全部", "url": "/", "current": True, "count": "401"},
            {"label": "我的", "url": "/list", "icon": "user"},
            {"label": "即将流失", "url": "/list", "count": 12},
        ],
        rows=[
            {
                "name": "phone",
                "label": "电话",
                "before": "138 0013 8000",
                "theirs": "139 0013 9000",
                "yours": "137 0013 7000",
            }
        ],
        balance={"read": 1204, "created": 900, "updated": 200, "unchanged": 80, "skipped": 14, "held": 10},
        broken={"read": 1204, "created": 900, "updated": 200, "unchanged": 80, "skipped": 14, "held": 9},
        earlier=[
            {"text": "0512-6832 1180", "who": "王强", "at": timezone.now() - timedelta(days=40)},
            {"text": "", "who": "导入", "at": timezone.now() - timedelta(days=400)},
        ],
        rivals=[{"text": "0512-6832 1199", "source": "企业年报"}],
        links={"held": "/list"},
    )


COLUMNS = ["name", "contact", "phone", "stage", "tier", "credit", "owner", "next"]


@access.public
def table(request: HttpRequest) -> HttpResponse:
    rows = [{"id": i, "cells": [cells(i)[k] for k in COLUMNS]} for i in range(25)]
    return page(
        request,
        "list",
        columns=[BY[k] for k in COLUMNS],
        rows=rows,
        fields=FIELDS,
        empty=request.GET.get("empty"),
        tabs=[
            {"label": "全部客户", "url": "/list", "current": True},
            {"label": "我负责的", "url": "/list?a", "count": 38},
            {"label": "30 天未联系", "url": "/list?b"},
        ],
        chips=[
            {"label": "阶段", "operator": "是", "value": "跟进中、报价", "remove_url": "/list"},
            {"label": "负责人", "operator": "属于", "value": "华东区", "remove_url": "/list"},
        ],
    )


@access.public
def record(request: HttpRequest) -> HttpResponse:
    found = cells()
    facts = [found[k] for k in FIELDS_SHOWN]
    return page(request, "record", facts=facts, moments=moments(), name=found["name"].text, cells=found)


FIELDS_SHOWN = [
    "contact",
    "phone",
    "email",
    "site",
    "tier",
    "stage",
    "owner",
    "credit",
    "id_number",
    "founded",
    "rating",
    "tags",
    "address",
    "note",
]


@access.public
def form(request: HttpRequest) -> HttpResponse:
    values = {k: v.value for k, v in cells().items()}
    texts = {k: v.text for k, v in cells().items()}
    values["address"] = {"province": "江苏省", "city": "苏州市", "district": "吴中区", "detail": "金枫南路 198 号"}
    wrong = request.method == "POST" or "wrong" in request.GET
    problems: dict[str, list[Problem]] = {}
    if wrong:
        problems = {
            "email": [Problem("“info@examp1e” 不是完整的邮箱地址", "补上域名，例如 @example.com")],
            "uscc": [Problem("校验位不对", "核对第 18 位")],
        }
    rows = [
        kinds.form_field(
            f,
            value=values.get(f.key),
            text=texts.get(f.key, ""),
            problems=problems.get(f.key, ()),
            options_url="/options" if f.kind.key in ("link", "user") else "",
        )
        for f in FIELDS
    ]
    return page(request, "form", rows=rows, wrong=wrong)


@dataclass
class Problem:
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        return self.text


@access.public
def origin(request: HttpRequest) -> HttpResponse:
    template = engines["django"].from_string(
        '{% load gx %}{% origin_panel source="导入 · 客户名单2026.xlsx" who="王强" at=at %}'
    )
    return HttpResponse(template.render({"at": timezone.now()}, request))


@access.public
def options(request: HttpRequest) -> HttpResponse:
    q = request.GET.get("q", "")
    found = [n for n in ("恒达集团", "恒大地产", "上海恒瑞") if q in n]
    return HttpResponse(
        "".join(f'<li role="option" data-value="{i}" data-label="{n}">{n}</li>' for i, n in enumerate(found))
    )


@access.public
def boom(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("planted")


@access.public
def conflict(request: HttpRequest) -> HttpResponse:
    menu()
    if request.actor.user_id is None:
        request.actor = SimpleNamespace(user_id=3, name="李敏", can=lambda *a: True, theme="", kind="user")
    rows = [
        {
            "name": "phone",
            "label": "电话",
            "before": "138 0013 8000",
            "theirs": "139 0013 9000",
            "yours": "137 0013 7000",
        }
    ]
    return errors.conflict(request, rows, action="/conflict", carry=[("version", "4")])


@access.public
def error(request: HttpRequest, status: int) -> HttpResponse:
    return errors.answer(request, status)


@access.allow("customers.account", "view")
def allowed(request: HttpRequest) -> HttpResponse:
    return HttpResponse("allowed")


@access.allow("{room}.{noun}", "edit")
def by_url(request: HttpRequest, room: str, noun: str) -> HttpResponse:
    return HttpResponse(f"{room}.{noun}")


@access.signed_in
def mine(request: HttpRequest) -> HttpResponse:
    return HttpResponse("mine")


def forgotten(request: HttpRequest) -> HttpResponse:
    return HttpResponse("must never be seen")


@access.first_run
def first(request: HttpRequest) -> HttpResponse:
    return HttpResponse("first")
