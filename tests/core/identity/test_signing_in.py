"""Signing in through the pages."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection
from django.test import Client

from guanxi.core.access.actor import SYSTEM
from guanxi.core.identity import devices, services
from guanxi.core.identity.models import Session, User
from guanxi.core.journal.models import ChangeSet
from guanxi.web import access

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def house():
    access.forget_house()
    yield
    access.forget_house()


@pytest.fixture
def lily() -> User:
    return services.add_person(
        SYSTEM,
        "Lily",
        name="Lily",
        email="lily@example.com",
        roles=["sales"],
        password=PASSWORD,
        must_change=False,
        language="en",
    ).person


@pytest.fixture
def boss() -> User:
    return services.add_person(
        SYSTEM, "boss", roles=["administrator"], password=PASSWORD, must_change=False, language="en"
    ).person


def sign_in(client: Client, login: str, password: str = PASSWORD, *, address: str = "203.0.113.9", **more):
    return client.post("/sign-in", {"login": login, "password": password}, REMOTE_ADDR=address, **more)


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


class TestPassword:
    @pytest.mark.parametrize("login", ["Lily", "lily", " LILY ", "lily@example.com", "Lily@Example.COM"])
    def test_by_name_or_address_whatever_the_case(self, client, lily, login):
        assert sign_in(client, login).status_code == 302
        assert client.session["_auth_user_id"] == str(lily.pk)

    def test_wrong_unknown_and_inactive_answer_the_same(self, lily):
        gone = services.add_person(SYSTEM, "gone", password=PASSWORD, must_change=False).person
        services.deactivate(SYSTEM, gone)
        answers = set()
        for login, password in [("lily", "wrong password"), ("nobody", "wrong password"), ("gone", PASSWORD)]:
            client = Client()
            response = sign_in(client, login, password)
            text = response.content.decode().replace(login, "X")
            token = response.context["csrf_token"]
            answers.add((response.status_code, text.replace(str(token), "T")[:2000], len(response.headers)))
            assert not signed_in(client)
        assert len({a[0] for a in answers}) == 1 and len({a[2] for a in answers}) == 1

    def test_unknown_takes_as_long_as_wrong(self, lily, monkeypatch):
        """What takes time is argon2: each of them costs one hash, with the same parameters."""
        gone = services.add_person(SYSTEM, "gone", password=PASSWORD, must_change=False).person
        services.deactivate(SYSTEM, gone)
        hashed = []
        for name in ("encode", "verify"):
            plain = getattr(Argon2PasswordHasher, name)

            def counted(hasher, *args, plain=plain):
                hashed.append((hasher.time_cost, hasher.memory_cost, hasher.parallelism))
                return plain(hasher, *args)

            monkeypatch.setattr(Argon2PasswordHasher, name, counted)

        def cost(login: str, password: str) -> list[tuple[int, int, int]]:
            hashed.clear()
            sign_in(Client(), login, password)
            return list(hashed)

        known = cost("lily", "wrong password")
        assert len(known) == 1
        assert cost("nobody", "wrong password") == cost("gone", "wrong password") == known

    def test_the_session_changes_and_cookies_are_safe(self, client, lily):
        client.get("/sign-in")
        client.session.save()
        before = client.session.session_key
        response = sign_in(client, "lily")
        assert client.session.session_key != before
        for name in (settings.SESSION_COOKIE_NAME, devices.COOKIE):
            assert response.cookies[name]["httponly"] and response.cookies[name]["samesite"] == "Lax"
        row = Session.objects.get(user=lily)
        assert row.address == "203.0.113.9"

    def test_everything_is_noted(self, client, lily):
        sign_in(client, "lily", "wrong password")
        sign_in(client, "lily")
        client.post("/sign-out")
        actions = list(ChangeSet.objects.filter(record=lily.pk).order_by("id").values_list("action", flat=True))
        assert actions[-3:] == ["sign-in-failed", "sign-in", "sign-out"]

    def test_what_was_typed_as_name_is_not_kept(self, client, lily):
        sign_in(client, "my-secret-password", "x")
        note = ChangeSet.objects.filter(action="sign-in-failed").latest("id")
        assert "my-secret-password" not in str(note.detail) and note.detail["known"] is False

    def test_nobody_signs_up(self, client, lily):
        assert client.get("/signup").status_code == 404
        assert client.get("/sign-in/signup").status_code == 404


class TestBrake:
    def test_guessing_stops_and_says_so(self, lily):
        client = Client()
        for n in range(5):
            sign_in(client, "lily", f"wrong password {n}")
        response = sign_in(client, "lily")
        assert not signed_in(client)
        assert "Too many" in response.content.decode() or "太多" in response.content.decode()
        assert ChangeSet.objects.filter(action="locked-out", record=lily.pk).count() == 1

    def test_the_owner_elsewhere_and_the_known_browser_here_sign_in(self, lily):
        known = Client()
        sign_in(known, "lily")
        known.post("/sign-out")
        for n in range(30):
            sign_in(Client(), "lily", f"wrong password {n}")
        stranger_here, owner_elsewhere = Client(), Client()
        assert sign_in(stranger_here, "lily").status_code == 200
        assert sign_in(owner_elsewhere, "lily", address="192.0.2.77").status_code == 302
        assert sign_in(known, "lily").status_code == 302

    def test_a_cookie_of_another_account_is_no_help(self, lily, boss):
        client = Client()
        sign_in(client, "boss")
        client.post("/sign-out")
        for n in range(6):
            sign_in(client, "lily", f"wrong password {n}")
        assert sign_in(client, "lily").status_code == 200

    def test_forwarded_addresses_are_not_believed_without_a_proxy(self, lily):
        for n in range(8):
            sign_in(Client(), "lily", f"wrong {n} password", HTTP_X_FORWARDED_FOR=f"198.51.{n}.1")
        assert sign_in(Client(), "lily", HTTP_X_FORWARDED_FOR="198.51.99.1").status_code == 200


def reauthenticate(client: Client) -> None:
    client.post("/me/again", {"password": PASSWORD, "next": "/me"}, REMOTE_ADDR="203.0.113.9")


NOW = 1_800_000_010.0


def code_of(secret: str) -> str:
    """What the app on the phone shows while `TestSecondStep` runs."""
    return format_hotp_value(hotp_value(secret, int(NOW) // 30))


class TestSecondStep:
    @pytest.fixture(autouse=True)
    def clock(self, monkeypatch) -> None:
        """It stands still, or the half minute of a code would end now and then between reading and using it."""
        monkeypatch.setattr("allauth.mfa.totp.internal.auth.time", SimpleNamespace(time=lambda: NOW))

    @pytest.fixture
    def secret(self, client, lily) -> str:
        sign_in(client, "lily")
        reauthenticate(client)
        page = client.get("/me/app")
        assert page.status_code == 200
        secret = client.session["mfa.totp.secret"]
        code = code_of(secret)
        response = client.post("/me/app", {"code": code}, REMOTE_ADDR="203.0.113.9")
        assert response.status_code == 302
        client.post("/sign-out")
        return secret

    def test_the_password_alone_is_not_enough_and_a_code_works_once(self, lily, secret):
        assert secret not in str(Authenticator.objects.get(user=lily, type="totp").data)
        first, second = Client(), Client()
        code = code_of(secret)
        for client in (first, second):
            response = sign_in(client, "lily")
            assert response["Location"] == "/sign-in/second-step" and not signed_in(client)
            assert client.get("/sign-in/second-step").status_code == 200
        # the code that set the app up counts as used only for the sign-in step: first use passes, the second does not
        first.post("/sign-in/second-step", {"code": code}, REMOTE_ADDR="203.0.113.9")
        second.post("/sign-in/second-step", {"code": code}, REMOTE_ADDR="203.0.113.9")
        assert signed_in(first) and not signed_in(second)

    def test_recovery_codes_work_once(self, lily, secret):
        held = Authenticator.objects.get(user=lily, type="recovery_codes").wrap()
        code = held.get_unused_codes()[0]
        for expected in (True, False):
            client = Client()
            sign_in(client, "lily")
            client.post("/sign-in/second-step", {"code": code}, REMOTE_ADDR="203.0.113.9")
            assert signed_in(client) is expected

    def test_codes_are_not_guessed(self, lily, secret):
        client = Client()
        sign_in(client, "lily")
        for n in range(15):
            client.post("/sign-in/second-step", {"code": f"{n:06d}"}, REMOTE_ADDR=f"198.51.{n}.1")
        code = code_of(secret)
        response = client.post("/sign-in/second-step", {"code": code}, REMOTE_ADDR="198.51.100.1")
        assert response.status_code == 200 and not signed_in(client)

    def test_an_administrator_removes_it_for_a_lost_phone(self, lily, boss, secret):
        chief = Client()
        sign_in(chief, "boss")
        assert chief.post(f"/settings/people/{lily.pk}/second-step").status_code == 302
        client = Client()
        sign_in(client, "lily")
        assert signed_in(client)

    def test_changing_it_asks_for_the_password_again_once_signing_in_is_some_minutes_ago(self, client, lily):
        sign_in(client, "lily")
        assert client.get("/me/app").status_code == client.get("/me/passkeys/add").status_code == 200
        session = client.session
        session["account_authentication_methods"] = [
            {**record, "at": record["at"] - 301} for record in session["account_authentication_methods"]
        ]
        session.save()
        assert client.get("/me/app")["Location"].startswith("/me/again")
        assert client.get("/me/passkeys/add")["Location"].startswith("/me/again")
        reauthenticate(client)
        assert client.get("/me/passkeys/add").status_code == 200


class TestTemporaryPassword:
    def test_first_a_password_of_ones_own(self, client, boss):
        made = services.add_person(SYSTEM, "new", roles=["administrator"])
        sign_in(client, "new", made.password)
        assert client.get("/settings/people")["Location"] == "/me/password"
        assert client.get("/me/password").status_code == 200
        assert client.post("/me/password", {"new": made.password, "again": made.password}).status_code == 422
        assert client.post("/me/password", {"new": "short", "again": "short"}).status_code == 422
        assert client.post("/me/password", {"new": "my own long one", "again": "my own long one"}).status_code == 302
        assert client.get("/settings/people").status_code == 200

    def test_later_changes_ask_for_the_old_one_and_end_other_sessions(self, lily):
        here, there = Client(), Client()
        sign_in(here, "lily")
        sign_in(there, "lily")
        new = {"new": "another long one", "again": "another long one"}
        assert here.post("/me/password", {"old": "wrong", **new}).status_code == 422
        assert here.post("/me/password", {"old": PASSWORD, **new}).status_code == 302
        assert here.get("/me").status_code == 200
        assert there.get("/me").status_code == 302


class TestFirstRunPage:
    GIVEN = {
        "organisation": "关系公司", "name": "Chief", "username": "chief", "password": PASSWORD, "again": PASSWORD,
        "email": "", "language": "en", "currency": "EUR",
    }  # fmt: skip

    def test_works_once_and_signs_in(self, client):
        assert client.get("/")["Location"] == "/first-run"
        assert client.get("/first-run").status_code == 200
        assert client.post("/first-run", {**self.GIVEN, "again": "other"}).status_code == 422
        assert client.post("/first-run", self.GIVEN).status_code == 302
        assert client.get("/settings/people").status_code == 200
        assert client.get("/first-run").status_code == 404
        assert Client().post("/first-run", {**self.GIVEN, "username": "second"}).status_code == 404
        assert User.objects.count() == 1

    @pytest.mark.parametrize(
        "via", [{"REMOTE_ADDR": "203.0.113.9"}, {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}]
    )
    def test_from_another_machine_it_asks_for_the_code(self, client, via):
        assert "gx-input" in client.get("/first-run", **via).content.decode()
        assert client.post("/first-run", self.GIVEN, **via).status_code == 422
        assert client.post("/first-run", {**self.GIVEN, "code": "0000-0000-0000"}, **via).status_code == 422
        assert User.objects.count() == 0
        given = {**self.GIVEN, "code": f" {services.setup_code().upper()} "}
        assert client.post("/first-run", given, **via).status_code == 302


def test_sessions_are_listed_and_ended(lily):
    here, there = Client(), Client()
    agent = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
    sign_in(here, "lily")
    sign_in(there, "lily", HTTP_USER_AGENT=agent)
    assert "Chrome · Windows" in here.get("/me").content.decode()
    assert here.post("/me/sign-out-elsewhere").status_code == 302
    assert here.get("/me").status_code == 200
    assert there.get("/me").status_code == 302


REVOKE = """
import django; django.setup()
from django.db import connection
connection.settings_dict["NAME"] = DATABASE
from guanxi.core.access import SYSTEM
from guanxi.core.access.services import set_rights
from guanxi.core.access.models import Role
set_rights(SYSTEM, Role.objects.get(key="clerk"), grants={("settings.people", "edit"): "none"})
"""


@pytest.mark.django_db(transaction=True)
def test_a_right_taken_away_in_another_process_is_gone_with_the_next_request():
    from guanxi.core.access.services import create_role, set_rights

    services.add_person(SYSTEM, "boss", roles=["administrator"], password=PASSWORD, must_change=False)
    set_rights(SYSTEM, create_role(SYSTEM, "Clerk"), grants={("settings.people", "edit"): "all"})
    services.add_person(SYSTEM, "clerk", roles=["clerk"], password=PASSWORD, must_change=False)
    client = Client()
    sign_in(client, "clerk")
    assert client.get("/settings/people").status_code == 200
    script = REVOKE.replace("DATABASE", repr(connection.settings_dict["NAME"]))
    subprocess.run([sys.executable, "-c", script], check=True, env=os.environ | {"PYTHONPATH": ":".join(sys.path)})
    assert client.get("/settings/people").status_code == 404
