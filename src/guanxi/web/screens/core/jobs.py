"""Jobs: what runs, how far it is, what failed and what to do about it; one's own, or all for who may manage them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guanxi.core.access import SYSTEM, Actor
from guanxi.core.identity.models import User
from guanxi.core.jobs import cancel, registry, run_again
from guanxi.core.jobs.models import OPEN, Job, JobState, Periodic
from guanxi.core.journal.models import ChangeSet
from guanxi.web.access import signed_in
from guanxi.web.screens.core.inputs import actor_of, number
from guanxi.web.shell import toast

PER_PAGE = 50
AREA = ("settings.jobs", "edit")
#: After this long without a sign of any worker, people are told. Periodic work is due every minute.
SILENT = timedelta(minutes=5)
LOOKS = {
    JobState.WAITING: ("hourglass", "gray"), JobState.RUNNING: ("player-play", "blue"),
    JobState.DONE: ("circle-check", "green"), JobState.FAILED: ("alert-triangle", "red"),
    JobState.CANCELLED: ("circle-x", "orange"),
}  # fmt: skip


def of_actor(actor: Actor) -> QuerySet[Job]:
    """The jobs this person may look at: their own, or all."""
    rows = Job.objects.select_related("actor")
    return rows if actor.can(*AREA) else rows.filter(actor=actor.user_id)


def get_job(actor: Actor, pk: int) -> Job:
    job = of_actor(actor).filter(pk=pk).first()
    if job is None:
        raise Http404("no such job")
    return job


def shown(actor: Actor, job: Job) -> dict[str, Any]:
    """A job as these pages show it; no parameters, which may hold what the reader may not see."""
    now = timezone.now()
    icon, colour = LOOKS[JobState(job.state)]
    end = job.finished_at or (now if job.started_at else None)
    lasted = (end - job.started_at).total_seconds() if end and job.started_at else None
    left = (job.eta - now).total_seconds() if job.eta and job.state == JobState.RUNNING else None
    url = reverse("job", args=[job.pk])
    return {
        "job": job, "url": url, "icon": icon, "colour": colour, "label": job.label,
        "state": JobState(job.state).label, "open": job.is_open, "who": job.actor or SYSTEM.name,
        "share": None if job.fraction is None else round(100 * job.fraction),
        "left": max(0.0, left) if left is not None else None, "lasted": lasted,
        "late": job.state == JobState.WAITING and job.run_at < now - SILENT,
        "rate": job.rate or 0.0, "failure": job.explain() if job.error else {},
        "asked": job.is_open and job.cancel_requested,
        "again": _repeatable(job),
        "change_set": _result_set(actor, job),
        "balance": job.result.get("balance") if isinstance(job.result, dict) else None,
    }  # fmt: skip


def _repeatable(job: Job) -> bool:
    """Imports are started again on their own page, which knows what became of the file."""
    ended = job.state in (JobState.FAILED, JobState.CANCELLED)
    return ended and job.kind in registry.KINDS and not job.kind.startswith("intake.")


def _result_set(actor: Actor, job: Job) -> int | None:
    """The change set a job reports, if the reader may open it."""
    found = job.result.get("change_set") if isinstance(job.result, dict) else None
    if not isinstance(found, int):
        return None
    rows = ChangeSet.objects.filter(pk=found)
    if not actor.can("settings.journal", "edit"):
        rows = rows.filter(actor=actor.user_id)
    return found if rows.exists() else None


def worker_silent() -> bool:
    """Whether no worker gave a sign of life for some minutes: nothing periodic moved on and something waits."""
    last = Periodic.objects.aggregate(last=Max("last"))["last"]
    beat = Job.objects.filter(state=JobState.RUNNING).aggregate(last=Max("heartbeat_at"))["last"]
    newest = max((at for at in (last, beat) if at), default=None)
    if newest is not None and newest > timezone.now() - SILENT:
        return False
    if newest is None:
        return Job.objects.filter(state=JobState.WAITING, run_at__lt=timezone.now() - SILENT).exclude(
            queue="inline"
        ).exists()  # fmt: skip
    return True


@signed_in
def jobs(request: HttpRequest) -> HttpResponse:
    """The list, newest first; filters: state, kind, person."""
    actor, get = actor_of(request), request.GET
    every = actor.can(*AREA)
    rows = of_actor(actor)
    asked: dict[str, str] = {}
    state = get.get("state", "")
    if state == "open":
        rows, asked["state"] = rows.filter(state__in=OPEN), state
    elif state in JobState.values:
        rows, asked["state"] = rows.filter(state=state), state
    if get.get("kind") in registry.KINDS:
        rows, asked["kind"] = rows.filter(kind=get["kind"]), get["kind"]
    elif not asked.get("state") and every:
        # The journal is sealed every minute: what the machine did by itself is shown when it is asked for.
        if get.get("all"):
            asked["all"] = "1"
        else:
            rows = rows.exclude(actor=None, state=JobState.DONE)
    if every and (who := number(get.get("who", ""))):
        rows, asked["who"] = rows.filter(actor=who), str(who)
    if before := number(get.get("before", "")):
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PER_PAGE + 1])
    more, found = len(found) > PER_PAGE, found[:PER_PAGE]
    here = reverse("jobs")
    again = request.get_full_path() if any(job.is_open for job in found) and not before else ""
    kinds = sorted(((k.key, str(k.title)) for k in registry.KINDS.values()), key=lambda pair: pair[1])
    context = {
        "rows": [shown(actor, job) for job in found],
        "asked": asked, "every": every, "before": before,
        "next": f"{here}?{urlencode({**asked, 'before': found[-1].pk})}" if more else "",
        "first": f"{here}?{urlencode(asked)}" if before else "",
        "poll": again,
        "states": [("open", _("Waiting or running")), *((s.value, s.label) for s in JobState)],
        "kinds": kinds,
        "people": list(User.objects.filter(is_active=True).order_by("name").values_list("pk", "name")[:300]) if every else [],
        "silent": every and worker_silent(),
    }  # fmt: skip
    part = "#rows" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"core/jobs.html{part}", context)


@signed_in
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """One job; the piece with its progress asks again while it is open."""
    actor = actor_of(request)
    one = get_job(actor, pk)
    about = shown(actor, one)
    context = {"row": about, "job": one, "poll": reverse("job", args=[pk]) if one.is_open else "", "home": _home(one)}
    part = "#state" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"core/job.html{part}", context)


def _home(job: Job) -> str:
    """The page of what the job works on, where there is one."""
    run = job.params.get("run")
    if job.kind.startswith("intake.") and isinstance(run, int):
        return reverse("import-run", args=[run])
    return ""


@signed_in
@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel, or run again. A person's job runs again with the rights of whoever asks; the machine's own as the machine."""
    actor = actor_of(request)
    one = get_job(actor, pk)
    if request.POST.get("do") == "cancel" and one.is_open:
        stopped = cancel(one)
        toast(
            request,
            _("The job is cancelled.")
            if stopped.state == JobState.CANCELLED
            else _("The job stops at its next step; what it did so far is kept or rolled back as its page says."),
        )
    elif request.POST.get("do") == "again" and _repeatable(one):
        made = run_again(one, actor=SYSTEM if one.actor_id is None else actor)
        toast(request, _("The job is in the queue again."))
        return HttpResponseRedirect(reverse("job", args=[made.pk]))
    return HttpResponseRedirect(reverse("job", args=[pk]))
