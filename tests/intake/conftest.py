"""Files and people for the tests of importing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from guanxi.core import jobs
from guanxi.core.access.actor import SYSTEM, Actor, actor_for
from guanxi.core.identity import services as people
from guanxi.core.identity.models import User
from guanxi.core.org import versions
from guanxi.intake import services
from guanxi.intake.models import ImportRun
from guanxi.kit.writers import XlsxWriter
from guanxi.records import catalogue

MakePerson = Callable[..., Actor]


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, settings: Any) -> None:
    settings.FILES_ROOT = tmp_path / "files"


@pytest.fixture
def person(db: None) -> MakePerson:
    def make(username: str, *roles: str) -> Actor:
        versions.refresh()
        made = people.add_person(SYSTEM, username, roles=roles).person
        User.objects.filter(pk=made.pk).update(must_change_password=False)  # with a temporary one nobody has rights
        return actor_for(User.objects.get(pk=made.pk))

    return make


@pytest.fixture
def steward(person: MakePerson) -> Actor:
    return person("stella", "steward")


@pytest.fixture
def account() -> Any:
    return catalogue.get("customers.account")


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]], encoding: str = "utf-8") -> io.BytesIO:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return io.BytesIO(out.getvalue().encode(encoding))


def as_xlsx(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> io.BytesIO:
    out = io.BytesIO()
    with XlsxWriter(out, header) as writer:
        for row in rows:
            writer.write(row)
    out.seek(0)
    return out


def bring_in(actor: Actor, source: io.BytesIO, name: str = "customers.csv", **more: Any) -> ImportRun:
    """Import a file at once; the run as it is afterwards."""
    run = services.start(actor, source, name, inline=True, **more)
    assert run.job is not None
    jobs.run_inline(run.job)
    run = ImportRun.objects.get(pk=run.pk)
    assert run.phase == "done", run.job.error
    return run
