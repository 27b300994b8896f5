# ruff: noqa: E501 (tables)
"""Tables from files: what is found out, what is refused, and that what we wrote comes back as it was."""

import codecs
import contextlib
import csv
import io
import resource
import struct
import tracemalloc
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi.kit.streams import Limits, TableError, open_table
from guanxi.kit.streams.errors import MESSAGES
from guanxi.kit.writers import CsvWriter, XlsxWriter, dangerous, escape, unescape

CHINESE = "客户名称,电话,地址\n北京恒通贸易有限公司,13800138000,北京市朝阳区建国路88号\n上海华夏科技,02162345678,上海市静安区南京西路\n"
TRADITIONAL = "客戶名稱,電話,地址\n台北恆通貿易有限公司,0223456789,台北市信義區忠孝東路\n高雄華夏科技,072345678,高雄市苓雅區中正路\n"
WESTERN = (
    "Name;Straße;Ort\nMüller & Söhne;Königstraße 5;Köln\nDupont Frères;Rue de l'Église;Orléans\nPeña;Calle Ñuñoa;León\n"
)


def table(data: bytes | str, **kwargs):
    return open_table(io.BytesIO(data.encode() if isinstance(data, str) else data), **kwargs)


def cells(data: bytes | str) -> list[list[object]]:
    return [row.cells for row in table(data).rows()]


@pytest.mark.parametrize(
    ("data", "encoding", "wanted"),
    [
        (CHINESE.encode("utf-8"), "utf-8", CHINESE),
        (CHINESE.encode("utf-8-sig"), "utf-8-sig", CHINESE),
        (CHINESE.encode("gbk"), "gb18030", CHINESE),
        (CHINESE.replace("恒", "㐀").encode("gb18030"), "gb18030", CHINESE.replace("恒", "㐀")),
        (CHINESE.encode("utf-16"), "utf-16", CHINESE),
        (codecs.BOM_UTF16_BE + CHINESE.encode("utf-16-be"), "utf-16", CHINESE),
        (("a,b,c\n" * 50 + CHINESE).encode("utf-16-le"), "utf-16-le", "a,b,c\n" * 50 + CHINESE),
        (TRADITIONAL.encode("big5"), "big5hkscs", TRADITIONAL),
        (WESTERN.encode("latin-1"), "cp1252", WESTERN),
        (WESTERN.encode("cp1252"), "cp1252", WESTERN),
        (WESTERN.encode("utf-8"), "utf-8", WESTERN),
        (b"name,phone\nA,1\n", "utf-8", "name,phone\nA,1\n"),
        ("名称\n联通\n".encode("gbk"), "gb18030", "名称\n联通\n"),
        (("id,name\n" + "".join(f"{i},x\n" for i in range(200_000)) + "1,张伟\n").encode("gbk"), "gb18030", None),
    ],
)  # fmt: skip
def test_encoding_is_found(data: bytes, encoding: str, wanted: str | None) -> None:
    found = table(data)
    assert found.encoding == encoding
    if wanted:
        rows = list(csv.reader(io.StringIO(wanted), delimiter=found.dialect))
        assert found.header == rows[0]
        assert [r.cells for r in found.rows()] == rows[1:]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_separator_is_found(delimiter: str) -> None:
    lines = ["name,phone,note", "Li,138,good", '"Wang",139,bad', "Zhao,137,"]
    assert table("\n".join(lines).replace(",", delimiter)).dialect == delimiter


@pytest.mark.parametrize(
    ("data", "delimiter"),
    [
        ('name;note\nLi;"a, b, c"\nWang;"d, e, f"\n', ";"),
        ('"name"\n"a;b;c"\n"d|e"\n', ","),
        ("name;amount\nLi;1,50\nWang;2,75\nZhao;13,00\n", ";"),
        ("name\n张三\n李四\n", ","),
        ("sep=|\nname|note\nLi|a,b\n", "|"),
        ('name\taddress\nLi\t"1, Main; Street"\nWu\t2; Road, North\n', "\t"),
        ('a,b\n"x\ny;z;z",2\n"p;q;r",3\n', ","),
    ],
)
def test_separator_is_found_in_spite_of_others(data: str, delimiter: str) -> None:
    assert table(data).dialect == delimiter


