"""Parsing batches of rows: no database, so that it runs while the database writes the batch before."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any

from guanxi.kit.problems import BadValue, Problem
from guanxi.records import kinds
from guanxi.records.entity import Field
from guanxi.records.kinds import Formats

Problems = dict[str, list[Problem]]
Raw = tuple[int, Mapping[str, Any]]


@dataclass
class Parsed:
    """One row: its number in the file, its stored values by field key, what is wrong with it."""

    number: int
    values: dict[str, Any]
    problems: Problems = dataclass_field(default_factory=dict)


def parse_rows(rows: Iterable[Raw], fields: Mapping[str, Field], formats: Formats) -> Iterator[Parsed | int]:
    """Rows with parsed values; for a row with nothing in it, its number."""
    parsers: list[tuple[str, Callable[..., Any]]] = [(key, field.kind.parse) for key, field in fields.items()]
    places = [key for key, field in fields.items() if isinstance(field.kind, kinds.Address)]
    own = formats
    for number, raw in rows:
        for key in places:
            place = raw.get(key)
            country = place.get("country") if isinstance(place, Mapping) else None
            formats = own.in_region(country) if country else own
        values: dict[str, Any] = {}
        row = Parsed(number, values)
        found = False
        for key, parse in parsers:
            text = raw.get(key)
            if text is None or text == "":
                continue
            found = True
            try:
                value = parse(text, formats)
            except BadValue as error:
                row.problems[key] = [error.problem]
            else:
                if value is not None:
                    values[key] = value
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


_END = object()


class Ahead:
    """Batches made in a thread, at most two ahead of whoever takes them. An error in the thread is raised to the taker."""

    def __init__(self, items: Iterator[Any], size: int) -> None:
        self._queue: Queue[Any] = Queue(maxsize=2)
        self._stop = Event()
        self._thread = Thread(target=self._run, args=(items, size), name="guanxi-parse", daemon=True)
        self._thread.start()

    def _run(self, items: Iterator[Any], size: int) -> None:
        try:
            batch: list[Any] = []
            for item in items:
                batch.append(item)
                if len(batch) >= size:
                    if not self._put(batch):
                        return
                    batch = []
            if batch:
                self._put(batch)
            self._put(_END)
        except BaseException as error:
            self._put(error)

    def _put(self, item: Any) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=0.2)
                return True
            except Full:
                continue
        return False

    def __iter__(self) -> Iterator[list[Any]]:
        while True:
            try:
                item = self._queue.get(timeout=600)
            except Empty:
                raise TimeoutError("The file gives no more rows; nothing was written.") from None
            if item is _END:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    def close(self) -> None:
        self._stop.set()
        self._thread.join(timeout=5)
