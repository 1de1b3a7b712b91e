"""`/today` for each role: what must be done, and nothing that is not theirs to see."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from caseapp.casefile.views.today import STRAIGHT_TO
from caseapp.core import access, clock
from caseapp.core.db import session, uuid7
from caseapp.deadline import service as deadline
from caseapp.people import service as people
from caseapp.people.events import INTAKE_OPENED, happened
from caseapp.people.models import Case
from caseapp.protection import service as protection
from caseapp.referral.models import Referral, ReferralMember
from tests.casefile.conftest import restart
from tests.conftest import NOW
from tests.factories import make_case, make_household, make_person, make_team, make_user, principal_of
from tests.factories.shelter import make_stay, open_to, places_in
from tests.protection.answering import answer_all
from tests.protection.conftest import PRIVATE
from tests.statements import count_statements


def shown(client, who):
    client.sign_in(who)
    answer = client.get("/today")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def part(page, title):
    """The rows of one part of the page."""
    assert title in page, title
    return page.split(f">{title}<", 1)[1].split("</section>", 1)[0]


def refer(desk, person, state="LAPSED", **values):
    """A referral of a person to the shelter, written as owner."""
    with desk.db.as_owner():
        row = Referral(
            **{
                "number": f"R{uuid7().hex[-12:]}", "case_id": person.case_id, "country": "MEX",
                "from_team_id": desk.team.id, "to_team_id": desk.shelter.id, "kind": "SHELTER", "sector": "SHELTER",
                "mode": "SHARE", "priority": "URGENT", "state": state, "items": ["NAME", "AGE"],
                "made_at": NOW - timedelta(hours=3), "sent_at": NOW - timedelta(hours=3),
                "due_at": NOW + timedelta(hours=69), "lapse_at": NOW + timedelta(hours=141), **values,
            }
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add(ReferralMember(referral_id=row.id, case_id=person.case_id, position=1))
    return row


def test_a_caseworker_sees_who_waits_for_a_screening_and_for_how_long(desk, client):
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        with clock.held_at(NOW - timedelta(hours=26)):
            happened(INTAKE_OPENED, case, on=date(2025, 11, 22))
        session.commit()
    rows = part(shown(client, desk.caseworker), "Por entrevistar")
    assert desk.woman.given_names in rows and "con 2 horas de retraso" in rows
    assert f"/cases/{desk.numbers[desk.woman.case_id]}/screenings/new" in rows
    with access.acting_as(desk.caseworker):
        restart()
        screening = protection.start(desk.case(desk.woman), PRIVATE)
        protection.leave_unfinished(desk.case(desk.woman), screening, "TIME")
        session.commit()
    assert "Entrevista sin concluir: faltó tiempo" in shown(client, desk.caseworker)
    with access.acting_as(desk.caseworker):
        restart()
        screening = protection.start(desk.case(desk.woman), PRIVATE)
        answer_all(desk.case(desk.woman), screening, asylum_wish="YES")
        protection.complete(desk.case(desk.woman), screening, "IP_WISH")
        session.commit()
    assert desk.woman.given_names not in part(shown(client, desk.caseworker), "Por entrevistar")


def test_a_referral_without_a_place_asks_for_another_option(desk, client):
    refer(desk, desk.woman, ended_at=NOW - timedelta(hours=1))
    rows = part(shown(client, desk.caseworker), "Buscar otra opción")
    assert desk.woman.given_names in rows and "venció sin respuesta" in rows
    refer(desk, desk.woman, "SENT", made_at=NOW)
    assert desk.woman.given_names not in shown(client, desk.caseworker).split("Por entrevistar")[0]


def test_an_emergency_that_nobody_was_asked_about_comes_first_unless_it_is_sealed(desk, client):
    with access.acting_as(desk.caseworker):
        restart()
        people.record_need(
            desk.case(desk.woman), desk.woman, "SM-CC", "EMERGENCY", "x", on=date(2025, 11, 23)
        )
        session.commit()
    assert "Tiene una emergencia" not in shown(client, desk.caseworker)
    with access.acting_as(desk.caseworker):
        restart()
        people.record_need(
            desk.case(desk.woman), desk.woman, "SC-UC", "EMERGENCY", "x", on=date(2025, 11, 23)
        )
        session.commit()
    page = shown(client, desk.caseworker)
    rows = part(page, "Emergencias que nadie atiende")
    assert desk.woman.given_names in rows and "no acompañado" not in rows
    refer(desk, desk.woman, "SENT")
    assert "Tiene una emergencia" not in shown(client, desk.caseworker)


def test_families_registered_today_and_consents_to_ask(desk, client):
    with desk.db.as_owner():
        head = make_person(desk.team, case=make_case(desk.team, opened_on=date(2025, 11, 23)))
        other = make_person(desk.team, case=make_case(desk.team, opened_on=date(2025, 11, 23)))
        make_household(desk.team, head, other)
    page = shown(client, desk.caseworker)
    rows = part(page, "Registradas hoy")
    assert head.given_names in rows and "y 1 persona más" in rows and other.given_names not in rows
    assert head.given_names in part(page, "Consentimiento por preguntar")


def test_a_caseworker_does_not_see_a_colleagues_files_but_the_supervisor_does(desk, client):
    with desk.db.as_owner():
        colleague = make_user(team=desk.team)
        session.get_one(Case, desk.woman.case_id).assigned_to_id = colleague.id
    assert desk.woman.given_names not in shown(client, desk.caseworker)
    assert desk.woman.given_names in shown(client, desk.supervisor)


def test_another_teams_people_are_on_nobodys_list(desk, client):
    with desk.db.as_owner():
        stranger = make_person(make_team()).given_names
    session.expunge_all()
    for who in (desk.caseworker, desk.supervisor):
        assert stranger not in shown(client, who)


def test_a_coordinator_sees_the_inbox_and_tonights_numbers(desk, client):
    refer(desk, desk.woman, "SENT")
    with desk.db.as_owner():
        open_to(desk.woman, desk.shelter)
        make_stay(desk.woman, places_in(desk.shelter, "M1")[0])
    page = shown(client, desk.coordinator)
    assert "Esperan su respuesta" in page and "Responder" in page and "respuesta en 3 días" in page
    assert "Llegan hoy" in page and "Por entrevistar" not in page and "Registrar familia" not in page


def test_the_gate_begins_with_tonight(desk, client):
    client.sign_in(desk.gate)
    answer = client.get("/today")
    assert answer.status_code == 302 and answer.location == "/shelter/tonight"


@pytest.mark.parametrize(
    ("role", "type", "words"),
    [
        ("ADMINISTRATOR", "RECEPTION_DESK", "Trabajos, colas y fallas"),
        ("AUDITOR", "RECEPTION_DESK", "Quién miró qué"),
        ("COMMISSION_ANALYST", "COMMISSION_STATISTICS", "Indicadores y sus definiciones"),
        ("DATA_STEWARD", "COMMISSION_STATISTICS", "Indicadores y sus definiciones"),
        ("SERVICE_FOCAL_POINT", "HEALTH", "Esperan su respuesta"),
    ],
)
def test_every_other_role_finds_its_work_and_no_person(desk, client, role, type, words):
    with desk.db.as_owner():
        team = (
            make_team(None, type) if type != "COMMISSION_STATISTICS" else make_team(None, type, country="MEX")
        )
        who = principal_of(make_user(role, team), (role, team))
    page = shown(client, who)
    assert words in page and desk.woman.given_names not in page


def test_the_page_costs_the_same_whatever_the_rows(desk, client):
    counts = []
    for grow in (0, 7):
        with desk.db.as_owner():
            for _n in range(grow):
                person = make_person(desk.team, case=make_case(desk.team, opened_on=date(2025, 11, 23)))
                make_household(desk.team, person)
        client.sign_in(desk.supervisor)
        with count_statements(desk.db.connection) as statements:
            assert client.get("/today").status_code == 200
        counts.append(len([s for s in statements if "SAVEPOINT" not in s]))
    assert counts[1] <= counts[0] <= 18, counts


def test_clocks_that_ran_out_come_first_and_a_sealed_one_is_on_no_list(desk, client):
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        for rule, more in (
            ("CUSTODY_FOLLOW_UP_FIRST", {"started_at": NOW - timedelta(hours=71)}),
            ("MEDICAL_REVIEW_FIRST", {"started_at": NOW - timedelta(days=15)}),
            ("TASK", {"due_at": NOW + timedelta(days=9)}),
            ("HIV_PEP", {"started_at": NOW - timedelta(hours=71), "sealed": True}),
        ):
            deadline.start(case, rule, subject=("made_up", uuid7()), **more)
        session.commit()
    rows = part(shown(client, desk.caseworker), "Plazos")
    assert rows.index("Revisión médica") < rows.index("Primer seguimiento tras la custodia")
    assert "clock-late" in rows and "clock-soon" in rows
    assert "Tarea" not in rows and "Plazo de tratamiento" not in rows
    file = client.get(f"/cases/{desk.numbers[desk.woman.case_id]}").get_data(as_text=True)
    assert "Tarea en" in file and "Plazo de tratamiento" not in file


@pytest.mark.parametrize("role", sorted(STRAIGHT_TO))
def test_a_role_with_one_page_of_work_begins_there(db, client, role):
    kinds = {"GATE_NIGHT": "SHELTER", "SHELTER_VOLUNTEER": "SHELTER"}
    with db.as_owner():
        team = make_team(type=kinds.get(role, "CASH_PROVIDER"))
        user = make_user(role, team)
    client.sign_in(principal_of(user, (role, team)))
    begun = client.get("/today")
    assert begun.status_code == 302
    assert client.get(begun.location).status_code == 200
