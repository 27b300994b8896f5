"""`describe <entity>`: everything that follows from a declaration, as text; kept as golden files."""

from __future__ import annotations

from guanxi.core.access.models import Action
from guanxi.records import catalogue, kinds
from guanxi.records.entity import Entity, Field


def describe(entity: Entity) -> str:
    """The entity and each field with all its faces, in English, stable."""
    lines = [
        f"{entity.key}: {entity.label_plural}",
        f"  table {entity.table}; url /{entity.room}/{entity.noun}/; api /api/{entity.room}/{entity.noun}",
        f"  title {entity.title}; columns {', '.join(entity.columns)}",
        f"  policy {entity.policy}; actions {', '.join(Action.values)}",
        f"  recognised by {', '.join(entity.recognise_by) or '—'}",
    ]
    if entity.numbering:
        lines.append(f"  numbers {entity.numbering.prefix}{entity.numbering.start} … in {entity.numbering.field}")
    lines.append(f"  complete with {', '.join(entity.counted) or '—'}")
    lines += [f"  rolls up {r.of} into {r.link}.{r.field}" for r in entity.rollups]
    lines += [f"  section {section.title}: {', '.join(section.fields)}" for section in entity.sections]
    lines += [f"  pointed to by {other.key}.{f.key} ({f.on_delete})" for other, f in catalogue.links_to(entity)]
    lines += ["  fields:"]
    lines += [f"    {_field(f)}" for f in entity.declared.values()]
    return "\n".join(lines) + "\n"


def _field(field: Field) -> str:
    kind = field.kind
    marks = [
        name
        for name in ("required", "read_only", "unique", "search", "sort", "bulk", "essential")
        if getattr(field, name)
    ]
    more = [f"→ {kind.target}"] if isinstance(kind, kinds.Link) else []
    more += [f"list {kind.list}"] if isinstance(kind, kinds.Choice) else []
    more += [f"of {', '.join(kind.of)}"] if isinstance(kind, kinds.Computed) else []
    more += [f"personal: {field.personal}"] if field.personal else []
    operators = " ".join(o.key for o in kind.operators)
    return (
        f"{field.key}: {kind.key} “{field.label}” class {field.sensitivity}"
        f"{''.join(f' {m}' for m in marks)}{''.join(f'; {m}' for m in more)}"
        f"; json {kind.json_type}; warehouse {kind.warehouse}; operators {operators or '—'}; headers {', '.join(field.aliases) or '—'}"
    )
