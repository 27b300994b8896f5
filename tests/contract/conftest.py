"""One world for all tests of a module: made once, given back row by row after each test, gone after the module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from guanxi.core.org import versions
from tests.contract import worlds


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[worlds.World]:
    """The world. Everything the module's tests write is rolled back to it after each test."""
    with django_db_blocker.unblock():
        with transaction.atomic():
            versions.refresh()
            yield worlds.build()
            transaction.set_rollback(True)
        versions.refresh()


@pytest.fixture
def world(house: worlds.World, db: None) -> Iterator[worlds.World]:
    versions.refresh()
    yield house


@pytest.fixture(autouse=True)
def fresh_stamps() -> Iterator[None]:
    yield
    versions._stamps.clear()  # what a test changed of roles, fields and lists was rolled back with it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses the house needs the database made."""
    for item in items:
        if "house" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.django_db)
