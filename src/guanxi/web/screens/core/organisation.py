"""The organisation and its currencies."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guanxi.core.identity import preferences
from guanxi.core.org import currency
from guanxi.core.org import settings as org_settings
from guanxi.core.org.models import ExchangeRate
from guanxi.records import unrated
from guanxi.web.access import allow_area
from guanxi.web.pages import addresses
from guanxi.web.pages.base import entity_plural
from guanxi.web.screens.core.inputs import Input, act, actor_of, attempt, filled, page
from guanxi.web.shell import toast


def _regions(language: str) -> list[tuple[str, str]]:
    from babel import Locale
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    names = Locale.parse("zh_Hans" if language.startswith("zh") else "en").territories
    codes = {region: code for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() for region in regions}
    found = [(region, f"{names.get(region, region)} +{code}") for region, code in codes.items() if region.isalpha()]
    return sorted(found, key=lambda pair: (pair[0] != "CN", pair[1]))


@allow_area("settings.organisation", "edit")
def organisation(request: HttpRequest) -> HttpResponse:
    now = org_settings.organisation()
    inputs = [
        Input("name", _("Name"), value=now.name, required=True, wide=True),
        Input("language", _("Language"), "select", now.language, list(settings.LANGUAGES),
              help=_("For people who chose none.")),
        Input("time_zone", _("Time zone"), "select", now.time_zone, list(preferences.choices("time_zone").items()),
              help=_("For people who chose none.")),
        Input("phone_region", _("Phone numbers without country code are from"), "select", now.phone_region,
              _regions(get_language() or "")),
    ]  # fmt: skip
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        given = {item.name: request.POST.get(item.name, "") for item in inputs}
        _done, errors = attempt(lambda: org_settings.change(actor_of(request), given))
        if not errors:
            toast(request, _("Saved."))
            return HttpResponseRedirect(reverse("settings-organisation"))
        inputs = filled(inputs, given, errors)
    return page(request, "core/organisation.html", {"inputs": inputs}, errors)


def _rate_inputs(shown: str, day: str = "") -> list[Input]:
    reporting = org_settings.get("reporting_currency")
    names = currency.names(get_language() or "zh-hans")
    options = [(code, f"{code} · {name}") for code, name in names.items() if code != reporting]
    return [
        Input("currency", _("Currency"), "select", shown, [("", "–"), *options], required=True),
        Input("rate", _("One unit is worth, in %(base)s") % {"base": reporting}, "number", required=True),
        Input("date", _("Valid from"), "date", day or timezone.localdate().isoformat(), required=True),
    ]


@allow_area("settings.currencies", "edit")
def currencies(request: HttpRequest) -> HttpResponse:
    """The reporting currency, today's rates, and the rates recorded for one currency; POST records one."""
    shown = request.GET.get("currency", "")
    inputs = _rate_inputs(shown, _day(request.GET.get("date", "")))
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        given = {item.name: request.POST.get(item.name, "") for item in inputs}
        errors = _record(request, given)
        if not errors:
            return HttpResponseRedirect(f"{reverse('settings-currencies')}?currency={given['currency']}")
        inputs = filled(inputs, given, errors)
    return _currencies(request, inputs, shown, errors)


def _day(text: str) -> str:
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


@allow_area("settings.currencies", "edit")
def rates_missing(request: HttpRequest) -> HttpResponse:
    """A piece of the page: amounts that sums leave out for want of a rate. Asked for by itself, since it reads many records."""
    actor = actor_of(request)
    lines = []
    found = list(unrated.found(actor))
    for one in found:
        conditions = [(f"f.{one.unit.key}.is", one.currency)] if one.unit is not None else []
        if one.dated is not None:
            conditions.append((f"f.{one.dated.key}.between", one.first.isoformat()))
            conditions.append((f"f.{one.dated.key}.between", one.last.isoformat()))
        lines.append({
            "one": one, "label": entity_plural(one.entity),
            "list": f"{addresses.list_url(one.entity.key)}?{urlencode(conditions)}",
            "set": f"{reverse('settings-currencies')}?{urlencode({'currency': one.currency, 'date': one.first.isoformat()})}#new",
        })  # fmt: skip
    return render(request, "core/rates_missing.html", {"lines": lines, "n": sum(one.n for one in found)})


