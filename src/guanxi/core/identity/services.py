"""People: add, change, let go; and the first administrator."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.db.models import ManyToOneRel
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from guanxi.core.access.actor import SYSTEM, Actor, acting
from guanxi.core.access.models import Role
from guanxi.core.access.services import ADMINISTRATOR, changing, rights_of
from guanxi.core.identity import audit, preferences
from guanxi.core.identity.models import User, clean_login
from guanxi.core.identity.sessions import end_sessions
from guanxi.core.org import settings as org_settings
from guanxi.core.org.models import Department, Setting
from guanxi.core.org.problems import Invalid

_USERNAME = re.compile(r"[\w.+-]{1,150}")
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
FIRST_RUN = "first_run"


class AlreadyRun(Exception):
    """There are people already: the first run is over."""


@dataclass(frozen=True)
class NewPassword:
    """A person with a password that is shown once and must be changed at the next sign-in."""

    person: User
    password: str


@dataclass(frozen=True)
class Deactivated:
    """What became of a person's things: sessions ended, and records they still own [(what, how many)]."""

    sessions: int
    owned: list[tuple[str, int]]


def temporary_password() -> str:
    """Four groups of four letters and digits that are not mistaken for each other: 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _n in range(4)) for _group in range(4))


# --- checks -----------------------------------------------------------------------------------------------------------


def _clean_username(text: str, *, but: int | None = None) -> str:
    name = clean_login(text)
    if not _USERNAME.fullmatch(name):
        raise Invalid({"username": [_("Letters, digits and . _ + - only, at most 150.")]})
    if User.objects.named(name).exclude(pk=but or 0).exists():
        raise Invalid({"username": [_("Somebody has this user name already.")]})
    return name


def _clean_email(text: str, *, but: int | None = None) -> str:
    email = clean_login(text)
    if not email:
        return ""
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid({"email": list(error.messages)})
    if User.objects.named(email).exclude(pk=but or 0).exists():
        raise Invalid({"email": [_("Somebody has this e-mail address already.")]})
    return email


def _clean_name(text: str, fallback: str) -> str:
    name = " ".join(text.split()) or fallback
    if len(name) > 150:
        raise Invalid({"name": [_("At most 150 characters.")]})
    return name


def check_password(password: str, person: User) -> None:
    """Raise Invalid when the password is too weak for this person."""
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise Invalid({"password": list(error.messages)})


def _roles(keys: Iterable[str]) -> list[Role]:
    wanted = set(keys)
    found = list(Role.objects.filter(key__in=wanted))
    missing = wanted - {role.key for role in found}
    if missing:
        raise Invalid({"roles": [_("There is no role “%(key)s”.") % {"key": key} for key in sorted(missing)]})
    return found


def _no_circle(person: User, manager: User | None) -> None:
    seen: set[int] = set()
    while manager is not None and manager.pk not in seen:
        if manager.pk == person.pk:
            raise Invalid({"manager": [_("Nobody can be their own manager, also not through others.")]})
        seen.add(manager.pk)
        manager = manager.manager


def state(person: User) -> dict[str, Any]:
    """What the journal keeps of a person's account."""
    return {
        "username": person.username,
        "name": person.name,
        "email": person.email,
        "department": person.department_id,
        "manager": person.manager_id,
        "active": person.is_active,
        "roles": sorted(person.roles.values_list("key", flat=True)),
    }


# --- people -----------------------------------------------------------------------------------------------------------


def list_people(*, active: bool | None = None) -> models.QuerySet[User]:
    """Everybody, with department and roles at hand; ordered by name."""
    people = User.objects.select_related("department", "manager").prefetch_related("roles").order_by("name", "pk")
    return people if active is None else people.filter(is_active=active)


def add_person(
    actor: Actor,
    username: str,
    *,
    name: str = "",
    email: str = "",
    roles: Iterable[str] = (),
    department: Department | None = None,
    manager: User | None = None,
    password: str | None = None,
    must_change: bool = True,
    language: str = "",
) -> NewPassword:
    """Add somebody with these roles (keys). Without a password they get a temporary one, returned once."""
    with changing(actor, "people") as change:
        found = _roles(roles)
        change.may_grant(rights_of([role.pk for role in found]))
        person = User(
            username=_clean_username(username),
            email=_clean_email(email),
            name=_clean_name(name, username),
            department=department,
            manager=manager,
            must_change_password=must_change or password is None,
            language=preferences.clean("language", language),
        )
        if password is None:
            password = temporary_password()
        else:
            check_password(password, person)
        person.set_password(password)
        person.save()
        person.roles.set(found)
        change.newcomers.add(person.pk)
        Setting.objects.get_or_create(key=FIRST_RUN, defaults={"value": True})
        audit.settings_changed(actor, "core.user", person.pk, before={}, after=state(person))
    return NewPassword(person, password)


def edit_person(
    actor: Actor,
    person: User,
    *,
    username: str,
    name: str,
    email: str,
    roles: Collection[str],
    department: Department | None,
    manager: User | None,
) -> User:
    """Change who somebody is and what they may do; all values are given, as the form has them."""
    with changing(actor, "people") as change:
        person = User.objects.select_for_update().get(pk=person.pk)
        change.may_touch(person)
        before = state(person)
        found = _roles(roles)
        added = [role.pk for role in found if role.key not in before["roles"]]
        change.may_grant(rights_of(added))
        if actor.user_id == person.pk and added:
            raise Invalid({"roles": [_("Nobody can raise their own rights. Ask another administrator.")]})
        _no_circle(person, manager)
        person.username = _clean_username(username, but=person.pk)
        person.email = _clean_email(email, but=person.pk)
        person.name = _clean_name(name, person.username)
        person.department = department
        person.manager = manager
        person.save()
        person.roles.set(found)
        audit.settings_changed(actor, "core.user", person.pk, before=before, after=state(person))
    return person


