"""How common words are: the tokens of a few thousand records, drawn from all over the search index and kept in memory.

The index itself cannot say whether a word is rare without reading everything it knows of it, and PostgreSQL's statistics know
nothing of beginnings of words. A sample answers in microseconds, for any words together and for each object.
"""

from __future__ import annotations

import re
import threading
import time
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

from django.db import connection

from guanxi.kit import text

SMALL = 700  # pages of the table; an index that has no more may be asked for anything
BLOCKS = 700  # pages of the table that are drawn from
EACH = 3  # records of a page: neighbours are often alike, so rather more pages than more records
FRESH = 3600.0  # seconds after which another sample is drawn
LOOK = 300  # uses after which the size of the table is looked at again
GROWN = 1.3  # drawn anew when the table became so much larger or smaller

# 'lexeme' without a weight, 'lexeme':1B, 'lexeme':2C; D, the last, is not shown: 'lexeme':3
_LEXEME = re.compile(r"'((?:[^']|'')*)'(?:(:)\d+([BC]?))?(?: |$)")
_CODES = {"B": 1, "C": 2, "D": 3}
_LAST = "\U0010ffff"


class Sample:
    """Tokens of some records: empty when the index is so small that it may be asked for anything."""

    def __init__(self, rows: Iterable[tuple[int, str, str]] = (), *, whole: int = 0) -> None:
        """`rows`: (record, object, tsvector as text). `whole`: about how many records there are."""
        self.whole = whole
        self.records: list[int] = []
        self.entities: list[str] = []
        known: dict[str, list[int]] = {}
        for n, (record, entity, tokens) in enumerate(rows):
            self.records.append(record)
            self.entities.append(entity)
            for token, weighs, weight in _LEXEME.findall(tokens):
                known.setdefault(token, []).append(4 * n + (_CODES.get(weight, 3) if weighs else 0))
        self.sizes = Counter(self.entities)
        # Sorted tokens, where the rows of each begin, and the rows of all of them one after the other: 4 × row + weight.
        self._tokens = sorted(known)
        self._from, self._rows = array("L", [0]), array("H")
        for token in self._tokens:
            self._rows.extend(known[token])
            self._from.append(len(self._rows))

    def about(self, rows: int) -> float:
        """How many records there are for so many of the sample."""
        return rows * self.whole / len(self.records) if self.records else 0.0

    def size(self, entity: str) -> float:
        """About how many records of an object there are."""
        return self.about(self.sizes.get(entity, 0))

    def rows(self, term: text.Term, weights: str = "") -> set[int]:
        """The rows of the sample that answer to a term, for readers of these weights ("" for everything)."""
        token = term.token.replace("'", "''").replace("\\", "\\\\")
        begin = bisect_left(self._tokens, token)
        if term.prefix:
            end = bisect_left(self._tokens, token + _LAST)
        else:
            end = begin + (begin < len(self._tokens) and self._tokens[begin] == token)
        found = self._rows[self._from[begin] : self._from[end]]
        if not weights:
            return {code >> 2 for code in found}
        readable = {0, *(_CODES[w] for w in weights if w in _CODES)}  # what has no weight answers to any
        return {code >> 2 for code in found if code & 3 in readable}

    def of(self, rows: Iterable[int], entity: str) -> list[int]:
        """Ids of the records of an object among these rows, the newest first."""
        return sorted((self.records[n] for n in rows if self.entities[n] == entity), reverse=True)


def _size() -> tuple[int, int]:
    """Pages of the table, and about how many rows it has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_relation_size(oid) / current_setting('block_size')::int, reltuples FROM pg_class"
            " WHERE oid = 'records_searchentry'::regclass"
        )
        pages, rows = cursor.fetchone()
    return int(pages), int(rows) if rows > 0 else int(pages) * 12


def _draw(pages: int, rows: int) -> Sample:
    if pages <= SMALL:
        return Sample(whole=rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record, entity, tokens::text FROM records_searchentry TABLESAMPLE SYSTEM (%s) WHERE random() < %s LIMIT %s",
            [min(100.0, 100 * BLOCKS / pages), EACH * pages / max(rows, 1), 2 * BLOCKS * EACH],
        )
        return Sample(cursor.fetchall(), whole=rows)


class _Held:
    """The sample of this process. One thread draws; the others go on with what there is."""

    def __init__(self) -> None:
        self.sample: Sample | None = None
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        self.sample, self._pages, self._uses, self._end = None, 0, 0, 0.0

    def get(self) -> Sample:
        self._uses += 1
        held = self.sample
        if held is not None and self._uses % LOOK and time.monotonic() < self._end:
            return held
        if not self._lock.acquire(blocking=held is None):
            return held or Sample()
        try:
            pages, rows = _size()
            grown = not self._pages / GROWN <= pages <= self._pages * GROWN
            if self.sample is None or grown or time.monotonic() >= self._end:
                self.sample, self._pages, self._end = _draw(pages, rows), pages, time.monotonic() + FRESH
            else:
                self.sample.whole = rows
            return self.sample
        finally:
            self._lock.release()


HELD = _Held()


def held() -> Sample:
    return HELD.get()
