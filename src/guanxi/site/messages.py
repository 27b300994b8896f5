"""The message catalogues: compiled by Babel (no gettext tools needed), and held against what the sources say.

English is the language of the sources; each room translates its own texts in `locale/zh_Hans/LC_MESSAGES/django.po`,
written by hand. At run time Django merges all rooms, so a text that two rooms share needs one translation.

    python -m guanxi.site.messages compile          every .mo that is older than its .po
    python -m guanxi.site.messages check            missing, broken, contradicting (exit code 1) and obsolete ones
    python -m guanxi.site.messages list [ROOM]      the missing ones, ready to paste into the .po
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

PACKAGE = Path(__file__).parent.parent
LANGUAGE = "zh_Hans"

Key = tuple[str, str]
"""(context, English text); the context is "" for most."""

# What each marker's arguments are, in Babel's notation: positions, with "c" for a context.
_MARKERS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_LITERAL = re.compile(r"""[uU]?(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")""")
_CALL = re.compile(
    r"(?<![\w.])(?P<marker>_|gettext|ngettext|pgettext|npgettext)\("
    rf"(?P<arguments>(?:\s*{_LITERAL.pattern}\s*,?)+)"
)
_TEMPLATES = {".html", ".txt"}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{(\w*)[^{}]*\}")


@dataclass
class Text:
    """A text to translate: where it stands, and its plural form if it has one."""

    room: str
    key: Key
    plural: str = ""
    places: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        context, text = self.key
        return f"{self.room}: {text!r}" + (f" ({context})" if context else "") + f"  {self.places[0]}"


@dataclass(frozen=True)
class Findings:
    """What is wrong. `conflicts` are translated differently in two rooms, of which Django would pick one."""

    missing: list[Text]
    broken: list[str]
    conflicts: list[str]
    obsolete: list[str]

    @property
    def ok(self) -> bool:
        return not (self.missing or self.broken or self.conflicts)


def compile_all(root: Path | None = None) -> int:
    """Write a `.mo` beside each `.po` that is newer; returns how many were written."""
    written = 0
    for po in sorted((root or PACKAGE).glob("*/locale/*/LC_MESSAGES/django.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        with mo.open("wb") as target:
            write_mo(target, read(po))
        written += 1
    return written


def read(po: Path) -> Catalog:
    with po.open("rb") as source:
        return read_po(source)


def extract(root: Path = PACKAGE) -> dict[Key, Text]:
    """Every text that the sources mark, under the first room (by storey of the folder's name) that says it."""
    found: dict[Key, Text] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix != ".py" and not (path.suffix in _TEMPLATES and "templates" in path.parts):
            continue
        where = path.relative_to(root)
        for line, key, plural in _texts(path):
            text = found.setdefault(key, Text(where.parts[0], key, plural))
            text.places.append(f"{where}:{line}")
    return found


def _texts(path: Path) -> Iterator[tuple[int, Key, str]]:
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        from django.utils.translation.template import templatize

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = templatize(source)
        yield from _marked_in_template(source)
    elif "gettext" in source:
        yield from _marked(source)


def _marked(source: str) -> Iterator[tuple[int, Key, str]]:
    for line, marker, arguments, _ in extract_python(BytesIO(source.encode()), _MARKERS, [], {"encoding": "utf-8"}):
        values = list(arguments) if isinstance(arguments, (tuple, list)) else [arguments]
        context = ""
        shape = _MARKERS.get(str(marker or ""))
        if shape and isinstance(shape[0], tuple):
            context = str(values.pop(0) or "")
        if values and isinstance(values[0], str) and values[0]:
            plural = values[1] if shape and "n" in str(marker or "")[:2] and len(values) > 1 else ""
            yield line, (context, values[0]), plural if isinstance(plural, str) else ""


def _marked_in_template(source: str) -> Iterator[tuple[int, Key, str]]:
    """Django turns a template into calls amid crossed-out text, which no tokenizer of Python's could read."""
    for call in _CALL.finditer(source):
        values = [ast.literal_eval(literal) for literal in _LITERAL.findall(call["arguments"])]
        context = values.pop(0) if call["marker"] in ("pgettext", "npgettext") else ""
        plural = values[1] if "ngettext" in call["marker"] or call["marker"] == "npgettext" else ""
        if values[0]:
            yield source.count("\n", 0, call.start()) + 1, (context, values[0]), plural


@cache
def _catalogues(root: Path, language: str) -> dict[str, Catalog]:
    return {
        po.relative_to(root).parts[0]: read(po)
        for po in sorted(root.glob(f"*/locale/{language}/LC_MESSAGES/django.po"))
    }


def translations(root: Path = PACKAGE, language: str = LANGUAGE) -> dict[Key, dict[str, tuple[str, ...]]]:
    """What each room translates: key → room → forms. Empty and fuzzy entries do not count."""
    found: dict[Key, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for room, catalogue in _catalogues(root, language).items():
        for message in catalogue:
            if not message.id or message.fuzzy:
                continue
            text = message.id if isinstance(message.id, str) else message.id[0]
            forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
            if all(forms) and forms:
                found[(message.context or "", text)][room] = forms
    return found


def check(root: Path = PACKAGE, language: str = LANGUAGE) -> Findings:
    """Hold the catalogues against the sources."""
    _catalogues.cache_clear()
    texts, done = extract(root), translations(root, language)
    missing = [text for key, text in texts.items() if key not in done]
    broken, conflicts, obsolete = [], [], []
    for key, rooms in sorted(done.items()):
        forms = list(rooms.items())
        if len({form for _, form in forms}) > 1:
            conflicts.append(f"{key[1]!r}: " + ", ".join(f"{room} {form[0]!r}" for room, form in forms))
        if key not in texts:
            obsolete += [f"{room}: {key[1]!r}" for room in rooms]
        for room, form in forms:
            allowed = _placeholders(key[1]) | (_placeholders(texts[key].plural) if key in texts else set())
            for text in form:
                if extra := _placeholders(text) - allowed:
                    broken.append(f"{room}: {key[1]!r} has no {', '.join(sorted(extra))}, its translation does")
    return Findings(missing, broken, conflicts, obsolete)


def missing(language: str = LANGUAGE) -> list[Text]:
    """Texts without a translation."""
    return check(language=language).missing


def _placeholders(text: str) -> set[str]:
    return {match[0] for match in _PLACEHOLDER.finditer(text.replace("%%", ""))}


def _stanza(text: Text) -> str:
    def quoted(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    lines = [f"#: {place}" for place in text.places[:2]]
    if text.key[0]:
        lines.append(f"msgctxt {quoted(text.key[0])}")
    lines.append(f"msgid {quoted(text.key[1])}")
    lines += [f"msgid_plural {quoted(text.plural)}", 'msgstr[0] ""'] if text.plural else ['msgstr ""']
    return "\n".join(lines) + "\n"


def main(arguments: Iterable[str]) -> int:
    verb, *rest = [*arguments] or ["compile"]
    say = sys.stdout.write
    if verb == "compile":
        compile_all()
        return 0
    found = check()
    if verb == "list":
        for text in found.missing:
            if not rest or text.room in rest:
                say(_stanza(text) + "\n")
        return 0
    for title, lines in (
        ("missing", found.missing),
        ("broken", found.broken),
        ("translated in two ways", found.conflicts),
        ("no longer used", found.obsolete),
    ):
        if lines:
            say(f"{title} ({len(lines)}):\n" + "".join(f"  {line}\n" for line in lines))
    if found.ok:
        say("The catalogues are complete.\n")
    return 0 if found.ok else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
