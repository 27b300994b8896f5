"""A new data key while people work: every sealed cell is sealed again, batch by batch."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from django.apps import apps
from django.db import connection

from guanxi.core.secrets import keys, master
from guanxi.core.secrets.fields import EncryptedTextField, aad

Progress = Callable[[int, int], None]
"""Called with cells done and cells in all."""


@dataclass(frozen=True)
class Rotated:
    """What a rotation did: the key that seals now, cells sealed again, cells left because somebody held them locked."""

    key: int
    cells: int
    left: int


class Place(NamedTuple):
    """One sealed column; `entity` is what the journal calls its rows."""

    entity: str
    table: str
    key: str
    column: str


def sealed_columns() -> list[Place]:
    """Every sealed column of every model."""
    return sorted(
        Place(model._meta.label_lower, model._meta.db_table, str(model._meta.pk.column), str(field.column))
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if isinstance(field, EncryptedTextField)
    )


def _new_key() -> int:
    """Start a rotation, or go on with one that was cut off; returns the id of the key to seal with."""
    with keys._own_connection() as own, own.transaction(), own.cursor() as cursor:
        cursor.execute("LOCK TABLE core_datakey IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("SELECT id, state FROM core_datakey WHERE purpose = %s AND state <> 'old'", [keys.FIELDS])
        states = {state: id_ for id_, state in cursor.fetchall()}
        if "retiring" in states:
            return int(states["active"])
        cursor.execute(
            "UPDATE core_datakey SET state = 'retiring' WHERE purpose = %s AND state = 'active'", [keys.FIELDS]
        )
        cursor.execute(
            "INSERT INTO core_datakey (purpose, wrapped, created_at, state) VALUES (%s, %s, now(), 'active')"
            " RETURNING id",
            [keys.FIELDS, keys.wrap(master.load(may_create=False), keys.FIELDS, os.urandom(32))],
        )
        return int(cursor.fetchone()[0])


def _count(table: str, column: str, stamp: bytes) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT count(*) FROM "{table}" WHERE "{column}" IS NOT NULL'  # noqa: S608
            f' AND substring("{column}" for {keys.HEAD}) <> %s',
            [stamp],
        )
        return int(cursor.fetchone()[0])


def _batch(place: Place, stamp: bytes, after: int, size: int) -> tuple[int, int | None]:
    """Seal the next `size` cells after row `after` again; returns how many, and the last row seen (None at the end).

    Rows somebody else holds are skipped, the others locked for some milliseconds; and a cell is replaced only while it
    still holds the bytes that were opened, so that no edit can be lost.
    """
    from guanxi.core import journal
    from guanxi.core.journal.models import Op

    entity, table, key, column = place
    with journal.maintenance("key rotation") as note, connection.cursor() as cursor:
        cursor.execute(
            f'SELECT "{key}", "{column}" FROM "{table}" WHERE "{key}" > %s AND "{column}" IS NOT NULL'  # noqa: S608
            f' AND substring("{column}" for {keys.HEAD}) <> %s ORDER BY "{key}" LIMIT {size} FOR UPDATE SKIP LOCKED',
            [after, stamp],
        )
        rows = [(id_, bytes(old)) for id_, old in cursor.fetchall()]
        if not rows:
            return 0, None
        again = []
        for id_, old in rows:
            bound = aad(table, column, id_)
            again.append(keys.seal(keys.unseal(old, bound), bound))
        cursor.execute(
            f'UPDATE "{table}" t SET "{column}" = v.new'  # noqa: S608
            " FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) v(id, old, new)"
            f' WHERE t."{key}" = v.id AND t."{column}" = v.old',
            [[id_ for id_, _ in rows], [old for _, old in rows], again],
        )
        changed = cursor.rowcount
        note.batch(entity, Op.UPDATE, first=rows[0][0], last=rows[-1][0], rows=changed)
        return changed, rows[-1][0] if len(rows) == size else None


def rotate(progress: Progress | None = None, *, batch: int = 2000, passes: int = 5) -> Rotated:
    """Seal every cell with a new data key. Online; when cut off, the next call goes on where this one stopped.

    The old key stays, for values in the journal and in backups. Cells that stay locked by others during every pass are
    counted in `left`; the rotation is then unfinished and the next call takes them.
    """
    keys.ring.load()  # makes the first keys, if need be
    key = _new_key()
    keys.ring.load()
    stamp = keys.VERSION + key.to_bytes(keys.ID_BYTES, "big")
    places = sealed_columns()
    done, left = 0, sum(_count(place.table, place.column, stamp) for place in places)
    total = left
    for _ in range(passes):
        if not left:
            break
        for place in places:
            last: int | None = -(2**63)
            while last is not None:
                n, last = _batch(place, stamp, last, batch)
                done += n
                if progress:
                    progress(done, max(total, done))
        left = sum(_count(place.table, place.column, stamp) for place in places)
    if not left:
        with keys._own_connection() as own:
            own.execute(
                "UPDATE core_datakey SET state = 'old' WHERE purpose = %s AND state = 'retiring'", [keys.FIELDS]
            )
    return Rotated(key, done, left)
