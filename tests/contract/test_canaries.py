"""Every cell of every record carries a mark; every address is visited in every role; no mark shows that should not, and
every mark shows that should.

What should is decided here, by hand and not by the program: who sees whose rows, how much of each class of fields a role
gets, and which field is of which class. A field that changes its class, or a new one that is not public, has to be entered.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.test import Client

from guanxi.core.journal.models import ChangeSet
from guanxi.records import catalogue, custom, kinds, read, rights, write
from guanxi.records.models import SavedView
from tests.contract.worlds import PLACES, Token, World, shared
from tests.make import samples

# --- who sees what: the decision table -----------------------------------------------------------------------------------

OWN, TREE, ALL = {"me"}, {"me", "colleague", "below"}, set(PLACES)
HIDDEN, MASKED, SHOWN = "hidden", "masked", "shown"
#: role: whose rows, then public, internal, personal, secret
TABLE: dict[str, tuple[set[str], str, str, str, str]] = {
    "sales": (OWN, SHOWN, SHOWN, SHOWN, MASKED),
    "sales_manager": (TREE, SHOWN, SHOWN, SHOWN, MASKED),
    "service": (ALL, SHOWN, SHOWN, SHOWN, MASKED),
    "marketing": (ALL, SHOWN, SHOWN, MASKED, HIDDEN),
    "analyst": (ALL, SHOWN, SHOWN, MASKED, HIDDEN),
    "steward": (ALL, SHOWN, SHOWN, SHOWN, MASKED),
    "privacy": (ALL, SHOWN, SHOWN, SHOWN, MASKED),
    "administrator": (ALL, SHOWN, SHOWN, SHOWN, SHOWN),
    "": (set(), HIDDEN, HIDDEN, HIDDEN, HIDDEN),
}
CLASSES = ("public", "internal", "personal", "secret")
#: Fields that are not public.
CLASS_OF: dict[str, dict[str, str]] = {
    "customers.account": {
        "phone": "personal", "mobile": "personal", "email": "personal", "wechat": "personal", "address": "personal",
        "gender": "personal", "birth_date": "personal", "employer": "personal", "id_number": "secret",
        "annual_revenue": "internal", "credit_rating": "internal", "complaint_record": "internal",
    },
    "customers.contact": {
        "phone": "personal", "mobile": "personal", "email": "personal", "wechat": "personal", "gender": "personal",
        "birth_date": "personal",
    },
    "customers.address": {"address": "personal", "recipient": "personal", "phone": "personal"},
    "customers.contactpoint": {"value": "personal"},
    "trade.product": {"cost": "internal"},
    "trade.order": {"delivery_address": "personal"},
    "engagement.interaction": {"subject": "personal", "words": "personal"},
}  # fmt: skip
EXTRA = {"x_open": "public", "x_inside": "internal", "x_private": "personal", "x_locked": "secret"}
#: Kept encrypted: nobody reads them on a page, whatever their role; whoever may asks for one at a time.
ENCRYPTED = {("customers.account", "id_number")}
#: Rows that are everybody's who has a role at all.
COMMON = {"records.tag", "customers.category", "trade.category", "trade.product"}
#: Who may look at change sets of others.
READS_JOURNAL = {"steward", "privacy", "administrator"}


def class_of(entity: str, field: str) -> str:
    return EXTRA.get(field) or CLASS_OF.get(entity, {}).get(field, "public")


def decide(role: str, entity: str, field: str, place: str) -> str:
    places, *levels = TABLE[role]
    if not places or (place not in places and entity not in COMMON):
        return HIDDEN
    level = levels[CLASSES.index(class_of(entity, field))]
    return MASKED if level == SHOWN and (entity, field) in ENCRYPTED else level


# --- the marks in a page -------------------------------------------------------------------------------------------------

WORD = re.compile(r"cnry[bcdfghjkmnpqrstvwxz]{5}q")
DAY = re.compile(r"\b(?:19|20)\d\d-\d\d-\d\d\b")
RUN = re.compile(r"\d{7,}")
BETWEEN = re.compile(r"(?<=\d)[ ,\u00a0\u202f-](?=\d)")
LENGTHS = (7, 11, 17, 18)


def marks_in(body: str) -> set[str]:
    """Everything in a text that could be a mark."""
    text = html.unescape(body).lower()
    found = set(WORD.findall(text)) | set(DAY.findall(text))
    for run in RUN.findall(BETWEEN.sub("", text)):
        for length in LENGTHS:
            found.update(run[i : i + length] for i in range(len(run) - length + 1))
    return found


# --- the addresses -------------------------------------------------------------------------------------------------------


def addresses(world: World, role: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, address, more) of every page there is, for records inside the role's reach and outside."""
    yield "get", "/", {}
    yield "get", "/me", {}
    yield "get", "/choose/people", {}
    yield "get", "/journal/", {}
    yield "get", "/intake/import/", {}
    for area in ("people", "departments", "roles", "currencies", "organisation", "fields/", "lists/"):
        yield "get", f"/settings/{area}", {}
    actor = world.as_role(role)
    for entity in catalogue.every():
        base = f"/{entity.room}/{entity.noun}/"
        known = [k for k, f in rights.readable(actor, entity).items()] or ["x_open"]
        whole = f"cols={','.join(known)}&n=200"
        for page in ("", f"?{whole}", "filters", "columns", "views", "choose", "new"):
            yield "get", base + page, {}
        yield "get", f"{base}?{whole}", {"hx": "rows"}
        yield "get", f"/insight/records/{entity.key}/", {}
        for by in [k for k, f in custom.fields(entity).items() if f.kind.key == "choice"][:2]:
            for page in ("board", "board/cards", "board/figures"):
                yield "get", f"{base}{page}?by={by}", {}
        for do in ("edit", "tag", "assign", "delete"):
            yield "get", f"{base}bulk?do={do}&all=1", {}
        yield "post", f"{base}export", {"data": {"format": "CSV", "params": whole}}
        yield "get", f"/settings/fields/{entity.key}/", {}
        sortable = [k for k, f in custom.fields(entity).items() if f.kind.sortable and not f.computed]
        for key in sortable[:1]:
            yield "get", f"{base}?sort=-{key}&{whole}", {}
        for place, id_ in world.every(entity.key):
            for page in ("", "edit", "delete", "timeline", "panels", "neighbours?from=-"):
                yield "get", f"{base}{id_}/{page}", {}
            if place in ("me", "elsewhere"):
                yield "get", f"{base}{id_}/", {"hx": "record"}
                yield "get", f"{base}{id_}/edit", {"hx": "gx-dialog"}
                for key in (*EXTRA, *CLASS_OF.get(entity.key, {}), entity.title):
                    yield "get", f"{base}{id_}/origin/{key}", {"hx": "origin"}
                for key in ("x_private", "x_locked"):
                    yield "get", f"{base}{id_}/edit?field={key}", {}
                    yield "get", f"{base}{id_}/cell/{key}", {"hx": "fact"}
                yield "get", f"{base}{id_}/why?person={world.people['me'].pk}", {}
        for place in PLACES:
            for id_ in world.deleted.get((entity.key, place), ()):
                for page in ("", "timeline"):
                    yield "get", f"{base}{id_}/{page}", {}
    sets = list(ChangeSet.objects.filter(lines__gt=0).order_by("pk").values_list("pk", flat=True))
    for pk in sets if role in READS_JOURNAL else sets[::12] + sets[-12:]:
        yield "get", f"/journal/{pk}", {}


