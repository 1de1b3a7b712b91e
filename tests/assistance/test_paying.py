"""Asking, deciding and paying: every state and reason, said twice; who asks never decides; what each role may never see."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from caseapp.assistance.models import Delivery
from caseapp.assistance.paying import queries, rules, service
from caseapp.assistance.paying.models import Assistance, Payment
from caseapp.assistance.rules import ITEMS, MECHANISMS
from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, refusal_of
from caseapp.core.journal import CaseEvent
from caseapp.people import queries as people
from caseapp.people import rules as people_rules
from caseapp.people.models import Case, CaseAccess, Consent, Need, Person
from caseapp.people.service.consent import withdraw_consent
from caseapp.procedure.models import Claim
from tests.assistance.routes import make_payment, make_request
from tests.factories import make_household, make_person, make_site, make_team, make_user, principal_of
from tests.factories.referral import consent
from tests.statements import count_statements

TODAY = date(2025, 11, 23)
UNTIL = date(2025, 12, 20)
CASH = {"item": "CASH", "amount": 120, "mechanism": "CARD"}


# -- tables -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("assistance_decision", rules.DECISIONS), ("payment_state", rules.STATES), ("payment_failure", rules.FAILURES),
        ("assistance_refusal", rules.REFUSALS),
    ],
)  # fmt: skip
def test_the_lists_are_those_of_the_reference(name, codes):
    assert {c.code for c in reference.codes(name)} == set(codes)


DECIDED = {
    ("", "APPROVED"), ("", "REFUSED"), ("REFUSED", "APPEALED"), ("APPEALED", "APPROVED"), ("APPEALED", "REFUSED")
}  # fmt: skip
MOVED = {
    ("PLANNED", "SENT"), ("PLANNED", "FAILED"), ("SENT", "COLLECTED"), ("SENT", "RETURNED"), ("SENT", "FAILED"),
    ("COLLECTED", "RECONCILED"), ("RETURNED", "RECONCILED"), ("FAILED", "RECONCILED"),
}  # fmt: skip
WAY = {
    "PLANNED": (), "SENT": ("SENT",), "COLLECTED": ("SENT", "COLLECTED"), "RETURNED": ("SENT", "RETURNED"),
    "FAILED": ("FAILED",), "RECONCILED": ("SENT", "COLLECTED", "RECONCILED"),
}  # fmt: skip


@pytest.mark.parametrize("state", rules.STATES)
@pytest.mark.parametrize("to", rules.STATES)
def test_a_payment_moves_by_the_table(state, to):
    said = {"failure": "WRONG_ID", "moved_it": False}
    if (state, to) not in MOVED:
        with pytest.raises(rules.PaymentMoves):
            rules.may_move(state, to, **said)
        return
    rules.may_move(state, to, **said)
    if to == "FAILED":
        for failure in rules.FAILURES:
            rules.may_move(state, to, failure=failure, moved_it=False)
        for failure in (None, "", "OTHER"):
            with pytest.raises(rules.FailureUnexplained):
                rules.may_move(state, to, failure=failure, moved_it=False)
    if to == "RECONCILED":
        with pytest.raises(rules.AnotherReconciles):
            rules.may_move(state, to, failure=None, moved_it=True)


@pytest.mark.parametrize("decision", [None, *rules.DECISIONS])
@pytest.mark.parametrize("to", rules.DECISIONS)
def test_a_decision_moves_by_the_table(decision, to):
    said = {"refusal": "NO_FUNDS", "asked_it": False, "refused_it": False, "key_opens": True}
    allowed = (decision or "", to) in DECIDED
    if to == "APPEALED":
        if allowed:
            rules.may_appeal(decision, appealed=False)
            with pytest.raises(rules.DecisionMoves):
                rules.may_appeal(decision, appealed=True)
        else:
            with pytest.raises(rules.DecisionMoves):
                rules.may_appeal(decision, appealed=False)
        return
    if not allowed:
        with pytest.raises(rules.DecisionMoves):
            rules.may_decide(decision, to, **said)
        return
    rules.may_decide(decision, to, **said)
    with pytest.raises(rules.RequesterDecides):
        rules.may_decide(decision, to, **{**said, "asked_it": True})
    with pytest.raises(rules.AnotherDecides):
        rules.may_decide(decision, to, **{**said, "refused_it": True})
    if to == "REFUSED":
        for refusal in rules.REFUSALS:
            rules.may_decide(decision, to, **{**said, "refusal": refusal, "key_opens": False})
        with pytest.raises(rules.RefusalUnexplained):
            rules.may_decide(decision, to, **{**said, "refusal": None})
    else:
        with pytest.raises(rules.CashConsentMissing):
            rules.may_decide(decision, to, **{**said, "key_opens": False})


@pytest.mark.parametrize("item", ITEMS)
def test_what_may_be_asked(item):
    paid, cash = item in rules.MONEY, item == "CASH"
    good = {
        "item": item, "amount": 120 if paid else None, "mechanism": "CARD" if cash else None, "adult": True,
        "consented": True, "until": UNTIL, "today": TODAY,
    }  # fmt: skip
    rules.may_ask(**good)
    for mechanism in MECHANISMS if cash else ():
        rules.may_ask(**{**good, "mechanism": mechanism})
    for wrong, error in (
        ({"adult": False}, rules.PayeeNotAdult), ({"consented": False}, rules.CashConsentMissing),
        ({"amount": None if paid else 5}, rules.MoneyAmountMissing), ({"mechanism": None if cash else "CARD"}, rules.MoneyMechanism),
        ({"until": TODAY - timedelta(days=1)}, rules.UntilWrong), ({"until": TODAY + timedelta(days=367)}, rules.UntilWrong),
    ):  # fmt: skip
        with pytest.raises(error):
            rules.may_ask(**{**good, **wrong})
    for amount in (0, rules.MOST + 1) if paid else ():
        with pytest.raises(rules.MoneyAmountMissing):
            rules.may_ask(**{**good, "amount": amount})


@pytest.mark.parametrize(
    ("amount", "approved", "arriving", "days", "error"),
    [
        (60, 120, 60, 0, None), (120, 120, 0, 366, None), (61, 120, 60, 0, rules.MoreThanApproved),
        (60, None, 0, 0, rules.MoreThanApproved), (None, 120, 0, 0, rules.MoneyAmountMissing),
        (0, 120, 0, 0, rules.MoneyAmountMissing), (60, 120, 0, -1, rules.PlannedInPast), (60, 120, 0, 367, rules.PlannedInPast),
    ],
)  # fmt: skip
def test_what_may_be_planned(amount, approved, arriving, days, error):
    said = {"approved": approved, "arriving": arriving, "on": TODAY + timedelta(days=days), "today": TODAY}
    if error is None:
        rules.may_plan(amount, **said)
    else:
        with pytest.raises(error):
            rules.may_plan(amount, **said)


# -- on PostgreSQL ------------------------------------------------------------------------------------
class Ground:
    """A desk with a couple and their child, and a providing team with an officer and two who approve."""

    def __init__(self, db):
        with db.as_owner():
            self.desk, self.cash = make_team(make_site()), make_team(make_site(), "CASH_PROVIDER")
            self.woman, self.man = make_person(self.desk), make_person(self.desk)
            self.child = make_person(self.desk, birth=date(2015, 3, 1))
            make_household(self.desk, self.woman, self.man, self.child)
            self.ids = [p.case_id for p in (self.woman, self.man, self.child)]
            self.numbers = [session.get_one(Case, i).number for i in self.ids]
            self.name = self.woman.full_name
            self.worker = self._who("CASEWORKER", self.desk)
            self.officer = self._who("ASSISTANCE_OFFICER", self.cash)
            self.approver, self.second = (
                self._who("PAYMENTS_APPROVER", self.cash),
                self._who("PAYMENTS_APPROVER", self.cash),
            )
            self.consent_id = consent(self.woman, "CASH").id
        session.expunge_all()

    def _who(self, role, team):
        return principal_of(make_user(role, team), (role, team))

    def ask(self, **more):
        with access.acting_as(self.worker):
            session.commit()
            row = service.ask(
                session.get_one(Case, self.ids[0]), team_id=self.cash.id, until=UNTIL, **{**CASH, **more}
            )
            session.commit()
            return row.id

    def as_(self, who, request_id, verb):
        with access.acting_as(who):
            session.commit()
            session.expunge_all()
            row = queries.request(who, request_id, lock=True)
            made = verb(row)
            session.commit()
            return made

    def approved(self, **more):
        request_id = self.ask(**more)
        self.as_(self.approver, request_id, lambda row: service.decide(row, approve=True))
        return request_id


@pytest.fixture
def ground(db):
    return Ground(db)


def told(case_id, db, *kinds):
    with db.as_owner():
        asked = sa.select(CaseEvent).where(CaseEvent.case_id == case_id, CaseEvent.kind.in_(kinds))
        return list(session.scalars(asked.order_by(CaseEvent.position)))


def test_each_adult_asks_and_is_the_payee(ground, db):
    request_id = ground.ask()
    with db.as_owner():
        row = session.get_one(Assistance, request_id)
        assert (row.case_id, row.team_id, row.from_team_id, row.consent_id) == (
            ground.ids[0], ground.cash.id, ground.desk.id, ground.consent_id,
        )  # fmt: skip
        reading = session.scalars(sa.select(CaseAccess).where(CaseAccess.subject_id == request_id)).one()
        assert (reading.team_id, reading.purpose, reading.items) == (
            ground.cash.id,
            "CASH",
            ["NAME", "AGE", "SEX"],
        )
    with access.acting_as(ground.worker):
        session.commit()
        man, child = (session.get_one(Case, i) for i in ground.ids[1:])
        with pytest.raises(rules.CashConsentMissing):
            service.ask(man, team_id=ground.cash.id, until=UNTIL, **CASH)
        with pytest.raises(rules.PayeeNotAdult):
            service.ask(child, team_id=ground.cash.id, until=UNTIL, **CASH)
        with pytest.raises(rules.AskedAlready), session.begin_nested():
            service.ask(session.get_one(Case, ground.ids[0]), team_id=ground.cash.id, until=UNTIL, **CASH)


def test_the_database_asks_for_the_key_as_the_rule_does(ground, db):
    """Every short history of answers: the trigger and `consent_opens` say the same."""
    other = None
    with db.as_owner():
        other = make_team(make_site(), "CASH_PROVIDER")
    answers = [
        ("GIVEN", None),
        ("REFUSED", None),
        ("GIVEN", ground.cash.id),
        ("REFUSED", ground.cash.id),
        ("GIVEN", other.id),
    ]
    histories = [[], *([a] for a in answers), *([a, b] for a in answers for b in answers)]
    for history in histories:
        with db.as_owner():
            session.execute(sa.delete(Consent).where(Consent.case_id == ground.ids[1]))
            for state, to in history:
                form = {"form": None, "expires_on": None} if state == "REFUSED" else {}
                man = session.get_one(Person, ground.man.id)
                consent(man, "CASH", state=state, recipient_team_id=to, **form)
            opens = people_rules.consent_opens(
                people.answers_of(ground.ids[1]), "CASH", people_rules.Recipient(ground.cash.id), TODAY
            )
            try:
                with session.begin_nested():
                    session.add(_row(ground, case_id=ground.ids[1]))
                    session.flush()
                    session.execute(sa.delete(Assistance))
                kept = True
            except IntegrityError as error:
                assert isinstance(refusal_of(error), rules.CashConsentMissing)
                kept = False
            assert kept is opens, history


def _row(ground, **more):
    held = {
        "number": "A00000001", "case_id": ground.ids[0], "team_id": ground.cash.id, "from_team_id": ground.desk.id,
        "country": "MEX", "payee_adult": True, "consent_id": ground.consent_id, "asked_on": TODAY,
        "asked_by_id": ground.worker.user_id, "until_on": UNTIL, **CASH, **more,
    }  # fmt: skip
    return Assistance(**held)


def test_who_asked_never_decides(ground, db):
    """One person with both roles: the rule says no, and so does PostgreSQL."""
    with db.as_owner():
        user = make_user("PAYMENTS_APPROVER", ground.cash)
    both = principal_of(user, ("PAYMENTS_APPROVER", ground.cash), ("ASSISTANCE_OFFICER", ground.cash))
    first = ground.ask(item="HYGIENE", amount=None, mechanism=None)
    assert first
    with access.acting_as(both):
        session.commit()
        row = service.ask(session.get_one(Case, ground.ids[0]), team_id=ground.cash.id, until=UNTIL, **CASH)
        session.commit()
        with pytest.raises(rules.RequesterDecides):
            service.decide(row, approve=True)
        with pytest.raises(IntegrityError) as caught, session.begin_nested():
            row.decision, row.decided_on, row.decided_by_id = "APPROVED", TODAY, user.id
            session.flush()
        assert isinstance(refusal_of(caught.value), rules.RequesterDecides)


def test_a_refusal_is_looked_at_again_by_somebody_else(ground, db):
    request_id = ground.ask()
    ground.as_(
        ground.approver, request_id, lambda row: service.decide(row, approve=False, refusal="NO_FUNDS")
    )
    with db.as_owner():
        assert session.scalars(sa.select(CaseAccess).where(CaseAccess.ended_at.is_(None))).all() == []
    ground.as_(ground.worker, request_id, service.appeal)
    with pytest.raises(rules.AnotherDecides):
        ground.as_(ground.approver, request_id, lambda row: service.decide(row, approve=True))
    with db.as_owner(), pytest.raises(IntegrityError) as caught, session.begin_nested():
        row = session.get_one(Assistance, request_id)
        row.decision, row.decided_on, row.decided_by_id, row.refusal = (
            "APPROVED",
            TODAY,
            ground.approver.user_id,
            None,
        )
        session.flush()
    assert isinstance(refusal_of(caught.value), rules.AnotherDecides)
    session.expunge_all()
    ground.as_(ground.second, request_id, lambda row: service.decide(row, approve=True))
    assert [(e.kind, e.code, e.reason, e.number) for e in told(ground.ids[0], db, "assistance.approved", "assistance.refused")] == [
        ("assistance.refused", "CASH", "NO_FUNDS", None), ("assistance.approved", "CASH", None, 27),
    ]  # fmt: skip


def test_a_payment_that_is_collected_is_a_delivery_and_then_reconciled_by_another(ground, db):
    request_id = ground.approved()
    first = ground.as_(ground.officer, request_id, lambda row: service.plan(row, amount=50, on=TODAY).id)
    second = ground.as_(ground.officer, request_id, lambda row: service.plan(row, amount=70, on=TODAY).id)
    with pytest.raises(rules.MoreThanApproved):
        ground.as_(ground.officer, request_id, lambda row: service.plan(row, amount=1, on=TODAY))
    session.rollback()

    def step(who, payment_id, to, failure=None):
        ground.as_(
            who,
            request_id,
            lambda row: service.move(row, queries.payment(row, payment_id), to, failure=failure),
        )

    for payment_id in (first, second):
        step(ground.officer, payment_id, "SENT")
    step(ground.officer, first, "COLLECTED")
    assert told(ground.ids[0], db, "assistance.delivered") == []
    step(ground.officer, second, "FAILED", "NAME_MISMATCH")
    third = ground.as_(ground.officer, request_id, lambda row: service.plan(row, amount=70, on=TODAY).id)
    step(ground.officer, third, "SENT")
    step(ground.officer, third, "COLLECTED")
    cash = told(ground.ids[0], db, "cash.delivered")
    assert [(e.code, e.number, e.team_id) for e in cash] == [
        ("CARD", 50, ground.cash.id),
        ("CARD", 70, ground.cash.id),
    ]
    (whole,) = told(ground.ids[0], db, "assistance.delivered")
    assert (whole.code, whole.number) == ("CASH", 120)
    with pytest.raises(rules.AnotherReconciles):
        step(ground.officer, first, "RECONCILED")
    session.rollback()
    for payment_id in (first, second, third):
        step(ground.approver, payment_id, "RECONCILED")
    with db.as_owner():
        rows = list(session.scalars(sa.select(Delivery).order_by(Delivery.id)))
        assert [(r.amount, r.mechanism, r.team_id, r.provider_team_id) for r in rows] == [
            (50, "CARD", ground.cash.id, ground.cash.id), (70, "CARD", ground.cash.id, ground.cash.id),
        ]  # fmt: skip
        # Nothing is left to do: the providing team reads nobody any more.
        assert session.scalars(sa.select(CaseAccess).where(CaseAccess.ended_at.is_(None))).all() == []


def test_what_is_no_money_is_handed_over(ground, db):
    request_id = ground.approved(item="HYGIENE", amount=None, mechanism=None)
    ground.as_(ground.officer, request_id, service.hand_over)
    assert [e.code for e in told(ground.ids[0], db, "service.delivered", "assistance.delivered")] == [
        "HYGIENE",
        "HYGIENE",
    ]
    with pytest.raises(rules.DecisionMoves):
        ground.as_(ground.officer, request_id, service.hand_over)


def test_consent_taken_back_closes_at_once_and_given_anew_opens(ground, db):
    waiting, approved = ground.ask(item="VOUCHER", mechanism=None), ground.approved()
    payment_id = ground.as_(ground.officer, approved, lambda row: service.plan(row, amount=120, on=TODAY).id)
    ground.as_(
        ground.officer, approved, lambda row: service.move(row, queries.payment(row, payment_id), "SENT")
    )
    with access.acting_as(ground.worker):
        session.commit()
        case = session.get_one(Case, ground.ids[0])
        withdraw_consent(case, session.get_one(Consent, ground.consent_id), on=TODAY)
        session.commit()
    session.expunge_all()
    with access.acting_as(ground.approver):
        session.commit()
        assert session.scalars(sa.select(Case)).all() == []
        row = queries.request(ground.approver, waiting)
        with pytest.raises(rules.CashConsentMissing):
            service.decide(row, approve=True)
        session.rollback()
    # What was sent before and is collected after is told as a sum, and opens nobody.
    ground.as_(
        ground.officer, approved, lambda row: service.move(row, queries.payment(row, payment_id), "COLLECTED")
    )
    assert [e.number for e in told(ground.ids[0], db, "cash.delivered")] == [120]
    ground.as_(
        ground.approver, waiting, lambda row: service.decide(row, approve=False, refusal="CONSENT_ENDED")
    )


def test_a_yes_given_anew_shows_the_payee_again(ground, db):
    request_id = ground.ask()
    with db.as_owner():
        session.execute(sa.update(CaseAccess).values(ended_at=sa.func.now()))
    with access.acting_as(ground.worker):
        session.commit()
        service.see_again(session.get_one(Case, ground.ids[0]), "CASH")
        session.commit()
    with db.as_owner():
        held = session.scalars(sa.select(CaseAccess).where(CaseAccess.ended_at.is_(None))).all()
        assert [h.subject_id for h in held] == [request_id]


@pytest.mark.parametrize("who", ["officer", "approver"])
def test_postgresql_gives_them_no_need_and_no_claim(ground, db, who):
    ground.ask()
    with db.as_owner():
        session.add(
            Need(
                case_id=ground.ids[0], person_id=ground.woman.id, code="LP-ND", category="LP", priority="HIGH", recorded_on=TODAY
            )
        )  # fmt: skip
        session.flush()
    with access.acting_as(getattr(ground, who)):
        session.commit()
        assert [c.id for c in session.scalars(sa.select(Case))] == ground.ids[:1]
        for table in (Need, Claim, Consent):
            assert session.scalars(sa.select(table)).all() == []


@pytest.mark.parametrize("state", rules.STATES)
def test_postgresql_moves_a_payment_by_the_table(ground, db, state):
    row = make_request(db, session.merge(ground.woman, load=False), ground.cash, decision="APPROVED")
    for to in rules.STATES:
        if to == state:
            continue
        made = make_payment(db, row, *WAY[state], amount=1)
        with db.as_owner():
            try:
                with session.begin_nested():
                    made.state = to
                    made.failure = (
                        "PROVIDER" if to == "FAILED" else None if to != "RECONCILED" else made.failure
                    )
                    made.collected_on = (
                        TODAY if to == "COLLECTED" else made.collected_on if to == "RECONCILED" else None
                    )
                    made.reconciled_by_id = ground.second.user_id if to == "RECONCILED" else None
                    session.flush()
                moved = True
            except DBAPIError as error:
                assert isinstance(refusal_of(error), rules.PaymentMoves), to
                moved = False
        assert moved is ((state, to) in MOVED), to


@pytest.mark.parametrize("decision", [None, *rules.DECISIONS])
def test_postgresql_moves_a_decision_by_the_table(ground, db, decision):
    for to in rules.DECISIONS:
        if to == decision:
            continue
        with db.as_owner():
            session.execute(sa.delete(Assistance))
        woman = session.merge(ground.woman, load=False)
        row = make_request(db, woman, ground.cash, decision="REFUSED" if decision == "APPEALED" else decision)
        with db.as_owner():
            if decision == "APPEALED":
                _put(row, "APPEALED", ground)
                session.flush()
            try:
                with session.begin_nested():
                    _put(row, to, ground)
                    session.flush()
                moved = True
            except DBAPIError as error:
                assert isinstance(refusal_of(error), rules.DecisionMoves), to
                moved = False
        assert moved is ((decision or "", to) in DECIDED), to


def _put(row, to, ground):
    """Everything that the other constraints ask of a decision, so that only its move is tried."""
    first = row.refused_by_id or (row.decided_by_id if to == "APPEALED" else None)
    if to == "APPEALED" and first is None:
        first = ground.approver.user_id
    row.refused_by_id, row.appealed_on = first, TODAY if first else None
    row.decided_by_id = None if to == "APPEALED" else ground.second.user_id
    row.decided_on = None if to == "APPEALED" else TODAY
    row.refusal = None if to == "APPROVED" else "NO_FUNDS"
    row.decision = to


@pytest.mark.parametrize(
    ("constraint", "held"),
    [
        ("payee_adult", {"payee_adult": False}), ("amount_of_money", {"amount": None}), ("cash_has_mechanism", {"mechanism": None}),
        ("amount_sane", {"amount": 0}), ("planned_later", {"until_on": TODAY - timedelta(days=1)}),
        ("item_known", {"item": "GOLD", "amount": None, "mechanism": None}),
    ],
)  # fmt: skip
def test_the_database_keeps_a_request_sane(ground, db, constraint, held):
    with (
        db.as_owner(),
        pytest.raises(IntegrityError, match=f"ck_assistance_{constraint}"),
        session.begin_nested(),
    ):
        session.add(_row(ground, **held))
        session.flush()


def test_the_database_pays_no_more_than_was_approved_and_only_then(ground, db):
    woman = session.merge(ground.woman, load=False)
    refused = make_request(db, woman, ground.cash, decision="REFUSED")
    with pytest.raises(IntegrityError) as caught, session.begin_nested():
        make_payment(db, refused)
    assert isinstance(refusal_of(caught.value), rules.MoreThanApproved)


def test_two_who_decide_at_once_are_told(ground):
    request_id = ground.ask()

    def verb(row):
        service.decide(row, approve=True, version=row.version - 1)

    with pytest.raises(ChangedMeanwhile):
        ground.as_(ground.approver, request_id, verb)


# -- pages --------------------------------------------------------------------------------------------
def test_from_asking_to_reconciling_on_the_pages(ground, client, db):
    until = {"until-day": "20", "until-month": "12", "until-year": "2025"}
    data = {"item": "CASH", "amount": "120", "mechanism": "CARD", "team": str(ground.cash.id), **until}
    client.sign_in(ground.worker)
    page = f"/cases/{ground.numbers[0]}/assistance"
    shown = client.get(page).text
    assert ground.numbers[1] in shown and ground.numbers[2] not in shown and "checked" not in shown, (
        "each adult, nobody ticked"
    )
    assert client.post(page, data=data).status_code == 422
    refused = client.post(page, data={**data, "who": ground.numbers[1]})
    assert refused.status_code == 422 and "who-error" in refused.text and 'value="120"' in refused.text
    assert client.post(page, data={**data, "who": ground.numbers[0]}).status_code == 302
    with db.as_owner():
        row = session.scalars(sa.select(Assistance)).one()
        request_id, number = row.id, row.number
    one = f"/assistance/{request_id}"
    client.sign_in(ground.approver)
    for url in ("/assistance", one):
        text = client.get(url).text
        assert number in text and ground.name not in text and ground.numbers[0] not in text
    assert client.get(page).status_code == 403
    assert client.post(f"{one}/decide", data={"decision": "REFUSED", "version": "1"}).status_code == 422
    assert client.post(f"{one}/decide", data={"decision": "APPROVED", "version": "9"}).status_code == 409
    assert client.post(f"{one}/decide", data={"decision": "APPROVED", "version": "1"}).status_code == 302
    client.sign_in(ground.officer)
    assert ground.name in client.get(one).text
    planned = {"planned-day": "23", "planned-month": "11", "planned-year": "2025"}
    assert client.post(f"{one}/payments", data={"amount": "121", **planned}).status_code == 422
    assert client.post(f"{one}/payments", data={"amount": "120", **planned}).status_code == 302
    with db.as_owner():
        payment_id = session.scalars(sa.select(Payment.id)).one()
    prefix = f"pay-{payment_id.hex}-"
    moved = f"{one}/payments/{payment_id}"
    for to, version in (("SENT", 1), ("COLLECTED", 2)):
        assert client.post(moved, data={f"{prefix}to": to, f"{prefix}version": version}).status_code == 302, (
            to
        )
    assert client.post(moved, data={f"{prefix}to": "RECONCILED", f"{prefix}version": 3}).status_code == 403
    client.sign_in(ground.approver)
    assert "Conciliado" in client.get(one).text
    with db.as_owner():
        version = session.scalars(sa.select(Payment.version)).one()
    assert (
        client.post(moved, data={f"{prefix}to": "RECONCILED", f"{prefix}version": version}).status_code == 302
    )
    client.sign_in(ground.worker)
    assert "pago de 120: Conciliado" in client.get(page).text


def test_the_pages_cost_the_same_whatever_the_rows(ground, client, db):
    counted: dict[str, list[int]] = {}
    for more in (1, 12):
        for _n in range(more):
            with db.as_owner():
                person = make_person(ground.desk)
            row = make_request(db, person, ground.cash, decision="APPROVED")
            make_payment(db, row, "SENT")
        for who, url in ((ground.approver, "/assistance?show=all"), (ground.officer, f"/assistance/{row.id}"),
                         (ground.worker, f"/cases/{ground.numbers[0]}/assistance")):  # fmt: skip
            client.sign_in(who)
            session.expunge_all()
            with count_statements(db.connection) as statements:
                assert client.get(url).status_code == 200
            counted.setdefault(url.rpartition("/")[0], []).append(len(statements))
    assert all(first == second <= 20 for first, second in counted.values()), counted
