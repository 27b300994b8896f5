"""A small house for page tests: people in two departments, and customers of theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from guanxi.core.access import acting, actor_for
from guanxi.core.access.models import Role
from guanxi.core.identity.models import User
from guanxi.core.org import versions
from guanxi.core.org.models import Department
from guanxi.records import catalogue, write
from guanxi.records.entity import Entity


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    versions.refresh()


@pytest.fixture
def account() -> Entity:
    return catalogue.get("customers.account")


class House:
    """People by what they are to a customer of `owner`."""

    def __init__(self) -> None:
        self.here, self.there = (
            Department.objects.create(name=name, path=f"/{i}/") for i, name in enumerate(("East", "West"), 1)
        )
        self.owner = self.person("owner", "sales", self.here)
        self.colleague = self.person("colleague", "sales", self.here)
        self.manager = self.person("manager", "sales_manager", self.here)
        self.stranger = self.person("stranger", "sales_manager", self.there)
        self.marketer = self.person("marketer", "marketing", self.there)
        self.admin = self.person("admin", "administrator", self.there)

    def person(self, name: str, role: str, department: Department) -> User:
        user = User.objects.create(
            username=name, name=name.title(), department=department, language="en", time_zone="Asia/Shanghai"
        )
        user.roles.set([Role.objects.get(key=role)])
        return user

    def save(self, key: str, values: dict[str, Any], by: User | None = None, **more: Any) -> write.Saved:
        actor = actor_for(by or self.admin)
        with acting(actor):
            return write.save(actor, catalogue.get(key), values, **more)

    def customer(self, name: str = "Acme Trading", **values: Any) -> int:
        return self.save("customers.account", {"name": name, "kind": "company", "owner": self.owner.pk, **values}).id

    def client(self, user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def get(house: House) -> Callable[..., Any]:
    """`get("owner", "/path")` as that person; htmx=True asks for the piece with the id `target`."""

    def ask(who: str, path: str, *, target: str = "", htmx: bool = False, **params: Any) -> Any:
        user = getattr(house, who) if who != "nobody" else None
        headers = {"HX-Request": "true", "HX-Target": target} if htmx or target else {}
        return house.client(user).get(path, params or None, headers=headers)

    return ask


@pytest.fixture
def post(house: House) -> Callable[..., Any]:
    def ask(who: str, path: str, data: dict[str, Any] | None = None, *, htmx: bool = False) -> Any:
        user = getattr(house, who) if who != "nobody" else None
        return house.client(user).post(path, data or {}, headers={"HX-Request": "true"} if htmx else {})

    return ask
