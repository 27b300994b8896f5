"""Where the bundled assets stand: logical names (`app.css`) to hashed files under `static/dist`."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings

DIST = Path(__file__).parent / "static" / "dist"
_MANIFEST = str(DIST / "manifest.json")


class AssetsMissing(RuntimeError):
    """The front-end bundle was not built."""


@lru_cache(maxsize=4)
def _read(stamp: int) -> dict[str, str]:  # noqa: ARG001 (the stamp is the cache key)
    found: dict[str, str] = json.loads((DIST / "manifest.json").read_text())
    return found


def stamp() -> int:
    """Changes when the bundle was rebuilt. Raises AssetsMissing when there is none."""
    try:
        return os.stat(_MANIFEST).st_mtime_ns  # noqa: PTH116 (asked at every page)
    except FileNotFoundError:
        raise AssetsMissing("The interface was not built: run `make assets` (node frontend/build.mjs).") from None


def manifest() -> dict[str, str]:
    """Logical name → file name, read again when the bundle was rebuilt."""
    return _read(stamp())


def url(name: str) -> str:
    """The URL of an asset; raises KeyError for a name that the bundle does not have."""
    return f"{settings.STATIC_URL}dist/{manifest()[name]}"
