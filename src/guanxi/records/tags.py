"""Tags as people keep them: new ones made while tagging, how often each is used, merged, retired.

A tag is a record like any other, written by the write door; records hold the ids of their tags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Func

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal.ledger import change_set
from guanxi.kit.problems import Problem
from guanxi.kit.results import Balance
from guanxi.kit.text import clean, fold
from guanxi.records import catalogue, rights
from guanxi.records.entity import Entity
from guanxi.records.models import Tag
from guanxi.records.read.door import Hidden, visible
from guanxi.records.write import Invalid, Refused, delete, edit_many, save

KEY = "records.tag"
FIELD = "tags"
MOST_NEW = 10  # tags made at one time
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class NewTag:
    """A tag that is to be made if there is none of that name. `type`: a code of the list of types, or ""."""

    name: str
    type: str = ""


def entity() -> Entity:
    return catalogue.of(Tag)


def may_make(actor: Actor) -> bool:
    return bool(actor.can(KEY, "create")) and rights.level(actor, entity().declared["name"]) is Level.EDIT


@contextmanager
def settled(
    actor: Actor, of: Entity, values: Mapping[str, Any], *, id: int | None = None  # noqa: A002
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """The values with ids where there were `NewTag`s; saving them inside belongs to one step with making the tags.

    An error inside takes the new tags back too. Raises Invalid for a name that no tag can have, Refused without the right.
    """
    given = values.get(FIELD)
    if not isinstance(given, list) or not any(isinstance(one, NewTag) for one in given):
        yield dict(values)
        return
    with change_set(actor, action="edit" if id else "create", entity=of.key, record=id) as cs:
        ids = [_made(actor, one) if isinstance(one, NewTag) else one for one in given[: 1000 + MOST_NEW]]
        cs.record = cs.record if cs.entity != of.key else id
        yield {**values, FIELD: list(dict.fromkeys(str(i) for i in ids))}


def _made(actor: Actor, new: NewTag) -> int:
    """The id of the tag of that name (case and width ignored), made if need be."""
    name = clean(new.name)
    wanted = fold(name)
    for pk, known, retired in visible(entity(), actor).values_list("pk", "name", "retired"):
        if fold(known) == wanted:
            if retired:
                raise Invalid({FIELD: [Problem("tag.retired", {"value": known})]})
            return int(pk)
    if not may_make(actor):
        raise Refused(f"{KEY}: create")
    values: dict[str, Any] = {"name": name}
    if new.type:
        values["type"] = new.type
    try:
        return save(actor, entity(), values).id
    except Invalid as error:
        raise Invalid({FIELD: [problem for problems in error.problems.values() for problem in problems]}) from error


def how_many() -> int:
    """Tags that are not retired; they are everybody's, so their number needs no one to ask for it."""
    return int(entity().model.all_rows.filter(deleted_in__isnull=True, retired=False).count())


def counts(actor: Actor) -> dict[int, int]:
    """{id of a tag: how many records have it that the actor sees}; one query an object."""
    found: dict[int, int] = {}
    for of in catalogue.every():
        if not actor.can(of.key, "view") or rights.level(actor, of.declared[FIELD]).rank < Level.READ.rank:
            continue
        rows = visible(of, actor).order_by().annotate(_tag=Func(F(FIELD), function="unnest")).values("_tag")
        for pk, n in rows.annotate(n=Count("pk")).values_list("_tag", "n"):
            found[pk] = found.get(pk, 0) + n
    return found


def used(actor: Actor, tag: int) -> list[tuple[Entity, int]]:
    """The objects whose records have a tag, and how many of each the actor sees."""
    found = []
    for of in catalogue.every():
        if actor.can(of.key, "view") and rights.level(actor, of.declared[FIELD]).rank >= Level.READ.rank:
            n = visible(of, actor).filter(tags__contains=[tag]).count()
            if n:
                found.append((of, n))
    return found


def merge(actor: Actor, tag: int, into: int, *, progress: Progress | None = None) -> tuple[int | None, Balance]:
    """Records with `tag` get `into` instead, and `tag` is deleted: one step. Returns it and the balance.

    Where a record has it that the actor may not change, that record is held and the tag is retired, not deleted.
    """
    if tag == into:
        raise Invalid({"": [Problem("link.itself")]})
    total = Balance()
    with change_set(actor, action="bulk", entity=KEY, record=tag, detail={"merged_into": into}) as cs:
        both = set(visible(entity(), actor, "edit").filter(pk__in=(tag, into)).values_list("pk", flat=True))
        if both != {tag, into}:
            raise Hidden(f"{KEY} {tag} {into}")
        for of in catalogue.every():
            if actor.can(of.key, "edit") and rights.level(actor, of.declared[FIELD]) is Level.EDIT:
                rows = visible(of, actor).filter(tags__contains=[tag])
                if rows.exists():
                    done = edit_many(actor, of, rows, {}, add_tags=(into,), remove_tags=(tag,), progress=progress)
                    total += done.balance
        left = any(
            of.model.all_rows.filter(deleted_in__isnull=True, tags__contains=[tag]).exists() for of in catalogue.every()
        )
        if left or not actor.can(KEY, "delete"):
            save(actor, entity(), {"retired": True}, id=tag)
        else:
            delete(actor, entity(), tag)
        cs.balance = total.check().to_dict()
        return (cs.id if cs.lines else None), total
