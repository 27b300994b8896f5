"""Looking at the house as a person or a role would: nothing can be written, a bar says so, one click ends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor, acting
from guanxi.core.access import viewing as rights
from guanxi.core.access.models import Role
from guanxi.core.access.services import role_name
from guanxi.core.identity import audit
from guanxi.core.identity.models import User
from guanxi.web.access import allow_area, signed_in
from guanxi.web.screens.core.inputs import actor_of, number
from guanxi.web.shell import toast, toast_header

KEY = "viewing_as"
LONGEST = 3600.0  # seconds; then it ends by itself
OPEN = {"view-as-end", "account_logout"}
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Viewing:
    """What the bar says, and who really looks."""

    name: str
    kind: str
    looker: Actor
    until: float


def _target(kept: Any) -> tuple[str, User | Role] | None:
    if not isinstance(kept, dict):
        return None
    found: User | Role | None = None
    if kept.get("kind") == "person":
        found = User.objects.filter(pk=kept.get("id") or 0).first()
    elif kept.get("kind") == "role":
        found = Role.objects.filter(pk=kept.get("id") or 0).first()
    return (kept["kind"], found) if found is not None else None


def _actor(looker: Actor, target: User | Role) -> Actor | None:
    return rights.as_person(looker, target) if isinstance(target, User) else rights.as_role(looker, target)


class ViewAs:
    """Middleware, straight after `Person`: while somebody looks as another, `request.actor` is that other, and nothing
    that a request writes is kept.

    Requests that are meant to write are refused; whatever a page writes by the way is rolled back; files are not handed
    out, because their being taken would not be noted.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        kept = request.session.get(KEY)
        if kept is None:
            return self.get_response(request)
        looker = actor_of(request)
        target = _target(kept)
        actor = _actor(looker, target[1]) if target else None
        if actor is None or target is None or not 0 <= kept.get("until", 0) - time.time() <= LONGEST:
            request.session.pop(KEY, None)
            return self.get_response(request)
        name = str(target[1]) if isinstance(target[1], User) else role_name(target[1])
        request.viewing_as = Viewing(name, target[0], looker, kept["until"])  # type: ignore[attr-defined]
        if request.method not in SAFE:
            if request.path in {reverse(name) for name in OPEN}:
                return self.get_response(request)
            return self._refuse(request, actor)
        request.actor = actor  # type: ignore[attr-defined]
        with acting(actor), transaction.atomic():
            response = self.get_response(request)
            if not getattr(response, "is_rendered", True):
                response = response.render()  # type: ignore[attr-defined]
            transaction.set_rollback(True)
        if response.streaming or response.headers.get("Content-Disposition", "").startswith("attachment"):
            response.close()
            return self._refuse(request, actor)
        return response

    @staticmethod
    def _refuse(request: HttpRequest, actor: Actor) -> HttpResponse:
        said = _("You are only looking: nothing is saved or handed out. End it first.")
        if request.headers.get("HX-Request") == "true":
            response = HttpResponse(status=200, headers={"HX-Reswap": "none"})
            return toast_header(response, said, level="warning")
        request.actor = actor  # type: ignore[attr-defined]
        return render(request, "core/view_as_refused.html", {"said": said}, status=403)


@allow_area("settings.roles", "edit")
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Begin to look as the person or role named in the form; noted in the journal. Refused where it would show more."""
    looker = actor_of(request)
    kind = request.POST.get("kind", "")
    target = _target({"kind": kind, "id": number(request.POST.get("id", ""))})
    if target is None:
        raise Http404("nobody like this")
    if _actor(looker, target[1]) is None:
        toast(request, _("You cannot look as somebody who sees or may do more than you."), level="error")
        back = "settings-person" if kind == "person" else "settings-role"
        one = target[1]
        return HttpResponseRedirect(reverse(back, args=[one.pk if isinstance(one, User) else one.key]))
    entity = "core.user" if kind == "person" else "core.role"
    audit.record(looker, "view-as", entity=entity, record=target[1].pk, detail={"name": str(target[1])})
    request.session[KEY] = {"kind": kind, "id": target[1].pk, "until": time.time() + LONGEST}
    return HttpResponseRedirect("/")


@signed_in
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """One click, and one is oneself again."""
    kept = request.session.pop(KEY, None)
    if kept is None:
        return HttpResponseRedirect("/")
    target = _target(kept)
    if target is None:
        return HttpResponseRedirect("/")
    entity = "core.user" if kept["kind"] == "person" else "core.role"
    audit.record(actor_of(request), "view-as-ended", entity=entity, record=target[1].pk)
    one = target[1]
    if isinstance(one, User):
        return HttpResponseRedirect(reverse("settings-person", args=[one.pk]))
    return HttpResponseRedirect(reverse("settings-role", args=[one.key]))
