"""Verbs over several records of this room, and what boards and lists ask of it: the next step of each of many records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db.models import Min, OuterRef, QuerySet, Subquery
from django.utils import timezone

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal.ledger import change_set
from guanxi.core.journal.models import Door
from guanxi.engagement.entities import ATTACHMENT, INTERACTION, STEP
from guanxi.records import files, read, rights, write
from guanxi.records.entity import Entity

State = Literal["late", "today", "planned", "none"]
#: Entities that steps and interactions point to, and by which field.
BY = {"customers.account": "account", "customers.contact": "contact", "trade.order": "order"}


# Next steps --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NextStep:
    """The earliest open step of a record: on which day, and whether that is late, today or ahead."""

    on: date
    state: State


def today(actor: Actor) -> date:
    """The day it is where the actor is."""
    return timezone.now().astimezone(ZoneInfo(actor.time_zone)).date()


def state_of(due: date | None, now: date) -> State:
    if due is None:
        return "none"
    return "late" if due < now else "today" if due == now else "planned"


def open_steps(actor: Actor) -> QuerySet[Any]:
    """Steps still to be done that the actor may see, and of which they may read when they are due."""
    if rights.level(actor, STEP.declared["due"]).rank < Level.READ.rank:
        return read.visible(STEP, actor).none()
    return read.visible(STEP, actor).filter(done_at__isnull=True)


def next_steps(actor: Actor, entity: Entity, ids: Collection[int]) -> dict[int, NextStep]:
    """{record id: its earliest open step} for customers, contacts or orders; records without one are left out.

    One query for any number of records, by index. For other entities there is nothing to find.
    """
    by = BY.get(entity.key)
    if by is None or not ids:
        return {}
    now = today(actor)
    found = open_steps(actor).filter(**{f"{by}_id__any_of": list(ids)}).values_list(f"{by}_id").annotate(on=Min("due"))
    return {id_: NextStep(on, state_of(on, now)) for id_, on in found.order_by()}


def next_step_at(actor: Actor, entity: Entity) -> Subquery:
    """The same as an expression for a query over `entity`'s rows, to filter, sort or group by: the day, or NULL."""
    mine = open_steps(actor).filter(**{f"{BY[entity.key]}_id": OuterRef("pk")})
    return Subquery(mine.order_by("due").values("due")[:1])


@dataclass(frozen=True)
class Quick:
    """A day that is chosen with one touch: `key` says which (tomorrow, in_3_days, monday, in_2_weeks, in_a_month)."""

    key: str
    day: date


def quick_days(now: date) -> tuple[Quick, ...]:
    """Days one often plans for. A month from the 31st is the last day of the next one."""
    monday = now + timedelta(days=7 - now.weekday())
    year, month = (now.year + 1, 1) if now.month == 12 else (now.year, now.month + 1)
    after = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return (
        Quick("today", now),
        Quick("tomorrow", now + timedelta(days=1)),
        Quick("in_3_days", now + timedelta(days=3)),
        Quick("monday", monday),
        Quick("in_2_weeks", now + timedelta(days=14)),
        Quick("in_a_month", date(year, month, min(now.day, after.day))),
    )


def finish(actor: Actor, id: int, *, door: Door = Door.PAGE) -> write.Saved:  # noqa: A002
    """Mark a step as done now. Doing it twice changes nothing. Raises Hidden, Refused."""
    row = read.visible(STEP, actor).filter(pk=id).values("done_at", "version").first()
    if row is None:
        raise read.Hidden(f"{STEP.key} {id}")
    if row["done_at"] is not None:
        return write.Saved(id, row["version"], None, ())
    return write.save(actor, STEP, {"done_at": timezone.now()}, id=id, door=door, action="done")


# Writing a follow-up down ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recorded:
    """What was written down: in one change set, so that one undo takes all of it back."""

    interaction: int
    step: int | None
    change_set: int


def record(
    actor: Actor, values: Mapping[str, Any], *, what: str = "", due: str | date = "", door: Door = Door.PAGE
) -> Recorded:
    """Write down a follow-up, and with `due` (or `what`) the next step that was agreed; all or nothing.

    Raises what `write.save` raises; problems of the step come under the keys `what` and `due`.
    """
    with change_set(actor, door=door, action="follow-up", entity=INTERACTION.key) as cs:
        made = write.save(actor, INTERACTION, values, door=door)
        step = None
        if what or due:
            row = (
                read.visible(INTERACTION, actor).filter(pk=made.id).values("account_id", "contact_id", "order_id").get()
            )
            links = {key: row[f"{key}_id"] for key in ("account", "contact", "order") if row[f"{key}_id"]}
            step = write.save(actor, STEP, {**links, "interaction": made.id, "what": what, "due": due}, door=door).id
        return Recorded(made.id, step, cs.id)


# Attachments -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attached:
    """Files that were kept (ids, in the order given) and those that were not: (name, problem)."""

    ids: tuple[int, ...]
    refused: tuple[tuple[str, Any], ...]
    change_set: int | None


def attach(actor: Actor, entity: Entity, id: int, uploads: Iterable[Any], *, door: Door = Door.PAGE) -> Attached:  # noqa: A002
    """Attach files to a record as one change set; a file that is not taken does not keep the others back.

    Raises Hidden for a record that the actor may not see, Refused when they may attach nothing to it.
    """
    if not read.visible(entity, actor).filter(pk=id).exists():
        raise read.Hidden(f"{entity.key} {id}")
    made: list[int] = []
    refused: list[tuple[str, Any]] = []
    with files.unless_refused(), change_set(actor, door=door, action="attach", entity=ATTACHMENT.key) as cs:
        for upload in uploads:
            values = {"about_entity": entity.key, "about": id, "file": upload}
            try:
                made.append(write.save(actor, ATTACHMENT, values, door=door).id)
            except write.Invalid as error:
                problem = next(p for found in error.problems.values() for p in found)
                refused.append((str(getattr(upload, "name", "")), problem))
    return Attached(tuple(made), tuple(refused), cs.id if made else None)


def attached(actor: Actor, id: int) -> QuerySet[Any]:  # noqa: A002
    """The attachments of one record that the actor may see, newest first."""
    return read.visible(ATTACHMENT, actor).filter(about=id).order_by("-created_at", "-id")


def moment(actor: Actor) -> datetime:
    """Now, in the actor's time zone."""
    return timezone.now().astimezone(ZoneInfo(actor.time_zone))
