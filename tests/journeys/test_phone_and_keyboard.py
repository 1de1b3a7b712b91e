"""In English, on a telephone of 360 px, with nothing but the keyboard: sign in, find a person, answer a referral."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.ground import PASSWORD
from tests.journeys.known import referred_family
from tests.journeys.walk import Walker, code_of

pytestmark = pytest.mark.journey
FAR = 60


class Keys(Walker):
    """A person who has only keys."""

    def tab_to(self, selector: str) -> None:
        """Tab until what fits the selector has the focus, as somebody would who sees the ring move."""
        for _step in range(FAR):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("s => document.activeElement.matches(s)", selector):
                assert self._ring(), f"the focus on {selector} is not to be seen"
                return
        raise AssertionError(f"{selector} is not reached by {FAR} tabs on {self.page.url}")

    def _ring(self) -> bool:
        """Whether what has the focus looks focused."""
        script = (
            "() => { const s = getComputedStyle(document.activeElement);"
            " return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== 'none'; }"
        )
        return bool(self.page.evaluate(script))

    def enter(self) -> None:
        with self.page.expect_navigation(wait_until="load"):
            self.page.keyboard.press("Enter")

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)


def sign_in(person: Keys, *, looking: bool = True) -> None:
    account = person.site.accounts[person.role]
    person.open("/sign-in")
    if looking:
        person.look("sign-in")
    person.tab_to("input[name=email]")
    person.type(account.email)
    person.tab_to("input[name=password]")
    person.type(PASSWORD)
    person.enter()
    if looking:
        person.look("sign-in-code")
    if not person.page.evaluate("document.activeElement.matches('input[name=code]')"):
        person.tab_to("input[name=code]")
    person.type(code_of(account))
    person.enter()
    assert "/sign-in" not in person.page.url


@pytest.fixture
def keys(browser: Any, site: Any) -> Any:
    opened: list[Keys] = []

    def at(role: str) -> Keys:
        opened.append(Keys(browser, site, role, width=360, language="en"))
        return opened[-1]

    yield at
    for each in opened:
        each.context.close()


def test_finds_a_person_and_answers_a_referral_with_keys(site, keys):
    number = referred_family(site)
    desk = keys("CASEWORKER")
    sign_in(desk)
    assert desk.page.get_attribute("html", "lang") == "en"
    desk.look("today-caseworker")
    desk.page.keyboard.press("/")
    desk.type("orellana marta")
    desk.enter()
    assert "Marta Alicia" in desk.text()
    desk.look("search-found")
    desk.tab_to("main table a[href^='/cases/']")
    desk.enter()
    assert "/cases/" in desk.page.url
    desk.look("case-file")
    # What follows is folded away until it is asked for; the skip link spares the header.
    desk.page.keyboard.press("Tab")
    assert desk.page.evaluate("document.activeElement.matches('.skip')")
    desk.page.keyboard.press("Enter")
    assert desk.page.evaluate("location.hash") == "#content"

    shelter = keys("SHELTER_COORDINATOR")
    sign_in(shelter)
    shelter.look("today-coordinator")
    shelter.tab_to("details.pages > summary")
    shelter.page.keyboard.press("Enter")
    shelter.look("menu-open")
    shelter.tab_to("details.pages a[href='/referrals']")
    shelter.enter()
    shelter.look("referrals")
    shelter.tab_to(f"main a[href*='{number}']")
    shelter.enter()
    shelter.look("referral")
    shelter.tab_to("main a[href$='/accept']")
    shelter.enter()
    shelter.look("accept")
    shelter.tab_to("main input[name=place]")
    shelter.page.keyboard.press("Space")
    shelter.tab_to("main form[method=post] .verbs button")
    shelter.enter()
    shelter.look("referral-accepted")
    assert shelter.page.url.split("?")[0].endswith(f"/referrals/{number}")
    assert shelter.page.locator("main a[href$='/accept']").count() == 0


def test_hides_the_screen_with_two_keys(site, keys):
    person = keys("GATE_NIGHT")
    sign_in(person)
    person.open("/shelter/tonight")
    person.look("tonight-gate")
    person.page.keyboard.press("Escape")
    person.page.keyboard.press("Escape")
    person.page.wait_for_selector(".cover")
    assert person.page.evaluate("document.activeElement.id") == "cover-password"
    assert "Ceiba" not in person.page.title() and not person.page.locator("h1").is_visible()
    person.type(PASSWORD)
    person.page.keyboard.press("Enter")
    person.page.wait_for_selector(".cover", state="detached")
    assert person.page.locator("h1").is_visible()


#: Where each role's own work is, beside the caseworker's, the coordinator's and the gate's above.
WORK = {
    "SUPERVISOR": "/referrals", "CUSTODY_LIAISON": "/custody/exits", "DATA_STEWARD": "/releases",
    "RELEASE_APPROVER": "/releases", "COMMISSION_ANALYST": "/figures", "AUDITOR": "/audit/glass", "ADMINISTRATOR": "/jobs",
    "DATA_PROTECTION_OFFICER": "/data-protection",
}  # fmt: skip


def test_each_role_comes_to_its_work_with_keys(site, keys):
    """From signing in to the page of its work, by the menu, never a pointer."""
    wrong = {}
    for role, path in WORK.items():
        person = keys(role)
        try:
            sign_in(person, looking=False)
            if not person.page.url.split("?")[0].endswith(path):
                person.tab_to("details.pages > summary")
                person.page.keyboard.press("Enter")
                person.tab_to(f"details.pages a[href^='{path}']")
                person.enter()
            assert path in person.page.url
            person.look(f"keys-{role.lower()}")
        except Exception as error:
            wrong[role] = f"{type(error).__name__}: {error}"[:300]
    assert wrong == {}
