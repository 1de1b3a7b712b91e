"""Somebody asks for a person: written in seconds, confirmed to nobody, linked later by whoever holds the file."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from caseapp.casefile.enquiry import queries, rules, service
from caseapp.casefile.enquiry.models import Enquiry
from caseapp.casefile.enquiry.service import NewEnquiry
from caseapp.core import access, clock, reference
from caseapp.core.crypto import CaseKey
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.people import service as people
from caseapp.people.models import Case, Person
from caseapp.people.service import NewConsent
from tests.casefile.conftest import restart
from tests.conftest import NOW
from tests.factories import make_site, make_team, make_user, principal_of
from tests.statements import count_statements


@pytest.mark.parametrize(
    ("list_name", "codes"),
    [
        ("enquiry_by", rules.ASKED_BY), ("enquiry_channel", rules.CHANNELS), ("enquiry_paper", rules.PAPERS),
        ("enquiry_answer", rules.ANSWERS),
    ],
)  # fmt: skip
def test_the_lists_are_those_of_the_rules(list_name, codes):
    assert tuple(c.code for c in reference.codes(list_name)) == codes


@pytest.mark.parametrize(
    ("asked_by", "alert", "purposes"),
    [
        ("FAMILY_SAID", "THIRD_PARTY_ASKED", ("TRACING", "REUNIFICATION")),
        ("POLICE", "AUTHORITY_ASKED", ()),
        ("MIGRATION", "AUTHORITY_ASKED", ()),
        ("CONSULATE", "AUTHORITY_ASKED", ("CONSULAR",)),
        ("LAWYER", "THIRD_PARTY_ASKED", ("REFER_LEGAL",)),
        ("PRESS", "THIRD_PARTY_ASKED", ()),
        ("UNKNOWN", "THIRD_PARTY_ASKED", ()),
    ],
)
def test_who_asks_decides_the_alert_and_whether_anything_may_ever_be_answered(asked_by, alert, purposes):
    assert rules.alert_for(asked_by) == alert
    every = [c.code for c in reference.codes("consent_purpose")]
    if not purposes:
        with pytest.raises(rules.NeverAnswered):
            rules.may_answer(asked_by, every)
        return
    with pytest.raises(rules.WithoutConsent):
        rules.may_answer(asked_by, [p for p in every if p not in purposes])
    for purpose in purposes:
        assert rules.may_answer(asked_by, [purpose]) == purpose


def test_every_code_of_the_list_of_those_who_ask_has_its_row_above():
    assert set(rules.CONSENTS) <= set(rules.ASKED_BY) and set(rules.ASKED_BY) >= rules.AUTHORITIES
    assert len(rules.ASKED_BY) == 7


def test_somebody_must_be_named_and_a_link_is_made_once():
    with pytest.raises(rules.NobodyNamed):
        rules.may_log("  ")
    with pytest.raises(rules.AlreadyLinked):
        rules.may_link(True)
    rules.may_log("María")
    rules.may_link(False)


# -- at the gate --------------------------------------------------------------------------------------
def post(client: Any, who: access.Principal, about: str, **more: str) -> Any:
    client.sign_in(who)
    data = {"asked_by": "POLICE", "about": about, "channel": "GATE", "paper": "BADGE", **more}
    return client.post("/enquiries/new", data=data)


def logged(desk: Any, who: access.Principal, team: Any, **values: Any) -> Any:
    with access.acting_as(who):
        restart()
        row = service.log(NewEnquiry(**{"asked_by": "POLICE", "about": "Ana de prueba", **values}), team)
        session.commit()
        return row.id


def test_the_gate_writes_it_down_and_learns_nothing(desk, client):
    with desk.db.as_owner():
        person = session.get_one(Person, desk.woman.id)
        here, nobody = person.full_name, "Nadie Conocido"
    pages = []
    for name in (here, nobody):
        assert post(client, desk.gate, name).status_code == 302
        page = client.get("/enquiries/new").get_data(as_text=True)
        assert name not in page
        pages.append(page)
    clean = [re.sub(r'nonce="[^"]*"|content="[^"]*"|value="[^"]*"|<ul class="plain">.*?</ul>', "", p, flags=re.S) for p in pages]  # fmt: skip
    assert clean[0] == clean[1]
    assert client.get("/enquiries").status_code == 403
    with desk.db.as_owner():
        rows = session.scalars(sa.select(Enquiry).order_by(Enquiry.id)).all()
        assert [(r.answer, r.asked_by, r.paper, r.about_case_id) for r in rows] == [
            ("DID_NOT_CONFIRM", "POLICE", "BADGE", None)
        ] * 2
        assert all(name.encode() not in r.about_sealed for r, name in zip(rows, (here, nobody), strict=True))
        events = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "enquiry.logged")).all()
        assert [(e.code, e.outcome, e.case_id, e.site_id) for e in events] == [
            ("POLICE", "DID_NOT_CONFIRM", None, desk.shelter.site_id)
        ] * 2


def test_logging_compares_with_no_person(desk, client):
    client.sign_in(desk.gate)
    with count_statements(desk.db.connection) as statements:
        post(client, desk.gate, "Ana")
    assert not [s for s in statements if "name_token" in s or "FROM person" in s or "candidates(" in s]


def test_what_is_missing_is_said_beside_it_and_nothing_typed_is_lost(desk, client):
    client.sign_in(desk.gate)
    answer = client.post("/enquiries/new", data={"about": "María", "channel": "PHONE", "paper": "LETTER"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Elija quién preguntó." in page and 'value="María"' in page


# -- who reads it -------------------------------------------------------------------------------------
def test_the_shelter_reads_its_own_and_the_desk_elsewhere_only_what_was_passed_on(desk, client):
    enquiry_id = logged(desk, desk.gate, desk.shelter)
    client.sign_in(desk.coordinator)
    assert "Ana de prueba" in client.get("/enquiries").get_data(as_text=True)
    client.sign_in(desk.supervisor)
    assert client.get(f"/enquiries/{enquiry_id}").status_code == 404
    client.sign_in(desk.coordinator)
    assert client.post(f"/enquiries/{enquiry_id}/pass").status_code == 302
    client.sign_in(desk.supervisor)
    assert "Ana de prueba" in client.get(f"/enquiries/{enquiry_id}").get_data(as_text=True)
    client.sign_in(desk.caseworker)
    assert client.get(f"/enquiries/{enquiry_id}").status_code == 404


def test_another_country_reads_nothing_even_past_the_where(desk):
    enquiry_id = logged(desk, desk.gate, desk.shelter)
    with desk.db.as_owner():
        session.execute(sa.update(Enquiry).values(passed_at=NOW))
        abroad = make_team(make_site(country="HND", code="HN-YYY"))
        who = principal_of(make_user("SUPERVISOR", abroad), ("SUPERVISOR", abroad))
    with access.acting_as(who):
        restart()
        assert session.get(Enquiry, enquiry_id) is None
        assert session.scalars(queries.newest(who)).all() == []


# -- linked to a file ---------------------------------------------------------------------------------
def link(client: Any, desk: Any, enquiry_id: Any, number: str, **more: str) -> Any:
    client.sign_in(desk.supervisor)
    return client.post(f"/enquiries/{enquiry_id}/link", data={"number": number, "version": "1", **more})


def test_a_supervisor_links_it_and_the_file_shows_the_alert(desk, client):
    enquiry_id = logged(desk, desk.caseworker, desk.team)
    number = desk.numbers[desk.woman.case_id]
    assert link(client, desk, enquiry_id, number).status_code == 302
    page = client.get(f"/cases/{number}").get_data(as_text=True)
    assert "Una autoridad preguntó por la persona" in page
    with desk.db.as_owner():
        [event] = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "alert.raised")).all()
        assert (event.code, event.case_id) == ("AUTHORITY_ASKED", desk.woman.case_id)
    assert link(client, desk, enquiry_id, number, version="2").status_code in (409, 422)


def test_a_file_of_another_team_and_no_file_answer_alike(desk, client):
    enquiry_id = logged(desk, desk.caseworker, desk.team)
    with desk.db.as_owner():
        from tests.factories import make_case

        other = make_case(make_team(make_site())).number
    for number in (other, "T99999999"):
        answer = link(client, desk, enquiry_id, number)
        assert answer.status_code == 422
        assert "Su equipo no lleva un expediente con ese número." in answer.get_data(as_text=True)


def test_nothing_is_answered_without_a_standing_consent(desk, client):
    enquiry_id = logged(desk, desk.caseworker, desk.team, asked_by="FAMILY_SAID")
    number = desk.numbers[desk.woman.case_id]
    answer = link(client, desk, enquiry_id, number, answered="y")
    assert answer.status_code == 422 and "No hay un consentimiento vigente" in answer.get_data(as_text=True)
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        yes = NewConsent("TRACING", "GIVEN", "SELF", form="SIGNED", language="spa", alone=True)
        people.record_consent(case, desk.woman, yes, on=date(2025, 11, 23))
        session.commit()
    assert link(client, desk, enquiry_id, number, answered="y").status_code == 302
    with desk.db.as_owner():
        row = session.get_one(Enquiry, enquiry_id, populate_existing=True)
        assert row.answer == "CONFIRMED_WITH_CONSENT" and row.consent_id is not None


@pytest.mark.parametrize("asked_by", ["POLICE", "MIGRATION", "PRESS", "UNKNOWN"])
def test_postgresql_never_lets_these_be_answered(desk, asked_by):
    enquiry_id = logged(desk, desk.caseworker, desk.team, asked_by=asked_by)
    with (
        desk.db.as_owner(),
        pytest.raises(sa.exc.IntegrityError, match="answered_with_consent"),
        session.begin_nested(),
    ):
        session.execute(
            sa.update(Enquiry).where(Enquiry.id == enquiry_id).values(answer="CONFIRMED_WITH_CONSENT")
        )


# -- it does not stay ---------------------------------------------------------------------------------
def test_the_text_is_wiped_after_ninety_days_and_when_the_person_is_erased(desk, client):
    old = logged(desk, desk.caseworker, desk.team)
    about = logged(desk, desk.caseworker, desk.team)
    link(client, desk, about, desk.numbers[desk.woman.case_id])
    desk.db.as_role("work")
    with access.acting_as(access.system("work")):
        restart()
        with clock.held_at(NOW + timedelta(days=rules.TEXT_DAYS)):
            assert service.wipe_old() == 0
        assert service.wipe_about(session.get_one(Case, desk.woman.case_id)) == 1
        with clock.held_at(NOW + timedelta(days=rules.TEXT_DAYS, seconds=1)):
            assert service.wipe_old() == 1
            assert service.wipe_old() == 0
        for enquiry_id in (old, about):
            row = session.get_one(Enquiry, enquiry_id, populate_existing=True)
            assert (row.about_sealed, row.about, row.asked_by) == (None, None, "POLICE")
            assert session.get(CaseKey, enquiry_id) is None
