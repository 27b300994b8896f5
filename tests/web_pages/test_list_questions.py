"""What can be asked of a list: groups, related records both ways, relative days, several sort fields, counting by a field (MOD-5)."""

from __future__ import annotations

import random
import re
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from django.utils import timezone

from guanxi.core.access import SYSTEM, actor_for
from guanxi.core.access.models import Grant, Role
from guanxi.core.org import currency, versions
from guanxi.records import catalogue, read
from guanxi.records.read.query import resolve_columns

LIST, ORDERS = "/customers/account/", "/trade/order/"
TODAY = timezone.localdate().isoformat()


def names(response: Any) -> list[str]:
    assert response.status_code == 200, response.status_code
    return [row.title for row in response.context["page"].rows]


@pytest.fixture
def trade(house: Any) -> dict[str, int]:
    """Three customers: two orders this year and one long ago, one order, none."""
    ids = {
        name: house.customer(name, tier=tier) for name, tier in (("Alpha", "key"), ("Beta", "small"), ("Gamma", "key"))
    }
    for account, day, status in (
        ("Alpha", TODAY, "paid"),
        ("Alpha", TODAY, "draft"),
        ("Alpha", "2019-03-04", "paid"),
        ("Beta", "2019-05-06", "paid"),
    ):
        house.save("trade.order", {"account": ids[account], "ordered_at": day, "status": status})
    return ids


MEANINGS = [
    ("f1.tier.any=small&f1.name.starts=Al", ["Alpha", "Beta"]),
    ("f1.tier.any=key&f1.name.starts=Al&g1=all", ["Alpha"]),
    ("f.tier.any=key&f1.name.starts=Al&f1.name.contains=amma", ["Alpha", "Gamma"]),
    ("match=any&f.tier.any=small&f1.name.starts=Ga&f1.tier.any=key&g1=all", ["Beta", "Gamma"]),
    ("f.name.contains=a&f.name.contains=l", ["Alpha"]),
    ("h1=trade.order.account", ["Alpha", "Beta"]),
    ("h1=trade.order.account&h1.n.gte=2", ["Alpha"]),
    ("h1=trade.order.account&h1.n.gte=3&h1.ordered_at.within=this_year", []),
    ("h1=trade.order.account&h1.n.gte=2&h1.ordered_at.within=this_year", ["Alpha"]),
    ("h1=trade.order.account&h1.n.is=1", ["Beta"]),
    ("h1=trade.order.account&h1.n.lte=0", ["Gamma"]),
    ("h1=trade.order.account&h1.n.lte=1", ["Beta", "Gamma"]),
    ("h1=trade.order.account&h1.ordered_at.within=older_than_400_days&h1.n.lte=0", ["Gamma"]),
    ("match=any&h1=trade.order.account&h1.n.gte=3&h2=trade.order.account&h2.n.lte=0", ["Alpha", "Gamma"]),
    ("f.created_at.within=last_1_days", ["Alpha", "Beta", "Gamma"]),
    ("f.created_at.within=older_than_1_days", []),
]


def test_conditions_mean_what_they_say(trade: Any, get: Any) -> None:
    for asked, found in MEANINGS:
        assert names(get("owner", f"{LIST}?{asked}&sort=name")) == found, asked


def test_conditions_on_what_a_link_leads_to(trade: Any, get: Any) -> None:
    found = get("owner", f"{ORDERS}?f.account.tier.any=small")
    assert len(found.context["page"].rows) == 1
    assert [(c.label, c.operator) for c in found.context["chips"]] == [("Customer › Tier", "is any of")]
    assert len(get("owner", f"{ORDERS}?f.account.tier.any=key&f.status.any=paid").context["page"].rows) == 2


