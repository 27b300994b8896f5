"""What both engines answer with: groups, exact and unrounded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

REST = "…rest"  # the key of everything beyond the largest groups


@dataclass(frozen=True)
class Group:
    """`n` records under one value of the dimensions. `total` is in `currency` by the rate of the day `on` (None: of today)."""

    by: Any
    split: Any
    n: int
    total: Decimal | None = None
    currency: str = ""
    on: date | None = None


class TooMany(Exception):
    """The question makes more groups than a tile can show, or takes longer than a page may."""