def visit(client: Client, method: str, address: str, more: dict[str, Any]) -> tuple[int, str]:
    headers = {"HX-Request": "true", "HX-Target": more["hx"]} if "hx" in more else {}
    answer = getattr(client, method)(address, more.get("data"), headers=headers)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer.status_code, body.decode("utf-8-sig")


@pytest.fixture(scope="module")
def house(house: World) -> World:
    """With what makes leaks likely: views that others share, and change sets of one's own about rows of others."""
    for token in [t for t in house.tokens if t.field in ("phone", "x_private", "x_locked", "email") and not t.gone][
        :40
    ]:
        SavedView.objects.create(
            entity=token.entity, name=f"view {token.record} {token.field} {token.old}", owner=house.people["colleague"], shared=True,
            query=f"f.{token.field}.is={token.mark.text}",
        )  # fmt: skip
    maker = samples.Maker(n=7000)
    actor = house.as_role("administrator")
    from guanxi.core.access import acting

    with acting(actor):
        for entity in catalogue.every():
            id_ = house.of(entity.key, "elsewhere")
            every = custom.fields(entity)
            keys = [
                *EXTRA,
                *(k for k in ("remark", "description", "recipient", "email", "label", "reference") if k in every),
            ]
            made = {key: maker.value(every[key]) for key in keys}
            write.save(actor, entity, {k: value for k, (value, _marks) in made.items()}, id=id_)
            house.tokens = [
                t
                if t.record != id_ or t.field not in made or t.old
                else Token(t.mark, t.entity, t.record, t.field, t.place, old=True)
                for t in house.tokens
            ]
            house.tokens += [
                Token(m, entity.key, id_, key, "elsewhere") for key, (_v, found) in made.items() for m in found
            ]
    return house