def test_related_records_are_counted_within_the_asker_s_range(house: Any, trade: Any, get: Any) -> None:
    """SEC: the sub-query reads through the read door, with the rights of the related entity."""
    role = Role.objects.create(key="narrow", name="Narrow")
    house.narrow = house.person("narrow", "marketing", house.here)
    house.narrow.roles.set([role])
    for entity, scope in (("customers.account", "all"), ("trade.order", "own")):
        Grant.objects.create(role=role, entity=entity, action="view", scope=scope)
    from guanxi.core.access.models import FieldGrant

    FieldGrant.objects.create(role=role, entity="*", field_class="public", field="", level="read")
    versions.bump("access")
    versions.refresh()
    mine = house.customer("Delta", owner=house.narrow.pk)
    house.save("trade.order", {"account": mine, "ordered_at": TODAY})
    assert names(get("narrow", f"{LIST}?h1=trade.order.account")) == ["Delta"]
    assert sorted(names(get("narrow", f"{LIST}?h1=trade.order.account&h1.n.lte=0"))) == ["Alpha", "Beta", "Gamma"]
    Grant.objects.filter(role=role, entity="trade.order").delete()
    versions.bump("access")
    versions.refresh()
    denied, unknown = (get("narrow", f"{LIST}?h1={k}") for k in ("trade.order.account", "trade.nothing.account"))
    assert denied.status_code == 400 and denied.content == unknown.content
    assert "trade.order" not in get("narrow", f"{LIST}filters").content.decode()


PLACES = [
    (ORDERS, "f.account.{}.filled=1"),
    (ORDERS, "f1.account.{}.filled=1"),
    (ORDERS, "h1=trade.payment.order&h1.{}.filled=1"),
    (LIST, "f1.{}.filled=1"),
    (LIST, "h1=customers.contact.account&h1.{}.filled=1"),
    (LIST, "match=any&f.tier.any=key&h1=customers.contact.account&h1.{}.filled=1"),
    (LIST, "sort=name,-{}"),
    (LIST, "by={}"),
    (LIST, "by={}&f.tier.any=key"),
    (LIST, "f.parent.{}.filled=1"),
]


@pytest.mark.parametrize("field", ["id_number", "phone"])
def test_denied_answers_as_unknown_everywhere(trade: Any, get: Any, field: str) -> None:
    """SEC: hidden (id_number) and masked (phone) in related filters, groups, sorts, counts: byte for byte as unknown."""
    for base, place in PLACES:
        for page in ("", "filters") if "=1" in place else ("",):
            answers = [get("marketer", f"{base}{page}?{place.format(key)}") for key in (field, "no_such_field")]
            assert [a.status_code for a in answers] == [400, 400], place
            assert answers[0].content == answers[1].content, place


def test_builder_offers_only_what_may_be_asked(trade: Any, get: Any) -> None:
    html = get("marketer", f"{ORDERS}filters").content.decode()
    assert 'value="account.tier"' in html and "account.phone" not in html and "account.id_number" not in html
    block = get("marketer", f"{LIST}filters/related?relation=customers.contact.account&place=h2", htmx=True)
    html = block.content.decode()
    assert 'name="b.h2.relation"' in html and 'value="role"' in html and 'value="phone"' not in html
    answers = [get("marketer", f"{LIST}filters/related?relation={r}") for r in ("trade.orderline.order", "x.y.z")]
    assert {a.status_code for a in answers} == {400} and answers[0].content == answers[1].content


def test_builder_and_address_are_the_same_question(trade: Any, get: Any) -> None:
    form = {
        "built": "1",
        "mode": "all",
        "w.0.field": "tier", "w.0.op": "any", "w.0.v": "key", "w.0.in": "",
        "w.1.field": "created_at", "w.1.op": "older", "w.1.days": "30", "w.1.in": "g1",
        "w.2.field": "name", "w.2.op": "starts", "w.2.v": "Al", "w.2.in": "g1",
        "b.h1.relation": "trade.order.account", "b.h1.op": "gte", "b.h1.n": "2",
        "w.3.field": "ordered_at", "w.3.op": "within", "w.3.range": "this_year", "w.3.in": "h1",
        "w.4.field": "", "w.4.in": "h1",
    }  # fmt: skip
    made = get("owner", f"{LIST}?{urlencode(form)}")
    assert made["Location"] == (
        f"{LIST}?f.tier.any=key&f1.created_at.within=older_than_30_days&f1.name.starts=Al"
        "&h1=trade.order.account&h1.n.gte=2&h1.ordered_at.within=this_year"
    )
    listed = get("owner", made["Location"])
    assert names(listed) == ["Alpha"]
    html = get("owner", f"{LIST}filters?{made['Location'].partition('?')[2]}", htmx=True).content.decode()
    for mark in ('name="b.g1.mode"', 'name="b.h1.relation"', 'value="older"', 'value="30"'):
        assert mark in html
    chips = [(c.label, c.operator, c.value) for c in listed.context["chips"]]
    assert chips == [
        ("Tier", "is any of", "Key"),
        ("One of", "", "Created is more than 30 days ago; Name starts with Al"),
        ("Orders", "at least 2", "(Ordered within this year)"),
    ]
    # Each chip takes away its own condition and nothing else.
    assert get("owner", listed.context["chips"][2].remove_url).context["query"].having == ()
    assert [f.group for f in get("owner", listed.context["chips"][1].remove_url).context["query"].filters] == [0]


