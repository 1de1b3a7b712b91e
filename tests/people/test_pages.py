"""Pages of people: lists, search, and edits by two people at once."""

from __future__ import annotations

import re
from typing import NamedTuple
from uuid import UUID

import pytest
import sqlalchemy as sa

from caseapp.core.db import session
from caseapp.people import queries, service
from caseapp.people.models import Consent
from tests.factories import make_team
from tests.people.conftest import restart
from tests.people.routes import PERSON
from tests.people.statements import counted
from tests.reception.families import TODAY


class Line(NamedTuple):
    """A case as plain values: requests forget the rows."""

    id: UUID
    number: str


@pytest.fixture
def family(desk):
    return [Line(c.id, c.number) for c in desk.register().cases]


@pytest.fixture
def at_desk(desk, client):
    client.sign_in(desk.principal)
    return client


def text_of(answer) -> str:
    return answer.get_data(as_text=True)


def form_of(page: str) -> dict[str, str]:
    """What a browser would send back of a page's fields (the last form with a version)."""
    found = {}
    for tag in re.findall(r"<(?:input)\b[^>]*>", page):
        name, value = re.search(r'\sname="([^"]+)"', tag), re.search(r'\svalue="([^"]*)"', tag)
        kind = re.search(r'\stype="([^"]+)"', tag)
        if name and not (kind and kind[1] in ("radio", "checkbox") and "checked" not in tag):
            found[name[1]] = value[1] if value else ""
    for name, options in re.findall(r'<select[^>]*\sname="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option selected value="([^"]*)"', options)
        found[name] = chosen[1] if chosen else ""
    return found


def test_the_list_takes_the_same_few_statements(at_desk, desk):
    def cost() -> int:
        seen: list[str] = []
        with counted(seen):
            assert at_desk.get("/people").status_code == 200
        return len(seen)

    desk.register()
    few = cost()
    for _ in range(4):
        desk.register()
    assert cost() == few <= 12


def test_filters_are_words_that_can_be_removed(at_desk, family):
    page = text_of(at_desk.get("/people?mine=1&status=OPEN"))
    assert "Asignados a mí" in page and family[0].number in page
    assert family[0].number not in text_of(at_desk.get("/people?status=CLOSED"))
    assert family[0].number not in text_of(at_desk.get("/people?q=Rosa Quispeluna&status=CLOSED"))


def test_register_is_offered_only_after_a_search(at_desk, family):
    assert "/families/new" not in text_of(at_desk.get("/people"))
    assert "/families/new?q=Nadie" in text_of(at_desk.get("/people?q=Nadie Xuncax"))


def test_search_takes_few_statements_and_links_to_the_file(at_desk, family):
    seen: list[str] = []
    with counted(seen):
        page = text_of(at_desk.get("/people?q=Quispeluna"))
    assert f"/cases/{family[0].number}" in page and len(seen) <= 15, "\n".join(seen)


def test_a_person_is_corrected(at_desk, family):
    url = f"/cases/{family[0].number}/person"
    data = form_of(text_of(at_desk.get(url)))
    assert data["names-given_names"] == "Rosa Elena" and data["documents-0-number"] == "F1234567"
    answer = at_desk.post(url, data={**data, "names-called_name": "Chayo"})
    assert answer.status_code == 302, re.findall(r'<li><a href="#[^<]*', text_of(answer))
    restart()
    person = queries.person_of(family[0].id)
    assert (person.called_name, person.version) == ("Chayo", 2)
    assert queries.documents_of(family[0].id)[0].number == "F1234567"


def test_the_second_of_two_editors_loses_nothing(at_desk, family):
    url = f"/cases/{family[0].number}/person"
    first = form_of(text_of(at_desk.get(url)))
    assert at_desk.post(url, data={**first, "names-called_name": "Chayo"}).status_code == 302
    answer = at_desk.post(
        url, data={**first, "names-called_name": "Rosita", "names-surname_1": "Quispelunita"}
    )
    page = text_of(answer)
    assert answer.status_code == 409
    assert 'value="Quispelunita"' in page and "Rosita" in page and "Chayo" in page and "distinto" in page
    assert queries.person_of(family[0].id).called_name == "Chayo"
    again = form_of(page)
    assert again["version"] == "2" and at_desk.post(url, data=again).status_code == 302
    restart()
    assert queries.person_of(family[0].id).called_name == "Rosita"


