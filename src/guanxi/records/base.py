"""The table every record has: `Record`, its scoped manager, and `Link`, a foreign key that carries the scope into JOINs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.lookups import In, IsNull
from django.db.models.sql.where import AND, NothingNode, WhereNode
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guanxi.core.access.actor import current
from guanxi.kit.problems import Problem
from guanxi.records import policy


class ScopedManager(models.Manager["Record"]):
    """Live rows that the acting person may see; raises NoActor when nobody acts. Used for relations too."""

    def get_queryset(self) -> models.QuerySet[Any]:
        from guanxi.records import catalogue

        rows = super().get_queryset().filter(deleted_in__isnull=True)
        limits = policy.conditions(catalogue.of(self.model), current(), "view")
        return rows.none() if limits is None else rows.filter(policy.q_of(limits))


class Record(models.Model):
    """A row that users own. Written only through `records.write` (a database trigger sees to it), read through `records.read`.

    `id` comes from one sequence for all records, allocated before the insert. `origin` maps a field to the change set that
    set it; a field that is not in it was set at creation, by `created_in`. `deleted_in` is the change set that deleted the
    row; deleted rows are out of every list, search and count, and their indexes are partial on live rows.
    """

    id = models.BigIntegerField(primary_key=True)
    created_at = models.DateTimeField(pgettext_lazy("record", "Created"))
    created_in = models.BigIntegerField(db_index=True)
    changed_at = models.DateTimeField(_("Last changed"))
    changed_in = models.BigIntegerField()
    deleted_in = models.BigIntegerField(null=True, blank=True)
    version = models.IntegerField(default=1)
    origin = models.JSONField(default=dict)
    custom = models.JSONField(default=dict)
    tags = ArrayField(models.BigIntegerField(), verbose_name=_("Tags"), default=list, blank=True)

    all_rows: ClassVar[models.Manager[Any]] = models.Manager()  # everything, deleted too: for the doors of records only
    objects: ClassVar[ScopedManager] = ScopedManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"

    def invariants(self) -> Iterator[tuple[str, Problem]]:
        """What is wrong with these values taken together: (field key, problem). The write door asks before saving.

        It looks at this record alone; what depends on others is `invariants_many`.
        """
        return iter(())

    @classmethod
    def invariants_many(cls, records: Sequence[Any]) -> Iterator[tuple[int, str, Problem]]:  # noqa: ARG003
        """What is wrong with these records in view of others: (place in `records`, field key, problem).

        One query for any number of them, so that a million rows of a file cost no more than they must. `records` have the
        columns as attributes; they need not be saved, nor be instances of the model.
        """
        return iter(())


class Link(models.ForeignKey[Any, Any]):
    """A foreign key between records. Every JOIN over it, in either direction, carries the acting person's scope."""

    def __init__(self, to: Any, **kwargs: Any) -> None:
        kwargs.setdefault("on_delete", models.PROTECT)
        kwargs.setdefault("related_name", "+")
        super().__init__(to, **kwargs)

    def get_extra_restriction(self, alias: str | None, related_alias: str | None) -> WhereNode | None:
        """Conditions on both ends: `alias` is the table pointed to, `related_alias` the table that points."""
        where = WhereNode(connector=AND)
        for model, name in ((self.remote_field.model, alias), (self.model, related_alias)):
            if name is not None and issubclass(model, Record):
                _restrict(where, model, name)
        return where if where.children else None


def _restrict(where: WhereNode, model: type[Record], alias: str) -> None:
    from guanxi.records import catalogue

    meta = model._meta
    where.add(IsNull(meta.get_field("deleted_in").get_col(alias), True), AND)
    limits = policy.conditions(catalogue.of(model), current(), "view")
    if limits is None:
        where.add(NothingNode(), AND)
        return
    for condition in limits:
        column = next(f for f in meta.concrete_fields if f.attname == condition.column)
        values = condition.values
        if isinstance(values, tuple) and not values:
            where.add(NothingNode(), AND)
        else:
            rhs = values.query if isinstance(values, models.QuerySet) else values
            where.add(In(column.get_col(alias), rhs), AND)
