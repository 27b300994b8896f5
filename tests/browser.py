"""A headless browser for tests and pictures, and what it must never report: CSP violations and script errors.

The browser is `GUANXI_CHROMIUM`, else one that the machine has, else Playwright's own (`playwright install chromium`).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

AXE = Path(__file__).parents[1] / "node_modules/axe-core/axe.min.js"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@cache
def executable() -> str | None:
    """The browser to start; None for Playwright's own."""
    return os.environ.get("GUANXI_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@cache
def available() -> bool:
    """Whether there is a browser at all; without one the tests that need it are skipped."""
    if executable():
        return True
    places = os.environ.get("PLAYWRIGHT_BROWSERS_PATH"), "~/.cache/ms-playwright", "~/Library/Caches/ms-playwright"
    return any(place and any(Path(place).expanduser().glob("chromium*")) for place in places)


@contextmanager
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    # Playwright's loop lives in this thread; the tests' database calls are plain.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=executable(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def watch(page: Any) -> list[str]:
    """Everything the page complains about, as it happens."""
    found: list[str] = []
    page.on("console", lambda m: found.append(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: found.append(f"error: {e}"))
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective + ' ' + e.blockedURI))"
    )
    return found


def axe(page: Any, *, only: str = "") -> list[str]:
    """What axe-core finds wrong, one line each; `only` this rule. Evaluated over the debugger, so the page's CSP stays as it is."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE.read_text())
    options = {"resultTypes": ["violations"], **({"runOnly": [only]} if only else {})}
    result = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{v['id']}: {n['target']} {n.get('failureSummary', '').splitlines()[1:2]}"
        for v in result["violations"]
        for n in v["nodes"]
    ]
