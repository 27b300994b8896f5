"""Logging: quiet and readable in a terminal, one JSON object a line with GUANXI_LOG=json. No personal data.

Log lines carry ids, kinds and counts, never values of records; a filter here is the net below that rule.
"""

from __future__ import annotations

import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]

# What must never reach a log even by accident: e-mail addresses, long digit runs (phones, ids, cards), secrets by name.
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_DIGITS = re.compile(r"(?<![\w.:-])\+?\d[\d -]{8,}\d(?:[xX])?(?![\w.:-])")
_DETAIL = re.compile(r"DETAIL:.*", re.DOTALL)
_SECRET = re.compile(r"password|passwd|secret|token|authorization|cookie|api_?key", re.IGNORECASE)


def scrub(text: str) -> str:
    """`text` without what looks like personal data."""
    text = _DETAIL.sub("DETAIL: …", text)
    return _DIGITS.sub("…", _EMAIL.sub("…@…", text))


def _scrub(_: Any, __: str, event: Event) -> Event:
    for name, value in event.items():
        if _SECRET.search(name):
            event[name] = "…"
        elif name not in ("timestamp", "level", "logger") and isinstance(value, str):
            event[name] = scrub(value)
    return event


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def settings(form: str, level: str) -> dict[str, Any]:
    """Django's LOGGING: every logger, structlog's and the standard library's, through one formatter to stderr."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: list[Any]
    if form == "json":
        renderer = [structlog.processors.format_exc_info, _scrub, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        colours = sys.stderr.isatty()
        renderer = [
            structlog.processors.format_exc_info,
            _scrub,
            structlog.dev.ConsoleRenderer(
                colors=colours, exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
            ),
        ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "house": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _shared(),
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
            }
        },
        "handlers": {"terminal": {"class": "logging.StreamHandler", "formatter": "house"}},
        "root": {"handlers": ["terminal"], "level": "WARNING"},
        "loggers": {
            "guanxi": {"level": level},
            # Django's own handlers would print a second time, and mail to nobody.
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.request": {"level": "ERROR"},  # people mistype addresses; that is nobody's to mend
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }
