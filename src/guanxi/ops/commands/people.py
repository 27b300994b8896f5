"""`guanxi user …`: the way in for the first administrator, and for a company that has locked itself out."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.core.validators import validate_email
from django.db import transaction

from guanxi.core.access import SYSTEM
from guanxi.core.access.models import Role
from guanxi.core.identity import audit
from guanxi.core.identity.models import User, clean_login
from guanxi.core.identity.sessions import end_sessions
from guanxi.ops import database

ADMINISTRATOR = "administrator"


def add(options: argparse.Namespace) -> int:
    database.prepare(migrate=False)
    username = clean_login(options.username)
    if not username or "@" in username:
        raise CommandError("A user name is a word without @; the e-mail address has its own option, --email.")
    if User.objects.named(username).exists():
        raise CommandError(f"There is already a person {username}. A new password: guanxi user password {username}")
    if options.email:
        _checked(lambda: validate_email(options.email))
        if User.objects.named(options.email).exists():
            raise CommandError(f"Somebody signs in with {options.email} already.")
    is_first = not User.objects.filter(is_active=True).exists()
    roles = _roles(options.role or ([ADMINISTRATOR] if is_first else []))
    draft = User(username=username, name=options.name or username, email=options.email)
    password = _password(options, draft)
    with transaction.atomic():
        user = User.objects.create_user(username, password, name=draft.name, email=draft.email)
        user.roles.set(roles)
        audit.record(SYSTEM, "user-added", entity="core.user", record=user.pk, detail={"roles": [r.key for r in roles]})
    print(
        f"{username} can sign in" + (f" as {', '.join(r.name for r in roles)}." if roles else ", without any role yet.")
    )
    return 0


def show(_: argparse.Namespace) -> int:
    database.prepare(migrate=False)
    for user in User.objects.prefetch_related("roles").order_by("username"):
        roles = ", ".join(role.key for role in user.roles.all()) or "no role"
        print(f"{user.username:24} {user.name:24} {'' if user.is_active else 'inactive, '}{roles}")
    return 0


def password(options: argparse.Namespace) -> int:
    user = _find(options.username)
    text = _password(options, user)
    with transaction.atomic():
        user.set_password(text)
        user.save(update_fields=["password"])
        end_sessions(user)
        audit.record(SYSTEM, "password-set", entity="core.user", record=user.pk)
    print(f"{user.username} has a new password; all sessions are ended.")
    return 0


def deactivate(options: argparse.Namespace) -> int:
    return _set_active(options, False)


def activate(options: argparse.Namespace) -> int:
    return _set_active(options, True)


def _set_active(options: argparse.Namespace, active: bool) -> int:
    user = _find(options.username)
    if not active and _is_last_administrator(user):
        raise CommandError(f"{user.username} is the last administrator; make another one first (guanxi user add).")
    with transaction.atomic():
        user.is_active = active
        user.save(update_fields=["is_active"])
        if not active:
            end_sessions(user)
        audit.record(SYSTEM, "activated" if active else "deactivated", entity="core.user", record=user.pk)
    print(f"{user.username} can {'' if active else 'no longer '}sign in.")
    return 0


def roles(options: argparse.Namespace) -> int:
    if not options.username:
        database.prepare(migrate=False)
        for role in Role.objects.all():
            print(f"{role.key:20} {role.name}")
        return 0
    user = _find(options.username)
    if not options.role:
        print("\n".join(user.roles.values_list("key", flat=True)) or "no role")
        return 0
    chosen = _roles(options.role)
    if ADMINISTRATOR not in options.role and _is_last_administrator(user):
        raise CommandError(f"{user.username} is the last administrator; make another one first (guanxi user add).")
    with transaction.atomic():
        before = sorted(user.roles.values_list("key", flat=True))
        user.roles.set(chosen)
        audit.settings_changed(
            SYSTEM, "core.user", user.pk, before={"roles": before}, after={"roles": sorted(r.key for r in chosen)}
        )
    print(f"{user.username} is now {', '.join(role.name for role in chosen)}.")
    return 0


def _find(username: str) -> User:
    database.prepare(migrate=False)
    user = User.objects.named(username).first()
    if user is None:
        raise CommandError(f"There is no person {username}. All of them: guanxi user list")
    return user


def _roles(keys: list[str]) -> list[Role]:
    known = {role.key: role for role in Role.objects.all()}
    for key in keys:
        if key not in known:
            raise CommandError(f"There is no role {key}. There are: {', '.join(known)}")
    return [known[key] for key in keys]


def _is_last_administrator(user: User) -> bool:
    others = User.objects.filter(is_active=True, roles__key=ADMINISTRATOR).exclude(pk=user.pk)
    return user.roles.filter(key=ADMINISTRATOR).exists() and not others.exists()


def _password(options: argparse.Namespace, user: User) -> str:
    """Asked twice at a terminal, read from standard input otherwise; never an argument, which everybody could see."""
    if options.password_stdin or not sys.stdin.isatty():
        text = sys.stdin.readline().rstrip("\n")
        if not text:
            raise CommandError("No password came in on standard input.")
    else:
        text = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != text:
            raise CommandError("The two are not the same; nothing was changed.")
    _checked(lambda: validate_password(text, user))
    return text


def _checked(check: Callable[[], object]) -> None:
    try:
        check()
    except ValidationError as error:
        raise CommandError(" ".join(error.messages))


VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "add": add, "list": show, "password": password, "deactivate": deactivate, "activate": activate, "roles": roles,
}  # fmt: skip
