"""The conditions of a list in words, each with an address that leaves it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanxi.core.access import Actor
from guanxi.core.identity.models import User
from guanxi.kit.problems import BadValue
from guanxi.records import read
from guanxi.records.entity import Entity, Field
from guanxi.records.kinds import Formats, Link, Person, Secret
from guanxi.records.read.cells import names_of
from guanxi.records.read.query import Asked, Pointing, resolve
from guanxi.web.pages import words
from guanxi.web.pages.base import capital, number


@dataclass(frozen=True)
class Chip:
    """One condition in force."""

    label: str
    operator: str
    value: str
    edit_url: str
    remove_url: str


def chips(actor: Actor, entity: Entity, query: read.Query, base: str) -> list[Chip]:
    """The conditions in words. Raises UnknownField and BadQuery as the list itself would."""
    asked = resolve(actor, entity, query)
    edit = f"{base}filters?{query.params()}"
    found = []
    several = len(asked.single) + len(asked.groups) + len(asked.having) > 1
    if asked.match == "any" and several:
        found.append(Chip(_("One of these is enough"), "", "", edit, f"{base}?{query.params(match='all')}"))
    for one in asked.single:
        found.append(Chip(*said(actor, one), edit, f"{base}?{_without(query, one)}"))
    for no, mode, members in asked.groups:
        label = _("One of") if mode == "any" else _("All of")
        rest = tuple(f for f in query.filters if f.group != no)
        found.append(Chip(label, "", _joined(actor, members), edit, f"{base}?{query.params(filters=rest)}"))
    for i, pointing in enumerate(asked.having):
        rest_h = query.having[:i] + query.having[i + 1 :]
        label, how_many, which = said_of(actor, pointing)
        found.append(Chip(label, how_many, which, edit, f"{base}?{query.params(having=rest_h)}"))
    return found


def _without(query: read.Query, one: Asked) -> str:
    """The question without one condition; of several in one filter only that one goes."""
    filters: list[read.Filter] = []
    for f in query.filters:
        if f is not one.source:
            filters.append(f)
        elif len(f.values) > len(one.values):
            n = len(one.values)
            parts = [f.values[i : i + n] for i in range(0, len(f.values), n)]
            parts.remove(one.values)
            filters.append(replace(f, values=tuple(v for part in parts for v in part)))
    return query.params(filters=tuple(filters))


def said(actor: Actor, one: Asked) -> tuple[str, str, str]:
    """Label, operator and operands of a condition."""
    label = str(one.field.label)
    if one.link is not None:
        label = f"{one.link.label} › {label}"
    operator = words.operator(one.operator.key)
    if one.operator.values == 0:
        return label, operator, ""
    if one.operator.key == "within":
        key = one.values[0]
        plain = key in ("today", "yesterday", "tomorrow") or key.startswith("older_than")
        return label, words.operator("is") if plain else operator, words.range_text(key)
    return label, operator, operand_text(actor, one.field, one.operator.key, one.values)


def _joined(actor: Actor, members: Iterable[Asked]) -> str:
    gap = "；" if actor.language.startswith("zh") else "; "
    return gap.join(" ".join(part for part in said(actor, one) if part) for one in members)


def said_of(actor: Actor, one: Pointing) -> tuple[str, str, str]:
    """What points here, how many, and which of them count."""
    label = relation_label(one.entity, one.link)
    n = {"n": one.n}
    if one.operator.key == "gte":
        how_many = ngettext("at least %(n)s", "at least %(n)s", one.n) % n
    elif one.n == 0:
        how_many = _("there are none")
    elif one.operator.key == "lte":
        how_many = ngettext("at most %(n)s", "at most %(n)s", one.n) % n
    else:
        how_many = ngettext("exactly %(n)s", "exactly %(n)s", one.n) % n
    return label, how_many, f"({_joined(actor, one.asked)})" if one.asked else ""


def relation_label(entity: Entity, link: Field) -> str:
    """Records that point here, by their name; the link too where an entity has several."""
    twins = [
        f
        for f in entity.declared.values()
        if isinstance(f.kind, Link) and f.kind.target == getattr(link.kind, "target", "")
    ]
    name = capital(str(entity.label_plural))
    return f"{name} ({link.label})" if len(twins) > 1 else name


def operand_text(actor: Actor, field: Field, operator: str, values: tuple[str, ...]) -> str:
    """Operands as a person reads them: labels of choices, names of records and people, ranges of days."""
    kind = field.kind
    comma = "、" if actor.language.startswith("zh") else ", "
    if operator == "within":
        return words.range_text(values[0])
    if isinstance(kind, Person):
        ids = [n for v in values if (n := number(v)) is not None]
        names = dict(User.objects.filter(pk__in=ids).values_list("pk", "name"))
        return comma.join(names.get(n, f"#{n}") for n in ids)
    if isinstance(kind, Link):
        ids = [n for v in values if (n := number(v)) is not None]
        seen = names_of(actor, kind.target, ids)
        return comma.join(seen[n][0] if n in seen else f"#{n}" for n in ids)
    if isinstance(kind, Secret):
        return "•••"
    options = getattr(kind, "options", None)
    if callable(options):
        return comma.join(_label(kind, v, read.formats_for(actor)) for v in values)
    if kind.key == "boolean":
        return comma.join(_("Yes") if v in ("1", "true") else _("No") for v in values)
    return (" – " if operator == "between" else comma).join(values)


def _label(kind: Any, text: str, formats: Formats) -> str:
    """The label of a choice given by code or by any of its spellings."""
    try:
        parsed = kind.parse(text, formats)
    except BadValue:
        return text
    return str(kind.format(parsed, formats))
