"""Which columns go into the marts: it follows from how the entities are declared.

Choices, links, dates, numbers and yes/no of the classes public and internal. No texts, nothing personal, nothing secret, no custom
fields: questions about those are answered by PostgreSQL. Of an address only the province goes in, and whether essential fields are
filled; both are asked for with the right to read the field itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from guanxi.records import catalogue, kinds
from guanxi.records.entity import Entity, Field

#: In the order they are pulled and built: what others take columns from comes first.
ENTITIES = (
    "customers.account", "trade.category", "trade.product", "trade.order", "trade.orderline", "trade.payment",
)  # fmt: skip
#: Columns of linked records that are kept beside the row's own, so that no question has to join. The key is the link.
CARRIED: dict[str, Mapping[str, tuple[str, ...]]] = {
    "trade.order": {
        "account": ("kind", "status", "tier", "source", "industry", "category", "owner", "address:province"),
    },
    "trade.orderline": {
        "order": ("account", "ordered_at", "status", "channel", "payment_method", "sales_rep", "currency", "first_order",
                  "account.kind", "account.tier", "account.industry", "account.source", "account.owner",
                  "account.address:province"),
        "product": ("category",),
    },
    "trade.payment": {
        "order": ("account", "status", "channel", "sales_rep", "first_order", "account.kind", "account.tier",
                  "account.owner", "account.address:province"),
    },
}  # fmt: skip
#: Dates that also stand as day and month in the organisation's time zone, small and sorted by; and where the currency stands.
MAIN_TIME = {
    "customers.account": "created_at", "trade.order": "ordered_at", "trade.orderline": "order.ordered_at",
    "trade.payment": "received_at",
}  # fmt: skip
MONEY = {"trade.order": "currency", "trade.orderline": "order.currency", "trade.payment": "currency"}
#: Columns of very many values that totals are kept by, beside those by each ENUM.
TOTALS_BY = {
    "trade.order": ("account",),
    "trade.orderline": ("order.account", "product"),
    "trade.payment": ("order.account",),
}
#: Goes up when files made before can no longer be read or updated.
LAYOUT = 2
CLASSES = ("public", "internal")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Column:
    """`name` as questions call it; `sql` over the PostgreSQL row; `type` in DuckDB. `small`: a value of few, kept as an ENUM."""

    name: str
    sql: str
    type: str
    small: bool = False


@cache
def pulled(entity: Entity) -> tuple[Column, ...]:
    """What is brought over of each live row, the id first."""
    found = [Column("id", "id", "BIGINT")]
    for f in entity.declared.values():
        column = _column(f)
        if column is not None:
            found.append(column)
        if isinstance(f.kind, kinds.Address) and not f.custom and f.key == "address":
            found.append(
                Column(f"{f.key}:province", f"nullif(\"{f.column}\" ->> 'province', '')", "VARCHAR", small=True)
            )
        if f.essential and not f.computed:
            found.append(Column(f"@filled:{f.key}", _filled(f), "BOOLEAN"))
    return tuple(found)


def _column(f: Field) -> Column | None:
    kind = f.kind
    if f.computed or f.custom or f.secret or f.personal or f.sensitivity not in CLASSES or kind.many:
        return None
    if isinstance(kind, kinds.Choice):
        return Column(f.key, f"nullif(\"{f.column}\", '')", "VARCHAR", small=True)
    if isinstance(kind, kinds.Link):
        return Column(f.key, f'"{f.column}"', "BIGINT", small=True)
    if isinstance(kind, kinds.DateTime):
        return Column(f.key, f"\"{f.column}\" AT TIME ZONE 'UTC'", "TIMESTAMP")
    if isinstance(kind, kinds.Date):
        return Column(f.key, f'"{f.column}"', "DATE")
    if isinstance(kind, kinds.YesNo):
        return Column(f.key, f'"{f.column}"', "BOOLEAN")
    if isinstance(kind, kinds.Integer):
        return Column(f.key, f'"{f.column}"', "BIGINT")
    if isinstance(kind, kinds.Number):
        return Column(f.key, f'"{f.column}"', "DECIMAL(18,4)")
    return None


def _filled(f: Field) -> str:
    blank = f.kind.blank
    column = f'"{f.column}"'
    return f"({column} IS NOT NULL)" if blank is None or blank == [] else f"({column} IS NOT NULL AND {column} <> '')"


def fingerprint() -> str:
    """Changes when the columns change: then everything is pulled anew."""
    text = json.dumps(
        [
            LAYOUT,
            *(
                [key, [[c.name, c.sql, c.type] for c in pulled(catalogue.get(key))], _plain(CARRIED.get(key, {}))]
                for key in ENTITIES
            ),
        ]
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(carried: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {link: list(names) for link, names in carried.items()}
