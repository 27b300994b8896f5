"""What is sold: products in their categories, orders with lines, payments received."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, ClassVar, cast

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guanxi.customers.models import Account, Contact
from guanxi.records.base import Link, Record
from guanxi.trade.problems import Problem

LIVE = models.Q(deleted_in__isnull=True)


def _text(label: Any, length: int = 200) -> models.CharField[Any, Any]:
    return models.CharField(label, max_length=length, blank=True, default="")


def _words(label: Any) -> models.TextField[Any, Any]:
    return models.TextField(label, blank=True, default="")


def _amount(label: Any, **more: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(label, max_digits=20, decimal_places=4, **more)


def _currency() -> models.CharField[Any, Any]:
    """Filled by `declared`: with the order's currency, else the reporting currency."""
    return models.CharField(_("Currency"), max_length=3, blank=True, default="")


class Category(Record):
    """A class of products; classes form a tree."""

    name = models.CharField(_("Name"), max_length=100)
    code = _text(_("Code"), 40)
    parent = Link("self", verbose_name=_("Belongs to"), null=True, blank=True, db_index=False)
    position = models.IntegerField(_("Position"), default=0)
    description = _words(_("Description"))

    class Meta(Record.Meta):
        verbose_name = _("product category")
        verbose_name_plural = _("product categories")
        indexes: ClassVar = [
            models.Index(fields=["name", "id"], condition=LIVE, name="trade_category_name"),
            models.Index(fields=["parent"], condition=LIVE, name="trade_category_parent"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code"], condition=LIVE & ~models.Q(code=""), name="trade_category_code_once"
            ),
            models.UniqueConstraint(
                fields=["parent", "name"], nulls_distinct=False, condition=LIVE, name="trade_category_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Product(Record):
    """A product or service that is sold."""

    sku = models.CharField(_("SKU"), max_length=60)
    name = models.CharField(_("Name"), max_length=200)
    category = Link(Category, verbose_name=_("Category"), null=True, blank=True, db_index=False)
    brand = _text(_("Brand"), 100)
    unit = _text(_("Unit"), 40)
    price = _amount(_("Price"), null=True, blank=True)
    cost = _amount(_("Cost"), null=True, blank=True)
    currency = _currency()
    status = _text(_("Status"), 40)
    description = _words(_("Description"))
    datasheet = models.JSONField(_("Data sheet"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("product")
        verbose_name_plural = _("products")
        indexes: ClassVar = [
            models.Index(fields=["name", "id"], condition=LIVE, name="trade_product_name"),
            models.Index(fields=["category", "id"], condition=LIVE, name="trade_product_category"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sku"], condition=LIVE, name="trade_product_sku_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"


class Order(Record):
    """An order. `total` is the sum of its lines, `paid` of its payments: both kept by the write door."""

    number = models.CharField(pgettext_lazy("order", "Number"), max_length=20, blank=True)
    account = Link(Account, verbose_name=_("Customer"), db_index=False)
    contact = Link(Contact, verbose_name=_("Contact"), null=True, blank=True, db_index=False)
    ordered_at = models.DateTimeField(_("Ordered"))
    status = _text(_("Status"), 40)
    channel = _text(pgettext_lazy("order", "Channel"), 40)
    payment_method = _text(_("Payment method"), 40)
    sales_rep = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("Sales rep"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", db_index=False,
    )  # fmt: skip
    currency = _currency()
    total = _amount(pgettext_lazy("order", "Total"), default=Decimal(0), blank=True)
    discount = _amount(_("Discount"), default=Decimal(0), blank=True)
    paid = _amount(_("Paid"), default=Decimal(0), blank=True)
    delivery_address = models.JSONField(_("Delivery address"), null=True, blank=True)
    external_id = _text(_("Number elsewhere"), 100)
    remark = _words(_("Remark"))

    class Meta(Record.Meta):
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        indexes: ClassVar = [
            models.Index(fields=["account", "-ordered_at", "-id"], condition=LIVE, name="trade_order_account"),
            models.Index(fields=["ordered_at", "id"], condition=LIVE, name="trade_order_ordered"),
            models.Index(fields=["sales_rep", "-id"], condition=LIVE, name="trade_order_rep"),
            models.Index(
                fields=["contact"], condition=LIVE & models.Q(contact__isnull=False), name="trade_order_contact"
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["number"], condition=LIVE, name="trade_order_number_once"),
            models.UniqueConstraint(
                fields=["external_id"], condition=LIVE & ~models.Q(external_id=""), name="trade_order_external_id_once"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def invariants(self) -> Iterator[tuple[str, Problem]]:
        # Lines come after the order: only an order that has some can have too much taken off.
        if self.total and self.total > 0 and self.discount and self.discount > self.total:
            yield "discount", Problem("order.discount")

    @classmethod
    def invariants_many(cls, records: Sequence[Any]) -> Iterator[tuple[int, str, Problem]]:
        """The contact of an order is one of its customer."""
        ids = {r.contact_id for r in records if r.contact_id}
        of = (
            dict(cast(Any, Contact.objects).filter(pk__any_of=list(ids)).values_list("pk", "account_id")) if ids else {}
        )
        for place, record in enumerate(records):
            if record.contact_id and of.get(record.contact_id) != record.account_id:
                yield place, "contact", Problem("order.contact")


class OrderLine(Record):
    """A line of an order. `amount` is quantity × unit price − discount, worked out by the write door."""

    order = Link(Order, verbose_name=_("Order"), db_index=False)
    product = Link(Product, verbose_name=_("Product"), null=True, blank=True, db_index=False)
    description = _text(_("Description"))
    quantity = models.DecimalField(_("Quantity"), max_digits=20, decimal_places=4, default=Decimal(1))
    unit_price = _amount(_("Unit price"), default=Decimal(0))
    discount = _amount(_("Discount"), default=Decimal(0), blank=True)
    amount = _amount(_("Amount"), default=Decimal(0), blank=True)
    position = models.IntegerField(_("Position"), default=0)

    class Meta(Record.Meta):
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        indexes: ClassVar = [
            models.Index(fields=["order", "id"], condition=LIVE, name="trade_line_order"),
            models.Index(fields=["product", "id"], condition=LIVE, name="trade_line_product"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.description}"


class Payment(Record):
    """Money received for an order 回款; below zero when given back."""

    order = Link(Order, verbose_name=_("Order"), db_index=False)
    amount = _amount(_("Amount"))
    currency = _currency()
    received_at = models.DateField(_("Received"))
    method = _text(_("Payment method"), 40)
    reference = _text(_("Reference"), 100)
    remark = _words(_("Remark"))

    class Meta(Record.Meta):
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        indexes: ClassVar = [
            models.Index(fields=["order", "id"], condition=LIVE, name="trade_payment_order"),
            models.Index(fields=["received_at", "id"], condition=LIVE, name="trade_payment_received"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.amount} {self.currency}"

    def invariants(self) -> Iterator[tuple[str, Problem]]:
        if self.amount is not None and self.amount == 0:
            yield "amount", Problem("payment.zero")

    @classmethod
    def invariants_many(cls, records: Sequence[Any]) -> Iterator[tuple[int, str, Problem]]:
        """A payment is in the currency of its order."""
        ids = {r.order_id for r in records if r.order_id and r.currency}
        wanted = (
            dict(cast(Any, Order.objects).filter(pk__any_of=list(ids)).values_list("pk", "currency")) if ids else {}
        )
        for place, record in enumerate(records):
            currency = wanted.get(record.order_id) if record.currency else ""
            if currency and currency != record.currency:
                yield place, "currency", Problem("payment.currency", {"wanted": currency})
