"""Ids and numbers, taken from sequences before the row is written."""

from __future__ import annotations

from django.db import connection

from guanxi.records.entity import Entity, Numbering

SEQUENCE = "guanxi_record_id"


def take(n: int = 1) -> list[int]:
    """`n` fresh record ids, rising."""
    return _take(SEQUENCE, n)


def numbers(entity: Entity, n: int = 1) -> list[str]:
    """`n` fresh numbers (C1001 …) of an entity that has them."""
    numbering = entity.numbering
    if numbering is None:
        raise ValueError(f"{entity.key} has no numbers")
    return [f"{numbering.prefix}{i}" for i in _take(sequence_of(entity), n)]


def sequence_of(entity: Entity) -> str:
    return f"{entity.table}_number"


def pass_by(entity: Entity, numbers: list[str]) -> None:
    """Move the sequence beyond numbers that came in from outside, so that it never gives them again."""
    numbering: Numbering | None = entity.numbering
    if numbering is None:
        return
    digits = [n[len(numbering.prefix) :] for n in numbers if n.startswith(numbering.prefix)]
    # Only numbers of a sane size count: a foreign "C20260101000001" must not use up the sequence.
    highest = max(
        (int(d) for d in digits if d.isascii() and d.isdigit() and not d.startswith("0") and len(d) <= 12), default=0
    )
    if highest:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT setval(%s, greatest(%s, coalesce(last_value, 0))) FROM pg_sequences"
                " WHERE sequencename = %s AND schemaname = current_schema() AND coalesce(last_value, 0) < %s",
                [sequence_of(entity), highest, sequence_of(entity), highest],
            )


def _take(sequence: str, n: int) -> list[int]:
    with connection.cursor() as cursor:
        if n == 1:
            cursor.execute("SELECT nextval(%s)", [sequence])
            return [int(cursor.fetchone()[0])]
        cursor.execute("SELECT nextval(%s) FROM generate_series(1, %s)", [sequence, n])
        return sorted(int(row[0]) for row in cursor.fetchall())
