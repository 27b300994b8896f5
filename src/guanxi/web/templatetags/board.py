"""The switch between a list and its board: `{% load board %}{% board_switch entity params %}` above a list."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

from guanxi.records.entity import Entity
from guanxi.records.read import board
from guanxi.web.pages import addresses

register = template.Library()


@register.inclusion_tag("pages/board_switch.html", takes_context=True)
def board_switch(context: Context, entity: Entity, params: str = "") -> dict[str, Any]:
    """Nothing where the person has no field to make columns of. `params`: the question the list shows."""
    actor = context["request"].actor
    fields = board.fields(entity, actor)
    base = addresses.list_url(entity.key)
    more = f"&{params}" if params else ""
    return {
        "on": "list",
        "list_href": f"{base}?{params}",
        "board_href": f"{base}board?by={fields[0].key}{more}" if fields else "",
    }
