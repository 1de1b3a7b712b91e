"""What an installation tells those who look after it: a line for each request, and numbers for Prometheus.

Endpoints, methods, statuses and durations. Never an address (it may hold a case number or what somebody searched
for), never who asked, never a count of people.
"""

from __future__ import annotations

import hmac
import os
import secrets
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import sqlalchemy as sa
import structlog
from flask import Flask, Response, abort, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.jobs import JobRun
from caseapp.core.outbox import OutboxRow
from config.logging import configure_logging
from config.settings import Environment, settings

log = structlog.get_logger("acogida.request")
REQUESTS = Counter("acogida_requests", "Requests answered", ("endpoint", "method", "status"))
SECONDS = Histogram(
    "acogida_request_seconds", "Time until the answer", ("endpoint",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
#: Asked for every few seconds by a machine: they would drown the rest.
_NOT_WRITTEN_DOWN = frozenset({"healthz", "readyz", "metrics"})


def init_app(app: Flask) -> None:
    """Number, time and write down every request; offer `/metrics` where a token is set."""
    s = settings()
    if s.environment is not Environment.TEST:
        configure_logging(s.log_level, as_json=s.is_production)
    app.before_request(_begin)
    app.after_request(_end)
    app.log_exception = _failed  # type: ignore[method-assign, assignment]

    @app.get("/metrics")
    @access.open_to_all
    def metrics() -> ResponseReturnValue:
        """Numbers about the installation, for whoever has the token (`Authorization: Bearer …`)."""
        if not _has_token(request.headers.get("Authorization", "")):
            abort(404)
        return Response(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _has_token(header: str) -> bool:
    token = settings().metrics_token
    return bool(token) and hmac.compare_digest(header.encode(), f"Bearer {token}".encode())


def _begin() -> None:
    g.request_number, g.begun = secrets.token_hex(8), time.perf_counter()


def _end(response: Response) -> Response:
    if "begun" not in g:
        return response
    took, endpoint = time.perf_counter() - g.begun, request.endpoint or "unknown"
    REQUESTS.labels(endpoint, request.method, str(response.status_code)).inc()
    SECONDS.labels(endpoint).observe(took)
    response.headers["X-Request-Id"] = g.request_number
    if endpoint not in _NOT_WRITTEN_DOWN:
        log.info("request", **_what(), status=response.status_code, milliseconds=round(took * 1000, 1))
    return response


def _what() -> dict[str, str]:
    return {
        "request": g.get("request_number", ""),
        "endpoint": request.endpoint or "unknown",
        "method": request.method,
    }


def _failed(
    error: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
) -> None:
    """Instead of Flask's line, which holds the address."""
    log.error("request failed", **_what(), exc_info=error)


def _registry() -> CollectorRegistry:
    """What all processes of the web server counted, and how the work behind them stands."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
    registry.register(_Work())
    return registry


class _Work:
    """Messages that wait, messages given up, and when each job last ended well."""

    def collect(self) -> Iterator[Metric]:
        waiting, oldest, given_up = session.execute(_MESSAGES).one()
        late = (clock.real_now() - oldest).total_seconds() if oldest else 0.0
        yield _gauge("acogida_outbox_waiting", "Messages that wait", waiting)
        yield _gauge("acogida_outbox_oldest_seconds", "How long the oldest due message waits", max(late, 0.0))
        yield _gauge("acogida_outbox_given_up", "Messages given up", given_up)
        ended = GaugeMetricFamily("acogida_job_ended_timestamp", "When a job last ended well", labels=["job"])
        for job, moment in session.execute(_JOBS):
            ended.add_metric([job], moment.timestamp() if moment else 0.0)
        yield ended


def _gauge(name: str, documentation: str, value: Any) -> Metric:
    return GaugeMetricFamily(name, documentation, value=float(value))


_WAITS = sa.and_(OutboxRow.done_at.is_(None), OutboxRow.failed_at.is_(None))
_MESSAGES = sa.select(
    sa.func.count().filter(_WAITS), sa.func.min(OutboxRow.due_at).filter(_WAITS),
    sa.func.count().filter(OutboxRow.failed_at.is_not(None)),
).where(OutboxRow.done_at.is_(None))  # fmt: skip
_JOBS = sa.select(JobRun.job, sa.func.max(JobRun.ended_at)).where(JobRun.state == "DONE").group_by(JobRun.job)
