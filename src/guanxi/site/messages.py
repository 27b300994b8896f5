"""Compile every room's message catalogue (`locale/*/LC_MESSAGES/django.po`) with Babel; no gettext tools needed."""

from __future__ import annotations

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_all(root: Path | None = None) -> int:
    """Write a `.mo` beside each `.po` that is newer; returns how many were written."""
    written = 0
    for po in sorted((root or Path(__file__).parent.parent).glob("*/locale/*/LC_MESSAGES/django.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with po.open("rb") as source:
            catalogue = read_po(source)
        with mo.open("wb") as target:
            write_mo(target, catalogue)
        written += 1
    return written


if __name__ == "__main__":
    compile_all()
