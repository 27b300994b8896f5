"""Dashboards as people keep them: the closed schema of tiles, who sees and changes which board, verbs, undo.

A board is somebody's own like a saved view, and what is on it is worked out with the rights of whoever looks: sharing one shares
questions, never answers. Every change is a note in the journal with the board before and after, and can be taken back.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Role
from guanxi.core.journal import note
from guanxi.core.journal.models import ChangeSet
from guanxi.insight import periods, questions
from guanxi.insight.models import Dashboard, HomeBoard, Sharing
from guanxi.insight.questions import Question
from guanxi.records import catalogue
from guanxi.records.read import BadQuery, Hidden, formats_for
from guanxi.records.rights import UnknownField
from guanxi.records.write import Refused

KEY = "insight.dashboard"
KINDS = ("number", "line", "bar", "stacked", "funnel", "heat", "table", "completeness")
WIDTHS = (3, 4, 6, 8, 12)
HEIGHTS = (1, 2, 3)
MOST_TILES = 40
MOST_BOARDS = 60


class Invalid(ValueError):
    """A tile or board that does not fit the schema; the message is for the person."""


class Stale(Exception):
    """Somebody else changed the board meanwhile."""


@dataclass(frozen=True)
class Tile:
    """One tile. `filters` as a list's address has them; `follows`: the board's filters hold for it. Width in twelfths, height in rows."""

    id: str
    kind: str
    title: str
    entity: str
    measure: str = "count"
    by: str = ""
    split: str = ""
    filters: str = ""
    top: int = 0
    cumulative: bool = False
    follows: bool = True
    width: int = 6
    height: int = 2

    def question(self) -> Question:
        return Question.of(
            self.entity, self.filters, measure=self.measure, by=self.by, split=self.split, top=self.top,
            cumulative=self.cumulative,
        )  # fmt: skip


_TYPES: dict[str, type] = {
    "id": str, "kind": str, "title": str, "entity": str, "measure": str, "by": str, "split": str, "filters": str, "top": int,
    "cumulative": bool, "follows": bool, "width": int, "height": int,
}  # fmt: skip
NEEDS_BY = ("line", "bar", "stacked", "funnel", "heat", "table")


def tile(raw: Mapping[str, Any]) -> Tile:
    """A tile from JSON: exactly the known keys, each of its type and range; Invalid otherwise."""
    if set(raw) - set(_TYPES):
        raise Invalid(_("This tile has something unknown in it."))
    values: dict[str, Any] = {}
    for key, type_ in _TYPES.items():
        if key not in raw:
            continue
        value = raw[key]
        if type(value) is not type_ or (isinstance(value, str) and len(value) > (2000 if key == "filters" else 120)):
            raise Invalid(_("This tile has something unknown in it."))
        values[key] = value
    values.setdefault("id", secrets.token_hex(4))
    try:
        made = Tile(**values)
    except TypeError:
        raise Invalid(_("This tile has something unknown in it.")) from None
    if made.kind not in KINDS or made.width not in WIDTHS or made.height not in HEIGHTS or not 0 <= made.top <= 50:
        raise Invalid(_("This tile has something unknown in it."))
    if not made.id.isalnum() or len(made.id) > 20:
        raise Invalid(_("This tile has something unknown in it."))
    if not made.title.strip():
        raise Invalid(_("Give the tile a title."))
    if made.kind in NEEDS_BY and not made.by:
        raise Invalid(_("Say by what the figure is split up."))
    if made.kind in ("stacked", "heat") and not made.split:
        raise Invalid(_("This kind of tile needs a second thing to split by."))
    try:
        made.question()
    except BadQuery as error:
        raise Invalid(_("The filters of this tile cannot be read.")) from error
    return made


def check(actor: Actor, made: Tile) -> None:
    """Whether the actor may ask this at all; Invalid, the same for what is unknown and what is not for them."""
    try:
        if made.kind == "completeness":
            catalogue.get(made.entity)
            return
        questions.resolve(actor, made.question())
    except (UnknownField, catalogue.UnknownEntity, BadQuery) as error:
        raise Invalid(_("There is no such figure.")) from error


def tiles_of(board: Dashboard) -> list[Tile]:
    """The tiles that fit the schema; others (of an earlier version) are left out."""
    found = []
    for raw in board.tiles if isinstance(board.tiles, list) else ():
        try:
            found.append(tile(raw))
        except Invalid:
            continue
    return found


# Who sees and changes what ----------------------------------------------------------------------------------------------


def seen_by(actor: Actor) -> QuerySet[Dashboard]:
    """Boards of their own, those shared with a role of theirs, and everybody's."""
    if actor.user_id is None:
        return Dashboard.objects.none()
    mine = Q(owner=actor.user_id) | Q(sharing=Sharing.EVERYBODY) | Q(sharing=Sharing.ROLES, roles__in=actor.role_ids)
    return Dashboard.objects.filter(mine, deleted_at__isnull=True).distinct().order_by("position", "id")