def test_errors_of_a_correction_stand_beside_their_fields(at_desk, family):
    url = f"/cases/{family[0].number}/person"
    data = form_of(text_of(at_desk.get(url)))
    page = text_of(at_desk.post(url, data={**data, "birth-precision": "DAY", "birth-day": "45"}))
    assert 'href="#birth-day"' in page and 'value="45"' in page
    answer = at_desk.post(url, data={**data, "nationality_1": "MEX"})
    assert answer.status_code == 422 and "solicitante de asilo" in text_of(answer)


def test_gender_is_asked_only_alone(at_desk, family):
    url = f"/cases/{family[0].number}/gender"
    refused = at_desk.post(url, data={"version": "1", "gender_self": "WOMAN"})
    assert refused.status_code == 422 and queries.person_of(family[0].id).gender_self is None
    assert at_desk.post(url, data={"version": "1", "gender_self": "WOMAN", "alone": "y"}).status_code == 302
    restart()
    assert queries.person_of(family[0].id).gender_self == "WOMAN"


def test_consent_is_recorded_warned_about_and_withdrawn(at_desk, family):
    url = f"/cases/{family[0].number}/consents"
    given = {
        "purpose": "REFER_SHELTER",
        "state": "GIVEN",
        "given_by": "SELF",
        "form": "SIGNED",
        "alone": "NO",
    }
    page = text_of(at_desk.post(url, data=given, follow_redirects=True))
    assert "no respondió a solas" in page and "Otorgado" in page
    row = session.scalars(sa.select(Consent)).one()
    confirm = text_of(at_desk.get(f"{url}/{row.id}/withdraw"))
    assert "Qué va a pasar" in confirm
    page = text_of(at_desk.post(f"{url}/{row.id}/withdraw", follow_redirects=True))
    assert "Retirado" in page
    assert at_desk.post(f"{url}/{row.id}/withdraw").status_code == 422


def test_one_adult_never_answers_for_another(at_desk, family):
    url = f"/cases/{family[1].number}/consents"
    data = {
        "purpose": "CASH",
        "state": "GIVEN",
        "given_by": "PARENT",
        "form": "SIGNED",
        "given_by_number": family[0].number,
    }
    answer = at_desk.post(url, data=data)
    assert answer.status_code == 422 and "decide por sí misma" in text_of(answer)
    child = f"/cases/{family[3].number}/consents"
    page = text_of(at_desk.post(child, data=data, follow_redirects=True))
    assert "asentimiento" in page and "No consta" not in page
    claimed = text_of(
        at_desk.post(child, data={**data, "given_by_number": family[1].number}, follow_redirects=True)
    )
    assert "No consta que quien respondió" in claimed


def test_from_twelve_what_the_child_said_is_written_down(at_desk, family):
    url = f"/cases/{family[2].number}/consents"
    data = {
        "purpose": "CASH", "state": "GIVEN", "given_by": "PARENT", "form": "SIGNED", "given_by_number": family[0].number,
    }  # fmt: skip
    answer = at_desk.post(url, data=data)
    assert answer.status_code == 422 and "Desde los 12 años" in text_of(answer)
    page = text_of(at_desk.post(url, data={**data, "assent": "REFUSED"}, follow_redirects=True))
    assert "la niña o el niño dijo que no" in page and "Otorgado" in page


def test_a_consular_consent_is_asked_apart_and_stands_at_no(at_desk, family):
    consents = f"/cases/{family[0].number}/consents"
    bundled = at_desk.post(consents, data={"purpose": "CONSULAR", "state": "GIVEN", "given_by": "SELF"})
    assert bundled.status_code == 422 and session.scalars(sa.select(Consent)).all() == []
    url = f"{consents}/apart/CONSULAR"
    assert f'href="{url}"' in text_of(at_desk.get(consents))
    blank = text_of(at_desk.get(url))
    assert re.search(r'<input[^>]*checked[^>]*value="REFUSED"', blank)
    data = {
        "state": "GIVEN", "given_by": "SELF", "form": "SIGNED", "alone": "YES", "recipient_country": "HND",
    }  # fmt: skip
    page = text_of(at_desk.post(url, data=data))
    assert "asesoría legal" in page and 'href="#legal_advice_on-day"' in page
    advised = {"legal_advice_on-day": "20", "legal_advice_on-month": "11", "legal_advice_on-year": "2025"}
    assert at_desk.post(url, data={**data, **advised}).status_code == 302
    assert (session.scalars(sa.select(Consent)).one().expires_on - TODAY).days == 30
    assert at_desk.get(f"{consents}/apart/CASH").status_code == 404


