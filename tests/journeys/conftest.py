"""The real site, a worker and a headless browser; each journey is one person's way through the pages.

`GUANXI_SHOTS=1` keeps a picture of every page looked at, in both themes, under artefacts/journeys.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from guanxi.core.access import SYSTEM
from guanxi.core.identity import services
from guanxi.core.identity.models import User
from guanxi.core.jobs.worker import Worker
from guanxi.core.org import versions
from guanxi.web import access
from tests import browser as browsers

WIDE, PHONE = (1440, 900), (390, 844)
PASSWORD = "correct horse battery"
SHOTS = Path(__file__).parents[2] / "artefacts" / "journeys" if os.environ.get("GUANXI_SHOTS") else None
WAIT = 60_000  # milliseconds; a page takes a tenth of a second, but the machine may be busy
TWO_FRAMES = """() => new Promise(
  (done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))"""
TOASTS_STAY = """(() => {
  const plain = window.setTimeout;
  window.setTimeout = (call, after, ...rest) => (after === 8000 ? 0 : plain(call, after, ...rest));
})()"""  # see toast.js: a notice leaves after eight seconds, and a look at a page may take longer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/journeys" in item.path.as_posix():
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.django_db(transaction=True))
            item.add_marker(pytest.mark.skipif(not browsers.available(), reason="no browser"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Not longer than a module: Playwright keeps a loop in this thread, which other folders' tests must not find running."""
    expect.set_options(timeout=WAIT)  # five seconds otherwise
    with browsers.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def address(django_db_setup: None) -> Iterator[str]:
    """Where the site answers. By name, not number: passkeys belong to a name."""
    from pytest_django.live_server_helper import LiveServer

    server = LiveServer("localhost")
    yield server.url
    server.stop()


@pytest.fixture(autouse=True)
def house(transactional_db: None, address: str, settings: Any, tmp_path: Path) -> Iterator[None]:
    """Nobody is here yet; files go to a folder of the test's own."""
    settings.FILES_ROOT = tmp_path / "files"
    settings.ALLOWED_HOSTS = ["*"]
    access.forget_house()
    versions.refresh()
    yield
    _quiet()
    access.forget_house()


def _quiet() -> None:
    """Requests that were under way when their browser was closed are answered, before the tables are emptied under them."""
    ended = time.monotonic() + WAIT / 1000
    with connection.cursor() as cursor:
        while time.monotonic() < ended:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend' AND state NOT IN ('idle', 'disabled')"
            )
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.05)


@pytest.fixture
def worker(house: None) -> Iterator[None]:
    """Does the jobs that pages ask for."""
    made = Worker(slots=1, grace=5.0)
    thread = threading.Thread(target=made.run, name="worker", daemon=True)
    thread.start()
    yield
    made.stop()
    thread.join(WAIT / 1000)


@pytest.fixture
def person(house: None) -> Callable[..., User]:
    """`person("admin", "administrator")`: somebody with a password and these roles."""

    def make(username: str, *roles: str, name: str = "", language: str = "zh-hans") -> User:
        return services.add_person(
            SYSTEM,
            username,
            name=name or username,
            roles=list(roles),
            password=PASSWORD,
            must_change=False,
            language=language,
        ).person

    return make


class Visitor:
    """A browser of somebody's own, and the eye that looks at each page: complaints, width, axe in both themes, a picture."""

    def __init__(self, context: Any, address: str, story: str) -> None:
        self.context, self.address, self.story = context, address, story
        self.looks = 0
        self.page: Any = None
        self.found: list[str] = []
        self.tab()

    def tab(self) -> Any:
        """A new tab, from now on the current one."""
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT)
        self.page.add_init_script(TOASTS_STAY)
        self.found = browsers.watch(self.page)
        return self.page

    def sign_in_as(self, user: User) -> Visitor:
        """Signed in without the page for it, which has a journey of its own."""
        client = Client()
        client.force_login(user)
        cookie = client.cookies[django_settings.SESSION_COOKIE_NAME]
        self.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.address}])
        return self

    def go(self, path: str) -> Any:
        self.page.goto(self.address + path)
        self.settle()
        return self.page

    def settle(self) -> None:
        """The page is there and nothing that it asked for is still under way."""
        # What begins with the page, or when something comes into sight, begins within two frames.
        self.page.wait_for_load_state("load")
        while True:
            try:
                self.page.evaluate(TWO_FRAMES)
                break
            except PlaywrightError as error:
                if "navigation" not in str(error):
                    raise
                self.page.wait_for_load_state("load")  # it went on to another page meanwhile
        self.page.wait_for_selector("html:not(.gx-busy):not(:has(.htmx-request))", state="attached")

    @contextmanager
    def leaving(self) -> Iterator[None]:
        """What is done inside leads to another page; waits until that one is there."""
        with self.page.expect_navigation():
            yield
        self.settle()

    def answered(self, part: str) -> Any:
        """`with visitor.answered("/edit"):` waits for the answer of a request whose address holds `part`."""
        return self.page.expect_response(lambda response: part in response.url)

    def look(
        self,
        name: str,
        *,
        refused: int = 0,
        themes: tuple[str, ...] = ("light", "dark"),
        rules: str = "",
        settled: bool = False,
    ) -> None:
        """Nothing may be wrong with the page. `refused`: a status that the browser mentions and that is meant.

        `rules`: what axe asks in the first theme, "" for everything. `settled`: the page has come to rest already.
        """
        if not settled:
            self.settle()
        page = self.page
        wrong = self.complaints(refused)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
            wrong.append("wider than the screen")
        own = page.evaluate("document.documentElement.getAttribute('data-bs-theme')")
        self.looks += 1
        for theme in themes:
            page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
            wrong += [
                f"{theme}: {line}"
                for line in browsers.axe(page, only=rules if theme == themes[0] else "color-contrast")
            ]
            if SHOTS:
                SHOTS.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=SHOTS / f"{self.story}-{self.looks:02d}-{name}-{theme}.png")
        if own:
            page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", own)
        else:
            page.evaluate("document.documentElement.removeAttribute('data-bs-theme')")
        wrong += self.complaints(refused)
        assert not wrong, f"{name} ({page.url}):\n" + "\n".join(wrong)

    def calm(self, *, refused: int = 0) -> None:
        """The browser had nothing to complain about since the last look."""
        wrong = self.complaints(refused)
        assert not wrong, "\n".join(wrong)

    def complaints(self, refused: int = 0) -> list[str]:
        """What the browser said since the last time. It also mentions each answer with a form to correct: that is meant."""
        meant = [f"status of {status}" for status in (422, refused) if status]
        said, self.found[:] = list(self.found), []
        return [line for line in said if not any(words in line for words in meant)]


@pytest.fixture
def visitor(chromium: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visitor]]:
    """`visitor(user)`: that person at a desk; `size=PHONE` on the way. Their browser says Chinese or English."""
    opened: list[Any] = []
    story = re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-")

    def make(
        user: User | None = None, *, size: tuple[int, int] = WIDE, language: str = "zh-CN", **more: Any
    ) -> Visitor:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, locale=language, reduced_motion="reduce",
            has_touch=size == PHONE, **more,
        )  # fmt: skip
        opened.append(context)
        made = Visitor(context, address, story)
        return made.sign_in_as(user) if user else made

    yield make
    for context in opened:
        context.close()
