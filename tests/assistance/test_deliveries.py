"""The log of deliveries: its lists and rules, the verbs on PostgreSQL, the page."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from caseapp.assistance import rules, service
from caseapp.assistance.models import Delivery
from caseapp.assistance.service import delivering
from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import refusal_of
from caseapp.core.journal import CaseEvent
from caseapp.people.models import Case, Need
from caseapp.people.rules import FileClosed
from tests.assistance.routes import make_delivery
from tests.conftest import NOW
from tests.factories import make_person, make_site, make_team, make_user, principal_of
from tests.procedure.routes import dated

DAY = date(2025, 11, 3)
TODAY = date(2025, 11, 23)


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("assistance_kind", rules.ITEMS), ("service_result", rules.RESULTS), ("provider_class", rules.PROVIDERS),
        ("cash_mechanism", rules.MECHANISMS), ("delivery_again_reason", rules.AGAIN),
        ("delivery_withdrawn_reason", rules.WITHDRAWN), ("education_step", rules.EDUCATION),
        ("counted_item", rules.COUNTED),
    ],
)  # fmt: skip
def test_the_lists_are_those_of_the_reference(name, codes):
    assert {c.code for c in reference.codes(name)} == set(codes)


def test_no_sealed_service_is_in_the_log():
    assert set(rules.SECTORS) == {c.code for c in reference.codes("service_kind") if "S" not in c.flags}


@pytest.mark.parametrize("rule", reference.delivery_intervals(), ids=lambda r: f"{r.code}-{r.country}")
def test_each_interval_questions_the_days_within_it(rule):
    assert rule.source == "own" and rule.confidence == "low"
    held = reference.delivery_interval(rule.code, DAY, rule.country)
    assert held == rule.days
    for days in (0, 1 - rule.days, rule.days - 1):
        assert rules.must_ask_again(DAY, DAY + timedelta(days=days), held)
    for days in (rule.days, -rule.days):
        assert not rules.must_ask_again(DAY, DAY + timedelta(days=days), held)


def test_what_has_no_interval_or_was_never_given_is_not_questioned():
    assert reference.delivery_interval("MEDICINE", DAY, "GTM") is None
    assert reference.delivery_interval(None, DAY, "GTM") is None
    assert not rules.must_ask_again(DAY, DAY, None)
    assert not rules.must_ask_again(None, DAY, 30)


@pytest.mark.parametrize("item", [None, *rules.ITEMS])
@pytest.mark.parametrize("result", rules.RESULTS)
def test_only_cash_that_arrived_must_say_how_much(item, result):
    if item == "CASH" and result in rules.DELIVERED:
        rules.check_cash(item, result, "CARD", 120)
        with pytest.raises(rules.MechanismMissing):
            rules.check_cash(item, result, None, 120)
        with pytest.raises(rules.AmountMissing):
            rules.check_cash(item, result, "CARD", None)
    else:
        rules.check_cash(item, result, None, None)
    if item in rules.WITH_AMOUNT:
        for amount in (0, rules.MOST + 1):
            with pytest.raises(rules.AmountMissing):
                rules.check_cash(item, result, "CARD", amount)
    else:
        for mechanism, amount in (("CARD", None), (None, 5)):
            with pytest.raises(rules.AmountWithoutCash):
                rules.check_cash(item, result, mechanism, amount)


@pytest.fixture
def desk(db):
    with db.as_owner():
        team = make_team(make_site(country="GTM"))
        persons = [make_person(team), make_person(team)]
        numbers = [session.get_one(Case, p.case_id).number for p in persons]
        who = principal_of(make_user(team=team), ("CASEWORKER", team))
        ids = [p.case_id for p in persons], team.id
    session.expunge_all()
    return *ids, numbers, who


@pytest.fixture
def cases(desk):
    with access.acting_as(desk[3]):
        session.commit()
        yield [session.get_one(Case, i) for i in desk[0]]


def told(case):
    asked = sa.select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.position)
    return list(session.scalars(asked))


FOOD = {"sector": "FOOD", "item": "FOOD", "provider_class": "UN"}


def test_one_act_for_a_family_is_a_row_and_an_event_each(cases):
    made = service.deliver(cases, on=DAY, **FOOD)
    assert {row.case_id for row in made} == {case.id for case in cases}
    assert {row.interval_days for row in made} == {7}
    for case in cases:
        (event,) = told(case)
        assert (event.kind, event.sector, event.code, event.outcome, event.reason_group) == (
            "service.delivered", "FOOD", "FOOD", "DELIVERED_FULL", "UN",
        )  # fmt: skip


def test_cash_tells_of_cash_and_a_legal_session_of_both(cases):
    case = cases[0]
    service.deliver(
        [case], sector="CASH", item="CASH", mechanism="CARD", amount=120, provider_class="NGO", on=DAY
    )
    service.deliver([case], sector="LEGAL", provider_class="STATE", on=DAY)
    cash, service_, legal = told(case)
    assert (cash.kind, cash.code, cash.number, cash.reason_group) == ("cash.delivered", "CARD", 120, "NGO")
    assert (service_.kind, service_.code) == ("service.delivered", "LEGAL")
    assert (legal.kind, legal.code) == ("legal_aid.session", "LEGAL")


def test_a_session_that_did_not_happen_is_no_legal_session(cases):
    service.deliver([cases[0]], sector="LEGAL", provider_class="STATE", on=DAY, result="PERSON_STOPPED")
    assert [e.kind for e in told(cases[0])] == ["service.delivered"]


def test_a_need_is_answered_for_the_person_who_has_it(cases, db, desk):
    with db.as_owner():
        held = {}
        for code, category in (("CR-CP", "CR"), ("CR-CS", "CR")):
            person_id = session.scalar(sa.text("SELECT id FROM person WHERE case_id = :c"), {"c": desk[0][0]})
            need = Need(
                case_id=desk[0][0], person_id=person_id, code=code, category=category, priority="HIGH", recorded_on=DAY
            )  # fmt: skip
            session.add(need)
            session.flush()
            held[code] = need.id
    made = service.deliver(cases, on=DAY, need_id=held["CR-CP"], **FOOD)
    assert {row.case_id: row.need_id for row in made} == {cases[0].id: held["CR-CP"], cases[1].id: None}
    assert [told(case)[-1].need_category for case in cases] == ["CR", None]
    with pytest.raises(rules.NeedNotOpen):
        service.deliver([cases[1]], on=TODAY, need_id=held["CR-CP"], **FOOD)
    assert "S" in reference.code("need_code", "CR-CS").flags
    with pytest.raises(rules.NeedNotOpen):
        service.deliver([cases[0]], on=TODAY, need_id=held["CR-CS"], **FOOD)


def test_a_second_one_within_the_interval_says_why(cases):
    service.deliver(cases[:1], on=DAY, **FOOD)
    with pytest.raises(rules.GivenRecently):
        service.deliver(cases, on=DAY + timedelta(days=6), **FOOD)
    with pytest.raises(rules.GivenRecently):
        service.deliver(cases, on=DAY - timedelta(days=6), **FOOD)
    service.deliver(cases[:1], on=DAY + timedelta(days=6), again_reason="STOLEN", **FOOD)
    service.deliver(cases[:1], on=DAY + timedelta(days=13), **FOOD)
    service.deliver(cases[:1], on=DAY, sector="RELIEF_ITEMS", item="HYGIENE", provider_class="NGO")


def test_the_database_questions_it_too(cases):
    first, second = (
        Delivery(
            case_id=cases[0].id, team_id=cases[0].team_id, delivered_on=DAY + timedelta(days=n), interval_days=7, **FOOD
        )
        for n in (0, 6)
    )  # fmt: skip
    session.add(first)
    session.flush()
    with pytest.raises(IntegrityError) as caught, session.begin_nested():
        session.add(second)
        session.flush()
    assert isinstance(refusal_of(caught.value), rules.GivenRecently)


@pytest.mark.parametrize(
    ("constraint", "held"),
    [
        ("amount_of_cash", {"item": None, "amount": 5}),
        ("cash_says_how_much", {"item": "CASH", "amount": 5}),
        ("amount_sane", {"item": "VOUCHER", "amount": 0}),
        ("withdrawn_has_reason", {"withdrawn_on": DAY}),
        ("provider_class_known", {"provider_class": "BANK"}),
        ("sector_known", {"sector": "GBV"}),
        ("quantity_sane", {"quantity": 0}),
        ("education_known", {"sector": "EDUCATION", "item": None, "education": "DIPLOMA"}),
        ("education_of_school", {"education": "ENROLLED"}),
        ("language_of_talk", {"language": "spa"}),
        ("sealed_belongs", {"sealed": True}),
    ],
)
def test_the_database_keeps_the_rules(cases, constraint, held):
    with pytest.raises(IntegrityError, match=f"ck_delivery_{constraint}"), session.begin_nested():
        session.add(
            Delivery(case_id=cases[0].id, team_id=cases[0].team_id, delivered_on=DAY, **{**FOOD, **held})
        )
        session.flush()


def test_what_is_withdrawn_is_taken_back_and_may_be_given_again(cases):
    case = cases[0]
    (row,) = service.deliver([case], sector="LEGAL", provider_class="STATE", on=DAY)
    (food,) = service.deliver([case], on=DAY, **FOOD)
    named = [e.id for e in told(case)]
    with pytest.raises(rules.WithdrawalUnexplained):
        service.withdraw(case, row, reason="")
    service.withdraw(case, row, reason="WRONG_ENTRY")
    service.withdraw(case, food, reason="NOT_HANDED_OVER")
    taken = [e for e in told(case) if e.kind == "event.withdrawn"]
    assert [e.withdraws_id for e in taken] == named
    with pytest.raises(rules.DeliveryWithdrawn):
        service.withdraw(case, row, reason="WRONG_ENTRY")
    service.deliver([case], on=DAY, **FOOD)


def test_nobody_the_future_and_a_closed_file_are_refused(cases):
    with pytest.raises(rules.NobodyChosen):
        service.deliver([], on=DAY, **FOOD)
    with pytest.raises(rules.DeliveryDateWrong):
        service.deliver(cases, on=TODAY + timedelta(days=1), **FOOD)
    cases[0].status, cases[0].closed_on = "CLOSED", TODAY
    with session.no_autoflush, pytest.raises(FileClosed):
        delivering._tell(cases[0], Delivery(delivered_on=DAY, result="DELIVERED_FULL", **FOOD), None)
    session.rollback()


def test_of_two_at_once_one_is_asked(committed_db):
    owner = sa.create_engine(committed_db.owner)
    session.remove()
    session(bind=owner)
    team = make_team()
    case_id = make_person(team).case_id
    who = principal_of(make_user(team=team), ("CASEWORKER", team))
    session.commit()
    session.remove()
    owner.dispose()

    def attempt(_number: int) -> str:
        with access.acting_as(who), clock.held_at(NOW):
            try:
                service.deliver([session.get_one(Case, case_id)], on=DAY, **FOOD)
                session.commit()
                return "given"
            except rules.GivenRecently:
                session.rollback()
                return "asked"
            except IntegrityError as error:
                session.rollback()
                return "asked" if isinstance(refusal_of(error), rules.GivenRecently) else str(error)
            finally:
                session.remove()

    with ThreadPoolExecutor(6) as pool:
        told = sorted(pool.map(attempt, range(6)))
    assert told == ["asked"] * 5 + ["given"]


def test_the_page_notes_questions_and_withdraws(desk, client, db):
    case_ids, team_id, numbers, who = desk
    client.sign_in(who)
    page = f"/cases/{numbers[0]}/deliveries"
    assert client.get(page).status_code == 200
    data = dated(who=numbers[0], sector="FOOD", item="FOOD", provider_class="NGO")
    assert client.post(page, data=data).status_code == 302
    again = client.post(page, data=data)
    assert again.status_code == 422 and "again_reason-error" in again.text
    assert client.post(page, data={**data, "again_reason": "LOST"}).status_code == 302
    row = make_delivery(db, case_ids[0], team_id, item="BABY")
    taken = client.post(f"{page}/{row.id}/withdraw", data={f"row-{row.id.hex}-reason": "WRONG_ENTRY"})
    assert taken.status_code == 302
    assert "Anulada" in client.get(page).text
    assert client.post(page, data={**data, "who": numbers[1]}).status_code == 422, "not of the household"
