"""Which separator a text table uses, and which of its first rows is the header."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'(?:(?<=[,;\t|\n\r])|\A)[ ]?"(?:[^"]|"")*"(?=[ ]?(?:[,;\t|\n\r]|\Z))')
_NUMBER = re.compile(r"[-+]?[\d.,/: -]+%?", re.ASCII)


def find_delimiter(sample: str) -> str:
    """The separator of a sample of about a hundred lines; a comma when the table has one column."""
    bare = _QUOTED.sub('""', sample)
    present = [d for d in DELIMITERS if d in bare]
    if len(present) <= 1:
        return present[0] if present else ","
    scored = sorted(((_consistency(sample, d), d) for d in present), reverse=True)
    if scored[0][0] > scored[1][0] * 1.2:
        return scored[0][1]
    try:
        return csv.Sniffer().sniff(bare, delimiters="".join(present)).delimiter
    except csv.Error:
        pass
    import clevercsv  # 0.1 s to import and slow by nature: only for what the quick ways leave open

    try:
        dialect = clevercsv.Sniffer().sniff(sample, delimiters=present)
    except Exception:  # clevercsv raises its own and others on odd input; the best score is a fair answer then
        return scored[0][1]
    found = dialect.delimiter if dialect else None
    return found if found in present else scored[0][1]


def _consistency(sample: str, delimiter: str) -> float:
    """How much the rows agree on a number of cells greater than one: share of the commonest width, weighted by the width."""
    widths = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row]
    if not widths:
        return 0.0
    width, times = Counter(widths).most_common(1)[0]
    share = times / len(widths)
    return 0.0 if width < 2 else share * share * min(2.0, 1 + width / 20)


def find_header(rows: Sequence[Sequence[Any]]) -> int | None:
    """Index of the header among the first rows: the first as wide as the table is, after titles, dates of export and blank lines."""
    filled = [sum(1 for cell in row if not _blank(cell)) for row in rows]
    wide = [n for n in filled if n]
    if not wide:
        return None
    counts = Counter(wide)
    top = max(counts.values())
    typical = max(n for n, times in counts.items() if times * 2 >= top)
    for index, (row, n) in enumerate(zip(rows, filled, strict=True)):
        if n and n * 5 >= typical * 3 and (n > 1 or typical == 1):
            names = sum(
                1 for cell in row if isinstance(cell, str) and cell.strip() and not _NUMBER.fullmatch(cell.strip())
            )
            if names * 2 >= n:
                return index
            if index + 1 < len(rows) and filled[index + 1] and typical > 1:
                return index
    return next(i for i, n in enumerate(filled) if n)


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
