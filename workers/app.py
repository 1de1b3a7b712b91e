"""The Celery application. Two kinds of worker, each with its own queue and database credentials:

`casework` works as role `work` (outbox, clocks, notices); `figures` works as role `facts` (facts, cells,
releases). Which one a process is follows from the credentials it was given.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from celery import Celery, Task
from celery.signals import setup_logging, worker_process_init
from flask import Flask

from caseapp import load_areas
from caseapp.core import access
from caseapp.core.db import forget_engines, session, use_role
from caseapp.core.i18n import init_i18n
from config.logging import configure_logging
from config.settings import settings

app = Celery("acogida")
TASKS = (
    "workers.outbox", "workers.indicators", "workers.publication", "workers.deadline", "workers.accounts",
    "workers.oversight", "workers.reception", "workers.places", "workers.placement", "workers.shelter", "workers.demo.tasks",
)  # fmt: skip


class Work(Task):  # type: ignore[misc]
    """Base of all tasks: acts as a named system principal in one transaction, inside an application
    context (language Spanish); takes ids, looks at the state before acting."""

    abstract = True
    principal = "work"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with flask_app().app_context(), access.acting_as(access.system(self.principal)):
            try:
                answer = super().__call__(*args, **kwargs)
                session.commit()
                return answer
            except BaseException:
                session.rollback()
                raise
            finally:
                session.remove()


_flask: list[Any] = []


def flask_app() -> Any:
    """A Flask application without pages, for labels and languages."""
    if not _flask:
        made = Flask("caseapp")
        init_i18n(made)
        load_areas()
        _flask.append(made)
    return _flask[0]


def configure() -> Celery:
    """Take broker and schedule from the settings."""
    from workers.schedule import SCHEDULE

    s = settings()
    app.conf.update(
        broker_url=s.celery_broker_url,
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_default_queue="casework",
        task_serializer="json",
        accept_content=["json"],
        timezone="UTC",
        enable_utc=True,
        beat_schedule=SCHEDULE,
        beat_max_loop_interval=5,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"visibility_timeout": 300, "socket_keepalive": True},
        worker_hijack_root_logger=False,
        imports=tuple(m for m in TASKS if find_spec(m)),
    )
    app.Task = Work
    return app


@setup_logging.connect
def _log(**_: Any) -> None:
    """Celery's lines go where all lines go."""
    configure_logging(settings().log_level, as_json=settings().is_production)


@worker_process_init.connect
def _fresh_pools(**_: Any) -> None:
    """A forked child never shares its parent's connections, and works as the role it was given."""
    session.remove()
    forget_engines()
    use_role("work" if "DATABASE_URL_WORK" in settings().database_urls else "facts")


configure()
