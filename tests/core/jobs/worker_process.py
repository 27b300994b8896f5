"""A worker that knows the jobs of the tests: `python -m tests.core.jobs.worker_process LEASE SLOTS TICK`."""

from __future__ import annotations

import logging
import sys

import django

if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(process)d %(message)s")
    django.setup()
    from guanxi.core.jobs import worker
    from tests.core.jobs import work  # noqa: F401  # registers the kinds

    worker.TICK = float(sys.argv[3])
    worker.run(lease=float(sys.argv[1]), slots=int(sys.argv[2]), grace=1.0)