def test_chips_are_words_in_chinese_too(house: Any, trade: Any, get: Any) -> None:
    house.owner.language = "zh-hans"
    house.owner.save()
    asked = "h1=trade.order.account&h1.n.gte=2&h1.ordered_at.within=older_than_30_days&match=any&f.tier.any=key"
    html = get("owner", f"{LIST}?{asked}").content.decode()
    for text in ("至少 2", "30 天以前", "满足任一条件即可"):
        assert text in html


def test_an_address_survives_being_read_and_written() -> None:
    rnd = random.Random(7)
    for _round in range(200):
        filters = tuple(
            read.Filter(rnd.choice(["a", "b.c"]) + str(i), rnd.choice(["any", "is"]), ("1", "张 三&=")[: rnd.randint(1, 2)],
                        rnd.choice([0, 0, 1, 2]))
            for i in range(rnd.randint(0, 5))
        )  # fmt: skip
        used = sorted({f.group for f in filters if f.group})
        query = read.Query(
            filters=filters, sort=("x", "-y")[: rnd.randint(0, 2)], columns=("a", "b")[: rnd.randint(0, 2)],
            search=rnd.choice(["", "张"]), match=rnd.choice(["all", "any"]), by=rnd.choice(["", "tier"]),
            groups=tuple((no, "all") for no in used if rnd.random() < 0.5),
            having=tuple(read.Having("a.b.c", "lte", str(i), (read.Filter("d", "is", ("5",)),)) for i in range(rnd.randint(0, 2))),
        )  # fmt: skip
        again = read.Query.from_params(parse_qsl(query.params()))
        assert again.params() == query.params()
        assert {frozenset(again.filters), again.having, again.groups, again.match} == {
            frozenset(query.filters), query.having, query.groups, query.match
        }  # fmt: skip


@pytest.mark.parametrize("sort", ["tier,name", "tier,-name", "-tier,name,-number", "industry,name"])
def test_several_sort_fields_visit_every_row_once(house: Any, get: Any, sort: str) -> None:
    rnd = random.Random(sort)
    for _i in range(23):
        values = {"tier": rnd.choice(["key", "small", ""]), "industry": rnd.choice(["retail", "logistics", ""])}
        house.customer(f"Firm {rnd.randint(0, 3)}", **{k: v for k, v in values.items() if v})
    whole = [r.id for r in get("owner", f"{LIST}?n=100&sort={sort}").context["page"].rows]
    assert len(whole) == len(set(whole)) == 23
    url, seen, pages, response = f"{LIST}?n=5&sort={sort}", [], [], None
    while url:
        response = get("owner", url)
        pages.append([r.id for r in response.context["page"].rows])
        seen += pages[-1]
        url = response.context["next"]
    assert seen == whole
    assert response is not None
    back = []
    url = response.context["previous"]
    while url:
        response = get("owner", url)
        back.insert(0, [r.id for r in response.context["page"].rows])
        url = response.context["previous"]
    assert back == pages[:-1]
    # The order itself, against Python.
    rows = {r.id: r for r in get("owner", f"{LIST}?n=100&cols=name,number,tier,industry").context["page"].rows}
    first = sort.split(",")[0].lstrip("-")
    values = [rows[i][first].value or "" for i in whole]
    filled = [v for v in values if v]
    assert values == [*sorted(filled, reverse=sort.startswith("-")), *[""] * (len(values) - len(filled))]


def test_a_list_too_long_to_sort_by_several_says_so(house: Any, get: Any, monkeypatch: Any) -> None:
    import importlib

    for i in range(7):
        house.customer(f"Firm {i}", tier="key")
    monkeypatch.setattr(importlib.import_module("guanxi.records.read.count"), "CAP", 5)
    found = get("owner", f"{LIST}?sort=tier,-name&n=3")
    assert "too long to be sorted by several" in found.content.decode()
    assert [o.key for o in found.context["page"].orders] == ["tier"]
    assert found.context["approximate"] and "≈" in found.context["total"]
    assert len(names(get("owner", found.context["next"]))) == 3


