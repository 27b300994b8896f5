"""What of the journal a person may see, and the names of the records that it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _lazy

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal.models import ChangeSet
from guanxi.records import catalogue, invert, policy, read, rights
from guanxi.records.entity import Entity
from guanxi.records.read.cells import Reader, names_of
from guanxi.web.pages import addresses

#: What changes of settings are about, for the filter: entity in the journal → words.
SETTINGS = {
    "core.user": _lazy("People"),
    "core.department": _lazy("Departments"),
    "core.role": _lazy("Roles"),
    "records.customfield": _lazy("Fields"),
    "records.choicevalue": _lazy("Lists of values"),
    "core.exchangerate": _lazy("Currencies and rates"),
    "core.organisation": _lazy("Organisation"),
    "core.brand": _lazy("Look"),
}


def sees_all(actor: Actor) -> bool:
    return actor.is_system or actor.can("settings.journal", "edit") or actor.can("settings.journal", "view")


def of_actor(actor: Actor) -> QuerySet[ChangeSet]:
    """The change sets this person may look at: their own, or all for who may see the journal."""
    rows = ChangeSet.objects.all()
    return rows if sees_all(actor) else rows.filter(actor_id=actor.user_id)


def get_set(actor: Actor, id: int) -> ChangeSet:  # noqa: A002
    found = ChangeSet.objects.filter(pk=id).first()
    if found is None or not (invert.may_see(actor, found) or sees_all(actor)):
        raise read.Hidden(f"change set {id}")
    return found


@dataclass(frozen=True)
class About:
    """A record that the journal names, as far as this person may see it."""

    label: str
    url: str = ""
    gone: bool = False


def known_entity(key: str) -> Entity | None:
    try:
        return catalogue.get(key)
    except catalogue.UnknownEntity:
        return None


def within(entity: Entity, actor: Actor, ids: Iterable[int]) -> set[int]:
    """Which of these records, deleted ones too, lie in the actor's range."""
    limits = policy.conditions(entity, actor, "view")
    if limits is None:
        return set()
    return set(entity.model.all_rows.filter(policy.q_of(limits), pk__in=list(ids)).values_list("pk", flat=True))


def gone_names(actor: Actor, entity: Entity, ids: Iterable[int]) -> dict[int, str]:
    """Names of records that are no longer there, if they lay in the actor's range: as their rows still say, masked if need be."""
    title = entity.declared[entity.title]
    seen = within(entity, actor, ids)
    if not seen or rights.level(actor, title) is Level.HIDDEN:
        return dict.fromkeys(seen, "")
    reader = Reader(actor, entity, [title])
    rows = entity.model.all_rows.filter(pk__in=seen).values(*reader.columns())
    return {row["id"]: reader.cell(row, title, {}).text for row in rows}


def abouts(actor: Actor, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], About]:
    """Names of records by (entity, id): two queries an entity. Records out of range are not in it."""
    by_entity: dict[str, set[int]] = {}
    for key, id_ in wanted:
        by_entity.setdefault(key, set()).add(id_)
    found: dict[tuple[str, int], About] = {}
    for key, ids in by_entity.items():
        entity = known_entity(key)
        if entity is None or not actor.can(key, "view"):
            continue
        names = names_of(actor, key, ids)
        for id_, (name, _colour) in names.items():
            found[key, id_] = About(name or f"#{id_}", addresses.record_url(key, id_))
        for id_, name in gone_names(actor, entity, ids - names.keys()).items():
            found[key, id_] = About(name or f"#{id_}", gone=True)
    return found
