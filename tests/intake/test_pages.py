"""Importing as pages: the way of a file through them, and who gets none of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from guanxi.core import jobs
from guanxi.core.access.actor import SYSTEM
from guanxi.core.identity import services as people
from guanxi.core.identity.models import User
from guanxi.core.journal.models import ChangeSet
from guanxi.customers.models import Account
from guanxi.intake import files
from guanxi.intake.models import ImportRun
from guanxi.web import access
from tests.intake.conftest import as_csv

pytestmark = pytest.mark.django_db

HEADER = ["客户编号", "客户名称", "手机", "内部码"]
ROWS = [["K1", "张三丰", "138 0013 8000", "x"], ["K2", "李四", "138", "y"]]


@pytest.fixture
def sign_in() -> Any:
    access.forget_house()

    def signed_in(username: str, *roles: str) -> Client:
        user = User.objects.filter(username=username).first()
        if user is None:
            user = people.add_person(SYSTEM, username, roles=roles).person
            User.objects.filter(pk=user.pk).update(must_change_password=False)
            user.refresh_from_db()
        client = Client()
        client.force_login(user)
        return client

    return signed_in


def upload(client: Client, rows: Any = ROWS, name: str = "客户.csv", **more: Any) -> Any:
    file = SimpleUploadedFile(name, as_csv(HEADER, rows).getvalue(), "text/csv")
    return client.post(reverse("import"), {"file": file, **more})


def run_job(run: ImportRun, name: str = "job") -> ImportRun:
    """Do what a worker would: these tests have none."""
    job = getattr(run, name)
    jobs.Job.objects.filter(pk=job.pk).update(queue="inline")
    jobs.run_inline(job)
    return ImportRun.objects.get(pk=run.pk)


def test_a_file_goes_its_way_through_the_pages(sign_in):
    client = sign_in("stella", "steward")
    page = client.get(reverse("import"))
    assert page.status_code == 200
    assert b'type="file"' in page.content

    answer = upload(client)
    run = ImportRun.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == reverse("import-columns", args=[run.pk])

    page = client.get(answer["Location"]).content.decode()
    assert "张三丰" in page
    assert re.search(r'<option value="name" selected>', page)
    assert page.count('name="column-') == 4

    mapping = {f"column-{i}": target for i, target in enumerate(["number", "name", "mobile", ""])}
    answer = client.post(
        reverse("import-columns", args=[run.pk]), {"as": "customers.account", "on_existing": "update", **mapping}
    )
    assert answer["Location"] == reverse("import-check", args=[run.pk])
    assert Account.all_rows.count() == 0

    page = client.get(answer["Location"]).content.decode()
    assert "138" in page
    assert "内部码" in page

    answer = client.post(reverse("import-check", args=[run.pk]))
    assert answer["Location"] == reverse("import-run", args=[run.pk])
    waiting = client.get(answer["Location"]).content.decode()
    assert f'data-poll="{reverse("import-progress", args=[run.pk])}"' in waiting

    run = run_job(ImportRun.objects.get(pk=run.pk))
    piece = client.get(reverse("import-progress", args=[run.pk]), headers={"HX-Request": "true"}).content.decode()
    assert "data-poll" not in piece
    assert "<html" not in piece
    assert reverse("import-undo", args=[run.pk]) in piece
    assert run.balance == {"read": 2, "created": 1, "updated": 0, "unchanged": 0, "skipped": 0, "held": 1}

    file = client.get(reverse("import-problems", args=[run.pk]))
    assert file["Content-Disposition"].startswith("attachment")
    content = b"".join(file.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")
    assert "李四" in content.decode("utf-8-sig")
    assert "张三丰" not in content.decode("utf-8-sig")

    client.post(reverse("import-undo", args=[run.pk]))
    run = run_job(ImportRun.objects.get(pk=run.pk), "undo_job")
    assert Account.all_rows.filter(deleted_in__isnull=True).count() == 0
    page = client.get(reverse("import-run", args=[run.pk])).content.decode()
    assert reverse("import-undo", args=[run.pk]) not in page
    assert client.get(reverse("import")).status_code == 200


def test_looking_changes_nothing(sign_in):
    client = sign_in("stella", "steward")
    upload(client)
    run = ImportRun.objects.get()
    before = (list(ImportRun.objects.values()), ChangeSet.objects.count(), jobs.Job.objects.count())
    for name in ("import-columns", "import-check", "import-run", "import-progress", "import-problems"):
        client.get(reverse(name, args=[run.pk]))
        client.get(reverse(name, args=[run.pk]) + "?as=customers.contact")
    client.get(reverse("import"))
    assert (list(ImportRun.objects.values()), ChangeSet.objects.count(), jobs.Job.objects.count()) == before


@pytest.mark.parametrize("role", ["sales", "service", "marketing", "analyst", "privacy"])
def test_who_may_not_import_gets_none_of_it(sign_in, role):
    upload(sign_in("stella", "steward"))
    run = ImportRun.objects.get()
    client = sign_in("someone", role)
    state = (Account.all_rows.count(), ImportRun.objects.count(), jobs.Job.objects.count())
    assert client.get(reverse("import")).status_code == 404
    assert upload(client).status_code == 404
    for name in ("columns", "check", "run", "progress", "problems", "cancel", "undo", "discard"):
        address = reverse(f"import-{name}", args=[run.pk])
        assert client.get(address).status_code in (404, 405)
        assert client.post(address).status_code in (404, 405)
    assert (Account.all_rows.count(), ImportRun.objects.count(), jobs.Job.objects.count()) == state


def test_a_run_is_its_owners(sign_in):
    upload(sign_in("mona", "sales_manager"), **{"as": "customers.account"})
    run = ImportRun.objects.get()
    other = sign_in("mike", "sales_manager")
    unknown = other.get(reverse("import-columns", args=[run.pk + 999]))
    for name in ("columns", "check", "run", "progress", "problems"):
        answer = other.get(reverse(f"import-{name}", args=[run.pk]))
        assert (answer.status_code, len(answer.content)) == (404, len(unknown.content))
    assert str(run.name) not in other.get(reverse("import")).content.decode()
    for name in ("cancel", "undo", "discard", "check", "columns"):
        assert other.post(reverse(f"import-{name}", args=[run.pk])).status_code == 404
    assert ImportRun.objects.count() == 1


def test_who_looks_after_jobs_sees_a_run_but_does_not_go_on_with_it(sign_in):
    upload(sign_in("mona", "sales_manager"), **{"as": "customers.account"})
    run = ImportRun.objects.get()
    steward = sign_in("stella", "steward")
    assert run.name in steward.get(reverse("import")).content.decode()
    assert steward.get(reverse("import-columns", args=[run.pk])).status_code == 404
    assert steward.post(reverse("import-check", args=[run.pk])).status_code == 404
    assert jobs.Job.objects.count() == 0


def test_nobody_signed_in_is_sent_to_sign_in(sign_in):
    sign_in("stella", "steward")
    answer = Client().get(reverse("import"))
    assert answer.status_code == 302
    assert ImportRun.objects.count() == 0


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n" + b"\x00" * 300, "只有表头,手机\n".encode()])
def test_a_bad_file_is_refused_in_words(sign_in, content):
    client = sign_in("stella", "steward")
    answer = client.post(reverse("import"), {"file": SimpleUploadedFile("x.csv", content)})
    assert answer.status_code == 422
    assert b'role="alert"' in answer.content
    assert not ImportRun.objects.exists()
    assert client.post(reverse("import"), {}).status_code == 422


def test_a_body_too_large_is_not_even_read(sign_in, monkeypatch):
    monkeypatch.setattr(files, "LIMIT", 1000)
    client = sign_in("stella", "steward")
    answer = client.post(reverse("import"), {"file": SimpleUploadedFile("x.csv", b"name\n" + b"x" * 200_000)})
    assert answer.status_code == 413
    assert not ImportRun.objects.exists()


def test_a_form_without_its_token_is_refused(sign_in):
    sign_in("stella", "steward")
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="stella"))
    assert upload(client).status_code == 403
    assert not ImportRun.objects.exists()


def test_two_columns_for_one_field_come_back_with_the_reason(sign_in):
    client = sign_in("stella", "steward")
    upload(client)
    run = ImportRun.objects.get()
    given = {f"column-{i}": "name" for i in range(4)}
    answer = client.post(reverse("import-columns", args=[run.pk]), {"as": "customers.account", **given})
    assert answer.status_code == 422
    assert answer.content.decode().count('<option value="name" selected>') == 4
    hidden = client.post(
        reverse("import-columns", args=[run.pk]), {"as": "customers.account", "column-0": "created_at"}
    )
    unknown = client.post(
        reverse("import-columns", args=[run.pk]), {"as": "customers.account", "column-0": "no_such_at"}
    )
    assert bare(hidden).replace("created_at", "no_such_at") == bare(unknown)


def bare(answer: Any) -> str:
    """A page without its tokens, which differ each time."""
    return re.sub(r'(content|value)="[A-Za-z0-9]{64}"', "", answer.content.decode())


def test_the_object_can_be_changed_before_the_columns_are_settled(sign_in):
    client = sign_in("stella", "steward")
    upload(client)
    run = ImportRun.objects.get()
    page = client.get(reverse("import-columns", args=[run.pk]) + "?as=customers.contact").content.decode()
    assert 'value="customers.contact" selected' in page
    assert client.get(reverse("import-columns", args=[run.pk]) + "?as=core.user").status_code == 302


def test_a_draft_can_be_thrown_away(sign_in):
    client = sign_in("stella", "steward")
    upload(client)
    run = ImportRun.objects.get()
    client.post(reverse("import-discard", args=[run.pk]))
    assert not ImportRun.objects.exists()
    assert not [p for p in files.root().rglob("*") if p.is_file()]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_pages_speak_both_languages(sign_in, language):
    client = sign_in("stella", "steward")
    User.objects.filter(username="stella").update(language=language)
    upload(client)
    page = client.get(reverse("import-columns", args=[ImportRun.objects.get().pk])).content.decode()
    assert ("First values" in page) is (language == "en")
    assert ("前几行的值" in page) is (language != "en")
