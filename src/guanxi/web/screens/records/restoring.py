"""Putting a setting back to what the journal says it was: those whose line says all of it, and only while nobody changed it since."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from guanxi.core.access import Actor
from guanxi.core.access import services as access
from guanxi.core.access.models import Role
from guanxi.core.identity import people_bulk
from guanxi.core.identity import services as people
from guanxi.core.identity.models import User
from guanxi.core.journal.models import ChangeSet
from guanxi.core.org import currency, departments
from guanxi.core.org import settings as org_settings
from guanxi.core.org.models import Department, ExchangeRate
from guanxi.records import choice_editing, custom
from guanxi.records.models import ChoiceValue

State = Mapping[str, Any]
WORDS = {
    "name": _lazy("Name"), "username": _lazy("User name"), "email": _lazy("E-mail"), "department": _lazy("Department"),
    "manager": _lazy("Manager"), "roles": _lazy("Roles"), "active": _lazy("Active"), "parent": _lazy("Belongs to"),
    "position": _lazy("Position"), "description": _lazy("Description"), "label_zh": _lazy("Name in Chinese"),
    "label_en": _lazy("Name in English"), "colour": _lazy("Colour"), "retired": _lazy("Retired"),
    "currency": _lazy("Currency"), "base": _lazy("Reporting currency"), "date": _lazy("Valid from"), "rate": _lazy("Rate"),
    "reporting_currency": _lazy("Reporting currency"), "language": _lazy("Language"), "time_zone": _lazy("Time zone"),
    "phone_region": _lazy("Phone numbers without country code are from"), "accent": _lazy("Accent colour"),
    "logo": _lazy("Logo"), "required": _lazy("Required"), "sensitivity": _lazy("Class"),
    "merged_into": _lazy("Merged into"), "people": _lazy("People"), "default": _lazy("Default value"),
    "deleted": _lazy("Deleted"), "search": _lazy("Found by the search"), "order": _lazy("Order"),
    "help_zh": _lazy("Help in Chinese"), "help_en": _lazy("Help in English"),
}  # fmt: skip


class Changed(Exception):
    """The setting is no longer what this step made of it."""


def word(key: str) -> str:
    """What a key of a change is called; keys that are numbers are people (of a step that changed several)."""
    if key.isascii() and key.isdigit():
        return User.objects.filter(pk=int(key)).values_list("name", flat=True).first() or f"#{key}"
    return str(WORDS.get(key, key))


def say(entity: str, key: str, value: Any) -> str:
    """A value of a setting in words."""
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, dict) and entity == "core.user":
        return "; ".join(f"{word(name)}: {say(entity, name, one) or _('none')}" for name, one in value.items())
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(say(entity, key, one) for one in value)
    if key == "manager" or (entity == "core.department" and key == "people"):
        return User.objects.filter(pk=value).values_list("name", flat=True).first() or f"#{value}"
    if key in ("department", "parent", "merged_into") and entity in ("core.user", "core.department"):
        return Department.objects.filter(pk=value).values_list("name", flat=True).first() or f"#{value}"
    return str(value)


def _same(now: State, after: State) -> None:
    if any(now.get(key) != value for key, value in after.items()):
        raise Changed


def _organisation(actor: Actor, _record: int | None, before: State, after: State) -> None:
    _same({key: org_settings.get(key) for key in after}, after)
    org_settings.change(actor, {key: str(value) for key, value in before.items()})


def _department(actor: Actor, record: int | None, before: State, after: State) -> None:
    one = Department.objects.filter(pk=record or 0).first()
    if one is None:
        raise Changed
    _same({**departments.state(one), "position": departments.place_of(one)}, after)
    parent = Department.objects.filter(pk=before.get("parent") or 0).first()
    if parent is None and before.get("parent"):
        raise Changed
    if "position" in before:  # it was put elsewhere: back to where it stood among its siblings
        others = [pk for pk in departments.siblings(before.get("parent")) if pk != one.pk]
        following = others[before["position"]] if before["position"] < len(others) else None
        departments.place(actor, one, parent=parent, before=following, was_parent=one.parent_id)
        return
    manager = User.objects.filter(pk=before.get("manager") or 0).first()
    departments.edit(actor, one, name=before["name"], parent=parent, manager=manager)


def _role(actor: Actor, record: int | None, before: State, after: State) -> None:
    one = Role.objects.filter(pk=record or 0).first()
    if one is None:
        raise Changed
    if "key" in before:
        _same({"key": one.key, "name": one.name, "description": one.description}, after)
        access.rename_role(actor, one, name=before["name"], description=before["description"])
        return
    now: dict[str, Any] = {f"{g.entity}:{g.action}": g.scope for g in one.grants.all()}
    now |= {f"{g.entity}:{g.field_class or '.' + g.field}": g.level for g in one.field_grants.all()}
    _same(now, after)
    grants: dict[access.GrantKey, str | None] = {}
    fields: dict[access.FieldKey, str | None] = {}
    for name, value in before.items():
        entity, _colon, what = name.partition(":")
        if what.startswith("."):
            fields[entity, "", what[1:]] = value
        elif what in ("public", "internal", "personal", "secret"):
            fields[entity, what, ""] = value
        else:
            grants[entity, what] = value
    access.set_rights(actor, one, grants=grants, fields=fields)


def _rate(actor: Actor, _record: int | None, before: State, after: State) -> None:
    if after:
        one = ExchangeRate.objects.filter(
            currency=after["currency"], base=after["base"], date=datetime.date.fromisoformat(after["date"])
        ).first()
        if one is None or one.rate != Decimal(after["rate"]):
            raise Changed
        if not before:
            currency.delete_rate(actor, one)
            return
    elif ExchangeRate.objects.filter(
        currency=before["currency"], base=before["base"], date=datetime.date.fromisoformat(before["date"])
    ).exists():
        raise Changed
    currency.record_rate(
        actor, before["currency"], Decimal(before["rate"]), date=datetime.date.fromisoformat(before["date"]),
        base=before["base"],
    )  # fmt: skip


def _value(actor: Actor, record: int | None, before: State, after: State) -> None:
    one = ChoiceValue.objects.filter(pk=record or 0).first()
    if one is None:
        raise Changed
    _same({key: getattr(one, key) for key in after}, after)
    choice_editing.change(actor, one, **dict(before))


def _order(actor: Actor, key: str, before: State, after: State) -> None:
    try:
        choice_editing.put_in_order(actor, key, before["order"], was=after["order"])
    except choice_editing.Reordered:
        raise Changed from None


def _field(actor: Actor, record: int | None, before: State, after: State) -> None:
    try:
        custom.put_back(actor, record or 0, before, after)
    except custom.WrongField:
        raise Changed from None


def _person(actor: Actor, record: int | None, before: State, after: State) -> None:
    if record is None:  # several people at once
        try:
            people_bulk.put_back(actor, before, after)
        except people_bulk.Meanwhile:
            raise Changed from None
        return
    one = User.objects.filter(pk=record).first()
    if one is None:
        raise Changed
    _same(people.state(one), after)
    department = Department.objects.filter(pk=before["department"] or 0).first()
    manager = User.objects.filter(pk=before["manager"] or 0).first()
    if (department is None and before["department"]) or (manager is None and before["manager"]):
        raise Changed
    with transaction.atomic():
        if before["active"] != after["active"]:
            (people.activate if before["active"] else people.deactivate)(actor, one)
        people.edit_person(
            actor, one, username=before["username"], name=before["name"], email=before["email"], roles=before["roles"],
            department=department, manager=manager,
        )  # fmt: skip


#: entity in the journal → (area of settings, how it is put back, whether lines without a "before" can be)
ABLE: Mapping[str, tuple[str, Callable[[Actor, int | None, State, State], None], bool]] = {
    "core.organisation": ("organisation", _organisation, False),
    "core.user": ("people", _person, False),
    "core.department": ("departments", _department, False),
    "core.role": ("roles", _role, False),
    "core.exchangerate": ("currencies", _rate, True),
    "records.choicevalue": ("lists", _value, False),
    "records.customfield": ("fields", _field, False),
}


def _sides(cs: ChangeSet) -> tuple[State, State]:
    detail = cs.detail or {}
    before, after = detail.get("before") or {}, detail.get("after") or {}
    return (before, after) if isinstance(before, dict) and isinstance(after, dict) else ({}, {})


def possible(actor: Actor, cs: ChangeSet) -> bool:
    """Whether this step can be put back by this person: the kind of setting, both sides known, the right to change it."""
    if cs.action != "settings" or cs.entity not in ABLE:
        return False
    area, _do, without = ABLE[cs.entity]
    if not (
        actor.can(f"settings.{area}", "edit")
        or (cs.entity == "core.organisation" and actor.can("settings.currencies", "edit"))
    ):
        return False
    before, after = _sides(cs)
    if cs.entity == "records.choicevalue" and not set(before) <= {*choice_editing.EDITABLE, "order"}:
        return False
    if cs.entity == "records.customfield" and not set(before) <= set(custom.EDITABLE):
        return False
    if cs.entity in ("core.department", "core.role") and ("merged_into" in after or not after):
        return False
    return bool(before) or (without and bool(after))


def restore(actor: Actor, cs: ChangeSet) -> None:
    """Put it back, as a change of its own. Raises Changed, or what changing the setting raises."""
    before, after = _sides(cs)
    if cs.entity == "records.choicevalue" and "order" in before:
        _order(actor, str((cs.detail or {}).get("field", "")), before, after)
        return
    ABLE[cs.entity][1](actor, cs.record, before, after)
