"""The spine as one story: a family at the desk, a shelter, a night, a departure, a file closed, a figure."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from caseapp.core import clock, reference
from caseapp.indicators import rollup
from caseapp.publication import service as publication
from tests.journeys.family import (
    FAMILY,
    ROSA,
    WALTER,
    answer_section,
    ask_consent,
    fill_member,
    start_screening,
)
from tests.journeys.walk import Walker
from tests.publication import made_up

pytestmark = pytest.mark.journey


class Story:
    """The people of the story, each at a browser that stays open, and what they learn from one another."""

    def __init__(self, browser, site, moment):
        self.browser, self.site, self.move = browser, site, moment
        self.walkers: dict[str, Walker] = {}
        self.rosa = ""  # her file's number

    def at(self, role: str) -> Walker:
        if role not in self.walkers:
            self.walkers[role] = Walker(self.browser, self.site, role).sign_in()
        return self.walkers[role]


@pytest.fixture
def story(browser, site, moment):
    found = Story(browser, site, moment)
    yield found
    for walker in found.walkers.values():
        walker.context.close()


def test_from_the_desk_to_the_figure(story):
    searches_and_registers(story)
    asks_each_adult(story)
    screens_rosa_alone(story)
    says_what_a_place_must_have(story)
    refers_to_the_shelter(story)
    shelter_accepts(story)
    gate_receives(story)
    family_leaves(story)
    solution_and_closing(story)
    month_is_released(story)
    figures_are_read(story)


# -- the desk -----------------------------------------------------------------------------------------
def searches_and_registers(story: Story) -> None:
    desk = story.at("CASEWORKER")
    desk.look("today-caseworker")
    desk.page.keyboard.press("/")
    desk.page.keyboard.type("rosa mejia 1991")
    with desk.page.expect_navigation():
        desk.page.keyboard.press("Enter")
    desk.look("search-none")
    desk.follow("Registrar familia")
    desk.look("registration")
    for position, who in enumerate(FAMILY):
        if position:
            desk.press("Agregar persona")
            focused = desk.page.evaluate("document.activeElement.id")
            assert focused == f"members-{position}-names-given_names"
        fill_member(desk, position, who)
    # The fourteenth month: one sentence, beside its field; nothing of what was typed is lost.
    walter = desk.page.locator("#members-1")
    walter.get_by_label("Fecha exacta", exact=True).check()
    desk.field("Día", walter).fill("09")
    desk.field("Mes", walter).fill("14")
    desk.press("Registrar familia")
    desk.look("registration-error")
    assert "Persona 2, Walter Antonio" in desk.page.inner_text(".error-summary")
    assert desk.page.evaluate("document.activeElement.closest('.error-summary') !== null")
    for position, who in enumerate(FAMILY):
        part = desk.page.locator(f"#members-{position}")
        assert desk.field("Nombres", part).input_value() == who.given
        assert desk.field("Segundo apellido", part).input_value() == who.surnames[1]
    assert desk.field("Mes", walter).input_value() == "14"
    desk.field("Mes", walter).fill("11")
    desk.press("Registrar familia")
    assert "Familia registrada." in desk.text()
    desk.look("registered")


def asks_each_adult(story: Story) -> None:
    desk = story.at("CASEWORKER")
    registered = desk.page.url
    for who in (ROSA, WALTER):
        desk.follow(f"Preguntar a {who.given}")
        for purpose in ("Registro y gestión del caso", "Referencia a albergue"):
            ask_consent(desk, purpose)
            assert "Respuesta anotada." in desk.text()
    desk.look("consents")
    desk.page.goto(registered)
    desk.follow("Abrir el expediente")
    story.rosa = desk.page.url.rsplit("/", 1)[1].partition("?")[0]
    desk.look("case-file-new")


# -- the talk -----------------------------------------------------------------------------------------
SAID = {
    "place_tonight": "NO", "first_needs": "BABY_ITEMS", "breastfeeding": "YES", "daily_medicine": "YES",
    "medicine_days_left": "10", "medicine_fridge": "YES", "asylum_wish": "YES", "papers": "LOST",
}  # fmt: skip


def screens_rosa_alone(story: Story) -> None:
    desk = story.at("CASEWORKER")
    desk.open(f"/cases/{story.rosa}")
    desk.follow("Empezar una entrevista a solas")
    desk.look("screening-start")
    start_screening(desk)
    desk.press("Empezar la entrevista")
    desk.look("screening-first")
    for _section in range(12):
        if "/sections/" not in desk.page.url:
            break
        answer_section(desk, SAID)
        desk.press("Guardar y seguir")
    assert desk.page.url.split("?")[0].endswith("/result")
    desk.look("result")
    assert "Se mantiene" in desk.text()  # the wish to ask for asylum is not the interviewer's to take away
    for each in desk.page.locator("fieldset.proposal").all():
        if each.locator("input[value=CONFIRMED]").count():
            each.locator("input[value=CONFIRMED]").check()
    # A refusal needs its reason.
    papers = desk.page.locator("#NEED-LP-ND")
    papers.locator("input[value=NOT_NOW]").check()
    desk.pick("Resultado principal", reference.label("screening_outcome", "IP_WISH"))
    desk.press("Concluir la entrevista")
    assert "Indique por qué no se confirma." in desk.text()
    desk.pick("Por qué no", reference.label("need_refused_reason", "ALREADY_ANSWERED"), papers)
    desk.press("Concluir la entrevista")
    desk.look("screening-done")


def says_what_a_place_must_have(story: Story) -> None:
    desk = story.at("CASEWORKER")
    desk.open(f"/cases/{story.rosa}/needs")
    desk.look("needs")
    desk.page.get_by_text("Anotar un requisito", exact=True).click()
    desk.pick("Requisito", "Planta baja")
    desk.press("Anotar requisito")
    assert "Planta baja" in desk.text()
    desk.open(f"/cases/{story.rosa}")
    desk.look("case-file-screened")


# -- the referral -------------------------------------------------------------------------------------
def refers_to_the_shelter(story: Story) -> None:
    desk = story.at("CASEWORKER")
    desk.follow("Referir a un servicio o albergue")
    desk.look("refer-kind")
    desk.follow("Alojamiento", exact=True)
    desk.look("refer")
    assert desk.group("A qué entidad").locator("input:checked").count() == 1  # the only one there is
    desk.group("Para cuándo se necesita").locator("input[value=IMMEDIATE]").check()
    desk.press("Ver lo que se enviará")
    desk.look("referral-draft")
    desk.press("Enviar referencia")
    assert "Referencia enviada." in desk.text()
    desk.look("referral-sent")
    desk.open(f"/cases/{story.rosa}")
    desk.look("case-file-referred")
    desk.picture("readme", height=1080)


def needs_are_nowhere(page: str) -> None:
    """No code and no words of any need stand in the page as it was sent."""
    for each in reference.codes("need_code"):
        if "-" in each.code:
            assert f">{each.code}<" not in page and f'"{each.code}"' not in page, each.code
            assert each.label() not in page, each.label()
    for said in ("medicina todos los días", "Da pecho"):
        assert said not in page


def shelter_accepts(story: Story) -> None:
    shelter = story.at("SHELTER_COORDINATOR")
    shelter.look("today-coordinator")
    shelter.open("/referrals")
    shelter.look("referrals")
    assert "Rosa" in shelter.text()
    assert shelter.page.locator("main .clock").count() == 1
    needs_are_nowhere(shelter.bytes())
    shelter.follow("Rosa")
    shelter.look("referral")
    assert "Planta baja" in shelter.text() and "Refrigerador para medicina" in shelter.text()
    needs_are_nowhere(shelter.bytes())
    shelter.follow("Aceptar", exact=True)
    shelter.look("accept")
    shelter.page.locator("main .place input").first.check()
    shelter.press("Aceptar")
    assert "Aceptó a 5 personas." in shelter.text(), shelter.picture("failed")
    shelter.look("referral-accepted")
    needs_are_nowhere(shelter.bytes())


def gate_receives(story: Story) -> None:
    gate = story.at("GATE_NIGHT")
    gate.open("/shelter/tonight")
    gate.look("tonight-gate")
    gate.look_small("tonight-gate")
    page = gate.bytes()
    assert "Rosa" in page and "F1-1" in page and "Refrigerador para medicina" in page
    assert not any(hidden in page for hidden in ("Mejía", "Lagos", "Honduras", "1991", story.rosa))
    needs_are_nowhere(page)
    for each in gate.page.locator("input[name=stay]").all():
        each.check()
    gate.press("Recibir")
    assert "Ingresaron 5 personas." in gate.text()
    shelter = story.at("SHELTER_COORDINATOR")
    shelter.open("/shelter/tonight")
    shelter.look("tonight-coordinator")


def family_leaves(story: Story) -> None:
    story.move(datetime(2025, 11, 26, 16, 0, tzinfo=UTC))
    shelter = story.at("SHELTER_COORDINATOR")
    shelter.open("/shelter/tonight")
    shelter.look("tonight-leaving")
    shelter.follow("Salida")
    shelter.look("departure-reason")
    shelter.choose("¿Por qué se va?", "Por decisión propia")
    shelter.press("Continuar")
    shelter.choose("¿Adónde va?", "Alquiler propio")
    shelter.choose("¿Quiénes de su familia", "Walter", "Kevin", "Dayana", "Abigail")
    shelter.look("departure")
    shelter.press("Anotar salida")
    assert "Salida de 5 personas anotada." in shelter.text()
    shelter.open("/shelter/tonight")
    assert "Nadie ha ingresado todavía." in shelter.text()


# -- the end ------------------------------------------------------------------------------------------
def solution_and_closing(story: Story) -> None:
    desk = story.at("CASEWORKER")
    desk.open(f"/cases/{story.rosa}")
    desk.follow("Ver o acordar un plan")
    desk.look("solutions")
    desk.pick("Vía", reference.label("solution_pathway", "LOCAL_INTEGRATION"))
    desk.press("Acordar plan")
    desk.pick("Paso", reference.label("solution_step", "INFORMED"))
    desk.press("Anotar paso")
    desk.look("solution-step")
    desk.open(f"/cases/{story.rosa}/close")
    desk.look("close-kept-open")
    desk.open(f"/cases/{story.rosa}/needs")
    desk.follow(reference.label("need_code", "LP-BN"))
    desk.look("need")
    desk.choose("Cómo termina", "Se atendió")
    desk.press("Terminar necesidad")
    desk.open(f"/cases/{story.rosa}/close")
    desk.look("close")
    desk.pick("Motivo de cierre", reference.label("case_closure_reason", "SOLUTION_LOCAL"))
    desk.press("Cerrar el expediente")
    assert "aún no llega al paso" in desk.text()
    desk.look("close-refused")
    desk.pick("Motivo de cierre", reference.label("case_closure_reason", "PERSON_ASKED"))
    desk.press("Cerrar el expediente")
    desk.look("case-file")
    desk.look_small("case-file")


# -- the figure ---------------------------------------------------------------------------------------
DECEMBER = datetime(2025, 12, 2, 16, 0, tzinfo=UTC)


def month_is_released(story: Story) -> None:
    """A family alone would be protected away: 500 more people were registered in the country that month."""
    made_up.journal(500, date(2025, 11, 1), date(2025, 11, 30)).write()
    story.move(DECEMBER)
    with clock.held_at(DECEMBER):
        rollup.roll_up()
        steward = story.at("DATA_STEWARD")
        steward.open("/releases")
        steward.look("releases-steward")
        # No site has signed its month: the calendar does not wait, and the coverage will say so.
        steward.page.select_option("select[name=unconfirmed_code]", "CALENDAR")
        steward.press("Preparar noviembre de 2025")
        assert "Preparando las cifras" in steward.text()
        steward.look("release-asked")
        assert publication.make_waiting() == 1
    steward.page.reload()
    assert "Espera a otra persona" in steward.text()
    assert steward.main.get_by_role("button", name="Aprobar y publicar").count() == 0
    steward.look("release-steward")
    approver = story.at("RELEASE_APPROVER")
    approver.open("/today")
    approver.look("today-approver")
    approver.open("/releases")
    approver.follow("noviembre de 2025")
    approver.look("release-approver")
    approver.press("Aprobar y publicar")
    approver.look("release-released")


def figures_are_read(story: Story) -> None:
    analyst = story.at("COMMISSION_ANALYST")
    analyst.open("/figures/MEX/P1")
    assert "noviembre de 2025" in analyst.text() and "Personas registradas" in analyst.text()
    assert "Informaron" in analyst.text()
    analyst.look("figures")
    analyst.look_small("figures")
    with analyst.page.expect_download() as started:
        analyst.main.get_by_role("link", name="CSV", exact=True).first.click()
    lines = started.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("indicator,") and len(lines) > 1
    region = story.at("REGIONAL_ANALYST")
    region.open("/figures/region")
    assert "México" in region.text() and "Personas registradas" in region.text()
    region.look("region")
