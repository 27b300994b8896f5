"""Records in the hands of people: two who save at once, a field of one's own, what a role may not see, many rows at once."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from guanxi.core.access import acting, actor_for
from guanxi.core.journal.models import ChangeSet
from guanxi.customers.models import Account
from guanxi.records import catalogue, write
from tests.journeys.conftest import PHONE

ACCOUNTS = "/customers/account/"


def customer(by: Any, name: str, **values: Any) -> str:
    """A customer's address."""
    actor = actor_for(by)
    with acting(actor):
        saved = write.save(actor, catalogue.get("customers.account"), {"name": name, "kind": "company", **values})
    return f"{ACCOUNTS}{saved.id}/"


def test_two_save_at_once(visitor: Any, person: Any) -> None:
    admin = person("admin", "administrator", name="王管理")
    record = customer(admin, "北京大华机械有限公司", short_name="大华")
    me, other = visitor(admin), visitor(person("wu", "administrator", name="吴双"))
    mine, theirs = me.go(record + "edit"), other.go(record + "edit")
    theirs.fill("[name=short_name]", "大华机械")
    with other.leaving():
        theirs.click(".gx-form-foot .btn-primary")
    other.look("their-toast")
    mine.fill("[name=short_name]", "北京大华")
    mine.fill("[name=english_name]", "Dahua Machinery")
    with me.leaving():
        mine.click(".gx-form-foot .btn-primary")
    text = mine.locator(".gx-diff").inner_text()
    assert "大华机械" in text and "北京大华" in text, text
    me.look("conflict", refused=409)
    mine.locator("[data-side=yours] input").first.check()
    with me.leaving():
        mine.click(".gx-card-foot .btn-primary, .gx-form-foot .btn-primary")
    expect(mine.locator("#value-short_name")).to_have_text("北京大华")
    expect(mine.locator("#value-english_name")).to_have_text("Dahua Machinery")
    me.look("record")

    # The toast takes the last step back.
    with me.leaving():
        mine.click(".gx-toast form button")
    expect(mine.locator("#value-short_name")).to_have_text("大华机械")
    me.calm()
    other.calm()


def test_own_field_and_filter(visitor: Any, person: Any) -> None:
    admin = person("admin", "administrator", name="王管理")
    first = customer(admin, "北京大华机械有限公司")
    customer(admin, "上海远洋贸易有限公司")
    me = visitor(admin)
    page = me.go("/settings/fields/customers.account/")
    me.look("fields")
    with me.leaving():
        page.keyboard.press("n")
    page.fill("[name=label_zh]", "合同编号")
    page.fill("[name=label_en]", "Contract number")
    me.look("new-field")
    with me.leaving():
        page.click(".gx-form-foot .btn-primary")
    assert "合同编号" in page.locator("main").inner_text()
    key = page.locator("td.gx-lead small").first.inner_text().strip()

    me.go(first)
    with me.leaving():
        page.keyboard.press("e")
    me.look("form")
    page.fill(f"[name='{key}']", "HT-2026-018")
    # What was typed is not lost by a slip: the browser asks before it leaves.
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    with page.expect_event("dialog"):
        page.click(".gx-crumbs a >> nth=0", no_wait_after=True)
    assert asked == ["beforeunload"]
    # Enter ends the composition of an input method and sends nothing.
    page.focus(f"[name='{key}']")
    page.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent("
        "'keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
    )
    page.wait_for_timeout(100)
    assert page.url.endswith("/edit")
    with me.leaving():
        page.keyboard.press("Control+Enter")
    expect(page.locator(f"#value-{key}")).to_have_text("HT-2026-018")

    me.go(ACCOUNTS)
    page.keyboard.press("f")
    page.wait_for_selector("#gx-dialog[open] [data-filter-field]")
    page.select_option("[data-filter-field]", key)
    me.look("filter")
    page.fill("[data-filter-value] input", "HT-2026")
    with me.leaving():
        page.click("#gx-dialog .gx-dialog-foot .btn-primary")
    expect(page.locator("td.gx-lead")).to_have_count(1)
    expect(page.locator("td.gx-lead")).to_contain_text("北京大华")
    me.look("filtered")
    page.click(".gx-chip-x")
    expect(page.locator("td.gx-lead")).to_have_count(2)

    # The column chooser: shown, moved up, in the address.
    page.click(f"a[href^='{ACCOUNTS}columns']")
    page.wait_for_selector("#gx-dialog[open] [data-columns]")
    line = page.locator("[data-columns] li", has=page.locator(f"[value='{key}']"))
    line.locator("input").check()
    for _step in range(60):
        if line.evaluate("li => [...li.parentElement.children].indexOf(li)") == 1:
            break
        line.locator("[data-move='-1']").click()
    me.look("columns")
    with me.leaving():
        page.click("#gx-dialog .gx-dialog-foot .btn-primary")
    expect(page.locator("thead th").nth(2)).to_contain_text("合同编号")
    me.look("list")

    # A view of one's own: kept, and a tab from then on.
    page.click(f"a[href^='{ACCOUNTS}views']")
    page.wait_for_selector("#gx-dialog[open] [name=name]")
    page.fill("#gx-dialog [name=name]", "有合同的")
    me.look("view")
    page.press("#gx-dialog [name=name]", "Enter")
    expect(page.locator(".gx-tabs")).to_contain_text("有合同的")
    me.look("views")


