"""Six people, one wheelchair, one baby, tonight: the desk asks the shelter, which can take a part; the family is not
divided; the next option is a parish without an account, which answers on a telephone; and back to the desk."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import polib
import pytest
import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.people import queries
from caseapp.people import service as people
from caseapp.people.rules import birth_bounds
from caseapp.people.service import NewConsent, NewFamily, NewPerson
from caseapp.places.models import Service, Site
from caseapp.reception.service import NewArrival, register_family
from tests.journeys.known import desk_of
from tests.journeys.walk import Walker

pytestmark = pytest.mark.journey
ROOT = Path(__file__).resolve().parents[2]
CODES = ROOT / "config" / "reference" / "codes"
CATALOGUE = ROOT / "caseapp" / "translations" / "en" / "LC_MESSAGES" / "messages.po"

#: Given name, sex, year of birth, relation to the first, what a place must have.
SIX = (
    ("Teresa", "F", 1990, None, ()), ("Julio", "M", 1988, "SPOUSE", ()), ("Amparo", "F", 1955, "PARENT", ("STEP_FREE",)),
    ("Nadia", "F", 2012, "CHILD", ()), ("Óscar", "M", 2016, "CHILD", ()), ("Alma", "F", 2025, "CHILD", ("COT",)),
)  # fmt: skip


def family_of_six(site) -> str:
    """Registered, each adult asked, and what a place must have; the first person's number."""
    session.remove()
    team, caseworker = desk_of(site)
    with access.acting_as(caseworker):
        on = clock.today("America/Mexico_City")
        new = [
            NewPerson(
                given_names=given, surname_1="Barahona", surname_2="Chávez", sex_in_document=sex, nationalities=("HND",),
                birth=birth_bounds("YEAR", on=on, year=born), populations=("ASYLUM_SEEKER",), relation_to_head=relation,
                evidence="DOCUMENT",
            )
            for given, sex, born, relation, _ in SIX
        ]  # fmt: skip
        made = register_family(NewFamily(tuple(new)), NewArrival(on), team=team, on=on)
        for case, (_given, _sex, born, _relation, needs) in zip(made.cases, SIX, strict=True):
            person = queries.person_of(case.id)
            if born < 2007:
                people.record_consent(
                    case, person, NewConsent("REFER_SHELTER", form="SIGNED", alone=True), on=on
                )
            for requirement in needs:
                people.set_requirement(case, requirement, on=on)
        number = made.cases[0].number
        session.commit()
    session.remove()
    return number


def parish(site) -> None:
    """A place that takes families, step-free, and has no account."""
    owner = sa.create_engine(site.database.owner)
    session.remove()
    session(bind=owner)
    place = Site(
        code="MX-PAR", country="MEX", kind="SHELTER", name="Parroquia Nance", sort_key="parroquia nance", admin1="MX07",
        timezone="America/Mexico_City",
    )  # fmt: skip
    session.add(place)
    session.flush()
    team = Team(
        code="MX-PAR-SHELTER",
        type="SHELTER",
        country="MEX",
        site_id=place.id,
        name="Parroquia Nance",
        sort_key="parroquia nance",
    )
    session.add(team)
    session.flush()
    session.add(
        Service(site_id=place.id, team_id=team.id, kind="SHELTER", name="Alojamiento", sort_key="alojamiento")
    )
    session.commit()
    session.remove()
    owner.dispose()


def test_six_people_one_wheelchair_one_baby_tonight(browser, site):
    parish(site)
    number = family_of_six(site)
    with (
        Walker(browser, site, "CASEWORKER") as desk,
        Walker(browser, site, "SHELTER_COORDINATOR") as shelter,
        Walker(browser, site, "", width=360) as telephone,
    ):
        asked = asks_the_shelter(desk.sign_in(), number)
        takes_a_part(shelter.sign_in(), asked)
        second = is_not_divided_and_asks_the_parish(desk, asked)
        address, code = makes_the_page(desk, second)
        answers_by_telephone(telephone, address, code)
        hears_that_they_arrived(desk, second)
        for one in (desk, shelter, telephone):
            assert one.complaints == []


def say(walker: Walker, spanish: str) -> str:
    """The words as this person reads them: the catalogue's, or the label of a code."""
    return spanish if walker.language == "es" else english()[spanish]


@cache
def english() -> dict[str, str]:
    found = {
        row["label_es"]: row["label_en"]
        for path in sorted(CODES.glob("*.csv"))
        for row in csv.DictReader(path.open(encoding="utf-8"))
    }
    return found | {e.msgid: e.msgstr for e in polib.pofile(str(CATALOGUE)).translated_entries()}


