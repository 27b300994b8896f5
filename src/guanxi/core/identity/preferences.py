"""What people choose for themselves: language, time zone, formats, theme. Empty means: as the organisation has it."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import available_timezones

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanxi.core.identity.models import User
from guanxi.core.org.problems import Invalid

DATE_FORMATS = {
    "iso": "2026-11-20",
    "cn": "2026年11月20日",
    "dmy": "20/11/2026",
    "dmy_dot": "20.11.2026",
    "mdy": "11/20/2026",
}
NUMBER_FORMATS = {
    "comma": "1,234,567.89",
    "dot": "1.234.567,89",
    "space": "1 234 567,89",
    "plain": "1234567.89",
}
THEMES = {"light": gettext_lazy("Light"), "dark": gettext_lazy("Dark")}
FIELDS = ("language", "time_zone", "date_format", "number_format", "theme")


def choices(field: str) -> dict[str, str]:
    """What may be chosen for a field: {value: label}, without the empty choice."""
    if field == "language":
        return dict(settings.LANGUAGES)
    if field == "time_zone":
        odd = ("Etc/", "SystemV/", "posix/", "right/")
        zones = sorted(z for z in available_timezones() if "/" in z and not z.startswith(odd))
        return {zone: zone.replace("_", " ") for zone in [*zones, "UTC"]}
    if field == "theme":
        return {value: str(label) for value, label in THEMES.items()}
    return {"date_format": DATE_FORMATS, "number_format": NUMBER_FORMATS}[field]


def clean(field: str, value: str) -> str:
    """The value if it may be chosen (or is empty); raises Invalid otherwise."""
    if value and value not in choices(field):
        raise Invalid({field: [_("Choose one from the list.")]})
    return value


def save(person: User, values: Mapping[str, str], *, name: str | None = None) -> None:
    """Store a person's own choices; unknown keys are ignored."""
    chosen = {field: clean(field, values[field]) for field in FIELDS if field in values}
    if name is not None:
        name = " ".join(name.split())
        if not 0 < len(name) <= 150:
            raise Invalid({"name": [_("Between 1 and 150 characters.")]})
        chosen["name"] = name
    for field, value in chosen.items():
        setattr(person, field, value)
    person.save(update_fields=list(chosen))
