"""What a change of a role would mean for the people who have it, worked out before it is saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from guanxi.core.access import ready
from guanxi.core.access.actor import RoleRights, _load_roles
from guanxi.core.access.models import ANY, Action, FieldClass, Level, Role, Scope
from guanxi.core.access.services import AREAS, FieldKey, GrantKey
from guanxi.core.identity.models import User


@dataclass(frozen=True)
class Effect:
    """So many people go from `before` to `after` in `what` (an action, a field class, or "." and a field) of `entity`.

    `entity` is `*` when it is so for every object. `more`: they can do or see more than before.
    """

    entity: str
    what: str
    before: Scope | Level
    after: Scope | Level
    people: int

    @property
    def more(self) -> bool:
        return self.after.rank > self.before.rank


def changed(
    now: RoleRights, grants: Mapping[GrantKey, str | None], fields: Mapping[FieldKey, str | None]
) -> RoleRights:
    """A role's rights with these cells changed; None takes a cell away."""
    scopes, levels = dict(now.scopes), dict(now.levels)
    for grant, scope in grants.items():
        if scope is None:
            scopes.pop(grant, None)
        elif scope in Scope.values:
            scopes[grant] = Scope(scope)
    for field, level in fields.items():
        if level is None:
            levels.pop(field, None)
        elif level in Level.values:
            levels[field] = Level(level)
    return RoleRights(scopes, levels)


def _scope(rights: Iterable[RoleRights], entity: str, action: str) -> Scope:
    return max((r.scope(entity, action) for r in rights), key=lambda s: s.rank, default=Scope.NONE)


def _level(rights: Iterable[RoleRights], entity: str, cls: str, field: str) -> Level:
    return max((r.level(entity, cls, field) for r in rights), key=lambda v: v.rank, default=Level.HIDDEN)


def effects(
    role: Role,
    grants: Mapping[GrantKey, str | None],
    fields: Mapping[FieldKey, str | None],
    *,
    entities: Collection[str],
    classes: Mapping[tuple[str, str], str],
) -> list[Effect]:
    """What changes for active people, all their roles counted together. `classes`: (entity, field) → its class."""
    every = _load_roles()
    held = every.get(role.pk, RoleRights({}, {}))
    new = changed(held, grants, fields)
    found: Counter[tuple[str, str, Scope | Level, Scope | Level]] = Counter()
    people: dict[int, list[int]] = {}
    rows = User.objects.filter(is_active=True, roles=role).values_list("pk", flat=True)
    for person, other in User.objects.filter(pk__in=rows).values_list("pk", "roles"):
        people.setdefault(person, []).append(other)
    # People with the same roles fare alike.
    alike = Counter(tuple(sorted(roles)) for roles in people.values())
    actions = {action for _entity, action in grants}
    areas = [f"settings.{area}" for area in AREAS]
    touched = {cls for _entity, cls, field in fields if cls}
    single = [(entity, field) for entity, _cls, field in fields if field]
    for roles, n in alike.items():
        others = [every[one] for one in roles if one != role.pk and one in every]
        before, after = [*others, held], [*others, new]
        for entity in (*entities, *areas):
            for action in actions:
                pair = _scope(before, entity, action), _scope(after, entity, action)
                if pair[0] is not pair[1]:
                    found[entity, action, *pair] += n
        for entity in entities:
            for cls in touched:
                levels = _level(before, entity, cls, ""), _level(after, entity, cls, "")
                if levels[0] is not levels[1]:
                    found[entity, cls, *levels] += n
        for entity, field in single:
            cls = classes.get((entity, field), FieldClass.PUBLIC)
            levels = _level(before, entity, cls, field), _level(after, entity, cls, field)
            if levels[0] is not levels[1]:
                found[entity, f".{field}", *levels] += n
    return _together(found, entities)


def _together(
    found: Mapping[tuple[str, str, Scope | Level, Scope | Level], int], entities: Collection[str]
) -> list[Effect]:
    """What is the same for every object is said once; what is lost comes first."""
    alike: dict[tuple[str, Scope | Level, Scope | Level, int], list[str]] = {}
    for (entity, what, before, after), n in found.items():
        alike.setdefault((what, before, after, n), []).append(entity)
    result = []
    for (what, before, after, n), those in alike.items():
        whole = len(entities) > 1 and set(entities) <= set(those)
        for entity in [ANY] if whole else sorted(those):
            result.append(Effect(entity, what, before, after, n))
    order = [*Action.values, *FieldClass.values]
    return sorted(
        result, key=lambda e: (e.more, order.index(e.what) if e.what in order else len(order), e.entity)
    )  # fmt: skip


def ready_cells(key: str) -> dict[str, str]:
    """The cells a ready-made role came with, by the names of the matrix's form; {} for roles of one's own."""
    came = next((r for r in ready.READY if r.key == key), None)
    if came is None:
        return {}
    cells = {f"g:{ANY}:{action}": scope for action, scope in came.rows.items()}
    for entity in ready.CATALOGUE:
        for action in came.rows.keys() | came.catalogue.keys():
            cells[f"g:{entity}:{action}"] = came.catalogue.get(action, "none")
    cells |= {f"g:settings.{area}:edit": "all" for area in came.areas}
    cells |= {f"f:{ANY}:{cls}:": level for cls, level in came.fields.items()}
    return cells
