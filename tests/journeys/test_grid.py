"""A list worked in like a sheet: in place, with an input method composing, filled down, pasted from a spreadsheet, undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from guanxi.core.access import SYSTEM, acting, actor_for
from guanxi.core.identity.models import User
from guanxi.records import bulk, catalogue, write
from tests.journeys.conftest import PHONE, WAIT

LIST = "/customers/account/?cols=name,tier,phone,remark,created_at&sort=name"


def customers(user: User, n: int) -> list[int]:
    actor, entity = actor_for(user), catalogue.get("customers.account")
    with acting(actor):
        return [write.save(actor, entity, {"name": f"公司{i:02}", "kind": "company"}).id for i in range(n)]


def row(id_: int) -> Any:
    return catalogue.get("customers.account").model.all_rows.get(pk=id_)


def cell(page: Any, id_: int, column: int) -> Any:
    return page.locator(f'tr[data-id="{id_}"] > td').nth(column + 1)


def paste(page: Any, text: str) -> None:
    page.evaluate(
        """text => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        text,
    )


def test_a_list_is_worked_in_like_a_sheet(person: Callable[..., User], visitor: Callable[..., Any]) -> None:
    """CAP-1, MOD-8: Enter and Tab save and go on; Enter of an input method does not; what is wrong stays open; all is undone."""
    user = person("admin", "administrator")
    ids = customers(user, 4)
    v = visitor(user)
    page = v.go(LIST)
    v.look("grid")

    # An input method composes: its Enter belongs to it, the next one to the cell.
    cell(page, ids[0], 3).click()
    page.keyboard.press("Enter")
    editor = page.locator("#gx-cell-editor")
    editor.locator("textarea").wait_for()
    v.look("editor", themes=("light",))
    cdp = v.context.new_cdp_session(page)
    cdp.send("Input.imeSetComposition", {"text": "zhang", "selectionStart": 5, "selectionEnd": 5})
    page.evaluate(
        """() => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", {key: "Enter", keyCode: 229, isComposing: true, bubbles: true, cancelable: true}))"""
    )
    assert editor.locator("textarea").is_visible()
    assert row(ids[0]).remark == ""
    cdp.send("Input.insertText", {"text": "张三"})
    with v.answered("/grid"):
        page.keyboard.press("Enter")
    editor.wait_for(state="hidden")
    assert row(ids[0]).remark == "张三"
    page.wait_for_function(
        "id => document.activeElement.closest('tr')?.dataset.id === id", arg=str(ids[1])
    )  # Enter goes down

    # Typing replaces; a value that cannot be taken keeps the editor open with the reason, Esc gives up.
    cell(page, ids[0], 2).click()
    page.keyboard.type("12")
    expect(editor.locator("input[type=tel]")).to_have_value("12")
    with v.answered("/grid"):
        page.keyboard.press("Tab")
    editor.locator(".gx-problem").wait_for()
    assert "12" in editor.locator(".gx-problem").inner_text()
    page.keyboard.press("Escape")
    editor.wait_for(state="hidden")
    assert row(ids[0]).phone == ""
    page.keyboard.type("13800138000")
    expect(editor.locator("input[type=tel]")).to_have_value("13800138000")
    with v.answered("/grid"):
        page.keyboard.press("Tab")
    editor.wait_for(state="hidden")
    assert row(ids[0]).phone == "+8613800138000"

    # Fill down by Shift and arrows, copy without stray spaces.
    cell(page, ids[0], 2).click()
    for _ in range(2):
        page.keyboard.press("Shift+ArrowDown")
    with v.answered("/grid/paste"):
        page.keyboard.press("Control+d")
    page.wait_for_selector(f'tr[data-id="{ids[2]}"] a[href="tel:+8613800138000"]')
    copied = page.evaluate(
        """() => {
            const event = new ClipboardEvent("copy", {clipboardData: new DataTransfer(), bubbles: true, cancelable: true});
            document.activeElement.dispatchEvent(event);
            return event.clipboardData.getData("text/plain");
        }"""
    )
    assert copied.split("\n")[0].replace("+86", "") == "13800138000" and " " not in copied

    # The corner of a cell drawn over the cells below, with the mouse; Esc lets go; Undo in the notice.
    def handle() -> tuple[float, float]:
        page.locator(".gx-cell-handle").wait_for()
        box = page.locator(".gx-cell-handle").bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def middle(id_: int) -> tuple[float, float]:
        box = cell(page, id_, 3).bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    cell(page, ids[0], 3).click()
    page.mouse.move(*handle())
    page.mouse.down()
    page.mouse.move(*middle(ids[3]), steps=4)
    assert page.locator("td[data-fill]").count() == 3
    v.look("fill-handle", themes=("light",))
    page.keyboard.press("Escape")
    page.mouse.up()
    assert page.locator("td[data-fill]").count() == 0 and row(ids[1]).remark == ""
    page.mouse.move(*handle())
    page.mouse.down()
    page.mouse.move(*middle(ids[2]), steps=4)
    with v.answered("/grid/paste"):
        page.mouse.up()
    page.wait_for_function(
        "id => document.querySelector(`tr[data-id='${id}']`).textContent.includes('张三')", arg=str(ids[2])
    )
    assert [row(i).remark for i in ids] == ["张三", "张三", "张三", ""]
    with v.leaving():
        page.locator("#toasts .gx-toast form button").last.click()
    assert [row(i).remark for i in ids] == ["张三", "", "", ""]

    # And with a finger.
    cell(page, ids[0], 3).click()
    cdp.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
    (x, y), (_, to) = handle(), middle(ids[1])
    cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 5):
        point = {"x": x, "y": y + (to - y) * step / 4}
        cdp.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    with v.answered("/grid/paste"):
        cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function(
        "id => document.querySelector(`tr[data-id='${id}']`).textContent.includes('张三')", arg=str(ids[1])
    )
    cdp.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    with v.leaving():
        page.locator("#toasts .gx-toast form button").last.click()
    assert row(ids[1]).remark == ""

    # A range from a spreadsheet: looked at, put in as one step, taken back from the notice.
    cell(page, ids[0], 2).click()
    paste(page, '13900139000\t"zwei\nZeilen"\n12\tb\n')
    page.wait_for_selector("[data-paste-apply]")
    v.look("paste", themes=("light",))
    with v.answered("/grid/paste"):
        page.click("[data-paste-apply]")
    page.wait_for_selector(f'tr[data-id="{ids[0]}"] a[href="tel:+8613900139000"]')
    assert (row(ids[0]).remark, row(ids[1]).remark, row(ids[1]).phone) == ("zwei\nZeilen", "b", "+8613800138000")
    with v.leaving():
        page.locator("#toasts .gx-toast form button").last.click()
    assert (row(ids[0]).remark, row(ids[1]).remark) == ("张三", "")
    v.calm(refused=422)


