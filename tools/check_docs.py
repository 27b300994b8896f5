"""Docs that hold: links lead somewhere, every command, target and setting they name exists, and the glossary is kept to."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent

_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)>\s]+)>?[^)]*\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_GUANXI = re.compile(r"(?:^|[\s/])guanxi ((?:[a-z][\w-]*)(?: [a-z][\w-]*)?)")
_MAKE = re.compile(r"(?:^|\s)make ([a-z][\w-]*)")
_SETTING = re.compile(r"\bGUANXI_[A-Z_]+\b")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


def documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).exists()]


def anchors(text: str) -> set[str]:
    """The anchors that a heading gets where Markdown is shown on the web."""
    found = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        plain = re.sub(r"[`*_]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


def broken_links(path: Path, text: str) -> Iterator[str]:
    for target in _LINK.findall(_FENCE.sub("", text)):
        if re.match(r"[a-z][a-z+.-]*:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        place = (path.parent / name).resolve() if name else path
        if not place.exists():
            yield f"link to {target}: there is no such file"
        elif anchor and place.suffix == ".md" and anchor not in anchors(place.read_text(encoding="utf-8")):
            yield f"link to {target}: there is no such heading"


def commands() -> dict[str, set[str]]:
    """Each command of `guanxi` with its verbs, and Django's own, which are reached by their names too."""
    from django.core.management import get_commands

    from guanxi.ops.cli import parser

    found: dict[str, set[str]] = {name: set() for name in get_commands()}
    for name, sub in _choices(parser()).items():
        found[name] = set(_choices(sub))
    return found


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def settings() -> set[str]:
    """Every GUANXI_* name that the sources know."""
    known = set()
    from guanxi.site.config import Config

    known |= {f"GUANXI_{name.upper()}" for name in Config.model_fields}
    for path in [*ROOT.glob("src/**/*.py"), *ROOT.glob("tests/**/*.py"), ROOT / "Makefile"]:
        known |= set(_SETTING.findall(path.read_text(encoding="utf-8")))
    return known


def wrong_names(text: str, known: dict[str, set[str]], made: set[str], settable: set[str]) -> Iterator[str]:
    code = [*(match[0] for match in _FENCE.finditer(text)), *_CODE.findall(_FENCE.sub("", text))]
    for piece in code:
        for line in piece.splitlines():
            line = line.split(" #")[0]
            for said in _GUANXI.findall(line):
                name, *verb = said.split()
                if name not in known:
                    yield f"guanxi {name}: there is no such command"
                elif verb and known[name] and verb[0] not in known[name]:
                    yield f"guanxi {said}: there is no such verb"
            for target in _MAKE.findall(line):
                if target not in made:
                    yield f"make {target}: there is no such target"
    for name in set(_SETTING.findall(text)):
        if name not in settable and not name.endswith("_"):
            yield f"{name}: there is no such setting"


_ROW = re.compile(r"^\| (?!English)([^|]+?) \| ([^|]*?[\u4e00-\u9fff][^|]*?) \|([^|]*)\|$", re.MULTILINE)


def glossary() -> Iterator[tuple[str, list[str], list[str]]]:
    """(English word, Chinese words for it, words that are not used for it) of docs/dev/glossary.md."""
    text = (ROOT / "docs/dev/glossary.md").read_text(encoding="utf-8").partition("## How values")[0]
    for english, chinese, wrong in _ROW.findall(text):
        for word, meant in zip(english.split(" · "), chinese.split(" · "), strict=True):
            yield word, meant.split(" / "), [w for w in wrong.strip().split("、") if w]


def wrong_words() -> Iterator[str]:
    """Where a catalogue says a thing otherwise than the glossary."""
    from babel.messages.pofile import read_po

    words = list(glossary())
    for path in sorted(ROOT.glob("src/guanxi/*/locale/zh_Hans/LC_MESSAGES/django.po")):
        with path.open("rb") as file:
            catalogue = read_po(file)
        for message in catalogue:
            english = message.id if isinstance(message.id, str) else message.id[0]
            chinese = message.string if isinstance(message.string, str) else " ".join(message.string or ())
            if not english or not chinese:
                continue
            for word, meant, wrong in words:
                if english.lower() == word and not message.context and chinese not in meant:
                    yield f"{path.relative_to(ROOT)}: {english!r} is {' or '.join(meant)} in the glossary, not {chinese}"
                if re.search(rf"\b{re.escape(word)}", english, re.IGNORECASE):
                    yield from (
                        f"{path.relative_to(ROOT)}: {english!r} says {w}, which the glossary rules out"
                        for w in wrong
                        if w in chinese
                    )


def main() -> int:
    known, made, settable = commands(), targets(), settings()
    count = 0
    for path in documents():
        text = path.read_text(encoding="utf-8")
        for problem in [*broken_links(path, text), *wrong_names(text, known, made, settable)]:
            print(f"{path.relative_to(ROOT)}: {problem}")
            count += 1
    for problem in wrong_words():
        print(problem)
        count += 1
    if not count:
        print("Links, commands and settings in the docs are right, and the catalogues speak as the glossary does.")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
