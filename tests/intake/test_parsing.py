"""Rows are parsed in a process of their own beside the one that writes (STD-1, OPS-2): the same values, errors and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from guanxi.kit.problems import Problem
from guanxi.records import kinds
from guanxi.records.bulk import apart
from guanxi.records.bulk.parse import Parsed

pytestmark = pytest.mark.django_db  # the lists of values are read before they are handed over

FORMATS = kinds.Formats()
KINDS = {"name": kinds.Text(), "phone": kinds.Phone(), "when": kinds.Date(), "sum": kinds.Money(currency="CNY")}


def rows(n: int) -> Iterator[tuple[int, dict[str, Any]]]:
    for i in range(1, n + 1):
        if i % 7 == 0:
            yield i, {}
        else:
            phone = "no number" if i % 11 == 0 else f"138{i:08d}"
            yield i, {"name": f"客户 {i}", "phone": phone, "when": "2024-02-29 10:11:12", "sum": f"{i}.50"}


def together(batches: Iterator[apart.Batch]) -> list[Parsed | int]:
    return [item for batch in batches for item in batch]


def parsers() -> list[psutil.Process]:
    return [p for p in psutil.Process().children(recursive=True) if "apart.serve" in " ".join(p.cmdline())]


def test_a_process_gives_what_parsing_here_gives_in_the_same_order() -> None:
    here = together(apart.batches(rows(100), KINDS, FORMATS, size=1_000))
    there = together(apart.batches(rows(100), KINDS, FORMATS, size=9))
    assert there == here
    assert [row if isinstance(row, int) else row.number for row in there] == list(range(1, 101))
    eleventh = there[10]
    assert isinstance(eleventh, Parsed)
    assert [type(p) for p in eleventh.problems["phone"]] == [Problem]
    assert not parsers()


def test_the_process_parses_all_but_the_first_batch() -> None:
    source = apart.batches(rows(100), KINDS, FORMATS, size=10)
    next(source)
    assert len(parsers()) == 1
    source.close()
    assert not parsers()


def test_lists_of_values_go_with_it() -> None:
    def given() -> Iterator[tuple[int, dict[str, Any]]]:
        return ((i, {"kind": "公司" if i % 2 else "nonsense"}) for i in range(1, 31))

    parsed_by = {"kind": kinds.Choice(list="customers.kind")}
    found = together(apart.batches(given(), parsed_by, FORMATS, size=10))
    assert found == together(apart.batches(given(), parsed_by, FORMATS, size=100))
    assert [row.values.get("kind") for row in found if isinstance(row, Parsed)] == ["company", None] * 15


def test_an_error_of_the_file_comes_to_the_taker() -> None:
    def broken() -> Iterator[tuple[int, dict[str, Any]]]:
        yield from rows(25)
        raise ValueError("row 26 is broken")

    with pytest.raises(ValueError, match="row 26"):
        together(apart.batches(broken(), KINDS, FORMATS, size=10))
    assert not parsers()


def test_a_value_that_cannot_be_sent_is_an_error_and_no_silence() -> None:
    with pytest.raises((AttributeError, TypeError, RuntimeError)) as error:
        together(apart.batches(((i, {"name": lambda: 1}) for i in range(30)), KINDS, FORMATS, size=10))
    assert "pickle" in str(error.value)


def test_a_killed_process_is_noticed_and_nothing_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    source = apart.batches(rows(100_000), KINDS, FORMATS, size=100)
    next(source)
    (process,) = parsers()
    process.send_signal(signal.SIGKILL)
    with pytest.raises(apart.ParserLost):
        together(source)


def test_it_ends_when_whoever_started_it_is_killed() -> None:
    code = (
        "import django; django.setup()\n"
        "from guanxi.records import kinds, choices; from guanxi.records.bulk import apart\n"
        "choices.hold({})\n"
        "source = apart.batches(((i, {'a': 'b'}) for i in range(10**9)), {'a': kinds.Text()}, kinds.Formats(), size=10)\n"
        "next(source); next(source); print('on', flush=True)\n"
        "import time; time.sleep(3600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ) as parent:
        assert parent.stdout and parent.stdout.readline() == b"on\n"
        children = psutil.Process(parent.pid).children()
        assert len(children) == 1
        parent.kill()
    _, alive = psutil.wait_procs(children, timeout=60)
    deadline = time.monotonic() + 60
    while any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in alive) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [p for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def test_what_it_says_must_make_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame that is no frame ends the load at once, instead of letting it wait for rows that never come."""
    really, heard = apart._receive, []

    def garbled(pipe: Any) -> bytes:
        frame = really(pipe)
        heard.append(frame)
        return frame if len(heard) == 1 else b"\x00" + frame

    monkeypatch.setattr(apart, "_receive", garbled)
    monkeypatch.setattr(apart, "PATIENCE", 60.0)
    with pytest.raises(apart.ParserLost):
        together(apart.batches(rows(100), KINDS, FORMATS, size=9))
