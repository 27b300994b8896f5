"""One table out of a file: what it is, its header, and its rows as a stream."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

import python_calamine as calamine

from guanxi.kit import text
from guanxi.kit.problems import Problem
from guanxi.kit.streams import guard
from guanxi.kit.streams.dialect import find_delimiter, find_header
from guanxi.kit.streams.encoding import find_encoding
from guanxi.kit.streams.errors import Limits, TableError, human_size
from guanxi.kit.writers import unescape

Cell = str | int | float | bool | date | datetime | time | None

_SAMPLE_LINES = 120
_SAMPLE_BYTES = 1 << 20
_HEADER_ROWS = 30
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#GETTING_DATA"})
_NONE: tuple[Problem, ...] = ()


class Row(NamedTuple):
    """One row: its number as a spreadsheet shows it (the first row of the file is 1), cells (as many as the header), problems."""

    number: int
    cells: list[Cell]
    problems: tuple[Problem, ...]


class Table:
    """A table found in a file. ``rows()`` may be called again and starts at the first row each time."""

    format: str  # csv, xlsx, xls, ods
    encoding: str | None  # of csv: utf-8, utf-8-sig, utf-16, gb18030, big5hkscs, cp1252, …
    dialect: str | None  # of csv: the separator
    sheets: list[str]
    sheet: str | None
    header: list[str]
    header_row: int  # its number in the file
    problems: list[Problem]  # of the header: duplicate and unnamed columns

    def __init__(self, source: BinaryIO, *, limits: Limits, owned: bool) -> None:
        self._source = source
        self._limits = limits
        self._owned = owned
        self.encoding = self.dialect = self.sheet = None
        self.sheets, self.header, self.problems, self.header_row = [], [], [], 0

    def rows(self) -> Iterator[Row]:
        raise NotImplementedError

    def close(self) -> None:
        """Close the file, if it was opened here."""
        if self._owned:
            self._source.close()

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take_header(self, first_rows: list[list[Any]], numbers: list[int]) -> None:
        index = find_header(first_rows)
        if index is None:
            raise TableError("table.no_rows")
        cells = [text.clean(_header_text(cell)) for cell in first_rows[index]]
        used = max((i + 1 for row in first_rows for i, cell in enumerate(row) if cell not in (None, "")), default=0)
        while cells and not cells[-1] and len(cells) > used:
            cells.pop()
        if len(cells) > self._limits.columns:
            raise TableError("table.columns", columns=str(len(cells)), limit=self._limits.columns)
        if not any(cells):
            raise TableError("table.no_header")
        self.header = cells
        self.header_row = numbers[index]
        for name, times in Counter(c for c in cells if c).items():
            if times > 1:
                self.problems.append(Problem("header.duplicate", {"name": name, "times": times}))
        for position, name in enumerate(cells, 1):
            if not name and any(
                len(row) >= position and row[position - 1] not in (None, "") for row in first_rows[index + 1 :]
            ):
                self.problems.append(Problem("header.unnamed", {"position": position}))


def _header_text(cell: Any) -> str:
    return "" if cell is None else str(cell)


class _TextTable(Table):
    format = "csv"

    def __init__(self, source: BinaryIO, *, limits: Limits, owned: bool) -> None:
        super().__init__(source, limits=limits, owned=owned)
        source.seek(0, os.SEEK_END)
        if source.tell() > limits.bytes:
            raise TableError("table.too_big", size=human_size(source.tell()), limit=human_size(limits.bytes))
        self.encoding = find_encoding(source, limits)
        self._codec = {"utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be"}.get(self.encoding, self.encoding)
        self._skip_directive = False
        with self._text() as lines:
            sample, size = [], 0
            for line in lines:
                sample.append(line)
                size += len(line)
                if len(sample) >= _SAMPLE_LINES or size > _SAMPLE_BYTES:
                    break
        if sample and sample[0].lower().startswith("sep=") and len(sample[0].strip()) == 5:
            self.dialect = sample[0][4]
            self._skip_directive = True
        else:
            # The last line of the sample may end within quotes; the separator is found from whole records.
            self.dialect = find_delimiter("".join(sample))
        first: list[list[Any]] = []
        numbers: list[int] = []
        for number, cells in self._records():
            first.append([unescape(c) for c in cells])
            numbers.append(number)
            if len(cells) > limits.columns and sum(1 for c in cells if c) > limits.columns:
                raise TableError("table.columns", columns=f"{len(cells):,}", limit=limits.columns)
            if len(first) >= _HEADER_ROWS:
                break
        self._take_header(first, numbers)

    @contextmanager
    def _text(self) -> Iterator[io.TextIOWrapper]:
        self._source.seek(0)
        wrapper = io.TextIOWrapper(self._source, encoding=self._codec, newline="", errors="strict")
        try:
            yield wrapper
        finally:
            wrapper.detach()  # else the wrapper would close the caller's file

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        with self._text() as lines:
            reader = csv.reader(lines, delimiter=self.dialect or ",")
            number = 0
            try:
                if self._skip_directive:
                    next(reader, None)
                    number = 1
                for cells in reader:
                    number += 1
                    yield number, cells
            except csv.Error as error:
                if "field larger" in str(error):
                    raise TableError("table.open_quote", row=number + 1) from error
                raise TableError("table.binary", kind="") from error
            except UnicodeDecodeError as error:  # the file changed under our hands
                raise TableError("table.encoding", line=reader.line_num + 1) from error

    def rows(self) -> Iterator[Row]:
        width, header_row, most = len(self.header), self.header_row, self._limits.rows
        count = 0
        for number, cells in self._records():
            if number <= header_row:
                continue
            values: list[Cell] = [(c if c[0] != "'" else unescape(c)) if c else None for c in cells]
            if len(values) != width:
                if len(values) < width:
                    values.extend([None] * (width - len(values)))
                elif any(isinstance(v, str) and v.strip() for v in values[width:]):
                    problem = Problem("row.ragged", {"cells": len(values), "columns": width})
                    yield Row(number, values[:width], (problem,))
                    continue
                else:
                    del values[width:]
            if not any(values):
                continue
            count += 1
            if count > most:
                raise TableError("table.rows", limit=most)
            yield Row(number, values, _NONE)


class _Workbook(Table):
    def __init__(
        self, source: BinaryIO, *, kind: str, path: Path | None, limits: Limits, owned: bool, sheet: str | None
    ) -> None:
        super().__init__(source, limits=limits, owned=owned)
        self.format = kind
        source.seek(0)
        with _parser_errors():
            self._book = (
                calamine.CalamineWorkbook.from_path(path) if path else calamine.CalamineWorkbook.from_filelike(source)
            )
            visible = [
                m.name
                for m in self._book.sheets_metadata
                if m.visible == calamine.SheetVisibleEnum.Visible and m.typ == calamine.SheetTypeEnum.WorkSheet
            ]
        self.sheets = visible or list(self._book.sheet_names)
        if not self.sheets:
            raise TableError("table.no_rows")
        if sheet is not None and sheet not in self.sheets:
            raise TableError("table.no_sheet", sheet=sheet, sheets=", ".join(f"'{s}'" for s in self.sheets[:20]))
        for name in [sheet] if sheet is not None else self.sheets:
            with _parser_errors():
                self._range = self._book.get_sheet_by_name(name)
            self.sheet = name
            if self._range.height and self._range.width:
                break
        first = []
        numbers = []
        for number, cells in self._numbered():
            first.append([_value(c) if c != "" else None for c in cells])
            numbers.append(number)
            if len(first) >= _HEADER_ROWS:
                break
        if not first:
            raise TableError("table.no_rows")
        if self._range.width > limits.columns:
            raise TableError("table.columns", columns=f"{self._range.width:,}", limit=limits.columns)
        self._take_header(first, numbers)

    def _numbered(self) -> Iterator[tuple[int, list[Any]]]:
        start = self._range.start
        with _parser_errors():
            yield from enumerate(self._range.iter_rows(), (start[0] if start else 0) + 1)

    def rows(self) -> Iterator[Row]:
        header, header_row = self.header, self.header_row
        width = len(header)
        for number, raw in self._numbered():
            if number <= header_row:
                continue
            problems: list[Problem] = []
            cells: list[Cell] = []
            filled = False
            for index, value in enumerate(raw):
                if value == "":
                    cells.append(None)
                    continue
                filled = True
                kind = type(value)
                if kind is str:
                    if value in _ERRORS:
                        name = header[index] if index < width else ""
                        problems.append(Problem("cell.error", {"column": name, "value": value}))
                        cells.append(None)
                    else:
                        cells.append(value)
                elif kind is float or kind is int:
                    number_value = _value(value)
                    if abs(value) >= 1e15:
                        name = header[index] if index < width else ""
                        problems.append(Problem("cell.rounded", {"column": name, "value": str(number_value)}))
                    cells.append(number_value)
                else:
                    cells.append(_value(value))
            if not filled:
                continue
            if len(cells) > width:
                if any(c is not None for c in cells[width:]):
                    problems.append(Problem("row.ragged", {"cells": len(cells), "columns": width}))
                del cells[width:]
            elif len(cells) < width:
                cells.extend([None] * (width - len(cells)))
            yield Row(number, cells, tuple(problems) if problems else _NONE)

    def close(self) -> None:
        self._book.close()
        super().close()


def _value(value: Any) -> Cell:
    """A number without fraction as int (the workbook only has floats), a midnight as date, a duration as text."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, datetime):
        return value.date() if value.time() == time.min else value
    if isinstance(value, timedelta):
        return str(value)
    return value  # type: ignore[no-any-return]


