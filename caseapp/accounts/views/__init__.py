"""Pages of accounts: signing in, one's own account, users, teams and sites, queues, audit."""

from __future__ import annotations

from flask import Blueprint, Flask

blueprint = Blueprint("account", __name__)

from caseapp.accounts.views import identity, jobs, own, sign_in, users  # noqa: E402, F401


def init_app(app: Flask) -> None:
    """Find out who asks, before anything else looks."""
    identity.init_app(app)
