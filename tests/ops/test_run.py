"""`guanxi run`: one group of processes that heals, and ends as one."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from guanxi.ops import embedded

pytestmark = [pytest.mark.slow, pytest.mark.crash]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], object], seconds: float = 300) -> None:
    """Wait for it; the limit only ends a test that has failed."""
    ended = time.monotonic() + seconds
    while time.monotonic() < ended:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


class Site:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.log = home / "run.log"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "guanxi", "run", "--port", str(self.port)],
            env={**os.environ, "GUANXI_HOME": str(home), "GUANXI_DATABASE_URL": ""},
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
        )
        self.supervisor = psutil.Process(self.process.pid)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=60):
                return True
        except urllib.error.HTTPError as error:
            return error.code < 500
        except OSError:
            return False

    def child(self, word: str) -> psutil.Process | None:
        for child in self.supervisor.children():
            with contextlib.suppress(psutil.Error):
                if word in " ".join(child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE:
                    return child
        return None


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    made = Site(home)
    everybody: list[psutil.Process] = []
    try:
        until(made.answers)
        until(lambda: made.child("worker"))
        yield made
    except BaseException:
        print(made.log.read_text())
        raise
    finally:
        with contextlib.suppress(psutil.Error):
            everybody = made.supervisor.children(recursive=True)
        made.process.kill()
        made.process.wait()
        for process in everybody:
            with contextlib.suppress(psutil.Error):
                process.kill()


def test_it_heals_from_every_kill_and_ends_as_one(site: Site) -> None:
    for word in ("worker", "commands.serve"):
        child = site.child(word)
        assert child is not None
        child.kill()
        until(lambda word=word, child=child: (now := site.child(word)) is not None and now.pid != child.pid)  # type: ignore[misc]
    until(site.answers)

    note = embedded.Server(site.home).postmaster()
    assert note is not None
    psutil.Process(note.pid).kill()
    until(lambda: (now := embedded.Server(site.home).postmaster()) is not None and now.pid != note.pid)
    until(site.answers)

    everybody = site.supervisor.children(recursive=True)
    site.process.send_signal(signal.SIGINT)
    assert site.process.wait(300) == 0
    _, alive = psutil.wait_procs(everybody, timeout=60)
    assert not alive
    assert not (site.home / "postgres" / "postmaster.pid").exists(), "nobody used the database any more"


def test_children_of_a_killed_supervisor_go_too(site: Site) -> None:
    everybody = site.supervisor.children(recursive=True)
    assert len(everybody) >= 2
    site.process.kill()
    site.process.wait()
    _, alive = psutil.wait_procs(everybody, timeout=120)
    assert not alive
    assert not site.answers()


def test_a_taken_port_is_said(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "guanxi", "run", "--port", str(port)],
            env={**os.environ, "GUANXI_HOME": str(home), "GUANXI_DATABASE_URL": ""},
            capture_output=True, text=True, timeout=300,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"GUANXI_PORT={port + 1}" in done.stderr
