"""What was said and done with customers, what is to be done next, and the files that belong to records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, cast

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from guanxi.customers.models import Account, Contact
from guanxi.engagement.problems import Problem
from guanxi.records.base import Link, Record
from guanxi.trade.models import Order

LIVE = models.Q(deleted_in__isnull=True)
OPEN = LIVE & models.Q(done_at__isnull=True)


def _text(label: Any, length: int = 200) -> models.CharField[Any, Any]:
    return models.CharField(label, max_length=length, blank=True, default="")


def _words(label: Any) -> models.TextField[Any, Any]:
    return models.TextField(label, blank=True, default="")


def _person(label: Any) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=label, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        db_index=False,
    )  # fmt: skip


def _belongs(record: Interaction | Step) -> Iterator[tuple[str, Problem]]:
    """Contact and order must be the customer's own; both are looked for among what the acting person sees."""
    for key, model in (("contact", Contact), ("order", Order)):
        id_ = getattr(record, f"{key}_id")
        if id_ and not cast(Any, model.objects).filter(pk=id_, account_id=record.account_id).exists():
            yield key, Problem(f"interaction.{key}")


class Interaction(Record):
    """A follow-up 跟进: a call, a visit, a mail, a chat or a note. `happened_at` is when it was, not when it was written down."""

    account = Link(Account, verbose_name=_("Customer"), blank=True, db_index=False)
    contact = Link(Contact, verbose_name=_("Contact"), null=True, blank=True, db_index=False)
    order = Link(Order, verbose_name=_("Order"), null=True, blank=True, db_index=False)
    method = _text(_("Method"), 40)
    direction = _text(_("Direction"), 40)
    subject = _text(_("Subject"))
    words = _words(_("What was said"))
    happened_at = models.DateTimeField(_("Happened"), blank=True)
    minutes = models.IntegerField(_("Minutes"), null=True, blank=True)
    who = _person(_("Colleague"))

    class Meta(Record.Meta):
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        indexes: ClassVar = [
            models.Index(fields=["account", "-happened_at", "-id"], condition=LIVE, name="engagement_inter_account"),
            models.Index(
                fields=["contact", "-happened_at", "-id"], condition=LIVE & models.Q(contact__isnull=False),
                name="engagement_inter_contact",
            ),
            models.Index(
                fields=["order", "-happened_at", "-id"], condition=LIVE & models.Q(order__isnull=False),
                name="engagement_inter_order",
            ),
            models.Index(fields=["happened_at", "id"], condition=LIVE, name="engagement_inter_happened"),
            models.Index(fields=["who", "-happened_at"], condition=LIVE, name="engagement_inter_who"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.subject or self.method

    def invariants(self) -> Iterator[tuple[str, Problem]]:
        yield from _belongs(self)


class Step(Record):
    """A next step 下一步: what somebody will do for a customer by a day. Done when `done_at` says when."""

    account = Link(Account, verbose_name=_("Customer"), blank=True, db_index=False)
    contact = Link(Contact, verbose_name=_("Contact"), null=True, blank=True, db_index=False)
    order = Link(Order, verbose_name=_("Order"), null=True, blank=True, db_index=False)
    interaction = Link(Interaction, verbose_name=_("Agreed in"), null=True, blank=True, db_index=False)
    what = models.CharField(_("To do"), max_length=200)
    due = models.DateField(_("Due"))
    owner = _person(_("Who does it"))
    done_at = models.DateTimeField(_("Done"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("next step")
        verbose_name_plural = _("next steps")
        indexes: ClassVar = [
            models.Index(fields=["account", "due"], condition=OPEN, name="engagement_step_account"),
            models.Index(fields=["owner", "due", "id"], condition=OPEN, name="engagement_step_owner"),
            models.Index(
                fields=["contact", "due"], condition=LIVE & models.Q(contact__isnull=False), name="engagement_step_contact"
            ),
            models.Index(
                fields=["order", "due"], condition=LIVE & models.Q(order__isnull=False), name="engagement_step_order"
            ),
            models.Index(
                fields=["interaction"], condition=LIVE & models.Q(interaction__isnull=False), name="engagement_step_inter"
            ),
            models.Index(fields=["account", "-done_at", "-id"], condition=LIVE, name="engagement_step_done"),
            models.Index(fields=["due", "id"], condition=LIVE, name="engagement_step_due"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.what

    def invariants(self) -> Iterator[tuple[str, Problem]]:
        yield from _belongs(self)


class Attachment(Record):
    """A file that belongs to a record of any entity: `about` is the record's id (ids are never used twice in the house).

    It is seen by whoever sees the record, and out of sight while the record is deleted.
    """

    about_entity = models.CharField(_("Kind of record"), max_length=64)
    about = models.BigIntegerField(_("Record"))
    name = models.CharField(_("Name"), max_length=200, blank=True)
    file = models.JSONField(_("File"), null=True, blank=True)
    remark = _text(_("Remark"))

    class Meta(Record.Meta):
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        indexes: ClassVar = [
            models.Index(fields=["about", "-created_at", "-id"], condition=LIVE, name="engagement_attachment_about"),
            models.Index(fields=["name", "id"], condition=LIVE, name="engagement_attachment_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def invariants(self) -> Iterator[tuple[str, Problem]]:
        from guanxi.records import catalogue

        try:
            model: Any = catalogue.get(self.about_entity).model
        except catalogue.UnknownEntity:
            model = None
        # Unknown, deleted and out of the acting person's sight: one and the same answer.
        if model is None or model is Attachment or not model.objects.filter(pk=self.about).exists():
            yield "about", Problem("attachment.about", {"value": str(self.about)})