def set_password(actor: Actor, person: User, *, password: str | None = None, must_change: bool = True) -> NewPassword:
    """Give somebody another password (a temporary one by default) and sign them out everywhere."""
    with changing(actor, "people") as change:
        person = User.objects.select_for_update().get(pk=person.pk)
        change.may_touch(person)
        if password is None:
            password = temporary_password()
        else:
            check_password(password, person)
        person.set_password(password)
        person.must_change_password = must_change
        person.save(update_fields=["password", "must_change_password"])
        ended = end_sessions(person)
        audit.record(actor, "password-reset", entity="core.user", record=person.pk, detail={"sessions_ended": ended})
    return NewPassword(person, password)


def choose_password(person: User, password: str, *, keep_session: str | None = None) -> int:
    """A person chooses their own new password; other sessions end. Returns how many. The caller checked the old one."""
    from guanxi.core.access.actor import actor_for

    check_password(password, person)
    with transaction.atomic():
        person.set_password(password)
        person.must_change_password = False
        person.save(update_fields=["password", "must_change_password"])
        ended = end_sessions(person, keep=keep_session)
        audit.record(
            actor_for(person),
            "password-changed",
            entity="core.user",
            record=person.pk,
            detail={"sessions_ended": ended},
        )
    return ended


def remove_second_step(actor: Actor, person: User) -> int:
    """Take away somebody's second sign-in steps (lost phone); returns how many were removed."""
    from allauth.mfa.models import Authenticator

    with changing(actor, "people") as change:
        change.may_touch(person)
        if actor.user_id == person.pk:
            raise Invalid(_("Change your own sign-in under “My settings”."))
        removed: int = Authenticator.objects.filter(user=person).delete()[0]
        if removed:
            audit.record(
                actor, "second-step-removed", entity="core.user", record=person.pk, detail={"removed": removed}
            )
    return removed


def owned_records(person: User) -> list[tuple[str, int]]:
    """What a person owns, as [(name of the objects, how many)]: every table with an `owner` that points to people."""
    owned = []
    for relation in User._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ManyToOneRel) or relation.field.name != "owner":
            continue
        model: Any = relation.related_model
        with acting(SYSTEM):  # all of it is to be handed over, whoever asks
            number = model._default_manager.filter(owner_id=person.pk).count()
        if number:
            owned.append((str(model._meta.verbose_name_plural), number))
    return owned


def deactivate(actor: Actor, person: User) -> Deactivated:
    """Somebody leaves: no more sign-in, sessions end at once. Their records stay and are named for handing over."""
    with changing(actor, "people") as change:
        person = User.objects.select_for_update().get(pk=person.pk)
        change.may_touch(person)
        if actor.user_id == person.pk:
            raise Invalid(_("You cannot deactivate yourself."))
        before = state(person)
        person.is_active = False
        person.save(update_fields=["is_active"])
        ended = end_sessions(person)
        audit.settings_changed(actor, "core.user", person.pk, before=before, after=state(person))
        owned = owned_records(person)
    return Deactivated(ended, owned)


def activate(actor: Actor, person: User) -> None:
    """Somebody comes back, with the roles they had."""
    with changing(actor, "people") as change:
        person = User.objects.select_for_update().get(pk=person.pk)
        change.may_touch(person)
        before = state(person)
        person.is_active = True
        person.save(update_fields=["is_active"])
        audit.settings_changed(actor, "core.user", person.pk, before=before, after=state(person))


# --- the first administrator ------------------------------------------------------------------------------------------


def is_first_run() -> bool:
    """Whether nobody was ever added."""
    return not Setting.objects.filter(key=FIRST_RUN).exists() and not User.objects.exists()


def setup_code() -> str:
    """The code that the first-run page asks for when it is opened from another machine; printed by `guanxi run`."""
    digits = salted_hmac("guanxi.first-run", "setup", algorithm="sha256").hexdigest()
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:12]}"


def is_setup_code(text: str) -> bool:
    return constant_time_compare(clean_login(text).lower(), setup_code())


def first_run(
    *, username: str, name: str, password: str, email: str, organisation: str, currency: str, language: str
) -> User:
    """Make the first administrator and name the organisation; raises AlreadyRun when that happened before.

    Of two calls at once, the second waits for the first at the unique key of the marker, and then finds it taken.
    """
    try:
        with transaction.atomic():
            Setting.objects.create(key=FIRST_RUN, value=True)
            if User.objects.exists():
                raise AlreadyRun
            org_settings.change(SYSTEM, {"name": organisation, "reporting_currency": currency, "language": language})
            made = add_person(
                SYSTEM,
                username,
                name=name,
                email=email,
                password=password,
                must_change=False,
                roles=[ADMINISTRATOR],
                language=language,
            )
    except IntegrityError as error:
        if Setting.objects.filter(key=FIRST_RUN).exists():
            raise AlreadyRun from error
        raise
    return made.person
