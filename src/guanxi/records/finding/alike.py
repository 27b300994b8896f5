"""When nothing was found: what sounds the same, then what begins the same, the most alike first."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from guanxi.core.access.actor import Actor
from guanxi.kit import text
from guanxi.records import search
from guanxi.records.finding.asking import EACH, Found, find
from guanxi.records.read.door import visible

ALIKE = 0.6
_CANDIDATES = 50


def similar(actor: Actor, words: str, *, each: int = EACH) -> list[Found]:
    """When nothing was found: what sounds the same, then what begins the same, the most alike first."""
    tried = {words}
    for other in _others(words):
        if other in tried:
            continue
        tried.add(other)
        if found := find(actor, other, each=_CANDIDATES):
            ranked = [r for f in found if (r := _alike(actor, f, words, each))]
            if ranked:
                return [f for _, f in sorted(ranked, key=lambda item: -item[0])]
    return []


def _others(words: str) -> Iterator[str]:
    folded = text.fold(words)
    said = "".join(text.pinyin(folded)).replace(" ", "") if text.has_cjk(folded) else folded
    if said != folded:
        yield said
    # What is dropped may hold the slip: half of what was typed, at least three letters, has to stay.
    low = max(3, len(said) // 2)
    for length in dict.fromkeys((low,) if said != folded else (len(said) - 2, low)):
        if low <= length < len(said):
            yield said[:length]


def _alike(actor: Actor, found: Found, words: str, each: int) -> tuple[float, Found] | None:
    """The records with a value most like the words, among those the actor may read; None when none is."""
    reach = search.reach(actor, found.entity)
    if reach is None:
        return None
    # The second text is what a matcher prepares: once for all.
    said = _sound(words)
    matcher = difflib.SequenceMatcher(None, "", said, autojunk=False)
    columns = dict.fromkeys(["id", *("custom" if f.custom else f.column for f in reach.allowed)])
    scores: dict[int, float] = {}
    for row in visible(found.entity, actor).filter(pk__in=found.ids).values(*columns):
        values = [row["custom"].get(f.key) if f.custom else row[f.column] for f in reach.allowed]
        scores[row["id"]] = max(
            (_likeness(matcher, len(said), v) for v in values if v and isinstance(v, str)), default=0
        )
    ids = sorted((i for i in found.ids if scores.get(i, 0) >= ALIKE), key=lambda i: -scores[i])[:each]
    return (scores[ids[0]], Found(found.entity, tuple(ids), 2)) if ids else None


def _sound(value: str) -> str:
    folded = text.fold(value[:80])
    return "".join(c for c in "".join(text.pinyin(folded, surname=len(folded) <= 4)) if c.isalnum())


def _likeness(matcher: difflib.SequenceMatcher[str], length: int, value: str) -> float:
    """From 0 to 1: how much of what is wanted, of this length, stands at the beginning of `value` in the same order."""
    matcher.set_seq1(_sound(value)[: length + 1])
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    return matcher.ratio()
