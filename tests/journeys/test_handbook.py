"""The handbook's pictures (OPS-5), taken on the way through the pages they show: what changes there changes here, or fails.

`GUANXI_PICTURES=1` writes them to docs/handbook/img; without it the way is gone all the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from guanxi.core.access import actor_for
from guanxi.core.identity.models import User
from guanxi.insight.models import Dashboard
from tests import make

HANDBOOK = Path(__file__).parents[2] / "docs" / "handbook"
SIZE = (1280, 800)
ACCOUNTS = "/customers/account/"
NAMES = {
    "zh": (
        ("北京大华机械有限公司", "active"), ("上海远洋贸易有限公司", "lead"), ("深圳前海数据科技有限公司", "active"),
        ("杭州西溪食品有限公司", "lead"), ("成都天府连锁药房", "dormant"), ("广州白云服装集团", "active"),
        ("张三", "active"), ("赵思", "lead"),
    ),
    "en": (
        ("Brightwater Foods Ltd", "active"), ("Northgate Tools Inc.", "lead"), ("Harbour Data Systems", "active"),
        ("Acorn Trading Co.", "lead"), ("Riverside Pharmacies", "dormant"), ("Summit Apparel Group", "active"),
        ("Zoe Summers", "active"), ("Zachary Stone", "lead"),
    ),
}  # fmt: skip
WORDS = {
    "zh": ("客户确认了新产线的轴承型号，希望下周看到报价。", "发报价单", "陈伟"),
    "en": (
        "They confirmed the bearings for the new line and would like the offer next week.",
        "Send the offer",
        "Wei Chen",
    ),
}


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def rep(person: Callable[..., User], language: str) -> User:
    """Somebody with a few customers, orders over some months and next steps."""
    user = person("chen", "administrator", name=WORDS[language][2], language={"zh": "zh-hans", "en": "en"}[language])
    by, now = actor_for(user), timezone.now()
    for n, (name, status) in enumerate(NAMES[language]):
        values = {"name": name, "status": status, "owner": user.pk, "tier": ("key", "regular")[n % 2]}
        if n < 6:
            account = make.account(
                by=by, phone=f"+861088886{n}66", annual_revenue=str(1_200_000 * (n + 1)), currency="CNY", **values
            )
        else:
            account = make.person(by=by, mobile=f"1380013800{n}", email=f"z{n}@example.com", **values)
        for k in range(n % 3 + 1):
            when = now - timedelta(days=31 * k + 3 * n + 1)
            make.order(
                account, [{"description": "6204", "quantity": 10 + n, "unit_price": "98.50"}], by=by, ordered_at=when
            )
        if n % 4:
            make.step(account, (now + timedelta(days=n % 4 - 2)).date(), WORDS[language][1], by=by, owner=user.pk)
    return user


class Camera:
    """Takes the pictures that the handbook asks for, and knows which it took."""

    def __init__(self, page: Any, language: str) -> None:
        self.page, self.language = page, language
        self.taken: set[str] = set()

    def take(self, name: str) -> None:
        self.taken.add(f"{self.language}-{name}.png")
        if os.environ.get("GUANXI_PICTURES"):
            place = HANDBOOK / "img"
            place.mkdir(exist_ok=True)
            self.page.screenshot(path=place / f"{self.language}-{name}.png")


def test_the_pictures_of_the_handbook(visitor: Callable[..., Any], rep: User, language: str) -> None:
    me = visitor(rep, size=SIZE, language={"zh": "zh-CN", "en": "en-US"}[language], color_scheme="light")
    make.marts()
    page = me.go("/")
    camera = Camera(page, language)

    page.keyboard.press("Control+k")
    with page.expect_response(lambda answer: "q=" in answer.url):
        page.locator("[data-palette] input").fill({"zh": "zs", "en": "zo"}[language])
    expect(page.get_by_role("option").filter(has_text=NAMES[language][6][0]).first).to_be_visible()
    camera.take("palette")
    page.keyboard.press("Escape")

    me.go(ACCOUNTS)
    page.locator("tbody tr[data-id]").nth(2).locator("td").nth(5).click()
    page.keyboard.press("Enter")
    expect(page.locator("#gx-cell-editor")).to_be_visible()
    camera.take("list")
    page.keyboard.press("Escape")

    me.go(f"{ACCOUNTS}board?by=status")
    expect(page.locator("[data-cards] > *").first).to_be_visible()
    camera.take("board")

    me.go(ACCOUNTS)
    with me.leaving():
        page.get_by_role("link", name=NAMES[language][0][0]).first.click()
    words, step, _name = WORDS[language]
    page.locator("#composer textarea[name=words]").fill(words)
    page.locator("#composer [name=what]").fill(step)
    page.locator("#composer [data-due]").nth(1).click()
    page.locator("#composer").scroll_into_view_if_needed()
    camera.take("follow-up")
    with me.answered("/engagement/"):
        page.locator("#composer button[type=submit]").click()
    expect(page.locator("#timeline, .gx-timeline, .gx-moments").first).to_contain_text(words[:10])
    page.evaluate("scrollTo(0, 0)")
    page.locator(".gx-toast").first.wait_for(state="visible")
    page.locator(".gx-toast button[data-toast-close], .gx-toast [aria-label]").first.click()
    camera.take("record")

    board = Dashboard.objects.get(key="overview")
    me.go(f"/insight/dashboards/{board.pk}/?period=all")
    expect(page.locator(".gx-dash-tile .gx-wait")).to_have_count(0)
    page.wait_for_function("() => [...document.querySelectorAll('[data-chart]')].every(e => e.querySelector('canvas'))")
    camera.take("dashboard")

    me.calm()
    assert camera.taken == shown(language), "the handbook shows these pictures, and no others"


def shown(language: str) -> set[str]:
    """The pictures that the handbook's pages of one language name."""
    pages = (HANDBOOK / language).glob("*.md")
    return {name for page in pages for name in re.findall(r"\.\./img/([\w-]+\.png)", page.read_text(encoding="utf-8"))}


def test_every_picture_is_there_and_shown() -> None:
    there = {path.name for path in (HANDBOOK / "img").glob("*.png")}
    assert there == shown("zh") | shown("en")
