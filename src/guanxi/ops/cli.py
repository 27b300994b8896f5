"""The `guanxi` command.

The parser knows every command without importing Django, so that help is there at once; a command's own module is
imported when it runs. What Django's own commands do (`shell`, `makemigrations`, …) is reached by their names too.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from guanxi import __version__
from guanxi.ops.errors import Unavailable

Command = Callable[[argparse.Namespace], int | None]


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code. Expected failures are printed as what happened and what to do."""
    arguments = sys.argv[1:] if argv is None else argv
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guanxi.site.settings")
    try:
        if arguments and not arguments[0].startswith("-") and arguments[0] not in COMMANDS:
            return _django(arguments)
        if arguments[:2] == ["database", "psql"]:  # whatever follows is psql's, its own options too
            options = parser().parse_args(arguments[:2])
            options.arguments = arguments[2:]
        else:
            options = parser().parse_args(arguments)
        if not hasattr(options, "run"):
            parser().print_help()
            return 0
        if getattr(options, "django", True):
            _setup()
        return options.run(options) or 0
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has gone (`guanxi … | head`); Python must not try to flush it once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except Exception as error:
        if (words := _in_words(error)) is None:
            raise
        print(f"guanxi: {words}", file=sys.stderr)
        return 1
    finally:
        _leave()


def _setup() -> None:
    import django

    django.setup()


def _django(arguments: list[str]) -> int:
    """A command of Django's, or a plain word that there is no such command."""
    import difflib

    from django.core.management import execute_from_command_line, get_commands

    _setup()
    name = arguments[0]
    if name not in get_commands():
        close = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        print(f"guanxi: there is no command {name}.{hint} All commands: guanxi --help", file=sys.stderr)
        return 2
    execute_from_command_line(["guanxi", *arguments])
    return 0


def _in_words(error: Exception) -> str | None:
    """What to print for a failure a person can do something about; None for one that is ours to mend."""
    if isinstance(error, Unavailable):
        return str(error)
    if "django" not in sys.modules:
        return None
    from django.core.management import CommandError
    from django.db.utils import OperationalError

    if isinstance(error, CommandError):
        return str(error)
    if isinstance(error, OperationalError):
        from guanxi.ops import database

        return str(database.unreachable(error))
    # Told apart by name where a room has its own family of such errors, so that no command needs the room imported.
    if any(family.__name__ in ("SecretError", "TableError") for family in type(error).__mro__):
        return str(error)
    return None


def _leave() -> None:
    """Close our connections and stop the embedded server if nobody else uses it."""
    if "django.db" in sys.modules:
        from django.conf import settings

        if settings.configured:
            from django.db import connections

            connections.close_all()
    if "guanxi.ops.embedded" in sys.modules:
        from guanxi.ops import embedded

        embedded.release_all()


# ---------------------------------------------------------------------- the commands, each imported when it runs


def _run(options: argparse.Namespace) -> int | None:
    from guanxi.ops.commands import serve

    return serve.run(options)


def _worker(options: argparse.Namespace) -> int | None:
    from guanxi.ops.commands import serve

    return serve.worker(options)


def _migrate(options: argparse.Namespace) -> int | None:
    from guanxi.ops.commands import data

    return data.migrate(options)


def _demo(options: argparse.Namespace) -> int | None:
    from guanxi.ops.commands import data

    return data.demo(options)


def _import(options: argparse.Namespace) -> int | None:
    from guanxi.ops.commands import data

    return data.import_file(options)


def _describe(options: argparse.Namespace) -> int | None:
    from guanxi.ops.commands import data

    return data.describe(options)


def _people(options: argparse.Namespace) -> int | None:
    from guanxi.ops.commands import people

    return people.VERBS[options.verb](options)


def _journal(options: argparse.Namespace) -> int | None:
    from guanxi.ops.commands import trust

    return trust.JOURNAL[options.verb](options)


def _keys(options: argparse.Namespace) -> int | None:
    from guanxi.ops.commands import trust

    return trust.KEYS[options.verb](options)


def _doctor(options: argparse.Namespace) -> int | None:
    from guanxi.ops.commands import doctor

    return doctor.run(options)


def _database(options: argparse.Namespace) -> int | None:
    from guanxi.ops.commands import database

    return database.VERBS[options.verb](options)


def _version(_: argparse.Namespace) -> int:
    print(f"guanxi {__version__}")
    return 0


COMMANDS = {
    "run": "start the site and its worker, here in this terminal",
    "worker": "start only a worker for background jobs (a further machine, or beside run --no-worker)",
    "migrate": "bring the database to this version",
    "demo": "fill a fresh database with a demo company",
    "import": "read a CSV or Excel file into the database",
    "user": "add and look after people who sign in",
    "journal": "check and seal the journal of all changes",
    "keys": "the keys of encrypted fields",
    "database": "the database behind it all",
    "describe": "everything that follows from an entity's declaration",
    "doctor": "check that all is well, and say what to do where it is not",
    "version": "print the version",
}


