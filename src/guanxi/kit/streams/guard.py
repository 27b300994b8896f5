"""Bounds for workbooks, checked before a parser sees them.

A parser of workbooks unpacks members into memory and lays a sheet out as rows × columns of its outermost cells. So a small file can ask
for any amount of memory: by packing (zip bomb), by one cell far out, or by repeat counts. Here every member is unpacked once as a
stream, in flat memory, and its size, packing ratio and outermost cells are measured.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from typing import IO, BinaryIO
from xml.parsers import expat

from guanxi.kit.streams.errors import Limits, TableError, human_size

_CHUNK = 1 << 20
_ROW_START = re.compile(rb"[<:]c[\s/>]")
# A cell with content (not self-closing) and an explicit place; what these patterns miss is counted and read exactly.
_PLACED = re.compile(rb"""[<:]c\s(?:[^<>]*?\s)?r=["']([A-Z]{1,7})[0-9]+["'][^<>]*(?<!/)>""")
_PLACED_ROW = re.compile(rb"""[<:]c\s(?:[^<>]*?\s)?r=["'][A-Z]{1,7}([0-9]+)["'][^<>]*(?<!/)>""")
_EMPTY = re.compile(rb"""[<:]c\s[^<>]*?r=["'][A-Z]{1,7}[0-9]+["'][^<>]*/>""")


def check_zip(stream: BinaryIO, limits: Limits) -> str:
    """``xlsx`` or ``ods`` when the archive is one and keeps the bounds; raises :class:`TableError` otherwise."""
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if len(members) > limits.members:
                raise TableError("table.bomb", reason=f"{len(members)} files")
            names = {m.filename for m in members}
            kind = _kind(archive, names)
            declared = sum(m.file_size for m in members)
            if declared > limits.unpacked:
                raise TableError("table.bomb", reason=human_size(declared))
            for member in members:
                if member.flag_bits & 1:
                    raise TableError("table.locked")
                if member.file_size > 10 << 20 and member.file_size > limits.ratio * max(1, member.compress_size):
                    raise TableError("table.bomb", reason=f"{member.file_size // max(1, member.compress_size)} : 1")
            left = limits.unpacked
            for member in members:
                if member.filename.lower().endswith((".xml", ".rels")):
                    with archive.open(member) as source:
                        left -= _check_member(source, member.filename, kind, limits)
                    if left < 0:
                        raise TableError("table.bomb", reason=human_size(limits.unpacked))
            return kind
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        struct.error,
        OSError,
    ) as error:
        if isinstance(error, TableError):
            raise
        raise TableError("table.broken", reason=_reason(error)) from error


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _kind(archive: zipfile.ZipFile, names: set[str]) -> str:
    lower = {name.lower() for name in names}
    if "xl/workbook.xml" in lower:
        return "xlsx"
    if "xl/workbook.bin" in lower:
        raise TableError("table.kind", kind="XLSB")
    if "content.xml" in lower and "mimetype" in names:
        if b"spreadsheet" in archive.open("mimetype").read(200):
            return "ods"
        raise TableError("table.kind", kind="OpenDocument text")
    if "word/document.xml" in lower:
        raise TableError("table.kind", kind="DOCX")
    if "[content_types].xml" in lower:
        raise TableError("table.broken", reason="it has no workbook")
    raise TableError("table.archive")


def _check_member(source: IO[bytes], name: str, kind: str, limits: Limits) -> int:
    lower = name.lower()
    if kind == "ods" and lower == "content.xml":
        return _Repeats(limits).read(source)
    if kind == "xlsx" and lower.startswith("xl/worksheets/") and lower.count("/") == 2 and lower.endswith(".xml"):
        return _check_sheet(source, name, limits)
    size = 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
    return size


