"""To whom a record may be given."""

from __future__ import annotations

from guanxi.core.access.actor import Actor
from guanxi.core.identity.models import User
from guanxi.kit.problems import BadValue
from guanxi.records.entity import Entity


class Outside(BadValue):
    """The new owner lies outside the actor's range."""


def check_owner(actor: Actor, entity: Entity, owner: int | None, *, creating: bool) -> None:
    """Raises Outside unless the actor may give a record of `entity` to `owner` (None: to nobody).

    Whoever creates may give it to people within their range for creating; after that it takes the right to assign.
    """
    scope = actor.scope(entity.key, "assign")
    if creating:
        scope = max(scope, actor.scope(entity.key, "create"), key=lambda s: s.rank)
    allowed = actor.owners(scope)
    if allowed is None or (owner is not None and owner in allowed):
        return
    name = User.objects.filter(pk=owner).values_list("name", flat=True).first() if owner else "—"
    raise Outside("owner.outside", value=name or owner)
