"""The face in a real browser: nothing breaks the CSP, axe finds nothing, in both themes and languages, wide and narrow."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser import available, axe, chromium, watch

pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not available(), reason="no browser"),
]

PAGES = {
    "guide": "/", "list": "/list", "empty": "/list?empty=1", "record": "/record", "form": "/form?wrong=1", "e404": "/error/404",
    "e500": "/error/500", "e409": "/conflict", "login": "/account/login/",
}  # fmt: skip
SIZES = {"wide": (1440, 900), "phone": (390, 844)}
SHOTS = os.environ.get("GUANXI_SHOTS")


@pytest.mark.parametrize(("theme", "language"), [("light", "zh-hans"), ("dark", "en")])
def test_every_page_is_clean_and_accessible(site_url: str, theme: str, language: str) -> None:
    only = set(filter(None, os.environ.get("GUANXI_PAGES", "").split(","))) or set(PAGES)
    wrong: list[str] = []
    with chromium() as browser:
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=theme, locale="zh-CN"
            )
            context.add_cookies([{"name": "django_language", "value": language, "url": site_url}])
            for name, path in PAGES.items():
                if name not in only:
                    continue
                page = context.new_page()
                page.set_default_timeout(60_000)
                found = watch(page)
                page.goto(site_url + path)
                page.wait_for_load_state("networkidle")
                if SHOTS:
                    Path(SHOTS).mkdir(parents=True, exist_ok=True)
                    page.screenshot(path=f"{SHOTS}/{name}-{size}-{theme}-{language}.png")
                over = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
                if over:
                    wrong.append(f"{name} {size}: wider than the screen")
                wrong += [f"{name} {size}: {line}" for line in axe(page)]
                wrong += [
                    f"{name} {size}: {line}"
                    for line in found
                    if "status of 4" not in line and "status of 5" not in line
                ]
                page.close()
            context.close()
    assert not wrong, "\n".join(wrong)
