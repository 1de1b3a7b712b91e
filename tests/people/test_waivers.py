"""Acting without consent: stored only where it is missing, reviewed by somebody else, told; in rules and database."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session, uuid7
from caseapp.core.errors import refusal_of
from caseapp.core.journal import CaseEvent
from caseapp.people import queries, rules, service
from caseapp.people.models import ConsentWaiver
from caseapp.people.rules.waiver import BASES, REFUSALS, why_not_waive
from caseapp.people.service import NewConsent
from tests.factories import make_team, make_user, principal_of
from tests.factories.people import make_waiver
from tests.factories.referral import offer
from tests.people.conftest import restart
from tests.reception.families import TODAY

BASIS = {
    "purpose": "REFER_HEALTH",
    "basis": "VITAL_INTEREST",
    "reason": "Inconsciente, con sangrado.",
    "on": TODAY,
}


@pytest.fixture
def case(desk):
    cases = [c.id for c in desk.register().cases]
    from caseapp.people.models import Case

    return session.get_one(Case, cases[0])


@pytest.fixture
def supervisor(desk):
    with desk.db.as_owner():
        user = make_user("SUPERVISOR", desk.team)
    return principal_of(user, ("SUPERVISOR", desk.team))


def text(answer):
    return answer.get_data(as_text=True)


def test_it_is_written_down_with_its_basis_and_an_event(case):
    row = service.waive(case, queries.person_of(case), **BASIS)
    assert (row.adult, row.reason, row.made_by_id) == (True, BASIS["reason"], access.current().user_id)
    event = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "consent.waived")).one()
    assert (event.code, event.reason) == ("REFER_HEALTH", "VITAL_INTEREST")


def test_it_is_refused_where_the_consent_is_there(case):
    person = queries.person_of(case)
    given = service.record_consent(case, person, NewConsent("REFER_HEALTH", form="SIGNED"), on=TODAY)
    with pytest.raises(rules.NotNeeded):
        service.waive(case, person, **BASIS)
    service.withdraw_consent(case, given, on=TODAY)
    assert service.waive(case, person, **BASIS).outcome is None
    assert len(session.scalars(sa.select(ConsentWaiver)).all()) == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"reason": " "}, "REASON_MISSING"), ({"basis": "LEGAL_DUTY"}, "ARTICLE_MISSING"), ({"basis": "OTHER"}, "BASIS_UNKNOWN"),
        ({"basis": "CHILD_BEST_INTERESTS"}, "ONLY_FOR_A_CHILD"), ({"purpose": "CONSULAR"}, "NEVER_WITHOUT_CONSENT"),
        ({"purpose": "COUNTRY_OF_ORIGIN"}, "NEVER_WITHOUT_CONSENT"), ({"purpose": "MEDIA"}, "NEVER_WITHOUT_CONSENT"),
        ({"purpose": "RESEARCH_IDENTIFIED"}, "NEVER_WITHOUT_CONSENT"),
    ],
)  # fmt: skip
def test_what_is_refused(case, change, why):
    with pytest.raises(REFUSALS[why]):
        service.waive(case, queries.person_of(case), **{**BASIS, **change})


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        *[({"purpose": p}, rules.NeverWithoutConsent) for p in ("CONSULAR", "COUNTRY_OF_ORIGIN", "MEDIA", "RESEARCH_IDENTIFIED")],
        ({"basis": "CHILD_BEST_INTERESTS"}, rules.BasisOnlyForChild),
        ({"told_on": TODAY - timedelta(days=9), "told_by": True}, rules.ToldBefore),
        ({"reviewed": True}, rules.SecondPersonReviews),
    ],
)  # fmt: skip
def test_the_database_refuses_the_same(case, values, refusal):
    who = access.current().user_id
    row = ConsentWaiver(
        id=uuid7(), case_id=case.id, person_id=queries.person_of(case).id, purpose=values.get("purpose", "CASH"),
        adult=True, basis=values.get("basis", "LACKS_CAPACITY"), made_at=clock.now(), made_on=TODAY, made_by_id=who,
        told_on=values.get("told_on"), told_by_id=who if values.get("told_by") else None,
    )  # fmt: skip
    row.reason = "x"
    if values.get("reviewed"):
        row.reviewed_at, row.reviewed_by_id, row.outcome = clock.now(), who, "UPHELD"
    nested = session.begin_nested()
    session.add(row)
    with pytest.raises(sa.exc.IntegrityError) as error:
        session.flush()
    nested.rollback()
    assert isinstance(refusal_of(error.value), refusal)


def test_the_database_refuses_to_override_a_consent_that_is_there(case):
    person = queries.person_of(case)
    service.record_consent(case, person, NewConsent("REFER_HEALTH", form="SIGNED"), on=TODAY)
    nested = session.begin_nested()
    with pytest.raises(sa.exc.IntegrityError) as error:
        make_waiver(person)
    nested.rollback()
    assert isinstance(refusal_of(error.value), rules.NotNeeded)
    service.record_consent(case, person, NewConsent("REFER_HEALTH", state="REFUSED"), on=TODAY)
    make_waiver(person)


def test_whoever_acted_does_not_review_it_and_the_second_person_does(case, supervisor, client):
    with access.acting_as(access.current()):
        row = service.waive(case, queries.person_of(case), **BASIS)
        number, row_id, actor = case.number, row.id, access.current()
        with pytest.raises(rules.SecondPersonReviews):
            service.review_waiver(case, row, "UPHELD", on=TODAY)
        restart()
    client.sign_in(actor)
    own = text(client.get(f"/cases/{number}/waivers/{row_id}"))
    assert "Lo revisa otra persona" in own and "Anotar la revisión" not in own
    assert number not in text(client.get("/waivers"))
    refused = client.post(
        f"/cases/{number}/waivers/{row_id}/review", data={"outcome": "UPHELD", "version": "1"}
    )
    assert refused.status_code == 422
    client.sign_in(supervisor)
    assert f"/cases/{number}/waivers/{row_id}" in text(client.get("/waivers"))
    page = text(client.get(f"/cases/{number}/waivers/{row_id}"))
    assert "Inconsciente, con sangrado." in page and "En qué consiste el riesgo vital" in page
    url = f"/cases/{number}/waivers/{row_id}/review"
    without = client.post(url, data={"outcome": "NOT_UPHELD", "version": "1"})
    assert without.status_code == 422 and "Escriba por qué no se sostiene." in text(without)
    stale = client.post(url, data={"outcome": "UPHELD", "version": "9", "note": "De acuerdo."})
    assert stale.status_code == 409 and "De acuerdo." in text(stale)
    version = re.search(r'name="version"[^>]*value="(\d+)"', page).group(1)
    assert client.post(url, data={"outcome": "UPHELD", "version": version}).status_code == 302
    assert "Nada por revisar" in text(client.get("/waivers"))


def test_that_the_person_was_told_is_written_down(case, client, desk):
    row = service.waive(case, queries.person_of(case), **BASIS)
    number, row_id = case.number, row.id
    restart()
    client.sign_in(desk.principal)
    url = f"/cases/{number}/waivers/{row_id}/told"
    told = {"told_on-day": "23", "told_on-month": "11", "told_on-year": "2025"}
    early = client.post(url, data={**told, "told_on-day": "1"})
    assert early.status_code == 422 and "desde el día en que se actuó" in text(early)
    assert client.post(url, data={**told, "told_on-day": "x"}).status_code == 422
    assert client.post(url, data=told).status_code == 302
    restart()
    assert session.get_one(ConsentWaiver, row_id).told_on == date(2025, 11, 23)
    assert "Decírselo a la persona" not in text(client.get(f"/cases/{number}/waivers/{row_id}"))


@pytest.mark.parametrize("officer", [True, False])
@pytest.mark.parametrize("basis", BASES)
def test_what_is_best_for_a_child_is_for_the_child_officer_to_say(basis, officer):
    why = why_not_waive(
        "REFER_HEALTH", basis, "Artículo 4, la autoridad lo decidió", child=True, officer=officer
    )
    assert why == ("CHILD_OFFICER_ACTS" if basis == "CHILD_BEST_INTERESTS" and not officer else None)


def test_a_caseworker_does_not_act_on_it(case):
    person = queries.person_of(case)
    person.birth_from = person.birth_to = date(2015, 1, 1)
    with pytest.raises(REFUSALS["CHILD_OFFICER_ACTS"]):
        service.waive(case, person, **{**BASIS, "basis": "CHILD_BEST_INTERESTS"})


@pytest.mark.parametrize("officer", [True, False])
def test_what_is_best_for_a_child_is_offered_to_whoever_may_say_it(client, case, desk, officer):
    number = case.number
    restart()
    with desk.db.as_owner():
        offer(make_team(), "HEALTH")
    grants = desk.principal.grants
    client.sign_in(
        replace(
            desk.principal, grants=(*grants, replace(grants[0], role="CHILD_OFFICER")) if officer else grants
        )
    )
    page = text(client.get(f"/cases/{number}/refer?kind=HEALTH"))
    assert 'value="VITAL_INTEREST"' in page
    assert ('value="CHILD_BEST_INTERESTS"' in page) is officer
    assert ("la función de oficialía de niñez en su equipo" in page) is not officer
