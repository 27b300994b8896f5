# ruff: noqa: E501 (tables)
"""What the house forbids, read from its sources: who imports whom, who writes SQL by hand, who goes past a door."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from guanxi.records.base import Link, Record
from guanxi.site import messages

SOURCE = Path(__file__).parents[2] / "src" / "guanxi"
#: From the bottom up; rooms of one line do not know each other.
STOREYS = (
    ("kit",),
    ("standards",),
    ("core",),
    ("records",),
    ("customers",),
    ("trade",),
    ("engagement",),
    ("intake",),
    ("insight",),
    ("web", "ops"),
    ("site",),
)
HEIGHT = {room: height for height, rooms in enumerate(STOREYS) for room in rooms}
FRONTS = {"web", "ops", "site"}


def modules() -> Iterator[tuple[str, ast.Module, str]]:
    """(path below src/guanxi, tree, source) of every module."""
    for path in sorted(SOURCE.rglob("*.py")):
        if "migrations" not in path.parts:
            text = path.read_text(encoding="utf-8")
            yield str(path.relative_to(SOURCE)), ast.parse(text), text


def test_rooms_are_all_in_a_storey() -> None:
    rooms = {p.parent.name for p in SOURCE.glob("*/__init__.py")}
    assert rooms == set(HEIGHT)


def test_import_contracts_hold() -> None:
    run = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo"],
        cwd=SOURCE.parents[1],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_import_contracts_name_every_storey() -> None:
    import tomllib

    config = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(c for c in config["contracts"] if c["type"] == "layers")["layers"]
    assert [tuple(sorted(re.findall(r"guanxi\.(\w+)", line))) for line in reversed(layers)] == [
        tuple(sorted(s)) for s in STOREYS
    ]


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{a.name}" for a in node.names)


def test_imports_only_point_down_also_inside_functions() -> None:
    """The same by reading: import-linter is believed, and checked."""
    wrong = []
    for path, tree, _text in modules():
        room = path.split("/")[0]
        if room not in HEIGHT:
            continue
        for name in imported(tree):
            parts = name.split(".")
            if (
                parts[0] == "guanxi"
                and len(parts) > 1
                and parts[1] in HEIGHT
                and parts[1] != room
                and HEIGHT[parts[1]] >= HEIGHT[room]
            ):
                wrong.append(f"{path} imports {name}")
    assert not wrong


def test_kit_and_standards_are_plain_python() -> None:
    wrong = [
        f"{path} imports {name}"
        for path, tree, _text in modules()
        if path.startswith(("kit/", "standards/"))
        for name in imported(tree)
        if name.split(".")[0] in ("django", "psycopg", "allauth")
    ]
    assert not wrong


def test_foreign_keys_point_down() -> None:
    """Also those given as text, which no import shows."""
    wrong = []
    for model in apps.get_models(include_auto_created=True):
        room = model._meta.app_label
        if room not in HEIGHT:
            continue
        for field in model._meta.get_fields():
            target = getattr(field, "related_model", None)
            if not isinstance(
                field, (models.ForeignKey, models.OneToOneField, models.ManyToManyField)
            ) or not isinstance(target, type):
                continue
            other = target._meta.app_label
            if other in HEIGHT and other != room and HEIGHT[other] >= HEIGHT[room]:
                wrong.append(f"{model._meta.label}.{field.name} → {target._meta.label}")
    assert not wrong


def test_links_between_records_carry_the_scope() -> None:
    """A plain foreign key to a record would join past the rights."""
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if isinstance(field, (models.ForeignKey, models.ManyToManyField))
        and isinstance(field.related_model, type)
        and issubclass(field.related_model, Record)
        and not isinstance(field, Link)
    ]
    assert not wrong


def test_every_record_table_is_in_the_catalogue() -> None:
    from guanxi.records import catalogue

    assert {m for m in apps.get_models() if issubclass(m, Record)} == {e.model for e in catalogue.every()}


# --- SQL by hand ---------------------------------------------------------------------------------------------------------

#: Modules that write SQL, and why no other way would do.
BY_HAND = {
    "records/sql.py": "set-based writing of record tables: the only place that may",
    "records/guard.py": "triggers",
    "records/ids.py": "sequences",
    "records/read/count.py": "asks the planner",
    "core/journal/ledger.py": "the change set of a transaction; COPY of journal lines",
    "core/journal/seals.py": "advisory lock",
    "core/journal/checking.py": "reads the whole journal in one snapshot, hash by hash",
    "core/snapshot.py": "the isolation of a transaction",
    "core/journal/erasure.py": "takes values out of lines, in place",
    "core/secrets/keys.py": "one new key at a time: a lock on the table",
    "core/secrets/rotation.py": "rewrites sealed values in place",
    "core/jobs/": "the queue's own locks and notices",
    "core/identity/": "counters that must hold under concurrency",
    "core/org/": "settings read at the start",
    "core/events/": "the outbox takes rows with SKIP LOCKED",
    "core/apps.py": "sequences and tables of the room, after migrating",
    "ops/": "starts, checks and stops the database itself",
    "records/finding/": "search over all objects in few statements, by rights of the policy",
    "records/marks.py": "a person's own marks, at every page",
    "insight/marts/": "COPY out of record tables in one snapshot; DuckDB's own files",
}
RAW = re.compile(
    r"(?:objects|all_rows|manager|rows)\.raw\(|\.extra\(|RawSQL|\.cursor\(|\.execute\(|executemany\(|\.copy\(\s*f?\""
)


def test_sql_by_hand_only_where_it_must_be() -> None:
    wrong = []
    for path, tree, text in modules():
        if any(path == place or (place.endswith("/") and path.startswith(place)) for place in BY_HAND):
            continue
        wrong += [f"{path}:{n}: {line.strip()}" for n, line in enumerate(text.splitlines(), 1) if RAW.search(line)]
        wrong += [f"{path}: connection" for name in imported(tree) if name == "psycopg"]
    assert not wrong


def test_names_of_columns_never_come_from_a_request() -> None:
    """Nothing in the pages is expanded into keywords of a query, and no lookup is put together from text: closed lists only."""
    wrong = [
        f"{path}:{n}: {line.strip()}"
        for path, _tree, text in modules()
        if path.startswith("web/")
        for n, line in enumerate(text.splitlines(), 1)
        if re.search(
            r"\.(filter|exclude|order_by|annotate|values|values_list|get|update)\([^)]*\*\*?[^)]*(GET|POST|params)",
            line,
        )
        or re.search(r"\.order_by\([^)]*(GET|POST)", line)
    ]
    assert not wrong


#: Who may read rows past the scope: the doors, and what keeps them. Everything else asks `records.read`.
PAST_THE_SCOPE = ("records/",)
ALSO = {
    "web/screens/records/journal/seen.py": "names of deleted records, inside the reader's own conditions",
    "ops/": "works for the house itself, as the system: demo data, verification",
    "core/secrets/": "rotation of sealed columns",
    "engagement/policy.py": "whose attachments: the rows that other policies let through",
    "customers/trees.py": "walks a tree whose rows are everybody's",
    "core/identity/services.py": "what somebody still owns before their account is closed: counted, never shown",
}


def test_all_rows_stays_inside_the_doors() -> None:
    wrong = [
        f"{path}:{n}: {line.strip()}"
        for path, _tree, text in modules()
        if not path.startswith(PAST_THE_SCOPE) and not any(path.startswith(place) for place in ALSO)
        for n, line in enumerate(text.splitlines(), 1)
        if re.search(r"\ball_rows\b|_base_manager|_default_manager", line)
    ]
    assert not wrong


def test_the_scope_is_decided_in_one_module() -> None:
    """`.conditions(` of policies is asked by the manager, the links, the read door and what stands beside it."""
    allowed = {"records/base.py", "records/policy.py", "records/read/door.py", "records/invert.py", "records/read/view.py",
               "records/read/board.py", "records/finding/asking.py", "records/write/many.py", "engagement/policy.py",
               "web/screens/records/journal/seen.py"}  # fmt: skip
    found = {path for path, _tree, text in modules() if "policy.conditions(" in text}
    assert found <= allowed


# --- markup --------------------------------------------------------------------------------------------------------------

#: Where markup is made in Python; all of them escape what they put in.
MAKES_MARKUP = {"web/components.py", "web/kinds/base.py", "web/kinds/__init__.py", "web/templatetags/gx.py", "web/pages/shown.py", "web/context.py",
                "web/assets.py", "web/pages/board.py"}  # fmt: skip


def test_markup_is_made_in_few_places() -> None:
    found = {path for path, _tree, text in modules() if re.search(r"mark_safe|SafeString\(|SafeText", text)}
    assert found <= MAKES_MARKUP


def templates() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCE.rglob("templates/**/*.html")):
        yield str(path.relative_to(SOURCE)), path.read_text(encoding="utf-8")


def _without_comments(text: str) -> str:
    return re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|<!--.*?-->", "", text, flags=re.S)


INLINE = {
    "inline style": re.compile(r"<[^>]*\sstyle\s*="),
    "inline handler": re.compile(r"<[^>]*\son[a-z]+\s*="),
    "htmx handler": re.compile(r"hx-on[:-]|hx-vals=['\"]js:|hx-vars"),
    "script with a body": re.compile(r"<script\b(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>\s*[^\s<]"),
    "style element": re.compile(r"<style\b"),
    "javascript address": re.compile(r"javascript:", re.I),
    "safe filter": re.compile(r"\|\s*safe\b|\{% autoescape off|\|\s*safeseq"),
}
#: template → what it may, because nothing from outside gets there.
MAY = {"web/templates/base.html": {"script with a body"}, "web/templates/web/parts/plain_field.html": {"safe filter"}}


@pytest.mark.parametrize("what", INLINE)
def test_templates_hold_no(what: str) -> None:
    wrong = []
    for path, text in templates():
        if what in MAY.get(path, ()):
            continue
        for match in INLINE[what].finditer(_without_comments(text)):
            wrong.append(f"{path}: {match.group(0)[:100]}")
    assert not wrong


def test_templates_are_there() -> None:
    assert sum(1 for _ in templates()) > 30


# --- words ---------------------------------------------------------------------------------------------------------------


def test_every_text_is_translated() -> None:
    found = messages.check()
    assert found.ok, "\n".join([*map(str, found.missing), *found.broken, *found.conflicts])
