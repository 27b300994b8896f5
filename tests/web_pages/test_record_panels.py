"""What stands around the fields: panels that the site lists, related records, neighbours, the relation graph, who sees it and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.urls import get_resolver

from guanxi.core.access import actor_for
from guanxi.customers import graph
from guanxi.records import catalogue, read
from guanxi.web import panels
from guanxi.web.pages import neighbours
from guanxi.web.panels import EVERY, Panel

ACCOUNT = "customers.account"


def base(id_: int) -> str:
    return f"/customers/account/{id_}/"


# The hook ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def hang() -> Iterator[Any]:
    """Panels in place of the site's, which are listed when the addresses are first asked for."""
    assert get_resolver().url_patterns
    before = panels.every()
    yield lambda *found: panels.install(found)
    panels.install(before)


def test_upper_rooms_hang_panels_on_lower_rooms_pages(house: Any, get: Any, hang: Any) -> None:
    """Architecture idea 8: listed, in order, for one entity or all, and only for whom they are."""
    id_ = house.customer()
    hang(
        Panel(entity=EVERY, key="one", title="One", body=lambda r, v: f"<b>one {v.id}</b>", lazy=False, order=2),
        Panel(entity=ACCOUNT, key="two", title="Two", body=lambda r, v: "<b>two</b>", place="middle", lazy=False),
        Panel(entity="trade.order", key="three", title="Three", body=lambda r, v: "<b>three</b>", lazy=False),
        Panel(
            entity=EVERY, key="four", title="Four", body=lambda r, v: "<b>four</b>", needs=("settings.roles", "edit")
        ),
        Panel(entity=EVERY, key="five", title="Five", body=lambda r, v: "", lazy=False),
    )
    html = get("owner", base(id_)).content.decode()
    assert f"<b>one {id_}</b>" in html and html.index("<b>two</b>") < html.index("<b>one")
    assert "<b>three</b>" not in html and "panel-four" not in html and "panel-five" not in html
    assert get("owner", f"{base(id_)}panel/four").status_code == 404
    assert "panel-four" in get("admin", base(id_)).content.decode()
    assert "<b>four</b>" in get("admin", f"{base(id_)}panel/four").content.decode()
    filled = get("admin", f"{base(id_)}panels", htmx=True).content.decode()
    assert 'id="panel-four-body" hx-swap-oob="innerHTML"><b>four</b>' in filled and "<b>one" not in filled
    assert get("colleague", f"{base(id_)}panel/one").status_code == 404


def test_a_panel_of_an_entity_stands_for_the_one_of_all(house: Any, get: Any, hang: Any) -> None:
    hang(
        Panel(entity=EVERY, key="one", title="One", body=lambda r, v: "<b>all</b>", lazy=False),
        Panel(entity=ACCOUNT, key="one", title="One", body=lambda r, v: "<b>own</b>", lazy=False),
    )
    html = get("owner", base(house.customer())).content.decode()
    assert "<b>own</b>" in html and "<b>all</b>" not in html


def test_one_name_is_listed_once() -> None:
    one = Panel(entity=EVERY, key="one", title="One", body=lambda r, v: "")
    before = panels.every()
    with pytest.raises(ValueError, match="two panels"):
        panels.install([one, one])
    assert panels.every() == before


# Related records --------------------------------------------------------------------------------------------------------


def test_related_records_are_added_and_edited_without_leaving(house: Any, get: Any, post: Any) -> None:
    id_ = house.customer()
    contact = house.save("customers.contact", {"name": "Li Lei", "account": id_}).id
    html = get("owner", f"{base(id_)}panel/related", htmx=True).content.decode()
    add, edit = f"/customers/contact/new?account={id_}&stay=1", f"/customers/contact/{contact}/edit?stay=1"
    assert add.replace("&", "&amp;") in html and edit in html
    dialog = get("owner", add, htmx=True).content.decode()
    assert 'action="/customers/contact/new?stay=1"' in dialog
    made = post("owner", "/customers/contact/new?stay=1", {"name": "Han", "account": str(id_)}, htmx=True)
    assert made.status_code == 204 and "HX-Redirect" not in made
    told = json.loads(made["HX-Trigger"])
    assert {"gx:shut", "gx:related", "gx:toast"} <= told.keys()
    changed = post("owner", edit, {"name": "Li Mei", "version": "1"}, htmx=True)
    assert changed.status_code == 204 and "gx:related" in json.loads(changed["HX-Trigger"])
    html = get("owner", f"{base(id_)}panel/related", htmx=True).content.decode()
    assert "Han" in html and "Li Mei" in html and "Li Lei" not in html
    wrong = post("owner", "/customers/contact/new?stay=1", {"name": "", "account": str(id_)}, htmx=True)
    assert wrong.status_code == 200 and 'aria-invalid="true"' in wrong.content.decode()


