"""Signing in at an OpenID Connect provider (SEC-1): a small one of our own on loopback, which checks what providers check."""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client, override_settings
from django.urls import clear_url_caches

from guanxi.core.access.actor import SYSTEM
from guanxi.core.identity import services
from guanxi.core.identity.models import User
from guanxi.core.journal.models import ChangeSet
from guanxi.web import access

pytestmark = pytest.mark.django_db
CLIENT_ID, SECRET = "guanxi", "the secret of guanxi"


class Provider:
    """Knows one person; gives codes, and tokens for codes to whoever shows the client's secret and the verifier."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.person = {"sub": "u-1", "email": "lily@example.com", "email_verified": True, "name": "Lily"}
        self.codes: dict[str, dict[str, str]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self, "")

            def do_POST(self) -> None:
                outer.answer(self, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler, body: str) -> None:
        path = urlsplit(request.path).path
        status, found = 200, {}
        if path == "/.well-known/openid-configuration":
            found = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
            found |= {f"{name}_endpoint": f"{self.url}/{name}" for name in ("authorization", "token", "userinfo")}
        elif path == "/keys":
            found = {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key())) | {"kid": "1"}]}
        elif path == "/token":
            given = {name: values[0] for name, values in parse_qs(body).items()}
            basic = request.headers.get("Authorization", "").removeprefix("Basic ")
            if basic:
                given["client_id"], given["client_secret"] = base64.b64decode(basic).decode().split(":", 1)
            asked = self.codes.pop(given.get("code", ""), None)
            status, found = (200, self.tokens(asked)) if self.right(asked, given) else (400, {"error": "invalid_grant"})
        elif path == "/userinfo":
            found = self.person
        else:
            status = 404
        raw = json.dumps(found).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(raw)))
        request.end_headers()
        request.wfile.write(raw)

    @staticmethod
    def right(asked: dict[str, str] | None, given: dict[str, str]) -> bool:
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return (
            asked is not None
            and given.get("client_secret") == SECRET
            and given.get("client_id") == CLIENT_ID
            and asked["code_challenge_method"] == "S256"
            and asked["code_challenge"] == challenge
            and asked["redirect_uri"] == given.get("redirect_uri")
        )

    def tokens(self, asked: dict[str, str] | None) -> dict[str, Any]:
        assert asked is not None
        now = int(time.time())
        claims = {**self.person, "iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 60}
        if "nonce" in asked:
            claims["nonce"] = asked["nonce"]
        token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "1"})
        return {"access_token": "opaque", "token_type": "Bearer", "expires_in": 60, "id_token": token}

    def agree(self, address: str) -> str:
        """What the provider does after the person signed in there: the address it sends the browser back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT_ID and asked["response_type"] == "code"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    app = {
        "provider_id": "sso", "name": "Company login", "client_id": CLIENT_ID, "secret": SECRET,
        "settings": {"server_url": made.url},
    }  # fmt: skip
    table = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
    with override_settings(SOCIALACCOUNT_PROVIDERS=table, ROOT_URLCONF="tests.core.identity.sso_urls"):
        importlib.reload(importlib.import_module("tests.core.identity.sso_urls"))
        clear_url_caches()
        access.forget_house()
        yield made
    clear_url_caches()
    access.forget_house()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def lily() -> User:
    return services.add_person(
        SYSTEM, "lily", name="Lily", email="lily@example.com", roles=["sales"], password="correct horse battery",
        must_change=False, language="en",
    ).person  # fmt: skip


def round_trip(client: Client, provider: Provider) -> Any:
    start = client.post("/sign-in/sso/start")
    assert start.status_code == 302 and start.url.startswith(f"{provider.url}/authorization?")
    back = urlsplit(provider.agree(start.url))
    return client.get(f"{back.path}?{back.query}")


def test_somebody_known_signs_in_there_and_is_here(provider: Provider, lily: User) -> None:
    client = Client()
    assert b"Company login" in client.get("/sign-in").content
    done = round_trip(client, provider)
    assert (done.status_code, done.url) == (302, "/")
    assert client.session["_auth_user_id"] == str(lily.pk)
    assert ChangeSet.objects.filter(action="sign-in", actor=lily).exists()
    client.post("/sign-out")
    provider.person["email"] = "lily@new.example.com"  # known by the provider's name for her from now on
    assert round_trip(client, provider).status_code == 302
    assert client.session["_auth_user_id"] == str(lily.pk)


@pytest.mark.parametrize(
    "change", [{"email": "eve@example.com"}, {"email_verified": False}], ids=["unknown", "unproven"]
)
def test_a_stranger_does_not_become_a_person(provider: Provider, lily: User, change: dict[str, Any]) -> None:
    provider.person |= change
    client = Client()
    done = round_trip(client, provider)
    assert (done.status_code, done.url) == (302, "/sign-in")
    assert "_auth_user_id" not in client.session
    assert User.objects.count() == 1
    assert ChangeSet.objects.filter(action="sign-in-failed").exists()


def test_somebody_made_inactive_stays_out(provider: Provider, lily: User) -> None:
    User.objects.filter(pk=lily.pk).update(is_active=False)
    client = Client()
    round_trip(client, provider)
    assert "_auth_user_id" not in client.session


def test_a_code_of_another_browser_or_a_guessed_one_signs_nobody_in(provider: Provider, lily: User) -> None:
    victim, thief = Client(), Client()
    back = urlsplit(provider.agree(victim.post("/sign-in/sso/start").url))
    thief.get(f"{back.path}?{back.query}")
    assert "_auth_user_id" not in thief.session, "the state belongs to another browser"
    victim.get(f"{back.path}?{back.query.replace('code-0', 'code-9')}")
    assert "_auth_user_id" not in victim.session, "the provider gave no such code"
