"""Jobs of the room: search tokens follow bulk writing, and large steps are taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from guanxi.core.jobs import JobContext, JobError, job
from guanxi.core.journal.models import Change, ChangeBatch, ChangeSet, Op
from guanxi.records import catalogue, choice_use, custom, custom_use, handing, invert, search, sql, tags, trees
from guanxi.records.models import ChoiceValue, CustomField, SearchEntry, Tag

_CHUNK = (
    2_000  # `search.index` works in chunks of this size, five at a time so that reading, making and writing overlap
)
ANALYZE_FROM = 1_000


@job("records.index", title=_("Make new records findable"))
def index(ctx: JobContext, *, change_set: int, entity: str) -> dict[str, int]:
    """Search tokens for the records a bulk job wrote; those that have some are passed over."""
    of = catalogue.get(entity)
    written = ChangeBatch.objects.filter(change_set=change_set, entity=entity, op=Op.CREATE)
    lines = Change.objects.filter(change_set=change_set, entity=entity, op=Op.UPDATE)
    total = sum(batch.rows for batch in written) + lines.count()
    seen = done = 0
    for ids in _written(change_set, entity):
        ctx.check()
        known = set(SearchEntry.objects.filter(pk__in=ids).values_list("pk", flat=True))
        done += search.index(of, [i for i in ids if i not in known])
        seen += len(ids)
        ctx.progress(seen, max(total, seen))
    if done >= ANALYZE_FROM:
        sql.analyze_search()
    return {"indexed": done}


@job("records.reindex", title=_("Make records findable anew"))
def reindex(ctx: JobContext, *, entity: str) -> dict[str, int]:
    """Write the search tokens of every record of an entity again: what is searched changed."""
    of = catalogue.get(entity)
    rows = of.model.all_rows.filter(deleted_in__isnull=True)
    total, done, last = rows.count(), 0, 0
    while ids := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[: 5 * _CHUNK]):
        ctx.check()
        done += search.index(of, ids)
        last = ids[-1]
        ctx.progress(done, max(total, done))
    if done >= ANALYZE_FROM:
        sql.analyze_search()
    return {"indexed": done}


UNDO = "records.undo"


@job(UNDO, title=_("Undo"))
def undo(ctx: JobContext, *, change_set: int, reason: str = "") -> dict[str, Any]:
    """Take a large change set back. Run again after a kill, it finds it done or does all of it."""
    if (done := ChangeSet.objects.filter(undoes=change_set).order_by("pk").first()) is not None:
        return {"change_set": done.pk, "balance": done.balance}

    def progress(done: int, total: int) -> None:
        ctx.progress(done, total)
        ctx.check()

    undone = invert.undo(ctx.actor, change_set, reason=reason, progress=progress)
    return {"change_set": undone.change_set, "balance": undone.balance.to_dict()}


@job("records.merge_nodes", title=_("Merge categories"))
def merge_nodes(ctx: JobContext, *, entity: str, node: int, into: int) -> dict[str, int]:
    """Merge one node of a tree into another. Run again after it was done, the node is gone and nothing happens."""
    of = catalogue.get(entity)
    if not of.model.all_rows.filter(pk=node, deleted_in__isnull=True).exists():
        return {}

    def progress(done: int, total: int) -> None:
        ctx.progress(done, total)
        ctx.check()

    change_set, balance = trees.merge(ctx.actor, of, node, into, progress=progress)
    return {"change_set": change_set, "updated": balance.updated}


@job("records.field_index", title=_("Index of a custom field"))
def field_index(ctx: JobContext, *, field: int) -> dict[str, str]:
    """Build the index of a sortable or unique field while people go on writing. Run again, it finds it there."""
    row = CustomField.objects.filter(pk=field).first()
    if row is None:
        return {}
    ctx.progress(0, None, f"{row.entity} · {row.label_zh}")
    entity = catalogue.get(row.entity)
    try:
        custom.build_index(entity, row)
    except IntegrityError as error:
        raise JobError(
            _("Records share a value of the field %(field)s, which is to be unique: %(records)s"),
            kept=_("All values are as they were; new ones are still checked one by one."),
            todo=_("Give each of them a value of its own, and run this job again; the page of the field lists them."),
            field=row.label_zh, records=custom_use.in_words(custom_use.shared(ctx.actor, entity, row)) or "…",
        ) from error  # fmt: skip
    return {"index": custom.index_name(catalogue.get(row.entity), row.key)}


@job("records.merge_values", title=_("Merge two values of a list"))
def merge_values(ctx: JobContext, *, value: int, into: int) -> dict[str, int | None]:
    """Give records of one value another one. Run again after it was done, no record has the old value any more."""

    def progress(done: int, total: int) -> None:
        ctx.progress(done, total)
        ctx.check()

    one, other = ChoiceValue.objects.get(pk=value), ChoiceValue.objects.get(pk=into)
    change_set, balance = choice_use.merge(ctx.actor, one, other, progress=progress)
    return {"change_set": change_set, **balance.to_dict()}


@job("records.merge_tags", title=_("Merge tags"))
def merge_tags(ctx: JobContext, *, tag: int, into: int) -> dict[str, int | None]:
    """Give records of one tag another one. Run again after it was done, the tag is gone and nothing happens."""
    if not Tag.all_rows.filter(pk=tag, deleted_in__isnull=True).exists():
        return {}

    def progress(done: int, total: int) -> None:
        ctx.progress(done, total)
        ctx.check()

    change_set, balance = tags.merge(ctx.actor, tag, into, progress=progress)
    return {"change_set": change_set, **balance.to_dict()}


@job("records.hand_over", title=_("Hand over records"))
def hand_over(ctx: JobContext, *, from_person: int, to: int, reason: str = "") -> dict[str, int | None]:
    """Everything one person owns goes to another. Run again after it was done, nothing is left to hand over."""

    def progress(done: int, total: int) -> None:
        ctx.progress(done, total)
        ctx.check()

    change_set, balance = handing.hand_over(ctx.actor, from_person, to, reason=reason, progress=progress)
    return {"change_set": change_set, **balance.to_dict()}


def _written(change_set: int, entity: str) -> Iterator[list[int]]:
    model = catalogue.get(entity).model
    for batch in ChangeBatch.objects.filter(change_set=change_set, entity=entity, op=Op.CREATE).order_by("id"):
        last = batch.first - 1
        rows = model.all_rows.filter(pk__lte=batch.last, created_in=change_set, deleted_in__isnull=True).order_by("pk")
        while ids := list(rows.filter(pk__gt=last).values_list("pk", flat=True)[: 5 * _CHUNK]):
            yield ids
            last = ids[-1]
    last = 0
    lines = Change.objects.filter(change_set=change_set, entity=entity, op=Op.UPDATE).order_by("id")
    while found := list(lines.filter(pk__gt=last).values_list("pk", "record")[: 5 * _CHUNK]):
        yield [record for _pk, record in found]
        last = found[-1][0]
