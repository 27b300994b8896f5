"""Money in several currencies: dated rates, and converting by them.

A rate says what one unit of a currency is worth in a base (the reporting currency of its time) from a date on, until
the next date. What is not recorded directly is found the other way round, or through a currency both have a rate to.
"""

from __future__ import annotations

import datetime
import re
from bisect import bisect_left
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from functools import cache

from babel import Locale
from babel.numbers import get_currency_precision, list_currencies
from django.utils import timezone
from django.utils.translation import gettext as _

from guanxi.core.access.actor import Actor
from guanxi.core.org import settings as org_settings
from guanxi.core.org.models import ExchangeRate
from guanxi.core.org.problems import Invalid
from guanxi.core.org.versions import Cached, bump

Date = datetime.date
_MOST_REMEMBERED = 20_000
# (currency, base, date) → rate or None; forgotten as a whole when any rate changes, in every process.
_FOUND: Cached[dict[tuple[str, str, Date], Decimal | None]] = Cached("rates", dict)


class NoRate(LookupError):
    """No rate leads from one currency to the other at that date."""

    def __init__(self, currency: str, to: str, on: Date) -> None:
        self.currency, self.to, self.on = currency, to, on
        super().__init__(
            _("There is no exchange rate from %(currency)s to %(to)s on %(date)s.")
            % {"currency": currency, "to": to, "date": on.isoformat()}
        )


@cache
def codes() -> frozenset[str]:
    """ISO 4217 codes of the currencies in use today (Babel's, without metals, funds and test codes)."""
    found = list_currencies(locale="en")
    current = {c for territory in Locale("en").territories for c in _of_territory(str(territory))}
    return frozenset(found & current)


def _of_territory(territory: str) -> list[str]:
    from babel.numbers import get_territory_currencies

    try:
        return [str(c) for c in get_territory_currencies(territory, tender=True)]
    except (KeyError, ValueError):
        return []


def names(language: str) -> dict[str, str]:
    """{code: name} in a language, ordered by code."""
    locale = Locale.parse(language.replace("-", "_").replace("zh_hans", "zh_Hans"))
    return {code: str(locale.currencies.get(code, code)) for code in sorted(codes())}


def _recorded(currency: str, base: str, on: Date) -> Decimal | None:
    """The newest rate recorded for exactly this pair, at or before `on`."""
    found = _FOUND.get()
    key = (currency, base, on)
    if key not in found:
        if len(found) >= _MOST_REMEMBERED:
            found.clear()
        found[key] = (
            ExchangeRate.objects.filter(currency=currency, base=base, date__lte=on)
            .order_by("-date")
            .values_list("rate", flat=True)
            .first()
        )
    return found[key]


def _direct(currency: str, to: str, on: Date) -> Decimal | None:
    forth = _recorded(currency, to, on)
    if forth is not None:
        return forth
    back = _recorded(to, currency, on)
    return None if back is None else 1 / back


def rate(currency: str, *, on: Date | None = None, to: str | None = None) -> Decimal:
    """What one unit of `currency` is worth in `to` (default: the reporting currency) on a date (default: today).

    Raises NoRate when no recorded rate leads there.
    """
    reporting = org_settings.get("reporting_currency")
    to = to or reporting
    on = on or timezone.localdate()
    if currency == to:
        return Decimal(1)
    with localcontext() as context:
        context.prec = 28
        found = _direct(currency, to, on)
        if found is not None:
            return found
        for middle in _middles(currency, to, reporting):
            first, second = _direct(currency, middle, on), _direct(middle, to, on)
            if first is not None and second is not None:
                return first * second
    raise NoRate(currency, to, on)


def rated_since(currency: str, to: str | None = None) -> Date | None:
    """The first day on which a rate leads from `currency` to another (default: the reporting currency); None for never.

    Once there is one there is one for good, so it is looked for by halves.
    """
    days = sorted(ExchangeRate.objects.order_by().values_list("date", flat=True).distinct())

    def rated(day: Date) -> bool:
        try:
            rate(currency, on=day, to=to)
        except NoRate:
            return False
        return True

    if currency == (to or org_settings.get("reporting_currency")):
        return Date.min
    place = bisect_left(days, True, key=rated)
    return days[place] if place < len(days) else None


