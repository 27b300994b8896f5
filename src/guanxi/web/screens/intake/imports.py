"""Import: a file comes in, its columns are settled, it is tried, it runs, and it can be taken back.

Who may import something may use these pages; a run is its owner's, and is seen by who looks after jobs. Anybody else gets
the page that does not exist.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from guanxi.core.jobs import Job
from guanxi.core.journal import note
from guanxi.core.org import versions
from guanxi.intake import columns, files, services
from guanxi.intake.models import ImportRun
from guanxi.intake.problems import NotYours, Trouble, text
from guanxi.kit.problems import Problem
from guanxi.kit.streams.errors import human_size
from guanxi.records import catalogue
from guanxi.records.entity import Entity
from guanxi.web import errors
from guanxi.web.access import signed_in
from guanxi.web.pages.base import actor_of, entity_plural, go, number, render
from guanxi.web.shell import toast

P = ParamSpec("P")
PER_PAGE = 50
MOST_COLUMNS = 300
"""Columns one page can settle; a file with more is one for the command line."""
TOO_WIDE = gettext_noop(
    "The file has %(columns)d columns; at most %(limit)d can be settled on a page. Remove those you do not need."
)
_MULTIPART = 64 << 10  # what a form adds around its file


def importing(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """For whoever may import at least one object, or looks after jobs; for others there is nothing here."""

    @functools.wraps(view)
    def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        versions.refresh()
        actor = actor_of(request)
        if not columns.importable(actor) and not services.sees_all(actor):
            raise Http404("not allowed")
        try:
            return view(request, *args, **kwargs)
        except NotYours as error:
            raise Http404("not there") from error

    return signed_in(checked)


# Taking in ------------------------------------------------------------------------------------------------------------


def _take_size(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse a body that is too large before anything of it is read: its length is known at once, the token only after."""

    @functools.wraps(view)
    def sized(request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and int(request.META.get("CONTENT_LENGTH") or 0) > files.LIMIT + _MULTIPART:
            return errors.answer(request, 413)
        return csrf_protect(view)(request)

    return csrf_exempt(sized)


@importing
@_take_size
def imports(request: HttpRequest) -> HttpResponse:
    """The form for a file, and the imports so far; POST takes a file in."""
    actor = actor_of(request)
    wanted = request.POST.get("as", "") or request.GET.get("as", "")
    problem = ""
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is None:
            problem = _("Choose a file first.")
        else:
            try:
                entity = services.known_entity(actor, wanted) if wanted else None
                made = services.receive(actor, upload.file, upload.name or "", entity=entity)  # type: ignore[arg-type]
            except Trouble as error:
                problem = str(error)
            else:
                return go(request, reverse("import-columns", args=[made.pk]))
    possible = columns.importable(actor)
    context = {
        **_past(request, services.past(actor)),
        "problem": problem,
        "entities": [{"key": e.key, "label": entity_plural(e), "chosen": e.key == wanted} for e in possible],
        "limit": human_size(files.LIMIT),
    }
    return render(request, "intake/imports.html", context, status=422 if problem else 200)


def _past(request: HttpRequest, runs: QuerySet[ImportRun]) -> dict[str, Any]:
    before = number(request.GET.get("before", ""))
    page = list((runs.filter(pk__lt=before) if before else runs)[: PER_PAGE + 1])
    shown = page[:PER_PAGE]
    return {
        "runs": [_row(request, run) for run in shown],
        "older": f"?before={shown[-1].pk}" if len(page) > PER_PAGE else "",
        "newer": reverse("import") if before else "",
    }


def _row(request: HttpRequest, run: ImportRun) -> dict[str, Any]:
    return {
        "run": run, "phase": run.phase, "undone": run.undone, "noun": noun(run), "counts": run.balance or {},
        "undo": reverse("import-undo", args=[run.pk]) if may_undo(request, run) else "",
    }  # fmt: skip


def noun(run: ImportRun) -> str:
    try:
        return entity_plural(catalogue.get(run.entity))
    except catalogue.UnknownEntity:
        return run.entity


def may_undo(request: HttpRequest, run: ImportRun) -> bool:
    job = run.found("undo_job")
    actor = actor_of(request)
    return (
        run.change_set_id is not None
        and not run.undone
        and not (job is not None and job.is_open)
        and (run.actor_id == actor.user_id or actor.can("settings.journal", "edit"))
        and actor.can(run.entity, "edit")
    )


# Settling the columns -------------------------------------------------------------------------------------------------


@importing
def columns_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Each column with samples and what it is taken for; POST settles that and tries the first rows."""
    actor = actor_of(request)
    run = services.get_own(actor, pk)
    if run.phase not in ("draft", "failed", "cancelled"):
        return go(request, reverse("import-run", args=[pk]))
    problem = ""
    try:
        files.place(run.path)
        if len(run.header) > MOST_COLUMNS:
            raise Trouble(TOO_WIDE, columns=len(run.header), limit=MOST_COLUMNS)
        entity = services.known_entity(actor, request.POST.get("as", "") or request.GET.get("as", "") or run.entity)
    except Trouble as error:
        toast(request, str(error), level="error")
        return go(request, reverse("import"))
    mapping = run.mapping if entity.key == run.entity else None
    if request.method == "POST":
        mapping = [request.POST.get(f"column-{i}", "") for i in range(len(run.header))]
        try:
            options = {"on_existing": request.POST.get("on_existing", "")}
            services.settle(actor, run, entity=entity, mapping=mapping, options=options)
            services.check(actor, run)
        except Trouble as error:
            problem = str(error)
        else:
            return go(request, reverse("import-check", args=[pk]))
    found = _columns(request, run, entity, mapping)
    words = Counter((column["word"], column["colour"]) for column in found)
    context = {
        "run": run, "entity": entity, "noun": entity_plural(entity), "problem": problem,
        "facts": _facts(run),
        "tally": [(word, colour, n) for (word, colour), n in words.most_common()],
        "recognised": sum(1 for column in found if column["level"] != "left"),
        "entities": [{"key": e.key, "label": entity_plural(e), "chosen": e is entity} for e in columns.importable(actor)],
        "columns": found,
        "missing": _missing(actor, entity, mapping or services.columns_of(actor, run, entity)),
        "faults": [text(Problem(code, params)) for code, params in run.faults],
        "skip": run.options.get("on_existing") == "skip",
        "recognised_by": [str(entity.declared[key].label) for key in entity.recognise_by],
    }  # fmt: skip
    return render(request, "intake/columns.html", context, status=422 if problem else 200)


def _facts(run: ImportRun) -> list[str]:
    sheet = _("Sheet %(name)s") % {"name": run.sheet} if run.sheet else ""
    return [fact for fact in (run.format.upper(), run.encoding.upper(), sheet, human_size(run.size)) if fact]


def _columns(request: HttpRequest, run: ImportRun, entity: Entity, mapping: list[str] | None) -> list[dict[str, Any]]:
    actor = actor_of(request)
    found = services.columns_of(actor, run, entity)
    groups = _groups(actor, entity)
    rows = []
    for column in found:
        target = column.target if mapping is None else mapping[column.position]
        own = target == column.target
        if not target:
            level, colour, word = "left", "gray", _("left out")
        elif not own:
            level, colour, word = "chosen", "blue", _("chosen")
        elif column.confidence >= 0.9:
            level, colour, word = "sure", "green", _("certain")
        elif column.sure:
            level, colour, word = "sure", "lime", _("probable")
        else:
            level, colour, word = "guess", "orange", _("a guess")
        rows.append({
            "position": column.position, "name": column.header or f"#{column.position + 1}", "samples": column.samples,
            "level": level, "colour": colour, "word": word, "why": column.why if not target and own else "",
            "groups": [
                (label, [(key, name, key == target) for key, name in options]) for label, options in groups
            ],
        })  # fmt: skip
    return rows


def _groups(actor: Any, entity: Entity) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column can become, under the headings of the form."""
    known = columns.targets(actor, entity)
    heading = {key: str(section.title) for section in entity.sections for key in section.fields}
    groups: dict[str, list[tuple[str, str]]] = {}
    for key, target in known.items():
        groups.setdefault(heading.get(target.field.key, _("Own fields")), []).append((key, target.label))
    return list(groups.items())


def _missing(actor: Any, entity: Entity, mapping: list[Any]) -> list[str]:
    """Fields a new record needs that no column fills."""
    used = {(c if isinstance(c, str) else c.target).partition(".")[0] for c in mapping}
    known = columns.targets(actor, entity)
    return [t.label for key, t in known.items() if t.field.required and not t.part and key not in used]


# Trying, running ------------------------------------------------------------------------------------------------------


@importing
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """What would come of it; POST starts the import."""
    actor = actor_of(request)
    run = services.get_own(actor, pk)
    if request.method == "POST":
        try:
            services.launch(actor, run)
        except Trouble as error:
            toast(request, str(error), level="error")
            return go(request, reverse("import-columns", args=[pk]))
        return go(request, reverse("import-run", args=[pk]))
    if run.phase not in ("draft", "failed", "cancelled"):
        return go(request, reverse("import-run", args=[pk]))
    if run.checked is None:
        return go(request, reverse("import-columns", args=[pk]))
    entity = catalogue.get(run.entity)
    known = columns.targets(actor, entity)
    cells = [
        {"label": known[key].label if key in known else _("the whole row"), "count": count}
        for key, count in sorted(run.checked["cells"].items(), key=lambda pair: -pair[1])
    ]
    context = {
        "run": run, "noun": entity_plural(entity), "checked": run.checked, "cells": cells, "facts": _facts(run),
        "problems": _sentences(run.checked["problems"]), "left_out": run.checked["left_out"],
        "fine": run.checked["balance"]["read"] - run.checked["balance"]["held"],
    }  # fmt: skip
    return render(request, "intake/check.html", context)


def _in_two(sentence: str) -> tuple[str, str]:
    """A problem's sentence as what is wrong and what to do: they stand on both sides of its last semicolon."""
    for mark in ("；", "; "):
        what, found, remedy = sentence.rpartition(mark)
        if found and what and "'" not in remedy and "”" not in remedy:
            return what, remedy[:1].upper() + remedy[1:]
    return sentence, ""


def _sentences(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "rows": ", ".join(str(row) for row in p["rows"]) + (" …" if p["count"] > len(p["rows"]) else ""),
            "count": p["count"], "column": p["column"], "what": what, "remedy": remedy,
        }
        for p in found
        for what, remedy in [_in_two(text(Problem(p["code"], p["params"])))]
    ]  # fmt: skip