def get(actor: Actor, pk: int) -> Dashboard:
    """One board, or Hidden, whether it is there or not."""
    found = seen_by(actor).filter(pk=pk).first()
    if found is None:
        raise Hidden(f"{KEY} {pk}")
    return found


def default_for(actor: Actor) -> Dashboard | None:
    """Their first own board, else the first they see."""
    seen = list(seen_by(actor)[:MOST_BOARDS])
    return next((b for b in seen if b.owner_id == actor.user_id), seen[0] if seen else None)


#: The ready board that start pages begin with.
HOME = "lately"


def tiles_for(actor: Actor, board: Dashboard) -> list[Tile]:
    """The tiles about objects that the actor may see at all."""
    return [t for t in tiles_of(board) if actor.can(t.entity, "view")]


def home_of(actor: Actor) -> tuple[Dashboard | None, bool]:
    """The board of the actor's start page, and whether they chose it (also none). Who chose nothing gets what was shared with a role
    of theirs, else their first own, else the ready one; only with something on it that they may see."""
    if actor.user_id is None:
        return None, False
    seen = list(seen_by(actor)[:MOST_BOARDS])
    choice = HomeBoard.objects.filter(person=actor.user_id).first()
    if choice is not None:
        chosen = next((b for b in seen if b.pk == choice.board_id), None)
        if chosen is not None or choice.board_id is None:
            return chosen, True

    def rank(board: Dashboard) -> int:
        if board.owner_id != actor.user_id and board.sharing == Sharing.ROLES:
            return 0
        return 1 if board.owner_id == actor.user_id else 2 if board.key == HOME else 3

    return next((b for b in sorted(seen, key=rank) if tiles_for(actor, b)), None), False


def choose_home(actor: Actor, pk: int | None) -> None:
    """Put a board on the actor's start page, or none. Raises Hidden."""
    if actor.user_id is None:
        raise Refused(KEY)
    board = get(actor, pk) if pk is not None else None
    HomeBoard.objects.update_or_create(person_id=actor.user_id, defaults={"board": board})


def may_change(actor: Actor, board: Dashboard) -> bool:
    """Its owner; boards of nobody in particular are the administrators'."""
    if board.owner_id is not None:
        return board.owner_id == actor.user_id
    return actor.can("settings.organisation", "edit")


def may_share_widely(actor: Actor) -> bool:
    """Whether the actor may put a board before everybody."""
    return actor.can("settings.organisation", "edit")


# Verbs ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    """What of a board a person sets."""

    name: str
    period: str = "last_365_days"
    sharing: str = Sharing.PRIVATE
    roles: tuple[str, ...] = ()
    tiles: tuple[Tile, ...] = field(default=())


def draft_of(board: Dashboard) -> Draft:
    roles = tuple(board.roles.order_by("pk").values_list("key", flat=True)) if board.pk else ()
    return Draft(board.name, board.period, board.sharing, roles, tuple(tiles_of(board)))


def _clean(actor: Actor, draft: Draft, board: Dashboard | None) -> Draft:
    name = " ".join(draft.name.split())
    if not 0 < len(name) <= 100:
        raise Invalid(_("Give the dashboard a name."))
    if len(draft.tiles) > MOST_TILES:
        raise Invalid(_("A dashboard holds at most %(n)s tiles.") % {"n": MOST_TILES})
    if len({t.id for t in draft.tiles}) != len(draft.tiles):
        raise Invalid(_("This tile has something unknown in it."))
    try:
        periods.read(draft.period, formats_for(actor))
    except BadQuery as error:
        raise Invalid(_("Choose one from the list.")) from error
    if draft.sharing not in Sharing.values:
        raise Invalid(_("Choose one from the list."))
    before = board.sharing if board is not None and board.pk else ""
    if draft.sharing == Sharing.EVERYBODY and before != Sharing.EVERYBODY and not may_share_widely(actor):
        raise Refused(f"{KEY}: share")
    held = {t.id: t for t in tiles_of(board)} if board is not None else {}
    for made in draft.tiles:
        if held.get(made.id) != made and replace(made, width=6, height=2) != (
            replace(held[made.id], width=6, height=2) if made.id in held else None
        ):
            check(actor, made)
    roles = tuple(sorted(set(draft.roles))) if draft.sharing == Sharing.ROLES else ()
    mine = set(Role.objects.filter(pk__in=actor.role_ids).values_list("key", flat=True))
    known = set(Role.objects.values_list("key", flat=True)) if may_share_widely(actor) else mine
    held_roles = set(board.roles.values_list("key", flat=True)) if board is not None and board.pk else set()
    if set(roles) - known - held_roles or (draft.sharing == Sharing.ROLES and not roles):
        raise Invalid(_("Choose at least one role."))
    return replace(draft, name=name, roles=roles)


