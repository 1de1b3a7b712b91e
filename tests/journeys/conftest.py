"""A real browser on a real site: the application under a threaded server, on a database of its own.

Without Chromium these tests are skipped with a reason; where `ACOGIDA_REQUIRE_BROWSER` is set they fail.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.serving import make_server

from caseapp.core import clock
from caseapp.core.db import CaseworkSession, forget_engines, session
from config.settings import reset_settings
from tests.journeys.ground import LiveSite, found_accounts, found_places


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, without a window."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("ACOGIDA_REQUIRE_BROWSER"):
            pytest.fail("Chromium is required here and was not found")
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Move the business clock of the server's threads: `moment(datetime)`."""

    def move(to: datetime) -> None:
        monkeypatch.setenv("ACOGIDA_NOW", to.isoformat())
        reset_settings()

    return move


@pytest.fixture
def site(committed_db: Any, moment: Callable[[datetime], None]) -> Iterator[LiveSite]:
    """The application, served; its business clock stands where the test's stands, in every thread."""
    moment(clock.now())
    owner = sa.create_engine(committed_db.owner)
    session.remove()
    session(bind=owner)
    sites, teams = found_places()
    accounts = found_accounts(teams)
    session.commit()
    session.remove()
    owner.dispose()
    CaseworkSession.process_role = "app"

    from caseapp import create_app

    server = make_server(
        "127.0.0.1", 0, create_app({"RATELIMIT_ENABLED": False, "TESTING": False}), threaded=True
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield LiveSite(f"http://127.0.0.1:{server.server_port}", committed_db, accounts, teams, sites)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        session.remove()
        forget_engines()
