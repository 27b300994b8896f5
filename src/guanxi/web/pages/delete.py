"""Deleting one record: what goes along is said before, and it can be undone after."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.records import catalogue, read, rights, write
from guanxi.records.entity import Entity
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, entity_label, entity_page, entity_plural, go, number, render, sentence
from guanxi.web.shell import toast


def consequences(
    actor: Actor,
    entity: Entity,
    id: int,  # noqa: A002
) -> tuple[list[tuple[str, int, str]], list[tuple[str, int, str]]]:
    """What goes along and what stands in the way, as (plural name, how many, address), as far as this person sees it."""
    along, against = [], []
    for other, field in catalogue.links_to(entity):
        if rights.level(actor, field) is Level.HIDDEN:
            continue
        n = read.visible(other, actor).filter(**{field.column: id}).count()
        if not n:
            continue
        line = (entity_plural(other), n, f"{addresses.list_url(other.key)}?f.{field.key}.is={id}")
        if field.on_delete == "cascade":
            along.append(line)
        elif field.on_delete == "protect":
            against.append(line)
    return along, against


@entity_page("delete")
def delete(request: HttpRequest, entity: Entity, id: int) -> HttpResponse:  # noqa: A002
    actor = actor_of(request)
    view = read.view(entity, actor, id)
    if "delete" not in view.may:
        raise write.Refused(f"{entity.key} {id}")
    base = addresses.record_url(entity.key, id)
    problems: list[str] = []
    status = 200
    if request.method == "POST":
        try:
            gone = write.delete(actor, entity, id, version=number(request.POST.get("version", "")))
        except write.Invalid as error:
            problems = [sentence(p) for found in error.problems.values() for p in found]
            status = 200 if is_fragment(request) else 422
        except write.Conflict:
            problems = [_("Somebody changed it since you opened this page. Look at it again before you delete it.")]
            status = 409
        else:
            title = view.title or f"#{id}"
            toast(
                request,
                _("“%(title)s” is deleted.") % {"title": title},
                undo=reverse("journal-undo", args=[gone.change_set]),
            )
            return go(request, addresses.list_url(entity.key))
    along, against = consequences(actor, entity, id)
    context: dict[str, Any] = {
        "entity": entity,
        "noun": entity_label(entity),
        "plural": entity_plural(entity),
        "title": view.title or f"#{id}",
        "base": base,
        "list_url": addresses.list_url(entity.key),
        "version": view.version,
        "along": along,
        "against": against,
        "problems": problems,
    }
    return render(
        request, "pages/delete.html", context, status=status, fragment="dialog" if is_fragment(request) else ""
    )