def test_groups_count_and_add_up_what_the_list_shows(house: Any, trade: Any, get: Any) -> None:
    """Each group opens exactly its records; sums are those of the same person's list, by the rates of the orders' days."""
    currency.record_rate(SYSTEM, "USD", Decimal("7"), date=timezone.localdate().replace(year=2019, month=1, day=1))
    currency.record_rate(SYSTEM, "USD", Decimal("6"), date=timezone.localdate().replace(year=2020, month=1, day=1))
    theirs = house.customer("Theirs", owner=house.stranger.pk)
    for account, day, unit, price in (
        (trade["Gamma"], "2019-07-08", "USD", "10.01"), (trade["Gamma"], TODAY, "USD", "10.01"), (theirs, TODAY, "CNY", "99"),
    ):  # fmt: skip
        order = house.save(
            "trade.order", {"account": account, "ordered_at": day, "currency": unit, "status": "paid"}
        ).id
        house.save("trade.orderline", {"order": order, "description": "x", "quantity": "1", "unit_price": price})
    for who, total, n in (("owner", "130.13", 6), ("admin", "229.13", 7)):
        found = get(who, f"{ORDERS}?by=status").context["found"]
        assert (found.n, str(found.total)) == (n, total)
        assert sum(g.n for g in found.groups) == n and sum(g.total for g in found.groups) == Decimal(total)
        user = getattr(house, who)
        actor, entity = actor_for(user), catalogue.get("trade.order")
        for by in ("status", "account", "ordered_at", "sales_rep", "currency"):
            counted = get(who, f"{ORDERS}?by={by}&f.ordered_at.filled=1").context["found"]
            assert sum(g.n for g in counted.groups) == n, by
            for group in counted.groups:
                assert group.query is not None
                listed = get(who, f"{ORDERS}?{group.query.params()}").context["page"]
                assert listed.count.n == group.n, (by, group.label)
                worth = Decimal(0)
                for row in read.stream(entity, actor, read.Query(columns=("total", "currency", "ordered_at"))):
                    if row.id in {r.id for r in listed.rows} and row["total"].value is not None:
                        day = row["ordered_at"].value
                        day = timezone.localtime(day).date() if hasattr(day, "hour") else day
                        worth += row["total"].value * currency.rate(row["currency"].value or "CNY", on=day)
                assert group.total == worth.quantize(Decimal("0.01")), (by, group.label)
    html = get("owner", f"{ORDERS}?by=status").content.decode()
    assert "Amounts in CNY, by the exchange rate of the day in" in html


def test_sums_need_the_right_to_the_amount(house: Any, trade: Any, get: Any) -> None:
    from guanxi.core.access.models import FieldGrant

    role = Role.objects.get(key="sales")
    FieldGrant.objects.create(role=role, entity="trade.order", field_class="", field="total", level="masked")
    versions.bump("access")
    versions.refresh()
    found = get("owner", f"{ORDERS}?by=status").context["found"]
    assert found.amount is None and found.total is None and found.n == 4
    FieldGrant.objects.filter(role=role, field="total").delete()
    FieldGrant.objects.create(role=role, entity="trade.order", field_class="", field="currency", level="hidden")
    versions.bump("access")
    versions.refresh()
    assert get("owner", f"{ORDERS}?by=status").context["found"].amount is None


