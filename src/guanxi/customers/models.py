"""Customers (companies, people, households), the people at them, their addresses, and how they belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, cast

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guanxi.core.secrets import BlindIndexField, EncryptedTextField
from guanxi.customers.problems import Problem
from guanxi.records.base import Link, Record

LIVE = models.Q(deleted_in__isnull=True)

COMPANY, PERSON, HOUSEHOLD = "company", "person", "household"


def _text(label: Any, length: int = 200, **more: Any) -> models.CharField[Any, Any]:
    return models.CharField(label, max_length=length, blank=True, default="", **more)


def _words(label: Any) -> models.TextField[Any, Any]:
    return models.TextField(label, blank=True, default="")


def _ahead(value: Any) -> bool:
    return value is not None and value > timezone.localdate()


class Category(Record):
    """A class of customers; classes form a tree. The path to the root is worked out when read (`customers.trees`)."""

    name = models.CharField(_("Name"), max_length=100)
    code = _text(_("Code"), 40)
    parent = Link("self", verbose_name=_("Belongs to"), null=True, blank=True, db_index=False)
    position = models.IntegerField(_("Position"), default=0)
    description = _words(_("Description"))

    class Meta(Record.Meta):
        verbose_name = _("customer category")
        verbose_name_plural = _("customer categories")
        indexes: ClassVar = [
            models.Index(fields=["name", "id"], condition=LIVE, name="customers_category_name"),
            models.Index(fields=["parent"], condition=LIVE, name="customers_category_parent"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code"], condition=LIVE & ~models.Q(code=""), name="customers_category_code_once"
            ),
            models.UniqueConstraint(
                fields=["parent", "name"], nulls_distinct=False, condition=LIVE, name="customers_category_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Account(Record):
    """A customer: a company (B端), a person (C端), or the household that persons live in.

    `parent` is the group of a company and the household of a person; `group_role` says as what it belongs there.
    """

    kind = _text(_("Kind of customer"), 20)
    number = models.CharField(pgettext_lazy("customer", "Number"), max_length=20, blank=True)
    name = models.CharField(_("Name"), max_length=200)
    short_name = _text(_("Short name"), 100)
    english_name = _text(_("English name"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("Owner"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", db_index=False,
    )  # fmt: skip
    status = _text(_("Status"), 40)
    tier = _text(_("Tier"), 40)
    source = _text(pgettext_lazy("customer", "Source"), 40)
    industry = _text(_("Industry"), 40)
    category = Link(Category, verbose_name=_("Category"), null=True, blank=True, db_index=False)

    phone = _text(_("Phone"), 60)
    mobile = _text(_("Mobile"), 60)
    email = _text(_("E-mail"), 254)
    website = _text(_("Website"), 500)
    wechat = _text(_("WeChat"), 60)
    address = models.JSONField(_("Address"), null=True, blank=True)
    language = _text(_("Preferred language"), 40)

    # Companies
    credit_code = _text(_("Unified social credit code"), 40)
    scale = _text(_("Size of company"), 40)
    employees = models.IntegerField(_("Employees"), null=True, blank=True)
    annual_revenue = models.DecimalField(_("Annual revenue"), max_digits=20, decimal_places=4, null=True, blank=True)
    currency = _text(_("Currency"), 3)

    # People
    gender = _text(_("Gender"), 40)
    birth_date = models.DateField(_("Birth date"), null=True, blank=True)
    id_number = EncryptedTextField(_("Identity number"), null=True, blank=True)
    id_number_index = BlindIndexField(of="id_number", null=True, blank=True)
    employer = _text(_("Employer"))
    job_title = _text(_("Job title"), 100)

    # What we know of them
    credit_rating = _text(_("Credit rating"), 40)
    preferences = _words(_("Preferences"))
    service_preference = _words(_("Service preference"))
    consumption_habit = _words(_("Buying habits"))
    complaint_record = _words(_("Complaints"))

    parent = Link("self", verbose_name=_("Group or household"), null=True, blank=True, db_index=False)
    group_role = _text(_("Place in the group"), 40)

    first_seen = models.DateField(_("First contact"), null=True, blank=True)
    external_id = _text(_("Number elsewhere"), 100)
    remark = _words(_("Remark"))

    class Meta(Record.Meta):
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        # Each index is paid for a million times by an import: only what lists sort by and recognition looks up.
        indexes: ClassVar = [
            models.Index(fields=["name", "id"], condition=LIVE, name="customers_account_name"),
            models.Index(fields=["email"], condition=LIVE & ~models.Q(email=""), name="customers_account_email"),
            models.Index(fields=["phone"], condition=LIVE & ~models.Q(phone=""), name="customers_account_phone"),
            models.Index(fields=["mobile"], condition=LIVE & ~models.Q(mobile=""), name="customers_account_mobile"),
            models.Index(fields=["owner", "-id"], condition=LIVE, name="customers_account_owner"),
            models.Index(
                fields=["parent"], condition=LIVE & models.Q(parent__isnull=False), name="customers_account_parent"
            ),
            models.Index(fields=["changed_at", "id"], condition=LIVE, name="customers_account_changed"),
            models.Index(
                fields=["id_number_index"],
                condition=LIVE & models.Q(id_number_index__isnull=False),
                name="customers_account_id_number",
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["number"], condition=LIVE, name="customers_account_number_once"),
            models.UniqueConstraint(
                fields=["credit_code"],
                condition=LIVE & ~models.Q(credit_code=""),
                name="customers_account_credit_code_once",
            ),
            models.UniqueConstraint(
                fields=["external_id"],
                condition=LIVE & ~models.Q(external_id=""),
                name="customers_account_external_id_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def invariants(self) -> Iterator[tuple[str, Problem]]:
        if self.kind != PERSON:
            for field in ("gender", "birth_date", "employer"):
                if getattr(self, field):
                    yield field, Problem("account.person_only")
        if self.kind != COMPANY and self.credit_code:
            yield "credit_code", Problem("account.company_only")
        if _ahead(self.birth_date):
            yield "birth_date", Problem("date.future")
        if self.group_role and not self.parent_id and self.group_role != "headquarters":
            yield "group_role", Problem("account.group_role")

    @classmethod
    def invariants_many(cls, records: Sequence[Any]) -> Iterator[tuple[int, str, Problem]]:
        """A company belongs to a company, a person to a household."""
        ids = {r.parent_id for r in records if r.parent_id}
        kinds = dict(cast(Any, Account.objects).filter(pk__any_of=list(ids)).values_list("pk", "kind")) if ids else {}
        for place, record in enumerate(records):
            above = kinds.get(record.parent_id)
            if above is not None and above != {COMPANY: COMPANY, PERSON: HOUSEHOLD}.get(record.kind):
                yield place, "parent", Problem("account.parent_kind")


class Contact(Record):
    """A person at a customer 联系人."""

    account = Link(Account, verbose_name=_("Customer"), db_index=False)
    name = models.CharField(_("Name"), max_length=150)
    job_title = _text(_("Job title"), 100)
    department = _text(_("Department"), 100)
    role = _text(_("Role in buying"), 40)
    phone = _text(_("Phone"), 60)
    mobile = _text(_("Mobile"), 60)
    email = _text(_("E-mail"), 254)
    wechat = _text(_("WeChat"), 60)
    gender = _text(_("Gender"), 40)
    birth_date = models.DateField(_("Birth date"), null=True, blank=True)
    language = _text(_("Preferred language"), 40)
    primary = models.BooleanField(_("Main contact"), default=False)
    external_id = _text(_("Number elsewhere"), 100)
    remark = _words(_("Remark"))

    class Meta(Record.Meta):
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes: ClassVar = [
            models.Index(fields=["account", "id"], condition=LIVE, name="customers_contact_account"),
            models.Index(fields=["name", "id"], condition=LIVE, name="customers_contact_name"),
            models.Index(fields=["email"], condition=LIVE & ~models.Q(email=""), name="customers_contact_email"),
            models.Index(fields=["mobile"], condition=LIVE & ~models.Q(mobile=""), name="customers_contact_mobile"),
            models.Index(fields=["changed_at", "id"], condition=LIVE, name="customers_contact_changed"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["external_id"],
                condition=LIVE & ~models.Q(external_id=""),
                name="customers_contact_external_id_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def invariants(self) -> Iterator[tuple[str, Problem]]:
        if _ahead(self.birth_date):
            yield "birth_date", Problem("date.future")


class Address(Record):
    """One of several addresses of a customer: where bills go, where goods go, the registered seat …"""

    account = Link(Account, verbose_name=_("Customer"), db_index=False)
    purpose = models.CharField(_("Purpose"), max_length=40)
    address = models.JSONField(_("Address"))
    recipient = _text(_("Recipient"), 150)
    phone = _text(_("Phone"), 60)
    primary = models.BooleanField(_("Main address"), default=False)

    class Meta(Record.Meta):
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        indexes: ClassVar = [models.Index(fields=["account", "id"], condition=LIVE, name="customers_address_account")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.account_id}"


class ContactPoint(Record):
    """A further way to reach a customer or one of its contacts: a second phone, a fax, an old address that bounces."""

    account = Link(Account, verbose_name=_("Customer"), db_index=False)
    contact = Link(Contact, verbose_name=_("Contact"), null=True, blank=True, db_index=False)
    kind = models.CharField(_("Way"), max_length=40)
    value = models.CharField(_("Number or address"), max_length=254)
    label = _text(_("Label"), 60)
    primary = models.BooleanField(_("Preferred"), default=False)
    invalid_since = models.DateField(_("Invalid since"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("contact point")
        verbose_name_plural = _("contact points")
        indexes: ClassVar = [
            models.Index(fields=["account", "id"], condition=LIVE, name="customers_point_account"),
            models.Index(
                fields=["contact"], condition=LIVE & models.Q(contact__isnull=False), name="customers_point_contact"
            ),
            models.Index(fields=["value"], condition=LIVE, name="customers_point_value"),
        ]

    def __str__(self) -> str:
        return self.value

    def invariants(self) -> Iterator[tuple[str, Problem]]:
        from guanxi.customers.declared import normal_point

        problem = normal_point(self.kind, self.value)[1]
        if problem is not None:
            yield "value", problem
        if _ahead(self.invalid_since):
            yield "invalid_since", Problem("date.future")


class Relation(Record):
    """How a customer stands to another one or to a contact: invests in, supplies, is married to, was referred by …"""

    account = Link(Account, verbose_name=_("Customer"), db_index=False)
    type = models.CharField(_("Relation"), max_length=40)
    other = Link(Account, verbose_name=_("Other customer"), null=True, blank=True, db_index=False)
    contact = Link(Contact, verbose_name=_("Contact"), null=True, blank=True, db_index=False)
    since = models.DateField(_("Since"), null=True, blank=True)
    until = models.DateField(_("Until"), null=True, blank=True)
    remark = _words(_("Remark"))

    class Meta(Record.Meta):
        verbose_name = _("relation")
        verbose_name_plural = _("relations")
        indexes: ClassVar = [
            models.Index(fields=["account", "id"], condition=LIVE, name="customers_relation_account"),
            models.Index(
                fields=["other"], condition=LIVE & models.Q(other__isnull=False), name="customers_relation_other"
            ),
            models.Index(
                fields=["contact"], condition=LIVE & models.Q(contact__isnull=False), name="customers_relation_contact"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.type} {self.other_id or self.contact_id}"

    def invariants(self) -> Iterator[tuple[str, Problem]]:
        if bool(self.other_id) == bool(self.contact_id):
            yield "other", Problem("relation.other")
        if self.other_id and self.other_id == self.account_id:
            yield "other", Problem("link.itself")
        if self.since and self.until and self.until < self.since:
            yield "until", Problem("period.order")
