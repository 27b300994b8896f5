"""Large work under way: progress, rate, time left, cancelling; at the end its balance, the way back, or the file. For whoever asked."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from guanxi.core import jobs
from guanxi.core.access import Actor
from guanxi.core.jobs import Job
from guanxi.core.journal import note
from guanxi.core.journal.models import ChangeSet
from guanxi.kit.results import Balance
from guanxi.records import bulk_jobs, catalogue
from guanxi.records.entity import Entity
from guanxi.records.jobs import UNDO
from guanxi.web.access import signed_in
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses, words
from guanxi.web.pages.base import actor_of, entity_plural, go, render

KINDS = (bulk_jobs.EDIT, bulk_jobs.EXPORT, UNDO)
TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def own(actor: Actor, pk: int) -> Job:
    """A piece of work of this person; 404 for anybody else's, as for one that is not there."""
    found = Job.objects.filter(pk=pk, kind__in=KINDS, actor=actor.user_id).first()
    if found is None or actor.user_id is None:
        raise Http404("no such work")
    return found


def entity_of(job: Job) -> Entity | None:
    """What the work is about; None for the undo of a step that is about several sorts of things."""
    key = job.params.get("entity", "")
    if job.kind == UNDO:
        number = job.params.get("change_set")
        key = ChangeSet.objects.filter(pk=number).values_list("entity", flat=True).first() or ""
    try:
        return catalogue.get(key)
    except catalogue.UnknownEntity:
        return None


def title_of(entity: Entity | None, job: Job) -> str:
    noun = {"noun": entity_plural(entity) if entity else ""}
    if job.kind == UNDO:
        return _("Undo: %(noun)s") % noun if entity else _("Undo")
    if job.kind == bulk_jobs.EXPORT:
        return _("Export: %(noun)s") % noun
    texts = {
        "delete": _("Delete: %(noun)s"), "assign": _("Assign: %(noun)s"), "tag": _("Tag: %(noun)s"),
        "edit": _("Edit: %(noun)s"),
    }  # fmt: skip
    return texts.get(job.params.get("do", ""), texts["edit"]) % noun


def context_of(actor: Actor, job: Job) -> dict[str, Any]:
    entity = entity_of(job)
    result = job.result if isinstance(job.result, dict) else {}
    left = (job.eta - timezone.now()).total_seconds() if job.eta and job.is_open else None
    number = result.get("change_set")
    change_set = ChangeSet.objects.filter(pk=number).first() if number else None
    undone = ChangeSet.objects.filter(undoes=change_set).exists() if change_set else False
    balance = Balance.from_dict(result["balance"]) if result.get("balance") else None
    file = bulk_jobs.file_of(job)
    state = reverse("work-state", args=[job.pk])
    try:
        list_url = f"{addresses.list_url(entity.key)}?{job.params.get('params', '')}" if entity else ""
    except NoReverseMatch:
        list_url = ""
    return {
        "job": job, "title": title_of(entity, job), "open": job.is_open, "state_url": state,
        "page_url": reverse("work", args=[job.pk]),
        "cancel_url": reverse("work-cancel", args=[job.pk]) if job.is_open and not job.cancel_requested else "",
        "left": max(0.0, left) if left is not None else None, "rate": job.rate or 0.0, "balance": balance,
        "deleting": job.params.get("do") == "delete", "undoing": job.kind == UNDO,
        "why": [(words.why(code), n) for code, n in (result.get("why") or {}).items()],
        "change_set": change_set, "undone": undone,
        "undo": reverse("journal-undo", args=[change_set.pk]) if change_set and not undone else "",
        "rows": result.get("rows"), "export": job.kind == bulk_jobs.EXPORT,
        "file": reverse("work-file", args=[job.pk]) if file and entity and actor.can(entity.key, "export") else "",
        "bytes": result.get("bytes"), "failure": job.explain() if job.state == "failed" else {},
        "list_url": list_url if entity and actor.can(entity.key, "view") else "",
    }  # fmt: skip


@require_GET
@signed_in
def work(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    return render(request, "pages/work.html", context_of(actor, own(actor, pk)))


@require_GET
@signed_in
def state(request: HttpRequest, pk: int) -> HttpResponse:
    """The piece that asks again while there is something to wait for; `tray=1`: for the foot of any page."""
    actor = actor_of(request)
    context = {**context_of(actor, own(actor, pk)), "tray": request.GET.get("tray") == "1"}
    return render(request, "pages/work_state.html", context)


@require_POST
@signed_in
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    job = jobs.cancel(own(actor, pk))
    if is_fragment(request):
        return render(request, "pages/work_state.html", {**context_of(actor, job), "tray": True})
    return go(request, reverse("work", args=[pk]))


@require_GET
@signed_in
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file of an export: only for whoever asked for it, while they may export, for a day."""
    actor = actor_of(request)
    job = own(actor, pk)
    path = bulk_jobs.file_of(job)
    if path is None or not actor.can(str(job.params.get("entity")), "export"):
        raise Http404("not kept")
    result = job.result or {}
    name = str(result["name"])
    if request.method == "GET":
        detail = {"rows": result.get("rows", 0), "format": str(result["form"]), "job": job.pk}
        note(actor, action="download", entity=str(job.params["entity"]), detail=detail)
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=name,
        content_type=TYPES.get(str(result["form"]), TYPES["csv"]),
    )