@contextmanager
def _parser_errors() -> Iterator[None]:
    """Whatever the parser of workbooks raises, a panic in its machine code included, is a damaged workbook."""
    try:
        yield
    except (TableError, GeneratorExit, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except calamine.PasswordError as error:
        raise TableError("table.locked") from error
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise TableError("table.broken", reason=guard._reason(error)) from error
        raise


def open_table(
    source: str | os.PathLike[str] | BinaryIO,
    filename: str | None = None,
    *,
    limits: Limits | None = None,
    sheet: str | None = None,
) -> Table:
    """Find out what a file is and open the table in it.

    ``source`` is a path or a seekable binary file (which stays the caller's to close). The kind is told from the content; ``filename``
    only serves the messages. ``sheet`` names the sheet of a workbook; without it the first visible one with content is taken.
    Raises :class:`TableError`.
    """
    limits = limits or Limits()
    path: Path | None = None
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        try:
            stream: BinaryIO = path.open("rb")
        except FileNotFoundError as error:
            raise TableError("table.not_found", path=filename or path.name) from error
        except OSError as error:
            raise TableError(
                "table.unreadable", path=filename or path.name, reason=error.strerror or "unknown"
            ) from error
    else:
        stream = source
    try:
        return _open(stream, path, limits=limits, sheet=sheet)
    except BaseException:
        if path is not None:
            stream.close()
        raise


def _open(stream: BinaryIO, path: Path | None, *, limits: Limits, sheet: str | None) -> Table:
    owned = path is not None
    stream.seek(0)
    head = stream.read(8)
    if not head:
        raise TableError("table.empty")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
        stream.seek(0, os.SEEK_END)
        size = stream.tell()
        if size > limits.workbook_bytes:
            raise TableError("table.too_big", size=human_size(size), limit=human_size(limits.workbook_bytes))
        if head.startswith(b"PK"):
            kind = guard.check_zip(stream, limits)
        else:
            guard.check_ole(stream, limits)
            kind = "xls"
        # By name only when the ending tells the parser the right kind; else it would believe the ending.
        by_path = path if path is not None and path.suffix.lower() == f".{kind}" else None
        return _Workbook(stream, kind=kind, path=by_path, limits=limits, owned=owned, sheet=sheet)
    return _TextTable(stream, limits=limits, owned=owned)
