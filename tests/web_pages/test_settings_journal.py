"""The journal as an administrator reads it: filters, settings put back, names of what an undo took away (AUD, MOD-9)."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.core.access import actor_for
from guanxi.core.access import services as access
from guanxi.core.access.models import Role
from guanxi.core.journal.models import ChangeSet
from guanxi.core.org import departments
from guanxi.core.org import settings as org_settings
from guanxi.core.org.models import Department
from guanxi.records.models import ChoiceValue


def lines(answer: Any) -> list[str]:
    return [line.title for line in answer.context["lines"]]


def test_words_find_reasons_people_and_settings(house: Any, get: Any) -> None:
    admin = actor_for(house.admin)
    id_ = house.customer("Acme Trading")
    house.save("customers.account", {"name": "Acme 2"}, by=house.owner, id=id_, reason="merger with 华为")
    org_settings.change(admin, {"name": "东方贸易"})
    assert lines(get("admin", "/journal/", q="华为")) == ["changed it"]
    assert lines(get("admin", "/journal/", q="东方")) == ["changed settings"]
    assert "changed it" in lines(get("admin", "/journal/", q="owner"))
    step = ChangeSet.objects.latest("pk")
    assert [line.id for line in get("admin", "/journal/", q=f"#{step.pk}").context["lines"]] == [step.pk]
    assert lines(get("owner", "/journal/", q="东方")) == [], "settings of others are not found by their words"
    assert lines(get("admin", "/journal/", about="core.organisation")) == ["changed settings"]


def test_a_record_that_an_undo_took_away_keeps_its_name_for_who_may_see_it(house: Any, get: Any, post: Any) -> None:
    made = house.save("customers.account", {"name": "Gone Trading", "kind": "company", "owner": house.owner.pk})
    post("admin", f"/journal/{made.change_set}/undo")
    undone = ChangeSet.objects.get(action="undo")
    page = get("admin", f"/journal/{undone.pk}").content.decode()
    assert "Gone Trading" in page and f"#{made.id}" not in page
    assert "New records taken away" in page and "Held back" not in page, (
        "its balance speaks of undoing, not of importing"
    )
    privacy = house.person("officer", "privacy", house.there)
    access.set_rights(
        actor_for(house.admin), Role.objects.get(key="privacy"), grants={("customers.account", "view"): "own"}
    )
    other = house.client(privacy).get(f"/journal/{undone.pk}").content.decode()
    assert "Gone Trading" not in other and "a record outside your range" in other


def test_settings_are_put_back_unless_changed_since(house: Any, get: Any, post: Any) -> None:
    admin = actor_for(house.admin)
    org_settings.change(admin, {"name": "First"})
    org_settings.change(admin, {"name": "Second"})
    second = ChangeSet.objects.filter(entity="core.organisation").latest("pk")
    page = get("admin", f"/journal/{second.pk}").content.decode()
    assert "First" in page and "Put back" in page
    assert post("owner", f"/journal/{second.pk}/restore").status_code == 404 and org_settings.get("name") == "Second"
    post("admin", f"/journal/{second.pk}/restore")
    assert org_settings.get("name") == "First"
    post("admin", f"/journal/{second.pk}/restore")
    assert org_settings.get("name") == "First", "what was changed since stays"
    role = Role.objects.get(key="marketing")
    access.set_rights(
        admin, role, grants={("*", "export"): "all"}, fields={("customers.account", "", "name"): "hidden"}
    )
    step = ChangeSet.objects.filter(entity="core.role").latest("pk")
    post("admin", f"/journal/{step.pk}/restore")
    assert (
        not role.grants.filter(action="export", entity="*").exists()
        and not role.field_grants.filter(field="name").exists()
    )


def test_a_department_is_put_back_with_its_place(house: Any, post: Any) -> None:
    admin = actor_for(house.admin)
    one = Department.objects.get(pk=house.here.pk)
    departments.move(admin, one, house.there)
    step = ChangeSet.objects.filter(entity="core.department").latest("pk")
    post("admin", f"/journal/{step.pk}/restore")
    one.refresh_from_db()
    assert (one.parent_id, one.path) == (None, f"/{one.pk}/")


@pytest.mark.parametrize("who", ["owner", "nobody"])
def test_restore_is_for_who_may_change_the_setting(house: Any, post: Any, who: str) -> None:
    value = ChoiceValue.objects.filter(list="customers.tier").first()
    assert value is not None
    post("admin", f"/settings/lists/customers.tier/{value.pk}", {"label_en": "Other", "label_zh": "其他"})
    step = ChangeSet.objects.filter(entity="records.choicevalue").latest("pk")
    assert post(who, f"/journal/{step.pk}/restore").status_code in (302, 404)
    value.refresh_from_db()
    assert value.label_en == "Other"
    post("admin", f"/journal/{step.pk}/restore")
    value.refresh_from_db()
    assert value.label_en != "Other"