@importing
@require_GET
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """How far an import is, what came of it, and the way back."""
    found = services.get(actor_of(request), pk)
    if found.phase == "draft":
        return go(request, reverse("import-columns", args=[pk]))
    return render(request, "intake/run.html", _state(request, found))


@importing
@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The piece of the page that asks again while there is something to wait for."""
    found = services.get(actor_of(request), pk)
    return render(request, "intake/run.html", _state(request, found), fragment="state")


def _state(request: HttpRequest, found: ImportRun) -> dict[str, Any]:
    actor = actor_of(request)
    job, undo_job, index_job = found.found("job"), found.found("undo_job"), found.found("index_job")
    working = found.running_job()
    index_open = index_job is not None and index_job.is_open and not found.undone
    mine = found.actor_id == actor.user_id
    return {
        "run": found, "noun": noun(found), "phase": found.phase, "facts": _facts(found), "undone": found.undone,
        "mine": mine,
        "working": _job(working), "undoing": working is not None and working == undo_job,
        "index": _job(index_job) if index_open else None,
        "poll": reverse("import-progress", args=[found.pk]) if working is not None or index_open else "",
        "cancel": reverse("import-cancel", args=[found.pk]) if mine and working is not None and working == job else "",
        "failure": job.explain() if found.phase == "failed" and job is not None else {},
        "undo_failure": undo_job.explain() if undo_job is not None and undo_job.state == "failed" else {},
        "undo_result": undo_job.result if undo_job is not None and undo_job.state == "done" and found.undone else None,
        "undo": reverse("import-undo", args=[found.pk]) if may_undo(request, found) else "",
        "problems": _sentences(found.problems),
        "again": reverse("import-columns", args=[found.pk])
        if mine and found.path and found.phase in ("failed", "cancelled") and actor.can(found.entity, "import") else "",
        "list": reverse(f"{found.entity}:list") if _has_list(found.entity) and actor.can(found.entity, "view") else "",
        "took": (found.finished_at - job.started_at).total_seconds()
        if found.finished_at and job is not None and job.started_at else None,
    }  # fmt: skip


def _has_list(key: str) -> bool:
    from django.urls import NoReverseMatch

    try:
        reverse(f"{key}:list")
    except NoReverseMatch:
        return False
    return True


def _job(job: Job | None) -> dict[str, Any] | None:
    if job is None:
        return None
    left = (job.eta - timezone.now()).total_seconds() if job.eta else None
    return {
        "state": job.state, "done": job.done, "total": job.total, "rate": job.rate or 0.0, "message": job.message,
        "left": max(0.0, left) if left is not None else None,
    }  # fmt: skip


@importing
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    found = services.get_own(actor_of(request), pk)
    services.cancel(found)
    return go(request, reverse("import-run", args=[pk]))


@importing
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    actor = actor_of(request)
    found = services.get(actor, pk)
    if not may_undo(request, found):
        raise Http404("not allowed")
    try:
        services.undo(actor, found)
    except Trouble as error:
        toast(request, str(error), level="error")
    return go(request, reverse("import-run", args=[pk]))


@importing
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a file that was taken in but not imported."""
    services.discard(services.get_own(actor_of(request), pk))
    return go(request, reverse("import"))


@importing
@require_GET
def problems(request: HttpRequest, pk: int) -> HttpResponse:
    """The held rows in the person's own columns, and why; as a download, never shown by the browser."""
    found = services.get(actor_of(request), pk)
    try:
        place = files.place(found.problem_path)
    except Trouble:
        raise Http404("not kept") from None
    stem = found.name.rpartition(".")[0] or found.name
    ending = _("problems")
    workbook = place.suffix == ".xlsx"
    kind = (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" if workbook else "text/csv; charset=utf-8"
    )
    if request.method == "GET":
        note(actor_of(request), action="download", entity=found.entity, detail={"import": found.pk})
    return FileResponse(  # type: ignore[return-value]
        place.open("rb"), as_attachment=True, filename=f"{stem}-{ending}{place.suffix}", content_type=kind
    )
