# ruff: noqa: E501 (tables)
"""Writing CSV and XLSX, and reading them back: what might run is neutralised, and comes back as it was."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi.kit.writers import CsvWriter, XlsxWriter, dangerous, escape, unescape
from tests.kit.tables import table


@pytest.mark.parametrize(
    "text",
    ["=1+1", "=cmd|'/c calc'!A1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", "＋A", "'=1", "''=1", "-", "--1", "+86abc",
     "=HYPERLINK(\"http://x\")", "\u00a0=1", "' =1", "+", "@", "-2+3", "+1-800-CALL", "=", "-1;=2"],
)  # fmt: skip
def test_what_might_run_is_neutralised_and_comes_back(text: str) -> None:
    assert dangerous(text)
    written = escape(text)
    assert written[0] == "'"
    assert unescape(written) == text


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "-12.50",
        "+3",
        "-1,234.5",
        "-12.5%",
        "+86 138 0013 8000",
        "+8613800138000",
        "+861088886666;ext=803",
        "'quoted'",
        "a=b",
        "'",
        "张三",
    ],
)
def test_what_only_looks_dangerous_stays(text: str) -> None:
    assert escape(text) == text
    assert unescape(text) == text


@given(st.text(max_size=30))
def test_neutralising_is_undone_exactly(text: str) -> None:
    assert unescape(escape(text)) == text
    assert not dangerous(escape(text)) or escape(text)[0] == "'"


TEXT = st.text(
    st.one_of(st.sampled_from("=+-@'\"\t\r\n,;| \u3000＝张a1.%"), st.characters(codec="utf-8")), max_size=12
).map(lambda s: s.replace("\0", ""))


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3).filter(any), min_size=1, max_size=8))
@settings(deadline=None, max_examples=200)
def test_csv_comes_back_as_it_was(rows: list[list[str]]) -> None:
    target = io.BytesIO()
    with CsvWriter(target, ["name", "phone;x", "=note"]) as writer:
        for row in rows:
            writer.write(row)
    found = table(target.getvalue())
    assert found.header == ["name", "phone;x", "=note"]
    assert [[c or "" for c in r.cells] for r in found.rows()] == rows


# The parser gives an error cell and a text of the same letters alike, so these eight words do not come back from XLSX.
ERRORS = ("#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#GETTING_DATA")
XML_TEXT = TEXT.map(lambda s: "".join(c for c in s if c.isprintable() or c in "\n\t"))


@given(
    st.lists(
        st.lists(XML_TEXT.filter(lambda s: s not in ERRORS), min_size=3, max_size=3).filter(any),
        min_size=1,
        max_size=5,
    )
)
@settings(deadline=None, max_examples=60)
def test_xlsx_comes_back_as_it_was(rows: list[list[str]]) -> None:
    target = io.BytesIO()
    with XlsxWriter(target, ["name", "phone", "=note"]) as writer:
        for row in rows:
            writer.write(row)
    found = table(target.getvalue())
    assert found.header == ["name", "phone", "=note"]
    assert [[c or "" for c in r.cells] for r in found.rows()] == rows


def test_xlsx_values_keep_their_kinds() -> None:
    target = io.BytesIO()
    row = [
        "+8613800138000",
        -5,
        Decimal("12.50"),
        date(2024, 1, 31),
        datetime(2024, 1, 31, 8, 30),
        True,
        12345678901234567,
        None,
        date(1850, 1, 1),
    ]
    with XlsxWriter(target, list("abcdefghi")) as writer:
        writer.write(row)
    (back,) = table(target.getvalue()).rows()
    assert back.cells == ["+8613800138000", -5, 12.5, row[3], row[4], True, "12345678901234567", None, "1850-01-01"]


def test_formulas_in_xlsx_are_texts() -> None:
    target = io.BytesIO()
    with XlsxWriter(target, ["a"]) as writer:
        writer.write(["=1+1"])
        writer.write(["http://x"])
    with zipfile.ZipFile(target) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"hyperlink" not in sheet
