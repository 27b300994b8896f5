"""The one time line of a record: what every room has to tell about it, merged by time.

`site.timeline` lists the sources by hand. Each gives its newest moments before a place, within the rights of whoever looks and
with a fixed number of queries; here they are merged, cut to a page and grouped by day. What somebody may not see leaves no
hole: a source gives the next ones that they may see. The place where a page ends names instant, source and id, so that paging
neither repeats nor skips, whatever comes in meanwhile (INS-1, ENG-1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlencode

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from guanxi.core.access import Actor
from guanxi.core.journal.models import Change, ChangeSet, Op
from guanxi.records import catalogue, invert, read
from guanxi.records.entity import Entity
from guanxi.records.read.cells import names_of
from guanxi.records.read.view import Event, FieldChange, Historian
from guanxi.web.errors import is_fragment
from guanxi.web.pages import addresses, words
from guanxi.web.pages.base import actor_of, entity_page, entity_plural, render

FIRST = 12
MORE = 30
#: Parts whose moments stand on the whole's time line too: (entity, its link to the whole).
PARTS = {"customers.account": ("customers.contact", "account")}
MOST_PARTS = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 2**63 - 1


@dataclass(frozen=True)
class Changed:
    """One field in one change: texts as the reader may see them."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Act:
    """A button of a moment that posts to `url`. `confirm`: what is asked first."""

    label: str
    icon: str
    url: str
    confirm: str = ""


@dataclass(frozen=True)
class Moment:
    """One item. `at` and `id` place it among those of its source; everything else is shown, as this person may see it.

    `about`: the part of the record it is about, as (name, address). `facts`: short texts, as (text, colour). `link`: the
    address of what it tells of. `clock`: the time of day is known. `html`: more, already escaped.
    """

    id: int
    at: datetime
    who: str
    title: str
    icon: str
    colour: str
    source: str = ""
    body: str = ""
    changes: tuple[Changed, ...] = ()
    href: str = ""
    undone: bool = False
    undo_url: str = ""
    kind: str = "changes"
    link: str = ""
    about: tuple[str, str] | None = None
    facts: tuple[tuple[str, str], ...] = ()
    acts: tuple[Act, ...] = ()
    clock: bool = True
    html: str = ""


@dataclass(frozen=True)
class Before:
    """Where a source is to go on: its moments with (at, id) smaller than this."""

    at: datetime
    id: int

    def q(self, at: str, id: str = "pk") -> Q:  # noqa: A002
        """The same as a condition, in the form that an index on (at, id) serves."""
        return Q(**{f"{at}__lte": self.at}) & (Q(**{f"{at}__lt": self.at}) | Q(**{f"{id}__lt": self.id}))

    def day(self, zone: Any) -> tuple[date, int]:
        """For what happens on days: the last day, and the id that moments of that very day must be smaller than."""
        local = self.at.astimezone(zone)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return local.date(), self.id if local == midnight else _LAST


@dataclass
class About:
    """The record that a time line is about, which the actor may see; what several sources need is looked up once."""

    actor: Actor
    entity: Entity
    id: int
    created_in: int

    @cached_property
    def parts(self) -> dict[int, str]:
        """{id: name} of the parts whose moments count as the record's own, as far as the actor may see them."""
        if self.entity.key not in PARTS:
            return {}
        key, link = PARTS[self.entity.key]
        part = catalogue.get(key)
        mine = read.visible(part, self.actor).filter(**{link: self.id}).order_by("-pk")
        ids = list(mine.values_list("pk", flat=True)[:MOST_PARTS])
        return {id_: name for id_, (name, _colour) in names_of(self.actor, key, ids).items()} if ids else {}

    def part(self, id: int) -> tuple[str, str] | None:  # noqa: A002
        """Name and address of a part."""
        if id not in self.parts:
            return None
        return self.parts[id], addresses.record_url(PARTS[self.entity.key][0], id)


class TimelineSource(Protocol):
    """One sort of moments. `key` names it in addresses; `stands` costs no query; `items` a fixed number of them.

    `items` returns at most `limit` moments, newest first by (at, id), all of them before `before` where that is given, and
    only what the actor may see.
    """

    @property
    def key(self) -> str: ...

    @property
    def label(self) -> str | Promise: ...

    @property
    def icon(self) -> str: ...

    def stands(self, actor: Actor, entity: Entity) -> bool: ...

    def items(self, about: About, *, before: Before | None, limit: int) -> Sequence[Moment]: ...


class _Installed:
    sources: tuple[TimelineSource, ...] = ()


def install(sources: Iterable[TimelineSource]) -> None:
    """Called once by the site; a second call replaces the first. Raises ValueError for one key listed twice."""
    found = tuple(sources)
    keys = [s.key for s in found]
    if len(set(keys)) != len(keys):
        raise ValueError(f"a source of the time line is listed twice: {keys}")
    _Installed.sources = found


