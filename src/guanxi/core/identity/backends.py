"""Who a user name or e-mail address and a password belong to."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection
from django.http import HttpRequest

from guanxi.core.identity.models import User

_COLUMNS = [field.attname for field in User._meta.concrete_fields]
_ROLES = "ARRAY(SELECT role_id FROM core_user_roles WHERE user_id = u.id ORDER BY role_id)"
_PERSON = f"SELECT {_ROLES}, {', '.join(f'u.{f.column}' for f in User._meta.concrete_fields)} FROM core_user u WHERE u.id = %s"  # noqa: S608 (names of columns)


class Backend(AuthenticationBackend):  # type: ignore[misc]  # allauth looks for a backend of its own class
    """User name or e-mail address, whatever their case. Unknown, wrong and inactive take one argon2 hash each."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        password = credentials.get("password")
        login = credentials.get("username") or credentials.get("email")
        if not password or not login:
            return None
        person = User.objects.named(login).first()
        if person is None:
            User().set_password(password)
            return None
        right = person.check_password(password)
        return person if right and self.user_can_authenticate(person) else None

    def get_user(self, user_id: int) -> User | None:
        """Whose session this is, with `role_ids` as they stand: one query and no ORM, because this runs at every request."""
        with connection.cursor() as cursor:
            cursor.execute(_PERSON, [user_id])
            row = cursor.fetchone()
        if row is None:
            return None
        person: User = User.from_db("default", _COLUMNS, row[1:])
        person.role_ids = tuple(row[0])
        return person if self.user_can_authenticate(person) else None