def test_any_number_that_one_may_read_is_added_up(house: Any, get: Any) -> None:
    """CAP-1: also where no board says what: money in one currency with the day of the rates, plain numbers as they are."""
    from guanxi.core.access.models import FieldGrant

    currency.record_rate(SYSTEM, "USD", Decimal("7"), date=timezone.localdate().replace(year=2019, month=1, day=1))
    for tier, employees, worth, unit in (
        ("key", 12, "10", "USD"),
        ("key", 1500, "1", "CNY"),
        ("small", 3, "5", "JPY"),
        ("small", None, None, ""),
    ):
        more = {k: v for k, v in (("employees", employees), ("annual_revenue", worth), ("currency", unit)) if v}
        house.customer(f"{tier} {employees}", tier=tier, **more)

    def sums(params: str, who: str = "admin") -> Any:
        found = get(who, f"{LIST}?by=tier{params}")
        return found, {g.label: g.total for g in found.context["found"].groups}

    page, counted = sums("&sum=-")
    assert set(counted.values()) == {None} and page.context["found"].amount is None
    labels = [label for label, _url, _now in page.context["sums"]]
    assert {"Employees", "Annual revenue"} <= set(labels) and page.context["sums"][0][2]
    page, people = sums("&sum=employees")
    assert people == {"Key": 1512, "Small": 3} and page.context["found"].currency == ""
    assert "1,515" in page.content.decode() and "exchange rate" not in page.content.decode()
    page, worth = sums("&sum=annual_revenue")
    assert worth == {"Key": Decimal("71.00"), "Small": Decimal("0.00")} and page.context["found"].left_out == ("JPY",)
    assert (
        f"exchange rate of today ({timezone.localdate()})" in page.content.decode() and "JPY" in page.content.decode()
    )
    group = page.context["found"].groups[0]
    assert "sum=" not in group.query.params()
    assert sums("")[1] == worth, "what the board adds up, when nothing is said"
    contacts = get("admin", "/customers/contact/?by=account").context
    assert contacts["found"].amount is None and contacts["sums"] == [], "nothing there to add up: counted"
    role = Role.objects.get(key="administrator")
    FieldGrant.objects.create(role=role, entity="customers.account", field_class="", field="employees", level="masked")
    versions.bump("access")
    versions.refresh()
    for key in ("employees", "nothing_there", "name"):
        assert get("admin", f"{LIST}?by=tier&sum={key}").status_code == 400


def test_what_is_grouped_by_points_only_to_what_may_be_seen(house: Any, get: Any) -> None:
    """Groups of records that point to others' customers are one, without names or links."""
    parents = [house.customer(f"Hidden {i}", owner=house.stranger.pk) for i in range(2)]
    for i, parent in enumerate(parents):
        house.customer(f"Child {i}", parent=parent)
    found = get("owner", f"{LIST}?by=parent")
    groups = found.context["found"].groups
    assert [(g.restricted, g.n, g.query) for g in groups] == [(True, 2, None)]
    assert "Hidden" not in found.content.decode()


def test_nothing_matches_is_not_nothing_there(house: Any, get: Any) -> None:
    empty = get("admin", LIST).content.decode()
    assert re.search(r"No \w+ yet", empty) and f'href="{LIST}new"' in empty
    house.customer()
    nothing = get("admin", f"{LIST}?h1=trade.order.account&sort=name").content.decode()
    assert "Nothing matches" in nothing and f'href="{LIST}?sort=name"' in nothing
    assert "Nothing matches" in get("admin", f"{LIST}?by=tier&f.name.is=x").content.decode()


def test_answers_differ_by_what_htmx_asks(house: Any, get: Any) -> None:
    house.customer()
    piece = get("owner", f"{LIST}?by=tier", target="div#rows")
    assert "HX-Request" in piece["Vary"] and "<html" not in piece.content.decode()
    assert 'id="list-count" hx-swap-oob="true"' in piece.content.decode()
    assert "hx-swap-oob" not in get("owner", f"{LIST}?by=tier").content.decode()


# Saved views ----------------------------------------------------------------------------------------------------------


def tabs(response: Any) -> list[str]:
    return [t["label"] for t in response.context["tabs"]][1:]


