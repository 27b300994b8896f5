"""Changing who may do what: roles, and the rails every change of settings runs on.

The rails hold for people, departments and roles alike (`changing`):

- nobody gives more than they have, and nobody ends up with more than they had;
- at least one active administrator stays;
- changes of settings happen one after another, so that two at once cannot do together what neither may do alone.

The ready-made administrator role is fixed: it may everything, always. That keeps a way back from every mistake; whoever
wants an administrator who sees no customers copies it and takes rights out of the copy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from guanxi.core.access import ready
from guanxi.core.access.actor import Actor, RoleRights, _load_roles
from guanxi.core.access.models import ANY, Action, FieldClass, FieldGrant, Grant, Level, Role, Scope
from guanxi.core.identity import audit
from guanxi.core.identity.models import User
from guanxi.core.org.models import Version
from guanxi.core.org.problems import Invalid, Refused
from guanxi.core.org.versions import bump

ADMINISTRATOR = "administrator"
AREAS = ready.SETTINGS
_ENTITY = re.compile(r"\*|[a-z_]+(\.[a-z_]+)+")

GrantKey = tuple[str, str]
"""(entity, action)"""
FieldKey = tuple[str, str, str]
"""(entity, field class or "", field or "")"""

DESCRIPTIONS = {
    "sales": gettext_noop("Own customers, orders and follow-ups."),
    "sales_manager": gettext_noop("Everything of the department and those below it."),
    "service": gettext_noop("Sees and edits all customers, deletes none."),
    "marketing": gettext_noop("Sees all customers, personal data masked."),
    "analyst": gettext_noop("Reads and exports, personal data masked."),
    "steward": gettext_noop("Keeps all data in order: import, merge, delete, lists and fields."),
    "privacy": gettext_noop("Sees and unmasks personal data, reads the journal."),
    ADMINISTRATOR: gettext_noop("May do everything."),
}


def role_name(role: Role) -> str:
    """The name as shown: ready-made roles are translated until somebody renames them."""
    return pgettext("role", role.name) if role.ready_made else role.name


def role_description(role: Role) -> str:
    if role.description or not role.ready_made:
        return role.description
    return _(DESCRIPTIONS[role.key]) if role.key in DESCRIPTIONS else ""


# --- comparing rights -------------------------------------------------------------------------------------------------


def _scope(rights: Collection[RoleRights], entity: str, action: str) -> int:
    return max((r.scope(entity, action).rank for r in rights), default=Scope.NONE.rank)


def _level(rights: Collection[RoleRights], entity: str, field_class: str, field: str) -> int:
    return max((r.level(entity, field_class, field).rank for r in rights), default=Level.HIDDEN.rank)


def covers(have: Collection[RoleRights], want: Collection[RoleRights]) -> bool:
    """Whether whoever has `have` has at least everything that `want` gives, for every entity, action and field."""
    both = [*have, *want]
    scopes = {key for rights in both for key in rights.scopes}
    levels = {key for rights in both for key in rights.levels}
    entities = {ANY} | {entity for entity, _action in scopes} | {entity for entity, _class, _field in levels}
    actions = {action for _entity, action in scopes}
    fields = {(entity, field) for entity, _class, field in levels if field}
    return all(
        _scope(want, entity, action) <= _scope(have, entity, action) for entity in entities for action in actions
    ) and all(
        _level(want, entity, cls, field) <= _level(have, entity, cls, field)
        for cls in FieldClass.values
        for entity, field in [*((entity, "") for entity in entities), *fields]
    )


def rights_of(roles: Collection[int]) -> list[RoleRights]:
    """What these roles (ids) grant now, read from the database and not from the process's copy."""
    found = _load_roles()
    return [found[role] for role in roles if role in found]


# --- the rails --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """What an actor has: rights, and whose rows their narrower scopes reach."""

    rights: tuple[RoleRights, ...]
    reach: frozenset[int]

    @classmethod
    def of(cls, user_id: int) -> Standing:
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if user is None:
            return cls((), frozenset())
        roles = tuple(user.roles.values_list("pk", flat=True))
        probe = Actor(kind="user", name="", user_id=user.pk, department_id=user.department_id)
        return cls(tuple(rights_of(roles)), frozenset({*probe.department_people, *probe.subtree_people}))


