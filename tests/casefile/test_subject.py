"""A person asks about their own data: a copy made by the worker and handed over once, corrections decided by another,
erasure that something may hold."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from caseapp.casefile.enquiry import service as enquiries
from caseapp.casefile.enquiry.models import Enquiry
from caseapp.casefile.enquiry.service import NewEnquiry
from caseapp.casefile.subject import copying, rules, service
from caseapp.casefile.subject.models import SubjectRequest
from caseapp.casefile.subject.words import LISTS
from caseapp.core import access, outbox, reference
from caseapp.core.audit import AuditRow
from caseapp.core.db import session
from caseapp.core.jobs import JobRun
from caseapp.core.outbox import OutboxRow
from caseapp.deadline.models import Deadline
from caseapp.people import service as people
from caseapp.people.models import Case
from caseapp.people.service import NewContact
from caseapp.procedure.models import Claim, ClaimApplicant
from tests.casefile.conftest import restart
from tests.casefile.oversight import make_subject_request
from tests.factories import make_team, make_user, principal_of


@pytest.mark.parametrize(
    ("list_name", "codes"),
    [
        ("subject_request_kind", rules.KINDS), ("subject_request_state", rules.STATES),
        ("correction_topic", rules.TOPICS), ("subject_refusal", rules.REFUSALS), ("legal_hold", rules.HOLDS),
    ],
)  # fmt: skip
def test_the_lists_are_those_of_the_rules(list_name, codes):
    assert tuple(c.code for c in reference.codes(list_name)) == codes


ALLOWED = {
    ("ACCESS", "ASKED", "make"): "READY",
    ("ACCESS", "READY", "collect"): "COLLECTED",
    ("CORRECTION", "ASKED", "decide"): "GRANTED",
    ("ERASURE", "ASKED", "decide"): "GRANTED",
    **{(kind, state, "withdraw"): "WITHDRAWN" for kind in rules.KINDS for state in ("ASKED", "READY")},
}


@pytest.mark.parametrize("kind", rules.KINDS)
@pytest.mark.parametrize("state", rules.STATES)
@pytest.mark.parametrize("verb", rules.TRANSITIONS)
def test_every_step_from_every_state(kind, state, verb):
    expected = ALLOWED.get((kind, state, verb))
    if expected is None:
        with pytest.raises(rules.RequestEnded):
            rules.after(verb, kind, state)
    else:
        assert rules.after(verb, kind, state) == expected


def test_a_file_is_erased_or_not():
    with pytest.raises(rules.PartOnlyOfCorrection):
        rules.after("decide", "ERASURE", "ASKED", "PART")
    assert rules.after("decide", "CORRECTION", "ASKED", "PART") == "PART"


@pytest.mark.parametrize(
    ("kind", "decision", "reason", "answer", "own", "refusal"),
    [
        ("ERASURE", "GRANTED", None, "", False, None),
        ("ERASURE", "GRANTED", None, "", True, rules.OwnDecision),
        ("ERASURE", "REFUSED", None, "", False, rules.ReasonMissing),
        ("ERASURE", "REFUSED", "LEGAL_DUTY", "", False, None),
        ("CORRECTION", "GRANTED", None, " ", False, rules.AnswerMissing),
        ("CORRECTION", "GRANTED", None, "Su apellido.", False, None),
        ("CORRECTION", "PART", "NOT_WRONG", "", False, rules.AnswerMissing),
        ("CORRECTION", "PART", None, "Su apellido.", False, rules.ReasonMissing),
        ("CORRECTION", "REFUSED", "NOT_WRONG", "", False, None),
    ],
)
def test_who_decides_and_what_they_must_say(kind, decision, reason, answer, own, refusal):
    if refusal is None:
        rules.may_decide(kind, decision, reason, answer, own=own)
    else:
        with pytest.raises(refusal):
            rules.may_decide(kind, decision, reason, answer, own=own)


@pytest.mark.parametrize(
    ("kind", "topic", "what", "has_open", "refusal"),
    [
        ("ACCESS", None, "", False, None),
        ("ACCESS", None, "", True, rules.RequestOpen),
        ("ERASURE", None, "", False, None),
        ("CORRECTION", None, "Es Pérez", False, rules.TopicMissing),
        ("CORRECTION", "NAME", "  ", False, rules.WordsMissing),
        ("CORRECTION", "NAME", "Es Pérez", False, None),
    ],
)
def test_a_reason_is_asked_of_nobody_who_wants_to_see_or_erase(kind, topic, what, has_open, refusal):
    if refusal is None:
        rules.may_ask(kind, topic, what, has_open=has_open)
    else:
        with pytest.raises(refusal):
            rules.may_ask(kind, topic, what, has_open=has_open)


@pytest.mark.parametrize("field", ["open_file", "hold", "open_request", "legal_clock", "open_claim"])
def test_each_of_these_holds_a_file_alone(field):
    [code] = rules.keeps(rules.Standing(**{field: True}))
    assert reference.known("kept_why", code)
    assert rules.keeps(rules.Standing()) == ()


def test_every_reason_to_keep_has_a_label():
    every = rules.keeps(rules.Standing(True, True, True, True, True))
    assert set(every) == {c.code for c in reference.codes("kept_why")}


# -- the copy -----------------------------------------------------------------------------------------
def fill(desk: Any) -> None:
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.mother)
        people.record_need(
            case, desk.mother, "LP-ND", "MEDIUM", "Lo contó su hija Anastasia.", on=case.opened_on
        )
        people.record_need(case, desk.mother, "SV", "MEDIUM", "Muy reservado.", on=case.opened_on)
        people.set_requirement(case, "ALLERGY_LIFE", on=case.opened_on, detail="maní")
        contact = NewContact(rule="ONLY_VIA", number="9611234567", whose="SELF", via="Comadre Eulalia")
        people.set_contact(case, contact, on=case.opened_on)
        session.commit()


def asked(desk: Any, client: Any, kind: str = "ACCESS", person: Any = None, **data: str) -> Any:
    client.sign_in(desk.caseworker)
    number = desk.numbers[(person or desk.mother).case_id]
    return client.post(f"/cases/{number}/data", data={"kind": kind, **data})


def deliver(desk: Any) -> None:
    with desk.db.as_owner():
        message = session.scalars(sa.select(OutboxRow.id).where(OutboxRow.topic == "subject.make_copy")).one()
    desk.db.as_role("work")
    with access.acting_as(access.system("outbox")):
        restart()
        assert outbox.deliver(message)
        session.commit()
    desk.db.as_role("app")


def test_the_copy_holds_what_is_kept_and_nobody_elses_data(desk, client, app):
    fill(desk)
    url = asked(desk, client).headers["Location"]
    assert "Se está haciendo" in client.get(url).get_data(as_text=True)
    with app.app_context():
        deliver(desk)
    page = client.get(url).get_data(as_text=True)
    assert "La copia está lista" in page
    answer = client.post(url + "/copy")
    assert answer.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert sorted(archive.namelist()) == ["data.json", "en.html", "es.html"]
        spanish, english = (archive.read(f"{lang}.html").decode() for lang in ("es", "en"))
        data = json.loads(archive.read("data.json"))
    with desk.db.as_owner():
        child = desk.child
        mother = desk.mother
    for text in (spanish, english, json.dumps(data, ensure_ascii=False)):
        for mine in (mother.given_names, "9611234567", "maní"):
            assert mine in text, mine
        for theirs in (child.given_names, "Anastasia", "Eulalia", "Muy reservado", str(child.case_id)):
            assert theirs not in text, theirs
    assert "Sin documentos legales" in spanish and reference.label("need_code", "SV", "es") in spanish
    assert "Lo que se guarda sobre usted" in spanish and "Vínculos familiares anotados" in spanish
    assert "What is kept about you" in english
    assert data["withheld"] >= 2 and {"person", "need", "relation"} <= {p["name"] for p in data["sections"]}


def test_a_word_that_is_never_exported_reads_in_the_copy_as_its_sender_reads_it():
    """Every code with flag X for which a list names what is shown outside (VOCABULARY A0, A1)."""
    kept = [c for c in reference.codes("decline_reason") if "X" in c.flags]
    assert [c.code for c in kept] == ["PREVIOUS_INCIDENT"]
    for code in kept:
        for table, column in (("referral", "decline_reason"), ("referral_member", "not_accepted_reason")):
            assert copying._words(table, column, code.code) == reference.label(
                "decline_reason", "CANNOT_OFFER"
            )
    assert copying._words("referral", "decline_reason", "NO_STAFF") == reference.label(
        "decline_reason", "NO_STAFF"
    )
    every = [c for c in {*LISTS.values(), *(t for t, _c in LISTS)} if copying._is_list(c)]
    shown = [
        c
        for n in [*every, "decline_reason"]
        for c in reference.codes(n)
        if "X" in c.flags and "shown_as" in c.extra
    ]
    assert {c.code for c in shown} == {"PREVIOUS_INCIDENT"}


def test_the_copy_is_handed_over_once_and_then_it_is_nowhere(desk, client, app):
    url = asked(desk, client).headers["Location"]
    with app.app_context():
        deliver(desk)
    with desk.db.as_owner():
        [row] = session.scalars(sa.select(SubjectRequest)).all()
        assert row.file_sealed is not None and desk.mother.given_names.encode() not in row.file_sealed
        assert session.scalars(sa.select(JobRun.state).where(JobRun.job == "subject.copy")).all() == ["DONE"]
    assert client.post(url + "/copy").status_code == 200
    assert client.post(url + "/copy").status_code == 302
    with desk.db.as_owner():
        [row] = session.scalars(sa.select(SubjectRequest)).all()
        assert (row.state, row.file_sealed, row.collected_by_id) == (
            "COLLECTED", None, desk.caseworker.user_id,
        )  # fmt: skip
        acts = session.scalars(sa.select(AuditRow.act).where(AuditRow.subject == "subject_request")).all()
        assert acts.count("exported") == 1
        assert session.scalars(sa.select(Deadline.state)).all() == ["MET"]


def test_the_clock_of_a_request_runs_twenty_working_days(desk, client):
    asked(desk, client)
    with desk.db.as_owner():
        [row] = session.scalars(sa.select(SubjectRequest)).all()
        [running] = session.scalars(sa.select(Deadline)).all()
    assert (running.rule, running.state) == ("SUBJECT_ACCESS", "RUNNING")
    assert row.due_on == date(2025, 12, 19)
    assert asked(desk, client).status_code == 422


def test_the_officer_hands_the_copy_over_without_opening_the_file(desk, client, app):
    url = asked(desk, client).headers["Location"]
    with app.app_context():
        deliver(desk)
    with desk.db.as_owner():
        team = make_team(country="MEX", type="COMMISSION_STATISTICS")
        officer = principal_of(make_user("DATA_PROTECTION_OFFICER", team), ("DATA_PROTECTION_OFFICER", team))
        abroad = make_team(country="GTM", type="COMMISSION_STATISTICS")
        other = principal_of(
            make_user("DATA_PROTECTION_OFFICER", abroad), ("DATA_PROTECTION_OFFICER", abroad)
        )
    client.sign_in(other)
    assert client.get(url).status_code == 404
    client.sign_in(officer)
    number = desk.numbers[desk.mother.case_id]
    listed = client.get("/data-requests").get_data(as_text=True)
    assert number in listed and desk.mother.given_names not in listed
    assert client.get(f"/cases/{number}").status_code == 403
    answer = client.post(url + "/copy")
    assert zipfile.is_zipfile(io.BytesIO(answer.data))


# -- decided by another -------------------------------------------------------------------------------
def decide(client: Any, who: access.Principal, url: str, **data: str) -> Any:
    client.sign_in(who)
    return client.post(url + "/decide", data={"version": "2", **data})


def test_a_correction_is_decided_by_somebody_else_who_says_what_changed(desk, client):
    url = asked(desk, client, "CORRECTION", topic="NAME", what="Mi apellido es Pérez").headers["Location"]
    assert decide(client, desk.caseworker, url, decision="GRANTED").status_code == 403
    refused = decide(client, desk.supervisor, url, decision="GRANTED")
    assert refused.status_code == 422 and "Escriba qué cambió" in refused.get_data(as_text=True)
    assert decide(client, desk.supervisor, url, decision="GRANTED", answer="Su apellido.").status_code == 302
    page = client.get(url).get_data(as_text=True)
    assert "Concedida" in page and "Su apellido." in page


def test_a_supervisor_never_decides_on_what_they_wrote_down_even_past_the_rule(desk, client):
    with desk.db.as_owner():
        case = desk.case(desk.mother)
    row = make_subject_request(desk.db, case, type("U", (), {"id": desk.supervisor.user_id}))
    client.sign_in(desk.supervisor)
    answer = client.post(
        f"/data-requests/{row.id}/decide",
        data={"decision": "REFUSED", "reason": "LEGAL_DUTY", "version": "1"},
    )
    assert answer.status_code == 422
    with (
        desk.db.as_owner(),
        pytest.raises(sa.exc.IntegrityError, match="second_person"),
        session.begin_nested(),
    ):
        session.execute(
            sa.text(
                "UPDATE subject_request SET state = 'REFUSED', reason = 'LEGAL_DUTY', ended_at = now(), "
                "decided_by_id = asked_by_id"
            )
        )


def closed(desk: Any, person: Any) -> None:
    with desk.db.as_owner():
        session.execute(sa.text("UPDATE case_alert SET resolved_on = raised_on, outcome = 'NO_LONGER'"))
        case = desk.case(person)
        case.status, case.closed_on, case.closure_reason = "CLOSED", date(2025, 11, 22), "PERSON_ASKED"


def test_an_open_file_or_a_held_one_is_not_erased(desk, client):
    url = asked(desk, client, "ERASURE").headers["Location"]
    answer = decide(client, desk.supervisor, url, decision="GRANTED")
    assert answer.status_code == 422 and "el expediente está abierto" in answer.get_data(as_text=True)
    closed(desk, desk.mother)
    number = desk.numbers[desk.mother.case_id]
    assert client.post(f"/cases/{number}/hold", data={"hold": "COMPLAINT"}).status_code == 302
    assert client.post(f"/cases/{number}/hold", data={"hold": "COMPLAINT"}).status_code == 422
    answer = decide(client, desk.supervisor, url, decision="GRANTED")
    assert answer.status_code == 422 and "hay una retención legal" in answer.get_data(as_text=True)
    page = client.get(f"/cases/{number}/data").get_data(as_text=True)
    assert "Terminar retención" in page


@pytest.mark.parametrize("what", ["hold", "request", "clock", "claim"])
def test_postgresql_erases_no_held_file(desk, what):
    closed(desk, desk.mother)
    case_id = desk.mother.case_id
    with desk.db.as_owner():
        case = desk.case(desk.mother)
        user = desk.supervisor.user_id
    if what == "claim":
        with desk.db.as_owner():
            claim = Claim(case_id=case_id, lodged_on=date(2025, 11, 1))
            session.add(claim)
            session.flush()
            role = {"role": "PRINCIPAL", "since": date(2025, 11, 1), "sealed": False, "pending": True}
            session.add(ClaimApplicant(claim_id=claim.id, case_id=case_id, **role))
    if what == "request":
        make_subject_request(desk.db, case, type("U", (), {"id": user}), kind="ACCESS")
    sql = {
        "hold": "INSERT INTO legal_hold (id, case_id, reason, since, set_by_id) VALUES (gen_random_uuid(), :c, 'COURT', '2025-01-01', :u)",
        "clock": "INSERT INTO deadline (id, case_id, team_id, subject_kind, subject_id, rule, kind, started_at, due_at) "
        "VALUES (gen_random_uuid(), :c, :t, 'claim', gen_random_uuid(), 'APPEAL', 'LEGAL', now(), now())",
    }
    with desk.db.as_owner():
        if what in sql:
            session.execute(sa.text(sql[what]), {"c": case_id, "u": user, "t": desk.team.id} if what == "clock" else {"c": case_id, "u": user})  # fmt: skip
        with pytest.raises(sa.exc.DatabaseError, match="the file is held"), session.begin_nested():
            session.execute(sa.text('UPDATE "case" SET erased_at = now() WHERE id = :c'), {"c": case_id})


def everything(desk: Any) -> str:
    """Every row of every table, as text."""
    with desk.db.as_owner():
        tables = session.execute(
            sa.text(
                "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' "
                "AND table_schema IN ('public', 'keyring', 'facts', 'released') ORDER BY 1, 2"
            )
        ).all()
        assert len(tables) > 40
        return "\n".join(
            str(row)
            for schema, name in tables
            for row in session.execute(
                sa.text(f'SELECT to_jsonb(x)::text FROM {schema}."{name}" x')
            ).scalars()
        )


def test_after_erasing_the_name_is_in_no_table_and_nothing_opens(desk, client, app, tmp_path):
    fill(desk)
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.mother)
        known = people.details_of(desk.mother)
        person = people_person(case)
        people.correct_person(
            case, person, replace(known, given_names="Quetzalxochitl", surname_1="Zapotlán"), version=None, on=case.opened_on
        )  # fmt: skip
        enquiry = enquiries.log(NewEnquiry("POLICE", "Quetzalxochitl Zapotlán"), desk.team)
        session.commit()
        enquiry_id = enquiry.id
    number = desk.numbers[desk.mother.case_id]
    client.sign_in(desk.supervisor)
    client.post(f"/enquiries/{enquiry_id}/link", data={"number": number, "version": "1"})
    url = asked(desk, client, "ERASURE", what="Quetzalxochitl pide que se borre").headers["Location"]
    closed(desk, desk.mother)
    assert decide(client, desk.supervisor, url, decision="GRANTED").status_code == 302
    text = everything(desk)
    for word in ("Quetzalxochitl", "Zapotlán", "9611234567", "Eulalia", "Anastasia"):
        assert word not in text, word
    with desk.db.as_owner():
        case = session.get_one(Case, desk.mother.case_id, populate_existing=True)
        assert case.erased_at is not None and case.number == number
        row = session.get_one(Enquiry, enquiry_id, populate_existing=True)
        assert row.about_sealed is None and row.wiped_at is not None
        keys = session.scalar(
            sa.text("SELECT count(*) FROM keyring.case_key WHERE case_id IN (:c, :e)"),
            {"c": case.id, "e": enquiry_id},
        )
        assert keys == 0
        [request] = session.scalars(sa.select(SubjectRequest)).all()
        assert (request.state, request.what_sealed) == ("GRANTED", None)
    assert client.get(f"/cases/{number}").status_code == 404


def people_person(case: Any) -> Any:
    from caseapp.people import queries

    return queries.person_of(case)


def test_a_withdrawn_request_is_made_by_nobody(desk, client, app):
    url = asked(desk, client).headers["Location"]
    assert client.post(url + "/withdraw").status_code == 302
    with app.app_context():
        deliver(desk)
    with desk.db.as_owner():
        [row] = session.scalars(sa.select(SubjectRequest)).all()
        assert (row.state, row.file_sealed) == ("WITHDRAWN", None)
        assert session.scalars(sa.select(Deadline.state)).all() == ["CANCELLED"]


def test_without_a_user_nothing_is_written_down(desk):
    with desk.db.as_owner():
        case = desk.case(desk.mother)
    with access.acting_as(access.system("test")), pytest.raises(access.NotPermitted):
        service.ask(case, kind="ACCESS")


def test_every_part_of_a_copy_has_a_title_in_words():
    from caseapp.casefile.subject.copying import _tables
    from caseapp.casefile.subject.words import TITLES

    assert {name for name, _mapped in _tables()} == set(TITLES)