@pytest.mark.usefixtures("worker")
def test_five_thousand_rows_are_changed_in_the_background_and_come_back(
    person: Callable[..., User], visitor: Callable[..., Any]
) -> None:
    """CAP-1: all that match, across pages, with progress that a reload does not lose, a balance that adds up, and Undo in its notice."""
    user = person("admin", "administrator", language="en")
    entity = catalogue.get("customers.account")
    with acting(SYSTEM):
        given = [
            (i, {"name": f"Firm {i:04}", "kind": "company", "tier": "key" if i % 2 else "regular"}) for i in range(5000)
        ]
        given += [(5000 + i, {"name": f"Small {i}", "kind": "company", "tier": "small"}) for i in range(30)]
        given.append((6000, {"name": "Another", "kind": "company", "tier": "key", "status": "lost"}))
        bulk.load(SYSTEM, entity, given, columns=["name", "kind", "tier", "status"])
    live = entity.model.all_rows.filter(deleted_in__isnull=True)
    before = dict(live.values_list("pk", "tier"))
    v = visitor(user, language="en-US")
    page = v.go("/customers/account/?f.status.none=lost&cols=name,tier")
    page.check("[data-row-all]")
    expect(page.locator("[data-select-count]")).to_contain_text("50")
    page.check("[data-select-everything]")
    expect(page.locator("[data-select-count]")).to_contain_text("5,030")
    with v.answered("/bulk"):
        page.click('[data-select-bar] button[value="edit"]')
    page.locator("#gx-dialog select[name=tier]").select_option("small")
    expect(page.locator("#gx-dialog h2")).to_contain_text("5,030")
    v.look("bulk", themes=("light",))
    with v.answered("/bulk"):
        page.click("#gx-dialog .gx-dialog-foot button[type=submit]")
    page.wait_for_selector(".gx-tray-item")
    page.reload()
    page.wait_for_selector('.gx-tray-item[data-work-state="done"]', timeout=5 * WAIT)
    said = page.locator(".gx-tray-item").inner_text()
    assert "5,000 changed" in said and "30 were so already" in said
    assert live.filter(tier="small").count() == 5030
    assert live.get(name="Another").tier == "key"
    v.look("tray")
    first = page.locator(".gx-tray-item").get_attribute("data-work")
    page.click(".gx-tray-item form button")
    page.wait_for_selector(
        f'.gx-tray-item[data-work-state="done"]:not([data-work="{first}"]):has-text("5,000")', timeout=5 * WAIT
    )
    assert dict(live.values_list("pk", "tier")) == before
    page.click("[data-work-close]")
    v.go("/customers/account/")
    assert page.locator(".gx-tray-item").count() == 0


def test_a_cell_is_changed_with_a_thumb(person: Callable[..., User], visitor: Callable[..., Any]) -> None:
    """CAP-1: on a phone a tap marks the cell and shows a pencil, which opens the editor."""
    user = person("admin", "administrator")
    ids = customers(user, 2)
    actor, entity = actor_for(user), catalogue.get("customers.account")
    with acting(actor):
        write.save(actor, entity, {"tier": "key"}, id=ids[0])
    v = visitor(user, size=PHONE)
    page = v.go(LIST)
    cell(page, ids[0], 1).tap()
    page.locator(".gx-cell-pencil").tap()
    editor = page.locator("#gx-cell-editor select")
    editor.wait_for()
    v.look("thumb")
    with v.answered("/grid"):
        editor.select_option("small")
    page.wait_for_selector("#gx-cell-editor", state="hidden")
    assert row(ids[0]).tier == "small"
    page.locator("input[data-row]").first.check()
    v.look("bar", themes=("light",))
