"""The verbs of screening, as the application's role."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import clock
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.journal import CaseEvent
from caseapp.people import queries as people
from caseapp.people.events import INTAKE_OPENED, happened
from caseapp.protection import queries, rules, service
from caseapp.protection.models import Screening, ScreeningOutcome
from caseapp.protection.rules import Conditions, Decision
from tests.conftest import NOW
from tests.protection.answering import answer_all
from tests.protection.conftest import PRIVATE


def told(case, kind):
    return list(
        session.scalars(sa.select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.kind == kind))
    )


def arrive(case, hours_ago=5):
    with clock.held_at(NOW - timedelta(hours=hours_ago)):
        happened(INTAKE_OPENED, case, on=clock.today("America/Mexico_City"))
        session.flush()


def confirmed(case, screening, *, refuse=()):
    standing = service.standing(case, people.person_of(case), screening)
    return [
        Decision(
            p.kind,
            p.code,
            p.code not in refuse,
            p.priority,
            None if p.code not in refuse else "NOT_PRESENT",
            "maní",
        )
        for p in standing.proposed
        if not p.firm
    ]


def test_from_first_question_to_outcome(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    arrive(case)
    screening = service.start(case, PRIVATE)
    answer_all(case, screening, asylum_wish="YES", place_tonight="NO", wg_walk="CANNOT_DO_AT_ALL")
    service.decide(case, screening, confirmed(case, screening, refuse={"ACCESSIBLE_BATH"}))
    service.complete(case, screening, "IP_WISH")
    session.commit()

    assert screening.state == "COMPLETED" and screening.main_outcome == "IP_WISH"
    assert set(queries.outcomes_of(screening.id)) == {"IP_WISH", "SOCIAL_ASSISTANCE"}
    assert {(n.code, n.priority) for n in people.needs_of(case.id)} == {("LP-BN", "HIGH"), ("DS-PS", "HIGH")}
    assert "no puede" in next(n.reason for n in people.needs_of(case.id) if n.code == "DS-PS").lower()
    assert {r.requirement for r in people.requirements_of([case.id])} == {
        "STEP_FREE",
        "GROUND_FLOOR",
        "LOWER_BUNK",
    }
    (done,) = told(case, "screening.completed")
    assert (done.code, done.outcome, done.number) == ("first_contact", "IP_WISH", 5)
    assert {e.outcome for e in told(case, "screening.outcome")} == {"IP_WISH", "SOCIAL_ASSISTANCE"}
    assert len(told(case, "screening.started")) == 1
    assert [e.code for e in told(case, "assessment.completed")] == ["WG_SS"]


def test_answers_are_sealed_with_the_case(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    screening = service.start(case, PRIVATE)
    answer_all(case, screening, danger_on_return="YES")
    session.commit()
    stored = session.scalar(sa.text("SELECT encode(answers_sealed, 'escape') FROM screening"))
    assert "danger_on_return" not in stored
    assert json.loads(screening.answers)["danger_on_return"] == "YES"


def test_not_alone_is_not_finished_but_a_wish_stands(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    screening = service.start(case, Conditions("NO", "YES", "NONE"))
    answer_all(case, screening, asylum_wish="YES", place_tonight="NO")
    service.decide(case, screening, confirmed(case, screening))
    with pytest.raises(rules.NotAllAsked):
        service.complete(case, screening, "IP_WISH")
    service.leave_unfinished(case, screening, "NO_PRIVACY")
    session.commit()
    assert (screening.state, screening.main_outcome) == ("UNFINISHED", "INCOMPLETE")
    assert set(queries.outcomes_of(screening.id)) == {"IP_WISH", "SOCIAL_ASSISTANCE", "INCOMPLETE"}
    assert [n.code for n in people.needs_of(case.id)] == ["LP-BN"]
    assert [e.reason for e in told(case, "screening.unfinished")] == ["NO_PRIVACY"]
    assert told(case, "screening.completed") == []


def test_nobody_is_asked_twice_after_an_unfinished_talk(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    first = service.start(case, Conditions("NO", "YES", "NONE"))
    answer_all(case, first, place_tonight="NO")
    service.leave_unfinished(case, first, "NO_PRIVACY")
    again = service.start(case, PRIVATE)
    assert service.answers_of(again) == service.answers_of(first)
    skipped = service.standing(case, as_caseworker.woman, again).not_asked
    assert skipped and all(q.sensitive or q.alone for q in skipped)


def test_one_talk_at_a_time(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    service.start(case, PRIVATE)
    with pytest.raises(rules.AlreadyStarted):
        service.start(case, PRIVATE)


def test_a_child_may_have_somebody_with_it_and_an_adult_may_not(as_caseworker):
    beside = Conditions("CHILD_WITH_SUPPORT", "YES", "NONE")
    assert service.start(as_caseworker.case(as_caseworker.child), beside).state == "STARTED"
    with pytest.raises(rules.SupportIsForChildren):
        service.start(as_caseworker.case(as_caseworker.woman), beside)


def test_a_child_with_no_adult_needs_protection(as_caseworker):
    case = as_caseworker.case(as_caseworker.child)
    screening = service.start(case, PRIVATE)
    answer_all(case, screening, child_with_whom="NO_ONE", child_guardian="NO")
    service.decide(case, screening, confirmed(case, screening))
    service.complete(case, screening, "CHILD_PROCESS")
    assert ("SC-UC", "EMERGENCY") in {(n.code, n.priority) for n in people.needs_of(case.id)}


def test_the_main_outcome_is_one_that_holds_also_for_the_database(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    screening = service.start(case, PRIVATE)
    answer_all(case, screening, asylum_wish="YES")
    with pytest.raises(rules.MainMissing):
        service.complete(case, screening, "HEALTH_NOW")
    session.commit()
    with pytest.raises(sa.exc.IntegrityError, match="fk_screening_main_outcome"), session.begin_nested():
        session.execute(
            sa.update(Screening).values(
                state="COMPLETED", completed_at=clock.now(), main_outcome="HEALTH_NOW"
            )
        )


def test_an_outcome_is_not_taken_away(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    screening = service.start(case, PRIVATE)
    answer_all(case, screening, asylum_wish="YES")
    service.complete(case, screening, "IP_WISH")
    session.commit()
    for statement in (
        sa.delete(ScreeningOutcome),
        sa.update(ScreeningOutcome).values(outcome="NO_FURTHER_NEED"),
    ):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(statement)


def test_an_open_need_is_not_written_twice_but_becomes_more_pressing(as_caseworker):
    from caseapp.people.service import record_need

    case = as_caseworker.case(as_caseworker.woman)
    record_need(case, as_caseworker.woman, "LP-BN", "LOW", "Pidió ropa.", on=case.opened_on)
    screening = service.start(case, PRIVATE)
    answer_all(case, screening, place_tonight="NO")
    service.decide(case, screening, confirmed(case, screening))
    (need,) = people.needs_of(case.id)
    assert need.priority == "HIGH" and len(told(case, "need.changed")) == 1


def test_the_second_of_two_interviewers_is_told(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    screening = service.start(case, PRIVATE)
    section = service.standing(case, as_caseworker.woman, screening).questionnaire.sections[0]
    service.save_answers(screening, section, {"urgent_health": "YES"}, version=screening.version)
    with pytest.raises(ChangedMeanwhile):
        service.save_answers(screening, section, {"urgent_health": "NO"}, version=screening.version - 1)
    assert service.answers_of(screening)["urgent_health"] == "YES"


def test_another_team_sees_no_screening(as_caseworker):
    from caseapp.core import access
    from tests.factories import make_team, make_user, principal_of

    case = as_caseworker.case(as_caseworker.woman)
    service.start(case, PRIVATE)
    session.commit()
    with as_caseworker.db.as_owner():
        team = make_team()
        user = make_user(team=team)
    with access.acting_as(principal_of(user, ("CASEWORKER", team))):
        session.commit()
        assert session.scalar(sa.select(sa.func.count()).select_from(Screening)) == 0


def test_an_allergy_says_to_what(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    screening = service.start(case, PRIVATE)
    answer_all(case, screening, severe_allergy="YES")
    with pytest.raises(rules.DetailMissing):
        service.decide(case, screening, [Decision("REQUIREMENT", "ALLERGY_LIFE", True)], all_of_them=False)
    service.decide(case, screening, confirmed(case, screening))
    (row,) = people.requirements_of([case.id])
    assert (row.requirement, row.detail, row.life_critical) == ("ALLERGY_LIFE", "maní", True)
