"""Panels of the record page: how upper rooms stand on the pages of lower ones.

`site.panels` lists `Panel` objects by hand and hands them to `install` when the addresses are made. A lower room never asks
whether an upper one is there; without a panel the page simply has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from django.http import HttpRequest
from django.utils.functional import Promise

from guanxi.core.access import Actor
from guanxi.records.entity import Entity
from guanxi.records.read import RecordView

Text = str | Promise
#: HTML of a panel for one record that the person may see; "" when there is nothing to show. Escapes what it puts in.
Body = Callable[[HttpRequest, RecordView], str]

EVERY = "*"


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel on the page of a record.

    `entity`: the key of the entity whose page it stands on, or EVERY. `key`: its name, once per entity: the address is
    `/<room>/<noun>/<id>/panel/<key>`, the element's id `panel-<key>`; a panel for one entity replaces the one for EVERY with
    the same key. `place`: "middle" (wide) or "side". `order`: smaller stands higher. `lazy`: asked for after the page is
    there, so that it costs the page nothing, with a view that has no cell but the title's; else drawn with it. `framed`: the
    page draws card and heading around `body`; False when the body brings its own. `needs`: (entity or settings area, action)
    without which there is no panel. `when`: a further condition that costs no query.
    """

    entity: str
    key: str
    title: Text
    body: Body
    place: Literal["middle", "side"] = "side"
    order: int = 100
    icon: str = ""
    lazy: bool = True
    framed: bool = True
    needs: tuple[str, str] | None = None
    when: Callable[[Actor, Entity], bool] | None = None

    def stands(self, actor: Actor, entity: Entity) -> bool:
        """Whether this person gets the panel on pages of this entity."""
        if self.entity not in (EVERY, entity.key) or (self.needs is not None and not actor.can(*self.needs)):
            return False
        return self.when is None or self.when(actor, entity)


class _Installed:
    panels: tuple[Panel, ...] = ()


def install(panels: Iterable[Panel]) -> None:
    """Called once by the site; a second call replaces the first. Raises ValueError for one key listed twice."""
    found = tuple(panels)
    names = [(p.entity, p.key) for p in found]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two panels are called {name[1]!r} on {name[0]!r}")
    _Installed.panels = found


def every() -> tuple[Panel, ...]:
    return _Installed.panels


def of(actor: Actor, entity: Entity, place: str = "") -> list[Panel]:
    """The panels of an entity's record pages that this person gets, in order."""
    own = {p.key for p in _Installed.panels if p.entity == entity.key}
    found = [
        p
        for p in _Installed.panels
        if (p.entity == entity.key or p.key not in own) and place in ("", p.place) and p.stands(actor, entity)
    ]
    return sorted(found, key=lambda p: p.order)


def get(actor: Actor, entity: Entity, key: str) -> Panel | None:
    return next((p for p in of(actor, entity) if p.key == key), None)
