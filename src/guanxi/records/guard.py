"""The database's own wall: record tables can be written only inside a change set, and every written row is counted.

Statement triggers with transition tables: they see bulk statements, COPY and raw SQL alike. TRUNCATE has no such table to
count from, so it is refused, in a change set too. Installed after each migration for every entity of the catalogue, with
the sequences and the index that every list needs; running it again changes nothing.
"""

from __future__ import annotations

from django.db import connection

from guanxi.records import catalogue, ids
from guanxi.records.entity import Entity

FUNCTION = """
CREATE OR REPLACE FUNCTION guanxi_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change_set text := current_setting('guanxi.change_set', true);
    n bigint;
BEGIN
    IF change_set IS NULL OR change_set = '' THEN
        RAISE EXCEPTION 'guanxi: % on % outside a change set', TG_OP, TG_TABLE_NAME
            USING HINT = 'Rows that users own are written through records.write only.', ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT count(*) INTO n FROM touched;
    IF n > 0 THEN
        INSERT INTO core_written (change_set, "table", op, rows)
        VALUES (change_set::bigint, TG_TABLE_NAME, lower(left(TG_OP, 1)), n);
    END IF;
    RETURN NULL;
END $$
"""
NO_TRUNCATE = """
CREATE OR REPLACE FUNCTION guanxi_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('guanxi.emptying', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'guanxi: TRUNCATE of %', TG_TABLE_NAME
            USING HINT = 'Rows that users own are deleted through records.write only.', ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$
"""
"""Only who says so first (`SET LOCAL guanxi.emptying = 'on'`) empties tables as a whole: tests, between two tests."""
EVENTS = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}


def install(entities: list[Entity] | None = None) -> None:
    """Create what is missing: the guard, the id sequence, and per entity its triggers and number sequence."""
    with connection.cursor() as cursor:
        cursor.execute(FUNCTION)
        cursor.execute(NO_TRUNCATE)
        cursor.execute(f"CREATE SEQUENCE IF NOT EXISTS {ids.SEQUENCE}")
        existing = set(connection.introspection.table_names(cursor))
        cursor.execute("SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE 'guanxi_guard_%'")
        present = set(cursor.fetchall())
        for entity in entities if entities is not None else list(catalogue.every()):
            if entity.table not in existing:
                continue
            table = connection.ops.quote_name(entity.table)
            for event, which in EVENTS.items():
                name = f"guanxi_guard_{event.lower()}"
                if (entity.table, name) not in present:
                    cursor.execute(
                        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {which} TABLE AS touched"
                        " FOR EACH STATEMENT EXECUTE FUNCTION guanxi_guard()"
                    )
            if (entity.table, "guanxi_guard_truncate") not in present:
                cursor.execute(
                    f"CREATE TRIGGER guanxi_guard_truncate BEFORE TRUNCATE ON {table}"
                    " FOR EACH STATEMENT EXECUTE FUNCTION guanxi_no_truncate()"
                )
            # The default order of every list is newest first among live rows; without this index a deleted million on top
            # of the table would be walked through for each first page.
            live = connection.ops.quote_name(f"{entity.table}_live")
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {live} ON {table} (id) WHERE deleted_in IS NULL")
            if entity.numbering is not None:
                sequence = connection.ops.quote_name(ids.sequence_of(entity))
                cursor.execute(f"CREATE SEQUENCE IF NOT EXISTS {sequence} START {int(entity.numbering.start)}")
