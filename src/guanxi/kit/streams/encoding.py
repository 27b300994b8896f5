"""Which encoding a text file has: decided over the whole file, not guessed from its beginning.

UTF-8 is tried strictly first, because text in another encoding practically never passes. What fails is compared as GB18030 (the
superset of GBK and GB2312) and Big5 by how many of its characters are everyday ones; what is neither goes to charset-normalizer.
The chosen encoding must then decode the whole file, or the first line that does not is named.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from charset_normalizer import from_bytes

from guanxi.kit.streams.errors import Limits, TableError, human_size

_CHUNK = 1 << 20
_SAMPLE = 64 << 10
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (
    (b"%PDF", "PDF"), (b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"GIF8", "GIF"), (b"\x7fELF", "program"), (b"MZ", "program"),
    (b"SQLite format 3", "SQLite"), (b"{\\rtf", "RTF"), (b"PAR1", "Parquet"),
)  # fmt: skip
_ARCHIVES = (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_SINGLE_BYTE = {
    "cp1250",
    "cp1251",
    "cp1252",
    "cp1253",
    "cp1254",
    "cp1257",
    "latin_1",
    "iso8859_15",
    "iso8859_2",
    "iso8859_5",
}
_EAST_ASIAN = {"shift_jis": "cp932", "cp932": "cp932", "euc_jp": "euc_jp", "euc_kr": "cp949", "cp949": "cp949"}


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        yield chunk


def find_encoding(stream: BinaryIO, limits: Limits) -> str:
    """The codec name of a text file; reads all of it once or twice, in flat memory. Leaves the position anywhere."""
    stream.seek(0)
    head = stream.read(_SAMPLE)
    if not head.strip(b" \t\r\n\x00\x1a"):
        raise TableError("table.empty")
    for magic, kind in _MAGIC:
        if head.startswith(magic) and (len(magic) > 2 or b"\x00" in head):
            raise TableError("table.binary", kind=f" ({kind})")
    if head.startswith(_ARCHIVES):
        raise TableError("table.archive")
    for bom, name in _BOMS:
        if head.startswith(bom):
            _check(stream, name, limits, main=name)
            return name
    if b"\x00" in head:
        guess = _utf16_without_mark(head)
        if not guess:
            raise TableError("table.binary", kind="")
        _check(stream, guess, limits, main=guess)
        return guess
    bad = _first_bad(stream, "utf-8", limits, lines=True)
    if bad is None:
        return "utf-8"
    return _other_than_utf8(stream, limits)


def _utf16_without_mark(head: bytes) -> str | None:
    even, odd = head[0::2].count(0), head[1::2].count(0)
    pairs = len(head) // 2
    if even > 0.2 * pairs and odd < 0.02 * pairs:
        return "utf-16-be"
    if odd > 0.2 * pairs and even < 0.02 * pairs:
        return "utf-16-le"
    return None


def _first_bad(stream: BinaryIO, name: str, limits: Limits, *, lines: bool) -> int | None:
    """Number of the first line that does not decode, or None. With ``lines``: also refuse endless lines and NUL bytes."""
    decoder = codecs.getincrementaldecoder(name)("strict")
    number, run = 1, 0
    for chunk in _chunks(stream):
        if lines:
            last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            run = run + len(chunk) if last < 0 else len(chunk) - last - 1
            if run > limits.line:
                raise TableError("table.line", line=number, limit=human_size(limits.line))
            if b"\x00" in chunk:
                raise TableError("table.binary", kind="")
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return number + error.object[: error.start].count(b"\n")
        number += chunk.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return number
    return None


def _check(stream: BinaryIO, name: str, limits: Limits, *, main: str) -> None:
    wide = name.startswith(("utf-16", "utf-32"))
    bad = _first_bad(stream, name, limits, lines=not wide)
    if bad is not None:
        raise TableError("table.mixed", line=bad, main=main.upper())
    if wide:
        run = 0
        for chunk in _chunks(stream):
            last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            run = run + len(chunk) if last < 0 else len(chunk) - last - 1
            if run > limits.line:
                raise TableError("table.line", line=1, limit=human_size(limits.line))


def _foreign_lines(stream: BinaryIO, limits: Limits) -> Iterator[tuple[int, bytes]]:
    """The lines that have bytes over 127, with their numbers."""
    number, rest = 0, b""
    for chunk in _chunks(stream):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        if len(rest) > limits.line:
            raise TableError("table.line", line=number + len(lines) + 1, limit=human_size(limits.line))
        for line in lines:
            number += 1
            if not line.isascii():
                yield number, line
    if rest and not rest.isascii():
        yield number + 1, rest


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _other_than_utf8(stream: BinaryIO, limits: Limits) -> str:
    sample = bytearray()
    utf8_lines = other_lines = 0
    first_utf8 = first_other = 0
    for number, line in _foreign_lines(stream, limits):
        if _is_utf8(line):
            # Two Chinese characters in UTF-8 are never Chinese in GBK or Big5 by chance; one may be (联通 in GBK is valid UTF-8).
            if sum(0xE3 <= byte <= 0xE9 for byte in line) >= 2:
                utf8_lines += 1
                first_utf8 = first_utf8 or number
        else:
            other_lines += 1
            first_other = first_other or number
            if len(sample) < _SAMPLE:
                sample += line[: _SAMPLE // 8] + b"\n"
    guess = _best(bytes(sample))
    if utf8_lines:
        if utf8_lines >= other_lines:
            raise TableError("table.mixed", line=first_other, main="UTF-8")
        raise TableError("table.mixed", line=first_utf8, main=guess.upper())
    if other_lines:
        bad = _first_bad(stream, guess, limits, lines=True)
        if bad is not None:
            if guess in ("gb18030", "big5hkscs"):
                raise TableError("table.mixed", line=bad, main=guess.upper())
            raise TableError("table.encoding", line=bad)
    return guess


def _best(sample: bytes) -> str:
    scores = {
        # everyday characters stand in level 1 of each set: GB2312 rows B0–D7, Big5 rows A4–C6
        "gb18030": _everyday(sample, "gb18030", 0xB0, 0xD7, trail=0xA1),
        "big5hkscs": _everyday(sample, "big5hkscs", 0xA4, 0xC6, trail=0x40),
    }
    name = max(scores, key=lambda key: scores[key])
    if scores[name] >= 0.6:
        return name
    found = from_bytes(sample, cp_isolation=[*_SINGLE_BYTE, *_EAST_ASIAN, "gb18030", "big5"]).best()
    if found is not None:
        if found.encoding in _EAST_ASIAN:
            return _EAST_ASIAN[found.encoding]
        if found.encoding in _SINGLE_BYTE and scores[name] < 0.3:
            # cp1252 is latin-1 with the quotation marks and the euro; five bytes are undefined there, latin-1 takes all
            western = found.encoding not in ("cp1251", "cp1253", "iso8859_5") and not set(sample) & _SIGNS_1252
            return found.encoding if not western else ("cp1252" if not set(sample) & _UNDEFINED_1252 else "latin-1")
    if scores[name] >= 0.3:
        return name
    return "cp1252" if not set(sample) & _UNDEFINED_1252 else "latin-1"


# Signs of cp1252 that are letters of Central Europe in cp1250 and Latin-2 (ą ł ż ľ š ž …): their presence speaks for those.
_SIGNS_1252 = {0xA5, 0xA6, 0xAC, 0xAF, 0xB1, 0xB3, 0xB5, 0xB6, 0xB9, 0xBC, 0xBE, 0xBF}
_UNDEFINED_1252 = {0x81, 0x8D, 0x8F, 0x90, 0x9D}


def _everyday(sample: bytes, name: str, low: int, high: int, *, trail: int) -> float:
    """Share of the non-ASCII characters that are everyday ones when read so; 0 if the sample cannot be read so."""
    everyday = foreign = 0
    for line in sample.split(b"\n"):
        try:
            text = line.decode(name)
        except UnicodeDecodeError:
            continue  # cut in the middle of a character, or mixed: the whole-file check decides
        foreign += sum(not c.isascii() for c in text)
        i = 0
        while i < len(line) - 1:
            if line[i] < 0x80:
                i += 1
                continue
            everyday += low <= line[i] <= high and line[i + 1] >= trail
            i += 2
    return everyday / foreign if foreign else 0.0