@dataclass
class Changing:
    """A change of settings going on: what the actor had when it began."""

    actor: Actor
    had: Standing | None
    newcomers: set[int]

    def may_grant(self, rights: Collection[RoleRights]) -> None:
        """Refuse to give away rights the actor does not have."""
        if self.had is not None and not covers(self.had.rights, rights):
            raise Invalid(_("You cannot give rights that you do not have yourself."))

    def may_touch(self, person: User) -> None:
        """Refuse to change somebody who has more rights than the actor: their account would be a way to those rights."""
        theirs = rights_of(list(person.roles.values_list("pk", flat=True)))
        if self.had is not None and not covers(self.had.rights, theirs):
            raise Invalid(_("This person has rights that you do not have."))


def administrators() -> int:
    """How many active people have the administrator role."""
    return User.objects.filter(is_active=True, roles__key=ADMINISTRATOR).count()


@contextmanager
def changing(actor: Actor, area: str) -> Iterator[Changing]:
    """One transaction that changes settings of `area`; raises Refused without the right, Invalid off the rails."""
    if not actor.can(f"settings.{area}", Action.EDIT):
        raise Refused(area)
    with transaction.atomic():
        Version.objects.get_or_create(key="access")
        Version.objects.select_for_update().get(key="access")
        had = None if actor.user_id is None or actor.is_system else Standing.of(actor.user_id)
        if had is not None and _scope(had.rights, f"settings.{area}", Action.EDIT) == Scope.NONE.rank:
            raise Refused(area)  # taken away while this request waited
        before = administrators()
        change = Changing(actor, had, set())
        yield change
        if before and not administrators():
            raise Invalid(_("This is the last active administrator. Make somebody else administrator first."))
        if had is not None and actor.user_id is not None:
            has = Standing.of(actor.user_id)
            grown = {p for p in has.reach - had.reach if p not in change.newcomers}
            narrow = any(s in (Scope.DEPARTMENT, Scope.SUBTREE) for r in has.rights for s in r.scopes.values())
            if not covers(had.rights, has.rights) or (grown and narrow and not _reaches_all(had.rights)):
                raise Invalid(_("Nobody can raise their own rights. Ask another administrator."))


def _reaches_all(rights: Collection[RoleRights]) -> bool:
    """Whether no action of these rights is limited to some people's rows, so that reach does not matter."""
    full = RoleRights({(ANY, action): Scope.ALL for r in rights for (_e, action) in r.scopes}, {})
    return all(
        _scope(rights, entity, action) in (Scope.ALL.rank, Scope.NONE.rank)
        for r in (*rights, full)
        for entity, action in r.scopes
    )


# --- roles ------------------------------------------------------------------------------------------------------------


def _state(role: Role) -> dict[str, Any]:
    return {"key": role.key, "name": role.name, "description": role.description}


def _free_key(name: str) -> str:
    base = slugify(name)[:30].replace("-", "_") or "role"
    key, n = base, 1
    while Role.objects.filter(key=key).exists():
        n += 1
        key = f"{base}_{n}"
    return key


def _clean_name(name: str, *, but: int | None = None) -> str:
    name = " ".join(name.split())
    if not name:
        raise Invalid({"name": [_("A role needs a name.")]})
    if len(name) > 100:
        raise Invalid({"name": [_("At most 100 characters.")]})
    others = Role.objects.exclude(pk=but or 0)
    if any(name.casefold() in (r.name.casefold(), role_name(r).casefold()) for r in others):
        raise Invalid({"name": [_("There is a role of this name.")]})
    return name


def create_role(actor: Actor, name: str, *, description: str = "", copy_of: Role | None = None) -> Role:
    """A new role without rights, or with those of `copy_of`."""
    with changing(actor, "roles") as change:
        name = _clean_name(name)
        if copy_of is not None:
            change.may_grant(rights_of([copy_of.pk]))
        role = Role.objects.create(key=_free_key(name), name=name, description=description.strip()[:300])
        if copy_of is not None:
            Grant.objects.bulk_create(
                Grant(role=role, entity=g.entity, action=g.action, scope=g.scope) for g in copy_of.grants.all()
            )
            FieldGrant.objects.bulk_create(
                FieldGrant(role=role, entity=g.entity, field_class=g.field_class, field=g.field, level=g.level)
                for g in copy_of.field_grants.all()
            )
        after = {**_state(role), "copy_of": copy_of.key if copy_of else None}
        audit.settings_changed(actor, "core.role", role.pk, before={}, after=after)
        bump("access")
    return role


