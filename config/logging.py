"""What the processes say about themselves: one line per event on stderr, JSON in production.

A log is read by people who may not read cases. So: codes and ids, never names; no query strings (a search
holds a name); passwords in URLs are masked wherever they turn up, tracebacks included. The values of SQL
parameters are kept out at the source (``hide_parameters`` on the engines), and what PostgreSQL tells of a row
that failed (``DETAIL``) is cut out of every text.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

_PASSWORD_IN_URL = re.compile(r"(://[^:/@\s]*:)[^@/\s]+@")
# The row or key that broke a constraint, which may go over several lines: up to the next part of the message.
_DETAIL = re.compile(
    r"DETAIL:.*?(?=\n(?:HINT|CONTEXT|QUERY|LINE \d+):|\n\[SQL|\n\(Background|\n\n|\Z)", re.DOTALL
)
# Libraries that say too much at INFO.
_QUIET = ("alembic.runtime.migration", "kombu", "amqp", "urllib3", "fontTools")


def configure_logging(level: str = "INFO", *, as_json: bool = True) -> None:
    """Send structlog's and the standard library's records the same way; may be called again."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_passwords,
        leave_out_rows,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _printer(as_json)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _printer(as_json: bool) -> Processor:
    if as_json:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


def mask_passwords(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the password of every URL in the event's texts by three dots."""
    for key, value in event.items():
        if isinstance(value, str) and "://" in value:
            event[key] = _PASSWORD_IN_URL.sub(r"\1…@", value)
    return event


def leave_out_rows(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cut what PostgreSQL says of a failing row out of the event's texts, tracebacks included."""
    for key, value in event.items():
        if isinstance(value, str) and "DETAIL:" in value:
            event[key] = _DETAIL.sub("DETAIL: …", value)
    return event
