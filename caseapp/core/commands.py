"""Verbs that run the installation: demo, serve, worker, beat, migrate, check, backup, restore, secrets."""

from __future__ import annotations

from caseapp.core.backup import backup, restore
from caseapp.core.demo import demo
from caseapp.core.running import beat, check, migrate, serve, worker
from caseapp.core.secrets import secrets

COMMANDS = [demo, serve, worker, beat, migrate, check, backup, restore, secrets]
