"""The demo company: `guanxi demo`, `make demo`.

Real purchases of real households (The Complete Journey, 84.51°) under invented names, and invented business customers.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SignIn:
    """One demo person: user name, password ("" when nobody knows it any more), name and role."""

    username: str
    password: str
    name: str
    role: str


def load(full: bool = False, say: Callable[[str], object] = print) -> list[SignIn]:
    """Load what of the demo company is not there yet; tells the sign-ins. Started again it adds and changes nothing."""
    from guanxi.ops.demo import packages
    from guanxi.ops.demo.loader import Loader

    packages.ensure(say)
    Loader(password(), full=full, say=say).run()
    found = sign_ins()
    for line in table(found):
        say(line)
    return found


def main(*, full: bool = False) -> int:
    load(full)
    return 0


def _kept() -> Path:
    from django.conf import settings

    return Path(settings.HOME) / "keys" / "demo_password"


def password() -> str:
    """The password of all demo people: GUANXI_DEMO_PASSWORD, else one made at the first load and kept beside the keys.

    Not a fixed one: a demo that somebody opens to their network would be open to everybody who has read our manual.
    """
    given = os.environ.get("GUANXI_DEMO_PASSWORD", "")
    if given:
        return given
    kept = _kept()
    try:
        return kept.read_text().strip()
    except FileNotFoundError:
        made = "-".join(secrets.token_hex(2) for _ in range(3))
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(made + "\n")
        return made


def sign_ins() -> list[SignIn]:
    """The demo people who are there, with the password if it still is theirs."""
    from guanxi.core.access.services import role_name
    from guanxi.core.identity.models import User
    from guanxi.ops.demo.people import PEOPLE

    order = {person.username: n for n, person in enumerate(PEOPLE)}
    known = User.objects.filter(username__in=order, is_active=True).prefetch_related("roles")
    secret = password()
    still: bool | None = None
    found = []
    for user in sorted(known, key=lambda user: order[user.username]):
        # Argon2 is slow by design: one look at the first of them tells whether the password is still the demo's.
        if still is None:
            still = user.check_password(secret)
        role = ", ".join(role_name(role) for role in user.roles.all())
        found.append(SignIn(user.username, secret if still else "", user.name, role))
    return found


def table(found: list[SignIn]) -> list[str]:
    """The sign-ins as lines of text."""
    if not found:
        return []
    secret = next((s.password for s in found if s.password), "")
    lines = ["", "Sign in as (password for all: " + (secret or "changed since") + ")"]
    return [*lines, *(f"  {s.username:<16} {s.role:<20} {s.name}" for s in found), ""]
