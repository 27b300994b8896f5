"""The dashboard that everybody starts with. Installed once; afterwards it is the administrators' to change."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date

from django.utils.translation import gettext_noop

from guanxi.insight.boards import HOME, Tile
from guanxi.insight.models import Dashboard, Sharing

OVERVIEW = "overview"
NAME = gettext_noop("Business at a glance")

TILES: tuple[Tile, ...] = (
    Tile("revenue", "number", gettext_noop("Revenue"), "trade.order", measure="sum:total", width=3, height=1),
    Tile("orders", "number", gettext_noop("Number of orders"), "trade.order", width=3, height=1),
    Tile("buyers", "number", gettext_noop("Customers who bought"), "trade.order", measure="distinct:account", width=3, height=1),
    Tile("new", "number", gettext_noop("New customers"), "customers.account", width=3, height=1),
    Tile("months", "line", gettext_noop("Revenue by month"), "trade.order", measure="sum:total", by="ordered_at:month", width=8),
    Tile("channels", "bar", gettext_noop("Revenue by channel"), "trade.order", measure="sum:total", by="channel", width=4),
    Tile("growth", "line", gettext_noop("Customers over time"), "customers.account", by="first_seen:month", cumulative=True,
         follows=False, width=6),
    Tile("returning", "stacked", gettext_noop("New and returning customers"), "trade.order", measure="sum:total",
         by="ordered_at:month", split="first_order", width=6),
    Tile("regions", "bar", gettext_noop("Revenue by region"), "trade.order", measure="sum:total", by="account.address:province",
         top=10, width=6),
    Tile("categories", "bar", gettext_noop("Revenue by product category"), "trade.orderline", measure="sum:amount",
         by="product.category", top=10, width=6),
    Tile("top", "table", gettext_noop("Top customers"), "trade.order", measure="sum:total", by="account", top=10, width=6),
    Tile("funnel", "funnel", gettext_noop("Customers by status"), "customers.account", by="status", follows=False, width=6),
    Tile("heat", "heat", gettext_noop("Orders by month and channel"), "trade.order", by="ordered_at:month", split="channel", width=6),
    Tile("complete", "completeness", gettext_noop("Completeness of customer data"), "customers.account", follows=False, width=6),
)  # fmt: skip
LATELY = gettext_noop("Lately")
#: What start pages begin with: how the last thirty days went, against the thirty before.
LATELY_TILES: tuple[Tile, ...] = (
    replace(TILES[0], width=4),
    Tile("average", "number", gettext_noop("Average order"), "trade.order", measure="avg:total", width=4, height=1),
    replace(TILES[2], width=4),
    Tile("days", "line", gettext_noop("Revenue by day"), "trade.order", measure="sum:total", by="ordered_at:day", width=8),
    Tile("top", "table", gettext_noop("Top customers"), "trade.order", measure="sum:total", by="account", top=5, width=4),
)  # fmt: skip
TITLES = frozenset(t.title for t in (*TILES, *LATELY_TILES)) | {NAME, LATELY}


def install() -> None:
    """Make what is missing. Deleted by an administrator, it stays away."""
    Dashboard.objects.get_or_create(
        key=OVERVIEW,
        defaults={
            "name": NAME, "sharing": Sharing.EVERYBODY, "tiles": [asdict(t) for t in TILES], "period": "all",
            "position": 0,
        },
    )  # fmt: skip
    Dashboard.objects.get_or_create(
        key=HOME,
        defaults={
            "name": LATELY, "sharing": Sharing.EVERYBODY, "tiles": [asdict(t) for t in LATELY_TILES], "period": "last_30_days",
            "position": 1,
        },
    )  # fmt: skip


def lately(first: date, last: date) -> None:
    """Start pages show these days instead of the last thirty: a demo company's figures are not of today."""
    Dashboard.objects.filter(key=HOME).update(period=f"{first}..{last}")
