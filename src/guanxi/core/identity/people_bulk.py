"""Several people changed in one step: department, manager, roles, active or not. What one cannot take holds no other back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Role
from guanxi.core.access.services import Changing, changing, rights_of
from guanxi.core.identity import audit
from guanxi.core.identity.models import User
from guanxi.core.identity.sessions import end_sessions
from guanxi.core.org.models import Department
from guanxi.core.org.problems import Invalid

MOST = 1_000  # people in one step
KEYS = ("department", "manager", "roles", "active")


class Meanwhile(Exception):
    """Somebody changed one of these people since; nothing was put back."""


@dataclass(frozen=True)
class Wanted:
    """What is to become of people. `values`: department and manager (id or None) and active, as far as they change at all."""

    values: Mapping[str, Any] = field(default_factory=dict)
    add_roles: Collection[str] = ()
    remove_roles: Collection[str] = ()

    @property
    def nothing(self) -> bool:
        return not (self.values or self.add_roles or self.remove_roles)

    def of(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The state that somebody in the state `before` would have."""
        roles = sorted({*before["roles"], *self.add_roles} - {*self.remove_roles})
        return {**before, **self.values, "roles": roles}


@dataclass(frozen=True)
class Line:
    """One person: what differs, before and after; `problem`: why nothing was done."""

    person: User
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True)
class Done:
    """`step`: in the journal, None when nothing was changed. `changed` and `held` by name; `same`: people it changes nothing of."""

    step: int | None
    changed: list[Line]
    held: list[Line]
    same: int


class _TryOnly(Exception):
    """Takes back what was only tried."""


def state(person: User) -> dict[str, Any]:
    """What can be changed of several people at once; roles should be at hand."""
    return {
        "department": person.department_id, "manager": person.manager_id, "active": person.is_active,
        "roles": sorted(role.key for role in person.roles.all()),
    }  # fmt: skip


def edit(actor: Actor, ids: Iterable[int], wanted: Wanted, *, try_only: bool = False) -> Done:
    """Change these people, as one step with one line in the journal. Raises Invalid when it cannot be done to anybody.

    `try_only`: everything is done, looked at and taken back: exactly what would come of it.
    """
    chosen = list(dict.fromkeys(ids))
    if len(chosen) > MOST:
        raise Invalid(_("At most %(n)d people at once. Narrow the list.") % {"n": MOST})
    made: list[Done] = []
    try:
        with changing(actor, "people") as change:
            people = _locked(chosen)
            todo = {}
            same = 0
            for person in people:
                before = state(person)
                after = wanted.of(before)
                if after == before:
                    same += 1
                else:
                    todo[person] = after
            made.append(_write(actor, change, todo, same))
            if try_only:
                raise _TryOnly
    except _TryOnly:
        pass
    return made[0]


def put_back(actor: Actor, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Give people back what one step changed, all of them or, after Meanwhile or Invalid, none. Both sides are by id as text."""
    with changing(actor, "people") as change:
        people = {str(person.pk): person for person in _locked([int(pk) for pk in after])}
        if set(people) != set(after) or set(before) != set(after):
            raise Meanwhile
        todo = {}
        for pk, person in people.items():
            now = state(person)
            if any(now.get(key) != value for key, value in after[pk].items()):
                raise Meanwhile
            todo[person] = {**now, **before[pk]}
        done = _write(actor, change, todo, 0)
        if done.held:
            raise Invalid(f"{done.held[0].person}: {done.held[0].problem}")


def _locked(ids: Collection[int]) -> list[User]:
    list(User.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    return list(User.objects.filter(pk__in=ids).prefetch_related("roles").order_by("name", "pk"))


def _write(actor: Actor, change: Changing, todo: Mapping[User, Mapping[str, Any]], same: int) -> Done:
    rails = _Rails(actor, change, todo.values())
    changed: list[Line] = []
    held: list[Line] = []
    for person, after in todo.items():
        before = state(person)
        differs = [key for key in KEYS if before[key] != after[key]]
        line = Line(person, {k: before[k] for k in differs}, {k: after[k] for k in differs})
        try:
            rails.check(person, before, after)
        except Invalid as error:
            said = " ".join(m for messages in error.errors.values() for m in messages)
            held.append(Line(person, line.before, line.after, said))
            continue
        person.department_id, person.manager_id = after["department"], after["manager"]
        person.is_active = after["active"]
        person.save(update_fields=["department", "manager", "is_active"])
        if "roles" in differs:
            person.roles.set([rails.roles[key] for key in after["roles"]])
        if before["active"] and not after["active"]:
            end_sessions(person)
        changed.append(line)
    step = None
    if changed:
        step = audit.settings_changed(
            actor, "core.user", None,
            before={str(line.person.pk): dict(line.before) for line in changed},
            after={str(line.person.pk): dict(line.after) for line in changed},
        )  # fmt: skip
    return Done(step, changed, held, same)


class _Rails:
    """What must hold for each person, with what they share looked up once."""

    def __init__(self, actor: Actor, change: Changing, states: Iterable[Mapping[str, Any]]) -> None:
        self.actor, self.change = actor, change
        states = list(states)
        self.roles = {role.key: role for role in Role.objects.all()}
        self.departments = set(Department.objects.values_list("pk", flat=True))
        wanted = {s["manager"] for s in states} - {None}
        self.managers = {p.pk for p in User.objects.filter(pk__in=wanted)}
        self.above: dict[int, int | None] = dict(User.objects.values_list("pk", "manager_id"))
        self._covered: dict[tuple[str, ...], str] = {}

    def check(self, person: User, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        self._rights(before["roles"], self.change.may_touch, person)
        added = sorted(set(after["roles"]) - set(before["roles"]))
        if unknown := [key for key in after["roles"] if key not in self.roles]:
            raise Invalid(_("There is no role “%(key)s”.") % {"key": unknown[0]})
        if added:
            if self.actor.user_id == person.pk:
                raise Invalid(_("Nobody can raise their own rights. Ask another administrator."))
            self._rights(
                added, lambda _person: self.change.may_grant(rights_of([self.roles[k].pk for k in added])), person
            )
        if after["department"] is not None and after["department"] not in self.departments:
            raise Invalid(_("That department is gone."))
        if before["active"] and not after["active"] and self.actor.user_id == person.pk:
            raise Invalid(_("You cannot deactivate yourself."))
        if after["manager"] != before["manager"]:
            self._manager(person.pk, after["manager"])

    def _rights(self, keys: Collection[str], look: Any, person: User) -> None:
        """The same roles are compared once, whoever has them."""
        key = (look.__name__, *keys)
        if key not in self._covered:
            try:
                look(person)
                self._covered[key] = ""
            except Invalid as error:
                self._covered[key] = " ".join(m for messages in error.errors.values() for m in messages)
        if self._covered[key]:
            raise Invalid(self._covered[key])

    def _manager(self, pk: int, manager: int | None) -> None:
        if manager is not None and manager not in self.managers:
            raise Invalid(_("That manager is not there any more."))
        at, seen = manager, set()
        while at is not None and at not in seen:
            if at == pk:
                raise Invalid(_("Nobody can be their own manager, also not through others."))
            seen.add(at)
            at = self.above.get(at)
        self.above[pk] = manager
