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
    return True


@transaction.atomic
def move(actor: Actor, row: ChoiceValue, by: int) -> None:
    """One place up (-1) or down (1)."""
    order = list(ChoiceValue.objects.select_for_update().filter(list=row.list_id).order_by("position", "id"))
    at = next(i for i, one in enumerate(order) if one.pk == row.pk)
    to = at + by
    if not 0 <= to < len(order):
        return
    before = order[at].position
    order[at], order[to] = order[to], order[at]
    for position, one in enumerate(order):
        one.position = position
    ChoiceValue.objects.bulk_update(order, ["position"])
    _note(actor, row, {"position": before}, {"position": to})
    versions.bump("choices")


@transaction.atomic
def reorder(actor: Actor, list_: ChoiceList, order: list[int], *, was: list[int]) -> bool:
    """Put the values of a list into this order of ids. False, and nothing done, when it is no longer the list it `was`."""
    rows = {
        row.pk: row for row in ChoiceValue.objects.select_for_update().filter(list=list_).order_by("position", "id")
    }
    if list(rows) != was or set(order) != set(was) or len(order) != len(was):
        return False
    if order == was:
        return True
    moved = [rows[pk] for pk in order]
    for position, row in enumerate(moved):
        row.position = position
    ChoiceValue.objects.bulk_update(moved, ["position"])
    note(
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
    return True


def _free_code(list_: ChoiceList, label: str) -> str:
    spelled = "".join(texts.pinyin(label)) if texts.has_cjk(label) else label.lower()
    stem = re.sub(r"[^a-z0-9]+", "_", spelled).strip("_")[:30] or "value"
    taken = set(ChoiceValue.objects.filter(list=list_, code__startswith=stem).values_list("code", flat=True))
    return stem if stem not in taken else next(code for n in range(2, 10_000) if (code := f"{stem}_{n}") not in taken)
