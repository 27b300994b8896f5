"""Tables from files: what is found out, what is refused, and how much memory it takes."""

import codecs
import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi.kit.streams import Limits, TableError, open_table
from guanxi.kit.streams.errors import MESSAGES
from tests.kit.tables import CHINESE, refused, table

TRADITIONAL = "客戶名稱,電話,地址\n台北恆通貿易有限公司,0223456789,台北市信義區忠孝東路\n高雄華夏科技,072345678,高雄市苓雅區中正路\n"
WESTERN = (
    "Name;Straße;Ort\nMüller & Söhne;Königstraße 5;Köln\nDupont Frères;Rue de l'Église;Orléans\nPeña;Calle Ñuñoa;León\n"
)


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


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_a_table_or_a_table_error(data: bytes) -> None:
    for start in (b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"a,b\n"):
        try:
            for row in table(start + data).rows():
                assert len(row.cells) > 0
        except TableError:
            pass


def test_every_refusal_says_what_to_do() -> None:
    assert all(";" in m or "." in m or "," in m for m in MESSAGES.values())


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