def _currencies(
    request: HttpRequest, inputs: list[Input], shown: str, errors: dict[str, list[str]], *, pasted: str = "",
    paste_wrong: Sequence[str] = (),
) -> HttpResponse:  # fmt: skip
    reporting = org_settings.get("reporting_currency")
    names = currency.names(get_language() or "zh-hans")
    options = [(code, f"{code} · {name}") for code, name in names.items()]
    rates = ExchangeRate.objects.order_by("-date", "currency")
    if shown in names:
        rates = rates.filter(currency=shown)
    context: dict[str, Any] = {
        "reporting": reporting,
        "reporting_input": Input("reporting_currency", _("Reporting currency"), "select", reporting, options),
        "inputs": inputs,
        "today": _today(reporting, names),
        "rates": rates[:200],
        "shown": shown if shown in names else "",
        "pasted": pasted,
        "paste_wrong": paste_wrong,
    }
    return page(request, "core/currencies.html", context, errors)


@allow_area("settings.currencies", "edit")
@require_POST
def rates_paste(request: HttpRequest) -> HttpResponse:
    """Many rates at once, as copied from a spreadsheet; all of them or none."""
    text = request.POST.get("rates", "")[:200_000]
    wanted, wrong = currency.read_rates(text)
    if not wrong and wanted:
        try:
            with transaction.atomic():
                for day, code, value in wanted:
                    _done, errors = attempt(
                        lambda d=day, c=code, v=value: currency.record_rate(actor_of(request), c, v, date=d)  # type: ignore[misc]
                    )
                    if errors:
                        said = " ".join(m for messages in errors.values() for m in messages)
                        wrong = [
                            _("%(code)s, %(day)s: %(what)s") % {"code": code, "day": day.isoformat(), "what": said}
                        ]
                        raise _Stop
        except _Stop:
            pass
        else:
            n = len(wanted)
            toast(request, ngettext("%(n)d rate recorded.", "%(n)d rates recorded.", n) % {"n": n})
            return HttpResponseRedirect(reverse("settings-currencies"))
    wrong = wrong or [_("There is nothing to record.")]
    return _currencies(request, _rate_inputs(""), "", {"rates": wrong}, pasted=text, paste_wrong=wrong[:10])


class _Stop(Exception):
    """Rolls back what was recorded before the wrong line."""


def _record(request: HttpRequest, given: dict[str, str]) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    try:
        value = Decimal(given["rate"].strip().replace(",", "."))
    except InvalidOperation:
        errors["rate"] = [_("A rate is a number above 0.")]
    try:
        date = datetime.date.fromisoformat(given["date"])
    except ValueError:
        errors["date"] = [_("Write the date as YYYY-MM-DD.")]
    if errors:
        return errors
    _done, errors = attempt(lambda: currency.record_rate(actor_of(request), given["currency"], value, date=date))
    if not errors:
        toast(request, _("The rate was recorded."))
    return errors


def _today(reporting: str, names: dict[str, str]) -> list[dict[str, Any]]:
    used = set(ExchangeRate.objects.order_by().values_list("currency", flat=True).distinct())
    used |= set(ExchangeRate.objects.order_by().values_list("base", flat=True).distinct())
    found = []
    for code in sorted(used - {reporting}):
        try:
            rate = currency.rate(code)
        except currency.NoRate:
            found.append({"code": code, "name": names.get(code, code), "rate": None})
            continue
        found.append({"code": code, "name": names.get(code, code), "rate": format(rate.normalize(), ".8g")})
    return found


@allow_area("settings.currencies", "edit")
@require_POST
def reporting(request: HttpRequest) -> HttpResponse:
    value = request.POST.get("reporting_currency", "")
    return act(
        request,
        lambda: org_settings.change(actor_of(request), {"reporting_currency": value}),
        back=reverse("settings-currencies"),
        said=_("Saved."),
    )


@allow_area("settings.currencies", "edit")
@require_POST
def rate_delete(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(ExchangeRate, pk=pk)
    return act(
        request,
        lambda: currency.delete_rate(actor_of(request), row),
        back=reverse("settings-currencies"),
        said=_("The rate was deleted."),
    )