def test_views_are_shared_with_roles_renamed_ordered_and_opened_by_anybody(house: Any, get: Any, post: Any) -> None:
    house.customer("Acme", tier="key")
    sales = Role.objects.get(key="sales").pk
    for name, audience in (("Mine", "me"), ("For sales", "roles"), ("For all", "everybody")):
        data = {"name": name, "params": "f.tier.any=key", "audience": audience, "role": [sales]}
        saved = post("manager", f"{LIST}views/save", data)
        assert saved.status_code == 302 and "view=" in saved["Location"]
    assert tabs(get("manager", LIST)) == ["Mine", "For sales", "For all"]
    assert tabs(get("owner", LIST)) == ["For sales", "For all"]
    assert tabs(get("marketer", LIST)) == ["For all"]
    views = {t["label"]: t["id"] for t in get("manager", LIST).context["tabs"]}
    # Order and first view are each person's own.
    assert post(
        "owner", f"{LIST}views/order", {"view": [views["For all"], views["Mine"], views["For sales"]]}
    ).status_code
    assert tabs(get("owner", LIST)) == ["For all", "For sales"]
    assert tabs(get("manager", LIST)) == ["Mine", "For sales", "For all"]
    assert post("owner", f"{LIST}views/{views['For all']}", {"do": "default"}).status_code == 302
    opened = get("owner", LIST)
    assert opened.context["current"].name == "For all" and [c.label for c in opened.context["chips"]] == ["Tier"]
    assert get("manager", LIST).context["current"] is None
    # What one does not see, or does not own, is not there.
    assert post("marketer", f"{LIST}views/{views['For sales']}", {"do": "default"}).status_code == 404
    for do in ("rename", "delete"):
        assert post("owner", f"{LIST}views/{views['For all']}", {"do": do, "name": "x"}).status_code == 404
    post("manager", f"{LIST}views/{views['Mine']}", {"do": "rename", "name": "For all"})
    post("manager", f"{LIST}views/{views['For sales']}", {"do": "rename", "name": "重点 客户"})
    assert tabs(get("manager", LIST)) == ["Mine", "重点 客户", "For all"]
    post("manager", f"{LIST}views/{views['For all']}", {"do": "delete"})
    assert tabs(get("owner", LIST)) == ["重点 客户"] and get("owner", LIST).context["current"] is None


def test_a_view_stays_the_one_opened_while_it_is_changed(house: Any, get: Any, post: Any) -> None:
    house.customer("Acme", tier="key")
    address = post("owner", f"{LIST}views/save", {"name": "Key", "params": "f.tier.any=key"})["Location"]
    page = get("owner", address)
    assert page.context["current"].name == "Key" and not page.context["tabs"][1]["changed"]
    sorted_ = next(h.sort for h in page.context["heads"] if h.key == "name")
    after = get("owner", sorted_)
    assert after.context["current"].name == "Key" and after.context["tabs"][1]["changed"]
    assert get("stranger", address).status_code == 200
    assert get("stranger", address).context["current"] is None


def test_widths_are_kept_for_a_person_and_a_view(house: Any, get: Any, post: Any) -> None:
    house.customer("Acme")
    url = f"{LIST}columns/widths"
    assert post("owner", url, {"widths": '{"name": 333, "tier": 5, "no_such": 90}'}).status_code == 204
    widths = {h.key: h.width for h in get("owner", f"{LIST}?cols=name,tier,number").context["heads"]}
    assert widths == {"name": 333, "tier": 48, "number": 0}
    assert 'width="333"' in get("owner", f"{LIST}?cols=name").content.decode()
    assert not get("manager", LIST).context["sized"]
    view = post("owner", f"{LIST}views/save", {"name": "V", "params": "sort=name"})["Location"]
    assert not get("owner", view).context["sized"]
    assert post("owner", url, {"widths": '{"name": 1}', "view": "999999"}).status_code == 404
    for bad in ("[]", "{", '{"name": "x"}', '{"name": 1e999}'):
        assert post("owner", url, {"widths": bad}).status_code in (204, 400)
    post("owner", url, {"widths": "{}"})
    assert not get("owner", LIST).context["sized"]


def test_shift_sorts_by_one_more_column(house: Any, get: Any) -> None:
    house.customer("Acme")
    heads = {h.key: h for h in get("owner", f"{LIST}?sort=-tier&cols=name,tier,number").context["heads"]}
    assert heads["name"].also.endswith("sort=-tier%2Cname&cols=name%2Ctier%2Cnumber")
    assert heads["tier"].also == f"{LIST}?cols=name%2Ctier%2Cnumber"
    page = get("owner", heads["name"].also)
    places = {h.key: (h.place, h.direction) for h in page.context["heads"]}
    assert places == {"name": (2, "ascending"), "tier": (1, "descending"), "number": (0, "")}


def test_columns_of_the_entity_resolve_for_everybody(house: Any) -> None:
    for who in ("owner", "marketer", "admin"):
        actor = actor_for(getattr(house, who))
        for entity in catalogue.every():
            assert resolve_columns(actor, entity, read.Query()), entity.key


def test_cells_shared_by_rows_escape_what_they_show(house: Any, get: Any) -> None:
    evil = "<b>\"'&amp;</b>"
    house.customer(f"Acme {evil}", remark=evil)
    html = get("owner", f"{LIST}?cols=name,remark&q=").content.decode()
    assert evil not in html and "&lt;b&gt;" in html
    assert not re.search(r"<td[^>]*<b>", html)
