"""Settings at a glance, looking as somebody else, what a role's change means, handing over, look, health, jobs (MOD-9, SEC)."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from guanxi.core.access import SYSTEM, actor_for, effect
from guanxi.core.access import services as access
from guanxi.core.access.models import Role
from guanxi.core.identity.models import User
from guanxi.core.jobs import enqueue, job
from guanxi.core.jobs.models import Job, JobState
from guanxi.core.journal.models import ChangeSet
from guanxi.core.org import brand, currency, departments, pictures
from guanxi.core.org.models import Department, ExchangeRate
from guanxi.customers.models import Account
from guanxi.web.screens.core import branding

# At a glance --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("who", "status"), [("admin", 200), ("owner", 404), ("marketer", 404), ("nobody", 302)])
def test_settings_page_is_for_who_may_set_something(get: Any, who: str, status: int) -> None:
    assert get(who, "/settings/").status_code == status


def test_cards_are_those_one_may_open_and_are_found_in_both_languages(house: Any, get: Any) -> None:
    house.steward = house.person("steward", "steward", house.here)

    def found(who: str, text: str = "") -> set[str]:
        groups = get(who, "/settings/", q=text).context["groups"]
        return {card["topic"].key for group in groups for card in group["cards"]}

    assert found("steward") == {
        "settings-fields",
        "settings-lists",
        "settings-tags",
        "settings-trees",
        "jobs",
        "journal",
    }
    assert "settings-roles" in found("admin", "permission") and "settings-people" not in found("admin", "mask export")
    assert found("admin", "xyzzy") == set()
    for who in ("steward", "admin"):
        for group in get(who, "/settings/").context["groups"]:
            for card in group["cards"]:
                assert get(who, card["url"]).status_code == 200, card["url"]


# Looking as somebody else -------------------------------------------------------------------------------------------------


@pytest.fixture
def looking(house: Any) -> Client:
    client = house.client(house.admin)
    id_ = house.customer("Mine of owner")
    house.customer("Of the stranger", owner=house.stranger.pk)
    assert client.post("/settings/view-as", {"kind": "person", "id": house.owner.pk})["Location"] == "/"
    client.record = id_
    return client


def test_one_sees_what_they_see_with_a_bar_and_ends_it_by_one_click(house: Any, looking: Any) -> None:
    page = looking.get("/customers/account/").content.decode()
    assert "Mine of owner" in page and "Of the stranger" not in page
    assert "gx-viewing" in page and "/view-as/end" in page
    assert looking.get("/settings/people").status_code == 404, "nor more pages than they have"
    assert looking.post("/view-as/end").status_code == 302
    page = looking.get("/customers/account/").content.decode()
    assert "Of the stranger" in page and "gx-viewing" not in page
    assert list(ChangeSet.objects.filter(action__startswith="view-as").order_by("pk").values_list("action", "actor", "record")) == [
        ("view-as", house.admin.pk, house.owner.pk), ("view-as-ended", house.admin.pk, house.owner.pk),
    ]  # fmt: skip


def test_nothing_can_be_written_while_looking(house: Any, looking: Any) -> None:
    before = (ChangeSet.objects.count(), User.objects.count(), Job.objects.count())
    edit = f"/customers/account/{looking.record}/edit"
    assert looking.post(edit, {"name": "Changed"}).status_code == 403
    quiet = looking.post(edit, {"name": "Changed"}, headers={"HX-Request": "true"})
    assert quiet["HX-Reswap"] == "none" and "gx:toast" in quiet["HX-Trigger"]
    for url in ("/customers/account/export", f"/customers/account/{looking.record}/reveal/phone", "/preferences", "/me",
                "/settings/view-as"):  # fmt: skip
        assert looking.post(url, {"theme": "dark", "kind": "role", "id": 1}).status_code == 403, url
    assert Account.all_rows.get(pk=looking.record).name == "Mine of owner"
    assert before == (ChangeSet.objects.count(), User.objects.count(), Job.objects.count())


def test_what_a_page_writes_by_the_way_is_not_kept(house: Any, looking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from guanxi.web.pages import shown

    assert shown
    from django.http import HttpResponse

    def writes(request: Any) -> HttpResponse:
        Department.objects.create(name="By the way", path="/99/")
        assert Department.objects.filter(name="By the way").exists()
        return HttpResponse("ok")

    from guanxi.web.screens.core import view_as

    request = looking.get("/").wsgi_request
    middleware = view_as.ViewAs(writes)
    request.session = looking.session
    request.actor = actor_for(house.admin)
    assert middleware(request).status_code == 200
    assert not Department.objects.filter(name="By the way").exists()


def test_looking_never_shows_more(house: Any, post: Any, get: Any) -> None:
    """SEC: whoever may change roles but sees no customers cannot borrow the eyes of somebody who does."""
    role = access.create_role(SYSTEM, "Office")
    access.set_rights(SYSTEM, role, grants={("settings.roles", "edit"): "all", ("settings.people", "edit"): "all"})
    house.office = house.person("office", "marketing", house.here)
    house.office.roles.set([role])
    house.customer("Secret customer")
    client = house.client(house.office)
    for kind, pk in (
        ("person", house.owner.pk),
        ("person", house.admin.pk),
        ("role", Role.objects.get(key="sales").pk),
    ):
        client.post("/settings/view-as", {"kind": kind, "id": pk})
        assert client.get("/customers/account/").status_code == 404, kind
    assert post("owner", "/settings/view-as", {"kind": "person", "id": house.colleague.pk}).status_code == 404
    assert not ChangeSet.objects.filter(action="view-as").exists()


def test_rows_of_others_in_reach_count_too(house: Any) -> None:
    """The same role in another department reaches other people's rows: that is more, too."""
    role = access.create_role(SYSTEM, "Lead", copy_of=Role.objects.get(key="sales_manager"))
    access.set_rights(SYSTEM, role, grants={("settings.roles", "edit"): "all"})
    lead = house.person("lead", "sales", house.here)
    lead.roles.set([role])
    client = house.client(lead)
    client.post("/settings/view-as", {"kind": "person", "id": house.stranger.pk})
    assert b"gx-viewing" not in client.get("/").content
    client.post("/settings/view-as", {"kind": "person", "id": house.owner.pk})
    assert b"gx-viewing" in client.get("/").content


