"""Starts what an installation needs on one machine: PostgreSQL, the broker, the web server, workers.

For the demo and the tests; a production installation has its own database, broker and process supervisor.
"""

from __future__ import annotations

from caseapp.core.launcher.errors import LauncherError
from caseapp.core.launcher.home import HomeLock, is_running, open_home
from caseapp.core.launcher.postgres import Cluster
from caseapp.core.launcher.processes import Child
from caseapp.core.launcher.secrets import home_secrets
from caseapp.core.launcher.supervise import home_environment, must_be_free, must_be_running, supervise
from caseapp.core.launcher.temporary import temporary_cluster

__all__ = [
    "Child",
    "Cluster",
    "HomeLock",
    "LauncherError",
    "home_environment",
    "home_secrets",
    "is_running",
    "must_be_free",
    "must_be_running",
    "open_home",
    "supervise",
    "temporary_cluster",
]
