"""Who may use a page: declared by every view, enforced before it runs."""

from __future__ import annotations

import pytest
from django.test import Client

from guanxi.core.access import ready
from guanxi.core.access.models import Role
from guanxi.core.identity.models import User
from guanxi.web import access

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> User:
    if hasattr(ready, "install"):
        ready.install()
    person = User.objects.create_user("admin", "correct horse battery", name="管理员")
    role = Role.objects.filter(key="administrator").first()
    assert role is not None, "the ready-made roles are missing"
    person.roles.add(role)
    return person


@pytest.fixture
def nobody() -> User:
    """Signed in, without any role."""
    return User.objects.create_user("nobody", "correct horse battery", name="Nobody")


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_a_view_without_a_declaration_is_named_by_the_check() -> None:
    found = [error.msg for error in access.check_urls()]
    assert len(found) == 1
    assert "forgotten" in found[0]


def test_a_view_without_a_declaration_is_refused(administrator: User) -> None:
    assert signed_in(administrator).get("/forgotten").status_code == 404


def test_every_address_of_allauth_is_declared() -> None:
    assert not [m for m in access.check_urls() if "account/" in m.msg]


def test_strangers_go_to_the_sign_in_page_and_back(nobody: User, client: Client) -> None:
    answer = client.get("/mine?a=1")
    assert answer.status_code == 302
    assert answer["Location"] == "/account/login/?next=%2Fmine%3Fa%3D1"


def test_a_strangers_fragment_sends_the_whole_page_to_sign_in(nobody: User, client: Client) -> None:
    answer = client.get("/mine", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/list?x=1"})
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/account/login/?next=%2Flist%3Fx%3D1"


def test_without_the_right_a_page_does_not_exist(nobody: User) -> None:
    client = signed_in(nobody)
    missing, denied = client.get("/no-such-page"), client.get("/customers")
    assert denied.status_code == missing.status_code == 404
    assert denied.content == missing.content
    assert client.get("/mine").content == b"mine"


def test_with_the_right_it_does(administrator: User) -> None:
    client = signed_in(administrator)
    assert client.get("/customers").content == b"allowed"
    assert client.get("/of/customers/account").content == b"customers.account"


def test_the_first_run_page_works_only_in_an_empty_house(client: Client) -> None:
    assert client.get("/first").content == b"first"
    assert client.get("/mine")["Location"] == "/first"
    User.objects.create_user("a", "correct horse battery", name="A")
    assert client.get("/first").status_code == 404
    assert client.get("/mine")["Location"].startswith("/account/login/")


def test_people_made_inactive_are_strangers(administrator: User) -> None:
    client = signed_in(administrator)
    assert client.get("/mine").status_code == 200
    User.objects.filter(pk=administrator.pk).update(is_active=False)
    assert client.get("/mine").status_code == 302
