"""A house with sales, and a folder of marts of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guanxi.insight.marts import store


@pytest.fixture
def marts(tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.MARTS_ROOT = tmp_path / "marts"
    store.forget()
    yield settings.MARTS_ROOT
    store.forget()
