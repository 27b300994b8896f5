"""What a person feels: time from a key or click to the next picture, layout shift, bytes of a first visit, requests for each act.

A headless Chromium whose processor is slowed down (four times unless told otherwise) works in the site as people do: list, board
and record page, against a server of its own on a house of any size: `run(bench)`, or alone on a house that has customers:
`python -m bench.felt --home DIR [--rounds 5] [--slow 4] [--only list,board,record,loads] [--why]`.

"next picture" is what browsers report as Interaction to Next Paint, in steps of 8 ms. Shift is that without recent input, as in
Cumulative Layout Shift. "long" adds up tasks of more than 50 ms. Prints figures, judges nothing.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

DESK = {"width": 1440, "height": 900}
WAIT = 25_000  # milliseconds
LIST, BOARD = "/customers/account/", "/customers/account/board?by=status"
#: Collects what the browser reports; `felt.take()` hands it over and begins anew.
PROBE = """
(() => {
  const felt = { events: [], shifts: [], tasks: [] };
  const name = (node) => !node ? "?" : node.nodeType !== 1 ? name(node.parentNode) :
    node.tagName.toLowerCase() + (node.id ? "#" + node.id : "") + [...node.classList].slice(0, 2).map((c) => "." + c).join("");
  const watch = (type, more, keep) =>
    new PerformanceObserver((list) => list.getEntries().forEach(keep)).observe({ type, buffered: true, ...more });
  const box = (r) => `${r.x},${r.y} ${r.width}x${r.height}`;
  watch("event", { durationThreshold: 16 }, (e) => {
    if (!e.interactionId && !/^(drag(start|end)|drop)$/.test(e.name)) return;
    felt.events.push({ name: e.name, ms: e.duration, delay: e.processingStart - e.startTime, work: e.processingEnd - e.processingStart });
  });
  watch("layout-shift", {}, (e) => {
    const nodes = e.sources.map((s) => `${name(s.node)} ${box(s.previousRect)} → ${box(s.currentRect)}`);
    if (!e.hadRecentInput) felt.shifts.push({ value: e.value, nodes });
  });
  watch("longtask", {}, (e) => felt.tasks.push(e.duration));
  felt.take = async () => {
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 60)));
    const found = { events: felt.events.splice(0), shifts: felt.shifts.splice(0), tasks: felt.tasks.splice(0) };
    return found;
  };
  window.felt = felt;
})();
"""


def say(text: str = "") -> None:
    print(text, flush=True)


# A server and a browser -----------------------------------------------------------------------------------------------


@contextmanager
def serving() -> Iterator[str]:
    """The site on a port of its own, of this process's house; ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "guanxi", "run", "--port", str(port), "--no-worker"]
    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            end = time.monotonic() + 90
            while True:
                try:
                    urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                    break
                except (URLError, OSError):
                    if server.poll() is not None or time.monotonic() > end:
                        said.seek(0)
                        raise RuntimeError(f"the server did not start: {said.read().decode()[-2000:]}") from None
                    time.sleep(0.2)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()
            server.wait(40)


@dataclass
class Act:
    """What came of doing one thing several times. Times in milliseconds."""

    name: str
    paint: list[float] = field(default_factory=list)
    worst: str = ""
    shift: float = 0.0
    long: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)


