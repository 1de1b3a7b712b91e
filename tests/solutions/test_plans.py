"""Solution plans: the order of steps, the verbs as the application's role, the page."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.journal import CaseEvent
from caseapp.people.models import Case
from caseapp.solutions import queries, rules, service
from tests.conftest import NOW
from tests.factories import make_person, make_team, make_user, principal_of
from tests.procedure.routes import dated

TODAY = date(2025, 11, 23)
DAY = date(2025, 11, 1)


def test_the_lists_are_those_of_the_reference():
    assert {c.code for c in reference.codes("solution_pathway")} == set(rules.PATHWAYS)
    assert {c.code for c in reference.codes("solution_step")} == set(rules.STEPS)
    assert not {"REMOVED", "DEPORTATION"} & set(rules.PATHWAYS)


@pytest.mark.parametrize("now", rules.STEPS)
@pytest.mark.parametrize("following", rules.STEPS)
def test_a_step_follows_only_what_may_come_before(now, following):
    reached = (
        {now: date(2024, 1, 1), "HAPPENED": date(2024, 1, 1)}
        if now.startswith("HELD")
        else {now: date(2024, 1, 1)}
    )
    if following in rules.NEXT[now]:
        rules.may_step(following, reached, TODAY, TODAY)
    else:
        with pytest.raises(rules.StepNotNext):
            rules.may_step(following, reached, TODAY, TODAY)


@pytest.mark.parametrize(("step", "months"), rules.HELD_AFTER_MONTHS.items())
def test_a_follow_up_is_not_said_before_its_time(step, months):
    before = {"HELD_3M": "HAPPENED", "HELD_6M": "HELD_3M", "HELD_12M": "HELD_6M"}[step]
    due = rules.months_later(DAY, months)
    reached = {"HAPPENED": DAY, before: DAY}
    with pytest.raises(rules.StepTooEarly):
        rules.may_step(step, reached, due - timedelta(days=1), due)
    rules.may_step(step, reached, due, due)


def test_no_step_lies_in_the_future_or_before_the_last():
    with pytest.raises(rules.StepDateWrong):
        rules.may_step("INFORMED", {"PROPOSED": DAY}, TODAY + timedelta(days=1), TODAY)
    with pytest.raises(rules.StepDateWrong):
        rules.may_step("INFORMED", {"PROPOSED": DAY}, DAY - timedelta(days=1), TODAY)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2025, 11, 30), 3, date(2026, 2, 28)),
        (date(2025, 1, 31), 3, date(2025, 4, 30)),
        (DAY, 12, date(2026, 11, 1)),
    ],
)
def test_months_later(day, months, later):
    assert rules.months_later(day, months) == later


@pytest.fixture
def desk(db):
    with db.as_owner():
        team = make_team()
        person = make_person(team)
        number = session.get_one(Case, person.case_id).number
        user = make_user(team=team)
    session.expunge_all()
    return db, person, number, principal_of(user, ("CASEWORKER", team))


@pytest.fixture
def case(desk):
    with access.acting_as(desk[3]):
        session.commit()
        yield session.get_one(Case, desk[1].case_id)


def kinds(case):
    asked = sa.select(CaseEvent.kind).where(CaseEvent.case_id == case.id).order_by(CaseEvent.position)
    return list(session.scalars(asked))


def test_a_departure_is_confirmed_and_holds(case):
    given = {"pathway": "RESETTLEMENT", "on": DAY, "category": "MEDICAL", "priority": "NORMAL"}
    plan = service.plan(case, **given)
    with pytest.raises(rules.PlanExists):
        service.plan(case, **given)
    for step in ("INFORMED", "CHOSEN", "APPLIED", "ACCEPTED", "HAPPENED"):
        service.step(case, plan, step=step, on=DAY, version=plan.version)
    assert "departure.confirmed" in kinds(case)
    with clock.held_at(NOW + timedelta(days=120)):
        service.step(case, plan, step="HELD_3M", on=date(2026, 2, 1))
    assert kinds(case)[-1] == "solution.held" and plan.ended_on is None
    assert ("RESETTLEMENT", "HELD_3M") in queries.reached(case.id)


def test_a_plan_that_ends_makes_room_for_another(case):
    plan = service.plan(case, pathway="SPONSORSHIP", on=DAY)
    service.step(case, plan, step="STOPPED_BY_PERSON", on=DAY)
    assert plan.ended_on == DAY
    service.plan(case, pathway="SPONSORSHIP", on=TODAY)


def test_the_second_of_two_is_told(case):
    plan = service.plan(case, pathway="SPONSORSHIP", on=DAY)
    read = plan.version
    service.step(case, plan, step="INFORMED", on=DAY, version=read)
    with pytest.raises(ChangedMeanwhile):
        service.step(case, plan, step="STOPPED_BY_PERSON", on=DAY, version=read)


def test_the_page_offers_only_the_next_steps(client, desk):
    _db, _person, number, who = desk
    url = f"/cases/{number}/solutions"
    client.sign_in(who)
    assert client.post(url, data=dated("new-", pathway="LOCAL_INTEGRATION")).status_code == 302
    page = client.get(url).get_data(as_text=True)
    form = page.split("Anotar paso")[0]
    assert 'value="INFORMED"' in form and 'value="HAPPENED"' not in form
    plan_id = form.split(f"{url}/")[1].split('"')[0]
    prefix = f"plan-{plan_id.replace('-', '')}-"
    forced = client.post(f"{url}/{plan_id}", data=dated(prefix, step="HAPPENED", version="1"))
    assert forced.status_code == 422
    future = client.post(
        f"{url}/{plan_id}", data={**dated(prefix, step="INFORMED", version="1"), f"{prefix}on-year": "2026"}
    )
    assert future.status_code == 422 and "no antes del paso previo" in future.get_data(as_text=True)
    assert (
        client.post(f"{url}/{plan_id}", data=dated(prefix, step="INFORMED", version="1")).status_code == 302
    )
    assert "Se informó a la persona" in client.get(url).get_data(as_text=True)
    twice = client.post(url, data=dated("new-", pathway="LOCAL_INTEGRATION"))
    assert twice.status_code == 422 and "Ya hay un plan para esta vía." in twice.get_data(as_text=True)
