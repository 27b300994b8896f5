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

`server` is the server below one home: where it is, whether it runs, who uses it, its end. `starting` brings it up and heals what a
crash left, `making` makes its data directory and writes its settings, `programs` finds PostgreSQL's programs.
"""

from __future__ import annotations

from pathlib import Path

from guanxi.ops.embedded.programs import engine
from guanxi.ops.embedded.server import DATABASE, SOCKET_LIMIT, SOCKET_NAME, Postmaster, Server, release_all

__all__ = [
    "DATABASE", "SOCKET_LIMIT", "SOCKET_NAME", "Postmaster", "Server", "engine", "ensure", "release_all", "url",
]  # fmt: skip


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
