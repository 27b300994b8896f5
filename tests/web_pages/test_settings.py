"""Custom fields, lists of values, home and menu."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.core.org import versions
from guanxi.records import catalogue
from guanxi.records.models import ChoiceValue, CustomField

FIELDS = "/settings/fields/customers.account/"
TIERS = "/settings/lists/customers.tier/"
PAGES = ["/settings/fields/", FIELDS, f"{FIELDS}new", "/settings/lists/", TIERS]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("who", "status"), [("admin", 200), ("owner", 404), ("manager", 404), ("nobody", 302)])
def test_settings_are_for_who_may(get: Any, page: str, who: str, status: int) -> None:
    assert get(who, page).status_code == status


def test_field_is_added_used_renamed_retired_and_back(house: Any, get: Any, post: Any) -> None:
    assert (
        post(
            "admin", f"{FIELDS}new", {"kind": "date", "label_zh": "合同日", "label_en": "Contract day", "indexed": "on"}
        ).status_code
        == 302
    )
    row = CustomField.objects.get()
    id_ = house.customer(**{row.key: "2026-03-01"})
    listed = get("owner", f"/customers/account/?cols=name,{row.key}&sort={row.key}&f.{row.key}.is=2026-03-01")
    assert "2026-03-01" in listed.content.decode() and "Contract day" in listed.content.decode()
    assert row.key in get("owner", f"/customers/account/{id_}/edit").content.decode()
    post("admin", FIELDS + row.key, {"label_zh": "签约日", "label_en": "Signed on", "sensitivity": "internal"})
    row.refresh_from_db()
    assert (row.label_en, row.sensitivity, row.kind) == ("Signed on", "internal", "date")
    post("admin", f"{FIELDS}{row.key}/act", {"do": "retire"})
    assert get("owner", f"/customers/account/?sort={row.key}").status_code == 400
    post("admin", f"{FIELDS}{row.key}/act", {"do": "restore"})
    assert get("owner", f"/customers/account/?sort={row.key}").status_code == 200


@pytest.mark.parametrize(
    "typed",
    [{"kind": "choice", "label_en": "A"}, {"kind": "text"}, {"kind": "longtext", "label_en": "A", "unique": "on"}],
)
def test_impossible_fields_are_explained(post: Any, typed: dict[str, str]) -> None:
    answer = post("admin", f"{FIELDS}new", typed)
    assert answer.status_code == 422
    assert "cannot be saved yet" in answer.content.decode()
    assert not CustomField.objects.exists()


def test_order_of_fields(post: Any) -> None:
    for name in ("One", "Two"):
        post("admin", f"{FIELDS}new", {"kind": "text", "label_en": name})
    post("admin", f"{FIELDS}x_two/act", {"do": "up"})
    assert list(CustomField.objects.values_list("key", flat=True)) == ["x_two", "x_one"]


def test_values_are_added_renamed_moved_and_retired(house: Any, get: Any, post: Any) -> None:
    assert post("admin", TIERS, {"label_zh": "白金", "label_en": "Platinum", "colour": "purple"}).status_code == 302
    value = ChoiceValue.objects.get(list="customers.tier", code="platinum")
    post("admin", f"{TIERS}{value.pk}", {"label_zh": "铂金", "label_en": "Platinum+", "colour": "nonsense"})
    value.refresh_from_db()
    assert (value.label_zh, value.label_en, value.colour, value.code) == ("铂金", "Platinum+", "", "platinum")
    position = value.position
    post("admin", f"{TIERS}{value.pk}", {"do": "up"})
    value.refresh_from_db()
    assert value.position == position - 1
    assert "Platinum+" in get("owner", "/customers/account/new").content.decode()
    post("admin", f"{TIERS}{value.pk}", {"do": "retire"})
    assert "Platinum+" not in get("owner", "/customers/account/new").content.decode()
    assert post("admin", TIERS, {"label_en": "X", "code": "platinum"}).status_code == 422
    assert post("owner", TIERS, {"label_en": "X"}).status_code == 404


def test_home_counts_what_the_list_shows(house: Any, get: Any) -> None:
    house.customer()
    house.customer("Beta")
    page = get("owner", "/")
    figures = {f.label: f for f in page.context["figures"]}
    mine = figures["My customers"]
    assert mine.count.n == 2
    assert get("owner", mine.url).context["page"].count.n == 2
    assert get("nobody", "/").status_code == 302
    assert {f.label: f.count.n for f in get("colleague", "/").context["figures"]}["My customers"] == 0


@pytest.mark.parametrize("who", ["owner", "manager", "marketer", "admin"])
def test_every_line_of_the_menu_opens(get: Any, who: str) -> None:
    menu = get(who, "/").context["menu"]
    paths = [item["path"] for area in menu for item in area["items"]]
    assert "/customers/account/" in paths
    for path in paths:
        answer = get(who, path)
        if path == "/insight/":
            assert answer["Location"].startswith("/insight/dashboards/"), "leads to the board somebody sees first"
            answer = get(who, answer["Location"])
        assert answer.status_code == 200, path


@pytest.mark.parametrize("key", [e.key for e in catalogue.every()])
def test_every_entity_has_its_pages(get: Any, key: str) -> None:
    versions.refresh()
    entity = catalogue.get(key)
    for page in ("", "new", "filters", "columns", "views", "choose"):
        assert get("admin", f"/{entity.room}/{entity.noun}/{page}").status_code == 200, page
