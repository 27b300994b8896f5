"""What surrounds every page: headers, origin, language, request id."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from guanxi.core.identity.models import User
from guanxi.web import assets, errors
from guanxi.web.middleware import policy

pytestmark = pytest.mark.django_db


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere(client: Client) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "nonce" not in policy  # no template asked for one
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    "path", ["/", "/list", "/record", "/form", "/error/404", "/error/500", "/account/login/", "/conflict"]
)
def test_no_page_has_inline_script_or_style(client: Client, path: str) -> None:
    html = client.get(path).content.decode()
    assert not re.search(r"\sstyle=", html)
    assert not re.search(r"\son[a-z]+=", html)
    assert "<style" not in html
    assert "javascript:" not in html
    assert not re.search(r"<script(?![^>]*(src=|application/json))", html)


def test_forms_may_lead_to_the_servers_of_single_sign_on(settings: Any) -> None:
    app = {"provider_id": "sso", "settings": {"server_url": "https://login.example.com/realms/a"}}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    assert policy()["form-action"] == ["'self'", "https://login.example.com"]
    assert policy()["script-src"] == ["'self'"]


def test_headers(client: Client) -> None:
    answer = client.get("/")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert "microphone=(self)" in answer["Permissions-Policy"]
    assert answer["Cache-Control"] == "no-store, private"
    assert {"HX-Request", "Cookie"} <= set(answer["Vary"].split(", "))


def test_assets_may_be_kept(client: Client) -> None:
    answer = client.get(assets.url("app.css"))
    assert answer.status_code == 200
    assert "immutable" in answer["Cache-Control"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
    ],
)
def test_other_sites_cannot_post(headers: dict[str, str], client: Client) -> None:
    answer = client.post("/preferences", {"language": "en"}, headers=headers)
    assert answer.status_code == 403
    assert not answer.cookies.get("django_language")


def test_our_own_page_can_post(client: Client) -> None:
    answer = client.post(
        "/preferences",
        {"language": "en", "next": "/list"},
        headers={"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"},
    )
    assert (answer.status_code, answer["Location"]) == (302, "/list")
    assert client.get("/error/404")["Content-Language"] == "en"


def test_the_csrf_token_is_needed_too() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/preferences", {"language": "en"})
    assert answer.status_code == 403
    assert "表单" in answer.content.decode()


def test_preferences_never_redirect_elsewhere(client: Client) -> None:
    assert client.post("/preferences", {"theme": "dark", "next": "https://evil.example/"})["Location"] == "/"
    assert client.post("/preferences", {"theme": "dark", "next": "//evil.example"})["Location"] == "/"


def test_preferences_are_kept_in_the_account(client: Client) -> None:
    person = User.objects.create_user("a", "correct horse battery", name="A")
    client.force_login(person)
    client.post("/preferences", {"language": "en"})
    client.post("/preferences", {"theme": "dark"})
    person.refresh_from_db()
    assert (person.language, person.theme) == ("en", "dark")
    client.post("/preferences", {"theme": "auto"})
    person.refresh_from_db()
    assert person.theme == ""
    assert client.get("/preferences").status_code == 405


def test_a_harmless_request_id_is_kept_and_another_replaced(client: Client) -> None:
    assert client.get("/", headers={"X-Request-ID": "abc-12345678"})["X-Request-ID"] == "abc-12345678"
    assert client.get("/", headers={"X-Request-ID": "<script>alert(1)</script>"})["X-Request-ID"].isalnum()


@pytest.mark.parametrize(("language", "word"), [("zh-hans", "系统出错了"), ("en", "Something went wrong on our side")])
def test_an_error_says_what_happened_without_a_database(language: str, word: str) -> None:
    client = Client(raise_request_exception=False)
    client.cookies["django_language"] = language
    answer = client.get("/boom")
    assert answer.status_code == 500
    text = answer.content.decode()
    assert word in text
    assert answer["X-Request-ID"] in text
    fragment = client.get("/boom", headers={"HX-Request": "true"})
    assert fragment["HX-Retarget"] == "#toasts"
    assert "<html" not in fragment.content.decode()


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_error_pages_ask_no_database(status: int, rf: RequestFactory) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the database was asked")

    with connection.execute_wrapper(refuse):
        assert errors.answer(rf.get("/"), status).status_code == status


def test_a_silent_database_is_named(rf: RequestFactory) -> None:
    try:
        raise OperationalError("gone")
    except OperationalError:
        answer = errors.server_error(rf.get("/"))
    assert answer.status_code == 503
    assert "数据库" in answer.content.decode()
