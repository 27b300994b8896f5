"""Writing tables for spreadsheets so that nothing in them runs, and reading them back gives exactly what was written.

A cell that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break is run as a formula by spreadsheet programs. The scheme:

* CSV: such a text gets an apostrophe before it. A text that already begins with apostrophes and then such a character gets one more,
  so the reader (:func:`unescape`) takes away exactly one, and every text comes back as it was.
* What only looks dangerous stays as it is: signed numbers (-12.50) and telephone numbers (+86 138 0013 8000, +8613800138000;ext=803).
* XLSX: texts are written as texts, which no program runs; dangerous ones also carry the "quote prefix" format, so that
  editing the cell does not turn it into a formula. Nothing is added to the value.

The one exception: a text that is exactly a spreadsheet error (#N/A, #REF! …) comes back from XLSX as an empty cell with a problem, because
the parser cannot tell it from the error itself. CSV keeps it.

Every text in a CSV is quoted, so that the separator is beyond doubt when the file comes back. Telephone numbers are texts in XLSX.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from types import TracebackType
from typing import Any, BinaryIO, TextIO

_DANGEROUS = re.compile(r"'*\s*[=+\-@＝＋－＠]|'*[\t\r\n]")
_ESCAPED = re.compile(r"''*\s*[=+\-@＝＋－＠]|''*[\t\r\n]")
_HARMLESS = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)*%?|\+[0-9][0-9 ]*(?:;ext=[0-9]+)?")
_STARTS = frozenset("=+-@\t\r\n'＝＋－＠") | frozenset(" \x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029\u3000")
_UNPRINTABLE = re.compile("[\x00\ud800-\udfff]")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

MAX_ROWS_XLSX = 1_048_576
MAX_CELL_XLSX = 32_767


def dangerous(text: str) -> bool:
    """Whether a spreadsheet program might run this text."""
    return text != "" and _DANGEROUS.match(text) is not None and _HARMLESS.fullmatch(text) is None


def escape(text: str) -> str:
    """The text as a CSV cell: an apostrophe before whatever might run."""
    return "'" + text if text != "" and (text[0] in _STARTS or text[0].isspace()) and dangerous(text) else text


def unescape(text: str) -> str:
    """The inverse of :func:`escape` on everything ``escape`` gives."""
    return text[1:] if text[:1] == "'" and _ESCAPED.match(text) else text


def plain(value: Any) -> str | int | float | Decimal:
    """A value as CSV text or number: dates ISO, yes/no as true/false, None empty."""
    if value is None:
        return ""
    if isinstance(value, str):
        return escape(_UNPRINTABLE.sub("", value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return value
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, (list, tuple, set, frozenset)):
        return escape(_UNPRINTABLE.sub("", "; ".join(str(v) for v in value)))
    return escape(_UNPRINTABLE.sub("", str(value)))


class CsvWriter:
    """Streams rows into a binary file as CSV in UTF-8 with a byte order mark (without it spreadsheet programs misread Chinese)."""

    def __init__(self, target: BinaryIO, header: Sequence[str]) -> None:
        self._text: TextIO = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=False)
        self._writer = csv.writer(self._text, quoting=csv.QUOTE_NONNUMERIC)
        self.rows = 0
        self._writer.writerow([plain(h) for h in header])

    def write(self, row: Iterable[Any]) -> None:
        """Add one row of values."""
        self._writer.writerow([plain(v) for v in row])
        self.rows += 1

    def close(self) -> None:
        """Flush; the target stays open and belongs to the caller."""
        self._text.flush()
        self._text.detach()  # type: ignore[attr-defined]

    def __enter__(self) -> CsvWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class XlsxWriter:
    """Streams rows into an XLSX workbook in flat memory; goes on to a second sheet after 1,048,575 rows."""

    def __init__(self, target: str | BinaryIO, header: Sequence[str], *, sheet: str = "Data") -> None:
        import xlsxwriter  # type: ignore[import-untyped,unused-ignore]  # a fifth of the time that starting takes

        self._book = xlsxwriter.Workbook(
            target,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "default_date_format": "yyyy-mm-dd",
                "remove_timezone": True,
            },
        )
        self._header = list(header)
        self._sheet_name = re.sub(r"[\[\]:*?/\\']", " ", sheet)[:25].strip() or "Data"
        self._sheets = 0
        self._bold = self._book.add_format({"bold": True})
        self._stamp = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._quoted = self._book.add_format({"quote_prefix": True})
        self.rows = 0
        self._next_sheet()

    def _next_sheet(self) -> None:
        self._sheets += 1
        name = self._sheet_name if self._sheets == 1 else f"{self._sheet_name} {self._sheets}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        for column, name in enumerate(self._header):
            self._sheet.write_string(0, column, _xml(name), self._bold)
        self._row = 1

    def write(self, row: Iterable[Any]) -> None:
        """Add one row of values. Texts over 32,767 characters are cut: the format has no more."""
        if self._row >= MAX_ROWS_XLSX:
            self._next_sheet()
        sheet, at = self._sheet, self._row
        for column, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, str):
                text = _xml(value)
                if dangerous(text):
                    sheet.write_string(at, column, text, self._quoted)
                else:
                    sheet.write_string(at, column, text)
            elif isinstance(value, bool):
                sheet.write_boolean(at, column, value)
            elif isinstance(value, (int, float, Decimal)):
                # A spreadsheet keeps 15 digits; more only survive as text.
                if _fits_number(value):
                    sheet.write_number(at, column, value)
                else:
                    sheet.write_string(at, column, str(value))
            elif isinstance(value, datetime):
                sheet.write_datetime(at, column, value, self._stamp)
            elif isinstance(value, date):
                if value.year >= 1900:
                    sheet.write_datetime(at, column, value, self._day)
                else:
                    sheet.write_string(at, column, value.isoformat())
            else:
                sheet.write_string(at, column, _xml(str(plain(value))))
        self._row += 1
        self.rows += 1

    def close(self) -> None:
        """Finish the workbook."""
        self._book.close()

    def __enter__(self) -> XlsxWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _xml(text: str) -> str:
    return _NOT_XML.sub("", text)[:MAX_CELL_XLSX]


def _fits_number(value: int | float | Decimal) -> bool:
    if isinstance(value, float):
        return value == value and abs(value) != float("inf")
    if isinstance(value, int):
        return abs(value) < 10**15
    return value.is_finite() and len(value.as_tuple().digits) <= 15
