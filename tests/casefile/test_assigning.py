"""Files change hands inside a team: all of the chosen or none; and the pack that goes with them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.casefile import service
from caseapp.casefile.models import CaseTask
from caseapp.casefile.rules import working
from caseapp.casefile.service.assigning import NobodyChosen, SomeNotOwn
from caseapp.core import access
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.people import service as people_service
from caseapp.people.models import Case
from tests.casefile.conftest import restart
from tests.factories import make_case, make_household, make_person, make_team, make_user, principal_of
from tests.statements import count_statements

ON = date(2025, 11, 23)


@pytest.fixture
def staffed(desk):
    """The woman's and the mother's files are the caseworker's; another caseworker comes; a foreign team has a file."""
    with desk.db.as_owner():
        desk.new = principal_of(make_user("CASEWORKER", desk.team), ("CASEWORKER", desk.team))
        other = make_team()
        desk.foreign = make_person(other)
        desk.foreign_number = session.get_one(Case, desk.foreign.case_id).number
        session.execute(
            sa.text('UPDATE "case" SET assigned_to_id = :u WHERE id = ANY (:ids)'),
            {"u": desk.caseworker.user_id, "ids": [desk.woman.case_id, desk.mother.case_id]},
        )
    return desk


def holder_of(desk, person):
    with desk.db.as_owner():
        return session.scalar(
            sa.text('SELECT assigned_to_id FROM "case" WHERE id = :i'), {"i": person.case_id}
        )


def test_files_and_their_open_tasks_change_hands(staffed):
    desk = staffed
    with access.acting_as(desk.caseworker):
        restart()
        mine = service.set_task(
            desk.case(desk.woman), kind="CALL", words="x", due_on=ON, assigned_to=desk.caseworker.user_id
        )
        others = service.set_task(
            desk.case(desk.woman), kind="CALL", words="x", due_on=ON, assigned_to=desk.supervisor.user_id
        )
        session.commit()
    with access.acting_as(desk.supervisor):
        restart()
        numbers = [desk.numbers[p.case_id] for p in (desk.woman, desk.mother)]
        assert len(service.assign(numbers, to=desk.new.user_id)) == 2
        session.commit()
        events = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "case.assigned")).all()
        assert {e.case_id for e in events} == {desk.woman.case_id, desk.mother.case_id}
        assert session.get_one(CaseTask, mine.id).assigned_to_id == desk.new.user_id
        assert session.get_one(CaseTask, others.id).assigned_to_id == desk.supervisor.user_id
        held = session.execute(
            sa.text("SELECT holder_id FROM deadline WHERE subject_id = :t"), {"t": mine.id}
        ).scalar()
        assert held == desk.new.user_id
        assert service.assign(numbers, to=desk.new.user_id) == []


def test_a_mixed_list_moves_nothing_and_says_so(staffed, client):
    """A foreign file, one that does not exist and a closed one are counted alike."""
    desk = staffed
    for stranger in (desk.foreign_number, "T99999999"):
        client.sign_in(desk.supervisor)
        answer = client.post(
            "/casework/assign",
            data={
                "cases": [desk.numbers[desk.woman.case_id], stranger],
                "to": str(desk.new.user_id),
                "holder": str(desk.caseworker.user_id),
            },
        )
        page = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert (
            "De los 2 expedientes elegidos, 1 no son expedientes abiertos de su equipo. No se movió ninguno."
            in page
        )
        assert holder_of(desk, desk.woman) == desk.caseworker.user_id
        assert holder_of(desk, desk.foreign) is None
    with access.acting_as(desk.supervisor):
        restart()
        with pytest.raises(SomeNotOwn):
            service.assign([desk.foreign_number], to=desk.new.user_id)
        with pytest.raises(NobodyChosen):
            service.assign([" "], to=desk.new.user_id)
        with pytest.raises(working.NotOfTheTeam):
            service.assign([desk.numbers[desk.woman.case_id]], to=desk.coordinator.user_id)


def test_a_caseworker_assigns_nothing(staffed, client):
    client.sign_in(staffed.caseworker)
    assert client.get("/casework/assign").status_code == 403
    with access.acting_as(staffed.caseworker):
        restart()
        with pytest.raises(SomeNotOwn):
            service.assign([staffed.numbers[staffed.woman.case_id]], to=staffed.new.user_id)


def test_the_page_shows_who_holds_how_many_and_reassigns(staffed, client):
    desk = staffed
    client.sign_in(desk.supervisor)
    page = client.get(f"/casework/assign?holder={desk.caseworker.user_id}").get_data(as_text=True)
    assert (
        "2 expedientes abiertos" in page
        and desk.woman.given_names in page
        and desk.child.given_names not in page
    )
    data = {
        "cases": [desk.numbers[desk.woman.case_id]],
        "to": str(desk.new.user_id),
        "holder": str(desk.caseworker.user_id),
    }
    assert client.post("/casework/assign", data=data).status_code == 302
    assert holder_of(desk, desk.woman) == desk.new.user_id


def test_the_pack_holds_what_is_open_and_nothing_sealed(staffed, client):
    desk = staffed
    with access.acting_as(desk.supervisor):
        restart()
        case = desk.case(desk.woman)
        need = people_service.record_need(case, desk.woman, "SV", "HIGH", "x", on=ON)
        plan = service.make_plan(case, agreed_with="PERSON", review_on=ON + timedelta(days=9))
        goal = service.add_goal(case, plan, words="Reservada", need=need)
        service.set_task(case, kind="CALL", words="Paso reservado", due_on=ON, goal=goal)
        service.set_task(case, kind="DOCUMENT", words="Recoger su constancia", due_on=ON + timedelta(days=3))
        for code in ("REFOULEMENT_RISK", "SELF_HARM", "DATA_BREACH"):
            service.raise_alert(case, code=code)
        service.add_note(case, words="De supervisión", level="SUPERVISOR")
        session.commit()
    client.sign_in(desk.supervisor)
    page = client.get(f"/casework/pack/{desk.caseworker.user_id}").get_data(as_text=True)
    for words in (
        "Recoger su constancia",
        "Riesgo de devolución",
        "Llame ya a asistencia legal",
        "2 dic 2025",
        desk.numbers[desk.mother.case_id],
    ):
        assert words in page, words
    for words in (
        "Reservada",
        "Paso reservado",
        "autolesión",
        "Incidente de datos",
        "De supervisión",
        "Consulte a supervisión",
        "asilo",
        "refugi",
    ):
        assert words not in page.split("<main", 1)[1].replace("autoridad de asilo", ""), words


def test_the_pages_cost_the_same_whatever_the_rows(staffed, client):
    desk = staffed
    client.sign_in(desk.supervisor)
    for url in (
        f"/casework/assign?holder={desk.caseworker.user_id}",
        f"/casework/pack/{desk.caseworker.user_id}",
    ):
        counts = []
        for _n in range(2):
            with count_statements(desk.db.connection) as statements:
                assert client.get(url).status_code == 200
            counts.append(len([s for s in statements if "SAVEPOINT" not in s]))
            with desk.db.as_owner():
                for _i in range(6):
                    person = make_person(
                        desk.team, case=make_case(desk.team, assigned_to_id=desk.caseworker.user_id)
                    )
                    make_household(desk.team, person)
        assert counts[1] <= counts[0] <= 14, (url, counts)