def _check_sheet(source: IO[bytes], name: str, limits: Limits) -> int:
    size, rest = 0, b""
    columns: set[bytes] = set()
    last_row = cells = placed = 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        text = rest + chunk
        cut = text.rfind(b"<")
        if cut < 0 or len(text) - cut > _CHUNK:
            if len(text) > 8 * _CHUNK:
                raise TableError("table.bomb", reason="one piece of XML without end")
            rest = text
            continue
        text, rest = text[:cut], text[cut:]
        cells += len(_ROW_START.findall(text))
        found = _PLACED.findall(text)
        placed += len(found) + len(_EMPTY.findall(text))
        columns.update(found)
        last_row = max((last_row, *map(int, set(_PLACED_ROW.findall(text)))))
    if cells != placed:
        # Cells without a place, or written in a way the patterns do not know: count exactly, with an XML parser.
        seek = getattr(source, "seek", None)
        if seek is None:
            raise TableError("table.broken", reason="the sheet cannot be read twice")
        seek(0)
        _Places(limits, name).read(source)
        return size
    width = max((_column(c) for c in columns), default=0)
    _check_area(name, last_row, width, limits)
    return size


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _check_area(sheet: str, rows: int, columns: int, limits: Limits) -> None:
    if columns > limits.columns:
        raise TableError("table.columns", columns=str(columns), limit=limits.columns)
    if rows * columns > limits.cells or rows > limits.rows:
        raise TableError("table.area", sheet=sheet.rpartition("/")[2].removesuffix(".xml"), rows=rows, columns=columns)


class _Xml:
    """An XML parser that refuses document types, so that no entity can grow."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        raise TableError("table.broken", reason="it has a document type")

    def start(self, tag: str, attributes: dict[str, str]) -> None: ...

    def end(self, tag: str) -> None: ...

    def done(self) -> None: ...

    def read(self, source: IO[bytes]) -> int:
        size = 0
        try:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                self.parser.Parse(chunk)
            self.parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise TableError("table.broken", reason=_reason(error)) from error
        self.done()
        return size


class _Places(_Xml):
    """Outermost cell of a sheet whose cells may have no place of their own."""

    def __init__(self, limits: Limits, sheet: str) -> None:
        super().__init__(limits)
        self.sheet = sheet
        self.row = self.column = self.rows = self.columns = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(" ")[2]
        if local == "row":
            self.row = int(attributes.get("r") or self.row + 1)
            self.column = 0
        elif local == "c":
            place = re.fullmatch(r"([A-Z]{1,7})([0-9]{1,9})", attributes.get("r", ""))
            if place:
                self.column, self.row = _column(place[1].encode()), int(place[2])
            else:
                self.column += 1
                self.row = self.row or 1
            self.columns = max(self.columns, self.column)
            self.rows = max(self.rows, self.row)
            if self.columns > self.limits.columns or self.rows * self.columns > self.limits.cells:
                self.done()

    def done(self) -> None:
        _check_area(self.sheet, self.rows, self.columns, self.limits)


class _Repeats(_Xml):
    """Cells of an OpenDocument table with their repeat counts written out."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self.sheet = ""
        self.cells = self.width = self.pending = self.repeat = self.rows = 0
        self.content = False
        self.cell_repeat = 1

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(" ")[2]
        plain = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        if local == "table":
            self.sheet, self.cells, self.rows = plain.get("name", ""), 0, 0
        elif local == "table-row":
            self.width = self.pending = 0
            self.repeat = int(plain.get("number-rows-repeated") or 1)
        elif local in ("table-cell", "covered-table-cell"):
            self.cell_repeat = int(plain.get("number-columns-repeated") or 1)
            self.content = "value-type" in plain
        elif local == "p":
            self.content = True

    def end(self, tag: str) -> None:
        local = tag.rpartition(" ")[2]
        if local in ("table-cell", "covered-table-cell"):
            self.pending += self.cell_repeat
            if self.content:
                self.width += self.pending
                self.pending = 0
        elif local == "table-row":
            self.rows += self.repeat
            if self.width:
                _check_area(self.sheet, self.rows, self.width, self.limits)
                self.cells += self.width * self.repeat
                if self.cells > self.limits.cells:
                    raise TableError("table.area", sheet=self.sheet, rows=self.rows, columns=self.width)


