"""What follow-ups, steps, orders, payments and attachments tell on the time line of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, ClassVar

from django.db.models import DateTimeField, F, Func, QuerySet, Value
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.engagement import services
from guanxi.engagement.entities import ATTACHMENT, INTERACTION, STEP
from guanxi.records import invert, read, rights
from guanxi.records.entity import Entity
from guanxi.records.read.cells import Cell, Reader
from guanxi.trade.entities import ORDER, PAYMENT
from guanxi.web import components
from guanxi.web.pages import addresses
from guanxi.web.pages.timeline import About, Before, Moment, Sets, head

#: Icon and colour of each way to follow up; further ones of the list are drawn like a note.
LOOKS = {
    "call": ("phone-call", "green"),
    "visit": ("map-pin", "purple"),
    "mail": ("mail", "blue"),
    "chat": ("message-2", "teal"),
    "note": ("note", "yellow"),
}
STATES = {"late": "red", "today": "orange", "planned": "blue", "none": "gray"}
#: Acts whose undo takes a follow-up back and nothing else.
OWN_ACTS = ("follow-up", "create", "attach")


class Cells:
    """Rows of one entity as cells for one actor: two queries, and one for each sort of record they link to."""

    def __init__(self, actor: Actor, entity: Entity, *keys: str) -> None:
        known = rights.readable(actor, entity)
        self.fields = {key: known[key] for key in keys if key in known}
        self.reader = Reader(actor, entity, self.fields.values())

    def of(self, rows: QuerySet[Any], *more: str) -> list[tuple[dict[str, Any], dict[str, Cell]]]:
        """(column values, cells by key) of each row; `more`: further columns."""
        found = list(rows.values(*dict.fromkeys(["id", *self.reader.columns(), *more])))
        names = self.reader.names(found)
        return [(row, {key: self.reader.cell(row, f, names) for key, f in self.fields.items()}) for row in found]


def text(cells: Mapping[str, Cell], key: str) -> str:
    return cells[key].text if key in cells else ""


def reads(actor: Actor, entity: Entity, *keys: str) -> bool:
    """Whether the actor may read these fields: what is put in order by a hidden value would tell it."""
    return actor.can(entity.key, "view") and all(
        rights.level(actor, entity.declared[key]).rank >= Level.READ.rank for key in keys
    )


def maker(actor: Actor, sets: Sets, number: int) -> tuple[str, str]:
    """(who, address that takes it back or "") of a change set."""
    cs = sets.of.get(number)
    if cs is None:
        return "", ""
    mine = cs.action in OWN_ACTS and number not in sets.undone and invert.may_see(actor, cs)
    return cs.actor_name, reverse("journal-undo", args=[number]) if mine else ""


class _Source:
    """What the sources here share: on which entities' pages, through which link."""

    key: ClassVar[str]
    label: ClassVar[str | Promise]
    icon: ClassVar[str]
    entity: ClassVar[Entity]
    by: ClassVar[Mapping[str, str]]
    needs: ClassVar[tuple[str, ...]]

    def stands(self, actor: Actor, entity: Entity) -> bool:
        return entity.key in self.by and reads(actor, self.entity, *self.needs, self.by[entity.key].partition("__")[0])

    #: When they happened; `made`: what is told of them needs their change set.
    at: ClassVar[str]
    made: ClassVar[bool] = False

    def rows(self, about: About) -> QuerySet[Any]:
        return read.visible(self.entity, about.actor).filter(**{self.by[about.entity.key]: about.id})

    def heads(self, about: About, *, before: Before | None) -> Sequence[QuerySet[Any]]:
        rows = self.rows(about).filter(before.q(self.at)) if before else self.rows(about)
        return [head(rows, self.at, made_in="created_in" if self.made else None)]


