"""The two pictures of the README, taken of a running demo company: `python tools/pictures.py PASSWORD [ADDRESS]`.

A list in Chinese, and a record in English with the origin of a value open. Two values of that record are edited first,
as a salesperson would, so that there is something to tell; they stay edited.
"""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser import chromium  # noqa: E402

FOLDER = ROOT / "docs" / "img"
LIMIT = 200_000


def signed_in(browser: Any, address: str, person: str, password: str, language: str) -> Any:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale=language, reduced_motion="reduce", color_scheme="light"
    )
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("[name=login]", person)
    page.fill("[name=password]", password)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")
    return page


def shoot(page: Any, name: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.png"
    page.mouse.move(1439, 899)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    path.write_bytes(indexed(page.screenshot()))
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size / 1000:.0f} kB")
    if size > LIMIT:
        raise SystemExit(f"{name} is larger than {LIMIT // 1000} kB")


def indexed(png: bytes) -> bytes:
    """The same picture with 256 colours, a third of the size: the most frequent ones stay exactly, the others move a little."""
    import numpy

    width, height, raw = _pixels(png)
    picture = numpy.frombuffer(raw, numpy.uint8).reshape(height * width, -1)[:, :3].astype(numpy.int32)
    joined = (picture[:, 0] << 16) | (picture[:, 1] << 8) | picture[:, 2]
    codes, where, counts = numpy.unique(joined, return_inverse=True, return_counts=True)
    colours = numpy.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    often = numpy.argsort(-counts)
    kept = list(often[:128])
    # The other half of the palette: of what is left, colours that lie apart from those taken already.
    distance = ((colours[:, None] - colours[kept][None]) ** 2).sum(axis=2).min(axis=1)
    while len(kept) < min(256, len(codes)):
        kept.append(int(numpy.argmax(distance * numpy.sqrt(counts))))
        distance = numpy.minimum(distance, ((colours - colours[kept[-1]]) ** 2).sum(axis=1))
    nearest = ((colours[:, None] - colours[kept][None]) ** 2).sum(axis=2).argmin(axis=1).astype(numpy.uint8)
    rows = nearest[where].reshape(height, width)
    data = numpy.concatenate([numpy.zeros((height, 1), numpy.uint8), rows], axis=1).tobytes()

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = colours[kept].astype(numpy.uint8).tobytes()
    parts = [(b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(data, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def _pixels(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and the bytes of a PNG of 8 bits a colour, as browsers make them."""
    at, body, width, height, size = 8, b"", 0, 0, 3
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        if kind == b"IHDR":
            width, height, _depth, colour = struct.unpack(">IIBB", png[at + 8 : at + 18])
            size = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            body += png[at + 8 : at + 8 + length]
        at += 12 + length
    lines, stride = zlib.decompress(body), width * size
    out, above = bytearray(), bytearray(stride)
    for y in range(height):
        how, line = lines[y * (stride + 1)], bytearray(lines[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        if how:
            for x in range(stride):
                left = line[x - size] if x >= size else 0
                up, corner = above[x], above[x - size] if x >= size else 0
                if how == 4:
                    guess = left + up - corner
                    near = sorted((left, up, corner), key=lambda v: abs(guess - v))[0]
                else:
                    near = (0, left, up, (left + up) // 2)[how]
                line[x] = (line[x] + near) & 255
        out += line
        above = line
    return width, height, bytes(out)


def edit(page: Any, field: str, value: str) -> None:
    fact = page.locator(".gx-fact", has=page.locator(f"#value-{field}"))
    fact.hover()
    fact.locator(".gx-fact-edit").click()
    page.wait_for_selector(f"#gx-dialog[open] [name={field}]")
    box = page.locator(f"#gx-dialog [name={field}]").first
    if box.get_attribute("type") == "radio":
        page.locator(f"#gx-dialog label:has([name={field}][value='{value}'])").click()
    else:
        box.fill(value)
    with page.expect_response(lambda answer: answer.url.endswith("/edit") or "/edit?" in answer.url):
        page.click("#gx-dialog .gx-dialog-foot .btn-primary")
    page.wait_for_selector("#gx-dialog:not([open])", state="attached")
    page.wait_for_load_state("networkidle")


def main(password: str, address: str = "http://127.0.0.1:8000") -> None:
    with chromium() as browser:
        page = signed_in(browser, address, "manager", password, "zh-CN")
        page.goto(f"{address}/customers/account/?f.kind.is=company")
        page.locator("input[data-row]").nth(1).check()
        page.locator("input[data-row]").nth(3).check()
        shoot(page, "list-zh")

        page = signed_in(browser, address, "sales.intl", password, "en-US")
        page.goto(f"{address}/customers/account/?f.kind.is=company&sort=changed_at")
        with page.expect_navigation():
            page.locator("td.gx-lead a").first.click()
        edit(page, "phone", "+1 312 555 0142")
        edit(page, "email", "office@example.com")
        page.reload()
        page.wait_for_load_state("networkidle")
        page.click('[popovertarget="origin-email"]')
        page.wait_for_selector("#origin-email .gx-origin")
        shoot(page, "record-en")


if __name__ == "__main__":
    main(*sys.argv[1:])
