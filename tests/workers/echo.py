"""A worker for the tests of the relay: one more topic, whose effect is a row that can be counted.

Started as `celery --app tests.workers.echo:app`; hands rows over again after two seconds instead of two
minutes, so that the sweep is seen at work.
"""

from __future__ import annotations

import time
from datetime import timedelta

from caseapp.core import audit, outbox
from workers.app import app

outbox.HANDED_OVER_FOR = timedelta(seconds=2)
TOPIC = "test.echo"


@outbox.handles(TOPIC)
def echo(row: outbox.OutboxRow) -> None:
    """Leave one audit row for each message, slowly enough to be killed in between."""
    time.sleep(0.02)
    audit.record("echoed", "outbox", row.id)


@outbox.handles("test.fails")
def fails(row: outbox.OutboxRow) -> None:
    raise RuntimeError("made to fail")


__all__ = ["app"]
