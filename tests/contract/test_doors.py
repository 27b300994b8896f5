"""The same for every entity of the catalogue: what each of seven people may do at each door, and that whoever may not
changes nothing, learns nothing, and cannot tell a record that is not theirs from one that is not there.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from guanxi.core.access import SYSTEM, acting
from guanxi.core.journal.models import Change, ChangeSet
from guanxi.kit.streams import open_table
from guanxi.records import bulk, catalogue, custom, invert, kinds, read, rights, write
from guanxi.records.entity import Entity
from guanxi.web.pages.export import write_rows
from tests.contract.worlds import World, shared
from tests.make import samples

ENTITIES = [e.key for e in catalogue.every()]
#: person: (role, whose record they try)
PEOPLE = {
    "owner": ("sales", "me"),
    "colleague": ("sales", "colleague"),
    "colleague elsewhere": ("sales", "elsewhere"),
    "manager": ("sales_manager", "below"),
    "manager of others": ("sales_manager", "elsewhere"),
    "marketing": ("marketing", "me"),
    "steward": ("steward", "elsewhere"),
    "stranger": ("", "me"),
}
#: role: whose rows, and what may be done to them
MAY = {
    "sales": ({"me"}, {"view", "create", "edit", "export"}),
    "sales_manager": ({"me", "colleague", "below"}, {"view", "create", "edit", "delete", "export", "import", "assign"}),
    "marketing": ({"me", "colleague", "below", "elsewhere"}, {"view"}),
    "steward": (
        {"me", "colleague", "below", "elsewhere"},
        {"view", "create", "edit", "delete", "export", "import", "assign"},
    ),
    "": (set(), set()),
}
KEPT_FOR_ALL = {"customers.category", "trade.category", "trade.product"}
#: Of those, what everybody may; the steward more.
ON_KEPT = {"steward": {"view", "create", "edit", "delete", "export", "import"}}


def may(person: str, entity: Entity, action: str) -> bool:
    role, place = PEOPLE[person]
    places, actions = MAY[role]
    if entity.key in KEPT_FOR_ALL:
        return bool(role) and action in ON_KEPT.get(role, {"view"})
    return action in actions and (place in places or shared(entity))


def may_at_all(person: str, entity: Entity, action: str) -> bool:
    role, _place = PEOPLE[person]
    return action in (ON_KEPT.get(role, {"view"}) if entity.key in KEPT_FOR_ALL and role else MAY[role][1])


def state() -> dict[str, Any]:
    """All record tables, byte for byte, and how much there is of everything that a request may write."""
    found: dict[str, Any] = {}
    tables = [e.table for e in catalogue.every()] + [
        "records_searchentry",
        "records_savedview",
        "records_customfield",
        "core_event",
    ]
    with connection.cursor() as cursor:
        known = set(connection.introspection.table_names(cursor))
        for table in tables:
            if table in known:
                cursor.execute(
                    f'SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM "{table}" t'
                )
                found[table] = cursor.fetchone()
    found["lines"] = Change.objects.count()
    found["change sets with lines"] = ChangeSet.objects.filter(lines__gt=0).count()
    return found


def client_of(world: World, person: str) -> Client:
    client = Client()
    world.as_role(PEOPLE[person][0])
    client.force_login(world.people["me"])
    return client


def base(entity: Entity) -> str:
    return f"/{entity.room}/{entity.noun}/"


def restored(entity: Entity, id_: int) -> dict[str, Any]:
    row = entity.model.all_rows.filter(pk=id_).values().get()
    return {k: v for k, v in row.items() if k not in ("version", "changed_at", "changed_in")}


every_person = pytest.mark.parametrize("person", PEOPLE)
every_entity = pytest.mark.parametrize("key", ENTITIES)


@every_entity
@every_person
def test_pages_open_for_whom_they_should(world: World, person: str, key: str) -> None:
    entity, client = catalogue.get(key), client_of(world, person)
    id_ = world.of(key, PEOPLE[person][1])
    before = state()
    for page, action in (("", "view"), ("filters", "view"), ("columns", "view"), ("choose", "view"), ("new", "create")):
        answer = client.get(base(entity) + page)
        assert (answer.status_code == 200) == may_at_all(person, entity, action), page
        assert answer.status_code in (200, 404)
    for page, action in (
        ("", "view"),
        ("timeline", "view"),
        ("panel/timeline", "view"),
        ("panels", "view"),
        ("neighbours?from=-", "view"),
        ("cell/x_open", "edit"),
        ("edit", "edit"),
        ("delete", "delete"),
    ):
        answer = client.get(f"{base(entity)}{id_}/{page}")
        assert answer.status_code == (200 if may(person, entity, action) else 404), page
    listed = client.get(f"{base(entity)}?n=200").content.decode()
    assert (f'value="{id_}"' in listed) == may(person, entity, "view")
    assert state() == before, "looking changed something"


@every_entity
@every_person
def test_editing_is_journalled_and_undone_or_refused_without_a_trace(world: World, person: str, key: str) -> None:
    entity, client = catalogue.get(key), client_of(world, person)
    id_ = world.of(key, PEOPLE[person][1])
    before, row = state(), restored(entity, id_)
    version = entity.model.all_rows.get(pk=id_).version
    answer = client.post(f"{base(entity)}{id_}/edit?field=x_open", {"x_open": "by hand", "version": version})
    if not may(person, entity, "edit"):
        assert answer.status_code == 404
        assert state() == before
        return
    assert answer.status_code == 302
    line = Change.objects.filter(record=id_, entity=key).latest("pk")
    assert line.after == {"x_open": "by hand"} and line.change_set.actor_id == world.people["me"].pk
    assert client.post(f"/journal/{line.change_set_id}/undo").status_code == 302
    assert restored(entity, id_) == row


@every_entity
@every_person
def test_deleting_is_journalled_and_undone_or_refused_without_a_trace(world: World, person: str, key: str) -> None:
    entity, client = catalogue.get(key), client_of(world, person)
    id_ = world.of(key, PEOPLE[person][1])
    before = state()
    with acting(SYSTEM):  # nothing may stand in the way but rights
        rows = {
            e.key: {
                i: restored(e, i) for i in e.model.all_rows.filter(deleted_in__isnull=True).values_list("pk", flat=True)
            }
            for e in catalogue.every()
        }
    version = entity.model.all_rows.get(pk=id_).version
    answer = client.post(f"{base(entity)}{id_}/delete", {"version": version})
    if not may(person, entity, "delete"):
        assert answer.status_code == 404
        assert state() == before
        return
    if answer.status_code == 422:  # still used
        assert state() == before
        return
    assert answer.status_code == 302
    assert client.get(f"{base(entity)}{id_}/").status_code == 404
    made = ChangeSet.objects.filter(action="delete").latest("pk")
    assert Change.objects.filter(change_set=made, record=id_, op="d").exists()
    world.as_role("administrator")  # what is undone by whoever may everything comes back whole
    invert.undo(SYSTEM, made.pk)
    for other in catalogue.every():
        now = {i: restored(other, i) for i in rows[other.key]}
        assert now == rows[other.key], other.key


@every_entity
@every_person
def test_bulk_editing_touches_only_what_may_be_edited(world: World, person: str, key: str) -> None:
    entity, client = catalogue.get(key), client_of(world, person)
    before = state()
    answer = client.post(f"{base(entity)}bulk", {"do": "edit", "all": "1", "x_open": "many", "params": ""})
    if not may_at_all(person, entity, "edit"):
        assert answer.status_code == 404
        assert state() == before
        return
    assert answer.status_code == 302
    changed = set(entity.model.all_rows.filter(custom__x_open="many").values_list("pk", flat=True))
    places = MAY[PEOPLE[person][0]][0]
    wanted = {i for place, i in world.every(key) if place in places or shared(entity)}
    assert changed == wanted
    done = ChangeSet.objects.filter(action="bulk").latest("pk")
    assert (
        done.balance["read"] == done.balance["updated"] == len(wanted) == Change.objects.filter(change_set=done).count()
    )
    others = [i for _p, i in world.every(key) if i not in wanted]
    if others:  # ticked by hand, and not theirs
        now = state()
        client.post(f"{base(entity)}bulk", {"do": "edit", "id": others, "x_open": "stolen"})
        assert state() == now


@every_entity
@every_person
def test_bulk_deleting_is_refused_without_a_trace(world: World, person: str, key: str) -> None:
    entity, client = catalogue.get(key), client_of(world, person)
    theirs = [i for place, i in world.every(key) if place not in MAY[PEOPLE[person][0]][0]]
    before = state()
    if may_at_all(person, entity, "delete") and (shared(entity) or not theirs):
        return
    answer = client.post(f"{base(entity)}bulk", {"do": "delete", "id": theirs or [1]})
    assert answer.status_code in (200, 302, 404)
    assert state() == before


@every_entity
@every_person
def test_creating_is_journalled_or_refused_without_a_trace(world: World, person: str, key: str) -> None:
    entity = catalogue.get(key)
    role, place = PEOPLE[person]
    actor = world.as_role(role)
    maker = samples.Maker(n=12_000, links={k: world.of(k, place) for k in ENTITIES}, user=world.people["me"].pk)
    values, _marks = maker.values(entity)
    if key == "customers.relation":
        values["other"] = world.records["customers.account", place][1]
    if key == "engagement.attachment":
        values |= {"about_entity": "customers.account", "about": world.of("customers.account", place)}
    allowed = rights.editable(actor, entity)
    values = {k: v for k, v in values.items() if k in allowed or not role}
    before = state()
    with acting(actor):
        if may(person, entity, "create") or (
            may_at_all(person, entity, "create") and entity.key in ("customers.account",)
        ):
            made = write.save(actor, entity, values)
            assert read.view(entity, actor, made.id).id == made.id
            assert Change.objects.filter(change_set=made.change_set, record=made.id, op="c").count() == 1
        else:
            with pytest.raises((write.Refused, write.Invalid, rights.UnknownField)):
                write.save(actor, entity, values)
            assert state() == before
    if not may_at_all(person, entity, "create"):
        client = client_of(world, person)
        assert client.post(f"{base(entity)}new", {"name": "x"}).status_code == 404
        assert state() == before


@every_entity
@every_person
def test_exports_hold_what_the_person_may_export(world: World, person: str, key: str) -> None:
    entity, client = catalogue.get(key), client_of(world, person)
    before = state()
    answer = client.post(f"{base(entity)}export", {"format": "CSV", "params": "cols=x_open"})
    if not may_at_all(person, entity, "export"):
        assert answer.status_code == 404
        assert state() == before
        assert not ChangeSet.objects.filter(action="export", entity=key).exists()
        return
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    places = MAY[PEOPLE[person][0]][0]
    assert len(lines) - 1 == sum(1 for place, _i in world.every(key) if place in places or shared(entity))
    assert ChangeSet.objects.filter(action="export", entity=key).count() == 1
    assert state() == before


@every_entity
@every_person
def test_importing_is_refused_without_a_trace(world: World, person: str, key: str) -> None:
    entity = catalogue.get(key)
    if may_at_all(person, entity, "import"):
        return
    actor = world.as_role(PEOPLE[person][0])
    before = state()
    with acting(actor), pytest.raises((write.Refused, rights.UnknownField)):
        bulk.load(actor, entity, [(1, {"x_open": "a"})], columns=["x_open"])
    assert state() == before


@every_entity
def test_anonymous_people_are_sent_to_sign_in_and_change_nothing(world: World, key: str) -> None:
    entity, client = catalogue.get(key), Client()
    id_ = world.of(key, "me")
    before = state()
    for page in ("", "new", "filters", "choose", f"{id_}/", f"{id_}/edit", f"{id_}/delete", "987654321/"):
        for answer in (client.get(base(entity) + page), client.post(base(entity) + page, {"x_open": "a"})):
            assert answer.status_code == 302 and answer["Location"].startswith("/sign-in")
            assert not answer.content
    for page in ("bulk", "export", f"{id_}/reveal/x_locked", "views/save"):
        assert client.post(base(entity) + page, {"do": "delete", "all": "1"}).status_code == 302
    assert state() == before


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@every_entity
def test_export_and_import_give_the_same_rows_again(world: World, key: str, form: str) -> None:
    entity = catalogue.get(key)
    actor = world.as_role("administrator")
    fields = {
        k: f for k, f in rights.editable(actor, entity).items()
        if not (f.computed or f.secret or isinstance(f.kind, kinds.File)) and (not f.read_only)
    }  # fmt: skip
    keys = [*(k for k in entity.recognise_by if k in custom.fields(entity) and k not in fields), *fields]
    formats = read.formats_for(actor)
    with acting(actor):
        rows = list(read.stream(entity, actor, read.Query(columns=tuple(keys))))
        file = BytesIO()
        write_rows(file, form, keys, rows, formats, "rows")
        file.seek(0)
        with open_table(file, f"rows.{form}") as table:
            assert table.header == keys
            given = [(row.number, dict(zip(keys, row.cells, strict=True))) for row in table.rows()]
        assert len(given) == len(rows)
        held: list[Any] = []
        before = {i: restored(entity, i) for _p, i in world.every(key)}
        loaded = bulk.load(actor, entity, given, columns=keys, held=lambda n, problems: held.append((n, problems)))
        assert not held
        if entity.recognise_by:
            assert loaded.balance.unchanged == len(rows) and not loaded.change_set, (
                "importing an export changed something"
            )
            assert {i: restored(entity, i) for i in before} == before
        else:
            assert loaded.balance.created == len(rows)
            again = [r for r in read.stream(entity, actor, read.Query(columns=tuple(keys))) if r.id not in before]
            texts = sorted([c.text for c in r.cells] for r in rows)
            assert sorted([c.text for c in r.cells] for r in again) == texts
