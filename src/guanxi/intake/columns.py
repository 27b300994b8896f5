"""Which column is which field: recognised by header, checked against the values, put together row by row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from guanxi.core.access.actor import Actor
from guanxi.core.access.models import Level
from guanxi.kit.problems import BadValue
from guanxi.kit.text import has_cjk
from guanxi.records import catalogue, custom, kinds, rights
from guanxi.records.entity import Entity, Field
from guanxi.records.read.cells import formats_for
from guanxi.standards import headers

LEFT_OUT = ""
REASON = "原因 / Reason"
"""Header of the last column of a problem file; such a column is left out when the corrected file comes back."""
SURE = 0.7
"""From here a match is set; below it, it is proposed as a guess."""

#: Parts of a field that files often spread over columns: part -> (label, usual headers).
ADDRESS_PARTS: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "country": (_("Country"), ("国家", "国家/地区", "country", "country code", "billing country")),
    "province": (_("Province"), ("省", "省份", "省/州", "province", "state", "state/province", "billing state")),
    "city": (_("City"), ("市", "城市", "city", "town", "billing city")),
    "district": (_("District"), ("区", "区县", "县", "district", "county")),
    "detail": (
        _("Street"),
        ("街道", "街道地址", "详细地址", "street", "street address", "address line 1", "address 1", "billing street"),
    ),
    "postcode": (_("Postcode"), ("邮编", "邮政编码", "postcode", "zip", "zip code", "postal code", "billing zip")),
}
NAME_PARTS: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "family": (_("Family name"), ("姓", "姓氏", "last name", "last_name", "surname", "family name")),
    "given": (_("Given name"), ("名", "first name", "first_name", "given name", "forename")),
}


@dataclass(frozen=True)
class Target:
    """Something a column can become: a field, or a part of one (`address.city`)."""

    key: str
    field: Field
    part: str = ""
    part_label: Any = ""

    @property
    def label(self) -> str:
        return f"{self.field.label} · {self.part_label}" if self.part else str(self.field.label)

    @property
    def aliases(self) -> tuple[str, ...]:
        if self.part:
            return (ADDRESS_PARTS.get(self.part) or NAME_PARTS[self.part])[1]
        return (*labels(self.field), *self.field.aliases)


@dataclass(frozen=True)
class Column:
    """One column of a file and what it was taken for. `why` says, in words, why it is left out."""

    position: int
    header: str
    target: str
    confidence: float
    samples: tuple[str, ...]
    why: str = ""

    @property
    def sure(self) -> bool:
        return self.confidence >= SURE


def labels(field: Field) -> tuple[str, ...]:
    """The field's label in every language of the house."""
    found = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found.append(str(field.label))
    return tuple(dict.fromkeys(found))


def targets(actor: Actor, entity: Entity) -> dict[str, Target]:
    """What this actor may fill by import, by key, in the order of the form."""
    found: dict[str, Target] = {}
    number = entity.numbering.field if entity.numbering else ""
    for key, field in custom.fields(entity).items():
        enough = Level.READ if key == number else Level.EDIT
        if field.computed or isinstance(field.kind, kinds.File) or rights.level(actor, field).rank < enough.rank:
            continue
        found[key] = Target(key, field)
        parts: Mapping[str, tuple[Any, tuple[str, ...]]] = {}
        if isinstance(field.kind, kinds.Address):
            parts = ADDRESS_PARTS
        elif key == entity.title and isinstance(field.kind, kinds.PersonName | kinds.CompanyName):
            parts = NAME_PARTS
        for part, (label, _aliases) in parts.items():
            found[f"{key}.{part}"] = Target(f"{key}.{part}", field, part, label)
    return found


# Recognising ----------------------------------------------------------------------------------------------------------