def sources_of(actor: Actor, entity: Entity) -> list[TimelineSource]:
    return [s for s in _Installed.sources if s.stands(actor, entity)]


@dataclass(frozen=True)
class Place:
    """Where a page ended: instant, source, id."""

    at: datetime
    source: str
    id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}.{self.source}.{self.id}"

    @classmethod
    def read(cls, text: str) -> Place:
        """Raises BadQuery for what is no place."""
        at, _dot, rest = text.partition(".")
        source, _dot, id_ = rest.partition(".")
        try:
            if not (at.removeprefix("-").isdecimal() and id_.isdecimal() and at.isascii() and id_.isascii()):
                raise ValueError(text)
            if source not in [s.key for s in _Installed.sources] or len(id_) > 18:
                raise ValueError(text)
            return cls(_EPOCH + timedelta(microseconds=int(at)), source, int(id_))
        except (ValueError, OverflowError) as error:
            raise read.BadQuery("before") from error


@dataclass(frozen=True)
class Timeline:
    """A page of moments, newest first, and the place to go on from; "" when the beginning is reached."""

    moments: list[Moment] = field(default_factory=list)
    more: str = ""


def of_record(
    about: About, *, before: Place | None = None, limit: int = FIRST, only: Iterable[str] = ()
) -> Timeline:  # fmt: skip
    """The newest moments of all sources, or of those in `only`."""
    wanted = set(only)
    found: list[tuple[datetime, int, int, Moment]] = []
    for rank, source in enumerate(sources_of(about.actor, about.entity)):
        if wanted and source.key not in wanted:
            continue
        bound = _bound(before, source.key)
        for one in source.items(about, before=bound, limit=limit + 1):
            found.append((one.at, -rank, one.id, one))
    found.sort(key=lambda f: f[:3], reverse=True)
    page = [one for *_order, one in found[:limit]]
    if len(found) <= limit:
        return Timeline(page)
    return Timeline(page, str(Place(page[-1].at, page[-1].kind, page[-1].id)))


def _bound(place: Place | None, key: str) -> Before | None:
    """What a place means for one source: of one instant, sources come in the order they are listed in."""
    if place is None:
        return None
    order = [s.key for s in _Installed.sources]
    if key == place.source:
        return Before(place.at, place.id)
    return Before(place.at, _LAST if order.index(key) > order.index(place.source) else -1)


# Changes -----------------------------------------------------------------------------------------------------------------


def changed(change: FieldChange) -> Changed:
    return Changed(str(change.field.label), change.before.text, change.after.text)


def moment(actor: Actor, event: Event, *, id: int = 0, about: tuple[str, str] | None = None) -> Moment:  # noqa: A002
    cs = event.change_set
    icon, colour = words.look("undo" if cs.action == "undo" else "bulk" if cs.action == "bulk" else event.op)
    if cs.door == "import":
        icon, colour = words.look("import")
    mine = invert.may_see(actor, cs)
    return Moment(
        id=id,
        at=cs.at,
        who=cs.actor_name,
        title=words.happened(cs, event.op),
        icon=icon,
        colour=colour,
        source="" if cs.door == "page" else words.door(cs.door),
        body=cs.reason,
        changes=tuple(changed(c) for c in event.changes),
        href=reverse("journal-entry", args=[cs.pk]) if mine else "",
        undone=event.undone,
        undo_url=reverse("journal-undo", args=[cs.pk]) if mine and cs.lines and not event.undone else "",
        about=about,
    )


class Changes:
    """What the journal says of the record and its parts, ending with the record's creation. `id` is the line's."""

    key = "changes"
    label = gettext_lazy("Changes")
    icon = "history"

    def stands(self, actor: Actor, entity: Entity) -> bool:
        return True

    def items(self, about: About, *, before: Before | None, limit: int) -> Sequence[Moment]:
        mine = Q(entity=about.entity.key, record=about.id)
        whose = mine
        if about.parts:
            whose |= Q(entity=PARTS[about.entity.key][0], record__in=list(about.parts))
        lines = Change.objects.filter(whose)
        if before is not None:
            lines = lines.filter(before.q("change_set__at"))
        # Whether a set was undone is asked of all at once: `Historian` finds it prefetched.
        lines = lines.select_related("change_set").prefetch_related("change_set__undone_by")
        found = list(lines.order_by("-change_set__at", "-pk")[:limit])
        moments = []
        for entity in {line.entity for line in found}:
            past = Historian(catalogue.get(entity), about.actor)
            theirs = [line for line in found if line.entity == entity]
            past.ahead(theirs)
            for line in theirs:
                part = about.part(line.record) if entity != about.entity.key else None
                moments.append(moment(about.actor, past.event(line), id=line.pk, about=part))
        moments.sort(key=lambda m: (m.at, m.id), reverse=True)
        return self._with_creation(about, mine, moments, before, limit)

    def _with_creation(
        self, about: About, mine: Q, moments: list[Moment], before: Before | None, limit: int
    ) -> list[Moment]:
        """A record created together with many others has no line of its own: its change set says when."""
        if len(moments) >= limit or Change.objects.filter(mine, op=Op.CREATE).exists():
            return moments
        first = ChangeSet.objects.filter(pk=about.created_in).prefetch_related("undone_by").first()
        if first is None or (before is not None and (first.at, 0) >= (before.at, before.id)):
            return moments
        event = Event(first, Op.CREATE.value, (), 0, bool(first.undone_by.all()))
        return sorted([*moments, moment(about.actor, event)], key=lambda m: (m.at, m.id), reverse=True)


