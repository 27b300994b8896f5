"""Search over everything: by name, pinyin, digits; inside one's range; without telling what is masked."""

from __future__ import annotations

import json
import re

from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from guanxi.core.access import actor_for
from guanxi.core.access.models import Grant, Role
from guanxi.core.org import versions
from guanxi.records import catalogue, write
from guanxi.records.models import Mark
from tests.web_pages.conftest import House


def _customer(house: House) -> int:
    account = catalogue.get("customers.account")
    values = {"name": "张三丰", "kind": "person", "phone": "138 0013 8000"}
    return write.save(actor_for(house.owner), account, values).id


def test_found_by_name_pinyin_initials_and_digits(house: House) -> None:
    id_ = _customer(house)
    client = house.client(house.owner)
    for words in ("张三", "zhangsan", "zsf", "8000", "138001"):
        assert f"/customers/account/{id_}/" in client.get("/search", {"q": words}).content.decode(), words


def test_stranger_finds_nothing_and_nobody_finds_by_a_masked_phone(house: House) -> None:
    id_ = _customer(house)
    assert (
        f"/customers/account/{id_}/" not in house.client(house.stranger).get("/search", {"q": "张三"}).content.decode()
    )
    marketer = house.client(house.marketer)
    assert f"/customers/account/{id_}/" in marketer.get("/search", {"q": "张三"}).content.decode()
    assert f"/customers/account/{id_}/" not in marketer.get("/search", {"q": "8000"}).content.decode()


# The palette ----------------------------------------------------------------------------------------------------------


def _palette(client: Client, words: str = "", **more: object) -> str:
    return client.get("/palette", {"q": words, **more}, headers={"HX-Request": "true"}).content.decode()


def test_palette_offers_records_pages_and_new_ones_by_pinyin_and_marks_what_was_typed(house: House) -> None:
    """CAP-1, MOD-5: one question answers for records, pages and "new …"."""
    id_ = _customer(house)
    client = house.client(house.owner)
    body = _palette(client, "zs")
    assert f'href="/customers/account/{id_}/"' in body
    assert "<mark>张三</mark>丰" in body
    house.owner.language = "zh-hans"
    house.owner.save()
    body = _palette(client, "kh")  # 客户
    assert 'href="/customers/account/"' in body
    assert 'href="/customers/account/new"' in body
    assert 'href="/settings/roles"' not in _palette(client, "js"), "角色 is not theirs to open"
    assert "/settings/roles" in _palette(house.client(house.admin), "roles")


def test_acts_of_the_page_are_found_by_name_and_pinyin_and_told_by_their_place(house: House) -> None:
    client = house.client(house.owner)
    body = _palette(client, "bj", a=["删除", "编辑"], c=["English"])
    assert 'data-act="1"' in body
    assert 'data-act="0"' not in body
    assert 'data-act="2"' in _palette(client, "engl", a=["删除", "编辑"], c=["English"])
    everything = _palette(client, "", a=["<script>x</script>"], c=["English"])
    assert "&lt;script&gt;" in everything
    assert "<script" not in everything
    assert "English" not in everything, "what every page has is not offered before somebody asks for it"


def test_a_masked_phone_is_neither_confirmed_nor_marked(house: House) -> None:
    """SEC-3: by no way of asking, and not in the group of similar ones."""
    id_ = _customer(house)
    client = house.client(house.marketer)
    for words in ("8000", "138001", "0013800", "1380013800", "13800138009"):
        assert f"/customers/account/{id_}/" not in _palette(client, words), words
    body = _palette(client, "zsf")
    assert f"/customers/account/{id_}/" in body
    assert "0138000" not in body.replace(" ", "")


def test_similar_ones_say_that_they_are(house: House) -> None:
    id_ = _customer(house)
    client = house.client(house.owner)
    for path in ("/palette", "/search"):
        body = client.get(path, {"q": "章三丰"}).content.decode()
        assert f"/customers/account/{id_}/" in body
        assert "similar" in body
        assert "similar" not in client.get(path, {"q": "张三丰"}).content.decode()