def test_it_ends_when_the_right_to_look_is_taken(house: Any, looking: Any) -> None:
    house.admin.roles.set([Role.objects.get(key="sales")])
    page = looking.get("/customers/account/").content.decode()
    assert "gx-viewing" not in page and "Mine of owner" not in page


# What a change of a role means ------------------------------------------------------------------------------------------------


def test_effect_counts_people_with_all_their_roles(house: Any) -> None:
    sales = Role.objects.get(key="sales")
    both = house.person("both", "sales", house.here)
    both.roles.add(Role.objects.get(key="analyst"))
    gone = house.person("gone", "sales", house.here)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    found = effect.effects(sales, {("*", "export"): "none"}, {}, entities=["a.b", "c.d"], classes={})
    assert [(e.entity, e.what, e.before.value, e.after.value, e.people, e.more) for e in found] == [
        ("*", "export", "own", "none", 2, False)
    ], "the one who is analyst too still exports; who left does not count"
    field = effect.effects(
        sales, {}, {("a.b", "", "phone"): "hidden"}, entities=["a.b", "c.d"], classes={("a.b", "phone"): "personal"}
    )
    assert [(e.entity, e.what, e.people) for e in field] == [("a.b", ".phone", 3)] or field[0].what == ".phone"


def test_saving_first_says_what_it_means(house: Any, get: Any, post: Any) -> None:
    url = "/settings/roles/sales"
    was = get("admin", url).context["was"]
    answer = post("admin", url, {"was": was, "g:*:export": "none", "do": "preview"})
    text = answer.content.decode()
    assert answer.status_code == 200 and "2 people" in text and "lose" in text
    assert Role.objects.get(key="sales").grants.get(entity="*", action="export").scope == "own", "only said, not done"
    assert post("admin", url, {"was": was, "g:*:export": "none", "do": "save"}).status_code == 302
    assert Role.objects.get(key="sales").grants.get(entity="*", action="export").scope == "none"
    page = get("admin", url).content.decode()
    assert "data-differs" in page and "1 cell differs" in page
    nobody = Role.objects.get(key="service")
    was = get("admin", "/settings/roles/service").context["was"]
    assert post("admin", "/settings/roles/service", {"was": was, "g:*:view": "own", "do": "preview"}).status_code == 302
    assert nobody.grants.get(entity="*", action="view").scope == "own", (
        "where nobody is touched there is nothing to say"
    )


