"""Translations, logs and docs: what the build relies on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from guanxi.site import logs, messages
from tools import check_docs

PO = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=1; plural=0;\\n"

msgid "Save"
msgstr "保存"

msgid "%(count)s row"
msgid_plural "%(count)s rows"
msgstr[0] "%(number)s 行"

msgid "Gone"
msgstr "没了"
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    room = tmp_path / "room"
    (room / "locale" / "zh_Hans" / "LC_MESSAGES").mkdir(parents=True)
    (room / "templates").mkdir()
    (room / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po").write_text(PO)
    (room / "a.py").write_text(
        "from django.utils.translation import gettext_lazy as _, ngettext, pgettext\n"
        "A = _('Save')\nB = ngettext('%(count)s row', '%(count)s rows', 2)\nC = pgettext('of a door', 'Open')\n"
    )
    (room / "templates" / "p.html").write_text(
        "{% load i18n %}{% translate 'From a template' %}{% blocktranslate %}Dear {{ name }}{% endblocktranslate %}"
        "{% translate 'Post' context 'mail' %}"
    )
    return tmp_path


def test_untranslated_texts_are_found_in_python_and_templates(package: Path) -> None:
    found = messages.check(package)
    assert {text.key for text in found.missing} == {
        ("of a door", "Open"), ("", "From a template"), ("", "Dear %(name)s"), ("mail", "Post"),
    }  # fmt: skip
    assert found.obsolete == ["room: 'Gone'"]
    assert len(found.broken) == 1
    assert "%(number)s" in found.broken[0]


def test_catalogues_compile(package: Path) -> None:
    assert messages.compile_all(package) == 1
    assert messages.compile_all(package) == 0


def test_every_text_of_the_house_is_translated() -> None:
    found = messages.check()
    assert not found.missing, "\n".join(map(str, found.missing))
    assert not found.broken
    assert not found.conflicts


@pytest.mark.parametrize("form", ["text", "json"])
def test_logs_hold_no_personal_data(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    import logging.config

    before = logging.getLogger("guanxi").handlers, logging.getLogger().handlers[:]
    logging.config.dictConfig(logs.settings(form, "INFO"))
    try:
        logging.getLogger("guanxi.x").warning(
            "row %s of li@example.cn, +86 138 0013 8000: DETAIL: Key (phone)=(x)", 42, extra={"password": "geheim"}
        )
    finally:
        logging.getLogger("guanxi").handlers, logging.getLogger().handlers[:] = before
    text = capsys.readouterr().err
    assert "row 42" in text
    for secret in ("li@example", "138", "geheim", "phone"):
        assert secret not in text
    if form == "json":
        assert json.loads(text)["level"] == "warning"


def test_docs_are_held_against_the_program(tmp_path: Path) -> None:
    known, made, settable = check_docs.commands(), check_docs.targets(), check_docs.settings()
    good = "Start it: `guanxi user add li`, `make demo`, `guanxi import FILE`, GUANXI_HOME"
    assert not list(check_docs.wrong_names(good, known, made, settable))
    bad = "`guanxi fly`, `guanxi user fly`, `make coffee`, " + "GUANXI" + "_COFFEE"
    assert len(list(check_docs.wrong_names(bad, known, made, settable))) == 4
    page = tmp_path / "a.md"
    page.write_text("# One Two\n[x](#one-two) [y](#three) [z](gone.md) [w](https://example.org)\n")
    assert len(list(check_docs.broken_links(page, page.read_text()))) == 2
