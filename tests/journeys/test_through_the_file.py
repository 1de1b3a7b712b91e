"""A file from its claim to its closing and again: a clock that stood still and ran out, a plan agreed and approved, a
consent taken back whose reader sees nothing at once, a file opened in an emergency, closed, opened again. Then what a
person may ask of their own data, to the end of it. The desk works in Spanish, the others in English."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock, outbox, reference
from caseapp.core.db import session, use_role
from caseapp.deadline import service as deadlines
from caseapp.deadline.models import Deadline
from caseapp.indicators import rollup
from tests.journeys.known import desk_of, known_family, referred_family
from tests.journeys.walk import Walker
from workers.app import flask_app
from workers.deadline import look

pytestmark = pytest.mark.journey
AFTER_THE_CLOCK = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


class Team:
    """The people of the story, each at a browser that stays open."""

    def __init__(self, browser, site, moment):
        self.browser, self.site, self.move, self.open = browser, site, moment, {}

    def at(self, role, language="en", width=1280):
        if role not in self.open:
            self.open[role] = Walker(self.browser, self.site, role, language=language, width=width).sign_in()
        return self.open[role]


@pytest.fixture
def team(browser, site, moment):
    found = Team(browser, site, moment)
    yield found
    for walker in found.open.values():
        walker.context.close()


def worker(*tasks):
    """The casework worker's turn: what waits in the outbox, then these tasks."""
    session.remove()
    use_role("work")
    try:
        with flask_app().app_context(), access.acting_as(access.system("work")):
            for task in tasks:
                task.run()
                session.commit()
            waits = sa.select(outbox.OutboxRow.id).where(
                outbox.OutboxRow.done_at.is_(None), outbox.OutboxRow.queue == "casework"
            )
            for row in session.scalars(waits).all():
                outbox.deliver(row)
                session.commit()
    finally:
        session.remove()
        use_role("app")


def test_from_the_claim_to_the_file_opened_again(team):
    number = referred_family(team.site)
    marta = first_number(team.site)
    a_consent_taken_back(team, marta, number)
    a_file_opened_in_an_emergency(team, marta)
    a_plan_that_another_approved(team, marta)
    a_claim_whose_clock_ran_out(team, marta)
    closed_and_opened_again(team, marta)
    counted_all_at_once()


def first_number(site):
    """Marta's: she is the first of her family."""
    with sa.create_engine(site.database.owner).connect() as owner:
        return owner.scalar(sa.text('SELECT number FROM "case" ORDER BY id LIMIT 1'))


def a_claim_whose_clock_ran_out(team, marta):
    desk = team.at("CASEWORKER", "es")
    desk.open(f"/cases/{marta}/claim")
    desk.follow("Anotar una solicitud")
    desk.page.check("[name=step][value=LODGED]")
    desk.look("claim-new")
    desk.submit()
    desk.look("claim")
    assert desk.page.locator(".clock").count() >= 1
    desk.open(f"/cases/{marta}/close")
    desk.page.select_option("[name=reason]", "PERSON_ASKED")
    desk.press("Cerrar el expediente")
    desk.look("close-refused-clock")
    assert "Un plazo legal vence en los próximos 30 días." in desk.text()
    stand_still(team.site)
    desk.open(f"/cases/{marta}/claim")
    desk.look("claim-paused")
    stand_still(team.site, resume=True)
    team.move(AFTER_THE_CLOCK)
    with clock.held_at(AFTER_THE_CLOCK):
        worker(look)
    supervisor = team.at("SUPERVISOR")
    supervisor.open("/today")
    supervisor.look("today-supervisor-late")
    assert "Marta Alicia" in supervisor.text()


def stand_still(site, *, resume=False):
    """The authority waits for a document: no page does this yet."""
    _team, caseworker = desk_of(site)
    with access.acting_as(caseworker):
        row = session.scalars(sa.select(Deadline).where(Deadline.kind == "LEGAL").limit(1)).one()
        subject = (row.subject_kind, row.subject_id)
        done = deadlines.resume(subject) if resume else deadlines.pause(subject, "INFORMATION_AWAITED")
        assert done
        session.commit()
    session.remove()


