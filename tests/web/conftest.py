from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import override_settings

from guanxi.web import access, shell
from tests.web import site


@pytest.fixture(scope="package", autouse=True)
def face() -> Iterator[None]:
    """The style guide's site and menu instead of the real ones, for this folder's tests only."""
    real = replace(shell.frame)
    with override_settings(**site.overrides()):
        yield
    for name, value in vars(real).items():
        setattr(shell.frame, name, value)


@pytest.fixture(autouse=True)
def empty_house() -> None:
    access.forget_house()


@pytest.fixture(scope="package")
def site_url(face: None, django_db_setup: None) -> Iterator[str]:
    """A server of the style guide's site (pytest-django's own is shared with folders that have another site)."""
    from pytest_django.live_server_helper import LiveServer

    server = LiveServer("localhost")
    yield server.url
    server.stop()
