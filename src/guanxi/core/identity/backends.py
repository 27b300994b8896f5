"""Who a user name or e-mail address and a password belong to."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from guanxi.core.identity.models import User


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