def test_many_rows_at_once(visitor: Any, person: Any) -> None:
    admin = person("admin", "administrator", name="王管理")
    person("lina", "sales", name="李娜")
    for name in ("北京大华机械有限公司", "上海远洋贸易有限公司", "广州明珠食品厂", "深圳蓝海科技有限公司"):
        customer(admin, name)
    me = visitor(admin)
    page = me.go(ACCOUNTS)
    boxes = page.locator("input[data-row]")
    bar = page.locator("[data-select-bar]")
    expect(bar).to_be_hidden()
    boxes.nth(0).click()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.locator("tr[data-chosen]")).to_have_count(3)
    expect(page.locator("[data-select-count]")).to_contain_text("3")
    me.look("chosen")
    page.locator("[data-row-all]").check()
    expect(page.locator("tr[data-chosen]")).to_have_count(4)
    page.click("[data-select-none]")
    expect(bar).to_be_hidden()
    boxes.nth(0).click()
    boxes.nth(1).click()
    page.click("[data-select-bar] [value=assign]")
    page.wait_for_selector("#gx-dialog[open] [role=combobox]")

    # A link: typed with an input method, chosen with the keyboard.
    box = page.locator("#gx-dialog [role=combobox]")
    options = page.locator("#gx-dialog [role=option]")
    box.focus()
    box.evaluate("e => e.dispatchEvent(new InputEvent('input', {isComposing: true, bubbles: true}))")
    page.wait_for_timeout(250)
    expect(options).to_have_count(0)
    box.fill("李")
    expect(options).to_have_count(1)
    me.look("assign")
    box.press("Enter")
    expect(box).to_have_value("李娜")
    page.click("#gx-dialog .gx-dialog-foot .btn-primary")
    toast = page.locator(".gx-toast[data-level=success]")
    expect(toast).to_be_visible()
    expect(page.locator("tbody")).to_contain_text("李娜")
    me.look("assigned")
    assert Account.all_rows.filter(owner__name="李娜").count() == 2
    with me.leaving():
        toast.locator("form button").click()
    expect(page.locator("tbody")).not_to_contain_text("李娜")
    assert Account.all_rows.filter(owner__name="李娜").count() == 0
    me.look("taken-back")