# People ---------------------------------------------------------------------------------------------------------------------


def test_hand_over_is_one_step_with_a_balance_and_a_way_back(house: Any, get: Any, post: Any) -> None:
    mine = [house.customer(f"Acme {n}") for n in range(3)]
    other = house.customer("Other", owner=house.stranger.pk)
    url = f"/settings/people/{house.owner.pk}/hand-over"
    assert get("admin", url).context["n"] == 3
    assert post("admin", url, {"to": ""}).status_code == 422
    assert post("manager", url, {"to": house.colleague.pk}).status_code == 404
    assert post("admin", url, {"to": house.colleague.pk, "reason": "leaves"}).status_code == 302
    assert set(Account.all_rows.filter(pk__in=mine).values_list("owner", flat=True)) == {house.colleague.pk}
    assert Account.all_rows.get(pk=other).owner_id == house.stranger.pk
    step = ChangeSet.objects.get(action="assign")
    assert step.balance["read"] == step.balance["updated"] == 3 and step.reason == "leaves"
    post("admin", f"/journal/{step.pk}/undo")
    assert set(Account.all_rows.filter(pk__in=mine).values_list("owner", flat=True)) == {house.owner.pk}


def test_hand_over_gives_away_only_what_one_may_assign(house: Any) -> None:
    role = access.create_role(SYSTEM, "Personnel")
    access.set_rights(SYSTEM, role, grants={("settings.people", "edit"): "all"})
    clerk = house.person("clerk", "sales", house.there)
    clerk.roles.set([role])
    id_ = house.customer()
    client = house.client(clerk)
    url = f"/settings/people/{house.owner.pk}/hand-over"
    assert client.get(url).context["n"] == 0
    assert client.post(url, {"to": house.colleague.pk}).status_code == 422
    assert Account.all_rows.get(pk=id_).owner_id == house.owner.pk


# Departments ------------------------------------------------------------------------------------------------------------------


def test_departments_are_dragged_and_never_over_somebody_elses_move(house: Any, post: Any) -> None:
    west = house.there
    move = {"node": house.here.pk, "parent": west.pk, "was_parent": "", "before": ""}
    assert post("admin", "/settings/departments/move", move, htmx=True).status_code == 200
    house.here.refresh_from_db()
    assert house.here.path == f"{west.path}{house.here.pk}/"
    stale = post("admin", "/settings/departments/move", {**move, "parent": ""}, htmx=True)
    assert "meanwhile" in stale["HX-Trigger"]
    circle = {"node": west.pk, "parent": house.here.pk, "was_parent": "", "before": ""}
    assert '"error"' in post("admin", "/settings/departments/move", circle, htmx=True)["HX-Trigger"]
    assert Department.objects.get(pk=west.pk).parent_id is None
    assert post("owner", "/settings/departments/move", circle).status_code == 404


def test_form_of_a_department_meets_another_editor(house: Any, get: Any, post: Any) -> None:
    url = f"/settings/departments/{house.here.pk}"
    was = get("admin", url).context["was"]
    departments.rename(SYSTEM, house.here, "East China")
    answer = post("admin", url, {"name": "Mine", "was": was})
    assert answer.status_code == 409 and "East China" in answer.content.decode()
    assert Department.objects.get(pk=house.here.pk).name == "East China"
    was = get("admin", url).context["was"]
    assert post("admin", url, {"name": "Mine", "was": was}).status_code == 302


def test_a_closed_department_hands_on_its_people_and_what_is_below(house: Any, post: Any) -> None:
    below = departments.create(SYSTEM, "Team", parent=house.here)
    url = f"/settings/departments/{house.here.pk}/merge"
    assert post("admin", url, {"into": below.pk}).status_code == 422, "not into what stands below it"
    assert post("admin", url, {"into": house.there.pk}).status_code == 302
    below.refresh_from_db()
    assert below.parent_id == house.there.pk and below.path == f"{house.there.path}{below.pk}/"
    assert User.objects.get(pk=house.owner.pk).department_id == house.there.pk
    assert not Department.objects.filter(pk=house.here.pk).exists()