def test_table_knows_every_field_that_is_not_public(world: World) -> None:
    """The table above and the declarations agree: a new field that is not public has to be entered there."""
    declared = {(e.key, k): f.sensitivity for e in catalogue.every() for k, f in e.declared.items() if not f.computed}
    assert declared == {at: class_of(*at) for at in declared}
    assert {e.key for e in catalogue.every() if shared(e)} == COMMON
    assert {(e.key, k) for e in catalogue.every() for k, f in e.declared.items() if f.secret} == ENCRYPTED


def test_marks_are_told_apart(world: World) -> None:
    assert len({t.mark.text for t in world.tokens}) == len(world.tokens)
    assert len(world.tokens) > 1000


@pytest.mark.parametrize("role", TABLE)
def test_no_page_shows_what_is_denied_and_pages_show_what_is_allowed(world: World, role: str, capsys: Any) -> None:
    client = Client()
    client.force_login(world.people["me"])
    world.as_role(role)
    level = {t.mark.text: decide(role, t.entity, t.field, t.place) for t in world.tokens}
    token = {t.mark.text: t for t in world.tokens}
    leaks: list[str] = []
    seen: set[str] = set()
    pages = broken = 0
    for method, address, more in addresses(world, role):
        status, body = visit(client, method, address, more)
        pages += 1
        broken += status >= 500
        for mark in marks_in(body) & level.keys():
            seen.add(mark)
            one = token[mark]
            if level[mark] != SHOWN:
                leaks.append(
                    f"{method} {address}: {one.entity}.{one.field} of {one.place} ({level[mark]}, old={one.old})"
                )
            elif one.gone and not address.startswith("/journal/"):
                leaks.append(f"{method} {address}: {one.entity}.{one.field} of {one.place}, which was deleted")
    wanted = {m for m, decision in level.items() if decision == SHOWN and _reachable(role, token[m])}
    blocked = [
        f"{t.entity}.{t.field} of {t.place} old={t.old} {t.mark.text}"
        for m in sorted(wanted - seen)
        for t in [token[m]]
    ]
    with capsys.disabled():
        print(f"\n  {role or 'nobody'}: {pages} pages × {len(level)} marks = {pages * len(level):,} combinations,"
              f" {len(leaks)} leaks, {len(blocked)} of {len(wanted)} over-blocked", end="")  # fmt: skip
    assert not leaks, "\n".join(leaks[:40])
    assert not blocked, "\n".join(blocked[:40])
    assert not broken


def _reachable(role: str, one: Token) -> bool:
    """Whether the crawl must have met this mark: old values stand in origins and change sets, which it samples."""
    if one.gone:
        return False
    if one.old:
        return role in READS_JOURNAL or one.place == "me"
    return True


