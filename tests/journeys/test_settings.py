"""An administrator's day in a browser: trees by keyboard and mouse, lists in order, viewing as somebody else (MOD-9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from guanxi.core.access import SYSTEM
from guanxi.core.identity.models import User
from guanxi.core.org import departments
from guanxi.core.org.models import Department
from guanxi.records.models import ChoiceValue
from tests import make
from tests.journeys.conftest import PHONE, WIDE

PAGES = (
    "/settings/", "/settings/?q=juese", "/settings/roles", "/settings/roles/sales", "/settings/people", "/settings/departments",
    "/settings/lists/customers.tier/", "/settings/trees/", "/settings/trees/trade.category/", "/settings/currencies",
    "/settings/look", "/settings/organisation", "/jobs/", "/journal/",
)  # fmt: skip
ON_THE_WAY = (
    "/settings/", "/settings/roles/sales", "/settings/departments", "/settings/lists/customers.tier/",
    "/settings/trees/trade.category/", "/settings/look",
)  # fmt: skip


def test_trees_and_lists_are_put_in_order_by_keyboard_and_mouse(
    visitor: Callable[..., Any], person: Callable[..., User]
) -> None:
    boss = person("boss", "administrator", name="王芳")
    north, south, team = (departments.create(SYSTEM, name) for name in ("华北", "华南", "大客户组"))
    there = visitor(boss)
    page = there.go("/settings/departments")
    row = page.locator(f'.gx-tree-row[data-id="{team.pk}"]')
    row.focus()
    # In order of name they stand 华北, 华南, 大客户组 or otherwise: the last one goes below the one above it.
    last = page.locator(".gx-tree-row").last
    moved = int(last.get_attribute("data-id"))
    above = int(page.locator(".gx-tree-row").nth(1).get_attribute("data-id"))
    last.focus()
    page.keyboard.press("Alt+ArrowRight")
    page.wait_for_selector(f'.gx-tree-row[data-id="{moved}"][aria-level="2"]')
    assert Department.objects.get(pk=moved).parent_id == above
    page.wait_for_function("id => document.activeElement?.dataset.id === id", arg=str(moved))  # the focus stays on it
    page.keyboard.press("Alt+ArrowLeft")
    page.wait_for_selector(f'.gx-tree-row[data-id="{moved}"][aria-level="1"]')
    assert Department.objects.get(pk=moved).parent_id is None
    rows = page.locator(".gx-tree-row")
    first = int(rows.first.get_attribute("data-id"))
    page.locator(f'.gx-tree-row[data-id="{moved}"]').drag_to(page.locator(f'.gx-tree-row[data-id="{first}"]'))
    page.wait_for_selector(f'.gx-tree-row[data-id="{moved}"][aria-level="2"]')
    assert Department.objects.get(pk=moved).parent_id == first
    assert {north.pk, south.pk, team.pk} == set(Department.objects.values_list("pk", flat=True))

    page = there.go("/settings/lists/customers.tier/")
    before = list(ChoiceValue.objects.filter(list="customers.tier").order_by("position").values_list("pk", flat=True))
    page.locator(f'tr[data-id="{before[0]}"] [data-grip]').focus()
    page.keyboard.press("Alt+ArrowDown")
    page.wait_for_selector(f'[data-order-focus="{before[0]}"]')
    after = list(ChoiceValue.objects.filter(list="customers.tier").order_by("position").values_list("pk", flat=True))
    assert after == [before[1], before[0], *before[2:]]
    there.calm()


def test_every_page_of_the_settings_looks_right(visitor: Callable[..., Any], person: Callable[..., User]) -> None:
    boss = person("boss", "administrator", name="王芳")
    person("lily", "sales", name="李丽")
    for name, parent in (("家电", None), ("冰箱", "家电"), ("服装", None)):
        found = make.record("trade.category", {"name": name, "parent": _category(parent)})
        assert found
    departments.create(SYSTEM, "上海", parent=departments.create(SYSTEM, "华东", manager=boss))
    wrong: list[str] = []
    for size in (WIDE, PHONE):
        there = visitor(boss, size=size)
        for path in PAGES if size == WIDE else ON_THE_WAY:
            there.go(path)
            try:
                there.look(path.strip("/").replace("/", "-").replace("?", "-"))
            except AssertionError as error:  # all pages are looked at before it is told
                wrong.append(str(error))
    assert not wrong, "\n".join(wrong)


def _category(name: str | None) -> int | None:
    from guanxi.trade.models import Category

    return Category.all_rows.get(name=name).pk if name else None


def test_viewing_as_somebody_else_is_told_and_ended(visitor: Callable[..., Any], person: Callable[..., User]) -> None:
    boss, lily = person("boss", "administrator", name="王芳"), person("lily", "sales", name="李丽")
    there = visitor(boss)
    page = there.go(f"/settings/people/{lily.pk}")
    with there.leaving():
        page.locator('form[action="/settings/view-as"] button').click()
    there.look("viewing-as")
    assert "李丽" in page.locator(".gx-viewing").inner_text()
    with there.leaving():
        page.locator(".gx-viewing button").click()
    assert page.locator(".gx-viewing").count() == 0
    there.calm()
