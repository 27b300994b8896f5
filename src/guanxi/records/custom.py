"""Custom fields: definitions are rows, values live in the JSON column `custom`, and at run time they are Fields like any other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from django.db import connection, transaction

from guanxi.core.access.actor import Actor
from guanxi.core.jobs import enqueue
from guanxi.core.org import versions
from guanxi.kit.problems import BadValue, Problem
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


#: A default points to nothing: a record or a colleague may be gone tomorrow, and a file belongs to one record.
NO_DEFAULT = frozenset({"link", "links", "user", "file"})


class WrongField(ValueError):
    """A custom field cannot be so. `why`: kind, needs, taken, label, index, default, unique, held or gone; `problem`: of a value."""

    def __init__(self, message: str, why: str = "", problem: Problem | None = None) -> None:
        super().__init__(message)
        self.why, self.problem = why, problem


def kind_of(key: str, options: Mapping[str, Any]) -> Kind:
    """The kind of a custom field with its options."""
    allowed = {name: options[name] for name in OFFERED[key] if name in options}
    return kinds.KINDS[key](**allowed)


def _load() -> dict[str, dict[str, Field]]:
    from guanxi.records.models import CustomField

    found: dict[str, dict[str, Field]] = {}
    for row in CustomField.objects.filter(retired=False, deleted=False):
        found.setdefault(row.entity, {})[row.key] = field_of(row)
    return found


def field_of(row: Any) -> Field:
    """The field that a row of definitions (saved or not) makes."""
    kind = kind_of(row.kind, row.options)
    return Field(
        row.key, kind=kind, label=Bilingual(row.label_zh, row.label_en),
        help=Bilingual(row.help_zh, row.help_en), entity=row.entity, custom=True, required=row.required,
        unique=row.unique, sort=row.indexed, search=row.search, bulk=True, sensitivity=cast("Sensitivity", row.sensitivity),
        default=_usable(kind, row.default),
    )  # fmt: skip


def _usable(kind: Kind, default: Any) -> Any:
    """A default as new records get it; values of a list that were retired since are none."""
    if default is None:
        return None
    if isinstance(kind, kinds.Choice):
        live = {option.value for option in kind.options() if not option.retired}
        if kind.many:
            return [code for code in default if code in live] or None
        return default if default in live else None
    return kind.from_json(default)


def read_default(actor: Actor, kind: Kind, raw: Any, *, unique: bool = False) -> Any:
    """What somebody typed as the default of a field, in journal form; None for nothing. Raises WrongField."""
    from guanxi.records.read.cells import formats_for

    try:
        value = kind.parse(raw, formats_for(actor))
    except BadValue as error:
        raise WrongField(f"the default is no value of kind {kind.key}", "default", error.problem) from error
    if value is None or kind.is_empty(value):
        return None
    if kind.key in NO_DEFAULT:
        raise WrongField(f"a field of kind {kind.key} has no default", "default")
    if unique:
        raise WrongField("a unique field has no default", "unique")
    return kind.to_json(value)


_FIELDS = versions.Cached("fields", _load)


def known(entity: Entity) -> Any:
    """The definitions of an entity that were not deleted, also retired ones."""
    from guanxi.records.models import CustomField

    return CustomField.objects.filter(entity=entity.key, deleted=False)


def fields(entity: Entity) -> Mapping[str, Field]:
    """Declared and custom fields of an entity, in order."""
    custom = _FIELDS.get().get(entity.key)
    return {**entity.declared, **custom} if custom else entity.declared


def define(actor: Actor, entity: Entity, *, kind: str, label_zh: str, label_en: str, **more: Any) -> str:
    """Add a custom field; returns its key.

    `more`: key, options, help_zh, help_en, sensitivity, required, unique, indexed, search, default (as somebody types it).
    """
    from guanxi.core.journal import note
    from guanxi.records.models import CustomField

    if kind not in OFFERED:
        raise WrongField(f"no such kind: {kind}", "kind")
    options = {k: v for k, v in dict(more.pop("options", {})).items() if k in OFFERED[kind]}
    if missing := [name for name in OFFERED[kind] if not options.get(name)]:
        raise WrongField(f"a field of kind {kind} needs {', '.join(missing)}", "needs")
    key = more.pop("key", "") or _free_key(entity, label_en or label_zh)
    if not KEY.fullmatch(key) or CustomField.objects.filter(entity=entity.key, key=key).exists():
        raise WrongField(f"the key {key} is taken or malformed", "taken")
    if not (label_zh.strip() or label_en.strip()):
        raise WrongField("a field needs a label", "label")
    if (more.get("indexed") or more.get("unique")) and kind not in INDEXABLE:
        raise WrongField(f"a field of kind {kind} cannot be indexed or unique", "index")
    more["default"] = read_default(actor, kind_of(kind, options), more.get("default"), unique=bool(more.get("unique")))
    with transaction.atomic():
        row = CustomField.objects.create(
            entity=entity.key, key=key, kind=kind, options=options, label_zh=label_zh.strip() or label_en.strip(),
            label_en=label_en.strip() or label_zh.strip(), position=CustomField.objects.filter(entity=entity.key).count(),
            **more,
        )  # fmt: skip
        after = {"entity": entity.key, "key": key, "kind": kind, "label_zh": row.label_zh, "label_en": row.label_en}
        note(actor, action="settings", entity="records.customfield", record=row.pk, detail={"after": after})
        if row.indexed or row.unique:
            build_index_later(actor, row)
        versions.bump("fields")
    return key


EDITABLE = (
    "label_zh", "label_en", "help_zh", "help_en", "sensitivity", "required", "search", "position", "retired", "default", "deleted",
)  # fmt: skip


def change(actor: Actor, entity: Entity, key: str, **changes: Any) -> int | None:
    """Change what may change of a custom field: labels, help, class, required, order, default (as typed). Never its key or kind.

    Returns the step in the journal, by which it can be taken back; None when nothing differs.
    """
    from guanxi.records.models import CustomField

    with transaction.atomic():
        row = CustomField.objects.select_for_update().get(entity=entity.key, key=key, deleted=False)
        if "default" in changes:
            changes["default"] = read_default(
                actor, kind_of(row.kind, row.options), changes["default"], unique=row.unique
            )
        return _apply(actor, row, changes)


def delete(actor: Actor, entity: Entity, key: str) -> int | None:
    """Take a field away that no record holds a value of; WrongField (held) where one does: first it is emptied there, or retired.

    Its key is never given again, so a value that is still on its way in cannot turn up under another field.
    """
    from guanxi.records.models import CustomField

    with transaction.atomic():
        row = CustomField.objects.select_for_update().get(entity=entity.key, key=key, deleted=False)
        if holding(entity, key):
            raise WrongField(f"records hold a value of {key}", "held")
        return _apply(actor, row, {"deleted": True})


def put_back(actor: Actor, record: int, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Give a field back what a step of the journal changed; WrongField (gone) when it is no longer what that step made of it."""
    from guanxi.records.models import CustomField

    with transaction.atomic():
        row = CustomField.objects.select_for_update().filter(pk=record).first()
        if row is None or any(getattr(row, name, None) != value for name, value in after.items()):
            raise WrongField("the field was changed since", "gone")
        _apply(actor, row, dict(before))


