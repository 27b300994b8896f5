"""Creating many rows: ids taken ahead, text lines for COPY, one journal line a batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from guanxi.core import secrets
from guanxi.core.journal import hashing
from guanxi.core.journal.ledger import OpenSet
from guanxi.core.journal.models import Op
from guanxi.records import custom, ids, kinds, sql
from guanxi.records.bulk.parse import Parsed
from guanxi.records.entity import Entity, Field

BLOCK = 250  # rows sent to the database at once
Encode = Callable[[Any], str]


def text(value: Any) -> str:
    """A value as COPY's text format wants it; tabs, line ends and backslashes escaped."""
    if type(value) is not str:
        value = str(value)
    if "\\" in value or "\n" in value or "\t" in value or "\r" in value:
        value = value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return str(value)


def line(value: str) -> str:
    """A text that is one clean line already (every kind but long text sees to that): only backslashes need care."""
    return value.replace("\\", "\\\\")


def as_json(value: Any) -> str:
    return text(json.dumps(value, ensure_ascii=False))


def as_array(value: Any) -> str:
    return "{" + ",".join(str(int(v)) for v in value) + "}"


def as_bool(value: Any) -> str:
    return "t" if value else "f"


def as_stamp(value: Any) -> str:
    return str(value.isoformat())


def encoder(entity: Entity, field: Field) -> Encode:
    """How stored values of a field are written to its column."""
    column = entity.model._meta.get_field(field.key)
    internal = column.get_internal_type()
    if internal == "JSONField":
        return as_json
    if internal == "ArrayField":
        return as_array
    if internal == "BooleanField":
        return as_bool
    if internal in ("DateField", "DateTimeField"):
        return as_stamp
    if isinstance(field.kind, kinds.Text) and not isinstance(field.kind, kinds.LongText):
        return line
    if internal in ("IntegerField", "BigIntegerField", "ForeignKey", "DecimalField", "FloatField"):
        return str
    return text


def blank(column: Any) -> str:
    """What COPY gets for a column that the file does not fill."""
    if column.has_default():
        value = column.get_default()
        if value is not None:
            return as_json(value) if column.get_internal_type() == "JSONField" else _plain(value)
    return "\\N" if column.null else ""


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return as_bool(value)
    if isinstance(value, list):
        return as_array(value)
    if isinstance(value, (int, Decimal)):
        return str(value)
    return text(value)


class Creator:
    """Writes new rows of one entity inside one change set. Columns that no row fills are written as one constant tail."""

    def __init__(self, cs: OpenSet, entity: Entity, keys: Sequence[str]) -> None:
        every = custom.fields(entity)
        self.cs, self.entity = cs, entity
        self.created = 0
        fields = [every[key] for key in keys]
        column = entity.model._meta.get_field
        self._plain = [
            (f.key, encoder(entity, f), blank(column(f.key))) for f in fields if not f.custom and not f.secret
        ]
        self._secret = [f for f in fields if f.secret]
        self._custom = [f for f in fields if f.custom]
        self._number = entity.numbering.field if entity.numbering else ""
        filled = {"id", *(every[key].column for key, *_ in self._plain)}
        filled |= {name for f in self._secret for name in (f.column, f"{f.column}_index")}
        filled |= {"custom"} if self._custom else set()
        names = ["id", *(every[key].column for key, *_ in self._plain)]
        names += [name for f in self._secret for name in (f.column, f"{f.column}_index")]
        names += ["custom"] if self._custom else []
        stamps = {
            "created_at": cs.at.isoformat(),
            "changed_at": cs.at.isoformat(),
            "created_in": str(cs.id),
            "changed_in": str(cs.id),
        }
        rest = {
            f.attname: stamps.get(f.attname) or blank(f)
            for f in entity.model._meta.concrete_fields
            if f.attname not in filled
        }
        self._tail = "".join("\t" + value for value in rest.values()) + "\n"
        self._columns = [*names, *rest]

    @contextmanager
    def sending(self, rows: Sequence[Parsed]) -> Iterator[list[int]]:
        """Create these rows, all or nothing, while the body computes; the body gets their ids and must not use the database."""
        taken = ids.take(len(rows))
        if self._number:
            self._give_numbers(rows)
        seal = hashing.running_mac()
        blocks: Iterable[bytes] = self._blocks(taken, rows, seal.update)
        if self._secret:
            blocks = list(blocks)  # sealing may look for keys in the database
        with sql.copying(self.entity, self._columns, blocks):
            yield taken
        self.cs.batch(self.entity.key, Op.CREATE, first=taken[0], last=taken[-1], rows=len(taken), digest=seal.digest())
        self.created += len(taken)

    def _blocks(self, taken: Sequence[int], rows: Sequence[Parsed], seal: Callable[[bytes], None]) -> Iterator[bytes]:
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            lines = (self._line(id_, row.values) for id_, row in zip(taken[part], rows[part], strict=True))
            block = "".join(lines).encode()
            seal(block)
            yield block

    def _give_numbers(self, rows: Sequence[Parsed]) -> None:
        without = [row for row in rows if not row.values.get(self._number)]
        given = [row.values[self._number] for row in rows if row.values.get(self._number)]
        if given:
            ids.pass_by(self.entity, given)
        for row, number in zip(without, ids.numbers(self.entity, len(without)) if without else [], strict=True):
            row.values[self._number] = number

    def _line(self, id_: int, values: Mapping[str, Any]) -> str:
        get = values.get
        out = [str(id_)]
        out += [empty if (value := get(key)) is None else encode(value) for key, encode, empty in self._plain]
        for field in self._secret:
            value = get(field.key)
            if value is None:
                out += ("\\N", "\\N")
            else:
                table = self.entity.table
                out.append("\\\\x" + secrets.seal_value(table, field.column, id_, value).hex())
                out.append("\\\\x" + secrets.blind_index(table, field.column, value).hex())
        if self._custom:
            held = {f.key: f.kind.to_json(values[f.key]) for f in self._custom if values.get(f.key) is not None}
            out.append(as_json(held))
        return "\t".join(out) + self._tail
