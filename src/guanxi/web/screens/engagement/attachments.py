"""Files on the page of every record: taken in several at once, looked at before they are kept, given out as downloads only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.engagement import services
from guanxi.engagement.entities import ATTACHMENT
from guanxi.kit.streams.errors import human_size
from guanxi.records import catalogue, files, read, write
from guanxi.records.entity import Entity
from guanxi.web.access import allow
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, answers, back_url, sentence
from guanxi.web.pages.timeline import Sets
from guanxi.web.screens.engagement.sources import Cells, file_url, maker, reads, text
from guanxi.web.shell import toast

SHOWN = 100
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


@dataclass(frozen=True)
class Kept:
    """A file in the panel. `remove_url` is "" for who may not take it away."""

    id: int
    name: str
    url: str
    size: str
    who: str
    at: Any
    icon: str
    remove_url: str


def stands(actor: Actor, entity: Entity) -> bool:
    return entity.key != ATTACHMENT.key and reads(actor, ATTACHMENT, "name", "about")


def kept_of(actor: Actor, id: int) -> list[Kept]:  # noqa: A002
    """The files of a record, newest first: a fixed number of queries."""
    rows = services.attached(actor, id)[:SHOWN]
    found = Cells(actor, ATTACHMENT, "name", "file").of(rows, "created_at", "created_in")
    ids = [row["id"] for row, _cells in found]
    deletable = read.visible(ATTACHMENT, actor, "delete").filter(pk__in=ids)
    may = set(deletable.values_list("pk", flat=True)) if ids else set()
    sets = Sets.read(row["created_in"] for row, _cells in found)
    kept = []
    for row, cells in found:
        file = cells["file"].value if "file" in cells else None
        name = text(cells, "name")
        kept.append(
            Kept(
                row["id"], name, file_url(row["id"]) if file else addresses.record_url(ATTACHMENT.key, row["id"]),
                human_size(int(file["size"])) if file else "", maker(actor, sets, row["created_in"])[0], row["created_at"],
                "photo" if name.lower().endswith(PICTURES) else "file-text",
                reverse("attachment-remove", args=[row["id"]]) if row["id"] in may else "",
            )
        )  # fmt: skip
    return kept


def body(request: HttpRequest, entity: Entity, id: int, *, refused: Sequence[tuple[str, str]] = ()) -> str:  # noqa: A002
    actor = actor_of(request)
    context = {
        "files": kept_of(actor, id),
        "action": reverse("attach", args=[entity.key, id]) if actor.can(ATTACHMENT.key, "create") else "",
        "accept": ",".join(files.TYPES),
        "limit": f"{files.limit() // 2**20} MB",
        "refused": refused,
    }
    return render_to_string("engagement/files.html", context, request)


def panel(request: HttpRequest, view: read.RecordView) -> str:
    """The files as a panel of the record page."""
    return body(request, view.entity, view.id)


def answer(request: HttpRequest, entity: Entity, id: int, said: dict[str, Any], **more: Any) -> HttpResponse:  # noqa: A002
    """The panel drawn again; the time line is told to come anew."""
    response = HttpResponse(body(request, entity, id, **more))
    response["HX-Trigger"] = json.dumps({**({"gx:toast": said} if said else {}), "gx:timeline": {"target": "body"}})
    return response


@require_POST
@allow("{key}", "view")
@answers
def attach(request: HttpRequest, key: str, id: int) -> HttpResponse:  # noqa: A002
    """Take files in. Those that are not taken are named with the reason; the others are kept."""
    actor, entity = actor_of(request), catalogue.get(key)
    if not stands(actor, entity) or not actor.can(ATTACHMENT.key, "create"):
        raise write.Refused(ATTACHMENT.key)
    done = services.attach(actor, entity, id, request.FILES.getlist("file"))
    refused = [(name, sentence(problem)) for name, problem in done.refused]
    n = len(done.ids)
    said = ngettext("%(n)s file attached", "%(n)s files attached", n) % {"n": n} if n else ""
    undo = reverse("journal-undo", args=[done.change_set]) if done.change_set else ""
    if is_fragment(request):
        return answer(
            request, entity, id, {"text": said, "level": "success", "undo": undo} if said else {}, refused=refused
        )
    if said:
        toast(request, said, undo=undo)
    for name, why in refused:
        toast(request, f"{name}: {why}", level="error")
    return HttpResponseRedirect(addresses.record_url(key, id))


@require_POST
@allow(ATTACHMENT.key, "view")
@answers
def remove(request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002
    """Take a file away from its record, for who may delete files, or attached this one; it can be taken back."""
    actor = actor_of(request)
    row = read.visible(ATTACHMENT, actor).filter(pk=id).values("about", "about_entity").first()
    done = write.delete(actor, ATTACHMENT, id)
    undo = reverse("journal-undo", args=[done.change_set])
    assert row is not None  # else `delete` had said Hidden
    if is_fragment(request):
        said = {"text": _("File removed"), "level": "success", "undo": undo}
        return answer(request, catalogue.get(row["about_entity"]), row["about"], said)
    toast(request, _("File removed"), undo=undo)
    return HttpResponseRedirect(back_url(request, addresses.record_url(row["about_entity"], row["about"])))
