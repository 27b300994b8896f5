"""The actor: who acts, and what they may do. Decisions only; the doors of records apply them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from django.conf import settings
from django.db.models import Q

from guanxi.core.access.models import ANY, FieldGrant, Grant, Level, Scope
from guanxi.core.identity.models import User
from guanxi.core.org.models import Department
from guanxi.core.org.versions import Cached


class NoActor(PermissionError):
    """Rows were asked for with nobody acting: the read door fails closed."""


@dataclass(frozen=True)
class RoleRights:
    """What one role grants: {(entity, action): scope} and {(entity, class or "", field or ""): level}."""

    scopes: Mapping[tuple[str, str], Scope]
    levels: Mapping[tuple[str, str, str], Level]

    def scope(self, entity: str, action: str) -> Scope:
        for key in (entity, ANY):
            found = self.scopes.get((key, action))
            if found is not None and not (key == ANY and entity.startswith("settings.")):
                return found
        return Scope.NONE

    def level(self, entity: str, field_class: str, field_key: str) -> Level:
        for key in ((entity, "", field_key), (entity, field_class, ""), (ANY, field_class, "")):
            found = self.levels.get(key)
            if found is not None:
                return found
        return Level.HIDDEN


def _load_roles() -> dict[int, RoleRights]:
    scopes: dict[int, dict[tuple[str, str], Scope]] = {}
    levels: dict[int, dict[tuple[str, str, str], Level]] = {}
    for role, entity, action, scope in Grant.objects.values_list("role", "entity", "action", "scope"):
        scopes.setdefault(role, {})[entity, action] = Scope(scope)
    for role, entity, field_class, key, level in FieldGrant.objects.values_list(
        "role", "entity", "field_class", "field", "level"
    ):
        levels.setdefault(role, {})[entity, field_class, key] = Level(level)
    return {role: RoleRights(scopes.get(role, {}), levels.get(role, {})) for role in scopes.keys() | levels.keys()}


ROLES: Cached[dict[int, RoleRights]] = Cached("access", _load_roles)


@dataclass(frozen=True)
class Actor:
    """Somebody who acts, with everything that decides about their rights. Made anew for each request or job."""

    kind: Literal["user", "system", "anonymous"]
    name: str
    user_id: int | None = None
    department_id: int | None = None
    role_ids: tuple[int, ...] = ()
    language: str = "zh-hans"
    time_zone: str = "Asia/Shanghai"
    date_format: str = ""
    number_format: str = ""
    theme: str = ""
    rights: tuple[RoleRights, ...] = field(default=(), repr=False, compare=False)

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    def scope(self, entity: str, action: str) -> Scope:
        """Whose rows of `entity` this actor may `action`: the widest of their roles."""
        if self.is_system:
            return Scope.ALL
        return max((r.scope(entity, action) for r in self.rights), key=lambda s: s.rank, default=Scope.NONE)

    def can(self, entity: str, action: str) -> bool:
        return self.scope(entity, action) is not Scope.NONE

    def level(self, entity: str, field_class: str, field_key: str = "") -> Level:
        """How much of a field this actor gets: the most of their roles."""
        if self.is_system:
            return Level.EDIT
        return max(
            (r.level(entity, field_class, field_key) for r in self.rights), key=lambda v: v.rank, default=Level.HIDDEN
        )

    @cached_property
    def department_people(self) -> tuple[int, ...]:
        """Ids of the people in the actor's department, the actor included."""
        return self._people(Department.objects.filter(pk=self.department_id or 0).values_list("pk", flat=True))

    @cached_property
    def subtree_people(self) -> tuple[int, ...]:
        """Ids of the people in the actor's department and those below it, and in departments they manage."""
        roots = Department.objects.filter(Q(pk=self.department_id or 0) | Q(manager=self.user_id or 0))
        paths = [path for path in roots.values_list("path", flat=True) if path]
        if not paths:
            return self._people([])
        below = Department.objects.none()
        for path in paths:
            below = below | Department.objects.filter(path__startswith=path)
        return self._people(below.values_list("pk", flat=True))

    def _people(self, departments: Iterable[int]) -> tuple[int, ...]:
        me = () if self.user_id is None else (self.user_id,)
        found = User.objects.filter(department__in=list(departments)).values_list("pk", flat=True)
        return tuple(sorted({*me, *found}))

    def owners(self, scope: Scope) -> tuple[int, ...] | None:
        """The owners whose rows lie inside `scope`; None means everybody's, and nobody's."""
        if scope is Scope.ALL:
            return None
        if scope is Scope.SUBTREE:
            return self.subtree_people
        if scope is Scope.DEPARTMENT:
            return self.department_people
        if scope is Scope.OWN and self.user_id is not None:
            return (self.user_id,)
        return ()


ANONYMOUS = Actor(kind="anonymous", name="")
SYSTEM = Actor(kind="system", name="Guanxi")


def actor_for(user: object, *, role_ids: tuple[int, ...] | None = None) -> Actor:
    """The actor of a signed-in person; ANONYMOUS for anybody else and for people made inactive.

    `role_ids`: their roles, sorted, for who has just read them.
    """
    if not isinstance(user, User) or not user.is_active:
        return ANONYMOUS
    if role_ids is None:
        role_ids = tuple(sorted(user.roles.values_list("pk", flat=True)))
    if user.must_change_password:
        role_ids = ()  # they may do nothing but choose their own
    rights = ROLES.get()
    return Actor(
        kind="user",
        name=str(user),
        user_id=user.pk,
        department_id=user.department_id,
        role_ids=role_ids,
        language=user.language or settings.LANGUAGE_CODE,
        time_zone=user.time_zone or settings.TIME_ZONE,
        date_format=user.date_format,
        number_format=user.number_format,
        theme=user.theme,
        rights=tuple(rights[role] for role in role_ids if role in rights),
    )


_current: ContextVar[Actor | None] = ContextVar("guanxi_actor", default=None)


@contextmanager
def acting(actor: Actor) -> Iterator[Actor]:
    """Everything inside is done as `actor`; nests."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)


def current() -> Actor:
    """Who acts now; raises NoActor when nobody was named."""
    actor = _current.get()
    if actor is None:
        raise NoActor("Nobody is acting: wrap this in `acting(actor)`.")
    return actor
