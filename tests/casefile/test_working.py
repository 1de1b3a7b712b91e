"""Plan, tasks, notes, alerts and approvals: verbs as the application's role, the database's second say, and pages."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from caseapp.casefile import rules, service
from caseapp.casefile.models import Approval, CaseAlert, CaseNote, CaseTask
from caseapp.casefile.queries import work
from caseapp.casefile.rules import working
from caseapp.casefile.rules.alerts import DERIVED
from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.journal import CaseEvent
from caseapp.deadline.models import Deadline
from caseapp.people import service as people_service
from caseapp.people.models import Case, Need
from tests.casefile.conftest import restart
from tests.factories import make_team, make_user, principal_of
from tests.factories.shelter import make_stay, open_to, places_in

ON = date(2025, 11, 23)
LATER = ON + timedelta(days=20)


def told(case, kind):
    return list(
        session.scalars(sa.select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.kind == kind))
    )


def get(client, who, url):
    client.sign_in(who)
    answer = client.get(url)
    return answer.status_code, answer.get_data(as_text=True)


def url_of(desk, person, path=""):
    return f"/cases/{desk.numbers[person.case_id]}{path}"


@pytest.fixture
def planned(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    plan = service.make_plan(case, agreed_with="PERSON", review_on=LATER)
    return SimpleNamespace(desk=as_caseworker, case=case, plan=plan)


# -- the plan -----------------------------------------------------------------------------------------
def test_a_plan_is_agreed_with_the_person_clocked_and_waits_for_a_supervisor(planned):
    case, plan = planned.case, planned.plan
    assert (plan.state, plan.made_by_id) == ("PROPOSED", planned.desk.caseworker.user_id)
    assert [e.code for e in told(case, "plan.made")] == ["PERSON"]
    assert [e.code for e in told(case, "approval.asked")] == ["PLAN"]
    clock_row = session.scalars(sa.select(Deadline).where(Deadline.subject_id == plan.id)).one()
    assert (clock_row.rule, clock_row.state, clock_row.due_at.date()) == (
        "PLAN_REVIEW",
        "RUNNING",
        LATER + timedelta(1),
    )
    with pytest.raises(working.PlanOpen):
        service.make_plan(case, agreed_with="PERSON", review_on=LATER)


def test_a_child_does_not_agree_alone_nor_an_adult_through_another(as_caseworker):
    desk = as_caseworker
    with pytest.raises(working.CarerMissing):
        service.make_plan(desk.case(desk.child), agreed_with="PERSON", review_on=LATER)
    with pytest.raises(working.AgreedByOther):
        service.make_plan(desk.case(desk.mother), agreed_with="CARER", review_on=LATER)


def test_nobody_approves_their_own_plan_not_even_a_supervisor(desk):
    with access.acting_as(desk.supervisor):
        restart()
        case = desk.case(desk.woman)
        plan = service.make_plan(case, agreed_with="PERSON", review_on=LATER)
        with pytest.raises(working.OwnApproval):
            service.decide_approval(case, work.open_approval(plan.id), approve=True)
        own = Approval(
            case_id=case.id, subject="PLAN", subject_id=case.id, state="APPROVED", asked_at=plan_time(),
            decided_at=plan_time(), asked_by_id=desk.supervisor.user_id, decided_by_id=desk.supervisor.user_id,
        )  # fmt: skip
        with pytest.raises(sa.exc.IntegrityError, match="second_person"), session.begin_nested():
            session.add(own)
            session.flush()
        with pytest.raises(sa.exc.IntegrityError, match="second_person"), session.begin_nested():
            session.execute(sa.text("UPDATE case_plan SET state = 'ACTIVE', approved_by_id = made_by_id"))


def plan_time():
    from caseapp.core import clock

    return clock.now()


def test_a_supervisor_approves_or_says_what_is_missing(planned):
    desk, case_id, plan_id = planned.desk, planned.case.id, planned.plan.id
    with access.acting_as(desk.supervisor):
        restart()
        case = session.get_one(Case, case_id)
        asked = work.open_approval(plan_id)
        with pytest.raises(working.RemarkMissing):
            service.decide_approval(case, asked, approve=False)
        service.decide_approval(case, asked, approve=False, remark="Falta la meta de salud.")
        (event,) = told(case, "approval.given")
        assert (event.code, event.outcome) == ("PLAN", "REFUSED")
        assert work.plan_of(case.id).state == "PROPOSED"
        with pytest.raises(working.ApprovalDecided):
            service.decide_approval(case, asked, approve=True)
    with access.acting_as(desk.caseworker):
        restart()
        service.ask_approval(session.get_one(Case, case_id), "PLAN", plan_id)
    with access.acting_as(desk.supervisor):
        restart()
        case = session.get_one(Case, case_id)
        service.decide_approval(case, work.open_approval(plan_id), approve=True)
        plan = work.plan_of(case.id)
        assert (plan.state, plan.approved_by_id) == ("ACTIVE", desk.supervisor.user_id)


@pytest.mark.parametrize("outcome", working.PLAN_OUTCOMES)
def test_a_review_goes_on_or_ends_the_plan_with_its_goals_and_its_clock(planned, outcome):
    case, plan = planned.case, planned.plan
    goal = service.add_goal(case, plan, words="Inscribir a su hija en la escuela")
    ends = working.ends_plan(outcome)
    service.review_plan(case, plan, outcome=outcome, next_on=None if ends else LATER + timedelta(days=5))
    (event,) = told(case, "plan.reviewed")
    assert event.outcome == outcome
    states = sorted(session.scalars(sa.select(Deadline.state).where(Deadline.subject_id == plan.id)))
    assert states == (["MET"] if ends else ["MET", "RUNNING"])
    assert (plan.state == "ENDED") is ends
    assert goal.state == {"ACHIEVED": "REACHED", "STOPPED_BY_PERSON": "DROPPED"}.get(outcome, "OPEN")
    assert (work.open_approval(plan.id) is None) is ends
    if ends:
        with pytest.raises(working.PlanEnded):
            service.review_plan(case, plan, outcome="ON_TRACK", next_on=LATER)
        with pytest.raises(working.PlanEnded):
            service.add_goal(case, plan, words="x")


def test_a_goal_for_a_reserved_need_stands_on_the_private_page_only(planned, client):
    desk, case = planned.desk, planned.case
    person = desk.woman
    need = people_service.record_need(case, person, "SV", "HIGH", "x", on=case.opened_on)
    sealed = service.add_goal(case, planned.plan, words="Atención especializada", need=need)
    step = service.set_task(case, kind="CALL", words="Pedir cita reservada", due_on=LATER, goal=sealed)
    service.add_goal(case, planned.plan, words="Aprender español")
    session.commit()
    assert sealed.sealed and step.sealed
    page = get(client, desk.caseworker, url_of(desk, person, "/plan"))[1]
    private = get(client, desk.caseworker, url_of(desk, person, "/private/plan"))[1]
    assert (
        "Aprender español" in page and "Atención especializada" not in page and "cita reservada" not in page
    )
    assert (
        "Atención especializada" in private
        and "Pedir cita reservada" in private
        and "Aprender" not in private
    )
    for path in ("", "/tasks"):
        assert "cita reservada" not in get(client, desk.caseworker, url_of(desk, person, path))[1]


# -- tasks --------------------------------------------------------------------------------------------
def test_a_task_has_somebody_a_day_a_clock_and_an_outcome(as_caseworker):
    desk = as_caseworker
    case = desk.case(desk.woman)
    task = service.set_task(
        case, kind="CALL", words="Llamar a la clínica", due_on=LATER, assigned_to=desk.caseworker.user_id
    )
    assert task.words == "Llamar a la clínica" and b"Llamar" not in task.words_sealed
    assert [e.code for e in told(case, "task.set")] == ["CALL"]
    row = session.scalars(sa.select(Deadline).where(Deadline.subject_id == task.id)).one()
    assert (row.rule, row.holder_id, row.state) == ("TASK", desk.caseworker.user_id, "RUNNING")
    service.reassign_task(case, task, to=desk.supervisor.user_id)
    session.refresh(row)
    assert row.holder_id == task.assigned_to_id == desk.supervisor.user_id
    with pytest.raises(ChangedMeanwhile):
        service.finish_task(case, task, outcome="DONE", version=1)
    service.finish_task(case, task, outcome="DONE")
    session.refresh(row)
    assert (task.done_on, task.done_by_id, row.state) == (ON, desk.caseworker.user_id, "MET")
    assert [(e.code, e.outcome) for e in told(case, "task.done")] == [("CALL", "DONE")]
    for verb in (
        lambda: service.finish_task(case, task, outcome="DONE"),
        lambda: service.reassign_task(case, task, to=None),
    ):
        with pytest.raises(working.TaskDone):
            verb()


def test_a_task_is_given_only_to_somebody_of_the_team(as_caseworker):
    desk = as_caseworker
    case = desk.case(desk.woman)
    with desk.db.as_owner():
        stranger = make_user(team=make_team())
    with pytest.raises(working.NotOfTheTeam):
        service.set_task(case, kind="CALL", words="x", due_on=LATER, assigned_to=stranger.id)
    task = service.set_task(case, kind="VISIT", words="x", due_on=LATER, doer="PERSON")
    with pytest.raises(working.PersonDoesIt):
        service.reassign_task(case, task, to=desk.caseworker.user_id)
    with pytest.raises(sa.exc.IntegrityError, match="person_is_not_assigned"), session.begin_nested():
        session.execute(sa.text("UPDATE case_task SET assigned_to_id = :u"), {"u": desk.caseworker.user_id})


# -- notes --------------------------------------------------------------------------------------------
WORDS = {
    "TEAM": "Nota del equipo",
    "SUPERVISOR": "Nota de supervisión",
    "AUTHOR_AND_SUPERVISOR": "Nota de dos",
}


def write_notes(desk, who):
    with access.acting_as(who):
        restart()
        case = desk.case(desk.woman)
        for level, words in WORDS.items():
            service.add_note(case, words=words, level=level)
        session.commit()


def test_a_note_outside_ones_level_is_absent_without_a_gap(desk, client):
    with desk.db.as_owner():
        other = principal_of(make_user("CASEWORKER", desk.team), ("CASEWORKER", desk.team))
    before = {
        path: get(client, other, url_of(desk, desk.woman, path))[1] for path in ("", "/notes", "/private")
    }
    write_notes(desk, desk.caseworker)
    seen = {
        "author": get(client, desk.caseworker, url_of(desk, desk.woman, "/notes"))[1],
        "supervisor": get(client, desk.supervisor, url_of(desk, desk.woman, "/notes"))[1],
        "other": get(client, other, url_of(desk, desk.woman, "/notes"))[1],
    }
    present = {who: {level for level, words in WORDS.items() if words in page} for who, page in seen.items()}
    assert present == {
        "author": {"TEAM", "AUTHOR_AND_SUPERVISOR"},
        "supervisor": {"TEAM", "SUPERVISOR", "AUTHOR_AND_SUPERVISOR"},
        "other": {"TEAM"},
    }
    # The timeline tells the others of one note, and the mark is the one that says nothing.
    page = get(client, other, url_of(desk, desk.woman))[1]
    assert page.count("Se agregó una nota") == 1 and "Solo supervisión" not in page
    assert "Consulte a supervisión" not in before[""] and "Consulte a supervisión" in page
    assert "Solo supervisión" in get(client, desk.supervisor, url_of(desk, desk.woman))[1]


def test_the_database_says_again_who_reads_a_note_and_that_none_is_changed(desk):
    write_notes(desk, desk.supervisor)
    for who, count in ((desk.supervisor, 3), (desk.caseworker, 1), (desk.coordinator, 0)):
        with access.acting_as(who):
            restart()
            assert session.scalar(sa.select(sa.func.count()).select_from(CaseNote)) == count
    with access.acting_as(desk.supervisor):
        restart()
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), session.begin_nested():
            session.execute(sa.text("UPDATE case_note SET level = 'TEAM'"))


def test_a_team_that_reads_the_file_reads_no_note_plan_or_task(desk):
    write_notes(desk, desk.caseworker)
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        service.make_plan(case, agreed_with="PERSON", review_on=LATER)
        service.set_task(case, kind="CALL", words="x", due_on=LATER)
        session.commit()
    with desk.db.as_owner():
        open_to(desk.woman, desk.shelter)
    with access.acting_as(desk.coordinator):
        restart()
        assert session.get(Case, desk.woman.case_id) is not None
        for table in ("case_plan", "plan_goal", "case_task", "case_note", "approval"):
            assert session.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0, table


# -- alerts -------------------------------------------------------------------------------------------
RAISED = [c.code for c in reference.codes("alert") if c.code not in DERIVED]


@pytest.mark.parametrize("code", RAISED)
def test_who_sees_each_raised_alert(desk, client, code):
    """By the list's own words: the case team in the file, the site too, the supervision alone, or the matter's page."""
    listed = reference.code("alert", code)
    with desk.db.as_owner():
        open_to(desk.woman, desk.shelter)
    with access.acting_as(desk.caseworker):
        restart()
        service.raise_alert(desk.case(desk.woman), code=code, words="Lo que se sabe")
        session.commit()
    label, sees = listed.label_es, listed.extra["who_sees"]

    def pages(who):
        return {
            p: get(client, who, url_of(desk, desk.woman, p))[1] for p in ("", "/alerts", "/private/alerts")
        }

    worker, supervisor = pages(desk.caseworker), pages(desk.supervisor)
    mark = "Consulte a supervisión"
    option = f">{label}</option>"
    shown = {p: label in page.replace(option, "") for p, page in worker.items()}
    if sees in ("CASE_TEAM", "SITE"):
        assert shown == {"": True, "/alerts": True, "/private/alerts": False}
        assert reference.text("alert", code, "what_to_do") in worker["/alerts"]
    elif sees == "MATTER":
        assert shown == {"": False, "/alerts": False, "/private/alerts": True}
        assert mark in worker[""]
    else:
        assert shown == {"": False, "/alerts": False, "/private/alerts": False}
        assert mark in worker[""]
        assert label in supervisor["/alerts"].replace(option, "")
    if sees != "SUPERVISION":
        assert "Lo que se sabe" in (worker["/private/alerts"] if sees == "MATTER" else worker["/alerts"])
    for sleeps in (False, True):
        if sleeps:
            with desk.db.as_owner():
                make_stay(desk.woman, places_in(desk.shelter, "M1")[0])
        with access.acting_as(desk.coordinator):
            restart()
            seen = list(session.scalars(sa.select(CaseAlert.code)))
            assert seen == ([code] if sees == "SITE" and sleeps else [])
        status, page = get(client, desk.coordinator, url_of(desk, desk.woman))
        assert status == 200 and (label in page) is (sees == "SITE" and sleeps)


def test_sealed_alerts_look_the_same_however_many(desk, client):
    pages = []
    for code in (None, "SELF_HARM", "SAFETY_SEPARATION"):
        with access.acting_as(desk.supervisor):
            restart()
            case = desk.case(desk.woman)
            if code is None:
                service.add_note(case, words="Una nota", level="SUPERVISOR")
            else:
                service.raise_alert(case, code=code)
            session.commit()
        page = get(client, desk.caseworker, url_of(desk, desk.woman))[1]
        pages.append(page.split('aria-label="Identidad"', 1)[1].split('id="needs"', 1)[0])
    assert pages[0] == pages[1] == pages[2] and "Consulte a supervisión" in pages[0]


def test_an_alert_is_raised_once_looked_at_again_and_resolved_with_an_outcome(as_caseworker):
    case = as_caseworker.case(as_caseworker.woman)
    row = service.raise_alert(case, code="REFOULEMENT_RISK", words="Aviso de traslado")
    assert row.review_on == ON + timedelta(days=1)
    with pytest.raises(working.AlertRaised):
        service.raise_alert(case, code="REFOULEMENT_RISK")
    with pytest.raises(working.AlertNotRaised):
        service.raise_alert(case, code="CHILD_ALONE")
    service.review_alert(case, row, review_on=ON)
    with pytest.raises(working.AlertReviewDate):
        service.review_alert(case, row, review_on=ON + timedelta(days=2))
    service.resolve_alert(case, row, outcome="ACTED")
    assert [(e.kind, e.code, e.outcome) for e in (*told(case, "alert.raised"), *told(case, "alert.resolved"))] == [
        ("alert.raised", "REFOULEMENT_RISK", None), ("alert.resolved", "REFOULEMENT_RISK", "ACTED"),
    ]  # fmt: skip
    with pytest.raises(working.AlertResolved):
        service.resolve_alert(case, row, outcome="ACTED")
    service.raise_alert(case, code="REFOULEMENT_RISK")


@pytest.mark.parametrize("code", RAISED)
def test_a_raised_alert_keeps_the_file_open_until_it_is_resolved(as_caseworker, code):
    """Whoever may see it: the refusal says only that there is one. Standing facts keep nothing open."""
    case = as_caseworker.case(as_caseworker.woman)
    service.raise_alert(case, code=code)
    closing = (
        sa.update(Case)
        .where(Case.id == case.id)
        .values(status="CLOSED", closed_on=ON, closure_reason="PERSON_ASKED")
    )
    if code in rules.STANDING:
        service.close(case, reason="PERSON_ASKED")
        return
    with pytest.raises(rules.AlertOpen):
        service.close(case, reason="PERSON_ASKED")
    with pytest.raises(sa.exc.IntegrityError, match="an alert is open"), session.begin_nested():
        session.execute(closing)
    with as_caseworker.db.as_owner():
        session.execute(sa.text("UPDATE case_alert SET resolved_on = raised_on, outcome = 'ACTED'"))
    session.expire_all()
    service.close(case, reason="PERSON_ASKED")


# -- pages --------------------------------------------------------------------------------------------
def test_alerts_and_clocks_come_before_everything_else_on_a_telephone(desk, client):
    with access.acting_as(desk.caseworker):
        restart()
        service.raise_alert(desk.case(desk.woman), code="CUSTODY")
        session.commit()
    page = get(client, desk.caseworker, url_of(desk, desk.woman))[1]
    assert (
        page.index('aria-label="Identidad"')
        < page.index("mind-head")
        < page.index('id="needs"')
        < page.index('id="happened"')
    )


def test_what_was_typed_is_never_lost(desk, client):
    client.sign_in(desk.caseworker)
    answer = client.post(
        url_of(desk, desk.woman, "/tasks"),
        data={"task-kind": "CALL", "task-words": "Llamar mañana", "task-doer": "TEAM", "task-due_on-day": "31",
              "task-due_on-month": "2", "task-due_on-year": "2026"},
    )  # fmt: skip
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Llamar mañana" in page and "Escriba día, mes y año" in page
    assert session.scalar(sa.select(sa.func.count()).select_from(CaseTask)) == 0


def test_a_plan_goes_from_agreement_to_approval_through_its_pages(desk, client):
    client.sign_in(desk.caseworker)
    url = url_of(desk, desk.woman, "/plan")
    with access.acting_as(desk.caseworker):
        restart()
        people_service.record_need(desk.case(desk.woman), desk.woman, "LP-ND", "MEDIUM", "x", on=ON)
        session.commit()
        need_id = str(session.scalars(sa.select(Need.id)).one())
    data = {
        "plan-agreed_with": "PERSON",
        "plan-review_on-day": "20",
        "plan-review_on-month": "12",
        "plan-review_on-year": "2025",
    }
    assert client.post(url, data=data).status_code == 302
    with access.acting_as(desk.caseworker):
        restart()
        plan = work.plan_of(desk.woman.case_id)
        plan_id, asked_id = plan.id, work.open_approval(plan.id).id
    assert (
        client.post(
            f"{url}/{plan_id}/goals", data={"goal-words": "Tener su cédula", "goal-need": need_id}
        ).status_code
        == 302
    )
    page = get(client, desk.caseworker, url)[1]
    assert "Tener su cédula" in page and "Sin documentos legales" in page and "Espera aprobación" in page
    client.sign_in(desk.supervisor)
    answer = client.post(
        f"{url}/approval/{asked_id}", data={"decide-decision": "REFUSED", "decide-version": "1"}
    )
    assert answer.status_code == 422 and "Escriba qué falta" in answer.get_data(as_text=True)
    assert (
        client.post(
            f"{url}/approval/{asked_id}", data={"decide-decision": "APPROVED", "decide-version": "1"}
        ).status_code
        == 302
    )
    page = get(client, desk.caseworker, url)[1]
    assert "Aprobado" in page and "Espera aprobación" not in page
