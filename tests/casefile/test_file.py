"""The case file: whole for those who hold it, reduced for those who read it, the same cost whatever it holds."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.casefile.sentences import CODES_OF, sealed_codes
from caseapp.core import access, clock, journal, reference
from caseapp.core.audit import AuditRow
from caseapp.core.db import session
from caseapp.people import service as people
from caseapp.people.events import INTAKE_OPENED, happened
from caseapp.people.models import Case, ContactAttempt, Need, PersonLanguage
from caseapp.people.service import NewContact
from caseapp.protection import service as protection
from tests.casefile.conftest import restart
from tests.conftest import NOW
from tests.factories import make_household, make_person, make_team, make_user, principal_of
from tests.factories.shelter import make_stay, open_to, places_in, relate, require
from tests.protection.answering import answer_all
from tests.protection.conftest import PRIVATE
from tests.statements import count_statements


def get(client, who, url):
    client.sign_in(who)
    answer = client.get(url)
    return answer.status_code, answer.get_data(as_text=True)


def url_of(desk, person):
    return f"/cases/{desk.numbers[person.case_id]}"


def fill(desk, person):
    """Give a person one of nearly everything."""
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(person)
        with clock.held_at(NOW - timedelta(hours=30)):
            happened(INTAKE_OPENED, case, on=date(2025, 11, 22))
        people.record_need(case, person, "LP-ND", "MEDIUM", "Perdió su cédula.", on=case.opened_on)
        people.record_need(case, person, "SM-CI", "EMERGENCY", "Insulina.", on=case.opened_on)
        people.set_requirement(case, "ALLERGY_LIFE", on=case.opened_on, detail="maní")
        people.set_contact(case, NewContact(rule="SAFE_TO_TEXT", number="9611234567"), on=case.opened_on)
        session.add(PersonLanguage(case_id=case.id, person_id=person.id, position=1, language="spa"))
        session.commit()


def test_those_who_hold_the_file_see_it_whole(desk, client):
    fill(desk, desk.woman)
    status, page = get(client, desk.caseworker, url_of(desk, desk.woman))
    assert status == 200
    for words in ("Sin documentos legales", "Perdió su cédula.", "Nada la atiende todavía", "Alergia grave", "maní",
                  "9611234567", "español", "Página privada", "entrevista con", "Empezar una entrevista a solas"):  # fmt: skip
        assert words in page, words


def test_what_is_sealed_stands_on_the_private_page_only(desk, client):
    fill(desk, desk.woman)
    whole = get(client, desk.caseworker, url_of(desk, desk.woman))[1]
    private = get(client, desk.caseworker, url_of(desk, desk.woman) + "/private")[1]
    assert "Enfermedad crónica" not in whole and "Insulina" not in whole
    assert "Enfermedad crónica" in private and "Insulina." in private
    assert "Se confirmó una necesidad: Enfermedad crónica" in private


def test_the_link_to_the_private_page_and_the_mark_say_nothing(desk, client):
    """The page is always there, and an ordinary cause shows the same mark as a sealed one."""
    empty = get(client, desk.caseworker, url_of(desk, desk.woman))[1]
    assert "Página privada" in empty and "Consulte a supervisión" not in empty
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        screening = protection.start(case, PRIVATE)
        protection.leave_unfinished(case, screening, "TIME")
        session.commit()
    ordinary = get(client, desk.caseworker, url_of(desk, desk.woman))[1]
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        people.record_need(case, desk.woman, "SV", "HIGH", "x", on=case.opened_on)
        session.commit()
    sealed = get(client, desk.caseworker, url_of(desk, desk.woman))[1]
    assert ordinary.count("Consulte a supervisión") == sealed.count("Consulte a supervisión") > 0
    without_nonce = [
        re.sub(r'(nonce|csrf_token|name="csrf_token" value|content)="[^"]*"', "", p)
        for p in (ordinary, sealed)
    ]
    assert without_nonce[0] == without_nonce[1]


def test_opening_a_file_is_written_down(desk, client):
    get(client, desk.caseworker, url_of(desk, desk.woman))
    with desk.db.as_owner():
        rows = session.scalars(sa.select(AuditRow).where(AuditRow.subject_id == desk.woman.case_id)).all()
    assert [(r.act, r.subject, r.user_id) for r in rows] == [("viewed", "case", desk.caseworker.user_id)]


def test_a_shelter_sees_what_it_needs_to_receive_and_no_more(desk, client):
    fill(desk, desk.woman)
    with desk.db.as_owner():
        open_to(desk.woman, desk.shelter)
        make_stay(desk.woman, places_in(desk.shelter, "M1")[0])
    status, page = get(client, desk.coordinator, url_of(desk, desk.woman))
    assert status == 200
    for words in (
        desk.woman.given_names,
        "35 años",
        "español",
        "Alergia grave",
        "maní",
        "Estancias en su sede",
    ):
        assert words in page, words
    for words in ("Necesidades", "Perdió su cédula", "9611234567", "Honduras", "Página privada", "Solicitud de asilo",
                  "Qué ha pasado", "Entrevistas", "Familia"):  # fmt: skip
        assert words not in page, words
    assert get(client, desk.coordinator, url_of(desk, desk.woman) + "/private")[0] == 403


@pytest.mark.parametrize("path", ["", "/private"])
def test_a_stranger_learns_nothing(desk, client, path):
    with desk.db.as_owner():
        team = make_team()
        stranger = principal_of(make_user(team=team), ("CASEWORKER", team))
    foreign = get(client, stranger, url_of(desk, desk.woman) + path)
    none = get(client, stranger, "/cases/T99999999" + path)
    assert foreign[0] == none[0] == 404


def test_the_gate_opens_no_file(desk, client):
    with desk.db.as_owner():
        open_to(desk.woman, desk.shelter)
    assert get(client, desk.gate, url_of(desk, desk.woman))[0] == 403


def test_the_family_is_linked_and_says_on_what_evidence(desk, client):
    page = get(client, desk.caseworker, url_of(desk, desk.child))[1]
    assert url_of(desk, desk.mother) in page and "Madre o padre" in page
    assert "Consta en un documento" not in page and "Persona adulta no verificada" not in page
    with desk.db.as_owner():
        session.execute(sa.text("UPDATE relation SET evidence = 'CLAIMED'"))
    page = get(client, desk.caseworker, url_of(desk, desk.child))[1]
    assert "Lo dijo la persona" in page and "Persona adulta no verificada" in page


def test_a_child_alone_is_never_passed_over(desk, client):
    with desk.db.as_owner():
        alone = make_person(desk.team, birth=date(2010, 2, 2))
        make_household(desk.team, alone)
        desk.numbers[alone.case_id] = session.get_one(Case, alone.case_id).number
    session.expunge_all()
    page = get(client, desk.caseworker, url_of(desk, alone))[1]
    assert "Niña o niño sin persona adulta" in page and "llame ya a la autoridad de niñez" in page


def test_the_first_screening_has_a_clock_until_it_is_done(desk, client):
    fill(desk, desk.woman)
    assert "con 6 horas de retraso" in get(client, desk.caseworker, url_of(desk, desk.woman))[1]
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        screening = protection.start(case, PRIVATE)
        answer_all(case, screening, asylum_wish="YES")
        protection.complete(case, screening, "IP_WISH")
        session.commit()
    page = get(client, desk.caseworker, url_of(desk, desk.woman))[1]
    assert "de retraso" not in page and "Desea solicitar asilo" in page


def test_the_timeline_speaks_in_words_of_both_languages_and_in_pages(desk, client):
    fill(desk, desk.woman)
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(desk.woman)
        for _n in range(40):
            people.record_attempt(case, channel="CALL", result="NO_ANSWER", on=case.opened_on)
        session.commit()
    url = url_of(desk, desk.woman)
    first = get(client, desk.caseworker, url)[1]
    assert "Llegó al sitio" in first and "Se intentó el contacto: Llamada · Sin respuesta" in first
    assert f'href="{url}?page=2#happened"' in first
    second = get(client, desk.caseworker, url + "?page=2")[1]
    assert f'href="{url}?page=1#happened"' in second and "page=3" not in second
    english = get(client, desk.caseworker, url + "?lang=en")[1]
    assert "Contact attempted: Call · No answer" in english


def more(desk, person, n):
    """Many more of everything."""
    with access.acting_as(desk.caseworker):
        restart()
        case = desk.case(person)
        codes = [c.code for c in reference.codes("need_code") if "S" not in c.flags][:n]
        for code in codes:
            session.add(
                Need(case_id=case.id, person_id=person.id, code=code, category=code[:2], priority="LOW", recorded_on=case.opened_on, reason="x")
            )  # fmt: skip
        for i in range(n):
            people.set_contact(
                case, NewContact(rule="SAFE_TO_CALL", number=f"96100000{i:02}"), on=case.opened_on
            )
            session.add(ContactAttempt(case_id=case.id, channel="CALL", result="NO_ANSWER", at=clock.now()))
        session.commit()
    with desk.db.as_owner():
        household = make_household(
            desk.team, *(make_person(desk.team, birth=date(2000 + i, 1, 1)) for i in range(n))
        )
        session.execute(
            sa.text("UPDATE household_member SET household_id = :h, is_head = false WHERE case_id = :c"),
            {"h": household.id, "c": person.case_id},
        )
        others = session.scalars(
            sa.text(
                "SELECT case_id FROM household_member WHERE household_id = :h AND case_id <> :c"
            ).bindparams(h=household.id, c=person.case_id)
        ).all()
        for requirement in [c.code for c in reference.codes("placement_requirement")][:5]:
            if requirement not in ("ALLERGY_LIFE", "COT"):
                require(person, requirement)
        assert len(others) == n


def test_a_file_costs_the_same_whatever_it_holds(desk, client):
    fill(desk, desk.woman)
    counts = []
    for grow in (False, True):
        if grow:
            more(desk, desk.woman, 12)
        client.sign_in(desk.caseworker)
        with count_statements(desk.db.connection) as statements:
            assert client.get(url_of(desk, desk.woman)).status_code == 200
        counts.append(len([s for s in statements if "SAVEPOINT" not in s]))
    assert counts[0] == counts[1] <= 15, counts


def test_every_code_that_a_sentence_shows_is_carried_by_its_kind_and_listed():
    for kind, pairs in CODES_OF.items():
        for column, list_name in pairs:
            assert column in journal.kind(kind).codes, (kind, column)
            assert reference.codes(list_name)
    assert "SM-CI" in sealed_codes("need_code") and "PREVIOUS_INCIDENT" not in sealed_codes("decline_reason")


def test_a_relative_by_evidence_is_not_a_stranger(desk, client):
    with desk.db.as_owner():
        aunt = make_person(desk.team, birth=date(1980, 1, 1))
        niece = make_person(desk.team, birth=date(2015, 1, 1))
        make_household(desk.team, aunt, niece)
        relate(aunt, niece, "AUNT_UNCLE", "BOTH_AGREE_ALONE")
        desk.numbers[niece.case_id] = session.get_one(Case, niece.case_id).number
    session.expunge_all()
    page = get(client, desk.caseworker, url_of(desk, niece))[1]
    assert "Tía o tío" in page and "Persona adulta no verificada" not in page
