"""What people see when something does not work: what happened, what was kept, what to do, and the request's id.

A page for a page, a toast for a fragment. None of these needs the database, so they also work when it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

PLAIN = (
    "<!doctype html><meta charset=utf-8><title>500</title><h1>500</h1>"
    "<p>系统出错了，请稍后重试。/ Something went wrong. Please try again later.</p>"
)


def texts(status: int) -> dict[str, str]:
    """Title, what happened, what was kept, what to do — in the active language."""
    kept = _("What was not finished was rolled back. What you typed is still in your browser: go back to find it.")
    return {
        400: {
            "title": _("This request cannot be understood"),
            "happened": _("The address or the form holds something that does not exist here."),
            "kept": _("Nothing was changed."),
            "todo": _(
                "Go back and try again from the page itself. If you came by a saved link, open the list anew and save it again."
            ),
        },
        403: {
            "title": _("This was refused"),
            "happened": _("The page is not meant for this request."),
            "kept": _("Nothing was changed."),
            "todo": _("Go back. If you think you should be able to do this, ask an administrator."),
        },
        404: {
            "title": _("There is nothing here"),
            "happened": _("The page or record does not exist, was deleted, or is not yours to see."),
            "kept": _("Nothing was changed."),
            "todo": _("Check the address, search for the record, or ask its owner to share it."),
        },
        405: {
            "title": _("This cannot be done here"),
            "happened": _("The page does not take this kind of request."),
            "kept": _("Nothing was changed."),
            "todo": _("Go back and use the buttons of the page."),
        },
        409: {
            "title": _("Somebody saved before you"),
            "happened": _("The record changed while you were editing it."),
            "kept": _("What they saved is kept, and so is what you typed: it is below."),
            "todo": _("Choose for each field which value is to stay, then save."),
        },
        413: {
            "title": _("The file is too large"),
            "happened": _("The file is larger than this site takes."),
            "kept": _("Nothing was changed."),
            "todo": _("Split the file or ask an administrator to raise the limit."),
        },
        500: {
            "title": _("Something went wrong on our side"),
            "happened": _("The program met an error that it did not expect. It was written to the log."),
            "kept": kept,
            "todo": _("Try again in a moment. If it happens again, give an administrator the number below."),
        },
        503: {
            "title": _("The database does not answer"),
            "happened": _("The database is stopped, restarting or out of reach."),
            "kept": kept,
            "todo": _("Try again in a minute. An administrator finds the cause with `guanxi doctor`."),
        },
    }[status]


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asked for a piece of a page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-History-Restore-Request") != "true"


def answer(request: HttpRequest, status: int, **extra: Any) -> HttpResponse:
    """The error page, or for a fragment a toast that leaves the page as it is."""
    words = {**texts(status), **extra}
    context = {
        "status": status,
        "words": words,
        "request_id": getattr(request, "request_id", "") if status != 404 else "",
        "LANGUAGE_CODE": translation.get_language() or settings.LANGUAGE_CODE,
        "theme": request.COOKIES.get("gx_theme", ""),
    }
    if is_fragment(request):
        response = HttpResponse(render_to_string("errors/fragment.html", context), status=status)
        response["HX-Retarget"] = "#toasts"
        response["HX-Reswap"] = "beforeend"
        return response
    return HttpResponse(render_to_string([f"errors/{status}.html", "errors/page.html"], context), status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return answer(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    return answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Must not fail itself: without templates or assets a plain sentence is left."""
    import sys

    from django.db import InterfaceError, OperationalError

    status = 503 if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)) else 500
    try:
        if translation.get_language() not in dict(settings.LANGUAGES):
            translation.activate(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) or settings.LANGUAGE_CODE)
        return answer(request, status)
    except Exception:
        return HttpResponse(PLAIN, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """The CSRF_FAILURE_VIEW, also for requests from another site."""
    return answer(
        request,
        403,
        title=_("This form is too old or came from elsewhere"),
        happened=_(
            "The form was opened before you signed in again, cookies are switched off, or another site sent it."
        ),
        kept=_("Nothing was changed. What you typed is still in your browser: go back to find it."),
        todo=_("Go back, reload the page and send it again."),
    )


def conflict(request: HttpRequest, rows: Iterable[Mapping[str, Any]], **extra: Any) -> HttpResponse:
    """409: somebody saved first. `rows`: label, before, theirs, yours, name (see the diff component)."""
    context = {"status": 409, "words": texts(409), "rows": list(rows), **extra}
    if is_fragment(request):
        return HttpResponse(render_to_string("errors/409_fragment.html", context, request=request), status=409)
    return HttpResponse(render_to_string("errors/409.html", context, request=request), status=409)