def test_masked_until_revealed(visitor: Any, person: Any) -> None:
    admin = person("admin", "administrator", name="王管理")
    record = customer(admin, "北京大华机械有限公司", phone="+861088886666", email="info@dahua.example.com")
    marketer = visitor(person("lin", "marketing", name="林雨萱"))
    page = marketer.go(record)
    value = page.locator("#value-email")
    assert "info@dahua" not in page.content() and "88886666" not in page.content().replace(" ", "")
    expect(value.locator(".gx-masked")).to_have_count(1)
    expect(page.locator("[hx-post*='/reveal/']")).to_have_count(0)
    marketer.look("masked")

    # Whoever may, looks; it is written down that they did.
    boss = visitor(_unmasker(person), language="en-US")
    page = boss.go(record)
    expect(page.locator("#value-email .gx-masked")).to_have_count(1)
    boss.look("masked-with-eye")
    with boss.answered("/reveal/email"):
        page.locator(".gx-fact", has=page.locator("#value-email")).locator("[hx-post*='/reveal/']").click()
    expect(page.locator("#value-email")).to_contain_text("info@dahua.example.com")
    boss.look("revealed")
    noted = ChangeSet.objects.filter(action="reveal").get()
    assert noted.actor_name == "Eve" and noted.detail["field"] == "email"
    page = visitor(admin).go(f"/journal/{noted.pk}")
    assert "Eve" in page.locator("h1").inner_text()


def _unmasker(person: Any) -> Any:
    """Somebody who sees personal data masked and may lift the mask."""
    from guanxi.core.access.models import ANY, Grant, Role
    from guanxi.core.org.versions import bump

    role = Role.objects.get(key="marketing")
    Grant.objects.create(role=role, entity=ANY, action="unmask", scope="all")
    bump("access")
    return person("eve", "marketing", name="Eve", language="en")


def test_on_the_phone(visitor: Any, person: Any) -> None:
    rep = person("chen", "sales", name="陈伟")
    record = customer(rep, "北京大华机械有限公司", phone="+861088886666", owner=rep.pk)
    me = visitor(rep, size=PHONE)
    page = me.go("/")
    me.look("home")
    menu, opener = page.locator("#gx-menu"), page.locator("button[data-menu-open]")
    expect(menu).to_be_hidden()
    page.click("button[data-menu-open]")
    expect(menu).to_be_visible()
    assert page.evaluate("document.querySelector('#gx-menu').contains(document.activeElement)")
    assert page.evaluate("document.querySelector('.gx-column').inert")
    me.look("menu")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    page.click("button[data-menu-open]")
    page.mouse.click(380, 400)
    expect(menu).to_be_hidden()
    page.click("button[data-menu-open]")
    with me.leaving():
        page.click(f"#gx-menu a[href='{ACCOUNTS}']")
    expect(opener).to_have_attribute("aria-expanded", "false")
    me.look("list")
    with me.leaving():
        page.click("td.gx-lead a")
    assert page.url.endswith(record)
    me.look("record")
    me.go(record + "edit")
    me.look("form")
    me.go("/me")
    me.look("me")


def test_language_and_theme_on_the_way(visitor: Any, person: Any) -> None:
    rep = person("chen", "sales", name="陈伟", language="")
    record = customer(rep, "北京大华机械有限公司", owner=rep.pk)
    me = visitor(rep)
    page = me.go(record)
    root = page.locator("html")
    expect(root).to_have_attribute("lang", "zh-Hans")
    page.click('[popovertarget="gx-prefer"]')
    me.look("preferences")
    with me.answered("/preferences"):
        page.click("#gx-prefer [value=dark]")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
    with me.leaving():
        page.click("#gx-prefer [value=en]")
    assert page.url.endswith(record)
    expect(root).to_have_attribute("lang", "en")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    assert not any("\u4e00" <= ch <= "\u9fff" for ch in page.locator(".gx-menu nav").inner_text())
    me.look("english-dark")
    page.click('[popovertarget="gx-prefer"]')
    with me.answered("/preferences"):
        page.click("#gx-prefer [value=compact]")
    expect(root).to_have_attribute("data-density", "compact")

    # It is kept in the account: another device knows it.
    other = visitor(rep)
    page = other.go(ACCOUNTS)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    other.calm()
    me.calm()
