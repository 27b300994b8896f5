"""Changing roles: rails that hold."""

from __future__ import annotations

import pytest

from guanxi.core.access import services
from guanxi.core.access.actor import SYSTEM, actor_for
from guanxi.core.access.models import FieldGrant, Grant, Role
from guanxi.core.identity import services as people
from guanxi.core.identity.models import User
from guanxi.core.journal.models import ChangeSet
from guanxi.core.org import departments, versions
from guanxi.core.org.problems import Invalid, Refused

pytestmark = pytest.mark.django_db


def person(username: str, *roles: str, **more) -> User:
    made = people.add_person(SYSTEM, username, roles=roles, **more).person
    User.objects.filter(pk=made.pk).update(must_change_password=False)  # with a temporary one nobody has rights
    made.refresh_from_db()
    return made


def acting(user: User):
    return actor_for(User.objects.get(pk=user.pk))


@pytest.fixture
def boss() -> User:
    return person("boss", "administrator")


@pytest.fixture
def office() -> Role:
    """A role that may change people, departments and roles, and sees customers of its department only."""
    role = services.create_role(SYSTEM, "Office")
    services.set_rights(
        SYSTEM,
        role,
        grants={
            ("settings.people", "edit"): "all",
            ("settings.roles", "edit"): "all",
            ("settings.departments", "edit"): "all",
            ("*", "view"): "department",
        },
        fields={("*", "public", ""): "read"},
    )
    return role


def test_a_stranger_to_settings_changes_nothing(boss):
    sales = person("sally", "sales")
    before = (Role.objects.count(), Grant.objects.count(), ChangeSet.objects.count())
    for attempt in (
        lambda a: services.create_role(a, "Mine"),
        lambda a: services.set_rights(a, Role.objects.get(key="sales"), grants={("*", "delete"): "all"}),
        lambda a: services.delete_role(a, Role.objects.get(key="sales")),
        lambda a: people.add_person(a, "friend", roles=["administrator"]),
        lambda a: people.deactivate(a, boss),
        lambda a: people.set_password(a, boss),
        lambda a: departments.create(a, "Mine"),
    ):
        with pytest.raises(Refused):
            attempt(acting(sales))
    assert before == (Role.objects.count(), Grant.objects.count(), ChangeSet.objects.count())


class TestNobodyRaisesTheirOwnRights:
    @pytest.fixture
    def clerk(self, boss, office) -> User:
        return person("clerk", "office")

    def test_not_by_a_wider_role(self, clerk, office):
        with pytest.raises(Invalid):
            services.set_rights(acting(clerk), office, grants={("*", "view"): "all"})
        with pytest.raises(Invalid):
            services.set_rights(acting(clerk), office, fields={("*", "secret", ""): "read"})
        assert Grant.objects.get(role=office, entity="*", action="view").scope == "department"

    def test_not_by_taking_back_an_exception(self, clerk, office):
        services.set_rights(SYSTEM, office, grants={("trade.order", "view"): "none"})
        with pytest.raises(Invalid):
            services.set_rights(acting(clerk), office, grants={("trade.order", "view"): None})

    def test_not_by_a_second_role(self, clerk):
        me = acting(clerk)
        with pytest.raises(Invalid):
            people.edit_person(
                me,
                clerk,
                username="clerk",
                name="",
                email="",
                roles=["office", "administrator"],
                department=None,
                manager=None,
            )
        assert {r.key for r in clerk.roles.all()} == {"office"}

    def test_not_through_a_friend(self, clerk, boss):
        me = acting(clerk)
        with pytest.raises(Invalid):
            people.add_person(me, "friend", roles=["administrator"])
        with pytest.raises(Invalid):
            services.create_role(me, "Copy", copy_of=Role.objects.get(key="administrator"))
        with pytest.raises(Invalid):
            people.set_password(me, boss)
        assert not User.objects.filter(username="friend").exists()

    def test_not_by_another_department(self, clerk, boss):
        treasure = departments.create(SYSTEM, "Treasure")
        people.edit_person(
            SYSTEM,
            boss,
            username="boss",
            name="Boss",
            email="",
            roles=["administrator"],
            department=treasure,
            manager=None,
        )
        with pytest.raises(Invalid):
            people.edit_person(
                acting(clerk),
                clerk,
                username="clerk",
                name="",
                email="",
                roles=["office"],
                department=treasure,
                manager=None,
            )
        with pytest.raises(Invalid):
            departments.edit(acting(clerk), treasure, name="Treasure", parent=None, manager=clerk)

    def test_what_lies_below_is_theirs_to_give(self, clerk):
        me = acting(clerk)
        role = services.create_role(me, "Reader")
        assert services.set_rights(me, role, grants={("customers.account", "view"): "own"}) == 1
        made = people.add_person(me, "reader", roles=["reader"])
        assert made.person.must_change_password