def test_panels_offer_no_editing_to_whom_it_is_not_given(house: Any, get: Any) -> None:
    id_ = house.customer(owner=house.marketer.pk)
    contact = house.save("customers.contact", {"name": "Li Lei", "account": id_}).id
    html = get("marketer", f"{base(id_)}panel/related", htmx=True).content.decode()
    assert f"/customers/contact/{contact}/edit" not in html
    assert ("/customers/contact/new" in html) == actor_for(house.marketer).can("customers.contact", "create")


def test_panels_count_beyond_what_they_show(house: Any, get: Any) -> None:
    id_ = house.customer()
    for i in range(7):
        house.save("customers.contact", {"name": f"Person {i}", "account": id_})
    html = get("owner", f"{base(id_)}panel/related", htmx=True).content.decode()
    assert "All 7" in html and f"/customers/contact/?f.account.is={id_}" in html
    assert sum(f"Person {i}" in html for i in range(7)) == 5


# Neighbours -------------------------------------------------------------------------------------------------------------


def test_neighbours_are_those_of_the_list_one_came_from(house: Any, get: Any) -> None:
    ids = [house.customer(f"Firm {i}") for i in range(4)]
    house.customer("Other")
    came = quote("f.name.contains=Firm&sort=name")
    html = get("owner", f"{base(ids[1])}neighbours?from={came}", htmx=True).content.decode()
    assert f'href="{base(ids[0])}?' in html and f'href="{base(ids[2])}?' in html and "Other" not in html
    first = get("owner", f"{base(ids[0])}neighbours?from={came}", htmx=True).content.decode()
    assert 'data-key="j"' in first and 'data-key="k"' not in first


def test_neighbours_go_on_over_the_edge_of_a_page(house: Any) -> None:
    ids = [house.customer(f"Firm {i}") for i in range(5)]
    entity, actor = catalogue.get(ACCOUNT), actor_for(house.owner)
    origin, walked, here = "f.name.contains=Firm&sort=name&n=2", [], ids[0]
    for _step in range(6):
        walked.append(here)
        _before, after = neighbours.around(entity, actor, here, origin)
        if after is None:
            break
        parts = urlsplit(after.url)
        origin, here = parse_qs(parts.query)["from"][0], int(parts.path.rstrip("/").rpartition("/")[2])
    assert walked == ids
    for back in reversed(ids[:-1]):
        before, _after = neighbours.around(entity, actor, here, origin)
        assert before is not None
        parts = urlsplit(before.url)
        origin, here = parse_qs(parts.query)["from"][0], int(parts.path.rstrip("/").rpartition("/")[2])
        assert here == back


def test_neighbours_are_within_ones_rights(house: Any, get: Any) -> None:
    mine = house.customer("Firm 1")
    house.customer("Firm 2", owner=house.stranger.pk)
    html = get("owner", f"{base(mine)}neighbours?from=sort%3Dname", htmx=True).content.decode()
    assert "Firm 2" not in html
    # A list that cannot be asked for, or that this record is not in, has no neighbours and is no error.
    for came in ("f.no_such.is=1", "f.name.contains=zzz", "at=nonsense", "-"):
        assert get("owner", f"{base(mine)}neighbours?from={quote(came)}", htmx=True).status_code == 200


def test_the_page_knows_the_list_by_what_the_browser_says(house: Any) -> None:
    id_ = house.customer()
    client = house.client(house.owner)
    page = client.get(base(id_), headers={"Referer": "http://testserver/customers/account/?sort=name"}).content.decode()
    assert "neighbours?from=sort%3Dname" in page
    for other in ("http://elsewhere/customers/account/?sort=name", "http://testserver/trade/order/?sort=name"):
        assert "neighbours?" not in client.get(base(id_), headers={"Referer": other}).content.decode()


# The relation graph -----------------------------------------------------------------------------------------------------