@pytest.mark.parametrize(
    ("data", "header", "row"),
    [
        ("name,phone\nA,1\n", ["name", "phone"], 1),
        ("\n\nname,phone\nA,1\n", ["name", "phone"], 3),
        ("Customers 2024,,\nname,phone,city\nA,1,B\nC,2,D\n", ["name", "phone", "city"], 2),
        (
            "Customers 2024\nExported on,2024-01-01\n\nname,phone,city,note\nA,1,B,n\nC,2,D,n\n",
            ["name", "phone", "city", "note"],
            4,
        ),
        ("客户一览表,,,\n姓名,电话,,地址\nA,1,x,B\n", ["姓名", "电话", "", "地址"], 2),
        ("name, phone ,\nA,1,\n", ["name", "phone"], 1),
        (" Name\u200b ,\ufeffPhone\nA,1\n", ["Name", "Phone"], 1),
        ("name\nA\nB\n", ["name"], 1),
        ("name,phone,mail,city\nA,,,\nB,,,\n", ["name", "phone", "mail", "city"], 1),
    ],
)
def test_header_is_found(data: str, header: list[str], row: int) -> None:
    found = table(data)
    assert (found.header, found.header_row) == (header, row)


def test_header_problems_are_told() -> None:
    found = table("name,name,\nA,B,C\n")
    assert [p.code for p in found.problems] == ["header.duplicate", "header.unnamed"]


def test_rows_carry_the_numbers_of_a_spreadsheet() -> None:
    rows = list(table('Title\n\nname,note,x\nA,"two\nlines",1\n,,\n\nB,,2\n').rows())
    assert [(r.number, r.cells) for r in rows] == [(4, ["A", "two\nlines", "1"]), (7, ["B", None, "2"])]


def test_ragged_rows_are_told_and_short_rows_filled() -> None:
    rows = list(table("name,phone\nA\nB,1,extra\nC,2,,\n").rows())
    assert [r.cells for r in rows] == [["A", None], ["B", "1"], ["C", "2"]]
    assert [[p.code for p in r.problems] for r in rows] == [[], ["row.ragged"], []]
    assert "3 cells but the header has 2" in rows[1].problems[0].message


def test_rows_can_be_read_again_and_the_callers_file_stays_open() -> None:
    source = io.BytesIO(CHINESE.encode())
    found = open_table(source)
    assert list(found.rows()) == list(found.rows())
    found.close()
    assert not source.closed


def refused(data: bytes, **kwargs) -> TableError:
    with pytest.raises(TableError) as error:
        found = table(data, **kwargs)
        for _ in found.rows():
            pass
    assert error.value.message
    return error.value


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "table.empty"),
        (b"\n\n  \n", "table.empty"),
        (b"\xef\xbb\xbf", "table.no_rows"),
        (b",,,\n,,,\n", "table.no_rows"),
        (bytes(range(256)) * 50, "table.binary"),
        (b"%PDF-1.7 " + bytes(range(1, 256)), "table.binary"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "table.binary"),
        (b"\x1f\x8b\x08" + bytes(100), "table.archive"),
        (b"a,b\n" + b"1,2\n" * 100_000 + b"\x00\x01\x02\x00", "table.binary"),
        (b"PK\x03\x04garbage", "table.broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20), "table.broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "table.broken"),
        (b"," * 10_000_000, "table.line"),
        (b"," * 3_000_000 + b"\n" + b"," * 3_000_000, "table.no_rows"),
        (b"a," * 1_000_000 + b"\n1,2\n", "table.columns"),
        (b"name\n" + b"x" * 9_000_000, "table.line"),
        (b'name,phone\n"never closed,1\n' + b"A,1\n" * 100_000, "table.open_quote"),
        (CHINESE.encode() * 5 + CHINESE.encode("gbk"), "table.mixed"),
        (CHINESE.encode("gbk") * 5 + CHINESE.encode(), "table.mixed"),
        ((CHINESE * 5).encode("gbk") + b"\xff\xff\xff\n", "table.mixed"),
        ("\ufeff姓名\n张三\n".encode() + "李四\n".encode("gbk"), "table.mixed"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_at_once(data: bytes, code: str) -> None:
    assert refused(data).code == code


def test_mixed_encodings_name_the_line() -> None:
    error = refused("姓名,城市\n张三,北京\n李四,上海\n".encode() + "王五,广州\n".encode("gbk"))
    assert (error.code, error.params["line"]) == ("table.mixed", 4)
    assert "line 4" in error.message


def test_missing_file_and_directory_are_refused(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "no.csv", "table.not_found"), (tmp_path, "table.unreadable")):
        with pytest.raises(TableError) as error:
            open_table(path)
        assert error.value.code == code


def test_too_many_rows_stop_the_reading() -> None:
    assert refused(b"name\n" + b"x\n" * 20, limits=Limits(rows=10)).code == "table.rows"


