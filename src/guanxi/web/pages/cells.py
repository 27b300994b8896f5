"""One value of a record edited where it stands: the editor of its kind, and what comes back once it is saved.

`/<room>/<noun>/<id>/cell/<field>`: GET gives the editor, POST saves. After saving header and sections come back, since other
fields and the ring may follow from the value. Problems give the editor back with what was typed; what somebody else saved
meanwhile gives 409 and the choice, in a dialog. (Cells of lists: `grid`.)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.records import read, rights, tags, write
from guanxi.records.entity import Entity, Field
from guanxi.web.kinds import FormField, values_from
from guanxi.web.pages import addresses, form
from guanxi.web.pages.base import actor_of, entity_page, number, render, sentences


@entity_page("edit")
def cell(request: HttpRequest, entity: Entity, id: int, field: str) -> HttpResponse:  # noqa: A002
    """The editor of one value, and saving it."""
    actor = actor_of(request)
    view = read.view(entity, actor, id)
    fields = fields_of(actor, view, field)
    if request.method != "POST":
        return HttpResponse(editor(request, view, field, fields))
    values = values_from(form.with_files(request), fields.values())
    version = number(request.POST.get("version", "")) or view.version
    taken = {k: v for k, v in values.items() if request.POST.get(f"keep-{k}") != "theirs"}
    try:
        with tags.settled(actor, entity, taken, id=id) as settled:
            saved = write.save(actor, entity, settled, id=id, version=version)
    except write.Invalid as error:
        said = sentences(error.problems)
        again = HttpResponse(editor(request, view, field, fields, version=version, given=values, problems=said))
        again["HX-Retarget"], again["HX-Reswap"] = "#cell-form", "outerHTML"  # also from the dialog of a conflict
        again["HX-Trigger"] = json.dumps({"gx:shut": {}})
        return again
    except write.Conflict as error:
        response = form.conflict(request, entity, id, view, error, request.get_full_path())
        response["HX-Retarget"], response["HX-Reswap"] = "#gx-dialog [data-dialog-body]", "innerHTML"
        return response
    return _record_again(request, entity, id, saved)


def fields_of(actor: Actor, view: read.RecordView, key: str) -> dict[str, Field]:
    """The field and what is edited along with it (an amount's currency). Raises Hidden for what this person may not edit."""
    if "edit" not in view.may or (key == view.entity.policy.owner_field and "assign" not in view.may):
        raise read.Hidden(key)
    every = form.formable(rights.editable(actor, view.entity))
    if key not in every:
        raise read.Hidden(key)
    money = getattr(every[key].kind, "currency_field", "")
    return {k: every[k] for k in (key, money) if k in every}


def editor(
    request: HttpRequest,
    view: read.RecordView,
    key: str,
    fields: Mapping[str, Field],
    *,
    version: int | None = None,
    given: Mapping[str, Any] | None = None,
    problems: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The editor as HTML. `given`: what was typed; `problems`: sentences by field, "" for the record as a whole."""
    actor, given, problems = actor_of(request), given or {}, problems or {}
    formats = read.formats_for(actor)
    inputs: list[FormField] = [
        form.input_of(
            actor, f, formats, cell=view.cells.get(k), given=given.get(k), posted=k in given,
            problems=problems.get(k, ()), autofocus=k == key, making=True,
        )
        for k, f in fields.items()
    ]  # fmt: skip
    context = {
        "key": key,
        "fields": inputs,
        "action": f"{addresses.record_url(view.entity.key, view.id)}cell/{key}",
        "version": version or view.version,
        "whole": [text for k, texts in problems.items() if k not in fields for text in texts],
    }
    return render_to_string("pages/cell.html", context, request)


def _record_again(request: HttpRequest, entity: Entity, id: int, saved: write.Saved) -> HttpResponse:  # noqa: A002
    """Header and sections; the editor of the field named by `then` stands open in them, so that Tab is one request."""
    from guanxi.web.pages.record import context_of_facts

    actor = actor_of(request)
    try:
        view = read.view(entity, actor, id)
    except read.Hidden:  # given to somebody else: it is out of this person's sight now
        return HttpResponse(status=204, headers={"HX-Redirect": addresses.list_url(entity.key)})
    following = request.POST.get("then", "")
    open_: dict[str, str] = {}
    if following:
        try:
            open_[following] = editor(request, view, following, fields_of(actor, view, following))
        except read.Hidden:
            open_ = {}
    response = render(request, "pages/record.html", context_of_facts(request, view, editor=open_), fragment="saved")
    response["HX-Retarget"], response["HX-Reswap"] = "#record-facts", "outerMorph"
    told: dict[str, Any] = {"gx:shut": {}}
    if saved.change_set:
        undo = reverse("journal-undo", args=[saved.change_set])
        told |= {"gx:timeline": {}, "gx:toast": {"text": _("Saved."), "level": "success", "undo": undo}}
    response["HX-Trigger"] = json.dumps(told)
    return response
