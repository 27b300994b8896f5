"""People who sign in."""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


def clean_login(text: str) -> str:
    """A user name or e-mail address as typed, in the one form that is stored and compared (case is kept)."""
    return unicodedata.normalize("NFKC", text).strip()


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **extra: Any) -> User:
        user = self.model(username=clean_login(username), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.named(username or "").get()

    def named(self, login: str) -> models.QuerySet[User]:
        """Whoever signs in with this user name or e-mail address, whatever its case: one person or none.

        User names have no `@`, so a name can never be somebody else's address. Compared by LOWER() on both sides, as
        the unique indexes are (`iexact` compares by UPPER() and would read the whole table).
        """
        text = clean_login(login)
        column = "email" if "@" in text else "username"
        if not text:
            return self.none()
        return self.alias(folded=Lower(column)).filter(folded=Lower(models.Value(text)))


class User(AbstractBaseUser):
    """A colleague. Not deleted, only made inactive: the journal names them for ever."""

    # Django wants a name field that is unique by itself; the constraint below is the stricter one that people meet.
    username = models.CharField(_("User name"), max_length=150, unique=True)
    name = models.CharField(_("Name"), max_length=150)
    email = models.EmailField(_("E-mail"), blank=True)
    department = models.ForeignKey(
        "core.Department",
        verbose_name=_("Department"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="people",
    )
    manager = models.ForeignKey(
        "self", verbose_name=_("Manager"), null=True, blank=True, on_delete=models.SET_NULL, related_name="reports"
    )
    roles = models.ManyToManyField("core.Role", verbose_name=_("Roles"), blank=True, related_name="people")
    is_active = models.BooleanField(_("Active"), default=True)
    must_change_password = models.BooleanField(_("Must choose a new password"), default=False)
    language = models.CharField(_("Language"), max_length=10, blank=True)
    time_zone = models.CharField(_("Time zone"), max_length=64, blank=True)
    date_format = models.CharField(_("Date format"), max_length=20, blank=True)
    number_format = models.CharField(_("Number format"), max_length=20, blank=True)
    theme = models.CharField(_("Theme"), max_length=10, blank=True)
    created_at = models.DateTimeField(_("Created"), auto_now_add=True)

    #: Ids of their roles as they stood when the request began; None where nobody asked.
    role_ids: tuple[int, ...] | None = None

    objects = UserManager()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(Lower("username"), name="core_user_username_ci"),
            models.UniqueConstraint(Lower("email"), condition=~models.Q(email=""), name="core_user_email_ci"),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return str(self)


class Session(AbstractBaseSession):
    """A signed-in browser. Knows its person, so that all sessions of one person can be listed and ended."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    address = models.CharField(max_length=45, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField()

    class Meta(AbstractBaseSession.Meta):
        abstract = False

    def __str__(self) -> str:
        return f"session of {self.user_id}"


class SignInBrake(models.Model):
    """How often signing in failed lately for one key (see `identity.brake`), and until when the next try waits."""

    key = models.CharField(max_length=64, primary_key=True)
    failures = models.IntegerField(default=0)
    at = models.DateTimeField(db_index=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.failures} failures"


class CacheEntry(models.Model):
    """The table under Django's database cache, shared by all processes (a used one-time code is used everywhere)."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key
