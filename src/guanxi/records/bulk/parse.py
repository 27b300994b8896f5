"""Parsing rows: no database, so that it can run in a process of its own while the database writes the batch before."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from guanxi.kit.problems import BadValue, Problem
from guanxi.records import kinds
from guanxi.records.kinds import Formats, Kind

Problems = dict[str, list[Problem]]
Raw = tuple[int, Mapping[str, Any]]


@dataclass
class Parsed:
    """One row: its number in the file, its stored values by field key, what is wrong with it."""

    number: int
    values: dict[str, Any]
    problems: Problems = dataclass_field(default_factory=dict)


#: So many texts of one field are remembered with their values: choices and days repeat, and mean the same in every row.
_REMEMBERED = 2_000
_REPEATING = (kinds.Choice, kinds.YesNo, kinds.Date)


def parse_rows(rows: Iterable[Raw], parsed_by: Mapping[str, Kind], formats: Formats) -> Iterator[Parsed | int]:
    """Rows with parsed values; for a row with nothing in it, its number. `parsed_by`: the kind of each field to look at."""
    parsers: list[tuple[str, Callable[..., Any], dict[str, Any] | None]] = [
        (key, kind.parse, {} if isinstance(kind, _REPEATING) and not kind.many else None)
        for key, kind in parsed_by.items()
    ]
    places = [key for key, kind in parsed_by.items() if isinstance(kind, kinds.Address)]
    own = formats
    for number, raw in rows:
        for key in places:
            place = raw.get(key)
            country = place.get("country") if isinstance(place, Mapping) else None
            formats = own.in_region(country) if country else own
        values: dict[str, Any] = {}
        row = Parsed(number, values)
        found = False
        for key, parse, known in parsers:
            text = raw.get(key)
            if text is None or text == "":
                continue
            found = True
            if known is not None and type(text) is str and (value := known.get(text)) is not None:
                values[key] = value
                continue
            try:
                value = parse(text, formats)
            except BadValue as error:
                row.problems[key] = [error.problem]
                continue
            if value is not None:
                values[key] = value
                if known is not None and type(text) is str and len(known) < _REMEMBERED:
                    known[text] = value
        yield row if found else number


@contextmanager
def patient_collector() -> Iterator[None]:
    """Rows make many small objects and no cycles: looking for cycles as often as usual costs a sixth of the parsing time."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], 100_000), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