class Person:
    """A slowed-down browser, signed in, and what it reported."""

    def __init__(self, browser: Any, address: str, cookie: tuple[str, str] | None, slow: float, *, why: bool) -> None:
        self.address, self.slow, self.why = address, slow, why
        self.context = browser.new_context(viewport=DESK, locale="zh-CN", service_workers="block")
        self.context.add_init_script(PROBE)
        if cookie:
            self.context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": address}])
        self.page = self.context.new_page()
        self.page.set_default_timeout(WAIT)
        self.asked: list[str] = []
        self.page.on("request", self._asked)
        self.cdp = self.context.new_cdp_session(self.page)
        self.cdp.send("Emulation.setCPUThrottlingRate", {"rate": slow})
        self.acts: dict[str, Act] = {}
        self.system = browser.new_browser_cdp_session()

    def _busy(self) -> float:
        """Milliseconds of CPU that the main threads of all pages have had."""
        found = self.system.send("SystemInfo.getProcessInfo")["processInfo"]
        files = [Path(f"/proc/{p['id']}/task/{p['id']}/schedstat") for p in found if p["type"] == "renderer"]
        return sum(int(file.read_text().split()[0]) for file in files if os.access(file, os.R_OK)) / 1e6

    def _asked(self, request: Any) -> None:
        if request.resource_type in ("document", "fetch", "xhr"):
            self.asked.append(f"{request.method} {request.url.removeprefix(self.address)}")

    def settle(self) -> None:
        """Everything that was asked for is there and drawn."""
        self.page.wait_for_load_state("networkidle")
        self.page.wait_for_selector("html:not(.gx-busy):not(:has(.htmx-request))", state="attached")
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)))")

    def go(self, path: str, name: str) -> None:
        """Open a page; shift and long tasks of its load count as an act of their own."""
        self.asked.clear()
        begin, busy = time.perf_counter(), self._busy()
        self.page.goto(self.address + path)
        self.settle()
        self._keep(self.acts.setdefault(name, Act(name)), begin, busy)

    def does(self, name: str, act: Callable[[Any], Any], *, until: Callable[[Any], Any] | None = None) -> None:
        """One thing, until its outcome is there."""
        self.page.evaluate("felt.take()")
        self.asked.clear()
        begin, busy = time.perf_counter(), self._busy()
        act(self.page)
        if until:
            until(self.page)
        self._keep(self.acts.setdefault(name, Act(name)), begin, busy)

    def _keep(self, act: Act, begin: float, busy: float) -> None:
        act.answered.append(1000 * (time.perf_counter() - begin))
        self.settle()
        act.busy.append(self._busy() - busy)
        found = self.page.evaluate("felt.take()")
        if found["events"]:
            worst = max(found["events"], key=lambda e: e["ms"])
            if worst["ms"] >= max(act.paint, default=0):
                drawn = worst["ms"] - worst["delay"] - worst["work"]
                act.worst = f"{worst['name']}: {worst['delay']:.0f} + {worst['work']:.0f} + {drawn:.0f}"
            act.paint.append(worst["ms"])
        act.shift = max(act.shift, sum(s["value"] for s in found["shifts"]))
        act.long.append(sum(found["tasks"]))
        act.requests.append(len(self.asked))
        if self.why:
            for shift in found["shifts"]:
                say(f"    {act.name}: shift {shift['value']:.4f} {'; '.join(shift['nodes'])}")
            if len(self.asked) > 1:
                say(f"    {act.name}: {self.asked}")

    def report(self, page: str, unslowed: dict[str, Act]) -> None:
        """`unslowed`: the same acts at full speed, whose CPU no other program on the machine makes longer."""
        say(
            f"  {page + f', {self.slow:g} × slower':<34}{'next picture':>13}{'worst':>7}{f'CPU × {self.slow:g}':>9}{'long':>7}"
            f"{'shift':>8}{'asks':>5}{'there':>7}  wait + work + drawing of the worst"
        )
        every: list[float] = []
        for act in self.acts.values():
            middle = f"{_at(act.paint, 0.5):,.0f}" if act.paint else "—"
            worst = f"{max(act.paint):,.0f}" if act.paint else "—"
            busy = _at(unslowed[act.name].busy, 0.5) * self.slow if act.name in unslowed else 0.0
            every += act.paint
            say(
                f"    {act.name:<32}{middle:>10} ms{worst:>7}{busy:>9,.0f}{_at(act.long, 0.5):>7,.0f}{act.shift:>8.4f}"
                f"{max(act.requests):>5}{_at(act.answered, 0.5):>7,.0f}  {act.worst}"
            )
        shift = max(act.shift for act in self.acts.values())
        figures = f"{_at(every, 0.5):>10,.0f} ms{max(every, default=0):>7,.0f}{'':>16}{shift:>8.4f}"
        say(f"    {'all of it':<32}{figures}   p98 {_at(every, 0.98):,.0f} ms")


def _at(taken: list[float], share: float) -> float:
    ordered = sorted(taken)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


# What people do -------------------------------------------------------------------------------------------------------


