from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from guanxi.core.access.actor import SYSTEM, actor_for
from guanxi.core.identity import preferences, services
from guanxi.core.identity.models import Session, User
from guanxi.core.org import settings as org_settings
from guanxi.core.org.models import Setting
from guanxi.core.org.problems import Invalid

FIRST = {
    "username": "chief", "name": "Chief", "password": "a long good one", "email": "", "organisation": "Acme",
    "currency": "EUR", "language": "en",
}  # fmt: skip


@pytest.mark.django_db
class TestPeople:
    def test_names_and_addresses_are_unique_whatever_their_case(self):
        services.add_person(SYSTEM, "Lily", email="Lily@Example.com")
        taken = [("LILY", ""), ("ｌｉｌｙ", ""), ("other", "lily@EXAMPLE.com"), ("a@b.com", ""), ("", "")]
        for username, email in taken:
            with pytest.raises(Invalid):
                services.add_person(SYSTEM, username, email=email)
        assert User.objects.named(" lily@example.COM ").get().username == "Lily"
        assert User.objects.named("liLY").get().username == "Lily"

    def test_chinese_user_names(self):
        services.add_person(SYSTEM, "王小明")
        assert User.objects.named("王小明").exists()

    def test_a_temporary_password_must_be_changed(self):
        made = services.add_person(SYSTEM, "lily")
        assert made.person.must_change_password and made.person.check_password(made.password)
        services.choose_password(made.person, "my own long one")
        made.person.refresh_from_db()
        assert not made.person.must_change_password and made.person.check_password("my own long one")

    @pytest.mark.parametrize("password", ["short", "password123", "lilylilylily"])
    def test_weak_passwords_are_refused(self, password):
        with pytest.raises(Invalid):
            services.add_person(SYSTEM, "lilylily", password=password)

    def test_argon2id(self):
        assert services.add_person(SYSTEM, "lily").person.password.startswith("argon2$argon2id$")

    def test_no_circle_of_managers(self):
        a, b, c = (services.add_person(SYSTEM, n).person for n in "abc")
        for person, manager in ((a, b), (b, c)):
            services.edit_person(
                SYSTEM, person, username=person.username, name="", email="", roles=[], department=None, manager=manager
            )
        for manager in (a, c):
            with pytest.raises(Invalid):
                services.edit_person(
                    SYSTEM,
                    c,
                    username="c",
                    name="",
                    email="",
                    roles=[],
                    department=None,
                    manager=User.objects.get(pk=manager.pk),
                )

    def test_who_leaves_is_out_at_once(self, client):
        password = "correct horse battery"
        person = services.add_person(SYSTEM, "lily", roles=["sales"], password=password, must_change=False).person
        client.force_login(person)
        assert Session.objects.filter(user=person).count() == 1
        done = services.deactivate(SYSTEM, person)
        assert done.sessions == 1 and not Session.objects.filter(user=person).exists()
        person.refresh_from_db()
        assert not actor_for(person).can("customers.account", "view")
        services.activate(SYSTEM, person)
        person.refresh_from_db()
        assert actor_for(person).can("customers.account", "view")

    def test_a_temporary_password_gives_no_rights(self):
        """SEC: nobody works with a password that an administrator knows."""
        person = services.add_person(SYSTEM, "lily", roles=["administrator"]).person
        assert not actor_for(person).can("customers.account", "view") and actor_for(person).role_ids == ()
        services.choose_password(person, "correct horse battery")
        assert actor_for(person).can("customers.account", "view")

    def test_own_choices(self):
        person = services.add_person(SYSTEM, "lily").person
        chosen = {"language": "en", "time_zone": "Europe/Berlin", "theme": "", "date_format": "dmy_dot"}
        preferences.save(person, chosen)
        person.refresh_from_db()
        assert (person.language, person.time_zone, person.date_format) == ("en", "Europe/Berlin", "dmy_dot")
        with pytest.raises(Invalid):
            preferences.save(person, {"language": "tlh"})


@pytest.mark.django_db
class TestFirstRun:
    def test_makes_an_administrator_and_names_the_house(self):
        assert services.is_first_run()
        chief = services.first_run(**FIRST)
        assert actor_for(chief).can("settings.roles", "edit")
        assert org_settings.organisation().name == "Acme"
        assert org_settings.get("reporting_currency") == "EUR"
        assert not services.is_first_run()
        with pytest.raises(services.AlreadyRun):
            services.first_run(**{**FIRST, "username": "second"})

    def test_not_after_somebody_was_added_by_command(self):
        services.add_person(SYSTEM, "lily", roles=["administrator"])
        assert not services.is_first_run()
        with pytest.raises(services.AlreadyRun):
            services.first_run(**FIRST)

    def test_nothing_stays_of_a_refused_one(self):
        with pytest.raises(Invalid):
            services.first_run(**{**FIRST, "password": "short"})
        assert services.is_first_run() and not Setting.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_first_runs_at_once_make_one_administrator():
    def one(n: int) -> bool:
        try:
            services.first_run(**{**FIRST, "username": f"chief{n}"})
            return True
        except services.AlreadyRun:
            return False
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(one, range(4))) == 1
    assert User.objects.count() == 1
