"""The board in a real browser: a card moved by keyboard, mouse and menu; what is missing is asked; few cards in the document."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from guanxi.core.access import acting, actor_for
from guanxi.records import bulk, catalogue, write
from tests import make
from tests.journeys.conftest import PHONE

BOARD = "/customers/account/board?by=status"


def status_of(id_: int) -> str:
    return str(catalogue.get("customers.account").model.all_rows.get(pk=id_).status)


@pytest.fixture
def three(person: Any) -> dict[str, Any]:
    admin = person("admin", "administrator", name="王管理", language="")
    by = actor_for(admin)
    ids = [
        make.record(
            "customers.account", {"name": name, "kind": "company", "status": "lead", "annual_revenue": "1200"}, by=by
        )
        for name in ("北京大华机械有限公司", "上海远洋贸易有限公司", "Brightwater Foods Ltd")
    ]
    return {"admin": admin, "ids": ids}


def lane(page: Any, code: str) -> Any:
    return page.locator(f'[data-column="{code}"]')


def heads(page: Any, code: str, n: str) -> None:
    page.wait_for_function(
        "([code, n]) => document.querySelector(`[data-column='${code}'] [data-n]`).textContent === n", arg=[code, n]
    )


def test_a_card_is_moved_by_keyboard_and_taken_back(visitor: Any, three: dict[str, Any]) -> None:
    """CAP-1: pick up, over two columns, drop; Esc puts back; the live region says what happens; undo in the toast."""
    me = visitor(three["admin"], language="zh-CN")
    page = me.go(BOARD)
    card = three["ids"][1]
    say = page.locator("[data-board-say]")
    page.locator(f'[data-card="{card}"]').focus()
    page.keyboard.press("Space")
    expect(say).to_contain_text("远洋")
    page.keyboard.press("ArrowRight")
    expect(lane(page, "active").locator(f'[data-card="{card}"]')).to_have_count(1)
    page.keyboard.press("Escape")
    expect(lane(page, "lead").locator("[data-card]").nth(1)).to_have_attribute("data-card", str(card))
    assert status_of(card) == "lead"
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    heads(page, "dormant", "1")
    heads(page, "lead", "2")
    assert status_of(card) == "dormant"
    assert page.evaluate("document.activeElement.dataset.card") == str(card), "focus stays with the card"
    me.look("board-keyboard")
    page.evaluate("window.same = true")
    page.locator(".gx-toast form button").click()
    heads(page, "lead", "3")
    assert status_of(card) == "lead" and lane(page, "lead").locator("[data-card]").count() == 3
    assert lane(page, "lead").locator("[data-card]").nth(1).get_attribute("data-card") == str(card)
    assert page.evaluate("window.same && document.activeElement.dataset.card") == str(card), (
        "neither page nor focus is lost"
    )
    page.locator(".gx-toast form button").click()
    heads(page, "dormant", "1")
    assert status_of(card) == "dormant", "the taking back can be taken back"
    assert not me.found, me.found


def test_a_card_is_dragged_and_what_is_missing_is_asked(visitor: Any, three: dict[str, Any]) -> None:
    me = visitor(three["admin"], size=(1900, 1000), language="en-US")  # every column in sight
    page = me.go(BOARD)
    first, second = three["ids"][0], three["ids"][2]
    page.locator(f'[data-card="{first}"]').drag_to(lane(page, "active").locator("[data-cards]"))
    heads(page, "active", "1")
    assert status_of(first) == "active"
    page.locator(f'[data-card="{second}"]').drag_to(lane(page, "blocked").locator("[data-cards]"))
    dialog = page.locator("[data-board-ask]")
    dialog.locator("textarea").wait_for()
    page.keyboard.press("Escape")
    lane(page, "lead").locator(f'[data-card="{second}"]').wait_for()
    assert status_of(second) == "lead"
    page.locator(f'[data-card="{second}"]').drag_to(lane(page, "blocked").locator("[data-cards]"))
    dialog.locator("textarea").fill("does not pay")
    dialog.locator('button[type="submit"]').click()
    heads(page, "blocked", "1")
    assert status_of(second) == "blocked"
    assert not [line for line in me.found if "422" not in line], me.found


def test_a_colleague_was_faster(visitor: Any, three: dict[str, Any], person: Any) -> None:
    """The card goes where the colleague put it, and the page says who did."""
    me = visitor(three["admin"], language="en-US")
    page = me.go(BOARD)
    card = three["ids"][0]
    colleague = actor_for(person("li", "administrator", name="李敏"))
    with acting(colleague):
        write.save(colleague, catalogue.get("customers.account"), {"status": "active"}, id=card)
    page.locator(f'[data-card="{card}"]').focus()
    for key in ("Space", "ArrowRight", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    page.locator(".gx-toast", has_text="李敏").wait_for()
    lane(page, "active").locator(f'[data-card="{card}"]').wait_for()
    assert status_of(card) == "active"


def test_on_a_phone_by_menu(visitor: Any, three: dict[str, Any]) -> None:
    me = visitor(three["admin"], size=PHONE, language="zh-CN")
    page = me.go(BOARD)
    card = three["ids"][0]
    me.look("board-phone")
    page.locator(f'[data-card="{card}"] [data-board-menu]').click()
    page.locator('[data-board-to] [data-to="active"]').click()
    heads(page, "active", "1")
    assert status_of(card) == "active"


def test_a_thousand_cards_are_few_in_the_document(visitor: Any, three: dict[str, Any]) -> None:
    """Scrolled to the end every card was there once, and never more than some dozens at a time."""
    actor = actor_for(three["admin"])
    rows = [(i, {"name": f"客户 {i:04}", "kind": "company", "status": "active"}) for i in range(400)]
    bulk.load(actor, catalogue.get("customers.account"), iter(rows), columns=["name", "kind", "status"])
    page = visitor(three["admin"], language="zh-CN").go(BOARD)
    heads(page, "active", "400")
    seen, most = page.evaluate(
        """async () => {
            const lane = document.querySelector('[data-column="active"]'), scroll = lane.querySelector("[data-scroll]");
            const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            const seen = new Set(); let most = 0, latest = performance.now();
            while (seen.size < 400 && performance.now() - latest < 30000) {
                const before = seen.size;
                for (const card of lane.querySelectorAll("[data-card]")) seen.add(card.dataset.card);
                most = Math.max(most, lane.querySelectorAll("[data-card]").length);
                if (seen.size > before) latest = performance.now();
                scroll.scrollTop += 700;
                await drawn();
            }
            return [seen.size, most];
        }"""
    )
    assert seen == 400
    assert most < 120
    page.evaluate("""document.querySelector('[data-column="active"] [data-scroll]').scrollTop = 0""")
    page.locator('[data-column="active"] [data-card]', has_text="客户 0399").wait_for()
