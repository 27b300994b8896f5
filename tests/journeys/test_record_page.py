"""The record page in somebody's hands: values changed where they stand, with an input method too, and where they come from."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from guanxi.core.access import acting, actor_for
from guanxi.records import catalogue, write
from tests.journeys.test_records import customer

COMPOSING = """key => document.activeElement.dispatchEvent(
    new KeyboardEvent('keydown', {key, isComposing: true, keyCode: 229, bubbles: true, cancelable: true}))"""


def test_values_are_changed_where_they_stand(visitor: Any, person: Any) -> None:
    """CAP-1, MOD-5, ENG-1: click, IME, Tab, Esc, E, a wrong value, two at once, origin by keyboard, undo from the toast."""
    admin = person("admin", "administrator", name="王管理")
    record = customer(admin, "北京大华机械有限公司", short_name="大华", email="a@dahua.example")
    me = visitor(admin)
    page = me.go(record)
    page.locator("#fact-short_name dd").click()
    field = page.locator("#cell-form [name=short_name]")
    expect(field).to_be_focused()
    field.fill("大华机")
    for key in ("Enter", "Tab", "Escape"):  # the input method's own keys: nothing is saved, moved or dropped
        page.evaluate(COMPOSING, key)
    expect(field).to_have_value("大华机")
    field.fill("大华机械")
    with me.answered("/cell/short_name") as answer:
        page.keyboard.press("Tab")
    assert answer.value.status == 200
    expect(page.locator("#value-short_name")).to_have_text("大华机械")
    expect(page.locator("#cell-form [name=owner__text]")).to_be_focused()  # one answer saved and opened the next
    page.keyboard.press("Escape")
    expect(page.locator("#cell-form")).to_have_count(0)
    expect(page.locator("#fact-owner [data-fact-edit]")).to_be_focused()

    page.locator("#fact-email [data-fact-edit]").focus()
    page.keyboard.press("e")
    page.locator("#cell-form [name=email]").fill("nonsense")
    page.keyboard.press("Enter")
    expect(page.locator("#cell-form .gx-problem")).to_be_visible()
    me.look("wrong-value")
    page.locator("#cell-form [name=email]").fill("b@dahua.example")
    page.keyboard.press("Enter")
    expect(page.locator("#value-email")).to_have_text("b@dahua.example")
    expect(page.locator("#fact-email [data-fact-edit]")).to_be_focused()

    page.locator("#fact-email [data-origin]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#gx-origin")).to_contain_text("a@dahua.example")
    expect(page.locator("#gx-origin")).to_be_focused()
    me.look("origin")
    page.keyboard.press("Escape")
    expect(page.locator("#fact-email [data-origin]")).to_be_focused()

    # Somebody else saves while the editor stands open: both values are there to choose from.
    page.locator("#fact-short_name dd").click()
    expect(field).to_be_focused()
    actor = actor_for(admin)
    with acting(actor):
        write.save(
            actor, catalogue.get("customers.account"), {"short_name": "华机"}, id=int(record.rstrip("/").split("/")[-1])
        )
    field.fill("大华厂")
    page.keyboard.press("Enter")
    expect(page.locator("#gx-dialog .gx-diff")).to_contain_text("华机")
    expect(page.locator("#gx-dialog .gx-diff")).to_contain_text("大华厂")
    me.look("conflict", refused=409)
    page.locator("#gx-dialog button[type=submit]").click()
    expect(page.locator("#value-short_name")).to_have_text("大华厂")
    with me.leaving():
        page.locator(".gx-toast", has=page.locator("form")).last.locator("form button").click()
    expect(page.locator("#value-short_name")).to_have_text("华机")
    me.calm(refused=409)
