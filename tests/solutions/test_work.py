"""Work permit, training and employment: every state and reason of the lists, the verbs on PostgreSQL, the page."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, refusal_of
from caseapp.core.journal import CaseEvent
from caseapp.deadline.models import Deadline
from caseapp.people.models import Case, PersonPopulation
from caseapp.solutions import rules, service
from caseapp.solutions.models import Employment, WorkPermit
from tests.conftest import NOW
from tests.factories import make_person, make_site, make_team, make_user, principal_of
from tests.procedure.routes import dated

TODAY = date(2025, 11, 23)
DAY = date(2025, 11, 3)
TRACKS = {
    "work_permit": (rules.PERMIT_NEXT, rules.PERMIT_STATES),
    "training_step": (rules.TRAINING_NEXT, rules.TRAINING_STATES),
    "employment_step": (rules.JOB_NEXT, rules.JOB_STATES),
}


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        *((name, states) for name, (_next, states) in TRACKS.items()),
        ("work_permit_document", rules.PERMIT_DOCUMENTS), ("work_permit_refusal", rules.PERMIT_REFUSALS),
        ("training_kind", rules.TRAINING_KINDS), ("training_drop_reason", rules.DROP_REASONS),
        ("cefr_level", rules.CEFR), ("employment_form", rules.JOB_FORMS), ("employment_end_reason", rules.JOB_ENDS),
        ("resettlement_category", rules.CATEGORIES), ("resettlement_priority", rules.RESETTLEMENT_PRIORITIES),
        ("solution_fail_reason", rules.FAIL_REASONS), ("return_step", (*rules.RETURN_STEPS, *rules.NEVER_RETURN)),
    ],
)  # fmt: skip
def test_the_lists_are_those_of_the_reference(name, codes):
    assert {c.code for c in reference.codes(name)} == set(codes)


@pytest.mark.parametrize(
    ("name", "now", "to"),
    [(name, now, to) for name, (_n, states) in TRACKS.items() for now in states for to in states],
)
def test_a_state_follows_only_what_may_come_before(name, now, to):
    following, _states = TRACKS[name]
    if to in following[now]:
        rules.may_move(following, now, to, DAY, TODAY, TODAY)
        with pytest.raises(rules.WorkDateWrong):
            rules.may_move(following, now, to, DAY, DAY - timedelta(days=1), TODAY)
        with pytest.raises(rules.WorkDateWrong):
            rules.may_move(following, now, to, DAY, TODAY + timedelta(days=1), TODAY)
    else:
        with pytest.raises(rules.StateNotNext):
            rules.may_move(following, now, to, DAY, TODAY, TODAY)


def test_what_each_step_must_say():
    with pytest.raises(rules.MissingNotListed):
        rules.check_permit("DOCUMENTS_MISSING", missing=0, reason=None, valid_to=None, on=DAY)
    with pytest.raises(rules.ReasonMissing):
        rules.check_permit("REFUSED", missing=0, reason=None, valid_to=None, on=DAY)
    for state in ("ISSUED", "RENEWED"):
        for valid_to in (None, DAY):
            with pytest.raises(rules.ValidityMissing):
                rules.check_permit(state, missing=0, reason=None, valid_to=valid_to, on=DAY)
    for state in ("ENROLLED", "COMPLETED"):
        with pytest.raises(rules.LevelMissing):
            rules.check_training("LANGUAGE", state, level=None, reason=None)
        rules.check_training("TRADE", state, level=None, reason=None)
    with pytest.raises(rules.ReasonMissing):
        rules.check_training("TRADE", "DROPPED", level=None, reason=None)
    with pytest.raises(rules.ReasonMissing):
        rules.check_job("ENDED", DAY, TODAY, reason=None)
    for reason in rules.JOB_ENDS:
        rules.check_job("ENDED", DAY, TODAY, reason=reason)


@pytest.mark.parametrize(("state", "months"), rules.STILL_MONTHS.items())
def test_a_check_is_not_said_before_its_month(state, months):
    due = rules.months_later(DAY, months)
    with pytest.raises(rules.StepTooEarly):
        rules.check_job(state, DAY, due - timedelta(days=1), reason=None)
    rules.check_job(state, DAY, due, reason=None)


@pytest.mark.parametrize("rule", reference.working_ages(), ids=lambda r: r.country)
def test_nobody_works_under_the_legal_age_of_the_country(rule):
    assert rule.source and rule.confidence in ("high", "medium", "low")
    assert reference.working_age(rule.country, date(2025, 1, 1)) == rule
    with pytest.raises(rules.TooYoungToWork):
        rules.may_work(rule.age - 1, rule.age)
    rules.may_work(rule.age, rule.age)
    rules.may_work(None, rule.age)


@pytest.fixture
def desk(db):
    with db.as_owner():
        team = make_team(make_site(country="GTM"))
        person, child = make_person(team), make_person(team, birth=date(2012, 5, 1))
        cases = [session.get_one(Case, p.case_id) for p in (person, child)]
        session.add(
            PersonPopulation(case_id=cases[0].id, person_id=person.id, population="ASYLUM_SEEKER", since=date(2025, 1, 1))
        )  # fmt: skip
        numbers = [c.number for c in cases]
        who = principal_of(make_user(team=team), ("CASEWORKER", team))
    session.expunge_all()
    return person, child, numbers, who


@pytest.fixture
def case(desk):
    with access.acting_as(desk[3]):
        session.commit()
        yield session.get_one(Case, desk[0].case_id)


def told(case, kind):
    asked = sa.select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.kind == kind)
    return list(session.scalars(asked.order_by(CaseEvent.position)))


def clocks(case, row):
    rows = session.scalars(
        sa.select(Deadline).where(Deadline.case_id == case.id, Deadline.subject_id == row.id)
    )
    return {(d.rule, d.state) for d in rows}


def test_the_clock_of_a_permit_starts_with_the_complete_file_and_freezes_the_status(case):
    row = service.ask_permit(case, state="DOCUMENTS_MISSING", on=DAY, missing=["JOB_OFFER", "IDENTITY"])
    assert row.missing == ["IDENTITY", "JOB_OFFER"] and clocks(case, row) == set()
    service.move_permit(case, row, to="FILE_COMPLETE", on=date(2025, 11, 10))
    assert row.missing == [] and row.holder_status == "ASYLUM_SEEKER"
    (clock_row,) = session.scalars(sa.select(Deadline).where(Deadline.subject_id == row.id))
    assert clock_row.rule == "WORK_PERMIT" and clock.local(
        clock_row.due_at, "America/Guatemala"
    ).date() == date(2025, 11, 17)
    session.execute(sa.update(PersonPopulation).values(population="REFUGEE"))
    service.move_permit(case, row, to="ISSUED", on=date(2025, 11, 15), valid_to=date(2026, 11, 15))
    (filed,), (issued,) = told(case, "work_permit.filed"), told(case, "work_permit.issued")
    assert (filed.code, issued.code, issued.number) == ("ASYLUM_SEEKER", "ASYLUM_SEEKER", 5)
    assert clocks(case, row) == {("WORK_PERMIT", "MET"), ("DOCUMENT_VALID", "RUNNING")}
    service.move_permit(case, row, to="RENEWED", on=TODAY, valid_to=date(2027, 11, 15))
    assert len(told(case, "work_permit.issued")) == 1


def test_one_permit_is_in_hand_and_another_after_a_refusal(case):
    row = service.ask_permit(case, state="FILE_COMPLETE", on=DAY)
    with pytest.raises(sa.exc.IntegrityError) as raised, session.begin_nested():
        service.ask_permit(case, state="NOT_ELIGIBLE_YET", on=DAY)
    assert isinstance(refusal_of(raised.value), rules.PermitRuns)
    service.move_permit(case, row, to="REFUSED", on=TODAY, reason="STATUS_NOT_ACCEPTED")
    assert told(case, "work_permit.refused")[0].reason == "STATUS_NOT_ACCEPTED"
    service.ask_permit(case, state="NOT_ELIGIBLE_YET", on=TODAY)


def test_the_database_keeps_a_permit_whole(case):
    for wrong in (
        {"state": "FILE_COMPLETE"}, {"state": "DOCUMENTS_MISSING"}, {"state": "NOT_ELIGIBLE_YET", "missing": ["HOUSE"]},
        {"state": "NOT_ELIGIBLE_YET", "holder_status": "REFUGEE"}, {"state": "REFUSED", "complete_on": DAY, "holder_status": "REFUGEE"},
    ):  # fmt: skip
        with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
            session.add(WorkPermit(case_id=case.id, asked_on=DAY, changed_on=DAY, **wrong))
            session.flush()


def test_a_language_course_has_a_level_in_and_out(case):
    row = service.enrol(case, kind="LANGUAGE", on=DAY, level="A1")
    service.move_training(case, row, to="ATTENDING", on=DAY)
    read = row.version
    service.move_training(case, row, to="COMPLETED", on=TODAY, level="B1", version=read)
    with pytest.raises(ChangedMeanwhile):
        service.move_training(case, row, to="CERTIFIED", on=TODAY, version=read)
    service.move_training(case, row, to="CERTIFIED", on=TODAY)
    assert (row.level_in, row.level_out) == ("A1", "B1")
    assert [e.outcome for e in told(case, "training.completed")] == ["COMPLETED", "CERTIFIED"]


@pytest.mark.parametrize("reason", rules.DROP_REASONS)
def test_a_training_is_left_for_each_reason(case, reason):
    row = service.enrol(case, kind="TRADE", on=DAY)
    service.move_training(case, row, to="DROPPED", on=TODAY, reason=reason)
    assert told(case, "training.dropped")[0].reason == reason


def test_checks_of_a_job_fall_due_and_are_met(case):
    row = service.offer_job(
        case, form="FORMAL_INSURED", on=DAY, employer="Taller Ixchel", employer_checked_on=DAY
    )
    service.move_job(case, row, to="STARTED", on=DAY)
    assert clocks(case, row) == {(f"EMPLOYMENT_STILL_{m}M", "RUNNING") for m in (1, 3, 6)}
    with clock.held_at(NOW + timedelta(days=20)):
        service.move_job(case, row, to="STILL_1M", on=date(2025, 12, 3))
        assert told(case, "employment.held")[0].number == 1
        service.move_job(case, row, to="ENDED", on=date(2025, 12, 10), reason="EXPLOITATION")
    assert {state for _rule, state in clocks(case, row)} == {"MET", "CANCELLED"}


def test_a_child_is_not_put_to_work_by_rule_or_by_hand(desk):
    with access.acting_as(desk[3]):
        session.commit()
        child = session.get_one(Case, desk[1].case_id)
        with pytest.raises(rules.TooYoungToWork):
            service.offer_job(child, form="INFORMAL", on=DAY)
        with pytest.raises(sa.exc.IntegrityError, match="of_legal_age"), session.begin_nested():
            session.add(
                Employment(
                    case_id=child.id, form="FORMAL", offered_on=DAY, changed_on=DAY, age=13, legal_age=14
                )
            )
            session.flush()


def test_the_page_moves_a_permit_and_hides_exploitation(client, desk):
    number, who = desk[2][0], desk[3]
    url = f"/cases/{number}/livelihood"
    client.sign_in(who)
    nothing = client.post(f"{url}/permit", data=dated("permit-", state="DOCUMENTS_MISSING"))
    assert nothing.status_code == 422 and "Marque qué documentos faltan" in nothing.get_data(as_text=True)
    listed = dated("permit-", state="DOCUMENTS_MISSING", missing="JOB_OFFER")
    assert client.post(f"{url}/permit", data=listed).status_code == 302
    assert "Oferta de trabajo" in client.get(url).get_data(as_text=True)
    assert client.post(f"{url}/job", data=dated("job-", form="INFORMAL", employer="Finca")).status_code == 302
    page = client.get(url).get_data(as_text=True)
    row = page.split("/livelihood/job/")[1].split('"')[0]
    prefix = f"row-{row.replace('-', '')}-"
    client.post(f"{url}/job/{row}", data=dated(prefix, state="STARTED", version="1"))
    ended = dated(prefix, state="ENDED", reason="EXPLOITATION", version="2")
    assert client.post(f"{url}/job/{row}", data=ended).status_code == 302
    shown = client.get(url).get_data(as_text=True)
    assert "asistencia legal" in shown
    rest = client.get(url).get_data(as_text=True) + client.get(f"/cases/{number}").get_data(as_text=True)
    content = rest.replace("Explotación (a asistencia legal)</option>", "")
    assert "Explotación" not in content and "Finca" in content
