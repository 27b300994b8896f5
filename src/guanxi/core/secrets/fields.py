"""Columns that hold sealed values, and the blind indexes by which they are found."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from django.apps import apps
from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import IsNull

from guanxi.core.secrets import keys
from guanxi.core.secrets.errors import SealedFieldMisuse

POISON = "sealed_fields_are_only_selected_never_sorted_or_computed_with"
BLIND_SIZE = 16


def aad(table: str, column: str, row_id: int) -> bytes:
    """What a sealed value is bound to: it opens in no other place."""
    return f"{table}\0{column}\0{row_id}".encode()


def seal_value(table: str, column: str, row_id: int, plaintext: str) -> bytes:
    """Seal `plaintext` for one cell. The row id must be known, so allocate ids before the insert."""
    if row_id is None:
        raise SealedFieldMisuse(f"{table}.{column}: the row needs its id before a value can be sealed for it.")
    return keys.seal(plaintext, aad(table, column, row_id))


def open_value(table: str, column: str, row_id: int, sealed: bytes | memoryview) -> str:
    """The plain text of one cell; `CannotOpen` when it was damaged or moved here."""
    return keys.unseal(sealed, aad(table, column, row_id)).decode()


def plain_normalise(text: str) -> str:
    """The default normaliser of blind indexes: width, case and spaces do not matter."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _column(model: models.Model | type[models.Model], field: str) -> str:
    return cast(str, cast("models.Field[Any, Any]", model._meta.get_field(field)).column)


@lru_cache(maxsize=1024)
def _normaliser(table: str, column: str) -> Callable[[str], str]:
    for model in apps.get_models():
        if model._meta.db_table == table:
            for field in model._meta.concrete_fields:
                if isinstance(field, BlindIndexField) and _column(model, field.of) == column:
                    return field.normalise
    return plain_normalise


def blind_index(table: str, column: str, plaintext: str) -> bytes:
    """16 bytes, equal for equal normalised text in the same column, telling nothing else without the key."""
    key = keys.derive(f"blind\0{table}\0{column}")
    return hmac.digest(key, _normaliser(table, column)(plaintext).encode(), "sha256")[:BLIND_SIZE]


class SealedCol(Col):
    """A reference to a sealed column: it can be fetched, and nothing else.

    Outside a SELECT list it compiles to a call of a function that does not exist, so whatever way somebody finds to
    sort by it or compute with it, the statement fails instead of giving an answer made of ciphertext.
    """

    def resolve_expression(self, *_args: Any, **_kwargs: Any) -> Any:
        raise _misuse(self.target, "sorted or grouped by")

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        sql, params = super().as_sql(compiler, connection)
        return f"{POISON}({sql})", tuple(params)

    def plain(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        sql, params = super().as_sql(compiler, connection)
        return sql, tuple(params)


class SealedIsNull(IsNull):
    """Whether there is a value at all may be asked."""

    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> tuple[str, tuple[Any, ...]]:
        return cast(SealedCol, lhs or self.lhs).plain(compiler, connection)


def _misuse(field: Any, verb: str) -> SealedFieldMisuse:
    return SealedFieldMisuse(
        f"{field.model._meta.label}.{field.name} is sealed and cannot be {verb}. To find rows by it, declare a "
        "BlindIndexField; to change it, use the write door, which seals the value for its row."
    )


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]  # not subscriptable at run time
    """Text, stored as sealed bytes bound to table, column and row. `decrypt` opens them."""

    def get_col(self, alias: str, output_field: Any = None) -> Col:
        return SealedCol(alias, self, output_field or self)

    def select_format(self, _compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        return sql.removeprefix(f"{POISON}(").removesuffix(")") if sql.startswith(POISON) else sql, params

    def get_lookup(self, lookup_name: str) -> type[Any]:
        if lookup_name != "isnull":
            raise _misuse(self, f"filtered with “{lookup_name}”")
        return SealedIsNull

    def get_transform(self, lookup_name: str) -> type[Any]:
        raise _misuse(self, f"computed with “{lookup_name}”")

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, bytes | bytearray | memoryview) and keys.looks_sealed(bytes(value)):
            return bytes(value)
        raise _misuse(self, "set to a plain value")

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(value if prepared else self.get_prep_value(value), connection, prepared=True)

    def get_placeholder(self, value: Any, _compiler: Any, connection: Any) -> str:
        if hasattr(value, "as_sql"):  # an expression reaches the database without get_prep_value
            raise _misuse(self, "set by an expression")
        return cast(str, connection.ops.binary_placeholder_sql(value))

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> bytes | None:
        return None if value is None else bytes(value)


class BlindIndexField(models.BinaryField):  # type: ignore[type-arg]
    """The blind index of the sealed field `of`: equal text, equal bytes. Only equality can be asked."""

    def __init__(
        self, *args: Any, of: str = "", normalise: Callable[[str], str] = plain_normalise, **kwargs: Any
    ) -> None:
        self.of = of
        self.normalise = normalise
        kwargs.setdefault("max_length", BLIND_SIZE)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs["of"] = self.of
        return name, path, args, kwargs

    def compute(self, plaintext: str) -> bytes:
        return blind_index(self.model._meta.db_table, _column(self.model, self.of), plaintext)

    def get_lookup(self, lookup_name: str) -> type[Any] | None:
        if lookup_name not in {"exact", "in", "isnull"}:
            raise _misuse(self, f"filtered with “{lookup_name}”")
        return super().get_lookup(lookup_name)

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, bytes | bytearray | memoryview) and len(value) == BLIND_SIZE:
            return bytes(value)
        raise SealedFieldMisuse(
            f"{self.model._meta.label}.{self.name} takes the {BLIND_SIZE} bytes made by blind_index(), not plain text."
        )

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(value if prepared else self.get_prep_value(value), connection, prepared=True)

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> bytes | None:
        return None if value is None else bytes(value)


def encrypt(record: models.Model, field: str, plaintext: str | None) -> None:
    """Seal `plaintext` into `record.field` and refresh its blind index. The record's pk must be set."""
    meta = record._meta
    column = _column(record, field)
    sealed = None if plaintext is None else seal_value(meta.db_table, column, record.pk, plaintext)
    setattr(record, field, sealed)
    for other in meta.concrete_fields:
        if isinstance(other, BlindIndexField) and other.of == field:
            setattr(record, other.attname, None if plaintext is None else other.compute(plaintext))


def decrypt(record: models.Model, field: str) -> str | None:
    """The plain text of `record.field`, or None."""
    sealed = getattr(record, field)
    if sealed is None:
        return None
    return open_value(record._meta.db_table, _column(record, field), record.pk, sealed)