# Pages -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chip:
    """A filter chip: this sort of moments alone, or all."""

    label: str
    icon: str
    url: str
    on: bool


def chips_of(actor: Actor, entity: Entity, url: str, only: Sequence[str]) -> list[Chip]:
    """One for each source, to be combined; none when there is but one source. Pressing the last one again shows all."""
    sources = sources_of(actor, entity)
    if len(sources) < 2:
        return []
    found = [Chip(str(gettext_lazy("Everything")), "", url, not only)]
    for source in sources:
        keys = [s.key for s in sources if (s.key in only) != (s is source)]
        query = "" if len(keys) in (0, len(sources)) else f"?{urlencode({'only': ','.join(keys)})}"
        found.append(Chip(str(source.label), source.icon, f"{url}{query}", source.key in only))
    return found


def asked(request: HttpRequest, actor: Actor, entity: Entity) -> list[str]:
    """The sources an address asks for; unknown ones and such as do not stand here are no question: BadQuery."""
    text = request.GET.get("only", "")
    known = {s.key for s in sources_of(actor, entity)}
    keys = [key for key in text.split(",") if key]
    if any(key not in known for key in keys):
        raise read.BadQuery("only")
    return keys


def as_context(
    request: HttpRequest, about: About, line: Timeline, *, only: Sequence[str], day: str = ""
) -> dict[str, Any]:
    """`day`: the day that the page before ended with, so that its heading is not said twice."""
    from guanxi.web.pages.moments import html

    url = f"{addresses.record_url(about.entity.key, about.id)}timeline"
    last = line.moments[-1].at if line.moments else None
    query = {"before": line.more, **({"only": ",".join(only)} if only else {})}
    if last is not None:
        query["day"] = last.astimezone(read.formats_for(about.actor).zone).date().isoformat()
    return {
        "moments": line.moments,
        "moments_html": html(request, about.actor, line.moments, day=day),
        "more_url": f"{url}?{urlencode(query)}" if line.more else "",
        "chips": chips_of(about.actor, about.entity, url, only),
        "timeline_url": f"{url}?{urlencode({'only': ','.join(only)})}" if only else url,
        "going_on": bool(day),
    }


def region(request: HttpRequest, about: About, *, only: Sequence[str] = ()) -> str:
    """The time line from its top, with its chips: what the panel holds, and what is swapped when something was added."""
    line = of_record(about, only=only)
    return render_to_string("pages/timeline_region.html", as_context(request, about, line, only=only), request)


def panel(request: HttpRequest, view: read.RecordView) -> str:
    """The time line as a panel of the record page."""
    return region(request, About(actor_of(request), view.entity, view.id, view.created_in))


def about_of(entity: Entity, actor: Actor, id: int) -> About:  # noqa: A002
    """Raises Hidden."""
    row = read.visible(entity, actor).filter(pk=id).values("created_in").first()
    if row is None:
        raise read.Hidden(f"{entity.key} {id}")
    return About(actor, entity, id, row["created_in"])


@entity_page("view")
def timeline_page(request: HttpRequest, entity: Entity, id: int) -> HttpResponse:  # noqa: A002
    """More of the time line: a piece for the page, or a page of its own. Without `before` the piece is the whole region."""
    actor = actor_of(request)
    about = about_of(entity, actor, id)
    only = asked(request, actor, entity)
    before = Place.read(request.GET["before"]) if request.GET.get("before") else None
    if before is None and is_fragment(request):
        return HttpResponse(region(request, about, only=only))
    line = of_record(about, before=before, limit=MORE, only=only)
    named = names_of(actor, entity.key, [id])
    context = {
        "entity": entity,
        "base": addresses.record_url(entity.key, id),
        "plural": entity_plural(entity),
        "list_url": addresses.list_url(entity.key),
        "title": named[id][0] if id in named and named[id][0] else f"#{id}",
        **as_context(request, about, line, only=only, day=request.GET.get("day", "")[:10] if before else ""),
    }
    return render(request, "pages/timeline.html", context, fragment="moments" if is_fragment(request) else "")
