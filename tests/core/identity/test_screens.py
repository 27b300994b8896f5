"""The hand-made pages of the settings: they work for who has the right and do not exist for anybody else."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from guanxi.core.access import services as access_services
from guanxi.core.access.actor import SYSTEM
from guanxi.core.access.models import Grant, Role
from guanxi.core.identity import services
from guanxi.core.identity.models import User
from guanxi.core.journal.models import ChangeSet
from guanxi.core.org import currency, departments, settings
from guanxi.core.org.models import Department, ExchangeRate
from guanxi.web import access

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh():
    access.forget_house()
    settings.ORGANISATION.clear()
    currency._FOUND.clear()
    yield
    access.forget_house()
    settings.ORGANISATION.clear()
    currency._FOUND.clear()


def somebody(username: str, *roles: str, language: str = "en") -> User:
    return services.add_person(
        SYSTEM,
        username,
        name=username.title(),
        roles=roles,
        password="correct horse battery",
        must_change=False,
        language=language,
    ).person


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def boss() -> User:
    return somebody("boss", "administrator")


@pytest.fixture
def chief(boss) -> Client:
    return as_(boss)


def pages(person: User) -> list[str]:
    return [
        "/settings/people", "/settings/people?q=bo&role=sales&state=all&page=9", "/settings/people/new",
        f"/settings/people/{person.pk}", "/settings/departments", "/settings/roles", "/settings/roles/sales",
        "/settings/roles/administrator", "/settings/currencies", "/settings/organisation",
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_opens_for_an_administrator(language):
    boss = somebody("boss", "administrator", language=language)
    somebody("sally", "sales")
    departments.create(SYSTEM, "East", parent=departments.create(SYSTEM, "Sales"), manager=boss)
    client = as_(boss)
    for url in [*pages(boss), f"/settings/people/{User.objects.get(username='sally').pk}", "/me", "/me/password"]:
        response = client.get(url)
        assert response.status_code == 200, url
        assert "style=" not in response.content.decode().replace("data-style=", ""), url


def test_no_page_exists_for_others_and_strangers_go_to_sign_in(boss):
    sally = as_(somebody("sally", "sales", "sales_manager", "service", "analyst", "steward", "privacy", "marketing"))
    before = (ChangeSet.objects.count(), Role.objects.count(), User.objects.count(), Department.objects.count())
    posts = [
        *pages(boss), f"/settings/people/{boss.pk}/password", f"/settings/people/{boss.pk}/state",
        f"/settings/people/{boss.pk}/second-step", "/settings/departments/new", "/settings/departments/1",
        "/settings/roles/sales/edit", "/settings/currencies/reporting", "/settings/currencies/rates/1/delete",
    ]  # fmt: skip
    for url in posts:
        assert sally.get(url).status_code == 404, url
        assert sally.post(url, {"name": "x", "do": "delete"}).status_code == 404, url
        assert Client().get(url)["Location"].startswith("/sign-in?next="), url
        assert Client().post(url)["Location"].startswith("/sign-in"), url
    assert before == (ChangeSet.objects.count(), Role.objects.count(), User.objects.count(), Department.objects.count())


def test_add_somebody_and_see_the_password_once(chief):
    answer = chief.post(
        "/settings/people/new", {"name": "王小明", "username": "xiaoming", "roles": ["sales"], "email": ""}
    )
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    password = re.search(r'id="temporary-password">([^<]+)<', answer.content.decode())
    made = User.objects.get(username="xiaoming")
    assert password and made.check_password(password[1]) and made.must_change_password
    assert password[1] not in str(list(ChangeSet.objects.values_list("detail", flat=True)))
    assert chief.post("/settings/people/new", {"name": "x", "username": "XIAOMING"}).status_code == 422


def test_filters_of_people(chief):
    east = departments.create(SYSTEM, "East", parent=departments.create(SYSTEM, "Sales"))
    one = somebody("sally", "sales")
    services.edit_person(
        SYSTEM, one, username="sally", name="Sally", email="", roles=["sales"], department=east, manager=None
    )
    top = Department.objects.get(name="Sales")

    def names(query: str) -> list[str]:
        return [row["person"].username for row in chief.get(f"/settings/people?{query}").context["rows"]]

    assert names(f"department={top.pk}") == ["sally"] == names("role=sales") == names("q=sal")
    assert names("state=inactive") == []
    services.deactivate(SYSTEM, one)
    assert names("state=inactive") == ["sally"]
    assert "sally" not in names("")


def test_a_person_is_edited_let_go_and_taken_back(chief):
    sally = somebody("sally", "sales")
    url = f"/settings/people/{sally.pk}"
    given = {"name": "Sally B", "username": "sally", "email": "s@example.com", "roles": ["sales", "service"]}
    assert chief.post(url, given).status_code == 302
    sally.refresh_from_db()
    assert sally.name == "Sally B" and set(sally.roles.values_list("key", flat=True)) == {"sales", "service"}
    for active, expected in (("no", False), ("yes", True)):
        chief.post(f"{url}/state", {"active": active})
        sally.refresh_from_db()
        assert sally.is_active is expected


def test_departments_by_forms(chief):
    chief.post("/settings/departments/new", {"name": "Sales", "parent": "", "manager": ""})
    sales = Department.objects.get(name="Sales")
    chief.post("/settings/departments/new", {"name": "East", "parent": sales.pk, "manager": ""})
    east = Department.objects.get(name="East")
    assert chief.get(f"/settings/departments?open={sales.pk}").status_code == 200
    chief.post(f"/settings/departments/{sales.pk}", {"name": "Sales", "parent": east.pk, "manager": ""})
    sales.refresh_from_db()
    assert sales.parent_id is None
    chief.post(f"/settings/departments/{sales.pk}", {"do": "delete"})
    chief.post(f"/settings/departments/{east.pk}", {"do": "delete"})
    assert list(Department.objects.values_list("name", flat=True)) == ["Sales"]


class TestMatrix:
    @staticmethod
    def form(client: Client, key: str) -> dict[str, str]:
        """The page's form as a browser would send it."""
        response = client.get(f"/settings/roles/{key}")
        context = response.context
        data = {"was": context["was"]}
        for row in (*context["matrix"], *context["levels"]):
            data |= {cell["name"]: cell["value"] for cell in row["cells"]}
        data |= {row["cell"]["name"]: row["cell"]["value"] for row in context["exceptions"]}
        for area in context["areas"]:
            data[f"has:{area['name']}"] = "1"
            if area["on"]:
                data[area["name"]] = "all"
        return data

    def test_sending_it_back_changes_nothing(self, chief):
        notes, grants = ChangeSet.objects.count(), list(Grant.objects.order_by("id").values())
        for key in Role.objects.exclude(key="administrator").values_list("key", flat=True):
            assert chief.post(f"/settings/roles/{key}", self.form(chief, key)).status_code == 302
        assert (notes, grants) == (ChangeSet.objects.count(), list(Grant.objects.order_by("id").values()))

    def test_only_the_changed_cells_change(self, chief):
        data = self.form(chief, "sales") | {
            "g:customers.account:delete": "own", "g:settings.lists:edit": "all",
            "exception_field": "customers.account:name", "exception_level": "read",
        }  # fmt: skip
        assert chief.post("/settings/roles/sales", data).status_code == 302
        note = ChangeSet.objects.filter(action="settings", entity="core.role").latest("id")
        assert note.detail["after"] == {
            "customers.account:delete": "own", "settings.lists:edit": "all", "customers.account:.name": "read",
        }  # fmt: skip
        again = self.form(chief, "sales")
        assert again["f:customers.account::name"] == "read"
        assert chief.post("/settings/roles/sales", again | {"f:customers.account::name": ""}).status_code == 302
        assert "f:customers.account::name" not in self.form(chief, "sales")

    def test_two_at_once_keep_both_changes_and_the_same_cell_is_a_conflict(self, chief):
        first, second, third = (self.form(chief, "sales") for _n in range(3))
        chief.post("/settings/roles/sales", first | {"g:*:delete": "own"})
        chief.post("/settings/roles/sales", second | {"g:*:merge": "own"})
        conflict = chief.post("/settings/roles/sales", third | {"g:*:delete": "all"})
        assert conflict.status_code == 409
        sales = Role.objects.get(key="sales")
        assert Grant.objects.get(role=sales, entity="*", action="delete").scope == "own"
        assert Grant.objects.get(role=sales, entity="*", action="merge").scope == "own"

    @pytest.mark.parametrize("was", ["", "[]", "{", '{"g:*:view": 7}', "null"])
    def test_nonsense_is_no_crash(self, chief, was):
        answer = chief.post("/settings/roles/sales", {"was": was, "g:*:fly": "all", "f:x": "y", "g:*:view": "galaxy"})
        assert answer.status_code in (409, 422)

    def test_copy_rename_delete(self, chief):
        chief.post("/settings/roles", {"name": "东区销售", "copy_of": "sales", "description": ""})
        made = Role.objects.get(name="东区销售")
        both = [access_services.rights_of([Role.objects.get(key=k).pk]) for k in ("sales", made.key)]
        assert access_services.covers(*both) and access_services.covers(*reversed(both))
        chief.post(f"/settings/roles/{made.key}/edit", {"name": "East sales", "description": "x"})
        made.refresh_from_db()
        assert made.name == "East sales"
        chief.post(f"/settings/roles/{made.key}/edit", {"do": "delete"})
        assert not Role.objects.filter(pk=made.pk).exists()
        chief.post("/settings/roles/sales/edit", {"do": "delete"})
        assert Role.objects.filter(key="sales").exists()

    def test_the_state_it_was_filled_with_is_whole(self, chief):
        data = self.form(chief, "steward")
        was = json.loads(data["was"])
        assert {k: v for k, v in data.items() if k.startswith(("g:", "f:")) and v} == was


