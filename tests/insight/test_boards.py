"""Dashboards in pages: every figure opens exactly its records; sharing shares questions, not answers (INS-7)."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from guanxi.core.access import acting, actor_for
from guanxi.core.journal.models import ChangeSet
from guanxi.insight import answers, boards
from guanxi.insight.boards import Draft, Tile
from guanxi.insight.marts import shape, store
from guanxi.insight.models import Dashboard
from guanxi.insight.questions import Question, resolve
from guanxi.records.read import Query
from guanxi.records.read.page import matching
from tests import make
from tests.insight.test_figures import house  # noqa: F401

HX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def board(db: None) -> Dashboard:
    return Dashboard.objects.get(key="overview")


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def tile(client: Client, board: Dashboard, id: str, **params: str) -> str:  # noqa: A002
    response = client.get(f"/insight/dashboards/{board.pk}/tiles/{id}", {"period": "all", **params}, **HX)
    assert response.status_code == 200
    return response.content.decode()


def count_at(client: Client, url: str) -> int:
    """How many records the page behind a figure says there are."""
    response = client.get(url)
    assert response.status_code == 200, url
    body = response.content.decode()
    if found := re.search(r'data-count="(\d+)"', body):
        return int(found[1])
    from urllib.parse import parse_qsl, urlsplit

    from guanxi.records import catalogue

    _, room, noun, _ = urlsplit(url).path.split("/")
    actor = actor_for(client.user)  # type: ignore[attr-defined]
    entity = catalogue.get(f"{room}.{noun}")
    n = matching(entity, actor, Query.from_params(parse_qsl(urlsplit(url).query))).count()
    assert f">{n}<" in body or f"{n:,}" in body
    return n


def charts(body: str) -> list[tuple[str, str]]:
    found = re.search(r'<script id="data-\w+" type="application/json">(.*?)</script>', body, re.S)
    assert found, body
    data = json.loads(found[1])
    return [(text, href) for s in data["series"] for text, href in zip(s["texts"], s["hrefs"], strict=True) if href]


@pytest.mark.parametrize("who", ["manager", "seller", "administrator", "analyst"])
def test_every_figure_opens_exactly_its_records(house: dict[str, Any], board: Dashboard, who: str) -> None:  # noqa: F811
    """Drilled down, each number is found again: in the list, or on the page that lists what no list can ask."""
    user = house["people"].get(who) or make.user(who)
    client = client_of(user)
    client.user = user  # type: ignore[attr-defined]
    actor = actor_for(user)
    store.refresh()
    counts = (
        Question("trade.order", by="channel"),
        Question("trade.order", by="ordered_at:month", split="channel"),
        Question("trade.order", by="first_order"),
        Question("trade.order", by="account.status"),
        Question("trade.orderline", by="product.category"),
        Question("trade.orderline", by="order.account.owner"),
        Question("customers.account", by="status"),
    ) + ((Question("trade.order", by="account.address:province"),) if who != "analyst" else ())
    from guanxi.web.screens.insight.shown import drill_url

    seen = 0
    for question in counts:
        with acting(actor):
            answer = answers.answer(actor, question, prefer="marts")
            links = [(p.n, drill_url(actor, question, p.drill)) for s in answer.series for p in s.points if p.n]
        for n, url in links:
            assert count_at(client, url) == n, (question, url)
            seen += 1
    assert seen > 8


def test_ready_board_is_there_and_shows_figures(house: dict[str, Any], board: Dashboard) -> None:  # noqa: F811
    client = client_of(make.user("administrator"))
    assert client.get("/insight/").headers["Location"] == f"/insight/dashboards/{board.pk}/"
    page = client.get(f"/insight/dashboards/{board.pk}/").content.decode()
    assert page.count("data-tile=") == len(boards.tiles_of(board)) >= 12
    for one in boards.tiles_of(board):
        body = tile(client, board, one.id)
        assert "没有这个数字" not in body and "gx-dash-none" not in body, one.id
    assert "24" in tile(client, board, "orders")


def test_same_number_on_tile_and_list_for_each_scope(house: dict[str, Any], board: Dashboard) -> None:  # noqa: F811
    numbers = {}
    for name, user in house["people"].items():
        client = client_of(user)
        client.user = user  # type: ignore[attr-defined]
        body = tile(client, board, "orders")
        found = re.search(r'<a href="([^"]+)" title="([\d,]+)"', body)
        assert found
        numbers[name] = int(found[2].replace(",", ""))
        assert count_at(client, html.unescape(found[1])) == numbers[name]
    assert numbers["manager"] > numbers["seller"] and len(set(numbers.values())) > 1


def test_hidden_and_masked_fields_cannot_be_measured_grouped_or_filtered(house: dict[str, Any]) -> None:  # noqa: F811
    """SEC-3: what is not for this person answers as what there is not, word for word, in both engines."""
    from guanxi.records.rights import UnknownField

    store.refresh()
    analyst = make.actor("analyst")

    def said(question: Question, prefer: str = "") -> str:
        with acting(analyst), pytest.raises(UnknownField) as error:
            answers.answer(analyst, question, prefer=prefer)
        return str(error.value)

    for prefer in ("live", "marts"):
        assert (
            said(Question("trade.order", by="account.address:province"), prefer)
            == "Unknown field: account.address:province"
        )
        assert said(Question("trade.order", by="account.nothing"), prefer) == "Unknown field: account.nothing"
        said(Question("customers.account", by="gender"), prefer)
        said(Question.of("customers.account", "f.phone.filled=1"), prefer)
        said(Question.of("trade.order", "f.account.email.contains=a"), prefer)
        said(Question("customers.account", "distinct:id_number"), prefer)
    admin = make.actor()
    resolve(admin, Question("customers.account", by="gender"))


def test_marts_hold_nothing_personal(house: dict[str, Any], marts: Path) -> None:  # noqa: F811
    make.person(name="张三丰特别", mobile="13800138000", email="secret@example.com", id_number="11010519491231002X")
    store.refresh()
    for path in marts.iterdir():
        data = path.read_bytes() if path.is_file() else b""
        for text in ("张三丰特别", "13800138000", "secret@example.com", "11010519491231002X", "路1号"):
            assert text.encode() not in data, path
    opened = store.opened()
    assert opened is not None
    columns = {c for key in shape.ENTITIES for c in opened.columns[key]}
    assert not columns & {"name", "phone", "mobile", "email", "id_number", "birth_date", "gender", "address", "remark"}


def test_boards_are_private_until_shared(db: None) -> None:
    owner, other = make.user("sales"), make.user("sales")
    analyst = make.user("analyst")
    actor = actor_for(owner)
    one = Tile("a1", "bar", "每月", "trade.order", by="channel")
    made = boards.create(actor, Draft("我的看板", tiles=(one,)))
    base = f"/insight/dashboards/{made.pk}/"
    assert client_of(other).get(base).status_code == 404
    assert client_of(owner).get(base).status_code == 200
    boards.save(actor, made.pk, Draft("我的看板", sharing="roles", roles=("sales",), tiles=(one,)))
    assert client_of(other).get(base).status_code == 200
    assert client_of(analyst).get(base).status_code == 404
    for path in ("settings", "delete", "tiles/a1/change", "order"):
        assert client_of(other).post(base + path, {"do": "remove"}).status_code == 404
    assert len(Dashboard.objects.get(pk=made.pk).tiles) == 1
    assert (
        client_of(owner).post(base + "settings", {"name": "x", "period": "all", "sharing": "everybody"}).status_code
        == 404
    )
    assert client_of(make.user("administrator")).get(base).status_code == 404


def test_arranging_is_journaled_and_undone(db: None) -> None:
    owner = make.user("sales_manager")
    client = client_of(owner)
    client.post("/insight/dashboards/new", {"name": "团队", "period": "this_year", "sharing": "private"})
    made = Dashboard.objects.get(name="团队")
    base = f"/insight/dashboards/{made.pk}/"
    client.post(base + "add", {"ready": "revenue"})
    client.post(base + "add", {"title": "渠道", "kind": "bar", "entity": "trade.order", "measure": "sum:total", "by": "channel",
                                     "width": "6", "height": "2", "follows": "on",
                                     "filters": "/trade/order/?f.channel.any=online"})  # fmt: skip
    tiles = boards.tiles_of(Dashboard.objects.get(pk=made.pk))
    assert [t.title for t in tiles] == ["Revenue", "渠道"] and tiles[1].filters == "f.channel.any=online"
    for do in ("before", "wider", "taller"):
        assert client.post(base + f"tiles/{tiles[1].id}/change", {"do": do}).status_code == 302
    moved = boards.tiles_of(Dashboard.objects.get(pk=made.pk))
    assert [t.title for t in moved] == ["渠道", "Revenue"] and (moved[0].width, moved[0].height) == (8, 3)
    client.post(base + "order", {"tile": [moved[1].id, moved[0].id]})
    client.post(base + f"tiles/{moved[0].id}/change", {"do": "remove"})
    last = ChangeSet.objects.filter(entity="insight.dashboard").latest("pk")
    assert last.actor_id == owner.pk and len(last.detail["before"]["tiles"]) == 2
    stranger = client_of(make.user("administrator"))
    assert stranger.post(f"/insight/dashboards/undo/{last.pk}").status_code == 404
    client.post(f"/insight/dashboards/undo/{last.pk}")
    assert len(boards.tiles_of(Dashboard.objects.get(pk=made.pk))) == 2
    client.post(base + "delete")
    assert client.get(base).status_code == 404
    client.post(f"/insight/dashboards/undo/{ChangeSet.objects.filter(entity='insight.dashboard').latest('pk').pk}")
    assert client.get(base).status_code == 200


@pytest.mark.parametrize(
    "raw",
    [
        {"kind": "pie", "title": "x", "entity": "trade.order"},
        {"kind": "bar", "title": "x", "entity": "trade.order", "by": "channel", "script": "alert(1)"},
        {"kind": "bar", "title": "x", "entity": "trade.order", "by": "channel", "width": 5},
        {"kind": "bar", "title": "x", "entity": "trade.order", "by": "channel", "top": True},
        {"kind": "bar", "title": "x", "entity": "trade.order"},
        {"kind": "number", "title": " ", "entity": "trade.order"},
        {"kind": "number", "title": "x"},
        {"kind": "number", "title": "x", "entity": "trade.order", "id": "a/b"},
    ],
)
def test_tiles_outside_the_schema_are_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(boards.Invalid):
        boards.tile(raw)


def test_figures_go_out_as_files_with_formulas_neutralised(house: dict[str, Any], board: Dashboard) -> None:  # noqa: F811
    """ONLY with the right to export, noted in the journal."""
    admin = make.actor()
    from guanxi.records import catalogue, write

    with acting(admin):
        write.save(admin, catalogue.get("customers.account"), {"name": "=HYPERLINK(1)公司"}, id=house["accounts"][0])
    base = f"/insight/dashboards/{board.pk}/tiles/top/export?period=all"
    assert client_of(make.user("service")).post(base, {"format": "CSV"}).status_code == 404
    response = client_of(make.user("administrator")).post(base, {"format": "CSV"})
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert '"\'=HYPERLINK(1)公司"' in text and "(CNY)" in text
    assert ChangeSet.objects.filter(action="export", entity="trade.order").exists()
    assert client_of(make.user("administrator")).post(base, {"format": "XLSX"}).status_code == 200
