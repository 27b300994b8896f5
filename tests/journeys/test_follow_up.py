"""Following up in a real browser: written down on the phone in a few touches, drafts kept, files dropped and pasted (ENG-1, CAP-1)."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from guanxi.core.access import acting, actor_for
from guanxi.engagement.models import Attachment, Interaction, Step
from guanxi.records import catalogue, write
from tests.journeys.conftest import PHONE

#: A browser that can listen; what it hears is what the test says.
EARS = """
class Ears extends EventTarget {
  start() { window.ears = this; }
  stop() { this.dispatchEvent(new Event("end")); }
  hear(...words) {
    const results = words.map((w) => Object.assign([{ transcript: w }], { isFinal: true }));
    this.dispatchEvent(Object.assign(new Event("result"), { results }));
  }
}
window.SpeechRecognition = Ears;
"""
DROP = """(box, [name, bytes, how]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name));
  if (how === "drop") box.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  else document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def customer(by: Any, **values: Any) -> str:
    actor = actor_for(by)
    with acting(actor):
        saved = write.save(
            actor, catalogue.get("customers.account"), {"name": "北京大华机械有限公司", "kind": "company", **values}
        )
    return f"/customers/account/{saved.id}/"


def live(model: Any) -> Any:
    return model.all_rows.filter(deleted_in__isnull=True)


def test_on_the_phone_in_a_few_touches(visitor: Any, person: Any) -> None:
    rep = person("rep", "sales", name="李销售")
    record = customer(rep)
    me = visitor(rep, size=PHONE)
    me.page.add_init_script(EARS)
    page = me.go(record)
    page.locator(".gx-method", has_text="拜访").click()
    page.locator("[data-voice]").click()
    page.evaluate("ears.hear('谈了价格，', '下周给答复')")
    expect(page.locator("[name=words]")).to_have_value("谈了价格，下周给答复")
    page.locator("[data-due]", has_text="3 天后").click()
    expect(page.locator("[data-due][aria-pressed=true]")).to_have_text("3 天后")
    me.look("composer")
    page.locator("#composer button[type=submit].btn-primary").click()
    expect(page.locator("#timeline")).to_contain_text("谈了价格，下周给答复")
    expect(page.locator("[name=words]")).to_have_value("")
    expect(page.locator(".gx-todo")).to_contain_text("再次跟进")
    assert live(Interaction).get().method == "visit" and live(Step).get().owner_id == rep.pk
    me.look("saved")

    # Done by one click; it goes from the list above to the time line.
    page.locator(".gx-todo button").click()
    expect(page.locator(".gx-todo")).to_have_count(0)
    expect(page.locator("#timeline")).to_contain_text("完成了：再次跟进")

    # The toast takes the last step back.
    with me.leaving():
        page.locator(".gx-toast form button").last.click()
    expect(page.locator(".gx-todo")).to_contain_text("再次跟进")
    me.calm()


def test_what_was_typed_is_not_lost(visitor: Any, person: Any) -> None:
    rep = person("rep", "sales", name="李销售")
    record, other = customer(rep), customer(rep, short_name="另一家")
    me = visitor(rep)
    page = me.go(record)
    page.fill("[name=words]", "打了电话")
    page.fill("[name=what]", "寄合同")
    me.go(other)
    expect(page.locator("[name=words]")).to_have_value("")  # drafts are of one record
    me.go(record)
    expect(page.locator("[name=words]")).to_have_value("打了电话")
    expect(page.locator("[data-composer-said]")).to_have_text("草稿已保存在本浏览器")

    # A next step without a day is refused; every word stays.
    page.locator("[name=words]").press("Control+Enter")
    expect(page.locator("#composer .gx-problem")).to_be_visible()
    expect(page.locator("[name=words]")).to_have_value("打了电话")
    expect(page.locator("[name=what]")).to_have_value("寄合同")
    expect(page.locator("[name=due]")).to_be_focused()
    page.locator("[data-due]").nth(1).click()

    # The Enter that ends a composition sends nothing.
    page.locator("[name=words]").evaluate(
        "e => e.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', ctrlKey: true, isComposing: true, bubbles: true}))"
    )
    assert not live(Interaction).exists()
    page.locator("[name=words]").press("Control+Enter")
    expect(page.locator("#timeline")).to_contain_text("打了电话")
    expect(page.locator("[name=words]")).to_be_focused()
    me.go(record)
    expect(page.locator("[name=words]")).to_have_value("")

    # Whoever signs out leaves no drafts behind.
    page.fill("[name=words]", "秘密")
    page.evaluate("document.querySelector('form[action*=\"sign-out\"]').requestSubmit()")
    page.wait_for_url("**/sign-in**")
    assert page.evaluate("Object.keys(sessionStorage).filter(k => k.startsWith('gx:draft:'))") == []


def test_files_are_dropped_pasted_and_refused(visitor: Any, person: Any) -> None:
    admin = person("admin", "administrator", name="王管理")
    me = visitor(admin)
    page = me.go(customer(admin))
    pdf, png = list(b"%PDF-1.7 x"), list(b"\x89PNG\r\n\x1a\n1234")
    box = page.locator("form[data-attachments]")
    box.evaluate(DROP, ["合同 2026.pdf", pdf, "drop"])
    expect(page.locator(".gx-file-list")).to_contain_text("合同 2026.pdf")
    expect(page.locator("#timeline")).to_contain_text("合同 2026.pdf")
    page.locator("form[data-attachments]").evaluate(DROP, ["截图.png", png, "paste"])
    expect(page.locator(".gx-file-list li")).to_have_count(2)
    page.locator("form[data-attachments]").evaluate(DROP, ["假.png", list(b"<html>"), "drop"])
    expect(page.locator("#files .gx-problem")).to_contain_text("假.png")
    assert live(Attachment).count() == 2
    me.look("files")
    with page.expect_download() as caught:
        page.locator(".gx-file-list a", has_text="合同").click()
    assert caught.value.suggested_filename == "合同 2026.pdf"

    # Only one sort of moments, and all again.
    page.locator("#timeline .gx-kind", has_text="附件").click()
    expect(page.locator("#timeline .gx-moment")).to_have_count(2)
    page.locator("#timeline .gx-kind", has_text="全部").click()
    expect(page.locator("#timeline .gx-moment")).to_have_count(3)
    me.calm()
