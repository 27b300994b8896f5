"""What all generic pages share: who asks for which entity, which piece of the page htmx wants, and how doors' refusals look."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render as django_render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from guanxi.core.access import Actor
from guanxi.kit.problems import Problem
from guanxi.records import catalogue, read, write
from guanxi.records.entity import Entity
from guanxi.records.rights import UnknownField
from guanxi.web import errors
from guanxi.web.access import allow

P = ParamSpec("P")
View = Callable[..., HttpResponseBase]


def actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def wants(request: HttpRequest, *ids: str) -> bool:
    """Whether htmx asks for the piece of the page with one of these ids (it sends `tag#id`)."""
    if not errors.is_fragment(request):
        return False
    return request.headers.get("HX-Target", "").rpartition("#")[2] in ids


def bad_query(request: HttpRequest) -> HttpResponse:
    """400 in the same bytes for every bad question: unknown field, denied field, unknown operator, malformed place."""
    context = {
        "status": 400,
        "words": errors.texts(400),
        "LANGUAGE_CODE": translation.get_language() or settings.LANGUAGE_CODE,
        "theme": request.COOKIES.get("gx_theme", ""),
    }
    if errors.is_fragment(request):
        response = HttpResponse(render_to_string("errors/fragment.html", context), status=400)
        response["HX-Retarget"], response["HX-Reswap"] = "#toasts", "beforeend"
        return response
    return HttpResponse(render_to_string("errors/page.html", context), status=400)


def answers(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Turns what the doors refuse into pages: 400 for a question that cannot be asked, 404 for what is not there for this person."""

    @functools.wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except (read.BadQuery, UnknownField):
            return bad_query(request)
        except (read.Hidden, catalogue.UnknownEntity, write.Refused) as error:
            raise Http404("not there") from error

    return answered


def entity_page(action: str) -> Callable[[View], View]:
    """A page of an entity: says who may use it and hands the view its Entity. URL patterns pass `key`."""

    def wrap(view: View) -> View:
        @functools.wraps(view)
        def of_entity(request: HttpRequest, key: str, **kwargs: Any) -> HttpResponseBase:
            return view(request, catalogue.get(key), **kwargs)

        return allow("{key}", action)(answers(of_entity))

    return wrap


def render(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200, fragment: str = ""
) -> HttpResponse:
    """The page, or with `fragment` the piece of the same template that carries this name."""
    return django_render(request, f"{template}#{fragment}" if fragment else template, dict(context), status=status)


def sentence(problem: Problem) -> str:
    """A problem in the reader's language."""
    return _(problem.template) % problem.params


def sentences(problems: Mapping[str, list[Problem]]) -> dict[str, list[str]]:
    return {key: [sentence(p) for p in found] for key, found in problems.items()}


def back_url(request: HttpRequest, fallback: str = "/") -> str:
    """Where the person came from, if that is one of our pages."""
    for given in (request.POST.get("next", ""), request.GET.get("next", ""), request.headers.get("Referer", "")):
        if given and url_has_allowed_host_and_scheme(given, {request.get_host()}, require_https=request.is_secure()):
            return given
    return fallback


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Redirect; for htmx the whole page goes there."""
    if errors.is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


MOST_PARAMS = 20_000


def params_from(given: QueryDict) -> str:
    """The question that a form carries along. Raises BadQuery for one too long: half a question would mean more rows."""
    params = given.get("params", "")
    if len(params) > MOST_PARAMS:
        raise read.BadQuery("The question is too long")
    return params


def number(text: str) -> int | None:
    """A positive whole number from a URL; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def ids_from(params: QueryDict, name: str = "id") -> list[int]:
    return [n for text in params.getlist(name) if (n := number(text)) is not None]


def entity_label(entity: Entity) -> str:
    return capital(str(entity.label))


def entity_plural(entity: Entity) -> str:
    return capital(str(entity.label_plural))


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]
