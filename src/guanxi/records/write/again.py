"""Trying again when two transactions got into each other's way."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 8
CROSSED = frozenset({"40P01", "40001"})  # deadlock, serialisation failure: everything was rolled back


def crossed(error: BaseException) -> bool:
    """Whether the database gave up this transaction in favour of another one."""
    return getattr(error.__cause__, "sqlstate", None) in CROSSED


def patiently(verb: Callable[P, R]) -> Callable[P, R]:
    """A verb that is one transaction is done again from the start when it met another one crosswise.

    Inside somebody else's transaction it is not: that one is lost as a whole, and whoever began it decides.
    """

    @wraps(verb)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, TRIES + 1):
            if connection.in_atomic_block:
                break
            try:
                return verb(*args, **kwargs)
            except OperationalError as error:
                if not crossed(error) or attempt == TRIES:
                    raise
                time.sleep(random.uniform(0.0, 0.02 * 2**attempt))  # noqa: S311 - so that the same two do not meet again
        return verb(*args, **kwargs)

    return wrapper