class TestAdministrators:
    def test_the_last_one_stays(self, boss):
        with pytest.raises(Invalid, match=r"last active administrator|最后"):
            people.deactivate(SYSTEM, boss)
        with pytest.raises(Invalid):
            people.edit_person(
                SYSTEM, boss, username="boss", name="", email="", roles=["sales"], department=None, manager=None
            )
        other = person("other", "administrator")
        people.deactivate(SYSTEM, boss)
        with pytest.raises(Invalid):
            people.deactivate(SYSTEM, other)

    def test_nobody_deactivates_themselves(self, boss):
        person("other", "administrator")
        with pytest.raises(Invalid):
            people.deactivate(acting(boss), boss)

    def test_the_role_is_fixed(self, boss):
        role = Role.objects.get(key="administrator")
        for change in (
            lambda: services.set_rights(SYSTEM, role, grants={("*", "view"): "own"}),
            lambda: services.rename_role(SYSTEM, role, name="Chief", description=""),
            lambda: services.delete_role(SYSTEM, role),
        ):
            with pytest.raises(Invalid):
                change()


class TestRoles:
    def test_a_copy_grants_the_same_and_goes_its_own_way(self, boss):
        source = Role.objects.get(key="steward")
        copy = services.create_role(acting(boss), "Steward light", copy_of=source)
        both = [services.rights_of([r.pk]) for r in (source, copy)]
        assert services.covers(both[0], both[1]) and services.covers(both[1], both[0])
        services.set_rights(acting(boss), copy, grants={("*", "delete"): "none"})
        assert not services.covers(services.rights_of([copy.pk]), both[0])
        assert services.covers(services.rights_of([source.pk]), both[0])

    def test_cells_are_set_and_taken_back_and_noted(self, boss):
        sales = Role.objects.get(key="sales")
        changed = services.set_rights(
            acting(boss),
            sales,
            grants={("customers.account", "delete"): "own", ("*", "view"): "own"},
            fields={("customers.account", "", "credit_rating"): "hidden"},
        )
        assert changed == 2
        note = ChangeSet.objects.filter(action="settings", entity="core.role").latest("id")
        assert note.record == sales.pk
        assert note.detail["before"] == {"customers.account:delete": None, "customers.account:.credit_rating": None}
        assert note.detail["after"] == {"customers.account:delete": "own", "customers.account:.credit_rating": "hidden"}
        services.set_rights(
            acting(boss),
            sales,
            grants={("customers.account", "delete"): None},
            fields={("customers.account", "", "credit_rating"): None},
        )
        assert not Grant.objects.filter(role=sales, entity="customers.account").exists()
        assert not FieldGrant.objects.filter(role=sales, entity="customers.account").exists()

    @pytest.mark.parametrize(
        "grants",
        [
            {("*", "fly"): "all"},
            {("*", "view"): "galaxy"},
            {("x y", "view"): "all"},
            {("settings.people", "view"): "all"},
            {("settings.nothing", "edit"): "all"},
            {("settings.people", "edit"): "own"},
        ],
    )
    def test_unknown_rights_are_refused(self, grants):
        with pytest.raises(Invalid):
            services.set_rights(SYSTEM, Role.objects.get(key="sales"), grants=grants)

    def test_a_role_in_use_stays(self, boss):
        role = services.create_role(SYSTEM, "Guests")
        guest = person("guest", "guests")
        with pytest.raises(Invalid):
            services.delete_role(SYSTEM, role)
        people.edit_person(SYSTEM, guest, username="guest", name="", email="", roles=[], department=None, manager=None)
        services.delete_role(SYSTEM, role)
        assert not Role.objects.filter(pk=role.pk).exists()

    def test_a_taken_right_is_gone_with_the_next_look_at_the_stamps(self, boss):
        sally = person("sally", "sales")
        versions.refresh()
        assert acting(sally).can("customers.account", "edit")
        services.set_rights(SYSTEM, Role.objects.get(key="sales"), grants={("customers.account", "edit"): "none"})
        versions.refresh()
        assert not acting(sally).can("customers.account", "edit")
        assert acting(sally).can("trade.order", "edit")
