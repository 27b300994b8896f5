"""A file comes in, a value tells where it is from, and the file goes out again without what people did since."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import PHONE

HEADER = ["客户编号", "客户名称", "客户类型", "手机", "邮箱", "备注"]
ROWS = [
    ["K001", "北京大华机械有限公司", "企业", "138 0013 8000", "info@dahua.example.com", "展会认识"],
    ["K002", "上海远洋贸易有限公司", "企业", "13900139000", "sales@yuanyang.example.com", ""],
    ["K003", "广州明珠食品厂", "企业", "138", "nowhere", "电话有误"],
    ["K004", "深圳蓝海科技有限公司", "企业", "13700137000", "hi@lanhai.example.com", "重点"],
]  # fmt: skip


@pytest.fixture
def gbk(tmp_path: Path) -> Path:
    """A list as Excel in China saves it: GBK, Chinese headers."""
    out = io.StringIO()
    csv.writer(out).writerows([HEADER, *ROWS])
    file = tmp_path / "客户名单.csv"
    file.write_bytes(out.getvalue().encode("gbk"))
    return file


def test_import_edit_origin_undo(visitor: Any, person: Any, worker: None, gbk: Path) -> None:
    me = visitor(person("admin", "administrator", name="王管理"))
    page = me.go("/intake/import/")
    me.look("import")
    page.set_input_files("input[name=file]", gbk)
    assert "客户名单.csv" in page.locator("[data-drop-names]").inner_text()
    with me.leaving():
        page.click(".gx-card-foot .btn-primary")
    assert page.locator("td.gx-lead").all_inner_texts() == HEADER
    assert "GB" in page.locator(".gx-head-actions").inner_text().upper()
    me.look("columns")
    with me.leaving():
        page.click(".gx-form-foot .btn-primary")
    me.look("check")
    with me.leaving():
        page.click(".gx-form-foot .btn-primary")
    # The page asks by itself until the balance is there.
    page.wait_for_selector(".gx-balance-proof[data-ok=yes]")
    counts = [int(text) for text in page.locator(".gx-balance-term b").all_inner_texts()]
    assert counts == [4, 3, 0, 0, 0, 1]  # read = created + updated + unchanged + skipped + held
    me.look("balance")
    run = page.url.removeprefix(me.address)

    # The record, and where a value of it comes from.
    me.go("/customers/account/?q=大华")
    with me.leaving():
        page.click("td.gx-lead a")
    record = page.url.removeprefix(me.address)
    assert page.locator("h1").inner_text().startswith("北京大华机械有限公司")
    me.look("record")
    with me.answered("/origin/email"):
        page.click("#fact-email [data-origin]")
    page.wait_for_selector("#gx-origin .gx-origin")
    panel = page.locator("#gx-origin").inner_text()
    assert "客户名单.csv" in panel and "王管理" in panel, panel
    me.look("origin-import")
    page.keyboard.press("Escape")

    # Corrected in place; the origin is now a person, and the value before is still known.
    page.locator("#fact-email [data-fact-edit]").focus()
    page.keyboard.press("e")
    page.wait_for_selector("#cell-form [name=email]")
    me.look("edit-in-place")
    page.fill("#cell-form [name=email]", "office@dahua.example.com")
    with me.answered("/cell/email"):
        page.press("#cell-form [name=email]", "Enter")
    expect(page.locator("#value-email")).to_contain_text("office@")
    page.wait_for_selector(".gx-toast[data-level=success] form")
    me.look("edited")
    with me.answered("/origin/email"):
        page.click("#fact-email [data-origin]")
    expect(page.locator("#gx-origin .gx-origin")).to_contain_text("info@dahua.example.com")
    panel = page.locator("#gx-origin").inner_text()
    assert "info@dahua.example.com" in panel and "王管理" in panel, panel
    assert "客户名单" not in panel.split("info@dahua")[0], panel
    me.look("origin-edit")

    # The whole import is taken back; what was corrected since stays and is listed.
    me.go(run)
    page.click("form[action$='/undo'] button")
    page.wait_for_selector("#gx-confirm[open]")
    me.look("undo-asks")
    with me.leaving():
        page.click("[data-confirm-yes]")
    page.wait_for_selector("#import-state .gx-note-info")
    me.look("undone")
    with me.leaving():
        page.click("#import-state .gx-note-info a")
    assert "北京大华机械有限公司" in page.locator(".gx-columns-2").inner_text()
    me.look("what-stays")
    me.go("/customers/account/")
    names = page.locator("td.gx-lead").all_inner_texts()
    assert len(names) == 1 and "北京大华" in names[0], names
    me.go(record)
    assert "office@dahua.example.com" in page.locator("#value-email").inner_text()
    me.look("record-kept")


def test_a_file_that_is_none_and_one_on_the_phone(visitor: Any, person: Any, tmp_path: Path, gbk: Path) -> None:
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(bytes(range(256)) * 40)
    me = visitor(person("admin", "administrator", language="en"), size=PHONE, language="en-US")
    page = me.go("/intake/import/")
    page.set_input_files("input[name=file]", broken)
    with me.leaving():
        page.click(".gx-card-foot .btn-primary")
    assert page.locator(".gx-note-error").count() == 1
    me.look("refused")
    page.set_input_files("input[name=file]", gbk)
    with me.leaving():
        page.click(".gx-card-foot .btn-primary")
    assert "6 of 6 columns" in page.locator("#columns-title").inner_text()
    page.locator("select[name=column-5]").select_option("")
    me.look("columns-phone")
    with me.leaving():
        page.click(".gx-form-foot .btn-primary")
    assert "3 of 4 rows can go in; 1 would be held back" in page.locator(".gx-note-warning").inner_text()
    assert page.locator("td.gx-lead small").first.inner_text(), "what is wrong, and what to do"
    me.look("check-phone")
