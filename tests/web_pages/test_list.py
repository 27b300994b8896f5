"""The list: whose rows, which questions, which columns; constant work."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

LIST = "/customers/account/"


def names(response: Any) -> list[str]:
    return re.findall(
        r'<td class="gx-lead"><a href="/customers/account/\d+/">.*?<span>([^<]+)</span></span></a>',
        response.content.decode(),
    )


@pytest.mark.parametrize(
    ("who", "status", "seen"),
    [
        ("owner", 200, True),
        ("manager", 200, True),
        ("colleague", 200, False),
        ("stranger", 200, False),
        ("admin", 200, True),
        ("nobody", 302, False),
    ],
)
def test_list_shows_only_rows_in_range(house: Any, get: Any, who: str, status: int, seen: bool) -> None:
    house.customer("Acme Trading")
    response = get(who, LIST)
    assert response.status_code == status
    assert ("Acme Trading" in response.content.decode()) is seen


def test_filters_sort_and_words_travel_in_the_address(house: Any, get: Any) -> None:
    house.customer("Beta Foods", tier="key")
    house.customer("Alpha Foods", tier="key")
    house.customer("Gamma Foods", tier="small")
    found = get("owner", f"{LIST}?f.tier.any=key&sort=name")
    assert names(found) == ["Alpha Foods", "Beta Foods"]
    assert names(get("owner", f"{LIST}?f.tier.any=key&sort=-name")) == ["Beta Foods", "Alpha Foods"]
    assert names(get("owner", f"{LIST}?q=gamma")) == ["Gamma Foods"]
    assert 'aria-sort="ascending"' in found.content.decode()
    chips = found.context["chips"]
    assert [(c.label, c.operator, c.remove_url) for c in chips] == [("Tier", "is any of", f"{LIST}?sort=name")]


def test_builder_becomes_one_address(house: Any, get: Any) -> None:
    params = "built=1&sort=name&w.0.field=tier&w.0.op=any&w.0.v=key&w.0.v=small"
    params += "&w.2.field=created_at&w.2.op=within&w.2.v=this+month&w.3.field=&w.3.op=is"
    response = get("owner", f"{LIST}?{params}")
    assert response.status_code == 302
    assert response["Location"] == f"{LIST}?f.tier.any=key&f.tier.any=small&f.created_at.within=this_month&sort=name"
    assert get("owner", response["Location"]).status_code == 200


def test_column_chooser_keeps_order_and_filters(house: Any, get: Any) -> None:
    response = get("owner", f"{LIST}?f.tier.any=key&col=tier&col=name")
    assert response["Location"] == f"{LIST}?f.tier.any=key&cols=tier%2Cname"
    house.customer("Acme Trading", tier="key")
    page = get("owner", response["Location"]).context["page"]
    assert [c.key for c in page.columns] == ["tier", "name"]


@pytest.mark.parametrize("sort", ["", "name", "-name"])
def test_paging_visits_every_row_once_and_comes_back(house: Any, get: Any, sort: str) -> None:
    for i in range(13):
        house.customer(f"Firm {i:02}")
    url, seen, pages = f"{LIST}?n=5&sort={sort}", [], []
    while url:
        response = get("owner", url)
        pages.append(names(response))
        seen += pages[-1]
        url = response.context["next"]
    assert len(seen) == len(set(seen)) == 13
    assert [len(p) for p in pages] == [5, 5, 3]
    assert response.context["at"].last == 13
    back = get("owner", response.context["previous"])
    assert names(back) == pages[1]
    assert (back.context["at"].first, back.context["at"].last) == (6, 10)


def test_fragment_is_the_region_of_the_page(house: Any, get: Any) -> None:
    house.customer()
    whole, piece = get("owner", LIST).content.decode(), get("owner", LIST, target="div#rows").content.decode()
    assert "<html" not in piece
    assert piece.strip().startswith('<div class="gx-card" id="rows"')
    assert "1–1 of 1" in piece
    assert "Acme Trading" in piece and "Acme Trading" in whole


def test_every_fragment_link_has_an_address_that_works(house: Any, get: Any) -> None:
    house.customer()
    html = get("admin", LIST).content.decode()
    links = re.findall(r'href="([^"]*)"[^>]*hx-get="([^"]*)"', html)
    assert links
    for href, piece in links:
        assert href == piece
        assert get("admin", href.replace("&amp;", "&")).status_code == 200, href


@pytest.mark.parametrize("place", ["f.{}.is=1", "sort={}", "sort=-{}", "cols=name,{}"])
def test_denied_field_answers_in_the_same_bytes_as_an_unknown_one(house: Any, get: Any, place: str) -> None:
    house.customer("Acme Trading")
    # Marketing: secrets are hidden.
    denied = get("marketer", f"{LIST}?{place.format('id_number')}")
    unknown = get("marketer", f"{LIST}?{place.format('no_such_field')}")
    assert denied.status_code == unknown.status_code == 400
    assert denied.content == unknown.content


@pytest.mark.parametrize("place", ["f.{}.is=1", "sort={}"])
def test_masked_field_cannot_be_asked_for_either(house: Any, get: Any, place: str) -> None:
    # Marketing sees contact data masked: comparing would tell what the mask hides.
    masked, unknown = (get("marketer", f"{LIST}?{place.format(k)}") for k in ("phone", "no_such_field"))
    assert masked.status_code == 400
    assert masked.content == unknown.content


def test_bad_operator_and_bad_place_are_the_same_answer(get: Any) -> None:
    answers = [get("owner", f"{LIST}?{q}") for q in ("f.tier.nope=a", "at=zzzz", "f.nope.is=1")]
    assert {r.status_code for r in answers} == {400}
    assert len({r.content for r in answers}) == 1


def test_masked_values_are_masked_in_the_list(house: Any, get: Any) -> None:
    house.customer("Acme Trading", phone="13800138000")
    html = get("marketer", f"{LIST}?cols=name,phone").content.decode()
    assert "0013 8000" not in html and "13800138000" not in html


def test_queries_do_not_grow_with_rows(house: Any) -> None:
    client = house.client(house.admin)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(LIST).status_code == 200
        return len(queries)

    for i in range(2):
        house.customer(f"Firm {i}")
    client.get(LIST)
    few = count()
    for i in range(30):
        house.customer(f"More {i}", phone=f"1380013{i:04}")
    many = count()
    assert few == many
    assert many <= 12


def test_empty_list_offers_what_the_person_may_do(get: Any) -> None:
    assert "New customer" in get("owner", LIST).content.decode()
    assert "/customers/account/new" not in get("marketer", LIST).content.decode()


def test_saved_views_are_tabs_and_can_open_the_list(house: Any, get: Any, post: Any) -> None:
    house.customer("Acme Trading", tier="key")
    house.customer("Small Fry", tier="small")
    saved = post(
        "owner", f"{LIST}views/save", {"name": "Key ones", "params": "f.tier.any=key", "default": "on", "shared": "on"}
    )
    assert saved.status_code == 302
    assert names(get("owner", LIST)) == ["Acme Trading"]
    assert names(get("owner", f"{LIST}?n=50")) == ["Small Fry", "Acme Trading"]
    # Shared, but nobody else's list opens with it, and nobody else may change it.
    assert "Key ones" in get("manager", LIST).content.decode()
    assert len(names(get("manager", LIST))) == 2
    from guanxi.records.models import SavedView

    one = SavedView.objects.get()
    assert post("manager", f"{LIST}views/{one.pk}", {"do": "delete"}).status_code == 404
    assert post("owner", f"{LIST}views/{one.pk}", {"do": "delete"}).status_code == 302
    assert not SavedView.objects.exists()


def test_shared_view_drops_what_a_colleague_may_not_ask_and_says_so(house: Any, get: Any, post: Any) -> None:
    house.customer("Acme Trading", tier="key", owner=house.marketer.pk)
    params = "f.id_number.filled=1&f.tier.any=key&sort=name&cols=name,id_number"
    post("admin", f"{LIST}views/save", {"name": "With id", "params": params, "audience": "everybody"})
    tab = re.search(r'href="([^"]+)"[^>]*data-view=', get("marketer", LIST).content.decode())
    assert tab
    address = tab[1].replace("&amp;", "&")
    opened = get("marketer", address)
    html = opened.content.decode()
    assert "more than your role may see" in html and "id_number" not in html and "Identity" not in html
    assert [c.label for c in opened.context["chips"]] == ["Tier"]
    assert [c.key for c in opened.context["page"].columns] == ["name"]
    assert "more than your role may see" not in get("admin", address).content.decode()


def test_export_holds_what_the_list_shows_and_is_in_the_journal(house: Any, post: Any) -> None:
    from guanxi.core.journal.models import ChangeSet

    house.customer("=Acme", phone="13800138000")
    response = post("owner", f"{LIST}export", {"format": "CSV", "params": "cols=name,phone"})
    body = b"".join(response.streaming_content).decode("utf-8-sig")
    assert response.status_code == 200
    assert '"\'=Acme"' in body and "8000" in body
    entry = ChangeSet.objects.get(action="export")
    assert entry.detail["rows"] == 1 and entry.detail["columns"] == ["name", "phone"]
    assert post("marketer", f"{LIST}export", {"format": "CSV"}).status_code == 404
    xlsx = post("owner", f"{LIST}export", {"format": "XLSX"})
    assert b"".join(xlsx.streaming_content)[:2] == b"PK"
