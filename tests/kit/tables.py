# ruff: noqa: E501 (tables)
"""Tables to read: good workbooks, and files made to hurt."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
import xlsxwriter

from guanxi.kit.streams import TableError, open_table

CHINESE = "客户名称,电话,地址\n北京恒通贸易有限公司,13800138000,北京市朝阳区建国路88号\n上海华夏科技,02162345678,上海市静安区南京西路\n"


def table(data: bytes | str, **kwargs):
    return open_table(io.BytesIO(data.encode() if isinstance(data, str) else data), **kwargs)


def refused(data: bytes, **kwargs) -> TableError:
    with pytest.raises(TableError) as error:
        found = table(data, **kwargs)
        for _ in found.rows():
            pass
    assert error.value.message
    return error.value


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