def test_anonymous_people_are_sent_to_sign_in(world: World) -> None:
    client = Client()
    known = {t.mark.text for t in world.tokens}
    pages = 0
    for method, address, more in addresses(world, "administrator"):
        status, body = visit(client, method, address, more)
        pages += 1
        assert status in (302, 401, 404), f"{method} {address}: {status}"
        assert not marks_in(body) & known
    assert pages > 400


@pytest.mark.parametrize("role", TABLE)
def test_cells_agree_with_the_table(world: World, role: str) -> None:
    """The same at the door itself, also for what no mark can be put on: choices, yes/no, links."""
    actor = world.as_role(role)
    n = 0
    for entity in catalogue.every():
        for place, id_ in world.every(entity.key):
            may = decide(role, entity.key, "x_open", place) != HIDDEN
            if not may:
                with pytest.raises(read.Hidden):
                    read.view(entity, actor, id_)
                continue
            view = read.view(entity, actor, id_)
            for key, field in custom.fields(entity).items():
                wanted = decide(role, entity.key, key, place)
                n += 1
                assert (key in view.cells) == (wanted != HIDDEN), f"{entity.key}.{key}"
                if wanted == MASKED and not view[key].empty:
                    assert view[key].masked and view[key].value is None and not view[key].edit_text, (
                        f"{entity.key}.{key}"
                    )
                if wanted == SHOWN:
                    assert not view[key].masked, f"{entity.key}.{key}"
                    if not (isinstance(field.kind, kinds.Link) or field.computed):
                        assert view[key].empty or view[key].value is not None
    assert n or role == ""


REVEALS = {"sales_manager", "privacy", "administrator"}
#: What is kept for everybody's use is the steward's and the administrator's; the roles above see it and no more.
KEPT_FOR_ALL = COMMON - {"records.tag"}


@pytest.mark.parametrize("role", TABLE)
def test_only_who_may_unmask_reveals_and_it_is_written_down(world: World, role: str) -> None:
    client = Client()
    client.force_login(world.people["me"])
    world.as_role(role)
    for one in world.tokens:
        if one.old or one.gone or one.place not in ("me", "elsewhere") or class_of(one.entity, one.field) == "public":
            continue
        level = decide(role, one.entity, one.field, one.place)
        may = level == MASKED and role in (REVEALS if one.entity not in KEPT_FOR_ALL else {"administrator"})
        before = ChangeSet.objects.count()
        room, noun = one.entity.split(".")
        answer = client.post(f"/{room}/{noun}/{one.record}/reveal/{one.field}", headers={"HX-Request": "true"})
        assert (answer.status_code == 200) == may, f"{one.entity}.{one.field} of {one.place}: {answer.status_code}"
        assert (one.mark.text in marks_in(answer.content.decode())) == may
        noted = ChangeSet.objects.filter(action="reveal", entity=one.entity, record=one.record).count()
        assert ChangeSet.objects.count() - before == (1 if may else 0)
        assert bool(noted) == may or not may


@pytest.mark.parametrize("role", [r for r in TABLE if r])
def test_search_finds_by_what_may_be_read_only(world: World, role: str) -> None:
    actor = world.as_role(role)
    for one in world.tokens:
        if one.gone or one.mark.sort == "day" or one.place in ("colleague", "below"):
            continue
        entity = catalogue.get(one.entity)
        field = custom.fields(entity)[one.field]
        found = {row.id for row in read.page(entity, actor, read.Query(search=one.mark.text)).rows}
        indexed = field.search and not isinstance(field.kind, kinds.Address)  # addresses are found by city and district
        may = decide(role, one.entity, one.field, one.place) == SHOWN and indexed and not one.old
        assert found == ({one.record} if may else set()), f"{one.entity}.{one.field} of {one.place} old={one.old}"


def questions(entity: Any, key: str) -> Iterable[str]:
    ops = sorted({o.key for o in entity_ops(entity, key)})
    for op in {*ops[:1], *ops[-1:]}:
        yield f"f.{key}.{op}=1"
    yield f"sort=-{key}"


def entity_ops(entity: Any, key: str) -> Iterable[Any]:
    return custom.fields(entity)[key].kind.operators


