"""What follow-ups, steps, orders, payments and attachments tell on the time line of records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal.models import ChangeSet
from guanxi.engagement import services
from guanxi.engagement.entities import ATTACHMENT, INTERACTION, STEP
from guanxi.records import invert, read, rights
from guanxi.records.entity import Entity
from guanxi.records.read.cells import Cell, Reader
from guanxi.trade.entities import ORDER, PAYMENT
from guanxi.web import components
from guanxi.web.pages import addresses
from guanxi.web.pages.timeline import About, Before, Moment

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


def makers(actor: Actor, sets: Iterable[int]) -> dict[int, tuple[str, str]]:
    """{change set: (who, address that takes it back or "")}: one query, and one for which were undone."""
    rows = ChangeSet.objects.filter(pk__in=list(sets)).prefetch_related("undone_by")
    return {
        cs.pk: (
            cs.actor_name,
            reverse("journal-undo", args=[cs.pk])
            if cs.action in OWN_ACTS and not cs.undone_by.all() and invert.may_see(actor, cs)
            else "",
        )
        for cs in rows
    }


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

    def rows(self, about: About) -> QuerySet[Any]:
        return read.visible(self.entity, about.actor).filter(**{self.by[about.entity.key]: about.id})


class Interactions(_Source):
    """Follow-ups, with the next step agreed in each."""

    key = "follow-ups"
    label = gettext_lazy("Follow-ups")
    icon = "message-2"
    entity = INTERACTION
    by = services.BY
    needs = ("happened_at",)

    def items(self, about: About, *, before: Before | None, limit: int) -> Sequence[Moment]:
        actor = about.actor
        rows = (
            self.rows(about).filter(before.q("happened_at") if before else Q()).order_by("-happened_at", "-pk")[:limit]
        )
        cells = Cells(actor, INTERACTION, "method", "subject", "words", "contact", "direction", "minutes", "who")
        found = cells.of(rows, "happened_at", "created_in", "method")
        made = makers(actor, {row["created_in"] for row, _cells in found})
        steps = steps_of(actor, [row["id"] for row, _cells in found])
        return [self.moment(about, row, one, made, steps.get(row["id"], "")) for row, one in found]

    def moment(
        self, about: About, row: Mapping[str, Any], cells: Mapping[str, Cell], made: Mapping[int, tuple[str, str]], step: str
    ) -> Moment:  # fmt: skip
        icon, colour = LOOKS.get(row["method"], LOOKS["note"])
        who, undo = made.get(row["created_in"], ("", ""))
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

    def items(self, about: About, *, before: Before | None, limit: int) -> Sequence[Moment]:
        done = self.rows(about).filter(done_at__isnull=False).filter(before.q("done_at") if before else Q())
        found = Cells(about.actor, STEP, "what", "owner").of(done.order_by("-done_at", "-pk")[:limit], "done_at")
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

    def items(self, about: About, *, before: Before | None, limit: int) -> Sequence[Moment]:
        rows = self.rows(about).filter(before.q("ordered_at") if before else Q()).order_by("-ordered_at", "-pk")[:limit]
        cells = Cells(about.actor, ORDER, "number", "status", "total", "sales_rep")
        return [self.moment(row, one) for row, one in cells.of(rows, "ordered_at")]

    def moment(self, row: Mapping[str, Any], cells: Mapping[str, Cell]) -> Moment:
        status, total = cells.get("status"), text(cells, "total")
        facts = [(status.text, status.colour or "gray")] if status is not None and status.text else []
        return Moment(
            id=row["id"], at=row["ordered_at"], who=text(cells, "sales_rep"),
            title=_("Order %(number)s") % {"number": text(cells, "number")}, icon="shopping-cart", colour="orange", kind=self.key,
            link=addresses.record_url(ORDER.key, row["id"]), facts=(*facts, *([(total, "")] if total else [])),
        )  # fmt: skip


class Payments(_Source):
    key = "payments"
    label = gettext_lazy("Payments")
    icon = "cash"
    entity = PAYMENT
    by: ClassVar[Mapping[str, str]] = {"customers.account": "order__account", "trade.order": "order"}
    needs = ("received_at",)

    def items(self, about: About, *, before: Before | None, limit: int) -> Sequence[Moment]:
        zone = read.formats_for(about.actor).zone
        rows = self.rows(about)
        if before is not None:
            day, id_ = before.day(zone)
            rows = rows.filter(received_at__lte=day).filter(Q(received_at__lt=day) | Q(pk__lt=id_))
        cells = Cells(about.actor, PAYMENT, "amount", "method", "reference", "order")
        found = cells.of(rows.order_by("-received_at", "-pk")[:limit], "received_at", "amount")
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

    def items(self, about: About, *, before: Before | None, limit: int) -> Sequence[Moment]:
        rows = read.visible(ATTACHMENT, about.actor).filter(about__in=[about.id, *about.parts])
        rows = rows.filter(before.q("created_at") if before else Q()).order_by("-created_at", "-pk")[:limit]
        found = Cells(about.actor, ATTACHMENT, "name", "file").of(rows, "created_at", "created_in", "about")
        made = makers(about.actor, {row["created_in"] for row, _cells in found})
        moments = []
        for row, cells in found:
            who, undo = made.get(row["created_in"], ("", ""))
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
