"""The board: columns that add up to the list, whose cards, one write for a drop, and two people at the same card."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from guanxi.core.access import SYSTEM, acting, actor_for
from guanxi.core.access.models import FieldGrant, Level
from guanxi.core.journal.models import ChangeSet
from guanxi.core.org import currency, versions
from guanxi.records import catalogue, read
from guanxi.records.read import board as reading
from guanxi.records.read import groups

BOARD = "/customers/account/board"
LIST = "/customers/account/"


def cards(response: Any) -> dict[str, list[str]]:
    """{code of the column: titles of its cards}"""
    found = {}
    for part in response.content.decode().split('data-column="')[1:]:
        found[part.partition('"')[0]] = re.findall(r'<div class="gx-deal-head"><a [^>]*>([^<]*)</a>', part)
    return found


def heads(response: Any) -> dict[str, tuple[str, str]]:
    return {c.column.code: (c.n, c.total) for c in response.context["columns"]}


@pytest.fixture
def move(house: Any) -> Any:
    """`move("owner", id, "lost")`: as that person, from the version given (default: today's)."""

    def act(
        who: str, id_: int, to: str, *, version: int | None = None, by: str = "status", more: str = "", **values: Any
    ) -> Any:
        if version is None:
            version = catalogue.get("customers.account").model.all_rows.get(pk=id_).version
        data = {"_id": id_, "_version": version, "_to": to, **values}
        return house.client(getattr(house, who)).post(f"{BOARD}/move?by={by}{more}", data)

    return act


def value(id_: int, field: str = "status") -> Any:
    return getattr(catalogue.get("customers.account").model.all_rows.get(pk=id_), field)


def test_columns_are_the_values_in_order_and_none(house: Any, get: Any) -> None:
    house.customer("Acme", status="lead")
    house.customer("Beta", status="active")
    house.customer("Gamma")
    found = cards(get("owner", f"{BOARD}?by=status"))
    assert list(found) == ["lead", "active", "dormant", "lost", "blocked", ""]
    assert found["lead"] == ["Acme"] and found["active"] == ["Beta"] and found[""] == ["Gamma"]
    assert "Beta" in cards(get("owner", BOARD))["active"], "opens by the field the entity declares"
    assert set(cards(get("owner", f"{BOARD}?by=tier"))) == {"strategic", "key", "regular", "small", ""}


def test_filters_words_and_order_are_those_of_the_list(house: Any, get: Any) -> None:
    house.customer("Beta Foods", tier="key", status="lead")
    house.customer("Alpha Foods", tier="key", status="lead")
    house.customer("Gamma Foods", tier="small", status="lead")
    assert cards(get("owner", f"{BOARD}?by=status&f.tier.any=key&sort=name"))["lead"] == ["Alpha Foods", "Beta Foods"]
    assert cards(get("owner", f"{BOARD}?by=status&q=gamma"))["lead"] == ["Gamma Foods"]
    page = get("owner", f"{BOARD}?by=status&f.tier.any=key")
    assert page.context["chips"][0].remove_url == f"{BOARD}?by=status&"
    assert f'href="{LIST}?f.tier.any=key"' in page.content.decode(), "the way back to the list keeps the question"
    built = get("owner", f"{BOARD}?by=status&built=1&w.0.field=tier&w.0.op=any&w.0.v=key")
    assert built["Location"] == f"{BOARD}?f.tier.any=key&by=status"


@pytest.mark.parametrize(
    ("who", "seen"), [("owner", 1), ("manager", 1), ("colleague", 0), ("stranger", 0), ("admin", 1)]
)
def test_whose_cards_and_figures(house: Any, get: Any, who: str, seen: int) -> None:
    """CAP-1: counts and cards are those of the person's range."""
    house.customer("Acme Trading", status="lead", annual_revenue="100", currency="CNY")
    response = get(who, f"{BOARD}?by=status")
    assert len(cards(response)["lead"]) == seen
    assert heads(response)["lead"][0] == str(seen)
    assert get(who, f"{BOARD}/figures", by="status").json()["lead"]["n"] == str(seen)
    more = get(who, f"{BOARD}/cards", by="status", col="lead")
    assert ("Acme Trading" in more.content.decode()) is bool(seen)


def test_counts_and_sums_equal_the_list(house: Any, get: Any) -> None:
    """INS-1: the head of a column says what the list of the same question adds up to, in one currency by dated rates."""
    today = timezone.now().date()
    currency.record_rate(SYSTEM, "USD", Decimal("7"), date=today - timedelta(days=40), base="CNY")
    currency.record_rate(SYSTEM, "USD", Decimal("7.2"), date=today - timedelta(days=1), base="CNY")
    versions.refresh()
    house.customer("A", status="lead", annual_revenue="100.10", currency="CNY")
    house.customer("B", status="lead", annual_revenue="10", currency="USD")
    house.customer("C", status="lead", annual_revenue="5", currency="KRW")
    house.customer("D", status="lead")
    house.customer("E", status="active", annual_revenue="1", currency="USD")
    page = get("owner", f"{BOARD}?by=status&f.name.filled=1")
    assert heads(page)["lead"] == ("4", "CN¥172.10")
    assert heads(page)["active"] == ("1", "CN¥7.20")
    assert heads(page)["lost"] == ("0", "")
    lead = next(c for c in page.context["columns"] if c.column.code == "lead")
    assert "KRW" in lead.note
    assert "CNY" in page.context["stated"]
    actor = actor_for(house.owner)
    with acting(actor):
        entity = catalogue.get("customers.account")
        counted = groups.groups(
            entity, actor, read.Query(by="status", filters=(read.Filter("name", "filled", ("1",)),))
        )
    assert {g.label: (g.n, g.total) for g in counted.groups} == {
        "Potential": (4, Decimal("172.10")),
        "Active": (1, Decimal("7.20")),
    }
    for column in page.context["columns"]:
        rows = get("owner", column.list_url).context["page"].rows
        assert str(len(rows)) == column.n
        assert {r.title for r in rows} == set(cards(page)[column.column.code])


def test_sums_take_the_rate_of_the_day_that_counts(house: Any, get: Any) -> None:
    """An order of last month counts at the rate of last month."""
    today = timezone.now().date()
    currency.record_rate(SYSTEM, "USD", Decimal("7"), date=today - timedelta(days=40), base="CNY")
    currency.record_rate(SYSTEM, "USD", Decimal("8"), date=today - timedelta(days=10), base="CNY")
    versions.refresh()
    account = house.customer("Acme")
    for days in (30, 5, 60):
        at = timezone.now() - timedelta(days=days)
        order = house.save(
            "trade.order", {"account": account, "currency": "USD", "status": "draft", "ordered_at": at}
        ).id
        house.save("trade.orderline", {"order": order, "description": "x", "quantity": 1, "unit_price": 10})
    page = get("admin", "/trade/order/board?by=status")
    assert heads(page)["draft"] == ("3", "CN¥150.00")
    draft = next(c for c in page.context["columns"] if c.column.code == "draft")
    assert "USD" in draft.note, "the one before any rate is left out, and named"


def restrict(field: str, level: Level, entity: str = "customers.account") -> None:
    from guanxi.core.access.models import Role

    FieldGrant.objects.create(role=Role.objects.get(key="sales"), entity=entity, field=field, level=level)
    versions.bump("access")
    versions.refresh()


@pytest.mark.parametrize("level", [Level.HIDDEN, Level.MASKED])
def test_a_field_that_may_not_be_read_makes_no_board(house: Any, get: Any, move: Any, level: Level) -> None:
    """Unknown, no choice, hidden and masked answer in the same bytes, and the switch does not offer it."""
    id_ = house.customer("Acme", status="lead", tier="key")
    assert "by=status" in get("owner", LIST).content.decode()
    restrict("status", level)
    for path in ("", "/cards", "/figures"):
        answers = {get("owner", f"{BOARD}{path}?by={by}").content for by in ("status", "nonsense", "name")}
        assert len(answers) == 1
        assert get("owner", f"{BOARD}{path}?by=status").status_code == 400
    assert move("owner", id_, "lost").status_code == 400
    assert value(id_) == "lead"
    assert "by=status" not in get("owner", LIST).content.decode()
    assert "by=status" not in get("owner", f"{BOARD}?by=tier").content.decode()


def test_sums_only_of_what_may_be_read(house: Any, get: Any) -> None:
    house.customer("Acme", status="lead", annual_revenue="987654", currency="CNY")
    assert heads(get("owner", f"{BOARD}?by=status"))["lead"][1]
    restrict("annual_revenue", Level.MASKED)
    page = get("owner", f"{BOARD}?by=status")
    assert heads(page)["lead"] == ("1", "") and not page.context["stated"]
    assert "987,654" not in page.content.decode()
    assert get("owner", f"{BOARD}/figures?by=status").json()["lead"]["total"] == ""


def test_a_drop_is_one_write_that_can_be_taken_back(house: Any, move: Any, post: Any) -> None:
    id_ = house.customer("Acme", status="lead")
    other = house.customer("Beta", status="lead", annual_revenue="5", currency="CNY")
    before = ChangeSet.objects.count()
    answer = move("owner", id_, "active")
    told = answer.json()
    assert answer.status_code == 200 and value(id_) == "active"
    assert ChangeSet.objects.count() == before + 1
    assert told["column"] == "active" and 'data-version="2"' in told["card"]
    assert {code: f["n"] for code, f in told["figures"].items()} == {"lead": "1", "active": "1"}
    assert told["figures"]["lead"]["total"] == "CN¥5.00" and value(other) == "lead"
    post("owner", told["undo"])
    assert value(id_) == "lead"
    assert move("owner", id_, "").json()["column"] == "" and value(id_) == ""


def test_what_leaves_the_filters_says_so(house: Any, move: Any) -> None:
    id_ = house.customer("Acme", status="lead")
    told = move("owner", id_, "active", more="&f.status.is=lead").json()
    assert told["card"] == "" and "no longer fits" in told["text"] and value(id_) == "active"


def test_two_people_drag_the_same_card(house: Any, move: Any) -> None:
    """The second learns where the first put it; nothing is overwritten. The same column twice is no conflict."""
    id_ = house.customer("Acme", status="lead")
    assert move("owner", id_, "active", version=1).status_code == 200
    late = move("manager", id_, "lost", version=1)
    assert late.status_code == 409 and value(id_) == "active"
    told = late.json()
    assert told["column"] == "active" and "Owner" in told["text"] and "Active" in told["text"]
    assert 'data-version="2"' in told["card"]
    assert move("manager", id_, "active", version=1).status_code == 200
    house.save("customers.account", {"remark": "call back"}, id=id_, by=house.manager)
    assert move("owner", id_, "lost", version=2).status_code == 200, "another field that changed is no conflict"
    assert value(id_) == "lost" and value(id_, "remark") == "call back"


def test_missing_fields_are_asked_and_nothing_is_written_before(house: Any, move: Any) -> None:
    id_ = house.customer("Acme", status="lead")
    asked = move("owner", id_, "blocked")
    assert asked.status_code == 422 and 'name="remark"' in asked.json()["form"] and value(id_) == "lead"
    assert move("owner", id_, "blocked", _asked="1", remark="  ").status_code == 422
    assert move("owner", id_, "blocked", _asked="1").status_code == 422
    assert value(id_) == "lead"
    before = ChangeSet.objects.count()
    assert move("owner", id_, "blocked", _asked="1", remark="does not pay").status_code == 200
    assert (value(id_), value(id_, "remark")) == ("blocked", "does not pay") and ChangeSet.objects.count() == before + 1
    move("owner", id_, "lead")
    assert move("owner", id_, "blocked").status_code == 200, "what is filled is not asked again"


def test_only_what_may_be_edited_moves(house: Any, get: Any, move: Any) -> None:
    id_ = house.customer("Acme", status="lead")
    assert "data-may-move" in get("owner", f"{BOARD}?by=status").content.decode()
    statuses = {who: move(who, id_, "lost").status_code for who in ("colleague", "stranger", "marketer")}
    assert set(statuses.values()) == {404} and value(id_) == "lead"
    assert move("owner", id_ + 100_000, "lost", version=1).status_code == 404
    restrict("status", Level.READ)
    page = get("owner", f"{BOARD}?by=status").content.decode()
    assert "Acme" in page and 'data-may-move=""' not in page
    assert move("owner", id_, "lost").status_code == 404 and value(id_) == "lead"


@pytest.mark.parametrize("data", [{"_to": "nonsense"}, {"_id": "x"}, {"_version": ""}, {"_id": "1" * 30}])
def test_bad_drops_change_nothing(house: Any, data: dict[str, str]) -> None:
    id_ = house.customer("Acme", status="lead")
    client = house.client(house.owner)
    answer = client.post(f"{BOARD}/move?by=status", {"_id": id_, "_version": 1, "_to": "lost", **data})
    assert answer.status_code == 400 and value(id_) == "lead"
    assert client.get(f"{BOARD}/move?by=status").status_code == 405


def test_days_in_this_column_and_stuck(house: Any, move: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted from when the field was set, not from when the record was; stuck after what the board declares (30 days)."""
    house.customer("Old", status="lead")
    house.customer("Fresh", status="lost")
    began = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: began + timedelta(days=45))
    with acting(SYSTEM):
        entity = catalogue.get("customers.account")
        id_ = entity.model.objects.get(name="Fresh").pk
    house.save("customers.account", {"status": "lead"}, id=id_)
    monkeypatch.setattr(timezone, "now", lambda: began + timedelta(days=50))
    actor = actor_for(house.owner)
    with acting(actor):
        by = reading.field_of(entity, actor, "status")
        column = reading.read(entity, actor, by, read.Query()).columns[0]
    assert {c.title: (c.days, c.stuck) for c in column.cards} == {"Old": (50, True), "Fresh": (5, False)}
    from guanxi.web.pages.board import Cards

    with translation.override("en"):
        html = Cards(entity, read.formats_for(actor)).html(column.cards)
    assert html.count("gx-stuck") == 1 and "Stuck: 50 days in this column" in html


def test_next_step_is_told_in_words_too(house: Any, get: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = {name: house.customer(name, status="lead") for name in ("Late", "Now", "Later", "Never")}
    today = timezone.now().astimezone(reading.ZoneInfo("Asia/Shanghai")).date()
    days = {ids["Late"]: today - timedelta(days=2), ids["Now"]: today, ids["Later"]: today + timedelta(days=3)}
    monkeypatch.setattr(reading, "NEXT_STEPS", [lambda actor, entity, asked: {i: days[i] for i in asked if i in days}])
    html = get("owner", f"{BOARD}?by=status").content.decode()
    for name, when in (("Late", "late"), ("Now", "today"), ("Later", "planned"), ("Never", "none")):
        card = html.partition(f'data-card="{ids[name]}"')[2].partition("</li>")[0]
        assert f'data-step="{when}"' in card and "gx-deal-step" in card and "<svg" in card
    assert "No next step" in html and (today + timedelta(days=3)).isoformat() in html
    monkeypatch.setattr(reading, "NEXT_STEPS", [])
    assert "data-step" not in get("owner", f"{BOARD}?by=status").content.decode()


def test_next_steps_are_those_of_follow_up(house: Any, get: Any) -> None:
    """ENG-1: the earliest open step counts; a done one does not. Who may not know of steps is told nothing of them."""
    today = timezone.now().astimezone(reading.ZoneInfo("Asia/Shanghai")).date()
    id_ = house.customer("Acme", status="lead")
    for days, done in ((9, None), (2, None), (-5, timezone.now())):
        due = (today + timedelta(days=days)).isoformat()
        house.save(
            "engagement.step", {"what": "Call", "account": id_, "due": due, "owner": house.owner.pk, "done_at": done}
        )
    html = get("owner", f"{BOARD}?by=status").content.decode()
    assert 'data-step="planned"' in html and (today + timedelta(days=2)).isoformat() in html
    restrict("due", Level.MASKED, entity="engagement.step")
    assert "data-step" not in get("owner", f"{BOARD}?by=status").content.decode()


@pytest.mark.parametrize("sort", ["", "name", "-name"])
def test_scrolling_a_column_visits_every_card_once(
    house: Any, get: Any, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(reading, "WINDOW", 5)
    monkeypatch.setattr(reading, "MORE", 4)
    for i in range(12):
        house.customer(f"Firm {i % 7:02}", status="lead")
    house.customer("Other", status="lost")
    page = get("owner", f"{BOARD}?by=status&sort={sort}")
    lead = page.context["columns"][0]
    ids, after = re.findall(r'data-card="(\d+)"', lead.html), lead.column.next
    assert len(ids) == 5
    while after:
        response = get("owner", f"{BOARD}/cards?by=status&sort={sort}&col=lead&at={after}")
        ids += re.findall(r'data-card="(\d+)"', response.content.decode())
        after = response["X-Next"]
    assert len(ids) == len(set(ids)) == 12
    assert get("owner", f"{BOARD}/cards?by=status&col=nonsense").status_code == 400


def test_many_records_get_their_figures_later(house: Any, get: Any, move: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CAP", 2)
    made = [house.customer(f"Firm {i}", status="lead") for i in range(4)]
    page = get("owner", f"{BOARD}?by=status")
    assert heads(page)["lead"] == ("", "") and "data-late" in page.content.decode() and len(cards(page)["lead"]) == 4
    assert get("owner", f"{BOARD}/figures?by=status").json()["lead"]["n"] == "4"
    assert move("owner", made[0], "lost").json()["figures"] is None


def test_what_is_rare_in_a_long_list_comes_when_it_is_looked_at(
    house: Any, get: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "CAP", 2)
    monkeypatch.setattr(reading, "PROBE", 4)
    for name, status in (
        ("Old lost", "lost"),
        ("Old lead", "lead"),
        ("A", "lead"),
        ("B", "lead"),
        ("C", "active"),
        ("D", "lead"),
    ):
        house.customer(name, status=status)
    page = get("owner", f"{BOARD}?by=status")
    lanes = {c.column.code: c.column for c in page.context["columns"]}
    assert cards(page)["lead"] == ["D", "B", "A"] and cards(page)["lost"] == []
    assert lanes["lost"].waiting and not lanes["lost"].next and lanes["lead"].next
    rest = get("owner", f"{BOARD}/cards?by=status&col=lead&at={lanes['lead'].next}").content.decode()
    assert "Old lead" in rest and ">A<" not in rest
    assert "Old lost" in get("owner", f"{BOARD}/cards?by=status&col=lost").content.decode()


def test_work_does_not_grow_with_cards(house: Any, get: Any) -> None:
    """One query for each column with cards, and a handful for all of them."""

    def queries() -> int:
        client = house.client(house.owner)
        client.get(f"{BOARD}?by=status")
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"{BOARD}?by=status").status_code == 200
        return len(captured)

    tag = house.save("records.tag", {"name": "VIP"}).id
    house.customer("Firm", status="lead", tags=[tag])
    house.customer("Firm", status="lost", tags=[tag])
    few = queries()
    for i in range(20):
        house.customer(f"Firm {i}", status="lead" if i % 2 else "lost", tags=[tag])
    assert queries() == few


def test_a_board_of_a_custom_list(house: Any, get: Any, account: Any) -> None:
    from guanxi.records import custom

    key = custom.define(
        SYSTEM, account, kind="choice", label_zh="阶段", label_en="Phase", options={"list": "customers.tier"}
    )
    versions.refresh()
    house.customer("Acme", **{key: "key"})
    house.customer("Beta")
    found = cards(get("owner", f"{BOARD}?by={key}"))
    assert found["key"] == ["Acme"] and found[""] == ["Beta"]


def test_saved_views_open_as_boards(house: Any, get: Any, post: Any) -> None:
    post("owner", f"{LIST}views/save", {"name": "Key ones", "params": "f.tier.any=key"})
    html = get("owner", f"{BOARD}?by=status").content.decode()
    assert (
        re.search(rf'href="{re.escape(BOARD)}\?by=status&amp;f.tier.any=key&amp;view=\d+"', html) and "Key ones" in html
    )


def test_names_are_text_on_cards(house: Any, get: Any, move: Any) -> None:
    id_ = house.customer("<script>alert(1)</script>", status="lead")
    assert "<script>alert" not in get("owner", f"{BOARD}?by=status").content.decode()
    assert "<script>" not in move("owner", id_, "active").json()["card"]


@pytest.fixture
def take_back(house: Any) -> Any:
    """`take_back("owner", id, change set)`: as that person, on the board by status."""

    def act(who: str, id_: int, number: Any, more: str = "") -> Any:
        return house.client(getattr(house, who)).post(f"{BOARD}/undo?by=status{more}", {"_id": id_, "_set": number})

    return act


def test_a_move_is_taken_back_on_the_board(house: Any, move: Any, take_back: Any) -> None:
    """CAP-1: one answer with the card anew, where it stands and both heads; the taking back can be taken back; once is enough."""
    id_ = house.customer("Acme", status="lead")
    moved = move("owner", id_, "active").json()
    told = take_back("owner", id_, moved["set"]).json()
    assert value(id_) == "lead" and told["column"] == "lead" and f'data-card="{id_}"' in told["card"]
    assert {code: f["n"] for code, f in told["figures"].items()} == {"active": "0", "lead": "1"}
    again = take_back("owner", id_, moved["set"]).json()
    assert value(id_) == "lead" and "already" in again["text"] and not again["undo"]
    forth = take_back("owner", id_, told["set"]).json()
    assert value(id_) == "active" and forth["column"] == "active"
    assert ChangeSet.objects.get(pk=told["set"]).undoes_id == moved["set"]


def test_only_ones_own_moves_are_taken_back_on_the_board(house: Any, move: Any, take_back: Any) -> None:
    """A step of somebody else, of another record, no move at all, unknown: all are the same; what came after stays."""
    id_, other = house.customer("Acme", status="lead"), house.customer("Beta", status="lead")
    mine = move("owner", id_, "active").json()["set"]
    edit = house.save("customers.account", {"remark": "x"}, id=id_).change_set
    theirs = [("manager", id_, mine), ("stranger", id_, mine), ("owner", other, mine)]
    for who, record, number in [*theirs, ("owner", id_, edit), ("owner", id_, 10**9)]:
        assert take_back(who, record, number).status_code == 404, (who, record, number)
    assert take_back("owner", id_, "x").status_code == 400 and value(id_) == "active"
    house.save("customers.account", {"status": "lost"}, id=id_, by=house.manager)
    told = take_back("owner", id_, mine).json()
    assert value(id_) == "lost" and told["column"] == "lost" and "stays" in told["text"]


def test_heads_of_very_many_are_estimated_within_rights(house: Any, get: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """CAP-1: marked ≈, near what they are, the same when looked at again, exact when asked; of one's own records alone."""
    from guanxi.records import bulk

    monkeypatch.setattr(reading, "CAP", 10)
    entity = catalogue.get("customers.account")
    with acting(actor_for(house.admin)) as _:
        rows = [
            (i, {"name": f"Firm {i}", "kind": "company", "status": "lead" if i % 4 else "active", "annual_revenue": "10",
                 "currency": "CNY", "owner": house.owner.pk if i % 2 else house.manager.pk})
            for i in range(1, 1601)
        ]  # fmt: skip
        bulk.load(
            actor_for(house.admin),
            entity,
            rows,
            columns=["name", "kind", "status", "annual_revenue", "currency", "owner"],
        )
    monkeypatch.setattr(reading, "SAMPLE", 800)
    monkeypatch.setattr(reading, "SHARE", 1.0)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_account")
    told = get("admin", f"{BOARD}/figures?by=status").json()
    assert told == get("admin", f"{BOARD}/figures?by=status").json()
    assert all(told[code]["n"].startswith("≈ ") for code in ("lead", "active")) and told["lost"]["n"].startswith("< ")

    def number(text: str) -> float:
        return float(re.sub(r"[^0-9.]", "", text))

    assert 600 < number(told["lead"]["n"]) < 1900 and number(told["lead"]["n"]) > number(told["active"]["n"])
    assert told["lead"]["total"].startswith("≈ ") and 6_000 < number(told["lead"]["total"]) < 19_000
    exact = get("admin", f"{BOARD}/figures?by=status&exact=1").json()
    assert (exact["lead"]["n"], exact["active"]["n"], exact["lost"]["n"]) == ("1,200", "400", "0")
    assert exact["lead"]["total"] == "CN¥12,000.00"
    nothing = get("stranger", f"{BOARD}/figures?by=status").json()
    assert {f["n"] for f in nothing.values()} == {"0"}
