"""A cell of a list changed in place: who may, what is refused and why, two people at once; nothing is lost (MOD-8, CAP-1)."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.core.access.models import FieldGrant, Level, Role
from guanxi.core.org import versions
from guanxi.records import catalogue

LIST = "/customers/account/"


def stored(id_: int) -> Any:
    return catalogue.get("customers.account").model.all_rows.get(pk=id_)


def info(get: Any, who: str, *ids: int, cols: str = "name,tier,phone,owner,created_at") -> Any:
    return get(who, f"{LIST}grid?cols={cols}&" + "&".join(f"id={i}" for i in ids))


def save(post: Any, who: str, id_: int, key: str, value: Any, version: int = 1, **more: Any) -> Any:
    return post(
        who,
        f"{LIST}{id_}/grid",
        {"key": key, key: value, "version": version, "cols": "name,tier,phone", **more},
        htmx=True,
    )


def test_rows_carry_what_the_grid_needs(house: Any, get: Any) -> None:
    id_ = house.customer("Acme Trading", tier="key")
    html = get("owner", f"{LIST}?cols=name,tier").content.decode()
    assert f'<tr data-id="{id_}" data-version="1">' in html
    assert f'data-base="{LIST}" data-cols="name,tier"' in html


def test_one_answer_holds_editors_values_and_reasons(house: Any, get: Any) -> None:
    id_ = house.customer("Acme Trading", tier="key", phone="13800138000")
    found = info(get, "owner", id_).json()
    row = found["rows"][str(id_)]
    assert row["may"] and row["version"] == 1
    assert row["values"]["name"] == "Acme Trading" and row["values"]["tier"] == "key"
    assert row["values"]["owner"] == {"id": str(house.owner.pk), "text": "Owner"}
    assert "<select" in found["editors"]["tier"] and 'type="tel"' in found["editors"]["phone"]
    assert "created_at" not in found["editors"] and "system" in found["closed"]["created_at"]
    assert "owner" in row["closed"], "sales may not assign"


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 200), ("manager", 200), ("colleague", 404), ("stranger", 404), ("marketer", 404), ("nobody", 302)],
)
def test_who_may_save_a_cell(house: Any, post: Any, who: str, status: int) -> None:
    id_ = house.customer("Acme Trading", tier="key")
    response = save(post, who, id_, "tier", "small")
    assert response.status_code == (401 if who == "nobody" else status)
    assert stored(id_).tier == ("small" if status == 200 else "key")


def test_hidden_and_unknown_records_and_fields_answer_alike(house: Any, get: Any, post: Any) -> None:
    mine, theirs = house.customer("Mine"), house.customer("Theirs", owner=house.stranger.pk)
    assert info(get, "owner", mine, theirs, 999999).json()["rows"].keys() == {str(mine)}
    hidden, unknown = save(post, "owner", theirs, "tier", "small"), save(post, "owner", 999999, "tier", "small")
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    assert hidden.content == unknown.content
    assert save(post, "owner", mine, "nonsense", "x").status_code == 400


def test_saved_cell_comes_back_as_the_row_with_a_way_back(house: Any, post: Any) -> None:
    id_ = house.customer("Acme Trading", tier="key")
    answer = save(post, "owner", id_, "phone", "138 0013 8000").json()
    row = answer["rows"][str(id_)]
    assert f'data-id="{id_}" data-version="2"' in row["html"] and row["version"] == 2
    assert answer["said"] and answer["undo"]
    assert stored(id_).phone == "+8613800138000"
    post("owner", answer["undo"])
    assert stored(id_).phone == ""
    same = save(post, "owner", id_, "tier", "key", version=3).json()
    assert same["said"] == "" and same["undo"] == "", "nothing differed, nothing is to be undone"


def test_invalid_value_says_why_and_changes_nothing(house: Any, post: Any) -> None:
    id_ = house.customer("Acme Trading", tier="key")
    response = save(post, "owner", id_, "phone", "12")
    assert response.status_code == 422 and "12" in response.json()["problems"][0]
    empty = save(post, "owner", id_, "name", "")
    assert empty.status_code == 422
    assert (stored(id_).phone, stored(id_).name, stored(id_).version) == ("", "Acme Trading", 1)


def test_two_editors_of_one_cell_both_see_both_values(house: Any, post: Any) -> None:
    id_ = house.customer("Acme Trading", tier="key")
    assert save(post, "manager", id_, "tier", "small").status_code == 200
    late = save(post, "owner", id_, "tier", "", version=1)
    assert late.status_code == 409
    told = late.json()
    assert told["version"] == 2 and told["conflict"][0]["who"] == "Manager" and told["conflict"][0]["theirs"]
    assert stored(id_).tier == "small"
    assert save(post, "owner", id_, "tier", "key", version=told["version"]).status_code == 200
    assert stored(id_).tier == "key"


def test_two_editors_of_two_cells_do_not_meet(house: Any, post: Any) -> None:
    id_ = house.customer("Acme Trading", tier="key")
    save(post, "manager", id_, "tier", "small")
    assert save(post, "owner", id_, "phone", "13800138000", version=1).status_code == 200
    assert (stored(id_).tier, stored(id_).phone) == ("small", "+8613800138000")


def test_masked_column_is_closed_and_says_so(house: Any, get: Any, post: Any) -> None:
    id_ = house.customer("Acme Trading", phone="13800138000")
    FieldGrant.objects.update_or_create(
        role=Role.objects.get(key="sales"), entity="customers.account", field_class="", field="phone",
        defaults={"level": Level.MASKED},
    )  # fmt: skip
    versions.bump("access")
    found = info(get, "owner", id_).json()
    assert "masked" in found["closed"]["phone"] and "phone" not in found["rows"][str(id_)]["values"]
    assert "13800138000" not in str(found) and "138 0013 8000" not in str(found)
    assert save(post, "owner", id_, "phone", "13900139000").status_code == 400
    assert stored(id_).phone == "+8613800138000"


def test_looking_changes_nothing(house: Any, get: Any) -> None:
    id_ = house.customer()
    info(get, "owner", id_)
    assert stored(id_).version == 1
    assert get("owner", f"{LIST}{id_}/grid").status_code == 405
