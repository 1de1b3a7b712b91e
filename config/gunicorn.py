"""gunicorn's settings: ``gunicorn --config python:config.gunicorn "caseapp:create_app()"``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import uuid_utils

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

# No access log by default; with one, neither query string nor referrer is written (they may hold a name).
accesslog = os.environ.get("ACOGIDA_ACCESS_LOG") or None
access_log_format = '%(t)s "%(m)s %(U)s" %(s)s %(B)s %(D)s'
errorlog = "-"
loglevel = "info"

# Who may say X-Forwarded-*: the proxy in front, which production names.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")


def post_fork(server: Any, worker: Any) -> None:
    """Each process draws its own identifiers."""
    uuid_utils.reseed_rng()
