"""Changing lists of values: add, rename, colour, order, retire. Codes never change, values are never deleted."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction
from django.db.models import Max

from guanxi.core.access import Actor
from guanxi.core.journal import note
from guanxi.core.org import versions
from guanxi.kit import text as texts
from guanxi.records.models import ChoiceList, ChoiceValue

CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
EDITABLE = ("label_zh", "label_en", "colour", "aliases", "retired")


class WrongValue(ValueError):
    """A value cannot be so; `why` is taken, code or label."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def _note(actor: Actor, row: ChoiceValue, before: dict[str, Any], after: dict[str, Any]) -> None:
    note(
        actor,
        action="settings",
        entity="records.choicevalue",
        record=row.pk,
        detail={"field": f"{row.list_id}.{row.code}", "before": before, "after": after},
    )


@transaction.atomic
def add(
    actor: Actor, list_: ChoiceList, *, label_zh: str, label_en: str, code: str = "", colour: str = ""
) -> ChoiceValue:
    """A new value at the end of the list. The code is made from the label when none is given."""
    if not (label_zh or label_en):
        raise WrongValue("label")
    code = code or _free_code(list_, label_en or label_zh)
    if not CODE.fullmatch(code):
        raise WrongValue("code")
    rows = ChoiceValue.objects.select_for_update().filter(list=list_)
    if rows.filter(code=code).exists():
        raise WrongValue("taken")
    last = ChoiceValue.objects.filter(list=list_).aggregate(n=Max("position"))["n"]
    row = ChoiceValue.objects.create(
        list=list_,
        code=code,
        label_zh=label_zh or label_en,
        label_en=label_en or label_zh,
        colour=colour,
        position=0 if last is None else last + 1,
    )
    _note(actor, row, {}, {"label_zh": row.label_zh, "label_en": row.label_en, "colour": colour})
    versions.bump("choices")
    return row


@transaction.atomic
def change(actor: Actor, row: ChoiceValue, **changes: Any) -> bool:
    """Give a value new labels, colour, spellings, or retire it; returns whether anything differed."""
    if wrong := changes.keys() - set(EDITABLE):
        raise ValueError(f"cannot change {', '.join(sorted(wrong))}")
    before = {name: getattr(row, name) for name, value in changes.items() if getattr(row, name) != value}
    if not before:
        return False
    for name in before:
        setattr(row, name, changes[name])
    row.save(update_fields=list(before))
    _note(actor, row, before, {name: changes[name] for name in before})
    versions.bump("choices")
    if "retired" in before:
        versions.bump("fields")  # a retired value is the default of no field
    return True


class Reordered(Exception):
    """The list is no longer in the order that a change was made from."""


@transaction.atomic
def move(actor: Actor, row: ChoiceValue, by: int) -> int | None:
    """One place up (-1) or down (1); returns the step in the journal, None at the end of the list."""
    order = in_order(row.list_id)
    at = next(i for i, one in enumerate(order) if one.pk == row.pk)
    to = at + by
    if not 0 <= to < len(order):
        return None
    was = [one.pk for one in order]
    order[at], order[to] = order[to], order[at]
    return reorder(actor, row.list, [one.pk for one in order], was=was)


def in_order(key: str) -> list[ChoiceValue]:
    return list(ChoiceValue.objects.filter(list=key).order_by("position", "id"))


@transaction.atomic
def reorder(actor: Actor, list_: ChoiceList, order: list[int], *, was: list[int]) -> int | None:
    """Put the values of a list into this order of ids; returns the step in the journal, None when it is in that order.

    Raises Reordered, and does nothing, when it is no longer the list it `was`.
    """
    ChoiceList.objects.select_for_update().get(pk=list_.pk)
    rows = {row.pk: row for row in in_order(list_.key)}
    if list(rows) != was or set(order) != set(was) or len(order) != len(was):
        raise Reordered
    if order == was:
        return None
    moved = [rows[pk] for pk in order]
    for position, row in enumerate(moved):
        row.position = position
    ChoiceValue.objects.bulk_update(moved, ["position"])
    step = note(
        actor,
        action="settings",
        entity="records.choicevalue",
        record=None,
        detail={
            "field": list_.key,
            "before": {"order": [rows[pk].code for pk in was]},
            "after": {"order": [r.code for r in moved]},
        },
    )
    versions.bump("choices")
    return step


def put_in_order(actor: Actor, key: str, codes: list[str], *, was: list[str]) -> None:
    """The order a list had before, by codes; Reordered when it is no longer as it `was`."""
    rows = in_order(key)
    ids = {row.code: row.pk for row in rows}
    if not rows or [row.code for row in rows] != was or set(codes) != set(was):
        raise Reordered
    reorder(actor, rows[0].list, [ids[code] for code in codes], was=[row.pk for row in rows])


def _free_code(list_: ChoiceList, label: str) -> str:
    spelled = "".join(texts.pinyin(label)) if texts.has_cjk(label) else label.lower()
    stem = re.sub(r"[^a-z0-9]+", "_", spelled).strip("_")[:30] or "value"
    taken = set(ChoiceValue.objects.filter(list=list_, code__startswith=stem).values_list("code", flat=True))
    return stem if stem not in taken else next(code for n in range(2, 10_000) if (code := f"{stem}_{n}") not in taken)
