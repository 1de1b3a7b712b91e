"""Voluntary return, resettlement and the sealed pathway; deportation is never a solution."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.casefile import rules as closing
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.deadline.models import Deadline
from caseapp.people import queries as people
from caseapp.people import service as people_service
from caseapp.people.models import Case
from caseapp.people.service import NewConsent
from caseapp.solutions import rules, service
from caseapp.solutions.models import ReturnStep, SolutionPlan, SolutionStep
from tests.conftest import NOW
from tests.factories import make_person, make_team, make_user, principal_of
from tests.procedure.routes import dated

TODAY, DAY = date(2025, 11, 23), date(2025, 11, 3)
ADVISED = {"COUNSELLED": DAY, "LEGAL_ADVICE": DAY}


@pytest.mark.parametrize("now", rules.RETURN_STEPS)
@pytest.mark.parametrize("to", (*rules.RETURN_STEPS, *rules.NEVER_RETURN))
def test_each_step_follows_only_its_own(now, to):
    order = rules.RETURN_STEPS
    reached = (
        dict.fromkeys(order[: order.index(now) + 1], DAY)
        if now != "CHANGED_MIND"
        else {"COUNSELLED": DAY, now: DAY}
    )
    facts = rules.ReturnFacts(reached, consent_on=DAY)
    if to in rules.RETURN_NEXT[now]:
        rules.may_return_step(to, facts, TODAY)
    else:
        with pytest.raises(rules.ReturnStepNotNext):
            rules.may_return_step(to, facts, TODAY)


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        (rules.ReturnFacts(ADVISED), rules.ReturnConsentMissing),
        (rules.ReturnFacts(ADVISED, consent_on=DAY - timedelta(days=1)), rules.ReturnConsentMissing),
        (rules.ReturnFacts(ADVISED, DAY, [DAY + timedelta(days=1)]), rules.AdviceBeforeReturn),
    ],
)
def test_no_declaration_without_consent_after_advice_or_in_danger(facts, refusal):
    with pytest.raises(refusal):
        rules.may_return_step("DECLARED_VOLUNTARY", facts, TODAY)
    rules.may_return_step("DECLARED_VOLUNTARY", rules.ReturnFacts(ADVISED, DAY, [DAY]), TODAY)
    rules.may_return_step("CHANGED_MIND", facts, TODAY)


def test_there_is_time_to_think():
    reached = {**ADVISED, "DECLARED_VOLUNTARY": DAY, "COOLING_OFF": DAY}
    facts = rules.ReturnFacts(reached, DAY)
    with pytest.raises(rules.StillThinking):
        rules.may_return_step("CONFIRMED_AT_DEPARTURE", facts, DAY + timedelta(days=rules.THINK_DAYS - 1))
    rules.may_return_step("CONFIRMED_AT_DEPARTURE", facts, DAY + timedelta(days=rules.THINK_DAYS))


@pytest.fixture
def desk(db):
    with db.as_owner():
        team = make_team()
        person = make_person(team)
        number = session.get_one(Case, person.case_id).number
        who = principal_of(make_user(team=team), ("CASEWORKER", team))
    session.expunge_all()
    return person, number, who


@pytest.fixture
def case(desk):
    with access.acting_as(desk[2]):
        session.commit()
        yield session.get_one(Case, desk[0].case_id)


def kinds(case):
    asked = sa.select(CaseEvent.kind).where(CaseEvent.case_id == case.id).order_by(CaseEvent.position)
    return list(session.scalars(asked))


def consent(case, **more):
    given = NewConsent(
        "RETURN_ASSISTANCE", "GIVEN", "SELF", form="SIGNED", language="spa", alone=True, legal_advice_on=DAY,
        recipient_country="HND", **more,
    )  # fmt: skip
    return people_service.record_consent(case, people.person_of(case), given, on=date(2025, 11, 5))


def chosen(case):
    plan = service.plan(case, pathway="VOLUNTARY_RETURN", on=DAY)
    service.step(case, plan, step="INFORMED", on=DAY)
    for step in ("COUNSELLED", "LEGAL_ADVICE"):
        service.return_step(case, plan, step=step, on=DAY)
    return plan


def test_a_return_goes_by_its_own_steps_and_is_no_departure_on_a_pathway(case):
    plan = chosen(case)
    with pytest.raises(rules.ReturnHasItsSteps):
        service.step(case, plan, step="CHOSEN", on=DAY)
    with pytest.raises(rules.ReturnConsentMissing):
        service.return_step(case, plan, step="DECLARED_VOLUNTARY", on=date(2025, 11, 6))
    consent(case)
    for step, on in (
        ("DECLARED_VOLUNTARY", 6), ("COOLING_OFF", 6), ("CONFIRMED_AT_DEPARTURE", 10), ("ARRIVED", 11), ("MONITORED", 20),
    ):  # fmt: skip
        service.return_step(case, plan, step=step, on=date(2025, 11, on))
    assert list(service.reached(plan)) == ["PROPOSED", "INFORMED", "CHOSEN", "PREPARED", "HAPPENED"]
    assert kinds(case).count("return.step") == 7 and "departure.confirmed" not in kinds(case)


def test_a_need_or_a_claim_that_is_newer_than_the_advice_stops_it(case):
    plan = chosen(case)
    consent(case)
    people_service.record_need(
        case, people.person_of(case), "LP-RR", "HIGH", "teme volver", on=date(2025, 11, 8)
    )
    with pytest.raises(rules.AdviceBeforeReturn):
        service.return_step(case, plan, step="DECLARED_VOLUNTARY", on=date(2025, 11, 9))
    service.return_step(case, plan, step="CHANGED_MIND", on=date(2025, 11, 9))
    assert plan.ended_on == date(2025, 11, 9) and "STOPPED_BY_PERSON" in service.reached(plan)


def test_deportation_is_never_a_solution(db, case):
    """By the lists, by the rule of closing and by PostgreSQL."""
    assert not {"REMOVED", "SPONTANEOUS"} & {*rules.PATHWAYS, *rules.STEPS, *rules.RETURN_STEPS}
    assert "REMOVED" not in closing.SOLUTIONS
    plan = service.plan(case, pathway="VOLUNTARY_RETURN", on=DAY)
    for wrong in (
        SolutionPlan(case_id=case.id, pathway="REMOVED", agreed_on=DAY),
        SolutionStep(case_id=case.id, plan_id=plan.id, step="REMOVED", reached_on=DAY),
        ReturnStep(case_id=case.id, plan_id=plan.id, step="REMOVED", reached_on=DAY),
        ReturnStep(case_id=case.id, plan_id=plan.id, step="SPONTANEOUS", reached_on=DAY),
    ):
        with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
            session.add(wrong)
            session.flush()


@pytest.mark.parametrize("pathway", rules.PATHWAYS)
@pytest.mark.parametrize(
    "given",
    [
        (None, None, None),
        ("MEDICAL", "FAMILY", "URGENT"),
        ("MEDICAL", "MEDICAL", "URGENT"),
        ("MEDICAL", None, None),
    ],
)
def test_only_a_resettlement_has_a_category_and_a_priority(pathway, given):
    right = (
        given == ("MEDICAL", "FAMILY", "URGENT") if pathway == "RESETTLEMENT" else given == (None, None, None)
    )
    if right:
        rules.check_category(pathway, *given)
    else:
        with pytest.raises(rules.CategoryMissing):
            rules.check_category(pathway, *given)


def test_the_database_gives_no_other_pathway_a_category(case):
    with pytest.raises(sa.exc.IntegrityError, match="category_of_resettlement"), session.begin_nested():
        session.add(SolutionPlan(case_id=case.id, pathway="SPONSORSHIP", agreed_on=DAY, category="MEDICAL"))
        session.flush()


def happened(case, pathway, **more):
    plan = service.plan(case, pathway=pathway, on=DAY, **more)
    for step in ("INFORMED", "CHOSEN", "PREPARED", "HAPPENED"):
        service.step(case, plan, step=step, on=DAY)
    return plan


def clocks(plan):
    rows = session.scalars(sa.select(Deadline).where(Deadline.subject_id == plan.id))
    return {d.rule: (d.state, d.sealed) for d in rows}


@pytest.mark.parametrize("reason", rules.FAIL_REASONS)
def test_follow_ups_fall_due_and_end_when_it_fails_with_a_reason(case, reason):
    plan = happened(case, "LOCAL_INTEGRATION")
    assert clocks(plan) == {f"SOLUTION_HELD_{m}M": ("RUNNING", False) for m in (3, 6, 12)}
    with clock.held_at(NOW + timedelta(days=100)):
        service.step(case, plan, step="HELD_3M", on=date(2026, 2, 3))
        with pytest.raises(rules.FailReasonMissing):
            service.step(case, plan, step="FAILED", on=date(2026, 2, 20))
        service.step(case, plan, step="FAILED", on=date(2026, 2, 20), reason=reason)
    assert [clocks(plan)[f"SOLUTION_HELD_{m}M"][0] for m in (3, 6, 12)] == ["MET", "CANCELLED", "CANCELLED"]


def test_a_pta_is_told_in_sealed_kinds_and_its_clocks_are_sealed(case):
    plan = happened(case, "PTA")
    assert [k for k in kinds(case) if k.startswith("pta.")] == [
        "pta.identified",
        "pta.transferred",
        "pta.departed",
    ]
    assert set(clocks(plan).values()) == {("RUNNING", True)}


def test_a_reunification_tells_of_the_tracing(case):
    happened(case, "FAMILY_REUNIFICATION")
    assert [k for k in kinds(case) if k.startswith("tracing.")] == ["tracing.opened", "tracing.reunified"]


def test_a_pta_stands_on_the_private_page_alone(client, desk):
    _person, number, who = desk
    client.sign_in(who)
    assert (
        client.post(f"/cases/{number}/private/solutions", data=dated("new-", pathway="PTA")).status_code
        == 302
    )
    words = "transferencia para la protección"
    assert words in client.get(f"/cases/{number}/private/solutions").get_data(as_text=True)
    for page in ("", "/solutions"):
        assert words not in client.get(f"/cases/{number}{page}").get_data(as_text=True)
    refused = client.post(f"/cases/{number}/solutions", data=dated("new-", pathway="PTA"))
    assert refused.status_code == 422


def test_the_page_takes_a_resettlement_and_a_return(client, desk):
    _person, number, who = desk
    url = f"/cases/{number}/solutions"
    client.sign_in(who)
    bare = client.post(url, data=dated("new-", pathway="RESETTLEMENT"))
    assert bare.status_code == 422 and "categoría principal" in bare.get_data(as_text=True)
    whole = dated("new-", pathway="RESETTLEMENT", category="MEDICAL", priority="URGENT")
    assert client.post(url, data=whole).status_code == 302
    client.post(url, data=dated("new-", pathway="VOLUNTARY_RETURN"))
    page = client.get(url).get_data(as_text=True)
    assert "Necesidades médicas" in page and "Pasos del retorno" in page
    plan = page.split("/return")[0].rsplit("/", 1)[1]
    step = dated(f"return-{plan.replace('-', '')}-", step="COUNSELLED", version="1")
    assert client.post(f"{url}/{plan}/return", data=step).status_code == 302
    skipped = dated(f"return-{plan.replace('-', '')}-", step="ARRIVED", version="2")
    assert client.post(f"{url}/{plan}/return", data=skipped).status_code == 422