_CELL_RECORDS = {0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x00BD, 0x00BE, 0x00D6, 0x00FD}
_END = 0xFFFFFFFE


def check_ole(stream: BinaryIO, limits: Limits) -> None:
    """Walk the records of an old XLS workbook and refuse one whose cells lie too far out. The file is read into memory once."""
    stream.seek(0)
    data = stream.read()
    try:
        book = _workbook_stream(data)
    except (struct.error, IndexError, ValueError) as error:
        if isinstance(error, TableError):
            raise
        raise TableError("table.broken", reason="its container is cut off") from error
    rows = columns = at = total = 0
    size = len(book)
    while at + 4 <= size:
        kind, length = struct.unpack_from("<HH", book, at)
        at += 4
        if kind == 0x002F:
            raise TableError("table.locked")
        if kind & 0xFF == 0x09 and kind in (0x0009, 0x0209, 0x0409, 0x0809):
            total += rows * columns
            rows = columns = 0
        elif kind in _CELL_RECORDS and length >= 4 and at + 4 <= size:
            row, column = struct.unpack_from("<HH", book, at)
            if kind in (0x00BD, 0x00BE) and length >= 6 and at + length <= size:
                column = struct.unpack_from("<H", book, at + length - 2)[0]
            rows, columns = max(rows, row + 1), max(columns, column + 1)
            if columns > limits.columns or total + rows * columns > limits.cells:
                _check_area("", rows, columns, limits)
                raise TableError("table.area", sheet="", rows=rows, columns=columns)
        at += length


def _workbook_stream(data: bytes) -> bytes:
    sector = 1 << struct.unpack_from("<H", data, 30)[0]
    if sector not in (512, 4096):
        raise TableError("table.broken", reason="its container has an odd sector size")
    count = len(data) // sector + 1

    def block(index: int) -> bytes:
        return data[(index + 1) * sector : (index + 2) * sector]

    fat_sectors = [s for s in struct.unpack_from("<109I", data, 76) if s < _END - 1]
    extra, seen = struct.unpack_from("<I", data, 68)[0], 0
    while extra < _END - 1 and seen < count:
        entries = struct.unpack(f"<{sector // 4}I", block(extra))
        fat_sectors += [s for s in entries[:-1] if s < _END - 1]
        extra, seen = entries[-1], seen + 1
    fat: list[int] = []
    for s in fat_sectors[:count]:
        piece = block(s)
        fat.extend(struct.unpack(f"<{len(piece) // 4}I", piece[: len(piece) // 4 * 4]))

    def chain(start: int) -> bytes:
        pieces: list[bytes] = []
        at = start
        while at < _END - 1 and len(pieces) <= count:
            pieces.append(block(at))
            at = fat[at]
        if len(pieces) > count:
            raise TableError("table.broken", reason="its container runs in a circle")
        return b"".join(pieces)

    directory = chain(struct.unpack_from("<I", data, 48)[0])
    files = [directory[i : i + 128] for i in range(0, len(directory) - 127, 128)]
    names = {}
    for entry in files:
        length = struct.unpack_from("<H", entry, 64)[0]
        names[entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace").lower()] = entry
    if "encryptedpackage" in names:
        raise TableError("table.locked")
    found = names.get("workbook") or names.get("book")
    if found is None:
        raise TableError("table.kind", kind="DOC" if "worddocument" in names else "OLE")
    start, size = struct.unpack_from("<II", found, 116)
    if size < struct.unpack_from("<I", data, 56)[0]:
        # Small streams lie in the mini stream of the root entry, in blocks of 64 bytes.
        root = chain(struct.unpack_from("<I", files[0], 116)[0])
        mini_raw = chain(struct.unpack_from("<I", data, 60)[0])
        mini = struct.unpack(f"<{len(mini_raw) // 4}I", mini_raw)
        small: list[bytes] = []
        at = start
        while at < _END - 1 and len(small) * 64 <= size:
            small.append(root[at * 64 : at * 64 + 64])
            at = mini[at]
        return b"".join(small)[:size]
    return chain(start)[:size]
