"""Lookups that Django does not have."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db.models import Field, ForeignKey, ForeignObject, IntegerField, Lookup


class AnyOf(Lookup):
    """`column = ANY(array)`: like `in`, but thousands of values are one parameter instead of thousands.

    Indexes of text columns leave out the empty text. PostgreSQL sees that such an index serves only for up to a hundred
    values; for more it is told that none of them is empty, or it reads the whole table.
    """

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, params = self.process_lhs(compiler, connection)
        output = self.lhs.output_field
        if isinstance(output, IntegerField | ForeignKey) and all(type(value) is int for value in self.rhs):
            # Ids by the hundred thousand: as one text they are neither prepared nor adapted one by one.
            return f"{left} = ANY(%s::bigint[])", (*params, f"{{{','.join(map(str, self.rhs))}}}")
        values = [output.get_db_prep_value(value, connection, prepared=False) for value in self.rhs]
        if all(type(value) is str and value for value in values):
            return f"({left} = ANY(%s) AND NOT ({left} = ''))", (*params, values, *params)
        return f"{left} = ANY(%s)", (*params, values)


@SearchVectorField.register_lookup
class Match(Lookup):
    """`tokens__match="'zhang':* & 'san'"`: a ready tsquery, read as it is; Django's own would stem and split it."""

    lookup_name = "match"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} @@ {right}::tsquery", (*left_params, *right_params)


Field.register_lookup(AnyOf)
ForeignObject.register_lookup(AnyOf)
