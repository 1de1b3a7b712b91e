"""Documents given: their numbers, validity, renewal and expiry."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from stdnum.mx.curp import calc_check_digit

from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.journal import CaseEvent
from caseapp.deadline import queries as clocks
from caseapp.people import service as people
from caseapp.people.models import Case, IdentityDocument
from caseapp.procedure import queries, rules, service
from caseapp.procedure.models import IssuedDocument
from tests.conftest import NOW
from tests.factories import make_person, make_site, make_team, make_user, principal_of
from tests.procedure.routes import dated

TODAY = date(2025, 11, 23)
D = {n: date(2025, 11, n) for n in range(1, 24)}


def curp(first: str) -> str:
    """A made-up key with its check digit."""
    return first + calc_check_digit(first + "0")


ABROAD, AT_HOME = curp("PUXA900517MNERXN0"), curp("PUXA900517MCSRXN0")


@pytest.mark.parametrize(
    ("kind", "number", "kept"),
    [
        ("CURP_TEMPORARY", ABROAD, ABROAD),
        ("CURP_TEMPORARY", f" {ABROAD.lower()} ", ABROAD),
        ("CURP_TEMPORARY", AT_HOME, rules.CurpNotForeign),
        ("CURP_TEMPORARY", ABROAD[:-1] + str((int(ABROAD[-1]) + 1) % 10), rules.CurpWrong),
        ("CURP_TEMPORARY", ABROAD.replace("0517", "1345"), rules.CurpWrong),
        ("CURP_TEMPORARY", "", rules.CurpWrong),
        ("DIMEX", "1558 1299 4816", "155812994816"),
        ("DIMEX", "255812994816", rules.DimexWrong),
        ("DIMEX", "1558", rules.DimexWrong),
        ("CLAIM_CERTIFICATE", " COMAR/7 ", "COMAR/7"),
        ("CLAIM_CERTIFICATE", "  ", rules.NumberMissing),
    ],
)
def test_the_number_that_a_document_may_carry(kind, number, kept):
    if isinstance(kept, str):
        assert rules.checked_number(kind, number) == kept
    else:
        with pytest.raises(kept):
            rules.checked_number(kind, number)


EVERYWHERE = {"CLAIM_CERTIFICATE", "REFUGEE_CARD", "UNHCR_CERTIFICATE"}


@pytest.mark.parametrize(
    ("country", "own"),
    [
        ("MEX", {"CURP_TEMPORARY", "HUMANITARIAN_CARD"}),
        ("CRI", {"DIMEX"}),
        ("GTM", {"PROVISIONAL_STAY"}),
        ("HND", set()),
    ],
)
def test_what_a_country_gives(country, own):
    assert set(rules.issued_in(country)) == EVERYWHERE | own
    for kind in rules.ISSUABLE:
        if kind in EVERYWHERE | own:
            rules.may_issue(kind, country, TODAY, None, TODAY)
            with pytest.raises(rules.DateInFuture):
                rules.may_issue(kind, country, TODAY + timedelta(days=1), None, TODAY)
            with pytest.raises(rules.ValidityBefore):
                rules.may_issue(kind, country, TODAY, D[1], TODAY)
        else:
            with pytest.raises(rules.DocumentElsewhere):
                rules.may_issue(kind, country, TODAY, None, TODAY)


@pytest.mark.parametrize("state", rules.DOCUMENT_STATES)
@pytest.mark.parametrize("kind", rules.ISSUABLE)
def test_what_may_be_renewed(kind, state):
    if kind != "CURP_TEMPORARY" and state in ("ISSUED", "EXPIRED"):
        rules.may_renew(kind, state, D[1], TODAY, None, TODAY)
        with pytest.raises(rules.DateBefore):
            rules.may_renew(kind, state, D[5], D[4], None, TODAY)
    else:
        with pytest.raises(rules.NotRenewable):
            rules.may_renew(kind, state, D[1], TODAY, None, TODAY)


def test_the_lists_are_those_of_the_reference():
    assert {c.code for c in reference.codes("issued_document_state")} == set(rules.DOCUMENT_STATES)
    assert set(rules.ISSUABLE) < {c.code for c in reference.codes("document_type")}
    assert {r.code for r in reference.clock_rules()} >= set(rules.VALID_BY.values())


@pytest.fixture(params=["MEX"])
def desk(db, request):
    with db.as_owner():
        team = make_team(
            make_site(country=request.param, code="CR-TST" if request.param == "CRI" else "MX-TST")
        )
        person = make_person(team, nationality="NIC")
        number = session.get_one(Case, person.case_id).number
        user = make_user(team=team)
    session.expunge_all()
    return db, person.case_id, number, principal_of(user, ("CASEWORKER", team))


@pytest.fixture
def case(desk):
    with access.acting_as(desk[3]):
        session.commit()
        yield session.get_one(Case, desk[1])


def told(case):
    rows = session.scalars(
        sa.select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.kind.like("document.%"))
    )
    return [(e.kind, e.code, e.reason_group) for e in sorted(rows, key=lambda e: e.position)]


def test_a_population_key_is_kept_sealed_found_by_its_number_and_is_a_step_of_the_claim(case):
    claim = service.lodge(case, on=D[3])
    service.take(case, claim, "REGISTERED", on=D[4])
    made = service.issue(case, "CURP_TEMPORARY", on=D[6], number=ABROAD, claim=claim)
    assert made.number == ABROAD and ABROAD.encode() not in made.number_sealed
    assert told(case) == [("document.issued", "CURP_TEMPORARY", "IN_TIME")]
    assert [(s.step, s.code) for s in queries.steps_of([claim.id])[claim.id]][-1] == (
        "DOCUMENT_ISSUED",
        "CURP_TEMPORARY",
    )
    paper = session.scalars(sa.select(IdentityDocument).where(IdentityDocument.case_id == case.id)).one()
    assert (paper.document_type, paper.number, paper.seen) == ("CURP_TEMPORARY", ABROAD, True)
    found = people.search(ABROAD, access.current(), on=TODAY)
    assert [hit.summary.case_id for hit in found.hits] == [case.id]
    # A second document is one more step, and no clock waits for it any more.
    service.issue(case, "CLAIM_CERTIFICATE", on=D[7], number="7", claim=claim, valid_to=D[20])
    assert told(case)[-1] == ("document.issued", "CLAIM_CERTIFICATE", "NO_LIMIT")


def test_a_document_that_came_late_says_so(case):
    claim = service.lodge(case, on=date(2025, 10, 1))
    service.take(case, claim, "REGISTERED", on=date(2025, 10, 2))
    service.issue(case, "CLAIM_CERTIFICATE", on=D[6], number="7", claim=claim)
    assert told(case) == [("document.issued", "CLAIM_CERTIFICATE", "LATE")]


@pytest.mark.parametrize("desk", ["CRI"], indirect=True)
def test_the_countrys_rule_gives_the_validity_and_renewal_moves_it(case):
    made = service.issue(case, "REFUGEE_CARD", on=D[3], number="R-1")
    assert made.valid_to == date(2027, 11, 3)
    [running] = clocks.running_for([case.id])
    assert (running.rule, running.kind) == ("DOCUMENT_VALID", "DOCUMENT")
    with pytest.raises(ChangedMeanwhile):
        service.renew(case, made, on=TODAY, version=9)
    again = service.renew(case, made, on=TODAY, valid_to=date(2026, 2, 1), version=made.version)
    assert (made.state, made.ended_on, again.renews_id, again.number) == ("RENEWED", TODAY, made.id, "R-1")
    assert [c.subject_id for c in clocks.running_for([case.id])] == [again.id]
    paper = session.scalars(sa.select(IdentityDocument).where(IdentityDocument.case_id == case.id)).one()
    assert paper.valid_to == date(2026, 2, 1)
    with pytest.raises(rules.NotRenewable):
        service.renew(case, made, on=TODAY)
    assert [e[0] for e in told(case)] == ["document.issued", "document.renewed"]
    dimex = service.issue(case, "DIMEX", on=D[5], number="155812994816", valid_to=date(2026, 11, 5))
    assert dimex.number == "155812994816"


def test_a_document_is_good_until_its_last_local_day_is_over(desk, case):
    made = service.issue(case, "HUMANITARIAN_CARD", on=D[3], number="H-1", valid_to=date(2025, 12, 3))
    made_id = made.id
    # 19:00 in Mexico on the 3rd is the 4th in UTC; then the night after.
    for at, expected in (
        (datetime(2025, 12, 4, 1, tzinfo=UTC), 0),
        (datetime(2025, 12, 4, 7, tzinfo=UTC), 1),
    ):
        with clock.held_at(at):
            desk[0].as_role("work")
            session.expunge_all()
            with access.acting_as(access.system("clocks")):
                assert service.look_at_documents() == expected
            desk[0].as_role("app")
    session.commit()
    assert session.get_one(IssuedDocument, made_id).state == "EXPIRED"


def test_what_expires_is_written_down_once_and_may_still_be_renewed(desk, case):
    made = service.issue(case, "HUMANITARIAN_CARD", on=D[3], number="H-1", valid_to=date(2025, 12, 3))
    made_id = made.id
    for days, expected in ((10, 0), (11, 1), (12, 0)):
        with clock.held_at(NOW + timedelta(days=days)):
            desk[0].as_role("work")
            session.expunge_all()
            with access.acting_as(access.system("clocks")):
                assert service.look_at_documents() == expected
            desk[0].as_role("app")
    session.commit()
    found = session.get_one(IssuedDocument, made_id)
    assert (found.state, found.ended_on) == ("EXPIRED", date(2025, 12, 3))
    assert [e[0] for e in told(case)] == ["document.issued", "document.expired"]
    with clock.held_at(NOW + timedelta(days=15)):
        service.renew(session.get_one(Case, case.id), found, on=date(2025, 12, 8), valid_to=date(2026, 12, 8))
    assert found.state == "RENEWED"


@pytest.mark.parametrize(
    "broken",
    [
        {"document_type": "PASSPORT"}, {"state": "LOST"}, {"state": "EXPIRED"}, {"ended_on": TODAY}, {"valid_to": D[1]},
        {"state": "EXPIRED", "ended_on": D[1]},
    ],
)  # fmt: skip
def test_the_database_refuses_a_document_that_cannot_be(case, broken):
    whole = {"case_id": case.id, "document_type": "UNHCR_CERTIFICATE", "issued_on": D[3], "state": "ISSUED"}
    with pytest.raises(sa.exc.IntegrityError, match="ck_issued_document"), session.begin_nested():
        session.add(IssuedDocument(**{**whole, **broken}))
        session.flush()


def test_the_page_says_beside_the_field_what_is_wrong_and_shows_the_document(client, desk):
    url = f"/cases/{desk[2]}/documents/new"
    client.sign_in(desk[3])
    assert "CURP temporal" in client.get(url).get_data(as_text=True)
    for fields, words in (
        ({"document_type": "", "number": ABROAD}, "Elija el documento."),
        ({"document_type": "CURP_TEMPORARY", "number": AT_HOME}, "NE en las posiciones 12 y 13"),
        ({"document_type": "CURP_TEMPORARY", "number": "PUXA"}, "La CURP no es válida"),
        ({"document_type": "CLAIM_CERTIFICATE", "number": "7", "valid_to-day": "x"}, "Escriba"),
        (
            {"document_type": "CLAIM_CERTIFICATE", "number": "7", "valid_to-day": "1", "valid_to-month": "11", "valid_to-year": "2025"},
            "no puede vencer antes de emitirse",
        ),
    ):  # fmt: skip
        refused = client.post(url, data=dated(**fields))
        page = refused.get_data(as_text=True)
        assert refused.status_code == 422 and words in page and fields["number"] in page
    assert client.post(url, data=dated(document_type="CURP_TEMPORARY", number=ABROAD)).status_code == 302
    shown = client.get(f"/cases/{desk[2]}/claim").get_data(as_text=True)
    assert ABROAD in shown and "Vigente" in shown and "/renew" not in shown
