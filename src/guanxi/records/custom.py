"""Custom fields: definitions are rows, values live in the JSON column `custom`, and at run time they are Fields like any other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from django.db import connection, transaction

from guanxi.core.access.actor import Actor
from guanxi.core.jobs import enqueue
from guanxi.core.org import versions
from guanxi.records import kinds, sql
from guanxi.records.entity import Entity, Field, Sensitivity
from guanxi.records.kinds import Kind
from guanxi.records.labels import Bilingual

KEY = re.compile(r"x_[a-z][a-z0-9_]{0,40}")
#: Kinds an administrator may choose, with the options each needs.
OFFERED: Mapping[str, tuple[str, ...]] = {
    "text": (), "longtext": (), "integer": (), "number": (), "money": ("currency",), "percent": (), "rating": (),
    "boolean": (), "date": (), "datetime": (), "choice": ("list",), "multichoice": ("list",), "phone": (), "email": (),
    "url": (), "address": (), "person_name": (), "company_name": (), "link": ("target",), "links": ("target",),
    "user": (), "file": (),
}  # fmt: skip
INDEXABLE = frozenset(
    {"text", "integer", "number", "money", "percent", "rating", "choice", "date", "phone", "email", "user", "link"}
)


class WrongField(ValueError):
    """A custom field cannot be defined so; the message says why."""


def _kind(key: str, options: Mapping[str, Any]) -> Kind:
    allowed = {name: options[name] for name in OFFERED[key] if name in options}
    return kinds.KINDS[key](**allowed)


def _load() -> dict[str, dict[str, Field]]:
    from guanxi.records.models import CustomField

    found: dict[str, dict[str, Field]] = {}
    for row in CustomField.objects.filter(retired=False):
        found.setdefault(row.entity, {})[row.key] = Field(
            row.key, kind=_kind(row.kind, row.options), label=Bilingual(row.label_zh, row.label_en),
            help=Bilingual(row.help_zh, row.help_en), entity=row.entity, custom=True, required=row.required,
            unique=row.unique, sort=row.indexed, search=row.search, bulk=True, sensitivity=cast("Sensitivity", row.sensitivity),
        )  # fmt: skip
    return found


_FIELDS = versions.Cached("fields", _load)


def fields(entity: Entity) -> Mapping[str, Field]:
    """Declared and custom fields of an entity, in order."""
    custom = _FIELDS.get().get(entity.key)
    return {**entity.declared, **custom} if custom else entity.declared


def define(actor: Actor, entity: Entity, *, kind: str, label_zh: str, label_en: str, **more: Any) -> str:
    """Add a custom field; returns its key. `more`: key, options, help_zh, help_en, sensitivity, required, unique, indexed, search."""
    from guanxi.core.jobs import enqueue
    from guanxi.core.journal import note
    from guanxi.records.models import CustomField

    if kind not in OFFERED:
        raise WrongField(f"no such kind: {kind}")
    options = {k: v for k, v in dict(more.pop("options", {})).items() if k in OFFERED[kind]}
    if missing := [name for name in OFFERED[kind] if not options.get(name)]:
        raise WrongField(f"a field of kind {kind} needs {', '.join(missing)}")
    key = more.pop("key", "") or _free_key(entity, label_en or label_zh)
    if not KEY.fullmatch(key) or CustomField.objects.filter(entity=entity.key, key=key).exists():
        raise WrongField(f"the key {key} is taken or malformed")
    if not (label_zh.strip() or label_en.strip()):
        raise WrongField("a field needs a label")
    if (more.get("indexed") or more.get("unique")) and kind not in INDEXABLE:
        raise WrongField(f"a field of kind {kind} cannot be indexed or unique")
    with transaction.atomic():
        row = CustomField.objects.create(
            entity=entity.key, key=key, kind=kind, options=options, label_zh=label_zh.strip() or label_en.strip(),
            label_en=label_en.strip() or label_zh.strip(), position=CustomField.objects.filter(entity=entity.key).count(),
            **more,
        )  # fmt: skip
        after = {"entity": entity.key, "key": key, "kind": kind, "label_zh": row.label_zh, "label_en": row.label_en}
        note(actor, action="settings", entity="records.customfield", record=row.pk, detail={"after": after})
        if row.indexed or row.unique:
            # Building it inside the request would keep everybody from writing while the table is read.
            enqueue("records.field_index", {"field": row.pk}, actor=actor, once_key=f"records.field_index:{row.pk}")
        versions.bump("fields")
    return key


EDITABLE = ("label_zh", "label_en", "help_zh", "help_en", "sensitivity", "required", "search", "position", "retired")


def change(actor: Actor, entity: Entity, key: str, **changes: Any) -> None:
    """Change what may change of a custom field: labels, help, class, required, order, retired. Never its key or kind."""
    from guanxi.core.journal import note
    from guanxi.records.models import CustomField

    if wrong := changes.keys() - set(EDITABLE):
        raise WrongField(f"cannot change {', '.join(sorted(wrong))}")
    with transaction.atomic():
        row = CustomField.objects.select_for_update().get(entity=entity.key, key=key)
        before = {name: getattr(row, name) for name in changes}
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=list(changes))
        note(actor, action="settings", entity="records.customfield", record=row.pk,
             detail={"field": f"{entity.key}.{key}", "before": before, "after": changes})  # fmt: skip
        versions.bump("fields")
        if any(before[name] != changes[name] for name in ("search", "retired") if name in changes):
            enqueue("records.reindex", {"entity": entity.key}, actor=actor)


def _free_key(entity: Entity, label: str) -> str:
    from guanxi.kit import text
    from guanxi.records.models import CustomField

    words = re.sub(r"[^a-z0-9]+", "_", "".join(text.pinyin(label)) if text.has_cjk(label) else label.lower()).strip("_")
    stem = f"x_{words or 'field'}"[:30].rstrip("_")
    if not KEY.fullmatch(stem):
        stem = f"x_f_{stem[2:]}"
    taken = set(CustomField.objects.filter(entity=entity.key, key__startswith=stem).values_list("key", flat=True))
    return stem if stem not in taken else next(k for n in range(2, 10_000) if (k := f"{stem}_{n}") not in taken)


def build_index(entity: Entity, row: Any) -> None:
    """An expression index for a custom field, partial on live rows that have the key. The key is checked, so it may be inlined.

    Outside a transaction people go on writing meanwhile. Raises IntegrityError when two records have the same unique value.
    """
    if row.kind not in INDEXABLE:
        raise WrongField(f"a field of kind {row.kind} cannot be indexed or unique")
    if not KEY.fullmatch(row.key):
        raise WrongField(f"the key {row.key} is malformed")
    type_ = _kind(row.kind, row.options).custom_cast()
    text = f"(custom ->> '{row.key}')"
    expression = f"(({text})::{type_.db_type(connection)})" if type_ is not None else f"({text})"
    sql.expression_index(entity, index_name(entity, row.key), expression, key=row.key, unique=row.unique)


def index_name(entity: Entity, key: str) -> str:
    return f"{entity.table}_{key}"[:58]


def index_state(entity: Entity, row: Any) -> str:
    """ "ready", "building" or, for a field that needs none, ""."""
    if not (row.indexed or row.unique):
        return ""
    return "ready" if sql.has_index(index_name(entity, row.key)) else "building"
