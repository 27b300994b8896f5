"""The record page, its form, the way two people who edit at once meet, deleting and taking back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guanxi.core.access import acting, actor_for
from guanxi.core.journal.models import ChangeSet
from guanxi.customers.models import Account
from guanxi.records import catalogue, read

EVERYBODY = [("owner", 200), ("manager", 200), ("admin", 200), ("colleague", 404), ("stranger", 404), ("nobody", 302)]


def base(id_: int) -> str:
    return f"/customers/account/{id_}/"


def stored(id_: int, key: str) -> Any:
    return Account.all_rows.filter(pk=id_).values_list(key, flat=True)[0]


@pytest.mark.parametrize(("who", "status"), EVERYBODY)
@pytest.mark.parametrize("page", ["", "timeline", "panel/related", "origin/name"])
def test_who_sees_the_record(house: Any, get: Any, who: str, status: int, page: str) -> None:
    id_ = house.customer("Acme Trading")
    response = get(who, base(id_) + page)
    assert response.status_code == status
    if status != 200:
        assert b"Acme" not in response.content


@pytest.mark.parametrize(
    ("who", "status"), [("owner", 200), ("manager", 200), ("colleague", 404), ("marketer", 404), ("nobody", 302)]
)
def test_who_may_edit(house: Any, get: Any, post: Any, who: str, status: int) -> None:
    id_ = house.customer("Acme Trading")
    assert get(who, f"{base(id_)}edit").status_code == status
    answer = post(who, f"{base(id_)}edit", {"name": "Changed", "version": "1"})
    assert answer.status_code == (302 if status in (200, 302) else 404)
    assert stored(id_, "name") == ("Changed" if status == 200 else "Acme Trading")


def test_missing_and_hidden_records_answer_alike(house: Any, get: Any) -> None:
    id_ = house.customer()
    assert get("colleague", base(id_)).content == get("colleague", base(987654)).content


def test_every_value_has_its_origin_and_its_past(house: Any, get: Any, post: Any) -> None:
    id_ = house.customer(phone="021-62345678")
    post("owner", f"{base(id_)}edit?field=phone", {"phone": "13800138000", "version": "1"})
    page = get("owner", base(id_)).content.decode()
    assert f'href="{base(id_)}origin/phone" data-origin' in page
    panel = get("owner", f"{base(id_)}origin/phone", htmx=True).content.decode()
    assert "<html" not in panel
    assert "Owner" in panel and "6234 5678" in panel
    assert get("owner", f"{base(id_)}origin/no_such").status_code == 404
    # Marketing knows the field, but neither its value nor what it was.
    seen = get("marketer", f"{base(id_)}origin/phone", htmx=True).content.decode()
    assert "6234 5678" not in seen
    assert (
        get("marketer", f"{base(id_)}origin/id_number").content == get("marketer", f"{base(id_)}origin/no_such").content
    )


def test_reveal_is_logged_and_only_for_who_may(house: Any, post: Any, get: Any) -> None:
    id_ = house.save(
        "customers.account",
        {"name": "王伟", "kind": "person", "owner": house.owner.pk, "id_number": "11010519491231002X"},
    ).id
    assert "11010519491231002X" not in get("manager", base(id_)).content.decode()
    shown = post("manager", f"{base(id_)}reveal/id_number", htmx=True)
    assert shown.status_code == 200 and "11010519491231002X" in shown.content.decode()
    entry = ChangeSet.objects.get(action="reveal")
    assert (entry.record, entry.detail, entry.actor_id) == (id_, {"field": "id_number"}, house.manager.pk)
    for who, status in (("owner", 404), ("colleague", 404), ("marketer", 404), ("nobody", 302)):
        answer = post(who, f"{base(id_)}reveal/id_number", htmx=False)
        assert answer.status_code == status
        assert "11010519491231002X" not in answer.content.decode()
    assert ChangeSet.objects.filter(action="reveal").count() == 1
    assert get("manager", f"{base(id_)}reveal/id_number").status_code == 405


def test_new_record_is_the_makers_and_can_be_taken_back(house: Any, get: Any, post: Any) -> None:
    assert get("owner", "/customers/account/new").status_code == 200
    answer = post("owner", "/customers/account/new", {"name": "Fresh Ltd", "kind": "company"})
    assert answer.status_code == 302
    made = Account.all_rows.get(name="Fresh Ltd")
    assert answer["Location"] == base(made.pk)
    assert made.owner_id == house.owner.pk
    post("owner", f"/journal/{made.created_in}/undo")
    assert get("owner", base(made.pk)).status_code == 404


def test_new_form_takes_values_from_the_address(house: Any, get: Any) -> None:
    id_ = house.customer("Acme Trading")
    html = get("owner", f"/customers/contact/new?account={id_}").content.decode()
    assert f'name="account" value="{id_}"' in html and 'value="Acme Trading"' in html
    # Out of range: the name of what the address points to is not given away.
    assert "Acme Trading" not in get("colleague", f"/customers/contact/new?account={id_}").content.decode()


def test_wrong_values_come_back_with_what_was_typed(house: Any, post: Any) -> None:
    id_ = house.customer(email="a@example.com")
    answer = post("owner", f"{base(id_)}edit", {"name": "", "email": "not an address", "version": "1"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "not an address" in html and html.count('aria-invalid="true"') == 2
    assert stored(id_, "name") == "Acme Trading"
    assert post("owner", f"{base(id_)}edit", {"name": "", "version": "1"}, htmx=True).status_code == 200


def test_field_dialog_changes_only_its_field(house: Any, get: Any, post: Any) -> None:
    id_ = house.customer(tier="key")
    dialog = get("owner", f"{base(id_)}edit?field=tier", htmx=True).content.decode()
    assert 'name="tier"' in dialog and 'name="name"' not in dialog and "<html" not in dialog
    answer = post(
        "owner", f"{base(id_)}edit?field=tier", {"tier": "small", "name": "Sneaked in", "version": "1"}, htmx=True
    )
    assert answer.status_code == 200 and answer["HX-Retarget"] == "#record" and "gx:shut" in answer["HX-Trigger"]
    assert (stored(id_, "tier"), stored(id_, "name")) == ("small", "Acme Trading")
    assert get("owner", f"{base(id_)}edit?field=nope").status_code == 404


@pytest.mark.parametrize("htmx", [False, True])
def test_two_editors_meet_and_nothing_is_lost(house: Any, post: Any, htmx: bool) -> None:
    id_ = house.customer("Acme Trading", remark="old")
    house.save("customers.account", {"name": "Theirs", "website": "https://example.com"}, id=id_)
    answer = post("owner", f"{base(id_)}edit", {"name": "Mine", "remark": "mine too", "version": "1"}, htmx=htmx)
    html = answer.content.decode()
    assert answer.status_code == 409
    for text in ("Acme Trading", "Theirs", "Mine", "Admin"):
        assert text in html
    assert ("<html" in html) is not htmx
    assert stored(id_, "name") == "Theirs" and stored(id_, "remark") == "old"
    version = re.search(r'name="version" value="(\d+)"', html)
    assert version is not None
    carried = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html))
    assert carried["name"] == "Mine" and carried["remark"] == "mine too"
    carried.pop("csrfmiddlewaretoken", None)
    kept = post("owner", f"{base(id_)}edit", {**carried, "version": version[1], "keep-name": "theirs"})
    assert kept.status_code == 302
    assert (stored(id_, "name"), stored(id_, "remark"), stored(id_, "website")) == (
        "Theirs",
        "mine too",
        "https://example.com",
    )


def test_saving_what_others_did_not_touch_is_no_conflict(house: Any, post: Any) -> None:
    id_ = house.customer()
    house.save("customers.account", {"website": "https://example.com"}, id=id_)
    assert post("owner", f"{base(id_)}edit", {"name": "Mine", "version": "1"}).status_code == 302
    assert stored(id_, "name") == "Mine"


def test_delete_says_what_goes_along_and_undo_brings_all_back(house: Any, get: Any, post: Any) -> None:
    id_ = house.customer()
    contact = house.save("customers.contact", {"name": "Li", "account": id_}).id
    page = get("manager", f"{base(id_)}delete").content.decode()
    assert "Contacts: 1" in page
    assert get("owner", f"{base(id_)}delete").status_code == 404  # sales may not delete
    answer = post("manager", f"{base(id_)}delete", {"version": "1"})
    assert answer.status_code == 302
    assert get("manager", base(id_)).status_code == get("manager", f"/customers/contact/{contact}/").status_code == 404
    gone = ChangeSet.objects.get(action="delete")
    post("manager", f"/journal/{gone.pk}/undo")
    assert get("manager", base(id_)).status_code == get("manager", f"/customers/contact/{contact}/").status_code == 200


def test_delete_refuses_while_orders_stand(house: Any, get: Any, post: Any) -> None:
    id_ = house.customer()
    house.save("trade.order", {"account": id_, "ordered_at": "2026-01-05 10:00"})
    assert "Orders: 1" in get("manager", f"{base(id_)}delete").content.decode()
    assert post("manager", f"{base(id_)}delete", {"version": "1"}).status_code == 422
    assert get("manager", base(id_)).status_code == 200


def test_delete_of_a_changed_record_is_asked_again(house: Any, post: Any) -> None:
    id_ = house.customer()
    house.save("customers.account", {"name": "Changed"}, id=id_)
    assert post("manager", f"{base(id_)}delete", {"version": "1"}).status_code == 409
    assert stored(id_, "deleted_in") is None


def test_get_changes_nothing(house: Any, get: Any) -> None:
    id_ = house.customer()
    before = ChangeSet.objects.count()
    for page in ("", "edit", "delete", "timeline", "panel/related", "origin/name"):
        get("admin", base(id_) + page)
    for page in ("", "filters", "columns", "views", "choose?q=a", f"bulk?do=delete&id={id_}", "new"):
        assert get("admin", f"/customers/account/{page}").status_code == 200, page
    assert ChangeSet.objects.count() == before
    assert get("admin", "/customers/account/export").status_code == 405


def test_choose_finds_only_what_the_person_may_see(house: Any, get: Any) -> None:
    house.customer("Acme Trading")
    assert "Acme Trading" in get("owner", "/customers/account/choose?q=acme").content.decode()
    assert "Acme Trading" not in get("colleague", "/customers/account/choose?q=acme").content.decode()
    assert "Acme Trading" not in get("colleague", "/customers/account/choose").content.decode()
    assert "Manager" in get("owner", "/choose/people?q=mana").content.decode()
    assert get("nobody", "/choose/people").status_code == 302


def test_panels_lead_to_lists_and_prefilled_forms(house: Any, get: Any) -> None:
    id_ = house.customer()
    house.save("customers.contact", {"name": "Li Lei", "account": id_})
    html = get("owner", f"{base(id_)}panel/related").content.decode()
    assert "Li Lei" in html and f"/customers/contact/new?account={id_}" in html
    assert f"/trade/order/new?account={id_}" in html


def test_timeline_goes_on_where_it_ended(house: Any, get: Any) -> None:
    id_ = house.customer()
    for i in range(12):
        house.save("customers.account", {"name": f"Name {i}"}, id=id_)
    first = get("admin", f"{base(id_)}panel/timeline")
    moments = first.context["moments"]
    more = get("admin", first.context["more_url"], htmx=True)
    ids = [m.id for m in moments] + [m.id for m in more.context["moments"]]
    assert len(ids) == len(set(ids)) == 13
    assert more.context["more_url"] == ""
    assert more.context["moments"][-1].title == "created it"


def test_queries_of_the_record_page_do_not_grow_with_its_past(house: Any) -> None:
    id_ = house.customer()
    client = house.client(house.admin)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(base(id_)).status_code == 200
        return len(queries)

    house.save("customers.account", {"name": "Name"}, id=id_)
    client.get(base(id_))
    few = count()
    for i in range(6):
        house.save("customers.account", {"name": f"Name {i}"}, id=id_)
    assert count() == few


def test_masked_cells_do_not_reach_the_form(house: Any) -> None:
    id_ = house.customer(phone="13800138000")
    actor = actor_for(house.marketer)
    with acting(actor):
        assert "13800138000" not in str(read.view(catalogue.get("customers.account"), actor, id_).cells["phone"])


def test_an_earlier_value_names_who_had_set_it(house: Any, get: Any) -> None:
    id_ = house.customer("First Name")
    house.save("customers.account", {"name": "Second Name"}, by=house.owner, id=id_)
    house.save("customers.account", {"name": "Third Name"}, by=house.manager, id=id_)
    page = get("admin", f"/customers/account/{id_}/origin/name").content.decode()
    earlier = page[page.index("Second Name") :]
    assert "Owner" in earlier[: earlier.index("First Name")], "the second value is the owner's, who set it"
    assert "Admin" in earlier[earlier.index("First Name") :]