@pytest.mark.parametrize("role", [r for r in TABLE if r])
def test_a_denied_field_answers_as_an_unknown_one(world: World, role: str) -> None:
    """In filter, sort, columns, count and export: the same status and the same bytes."""
    client = Client()
    client.force_login(world.people["me"])
    world.as_role(role)
    n = 0
    for entity in catalogue.every():
        base = f"/{entity.room}/{entity.noun}/"
        for key in custom.fields(entity):
            level = decide(role, entity.key, key, "me")
            readable = level == SHOWN or ((entity.key, key) in ENCRYPTED and role == "administrator")
            asked = [] if readable else list(questions(entity, key))
            asked += [f"cols={key}"] if level == HIDDEN else []
            for question in asked:
                unknown = question.replace(key, "x_no_such_field")
                for page in ("", "filters", "columns", "views") if n % 7 == 0 else ("",):
                    if page in ("columns", "views") and "cols=" not in question:
                        continue
                    if page == "views" or (page == "filters" and "f." not in question):
                        continue
                    a, b = client.get(f"{base}{page}?{question}"), client.get(f"{base}{page}?{unknown}")
                    assert (a.status_code, a.content) == (b.status_code, b.content), f"{base}{page}?{question}"
                    assert a.status_code == 400, f"{base}{page}?{question}"
                    n += 1
                if "f." in question:
                    a, b = (
                        visit(client, "post", f"{base}export", {"data": {"params": q}}) for q in (question, unknown)
                    )
                    assert a == b and a[0] in (400, 404), question
            if level == HIDDEN:
                id_ = world.of(entity.key, "me")
                for address in (f"origin/{key}", f"edit?field={key}"):
                    a, b = (
                        client.get(f"{base}{id_}/{address}"),
                        client.get(f"{base}{id_}/{address.replace(key, 'x_no_such')}"),
                    )
                    assert (a.status_code, a.content) == (b.status_code, b.content), address
                    assert a.status_code == 404
    assert n or role == "administrator"


@pytest.mark.parametrize("role", ["sales", "sales_manager", ""])
def test_a_forbidden_record_answers_as_an_unknown_one(world: World, role: str) -> None:
    client = Client()
    client.force_login(world.people["me"])
    world.as_role(role)
    for entity in catalogue.every():
        if shared(entity) and role:
            continue
        base = f"/{entity.room}/{entity.noun}/"
        theirs = world.of(entity.key, "elsewhere")
        for page in ("", "edit", "delete", "timeline", "panels", "neighbours?from=-", "cell/x_open", "origin/x_open"):
            a, b = client.get(f"{base}{theirs}/{page}"), client.get(f"{base}987654321/{page}")
            assert (a.status_code, a.content) == (b.status_code, b.content), page
            assert a.status_code == 404
        for page, data in (("edit", {"x_open": "stolen"}), ("delete", {}), ("reveal/x_locked", {})):
            a, b = client.post(f"{base}{theirs}/{page}", data), client.post(f"{base}987654321/{page}", data)
            assert (a.status_code, a.content) == (b.status_code, b.content), page
            assert a.status_code == 404


def test_an_encrypted_number_is_found_by_being_equal_and_by_nothing_else(world: World) -> None:
    actor = world.as_role("administrator")
    entity = catalogue.get("customers.account")
    people = {t.record: t.mark.text for t in world.tokens if t.field == "id_number" and not t.old}
    every = {i for _p, i in world.every(entity.key)}

    def found(op: str, *values: str) -> set[int]:
        return {
            row.id for row in read.page(entity, actor, read.Query(filters=(read.Filter("id_number", op, values),))).rows
        }

    for id_, number in people.items():
        assert found("is", number) == {id_}
    assert found("filled", "1") == set(people)
    assert found("empty", "1") == every - set(people)
    for question in ("f.id_number.contains=1", "f.id_number.starts=1", "sort=id_number"):
        client = Client()
        client.force_login(world.people["me"])
        assert client.get(f"/customers/account/?{question}").status_code == 400
