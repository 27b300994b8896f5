"""What belongs to a record: a panel for each sort of record that points here, with adding and editing on the spot."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.template.loader import render_to_string

from guanxi.core.access import Actor
from guanxi.records import read
from guanxi.records.entity import Entity
from guanxi.records.read.view import Belonging, Line, belonging, related
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, capital, entity_plural

ROWS = 5
#: After such a dialog one stays on the page: it shuts and the panel is drawn again.
STAY = "stay=1"


@dataclass(frozen=True)
class Item:
    """A record in a panel: its title and a few words more. `edit`: the address of its dialog, "" when it may not be edited."""

    title: str
    more: str
    url: str
    edit: str


@dataclass(frozen=True)
class Group:
    """Records of one entity that point here: the first ones, how many there are, where all are, where one is added."""

    title: str
    icon: str
    items: list[Item]
    count: int
    exact: bool
    all_url: str
    add_url: str
    noun: str


def stands(actor: Actor, entity: Entity) -> bool:
    """Whether anything that this person may see points to records of this entity."""
    return any(True for _one in related(entity, actor))


def panel(request: HttpRequest, view: read.RecordView) -> str:
    """Everything that points to this record; loaded after the page, in one request."""
    actor = actor_of(request)
    pointing = list(related(view.entity, actor))
    keys = [one.entity.key for one in pointing]
    found = [
        group(actor, part, view.id, several=keys.count(part.related.entity.key) > 1)
        for part in belonging(pointing, actor, view.id, limit=ROWS)
    ]
    context = {"panels": [p for p in found if p.count], "bare": [p for p in found if not p.count]}
    return render_to_string("pages/panels.html", context, request)


def group(actor: Actor, part: Belonging, id: int, *, several: bool) -> Group:  # noqa: A002
    """`several`: the same entity points here by more than one field, so the field's name is said."""
    entity, link = part.related.entity, part.related.field
    base = addresses.list_url(entity.key)
    title = entity_plural(entity)
    if several:
        title = f"{title} · {capital(str(link.label))}"
    return Group(
        title,
        entity.icon,
        [item(part, line, base) for line in part.rows],
        part.count.n,
        part.count.exact,
        f"{base}?f.{link.key}.is={id}",
        f"{base}new?{link.key}={id}&{STAY}" if actor.can(entity.key, "create") else "",
        str(entity.label),
    )


def item(part: Belonging, line: Line, base: str) -> Item:
    """The title, else the first thing there is to say, and two things more."""
    said = [c.text for c in line.cells if c.text and c.field.kind.key != "boolean"]
    title = line.title or (said.pop(0) if said else f"#{line.id}")
    edit = f"{base}{line.id}/edit?{STAY}" if line.id in part.editable else ""
    return Item(title, " · ".join(said[:2]), f"{base}{line.id}/", edit)
