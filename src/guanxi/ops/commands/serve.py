"""`guanxi run`: the site and its worker as one group of processes in one terminal, and `guanxi worker` alone.

The supervisor (this process) answers no requests. It starts one process that serves pages and one that works through
jobs, each leading a process group of its own, starts either again when it dies, brings the embedded database back when
it is killed, and ends all of them together. Should the supervisor itself be killed, its children see their lifeline
(a pipe it held open) close, and go too.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType

import django
import structlog
from django.conf import settings
from django.db import connections

from guanxi.ops import database, embedded
from guanxi.ops.commands import data
from guanxi.ops.errors import Unavailable

log = structlog.get_logger("guanxi.run")

LIFELINE = "GUANXI_LIFELINE"
GRACE = 15.0  # seconds a child may take to finish what it is doing
LONGEST_PAUSE = 30.0


class Child:
    """A process that is kept alive."""

    def __init__(self, name: str, arguments: list[str], lifeline: int) -> None:
        self.name = name
        self.arguments = arguments
        self.lifeline = lifeline
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.pause = 0.0
        self.released = False

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self.arguments],
            env={**os.environ, LIFELINE: str(self.lifeline), "PYTHONUNBUFFERED": "1"},
            pass_fds=(self.lifeline,),
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone, which ends the others in order
        )
        self.started = time.monotonic()
        if self.released:
            self.release()

    def release(self) -> None:
        """Let it begin: until then it only loads the program, which takes longest."""
        self.released = True
        if self.process is None:
            self.start()
        elif self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.write(b"go\n")
                self.process.stdin.close()

    def tend(self) -> None:
        """Start it again if it died; the pause doubles while it keeps dying at once."""
        if self.process is None or self.process.poll() is None:
            return
        now = time.monotonic()
        lived = now - self.started
        if lived < self.pause:
            return
        self.signal(signal.SIGKILL)  # what is left of its group
        code = self.process.returncode
        self.pause = min(LONGEST_PAUSE, max(1.0, self.pause * 2)) if lived < LONGEST_PAUSE + self.pause else 0.0
        log.warning("a process died and is started again", process=self.name, exit=code)
        self.start()

    def signal(self, sign: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, sign)

    def end(self, deadline: float) -> None:
        """Wait for an orderly end until `deadline`, then kill the whole group."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, deadline - time.monotonic()))
        self.signal(signal.SIGKILL)
        self.process.wait()


def run(options: argparse.Namespace) -> int:
    host = options.host or settings.HOST
    port = options.port or settings.PORT
    _refuse_taken(host, port)

    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, stop)

    read, write = os.pipe()  # children hold the reading end; the writing end closes with this process
    pages = Child("pages", ["guanxi.ops.commands.serve", host, str(port), str(max(1, options.workers))], read)
    children = [pages] if options.no_worker else [pages, Child("jobs", ["guanxi", "worker"], read)]
    try:
        pages.start()  # loads the program while the database is made ready here
        django.setup()
        database.prepare(migrate=options.migrate)
        if options.demo and (failed := data.fill(full=options.full)):
            return failed
        connections.close_all()
        for child in children:
            child.release()
        threading.Thread(target=_announce, args=(host, port, stopping), daemon=True).start()
        _watch(children, stopping)
    finally:
        if pages.released:
            print("\nStopping …", file=sys.stderr)
        for child in children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        for child in children:
            child.end(deadline)
        os.close(write)
        os.close(read)
    return 0


def _watch(children: list[Child], stopping: threading.Event) -> None:
    server = embedded.Server(Path(settings.DATABASES["default"]["EMBEDDED_HOME"])) if database.is_embedded() else None
    beat = 0
    while not stopping.wait(0.5):
        beat += 1
        for child in children:
            child.tend()
        if server and beat % 4 == 0 and not server.is_ready():
            try:
                log.warning("the database is gone and is started again")
                server.start()
            except Unavailable as error:
                log.error("the database did not start", problem=error.problem)
                stopping.wait(5)


def _refuse_taken(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise Unavailable(f"Port {port} is for the system only.", "Choose one above 1024: GUANXI_PORT=8000")
        except OSError as error:
            raise Unavailable(
                f"Cannot listen on {host}:{port} ({error.strerror}).",
                f"Perhaps guanxi runs already. Another port: GUANXI_PORT={port + 1}",
            )


def _announce(host: str, port: int, stopping: threading.Event) -> None:
    """Say where the site is, once it answers."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    while not stopping.is_set():
        with contextlib.suppress(OSError), socket.create_connection((shown, port), timeout=5) as probe:
            probe.sendall(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")
            if probe.recv(16).startswith(b"HTTP/"):
                name = f"[{shown}]" if ":" in shown else shown
                print(
                    f"\nGuanxi is ready: {settings.BASE_URL or f'http://{name}:{port}/'}   (Ctrl-C ends it)", flush=True
                )
                from guanxi.core.identity import services  # needs Django's registry, which the supervisor fills late

                if services.is_first_run():
                    print(
                        f"Nobody can sign in yet. Open it and use this code to begin: {services.setup_code()}",
                        flush=True,
                    )
                connections.close_all()
                return
        stopping.wait(0.1)


def worker(options: argparse.Namespace) -> int:
    database.prepare(migrate=False)
    follow_parent()
    from guanxi.core.jobs import worker as jobs

    jobs.run(slots=options.slots, queues=options.queues.split(",") if options.queues else None)
    return 0


def follow_parent() -> None:
    """End this process when the supervisor that started it is gone, however it went."""
    descriptor = int(os.environ.pop(LIFELINE, "-1"))
    if descriptor < 0:
        return

    def wait() -> None:
        os.read(descriptor, 1)  # returns only when the writing end is closed
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)

    threading.Thread(target=wait, daemon=True, name="lifeline").start()


def serve_pages(host: str, port: int, workers: int) -> None:
    """The web server, in its own process. Threads keep their database connection, so they are few and live long."""
    follow_parent()
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    wsgi = "guanxi.site.wsgi"
    importlib.import_module(wsgi)  # before the processes that answer pages are forked off, so they share it
    if not sys.stdin.readline():
        return  # the supervisor gave up
    Granian(
        f"{wsgi}:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=8,
        blocking_threads_idle_timeout=600,
        backpressure=64,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.error,
    ).serve()


if __name__ == "__main__":
    serve_pages(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
