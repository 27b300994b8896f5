"""The `guanxi` command: quick to answer, and failures in words with what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from guanxi.ops import cli, database
from guanxi.ops.errors import Unavailable
from guanxi.site import config


def guanxi(*arguments: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "guanxi", *arguments],
        env={**os.environ, **environment},
        input=text,
        capture_output=True,
        text=True,
        timeout=600,  # only ends a test that has failed
    )


def test_help_imports_no_django() -> None:
    code = "import sys; from guanxi.ops import cli; cli.parser().format_help(); sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_every_command_is_explained() -> None:
    text = cli.parser().format_help()
    for name in cli.COMMANDS:
        assert f"    {name} " in text


def test_an_unknown_command_gets_a_hint() -> None:
    done = guanxi("joural")
    assert done.returncode == 2
    assert "Did you mean journal?" in done.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", "does not answer"),
        ("mysql://root@localhost/x", "does not name a PostgreSQL database"),
        ("postgresql://nobody@127.0.0.1:port/none", "not a number"),
    ],
)
def test_an_unusable_database_is_said_in_words(url: str, said: str) -> None:
    done = guanxi("user", "list", GUANXI_DATABASE_URL=url)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_is_named() -> None:
    done = guanxi("user", "list", GUANXI_PORT="99999")
    assert done.returncode == 1
    assert "GUANXI_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_passwords_with_odd_characters_survive_the_address() -> None:
    found = config.parse_database_url("postgresql://me:p%40ss%2F%3A%20w@db.example:6432/crm?sslmode=require")
    assert (found["USER"], found["PASSWORD"], found["HOST"], found["PORT"], found["NAME"]) == (
        "me", "p@ss/: w", "db.example", "6432", "crm",
    )  # fmt: skip
    assert found["OPTIONS"]["sslmode"] == "require"


def test_the_address_for_tools_leads_to_the_same_place() -> None:
    from guanxi.ops.commands.database import address

    for url in ("postgresql://me:p%40ss%2F@db.example:6432/crm", "postgresql://guanxi@/guanxi?host=%2Ftmp%2Fa%20b"):
        found = config.parse_database_url(url)
        again = config.parse_database_url(address(found))
        assert found == again


def test_the_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    conf = config.Config(home=tmp_path)
    first = conf.secret_key()
    assert len(first) > 40
    assert conf.secret_key() == first
    assert (tmp_path / "keys" / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_a_database_newer_than_the_program_is_refused(settings: Any) -> None:
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    settings.MIGRATION_MODULES = {}  # the tests' tables come straight from the models; here the files count
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    assert not database.state().unknown
    recorder.record_applied("sessions", "0999_from_the_future")
    with pytest.raises(Unavailable, match=r"newer guanxi .*0999_from_the_future"):
        database.prepare(migrate=True)


@pytest.mark.django_db
def test_first_person_becomes_administrator_and_the_last_one_stays(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import io

    from guanxi.core.access import ready
    from guanxi.core.identity.models import User

    ready.install()
    monkeypatch.setattr(database, "prepare", lambda **_: None)
    monkeypatch.setattr("django.db.connections.close_all", lambda: None)
    monkeypatch.setattr(cli, "_leave", lambda: None)

    def run(*arguments: str, password: str = "Korrekt-Pferd-77") -> int:
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        return cli.main(["user", *arguments])

    assert run("add", "li", "--name", "李娜", password="short") == 1
    assert not User.objects.exists()
    assert run("add", "li", "--name", "李娜") == 0
    assert list(User.objects.get().roles.values_list("key", flat=True)) == ["administrator"]
    assert run("add", "LI") == 1, "the same name in other letters"
    assert run("deactivate", "li") == 1
    assert "last administrator" in capsys.readouterr().err
    assert run("add", "wang", "--role", "sales") == 0
    assert run("roles", "li", "sales") == 1
    assert run("roles", "wang", "administrator", "sales") == 0
    assert run("deactivate", "li") == 0
    assert not User.objects.get(username="li").is_active
    assert run("password", "wang", password="Ganz-anders-88") == 0
    assert User.objects.get(username="wang").check_password("Ganz-anders-88")


@pytest.mark.slow
def test_the_embedded_server_ends_with_the_command_that_started_it(home: Path) -> None:
    done = guanxi("migrate", GUANXI_HOME=str(home), GUANXI_DATABASE_URL="")
    assert done.returncode == 0, done.stderr
    assert not (home / "postgres" / "postmaster.pid").exists()
    done = guanxi("doctor", "--json", GUANXI_HOME=str(home), GUANXI_DATABASE_URL="")
    assert '"what": "database"' in done.stdout, done.stderr
