"""Roles as data: who may do what to which rows, and how much of each field they get."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

ANY = "*"


class Scope(models.TextChoices):
    """Whose rows, from none to all. NONE takes back, for one entity, what a role has for every entity."""

    NONE = "none", _("None")
    OWN = "own", _("Own")
    DEPARTMENT = "department", _("Department")
    SUBTREE = "subtree", _("Department and below")
    ALL = "all", _("All")

    @property
    def rank(self) -> int:
        return _SCOPES[self.value]


class Level(models.TextChoices):
    """How much of a field, from nothing to everything."""

    HIDDEN = "hidden", _("Hidden")
    MASKED = "masked", _("Masked")
    READ = "read", _("Read")
    EDIT = "edit", _("Edit")

    @property
    def rank(self) -> int:
        return _LEVELS[self.value]


_SCOPES = {scope.value: i for i, scope in enumerate(Scope)}
_LEVELS = {level.value: i for i, level in enumerate(Level)}


class FieldClass(models.TextChoices):
    PUBLIC = "public", _("Public")
    INTERNAL = "internal", _("Internal")
    PERSONAL = "personal", _("Personal")
    SECRET = "secret", _("Secret")


class Action(models.TextChoices):
    VIEW = "view", _("View")
    CREATE = "create", _("Create")
    EDIT = "edit", _("Edit")
    DELETE = "delete", _("Delete")
    EXPORT = "export", _("Export")
    IMPORT = "import", _("Import")
    MERGE = "merge", _("Merge")
    ASSIGN = "assign", _("Assign")
    UNMASK = "unmask", _("Unmask")


class Role(models.Model):
    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(_("Name"), max_length=100)
    description = models.CharField(_("Description"), max_length=300, blank=True)
    ready_made = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """This role may do `action` to rows of `entity` (or `*`) inside `scope`. `entity` may also name an area of settings."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="grants")
    entity = models.CharField(max_length=64)
    action = models.CharField(max_length=16, choices=Action)
    scope = models.CharField(max_length=16, choices=Scope)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["role", "entity", "action"], name="core_grant_once")]

    def __str__(self) -> str:
        return f"{self.role} {self.action} {self.entity} {self.scope}"


class FieldGrant(models.Model):
    """How much this role gets of a class of fields, or (an exception) of one field, of `entity` (or `*`)."""

    role = models.ForeignKey(Role, on_delete=models.CASCADE, related_name="field_grants")
    entity = models.CharField(max_length=64)
    field_class = models.CharField(max_length=16, choices=FieldClass, blank=True)
    field = models.CharField(max_length=64, blank=True)
    level = models.CharField(max_length=16, choices=Level)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["role", "entity", "field_class", "field"], name="core_fieldgrant_once")
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.entity} {self.field_class or self.field} {self.level}"
