"""The one server below a home: where it is, whether it runs, who uses it, and its end."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from guanxi.ops.embedded import starting
from guanxi.ops.embedded.making import DATABASE, ROLE, SUPERUSER
from guanxi.ops.embedded.starting import SOCKET_NAME, alive
from guanxi.ops.errors import DatabaseUnavailable, explained

if TYPE_CHECKING:
    import pwd

    import psutil

SYSTEM_USER = "pgserver"
SOCKET_LIMIT = 103  # bytes of a socket path that both Linux (107) and macOS (103) take

_held: dict[Path, int] = {}  # home -> descriptor of the shared lock, for the life of this process


@dataclass(frozen=True)
class Postmaster:
    """What `postmaster.pid` says. `socket` is empty when the server has none."""

    pid: int
    socket: str
    status: str


class Server:
    """The one server below a home folder."""

    def __init__(self, home: Path) -> None:
        self.home = Path(os.path.abspath(home.expanduser()))  # noqa: PTH100 - resolve() would follow links away
        self.data = self.home / "postgres"
        self.logs = self.data / "logs"

    # ------------------------------------------------------------------ where and who

    @cached_property
    def socket_dir(self) -> Path:
        """Where the socket lies: always the same for one home, whatever environment the process runs in."""
        near = self.home / "run"
        if len(os.fsencode(near / SOCKET_NAME)) <= SOCKET_LIMIT:
            return near
        mark = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        return Path("/tmp") / f"guanxi-{mark}"  # noqa: S108 - ownership is checked before use

    def url(self, database: str = DATABASE, user: str = ROLE) -> str:
        return f"postgresql://{user}@/{quote(database)}?host={quote(str(self.socket_dir), safe='')}"

    @cached_property
    def account(self) -> pwd.struct_passwd | None:
        """The system user to run PostgreSQL as, when this process is root (PostgreSQL refuses to be); else None."""
        if os.geteuid() != 0:
            return None
        import pwd

        if self.data.exists() and (owner := self.data.stat().st_uid) != 0:
            return pwd.getpwuid(owner)  # root looks after a home that a person made
        try:
            return pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            pass
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", SYSTEM_USER]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            with contextlib.suppress(KeyError):  # another process was quicker
                return pwd.getpwnam(SYSTEM_USER)
            raise DatabaseUnavailable(
                "PostgreSQL does not run as root, and no system user could be made for it.",
                f"Start guanxi as an ordinary user, or add a system user named {SYSTEM_USER}.",
            )
        return pwd.getpwnam(SYSTEM_USER)

    # ------------------------------------------------------------------ is it there?

    def postmaster(self) -> Postmaster | None:
        """The running or crashed server's own note, or None. A half-written note counts as none."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return Postmaster(int(lines[0]), lines[4].strip(), lines[7].strip())
        except (OSError, ValueError, IndexError):
            return None

    def is_ready(self) -> bool:
        """Whether the server takes connections on our socket now; costs well under a millisecond."""
        note = self.postmaster()
        if note is None or note.status != "ready" or note.socket != str(self.socket_dir):
            return False
        try:
            os.kill(note.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # another user's, but there
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
            try:
                probe.connect(str(self.socket_dir / SOCKET_NAME))
            except OSError:
                return False
        return True

    def is_running(self) -> bool:
        """Whether there is a server process, ready or not."""
        note = self.postmaster()
        return note is not None and any(process.pid == note.pid for process in self.processes())

    def processes(self) -> list[psutil.Process]:
        """Every living PostgreSQL process of this data directory: each has it as its working directory."""
        import psutil

        found = []
        data = str(self.data.resolve())
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE and process.cwd() == data:
                    found.append(process)
        return found

    # ------------------------------------------------------------------ use and release

    def hold(self) -> None:
        """Note, until this process ends, that it uses the server; so nobody else stops it."""
        if self.home in _held:
            return
        self._make_home()
        descriptor = os.open(self.home / "database.users", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # waits while somebody is just stopping it
        _held[self.home] = descriptor

    def forget(self) -> None:
        """Give up the hold and leave the server running."""
        if (descriptor := _held.pop(self.home, None)) is not None:
            os.close(descriptor)

    def release(self) -> bool:
        """Give up the hold, and stop the server if nobody else has one or is connected. True if it was stopped."""
        self.forget()
        if not self.is_running():
            return False
        descriptor = os.open(self.home / "database.users", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for _ in range(50):  # a connection just closed takes a moment to be gone, on a busy machine a long one
                if not self._others_connected():
                    break
                time.sleep(0.1)
            else:
                return False
            self.stop()
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def _others_connected(self) -> bool:
        try:
            with self.connect() as connection:
                row = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "
                    "AND pid <> pg_backend_pid()"
                ).fetchone()
        except Exception:  # a server that refuses a connection serves nobody
            return False
        return bool(row and row[0])

    def connect(self, database: str = "postgres") -> Any:
        """A psycopg connection as PostgreSQL's superuser, in autocommit."""
        import psycopg

        return psycopg.connect(self.url(database, SUPERUSER), autocommit=True, connect_timeout=30)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        descriptor = os.open(self.home / "database.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    # ------------------------------------------------------------------ start

    def start(self) -> None:
        """Bring the server up, healing what a crash left behind. Several processes may call it at once."""
        self._make_home()
        with self._lock():
            if self.is_ready():
                return
            starting.bring_up(self)

    def _make_home(self) -> None:
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
            if not os.access(self.home, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied", str(self.home))
            if (self.home / "database.lock").exists() and not os.access(self.home / "database.lock", os.W_OK):
                raise PermissionError(13, "Permission denied", str(self.home / "database.lock"))
        except OSError as error:
            raise explained(self.home, str(error)) from error

    # ------------------------------------------------------------------ stop

    def stop(self, *, locked: bool = False) -> bool:
        """End the server in good order (running statements are rolled back). True if there was one."""
        if not locked:
            if not self.home.exists():
                return False
            with self._lock():
                return self.stop(locked=True)
        note = self.postmaster()
        server = next((process for process in self.processes() if note and process.pid == note.pid), None)
        if server is None:
            return False
        for sign, patience in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            server.send_signal(sign)
            ended = time.monotonic() + patience
            while time.monotonic() < ended:
                if not alive(server.pid):
                    return True
                time.sleep(0.02)
        return True


def release_all() -> None:
    """Give up every hold of this process; a server that nobody uses any more is stopped."""
    for home in list(_held):
        Server(home).release()