class Interactions(_Source):
    """Follow-ups, with the next step agreed in each."""

    key = "follow-ups"
    label = gettext_lazy("Follow-ups")
    icon = "message-2"
    entity = INTERACTION
    by = services.BY
    needs = ("happened_at",)
    at = "happened_at"
    made = True

    def items(self, about: About, ids: Sequence[int], sets: Sets) -> Sequence[Moment]:
        actor = about.actor
        cells = Cells(actor, INTERACTION, "method", "subject", "words", "contact", "direction", "minutes", "who")
        found = cells.of(self.rows(about).filter(pk__in=ids), "happened_at", "created_in", "method")
        steps = steps_of(actor, [row["id"] for row, _cells in found])
        return [self.moment(about, row, one, sets, steps.get(row["id"], "")) for row, one in found]

    def moment(
        self, about: About, row: Mapping[str, Any], cells: Mapping[str, Cell], sets: Sets, step: str
    ) -> Moment:  # fmt: skip
        icon, colour = LOOKS.get(row["method"], LOOKS["note"])
        who, undo = maker(about.actor, sets, row["created_in"])
        words, subject = text(cells, "words"), text(cells, "subject")
        contact = cells.get("contact")
        part = (
            (contact.text, addresses.record_url(*contact.link))
            if contact is not None and contact.link and about.entity.key != "customers.contact"
            else None
        )
        minutes = text(cells, "minutes")
        facts = [(text(cells, "direction"), ""), (_("%(n)s min") % {"n": minutes} if minutes else "", "")]
        # A subject that is but the beginning of the words is not said twice.
        heading = subject if subject and not words.startswith(subject.rstrip("…")) else ""
        return Moment(
            id=row["id"], at=row["happened_at"], who=text(cells, "who") or who, title=text(cells, "method") or _("Follow-up"),
            icon=icon, colour=colour, kind=self.key, link=addresses.record_url(INTERACTION.key, row["id"]), about=part,
            facts=tuple(f for f in facts if f[0]), body=f"{heading}\n{words}" if heading and words else heading or words,
            html=step, undo_url=undo,
        )  # fmt: skip


def steps_of(actor: Actor, interactions: Sequence[int]) -> dict[int, str]:
    """{interaction: its next steps as HTML}."""
    if not interactions or not reads(actor, STEP, "interaction", "due"):
        return {}
    now = services.today(actor)
    rows = read.visible(STEP, actor).filter(interaction__in=list(interactions)).order_by("due", "pk")
    found: dict[int, str] = {}
    for row, cells in Cells(actor, STEP, "what", "due", "done_at").of(rows, "interaction_id", "due", "done_at"):
        done = row["done_at"] is not None
        state = services.state_of(row["due"], now)
        badge = components.badge(_("done"), "green") if done else components.badge(text(cells, "due"), STATES[state])
        found[row["interaction_id"]] = found.get(row["interaction_id"], "") + (
            f'<p class="gx-moment-step">{components.icon("check" if done else "arrow-right", size="sm")}'
            f'<a class="gx-quiet-link" href="{addresses.record_url(STEP.key, row["id"])}">{escape(text(cells, "what"))}</a>{badge}</p>'
        )
    return found


class StepsDone(_Source):
    """Steps on the day they were done; open ones stand above the time line."""

    key = "steps"
    label = gettext_lazy("Steps done")
    icon = "checks"
    entity = STEP
    by = services.BY
    needs = ("done_at",)
    at = "done_at"

    def rows(self, about: About) -> QuerySet[Any]:
        return super().rows(about).filter(done_at__isnull=False)

    def items(self, about: About, ids: Sequence[int], sets: Sets) -> Sequence[Moment]:
        found = Cells(about.actor, STEP, "what", "owner").of(self.rows(about).filter(pk__in=ids), "done_at")
        return [
            Moment(
                id=row["id"], at=row["done_at"], who=text(cells, "owner"), title=_("did: %(what)s") % {"what": text(cells, "what")},
                icon="check", colour="green", kind=self.key, link=addresses.record_url(STEP.key, row["id"]),
            )
            for row, cells in found
        ]  # fmt: skip