def test_in_english_the_shelter_takes_a_part_and_the_family_stays_together(browser, site):
    number = family_of_six(site)
    with (
        Walker(browser, site, "CASEWORKER", language="en", width=360) as desk,
        Walker(browser, site, "SHELTER_COORDINATOR", language="en", width=360) as shelter,
    ):
        asked = asks_the_shelter(desk.sign_in(), number)
        takes_a_part(shelter.sign_in(), asked)
        desk.open(f"/referrals/{asked}")
        desk.press(say(desk, "No separar a la familia"))
        assert say(desk, "Quién más puede recibir") in desk.text()
        for one in (desk, shelter):
            assert one.complaints == []


def asks_the_shelter(desk: Walker, number: str) -> str:
    desk.open(f"/cases/{number}/refer?kind=SHELTER")
    desk.main.get_by_label(re.compile("Albergue Ceiba")).check()
    desk.choose(say(desk, "Para cuándo se necesita la respuesta"), desk_priority(desk))
    desk.press(say(desk, "Ver lo que se enviará"))
    assert all(say(desk, words) in desk.text() for words in ("Sin gradas", "Cuna"))
    desk.look("six-preview")
    desk.press(say(desk, "Enviar referencia"))
    return desk.page.url.split("/")[-1].split("?")[0]


def desk_priority(desk: Walker) -> str:
    label = desk.main.locator("label", has_text=say(desk, "Inmediata (esta noche o riesgo vital)")).first
    return str(label.inner_text())


def takes_a_part(shelter: Walker, asked: str) -> None:
    """Nothing step-free is free: the shelter can take five of the six."""
    shelter.open(f"/referrals/{asked}/accept")
    assert say(shelter, "No hay lugar para estas personas en esas noches") in shelter.text()
    shelter.main.locator("label", has_text="Amparo").first.click()
    shelter.press(say(shelter, "Ver lugares"))
    shelter.pick(
        say(shelter, "Por qué no a las demás"), say(shelter, "Los cupos libres no reúnen lo necesario")
    )
    shelter.look("six-part")
    shelter.press(say(shelter, "Aceptar a una parte"))
    assert say(shelter, "Aceptada en parte") in shelter.text()


def is_not_divided_and_asks_the_parish(desk: Walker, asked: str) -> str:
    desk.open(f"/referrals/{asked}")
    desk.press("No separar a la familia")
    assert "Quién más puede recibir" in desk.text()
    desk.look("six-next")
    desk.look_small("six-next")
    desk.follow("Alojamiento · Parroquia Nance")
    assert desk.main.locator("input[name=members]:checked").count() == 6
    assert desk.main.get_by_label(re.compile("Parroquia Nance")).is_checked()
    desk.press("Ver lo que se enviará")
    desk.press("Enviar referencia")
    assert "entra a esta bandeja" in desk.text()
    desk.look("six-nobody-there")
    return desk.page.url.split("/")[-1].split("?")[0]


def makes_the_page(desk: Walker, second: str) -> tuple[str, str]:
    desk.follow("Página de un solo uso")
    desk.press("Hacer la página")
    desk.look("link-made")
    desk.look_small("link-made")
    message = desk.page.locator("#message").input_value()
    return re.search(r"/r/[\w-]+", message).group(0), desk.page.locator("p.number strong").inner_text()


def answers_by_telephone(telephone: Walker, address: str, code: str) -> None:
    telephone.open(address)
    assert "Teresa" not in telephone.text()
    telephone.look("guest-code")
    telephone.page.fill("#code", "000000" if code.replace(" ", "") != "000000" else "111111")
    telephone.press("Abrir")
    assert "Ese código no abre esta página" in telephone.text()
    telephone.page.fill("#code", code)
    telephone.press("Abrir")
    assert "Teresa" in telephone.text() and "Cuna" in telephone.text() and "Barahona" not in telephone.text()
    telephone.look("guest-seen")
    telephone.press("English")
    assert "Can you take them?" in telephone.text()
    telephone.press("Español")
    telephone.press("Los cupos libres no reúnen lo necesario")
    telephone.look("guest-no")
    telephone.press("Volver")
    telephone.page.fill("#answered_by_name", "Hermana Inventada")
    telephone.press("Sí, podemos")
    telephone.look("guest-accepted")
    telephone.press("Ya llegaron")
    assert "Se anotó que llegaron" in telephone.text()
    telephone.look("guest-done")
    telephone.open(address)
    telephone.page.fill("#code", code)
    telephone.press("Abrir")
    assert "Ese código no abre esta página" in telephone.text()


def hears_that_they_arrived(desk: Walker, second: str) -> None:
    desk.open(f"/referrals/{second}")
    assert "Página de un solo uso (Hermana Inventada)" in desk.text() and "Iniciada" in desk.text()
    desk.look("six-arrived")
    desk.open(f"/referrals/{second}/link")
    assert desk.text().count("código falso") == 1
    desk.open(f"/referrals/{second}/form")
    desk.look("form-paper")