def a_plan_that_another_approved(team, marta):
    desk = team.at("CASEWORKER", "es")
    desk.open(f"/cases/{marta}/plan")
    desk.page.locator("[name$=agreed_with]").select_option("PERSON")
    desk.press("Acordar plan")
    desk.page.fill("[name$=words]", "Estudiar panadería")
    desk.press("Agregar meta")
    assert "Estudiar panadería" in desk.text()
    desk.look("plan")
    supervisor = team.at("SUPERVISOR")
    supervisor.open(f"/cases/{marta}/plan")
    supervisor.page.check("[name$=decision][value=APPROVED]")
    supervisor.look("plan-to-approve")
    supervisor._go(supervisor.page.locator("form[action*='/approval/'] .verbs button"))
    supervisor.look("plan-approved")


def a_consent_taken_back(team, marta, number):
    shelter = team.at("SHELTER_COORDINATOR", width=360)
    shelter.open(f"/referrals/{number}")
    assert "Marta Alicia" in shelter.text()
    desk = team.at("CASEWORKER", "es")
    desk.open(f"/cases/{marta}/consents")
    desk.look("consents-standing")
    desk._go(desk.main.locator("a[href$='/withdraw']").first)
    desk.look("consent-withdraw")
    assert "Albergue Ceiba" in desk.text()
    desk.press("Retirar consentimiento")
    assert "Consentimiento retirado." in desk.text()
    shelter.page.reload()
    assert "Marta" not in shelter.bytes()
    shelter.open(f"/cases/{marta}")
    assert "Marta" not in shelter.bytes()


def a_file_opened_in_an_emergency(team, marta):
    officer = team.at("CHILD_OFFICER", width=360)
    officer.open("/glass")
    officer.page.fill("[name=number]", marta)
    officer.page.select_option("[name=reason]", "MEDICAL_EMERGENCY")
    officer.page.fill("[name=note]", "Está inconsciente y su equipo no contesta.")
    officer.look("glass-ask")
    officer.submit()
    assert "Marta Alicia" in officer.text()
    officer.look("glass-open")
    worker()
    supervisor = team.at("SUPERVISOR")
    supervisor.open("/today")
    supervisor.look("today-supervisor-glass")
    supervisor.open(f"/cases/{marta}/glass")
    assert "Rocío Tzul" in supervisor.text() and "inconsciente" in supervisor.text()
    auditor = team.at("AUDITOR", width=360)
    auditor.open("/audit/glass")
    auditor.look("audit-glass")
    assert marta in auditor.text() and "Marta" not in auditor.text()
    auditor._go(auditor.main.locator("a[href*='/audit/glass/']").first)
    auditor.page.check("[name=outcome][value=JUSTIFIED]")
    auditor.submit()
    auditor.look("audit-glass-reviewed")


def closed_and_opened_again(team, marta):
    desk = team.at("CASEWORKER", "es")
    a_claim_withdrawn(desk, marta)
    close(desk, marta)
    desk.open(f"/cases/{marta}/reopen")
    desk.page.select_option("[name=reason]", "RETURNED")
    desk.look("reopen")
    desk.press("Abrir de nuevo")
    desk.look("case-file-again")


def a_claim_withdrawn(desk, marta):
    """The authority may still decide, although its time is over: the file is not closed before it is written down how the
    claim ended."""
    desk.open(f"/cases/{marta}/close")
    desk.page.select_option("[name=reason]", "PERSON_ASKED")
    desk.press("Cerrar el expediente")
    assert "Un plazo legal ya venció o está en pausa" in desk.text()
    desk.look("close-refused-late-clock")
    desk.open(f"/cases/{marta}/claim")
    desk._go(desk.main.locator("a[href*='/closed']"))
    desk.page.select_option("[name=code]", "EXPLICIT_WITHDRAWAL")
    desk.look("claim-closing")
    desk.submit()
    assert "Desistimiento" in desk.text()


