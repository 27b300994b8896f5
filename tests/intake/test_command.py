"""`guanxi import`: what it says, and what its exit code means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from guanxi.core.journal.models import ChangeSet
from guanxi.customers.models import Account
from guanxi.intake import command, files
from guanxi.intake.models import ImportRun
from tests.intake.conftest import as_csv

pytestmark = pytest.mark.django_db

HEADER = ["客户编号", "客户名称", "手机", "别的"]
GOOD = [["K1", "张三丰", "13800138000", "x"]]
BAD = [*GOOD, ["K2", "李四", "12", "y"]]


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def make(rows: list[list[str]], header: list[str] = HEADER) -> Path:
        path = tmp_path / "客户.csv"
        path.write_bytes(as_csv(header, rows, "gb18030").getvalue())
        return path

    return make


@pytest.fixture
def boss(person: Any) -> Any:
    return person("boss", "administrator")


def test_it_says_columns_balance_and_the_way_back(boss, file, capsys):
    assert command.main(file(GOOD)) == command.OK
    said = capsys.readouterr().out
    run = ImportRun.objects.get()
    assert "gb18030" in said
    assert "mobile" in said
    assert "left out" in said
    assert f"Change set {run.change_set_id}" in said
    assert Account.all_rows.count() == 1
    assert command.main(file(GOOD)) == command.OK
    assert "nothing was written" in capsys.readouterr().out


def test_held_rows_make_the_exit_code_1_and_a_file(boss, file, tmp_path, capsys):
    problems = tmp_path / "problems.csv"
    assert command.main(file(BAD), problems=problems) == command.HELD
    said = capsys.readouterr().out
    assert str(problems) in said
    assert "12" in said
    assert "李四" in problems.read_text("utf-8-sig")


def test_a_dry_run_writes_nothing(boss, file, tmp_path, capsys):
    sets = ChangeSet.objects.count()
    problems = tmp_path / "problems.csv"
    assert command.main(file(BAD), dry_run=True, problems=problems) == command.HELD
    assert "Nothing was written" in capsys.readouterr().out
    assert "李四" in problems.read_text("utf-8-sig")
    assert (Account.all_rows.count(), ChangeSet.objects.count(), ImportRun.objects.count()) == (0, sets, 0)
    assert not [p for p in files.root().rglob("*") if p.is_file()]


def test_columns_can_be_named_and_existing_ones_left_alone(boss, file):
    assert command.main(file(GOOD), columns=["别的=remark", "手机="]) == command.OK
    one = Account.all_rows.get()
    assert (one.remark, one.mobile) == ("x", "")
    assert command.main(file([["K1", "改名", "", ""]]), skip_existing=True) == command.OK
    assert Account.all_rows.get().name == "张三丰"


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": ["没有=name"]}, {"columns": ["nonsense"]}, {"columns": ["手机=no_such_field"]}, {"entity": "core.user"},
        {"entity": "nothing.here"}, {"username": "nobody"}, {"username": "sally"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_and_leaves_nothing(boss, person, file, capsys, wrong):
    person("sally", "sales")
    assert command.main(file(GOOD), **wrong) == command.USAGE
    assert len(capsys.readouterr().err) > 20
    assert (Account.all_rows.count(), ImportRun.objects.count()) == (0, 0)
    assert not [p for p in files.root().rglob("*") if p.is_file()]


def test_a_file_that_is_no_table_is_said(boss, tmp_path, capsys):
    path = tmp_path / "x.csv"
    path.write_bytes(b"")
    assert command.main(path) == command.USAGE
    assert "empty" in capsys.readouterr().err