class Orders(_Source):
    key = "orders"
    label = gettext_lazy("Orders")
    icon = "shopping-cart"
    entity = ORDER
    by: ClassVar[Mapping[str, str]] = {"customers.account": "account", "customers.contact": "contact"}
    needs = ("ordered_at",)
    at = "ordered_at"

    def items(self, about: About, ids: Sequence[int], sets: Sets) -> Sequence[Moment]:
        cells = Cells(about.actor, ORDER, "number", "status", "total", "sales_rep")
        found = cells.of(self.rows(about).filter(pk__in=ids), "ordered_at")
        if ORDER.title in cells.fields:
            read.known_as(about.actor, ORDER.key, {row["id"]: text(one, ORDER.title) for row, one in found})
        return [self.moment(row, one) for row, one in found]

    def moment(self, row: Mapping[str, Any], cells: Mapping[str, Cell]) -> Moment:
        status, total = cells.get("status"), text(cells, "total")
        facts = [(status.text, status.colour or "gray")] if status is not None and status.text else []
        return Moment(
            id=row["id"], at=row["ordered_at"], who=text(cells, "sales_rep"),
            title=_("Order %(number)s") % {"number": text(cells, "number")}, icon="shopping-cart", colour="orange", kind=self.key,
            link=addresses.record_url(ORDER.key, row["id"]), facts=(*facts, *([(total, "")] if total else [])),
        )  # fmt: skip


class Midnight(Func):
    """The instant at which a day begins in a time zone: (name of the zone, day)."""

    template = "timezone(%(expressions)s::timestamp)"
    output_field = DateTimeField()
    arity = 2


class Payments(_Source):
    key = "payments"
    label = gettext_lazy("Payments")
    icon = "cash"
    entity = PAYMENT
    by: ClassVar[Mapping[str, str]] = {"customers.account": "order__account", "trade.order": "order"}
    needs = ("received_at",)

    def heads(self, about: About, *, before: Before | None) -> Sequence[QuerySet[Any]]:
        zone = read.formats_for(about.actor).zone
        rows = self.rows(about).filter(before.on_day("received_at", zone)) if before else self.rows(about)
        return [head(rows, Midnight(Value(str(zone)), F("received_at")))]

    def items(self, about: About, ids: Sequence[int], sets: Sets) -> Sequence[Moment]:
        zone = read.formats_for(about.actor).zone
        cells = Cells(about.actor, PAYMENT, "amount", "method", "reference", "order")
        found = cells.of(self.rows(about).filter(pk__in=ids), "received_at", "amount")
        return [
            Moment(
                id=row["id"], at=datetime.combine(row["received_at"], time(), zone), who="",
                title=_("Refund") if row["amount"] < 0 and "amount" in one and not one["amount"].masked else _("Payment received"),
                icon="cash", colour="green", kind=self.key, link=addresses.record_url(PAYMENT.key, row["id"]), clock=False,
                facts=tuple((t, "") for t in (text(one, "amount"), text(one, "method"), text(one, "order")) if t),
            )
            for row, one in found
        ]  # fmt: skip


class Attachments:
    """Files, on every record; those of a customer's contacts on the customer's too."""

    key = "files"
    label = gettext_lazy("Files")
    icon = "paperclip"

    def stands(self, actor: Actor, entity: Entity) -> bool:
        return entity.key != ATTACHMENT.key and reads(actor, ATTACHMENT, "created_at", "about")

    def rows(self, about: About) -> QuerySet[Any]:
        return read.visible(ATTACHMENT, about.actor).filter(about__in=[about.id, *about.parts])

    def heads(self, about: About, *, before: Before | None) -> Sequence[QuerySet[Any]]:
        rows = self.rows(about).filter(before.q("created_at")) if before else self.rows(about)
        return [head(rows, "created_at", made_in="created_in")]

    def items(self, about: About, ids: Sequence[int], sets: Sets) -> Sequence[Moment]:
        cells_of = Cells(about.actor, ATTACHMENT, "name", "file")
        found = cells_of.of(self.rows(about).filter(pk__in=ids), "created_at", "created_in", "about")
        moments = []
        for row, cells in found:
            who, undo = maker(about.actor, sets, row["created_in"])
            page = addresses.record_url(ATTACHMENT.key, row["id"])
            moments.append(
                Moment(
                    id=row["id"], at=row["created_at"], who=who, title=_("attached %(name)s") % {"name": text(cells, "name")},
                    icon="paperclip", colour="cyan", kind=self.key, undo_url=undo, about=about.part(row["about"]),
                    link=file_url(row["id"]) if "file" in cells and cells["file"].value else page,
                )
            )  # fmt: skip
        return moments


def file_url(id: int) -> str:  # noqa: A002
    return reverse(f"{ATTACHMENT.key}:file", args=[id, "file"])
