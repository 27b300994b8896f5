"""From a stranger's file to customers, and back."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from guanxi.core import jobs
from guanxi.core.access import services as roles
from guanxi.core.access.actor import SYSTEM, acting, actor_for
from guanxi.core.identity.models import User
from guanxi.core.jobs.models import Job
from guanxi.core.journal.models import Change, ChangeBatch, ChangeSet
from guanxi.customers.models import Account, Contact
from guanxi.intake import columns, files, services
from guanxi.intake.jobs import tidy
from guanxi.intake.models import ImportRun
from guanxi.intake.problems import NotYours, Trouble
from guanxi.kit.results import Balance
from guanxi.kit.streams import open_table
from guanxi.records import catalogue, custom, sql, write
from tests.intake.conftest import as_csv, as_xlsx, bring_in

pytestmark = pytest.mark.django_db

HEADER = ["客户编号", "客户名称", "手机", "邮箱", "客户等级", "生日"]
ROWS = [
    ["K1", "张三丰", "138 0013 8000", "zhang@example.com", "重点客户", "1990-05-06"],
    ["K2", "北京贸易有限公司", "13900139000", "info@trade.cn", "普通客户", ""],
]


def live() -> list[dict]:
    fields = [f.attname for f in Account._meta.concrete_fields]
    return list(Account.all_rows.filter(deleted_in__isnull=True).order_by("pk").values(*fields))


def balance(run: ImportRun) -> Balance:
    return Balance.from_dict(run.balance).check()


def test_gbk_file_with_chinese_headers_becomes_customers(steward):
    run = bring_in(steward, as_csv(HEADER, ROWS, "gb18030"), "客户名单.csv")
    assert (run.entity, run.encoding) == ("customers.account", "gb18030")
    assert run.mapping == ["number", "name", "mobile", "email", "tier", "birth_date"]
    assert balance(run) == Balance(read=2, created=2)
    one = Account.all_rows.get(number="K1")
    assert (one.name, one.mobile, one.email, one.tier, str(one.birth_date)) == (
        "张三丰", "+8613800138000", "zhang@example.com", "key", "1990-05-06",
    )  # fmt: skip
    assert one.created_in == run.change_set_id
    assert run.change_set.balance == run.balance
    assert run.change_set.door == "import"


def test_workbook_is_read_like_a_text_file(steward):
    run = bring_in(steward, as_xlsx(HEADER, ROWS), "Customers.xlsx")
    assert run.format == "xlsx"
    assert balance(run) == Balance(read=2, created=2)
    assert Account.all_rows.get(number="K1").mobile == "+8613800138000"


def test_the_same_file_again_changes_nothing(steward):
    bring_in(steward, as_csv(HEADER, ROWS))
    before = live()
    run = bring_in(steward, as_csv(HEADER, ROWS))
    assert balance(run) == Balance(read=2, unchanged=2)
    assert run.change_set_id is None
    assert live() == before


def test_existing_customers_are_updated_or_left_alone(steward):
    bring_in(steward, as_csv(HEADER, ROWS))
    changed = [[*ROWS[0][:2], "13700137000", *ROWS[0][3:]]]
    left = bring_in(steward, as_csv(HEADER, changed), options={"on_existing": "skip"})
    assert balance(left) == Balance(read=1, skipped=1)
    run = bring_in(steward, as_csv(HEADER, changed))
    assert balance(run) == Balance(read=1, updated=1)
    assert Account.all_rows.get(number="K1").mobile == "+8613700137000"


def test_columns_spread_over_a_field_are_put_together(steward):
    header = ["First Name", "Last Name", "Email", "Country", "State", "City", "Street", "Zip"]
    rows = [
        ["Mary", "Smith", "mary@example.com", "US", "VT", "Burlington", "12 Main St", "05401"],
        ["三丰", "张", "z@example.cn", "", "", "", "", ""],
    ]
    run = bring_in(steward, as_csv(header, rows), entity=catalogue.get("customers.account"))
    assert balance(run) == Balance(read=2, created=2)
    mary = Account.all_rows.get(email="mary@example.com")
    assert mary.name == "Mary Smith"
    assert (mary.address["country"], mary.address["city"], mary.address["postcode"]) == ("US", "Burlington", "05401")
    assert "12 Main St" in mary.address["detail"]
    assert Account.all_rows.get(email="z@example.cn").name == "张三丰"
    assert Account.all_rows.get(email="z@example.cn").address in (None, {})


def test_generated_customers_map_fully(steward, person):
    """The columns of the generator of sample customers: all used, or yielding to a fuller one."""
    person("alice", "sales")
    header = (
        "customer_no,locale,first_name,last_name,full_name,company,title,email,phone,mobile,country,state,city,street,postcode,"
        "source,owner,status,created_at,note"
    ).split(",")
    row = (
        "C00000001,zh_CN,波,张,张波,数字网络有限公司,经理,q.2@gmail.com,0428-70842011,18284156217,CN,河北省,沈阳,曾路391号,243366,"
        "website,alice,dormant,2020-08-15 14:15:00,hello"
    ).split(",")
    run = bring_in(steward, as_csv(header, [row]))
    assert [name for name, target in zip(header, run.mapping, strict=True) if not target] == ["first_name", "last_name"]
    assert run.left_out == [{"column": "first_name", "values": 1}, {"column": "last_name", "values": 1}]
    assert balance(run) == Balance(read=1, created=1)
    assert Account.all_rows.get().owner.username == "alice"


def test_values_decide_where_the_header_says_nothing(steward, account):
    header = ["客户名称", "col_b", "col_c"]
    rows = [["甲公司", "13800138000", "a@b.cn"], ["乙公司", "13900139000", "c@d.cn"]]
    seen = services.examine(steward, as_csv(header, rows), "x.csv", entity=account)
    assert seen.mapping == ["name", "mobile", "email"]
    assert not seen.columns[1].sure


def test_a_header_whose_values_are_something_else_is_left_out(steward, account):
    seen = services.examine(
        steward, as_csv(["名称", "最近联系电话时间"], [["甲", "昨天"], ["乙", "上周"]]), "x.csv", entity=account
    )
    assert seen.mapping[1] == ""
    assert seen.columns[1].why


def test_contacts_are_recognised_by_their_columns(steward):
    bring_in(steward, as_csv(["客户名称", "客户编号"], [["甲公司", "K9"]]))
    run = bring_in(
        steward, as_csv(["联系人", "所属客户", "职务", "手机"], [["李四", "K9", "经理", "13800138000"]]), "联系人.csv"
    )
    assert run.entity == "customers.contact"
    with acting(steward):
        assert Contact.all_rows.get().account.number == "K9"


# Rows with problems ---------------------------------------------------------------------------------------------------

BAD = [
    ["K1", "张三丰", "138", "zhang@example.com", "重点客户", ""],
    ["K2", "李四", "13900139000", "no mail", "没有的等级", ""],
    ["K3", "王五", "13900139001", "", "", ""],
]


@pytest.mark.parametrize(("make", "ending"), [(as_csv, "csv"), (as_xlsx, "xlsx")])
def test_bad_rows_are_held_with_row_cell_and_reason(steward, make, ending):
    run = bring_in(steward, make(HEADER, BAD), f"x.{ending}")
    assert balance(run) == Balance(read=3, created=1, held=2)
    found = {(*p["rows"], p["column"], p["count"]) for p in run.problems}
    assert found == {(2, "手机", 1), (3, "邮箱", 1), (3, "客户等级", 1)}
    with open_table(files.place(run.problem_path)) as table:
        assert table.format == ending
        assert table.header == [*HEADER, columns.REASON]
        rows = list(table.rows())
    assert [row.cells[0] for row in rows] == ["K1", "K2"]
    assert rows[0].cells[1:4] == BAD[0][1:4]
    assert "手机" in rows[0].cells[-1]
    assert "[2]" in rows[0].cells[-1]


def test_the_corrected_problem_file_completes_the_import(steward):
    first = bring_in(steward, as_csv(HEADER, BAD))
    with open_table(files.place(first.problem_path)) as table:
        head, rows = table.header, [list(row.cells) for row in table.rows()]
    rows[0][2], rows[1][3], rows[1][4] = "13800138000", "li@example.cn", "普通客户"
    second = bring_in(steward, as_csv(head, [["" if c is None else c for c in row] for row in rows]))
    assert second.mapping[-1] == ""
    assert second.left_out == []
    assert balance(second) == Balance(read=2, created=2)
    assert Account.all_rows.filter(deleted_in__isnull=True).count() == 3


def test_a_second_problem_file_has_one_column_of_reasons(steward):
    first = bring_in(steward, as_csv(HEADER, BAD))
    again = bring_in(steward, io.BytesIO(files.place(first.problem_path).read_bytes()))
    with open_table(files.place(again.problem_path)) as table:
        assert table.header.count(columns.REASON) == 1


def test_ragged_rows_are_held_and_the_rest_goes_in(steward):
    good = "".join(f"公司{i},1380013800{i}\n" for i in range(5))
    source = io.BytesIO(f"客户名称,手机\n{good}乙,公司,13900139000,x\n".encode())
    run = bring_in(steward, source, entity=catalogue.get("customers.account"))
    assert balance(run) == Balance(read=6, created=5, held=1)
    assert run.change_set.balance == run.balance


def test_a_fault_in_a_column_left_out_holds_nothing(steward):
    source = as_xlsx(["客户名称", "内部码"], [["甲公司", "#N/A"]])
    run = bring_in(steward, source, "x.xlsx", mapping=["name", ""])
    assert balance(run) == Balance(read=1, created=1)


cells = st.sampled_from(
    [
        "",
        " ",
        "张三",
        "13800138000",
        "138",
        "a@b.cn",
        "A@B.CN",
        "bad",
        "=1+1",
        "'x",
        "2020-01-01",
        "重点客户",
        "K1",
        "K2",
        "\t",
        "a,b",
    ]
)


@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(cells, min_size=4, max_size=7), min_size=1, max_size=12))
def test_the_balance_always_adds_up(steward, rows):
    source = as_csv(["客户编号", "客户名称", "手机", "邮箱", "客户等级"], rows)
    with open_table(source) as table:
        expected = sum(1 for _ in table.rows())
    source.seek(0)
    if not expected:
        return
    before = Account.all_rows.filter(deleted_in__isnull=True).count()
    try:
        run = bring_in(steward, source, entity=catalogue.get("customers.account"))
    except Trouble:  # so messy that another line looks like the header
        assert Account.all_rows.filter(deleted_in__isnull=True).count() == before
        return
    found = balance(run)
    assert found.read == expected
    assert Account.all_rows.filter(deleted_in__isnull=True).count() == before + found.created
    held = 0
    if run.problem_path:
        with open_table(files.place(run.problem_path)) as table:
            held = sum(1 for _ in table.rows())
    assert held == found.held


# Taking it back -------------------------------------------------------------------------------------------------------


def test_undo_brings_back_the_exact_state(steward):
    bring_in(steward, as_csv(HEADER, ROWS))
    before = [{k: v for k, v in row.items() if k != "version"} for row in live()]
    run = bring_in(
        steward,
        as_csv(
            HEADER, [[*ROWS[0][:2], "13700137000", "new@example.com", "普通客户", ""], ["K7", "新客户", "", "", "", ""]]
        ),
    )
    assert balance(run) == Balance(read=2, created=1, updated=1)
    run = services.undo(steward, run, inline=True)
    job = jobs.run_inline(run.undo_job)
    assert job.state == "done", job.error
    assert job.result["conflicts"] == 0
    moving = {"changed_at", "changed_in", "changed_in_id"}
    after = [{k: v for k, v in row.items() if k != "version"} for row in live()]
    assert [{k: v for k, v in r.items() if k not in moving} for r in after] == [
        {k: v for k, v in r.items() if k not in moving} for r in before
    ]
    assert ImportRun.objects.get(pk=run.pk).undone
    with pytest.raises(Trouble):
        services.undo(steward, ImportRun.objects.get(pk=run.pk))


def test_undo_keeps_what_people_changed_since(steward, account):
    run = bring_in(steward, as_csv(HEADER, ROWS))
    one = Account.all_rows.get(number="K1")
    write.save(steward, account, {"mobile": "13600136000"}, id=one.pk)
    run = services.undo(steward, run, inline=True)
    job = jobs.run_inline(run.undo_job)
    assert (job.result["removed"], job.result["conflicts"]) == (1, 1)
    assert [row["number"] for row in live()] == ["K1"]


# Trying and stopping --------------------------------------------------------------------------------------------------


def test_a_dry_run_says_the_same_and_writes_nothing(steward):
    run = services.receive(steward, as_csv(HEADER, BAD), "x.csv")
    sets = ChangeSet.objects.count()
    checked = services.check(steward, run)
    assert checked.balance == Balance(read=3, created=1, held=2)
    assert checked.whole
    assert checked.cells == {"mobile": 1, "email": 1, "tier": 1}
    assert (Account.all_rows.count(), ChangeSet.objects.count(), ChangeBatch.objects.count()) == (0, sets, 0)
    assert ImportRun.objects.get(pk=run.pk).checked == checked.to_dict()


def test_a_cancelled_import_wrote_nothing_and_can_run_again(steward, monkeypatch):
    run = services.start(steward, as_csv(HEADER, ROWS), "x.csv", inline=True)
    with monkeypatch.context() as patch:
        patch.setattr("guanxi.core.jobs.context.JobContext.check", lambda self: (_ for _ in ()).throw(jobs.Cancelled()))
        job = jobs.run_inline(run.job)
    run = ImportRun.objects.get(pk=run.pk)
    assert (job.state, run.phase, Account.all_rows.count()) == ("cancelled", "cancelled", 0)
    assert run.change_set_id is None
    run = services.launch(steward, run, inline=True)
    jobs.run_inline(run.job)
    assert ImportRun.objects.get(pk=run.pk).phase == "done"
    assert Account.all_rows.count() == 2


def test_a_finished_job_run_twice_writes_once(steward):
    run = bring_in(steward, as_csv(HEADER, ROWS))
    again = jobs.enqueue("intake.run_import", {"run": run.pk}, actor=steward, inline=True)
    assert jobs.run_inline(again).result["change_set"] == run.change_set_id
    assert Account.all_rows.count() == 2
    with pytest.raises(Trouble):
        services.launch(steward, run)


# Rights ---------------------------------------------------------------------------------------------------------------


def test_without_the_right_nothing_comes_in(person):
    sally = person("sally", "sales")
    changes = Change.objects.count()
    with pytest.raises(Trouble):
        services.start(sally, as_csv(HEADER, ROWS), "x.csv", inline=True)
    assert (ImportRun.objects.count(), Account.all_rows.count(), Change.objects.count()) == (0, 0, changes)
    assert not list(Path(settings.FILES_ROOT).rglob("*.*"))


def test_fields_that_the_role_may_not_edit_are_no_targets(person, account):
    role = roles.create_role(SYSTEM, "Loader")
    roles.set_rights(
        SYSTEM, role, grants={("*", "view"): "all", ("*", "create"): "all", ("*", "edit"): "all", ("*", "import"): "all"},
        fields={("*", "public", ""): "edit", ("*", "personal", ""): "read"},
    )  # fmt: skip
    actor = person("lou", role.key)
    assert not {"mobile", "credit_rating", "id_number", "created_at"} & columns.targets(actor, account).keys()
    run = services.receive(actor, as_csv(HEADER, ROWS), "x.csv", entity=account)
    assert "mobile" not in run.mapping
    with pytest.raises(Trouble):
        services.settle(actor, run, entity=account, mapping=["number", "name", "mobile", "", "", ""])
    ImportRun.objects.filter(pk=run.pk).update(mapping=["number", "name", "mobile", "", "", ""])
    run.refresh_from_db()
    with pytest.raises(Trouble):
        services.launch(actor, run)
    assert Account.all_rows.count() == 0


def test_a_right_taken_back_before_the_job_ran_stops_it(steward):
    run = services.start(steward, as_csv(HEADER, ROWS), "x.csv", inline=True)
    User.objects.get(pk=steward.user_id).roles.clear()
    job = jobs.run_inline(run.job)
    assert (job.state, Account.all_rows.count()) == ("failed", 0)
    assert job.explain()["what"]


def test_runs_are_seen_by_their_owner_and_who_looks_after_jobs(steward, person):
    manager, other = person("mona", "sales_manager"), person("mike", "sales_manager")
    run = bring_in(manager, as_csv(["客户名称"], [["甲公司"]]), entity=catalogue.get("customers.account"))
    assert services.get(manager, run.pk) == run
    assert services.get(steward, run.pk) == run
    for stranger in (other, person("sally", "sales"), actor_for(None)):
        with pytest.raises(NotYours):
            services.get(stranger, run.pk)
    with pytest.raises(NotYours):
        services.get_own(steward, run.pk)


# The mapping ----------------------------------------------------------------------------------------------------------


def test_two_columns_cannot_fill_one_field(steward, account):
    run = services.receive(steward, as_csv(HEADER, ROWS), "x.csv")
    for wrong in (
        ["name", "name", "", "", "", ""],
        ["address", "address.city", "", "", "", ""],
        [""] * 6,
        ["nothing"] * 6,
        ["name"],
    ):
        with pytest.raises(Trouble):
            services.settle(steward, run, entity=account, mapping=wrong)


def test_columns_can_be_said_by_name():
    header = ["甲", "乙", "丙"]
    assert services.named(header, {"乙": "name"}, ["name", "", "phone"]) == ["", "name", "phone"]
    assert services.named(header, {"丙": ""}, ["name", "", "phone"]) == ["name", "", ""]
    for wrong in ({"丁": "name"},):
        with pytest.raises(Trouble):
            services.named(header, wrong, ["", "", ""])
    with pytest.raises(Trouble):
        services.named(["甲", "甲"], {"甲": "name"}, ["", ""])


# Files ----------------------------------------------------------------------------------------------------------------


def test_old_files_go_and_the_record_of_the_import_stays(steward):
    run = bring_in(steward, as_csv(HEADER, BAD))
    draft = services.receive(steward, as_csv(HEADER, ROWS), "y.csv")
    old = timezone.now() - timedelta(days=91)
    ImportRun.objects.update(created_at=old)
    stray = files.new("data")
    stray.write_bytes(b"x")
    import os

    os.utime(stray, (1, 1))

    class Ctx:
        def check(self) -> None: ...

    assert tidy(Ctx()) == {"files": 1, "drafts": 1, "strays": 1}
    assert not [p for p in files.root().rglob("*") if p.is_file()]
    run = ImportRun.objects.get(pk=run.pk)
    assert (run.path, run.problem_path, run.problems) == ("", "", [])
    assert run.balance["created"] == 1
    assert not ImportRun.objects.filter(pk=draft.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_a_unique_value_created_meanwhile_holds_its_row_and_not_the_file(person, monkeypatch):
    """Somebody gives the value away between the look and the write; the file goes in without that row (OPS-2)."""
    admin, account = person("ada", "administrator"), catalogue.get("customers.account")
    custom.define(SYSTEM, account, kind="text", label_zh="防伪码", label_en="Seal code", key="x_card", unique=True)
    for waiting in Job.objects.filter(kind="records.field_index"):
        jobs.run_inline(waiting)  # from now on the database knows that it is unique
    really, met = sql.copying, []

    def elsewhere():
        try:
            write.save(admin, account, {"name": "先到的", "x_card": "A2"})
        finally:
            connection.close()

    def meanwhile(*args):
        if not met:
            met.append(True)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(elsewhere).result()
        return really(*args)

    monkeypatch.setattr(sql, "copying", meanwhile)
    run = bring_in(admin, as_csv(["客户名称", "防伪码"], [["甲", "A1"], ["乙", "A2"]]), entity=account)
    assert met
    assert balance(run) == Balance(read=2, created=1, held=1)
    assert sorted(Account.all_rows.values_list("name", flat=True)) == ["先到的", "甲"]
