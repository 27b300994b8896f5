"""People who sign in."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **extra: Any) -> User:
        user = self.model(username=username.strip(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """A colleague. Not deleted, only made inactive: the journal names them for ever."""

    username = models.CharField(_("User name"), max_length=150)
    name = models.CharField(_("Name"), max_length=150)
    email = models.EmailField(_("E-mail"), blank=True)
    department = models.ForeignKey(
        "core.Department", verbose_name=_("Department"), null=True, blank=True,
        on_delete=models.PROTECT, related_name="people",
    )
    manager = models.ForeignKey(
        "self", verbose_name=_("Manager"), null=True, blank=True, on_delete=models.SET_NULL, related_name="reports"
    )
    roles = models.ManyToManyField("core.Role", verbose_name=_("Roles"), blank=True, related_name="people")
    is_active = models.BooleanField(_("Active"), default=True)
    language = models.CharField(_("Language"), max_length=10, blank=True)
    time_zone = models.CharField(_("Time zone"), max_length=64, blank=True)
    date_format = models.CharField(_("Date format"), max_length=20, blank=True)
    number_format = models.CharField(_("Number format"), max_length=20, blank=True)
    theme = models.CharField(_("Theme"), max_length=10, blank=True)
    created_at = models.DateTimeField(_("Created"), auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.UniqueConstraint(Lower("username"), name="core_user_username_ci")]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return str(self)
