"""The claim: its rules, its verbs as the application's role, its page."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.journal import CaseEvent
from caseapp.people.models import Case, PersonPopulation
from caseapp.procedure import rules, service
from tests.factories import make_person, make_team, make_user, principal_of
from tests.procedure.routes import dated

TODAY = date(2025, 11, 23)


@pytest.mark.parametrize(
    ("nationalities", "has_open", "on", "refusal"),
    [
        (["HND"], False, TODAY, None),
        ([], False, TODAY, None),
        (["XXX"], False, TODAY, None),
        (["MEX"], False, TODAY, rules.NationalAtHome),
        (["HND", "MEX"], False, TODAY, rules.NationalAtHome),
        (["HND"], True, TODAY, rules.ClaimOpen),
        (["HND"], False, date(2025, 11, 24), rules.DateInFuture),
    ],
)
def test_who_may_lodge(nationalities, has_open, on, refusal):
    if refusal is None:
        rules.may_lodge("MEX", nationalities, has_open, on, TODAY)
        return
    with pytest.raises(refusal):
        rules.may_lodge("MEX", nationalities, has_open, on, TODAY)


@pytest.mark.parametrize(
    ("is_open", "on", "refusal"),
    [
        (True, TODAY, None),
        (True, date(2025, 11, 1), None),
        (False, TODAY, rules.ClaimEnded),
        (True, date(2025, 10, 31), rules.DateBefore),
        (True, date(2025, 11, 24), rules.DateInFuture),
    ],
)
def test_when_a_claim_may_end(is_open, on, refusal):
    if refusal is None:
        rules.may_end(is_open, date(2025, 11, 1), on, TODAY)
        return
    with pytest.raises(refusal):
        rules.may_end(is_open, date(2025, 11, 1), on, TODAY)


def test_the_lists_are_those_of_the_reference():
    assert {c.code: c.group for c in reference.codes("claim_closure_reason")} == rules.CLOSURE_GROUPS
    assert set(rules.OUTCOMES) < {c.code for c in reference.codes("decision_outcome")}
    assert set(rules.APPLICATION_TYPES) < {c.code for c in reference.codes("claim_application_type")}


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


def told(case):
    return [
        (e.kind, e.outcome, e.reason, e.number)
        for e in session.scalars(
            sa.select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.position)
        )
        if e.kind.startswith(("claim.", "decision."))
    ]


def populations(case):
    rows = session.scalars(sa.select(PersonPopulation).where(PersonPopulation.case_id == case.id))
    return {(p.population, p.ended_on is None) for p in rows}


def test_lodged_and_recognised(case):
    claim = service.lodge(case, on=date(2025, 11, 3))
    with pytest.raises(rules.ClaimOpen):
        service.lodge(case, on=date(2025, 11, 4))
    service.decide(case, claim, on=date(2025, 11, 23), outcome="RECOGNISED")
    assert told(case) == [("claim.lodged", None, None, None), ("decision.made", "RECOGNISED", None, 20)]
    assert populations(case) == {("ASYLUM_SEEKER", False), ("REFUGEE", True)}
    assert case.status == "OPEN"


@pytest.mark.parametrize("reason", rules.CLOSURE_GROUPS)
def test_closed_without_a_decision_leaves_the_file_open(case, reason):
    claim = service.lodge(case, on=date(2025, 11, 3))
    with pytest.raises(ChangedMeanwhile):
        service.close(case, claim, on=TODAY, reason=reason, version=99)
    service.close(case, claim, on=TODAY, reason=reason, version=claim.version)
    assert told(case)[-1] == ("claim.closed", "CLOSED", reason, None)
    assert case.status == "OPEN" and case.closed_on is None


def test_the_page_lodges_decides_and_says_what_is_wrong(client, desk):
    _db, _person, number, who = desk
    url = f"/cases/{number}/claim"
    client.sign_in(who)
    assert "No hay una solicitud anotada." in client.get(url).get_data(as_text=True)
    future = client.post(url, data={**dated("lodge-", application_type="N"), "lodge-on-day": "30"})
    assert future.status_code == 422 and "Esta fecha aún no llega." in future.get_data(as_text=True)
    empty = client.post(url, data={**dated("lodge-", application_type="N"), "lodge-on-day": ""})
    assert empty.status_code == 422 and "Escriba día, mes y año" in empty.get_data(as_text=True)
    assert client.post(url, data=dated("lodge-", application_type="N")).status_code == 302
    page = client.get(url).get_data(as_text=True)
    claim_id = page.split("/claim/")[1].split("/")[0]
    stale = client.post(f"{url}/{claim_id}/decide", data=dated("decide-", outcome="REJECTED", version="7"))
    assert stale.status_code == 409 and "Otra persona guardó cambios" in stale.get_data(as_text=True)
    missing = client.post(f"{url}/{claim_id}/decide", data=dated("decide-", outcome="", version="1"))
    assert missing.status_code == 422 and "Elija la resolución." in missing.get_data(as_text=True)
    done = client.post(f"{url}/{claim_id}/decide", data=dated("decide-", outcome="REJECTED", version="1"))
    assert done.status_code == 302
    after = client.get(url).get_data(as_text=True)
    assert "Denegada" in after and "no cierra el expediente" in after
