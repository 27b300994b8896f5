"""Settings of the organisation: typed, kept in memory, changed in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from guanxi.core.access.actor import Actor
from guanxi.core.org.models import Setting
from guanxi.core.org.problems import Invalid
from guanxi.core.org.versions import Cached, bump


@dataclass(frozen=True)
class Organisation:
    """Everything there is to set, with what holds until somebody sets it."""

    name: str = "Guanxi"
    reporting_currency: str = "CNY"
    language: str = settings.LANGUAGE_CODE
    time_zone: str = settings.TIME_ZONE
    phone_region: str = "CN"


AREA_OF = {"reporting_currency": "currencies"}
_KEYS = tuple(f.name for f in fields(Organisation))


def _load() -> Organisation:
    stored = dict(Setting.objects.filter(key__in=_KEYS).values_list("key", "value"))
    return Organisation(**{key: value for key, value in stored.items() if isinstance(value, str)})


ORGANISATION: Cached[Organisation] = Cached("settings", _load)


def organisation() -> Organisation:
    return ORGANISATION.get()


def get(key: str) -> str:
    """One setting by name; raises KeyError for an unknown one."""
    if key not in _KEYS:
        raise KeyError(key)
    value: str = getattr(ORGANISATION.get(), key)
    return value


def _name(value: str) -> str:
    name = " ".join(value.split())
    if not 0 < len(name) <= 100:
        raise ValueError(_("Between 1 and 100 characters."))
    return name


def _one_of(allowed: Callable[[], Any]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in allowed():
            raise ValueError(_("Choose one from the list."))
        return value

    return check


def _checks() -> dict[str, Callable[[str], str]]:
    from phonenumbers import SUPPORTED_REGIONS

    from guanxi.core.identity import preferences
    from guanxi.core.org import currency

    return {
        "name": _name,
        "reporting_currency": _one_of(currency.codes),
        "language": _one_of(lambda: preferences.choices("language")),
        "time_zone": _one_of(lambda: preferences.choices("time_zone")),
        "phone_region": _one_of(lambda: SUPPORTED_REGIONS),
    }


def change(actor: Actor, values: Mapping[str, str]) -> None:
    """Set several settings at once; raises Invalid (nothing is set) or Refused."""
    from guanxi.core.access.services import changing
    from guanxi.core.identity import audit

    areas = {AREA_OF.get(key, "organisation") for key in values} or {"organisation"}
    checks = _checks()
    errors: dict[str, list[str]] = {}
    clean: dict[str, str] = {}
    for key, value in values.items():
        try:
            clean[key] = checks[key](value)
        except KeyError:
            raise Invalid(f"Unknown setting: {key}")
        except ValueError as error:
            errors[key] = [str(error)]
    for area in sorted(areas):
        with changing(actor, area):
            if errors:
                raise Invalid(errors)
            mine = {key: value for key, value in clean.items() if AREA_OF.get(key, "organisation") == area}
            held = asdict(_load())
            before = {key: held[key] for key in mine if held[key] != mine[key]}
            for key in before:
                Setting.objects.update_or_create(key=key, defaults={"value": mine[key]})
            audit.settings_changed(
                actor, "core.organisation", None, before=before, after={key: mine[key] for key in before}
            )
            if before:
                bump("settings")