def workbook(rows: list[list[object]], *, sheets: tuple[str, ...] = ("Data",)) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"default_date_format": "yyyy-mm-dd", "in_memory": True})
    for name in sheets:
        sheet = book.add_worksheet(name)
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                if value is not None:
                    sheet.write(i, j, value)
    book.close()
    return target.getvalue()


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


def sheet_xml(cells_xml: str) -> bytes:
    """A workbook whose sheet has this XML as its data."""
    data = workbook([["name", "phone"], ["A", "1"]])
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            content = old.read(member)
            if member.filename == "xl/worksheets/sheet1.xml":
                start, rest = content.split(b"<sheetData>")
                content = start + b"<sheetData>" + cells_xml.encode() + b"</sheetData>" + rest.split(b"</sheetData>")[1]
            new.writestr(member.filename, content)
    return target.getvalue()


def bomb(size: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * size)
    return target.getvalue()


def lying_bomb() -> bytes:
    """Declares 1,000 bytes where 50 million are packed."""
    data = bytearray(bomb(50_000_000))
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            if struct.unpack_from("<I", data, at + offset)[0] == 50_000_000:
                struct.pack_into("<I", data, at + offset, 1000)
    return bytes(data)


def many_members() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for i in range(5000):
            archive.writestr(f"xl/{i}.xml", "")
    return target.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(name, content)
    return target.getvalue()


def ods(rows_xml: str) -> bytes:
    target = io.BytesIO()
    spaces = " ".join(
        f'xmlns:{p}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"'
        for p, n in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f'<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="S">{rows_xml}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    return target.getvalue()


def ods_cell(value: str, repeat: int = 1) -> str:
    return f'<table:table-cell office:value-type="string" table:number-columns-repeated="{repeat}"><text:p>{value}</text:p></table:table-cell>'


def ods_row(inner: str, repeat: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{repeat}">{inner}</table:table-row>'


def xls(records: list[tuple[int, bytes]]) -> bytes:
    """A minimal OLE container around BIFF records."""
    book = b"".join(struct.pack("<HH", kind, len(body)) + body for kind, body in records).ljust(4096, b"\x00")
    sectors = [book[i : i + 512] for i in range(0, len(book), 512)]
    fat = [0xFFFFFFFD, 0xFFFFFFFE] + [i + 3 for i in range(len(sectors) - 1)] + [0xFFFFFFFE]
    fat += [0xFFFFFFFF] * (128 - len(fat))

    def entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF) -> bytes:
        raw = (name + "\0").encode("utf-16-le")
        head = (
            raw.ljust(64, b"\0") + struct.pack("<HBBIII", len(raw), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child) + bytes(36)
        )
        return head + struct.pack("<III", start, size, 0)

    directory = (entry("Root Entry", 5, 0xFFFFFFFE, 0, 1) + entry("Workbook", 2, 2, len(book))).ljust(512, b"\0")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack(
        "<109I", 0, *[0xFFFFFFFF] * 108
    )
    return header + struct.pack("<128I", *fat) + directory + b"".join(sectors)


BOF = (0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
EOF = (0x000A, b"")


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


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_a_table_or_a_table_error(data: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"a,b\n"):
        try:
            for row in table(start + data).rows():
                assert len(row.cells) > 0
        except TableError:
            pass


GOOD = workbook([["name", "phone"], ["A", "1"], ["B", "2"]])


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(1, 40))
@settings(max_examples=100, deadline=None)
def test_damaged_workbooks_give_a_table_or_a_table_error(at: int, byte: int, count: int) -> None:
    data = bytearray(GOOD)
    data[at : at + count] = bytes([byte]) * len(data[at : at + count])
    with contextlib.suppress(TableError):
        list(table(bytes(data)).rows())


def test_every_refusal_says_what_to_do() -> None:
    assert all(";" in m or "." in m or "," in m for m in MESSAGES.values())


# --- writing and reading back -----------------------------------------------------------------------------------------------------------


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


def test_csv_of_any_length_is_read_in_flat_memory() -> None:
    line = "张三,北京恒通贸易有限公司,13800138000,a@b.com,北京市,朝阳区,2024-01-31,12.5,x,y\n"
    data = io.BytesIO(("a,b,c,d,e,f,g,h,i,j\n" + line * 50_000).encode())
    found = open_table(data)
    tracemalloc.start()
    try:
        assert sum(1 for _ in found.rows()) == 50_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    print(f"{peak / 1e6:.1f} MB beside the file")
    assert peak < 3e6  # as a list they were 60 MB
