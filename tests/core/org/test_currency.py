from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from guanxi.core.access.actor import SYSTEM
from guanxi.core.org import currency, settings, versions
from guanxi.core.org.problems import Invalid

pytestmark = pytest.mark.django_db
JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


@pytest.fixture(autouse=True)
def rates():
    versions.refresh()
    settings.ORGANISATION.clear()
    currency._FOUND.clear()
    currency.record_rate(SYSTEM, "USD", Decimal("7.2"), date=JUNE)
    currency.record_rate(SYSTEM, "USD", Decimal("7.0"), date=JULY)
    currency.record_rate(SYSTEM, "EUR", Decimal("7.8"), date=JUNE)
    currency.record_rate(SYSTEM, "JPY", Decimal("0.048"), date=JUNE)
    yield
    settings.ORGANISATION.clear()
    currency._FOUND.clear()


def test_the_rate_of_the_day_holds_until_the_next():
    assert currency.rate("USD", on=date(2026, 6, 30)) == Decimal("7.2")
    assert currency.rate("USD", on=JULY) == currency.rate("USD", on=date(2030, 1, 1)) == Decimal("7")
    assert currency.rate("CNY", on=JUNE) == 1


def test_the_other_way_round_and_through_the_base():
    assert currency.convert(Decimal(72), "CNY", "USD", JUNE) == Decimal("10.00")
    assert currency.convert(Decimal(100), "EUR", "USD", JUNE) == Decimal("108.33")
    assert currency.convert(Decimal("9.99"), "USD", "JPY", JUNE) == Decimal(1498)


def test_a_missing_rate_says_which():
    with pytest.raises(currency.NoRate, match="2026-05-31") as caught:
        currency.convert(Decimal(1), "USD", "CNY", date(2026, 5, 31))
    assert (caught.value.currency, caught.value.to) == ("USD", "CNY")
    with pytest.raises(currency.NoRate):
        currency.rate("GBP", on=JUNE)


def test_rates_recorded_in_a_former_reporting_currency_still_count():
    settings.change(SYSTEM, {"reporting_currency": "USD"})
    assert currency.convert(Decimal(72), "CNY", on=JUNE) == Decimal("10.00")
    assert currency.convert(Decimal(72), "EUR", on=JUNE) == Decimal("78.00")


def test_a_corrected_rate_counts_at_once():
    assert currency.rate("USD", on=JUNE) == Decimal("7.2")
    currency.record_rate(SYSTEM, "USD", Decimal("7.3"), date=JUNE)
    assert currency.rate("USD", on=JUNE) == Decimal("7.3")


@pytest.mark.parametrize(("code", "value"), [("USD", "0"), ("USD", "-1"), ("USD", "NaN"), ("XXX", "1"), ("CNY", "1")])
def test_nonsense_is_refused(code, value):
    with pytest.raises(Invalid):
        currency.record_rate(SYSTEM, code, Decimal(value), date=JUNE)


def test_settings_are_typed_and_checked():
    assert settings.get("reporting_currency") == "CNY"
    settings.change(SYSTEM, {"name": " 关系 有限公司 ", "phone_region": "DE", "time_zone": "Europe/Berlin"})
    assert settings.organisation().name == "关系 有限公司"
    with pytest.raises(Invalid) as caught:
        settings.change(SYSTEM, {"name": "", "time_zone": "Moon/Sea", "language": "tlh"})
    assert set(caught.value.errors) == {"name", "time_zone", "language"}
    with pytest.raises(KeyError):
        settings.get("nothing")
