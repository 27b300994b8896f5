"""Whether uploaded bytes are the picture they claim to be: PNG, JPEG or WebP, whole, and nothing behind it.

The file is walked part by part to its end, so that a page or program glued to a picture is refused. SVG is refused: it can
hold scripts.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from django.utils.translation import gettext as _

MOST_BYTES = 256 * 1024
MOST_PIXELS = 2000  # a side


class NotAPicture(ValueError):
    """The bytes do not do; the message says why, ready to show."""


@dataclass(frozen=True)
class Picture:
    type: str
    content: bytes
    width: int
    height: int


def check(content: bytes) -> Picture:
    """The picture these bytes are. Raises NotAPicture."""
    if len(content) > MOST_BYTES:
        raise NotAPicture(_("The file is larger than %(n)d kB.") % {"n": MOST_BYTES // 1024})
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            kind, (width, height) = "image/png", _png(content)
        elif content.startswith(b"\xff\xd8\xff"):
            kind, (width, height) = "image/jpeg", _jpeg(content)
        elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            kind, (width, height) = "image/webp", _webp(content)
        else:
            raise NotAPicture(_("Only PNG, JPEG and WebP; an SVG can hold programs."))
    except (IndexError, ValueError) as error:
        if isinstance(error, NotAPicture):
            raise
        raise NotAPicture(_("The picture is damaged or has something else attached.")) from error
    if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
        raise NotAPicture(_("At most %(n)d by %(n)d pixels.") % {"n": MOST_PIXELS})
    return Picture(kind, content, width, height)


def _number(content: bytes, at: int, size: int, order: str = "big") -> int:
    part = content[at : at + size]
    if len(part) != size:
        raise ValueError("cut short")
    return int.from_bytes(part, "big" if order == "big" else "little")


def _png(content: bytes) -> tuple[int, int]:
    at, size, data = 8, (0, 0), False
    while True:
        length, name = _number(content, at, 4), content[at + 4 : at + 8]
        body = content[at + 8 : at + 8 + length]
        if len(body) != length or zlib.crc32(name + body) != _number(content, at + 8 + length, 4):
            raise ValueError("chunk")
        if at == 8:
            if name != b"IHDR" or length != 13:
                raise ValueError("header")
            size = (_number(body, 0, 4), _number(body, 4, 4))
        data = data or name == b"IDAT"
        at += 12 + length
        if name == b"IEND":
            if at != len(content) or not data:
                raise ValueError("end")
            return size


def _jpeg(content: bytes) -> tuple[int, int]:
    at, size, scan = 2, (0, 0), False
    while True:
        if content[at] != 0xFF:
            raise ValueError("marker")
        mark = content[at + 1]
        if mark == 0xD9:
            if at + 2 != len(content) or not scan:
                raise ValueError("end")
            return size
        length = _number(content, at + 2, 2)
        if length < 2:
            raise ValueError("length")
        if mark in {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}:
            size = (_number(content, at + 7, 2), _number(content, at + 5, 2))
        at += 2 + length
        if mark == 0xDA:
            scan = True
            # Entropy-coded data: until a marker that is neither a stuffed byte nor a restart.
            while True:
                at = content.index(b"\xff", at)
                if content[at + 1] == 0 or 0xD0 <= content[at + 1] <= 0xD7:
                    at += 2
                elif content[at + 1] == 0xFF:
                    at += 1
                else:
                    break


def _webp(content: bytes) -> tuple[int, int]:
    if _number(content, 4, 4, "little") + 8 != len(content):
        raise ValueError("length")
    at, size = 12, (0, 0)
    while at < len(content):
        name, length = content[at : at + 4], _number(content, at + 4, 4, "little")
        body = content[at + 8 : at + 8 + length]
        if len(body) != length:
            raise ValueError("chunk")
        if name == b"VP8X":
            size = (_number(body, 4, 3, "little") + 1, _number(body, 7, 3, "little") + 1)
        elif name == b"VP8L" and size == (0, 0):
            bits = _number(body, 1, 4, "little")
            size = ((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1)
        elif name == b"VP8 " and size == (0, 0):
            size = (_number(body, 6, 2, "little") & 0x3FFF, _number(body, 8, 2, "little") & 0x3FFF)
        at += 8 + length + length % 2
    if at != len(content):
        raise ValueError("end")
    return size
