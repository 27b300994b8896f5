"""Taking a change set back, at once or as a job that its page follows; putting a setting back."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from guanxi.core.jobs import enqueue
from guanxi.core.jobs.models import Job
from guanxi.core.journal.models import ChangeBatch, ChangeSet
from guanxi.core.org.problems import Invalid as OrgInvalid
from guanxi.records import invert, read
from guanxi.web.access import signed_in
from guanxi.web.errors import is_fragment
from guanxi.web.pages.base import actor_of, answers, back_url, go, render
from guanxi.web.screens.records import restoring
from guanxi.web.screens.records.journal.seen import get_set
from guanxi.web.shell import toast
from guanxi.web.templatetags.gx import number as figure

AT_ONCE = 500  # records that one request takes back; more are a job


def size(cs: ChangeSet) -> int:
    """How many records a change set touched."""
    batches = ChangeBatch.objects.filter(change_set=cs).aggregate(n=Count("pk"), rows=Sum("rows"))
    return cs.lines - (batches["n"] or 0) + (batches["rows"] or 0)


def undo_key(id: int) -> str:  # noqa: A002
    return f"records.undo:{id}"


def undoing(cs: ChangeSet) -> dict[str, Any] | None:
    """How far the job is that takes this change set back; None when there is none."""
    job = Job.objects.filter(kind="records.undo", params__change_set=cs.pk).order_by("-pk").first()
    if job is None or (not job.is_open and job.state == "done"):
        return None
    left = (job.eta - timezone.now()).total_seconds() if job.eta else None
    return {
        "state": job.state, "done": job.done, "total": job.total, "rate": job.rate or 0.0,
        "left": max(0.0, left) if left is not None else None, "failure": job.explain() if job.state == "failed" else {},
    }  # fmt: skip


@signed_in
@answers
def undo_progress(request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002
    """The piece of a change set's page that asks again while it is being taken back; then the whole page comes anew."""
    cs = get_set(actor_of(request), id)
    working = undoing(cs)
    if working is None:
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("journal-entry", args=[id])})
    return render(request, "records/entry.html", {"cs": cs, "undoing": working}, fragment="undoing")


@require_POST
@signed_in
@answers
def restore(request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002
    """Put a setting back to what it was before this step; refused when somebody changed it since."""
    actor = actor_of(request)
    cs = get_set(actor, id)
    if not restoring.possible(actor, cs):
        raise read.Hidden(f"change set {id}")
    try:
        restoring.restore(actor, cs)
    except restoring.Changed:
        toast(request, _("It was changed again since; look at the setting itself."), level="warning")
    except OrgInvalid as error:
        toast(request, " ".join(m for ms in error.errors.values() for m in ms), level="error")
    else:
        toast(request, _("Put back as it was before."))
    return go(request, back_url(request, reverse("journal-entry", args=[id])))


@require_POST
@signed_in
@answers
def undo(request: HttpRequest, id: int) -> HttpResponse:  # noqa: A002
    """Take a change set back. Where something was left as it is, the page of the undo says what and why."""
    actor = actor_of(request)
    cs = get_set(actor, id)
    page = reverse("journal-entry", args=[id])
    if ChangeSet.objects.filter(undoes=cs).exists():
        toast(request, _("This was taken back already."), level="info")
        return go(request, page)
    reason = request.POST.get("reason", "").strip()[:500]
    if size(cs) > AT_ONCE and invert.may_see(actor, cs):
        job = enqueue("records.undo", {"change_set": id, "reason": reason}, actor=actor, once_key=undo_key(id))
        if is_fragment(request):  # from the notice of the work itself: one stays where one is
            told = {"gx:work": {"url": reverse("work-state", args=[job.pk])}}
            return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(told)})
        toast(request, _("This is a large step: it is being taken back in the background."), level="info")
        return go(request, page)
    try:
        done = invert.undo(actor, id, reason=reason)
    except invert.CannotUndo:
        toast(request, _("There is nothing in this step that could be taken back."), level="info")
        return go(request, page)
    n = done.restored + done.removed + done.revived
    text = ngettext("Taken back: %(n)s record", "Taken back: %(n)s records", n) % {"n": figure(n)}
    result = reverse("journal-entry", args=[done.change_set])
    if done.conflicts:
        left = ngettext("%(n)s value stays as it is", "%(n)s values stay as they are", done.conflicts) % {
            "n": figure(done.conflicts)
        }
        toast(request, f"{text} · {left}", level="warning")
        return go(request, result)
    toast(request, text, undo=reverse("journal-undo", args=[done.change_set]), href=result, label=_("Show"))
    back = back_url(request, result)
    return go(request, result if _gone(done, cs, back) else back)


def _gone(done: invert.Undone, cs: ChangeSet, back: str) -> bool:
    """Whether the page one came from is of a record that the undo took away."""
    return bool(done.removed) and cs.action != "edit" and cs.record is not None and f"/{cs.record}/" in back
