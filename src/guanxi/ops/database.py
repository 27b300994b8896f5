"""Is the database there, new enough, and of this program's version? Then bring it there, or say what to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import OperationalError

from guanxi.ops.errors import DatabaseUnavailable

OLDEST = 15
LOCK = 0x67755F6D  # one migration at a time


def is_embedded() -> bool:
    return bool(settings.DATABASES["default"].get("EMBEDDED_HOME"))


@dataclass(frozen=True)
class State:
    """What the connected database is. `pending` and `unknown` hold `app.migration` names."""

    version: int
    server: str
    pending: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    is_empty: bool = False


def connect() -> None:
    """Open the connection or raise DatabaseUnavailable, in words."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise unreachable(error) from error
    version = connection.pg_version  # type: ignore[attr-defined]  # Django's PostgreSQL wrapper has it
    if version // 10000 < OLDEST:
        raise DatabaseUnavailable(
            f"This is PostgreSQL {version // 10000}; guanxi needs {OLDEST} or newer.",
            "Upgrade the server, or leave GUANXI_DATABASE_URL unset to use the embedded one.",
        )


def state() -> State:
    """Read the state; changes nothing. Raises DatabaseUnavailable where there is no usable server."""
    connect()
    executor = MigrationExecutor(connection)
    loader = executor.loader
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    ours = {key[0] for key in loader.disk_migrations}
    unknown = [key for key in loader.applied_migrations if key[0] in ours and key not in loader.disk_migrations]
    pending = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
    tables = connection.introspection.table_names()
    return State(
        version=connection.pg_version,  # type: ignore[attr-defined]
        server=_server_name(),
        pending=pending,
        unknown=sorted(".".join(key) for key in unknown),
        is_empty=not tables,
    )


def refuse_newer(found: State) -> None:
    if found.unknown:
        raise DatabaseUnavailable(
            f"The database was made by a newer guanxi (it knows {found.unknown[-1]}, this program does not).",
            "Install that version again, or restore the backup from before the upgrade.\nNothing was read or changed.",
        )


def prepare(*, migrate: bool) -> State:
    """Make the database ready for this program: migrate it if allowed, refuse what cannot work."""
    found = state()
    refuse_newer(found)
    if found.pending:
        if not (migrate or found.is_empty or is_embedded()):
            raise DatabaseUnavailable(
                f"The database is {len(found.pending)} migrations behind this program.",
                "Make a backup, then: guanxi migrate   (or start with --migrate)",
            )
        apply()
        found = state()
    return found


def apply(*, verbosity: int = 0) -> None:
    """Apply all migrations; of several processes one does it, the others wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        refuse_newer(state())
        call_command("migrate", interactive=False, verbosity=verbosity)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _server_name() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0]).split(" ")[0]


def unreachable(error: Exception) -> DatabaseUnavailable:
    """What a refused connection means, without the password that the address may hold."""
    text = " ".join(str(error).split())
    low = text.lower()
    where = settings.DATABASES["default"]
    place = f"{where.get('HOST') or 'localhost'}:{where.get('PORT') or 5432}"
    name, user = where.get("NAME"), where.get("USER")
    if (
        "password authentication failed" in low
        or "no password supplied" in low
        or ("role" in low and "not exist" in low)
    ):
        return DatabaseUnavailable(
            f"The database server at {place} refuses the user {user}.",
            "Check user and password in GUANXI_DATABASE_URL (special characters percent-encoded).",
        )
    if "pg_hba.conf" in low:
        return DatabaseUnavailable(
            f"The database server at {place} does not let {user} in from this machine.",
            "Allow it in the server's pg_hba.conf, perhaps with SSL (?sslmode=require), or use another address.",
        )
    if "database" in low and "does not exist" in low:
        return DatabaseUnavailable(
            f"The server at {place} has no database {name}.", f"Create it: createdb --encoding=UTF8 {name}"
        )
    if "could not translate host name" in low or "failed to resolve" in low or "name or service not known" in low:
        return DatabaseUnavailable(
            f"There is no machine named {where.get('HOST')}.", "Check the host in GUANXI_DATABASE_URL."
        )
    if "refused" in low or "timeout" in low or "timed out" in low or "no such file" in low or "unreachable" in low:
        return DatabaseUnavailable(
            f"The database server at {place} does not answer.",
            "Is it running, and does it listen there? Check host and port in GUANXI_DATABASE_URL.",
        )
    if "too many" in low and ("clients" in low or "connection" in low):
        return DatabaseUnavailable(
            f"The database server at {place} takes no more connections.",
            "Raise max_connections there, or start fewer workers.",
        )
    if "terminating connection" in low or "server closed the connection" in low or "in recovery mode" in low:
        return DatabaseUnavailable(
            "The database server went away.",
            "What was saved is safe; an unfinished change was rolled back. Try again in a moment.",
        )
    return DatabaseUnavailable(f"The database cannot be used: {text}", "guanxi doctor looks into it.")
