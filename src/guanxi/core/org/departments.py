"""The department tree: create, rename, move, delete. `path` is kept right by these and nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from guanxi.core.access.actor import Actor
from guanxi.core.access.services import changing
from guanxi.core.identity import audit
from guanxi.core.identity.models import User
from guanxi.core.org.models import Department
from guanxi.core.org.problems import Invalid

DEEPEST = 20


class Stale(Invalid):
    """Somebody else changed the same department since the page was shown; nothing was done."""

    def __init__(self) -> None:
        super().__init__(_("Somebody changed this department meanwhile. It is shown as it is now; look again."))


def _state(department: Department) -> dict[str, Any]:
    return {"name": department.name, "parent": department.parent_id, "manager": department.manager_id}


state = _state


def _clean_name(name: str, parent: Department | None, *, but: int | None = None) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= 150:
        raise Invalid({"name": [_("Between 1 and 150 characters.")]})
    if Department.objects.filter(parent=parent, name=name).exclude(pk=but or 0).exists():
        raise Invalid({"name": [_("There is a department of this name here.")]})
    return name


def _below(path: str) -> models.QuerySet[Department]:
    return Department.objects.filter(path__startswith=path)


def _depth(path: str) -> int:
    return path.count("/") - 1


def tree() -> list[tuple[int, Department, int]]:
    """The whole tree in reading order: [(depth from 0, department, number of active people in it)]."""
    rows = list(
        Department.objects.select_related("manager")
        .annotate(n=models.Count("people", filter=models.Q(people__is_active=True)))
        .order_by("position", "name", "pk")
    )
    children: dict[int | None, list[Any]] = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append(row)
    found: list[tuple[int, Department, int]] = []
    stack = [(0, row) for row in reversed(children.get(None, []))]
    while stack:
        depth, row = stack.pop()
        found.append((depth, row, row.n))
        stack += [(depth + 1, child) for child in reversed(children.get(row.pk, []))]
    return found


def create(actor: Actor, name: str, *, parent: Department | None = None, manager: User | None = None) -> Department:
    """A new department, below `parent` or at the top."""
    with changing(actor, "departments"):
        if parent is not None:
            parent = Department.objects.get(pk=parent.pk)
            if _depth(parent.path) >= DEEPEST:
                raise Invalid({"parent": [_("The tree is at most %(n)d levels deep.") % {"n": DEEPEST}]})
        made = Department.objects.create(name=_clean_name(name, parent), parent=parent, manager=manager)
        made.path = f"{parent.path if parent else '/'}{made.pk}/"
        made.save(update_fields=["path"])
        audit.settings_changed(actor, "core.department", made.pk, before={}, after=_state(made))
    return made


def edit(
    actor: Actor,
    department: Department,
    *,
    name: str,
    parent: Department | None,
    manager: User | None,
    was: Mapping[str, Any] | None = None,
) -> Department:
    """Rename, give another manager, move with everything below. Raises Stale when it is no longer what it `was`."""
    with changing(actor, "departments"):
        department = Department.objects.get(pk=department.pk)
        before = _state(department)
        if was is not None and dict(was) != before:
            raise Stale
        if (parent.pk if parent else None) != department.parent_id:
            _move(department, Department.objects.get(pk=parent.pk) if parent else None)
        department.name = _clean_name(name, parent, but=department.pk)
        department.manager = manager
        department.save(update_fields=["name", "manager"])
        audit.settings_changed(actor, "core.department", department.pk, before=before, after=_state(department))
    return department


def rename(actor: Actor, department: Department, name: str) -> Department:
    return edit(actor, department, name=name, parent=department.parent, manager=department.manager)


def move(actor: Actor, department: Department, parent: Department | None) -> Department:
    """Put a department, with everything below it, under another one or (None) at the top."""
    return edit(actor, department, name=department.name, parent=parent, manager=department.manager)


def _move(department: Department, parent: Department | None) -> None:
    old = department.path
    if parent is not None and parent.path.startswith(old):
        raise Invalid({"parent": [_("A department cannot stand below itself.")]})
    new = f"{parent.path if parent else '/'}{department.pk}/"
    lowest = max(_depth(path) for path in _below(old).values_list("path", flat=True))
    if lowest - _depth(old) + _depth(new) > DEEPEST:
        raise Invalid({"parent": [_("The tree is at most %(n)d levels deep.") % {"n": DEEPEST}]})
    _below(old).update(path=Concat(models.Value(new), Substr("path", len(old) + 1)))
    department.parent = parent
    department.path = new
    department.save(update_fields=["parent"])


def place(
    actor: Actor, department: Department, *, parent: Department | None, before: int | None, was_parent: int | None
) -> int | None:
    """Put a department under `parent` (None: the top) before its sibling `before` (None: last).

    Returns the step in the journal, None when nothing differs. Raises Stale when it no longer stands under `was_parent`.
    """
    with changing(actor, "departments"):
        department = Department.objects.get(pk=department.pk)
        if department.parent_id != was_parent:
            raise Stale
        was = {**_state(department), "position": place_of(department)}
        if (parent.pk if parent else None) != department.parent_id:
            parent = Department.objects.get(pk=parent.pk) if parent else None
            _clean_name(department.name, parent, but=department.pk)
            _move(department, parent)
        others = list(
            Department.objects.filter(parent=parent).exclude(pk=department.pk).order_by("position", "name", "pk")
        )
        at = next((i for i, one in enumerate(others) if one.pk == before), len(others))
        others.insert(at, department)
        for position, one in enumerate(others):
            one.position = position
        Department.objects.bulk_update(others, ["position"])
        now = {**_state(department), "position": at}
        return audit.settings_changed(actor, "core.department", department.pk, before=was, after=now)


def siblings(parent: int | None) -> list[int]:
    """The ids of the departments that stand under another (None: at the top), in order."""
    return list(
        Department.objects.filter(parent=parent).order_by("position", "name", "pk").values_list("pk", flat=True)
    )


def place_of(department: Department) -> int:
    """The how-manieth a department is among its siblings, from 0."""
    return siblings(department.parent_id).index(department.pk)


def merge(actor: Actor, department: Department, into: Department) -> int:
    """Close a department: its people and what stands below it go to `into`. Returns how many people moved."""
    with changing(actor, "departments"):
        department = Department.objects.get(pk=department.pk)
        into = Department.objects.get(pk=into.pk)
        if into.path.startswith(department.path):
            raise Invalid({"into": [_("A department cannot be merged into itself or what stands below it.")]})
        before = _state(department)
        for child in list(department.children.order_by("position", "name", "pk")):
            _clean_name(child.name, into, but=child.pk)
            _move(child, into)
        people = sorted(department.people.values_list("pk", flat=True))
        User.objects.filter(pk__in=people).update(department=into)
        record = department.pk
        department.delete()
        after = {"merged_into": into.pk, "people": people}
        audit.settings_changed(actor, "core.department", record, before=before, after=after)
    return len(people)


def delete(actor: Actor, department: Department) -> None:
    """Delete a department without people and without departments below."""
    with changing(actor, "departments"):
        department = Department.objects.get(pk=department.pk)
        people, children = department.people.count(), department.children.count()
        if people or children:
            raise Invalid(
                _("Not empty: %(people)d people, %(children)d departments below. Move them first.")
                % {"people": people, "children": children}
            )
        record, before = department.pk, _state(department)
        department.delete()
        audit.settings_changed(actor, "core.department", record, before=before, after={})
