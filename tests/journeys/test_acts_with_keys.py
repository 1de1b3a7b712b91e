"""With nothing but the keyboard, each in the language of their work: a supervisor approves a plan, an auditor judges an
emergency opening, an administrator makes an account, a steward writes down a training, an analyst reads an indicator,
a custody liaison reads who leaves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.known import known_family
from tests.journeys.test_phone_and_keyboard import Keys, sign_in
from tests.journeys.walk import Walker

pytestmark = pytest.mark.journey
WHY = "Está inconsciente y su equipo no contesta."


@pytest.fixture
def keys(browser: Any, site: Any) -> Any:
    opened: list[Walker] = []

    def at(role: str, language: str) -> Keys:
        opened.append(Keys(browser, site, role, width=360, language=language))
        sign_in(opened[-1], looking=False)  # type: ignore[arg-type]
        return opened[-1]  # type: ignore[return-value]

    yield at
    for each in opened:
        each.context.close()


def by_menu(person: Keys, path: str) -> None:
    person.tab_to("details.pages > summary")
    person.page.keyboard.press("Enter")
    person.tab_to(f"details.pages a[href^='{path}']")
    person.enter()
    assert path in person.page.url


def choose(person: Keys, selector: str, *, presses: int = 1) -> None:
    """The option that many presses of the arrow below the first."""
    person.tab_to(selector)
    for _press in range(presses):
        person.page.keyboard.press("ArrowDown")


def write(person: Keys, selector: str, text: str) -> None:
    person.tab_to(selector)
    person.type(text)


def test_a_supervisor_approves_a_plan(site, browser, keys):
    marta = known_family(site)[0]
    with Walker(browser, site, "CASEWORKER", language="es") as desk:
        desk.sign_in()
        desk.open(f"/cases/{marta}/plan")
        desk.page.locator("[name$=agreed_with]").select_option("PERSON")
        desk.press("Acordar plan")
    person = keys("SUPERVISOR", "es")
    person.open("/today")
    person.tab_to(f"main a[href*='/cases/{marta}/plan']")
    person.enter()
    person.tab_to("[name$=decision]")
    person.page.keyboard.press("Space")
    person.tab_to("form[action*='/approval/'] .verbs button")
    person.enter()
    person.look("keys-plan-approved")
    assert person.page.locator("[name$=decision]").count() == 0


def test_an_auditor_judges_an_emergency_opening(site, browser, keys):
    marta = known_family(site)[0]
    with Walker(browser, site, "CHILD_OFFICER", language="es") as officer:
        officer.sign_in()
        officer.open("/glass")
        officer.page.fill("[name=number]", marta)
        officer.page.select_option("[name=reason]", "MEDICAL_EMERGENCY")
        officer.page.fill("[name=note]", WHY)
        officer.submit()
    person = keys("AUDITOR", "en")
    by_menu(person, "/audit/glass")
    person.tab_to("main a[href*='/audit/glass/']")
    person.enter()
    person.tab_to("[name=outcome]")
    person.page.keyboard.press("Space")
    person.tab_to("main form[method=post] .verbs button")
    person.enter()
    person.look("keys-glass-judged")
    assert person.page.locator("[name=outcome]").count() == 0


def test_an_administrator_makes_an_account(site, keys):
    person = keys("ADMINISTRATOR", "es")
    by_menu(person, "/users")
    person.tab_to("main a[href$='/users/new']")
    person.enter()
    fields = {"name": "Inés Batz", "email": "ines.batz@ejemplo.example"}
    order = person.page.eval_on_selector_all("main [name]", "found => found.map(one => one.name)")
    for name in dict.fromkeys(order):
        if name in fields:
            write(person, f"main [name={name}]", fields[name])
        elif name in ("team", "role"):
            choose(person, f"main [name={name}]")
    person.tab_to("main form[method=post] .verbs button")
    person.enter()
    assert "/reset/" in (person.page.input_value("#link"))


def test_a_steward_writes_down_a_training(site, keys):
    person = keys("DATA_STEWARD", "en")
    by_menu(person, "/registers")
    person.tab_to("main a[href$='/registers/trainings']")
    person.enter()
    person.tab_to("main a[href$='/registers/trainings/new']")
    person.enter()
    for name in ("place", "institution", "topic", "trainer"):
        if name == "place":
            write(person, "main [name=held_on]", "11202025")
        choose(person, f"main [name={name}]")
    write(person, "main [name=women]", "12")
    write(person, "main [name=men]", "9")
    write(person, "main [name=others]", "0")
    person.tab_to("main form[method=post] .verbs button")
    person.enter()
    person.look("keys-training")
    assert "21" in person.main.inner_text()


@pytest.mark.parametrize(
    ("role", "path"), [("COMMISSION_ANALYST", "/figures"), ("CUSTODY_LIAISON", "/custody/exits")]
)
def test_readers_come_to_what_they_read(site, keys, role, path):
    person = keys(role, "es")
    if path not in person.page.url:
        by_menu(person, path)
    person.look(f"keys-reads-{role.lower()}")
    assert person.page.locator("main h1, main h2").count()
