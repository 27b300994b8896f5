"""Build steps that pyproject.toml cannot say: bundle styles and scripts, compile translations, both into the wheel."""

from __future__ import annotations

import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))


class Build(build_py):
    def run(self) -> None:
        # An editable install is a clone's own affair: make builds there, when something changed.
        if not self.editable_mode:
            from tools import assets

            if (ROOT / "frontend" / "build.mjs").exists():
                assets.build()
            compile_messages()
        super().run()


def compile_messages() -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for po in (ROOT / "src" / "guanxi").glob("*/locale/*/LC_MESSAGES/django.po"):
        with po.open("rb") as source, po.with_suffix(".mo").open("wb") as target:
            write_mo(target, read_po(source))


setup(cmdclass={"build_py": Build})
