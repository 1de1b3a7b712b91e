from __future__ import annotations

import pytest

from tests.accounts.signing import Later
from tests.client import CheckedClient


@pytest.fixture
def strict_app(db):
    """As it runs: CSRF on, identity from the cookie."""
    from caseapp import create_app

    application = create_app({"TESTING": True, "KEEP_SESSION": True, "RATELIMIT_ENABLED": False})
    application.test_client_class = CheckedClient
    return application


@pytest.fixture
def browser(strict_app):
    return strict_app.test_client()


@pytest.fixture
def time(monkeypatch):
    return Later(monkeypatch)
