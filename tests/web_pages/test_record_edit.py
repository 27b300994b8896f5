"""Values of a record changed where they stand (CAP-1, MOD-5): editors, rights, two people at once, what comes back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from guanxi.core.access import actor_for
from guanxi.core.journal.models import ChangeSet
from guanxi.customers.models import Account
from guanxi.records import catalogue, read

VERSION = re.compile(r'name="version" value="(\d+)"')


def base(id_: int) -> str:
    return f"/customers/account/{id_}/"


def stored(id_: int, key: str) -> Any:
    return Account.all_rows.filter(pk=id_).values_list(key, flat=True)[0]


@pytest.mark.parametrize(
    ("who", "status"),
    [("owner", 200), ("manager", 200), ("colleague", 404), ("stranger", 404), ("marketer", 404), ("nobody", 401)],
)
def test_who_gets_an_editor(house: Any, get: Any, post: Any, who: str, status: int) -> None:
    id_ = house.customer(short_name="Acme")
    assert get(who, f"{base(id_)}cell/short_name", htmx=True).status_code == status
    answer = post(who, f"{base(id_)}cell/short_name", {"short_name": "Mine", "version": "1"}, htmx=True)
    assert answer.status_code == status
    assert stored(id_, "short_name") == ("Mine" if status == 200 else "Acme")


def test_an_editor_holds_its_field_and_its_version_only(house: Any, get: Any) -> None:
    id_ = house.customer(short_name="Acme", annual_revenue="5", currency="CNY")
    html = get("owner", f"{base(id_)}cell/short_name", htmx=True).content.decode()
    assert 'value="Acme"' in html and VERSION.search(html) and 'name="name"' not in html and "<html" not in html
    money = get("owner", f"{base(id_)}cell/annual_revenue", htmx=True)
    if money.status_code == 200:  # an amount is edited with its currency
        assert 'name="currency"' in money.content.decode()


def test_saving_gives_header_and_sections_back_and_a_way_back(house: Any, post: Any) -> None:
    id_ = house.customer("Acme Trading")
    answer = post("owner", f"{base(id_)}cell/name", {"name": "Acme Ltd", "version": "1"}, htmx=True)
    html = answer.content.decode()
    assert answer["HX-Retarget"] == "#record-facts" and answer["HX-Reswap"] == "outerMorph"
    assert (
        "<title>Acme Ltd</title>" in html
        and 'id="record-head" hx-swap-oob="outerMorph"' in html
        and "<html" not in html
    )
    told = json.loads(answer["HX-Trigger"])
    assert "gx:timeline" in told
    post("owner", told["gx:toast"]["undo"])
    assert stored(id_, "name") == "Acme Trading"


def test_tab_saves_and_opens_the_next_editor_in_one_answer(house: Any, post: Any) -> None:
    id_ = house.customer(website="https://example.com")
    form = {"short_name": "Acme", "version": "1", "then": "website"}
    html = post("owner", f"{base(id_)}cell/short_name", form, htmx=True).content.decode()
    assert 'data-cell-form="website"' in html and "https://example.com" in html
    # The next field is only opened for who may change it.
    html = post("owner", f"{base(id_)}cell/short_name", {**form, "then": "number"}, htmx=True).content.decode()
    assert "data-cell-form" not in html


def test_an_unchanged_value_leaves_no_trace(house: Any, post: Any) -> None:
    id_ = house.customer(short_name="Acme")
    before = ChangeSet.objects.count()
    answer = post("owner", f"{base(id_)}cell/short_name", {"short_name": "Acme", "version": "1"}, htmx=True)
    assert "gx:toast" not in json.loads(answer["HX-Trigger"])
    assert ChangeSet.objects.count() == before


def test_a_wrong_value_comes_back_with_what_was_typed(house: Any, post: Any) -> None:
    id_ = house.customer(email="a@example.com")
    answer = post("owner", f"{base(id_)}cell/email", {"email": "nonsense", "version": "1"}, htmx=True)
    html = answer.content.decode()
    assert answer["HX-Retarget"] == "#cell-form"
    assert 'value="nonsense"' in html and 'aria-invalid="true"' in html
    assert stored(id_, "email") == "a@example.com"


def test_two_editors_of_one_value_meet_and_nothing_is_lost(house: Any, get: Any, post: Any) -> None:
    """MOD-5: the second gets 409 with both values, and saves either."""
    id_ = house.customer(short_name="old")
    url = f"{base(id_)}cell/short_name"
    mine = VERSION.search(get("owner", url, htmx=True).content.decode())
    theirs = VERSION.search(get("manager", url, htmx=True).content.decode())
    assert mine and theirs
    post("manager", url, {"short_name": "theirs", "version": theirs[1]}, htmx=True)
    answer = post("owner", url, {"short_name": "mine", "version": mine[1]}, htmx=True)
    html = answer.content.decode()
    assert answer.status_code == 409 and answer["HX-Retarget"] == "#gx-dialog [data-dialog-body]"
    for text in ("old", "theirs", "mine", "Manager"):
        assert text in html
    assert stored(id_, "short_name") == "theirs"
    again = VERSION.search(html)
    carried = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', html))
    assert again and carried["short_name"] == "mine"
    kept = post("owner", url, {"short_name": "mine", "keep-short_name": "theirs", "version": again[1]}, htmx=True)
    assert kept.status_code == 200 and stored(id_, "short_name") == "theirs"
    post("owner", url, {"short_name": "mine", "keep-short_name": "yours", "version": again[1]}, htmx=True)
    assert stored(id_, "short_name") == "mine"


def test_two_editors_of_different_values_do_not_meet(house: Any, post: Any) -> None:
    id_ = house.customer()
    post("manager", f"{base(id_)}cell/website", {"website": "https://example.com", "version": "1"}, htmx=True)
    answer = post("owner", f"{base(id_)}cell/short_name", {"short_name": "Acme", "version": "1"}, htmx=True)
    assert answer.status_code == 200
    assert (stored(id_, "short_name"), stored(id_, "website")) == ("Acme", "https://example.com")


@pytest.mark.parametrize("field", ["number", "created_at", "no_such", "id_number"])
def test_what_may_not_be_edited_answers_as_what_is_not_there(house: Any, get: Any, field: str) -> None:
    id_ = house.customer()
    assert get("owner", f"{base(id_)}cell/{field}").content == get("owner", f"{base(id_)}cell/really_not_there").content


def test_a_secret_never_reaches_its_editor(house: Any, get: Any) -> None:
    secret = "11010519491231002X"
    values = {"name": "王伟", "kind": "person", "owner": house.owner.pk, "id_number": secret}
    id_ = house.save("customers.account", values).id
    for who in ("owner", "manager", "admin"):
        answer = get(who, f"{base(id_)}cell/id_number", htmx=True)
        assert secret not in answer.content.decode()


def test_given_away_it_leaves_the_sight_of_who_gave_it(house: Any, get: Any, post: Any) -> None:
    """Whoever may assign changes the owner in place; a record out of range then goes back to the list."""
    id_ = house.customer()
    assert get("owner", f"{base(id_)}cell/owner").status_code == 404, "sales may not give away"
    answer = post("manager", f"{base(id_)}cell/owner", {"owner": str(house.colleague.pk), "version": "1"}, htmx=True)
    assert answer.status_code == 200 and stored(id_, "owner_id") == house.colleague.pk


def test_the_ring_counts_what_the_entity_declares(house: Any, get: Any) -> None:
    id_ = house.customer()
    view = read.view(catalogue.get("customers.account"), actor_for(house.owner), id_)
    counted = [c.key for c in view.counted]
    assert counted[:3] == ["name", "kind", "owner"]
    filled = sum(not c.empty for c in view.counted)
    assert view.completeness == 100 * filled // len(counted) < 100
    html = get("owner", base(id_)).content.decode()
    assert f"{filled} of {len(counted)} fields" in html
    assert f'data-fact-open="{view.missing[0].key}"' in html


def test_the_ring_does_not_tell_of_what_is_masked_or_secret(house: Any) -> None:
    """SEC-3: two records that differ only in fields masked for marketing look the same to marketing's ring."""
    entity, actor = catalogue.get("customers.account"), actor_for(house.marketer)
    full = house.customer(phone="13800138000", email="a@example.com", owner=house.marketer.pk)
    bare = house.customer("Bare", owner=house.marketer.pk)
    views = [read.view(entity, actor, id_) for id_ in (full, bare)]
    assert "phone" in views[0].masked
    assert not {c.key for c in views[0].counted} & views[0].masked
    assert views[0].completeness == views[1].completeness
    assert "id_number" not in entity.counted


def test_empty_fields_wait_folded_and_are_edited_in_place_too(house: Any, get: Any) -> None:
    html = get("owner", base(house.customer())).content.decode()
    folded = html[html.index('id="rest-0"') :]
    assert 'data-fact="short_name"' in folded[: folded.index("</details>")]
