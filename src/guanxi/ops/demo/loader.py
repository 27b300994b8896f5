"""Puts the demo company into the house, through the same doors as a user's own data.

Each step is one transaction together with its mark, so that a load that was stopped goes on where it stopped, and one that
is started again adds nothing: also not what somebody has deleted or changed since.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import Max

from guanxi.core.access import SYSTEM, Actor, acting, actor_for
from guanxi.core.identity.models import User
from guanxi.core.identity.services import add_person
from guanxi.core.journal.models import Door
from guanxi.core.org import currency, departments
from guanxi.core.org.models import Department, ExchangeRate, Setting
from guanxi.insight import ready
from guanxi.ops.demo import business, followups, people, retail
from guanxi.ops.demo.business import SHANGHAI
from guanxi.ops.demo.journey import Basket, Journey
from guanxi.ops.errors import Unavailable
from guanxi.records import bulk, catalogue, custom, search
from guanxi.records.read import visible

Say = Callable[[str], object]
Row = dict[str, Any]
MARKS = "demo.steps"
CHUNK = 4_000  # baskets a step of the full load

CUSTOMER_CATEGORIES = (
    {"code": "B", "name": "企业客户 Business"},
    {"code": "C", "name": "个人客户 Private"},
    {"code": "B-GROUP", "name": "集团 Groups", "parent": "B"},
    {"code": "B-SINGLE", "name": "独立企业 Single companies", "parent": "B"},
    {"code": "B-ABROAD", "name": "海外企业 Abroad", "parent": "B"},
    {"code": "C-FAMILY", "name": "多人家庭 Families", "parent": "C"},
    {"code": "C-SINGLE", "name": "单人 Singles", "parent": "C"},
)
PRODUCT_ROOTS = ({"code": "R", "name": "零售商品 Retail"}, {"code": "B", "name": "企业产品与服务 Business products"})


@dataclass
class Counted:
    """What a step did: rows created, and rows that were not taken."""

    created: int = 0
    held: int = 0


class Loader:
    """One load. `password`: what every demo person signs in with."""

    def __init__(self, password: str, *, full: bool, say: Say) -> None:
        self.password, self.full, self.say = password, full, say
        self.journey = Journey()
        self.created = 0

    # --- steps and their marks -----------------------------------------------------------------------------------

    @contextmanager
    def step(self, name: str) -> Iterator[bool]:
        """Yields whether the step is still to be done; marks it in the same transaction."""
        if name in self.marks:
            yield False
            return
        with transaction.atomic():
            yield True
            # A second load that runs at the same time waits here, and then finds the mark.
            row, _new = Setting.objects.select_for_update().get_or_create(key=MARKS, defaults={"value": []})
            if name in row.value:
                raise Unavailable("The demo company is being loaded by another process.", "Wait until it has finished.")
            row.value = [*row.value, name]
            row.save(update_fields=["value"])
        self.marks.add(name)

    @cached_property
    def marks(self) -> set[str]:
        return set(Setting.objects.filter(key=MARKS).values_list("value", flat=True).first() or ())

    def put(self, what: str, key: str, rows: Iterable[Mapping[str, Any]], *, on_existing: str = "skip") -> None:
        """Load rows of one entity; a row that is not taken is a fault of the demo and stops the step."""
        rows = list(rows)
        if not rows:
            return
        columns = list(dict.fromkeys(name for row in rows for name in row))
        held: list[str] = []

        def hold(number: int, problems: Mapping[str, list[Any]]) -> None:
            held.append(
                f"{rows[number - 1]}: " + "; ".join(f"{k}: {p}" for k, found in problems.items() for p in found)
            )

        done = bulk.load(
            self.admin, catalogue.get(key), enumerate(rows, 1), columns=columns, door=Door.COMMAND,
            on_existing="update" if on_existing == "update" else "skip", reason=f"演示公司 Demo company: {what}", held=hold,
        )  # fmt: skip
        if held:
            raise AssertionError(f"{key}: {len(held)} demo rows were not taken, the first: {held[0]}")
        self.created += done.created

    def ids(self, key: str, field: str) -> dict[str, int]:
        """{external number: id} of everything the demo may point to."""
        rows = visible(catalogue.get(key), self.admin).exclude(**{field: ""})
        return dict(rows.values_list(field, "pk"))

    # --- the company itself --------------------------------------------------------------------------------------

    def run(self) -> int:
        """Do what is still to be done; returns how many records are new."""
        began = time.monotonic()
        self.organisation()
        with acting(self.admin):
            self.definitions()
            self.customers()
            self.catalogue()
            self.business_orders()
            self.retail_orders()
            self.follow_ups()
            self.index()
            self.figures()
        if self.created:
            self.say(f"Demo company: {self.created:,} records in {time.monotonic() - began:.0f} s.")
        return self.created

    @cached_property
    def admin(self) -> Actor:
        return actor_for(User.objects.get(username="admin"))

    def organisation(self) -> None:
        with self.step("organisation") as todo:
            if not todo:
                return
            if User.objects.exists():
                raise Unavailable(
                    "There are people in this installation already; the demo company wants an empty one.",
                    "Choose another place for it: GUANXI_HOME=~/guanxi-demo guanxi demo",
                )
            with acting(SYSTEM):
                units: dict[str, Department] = {}
                for key, (name, above) in people.DEPARTMENTS.items():
                    units[key] = departments.create(SYSTEM, name, parent=units.get(above))
                known: dict[str, User] = {}
                for person in people.PEOPLE:
                    known[person.username] = add_person(
                        SYSTEM, person.username, name=person.name, email=f"{person.username}@example.com",
                        roles=[person.role], department=units[person.department], manager=known.get(person.manager),
                        password=self.password, must_change=False, language=person.language,
                    ).person  # fmt: skip
                for key, head in (("hq", "admin"), ("sales", "manager"), ("east", "manager.east")):
                    unit = Department.objects.get(pk=units[key].pk)
                    departments.edit(SYSTEM, unit, name=unit.name, parent=unit.parent, manager=known[head])
                for code, day, rate in people.RATES:
                    if not ExchangeRate.objects.filter(currency=code, date=day).exists():
                        currency.record_rate(SYSTEM, code, rate, date=day, base="CNY")

    def definitions(self) -> None:
        with self.step("definitions") as todo:
            if not todo:
                return
            for key, name, kind, options, zh, en, more in people.CUSTOM_FIELDS:
                custom.define(
                    self.admin,
                    catalogue.get(key),
                    key=name,
                    kind=kind,
                    options=options,
                    label_zh=zh,
                    label_en=en,
                    **more,
                )
            self.put("tags", "records.tag", ({"name": n, "type": t, "colour": c} for n, (t, c) in people.TAGS.items()))
            self.tree("customers.category", CUSTOMER_CATEGORIES)

    def tree(self, key: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Categories whose parents are named by code; parents come before what belongs to them."""
        known: dict[str, int] = {}
        level: list[Row] = []

        def flush() -> None:
            self.put("categories", key, level)
            known.update(self.ids(key, "code"))
            level.clear()

        for row in rows:
            above = row.get("parent")
            if above and above not in known:
                flush()
            level.append({**row, "parent": known[above]} if above else dict(row))
        flush()

    # --- customers -----------------------------------------------------------------------------------------------

    @cached_property
    def households(self) -> list[Any]:
        return self.journey.households()

    @cached_property
    def companies(self) -> list[Row]:
        return business.companies()

    @cached_property
    def staff(self) -> list[Row]:
        return business.contacts(self.companies)

    def linked(self, rows: Iterable[Row], **known: Mapping[str, int]) -> Iterator[Row]:
        """Rows whose links hold ids instead of numbers elsewhere; what nobody has any more becomes empty."""
        for row in rows:
            yield {**row, **{key: ids.get(row.get(key) or "") for key, ids in known.items() if key in row}}

    def customers(self) -> None:
        with self.step("customers") as todo:
            if not todo:
                return
            self.say("Demo company: customers …")
            categories = self.ids("customers.category", "code")
            persons = retail.accounts(self.households)
            homes, members, married = retail.families(self.households, persons)
            account = "customers.account"
            self.put("households", account, self.linked(persons, category=categories))
            self.put("families", account, homes)
            self.put(
                "families", account, self.linked(members, parent=self.ids(account, "external_id")), on_existing="update"
            )
            # Groups first, then what belongs to them: a link needs something to point to.
            for level in _levels(self.companies):
                known = self.ids(account, "external_id")
                self.put("companies", account, self.linked(level, category=categories, parent=known))
            known = self.ids(account, "external_id")
            self.put("contacts", "customers.contact", self.linked(self.staff, account=known))
            self.put("addresses", "customers.address", self.linked(business.addresses(self.companies), account=known))
            self.put(
                "contact points", "customers.contactpoint", self.linked(business.points(self.companies), account=known)
            )
            relations = [*business.relations(self.companies), *married]
            self.put("relations", "customers.relation", self.linked(relations, account=known, other=known))

    # --- products and orders -------------------------------------------------------------------------------------

    @cached_property
    def chosen(self) -> frozenset[int]:
        return self.journey.chosen()

    def catalogue(self) -> None:
        """Products that were bought: those of the chosen baskets, or all."""
        with self.step("business products") as todo:
            if todo:
                self.tree("trade.category", PRODUCT_ROOTS)
                known = self.ids("trade.category", "code")
                self.put("business products", "trade.product", self.linked(business.products(), category=known))
        for name in ("products", *(("all products",) if self.full else ())):
            if name in self.marks:
                continue
            only = self.chosen if name == "products" else None
            self.say(f"Demo company: {name} …")
            with self.step(name):
                items = self.journey.items(only)
                have = self.ids("trade.category", "code")
                for level in retail.categories(items):
                    self.put(
                        "categories",
                        "trade.category",
                        self.linked((r for r in level if r["code"] not in have), parent=have),
                    )
                    have = self.ids("trade.category", "code")
                self.put(name, "trade.product", self.linked(retail.products(items), category=have))

    def business_orders(self) -> None:
        with self.step("business orders") as todo:
            if not todo:
                return
            self.say("Demo company: orders …")
            found = list(business.orders(self.companies, self.staff))
            self.orders(
                "business orders", (o for o, _, _ in found), (line for _, lines, _ in found for line in lines),
                (p for _, _, payments in found for p in payments),
            )  # fmt: skip

    def orders(self, what: str, orders: Iterable[Row], lines: Iterable[Row], payments: Iterable[Row]) -> None:
        """Orders with their lines and payments. What names an order that did not come in is left out with it."""
        accounts = self.ids("customers.account", "external_id")
        contacts = self.ids("customers.contact", "external_id")
        rows = [row for row in self.linked(orders, account=accounts, contact=contacts) if row["account"]]
        self.put(what, "trade.order", rows)
        keys = [row["external_id"] for row in rows]
        known = dict(
            visible(catalogue.get("trade.order"), self.admin)
            .filter(external_id__in=keys)
            .values_list("external_id", "pk")
        )
        self.put(
            f"{what}, lines",
            "trade.orderline",
            (r for r in self.linked(lines, order=known, product=self.products) if r["order"]),
        )
        self.put(f"{what}, payments", "trade.payment", (r for r in self.linked(payments, order=known) if r["order"]))

    @cached_property
    def products(self) -> dict[str, int]:
        return self.ids("trade.product", "sku")

    @cached_property
    def names(self) -> dict[int, str]:
        """What is printed on the line of an order, by product number of the source."""
        rows = visible(catalogue.get("trade.product"), self.admin).filter(sku__startswith="R")
        return {int(sku[1:]): name for sku, name in rows.values_list("sku", "name") if sku[1:].isdigit()}

    def retail_orders(self) -> None:
        if "purchases" not in self.marks:
            self.say("Demo company: purchases …")
            with self.step("purchases"):
                self.purchases("purchases", list(self.journey.baskets(self.chosen)))
        if not self.full or "all purchases" in self.marks:
            return
        for n, baskets in enumerate(_chunks(self.journey.baskets(but=self.chosen), CHUNK), 1):
            with self.step(f"purchases {n}") as todo:
                if todo:
                    self.purchases(f"purchases {n}", baskets)
                    self.say(
                        f"Demo company: {n * CHUNK:,} further baskets of about 151,000, {self.created:,} records …"
                    )
        with self.step("all purchases"):
            pass

    def purchases(self, what: str, baskets: list[Basket]) -> None:
        owners = self.owners
        orders = [
            retail.order(basket, owners.get(retail.account_key(basket.household), "sales.retail")) for basket in baskets
        ]
        pairs = zip(baskets, orders, strict=True)
        payments = [row for basket, order in pairs if (row := retail.payment(basket, order)) is not None]
        self.orders(what, orders, (line for basket in baskets for line in retail.lines(basket, self.names)), payments)

    @cached_property
    def owners(self) -> dict[str, str]:
        """Whoever owns a private customer sold to them."""
        rows = visible(catalogue.get("customers.account"), self.admin).filter(external_id__startswith="DEMO-H")
        return dict(rows.values_list("external_id", "owner__username"))

    def follow_ups(self) -> None:
        with self.step("follow-ups") as todo:
            if not todo:
                return
            self.say("Demo company: follow-ups …")
            accounts = self.ids("customers.account", "external_id")
            contacts = self.ids("customers.contact", "external_id")
            now = datetime.now(SHANGHAI).replace(second=0, microsecond=0)
            said, steps = followups.rows(self.companies, self.staff, now)
            linked = (r for r in self.linked(said, account=accounts, contact=contacts) if r["account"])
            self.put("follow-ups", "engagement.interaction", linked)
            self.put("next steps", "engagement.step", (r for r in self.linked(steps, account=accounts) if r["account"]))

    def index(self) -> None:
        """What bulk loads left to the search job is indexed here: a demo should be found at once."""
        with self.step("all found" if self.full else "found") as todo:
            if todo:
                self.say("Demo company: search …")
                for entity in catalogue.every():
                    search.rebuild(entity)

    def figures(self) -> None:
        """Purchases are of years ago: start pages show the thirty days before the last one."""
        with self.step("figures") as todo:
            last = visible(catalogue.get("trade.order"), self.admin).aggregate(last=Max("ordered_at"))["last"]
            if todo and last is not None:
                last_day = last.astimezone(SHANGHAI).date()
                ready.lately(last_day - timedelta(days=29), last_day)


def _levels(rows: list[Row]) -> Iterator[list[Row]]:
    """Rows by depth in their group."""
    depth: dict[str, int] = {}
    found: dict[int, list[Row]] = {}
    for row in rows:
        at = depth[row["external_id"]] = depth[row["parent"]] + 1 if row["parent"] else 0
        found.setdefault(at, []).append(row)
    yield from (found[at] for at in sorted(found))


def _chunks(baskets: Iterable[Basket], size: int) -> Iterator[list[Basket]]:
    chunk: list[Basket] = []
    for basket in baskets:
        chunk.append(basket)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
