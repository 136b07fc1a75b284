"""Our own log: structured lines on stderr, never a payload and never a credential."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from forensics.model.inert import inert

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")


def configure(*, log_format: str = "text", level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log line of this process to one stream.

    Args:
        log_format: ``text`` for people, ``json`` for one JSON object a line.
        level: The least level shown, one of LEVELS.
        stream: Where lines go; None means stderr.
    """
    out = stream or sys.stderr
    shown: list[Any] = (
        [structlog.processors.JSONRenderer(sort_keys=False)]
        if log_format == "json"
        else [_without_nothing, structlog.dev.ConsoleRenderer(colors=False, pad_event_to=32)]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _inert_values,
            *shown,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )


def _inert_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Make hostile text harmless: AWS's own words, and with them anybody's, end up in reasons."""
    for key, value in event.items():
        if isinstance(value, str) and key != "exception":
            event[key] = inert(value)
    return event


def _without_nothing(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Leave out what has no value: a person reads the line."""
    return {key: value for key, value in event.items() if value not in (None, "")}


def get_logger(area: str) -> Any:
    """Return a logger whose lines carry the area, such as ``capture``."""
    return structlog.get_logger(area=area)
