"""gunicorn's settings: ``gunicorn --config python:config.gunicorn "caseapp:create_app()"``."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import uuid_utils

from config.logging import configure_logging
from config.settings import settings

# Where the processes add up what they count; the library looks at this when it is first imported.
_HOME = os.environ.get("ACOGIDA_HOME")
_COUNTS = Path(_HOME, "counts") if _HOME else Path(tempfile.mkdtemp(prefix="acogida-counts-"))
shutil.rmtree(_COUNTS, ignore_errors=True)
_COUNTS.mkdir(mode=0o700, parents=True)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_COUNTS)

# Threads, because a request waits for PostgreSQL most of its time; two processes, so that one may be busy.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# The application is made once and its processes are forked from it: half the memory, and ready sooner.
preload_app = True
timeout = 60
graceful_timeout = 8
keepalive = 5
# A heartbeat on a disk that is busy would let healthy workers be killed.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None

# Its control socket would stand in the account's home, outside ours, one for all installations.
control_socket_disable = True

# New processes now and then, not all at the same moment.
max_requests = 5000
max_requests_jitter = 1000

# Larger than the longest link of ours.
limit_request_line = 4094
limit_request_fields = 60

# No access log by default (our own line says endpoint, status and time); with one, no address is written: it may hold
# a name, or the token of a one-time page.
accesslog = os.environ.get("ACOGIDA_ACCESS_LOG") or None
access_log_format = "%(t)s %(m)s %(s)s %(B)s %(D)s"
errorlog = "-"
loglevel = "info"

# Who may say X-Forwarded-*: the proxy in front, which production names.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")


def on_starting(server: Any) -> None:
    """gunicorn's own lines go where all lines go."""
    own = settings()
    configure_logging(own.log_level, as_json=own.is_production)
    logger = logging.getLogger("gunicorn.error")
    logger.handlers.clear()
    logger.propagate = True


def when_ready(server: Any) -> None:
    """The program itself is set aside before the processes are forked: looking through it for rubbish again and again cost
    a request 150 ms now and then, and the memory that they share."""
    gc.collect()
    gc.freeze()


def child_exit(server: Any, worker: Any) -> None:
    """What a process that ended has counted stays; what it was doing does not."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    shutil.rmtree(_COUNTS, ignore_errors=True)


def post_fork(server: Any, worker: Any) -> None:
    """Each process draws its own identifiers."""
    uuid_utils.reseed_rng()