def recognise(actor: Actor, entity: Entity, header: Sequence[str], samples: Sequence[Sequence[Any]]) -> list[Column]:
    """What each column is taken for. No target twice; a column whose values do not fit its header is left out."""
    known = targets(actor, entity)
    chosen: list[str] = [LEFT_OUT] * len(header)
    scores = [0.0] * len(header)
    why = [""] * len(header)
    seen = [[row[i] for row in samples if row[i] not in (None, "")] for i in range(len(header))]
    own = [name == REASON for name in header]
    names = ["" if own[i] else name for i, name in enumerate(header)]
    fits = _fits(actor)
    for i, match in enumerate(headers.assign(names, {key: t.aliases for key, t in known.items()})):
        if match is None:
            continue
        if seen[i] and not known[match.key].part and not fits(known[match.key].field, seen[i]):
            if match.score < 1.0:
                why[i] = gettext("its values do not look like “%(field)s”") % {"field": known[match.key].label}
                continue
            match = match._replace(score=0.6)
        chosen[i], scores[i] = match.key, match.score
    _by_value(known, header, seen, chosen, scores)
    _settle_parts(known, chosen, scores, why)
    for i in range(len(header)):
        if own[i]:
            why[i] = gettext("written by an earlier import")
        elif not chosen[i] and not why[i]:
            why[i] = gettext("no field was recognised") if seen[i] else gettext("it is empty in the first rows")
    return [
        Column(i, header[i], chosen[i], scores[i], tuple(shown(v) for v in seen[i][:3]), why[i])
        for i in range(len(header))
    ]


def _fits(actor: Actor) -> Callable[[Field, Sequence[Any]], bool]:
    """Whether at least one of the first values can be read as the field; kinds that take any text always fit."""
    formats = formats_for(actor)
    telling = (
        kinds.Phone,
        kinds.Email,
        kinds.Url,
        kinds.Date,
        kinds.DateTime,
        kinds.Integer,
        kinds.Number,
        kinds.Money,
        kinds.YesNo,
    )

    def fits(field: Field, values: Sequence[Any]) -> bool:
        if not isinstance(field.kind, telling):
            return True
        for value in values[:20]:
            try:
                field.kind.parse(value, formats)
            except BadValue:
                continue
            return True
        return False

    return fits


