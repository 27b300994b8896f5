"""Many records at once: in the request up to 500, above as a job with a balance that adds up and a way back (MOD-8, CAP-1)."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from typing import Any

import pytest

from guanxi.core.access import SYSTEM, acting
from guanxi.core.identity.models import User
from guanxi.core.jobs import Job, cancel, run_inline
from guanxi.core.journal.models import ChangeSet
from guanxi.kit.streams import open_table
from guanxi.records import bulk, bulk_jobs, catalogue
from guanxi.web.pages import bulk as bulk_page
from guanxi.web.pages import export as export_page

LIST = "/customers/account/"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> None:
    """What is many is a few here."""
    monkeypatch.setattr(bulk_page, "AT_ONCE", 3)
    monkeypatch.setattr(export_page, "AT_ONCE", 3)
    settings.FILES_ROOT = tmp_path


def load(owner: User, n: int, start: int = 0) -> None:
    entity, actor = catalogue.get("customers.account"), SYSTEM
    rows = [
        (i, {"name": f"Firm {start + i:03}", "kind": "company", "tier": "key", "owner": owner.username})
        for i in range(n)
    ]
    with acting(actor):
        assert bulk.load(actor, entity, rows, columns=["name", "kind", "tier", "owner"]).balance.created == n


def tiers() -> list[str]:
    rows = catalogue.get("customers.account").model.all_rows.filter(deleted_in__isnull=True)
    return sorted(rows.values_list("tier", flat=True))


def all_of(**more: Any) -> dict[str, Any]:
    return {"all": "1", "params": "", "do": "edit", **more}


def ask(post: Any, who: str, **more: Any) -> Job:
    """Ask for a large act and return the job that was made of it, not yet run."""
    response = post(who, f"{LIST}bulk", all_of(**more), htmx=True)
    assert response.status_code == 204, response.content
    url = json.loads(response["HX-Trigger"])["gx:work"]["url"]
    return Job.objects.get(pk=url.split("/")[2])


def test_few_are_changed_at_once_and_many_as_a_job(house: Any, get: Any, post: Any) -> None:
    load(house.owner, 3)
    assert post("owner", f"{LIST}bulk", all_of(tier="small"), htmx=True)["HX-Redirect"]
    assert tiers() == ["small"] * 3 and not Job.objects.filter(kind=bulk_jobs.EDIT).exists()
    load(house.owner, 3, 3)
    job = ask(post, "owner", tier="small", reason="spring")
    assert tiers() == ["key"] * 3 + ["small"] * 3, "nothing before it runs"
    assert 'data-poll="/work/' in get("owner", f"/work/{job.pk}/").content.decode()
    done = run_inline(job)
    assert done.state == "done", done.error
    assert done.result["balance"] == {"read": 6, "created": 0, "updated": 3, "unchanged": 3, "skipped": 0, "held": 0}
    assert tiers() == ["small"] * 6
    page = get("owner", f"/work/{job.pk}/").content.decode()
    assert "data-poll" not in page and f"/journal/{done.result['change_set']}/undo" in page
    assert ChangeSet.objects.get(pk=done.result["change_set"]).reason == "spring"
    post("owner", f"/journal/{done.result['change_set']}/undo")
    assert tiers() == ["key"] * 3 + ["small"] * 3


def test_work_is_seen_by_whoever_asked_for_it_and_by_nobody_else(house: Any, get: Any, post: Any) -> None:
    load(house.owner, 5)
    job = ask(post, "owner", tier="small")
    for path in ("", "state", "state?tray=1"):
        assert get("owner", f"/work/{job.pk}/{path}").status_code == 200
        for other in ("manager", "stranger", "admin"):
            theirs, none = get(other, f"/work/{job.pk}/{path}"), get(other, f"/work/999999/{path}")
            assert (theirs.status_code, none.status_code) == (404, 404)
    assert post("manager", f"/work/{job.pk}/cancel").status_code == 404
    assert Job.objects.get(pk=job.pk).state == "waiting"
    assert get("owner", f"/work/{job.pk}/cancel").status_code == 405


def test_rows_seen_but_not_to_be_changed_are_skipped_and_hidden_ones_not_counted(house: Any, post: Any) -> None:
    load(house.owner, 4)
    load(house.stranger, 4, 10)
    house.colleague.roles.set([])
    house.colleague.roles.add(*house.owner.roles.all(), *house.marketer.roles.all())
    job = ask(post, "colleague", tier="small", params="f.tier.any=key")
    done = run_inline(job)
    assert done.state == "done", done.error
    assert done.result["balance"] == {"read": 8, "created": 0, "updated": 0, "unchanged": 0, "skipped": 8, "held": 0}
    assert done.result["change_set"] is None and tiers() == ["key"] * 8
    mine = run_inline(ask(post, "owner", tier="small"))
    assert mine.result["balance"]["read"] == 4, "others' rows are not even counted"


def test_rules_hold_in_many_and_name_why(house: Any, post: Any) -> None:
    load(house.owner, 4)
    for i in range(2):
        house.save(
            "customers.account", {"name": f"张三{i}", "kind": "person", "gender": "female", "owner": house.owner.pk}
        )
    done = run_inline(ask(post, "owner", kind="company"))
    assert done.state == "done", done.error
    assert done.result["balance"] == {"read": 6, "created": 0, "updated": 0, "unchanged": 4, "skipped": 0, "held": 2}
    assert done.result["why"] == {"account.person_only": 2}
    assert post("owner", f"{LIST}bulk", all_of(), htmx=True).status_code == 200, "nothing filled in: asked again"
    assert Job.objects.filter(kind=bulk_jobs.EDIT).count() == 1


def test_stopped_work_has_changed_nothing(house: Any, get: Any, post: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    load(house.owner, 5)
    waiting = ask(post, "owner", tier="small")
    post("owner", f"/work/{waiting.pk}/cancel")
    assert run_inline(Job.objects.get(pk=waiting.pk)).state == "cancelled" and tiers() == ["key"] * 5
    job = ask(post, "owner", tier="small")
    monkeypatch.setattr("guanxi.records.write.rows.CHUNK", 2)
    stopped = run_inline(job, on_progress=lambda *_: cancel(job) and None)
    assert stopped.state == "cancelled" and tiers() == ["key"] * 5
    assert "Stopped" in get("owner", f"/work/{job.pk}/").content.decode()


def test_asked_twice_is_done_once(house: Any, post: Any) -> None:
    load(house.owner, 5)
    assert ask(post, "owner", tier="small").pk == ask(post, "owner", tier="small").pk


def test_many_are_deleted_and_come_back(house: Any, post: Any) -> None:
    load(house.manager, 60)
    done = run_inline(ask(post, "manager", do="delete"))
    assert done.state == "done", done.error
    assert done.result["balance"]["updated"] == 60 and tiers() == []
    post("manager", f"/journal/{done.result['change_set']}/undo")
    assert tiers() == ["key"] * 60


def test_many_get_an_owner_and_a_tag(house: Any, post: Any) -> None:
    load(house.manager, 5)
    tag = house.save("records.tag", {"name": "vip"}).id
    run_inline(ask(post, "manager", do="tag", add=tag))
    done = run_inline(ask(post, "manager", do="assign", owner=house.colleague.pk))
    assert done.result["balance"]["updated"] == 5
    rows = catalogue.get("customers.account").model.all_rows
    assert set(rows.values_list("owner", flat=True)) == {house.colleague.pk}
    assert all(tags == [tag] for tags in rows.values_list("tags", flat=True))
    refused = post("manager", f"{LIST}bulk", all_of(do="assign", owner=house.stranger.pk), htmx=True)
    assert refused.status_code == 200 and b"inside your range" in refused.content
    assert post("owner", f"{LIST}bulk", all_of(do="delete"), htmx=True).status_code == 404


def test_a_long_list_becomes_a_file_for_its_owner_alone_for_a_day(house: Any, get: Any, post: Any) -> None:
    load(house.owner, 5)
    house.customer("=1+1", phone="13800138000")
    response = post("owner", f"{LIST}export", {"format": "CSV", "params": "cols=name,phone"})
    job = Job.objects.get(kind=bulk_jobs.EXPORT)
    assert response["Location"] == f"/work/{job.pk}/"
    assert get("owner", f"/work/{job.pk}/file").status_code == 404, "not made yet"
    done = run_inline(job)
    assert done.state == "done", done.error
    answer = get("owner", f"/work/{job.pk}/file")
    body = b"".join(answer.streaming_content)
    assert answer["Content-Disposition"].startswith("attachment") and body.startswith(b"\xef\xbb\xbf")
    with open_table(io.BytesIO(body), "x.csv") as table:
        names = [str(row.cells[0]) for row in table.rows()]
    assert len(names) == 6 and "=1+1" in names, "taken back as it was"
    assert b"\n=1+1" not in body and b'\n"=1+1' not in body, "and no formula to a spreadsheet"
    for other in ("manager", "admin", "stranger"):
        assert get(other, f"/work/{job.pk}/file").status_code == 404
    house.owner.roles.set([])
    assert get("owner", f"/work/{job.pk}/file").status_code == 404, "the right to export is gone"
    house.owner.roles.set(house.colleague.roles.all())
    path = bulk_jobs.file_of(done)
    assert path is not None and path.stat().st_mode & 0o77 == 0
    old = time.time() - bulk_jobs.KEEP - 5
    os.utime(path, (old, old))
    assert get("owner", f"/work/{job.pk}/file").status_code == 404, "expired"
    assert list(bulk_jobs._old()) == [path]
    assert ChangeSet.objects.filter(action="export", detail__rows=6).exists()


def test_chosen_rows_alone_are_exported(house: Any, get: Any, post: Any) -> None:
    ids = [house.customer(f"Firm {i}") for i in range(3)]
    theirs = house.customer("Theirs", owner=house.stranger.pk)
    dialog = get(
        "owner", f"{LIST}bulk?do=export&id={ids[0]}&id={ids[2]}&params=cols%3Dname", htmx=True
    ).content.decode()
    assert "Export 2 Customers" in dialog and f'action="{LIST}export"' in dialog and "hx-post" not in dialog
    chosen = {"format": "CSV", "params": "cols=name", "id": [ids[0], ids[2], theirs]}
    body = b"".join(post("owner", f"{LIST}export", chosen).streaming_content).decode("utf-8-sig")
    assert body.replace('"', "").split() == ["Name", "Firm", "2", "Firm", "0"]
    assert get("marketer", f"{LIST}bulk?do=export&id={ids[0]}").status_code == 404


def exported(response: Any, form: str = "CSV") -> list[list[str]]:
    body = io.BytesIO(b"".join(response.streaming_content))
    with open_table(body, f"x.{form.lower()}") as table:
        return [[str(cell) if cell is not None else "" for cell in row.cells] for row in table.rows()]


@pytest.mark.parametrize("form", ["CSV", "XLSX"])
def test_a_file_has_the_rows_and_columns_of_the_list_in_its_order(
    house: Any, get: Any, post: Any, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """CAP-1: sorted by one field or several, filtered, chosen; empties last, and in pieces smaller than the list."""
    monkeypatch.setattr(export_page, "AT_ONCE", 100)
    monkeypatch.setattr(sys.modules["guanxi.records.read.page"], "CHUNK", 2)
    made = [
        ("B", "key", ""),
        ("A", "key", "z"),
        ("C", "small", "y"),
        ("D", "", "x"),
        ("E", "small", "y"),
        ("F", "key", "x"),
    ]
    ids = {name: house.customer(name, tier=tier, remark=remark) for name, tier, remark in made}

    def names(params: str, **more: Any) -> list[str]:
        given = {"format": form, "params": params, **more}
        return [line[0] for line in exported(post("owner", f"{LIST}export", given), form)]

    def page(params: str) -> list[str]:
        html = get("owner", f"{LIST}?{params}").content.decode()
        return [
            name
            for name in sorted(ids, key=lambda n: html.find(f'data-id="{ids[n]}"'))
            if f'data-id="{ids[name]}"' in html
        ]

    for params in (
        "cols=name", "sort=name&cols=name", "sort=-name&cols=name", "sort=tier,-name&cols=name", "sort=-tier,name&cols=name,tier",
        "f.tier.any=key&sort=-name&cols=name",
    ):  # fmt: skip
        assert names(params) == page(params), params
    chosen = [ids["B"], ids["E"], ids["D"]]
    assert names("sort=-tier,name&cols=name", id=chosen) == ["E", "B", "D"]
    header = exported(post("owner", f"{LIST}export", {"format": form, "params": "cols=remark,name&sort=name"}), form)
    assert header[0] == ["z", "A"], "columns in the order of the list"


def test_a_question_too_long_is_refused_and_not_cut(house: Any, post: Any) -> None:
    """What is left out of a question makes it mean more: nothing may be changed or given out by half of one."""
    house.customer("Firm")
    params = "&".join(["cols=name"] + [f"f.name.contains={'x' * 2000}{i}" for i in range(12)])
    for path, more in (("bulk", {"do": "delete", "all": "1"}), ("export", {"format": "CSV"})):
        assert post("manager", f"{LIST}{path}", {"params": params, **more}).status_code == 400
    assert tiers() == [""]
