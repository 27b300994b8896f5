"""Roles, scopes and field classes: decisions only, applied by the doors of records.

`actor` needs Django's models loaded, so import it from its module inside `models.py` files and from here elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guanxi.core.access.actor import ANONYMOUS, SYSTEM, Actor, NoActor, acting, actor_for, current

__all__ = ["ANONYMOUS", "SYSTEM", "Actor", "NoActor", "acting", "actor_for", "current"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from guanxi.core.access import actor

        return getattr(actor, name)
    raise AttributeError(name)