def a_list(person: Person, rounds: int) -> None:
    page = person.page
    person.go(LIST, "open")
    fresh = page.locator("#rows")

    def swapped(act: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def run(page: Any) -> None:
            page.evaluate("document.querySelector('#rows').dataset.old = ''")
            act(page)

        return run

    def new(page: Any) -> None:
        page.wait_for_selector("#rows:not([data-old])")

    for i in range(rounds):
        person.does("sort", swapped(lambda p: p.locator("#rows th[data-col=name] a").click()), until=new)
        person.does(
            "next page",
            swapped(lambda p: p.locator(".gx-table-foot a[rel=next], .gx-table-foot a").last.click()),
            until=new,
        )
        person.does("choose a row", lambda p, i=i: p.locator("#rows input[data-row]").nth(i).click())
        person.does("choose all rows", lambda p: p.locator("#rows input[data-row-all]").click())
        person.does("choose none", lambda p: p.locator("[data-select-none]").click())
        cell = _cell(page, i, "email")
        person.does("to a cell", lambda p, c=cell: c.click(position={"x": 6, "y": 6}))
        person.does(
            "open the cell",
            lambda p: p.keyboard.press("Enter"),
            until=lambda p: p.wait_for_selector("#gx-cell-editor:popover-open input"),
        )
        person.does("type in it", lambda p, i=i: p.keyboard.type(f"u{i}{time.time_ns() % 1000}@b.cn", delay=30))
        person.does(
            "save the cell",
            lambda p: p.keyboard.press("Enter"),
            until=lambda p: p.wait_for_selector("#gx-cell-editor", state="hidden"),
        )
        person.does("arrow to the next cells", lambda p: [p.keyboard.press("ArrowDown") for _ in range(4)])
        person.does(
            "open the column chooser",
            lambda p: p.locator("a[href*='/columns?']").click(),
            until=lambda p: p.wait_for_selector("dialog[open] [data-columns]"),
        )
        person.does("shut it", lambda p: p.keyboard.press("Escape"))
        person.does(
            "open the filters",
            lambda p: p.locator("a[data-key=f]").click(),
            until=lambda p: p.wait_for_selector("dialog[open] [data-filter-builder]"),
        )
        person.does("add a line of the filter", lambda p: p.locator("dialog[open] [data-filter-add]").first.click())
        person.does("shut them", lambda p: p.keyboard.press("Escape"))
        person.does(
            "find words",
            swapped(lambda p: (p.locator(".gx-toolbar [name=q]").fill("张伟"), p.keyboard.press("Enter"))),
            until=new,
        )
        person.does(
            "find nothing",
            swapped(lambda p: (p.locator(".gx-toolbar [name=q]").fill(""), p.keyboard.press("Enter"))),
            until=new,
        )
        person.does(
            "open the palette",
            lambda p: p.keyboard.press("Control+k"),
            until=lambda p: p.wait_for_selector("dialog[open] [role=combobox], dialog[open] input[type=search]"),
        )
        person.does(
            "type in the palette",
            lambda p: p.keyboard.type("zhangw", delay=60),
            until=lambda p: p.wait_for_selector("dialog[open] [role=option]"),
        )
        person.does("shut the palette", lambda p: (p.keyboard.press("Escape"), p.keyboard.press("Escape")))
    assert fresh
    # Filtering for good is a page of its own: what it takes to be there.
    for code in ("active", "lead"):
        person.go(f"{LIST}?f.status.any={code}", "a filtered page")


def _cell(page: Any, row: int, key: str) -> Any:
    """A cell of a column that can be typed into, else of the last one."""
    columns = page.locator("tbody[data-grid]").get_attribute("data-cols").split(",")
    place = columns.index(key) if key in columns else len(columns) - 1
    return page.locator("tbody[data-grid] tr").nth(row).locator("td").nth(place + 1)


def a_board(person: Person, rounds: int) -> None:
    for _ in range(2):
        person.go(BOARD, "open")
    page = person.page
    for i in range(rounds):
        card = page.locator("[data-column=active] [data-card]").nth(1)
        id_ = card.get_attribute("data-card")
        card.focus()
        person.does("arrow to a card", lambda p: p.keyboard.press("ArrowDown"))
        page.locator(f'[data-card="{id_}"]').focus()
        person.does("pick up by keyboard", lambda p: p.keyboard.press("Space"))
        person.does("to the next column", lambda p: p.keyboard.press("ArrowRight"))
        person.does(
            "drop by keyboard",
            lambda p: p.keyboard.press("Enter"),
            until=lambda p: p.wait_for_selector(".gx-toast [data-toast-text]"),
        )
        back = page.locator(".gx-toast form button")
        person.does(
            "take it back",
            lambda p, b=back: b.last.click(),
            until=lambda p, id_=id_: p.wait_for_selector(f'[data-column=active] [data-card="{id_}"]'),
        )
        _no_toasts(page)
        other = page.locator("[data-column=active] [data-card]").nth(2)
        person.does(
            "drag by mouse",
            lambda p, o=other: _drag(p, o, p.locator("[data-column=lead]")),
            until=lambda p: p.wait_for_selector(".gx-toast [data-toast-text]"),
        )
        _no_toasts(page)
        person.does(
            "open a card's menu",
            lambda p: p.locator("[data-column=active] [data-board-menu]").first.click(),
            until=lambda p: p.wait_for_selector("dialog[open] [data-to]"),
        )
        person.does("shut it", lambda p: p.keyboard.press("Escape"))
        person.does(
            "scroll a column",
            lambda p, i=i: (p.locator("[data-column=active] [data-scroll]").hover(), p.mouse.wheel(0, 2400 + i)),
        )
        page.locator("[data-column=active] [data-scroll]").evaluate("(el) => { el.scrollTop = 0 }")
        person.settle()


def _no_toasts(page: Any) -> None:
    page.evaluate("document.querySelectorAll('.gx-toast').forEach((toast) => toast.remove())")


def _drag(page: Any, card: Any, to: Any) -> None:
    start, end = card.bounding_box(), to.bounding_box()
    page.mouse.move(start["x"] + 40, start["y"] + 60)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(
            start["x"] + 40 + (end["x"] + 60 - start["x"] - 40) * step / 8,
            start["y"] + 60 + (end["y"] + 120 - start["y"] - 60) * step / 8,
        )
    page.mouse.up()


def a_record(person: Person, rounds: int, ids: list[int]) -> None:
    for i in range(rounds):
        person.go(f"{LIST}{ids[i % len(ids)]}/", "open")
        page = person.page
        person.does(
            "open a value",
            lambda p: (
                p.locator("#record-facts [data-fact=name] dd")
                .locator("visible=true")
                .first.click(position={"x": 200, "y": 8})
            ),
            until=lambda p: p.wait_for_selector("#cell-form"),
        )
        person.does("type in it", lambda p: (p.keyboard.press("End"), p.keyboard.type("abc", delay=30)))
        person.does(
            "save it",
            lambda p: p.keyboard.press("Enter"),
            until=lambda p: p.wait_for_selector("#cell-form", state="detached"),
        )
        person.does(
            "open a section",
            lambda p: p.locator("#record-facts .gx-card-head a").first.click(),
            until=lambda p: p.wait_for_selector("dialog[open] form"),
        )
        person.does(
            "type in the section",
            lambda p: (p.locator("dialog[open] input[type=text]").first.focus(), p.keyboard.type("ab", delay=30)),
        )
        person.does(
            "save the section",
            lambda p: p.locator("dialog[open] button[type=submit].btn-primary").click(),
            until=lambda p: p.wait_for_selector("dialog[open]", state="detached"),
        )
        page.wait_for_selector("#timeline")
        page.evaluate("document.querySelector('#timeline').dataset.old = ''")
        person.does(
            "filter the time line",
            lambda p: p.locator("#timeline .gx-kind").nth(1).click(),
            until=lambda p: p.wait_for_selector("#timeline:not([data-old])"),
        )
        person.does(
            "type a follow-up",
            lambda p: (p.locator("#composer [name=words]").click(), p.keyboard.type("谈了价格 ok", delay=30)),
        )
        person.does(
            "add the follow-up",
            lambda p: p.locator("#composer button[type=submit].btn-primary").click(),
            until=lambda p: p.wait_for_selector("#composer[data-saved]"),
        )
        origin = page.locator("#record-facts [data-origin]").first
        person.does(
            "where a value comes from",
            lambda p, o=origin: (o.focus(), p.keyboard.press("Enter")),
            until=lambda p: p.wait_for_selector("#gx-origin:popover-open"),
        )
        person.does("shut it", lambda p: p.keyboard.press("Escape"))


def loads(browser: Any, address: str, cookie: tuple[str, str], record: str) -> None:
    """Bytes of a first visit as they come over the line, nothing kept from before."""
    say(f"  {'first visit, kB as sent':<38}{'all':>10}   of it")
    for name, path, known in (
        ("sign in", "/", None),
        ("list", LIST, cookie),
        ("board", BOARD, cookie),
        ("record", record, cookie),
    ):
        person = Person(browser, address, known, 1, why=False)
        person.cdp.send("Network.enable")
        kinds: dict[str, str] = {}
        sums: dict[str, int] = {}
        person.cdp.on("Network.responseReceived", lambda e, kinds=kinds: kinds.__setitem__(e["requestId"], e["type"]))
        person.cdp.on(
            "Network.loadingFinished",
            lambda e, kinds=kinds, sums=sums: sums.__setitem__(
                kinds.get(e["requestId"], "Other"),
                sums.get(kinds.get(e["requestId"], "Other"), 0) + int(e["encodedDataLength"]),
            ),
        )
        person.page.goto(address + path)
        person.settle()
        parts = ", ".join(
            f"{kind.lower()} {size / 1000:.1f}" for kind, size in sorted(sums.items(), key=lambda s: -s[1])
        )
        say(f"    {name:<36}{sum(sums.values()) / 1000:>10.1f}   {parts}")
        person.context.close()


# Running --------------------------------------------------------------------------------------------------------------


def run(
    bench: Any, *, rounds: int = 5, slow: float = 4.0, only: str = "loads,list,board,record", why: bool = False
) -> None:
    """`bench`: the house with its customers, and somebody signed in."""
    from django.conf import settings

    from tests import browser as browsers

    if not browsers.available():
        say("  speed felt: there is no browser here")
        return
    found = bench.client.cookies[settings.SESSION_COOKIE_NAME]
    cookie = (found.key, found.value)
    live = bench.accounts.model.all_rows.filter(deleted_in__isnull=True)
    ids = list(live.order_by("pk").values_list("pk", flat=True)[:rounds])
    with serving() as address, browsers.chromium() as browser:
        warm = Person(browser, address, cookie, 1, why=False)
        for path in (LIST, BOARD, f"{LIST}{ids[0]}/"):
            for _ in range(2):
                warm.page.goto(address + path)
                warm.settle()
        warm.context.close()
        if "loads" in only:
            loads(browser, address, cookie, f"{LIST}{ids[0]}/")
        for name, act in (
            ("list", a_list), ("board", a_board), ("record", lambda p, n: a_record(p, n, ids)),
        ):  # fmt: skip
            if name not in only:
                continue
            unslowed = _worked(Person(browser, address, cookie, 1, why=False), act, rounds)
            if slow == 1:
                unslowed.report(name, unslowed.acts)
                continue
            _worked(Person(browser, address, cookie, slow, why=why), act, rounds).report(name, unslowed.acts)


def _worked(person: Person, act: Callable[[Person, int], None], rounds: int) -> Person:
    """The person after their work; what did not come about in time ends it, and is told with the figures so far."""
    from playwright.sync_api import TimeoutError as TookTooLong

    try:
        act(person, rounds)
    except TookTooLong as error:
        say(f"    ended early: {str(error).splitlines()[0]} after {list(person.acts)[-1:]}")
    person.context.close()
    return person


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.felt", description="Speed felt, in a slowed-down browser")
    parser.add_argument("--home", type=Path, required=True, help="a house with customers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slow", type=float, default=4.0)
    parser.add_argument("--only", default="loads,list,board,record")
    parser.add_argument("--why", action="store_true", help="name what shifts and what is asked for")
    given = parser.parse_args()
    os.environ["GUANXI_HOME"] = str(given.home)
    os.environ.pop("GUANXI_DATABASE_URL", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "guanxi.site.settings"
    import django

    django.setup()
    from django.test.utils import override_settings

    from bench.__main__ import Bench
    from guanxi.core.org import versions

    versions.refresh()
    with override_settings(ALLOWED_HOSTS=["*"]):
        run(Bench(0, 1), rounds=given.rounds, slow=given.slow, only=given.only, why=given.why)


if __name__ == "__main__":
    main()