def close(desk, marta):
    desk.open(f"/cases/{marta}/close")
    desk.page.select_option("[name=reason]", "PERSON_ASKED")
    desk.press("Cerrar el expediente")
    assert not desk.page.url.split("?")[0].endswith("/close"), desk.main.inner_text()


def counted_all_at_once():
    rollup.roll_up()
    assert rollup.recount().differences == ()


# -- a person's own data ------------------------------------------------------------------------------
def test_what_a_person_may_ask_of_their_own_data(team):
    marta, _sofia = known_family(team.site)
    desk = team.at("CASEWORKER", "es")
    a_copy(team, desk, marta)
    a_correction(team, desk, marta)
    the_officer_looks(team)
    nothing_is_left(team, desk, marta)


def ask(desk, marta, kind, **values):
    desk.open(f"/cases/{marta}/data")
    desk.page.check(f"[name=kind][value={kind}]")
    for name, value in values.items():
        field = desk.page.locator(f"[name={name}]")
        field.select_option(value) if name == "topic" else field.fill(value)
    desk.submit()
    desk.look(f"data-{kind.lower()}")


def a_copy(team, desk, marta):
    ask(desk, marta, "ACCESS")
    worker()
    desk.open(f"/cases/{marta}/data")
    desk._go(desk.main.locator("a[href*='/data-requests/']").first)
    desk.look("copy-ready")
    with desk.page.expect_download() as started:
        desk.main.get_by_role("button", name="Descargar y entregar").click()
    assert started.value.path().stat().st_size > 1000


def a_correction(team, desk, marta):
    ask(desk, marta, "CORRECTION", topic="NAME", what="Me llamo Marta Alejandra.")
    supervisor = team.at("SUPERVISOR")
    supervisor.open(f"/cases/{marta}/person")
    supervisor.page.fill("[name$=given_names]", "Marta Alejandra")
    supervisor.submit()
    decide(supervisor, marta, "CORRECTION", answer="Nombre corregido.")


def decide(supervisor, marta, kind, answer=""):
    supervisor.open(f"/cases/{marta}/data")
    supervisor.follow(reference.label("subject_request_kind", kind, "en"))
    supervisor.page.check("[name=decision][value=GRANTED]")
    supervisor.page.fill("[name=answer]", answer)
    supervisor.look("data-decide")
    supervisor._go(supervisor.main.locator("form[action$='/decide'] .verbs button"))


def the_officer_looks(team):
    officer = team.at("DATA_PROTECTION_OFFICER", width=360)
    officer.open("/data-protection")
    officer.look("data-protection")
    officer.open("/data-protection/retention")
    officer.look("retention-dry-run")
    officer.open("/data-requests?ended=1")
    assert "Marta" not in officer.bytes()


def nothing_is_left(team, desk, marta):
    close(desk, marta)
    ask(desk, marta, "ERASURE", what="Bórrenme.")
    supervisor = team.at("SUPERVISOR")
    decide(supervisor, marta, "ERASURE")
    for path in (f"/cases/{marta}", f"/cases/{marta}/person", f"/cases/{marta}/data"):
        assert supervisor.page.request.get(f"{team.site.address}{path}").status == 404, path
    for walker in (desk, supervisor):
        walker.open("/people?q=orellana+marta")
        assert "Marta" not in walker.main.inner_text().replace("orellana marta", "")
    with sa.create_engine(team.site.database.owner).connect() as owner:
        gone = 'SELECT count(*) FROM {} WHERE case_id = (SELECT id FROM "case" WHERE number = :n)'
        for table in ("keyring.case_key", "identity_document", "contact"):
            assert owner.scalar(sa.text(gone.format(table)), {"n": marta}) == 0, table
        text = owner.scalar(
            sa.text("SELECT string_agg(p::text, '') FROM person p WHERE given_names_sealed IS NULL")
        )
        assert text and "Marta" not in text
