""" "Why can she see this?": pick a person, read which role, reach and field right decides. For who may change roles."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from guanxi.core.access import Actor, actor_for
from guanxi.core.access.models import Action, FieldClass, Level, Scope
from guanxi.core.identity.models import User
from guanxi.records import read, rights
from guanxi.records.entity import Entity
from guanxi.records.explain import Explanation, explain
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, entity_page, entity_plural, number, render

PEOPLE = 500
COLOURS = {Level.EDIT: "green", Level.READ: "blue", Level.MASKED: "yellow", Level.HIDDEN: "gray"}


def may_ask(actor: Actor) -> bool:
    return actor.can("settings.roles", "edit")


@entity_page("view")
def why(request: HttpRequest, entity: Entity, id: int) -> HttpResponse:  # noqa: A002
    """The question, and with `?person=` the answer."""
    actor = actor_of(request)
    view = read.view(entity, actor, id)
    if not may_ask(actor):
        raise read.Hidden(f"{entity.key} {id}")
    people = list(User.objects.filter(is_active=True).order_by("name").values_list("pk", "name")[:PEOPLE])
    chosen = number(request.GET.get("person", ""))
    person = User.objects.filter(pk=chosen, is_active=True).first() if chosen else None
    context: dict[str, Any] = {
        "title": view.title or f"#{id}",
        "base": addresses.record_url(entity.key, id),
        "plural": entity_plural(entity),
        "list_url": addresses.list_url(entity.key),
        "people": people,
        "person": person,
    }
    if person is not None:
        context |= answer(explain(entity, actor_for(person), id), person, rights.readable(actor, entity))
    return render(request, "pages/why.html", context, fragment="dialog" if is_fragment(request) else "")


def answer(found: Explanation, person: User, known: Any) -> dict[str, Any]:
    """The explanation in words. `known`: the fields that whoever asks knows of themselves."""
    levels = [
        {
            "label": str(level.label),
            "colour": COLOURS[level],
            "fields": [
                {
                    "label": str(f.field.label),
                    "why": _("%(class)s, by %(roles)s")
                    % {"class": FieldClass(f.field.sensitivity).label, "roles": "、".join(f.roles)}
                    if f.roles
                    else str(FieldClass(f.field.sensitivity).label),
                }
                for f in found.fields
                if f.level is level and f.field.key in known
            ],
        }
        for level in (Level.EDIT, Level.READ, Level.MASKED, Level.HIDDEN)
    ]
    return {
        "sees": found.rights[0].allowed,
        "place": place(found, person),
        "rights": [
            {
                "label": str(Action(r.action).label),
                "allowed": r.allowed,
                "reaches": [{"role": reach.role, "scope": str(reach.scope.label)} for reach in r.reaches],
            }
            for r in found.rights
        ],
        "levels": [level for level in levels if level["fields"]],
    }


def place(found: Explanation, person: User) -> list[str]:
    """Where the record stands to the person, in sentences."""
    said = []
    if found.through:
        said.append(
            _("It belongs to a %(whole)s; whoever may see that may see this.") % {"whole": found.through[-1].label}
        )
    if not found.owned:
        said.append(_("It has no owner: it is shared data."))
    elif found.owner is None:
        said.append(_("Nobody owns it, so only those who may see all rows see it."))
    else:
        names = {"owner": found.owner.name or found.owner.username, "person": person.name or person.username}
        said.append(
            {
                Scope.OWN: _("Its owner is %(owner)s: the same person."),
                Scope.DEPARTMENT: _("Its owner is %(owner)s, of the same department as %(person)s."),
                Scope.SUBTREE: _("Its owner is %(owner)s, of a department below %(person)s."),
                Scope.ALL: _("Its owner is %(owner)s, outside of the departments of %(person)s."),
            }[found.distance]
            % names
        )
    return said
