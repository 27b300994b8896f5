"""Why an import cannot go on, in words that say what to do."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext

from guanxi.kit.problems import Problem
from guanxi.kit.streams import TableError


class Trouble(ValueError):
    """Something about the file, the mapping or the request; nothing was written. `str()` is in the reader's language."""

    def __init__(self, message: str, /, **params: Any) -> None:
        self.template, self.params = message, params
        super().__init__(message)

    def __str__(self) -> str:
        return gettext(self.template) % self.params if self.params else gettext(self.template)


class NotYours(LookupError):
    """No such run, or not one this actor may see: the same answer. Fronts answer 404."""


def of_table(error: TableError) -> Trouble:
    """What is wrong with the file."""
    return Trouble(error.template, **error.params)


def text(problem: Problem) -> str:
    """A problem of a value, in the language at hand."""
    return gettext(problem.template) % problem.params
