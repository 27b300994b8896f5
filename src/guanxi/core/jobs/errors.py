"""How a job can end other than well."""

from __future__ import annotations

from typing import Any

import django.db
import psycopg
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_noop

KEPT_STEPS = gettext_noop("Finished steps are kept; the step that failed was rolled back.")
SEE_LOG = gettext_noop("The log has the details under this job's number. Start the job again when the cause is gone.")


class JobError(Exception):
    """A failure a job can explain: what happened, what was kept, what to do. Texts may hold `%(name)s` of `args`."""

    def __init__(self, what: str | Promise, *, kept: str | Promise = "", todo: str | Promise = "", **args: Any) -> None:
        self.what, self.kept, self.todo, self.args_ = msgid(what), msgid(kept), msgid(todo), args
        super().__init__(self.what % args if args else self.what)

    def to_dict(self) -> dict[str, Any]:
        return {"what": self.what, "kept": self.kept, "todo": self.todo, "args": self.args_}


class Unknown(LookupError):
    """No such kind of job is registered."""


class Stop(BaseException):
    """Base of what makes a run end early. Not an `Exception`, so that a job's `except Exception` lets it pass."""


class Cancelled(Stop):
    """Somebody asked for this job to stop."""


class Interrupted(Stop):
    """The worker is shutting down; the job goes back into the queue."""


class Lost(Stop):
    """The job was given to another worker, because this one was not heard of for too long."""


def msgid(text: str | Promise) -> str:
    """The untranslated text of a lazy translation."""
    with translation.override(None):
        return str(text)


def explain(error: BaseException) -> dict[str, Any]:
    """`Job.error` for `error`."""
    if isinstance(error, JobError):
        return error.to_dict()
    return {
        "what": gettext_noop("The job stopped at an unexpected error: %(type)s: %(text)s"),
        "kept": KEPT_STEPS,
        "todo": SEE_LOG,
        "args": {"type": type(error).__name__, "text": str(error).strip()[:1000].replace("\x00", "")},
    }


TRANSIENT_STATES = {
    "40001",  # serialization failure
    "40P01",  # deadlock
    "55P03",  # lock not available
    "53300",  # too many connections
    "57P01", "57P02", "57P03",  # database stopping, crashed, starting
    "25006",  # read-only: a stand-by that is just being promoted
}  # fmt: skip


def is_transient(error: BaseException | None) -> bool:
    """Whether trying again may help: the database was away, or two transactions got into each other's way."""
    if isinstance(error, JobError):
        return False
    while error is not None:
        if isinstance(error, psycopg.Error):
            state = error.sqlstate
            if state is not None:
                return state in TRANSIENT_STATES or state.startswith("08")
            return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
        if isinstance(error, django.db.InterfaceError) and error.__cause__ is None:
            return True
        error = error.__cause__
    return False
