from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from guanxi.web import access
from tests.web import site


@pytest.fixture(scope="package", autouse=True)
def face() -> Iterator[None]:
    """The style guide's site instead of the real one, for this folder's tests only."""
    with override_settings(**site.overrides()):
        yield


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
