"""Every page that the menu leads to, from the smallest phone to a 4K screen: nothing wider than the screen, nothing inaccessible."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.core.access import actor_for
from guanxi.web.shell import frame
from tests import browser as browsers
from tests import make

WIDTHS = (360, 768, 1024, 1920, 3840)


@pytest.fixture
def admin(person: Any) -> Any:
    found = person("admin", "administrator", name="王管理", language="")
    by = actor_for(found)
    for name in (
        "北京大华机械设备制造有限责任公司第二分公司",
        "Brightwater International Foods and Beverages Holding Ltd",
    ):
        account = make.record("customers.account", {"name": name, "kind": "company", "status": "lead"}, by=by)
    order = make.order(account, [{"product": make.product(by=by), "quantity": 3, "unit_price": "1234567.89"}], by=by)
    make.payment(order, "20.00", by=by)
    return found


def paths() -> list[str]:
    """Where the menu leads, and the boards of those lists."""
    found = list(dict.fromkeys(entry.path() for entry in frame.menu))
    return [*found, "/customers/account/board?by=status", "/trade/order/board?by=status"]


def test_pages_of_the_menu_fit_every_screen(visitor: Any, admin: Any) -> None:
    """In English, whose words are longer, and in the dark; `test_pages` looks at Chinese and at the light."""
    me = visitor(admin, language="en-US", color_scheme="dark")
    wrong = []
    for path in paths():
        page = me.go(path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900 if width < 3000 else 1800})
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            over = page.evaluate(
                """() => {
                    if (document.documentElement.scrollWidth <= innerWidth + 1) return "";
                    const wide = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
                    const last = wide.at(-1);
                    return "wider than the screen: " + (last ? `${last.tagName} ${last.className}` : "?");
                }"""
            )
            if over:
                wrong.append(f"{path} at {width}: {over}")
            if width == WIDTHS[0]:
                wrong += [f"{path} at {width}: {line}" for line in browsers.axe(page)]
        wrong += [f"{path}: {line}" for line in me.complaints()]
    assert not wrong, "\n".join(wrong)