def test_a_key_for_one_team_says_so_and_history_stays(at_desk, family, desk):
    with desk.db.as_owner():
        shelter = make_team(type="SHELTER", name="Albergue Inventado")
    url = f"/cases/{family[0].number}/consents"
    data = {
        "purpose": "REFER_SHELTER", "state": "GIVEN", "given_by": "SELF", "form": "SIGNED", "alone": "YES",
        "recipient": str(shelter.id),
    }  # fmt: skip
    page = text_of(at_desk.post(url, data=data, follow_redirects=True))
    assert "→ Albergue Inventado" in page and "hasta el 23 nov 2026" in page
    page = text_of(at_desk.post(url, data={**data, "state": "REFUSED"}, follow_redirects=True))
    assert "Lo que respondió antes (1)" in page and "Retirar<" not in page


def test_a_household_changes(at_desk, family, desk):
    url = f"/cases/{family[0].number}/household"
    data = form_of(text_of(at_desk.get(url)))
    left = {"verb": "leave", "leave-version": data["leave-version"], "leave-member": family[4].number}
    assert at_desk.post(url, data=left).status_code == 302
    stale = {"verb": "leave", "leave-version": data["leave-version"], "leave-member": family[3].number}
    assert at_desk.post(url, data=stale).status_code == 409
    joined = at_desk.post(url, data={"verb": "join", "join-number": "M0000000X"})
    assert joined.status_code == 422 and "No se encontró ese expediente" in text_of(joined)
    fresh = form_of(text_of(at_desk.get(url)))
    joined = {"verb": "join", "join-number": family[4].number, "join-version": fresh["join-version"]}
    assert at_desk.post(url, data=joined).status_code == 302
    related = {
        "verb": "relation", "relation-member": family[0].number, "relation-relation": "PARENT",
        "relation-other": family[2].number, "relation-evidence": "VERIFIED_BY_AUTHORITY",
    }  # fmt: skip
    assert at_desk.post(url, data=related).status_code == 302
    head = {"verb": "leave", "leave-member": family[0].number, "leave-version": ""}
    refused = at_desk.post(url, data=head)
    assert refused.status_code == 422 and "cabeza de familia" in text_of(refused)


def test_contacts_and_attempts(at_desk, family):
    url = f"/cases/{family[1].number}/contact"
    assert at_desk.post(url, data={"rule": "SAFE_TO_CALL"}).status_code == 422
    assert (
        at_desk.post(url, data={"rule": "ONLY_VIA", "via": "Doña Lucha", "code_word": "colibrí"}).status_code
        == 302
    )
    page = text_of(at_desk.get(url))
    assert "Doña Lucha" in page and "colibrí" in page
    [way] = queries.contacts_of(family[1].id)
    wrong = {"channel": "VIA_CONTACT", "result": "WRONG_PERSON_DO_NOT_REUSE", "contact": str(way.id)}
    page = text_of(at_desk.post(f"{url}/attempts", data=wrong, follow_redirects=True))
    assert "Persona equivocada" in page and "Doña Lucha" not in page


def test_duplicates_are_decided_on_a_page(at_desk, desk, family):
    other = Line(*next((c.id, c.number) for c in desk.register().cases))
    service.note_candidate(family[0].id, other.id, 97)
    restart()
    page = text_of(at_desk.get("/duplicates"))
    [action] = re.findall(r'action="(/duplicates/[^"]+)"', page)
    assert at_desk.post(action, data={"decision": "MAYBE"}).status_code == 422
    assert at_desk.post(action, data={"decision": "SAME"}).status_code == 302
    restart()
    assert queries.person_of(other.id).merged_into_id == queries.person_of(family[0].id).id
    assert "Este registro está unido a otro" in text_of(at_desk.get(f"/cases/{other.number}/merge"))
    assert at_desk.post(f"/cases/{other.number}/unmerge").status_code == 302
    circle = at_desk.post(f"/cases/{other.number}/merge", data={"number": other.number})
    assert circle.status_code == 422


def test_the_route_data_of_a_person_is_what_the_form_takes(at_desk, family):
    answer = at_desk.post(f"/cases/{family[0].number}/person", data=PERSON)
    assert answer.status_code == 302
