# ruff: noqa: E501 (tables)
"""Files on records: looked at before they are kept, out of reach with their record, given out as downloads only (MOD-5, SEC-3)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from guanxi.core.journal.models import ChangeSet
from guanxi.engagement.models import Attachment
from guanxi.records import files

PDF = b"%PDF-1.7\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture(autouse=True)
def files_root(tmp_path: Path) -> Any:
    with override_settings(FILES_ROOT=tmp_path / "files"):
        yield tmp_path / "files"


def attach(id_: int, key: str = "customers.account") -> str:
    return f"/engagement/attach/{key}/{id_}"


def send(house: Any, who: str, url: str, *uploads: tuple[str, bytes], htmx: bool = False) -> Any:
    user = getattr(house, who) if who != "nobody" else None
    headers = {"HX-Request": "true"} if htmx else {}
    given = [SimpleUploadedFile(name, content) for name, content in uploads]
    return house.client(user).post(url, {"file": given}, headers=headers)


def live() -> Any:
    return Attachment.all_rows.filter(deleted_in__isnull=True)


def kept(root: Path) -> int:
    return sum(1 for p in root.rglob("*") if p.is_file()) if root.exists() else 0


MAY = [("owner", 200), ("manager", 200), ("admin", 200), ("colleague", 404), ("stranger", 404), ("nobody", 302)]


@pytest.mark.parametrize(("who", "status"), MAY)
def test_rights_follow_the_record(house: Any, get: Any, files_root: Path, who: str, status: int) -> None:
    id_ = house.customer()
    send(house, "owner", attach(id_), ("合同.pdf", PDF))
    made = live().get()
    url = f"/engagement/attachment/{made.pk}/file/file"
    answer = get(who, url)
    assert answer.status_code == status
    if status == 404:
        assert answer.content == get(who, "/engagement/attachment/987654321/file/file").content
        assert get(who, f"/engagement/attachment/{made.pk}/").status_code == 404
        assert "合同" not in get(who, "/engagement/attachment/").content.decode()
    mine = send(house, who, attach(id_), ("second.pdf", PDF))
    assert mine.status_code == (302 if status in (200, 302) else 404)
    if status == 404:
        assert mine.content == send(house, who, attach(987654321), ("second.pdf", PDF)).content
    assert live().count() == kept(files_root) == (2 if status == 200 else 1)


def test_a_file_is_a_download_and_nothing_else(house: Any, get: Any) -> None:
    id_ = house.customer()
    send(house, "owner", attach(id_), ("报价 2026.pdf", PDF), ("note.txt", b"<script>alert(1)</script>"))
    for made in live():
        answer = get("owner", f"/engagement/attachment/{made.pk}/file/file")
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["X-Content-Type-Options"] == "nosniff" and "sandbox" in answer["Content-Security-Policy"]
        assert answer["Content-Type"] in ("application/pdf", "application/octet-stream")
        assert b"".join(answer.streaming_content) in (PDF, b"<script>alert(1)</script>")
        assert answer["Cache-Control"] == "no-store, private"
    made = live().filter(name="报价 2026.pdf").get()
    assert (
        "filename*=utf-8''%E6%8A%A5%E4%BB%B7%202026.pdf"
        in get("owner", f"/engagement/attachment/{made.pk}/file/file")["Content-Disposition"]
    )
    for other in ("name", "nothing", "about"):
        assert get("owner", f"/engagement/attachment/{made.pk}/file/{other}").status_code == 404
    assert get("owner", f"/customers/account/{id_}/file/name").status_code == 404


BAD = [
    ("page.html", b"<html><script>1</script>"), ("picture.svg", b"<svg onload='x'/>"), ("run.exe", b"MZ\x90\0"), ("run.sh", b"#!/bin/sh"),
    ("page.png", b"<html><script>1</script>"), ("run.pdf", b"MZ\x90\0"), ("picture.jpg", PNG), ("letter.docx", b"<html>"),
    ("empty.pdf", b""), ("text.txt", b"MZ\0\0"), ("noending", PDF), (".pdf", b"x"), ("a.pdf.exe", PDF), ("a.HTML", b"x"), ("x\u202efdp.exe", PDF),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content"), BAD)
def test_bad_files_are_refused_by_name_and_leave_nothing(
    house: Any, files_root: Path, name: str, content: bytes
) -> None:
    id_ = house.customer()
    before = ChangeSet.objects.count()
    answer = send(house, "owner", attach(id_), (name, content), htmx=True)
    html = answer.content.decode()
    assert answer.status_code == 200 and "gx-problem" in html and "gx:toast" not in answer["HX-Trigger"]
    assert not live().exists() and kept(files_root) == 0 and ChangeSet.objects.count() == before


@override_settings(FILES_MAX_MB=1)
def test_a_file_too_large_is_refused_and_the_others_are_kept(house: Any, files_root: Path) -> None:
    id_ = house.customer()
    answer = send(
        house, "owner", attach(id_), ("big.pdf", PDF + b"0" * 2**20), ("good.png", PNG), ("bad.html", b"x"), htmx=True
    )
    html = answer.content.decode()
    assert "big.pdf" in html and "1 MB" in html and "bad.html" in html
    assert list(live().values_list("name", flat=True)) == ["good.png"] and kept(files_root) == 1
    assert json.loads(answer["HX-Trigger"])["gx:toast"]["text"] == "1 file attached"


@pytest.mark.parametrize(("name", "shown"), [
    ("中文.pdf", "中文.pdf"), ("../x.pdf", "x.pdf"), ("..\\..\\x.pdf", "x.pdf"), ("a" * 300 + ".pdf", "a" * 145 + "….pdf"), ("  spaced .pdf", "spaced .pdf"),
    ("é.PDF", "é.PDF"), ("😀.png", "😀.png"), ("con\nrol.pdf", "conrol.pdf"), ("abc\u202efdp.pdf", "abcfdp.pdf"), ("'; drop table.pdf", "'; drop table.pdf"),
    ("<b>.pdf", "<b>.pdf"),
])  # fmt: skip
def test_odd_names_are_tamed_and_never_a_path(house: Any, get: Any, files_root: Path, name: str, shown: str) -> None:
    id_ = house.customer()
    tamed = files.clean_name(name)  # as it would come past Django's own cleaning
    assert "/" not in tamed and "\\" not in tamed and "\u202e" not in tamed and len(tamed) <= 150
    answer = send(house, "owner", attach(id_), (name, PNG if "png" in name else PDF), htmx=True)
    assert answer.status_code == 200
    made = live().get()
    assert made.name == shown
    assert "<b>" not in answer.content.decode()
    assert get("owner", f"/engagement/attachment/{made.pk}/file/file").status_code == 200
    assert all(len(p.name) == 32 for p in files_root.rglob("*") if p.is_file())


def test_removing_is_undone_and_only_for_who_may_delete(house: Any, get: Any, post: Any) -> None:
    id_ = house.customer()
    send(house, "manager", attach(id_), ("a.pdf", PDF))
    made = live().get().pk
    url = f"/engagement/attachment/{made}/remove"
    for who in ("owner", "colleague", "stranger"):  # sales may take back what they attached themselves
        assert post(who, url).status_code == 404
    answer = post("manager", url, htmx=True)
    assert answer.status_code == 200 and "a.pdf" not in answer.content.decode()
    assert get("manager", f"/engagement/attachment/{made}/file/file").status_code == 404
    post("manager", json.loads(answer["HX-Trigger"])["gx:toast"]["undo"])
    assert get("manager", f"/engagement/attachment/{made}/file/file").status_code == 200


def test_several_files_are_one_step_to_take_back(house: Any) -> None:
    id_ = house.customer()
    answer = send(house, "owner", attach(id_), ("a.pdf", PDF), ("b.png", PNG), htmx=True)
    undo = json.loads(answer["HX-Trigger"])["gx:toast"]["undo"]
    assert live().count() == 2
    back = house.client(house.owner).post(undo, headers={"Referer": f"http://testserver/customers/account/{id_}/"})
    assert back["Location"].endswith(f"/account/{id_}/") and not live().exists()


def test_files_go_out_of_sight_with_their_record_and_come_back(house: Any, get: Any, post: Any) -> None:
    id_ = house.customer()
    send(house, "manager", attach(id_), ("a.pdf", PDF))
    url = f"/engagement/attachment/{live().get().pk}/file/file"
    version = house.account_version(id_) if hasattr(house, "account_version") else 1
    assert post("manager", f"/customers/account/{id_}/delete", {"version": version}).status_code == 302
    for who in ("owner", "manager", "admin"):
        assert get(who, url).status_code == 404
    post("manager", f"/journal/{ChangeSet.objects.filter(action='delete').latest('pk').pk}/undo")
    assert get("owner", url).status_code == 200


def test_nothing_is_attached_to_what_is_not_there(house: Any) -> None:
    """By the doors too: an attachment cannot be moved to a record out of sight; unknown and forbidden answer alike."""
    from guanxi.records import write

    mine, theirs = house.customer("Mine Ltd"), house.customer("Theirs Ltd", owner=house.stranger.pk)
    said = []
    for about, entity in (
        (theirs, "customers.account"),
        (987654321, "customers.account"),
        (mine, "customers.contact"),
        (mine, "no.such"),
    ):
        with pytest.raises(write.Invalid) as refused:
            house.save("engagement.attachment", {"about": about, "about_entity": entity, "name": "x"}, by=house.owner)
        said.append(str(refused.value).replace(str(about), "n"))
    assert len(set(said)) == 1
    made = house.save(
        "engagement.attachment", {"about": mine, "about_entity": "customers.account", "name": "x"}, by=house.owner
    ).id
    with pytest.raises(write.Invalid):
        house.save("engagement.attachment", {"about": theirs}, by=house.owner, id=made)


def test_every_record_has_a_panel_of_files(house: Any, get: Any) -> None:
    product = house.save("trade.product", {"sku": "X1", "name": "Thing"}).id
    assert send(house, "admin", attach(product, "trade.product"), ("manual.pdf", PDF)).status_code == 302
    html = get("admin", f"/trade/product/{product}/panel/files", htmx=True).content.decode()
    assert "manual.pdf" in html and 'enctype="multipart/form-data"' in html
    seen = get("marketer", f"/trade/product/{product}/panel/files", htmx=True).content.decode()
    assert "manual.pdf" in seen and "multipart" not in seen
    assert "attached manual.pdf" in get("marketer", f"/trade/product/{product}/timeline").content.decode()


def test_who_attached_a_file_takes_it_away_and_nobody_else_of_their_kind(house: Any, get: Any, post: Any) -> None:
    """MOD-5, SEC-1: a salesperson has no right to delete, but may correct their own mistake, and take that back too."""
    id_ = house.customer()
    send(house, "owner", attach(id_), ("mine.pdf", PDF))
    send(house, "manager", attach(id_), ("theirs.pdf", PDF))
    mine, theirs = (live().get(name=name).pk for name in ("mine.pdf", "theirs.pdf"))
    panel = get("owner", f"/customers/account/{id_}/panel/files", htmx=True).content.decode()
    assert f"/{mine}/remove" in panel and f"/{theirs}/remove" not in panel
    url = panel.split('hx-post="')[1].split('"')[0]
    assert str(mine) in url
    refused = post("owner", url.replace(str(mine), str(theirs)))
    unknown = post("owner", url.replace(str(mine), "987654321"))
    assert refused.status_code == unknown.status_code == 404 and refused.content == unknown.content
    assert post("colleague", url).status_code == 404 and post("marketer", url).status_code == 404
    answer = post("owner", url, htmx=True)
    undo = json.loads(answer["HX-Trigger"])["gx:toast"]["undo"]
    assert answer.status_code == 200 and [row.name for row in live()] == ["theirs.pdf"]
    post("owner", undo)
    assert live().count() == 2 and get("owner", f"/engagement/attachment/{mine}/file/file").status_code == 200
    assert post("manager", url, htmx=True).status_code == 200, "who may delete files deletes any"


def test_a_download_is_a_line_of_access(house: Any, get: Any) -> None:
    """SEC-3: who took which file stands in the journal; asking in vain, or only for the heading, does not."""
    id_ = house.customer()
    send(house, "owner", attach(id_), ("a.pdf", PDF))
    made = live().get()
    url = f"/engagement/attachment/{made.pk}/file/file"
    get("stranger", url)
    house.client(house.owner).head(url)
    assert not ChangeSet.objects.filter(action="download").exists()
    get("manager", url)
    noted = ChangeSet.objects.get(action="download")
    assert (noted.actor_name, noted.entity, noted.record, noted.lines) == (
        "Manager",
        "engagement.attachment",
        made.pk,
        0,
    )
    assert live().get().version == 1
    assert "downloaded a file" in get("admin", "/journal/?action=download").content.decode()


def test_a_refused_record_leaves_no_file_behind(house: Any, files_root: Path) -> None:
    """Also where something else than the file is wrong with it, or the step around it fails."""
    from django.db import transaction

    from guanxi.core.access import acting, actor_for
    from guanxi.engagement import services
    from guanxi.records import catalogue, write

    with pytest.raises(write.Invalid):
        house.save("trade.product", {"sku": "", "name": "", "datasheet": SimpleUploadedFile("a.pdf", PDF)})
    assert kept(files_root) == 0
    id_, actor = house.customer(), actor_for(house.owner)

    def uploads() -> Any:
        yield SimpleUploadedFile("a.pdf", PDF)
        raise OSError("the line broke")

    with acting(actor), pytest.raises(OSError, match="broke"), transaction.atomic():
        services.attach(actor, catalogue.get("customers.account"), id_, uploads())
    assert kept(files_root) == 0 and not live().exists()


def test_files_that_nothing_points_to_go_by_night(house: Any, post: Any, files_root: Path) -> None:
    """What a record holds, what undo would bring back and what is young stays; the balance counts all."""
    import os
    import time

    from guanxi.core.access import SYSTEM
    from guanxi.core.jobs import enqueue, run_inline

    id_ = house.customer()
    send(house, "manager", attach(id_), ("live.pdf", PDF), ("deleted.pdf", PDF))
    gone = live().get(name="deleted.pdf")
    house.client(house.manager).post(f"/engagement/attachment/{gone.pk}/delete", {"version": gone.version})
    assert live().count() == 1
    product = house.save("trade.product", {"sku": "X", "name": "X", "datasheet": SimpleUploadedFile("1.pdf", PDF)}).id
    house.save("trade.product", {"datasheet": SimpleUploadedFile("2.pdf", PDF)}, id=product)
    old = time.time() - 2 * 24 * 3600
    for n in range(3):
        made = files.keep(SimpleUploadedFile(f"{n}.pdf", PDF))
        if n:
            os.utime(files.path_of(made["id"]), (old, old))
    (files_root / "exports").mkdir()
    (files_root / "exports" / ("0" * 32)).write_bytes(b"x")
    done = run_inline(enqueue("records.files_tidy", {}, actor=SYSTEM))
    assert done.state == "done", done.error
    assert done.result["balance"] == {"read": 7, "created": 0, "updated": 2, "unchanged": 4, "skipped": 1, "held": 0}
    assert done.result["missing"] == 0 and (files_root / "exports" / ("0" * 32)).exists()
    again = run_inline(enqueue("records.files_tidy", {}, actor=SYSTEM))
    assert again.result["balance"]["updated"] == 0