# Currencies -------------------------------------------------------------------------------------------------------------------


def test_rates_are_pasted_all_or_none(post: Any) -> None:
    url = "/settings/currencies/paste"
    wrong = post("admin", url, {"rates": "2026-01-01\tUSD\t7.1\n2026-01-01\tEUR\tseven"})
    assert wrong.status_code == 422 and "Line 2" in wrong.content.decode() and not ExchangeRate.objects.exists()
    same = post("admin", url, {"rates": "2026-01-01 USD 7.1\n2026-01-02 CNY 1"})
    assert same.status_code == 422 and not ExchangeRate.objects.exists(), "the last line is refused, so none stays"
    assert (
        post("admin", url, {"rates": "2026-01-01\tUSD\t7.1\n\n2026/02/01;eur;7,8\n2026-03-01, GBP, 9.01"}).status_code
        == 302
    )
    assert {(r.currency, str(r.rate.normalize())) for r in ExchangeRate.objects.all()} == {
        ("USD", "7.1"),
        ("EUR", "7.8"),
        ("GBP", "9.01"),
    }
    assert post("owner", url, {"rates": "2026-01-01\tUSD\t7.1"}).status_code == 404
    currency._FOUND.clear()


# Look -------------------------------------------------------------------------------------------------------------------------


def png(width: int = 2, height: int = 2) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    rows = zlib.compress(b"".join(b"\0" + b"\xff\0\0" * width for _ in range(height)))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture
def look() -> Any:
    brand.BRAND.clear()
    yield
    brand.BRAND.clear()


@pytest.mark.parametrize(
    "content",
    [b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", b"", b"GIF89a" + b"\0" * 20,
     png() + b"<script>alert(1)</script>", png()[:-4], png(3000, 1), b"\xff\xd8\xff\xe0" + b"\0" * 30,
     b"RIFF\x10\0\0\0WEBPVP8 \x04\0\0\0abcd"],
)  # fmt: skip
def test_what_is_no_whole_picture_is_refused(content: bytes) -> None:
    with pytest.raises(pictures.NotAPicture):
        pictures.check(content)


