"""The processes of the application; each gets only its own credentials."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Mapping
from pathlib import Path

from caseapp.core.launcher.processes import Child
from caseapp.core.launcher.secrets import ROLES
from config.settings import environment_for_celery

# Which database credentials a process is given. The owner's (DATABASE_URL) is given to none of them.
CREDENTIALS = {
    "web": {"DATABASE_URL_APP", "DATABASE_URL_FIGURES", "DATABASE_URL_FIGURES_READ"},
    "casework": {"DATABASE_URL_APP", "DATABASE_URL_WORK"},
    "figures": {"DATABASE_URL_FACTS", "DATABASE_URL_FIGURES"},
    "beat": set[str](),
}


def web(
    environment: Mapping[str, str], host: str, port: int, application: str = "caseapp:create_app()"
) -> Child:
    """gunicorn with ``config/gunicorn.py``; ready when it answers with anything but a server error."""
    return Child(
        name="web",
        command=[
            *(sys.executable, "-m", "gunicorn", "--config", "python:config.gunicorn"),
            *("--bind", f"{host}:{port}", application),
        ],
        environment=_for("web", environment),
        ready=lambda: _serves(host, port),
        ready_within=60.0,
    )


def worker(
    name: str, environment: Mapping[str, str], *, concurrency: int = 1, application: str = "workers.app:app"
) -> Child:
    """A Celery worker for the queue of its name (``casework`` or ``figures``)."""
    return Child(
        name=f"worker-{name}",
        command=[
            *(sys.executable, "-m", "celery", "--app", application, "worker", "--queues", name),
            *("--hostname", f"{name}@%h", "--concurrency", str(concurrency), "--loglevel", "INFO"),
            *("--without-gossip", "--without-mingle"),
        ],
        environment=environment_for_celery(_for(name, environment)),
        # Warm shutdown: a task in hand is finished.
        grace=15.0,
    )


def beat(environment: Mapping[str, str], home: Path, *, application: str = "workers.app:app") -> Child:
    """Celery's clock; what it last sent is kept in the home."""
    return Child(
        name="beat",
        command=[
            *(sys.executable, "-m", "celery", "--app", application, "beat", "--loglevel", "INFO"),
            *("--schedule", home / "beat-schedule", "--pidfile", ""),
        ],
        environment=environment_for_celery(_for("beat", environment)),
    )


def _for(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    withheld = {"DATABASE_URL", *ROLES} - CREDENTIALS[name]
    return {key: value for key, value in environment.items() if key not in withheld}


def _serves(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/sign-in", headers={"Connection": "close"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
