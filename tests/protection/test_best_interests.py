"""A child alone is assessed, heard, and a second person approves; what the child said stays with the file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.casefile.models import CaseTask
from caseapp.casefile.queries.duties import duties
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.journal import CaseEvent
from caseapp.deadline import service as clocks
from caseapp.deadline.models import Deadline, DeadlineNotice
from caseapp.people import queries as people
from caseapp.people.models import Case, Person
from caseapp.protection.best_interests import queries, rules, service
from caseapp.protection.best_interests.models import BestInterests, BestInterestsAction
from caseapp.protection.best_interests.rules import Action, Conclusion
from tests.conftest import NOW
from tests.factories import make_household, make_person, make_team, make_user, principal_of
from tests.protection.routes import CONCLUDED, make_alone

TODAY = date(2025, 11, 23)
#: The factory of a child alone says that it was known then.
KNOWN = date(2025, 11, 20)
TOLD = Conclusion(
    TODAY, "El niño, su tutora y la intérprete", "YES", "Quiere ir con su tía", "Está bien con su tía", date(2026, 2, 1),
    [Action("Visitar a la tía", date(2025, 12, 1)), Action("Inscribirle en la escuela", date(2025, 12, 3), "CR-NE")],
)  # fmt: skip


@dataclass
class Desk:
    db: Any
    team: Team
    boy: Person
    officer: access.Principal
    caseworker: access.Principal
    supervisor: access.Principal
    other: access.Principal

    @property
    def case(self) -> Case:
        return session.get_one(Case, self.boy.case_id)


@pytest.fixture
def desk(db: Any) -> Desk:
    with db.as_owner():
        team, elsewhere = make_team(), make_team()
        boy = make_person(team, birth=date(2012, 1, 1))
        make_household(team, boy)
        people_ = [make_user(role, team) for role in ("CHILD_OFFICER", "CASEWORKER", "SUPERVISOR")]
        stranger = make_user("CHILD_OFFICER", elsewhere)
    make_alone(db, boy)
    roles = ("CHILD_OFFICER", "CASEWORKER", "SUPERVISOR")
    held = [principal_of(u, (r, team)) for u, r in zip(people_, roles, strict=True)]
    return Desk(db, team, boy, *held, principal_of(stranger, ("CHILD_OFFICER", elsewhere)))


def acting(desk: Desk, who: access.Principal) -> Any:
    session.commit()
    session.expunge_all()
    return access.acting_as(who)


def opened(desk: Desk) -> BestInterests:
    with acting(desk, desk.officer):
        row = service.open_assessment(desk.case, kind="BIA")
        session.commit()
    return row


def concluded(desk: Desk, told: Conclusion = TOLD) -> BestInterests:
    row = opened(desk)
    with acting(desk, desk.officer):
        row = queries.one_of_case(desk.case, row.id)
        service.conclude(desk.case, row, told)
        session.commit()
    return row


def clock_of(row: BestInterests, rule: str = "BEST_INTERESTS") -> Deadline:
    return session.scalars(
        sa.select(Deadline).where(Deadline.subject_id == row.id, Deadline.rule == rule)
    ).one()


def told_of(case: Case, kind: str) -> list[CaseEvent]:
    return list(
        session.scalars(sa.select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.kind == kind))
    )


def test_from_opening_to_what_follows(desk):
    row = concluded(desk)
    with acting(desk, desk.supervisor):
        kept = queries.one_of_case(desk.case, row.id)
        assert (kept.identified_on, kept.views, kept.state) == (KNOWN, "Quiere ir con su tía", "CONCLUDED")
        assert told_of(desk.case, "bia.completed") == []
        service.decide(desk.case, kept, approve=True)
        session.commit()
        (event,) = told_of(desk.case, "bia.completed")
        assert (event.code, event.number, event.effective_on) == ("ON_TIME", 3, TODAY)
        assert clock_of(row).state == "MET"
        assert clock_of(row, "BEST_INTERESTS_REVIEW").due_at.date() >= date(2026, 2, 1)
        assert {n.code for n in people.needs_of(desk.case.id, open_only=True)} == {"SC-UC", "CR-NE"}
        tasks = session.scalars(sa.select(CaseTask).order_by(CaseTask.due_on)).all()
        assert [t.words for t in tasks] == ["Visitar a la tía", "Inscribirle en la escuela"]


def test_the_limit_runs_from_the_day_on_which_it_was_known(desk):
    row = opened(desk)
    with acting(desk, desk.officer):
        due = clock.local(clock_of(row).due_at, people.timezone_of(desk.case)).date()
        assert due == KNOWN + timedelta(days=14)
        assert clock_of(row).holder_id == desk.officer.user_id


def test_a_late_one_is_told_to_the_supervisor_and_counts_as_late(desk):
    row = opened(desk)
    with clock.held_at(NOW + timedelta(days=20)):
        with desk.db.as_owner(), access.acting_as(access.system("clocks")):
            clocks.look()
        with acting(desk, desk.supervisor):
            notices = session.scalars(sa.select(DeadlineNotice.user_id)).all()
            assert notices == [desk.supervisor.user_id]
        with acting(desk, desk.officer):
            kept, on = queries.one_of_case(desk.case, row.id), people.today_of(desk.case)
            late = replace(TOLD, assessed_on=on, review_on=on + timedelta(days=90), actions=())
            service.conclude(desk.case, kept, late)
            session.commit()
        with acting(desk, desk.supervisor):
            service.decide(desk.case, queries.one_of_case(desk.case, row.id), approve=True)
            assert told_of(desk.case, "bia.completed")[0].code == "LATE"


def test_sent_back_it_keeps_what_was_written_and_goes_on(desk):
    row = concluded(desk)
    with acting(desk, desk.supervisor):
        kept = queries.one_of_case(desk.case, row.id)
        with pytest.raises(rules.RemarkMissing):
            service.decide(desk.case, kept, approve=False)
        service.decide(desk.case, kept, approve=False, remark="Falta hablar con la tía")
        session.commit()
    with acting(desk, desk.officer):
        kept = queries.one_of_case(desk.case, row.id)
        assert (kept.state, kept.remark, kept.views) == (
            "OPEN",
            "Falta hablar con la tía",
            "Quiere ir con su tía",
        )
        assert clock_of(row).state == "RUNNING"
        service.conclude(desk.case, kept, replace(TOLD, actions=TOLD.actions[:1]))
        assert len(queries.actions_of(desk.case.id)) == 1


def test_nobody_approves_their_own(desk):
    row = concluded(desk)
    both = replace(desk.officer, grants=(*desk.officer.grants, replace(desk.supervisor.grants[0])))
    with acting(desk, both), pytest.raises(rules.OwnAssessment):
        service.decide(desk.case, queries.one_of_case(desk.case, row.id), approve=True)
    with (
        desk.db.as_owner(),
        pytest.raises(sa.exc.IntegrityError, match="second_person"),
        session.begin_nested(),
    ):
        session.execute(
            sa.update(BestInterests)
            .where(BestInterests.id == row.id)
            .values(decided_by_id=BestInterests.concluded_by_id, decided_at=NOW)
        )


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"assessed_on": date(2025, 11, 1)}, "assessed_after_identified"),
        ({"review_on": TODAY}, "review_in_time"),
        ({"review_on": TODAY + timedelta(days=181)}, "review_in_time"),
        ({"views_sealed": None}, "concluded_is_told"),
        ({"views_heard": None}, "concluded_is_told"),
        ({"state": "APPROVED", "timing": "ON_TIME"}, "approved_by_somebody"),
        ({"state": "STOPPED"}, "stopped_has_reason"),
        ({"timing": "ON_TIME"}, "approved_by_somebody"),
    ],
)
def test_the_database_says_it_again(desk, values, constraint):
    row = concluded(desk)
    with desk.db.as_owner(), pytest.raises(sa.exc.IntegrityError, match=constraint), session.begin_nested():
        session.execute(sa.update(BestInterests).where(BestInterests.id == row.id).values(**values))


def test_one_runs_at_a_time_and_an_adult_has_none(desk):
    opened(desk)
    with acting(desk, desk.officer), pytest.raises(rules.AssessmentRuns):
        service.open_assessment(desk.case, kind="BIA_SHORT")
    with desk.db.as_owner():
        session.get_one(Person, desk.boy.id).age_status = "DECIDED_ADULT"
        session.flush()
    with acting(desk, desk.officer), pytest.raises(rules.NotAChild):
        service.open_assessment(desk.case, kind="BIA")


def test_stopped_its_clock_stops(desk):
    row = opened(desk)
    with acting(desk, desk.officer):
        kept = queries.one_of_case(desk.case, row.id)
        with pytest.raises(rules.StopReasonMissing):
            service.stop(desk.case, kept, reason="")
        with pytest.raises(ChangedMeanwhile):
            service.stop(desk.case, kept, reason="LEFT", version=99)
        service.stop(desk.case, kept, reason="WITH_FAMILY")
        session.commit()
        assert clock_of(row).state == "CANCELLED"
        with pytest.raises(rules.StepWrong):
            service.stop(desk.case, kept, reason="LEFT")


def test_assessed_anew_when_its_day_comes(desk):
    row = concluded(desk)
    with acting(desk, desk.supervisor):
        service.decide(desk.case, queries.one_of_case(desk.case, row.id), approve=True)
        session.commit()
    with clock.held_at(NOW + timedelta(days=75)), acting(desk, desk.officer):
        assert [line.what for line in queries.work_of(desk.officer, date(2026, 2, 6), 8)] == ["TO_REVIEW"]
        again = service.open_assessment(desk.case, kind="BIA_SHORT")
        assert again.identified_on == date(2026, 2, 1)
        assert clock_of(row, "BEST_INTERESTS_REVIEW").state == "MET"


# -- who reads and writes -----------------------------------------------------------------------------
def test_what_was_approved_stays(desk):
    row = concluded(desk)
    with acting(desk, desk.supervisor):
        service.decide(desk.case, queries.one_of_case(desk.case, row.id), approve=True)
        session.commit()
    for who in (desk.officer, desk.supervisor):
        with acting(desk, who):
            assert session.execute(sa.update(BestInterests).values(views_heard="NO")).rowcount == 0
            assert session.execute(sa.delete(BestInterestsAction)).rowcount == 0


def test_a_caseworker_reads_and_writes_nothing(desk):
    row = concluded(desk)
    with acting(desk, desk.caseworker):
        assert queries.of_case(desk.boy.case_id)[0].views == "Quiere ir con su tía"
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"), session.begin_nested():
            session.execute(sa.update(BestInterests).values(views_heard="NO"))
    third = principal_of(make_user("CHILD_OFFICER", desk.team), ("CHILD_OFFICER", desk.team))
    with acting(desk, third), session.begin_nested():
        kept = queries.one_of_case(desk.case, row.id)
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            service.decide(desk.case, kept, approve=True)


def test_another_team_sees_no_row(desk):
    concluded(desk)
    with acting(desk, desk.other):
        assert session.scalars(sa.select(BestInterests)).all() == []
        assert session.scalars(sa.select(BestInterestsAction)).all() == []
        assert queries.work_of(desk.other, TODAY, 8) == []


def test_a_team_that_reads_the_file_does_not_read_what_the_child_said(desk):
    concluded(desk)
    with desk.db.as_owner():
        session.execute(
            sa.update(Case).where(Case.id == desk.boy.case_id).values(readers=[desk.other.grants[0].team_id])
        )
    with acting(desk, desk.other):
        assert session.get(Case, desk.boy.case_id) is not None
        assert session.scalars(sa.select(BestInterests)).all() == []


# -- the day of each ----------------------------------------------------------------------------------
def test_lists_of_the_officer_and_the_supervisor(desk):
    with acting(desk, desk.officer):
        (line,) = queries.work_of(desk.officer, TODAY, 8)
        assert (line.what, line.day) == ("TO_OPEN", KNOWN)
    row = opened(desk)
    with acting(desk, desk.officer):
        (line,) = queries.work_of(desk.officer, TODAY, 8)
        assert (line.what, line.due_at) == ("TO_CONCLUDE", clock_of(row).due_at)
        service.conclude(desk.case, queries.one_of_case(desk.case, row.id), TOLD)
        session.commit()
        assert [line.what for line in queries.work_of(desk.officer, TODAY, 8)] == ["WAITS"]
    with acting(desk, desk.supervisor):
        assert [d.what for d in duties(desk.supervisor, TODAY)] == ["assessment"]
        assert duties(replace(desk.supervisor, user_id=desk.officer.user_id), TODAY) == []


def test_the_pages_from_the_list_to_the_approval(desk, client):
    with desk.db.as_owner():
        number = desk.case.number
    here = f"/cases/{number}/private/best-interests"
    session.expunge_all()
    client.sign_in(desk.officer)
    assert here in client.get("/today").get_data(as_text=True)
    assert client.post(here, data={"open-kind": "BIA"}).status_code == 302
    with desk.db.as_owner():
        row = session.scalars(sa.select(BestInterests)).one()
    one, version = f"{here}/{row.id}", str(row.version)
    session.expunge_all()
    wrong = client.post(one, data={**CONCLUDED, "version": version, "findings": "", "took_part": ""})
    assert wrong.status_code == 422
    assert "Escriba quiénes participaron." in wrong.get_data(as_text=True)
    assert "Escriba a qué llegó la evaluación." in wrong.get_data(as_text=True)
    assert "Quiere estudiar." in wrong.get_data(as_text=True)
    assert client.post(one, data={**CONCLUDED, "version": version}).status_code == 302
    assert "Espera aprobación" in client.get(here).get_data(as_text=True)
    client.sign_in(desk.supervisor)
    page = client.get("/today").get_data(as_text=True)
    assert "Planes, traspasos y evaluaciones por aprobar" in page and here in page
    with desk.db.as_owner():
        version = str(session.get_one(BestInterests, row.id).version)
    session.expunge_all()
    answer = {"decide-version": version, "decide-decision": "APPROVED"}
    assert client.post(f"{one}/decide", data=answer).status_code == 302
    page = client.get(here).get_data(as_text=True)
    assert "Aprobada" in page and "En plazo" in page and "Quiere estudiar." in page
    tasks = client.get(f"/cases/{number}/tasks").get_data(as_text=True)
    assert "Inscribirle en la escuela" in tasks and "Quiere estudiar." not in tasks


def test_the_caseworker_is_told_who_opens_it(desk, client):
    with desk.db.as_owner():
        number = desk.case.number
    session.expunge_all()
    client.sign_in(desk.caseworker)
    page = client.get(f"/cases/{number}/private/best-interests").get_data(as_text=True)
    assert "La abre la oficialía de niñez del equipo." in page
    assert (
        client.post(f"/cases/{number}/private/best-interests", data={"open-kind": "BIA"}).status_code == 403
    )
    assert f"/cases/{number}/private/best-interests" in client.get(f"/cases/{number}").get_data(as_text=True)
