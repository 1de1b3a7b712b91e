"""Staying in a state and signing at intervals: a missed signature raises an alert and abandons nothing."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.journal import CaseEvent
from caseapp.deadline import queries as clocks
from caseapp.deadline import service as deadline
from caseapp.deadline.rules import weekdays
from caseapp.people import rules as people_rules
from caseapp.people.models import Case, MovementException, MovementLimit
from caseapp.people.queries import movement_limits_of, movements_of
from caseapp.places.models import Site
from caseapp.procedure import queries, rules, service
from caseapp.procedure.models import Claim, LeaveRequest, Signature, SignDuty, SignInterval
from tests.conftest import NOW
from tests.factories import make_household, make_person, make_site, make_team, make_user, principal_of
from tests.procedure.routes import dated

TODAY = date(2025, 11, 23)
D = {n: date(2025, 11, n) for n in range(1, 24)}


@pytest.mark.parametrize(
    ("limit", "to", "has_open", "on", "refusal"),
    [
        ("MX07", "MX09", False, TODAY, None),
        (None, "MX09", False, TODAY, rules.LeaveNotNeeded),
        ("MX07", "MX07", False, TODAY, rules.LeaveToSamePlace),
        ("MX07", "MX09", True, TODAY, rules.LeaveOpen),
        ("MX07", "MX09", False, TODAY + timedelta(days=1), rules.DateInFuture),
    ],
)
def test_when_leave_may_be_asked(limit, to, has_open, on, refusal):
    if refusal is None:
        rules.may_ask_leave(limit, to, has_open=has_open, on=on, today=TODAY)
    else:
        with pytest.raises(refusal):
            rules.may_ask_leave(limit, to, has_open=has_open, on=on, today=TODAY)


@pytest.mark.parametrize("outcome", [*rules.LEAVE_OUTCOMES, "MAYBE"])
def test_when_leave_may_be_decided(outcome):
    if outcome == "MAYBE":
        with pytest.raises(rules.OutcomeUnknown):
            rules.may_decide_leave(False, outcome, D[3], TODAY, TODAY)
        return
    rules.may_decide_leave(False, outcome, D[3], TODAY, TODAY)
    for wrong, refusal in (
        ((True, outcome, D[3], TODAY, TODAY), rules.LeaveDecided),
        ((False, outcome, D[3], D[2], TODAY), rules.DateBefore),
        ((False, outcome, D[3], TODAY + timedelta(days=1), TODAY), rules.DateInFuture),
    ):
        with pytest.raises(refusal):
            rules.may_decide_leave(*wrong)


@pytest.mark.parametrize(("days", "fine"), [(1, True), (90, True), (0, False), (91, False), (None, False)])
def test_how_often_an_office_may_ask(days, fine):
    if fine:
        assert rules.check_interval(days) == days
    else:
        with pytest.raises(rules.IntervalWrong):
            rules.check_interval(days)


def test_a_signature_is_due_on_a_day_on_which_the_office_works():
    assert rules.next_signature(D[10], 7, weekdays) == D[17]
    assert rules.next_signature(D[10], 5, weekdays) == D[17]  # the fifteenth is a Saturday


@pytest.mark.parametrize(
    ("has_duty", "on", "refusal"),
    [(True, D[10], None), (False, D[10], rules.NoDuty), (True, D[2], rules.DateBefore), (True, TODAY + timedelta(days=1), rules.DateInFuture)],
)  # fmt: skip
def test_when_somebody_may_sign(has_duty, on, refusal):
    if refusal is None:
        rules.may_sign(has_duty, D[3], on, TODAY)
    else:
        with pytest.raises(refusal):
            rules.may_sign(has_duty, D[3], on, TODAY)


def test_the_lists_are_those_of_the_reference():
    assert {c.code for c in reference.codes("leave_outcome")} == {*rules.LEAVE_OUTCOMES, "EMERGENCY"}


@pytest.fixture
def desk(db):
    with db.as_owner():
        team = make_team(make_site(admin1="MX07"))
        mother, child = make_person(team), make_person(team, birth=date(2015, 1, 1))
        make_household(team, mother, child)
        numbers = [session.get_one(Case, p.case_id).number for p in (mother, child)]
        user = make_user("SUPERVISOR", team=team)
    session.expunge_all()
    return {
        "db": db, "ids": [mother.case_id, child.case_id], "numbers": numbers, "site": team.site_id,
        "who": principal_of(user, ("SUPERVISOR", team)),
    }  # fmt: skip


@pytest.fixture
def family(desk):
    with access.acting_as(desk["who"]):
        session.commit()
        yield [session.get_one(Case, i) for i in desk["ids"]]


def told(case, prefix):
    rows = session.scalars(
        sa.select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.kind.like(f"{prefix}.%"))
    )
    return [(e.kind, e.code or e.outcome, e.place) for e in sorted(rows, key=lambda e: e.position)]


def test_lodging_brings_both_duties_and_the_end_of_the_claim_takes_them_away(family):
    mother, child = family
    claim = service.lodge(mother, on=D[3], beside=[child])
    assert movement_limits_of([mother.id, child.id]) == {mother.id: "MX07", child.id: "MX07"}
    duty = queries.duty_of(mother.id)
    assert duty.due_on == D[10] and queries.duty_of(child.id) is None
    service.close(mother, claim, on=D[12], reason="EXPLICIT_WITHDRAWAL")
    assert movement_limits_of([mother.id, child.id]) == {} and queries.duty_of(mother.id) is None
    assert (duty.ended_on, duty.end_reason) == (D[12], "CLAIM_CLOSED")
    assert not [c for c in clocks.running_for([mother.id]) if c.rule == "CLAIM_SIGN_IN"]
    service.reopen(mother, claim, on=D[13], reason="FOUND")
    assert queries.duty_of(mother.id).due_on == D[20] and mother.id in movement_limits_of([mother.id])


def test_the_office_sets_how_often_and_each_signature_starts_the_next(family):
    mother = family[0]
    site = session.get_one(Site, mother.site_id)
    service.set_interval(site, 14, on=D[1])
    service.set_interval(site, 14, on=D[1])
    with pytest.raises(rules.IntervalWrong):
        service.set_interval(site, 15, on=D[1])
    service.lodge(mother, on=D[3])
    service.set_interval(site, 5, on=D[12])
    duty = service.sign(mother, on=D[14])
    assert duty.due_on == D[19] and service.sign(mother, on=D[19], excused=True).due_on == date(2025, 11, 24)
    with pytest.raises(rules.DateBefore):
        service.sign(mother, on=D[18])
    assert [(s.state, s.due_on) for s in queries.signatures_of(mother.id)] == [
        ("EXCUSED", D[19]),
        ("SIGNED", D[18]),
    ]
    assert told(mother, "signature") == [
        ("signature.recorded", "SIGNED", None), ("signature.recorded", "EXCUSED", None),
    ]  # fmt: skip


def test_a_missed_signature_is_told_once_and_abandons_nothing(desk, family):
    mother_id, claim_id = family[0].id, service.lodge(family[0], on=D[18]).id

    def sweep():
        desk["db"].as_role("work")
        session.expunge_all()
        with access.acting_as(access.system("clocks")):
            deadline.look()
            found = service.look_at_signatures()
        desk["db"].as_role("app")
        return found

    assert sweep() == 0
    with clock.held_at(NOW + timedelta(days=5)):
        assert [sweep(), sweep()] == [1, 0]
    session.commit()
    mother = session.get_one(Case, mother_id)
    raised = [e for e in told(mother, "alert") if e[1] == "WEEKLY_SIGN_IN_MISSED"]
    assert len(raised) == 1 and told(mother, "signature") == [("signature.missed", "MISSED", None)]
    assert session.get_one(Claim, claim_id).is_open and mother.status == "OPEN"
    with clock.held_at(NOW + timedelta(days=6)):
        service.sign(mother, on=date(2025, 11, 28))
    assert {s.state for s in queries.signatures_of(mother.id)} == {"MISSED", "SIGNED"}


def test_leave_moves_where_the_person_stays(family):
    mother = family[0]
    with pytest.raises(rules.LeaveNotNeeded):
        service.ask_leave(mother, "MX09", on=D[4])
    service.lodge(mother, on=D[3])
    asked = service.ask_leave(mother, "MX09", on=D[4])
    with pytest.raises(rules.LeaveOpen):
        service.ask_leave(mother, "MX14", on=D[5])
    with pytest.raises(ChangedMeanwhile):
        service.decide_leave(mother, asked, on=D[9], outcome="GRANTED", version=9)
    service.decide_leave(mother, asked, on=D[9], outcome="GRANTED")
    assert movement_limits_of([mother.id]) == {mother.id: "MX09"}
    refused = service.ask_leave(mother, "MX14", on=D[10])
    service.decide_leave(mother, refused, on=D[11], outcome="REFUSED")
    assert movement_limits_of([mother.id]) == {mother.id: "MX09"}
    assert told(mother, "leave") == [
        ("leave.asked", None, "MX09"), ("leave.decided", "GRANTED", "MX09"), ("leave.asked", None, "MX14"),
        ("leave.decided", "REFUSED", "MX14"),
    ]  # fmt: skip


def test_who_is_at_risk_goes_at_once_and_the_leave_is_still_missing(family):
    mother, child = family
    service.lodge(mother, on=D[3], beside=[child])
    with pytest.raises(people_rules.AuthorityMissing):
        service.move_at_once([mother, child], "MX09", ground="CHILD_AT_RISK", authority=" ", on=TODAY)
    service.move_at_once([mother, child], "MX09", ground="CHILD_AT_RISK", authority="Procuraduría", on=TODAY)
    moved = movements_of([mother.id, child.id], TODAY)
    assert {m.stays_in for m in moved.values()} == {"MX07"}
    assert all(m.excepted == {"MX09"} for m in moved.values())
    assert told(mother, "leave") == [("leave.decided", "EMERGENCY", "MX09")]
    [row] = session.scalars(sa.select(MovementException).where(MovementException.case_id == child.id))
    assert row.authority == "Procuraduría" and row.recorded_by_id is not None


def test_a_move_at_once_is_written_down_for_the_family(client, desk):
    url = f"/cases/{desk['numbers'][0]}"
    client.sign_in(desk["who"])
    with desk["db"].as_owner():
        for case_id in desk["ids"]:
            session.add(MovementLimit(case_id=case_id, admin1="MX07", since=D[3]))
    page = client.get(f"{url}/claim").get_data(as_text=True)
    assert "Traslado de emergencia" in page
    fields = {**dated(to_admin1="MX09", ground="", authority="Procuraduría de prueba"), "on-day": "23"}
    wrong = client.post(f"{url}/leave/now", data=fields)
    assert wrong.status_code == 422
    assert "Procuraduría de prueba" in wrong.get_data(as_text=True)
    assert "Elija quién corre riesgo" in wrong.get_data(as_text=True)
    fields |= {"ground": "CHILD_AT_RISK", "beside": str(desk["ids"][1])}
    assert client.post(f"{url}/leave/now", data=fields).status_code == 302
    with desk["db"].as_owner():
        assert session.scalar(sa.select(sa.func.count()).select_from(MovementException)) == 2


def test_nothing_of_a_sealed_claim_brings_a_duty_that_others_see(family):
    service.lodge(family[0], on=D[3], own=True)
    assert movement_limits_of([family[0].id]) == {} and queries.duty_of(family[0].id) is None


@pytest.mark.parametrize(
    ("table", "broken"),
    [
        (LeaveRequest, {"to_admin1": "MX07"}), (LeaveRequest, {"outcome": "GRANTED"}),
        (LeaveRequest, {"outcome": "MAYBE", "decided_on": D[9]}), (LeaveRequest, {"outcome": "GRANTED", "decided_on": D[1]}),
        (SignDuty, {"end_reason": "LIFTED"}), (SignDuty, {"end_reason": "TIRED", "ended_on": D[9]}), (SignDuty, {"due_on": D[1]}),
        (SignDuty, {"end_reason": "LIFTED", "ended_on": D[1]}),
        (Signature, {"state": "MISSED"}), (Signature, {"on": None}), (Signature, {"state": "LATE"}),
        (MovementLimit, {"ended_on": D[1]}), (SignInterval, {"days": 0}), (SignInterval, {"days": 91}),
    ],
)  # fmt: skip
def test_the_database_refuses_what_cannot_be(family, table, broken):
    case = family[0]
    claim = service.lodge(case, on=D[3])
    duty = queries.duty_of(case.id)
    whole = {
        LeaveRequest: {"case_id": case.id, "from_admin1": "MX07", "to_admin1": "MX09", "asked_on": D[4]},
        SignDuty: {"case_id": case.id, "claim_id": claim.id, "started_on": D[4], "due_on": D[10]},
        Signature: {"duty_id": duty.id, "case_id": case.id, "due_on": D[9], "state": "SIGNED", "on": D[9]},
        MovementLimit: {"case_id": case.id, "admin1": "MX09", "since": D[4]},
        SignInterval: {"site_id": case.site_id, "days": 7, "valid_from": D[4]},
    }[table]
    with pytest.raises(sa.exc.IntegrityError, match=f"ck_{table.__tablename__}_"), session.begin_nested():
        session.add(table(**{**whole, **broken}))
        session.flush()


@pytest.mark.parametrize("table", [MovementLimit, SignDuty])
def test_one_of_them_holds_at_a_time(family, table):
    claim = service.lodge(family[0], on=D[3])
    row = (
        MovementLimit(case_id=family[0].id, admin1="MX09", since=D[4])
        if table is MovementLimit
        else SignDuty(case_id=family[0].id, claim_id=claim.id, started_on=D[4], due_on=D[10])
    )
    with pytest.raises(sa.exc.IntegrityError, match="current"), session.begin_nested():
        session.add(row)
        session.flush()


def test_the_pages(client, desk):
    url = f"/cases/{desk['numbers'][0]}"
    client.sign_in(desk["who"])
    early = client.post(f"{url}/signature", data=dated())
    assert early.status_code == 422 and "no tiene que firmar" in early.get_data(as_text=True)
    client.post(f"{url}/claim/new", data={**dated(step="LODGED", application_type="N"), "on-day": "10"})
    page = client.get(f"{url}/claim").get_data(as_text=True)
    assert "Se queda en Chiapas" in page and "a más tardar el 18 nov 2025" in page  # the 17th is a holiday
    assert client.post(f"{url}/signature", data=dated()).status_code == 302
    assert "firmó el 20 nov 2025" in client.get(f"{url}/claim").get_data(as_text=True)
    same = client.post(f"{url}/leave", data=dated(to_admin1="MX07"))
    assert same.status_code == 422 and "Elija un estado distinto" in same.get_data(as_text=True)
    assert client.post(f"{url}/leave", data=dated(to_admin1="MX09")).status_code == 302
    page = client.get(f"{url}/claim").get_data(as_text=True)
    assert "A Ciudad de México, pedido el 20 nov 2025" in page
    decide = re.search(r"/leave/([0-9a-f-]{36})", page)[1]
    assert client.post(f"{url}/leave/{decide}", data=dated(outcome="GRANTED", version="1")).status_code == 302
    assert "Se queda en Ciudad de México" in client.get(f"{url}/claim").get_data(as_text=True)
    assert client.post("/office/signature", data=dated(days="0")).status_code == 422
    assert client.post("/office/signature", data=dated(days="15")).status_code == 302
