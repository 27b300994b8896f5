"""Why the write door says no. Whatever it says, nothing was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from guanxi.kit.problems import Problem
from guanxi.records.entity import Field


class Refused(PermissionError):
    """The actor may see this, but not do that to it."""


class Invalid(ValueError):
    """Values were not accepted. `problems`: field key → what is wrong; "" holds what concerns the whole record."""

    def __init__(self, problems: Mapping[str, list[Problem]]) -> None:
        super().__init__("; ".join(f"{key}: {p}" for key, found in problems.items() for p in found))
        self.problems = dict(problems)


@dataclass(frozen=True)
class ConflictField:
    """A field that somebody else changed meanwhile: formatted values as it was, as you want it, as it is now, and who."""

    field: Field
    base: str
    yours: str
    theirs: str
    who: str


class Conflict(Exception):
    """The record changed since it was read (409). `version` is today's; nothing of yours was written or lost."""

    def __init__(self, version: int, fields: tuple[ConflictField, ...]) -> None:
        super().__init__(", ".join(f.field.key for f in fields) or "deleted")
        self.version = version
        self.fields = fields