def _middles(currency: str, to: str, reporting: str) -> list[str]:
    """Currencies to go through: the reporting currency first, then other bases that rates were recorded in."""
    bases = set(ExchangeRate.objects.order_by().values_list("base", flat=True).distinct())
    return [m for m in [reporting, *sorted(bases - {reporting})] if m not in (currency, to)]


def convert(amount: Decimal, currency: str, to: str | None = None, on: Date | None = None) -> Decimal:
    """`amount` in another currency at the rate of a date, rounded half-even to that currency's smallest unit."""
    to = to or org_settings.get("reporting_currency")
    value = amount * rate(currency, on=on, to=to)
    return value.quantize(Decimal(1).scaleb(-get_currency_precision(to)), rounding=ROUND_HALF_EVEN)


def record_rate(actor: Actor, currency: str, value: Decimal, *, date: Date, base: str | None = None) -> ExchangeRate:
    """Set what one unit of `currency` is worth in `base` from `date` on; a rate of the same day is replaced."""
    from guanxi.core.access.services import changing
    from guanxi.core.identity import audit

    with changing(actor, "currencies"):
        base = base or org_settings.get("reporting_currency")
        errors: dict[str, list[str]] = {}
        if currency not in codes() or currency == base:
            errors["currency"] = [_("Choose one from the list.")]
        if base not in codes():
            errors["base"] = [_("Choose one from the list.")]
        if not value.is_finite() or value <= 0 or value >= Decimal(10) ** 10:
            errors["rate"] = [_("A rate is a number above 0.")]
        if errors:
            raise Invalid(errors)
        value = value.quantize(Decimal("1e-10"))
        if value == 0:
            raise Invalid({"rate": [_("A rate is a number above 0.")]})
        old = ExchangeRate.objects.filter(currency=currency, base=base, date=date).first()
        before = {} if old is None else _state(old)
        row, _new = ExchangeRate.objects.update_or_create(
            currency=currency, base=base, date=date, defaults={"rate": value}
        )
        audit.settings_changed(actor, "core.exchangerate", row.pk, before=before, after=_state(row))
        bump("rates")
    return row


def read_rates(text: str) -> tuple[list[tuple[Date, str, Decimal]], list[str]]:
    """Lines of day, currency and rate, apart by tabs, semicolons, commas or spaces; and what is wrong with which line."""
    found: list[tuple[Date, str, Decimal]] = []
    wrong: list[str] = []
    for n, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = [part for part in re.split(r"[\t;\s]+|,(?=\s|\D)|(?<=\D),", line.strip()) if part]
        try:
            day, code, value = parts
            moment = datetime.date.fromisoformat(day.replace("/", "-").replace(".", "-"))
            rate_ = Decimal(value.replace(",", "."))
            if code.upper() not in codes() or not rate_.is_finite() or rate_ <= 0:
                raise ValueError(line)
        except (ValueError, InvalidOperation):
            wrong.append(_("Line %(n)d cannot be read: %(line)s") % {"n": n, "line": line.strip()[:60]})
            continue
        found.append((moment, code.upper(), rate_))
    return found, wrong


def delete_rate(actor: Actor, row: ExchangeRate) -> None:
    from guanxi.core.access.services import changing
    from guanxi.core.identity import audit

    with changing(actor, "currencies"):
        record, before = row.pk, _state(row)
        ExchangeRate.objects.filter(pk=record).delete()
        audit.settings_changed(actor, "core.exchangerate", record, before=before, after={})
        bump("rates")


def _state(row: ExchangeRate) -> dict[str, str]:
    return {
        "currency": row.currency,
        "base": row.base,
        "date": row.date.isoformat(),
        "rate": format(row.rate.normalize(), "f"),
    }
