"""Template tags of the settings pages: `{% load gx_settings %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from guanxi.core.access import Actor
from guanxi.core.journal.models import ChangeSet

register = template.Library()


@register.inclusion_tag("core/parts/last_change.html", takes_context=True)
def last_change(context: Context, *entities: str, record: int | None = None) -> dict[str, Any]:
    """ "Last changed by … 2 days ago", with a way to the journal for who may see it."""
    rows = ChangeSet.objects.filter(action="settings", entity__in=entities)
    if record is not None:
        rows = rows.filter(record=record)
    actor = context.get("actor")
    may = actor is not None and actor.can("settings.journal", "edit")
    alone = entities[0] if len(entities) == 1 else ""
    return {"last": rows.order_by("-pk").first(), "may": may, "entity": alone}


@register.filter
def sees_settings(actor: Actor) -> bool:
    """Whether the settings page exists for this person."""
    from guanxi.web.screens.core.overview import NEEDS

    return any(actor.can(*need) for need in NEEDS)