def test_the_graph_shows_group_branches_and_relations(house: Any, get: Any) -> None:
    group = house.customer("Group")
    here = house.customer("Here", parent=group, group_role="branch")
    sister = house.customer("Sister", parent=group, group_role="branch")
    partner = house.customer("Partner")
    house.save("customers.relation", {"account": here, "type": "supplies", "other": partner})
    found = graph.around(actor_for(house.owner), here)
    assert {n.name for n in found.nodes.values()} == {"Here", "Group", "Partner"}
    assert found.nodes[ACCOUNT, group].more and not found.nodes[ACCOUNT, partner].more
    wider = graph.around(actor_for(house.owner), here, opened=[group])
    assert "Sister" in {n.name for n in wider.nodes.values()} and not wider.nodes[ACCOUNT, group].more
    html = get("owner", f"{base(here)}panel/graph", htmx=True).content.decode()
    assert "<svg" in html and "style=" not in html and f"open={group}" in html
    assert "As a list" in html and "Supplies" in html
    assert "Sister" in get("owner", f"{base(here)}panel/graph?open={group}", htmx=True).content.decode()
    assert sister


def test_the_graph_has_no_holes_where_somebody_may_not_look(house: Any, get: Any) -> None:
    """What is out of range is not there: no node, no edge, no sign that more follows, and no bound used up."""
    here = house.customer("Here")
    theirs = house.customer("Theirs", owner=house.stranger.pk, parent=None)
    house.save(ACCOUNT, {"parent": theirs, "group_role": "branch"}, id=here)
    for i in range(3):
        other = house.customer(f"Hidden {i}", owner=house.stranger.pk)
        house.save("customers.relation", {"account": here, "type": "supplies", "other": other})
    seen = house.customer("Seen")
    house.save("customers.relation", {"account": here, "type": "supplies", "other": seen})
    beyond = house.customer("Beyond", owner=house.stranger.pk)
    house.save("customers.relation", {"account": seen, "type": "supplies", "other": beyond})
    found = graph.around(actor_for(house.owner), here, most=2)
    assert {n.name for n in found.nodes.values()} == {"Here", "Seen"}
    assert len(found.edges) == 1 and not found.cut and not found.nodes[ACCOUNT, seen].more
    html = get("owner", f"{base(here)}panel/graph?open={theirs}", htmx=True).content.decode()
    for name in ("Theirs", "Hidden", "Beyond", f"/{theirs}/"):
        assert name not in html
    with pytest.raises(read.Hidden):
        graph.around(actor_for(house.colleague), here)


def test_the_graph_is_bounded_and_says_so(house: Any, get: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    here = house.customer("Here")
    for i in range(4):
        other = house.customer(f"Firm {i}")
        house.save("customers.relation", {"account": here, "type": "supplies", "other": other})
    found = graph.around(actor_for(house.owner), here, most=3)
    assert len(found.nodes) == 3 and found.cut


# Who sees it, and why ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "sees", "word"),
    [
        ("owner", True, "the same person"),
        ("manager", True, "of the same department"),
        ("colleague", False, "of the same department"),
        ("stranger", False, "outside of the departments"),
    ],
)
def test_why_somebody_sees_a_record_or_not(house: Any, get: Any, who: str, sees: bool, word: str) -> None:
    id_ = house.customer()
    person = getattr(house, who)
    html = get("admin", f"{base(id_)}why?person={person.pk}", htmx=True).content.decode()
    assert ("sees this record" in html) is sees and ("does not see this record" in html) is not sees
    assert word in html
    assert (get(who, base(id_)).status_code == 200) is sees


def test_why_of_a_part_goes_up_to_its_whole(house: Any, get: Any) -> None:
    contact = house.save("customers.contact", {"name": "Li", "account": house.customer()}).id
    html = get("admin", f"/customers/contact/{contact}/why?person={house.owner.pk}").content.decode()
    assert "It belongs to a customer" in html and "the same person" in html


def test_why_is_answered_only_to_who_may_change_roles(house: Any, get: Any) -> None:
    id_ = house.customer()
    for who in ("owner", "manager", "colleague"):
        assert get(who, f"{base(id_)}why?person={house.owner.pk}").status_code == 404
    assert f"{base(id_)}why" not in get("owner", base(id_)).content.decode()
    assert f"{base(id_)}why" in get("admin", base(id_)).content.decode()
    for nobody in ("", "987654", "x"):
        assert get("admin", f"{base(id_)}why?person={nobody}").status_code == 200