def parser() -> argparse.ArgumentParser:
    """The whole command line; docs are checked against it."""
    made = argparse.ArgumentParser(
        prog="guanxi",
        description="Guanxi 关系: the customer database where every change can be undone.",
        epilog="Settings come from GUANXI_* environment variables, above all GUANXI_HOME (where data is kept), "
        "GUANXI_DATABASE_URL (another PostgreSQL than the embedded one) and GUANXI_PORT.",
    )
    made.add_argument("--version", action="version", version=f"guanxi {__version__}")
    commands = made.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, run: Command, *, django: bool = True) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=COMMANDS[name], description=COMMANDS[name].capitalize() + ".")
        one.set_defaults(run=run, django=django)
        return one

    run = command("run", _run, django=False)
    run.add_argument("--host", help="address to listen on (GUANXI_HOST, 127.0.0.1)")
    run.add_argument("--port", type=int, help="port to listen on (GUANXI_PORT, 8000)")
    run.add_argument("--workers", type=int, default=1, metavar="N", help="processes that answer pages (1)")
    run.add_argument("--no-worker", action="store_true", help="run no background jobs in this terminal")
    run.add_argument("--migrate", action="store_true", help="bring a database of one's own to this version first")

    run.add_argument("--demo", action="store_true", help="with the demo company, loaded at the first start")
    run.add_argument("--full", action="store_true", help="with --demo: all of its data")

    worker = command("worker", _worker)
    worker.add_argument("--slots", type=int, default=2, metavar="N", help="jobs at once (2)")
    worker.add_argument("--queues", metavar="A,B", help="only jobs of these queues")

    migrate = command("migrate", _migrate)
    migrate.add_argument("--check", action="store_true", help="change nothing; exit 1 if there is something to do")

    demo = command("demo", _demo)
    demo.add_argument("--full", action="store_true", help="all 1.47 million purchase lines instead of a first part")

    read = command("import", _import)
    read.add_argument("file", metavar="FILE", help="a .csv or .xlsx file")
    read.add_argument(
        "--as",
        dest="entity",
        metavar="ENTITY",
        help="what a row is, such as customers.account (found out from the columns)",
    )
    read.add_argument(
        "--map",
        dest="columns",
        action="append",
        default=[],
        metavar="COLUMN=FIELD",
        help="a column's field; nothing after = leaves it out",
    )
    read.add_argument("--skip-existing", action="store_true", help="leave records that are there already as they are")
    read.add_argument("--user", metavar="NAME", help="who imports (the first administrator)")
    read.add_argument("--problems", metavar="FILE", help="write rows with problems to this file")
    read.add_argument("--dry-run", action="store_true", help="check every row, write nothing")

    people = command("user", _people).add_subparsers(dest="verb", required=True, metavar="VERB")
    add = people.add_parser("add", help="add a person; the first one becomes administrator")
    add.add_argument("username")
    add.add_argument("--name", default="", help="shown name")
    add.add_argument("--email", default="")
    add.add_argument("--role", action="append", default=[], metavar="KEY", help="may be given several times")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    people.add_parser("list", help="list all people")
    password = people.add_parser("password", help="set a new password and end all sessions")
    password.add_argument("username")
    password.add_argument("--password-stdin", action="store_true")
    for name, text in (("deactivate", "let no longer sign in; nothing is lost"), ("activate", "let sign in again")):
        people.add_parser(name, help=text).add_argument("username")
    roles = people.add_parser("roles", help="list the roles, or give a person exactly these")
    roles.add_argument("username", nargs="?")
    roles.add_argument("role", nargs="*", metavar="KEY")

    journal = command("journal", _journal).add_subparsers(dest="verb", required=True, metavar="VERB")
    journal.add_parser("verify", help="check the whole chain and say where it was tampered with")
    journal.add_parser("seal", help="chain what is not yet sealed")
    journal.add_parser("checkpoint", help="write the head of the chain to a file outside the database")

    keys = command("keys", _keys).add_subparsers(dest="verb", required=True, metavar="VERB")
    keys.add_parser("status", help="which keys there are and what they seal")
    keys.add_parser("rotate", help="make a new data key and seal every value again, while people work")

    database = command("database", _database, django=False).add_subparsers(dest="verb", required=True, metavar="VERB")
    database.add_parser("info", help="where it is, its version, size and settings")
    database.add_parser("url", help="print its address, for pg_dump and other tools")
    database.add_parser("psql", help="open PostgreSQL's own shell on it; what follows is passed on")
    database.add_parser("start", help="start the embedded server and leave it running")
    stop = database.add_parser("stop", help="stop the embedded server")
    stop.add_argument("--force", action="store_true", help="even while something uses it")

    command("describe", _describe).add_argument("entity", nargs="?", help="such as customers.account; none: list all")
    doctor = command("doctor", _doctor)
    doctor.add_argument("--json", action="store_true", help="for a monitor")
    command("version", _version, django=False)
    return made
