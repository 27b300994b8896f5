"""Tables of the room itself: lists of values, custom fields, tags, saved views, the search index."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from guanxi.records import lookups  # noqa: F401 — registers them
from guanxi.records.base import Record


def nothing() -> list[str]:
    return []


class ChoiceList(models.Model):
    key = models.CharField(max_length=64, primary_key=True)
    label_zh = models.CharField(max_length=100)
    label_en = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.key


class ChoiceValue(models.Model):
    """A value of a list. Codes never change; labels may; values are retired, not deleted."""

    list = models.ForeignKey(ChoiceList, on_delete=models.CASCADE, related_name="values")
    code = models.CharField(max_length=40)
    label_zh = models.CharField(max_length=100)
    label_en = models.CharField(max_length=100)
    colour = models.CharField(max_length=20, blank=True)
    position = models.IntegerField(default=0)
    retired = models.BooleanField(default=False)
    aliases = ArrayField(models.CharField(max_length=100), default=nothing, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["list", "code"], name="records_choicevalue_once")]

    def __str__(self) -> str:
        return f"{self.list_id}:{self.code}"


class CustomField(models.Model):
    """A field that an administrator added. The key never changes; retired fields keep their values.

    A deleted one stays as a row that nobody is shown: its key is never given again, and the deletion can be taken back.
    """

    entity = models.CharField(max_length=64)
    key = models.CharField(max_length=48)
    kind = models.CharField(_("Kind"), max_length=20)
    options = models.JSONField(default=dict, blank=True)
    label_zh = models.CharField(_("Label (Chinese)"), max_length=100)
    label_en = models.CharField(_("Label (English)"), max_length=100)
    help_zh = models.CharField(max_length=300, blank=True)
    help_en = models.CharField(max_length=300, blank=True)
    sensitivity = models.CharField(_("Class"), max_length=16, default="public")
    required = models.BooleanField(_("Required"), default=False)
    unique = models.BooleanField(_("Unique"), default=False)
    indexed = models.BooleanField(_("Indexed"), default=False)
    search = models.BooleanField(_("Searchable"), default=False)
    position = models.IntegerField(default=0)
    retired = models.BooleanField(_("Retired"), default=False)
    deleted = models.BooleanField(default=False)
    default = models.JSONField(null=True, blank=True)  # what new records get, in journal form

    class Meta:
        ordering = ["entity", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["entity", "key"], name="records_customfield_once")]

    def __str__(self) -> str:
        return f"{self.entity}.{self.key}"


class SavedView(models.Model):
    """A list's filters, columns and order under a name: for its owner, some roles, or everybody."""

    entity = models.CharField(max_length=64)
    name = models.CharField(_("Name"), max_length=100)
    query = models.CharField(max_length=4000)
    owner = models.ForeignKey("core.User", on_delete=models.CASCADE, related_name="+")
    shared_with: models.ManyToManyField[models.Model, models.Model] = models.ManyToManyField("core.Role", blank=True)
    shared = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["entity", "owner", "name"], name="records_savedview_once")]

    def __str__(self) -> str:
        return self.name


class ListSetting(models.Model):
    """How one person has one list: the view it opens with, the order of the tabs, the widths of columns by view."""

    entity = models.CharField(max_length=64)
    person = models.ForeignKey("core.User", on_delete=models.CASCADE, related_name="+")
    opens_with = models.ForeignKey(SavedView, on_delete=models.SET_NULL, null=True, related_name="+")
    tabs = ArrayField(models.BigIntegerField(), default=list)
    widths = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "person"], name="records_listsetting_once")]

    def __str__(self) -> str:
        return f"{self.entity} {self.person_id}"


class Tag(Record):
    """A tag with a type (industry, scale, need, risk …). Records hold the ids of their tags.

    A retired tag stays on its records and is not offered any more.
    """

    name = models.CharField(_("Name"), max_length=60)
    type = models.CharField(_("Type"), max_length=40, blank=True, default="")
    colour = models.CharField(_("Colour"), max_length=20, blank=True, default="")
    retired = models.BooleanField(_("Retired"), default=False)

    class Meta(Record.Meta):
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(deleted_in__isnull=True), name="records_tag_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class SearchEntry(models.Model):
    """The search tokens of one record; one table for all entities."""

    record = models.BigIntegerField(primary_key=True)
    entity = models.CharField(max_length=64)
    tokens = SearchVectorField()

    class Meta:
        # New tokens wait in a list of at most this many kB and are sorted in together: a third of the work of one by one. Every
        # search looks through the list too, so it is kept short.
        indexes = [
            GinIndex(fields=["tokens"], name="records_search_tokens", fastupdate=True, gin_pending_list_limit=512)
        ]

    def __str__(self) -> str:
        return f"{self.entity} {self.record}"


class Mark(models.Model):
    """A record that a person opened lately or pinned. Holds no value of the record: what is shown of it is read anew."""

    user = models.ForeignKey("core.User", on_delete=models.CASCADE, related_name="+")
    entity = models.CharField(max_length=64)
    record = models.BigIntegerField()
    opened_at = models.DateTimeField(null=True)
    pinned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "record"], name="records_mark_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.entity} {self.record}"
