"""Several people changed in one step: chosen, looked at, done, undone; and moves of departments and values undone (MOD-8)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from guanxi.core.access.models import Role
from guanxi.core.identity.models import Session, User
from guanxi.core.journal.models import ChangeSet
from guanxi.core.org import versions
from guanxi.core.org.models import Department
from guanxi.records.models import ChoiceValue

BULK = "/settings/people/bulk"


def ids(*people: User) -> list[str]:
    return [str(p.pk) for p in people]


def look_and_do(post: Any, given: dict[str, Any], who: str = "admin") -> Any:
    page = post(who, BULK, {**given, "do": "preview"})
    assert page.status_code == 200, page.content.decode()[:2000]
    seen = re.search(r'name="seen" value="([^"]*)"', page.content.decode())
    assert seen, "nothing to do"
    from html import unescape

    return post(who, BULK, {**given, "do": "apply", "seen": unescape(seen[1])})


def step() -> ChangeSet:
    return ChangeSet.objects.filter(action="settings").latest("pk")


def states() -> list[Any]:
    return [
        (p.pk, p.department_id, p.manager_id, p.is_active, sorted(p.roles.values_list("key", flat=True)))
        for p in User.objects.order_by("pk")
    ]


def test_several_people_are_changed_in_one_step_and_back(house: Any, get: Any, post: Any) -> None:
    before = states()
    given = {
        "id": ids(house.owner, house.colleague), "to_department": str(house.there.pk), "to_manager": str(house.stranger.pk),
        "add_roles": "marketing", "remove_roles": "sales",
    }  # fmt: skip
    page = post("admin", BULK, {**given, "do": "preview"}).content.decode()
    assert "2 people change." in page and "West" in page and states() == before, "looking changes nothing"
    assert not ChangeSet.objects.filter(entity="core.user", action="settings").exists()
    assert look_and_do(post, given).status_code == 302
    house.owner.refresh_from_db()
    assert (house.owner.department, house.owner.manager) == (house.there, house.stranger)
    assert list(house.colleague.roles.values_list("key", flat=True)) == ["marketing"]
    entry = get("admin", f"/journal/{step().pk}").content.decode()
    assert "Owner" in entry and "Colleague" in entry and "West" in entry
    assert post("owner", f"/journal/{step().pk}/restore").status_code == 404
    post("admin", f"/journal/{step().pk}/restore")
    assert states() == before


def test_everybody_the_list_means_across_pages(house: Any, get: Any, post: Any) -> None:
    for n in range(105):
        house.person(f"agent{n}", "service", house.here)
    page = get("admin", "/settings/people?role=service").content.decode()
    assert 'name="all"' in page and "data-select" in page
    form = get("admin", f"{BULK}?all=1&role=service&id=1").content.decode()
    assert form.count('type="hidden" name="id"') == 105
    look_and_do(post, {"all": "1", "role": "service", "to_manager": str(house.manager.pk)})
    assert User.objects.filter(manager=house.manager).count() == 105
    assert len(step().detail["after"]) == 105


def test_who_cannot_be_changed_is_named_and_holds_no_other_back(house: Any, post: Any) -> None:
    Session.objects.all().delete()
    house.client(house.owner)
    assert Session.objects.filter(user=house.owner).exists()
    given = {"id": ids(house.owner, house.admin), "to_active": "no"}
    page = post("admin", BULK, {**given, "do": "preview"}).content.decode()
    assert "You cannot deactivate yourself." in page and "1 person changes." in page
    assert Session.objects.filter(user=house.owner).exists()
    look_and_do(post, given)
    house.owner.refresh_from_db()
    house.admin.refresh_from_db()
    assert (house.owner.is_active, house.admin.is_active) == (False, True)
    assert not Session.objects.filter(user=house.owner).exists()
    circle = post(
        "admin", BULK, {"id": ids(house.manager, house.colleague), "to_manager": str(house.manager.pk), "do": "preview"}
    )
    assert "their own manager" in circle.content.decode() and "1 person changes." in circle.content.decode()


def test_nobody_gives_rights_that_they_do_not_have(house: Any, post: Any) -> None:
    from guanxi.core.access.models import Grant

    clerk = Role.objects.create(key="clerk", name="Clerk")
    Grant.objects.create(role=clerk, entity="settings.people", action="edit", scope="all")
    house.marketer.roles.set([clerk])
    given = {"id": ids(house.owner), "add_roles": "administrator", "do": "preview"}
    versions.bump("access")
    answer = post("marketer", BULK, given).content.decode()
    assert "rights that you do not have" in answer
    assert 'name="seen"' not in answer
    assert post("owner", BULK, given).status_code == 404


@pytest.mark.parametrize("given", [{}, {"to_department": "99999"}, {"to_manager": "x"}])
def test_nothing_and_nonsense(house: Any, post: Any, given: dict[str, str]) -> None:
    answer = post("admin", BULK, {"id": ids(house.owner), **given, "do": "preview"})
    assert answer.status_code == 422 or "1 cannot be changed." in answer.content.decode()
    assert post("admin", BULK, {"do": "preview"}).status_code == 302


def test_what_was_typed_after_looking_is_looked_at_again(house: Any, post: Any) -> None:
    given = {"id": ids(house.owner), "to_active": "no", "do": "apply", "seen": "something else"}
    assert "1 person changes." in post("admin", BULK, given).content.decode()
    house.owner.refresh_from_db()
    assert house.owner.is_active


def test_step_is_not_put_back_over_what_somebody_changed_since(house: Any, post: Any) -> None:
    look_and_do(post, {"id": ids(house.owner, house.colleague), "to_manager": str(house.manager.pk)})
    made = step()
    User.objects.filter(pk=house.owner.pk).update(manager=house.stranger)
    post("admin", f"/journal/{made.pk}/restore")
    house.colleague.refresh_from_db()
    assert house.colleague.manager == house.manager, "all of it or none"


def test_a_dragged_department_goes_back_from_the_notice(house: Any, post: Any) -> None:
    third = Department.objects.create(name="North", path="/9/")
    Department.objects.filter(pk=third.pk).update(path=f"/{third.pk}/")
    order = lambda: list(Department.objects.order_by("parent", "position", "name").values_list("name", "parent__name"))  # noqa: E731
    was = order()
    answer = post(
        "admin", "/settings/departments/move",
        {"node": str(third.pk), "parent": str(house.here.pk), "before": "", "was_parent": ""}, htmx=True,
    )  # fmt: skip
    undo = re.search(r'"undo": "([^"]+)"', answer["HX-Trigger"])
    assert undo and order() != was
    post("admin", undo[1])
    assert order() == was
    answer = post("admin", "/settings/departments/move",
                  {"node": str(house.there.pk), "parent": "", "before": str(house.here.pk), "was_parent": ""}, htmx=True)  # fmt: skip
    moved = order()
    assert moved != was
    post("admin", re.search(r'"undo": "([^"]+)"', answer["HX-Trigger"])[1])  # type: ignore[index]
    assert order() == was


def test_the_order_of_a_list_goes_back_from_the_notice(house: Any, post: Any) -> None:
    tiers = "/settings/lists/customers.tier/"

    def codes() -> list[int]:
        rows = ChoiceValue.objects.filter(list="customers.tier").order_by("position")
        return list(rows.values_list("pk", flat=True))

    was = codes()
    wanted = [was[-1], *was[:-1]]
    text = lambda order: ",".join(map(str, order))  # noqa: E731
    answer = post("admin", f"{tiers}order", {"order": text(wanted), "was": text(was)}, htmx=True)
    assert codes() == wanted
    undo = re.search(r'"undo": "([^"]+)"', answer["HX-Trigger"])[1]  # type: ignore[index]
    assert post("owner", undo).status_code == 404
    post("admin", undo)
    assert codes() == was
    post("admin", f"{tiers}{was[0]}", {"do": "down"})
    made = step()
    post("admin", f"{tiers}{was[0]}", {"do": "down"})
    post("admin", f"/journal/{made.pk}/restore")
    assert codes()[2] == was[0], "an order that was changed since is left alone"
