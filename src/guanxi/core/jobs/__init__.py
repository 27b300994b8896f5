"""Jobs: imports, exports, recomputations; work with progress, that can be cancelled, and that no crash loses."""

from __future__ import annotations

from guanxi.core.jobs.context import JobContext
from guanxi.core.jobs.errors import Cancelled, Interrupted, JobError, Lost, Unknown
from guanxi.core.jobs.execution import run_inline
from guanxi.core.jobs.models import Job, JobState
from guanxi.core.jobs.queue import cancel, enqueue, run_again
from guanxi.core.jobs.registry import JobKind, job, periodic

__all__ = [
    "Cancelled",
    "Interrupted",
    "Job",
    "JobContext",
    "JobError",
    "JobKind",
    "JobState",
    "Lost",
    "Unknown",
    "cancel",
    "enqueue",
    "job",
    "periodic",
    "run_again",
    "run_inline",
]
