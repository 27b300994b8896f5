"""Rows that were held: noted while the import runs, in flat memory, and given back in the person's own columns."""

from __future__ import annotations

import json
import tempfile
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from guanxi.intake import columns
from guanxi.intake.problems import text
from guanxi.kit.problems import Problem
from guanxi.kit.streams import Table
from guanxi.kit.writers import CsvWriter, XlsxWriter

SHOWN, ROWS_SHOWN = 200, 8
"""Different problems, and rows of each, kept in the run for its page; the file has all of them."""

Problems = Mapping[str, Sequence[Problem]]


class Held:
    """What is wrong with which row. A million of them take 16 MB: the words wait in a temporary file."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+b")  # noqa: SIM115 (closed with this object)
        self._rows, self._places = array("q"), array("q")
        self._at = 0

    def __enter__(self) -> Held:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: int, problems: Problems) -> None:
        """Note the problems of a row, by field key ("" for the whole row)."""
        words = [[key, p.code, dict(p.params)] for key, found in problems.items() for p in found]
        line = json.dumps(words, ensure_ascii=False, default=str).encode()
        self._rows.append(row)
        self._places.append(self._at)
        self._file.write(line + b"\n")
        self._at += len(line) + 1

    def __iter__(self) -> Iterator[tuple[int, list[tuple[str, Problem]]]]:
        """Rows in the order of the file, each with its problems by field key."""
        order = sorted(range(len(self._rows)), key=self._rows.__getitem__)
        for i in order:
            self._file.seek(self._places[i])
            yield (
                self._rows[i],
                [(key, Problem(code, params)) for key, code, params in json.loads(self._file.readline())],
            )
        self._file.seek(0, 2)


class Names:
    """What the columns behind a field are called in the file."""

    def __init__(self, header: Sequence[str], mapping: Sequence[str], targets: Mapping[str, columns.Target]) -> None:
        self._headers: dict[str, str] = {}
        for key, places in columns.Composer(mapping).of.items():
            self._headers[key] = " + ".join(header[i] or f"#{i + 1}" for i in places)
        self._targets = targets

    def __call__(self, key: str) -> str:
        target = self._targets.get(key)
        return self._headers.get(key) or (target.label if target else "")


def sentence(names: Names, key: str, problem: Problem) -> str:
    """“手机: '12' has 2 digits …” in the language at hand."""
    name = names(key) if key else ""
    return f"{name}: {text(problem)}" if name else text(problem)


def summary(held: Held, names: Names) -> list[dict[str, Any]]:
    """The problems, equal ones together, as JSON: the first rows, how many, column, code and params.

    Codes and params rather than sentences, so that each reader gets their own language. At most SHOWN different ones.
    """
    found: dict[str, dict[str, Any]] = {}
    for row, problems in held:
        for key, problem in problems:
            same = json.dumps([key, problem.code, problem.params], sort_keys=True, default=str)
            item = found.get(same)
            if item is None:
                if len(found) >= SHOWN:
                    continue
                item = found[same] = {
                    "rows": [], "count": 0, "field": key, "column": names(key) if key else "", "code": problem.code,
                    "params": dict(problem.params),
                }  # fmt: skip
            item["count"] += 1
            if len(item["rows"]) < ROWS_SHOWN:
                item["rows"].append(row)
    return sorted(found.values(), key=lambda item: -item["count"])


def write(held: Held, table: Table, names: Names, target: Path) -> int:
    """Write the held rows, as they stand in `table`, and why, to `target`; returns how many. XLSX when the source was a workbook.

    A column of reasons that an earlier problem file brought along is replaced, not repeated.
    """
    keep = [i for i, name in enumerate(table.header) if name != columns.REASON]
    head = [*(table.header[i] for i in keep), columns.REASON]
    waiting = iter(held)
    following = next(waiting, None)
    with target.open("wb") as out:
        writer = CsvWriter(out, head) if table.format == "csv" else XlsxWriter(out, head)
        with writer:
            for row in table.rows():
                if following is None:
                    break
                if row.number != following[0]:
                    continue
                reasons: list[str] = []
                while following is not None and following[0] == row.number:
                    reasons += [sentence(names, key, problem) for key, problem in following[1]]
                    following = next(waiting, None)
                reason = f"[{row.number}] " + "; ".join(dict.fromkeys(reasons))
                writer.write([*(row.cells[i] for i in keep), reason])
        return writer.rows
