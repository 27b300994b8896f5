"""`pip install .` and then `guanxi demo`: what only the demo needs is fetched when it is asked for (OPS-6)."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace
from typing import Any

import pytest

from guanxi.ops.demo import packages
from guanxi.ops.errors import Unavailable


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """An environment without the demo's packages, and a pip that brings them."""
    here = SimpleNamespace(installed={"guanxi"}, asked=[], works=True)

    def requires(_name: str) -> list[str]:
        return [
            "Django>=5",
            'demodata==0.1.0; extra == "demo"',
            "Maker>=40 ; extra == 'demo'",
            'mkdocs; extra == "docs"',
        ]

    def version(name: str) -> str:
        if name not in here.installed:
            raise metadata.PackageNotFoundError(name)
        return "1"

    def run(command: list[str], **_: Any) -> SimpleNamespace:
        here.asked.append(command)
        if here.works:
            here.installed |= {"demodata", "Maker"}
        return SimpleNamespace(returncode=0 if here.works else 1)

    monkeypatch.setattr(metadata, "requires", requires)
    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(packages, "find_spec", lambda _name: object())
    return here


def test_what_is_missing_is_fetched_once_and_said(house: SimpleNamespace) -> None:
    said: list[str] = []
    packages.ensure(said.append)  # type: ignore[arg-type]
    packages.ensure(said.append)  # type: ignore[arg-type]
    (command,) = house.asked
    assert command[:4] == [sys.executable, "-m", "pip", "install"] and command[-2:] == ["demodata==0.1.0", "Maker>=40"]
    assert len(said) == 1 and "demodata==0.1.0" in said[0]


def test_without_the_network_it_says_what_to_install(house: SimpleNamespace) -> None:
    house.works = False
    with pytest.raises(Unavailable) as refused:
        packages.ensure(print)
    assert "could not be fetched" in str(refused.value.problem) and "demodata==0.1.0" in str(refused.value.remedy)


def test_without_pip_it_says_so(house: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "find_spec", lambda _name: None)
    with pytest.raises(Unavailable, match="no pip"):
        packages.ensure(print)
    assert not house.asked
