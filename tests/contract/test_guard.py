# ruff: noqa: E501 (tables)
"""The database's own wall: no record table is written without a change set, and the rows written are those in the journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, models, transaction
from django.db.models import Sum

from guanxi.core.access import SYSTEM, acting
from guanxi.core.journal.ledger import change_set
from guanxi.core.journal.models import Change, ChangeBatch, ChangeSet, Op, Written
from guanxi.records import bulk, catalogue, custom, invert, read, write
from guanxi.records.entity import Entity
from tests import make
from tests.contract.worlds import World
from tests.make import samples

ENTITIES = [e.key for e in catalogue.every()]


UNIQUE = ("number", "external_id", "code", "sku", "credit_code", "name")


def past_the_door(entity: Entity, id_: int) -> dict[str, Callable[[], object]]:
    """Ways to write a table that do not go through the door."""
    model, table = entity.model, connection.ops.quote_name(entity.table)
    row = model.all_rows.get(pk=id_)
    names = ", ".join(connection.ops.quote_name(f.attname) for f in model._meta.concrete_fields)

    def fresh(f: models.Field[Any, Any]) -> str:
        """Another value for columns that are unique, so that nothing but the guard stands in the way."""
        return f"other{f.attname}"[: f.max_length] if f.attname in UNIQUE else ""

    others = ", ".join(
        "900000003" if f.primary_key else f"'{fresh(f)}'" if fresh(f) else connection.ops.quote_name(f.attname)
        for f in model._meta.concrete_fields
    )

    def sql(text: str, *params: Any) -> Callable[[], object]:
        def run() -> None:
            with connection.cursor() as cursor:
                cursor.execute(text, params)

        return run

    def copy() -> None:
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as out:
            line = []
            for f in model._meta.concrete_fields:
                value = 900_000_001 if f.primary_key else fresh(f) or getattr(row, f.attname)
                line.append(f.get_db_prep_save(value, connection))
            out.write_row(line)

    def twin() -> models.Model:
        new = model.all_rows.get(pk=id_)
        new.pk = 900_000_002
        for f in model._meta.concrete_fields:
            if fresh(f):
                setattr(new, f.attname, fresh(f))
        return new

    return {
        "INSERT": sql(f"INSERT INTO {table} ({names}) SELECT {others} FROM {table} WHERE id = %s", id_),
        "UPDATE": sql(f"UPDATE {table} SET version = version + 1 WHERE id = %s", id_),
        "DELETE": sql(f"DELETE FROM {table} WHERE id = %s", id_),
        "UPDATE of nothing is no writing, of all is": sql(f"UPDATE {table} SET version = version"),
        "COPY": copy,
        "save": row.save,
        "delete": lambda: model.all_rows.filter(pk=id_).delete(),
        "queryset update": lambda: model.all_rows.filter(pk=id_).update(version=77),
        "bulk_create": lambda: model.all_rows.bulk_create([twin()]),
        "bulk_update": lambda: model.all_rows.bulk_update([row], ["version"]),
    }  # fmt: skip


@pytest.mark.parametrize("key", ENTITIES)
def test_no_table_is_emptied_as_a_whole(world: World, key: str) -> None:
    """TRUNCATE is not counted, so it is refused: outside of a change set, and inside one."""
    entity = catalogue.get(key)
    before = entity.model.all_rows.count()
    for inside in (False, True):
        with pytest.raises(DatabaseError, match="TRUNCATE"), transaction.atomic(), connection.cursor() as cursor:
            if inside:
                with change_set(SYSTEM, action="test"):
                    cursor.execute(f"TRUNCATE {connection.ops.quote_name(entity.table)} CASCADE")
            else:
                cursor.execute(f"TRUNCATE {connection.ops.quote_name(entity.table)} CASCADE")
    assert entity.model.all_rows.count() == before > 0


@pytest.mark.parametrize("key", ENTITIES)
def test_nothing_is_written_outside_a_change_set(world: World, key: str) -> None:
    entity = catalogue.get(key)
    with acting(SYSTEM):
        for name, way in past_the_door(entity, world.of(key, "me")).items():
            before = list(entity.model.all_rows.order_by("pk").values())
            with pytest.raises((DatabaseError, psycopg.Error, models.ProtectedError)) as refused, transaction.atomic():
                way()
            assert isinstance(refused.value, models.ProtectedError) or "outside a change set" in str(refused.value), (
                name
            )
            assert list(entity.model.all_rows.order_by("pk").values()) == before, name


def test_the_permission_ends_with_the_change_set(world: World) -> None:
    entity = catalogue.get("records.tag")
    with acting(SYSTEM):
        write.save(SYSTEM, entity, {"name": "within"})
        with pytest.raises(DatabaseError), transaction.atomic():
            entity.model.all_rows.update(version=5)
        with pytest.raises(RuntimeError), transaction.atomic(), change_set(SYSTEM, action="edit"):
            raise RuntimeError
        with pytest.raises(DatabaseError), transaction.atomic():
            entity.model.all_rows.update(version=5)


def balance(change_set_id: int) -> tuple[dict[str, int], dict[str, int]]:
    """Rows written per table as the trigger counted them, and as the journal has them."""
    tables = {e.key: e.table for e in catalogue.every()}
    counted = {
        w["table"]: w["n"]
        for w in Written.objects.filter(change_set=change_set_id).values("table").annotate(n=Sum("rows"))
    }
    told: dict[str, int] = {}
    for entity in Change.objects.filter(change_set=change_set_id).exclude(op=Op.ERASE).values_list("entity", flat=True):
        told[tables[entity]] = told.get(tables[entity], 0) + 1
    for entity, n in ChangeBatch.objects.filter(change_set=change_set_id).values_list("entity", "rows"):
        told[tables[entity]] = told.get(tables[entity], 0) + n
    return counted, told


def everything_balances() -> int:
    sets = set(ChangeSet.objects.values_list("pk", flat=True)) | set(
        Written.objects.values_list("change_set", flat=True)
    )
    for pk in sets:
        counted, told = balance(pk)
        assert counted == told, f"change set {pk}: written {counted}, in the journal {told}"
    return len(sets)


def test_world_was_written_with_a_line_for_every_row(world: World) -> None:
    assert everything_balances() > 100


def undone(change_set_id: int | None) -> int:
    assert change_set_id is not None
    return invert.undo(SYSTEM, change_set_id).change_set


def of_all(entity: Entity) -> Any:
    return read.visible(entity, SYSTEM)


@pytest.mark.parametrize("key", ENTITIES)
def test_every_verb_has_a_line_for_every_row(world: World, key: str) -> None:
    """Save, edit many, delete, delete many, and each of them undone, and the undoing undone."""
    entity = catalogue.get(key)
    maker = samples.Maker(n=9000)
    every = custom.fields(entity)
    id_ = world.of(key, "me")
    with acting(SYSTEM):
        done = write.save(SYSTEM, entity, {"x_open": maker.value(every["x_open"])[0]}, id=id_).change_set
        undone(undone(done))
        edited = write.edit_many(SYSTEM, entity, of_all(entity), {"x_inside": "12.5"}, add_tags=(world.tags[0],))
        assert edited.balance.updated
        undone(undone(edited.change_set))
        try:
            gone = write.delete_many(SYSTEM, entity, of_all(entity))
        except write.Invalid:
            gone = None
        if gone is not None and gone.rows:
            undone(undone(gone.change_set))
    everything_balances()


def test_bulk_paths_have_a_line_for_every_row(world: World) -> None:
    account, line = catalogue.get("customers.account"), catalogue.get("trade.orderline")
    with acting(SYSTEM):
        order = make.order(world.of("customers.account", "me"))
        number = make.row("trade.order", order).number
        made = [
            bulk.load(SYSTEM, account, ((i, {"name": f"批量公司{i}", "external_id": f"E{i}", "x_open": "a", "x_private": "13800001111"}) for i in range(300)),
                      columns=["name", "external_id", "x_open", "x_private"]),
            bulk.load(SYSTEM, account, ((i, {"name": f"批量公司{i}改", "external_id": f"E{i}"}) for i in range(150, 450)), columns=["name", "external_id"]),
            bulk.load(SYSTEM, line, ((i, {"order": number, "quantity": "2", "unit_price": "1.5"}) for i in range(120)), columns=["order", "quantity", "unit_price"]),
        ]  # fmt: skip
        assert make.row("trade.order", order).total == 360
        assert everything_balances()
        for loaded in reversed(made):
            back = undone(loaded.change_set)
            assert everything_balances()
            undone(back)
            assert everything_balances()
        chosen = account.model.all_rows.filter(external_id__startswith="E", deleted_in__isnull=True)
        some = chosen.filter(
            pk__in=[pk for n, pk in enumerate(chosen.order_by("pk").values_list("pk", flat=True)) if n % 3 == 0]
        )
        others = set(chosen.exclude(pk__in=list(some.values_list("pk", flat=True))).values_list("pk", flat=True))
        gone = write.delete_many(SYSTEM, account, some)
        assert gone.rows > 50
        again = undone(undone(gone.change_set))
        assert again and others <= set(chosen.values_list("pk", flat=True)), (
            "undoing an undo took rows that were never deleted"
        )
    assert everything_balances()


def test_rotating_keys_has_a_line_for_every_row(world: World) -> None:
    from guanxi.core.secrets import rotation

    entity = catalogue.get("customers.account")
    before = dict(entity.model.all_rows.filter(id_number__isnull=False).values_list("pk", "id_number_index"))
    assert before
    with acting(SYSTEM):
        assert rotation.rotate().cells
    assert dict(entity.model.all_rows.filter(id_number__isnull=False).values_list("pk", "id_number_index")) == before
    assert everything_balances()
