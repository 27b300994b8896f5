"""Rows parsed in a process of their own, ahead of whoever writes them: two cores do what one interpreter cannot.

The process gets the kinds, the formats and the lists of values, and touches no database. It speaks through its standard input
and output, so it ends by itself when the one who started it is gone, however that ended.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import IO, Any

from guanxi.records import choices, kinds
from guanxi.records.bulk.parse import Parsed, Raw, parse_rows, patient_collector
from guanxi.records.kinds import Formats, Kind

Batch = list[Parsed | int]
PATIENCE = 600.0  # seconds without a row before the file is given up
_PROGRAM = "import django; django.setup(); from guanxi.records.bulk import apart; apart.serve()"
_AHEAD = 2  # batches that may wait to be taken


class ParserLost(Exception):
    """The parsing process ended before its rows did; nothing was written."""


def batches(
    rows: Iterable[Raw], parsed_by: Mapping[str, Kind], formats: Formats, *, size: int
) -> Generator[Batch, None, None]:
    """What `parse_rows` gives, `size` at a time. An error of `rows` is raised to the taker; close the generator to stop early.

    What fits one batch is parsed right here; of more, the first batch is parsed while the process for the rest starts.
    """
    feed = iter(rows)
    first = list(islice(feed, size))
    more = list(islice(feed, 1)) if len(first) == size else []
    if not more:
        yield from _here(first, parsed_by, formats, size)
        return
    rest = chain(more, feed)
    if any(isinstance(kind, kinds.File) for kind in parsed_by.values()):  # files are kept by whoever has the database
        yield from _here(chain(first, rest), parsed_by, formats, size)
        return
    parser = _Parser(rest, parsed_by, formats, size)
    try:
        yield from _here(first, parsed_by, formats, size)
        yield from parser.batches()
    finally:
        parser.close()


def _here(rows: Iterable[Raw], parsed_by: Mapping[str, Kind], formats: Formats, size: int) -> Iterator[Batch]:
    parsed = parse_rows(rows, parsed_by, formats)
    while batch := list(islice(parsed, size)):
        yield batch


class _Parser:
    """The process, a thread that feeds it, and a thread that fetches what it made, so that none of the three waits long."""

    def __init__(self, rows: Iterator[Raw], parsed_by: Mapping[str, Kind], formats: Formats, size: int) -> None:
        self._rows, self._size = rows, size
        self._error: BaseException | None = None
        self._stop = Event()
        self._made: Queue[Batch | Exception | None] = Queue(maxsize=_AHEAD)
        self._process = subprocess.Popen(  # noqa: S603 (this interpreter, fixed words)
            [sys.executable, "-P", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin and self._process.stdout
        self._to, self._from = self._process.stdin, self._process.stdout
        self._head = (dict(parsed_by), formats, choices.held())
        self._threads = [
            Thread(target=act, name=f"guanxi-parse-{act.__name__}", daemon=True) for act in (self._feed, self._fetch)
        ]
        for thread in self._threads:
            thread.start()

    def _feed(self) -> None:
        try:
            _send(self._to, self._head)
            while not self._stop.is_set() and (batch := list(islice(self._rows, self._size))):
                _send(self._to, batch)
        except BrokenPipeError:
            pass  # it ended: the taker will see that no end was said
        except BaseException as error:
            self._error = error
        finally:
            with suppress(OSError):
                self._to.close()

    def _fetch(self) -> None:
        whole = True
        while whole and not self._stop.is_set():
            frame = _receive(self._from)
            whole = bool(frame)
            try:
                # Taken apart here, while the taker waits for the database; None when the process is gone.
                made = pickle.loads(frame) if frame else None  # noqa: S301 (from our own process)
                if isinstance(made, list):
                    made = [item if type(item) is int else Parsed(*item) for item in made]
                    whole = bool(made)
            except Exception:  # garbled: as good as gone, and the taker must not wait for more
                made, whole = None, False
            while not self._stop.is_set():
                try:
                    self._made.put(made, timeout=0.2)
                    break
                except Full:
                    continue

    def batches(self) -> Iterator[Batch]:
        while True:
            try:
                made = self._made.get(timeout=PATIENCE)
            except Empty:
                raise TimeoutError("The file gives no more rows; nothing was written.") from None
            if self._error is not None:
                raise self._error
            if made is None:
                raise ParserLost("The process that reads the rows ended; nothing was written. Try again.")
            if isinstance(made, BaseException):
                raise made
            if not made:
                return
            yield made

    def close(self) -> None:
        self._stop.set()
        self._process.kill()
        self._process.wait()
        for thread in self._threads:
            thread.join(timeout=5)
        self._from.close()


def _send(pipe: IO[bytes], what: Any) -> None:
    frame = pickle.dumps(what, protocol=5)
    pipe.write(len(frame).to_bytes(8, "big"))
    pipe.write(frame)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    """One frame; empty when the other side is gone."""
    head = pipe.read(8)
    frame = pipe.read(int.from_bytes(head, "big")) if len(head) == 8 else b""
    return frame if head and len(frame) == int.from_bytes(head, "big") else b""


def serve() -> None:
    """The process: a head, then batches of rows in, batches of parsed rows out, an empty one at the end."""
    given, out = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nobody else writes between the frames
    with suppress(BrokenPipeError, KeyboardInterrupt), patient_collector():
        if not (first := _receive(given)):
            return  # whoever started us was killed before saying why
        parsed_by, formats, lists = pickle.loads(first)  # noqa: S301 (from the one who started us)
        choices.hold(lists)
        raw: list[Raw] = []

        def rows() -> Iterator[Raw]:
            yield from raw

        try:
            while frame := _receive(given):
                raw = pickle.loads(frame)  # noqa: S301
                made = parse_rows(raw, parsed_by, formats)
                _send(out, [p if isinstance(p, int) else (p.number, p.values, p.problems) for p in made])
            _send(out, [])
        except BrokenPipeError:
            raise
        except Exception as error:
            _send(out, _portable(error))


def _portable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301
    except Exception:
        return RuntimeError(repr(error))
    return error
