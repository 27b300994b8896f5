"""Whether the house is well, for whoever watches it: one word, and nothing that a stranger could use.

`/health/live`: the program answers. `/health/ready`: the database answers and its tables are those of this program.
`/health`: that, and a worker has been heard of. 200 or 503. Stands before everything else, so that it answers without
the database.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from guanxi.web.access import public

log = logging.getLogger("guanxi.health")
_migrated = False


def migrated() -> bool:
    """Whether no migration waits. Asked until it is so; what this program brings along does not change while it runs."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


def _database() -> bool:
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    return bool(connection.is_usable())


def _worker() -> bool:
    from guanxi.web.screens.core.jobs import worker_silent

    return not worker_silent()


CHECKS: dict[str, tuple[Callable[[], bool], ...]] = {
    "/health/live": (),
    "/health/ready": (_database, migrated),
    "/health": (_database, migrated, _worker),
}


def answer(path: str) -> JsonResponse:
    well = True
    for check in CHECKS[path]:
        try:
            well = check()
        except Exception as error:  # whatever it is, the house is not well
            log.warning("%s: %s: %s", path, check.__name__, error)
            well = False
        if not well:
            log.warning("%s: %s says no", path, check.__name__)
            break
    response = JsonResponse({"status": "ok" if well else "unavailable"}, status=200 if well else 503)
    response["Cache-Control"] = "no-store"
    return response


class Health:
    """Middleware, first of all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in CHECKS and request.method in ("GET", "HEAD"):
            return answer(request.path)
        return self.get_response(request)


@public
def health(_request: HttpRequest) -> HttpResponse:
    """The same, for methods that the middleware lets pass, and so that the addresses are known."""
    return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
