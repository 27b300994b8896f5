"""Search over everything: the page, the palette that Ctrl-K opens, and what a person opened lately and pinned.

The palette asks once for each pause in typing and gets a piece of HTML: groups of options. What it offers: records of all
objects, menu pages and "new …" entries by name and pinyin, and the acts of the page it was opened on, whose names it sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from guanxi.core.access import Actor
from guanxi.kit import text
from guanxi.records import finding, marks
from guanxi.records.entity import Entity
from guanxi.records.finding import Part
from guanxi.web import shell
from guanxi.web.access import signed_in
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses
from guanxi.web.pages.base import actor_of, answers, entity_page, entity_plural, go, render

HITS = 6
ON_PAGE = 12
ACTS = 40  # acts of a page that are looked at
PLACES = 5


@dataclass(frozen=True)
class Option:
    """One thing that can be chosen. `act` is the place of an act in the list that the page sent, else `url` leads there."""

    title: tuple[Part, ...]
    url: str = ""
    icon: str = ""
    facts: tuple[finding.Fact, ...] = ()
    act: int | None = None
    pinned: bool = False

    @property
    def name(self) -> str:
        return "".join(part.text for part in self.title)


@dataclass(frozen=True)
class Group:
    """Options under a heading; `url` leads to all of them."""

    key: str
    title: str
    icon: str
    options: tuple[Option, ...]
    url: str = ""
    similar: bool = False


# Records --------------------------------------------------------------------------------------------------------------


def records(actor: Actor, words: str, *, each: int = HITS) -> list[Group]:
    """What was found, one group for each object, the best first; similar ones when there is nothing else."""
    found = finding.find(actor, words, each=each, seen=marks.recent_ids(actor))
    similar = False
    if not found and (found := finding.similar(actor, words, each=each)):
        similar = True
    return [group for f in found if (group := _group(actor, f, words, similar=similar)).options]


def _group(actor: Actor, found: finding.Found, words: str, *, similar: bool) -> Group:
    entity = found.entity
    options = tuple(
        Option(hit.title, addresses.record_url(entity.key, hit.id), entity.icon, hit.facts)
        for hit in finding.shown(actor, entity, found.ids, words)
    )
    url = "" if similar else f"{addresses.list_url(entity.key)}?{urlencode({'q': words})}"
    return Group(entity.key, entity_plural(entity), entity.icon, options, url, similar)


@signed_in
@answers
def search(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:200]
    found = records(actor_of(request), words, each=ON_PAGE) if words else []
    context = {"words": words, "groups": found, "search_words": words, "similar": any(g.similar for g in found)}
    return render(request, "pages/search.html", context)


# Places and acts ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4000)
def _tokens(label: str) -> tuple[frozenset[str], str]:
    return text.search_tokens(names=[label]), text.fold(label)


class _Words:
    """What was typed, to be compared with labels."""

    def __init__(self, words: str) -> None:
        self.words, self._folded = words, text.fold(words)
        self._terms, self._anchors = text.query_tokens(words), text.anchor_terms(words)

    def rank(self, label: str) -> int | None:
        """How well a label answers: 0 begins with it, 1 has it; None not at all."""
        tokens, folded = _tokens(label)
        if self._folded not in folded and not text.matches(tokens, self._terms):
            return None
        return 0 if any(t.startswith(a.token) for a in self._anchors for t in tokens) else 1


def marked(label: str, words: str) -> tuple[Part, ...]:
    """A label with what was typed marked."""
    parts, at = [], 0
    for start, end in text.highlights(label, words) if words else ():
        parts += [Part(label[at:start]), Part(label[start:end], hit=True)]
        at = end
    return tuple(part for part in (*parts, Part(label[at:])) if part.text)


def _ranked(options: Iterable[tuple[str, Option]], words: _Words, limit: int) -> tuple[Option, ...]:
    """Those options whose labels answer to the words, the best first, with what was typed marked."""
    found = [(rank, label, o) for label, o in options if (rank := words.rank(label)) is not None]
    best = sorted(found, key=lambda item: item[0])[:limit]
    return tuple(replace(o, title=marked(label, words.words)) for _, label, o in best)


def acts(request: HttpRequest, words: _Words | None) -> Iterator[Group]:
    """Acts of the page the palette was opened on: the page sends the names of its own (`a`) and of the frame's (`c`).

    It is told which of them to do by their place in both lists, one after the other.
    """
    own, frame = request.GET.getlist("a")[:ACTS], request.GET.getlist("c")[:ACTS]
    options = [
        (label, Option((Part(label),), icon="bolt", act=n))
        for n, text_ in enumerate([*own, *frame])
        if (label := text_.strip()[:80])
    ]
    if words:
        yield Group("acts", _("Commands"), "bolt", _ranked(options, words, PLACES))
    else:
        yield Group("acts", _("On this page"), "bolt", tuple(o for _, o in options[: len(own)])[:8])


#: {(menu of a person's rights, language): (menu pages, "new …" entries)}, each with its label.
_PLACES: dict[tuple[object, str], tuple[list[tuple[str, Option]], list[tuple[str, Option]]]] = {}


def _places(request: HttpRequest) -> tuple[list[tuple[str, Option]], list[tuple[str, Option]]]:
    """Menu pages and "new …" entries this person may use, made once for all who have the same menu in the same language."""
    key = (shell.menu_key(request), get_language() or "")
    found = _PLACES.get(key)
    if found is None:
        pages = [
            (str(item["label"]), Option((), item["path"], item["icon"]))
            for area in shell.menu_for(request)
            for item in area["items"]
        ]
        creating = [
            (_("New: %(name)s") % {"name": item["label"]}, Option((), item["path"], "plus"))
            for item in shell.quick_create_for(request)
        ]
        if len(_PLACES) > 200:
            _PLACES.clear()
        found = _PLACES[key] = pages, creating
    return found


def places(request: HttpRequest, words: _Words) -> Iterator[Group]:
    """Menu pages and "new …" entries this person may use."""
    pages, creating = _places(request)
    yield Group("create", _("Create"), "plus", _ranked(creating, words, PLACES))
    yield Group("pages", _("Go to"), "arrow-right", _ranked(pages, words, PLACES))


def remembered(actor: Actor) -> Iterator[Group]:
    pinned = marks.pinned(actor)
    ids = {m.id for m in pinned}
    recent = [m for m in marks.recent(actor) if m.id not in ids]
    yield Group("recent", _("Recent"), "history", tuple(_option(m) for m in recent))
    yield Group("pinned", _("Pinned"), "pinned", tuple(_option(m) for m in pinned))


def _option(m: marks.Marked) -> Option:
    return Option(
        (Part(m.title or f"#{m.id}"),), addresses.record_url(m.entity.key, m.id), m.entity.icon, pinned=m.pinned
    )


@signed_in
@answers
def palette(request: HttpRequest) -> HttpResponse:
    """The options for what was typed. Without a word: what was opened lately, what is pinned, the acts of the page."""
    words = request.GET.get("q", "").strip()[:200]
    actor = actor_of(request)
    if words:
        typed = _Words(words)
        groups = [*records(actor, words), *acts(request, typed), *places(request, typed)]
        # Whoever types the name of a page or an act wants that, not customers who sound like it.
        groups.sort(key=lambda g: bool(g.similar))
    else:
        options = tuple(replace(o, title=(Part(label),)) for label, o in _places(request)[1][:4])
        groups = [*remembered(actor), *acts(request, None), Group("create", _("Create"), "plus", options)]
    groups = [g for g in groups if g.options]
    n = sum(len(g.options) for g in groups)
    said = ngettext("%(n)s result", "%(n)s results", n) % {"n": n} if groups else _("Nothing found")
    context = {"words": words, "groups": groups, "said": said, "all": f"?{urlencode({'q': words})}" if words else ""}
    return render(request, "pages/palette.html", context)


# What a person opened and pinned --------------------------------------------------------------------------------------


def pinned_links(actor: Actor) -> list[dict[str, Any]]:
    """For the left menu."""
    return [
        {"title": m.title or f"#{m.id}", "url": addresses.record_url(m.entity.key, m.id), "icon": m.entity.icon}
        for m in marks.pinned(actor)
    ]


@signed_in
@answers
def recent(request: HttpRequest) -> HttpResponse:
    """What was opened lately: a piece for the left menu, or a page."""
    items = [_option(m) for m in marks.recent(actor_of(request), limit=ON_PAGE)]
    return render(request, "pages/recent.html", {"items": items}, fragment="items" if is_fragment(request) else "")


@entity_page("view")
@require_POST
def opened(request: HttpRequest, entity: Entity, id: int) -> HttpResponse:  # noqa: A002
    """The record page says that it was looked at."""
    marks.opened(actor_of(request), entity, id)
    return HttpResponse(status=204)


@entity_page("view")
@require_POST
def pin(request: HttpRequest, entity: Entity, id: int) -> HttpResponse:  # noqa: A002
    """Pin a record, or take the pin away with `on=0`."""
    on = request.POST.get("on", "1") != "0"
    marks.pin(actor_of(request), entity, id, on=on)
    if is_fragment(request):
        return render(
            request, "web/parts/pin.html", {"base": addresses.record_url(entity.key, id), "pin_changed": True}
        )
    return go(request, addresses.record_url(entity.key, id))
