"""Figures and days around the records, too, are written as the person writes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from guanxi.core.access import SYSTEM, acting
from guanxi.web.templatetags import gx

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("chosen", "value", "text"),
    [
        ("", 1234567, "1,234,567"), ("comma", 1234567, "1,234,567"), ("dot", 1234567, "1.234.567"), ("plain", 1234567, "1234567"),
        ("dot", Decimal("1234.50"), "1.234,5"), ("", Decimal("7.2000000000"), "7.2"), ("", Decimal("1E+1"), "10"), ("", "—", "—"),
    ],
)  # fmt: skip
def test_numbers(chosen: str, value: object, text: str) -> None:
    with acting(replace(SYSTEM, number_format=chosen)):
        assert gx.number(value) == text


def test_days_and_instants_in_the_persons_zone_and_form() -> None:
    """Late in the evening in London it is the next day in Shanghai."""
    at = datetime(2026, 3, 1, 20, 5, 9, tzinfo=UTC)
    with acting(replace(SYSTEM, date_format="dmy_dot")), timezone.override("Asia/Shanghai"):
        assert gx.day(date(2026, 3, 1)) == "01.03.2026"
        assert gx.instant(at) == "02.03.2026 04:05:09"
        assert 'title="02.03.2026 04:05"' in gx.ago(at)
    assert gx.day(date(2026, 3, 1)) == "2026-03-01" and gx.instant(None) == ""
