"""Accounts: the sweep of sessions and one-time links that ended long ago."""

from __future__ import annotations

from caseapp.accounts.service import sessions
from workers.app import app


@app.task(name="workers.accounts.sweep", principal="accounts")
def sweep() -> int:
    """Delete what ended a month ago."""
    return sessions.sweep()
