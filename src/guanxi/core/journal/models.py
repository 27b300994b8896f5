"""The journal: change sets, the changes in them, and the seals that chain them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Door(models.TextChoices):
    """Where a change came in."""

    PAGE = "page", _("Page")
    API = "api", _("API")
    IMPORT = "import", _("Import")
    MERGE = "merge", _("Merge")
    RULE = "rule", _("Rule")
    AGENT = "agent", _("Agent")
    COMMAND = "command", _("Command")
    SYSTEM = "system", _("System")


class ChangeSet(models.Model):
    """One act of one actor, all of it in one transaction: what undo, origin and audit refer to.

    An act without changed rows (a sign-in, a reveal, an export, a change of settings) is a change set too; `detail` says
    what happened. `digest` is a keyed hash over this row and its lines; `Seal` chains the digests.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("When"))
    actor = models.ForeignKey("core.User", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    actor_name = models.CharField(_("Who"), max_length=150)
    door = models.CharField(_("Door"), max_length=16, choices=Door)
    action = models.CharField(_("Action"), max_length=32)
    entity = models.CharField(max_length=64, blank=True)
    record = models.BigIntegerField(null=True)
    reason = models.CharField(_("Reason"), max_length=500, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    undoes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="undone_by")
    detail = models.JSONField(default=dict)
    balance = models.JSONField(null=True)
    lines = models.BigIntegerField(default=0)
    digest = models.BinaryField(max_length=32)
    sealed = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("change set")
        verbose_name_plural = _("change sets")
        indexes = [
            models.Index(fields=["actor", "-id"], name="core_changeset_actor"),
            models.Index(fields=["entity", "record", "-id"], name="core_changeset_record"),
            models.Index(fields=["id"], name="core_changeset_unsealed", condition=models.Q(sealed=False)),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.action}"


class Op(models.TextChoices):
    CREATE = "c", _("Created")
    UPDATE = "u", _("Changed")
    DELETE = "d", _("Deleted")
    RESTORE = "r", _("Restored")
    ERASE = "x", _("Erased")


class Change(models.Model):
    """What one change set did to one record.

    `before` and `after` map field keys to stored values in JSON form; `origin_before` says which change set each value
    came from (null: from the record's creation) and `origin_after`, only where it is not this change set, whom the value
    is owed to from now on (an undo gives a value back to its earlier origin). `commitment` is a keyed hash over salt and
    content: erasing a person's values takes values and salt and leaves the commitment, so that the chain still verifies.
    """

    id = models.BigAutoField(primary_key=True)
    change_set = models.ForeignKey(ChangeSet, on_delete=models.PROTECT, related_name="changes")
    entity = models.CharField(max_length=64)
    record = models.BigIntegerField()
    op = models.CharField(max_length=1, choices=Op)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    origin_before = models.JSONField(null=True)
    origin_after = models.JSONField(null=True)
    salt = models.BinaryField(max_length=16, null=True)
    commitment = models.BinaryField(max_length=32)

    class Meta:
        indexes = [models.Index(fields=["record", "-id"], name="core_change_record")]

    def __str__(self) -> str:
        return f"{self.op} {self.entity} {self.record}"


class ChangeBatch(models.Model):
    """One line for many records created, deleted or restored at once by a bulk path.

    The records are those of `entity` with ids from `first` to `last` whose `created_in` (or `deleted_in`) is the change
    set (a restored batch names the change set it restores from in `of`). `digest` is a keyed hash over the rows as written.
    """

    id = models.BigAutoField(primary_key=True)
    change_set = models.ForeignKey(ChangeSet, on_delete=models.PROTECT, related_name="batches")
    entity = models.CharField(max_length=64)
    op = models.CharField(max_length=1, choices=Op)
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    rows = models.BigIntegerField()
    of = models.BigIntegerField(null=True)
    digest = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.op} {self.rows} {self.entity}"


class Seal(models.Model):
    """A link of the chain: hash = HMAC(key, previous hash ‖ sequence ‖ change set ‖ its digest)."""

    id = models.BigIntegerField(primary_key=True)
    change_set = models.OneToOneField(ChangeSet, on_delete=models.PROTECT, related_name="seal")
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"seal {self.pk}"


class Written(models.Model):
    """How many rows a statement really touched, counted by trigger: the proof that no row was written past the journal."""

    id = models.BigAutoField(primary_key=True)
    change_set = models.BigIntegerField(db_index=True)
    table = models.CharField(max_length=64)
    op = models.CharField(max_length=1)
    rows = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.op} {self.rows} {self.table}"
