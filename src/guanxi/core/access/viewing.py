"""Looking at the house as somebody else: an actor with their rights, for whoever has all of these rights already.

It can only narrow. Each request asks anew: is the looker still active, may they still change roles, do they still reach
every row and field that the other one reaches? If not, there is no such actor.
"""

from __future__ import annotations

from dataclasses import replace

from guanxi.core.access.actor import Actor, _load_roles, actor_for
from guanxi.core.access.models import Action, Role, Scope
from guanxi.core.access.services import covers, role_name
from guanxi.core.identity.models import User


def as_person(looker: Actor, person: User) -> Actor | None:
    """The house as `person` sees it; None when the looker may not look so."""
    if not person.is_active or person.pk == looker.user_id:
        return None
    found = actor_for(person)
    if not found.rights and person.roles.exists():  # rights withheld until they choose a password
        rights = _load_roles()
        ids = tuple(sorted(person.roles.values_list("pk", flat=True)))
        found = replace(found, role_ids=ids, rights=tuple(rights[i] for i in ids if i in rights))
    return _narrowed(looker, found)


def as_role(looker: Actor, role: Role) -> Actor | None:
    """The house as somebody in the looker's place with only this role sees it."""
    rights = _load_roles()
    own = (rights[role.pk],) if role.pk in rights else ()
    return _narrowed(looker, replace(looker, name=role_name(role), role_ids=(role.pk,), rights=own))


def _narrowed(looker: Actor, other: Actor) -> Actor | None:
    if looker.user_id is None or not looker.can("settings.roles", Action.EDIT):
        return None
    if not covers(looker.rights, other.rights) or not _reaches(looker, other):
        return None
    # Texts stay in the looker's language: they are to understand what they see.
    return replace(
        other, language=looker.language, time_zone=looker.time_zone, date_format=looker.date_format,
        number_format=looker.number_format, theme=looker.theme,
    )  # fmt: skip


def _reaches(looker: Actor, other: Actor) -> bool:
    """Whether the looker's rows include the other's, action by action: scopes are about who one is."""
    entities = {entity for actor in (looker, other) for rights in actor.rights for entity, _action in rights.scopes}
    for entity in entities:
        for action in Action.values:
            theirs = other.scope(entity, action)
            if theirs is Scope.NONE:
                continue
            mine = looker.owners(looker.scope(entity, action))
            if mine is None:
                continue
            wanted = other.owners(theirs)
            if wanted is None or not set(wanted) <= set(mine):
                return False
    return True