def _state(board: Dashboard) -> dict[str, Any]:
    d = draft_of(board)
    return {
        "name": d.name, "period": d.period, "sharing": str(d.sharing), "roles": list(d.roles),
        "tiles": [asdict(t) for t in d.tiles], "deleted": board.deleted_at is not None,
    }  # fmt: skip


def _store(board: Dashboard, draft: Draft) -> None:
    board.name, board.period, board.sharing = draft.name, draft.period, draft.sharing
    board.tiles = [asdict(t) for t in draft.tiles]
    board.save()
    board.roles.set(Role.objects.filter(key__in=draft.roles))


@transaction.atomic
def create(actor: Actor, draft: Draft) -> Dashboard:
    """A new board of the actor's own. Raises Invalid, Refused."""
    if actor.user_id is None:
        raise Refused(KEY)
    if Dashboard.objects.filter(owner=actor.user_id, deleted_at__isnull=True).count() >= MOST_BOARDS:
        raise Invalid(_("That is enough dashboards for one person."))
    board = Dashboard(owner_id=actor.user_id)
    _store(board, _clean(actor, draft, board))
    note(actor, action="create", entity=KEY, record=board.pk, detail={"before": None, "after": _state(board)})
    return board


@transaction.atomic
def save(actor: Actor, pk: int, draft: Draft, *, version: int | None = None, action: str = "edit") -> int:
    """Change a board; returns the change set (0 when nothing changed). Raises Hidden, Refused, Invalid, Stale."""
    board = _locked(actor, pk)
    if version is not None and version != board.version:
        raise Stale
    before = _state(board)
    _store(board, _clean(actor, draft, board))
    after = _state(board)
    if before == after:
        return 0
    Dashboard.objects.filter(pk=board.pk).update(version=board.version + 1)
    return note(actor, action=action, entity=KEY, record=board.pk, detail={"before": before, "after": after})


@transaction.atomic
def delete(actor: Actor, pk: int) -> int:
    """Take a board away; it can be brought back by undo. Returns the change set."""
    board = _locked(actor, pk)
    before = _state(board)
    Dashboard.objects.filter(pk=board.pk).update(deleted_at=timezone.now(), version=board.version + 1)
    board.refresh_from_db()
    return note(actor, action="delete", entity=KEY, record=board.pk, detail={"before": before, "after": _state(board)})


@transaction.atomic
def undo(actor: Actor, change_set: int) -> Dashboard:
    """Take back what a change set of the actor's own did to a board. Stale when it was changed since; Hidden when there is none."""
    done = ChangeSet.objects.filter(pk=change_set, entity=KEY, actor=actor.user_id).first()
    if done is None or not isinstance(done.detail.get("after"), dict):
        raise Hidden(f"{KEY} {change_set}")
    board = Dashboard.objects.select_for_update().filter(pk=done.record or 0).first()
    if board is None or not may_change(actor, board):
        raise Hidden(f"{KEY} {change_set}")
    now, before = _state(board), done.detail["before"]
    if now != done.detail["after"]:
        raise Stale
    if before is None:
        before = {**now, "deleted": True}
    draft = Draft(
        before["name"], before["period"], before["sharing"], tuple(before["roles"]),
        tuple(tile(t) for t in before["tiles"]),
    )  # fmt: skip
    board.deleted_at = timezone.now() if before["deleted"] else None
    board.version += 1
    _store(board, draft)
    note(
        actor, action="undo", entity=KEY, record=board.pk,
        detail={"undoes": change_set, "before": now, "after": _state(board)},
    )  # fmt: skip
    return board


def _locked(actor: Actor, pk: int) -> Dashboard:
    get(actor, pk)
    board = Dashboard.objects.select_for_update().get(pk=pk)
    if not may_change(actor, board):
        raise Refused(f"{KEY} {pk}")
    return board


def copy_of(board: Dashboard, name: str, translate: Sequence[str] = ()) -> Draft:
    """The same board as a private draft under another name."""
    fresh = tuple(
        replace(t, id=secrets.token_hex(4), title=_(t.title) if t.title in translate else t.title)
        for t in tiles_of(board)
    )
    return Draft(name, board.period, Sharing.PRIVATE, (), fresh)
