"""The one time line of a record: what every room has to tell about it, merged by time.

`site.timeline` lists the sources by hand. Each says which rows it tells of, within the rights of whoever looks; one query asks
all of them for when and which, the newest of all make the page, and only those are read in full, by the sources that have some.
What somebody may not see leaves no hole: the next ones that they may see come instead. The place where a page ends names
instant, source and id, so that paging neither repeats nor skips, whatever comes in meanwhile (INS-1, ENG-1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlencode

from django.db.models import BigIntegerField, Exists, F, IntegerField, Q, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from guanxi.core.access import Actor
from guanxi.core.access.models import Level
from guanxi.core.journal.models import Change, ChangeSet, Op
from guanxi.records import catalogue, invert, read, rights
from guanxi.records.entity import Entity
from guanxi.records.read.cells import Reader, names_of
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

    def on_day(self, field: str, zone: tzinfo) -> Q:
        """The same for a field that holds a day."""
        day, id_ = self.day(zone)
        return Q(**{f"{field}__lte": day}) & (Q(**{f"{field}__lt": day}) | Q(pk__lt=id_))

    def day(self, zone: tzinfo) -> tuple[date, int]:
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
        title = part.declared[part.title]
        if rights.level(self.actor, title) is Level.HIDDEN:
            return {}
        reader = Reader(self.actor, part, [title])
        mine = read.visible(part, self.actor).filter(**{link: self.id}).order_by("-pk")
        names = {r["id"]: reader.cell(r, title, {}).text for r in mine.values(*reader.columns())[:MOST_PARTS]}
        read.known_as(self.actor, key, names)
        return names

    def part(self, id: int) -> tuple[str, str] | None:  # noqa: A002
        """Name and address of a part."""
        if id not in self.parts:
            return None
        return self.parts[id], addresses.record_url(PARTS[self.entity.key][0], id)


@dataclass(frozen=True)
class Sets:
    """The change sets that moments of a page are owed to, and which of them were undone."""

    of: Mapping[int, ChangeSet]
    undone: frozenset[int]

    @classmethod
    def read(cls, numbers: Iterable[int]) -> Sets:
        """One query."""
        wanted = {n for n in numbers if n}
        rows = list(ChangeSet.objects.filter(Q(pk__in=wanted) | Q(undoes__in=wanted))) if wanted else []
        return cls({cs.pk: cs for cs in rows}, frozenset(cs.undoes_id for cs in rows if cs.undoes_id))


class TimelineSource(Protocol):
    """One sort of moments. `key` names it in addresses; `stands` costs no query.

    `heads` says which rows of `rows` are moments: querysets with the annotations that `head` makes (instant, id, change set or
    0), all of them before `before` where that is given, unordered. `items` makes the moments of some of those ids, in any order,
    each with the instant that its head said, and only of what the actor may see: a fixed number of queries, `sets` having the
    change sets that the heads named.
    """

    @property
    def key(self) -> str: ...

    @property
    def label(self) -> str | Promise: ...

    @property
    def icon(self) -> str: ...

    def stands(self, actor: Actor, entity: Entity) -> bool: ...

    def heads(self, about: About, *, before: Before | None) -> Sequence[QuerySet[Any]]: ...

    def items(self, about: About, ids: Sequence[int], sets: Sets) -> Sequence[Moment]: ...


def head(rows: QuerySet[Any], at: Any, *, id: Any = "pk", made_in: Any = None) -> QuerySet[Any]:  # noqa: A002
    """Rows as heads: `at`, `id` and `made_in` (the change set) are names of columns, or expressions."""
    none = Value(0, output_field=BigIntegerField())
    return rows.annotate(
        head_at=F(at) if isinstance(at, str) else at, head_id=F(id) if isinstance(id, str) else id,
        head_set=none if made_in is None else F(made_in),
    )  # fmt: skip


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
    sources = [s for s in sources_of(about.actor, about.entity) if not wanted or s.key in wanted]
    found = sorted(_heads(about, sources, before, limit + 1), key=lambda h: (h[1], -h[0], h[2]), reverse=True)
    page = found[:limit]
    sets = Sets.read(made_in for *_head, made_in in page)
    moments: dict[tuple[int, int], Moment] = {}
    for rank, source in enumerate(sources):
        if ids := [id_ for r, _at, id_, _set in page if r == rank]:
            moments |= {(rank, one.id): one for one in source.items(about, ids, sets)}
    shown = [moments[r, id_] for r, _at, id_, _set in page if (r, id_) in moments]
    if len(found) <= limit:
        return Timeline(shown)
    rank, at, id_, _set = page[-1]
    return Timeline(shown, str(Place(at, sources[rank].key, id_)))


def _heads(
    about: About, sources: Sequence[TimelineSource], before: Place | None, limit: int
) -> list[tuple[int, datetime, int, int]]:  # fmt: skip
    """(place of the source, instant, id, change set) of the newest moments of each source: one query for all of them."""
    parts = []
    for rank, source in enumerate(sources):
        for rows in source.heads(about, before=_bound(before, source.key)):
            ranked = rows.annotate(head_rank=Value(rank, output_field=IntegerField())).order_by("-head_at", "-head_id")
            parts.append(ranked.values_list("head_rank", "head_at", "head_id", "head_set")[:limit])
    if not parts:
        return []
    return list(parts[0] if len(parts) == 1 else parts[0].union(*parts[1:], all=True))


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

    def heads(self, about: About, *, before: Before | None) -> Sequence[QuerySet[Any]]:
        mine = Q(entity=about.entity.key, record=about.id)
        whose = mine
        if about.parts:
            whose |= Q(entity=PARTS[about.entity.key][0], record__in=list(about.parts))
        lines = Change.objects.filter(whose)
        # A record created together with many others has no line of its own: its change set says when.
        created = Change.objects.filter(mine, op=Op.CREATE)
        first = ChangeSet.objects.filter(~Exists(created), pk=about.created_in)
        if before is not None:
            lines = lines.filter(before.q("change_set__at"))
            first = first.filter(Q(at__lt=before.at) | Q(at=before.at) if before.id > 0 else Q(at__lt=before.at))
        return [
            head(lines, "change_set__at", made_in="change_set"),
            head(first, "at", id=Value(0, output_field=BigIntegerField()), made_in="pk"),
        ]

    def items(self, about: About, ids: Sequence[int], sets: Sets) -> Sequence[Moment]:
        lines = [
            line
            for line in Change.objects.filter(pk__in=[id_ for id_ in ids if id_])
            if _is_of(about, line) and line.change_set_id in sets.of
        ]
        moments = []
        for entity in {line.entity for line in lines}:
            past = Historian(catalogue.get(entity), about.actor)
            theirs = [line for line in lines if line.entity == entity]
            past.ahead(theirs)
            for line in theirs:
                line.change_set = sets.of[line.change_set_id]
                event = past.event(line, undone=line.change_set_id in sets.undone)
                part = about.part(line.record) if entity != about.entity.key else None
                moments.append(moment(about.actor, event, id=line.pk, about=part))
        if 0 in ids and (first := sets.of.get(about.created_in)):
            moments.append(moment(about.actor, Event(first, Op.CREATE.value, (), 0, first.pk in sets.undone)))
        return moments


def _is_of(about: About, line: Change) -> bool:
    return (line.entity, line.record) == (about.entity.key, about.id) or (
        line.record in about.parts and line.entity == PARTS[about.entity.key][0]
    )


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
