"""The ready-made roles, installed once; afterwards they are the administrator's to change."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext_noop as _noop

from guanxi.core.access.models import ANY, FieldGrant, Grant, Role
from guanxi.core.org.versions import bump

CATALOGUE = ("trade.product", "trade.category", "customers.category")
SETTINGS = ("people", "departments", "roles", "fields", "lists", "currencies", "journal", "jobs", "organisation")


@dataclass(frozen=True)
class ReadyRole:
    """`rows`: action → scope for every entity; `catalogue`: the same for shared reference data; `fields`: class → level."""

    key: str
    name: str
    rows: dict[str, str]
    fields: dict[str, str]
    catalogue: dict[str, str] = field(default_factory=lambda: {"view": "all"})
    areas: tuple[str, ...] = ()


def _all(*actions: str, scope: str) -> dict[str, str]:
    return dict.fromkeys(actions, scope)


READY: tuple[ReadyRole, ...] = (
    ReadyRole(
        "sales",
        _noop("Sales"),
        {**_all("view", "edit", "export", scope="own"), **_all("create", scope="own")},
        {"public": "edit", "internal": "read", "personal": "edit", "secret": "masked"},
    ),
    ReadyRole(
        "sales_manager",
        _noop("Sales manager"),
        _all("view", "create", "edit", "delete", "export", "import", "assign", "merge", "unmask", scope="subtree"),
        {"public": "edit", "internal": "edit", "personal": "edit", "secret": "masked"},
    ),
    ReadyRole(
        "service",
        _noop("Service"),
        _all("view", "create", "edit", scope="all"),
        {"public": "edit", "internal": "read", "personal": "edit", "secret": "masked"},
    ),
    ReadyRole(
        "marketing",
        _noop("Marketing"),
        _all("view", scope="all"),
        {"public": "read", "internal": "read", "personal": "masked", "secret": "hidden"},
    ),
    ReadyRole(
        "analyst",
        _noop("Analyst"),
        _all("view", "export", scope="all"),
        {"public": "read", "internal": "read", "personal": "masked", "secret": "hidden"},
    ),
    ReadyRole(
        "steward",
        _noop("Data steward"),
        _all("view", "create", "edit", "delete", "export", "import", "merge", "assign", scope="all"),
        {"public": "edit", "internal": "edit", "personal": "edit", "secret": "masked"},
        _all("view", "create", "edit", "delete", "export", "import", "merge", scope="all"),
        ("fields", "lists", "journal", "jobs"),
    ),
    ReadyRole(
        "privacy",
        _noop("Privacy officer"),
        _all("view", "export", "unmask", scope="all"),
        {"public": "read", "internal": "read", "personal": "read", "secret": "masked"},
        areas=("journal",),
    ),
    ReadyRole(
        "administrator",
        _noop("Administrator"),
        _all("view", "create", "edit", "delete", "export", "import", "merge", "assign", "unmask", scope="all"),
        {"public": "edit", "internal": "edit", "personal": "edit", "secret": "edit"},
        _all("view", "create", "edit", "delete", "export", "import", "merge", "assign", "unmask", scope="all"),
        SETTINGS,
    ),
)


@transaction.atomic
def install() -> None:
    """Create the ready-made roles that are missing. Never touches one that is there."""
    for ready in READY:
        role, new = Role.objects.get_or_create(key=ready.key, defaults={"name": ready.name, "ready_made": True})
        if not new:
            continue
        grants = [Grant(role=role, entity=ANY, action=action, scope=scope) for action, scope in ready.rows.items()]
        actions = ready.rows.keys() | ready.catalogue.keys()
        grants += [
            Grant(role=role, entity=entity, action=action, scope=ready.catalogue.get(action, "none"))
            for entity in CATALOGUE
            for action in sorted(actions)
        ]
        grants += [Grant(role=role, entity=f"settings.{area}", action="edit", scope="all") for area in ready.areas]
        Grant.objects.bulk_create(grants)
        FieldGrant.objects.bulk_create(
            FieldGrant(role=role, entity=ANY, field_class=name, level=level) for name, level in ready.fields.items()
        )
        bump("access")
