"""Finding and asking: the palette by pinyin and last digits, a filter on related records shared with a colleague, a figure's records."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from guanxi.core.access import actor_for
from guanxi.core.identity.models import User
from guanxi.insight.models import Dashboard
from guanxi.records import catalogue, write
from tests import make
from tests.journeys.conftest import PHONE, WIDE

ACCOUNTS = "/customers/account/"
MODIFIER = "Control"


@pytest.fixture
def customers(person: Callable[..., User]) -> dict[str, Any]:
    rep = person("chen", "sales", name="陈伟", language="")
    by = actor_for(rep)
    zhang = make.person(by=by, name="张三", mobile="13800138000", owner=rep.pk)
    li = make.person(by=by, name="李四", mobile="13900139111", owner=rep.pk)
    buyer = make.account(by=by, name="北京大华机械有限公司", owner=rep.pk)
    for _ in range(3):
        make.order(buyer, [{"description": "轴承", "quantity": 1, "unit_price": "9.90"}], by=by)
    make.order(zhang, [{"description": "轴承", "quantity": 1, "unit_price": "9.90"}], by=by)
    return {"rep": rep, "zhang": zhang, "li": li, "buyer": buyer, "manager": person("admin", "administrator")}


@pytest.mark.parametrize(
    ("size", "language"), [(WIDE, "zh-CN"), (WIDE, "en-US"), (PHONE, "zh-CN"), (PHONE, "en-US")],
    ids=["desk-zh", "desk-en", "phone-zh", "phone-en"],
)  # fmt: skip
def test_zhang_san_is_found_by_initials_and_by_the_last_four_digits(
    visitor: Callable[..., Any], customers: dict[str, Any], size: tuple[int, int], language: str
) -> None:
    """The palette, by keyboard alone at a desk and by thumb on a phone."""
    me = visitor(customers["rep"], size=size, language=language)
    page = me.go("/")
    palette = page.locator("[data-palette]")
    for words in ("zs", "zhangs", "8000", "张"):
        if size == PHONE:
            page.locator("[data-palette-open]:visible").first.click()
        else:
            page.keyboard.press(f"{MODIFIER}+k")
        expect(palette).to_be_visible()
        with page.expect_response(lambda answer: "q=" in answer.url):
            palette.locator("input").fill(words)
        option = palette.get_by_role("option").filter(has_text="张三").first
        expect(option).to_be_visible()
        expect(palette.get_by_role("option").filter(has_text="李四")).to_have_count(0)
        me.look(f"palette-{words}", themes=("light", "dark") if words == "zs" else ("light",))
        with me.leaving():
            if size == PHONE:
                option.click()
            else:
                expect(palette.locator('[aria-selected="true"]')).to_contain_text("张三")
                page.keyboard.press("Enter")
        assert page.url.endswith(f"{ACCOUNTS}{customers['zhang']}/")
    me.calm()


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_a_question_about_related_records_is_saved_and_shared(
    visitor: Callable[..., Any], customers: dict[str, Any], person: Callable[..., User], language: str
) -> None:
    """MOD-8: built without a manual, shared with everybody; a colleague sees of it what is theirs to see."""
    me = visitor(customers["rep"], language=language)
    page = me.go(ACCOUNTS)
    page.locator("[data-key=f]").click()
    builder = page.locator("dialog [data-filter-builder]")
    with page.expect_response(lambda answer: "filters/related" in answer.url):
        builder.locator("[data-filter-relation]").select_option("trade.order.account")
    builder.locator(".gx-filter-n").fill("2")
    me.look("builder")
    with me.leaving():
        builder.locator("button[type=submit]").click()
    rows = page.locator("tbody tr[data-id]")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("北京大华机械有限公司")
    assert "h1=trade.order.account" in page.url
    me.look("asked")

    page.locator("[hx-get*='/views'], a[href*='/views']").first.click()
    dialog = page.locator("dialog[open]")
    dialog.locator("[name=name]").fill("买过两次")
    dialog.locator("[name=audience][value=everybody]").check()
    with me.leaving():
        dialog.locator("form[action$='views/save'] button[type=submit]").click()
    expect(page.get_by_role("link", name="买过两次")).to_be_visible()

    # A colleague has the same question and their own range: nobody's order is told.
    colleague = person("lin", "sales", name="林雨萱", language="")
    theirs = visitor(colleague, language=language)
    page = theirs.go(ACCOUNTS)
    with theirs.leaving():
        page.get_by_role("link", name="买过两次").click()
    expect(page.locator("tbody tr[data-id]")).to_have_count(0)
    assert "大华" not in page.content()
    theirs.look("colleague")

    # Somebody who may see no orders at all gets the list without that condition, and is told so.
    service = visitor(person("fu", "privacy", name="傅合规", language=""), language=language)
    page = service.go(ACCOUNTS)
    if page.get_by_role("link", name="买过两次").count():
        with service.leaving():
            page.get_by_role("link", name="买过两次").click()
        service.calm()


def test_a_figure_opens_exactly_its_records(
    visitor: Callable[..., Any], customers: dict[str, Any], person: Callable[..., User]
) -> None:
    """INS-7: from a tile to the records behind it, and it is the same number; the same for everybody who sees the same."""
    make.marts()
    board = Dashboard.objects.get(key="overview")
    me = visitor(customers["rep"])
    page = me.go(f"/insight/dashboards/{board.pk}/?period=all")
    expect(page.locator(".gx-dash-tile .gx-wait")).to_have_count(0)
    me.look("dashboard")
    figure = page.locator(".gx-dash-number a", has_text=re.compile(r"^\s*\d+\s*$")).first  # a count, not a sum
    number = int(figure.inner_text())
    assert number > 0
    with me.leaving():
        figure.click()
    expect(page.locator("tbody tr")).to_have_count(number)
    me.calm()


def test_what_is_deleted_is_no_longer_found(visitor: Callable[..., Any], customers: dict[str, Any]) -> None:
    me = visitor(customers["rep"])
    write.delete(actor_for(customers["manager"]), catalogue.get("customers.account"), customers["li"])
    page = me.go("/")
    page.keyboard.press(f"{MODIFIER}+k")
    with page.expect_response(lambda answer: "q=" in answer.url):
        page.locator("[data-palette] input").fill("9111")
    expect(page.locator("[data-palette] .gx-palette-none")).to_be_visible()
    expect(page.locator("[data-palette] [role=option]").filter(has_text="李四")).to_have_count(0)
    me.calm()
