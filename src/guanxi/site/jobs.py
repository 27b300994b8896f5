"""Every job of the house and every handler of events: what is not imported here does not run."""

from __future__ import annotations


def register_all() -> None:
    """Import the modules that declare jobs and handlers; called once when the programme starts."""
    from guanxi.core.jobs import tidy
    from guanxi.core.journal import jobs as journal
    from guanxi.insight import jobs as insight
    from guanxi.intake import jobs as intake
    from guanxi.records import bulk_jobs, tidying
    from guanxi.records import jobs as records

    assert tidy and journal and bulk_jobs and tidying and insight and intake and records
