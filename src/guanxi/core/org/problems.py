"""What services of the core answer when they do not do what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Refused(PermissionError):
    """The actor has no right to this. Fronts answer as if the thing did not exist (404)."""


class Invalid(ValueError):
    """The values do not do; `errors` maps field keys (or "" for the whole) to messages ready to show."""

    def __init__(self, errors: Mapping[str, Sequence[str]] | str) -> None:
        whole: Mapping[str, Sequence[str]] = {"": [errors]} if isinstance(errors, str) else errors
        self.errors: dict[str, list[str]] = {field: [str(m) for m in messages] for field, messages in whole.items()}
        super().__init__("; ".join(m for messages in self.errors.values() for m in messages))
