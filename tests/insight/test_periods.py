"""The choice of a period, what it is held against, and the dashboard of the start page (INS-7)."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
from django.test import Client

from guanxi.core.access import actor_for
from guanxi.insight import boards, periods, ready
from guanxi.insight.boards import Draft, Tile
from guanxi.insight.models import Dashboard
from guanxi.records.kinds import Formats
from guanxi.records.read import BadQuery
from tests import make

TODAY = datetime.date(2026, 11, 18)  # a Wednesday
FORMATS = replace(Formats(), today=TODAY)


@pytest.mark.parametrize(
    ("key", "days"),
    [
        ("today", "2026-11-17..2026-11-17"),
        ("this_week", "2026-11-09..2026-11-11"),  # Monday to Wednesday, as this week so far
        ("last_week", "2026-11-02..2026-11-08"),
        ("this_month", "2026-10-01..2026-10-18"),
        ("last_month", "2026-09-01..2026-09-30"),
        ("this_year", "2025-01-01..2025-11-18"),
        ("last_quarter", "2026-04-01..2026-06-30"),
        ("last_30_days", "2026-09-20..2026-10-19"),
        ("2024-02-01..2024-02-29", "2024-01-01..2024-01-31"),  # a whole month against a whole month
        ("2026-01-01..2026-03-31", "2025-10-01..2025-12-31"),
        ("2026-03-05..2026-03-10", "2026-02-27..2026-03-04"),
        ("2026-03-05..", None),
        ("all", None),
    ],
)
def test_what_a_period_is_held_against(key: str, days: str | None) -> None:
    found = periods.before(periods.read(key, FORMATS), TODAY)
    assert (f"{found.start}..{found.end}" if found else None) == days


def test_typed_days() -> None:
    assert periods.typed("2026-01-05", "2026-02-01", "", FORMATS) == "2026-01-05..2026-02-01"
    assert periods.typed("2026-02-01", "2026-01-05", "", FORMATS) == "2026-01-05..2026-02-01", "in either order"
    assert periods.typed("2026-02-01", "", "", FORMATS) == "2026-02-01.."
    assert periods.typed("", "2026-02-01", "", FORMATS) == "..2026-02-01"
    assert periods.typed("", "", "45", FORMATS) == "last_45_days"
    assert periods.typed("", "", "", FORMATS) == ""
    for bad in (
        ("2026-02-30", "", ""),
        ("x", "", ""),
        ("", "", "0"),
        ("", "", "-3"),
        ("", "", "99999"),
        ("0001-01-01", "", ""),
        ("", "", "٣"),
    ):
        with pytest.raises(BadQuery):
            periods.typed(*bad, FORMATS)


def test_the_picker_leads_to_one_address(db: None) -> None:
    """What is typed ends as a period in the address, beside the other filters; nonsense leaves the period as it was."""
    client = Client()
    client.force_login(make.user("administrator"))
    board = Dashboard.objects.get(key="overview")
    base = f"/insight/dashboards/{board.pk}/"
    typed = client.get(base, {"from": "2026-03-31", "to": "2026-01-01", "region": "广东省"})
    assert typed.status_code == 302
    assert typed.headers["Location"] == f"{base}?period=2026-01-01..2026-03-31&region=%E5%B9%BF%E4%B8%9C%E7%9C%81"
    page = client.get(typed.headers["Location"]).content.decode()
    assert 'value="2026-01-01"' in page and 'value="2026-03-31"' in page and 'name="region" value="广东省"' in page
    assert client.get(base, {"days": "45"}).headers["Location"] == f"{base}?period=last_45_days"
    wrong = client.get(base, {"days": "many", "period": "this_year"})
    assert wrong.headers["Location"] == f"{base}?period=this_year"
    assert client.get(base, {"period": "2026-03-01..2026-01-01"}).status_code == 400


def test_the_dashboard_of_the_start_page(db: None) -> None:
    """One that they may see, or none; who chose nothing gets what was shared with their role, else the ready one."""
    seller, analyst = make.user("sales"), make.user("analyst")
    actor = actor_for(seller)
    ready_one = Dashboard.objects.get(key=boards.HOME)
    assert boards.home_of(actor) == (ready_one, False)
    client = Client()
    client.force_login(seller)
    make.account(owner=seller.pk)
    home = client.get("/").content.decode()
    assert 'hx-get="/insight/home"' in home and "/tiles/" not in home, "figures are asked for later"
    piece = client.get("/insight/home", HTTP_HX_REQUEST="true").content.decode()
    assert piece.count("/tiles/") == 2 * len(ready.LATELY_TILES) and "<html" not in piece

    manager = make.user("sales_manager")
    manager.roles.add(*seller.roles.all())
    one = Tile("a1", "bar", "每月", "trade.order", by="channel")
    shared = boards.create(actor_for(manager), Draft("团队", sharing="roles", roles=("sales",), tiles=(one,)))
    assert boards.home_of(actor) == (shared, False)
    assert boards.home_of(actor_for(analyst))[0] != shared

    assert client.post("/insight/home/choose", {"board": str(ready_one.pk)}).status_code == 302
    assert boards.home_of(actor_for(seller)) == (ready_one, True)
    client.post("/insight/home/choose", {"board": ""})
    assert boards.home_of(actor_for(seller)) == (None, True)
    assert "/tiles/" not in client.get("/insight/home", HTTP_HX_REQUEST="true").content.decode()
    private = boards.create(actor_for(manager), Draft("经理的", tiles=(one,)))
    assert client.post("/insight/home/choose", {"board": str(private.pk)}).status_code == 404
    assert client.get("/insight/home/choose").status_code == 405
