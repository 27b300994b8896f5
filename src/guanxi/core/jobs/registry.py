"""The kinds of job there are. A module's jobs are known once it is imported; `site` lists the modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise

from guanxi.core.jobs.cron import Cron
from guanxi.core.jobs.errors import Unknown

if TYPE_CHECKING:
    from guanxi.core.jobs.context import JobContext

Function = Callable[..., Any]
KINDS: dict[str, JobKind] = {}


@dataclass(frozen=True)
class JobKind:
    """One kind of job. Running it twice with the same parameters must be harmless: a worker may die at any point."""

    key: str
    function: Function
    title: str | Promise
    queue: str = "default"
    max_attempts: int = 3
    cron: Cron | None = None

    def __call__(self, ctx: JobContext, **params: Any) -> Any:
        return self.function(ctx, **params)


def job(
    key: str, *, queue: str = "default", max_attempts: int = 3, title: str | Promise = ""
) -> Callable[[Function], JobKind]:
    """Register a function `(ctx, **params) -> result` as the job `key`; parameters and result are JSON.

    `max_attempts` bounds the runs after transient errors (database gone, deadlock); any other error fails at once.
    """

    def register(function: Function) -> JobKind:
        kind = JobKind(key, function, title or key, queue, max_attempts)
        known = KINDS.get(key)
        if known and (known.function.__module__, known.function.__qualname__) != (
            function.__module__, function.__qualname__,
        ):  # fmt: skip
            raise ValueError(f"The job {key} is registered twice: {known.function} and {function}.")
        KINDS[key] = kind
        return kind

    return register


def periodic(cron: str) -> Callable[[JobKind], JobKind]:
    """Stands above `@job(…)`: run it, without parameters, by this cron line in the site's time zone, by one worker.

    Times missed while nothing ran are made up by one run.
    """

    def register(kind: JobKind) -> JobKind:
        kind = replace(kind, cron=Cron(cron))
        KINDS[kind.key] = kind
        return kind

    return register


def get(key: str) -> JobKind:
    try:
        return KINDS[key]
    except KeyError:
        raise Unknown(f"There is no job {key!r}. Is its module listed in site/jobs.py?")
