"""What a person does in a browser, and what is looked at on every page they come to."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pyotp
from axe_playwright_python.sync_playwright import Axe

from tests.journeys.conftest import PASSWORD, LiveSite

PICTURES = os.environ.get("ACOGIDA_PICTURES")


class Walker:
    """One person at one browser. Pages must have no script error, no policy complaint, no axe violation."""

    def __init__(
        self,
        browser: Any,
        site: LiveSite,
        role: str,
        *,
        width: int = 1280,
        language: str = "es",
        scripts: bool = True,
    ) -> None:
        self.site, self.role, self.language = site, role, language
        self.context = browser.new_context(
            viewport={"width": width, "height": 640 if width < 500 else 800}, locale=language,
            java_script_enabled=scripts,
        )  # fmt: skip
        self.page = self.context.new_page()
        self.scripts = scripts
        self.complaints: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.seen = 0

    def __enter__(self) -> Walker:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def open(self, path: str) -> Any:
        separator = "&" if "?" in path else "?"
        answer = self.page.goto(f"{self.site.address}{path}{separator}lang={self.language}")
        return answer

    def sign_in(self) -> Walker:
        account = self.site.accounts[self.role]
        self.open("/sign-in")
        self.page.fill("input[name=email]", account.email)
        self.page.fill("input[name=password]", PASSWORD)
        self.page.click("form button[type=submit], form button:not([type])")
        self.page.wait_for_load_state()
        # A code counts once: a second sign-in of one test waits for the next one.
        if self.role in _used and _used[self.role] == pyotp.TOTP(account.totp).now():
            time.sleep(31 - time.time() % 30)
        _used[self.role] = code = pyotp.TOTP(account.totp).now()
        self.page.fill("input[name=code]", code)
        self.page.click("main form button[type=submit], main form button:not([type])")
        self.page.wait_for_load_state()
        assert "/sign-in" not in self.page.url, self.page.inner_text("body")[:500]
        return self

    def look(self, name: str) -> None:
        """Check the page that is open: one h1, no sideways scroll, no axe violation; keep a picture if asked."""
        self.seen += 1
        assert self.page.locator("h1").count() == 1
        if self.scripts:
            wide = self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0, f"{name}: the page scrolls sideways by {wide} px"
            found = Axe().run(self.page)
            assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        if PICTURES:
            size = self.page.viewport_size
            folder = Path(PICTURES)
            folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=folder / f"{name}-{self.language}-{size['width']}.png", full_page=True)
        assert self.complaints == [], (name, self.complaints)

    def text(self) -> str:
        return str(self.page.inner_text("body"))


_used: dict[str, str] = {}
