"""Reading Excel and OpenDocument files, the broken and hostile ones too."""

from __future__ import annotations

import contextlib
import resource
import struct
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi.kit.streams import TableError, open_table
from tests.kit.tables import (
    BOF,
    CHINESE,
    EOF,
    bomb,
    lying_bomb,
    many_members,
    ods,
    ods_cell,
    ods_row,
    refused,
    sheet_xml,
    table,
    workbook,
    xls,
    zipped,
)  # fmt: skip


def test_workbook_cells_keep_their_kinds() -> None:
    found = table(
        workbook(
            [
                ["Customers"],
                [],
                ["name", "phone", "since", "seen", "amount", "vip", "id"],
                ["张三", 13800138000, date(2024, 1, 31), datetime(2024, 1, 31, 8, 30), 12.5, True, 110101199003070000],
                [None] * 7,
                ["#N/A", 1.0, None, None, -3, False, "110101199003074258"],
            ]
        ),
        filename="x.xlsx",
    )
    assert (found.format, found.header_row, found.sheets) == ("xlsx", 3, ["Data"])
    first, second = found.rows()
    assert first.number == 4
    assert first.cells[:6] == ["张三", 13800138000, date(2024, 1, 31), datetime(2024, 1, 31, 8, 30), 12.5, True]
    assert type(first.cells[1]) is int
    assert [p.code for p in first.problems] == ["cell.rounded"]
    assert (second.number, second.cells) == (6, [None, 1, None, None, -3, False, "110101199003074258"])
    assert [p.code for p in second.problems] == ["cell.error"]


def test_sheet_is_chosen(tmp_path: Path) -> None:
    path = tmp_path / "two.xlsx"
    path.write_bytes(workbook([["name", "phone"], ["A", "1"]], sheets=("First", "第二")))
    with open_table(path, sheet="第二") as found:
        assert (found.sheet, found.sheets) == ("第二", ["First", "第二"])
        assert [r.cells for r in found.rows()] == [["A", "1"]]
    with pytest.raises(TableError) as error:
        open_table(path, sheet="Third")
    assert error.value.code == "table.no_sheet"


def test_wrong_file_ending_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "really_a_workbook.csv"
    path.write_bytes(workbook([["name", "phone"], ["A", "1"]]))
    with open_table(path) as found:
        assert found.format == "xlsx"
    path = tmp_path / "really_text.xlsx"
    path.write_bytes(CHINESE.encode("gbk"))
    with open_table(path) as found:
        assert found.encoding == "gb18030"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bomb(20_000_000), "table.bomb"),
        (bomb(40_000_000), "table.bomb"),
        (lying_bomb(), "table.broken"),
        (many_members(), "table.bomb"),
        (zipped("inner.zip", bomb(1000)), "table.archive"),
        (zipped("data.csv", b"a,b\n1,2\n"), "table.archive"),
        (zipped("word/document.xml", b"<x/>"), "table.kind"),
        (zipped("xl/workbook.bin", b""), "table.kind"),
        (workbook([["a", "b"]])[:-200], "table.broken"),
        (workbook([["a", "b"]])[:1000], "table.broken"),
        (sheet_xml('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row>'), "table.columns"),
        (sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="ZZ1048576"><v>1</v></c></row>'), "table.area"),
        (sheet_xml('<row r="1">' + '<c t="n"><v>1</v></c>' * 50_000 + "</row>"), "table.columns"),
        (sheet_xml("<row><c><v>1</v></c></row>" * 60_000 + '<row r="99999999"><c><v>1</v></c></row>'), "table.area"),
        (sheet_xml("<row r='1'><c s='>' r='XFC1048576'><v>1</v></c></row>"), "table.columns"),
        (sheet_xml("<!DOCTYPE x><row><c><v>1</v></c></row>"), "table.broken"),
        (sheet_xml('<row r="1"><c r="A1"><v>1</c></row>'), "table.broken"),
        (sheet_xml(""), "table.no_rows"),
        (workbook([]), "table.no_rows"),
        (ods(ods_row(ods_cell("x", 2_000_000_000))), "table.columns"),
        (ods(ods_row(ods_cell("x"), 2_000_000_000)), "table.area"),
        (ods(ods_row(ods_cell("x", 900), 900_000)), "table.area"),
        (xls([BOF, (0x0203, struct.pack("<HHHd", 65535, 65535, 0, 1.0)), EOF]), "table.columns"),
        (xls([BOF, (0x0203, struct.pack("<HHHd", 65535, 1000, 0, 1.0)), EOF]), "table.area"),
        (xls([BOF, (0x002F, b"\0\0"), EOF]), "table.locked"),
    ],
)  # fmt: skip
def test_bad_workbooks_are_refused_at_once(data: bytes, code: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(data).code == code
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # kB


def test_formatted_empty_cells_far_out_do_no_harm() -> None:
    data = sheet_xml(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>name</t></is></c></row><row r="2"><c r="A2"><v>5</v></c></row>'
        '<row r="1048576"><c r="ZZ1048576" s="1"/></row>'
    )
    assert [r.cells for r in table(data).rows()] == [[5]]


def test_ods_is_read() -> None:
    found = table(ods(ods_row(ods_cell("name") + ods_cell("city")) + ods_row(ods_cell("张三") + ods_cell("北京"), 2)))
    assert found.format == "ods"
    assert [r.cells for r in found.rows()] == [["张三", "北京"]] * 2


GOOD = workbook([["name", "phone"], ["A", "1"], ["B", "2"]])


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_damaged_workbooks_give_a_table_or_a_table_error(at: int, byte: int, count: int) -> None:
    data = bytearray(GOOD)
    data[at : at + count] = bytes([byte]) * len(data[at : at + count])
    with contextlib.suppress(TableError):
        list(table(bytes(data)).rows())