def rename_role(actor: Actor, role: Role, *, name: str, description: str) -> None:
    """Give a role another name and description. The administrator role keeps its own."""
    with changing(actor, "roles"):
        role = Role.objects.select_for_update().get(pk=role.pk)
        _not_fixed(role)
        before = _state(role)
        if name.strip() != role_name(role):
            role.name = _clean_name(name, but=role.pk)
            role.ready_made = False
        if description.strip() != role_description(role):
            role.description = description.strip()[:300]
        role.save()
        audit.settings_changed(actor, "core.role", role.pk, before=before, after=_state(role))
        bump("access")


def delete_role(actor: Actor, role: Role) -> None:
    """Delete a role nobody has. Ready-made roles stay."""
    with changing(actor, "roles"):
        role = Role.objects.select_for_update().get(pk=role.pk)
        if role.key in {r.key for r in ready.READY}:
            raise Invalid(_("Ready-made roles cannot be deleted."))
        people = role.people.count()
        if people:
            raise Invalid(_("%(n)d people have this role. Give them another one first.") % {"n": people})
        before = {**_state(role), **_rights_state(role)}
        record = role.pk
        role.delete()
        audit.settings_changed(actor, "core.role", record, before=before, after={})
        bump("access")


def _not_fixed(role: Role) -> None:
    if role.key == ADMINISTRATOR:
        raise Invalid(_("The administrator role is fixed: it may do everything. Copy it to make a narrower one."))


def _rights_state(role: Role) -> dict[str, Any]:
    return {
        "grants": {f"{g.entity}:{g.action}": g.scope for g in role.grants.all()},
        "fields": {f"{g.entity}:{g.field_class or g.field}": g.level for g in role.field_grants.all()},
    }


def set_rights(
    actor: Actor,
    role: Role,
    *,
    grants: Mapping[GrantKey, str | None] | None = None,
    fields: Mapping[FieldKey, str | None] | None = None,
) -> int:
    """Change single cells of a role's matrix; None takes a cell back to what the row for every object says.

    Returns how many cells changed. Raises Invalid for unknown names and for rights the actor does not have.
    """
    with changing(actor, "roles") as change:
        role = Role.objects.select_for_update().get(pk=role.pk)
        _not_fixed(role)
        had = rights_of([role.pk])
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        for (entity, action), scope in (grants or {}).items():
            _check_grant(entity, action, scope)
            row = Grant.objects.filter(role=role, entity=entity, action=action).first()
            if scope == (row.scope if row else None):
                continue
            before[f"{entity}:{action}"] = row.scope if row else None
            after[f"{entity}:{action}"] = scope
            if scope is None:
                Grant.objects.filter(role=role, entity=entity, action=action).delete()
            else:
                Grant.objects.update_or_create(role=role, entity=entity, action=action, defaults={"scope": scope})
        for (entity, field_class, field), level in (fields or {}).items():
            _check_field(entity, field_class, field, level)
            where: dict[str, Any] = {"role": role, "entity": entity, "field_class": field_class, "field": field}
            held = FieldGrant.objects.filter(**where).first()
            if level == (held.level if held else None):
                continue
            name = f"{entity}:{field_class or '.' + field}"
            before[name] = held.level if held else None
            after[name] = level
            if level is None:
                FieldGrant.objects.filter(**where).delete()
            else:
                FieldGrant.objects.update_or_create(**where, defaults={"level": level})
        if not after:
            return 0
        has = rights_of([role.pk])
        if not covers(had, has):
            change.may_grant(has)
        audit.settings_changed(actor, "core.role", role.pk, before=before, after=after)
        bump("access")
    return len(after)


def _check_grant(entity: str, action: str, scope: str | None) -> None:
    known = _ENTITY.fullmatch(entity) and action in Action.values and (scope is None or scope in Scope.values)
    if not known:
        raise Invalid(_("Unknown right: %(what)s") % {"what": f"{entity} {action} {scope}"})
    if entity.startswith("settings.") and (
        entity.removeprefix("settings.") not in AREAS or action != Action.EDIT or scope not in (None, "none", "all")
    ):
        raise Invalid(_("Unknown right: %(what)s") % {"what": f"{entity} {action} {scope}"})


def _check_field(entity: str, field_class: str, field: str, level: str | None) -> None:
    known = (field_class in FieldClass.values) if field_class else bool(field)
    if (
        not known
        or (field_class and field)
        or (field and entity == ANY)
        or not _ENTITY.fullmatch(entity)
        or len(field) > 64
        or (level is not None and level not in Level.values)
    ):
        raise Invalid(_("Unknown right: %(what)s") % {"what": f"{entity} {field_class}{field} {level}"})
