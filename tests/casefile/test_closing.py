"""Closing, asking a second person and opening again: verbs as the application's role, and their pages."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.casefile import queries, rules, service
from caseapp.casefile.models import ClosureRequest
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.journal import CaseEvent
from caseapp.deadline import service as deadline
from caseapp.people import queries as people
from caseapp.people import service as people_service
from caseapp.people.models import Case, CaseAccess, Household
from caseapp.procedure import service as procedure
from caseapp.solutions import service as solutions
from tests.casefile.conftest import restart
from tests.conftest import NOW
from tests.factories.shelter import make_stay, open_to, places_in

ON = date(2025, 11, 23)


def told(case, kind):
    return list(
        session.scalars(sa.select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.kind == kind))
    )


def test_a_file_is_closed_with_a_reason_and_the_household_with_its_last(as_caseworker):
    mother, child = as_caseworker.case(as_caseworker.mother), as_caseworker.case(as_caseworker.child)
    household = people.household_of(mother.id)
    service.close(mother, reason="PERSON_ASKED")
    session.commit()
    assert (mother.status, mother.closed_on, mother.closure_reason) == ("CLOSED", ON, "PERSON_ASKED")
    (event,) = told(mother, "case.closed")
    assert (event.reason, event.reason_group) == ("PERSON_ASKED", "PERSON")
    assert session.get_one(Household, household.id).closed_on is None
    service.close(child, reason="PERSON_ASKED")
    assert session.get_one(Household, household.id).closed_on == ON


def test_closing_ends_what_other_teams_read(desk):
    with desk.db.as_owner():
        open_to(desk.woman, desk.shelter)
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        assert case.readers
        service.close(case, reason="LEFT_TOLD")
        session.commit()
        assert case.readers == []
        assert all(r.ended_at for r in session.scalars(sa.select(CaseAccess)))
    with access.acting_as(desk.coordinator):
        restart()
        assert session.get(Case, desk.woman.case_id) is None


def test_an_urgent_need_a_stay_and_a_duplicate_keep_it_open(as_caseworker):
    desk = as_caseworker
    case = desk.case(desk.woman)
    need = people_service.record_need(case, desk.woman, "LP-BN", "HIGH", "x", on=case.opened_on)
    with pytest.raises(rules.UrgentNeedOpen):
        service.close(case, reason="PERSON_ASKED")
    people_service.meet_need(case, need, on=ON)
    session.commit()
    with desk.db.as_owner():
        stay = make_stay(desk.woman, places_in(desk.shelter, "M1")[0])
    with pytest.raises(rules.StayOpen):
        service.close(case, reason="PERSON_ASKED")
    with desk.db.as_owner():
        session.execute(sa.text("UPDATE stay SET state = 'NO_SHOW' WHERE id = :i"), {"i": stay.id})
    session.expire_all()
    service.close(case, reason="PERSON_ASKED")


def test_the_database_says_it_again(as_caseworker):
    desk = as_caseworker
    case = desk.case(desk.woman)
    people_service.record_need(case, desk.woman, "LP-BN", "HIGH", "x", on=case.opened_on)
    session.commit()
    closing = sa.update(Case).where(Case.id == case.id)
    with pytest.raises(sa.exc.IntegrityError, match="an urgent need is open"), session.begin_nested():
        session.execute(closing.values(status="CLOSED", closed_on=ON, closure_reason="NEEDS_MET"))
    session.execute(sa.text("UPDATE need SET state = 'MET', ended_on = recorded_on"))
    with pytest.raises(sa.exc.IntegrityError, match="second person"), session.begin_nested():
        session.execute(closing.values(status="CLOSED", closed_on=ON, closure_reason="DIED"))
    own = ClosureRequest(
        case_id=case.id, reason="DIED", state="APPROVED", asked_on=ON, asked_at=clock.now(), decided_at=clock.now(),
        asked_by_id=desk.caseworker.user_id, decided_by_id=desk.caseworker.user_id,
    )  # fmt: skip
    with pytest.raises(sa.exc.IntegrityError, match="second_person"), session.begin_nested():
        session.add(own)
        session.flush()


def test_a_child_without_a_carer_by_evidence_is_not_closed_but_one_with_is(as_caseworker):
    case = as_caseworker.case(as_caseworker.child)
    with as_caseworker.db.as_owner():
        session.execute(sa.text("UPDATE relation SET evidence = 'CLAIMED'"))
    with pytest.raises(rules.ChildWithoutCarer):
        service.close(case, reason="LEFT_TOLD")
    with as_caseworker.db.as_owner():
        session.execute(sa.text("UPDATE relation SET evidence = 'BOTH_AGREE_ALONE'"))
    service.close(case, reason="LEFT_TOLD")


def test_contact_is_lost_only_after_real_attempts(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    for days, channel in ((40, "CALL"), (20, "TEXT")):
        with clock.held_at(NOW - timedelta(days=days)):
            people_service.record_attempt(case, channel=channel, result="NO_ANSWER", on=case.opened_on)
    with pytest.raises(rules.NotYetLost):
        service.close(case, reason="CONTACT_LOST")
    people_service.record_attempt(case, channel="CALL", result="NO_ANSWER", on=ON)
    service.close(case, reason="CONTACT_LOST")
    assert told(case, "case.closed")[0].reason_group == "LOST"


def test_a_solution_closes_when_its_step_was_reached(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    day = date(2025, 11, 20)
    plan = solutions.plan(case, pathway="LABOUR_MOBILITY", on=day)
    for step in ("INFORMED", "CHOSEN", "PREPARED"):
        solutions.step(case, plan, step=step, on=day)
    with pytest.raises(rules.SolutionNotReached):
        service.close(case, reason="SOLUTION_PATHWAY")
    solutions.step(case, plan, step="HAPPENED", on=day)
    with pytest.raises(rules.SolutionNotReached):
        service.close(case, reason="SOLUTION_RESETTLED")
    service.close(case, reason="SOLUTION_PATHWAY")


def test_a_rejected_claim_closes_nothing_and_its_appeal_keeps_the_file_open(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    claim = procedure.lodge(case, on=date(2025, 10, 1))
    for step in ("REGISTERED", "INTERVIEW"):
        procedure.take(case, claim, step, on=date(2025, 10, 2))
    procedure.decide(case, claim, on=date(2025, 11, 20), outcome="REJECTED")
    assert case.status == "OPEN"
    for step in ("NOTIFIED", None):
        with pytest.raises(rules.LegalClockNear):
            service.close(case, reason="PERSON_ASKED")
        if step:
            procedure.take(case, claim, step, on=date(2025, 11, 21))
    with clock.held_at(NOW + timedelta(days=40)):
        service.close(case, reason="PERSON_ASKED")


def test_an_authority_that_is_late_or_a_limit_that_stands_still_keeps_the_file_open(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    claim = procedure.lodge(case, on=date(2025, 10, 1))
    procedure.take(case, claim, "REGISTERED", on=date(2025, 10, 2))
    for later in (0, 40, 400):
        with clock.held_at(NOW + timedelta(days=later)), pytest.raises(rules.LegalClockNear):
            service.close(case, reason="PERSON_ASKED")
    deadline.pause(("claim", claim.id), "FORCE_MAJEURE", rule="CLAIM_DECIDE")
    with pytest.raises(rules.LegalClockLate):
        service.close(case, reason="PERSON_ASKED")
    deadline.resume(("claim", claim.id))
    procedure.close(case, claim, on=ON, reason="EXPLICIT_WITHDRAWAL")
    service.close(case, reason="PERSON_ASKED")


def test_a_second_person_closes_what_the_first_asked_for(desk):
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        with pytest.raises(rules.SecondPersonNeeded):
            service.close(case, reason="DIED")
        request = service.ask_to_close(case, reason="DIED")
        with pytest.raises(rules.RequestOpen):
            service.ask_to_close(case, reason="DIED")
        with pytest.raises(rules.OwnRequest):
            service.decide_closing(case, request, approve=True)
    with access.acting_as(desk.supervisor):
        restart()
        case = desk.case(desk.woman)
        request = queries.open_request(case.id)
        with pytest.raises(ChangedMeanwhile):
            service.decide_closing(case, request, approve=True, version=99)
        service.decide_closing(case, request, approve=True, version=request.version)
        session.commit()
        assert (case.status, case.closure_reason) == ("CLOSED", "DIED")
        assert told(case, "approval.given")[0].outcome == "APPROVED"


def test_a_no_leaves_it_open_and_may_be_asked_again(desk):
    with access.acting_as(desk.caseworker):
        restart()
        service.ask_to_close(desk.case(desk.woman), reason="ERROR")
    with access.acting_as(desk.supervisor):
        restart()
        case = desk.case(desk.woman)
        service.decide_closing(case, queries.open_request(case.id), approve=False)
        assert case.status == "OPEN" and queries.open_request(case.id) is None
        service.ask_to_close(case, reason="ERROR")


def test_opening_again_opens_the_household(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    service.close(case, reason="LEFT_LEARNT")
    with pytest.raises(rules.AlreadyClosed):
        service.close(case, reason="PERSON_ASKED")
    with pytest.raises(ChangedMeanwhile):
        service.reopen(case, reason="FOUND", version=case.version - 1)
    service.reopen(case, reason="FOUND", version=case.version)
    session.commit()
    assert (case.status, case.closed_on, case.closure_reason) == ("OPEN", None, None)
    assert people.household_of(case.id).closed_on is None
    assert told(case, "case.reopened")[0].reason == "FOUND"
    with pytest.raises(rules.NotClosed):
        service.reopen(case, reason="FOUND")


# -- pages --------------------------------------------------------------------------------------------
def page(client, who, url, **data):
    client.sign_in(who)
    answer = client.post(url, data=data) if data else client.get(url)
    return answer.status_code, answer.get_data(as_text=True)


def test_the_page_says_what_keeps_it_open_and_refuses_beside_the_field(desk, client):
    url = f"/cases/{desk.numbers[desk.woman.case_id]}/close"
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        people_service.record_need(case, desk.woman, "LP-BN", "HIGH", "x", on=case.opened_on)
        session.commit()
        version = case.version
    status, shown = page(client, desk.caseworker, url)
    assert status == 200 and "Lo que mantiene abierto" in shown and "prioridad alta" in shown
    status, shown = page(client, desk.caseworker, url, reason="NEEDS_MET", version=version)
    assert status == 422 and "Hay que corregir algo" in shown
    assert page(client, desk.caseworker, url, reason="", version=version)[0] == 422


def test_closing_asking_deciding_and_opening_on_the_pages(desk, client):
    base = f"/cases/{desk.numbers[desk.woman.case_id]}"
    assert page(client, desk.caseworker, f"{base}/close", reason="DIED", version=1)[0] == 302
    assert "Espera a una segunda persona" in page(client, desk.caseworker, f"{base}/close")[1]
    assert page(client, desk.caseworker, f"{base}/close/decision")[0] == 403
    assert "Cierres por aprobar" in page(client, desk.supervisor, "/today")[1]
    status, shown = page(client, desk.supervisor, f"{base}/close/decision")
    assert status == 200 and "Fallecimiento" in shown
    assert page(client, desk.supervisor, f"{base}/close/decision", decision="APPROVED", version=1)[0] == 302
    shown = page(client, desk.caseworker, base)[1]
    assert "Cerrado el 23 nov 2025: Fallecimiento." in shown and "Abrir de nuevo el expediente" in shown
    with desk.db.as_owner():
        version = session.scalar(sa.select(Case.version).where(Case.id == desk.woman.case_id))
    stale = page(client, desk.caseworker, f"{base}/reopen", reason="ERROR_CLOSED", version=1)
    assert stale[0] == 409 and f'value="{version}"' in stale[1]
    assert page(client, desk.caseworker, f"{base}/reopen", reason="ERROR_CLOSED", version=version)[0] == 302
    assert "Cerrado el" not in page(client, desk.caseworker, base)[1]


def test_whoever_asked_may_take_it_back(desk, client):
    base = f"/cases/{desk.numbers[desk.woman.case_id]}"
    page(client, desk.caseworker, f"{base}/close", reason="DIED", version=1)
    client.sign_in(desk.caseworker)
    assert client.post(f"{base}/close/withdraw").status_code == 302
    assert "Espera a una segunda persona" not in page(client, desk.caseworker, f"{base}/close")[1]
