"""What the demo company needs beyond the program: its data and a maker of names. Fetched when somebody asks for the demo."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from importlib.util import find_spec

from guanxi.ops.errors import Unavailable

EXTRA = re.compile(r"""extra\s*==\s*["']demo["']""")


def missing() -> list[str]:
    """Requirements of our extra `demo` that are not installed, as pip wants them; none where the program is no package."""
    try:
        declared = metadata.requires("guanxi") or []
    except metadata.PackageNotFoundError:
        return []
    wanted = [requirement.split(";")[0].strip() for requirement in declared if EXTRA.search(requirement)]
    return [requirement for requirement in wanted if not _there(requirement)]


def _there(requirement: str) -> bool:
    try:
        metadata.version(re.split(r"[^\w.-]", requirement)[0])
    except metadata.PackageNotFoundError:
        return False
    return True


def ensure(say: Callable[[str], object]) -> None:
    """Install what is missing into this environment. Raises Unavailable when that does not work."""
    wanted = missing()
    if not wanted:
        return
    by_hand = f"Install them yourself and try again: pip install {' '.join(map(repr, wanted))}"
    if find_spec("pip") is None:
        raise Unavailable(f"The demo company needs {', '.join(wanted)}, and this environment has no pip.", by_hand)
    say(f"Fetching what only the demo company needs: {', '.join(wanted)} …")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], check=False
    )
    importlib.invalidate_caches()
    if done.returncode or missing():
        raise Unavailable(f"The demo company needs {', '.join(wanted)}, and they could not be fetched.", by_hand)
