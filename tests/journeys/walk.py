"""What a person does in a browser, and what is looked at on every page they come to."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pyotp
from axe_playwright_python.sync_playwright import Axe

from tests.journeys.ground import PASSWORD, LiveSite

#: A folder: every page that is looked at leaves its picture there.
PICTURES = os.environ.get("ACOGIDA_PICTURES")
#: What Chromium says of every answer that is not 200, also of a form that came back; the status is looked at itself.
_STATUS = "Failed to load resource"
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 640}


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
            viewport=PHONE if width < 500 else WIDE, locale=language, java_script_enabled=scripts,
            reduced_motion="reduce",
        )  # fmt: skip
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.scripts = scripts
        self.complaints: list[str] = []
        self.seen: list[str] = []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("response", self._answered)

    def _console(self, message: Any) -> None:
        if message.type == "error" and not message.text.startswith(_STATUS):
            self.complaints.append(message.text)

    def _answered(self, response: Any) -> None:
        part_of_a_page = response.request.resource_type != "document"
        if response.status >= 500 or (part_of_a_page and response.status >= 400):
            self.complaints.append(f"{response.status} {response.url}")

    def __enter__(self) -> Walker:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    # -- going somewhere -------------------------------------------------------------------------------
    def open(self, path: str) -> Any:
        separator = "&" if "?" in path else "?"
        return self.page.goto(f"{self.site.address}{path}{separator}lang={self.language}")

    def sign_in(self) -> Walker:
        account = self.site.accounts[self.role]
        self.open("/sign-in")
        self.page.fill("input[name=email]", account.email)
        self.page.fill("input[name=password]", PASSWORD)
        self.submit()
        self.page.fill("input[name=code]", code_of(account))
        self.submit()
        assert "/sign-in" not in self.page.url, self.text()[:500]
        return self

    def press(self, name: str, within: Any = None, *, exact: bool = True) -> None:
        """Press the button of this name in the page's main part (or in `within`) and wait for the answer."""
        self._go((within or self.main).get_by_role("button", name=name, exact=exact).first)

    def follow(self, name: str, within: Any = None, *, exact: bool = False) -> None:
        """Follow the link of this name in the page's main part."""
        self._go((within or self.main).get_by_role("link", name=name, exact=exact).first)

    def submit(self) -> None:
        """The first form of the page's main part, by its last button that sends it."""
        self._go(self.page.locator("main form .verbs button").first)

    def _go(self, what: Any) -> None:
        with self.page.expect_navigation(wait_until="load"):
            what.click()

    # -- finding things --------------------------------------------------------------------------------
    @property
    def main(self) -> Any:
        return self.page.locator("main")

    def field(self, label: str, within: Any = None) -> Any:
        """The field with exactly this label; the first if there are several."""
        return (within or self.main).get_by_label(label, exact=True).first

    def pick(self, label: str, option: str, within: Any = None) -> None:
        self.field(label, within).select_option(label=option)

    def group(self, legend: str) -> Any:
        """A group of choices by its legend."""
        return self.main.locator("fieldset").filter(
            has=self.page.locator(f'legend:has-text("{legend}")')
        ).last  # fmt: skip

    def choose(self, legend: str, *options: str) -> None:
        """Tick the options of a group by their words."""
        for option in options:
            self.group(legend).get_by_label(option, exact=True).first.check()

    def text(self) -> str:
        return str(self.page.inner_text("body"))

    def bytes(self) -> str:
        """The page as it was sent."""
        return str(self.context.request.get(self.page.url).text())

    # -- looking ---------------------------------------------------------------------------------------
    def look(self, name: str) -> None:
        """Check the page that is open: one h1, no sideways scroll, no axe violation; keep a picture if asked."""
        self.seen.append(name)
        assert self.page.locator("h1").count() == 1, name
        if self.scripts:
            wide = self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0, f"{name}: the page scrolls sideways by {wide} px"
            found = Axe().run(self.page)
            assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        self.picture(name)
        assert self.complaints == [], (name, self.complaints)

    def picture(self, name: str, *, height: int | None = None) -> None:
        """Keep the page as a picture, if pictures are kept: whole, or its upper part."""
        if PICTURES:
            width = self.page.viewport_size["width"]
            folder = Path(PICTURES)
            folder.mkdir(parents=True, exist_ok=True)
            part = {"clip": {"x": 0, "y": 0, "width": width, "height": height}} if height else {}
            self.page.screenshot(
                path=folder / f"{name}-{self.language}-{width}.png", full_page=True, **part
            )  # fmt: skip

    def look_small(self, name: str) -> None:
        """The same page on a telephone."""
        self.page.set_viewport_size(PHONE)
        self.look(name)
        self.page.set_viewport_size(WIDE)


_used: dict[str, str] = {}


def code_of(account: Any) -> str:
    """The code of this half minute. One counts once: a second sign-in of the same account waits for the next."""
    totp = pyotp.TOTP(account.totp)
    if _used.get(account.totp) == totp.now():
        time.sleep(31 - time.time() % 30)
    _used[account.totp] = totp.now()
    return _used[account.totp]
