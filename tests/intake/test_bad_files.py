"""Files that are no tables: a clear sentence with a remedy, and nothing kept or written."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.utils import translation

from guanxi.customers.models import Account
from guanxi.intake import files, services
from guanxi.intake.models import ImportRun
from guanxi.intake.problems import Trouble
from tests.intake.conftest import as_csv, as_xlsx, bring_in

pytestmark = pytest.mark.django_db


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (40 << 20))
    return out.getvalue()


def mixed() -> bytes:
    lines = ["客户名称,手机"] + [f"公司{i}号有限责任公司,13800138000" for i in range(200)]
    return "\n".join(lines).encode("utf-8") + b"\n" + "\n".join(lines[1:]).encode("gb18030")


BAD = {
    "empty": b"",
    "blank": b"\n\n  \n",
    "header only": "客户名称,手机\n".encode(),
    "binary": bytes(range(256)) * 40,
    "picture": b"\x89PNG\r\n\x1a\n" + b"\x00" * 400,
    "wide": b",".join(b"c%d" % i for i in range(300_000)) + b"\n1\n",
    "broken workbook": as_xlsx(["a", "b"], [["1", "2"]]).getvalue()[:700],
    "zip bomb": bomb(),
    "mixed": mixed(),
    "nul": b"name,phone\nA\x00B,\x00\x00\x00\n" * 50,
    "open quote": b'name,phone\n"A,1\n' + b"B,2\n" * 200_000,
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_file_is_refused_in_words_and_leaves_nothing(steward, kind):
    with pytest.raises(Trouble) as refused:
        services.receive(steward, io.BytesIO(BAD[kind]), f"{kind}.csv")
    with translation.override("en"):
        english = str(refused.value)
    assert len(english) > 20
    assert "%(" not in english
    assert not ImportRun.objects.exists()
    assert not [p for p in files.root().rglob("*") if p.is_file()]
    assert Account.all_rows.count() == 0


def test_too_large_a_file_is_refused_while_it_comes_in(steward):
    with pytest.raises(Trouble):
        services.receive(steward, io.BytesIO(b"name\n" + b"x" * 5000), "x.csv", limit=1000)
    assert not [p for p in files.root().rglob("*") if p.is_file()]


def test_a_wrong_ending_does_not_matter(steward):
    assert bring_in(steward, as_xlsx(["客户名称"], [["甲公司"], ["乙公司"]]), "customers.csv").balance["created"] == 2
    assert bring_in(steward, as_csv(["客户名称"], [["丙公司"], ["丁公司"]]), "customers.xlsx").balance["created"] == 2


def test_duplicate_headers_are_told_and_only_the_first_is_used(steward):
    seen = services.examine(
        steward, as_csv(["客户名称", "手机", "手机"], [["甲公司", "13800138000", "13900139000"]]), "x.csv"
    )
    assert seen.mapping.count("mobile") == 1
    assert [p.code for p in seen.problems] == ["header.duplicate"]


def test_a_huge_cell_is_held_not_cut(steward):
    run = bring_in(steward, as_csv(["客户名称", "手机"], [["甲" * 50_000, ""], ["乙公司", ""]]), entity=None)
    assert run.balance["held"] == 1
    assert run.balance["created"] == 1


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\x\\客户.csv", "a\x00b\n.csv", "x" * 400 + ".csv", ""])
def test_the_name_a_person_gives_never_becomes_a_path(steward, name):
    run = services.receive(steward, as_csv(["客户名称"], [["甲公司"], ["乙公司"]]), name)
    assert files.place(run.path).resolve().is_relative_to(files.root().resolve())
    assert "/" not in run.name and "\\" not in run.name and "\x00" not in run.name and 0 < len(run.name) <= 255
