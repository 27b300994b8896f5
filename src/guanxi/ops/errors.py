"""Failures a person can do something about: shown as two lines without a traceback."""

from __future__ import annotations


class Unavailable(Exception):
    """Something the program needs is not there. `remedy` says what to do about it, one step a line."""

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}\n{self.remedy}" if self.remedy else self.problem


class DatabaseUnavailable(Unavailable):
    """The database cannot be started, reached or used."""