def test_recent_and_pinned_are_told_by_post_and_shown_to_their_owner(house: House) -> None:
    """MOD-5: looking writes nothing; the beacon and the pin do; what one may not see cannot be marked."""
    id_ = _customer(house)
    client = house.client(house.owner)
    base = f"/customers/account/{id_}/"
    client.get(base)
    client.get("/palette")
    assert not Mark.objects.exists()
    assert client.get(f"{base}opened").status_code == 405 == client.get(f"{base}pin").status_code
    assert client.post(f"{base}opened").status_code == 204
    assert base in _palette(client)
    assert base in client.get("/recent").content.decode()
    piece = client.post(f"{base}pin", headers={"HX-Request": "true"}).content.decode()
    assert 'aria-pressed="true"' in piece
    assert 'id="gx-pinned" hx-swap-oob="true"' in piece
    assert f'<a class="gx-menu-link" href="{base}"' in client.get("/search").content.decode()
    assert (
        'aria-pressed="false"'
        in client.post(f"{base}pin", {"on": "0"}, headers={"HX-Request": "true"}).content.decode()
    )
    assert f'<a class="gx-menu-link" href="{base}"' not in client.get("/search").content.decode()
    stranger = house.client(house.stranger)
    assert stranger.post(f"{base}opened").status_code == 404 == stranger.post(f"{base}pin").status_code
    assert base not in _palette(stranger)


def test_queries_do_not_grow_with_the_records_found(house: House) -> None:
    client = house.client(house.owner)
    counts = []
    for n in (1, 6):
        for i in range(n):
            house.customer(f"王{i}{n}")
        _palette(client, "王")
        with CaptureQueriesContext(connection) as queries:
            _palette(client, "王")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9


# The frame ------------------------------------------------------------------------------------------------------------


def test_a_changed_role_changes_the_menu_of_the_next_page(house: House) -> None:
    """What is kept of the frame follows rights at once, for who has the role and nobody else."""
    client, admin = house.client(house.owner), house.client(house.admin)
    page = client.get("/search").content.decode()
    assert 'href="/customers/contact/"' in page
    assert "/settings/roles" not in page
    assert "/settings/roles" in admin.get("/search").content.decode()
    role = Role.objects.get(key="sales")
    Grant.objects.create(role=role, entity="customers.contact", action="view", scope="none")
    versions.bump("access")
    assert 'href="/customers/contact/"' not in client.get("/search").content.decode()
    house.owner.roles.set([Role.objects.get(key="administrator")])
    assert "/settings/roles" in client.get("/search").content.decode()


def test_nothing_of_a_person_is_kept_in_the_frame(house: House) -> None:
    """Two people with the same role share the kept pieces: neither name, token, pin, word nor place of the other is in them."""
    from guanxi.web.templatetags import frame

    frame.forget()
    id_ = _customer(house)
    first = house.client(house.owner)
    first.post(f"/customers/account/{id_}/pin")
    page = first.get("/search", {"q": "a-secret-word"}).content.decode()
    token = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert token
    kept = "".join(frame._held.values())
    assert kept
    for word in (token[1], "a-secret-word", house.owner.name, f"/customers/account/{id_}/", "张三丰"):
        assert word not in kept, word
    page = house.client(house.colleague).get("/search").content.decode()
    assert house.owner.name not in page
    assert 'aria-current="page"' not in page


def test_each_language_and_theme_has_its_own_frame(house: House) -> None:
    client = house.client(house.owner)
    assert "Main menu" in client.get("/search").content.decode()
    client.post("/preferences", {"language": "zh-hans", "next": "/search?q=%E5%BC%A0"})
    assert "主菜单" in client.get("/search").content.decode()
    back = client.post("/preferences", {"theme": "dark", "next": "/search?q=x&at=y"})
    assert back.headers["Location"] == "/search?q=x&at=y", "what the address says is kept"
    page = client.get("/search").content.decode()
    assert 'data-bs-theme="dark"' in page
    assert re.search(r'name="theme" value="dark"[^>]*aria-checked="true"', page)


# The app --------------------------------------------------------------------------------------------------------------


def test_manifest_worker_and_offline_page_are_everybodys_and_hold_nobodys_data(house: House) -> None:
    """Installable; what the worker keeps is the same whoever is signed in, and no page with data."""
    _customer(house)
    for client in (house.client(None), house.client(house.owner)):
        manifest = client.get("/manifest.webmanifest")
        assert manifest.headers["Content-Type"] == "application/manifest+json"
        found = manifest.json()
        assert found["display"] == "standalone"
        for icon in found["icons"]:
            assert finders.find(icon["src"].removeprefix("/static/")), icon
        worker = client.get("/sw.js")
        assert worker.headers["Content-Type"].startswith("text/javascript")
        assert worker.headers["Cache-Control"] == "no-cache"
        assert "script-src 'self'" in worker.headers["Content-Security-Policy"]
        keep = json.loads(re.search(r"const KEEP = (.*);", worker.content.decode())[1])  # type: ignore[index]
        assert all(path.startswith("/static/") for path in keep)
        offline = client.get("/offline").content.decode()
        assert "No connection" in offline
        assert "没有网络连接" in offline
        assert house.owner.name not in offline
    assert house.client(house.owner).get("/offline").content == house.client(None).get("/offline").content