def test_rates_and_organisation(chief):
    assert (
        chief.post("/settings/currencies", {"currency": "USD", "rate": "7,2", "date": "2026-06-01"}).status_code == 302
    )
    assert chief.post("/settings/currencies", {"currency": "USD", "rate": "x", "date": "June"}).status_code == 422
    row = ExchangeRate.objects.get()
    assert str(row.rate.normalize()) == "7.2"
    assert chief.get("/settings/currencies?currency=USD").status_code == 200
    chief.post("/settings/currencies/reporting", {"reporting_currency": "EUR"})
    assert settings.get("reporting_currency") == "EUR"
    assert chief.get("/settings/currencies").status_code == 200
    chief.post(f"/settings/currencies/rates/{row.pk}/delete")
    assert not ExchangeRate.objects.exists()
    given = {"name": "关系公司", "language": "en", "time_zone": "Asia/Shanghai", "phone_region": "CN"}
    assert chief.post("/settings/organisation", given).status_code == 302
    assert settings.get("name") == "关系公司"
    assert chief.post("/settings/organisation", {**given, "time_zone": "Moon/Sea"}).status_code == 422


def test_my_settings(boss, chief):
    given = {
        "name": "Boss B", "language": "zh-hans", "time_zone": "Europe/Berlin", "date_format": "iso",
        "number_format": "comma", "theme": "dark",
    }  # fmt: skip
    assert chief.post("/me", given).status_code == 302
    boss.refresh_from_db()
    assert (boss.name, boss.time_zone, boss.theme) == ("Boss B", "Europe/Berlin", "dark")
    assert "我的设置" in chief.get("/me").content.decode()
    assert chief.post("/me", {**given, "language": "tlh"}).status_code == 422


@pytest.mark.parametrize("name", ["settings-person-password", "settings-person-state", "settings-person-second-step"])
def test_asking_changes_nothing(chief, boss, name):
    before = ChangeSet.objects.count()
    assert chief.get(reverse(name, args=[boss.pk])).status_code == 405
    assert ChangeSet.objects.count() == before
