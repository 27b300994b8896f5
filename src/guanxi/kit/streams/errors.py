"""Why a file cannot be read, and the bounds every file is read within."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: code -> English template in ``%`` style; every one names the remedy.
MESSAGES: dict[str, str] = {
    "table.empty": "The file is empty; save the table again and choose that file",
    "table.no_rows": "The file has no table in it; the first row with several cells must be the header",
    "table.no_header": "The table has no header row; add a row with the column names above the data",
    "table.not_found": "There is no file at %(path)s; check the path",
    "table.unreadable": "The file %(path)s cannot be opened (%(reason)s); check its rights",
    "table.too_big": "The file has %(size)s; the limit is %(limit)s. Split it, or save it as CSV and split that",
    "table.binary": "This is not a table but a binary file%(kind)s; save the table as CSV or XLSX",
    "table.archive": "This is an archive; unpack it and choose the table inside",
    "table.kind": "Files of the kind %(kind)s cannot be read; save the table as XLSX or CSV",
    "table.locked": "The workbook is protected by a password; remove the password and save it again",
    "table.broken": "The workbook is damaged (%(reason)s); open it in a spreadsheet program and save it again",
    "table.bomb": "The workbook unpacks to far more than a table can hold (%(reason)s); save it again, or save it as CSV",
    "table.area": "The sheet '%(sheet)s' spans %(rows)d rows and %(columns)d columns, more than can be read at once; "
    "delete the empty rows and columns that are formatted, or save it as CSV",
    "table.columns": "The table has %(columns)s columns; the limit is %(limit)d. Check the separator, or remove columns",
    "table.rows": "The table has more than %(limit)d rows; split the file",
    "table.line": "Line %(line)d is longer than %(limit)s; this is not a table with one record a line. Check the file",
    "table.encoding": "Line %(line)d has bytes that fit no known encoding; save the file as CSV UTF-8",
    "table.mixed": "Most of the file is %(main)s, but line %(line)d is not: two encodings were pasted into one file. "
    "Correct that line, or save the file as CSV UTF-8",
    "table.open_quote": 'A quotation mark opened in row %(row)d is never closed; close it, or double it ("") if it is meant',
    "table.no_sheet": "The workbook has no sheet '%(sheet)s'; it has %(sheets)s",
}


class TableError(ValueError):
    """A file that is not a readable table; ``code`` is a key of :data:`MESSAGES`, ``params`` fill the template."""

    def __init__(self, code: str, /, **params: Any) -> None:
        self.code = code
        self.params = params
        super().__init__(MESSAGES[code] % params)

    @property
    def template(self) -> str:
        """The English template, which is also the msgid of its translation."""
        return MESSAGES[self.code]

    @property
    def message(self) -> str:
        return MESSAGES[self.code] % self.params


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for reading one file; the defaults take any honest table of a million rows."""

    bytes: int = 2 << 30  # of a text file
    workbook_bytes: int = 300 << 20  # of a workbook as it lies on disk
    rows: int = 5_000_000
    columns: int = 2_000
    cells: int = (
        24_000_000  # of one sheet of a workbook: rows × columns, empty ones included, because all lie in memory
    )
    line: int = 4 << 20  # bytes without a line break in a text file
    members: int = 2_000  # files in a workbook
    unpacked: int = 1 << 30  # bytes of all files in a workbook
    ratio: int = 250  # unpacked to packed, for members over ten megabytes; honest sheets have 10 to 80


def human_size(size: int) -> str:
    """``3.2 MB``."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"