def test_look_reaches_every_page_and_keeps_its_address_while_it_stays(house: Any, get: Any, look: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = house.client(house.admin)
    file = SimpleUploadedFile("logo.svg", png(), content_type="image/svg+xml")
    assert client.post("/settings/look", {"name": "东方", "accent": "#17724B", "logo": file}).status_code == 302
    page = get("nobody", "/sign-in").content.decode()
    assert "东方" in page and "/brand.css?v=" in page and "/brand/logo?v=" in page
    stamp = brand.brand().stamp
    css = Client().get(f"/brand.css?v={stamp}")
    assert css.content.decode().strip() == ":root,:host{--gx-accent:#17724b;--gx-accent-fg:#ffffff}"
    assert (
        "immutable" in css["Cache-Control"] and "immutable" not in Client().get("/brand.css?v=other")["Cache-Control"]
    )
    logo = Client().get(f"/brand/logo?v={stamp}")
    assert (logo["Content-Type"], logo["X-Content-Type-Options"]) == ("image/png", "nosniff") and "sandbox" in logo[
        "Content-Security-Policy"
    ]
    said = ChangeSet.objects.filter(entity="core.brand").latest("pk").detail
    assert said["after"]["accent"] == "#17724b" and "sha256" in said["after"]["logo"] and len(json.dumps(said)) < 500
    client.post("/settings/look", {"name": "", "accent": "", "remove_logo": "1"})
    assert (
        "/brand.css" not in get("nobody", "/sign-in").content.decode()
        and Client().get("/brand/logo").status_code == 404
    )


@pytest.mark.parametrize("accent", ["#ffee00", "#000000", "red", "#12345", "#fff;}body{}", "javascript:1"])
def test_a_colour_that_cannot_be_read_is_refused(post: Any, look: Any, accent: str) -> None:
    answer = post("admin", "/settings/look", {"name": "", "accent": accent})
    assert answer.status_code == 422 and brand.brand().accent == ""


def test_offered_colours_and_what_is_proposed_can_be_read() -> None:
    assert all(brand.weakest(colour) >= brand.AA for colour in branding.READY)
    for bad in ("#ffee00", "#000000", "#ff0000", "#88ddff"):
        assert brand.weakest(bad) < brand.AA <= brand.weakest(brand.nearest(bad))


# Jobs and health --------------------------------------------------------------------------------------------------------------


@job("test.settings_page", title="A job of the tests")
def some_job(ctx: Any) -> None:
    return None


def test_jobs_are_ones_own_or_all_and_are_cancelled_and_run_again(house: Any, get: Any, post: Any) -> None:
    mine = enqueue("test.settings_page", actor=actor_for(house.owner))
    theirs = enqueue("test.settings_page", actor=actor_for(house.manager))
    assert [r["job"].pk for r in get("owner", "/jobs/").context["rows"]] == [mine.pk]
    assert {r["job"].pk for r in get("admin", "/jobs/").context["rows"]} >= {mine.pk, theirs.pk}
    assert get("owner", f"/jobs/{theirs.pk}").status_code == get("owner", "/jobs/999999").status_code == 404
    assert post("owner", f"/jobs/{theirs.pk}/act", {"do": "cancel"}).status_code == 404
    post("owner", f"/jobs/{mine.pk}/act", {"do": "cancel"})
    mine.refresh_from_db()
    assert mine.state == JobState.CANCELLED
    post("admin", f"/jobs/{mine.pk}/act", {"do": "again"})
    again = Job.objects.latest("pk")
    assert again.kind == "test.settings_page" and again.actor_id == house.admin.pk, "with the rights of whoever asks"
    assert post("owner", f"/jobs/{mine.pk}/act").status_code == 302
    assert get("owner", "/jobs/", state="failed").context["rows"] == []


def test_a_failed_job_says_what_happened_was_kept_and_is_to_do(house: Any, get: Any) -> None:
    one = enqueue("test.settings_page", actor=actor_for(house.owner))
    Job.objects.filter(pk=one.pk).update(
        state="failed", finished_at=timezone.now(), started_at=timezone.now(), params={"secret": "138001"},
        error={"what": "It broke", "kept": "Nothing", "todo": "Try again"},
    )  # fmt: skip
    page = get("owner", f"/jobs/{one.pk}").content.decode()
    assert all(word in page for word in ("It broke", "Nothing", "Try again", "Run again")) and "138001" not in page


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_health_says_one_word_to_strangers(path: str) -> None:
    answer = Client().get(path, headers={"host": "10.1.2.3"})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert Client().post(path).status_code in (403, 405)


def test_health_is_bad_without_database_or_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    from guanxi.web import health

    def broken() -> bool:
        raise OSError("no database at 10.0.0.1")

    monkeypatch.setitem(health.CHECKS, "/health/ready", (broken,))
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.content) == (503, b'{"status": "unavailable"}')
    assert Client().get("/health/live").status_code == 200
    monkeypatch.setattr("guanxi.web.screens.core.jobs.worker_silent", lambda: True)
    assert Client().get("/health").status_code == 503


def test_index_of_a_field_is_built_by_a_job_beside_the_writing(house: Any, get: Any, post: Any) -> None:
    from guanxi.core.jobs import run_inline
    from guanxi.records import custom, sql
    from guanxi.records.models import CustomField

    fields = "/settings/fields/customers.account/"
    post("admin", f"{fields}new", {"kind": "text", "label_en": "Contract", "unique": "on"})
    row = CustomField.objects.get()
    name = f"customers_account_{row.key}"
    assert not sql.has_index(name) and "index being built" in get("admin", fields).content.decode()
    house.customer("A", **{row.key: "1"})
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the test's own transaction still owes its checks
    waiting = Job.objects.get(kind="records.field_index")
    assert run_inline(waiting).state == JobState.DONE
    assert sql.has_index(name) and "index being built" not in get("admin", fields).content.decode()
    assert custom.index_state(house_entity(), row) == "ready"


def house_entity() -> Any:
    from guanxi.records import catalogue

    return catalogue.get("customers.account")
