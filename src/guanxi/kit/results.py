"""The balance of a bulk job: what went in must come out somewhere, to the row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace


class Unbalanced(AssertionError):
    """The rows read are not the rows accounted for: a bug in the job, never a fault of the data."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Row counts of one bulk job. ``read`` must equal the sum of the five outcomes."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0  # left out on purpose: blank, duplicate within the file, chosen by the user
    held: int = 0  # has a problem and waits for a person

    @property
    def accounted(self) -> int:
        """Rows with an outcome."""
        return self.created + self.updated + self.unchanged + self.skipped + self.held

    @property
    def written(self) -> int:
        """Rows that changed the database."""
        return self.created + self.updated

    def check(self) -> Balance:
        """Return itself, or raise :class:`Unbalanced` when the sums differ or a count is negative."""
        if self.read != self.accounted or min(self.as_tuple()) < 0:
            raise Unbalanced(f"{self.read} rows read, {self.accounted} accounted for: {self.to_dict()}")
        return self

    def add(self, **counts: int) -> Balance:
        """A new balance with the given counts added: ``balance.add(read=1, created=1)``."""
        return replace(self, **{name: getattr(self, name) + count for name, count in counts.items()})

    def __add__(self, other: Balance) -> Balance:
        return Balance(*(a + b for a, b in zip(self.as_tuple(), other.as_tuple(), strict=True)))

    def as_tuple(self) -> tuple[int, ...]:
        return (self.read, self.created, self.updated, self.unchanged, self.skipped, self.held)

    def to_dict(self) -> dict[str, int]:
        """Plain dict, for JSON."""
        return dict(zip((f.name for f in fields(self)), self.as_tuple(), strict=True))

    @classmethod
    def from_dict(cls, data: Mapping[str, int]) -> Balance:
        """The inverse of :meth:`to_dict`; missing counts are 0, unknown names raise ``TypeError``."""
        return cls(**{name: int(count) for name, count in data.items()})