_MOBILE = re.compile(r"(?:\+?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def _looks_like(values: Sequence[Any]) -> type[kinds.Kind] | None:
    texts = [str(v).strip() for v in values]
    if len(texts) < 2:
        return None
    for pattern, kind in ((_MAIL, kinds.Email), (_MOBILE, kinds.Phone)):
        if sum(1 for t in texts if pattern.fullmatch(t)) * 5 >= len(texts) * 4:
            return kind
    return None


def _by_value(
    known: Mapping[str, Target],
    header: Sequence[str],
    seen: Sequence[Sequence[Any]],
    chosen: list[str],
    scores: list[float],
) -> None:
    """A header that says nothing, but values that cannot be anything else: a guess for a field that is still free."""
    for i, name in enumerate(header):
        if chosen[i] or name == REASON or headers.concept(name):
            continue
        kind = _looks_like(seen[i])
        if kind is None:
            continue
        free = [key for key, t in known.items() if not t.part and isinstance(t.field.kind, kind) and key not in chosen]
        if free:
            chosen[i], scores[i] = "mobile" if kind is kinds.Phone and "mobile" in free else free[0], 0.6


def _settle_parts(known: Mapping[str, Target], chosen: list[str], scores: list[float], why: list[str]) -> None:
    """A whole and its parts do not go together: a street beside a city is the detail; first and last name yield to the full name."""
    for key in [k for k, t in known.items() if not t.part]:
        parts = [i for i, c in enumerate(chosen) if c.startswith(f"{key}.")]
        if not parts or key not in chosen:
            continue
        whole = chosen.index(key)
        detail = f"{key}.detail"
        if isinstance(known[key].field.kind, kinds.Address):
            if detail not in chosen:
                chosen[whole] = detail
                continue
            i = chosen.index(detail)
            chosen[i], scores[i] = LEFT_OUT, 0.0
            chosen[whole] = detail
            why[i] = gettext("another column already fills “%(field)s”") % {"field": known[detail].label}
            continue
        for i in parts:
            chosen[i], scores[i] = LEFT_OUT, 0.0
            why[i] = gettext("another column already fills “%(field)s”") % {"field": known[key].label}


def importable(actor: Actor) -> list[Entity]:
    """Entities this actor may import."""
    return [entity for entity in catalogue.every() if actor.can(entity.key, "import") and entity.room != "records"]


def guess(actor: Actor, name: str, header: Sequence[str]) -> Entity | None:
    """The entity whose fields explain the header best; the file's name is a hint. None when the actor may import nothing."""
    squeezed = [headers.squeeze(text) for text in header if text]
    concepts = [headers.concept(text) for text in header if text]
    best: tuple[float, Entity] | None = None
    for entity in importable(actor):
        words: dict[str, str] = {}
        meanings: dict[str, str] = {}
        for target in targets(actor, entity).values():
            for word in (target.key.rpartition(".")[2], *target.aliases):
                words.setdefault(headers.squeeze(word), target.field.key)
                if meant := headers.concept(word):
                    meanings.setdefault(meant, target.field.key)
        found = [words.get(text) or meanings.get(meant or "") for text, meant in zip(squeezed, concepts, strict=True)]
        exact = sum(1 for text in squeezed if text in words)
        filled = set(filter(None, found))
        score = (0.8 * sum(1 for key in found if key) + 0.2 * exact) / max(1, len(squeezed))
        score -= 0.15 * sum(1 for key, field in entity.declared.items() if field.required and key not in filled)
        score += (0.0 if entity.listed else -0.1) + (0.25 if _named(name, entity) else 0.0)
        if best is None or score > best[0] + 1e-9:
            best = (score, entity)
    return best[1] if best else None


def _named(name: str, entity: Entity) -> bool:
    stem = name.rpartition(".")[0].casefold() or name.casefold()
    words = {entity.noun.casefold(), *(word.casefold() for word in _entity_words(entity.key))}
    return any(word and word in stem for word in words)


@cache
def _entity_words(key: str) -> tuple[str, ...]:
    entity, found = catalogue.get(key), []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found += [str(entity.label), str(entity.label_plural)]
    return tuple(found)


# Putting rows together ------------------------------------------------------------------------------------------------


class Composer:
    """Makes the values of a record from the cells of a row. Empty cells say nothing and are left away."""

    def __init__(self, mapping: Sequence[str]) -> None:
        self._plain: list[tuple[int, str]] = []
        self._parts: dict[str, list[tuple[int, str]]] = {}
        self.of: dict[str, list[int]] = {}
        self.unmapped: list[int] = []
        for i, target in enumerate(mapping):
            key, _dot, part = target.partition(".")
            if not target:
                self.unmapped.append(i)
                continue
            self.of.setdefault(key, []).append(i)
            if part:
                self._parts.setdefault(key, []).append((i, part))
            else:
                self._plain.append((i, key))
        self.columns = list(self.of)

    def __call__(self, cells: Sequence[Any]) -> dict[str, Any]:
        values = {key: cell for i, key in self._plain if (cell := cells[i]) is not None and cell != ""}
        for key, parts in self._parts.items():
            given = {part: cells[i] for i, part in parts if cells[i] not in (None, "")}
            if not given:
                continue
            values[key] = full_name(given) if given.keys() <= NAME_PARTS.keys() else given
        return values


def full_name(parts: Mapping[str, Any]) -> str:
    """Family and given name in the order of their script: 张三丰, but Mary Smith."""
    family, given = (str(parts.get(part) or "").strip() for part in ("family", "given"))
    if has_cjk(family + given):
        return family + given
    return f"{given} {family}".strip()


def shown(value: Any) -> str:
    """A cell as a sample shows it: one line, shortened."""
    text = " ".join(str(value).split())
    return text if len(text) <= 80 else text[:79] + "…"