def holding(entity: Entity, key: str) -> int:
    """How many records hold a value of a custom field, whoever may see them."""
    return entity.model.all_rows.filter(deleted_in__isnull=True, custom__has_key=key).exclude(
        **{f"custom__{key}": None}
    ).count()  # fmt: skip


def _apply(actor: Actor, row: Any, changes: dict[str, Any]) -> int | None:
    """Write changes in journal form, and their line."""
    from guanxi.core.journal import note

    if wrong := changes.keys() - set(EDITABLE):
        raise WrongField(f"cannot change {', '.join(sorted(wrong))}")
    before = {name: getattr(row, name) for name, value in changes.items() if getattr(row, name) != value}
    if not before:
        return None
    after = {name: changes[name] for name in before}
    for name, value in after.items():
        setattr(row, name, value)
    row.save(update_fields=list(after))
    step = note(actor, action="settings", entity="records.customfield", record=row.pk,
                detail={"field": f"{row.entity}.{row.key}", "before": before, "after": after})  # fmt: skip
    versions.bump("fields")
    if before.keys() & {"search", "retired", "deleted"}:
        enqueue("records.reindex", {"entity": row.entity}, actor=actor)
    return step


def _free_key(entity: Entity, label: str) -> str:
    from guanxi.kit import text
    from guanxi.records.models import CustomField

    words = re.sub(r"[^a-z0-9]+", "_", "".join(text.pinyin(label)) if text.has_cjk(label) else label.lower()).strip("_")
    stem = f"x_{words or 'field'}"[:30].rstrip("_")
    if not KEY.fullmatch(stem):
        stem = f"x_f_{stem[2:]}"
    taken = set(CustomField.objects.filter(entity=entity.key, key__startswith=stem).values_list("key", flat=True))
    return stem if stem not in taken else next(k for n in range(2, 10_000) if (k := f"{stem}_{n}") not in taken)


def build_index_later(actor: Actor, row: Any) -> None:
    """As a job: inside the request it would keep everybody from writing while the table is read."""
    enqueue("records.field_index", {"field": row.pk}, actor=actor, once_key=f"records.field_index:{row.pk}")


def build_index(entity: Entity, row: Any) -> None:
    """An expression index for a custom field, partial on live rows that have the key. The key is checked, so it may be inlined.

    Outside a transaction people go on writing meanwhile. Raises IntegrityError when two records have the same unique value.
    """
    if row.kind not in INDEXABLE:
        raise WrongField(f"a field of kind {row.kind} cannot be indexed or unique")
    if not KEY.fullmatch(row.key):
        raise WrongField(f"the key {row.key} is malformed")
    type_ = kind_of(row.kind, row.options).custom_cast()
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
