"""Every page that the registry of routes knows, as an allowed role gets it, in a real browser on a telephone and in
both languages: no sideways scroll, no axe violation, nothing left in the other language's catalogue.

The pages come from the application in this process (the savepoint of `db`); the browser asks it for each.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.architecture.test_routes import APP, ENTRIES, GUARDED, namespace, roles_of
from tests.journeys.walk import PHONE, PICTURES, WIDE

pytestmark = pytest.mark.journey
HOST = "http://pages.example"
PAGES = sorted({endpoint for endpoint, method in GUARDED if method == "GET"})
#: How many parts the pages are shared out to, so that test processes may look side by side.
PARTS = 4


class _Shown:
    """The application's answers, put before the browser."""

    def __init__(self, browser: Any, client: Any) -> None:
        self.client = client
        self.context = browser.new_context(
            viewport=PHONE, locale="es", reduced_motion="reduce", bypass_csp=True
        )
        self.page = self.context.new_page()
        self.page.route("**/*", self._answer)

    def _answer(self, route: Any) -> None:
        address = urlsplit(route.request.url)
        found = self.client.get(address.path + (f"?{address.query}" if address.query else ""))
        route.fulfill(
            status=found.status_code, body=found.get_data(), content_type=found.headers["Content-Type"]
        )

    def wrong_with(self, url: str, language: str) -> list[str]:
        """What is wrong with a page, at 360 and at 1280 px."""
        address = f"{url}{'&' if '?' in url else '?'}lang={language}"
        first = self.client.get(address)
        if first.mimetype != "text/html" or 300 <= first.status_code < 400:
            return []  # a file, or a way to another page
        self.page.set_viewport_size(PHONE)
        answer = self.page.goto(HOST + address)
        found = [f"answers {answer.status}"] if answer.status >= 400 else []
        beyond = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found += [f"scrolls sideways by {beyond} px at 360"] if beyond > 0 else []
        found += _violations(self.page)
        return found

    def keep(self, name: str) -> None:
        if not PICTURES:
            return
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        for size in (PHONE, WIDE):
            self.page.set_viewport_size(size)
            self.page.screenshot(path=Path(PICTURES) / f"{name}-{size['width']}.png", full_page=True)


def _violations(page: Any) -> list[str]:
    found = Axe().run(page)
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found.response["violations"] if v["nodes"]]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_can_be_read_on_a_telephone_in_both_languages(browser, db, client, part):
    wrong: dict[str, list[str]] = {}
    shown = _Shown(browser, client)
    only = os.environ.get("ACOGIDA_PAGES", "")
    try:
        for endpoint in PAGES[part::PARTS]:
            if only and only not in endpoint:
                continue
            role = roles_of(endpoint)[0]
            ns = namespace(db, role)
            request = ENTRIES[endpoint, "GET"](db, ns)
            url = request[0] if isinstance(request, tuple) else request
            client.sign_in(ns.principal)
            for language in ("es", "en"):
                if found := shown.wrong_with(url, language):
                    wrong[f"{endpoint} {language} ({role})"] = found
            shown.keep(endpoint)
    finally:
        shown.context.close()
    assert not wrong, "\n".join(f"{name}: {'; '.join(found)}" for name, found in wrong.items())


def test_the_pages_are_those_of_the_application():
    """The registry is complete, so a page that nobody looked at cannot exist."""
    assert set(PAGES) <= set(APP.view_functions) and len(PAGES) > 40
