"""The pages of screening and needs, by a browser without scripts."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from caseapp.core import access
from caseapp.core.db import session
from caseapp.people.models import Case, Need
from caseapp.protection import service
from caseapp.protection.models import Screening
from caseapp.protection.rules import Conditions
from tests.protection.answering import answer_all
from tests.protection.conftest import PRIVATE
from tests.protection.routes import START


@pytest.fixture
def base(desk, client):
    with desk.db.as_owner():
        number = session.get_one(Case, desk.woman.case_id).number
    session.expunge_all()
    client.sign_in(desk.caseworker)
    return f"/cases/{number}"


def begun(desk, conditions=PRIVATE, **said):
    """A talk that has begun and, where something is said, is answered throughout."""
    with access.acting_as(desk.caseworker):
        session.commit()
        session.expunge_all()
        case = desk.case(desk.woman)
        screening = service.start(case, conditions)
        if said:
            answer_all(case, screening, **said)
        session.commit()
        return screening.id, screening.version


def state_of(desk, screening_id):
    with desk.db.as_owner():
        return session.execute(
            sa.select(Screening.state, Screening.main_outcome).where(Screening.id == screening_id)
        ).one()


def test_alone_is_asked_before_anything_else(client, base):
    page = client.get(f"{base}/screenings/new").get_data(as_text=True)
    assert page.index("¿Está a solas con la persona?") < page.index("¿Nadie más puede oír ni ver?")
    answer = client.post(f"{base}/screenings/new", data={**START, "alone": ""})
    assert answer.status_code == 422 and "Indique si está a solas" in answer.get_data(as_text=True)
    support = client.post(f"{base}/screenings/new", data={**START, "alone": "CHILD_WITH_SUPPORT"})
    assert support.status_code == 422 and "A una persona adulta se le pregunta a solas" in support.get_data(
        as_text=True
    )


def test_through_all_sections_to_the_result(client, base, desk):
    answer = client.post(f"{base}/screenings/new", data=START, follow_redirects=True)
    seen = []
    for _step in range(20):
        page = answer.get_data(as_text=True)
        if "Concluir la entrevista" in page or "dejar sin concluir" in page:
            break
        seen.append(re.search(r"<h1>([^<]*)", page).group(1))
        version = re.search(r'name="version"[^>]*value="(\d+)"', page).group(1)
        url = answer.request.path
        data = {"version": version, "go": "next"}
        for name in set(re.findall(r'name="([a-z_]+)(?:-blank)?"', page)) - {
            "csrf_token",
            "version",
            "q",
            "go",
            "next",
        }:
            blank = f"{name}-blank" if f'name="{name}-blank"' in page else name
            data[blank] = "DECLINED"
        answer = client.post(url, data=data, follow_redirects=True)
    assert seen == [
        "Lo más urgente",
        "Su familia",
        "Ver, oír, moverse",
        "Su salud",
        "Su seguridad",
        "Papeles y planes",
    ]
    assert "Concluir la entrevista" in page and "La entrevista no está completa" not in page


def test_a_part_may_be_saved_and_taken_up_again(client, base, desk):
    screening_id, version = begun(desk)
    url = f"{base}/screenings/{screening_id}/sections/now"
    answer = client.post(url, data={"version": version, "urgent_health": "YES", "go": "pause"})
    assert answer.status_code == 302 and answer.location == base
    page = client.get(url).get_data(as_text=True)
    assert re.search(r'<input checked[^>]*name="urgent_health"[^>]*value="YES"', page)
    resumed = client.get(f"{base}/screenings/new", follow_redirects=True)
    assert resumed.request.path == url
    back = client.post(url.replace("now", "family"), data={"version": version + 1, "go": "back"})
    assert back.location == url


def test_what_does_not_fit_is_said_beside_its_question(client, base, desk):
    screening_id, version = begun(desk)
    url = f"{base}/screenings/{screening_id}/sections/health"
    wrong = client.post(url, data={"version": version, "pregnant": "WELL", "pregnancy_weeks": "veinte"})
    assert wrong.status_code == 422 and "Escriba solo cifras" in wrong.get_data(as_text=True)
    assert 'value="veinte"' in wrong.get_data(as_text=True)
    both = client.post(
        url, data={"version": version, "pregnancy_weeks": "20", "pregnancy_weeks-blank": "UNKNOWN"}
    )
    assert both.status_code == 422 and "Deje una sola respuesta" in both.get_data(as_text=True)


def test_the_second_of_two_sees_both_versions(client, base, desk):
    screening_id, version = begun(desk)
    url = f"{base}/screenings/{screening_id}/sections/now"
    client.post(url, data={"version": version, "urgent_health": "YES"})
    late = client.post(url, data={"version": version, "urgent_health": "NO", "place_tonight": "YES"})
    page = late.get_data(as_text=True)
    assert late.status_code == 409 and "Usted escribió" in page and "Guardado ahora" in page
    assert re.search(r'<input checked[^>]*name="urgent_health"[^>]*value="NO"', page)
    again = re.search(r'name="version"[^>]*value="(\d+)"', page).group(1)
    assert client.post(url, data={"version": again, "urgent_health": "NO"}).status_code == 302


def test_in_front_of_others_no_sensitive_question_stands_on_the_page(client, base, desk):
    screening_id, _version = begun(desk, Conditions("NO", "YES", "NONE"))
    page = client.get(f"{base}/screenings/{screening_id}/sections/protection").get_data(as_text=True)
    assert "¿Quiere pedir protección (asilo)" in page and "¿correría peligro?" not in page
    assert "Algunas personas han vivido cosas difíciles" not in page


def test_proposals_are_decided_and_the_talk_concluded(client, base, desk):
    screening_id, version = begun(desk, asylum_wish="YES", place_tonight="NO")
    url = f"{base}/screenings/{screening_id}/result"
    page = client.get(url).get_data(as_text=True)
    assert "Necesidades básicas sin cubrir" in page and "No tiene un lugar seguro" in page
    assert "Lo dijo la persona; no se puede quitar." in page
    data = {"version": version, "verb": "complete", "main": "IP_WISH"}
    undecided = client.post(url, data=data)
    assert undecided.status_code == 422 and "Decida sobre cada propuesta" in undecided.get_data(as_text=True)
    data |= {
        "NEED-LP-BN": "CONFIRMED",
        "NEED-LP-BN-priority": "EMERGENCY",
        "OUTCOME-SOCIAL_ASSISTANCE": "NOT_NOW",
    }
    no_reason = client.post(url, data=data)
    assert no_reason.status_code == 422 and "Indique por qué no se confirma" in no_reason.get_data(
        as_text=True
    )
    with desk.db.as_owner():
        assert session.scalar(sa.select(sa.func.count()).select_from(Need)) == 0  # nothing half done
    data["OUTCOME-SOCIAL_ASSISTANCE-reason"] = "PERSON_DECLINED"
    assert client.post(url, data=data).status_code == 302
    assert tuple(state_of(desk, screening_id)) == ("COMPLETED", "IP_WISH")
    with desk.db.as_owner():
        assert session.scalar(sa.select(Need.priority)) == "EMERGENCY"
    shown = client.get(f"{base}/screenings/{screening_id}").get_data(as_text=True)
    assert (
        "Desea solicitar asilo" in shown and "La persona no desea registrarla" in shown and "A solas" in shown
    )


def test_an_unfinished_talk_says_why_and_keeps_the_wish(client, base, desk):
    screening_id, version = begun(desk, Conditions("YES", "YES", "FAMILY_MEMBER"), asylum_wish="YES")
    url = f"{base}/screenings/{screening_id}/result"
    page = client.get(url).get_data(as_text=True)
    assert "La entrevista no está completa" in page and "Concluir la entrevista" not in page
    assert re.search(r'<input checked[^>]*value="NO_INTERPRETER"', page)
    cheated = client.post(url, data={"version": version, "verb": "complete", "main": "IP_WISH"})
    assert cheated.status_code == 422 and state_of(desk, screening_id).state == "STARTED"
    why = client.post(url, data={"version": version, "verb": "leave"})
    assert why.status_code == 422 and "Indique por qué no se concluyó" in why.get_data(as_text=True)
    done = client.post(url, data={"version": version, "verb": "leave", "incomplete_reason": "NO_INTERPRETER"})
    assert done.status_code == 302
    shown = client.get(done.location).get_data(as_text=True)
    assert "No se concluyó: Sin intérprete." in shown and "Desea solicitar asilo" in shown


def test_a_supervisor_of_the_team_reads_it_and_a_reader_does_not(client, base, desk):
    screening_id, _version = begun(desk, asylum_wish="YES")
    client.sign_in(desk.supervisor)
    assert client.get(f"{base}/screenings/{screening_id}/result").status_code == 200
    from tests.factories import make_team, make_user, principal_of
    from tests.factories.shelter import open_to

    with desk.db.as_owner():
        other = make_team()
        open_to(desk.woman, other)
        reader = principal_of(make_user(team=other), ("CASEWORKER", other))
    client.sign_in(reader)
    for path in (
        "/screenings/new",
        f"/screenings/{screening_id}/result",
        f"/screenings/{screening_id}",
        "/needs",
    ):
        assert client.get(base + path).status_code == 403, path


def test_a_need_is_recorded_changed_and_ended_without_losing_what_was_typed(client, base, desk):
    empty = client.post(f"{base}/needs", data={"code": "LP-ND", "priority": "HIGH", "reason": ""})
    assert empty.status_code == 422 and "Escriba por qué." in empty.get_data(as_text=True)
    data = {"code": "LP-ND", "priority": "HIGH", "reason": "Perdió todo."}
    assert client.post(f"{base}/needs", data=data).status_code == 302
    twice = client.post(f"{base}/needs", data=data)
    assert twice.status_code == 422 and "ya está abierta" in twice.get_data(as_text=True)
    with desk.db.as_owner():
        need_id = session.scalar(sa.select(Need.id))
    url = f"{base}/needs/{need_id}"
    change = {"version": 1, "priority": "LOW", "reason": "Ya tiene copia."}
    assert client.post(url, data=change).status_code == 302
    late = client.post(url, data={**change, "reason": "Otra cosa."})
    page = late.get_data(as_text=True)
    assert late.status_code == 409 and "Ya tiene copia." in page and "Otra cosa." in page
    why = client.post(f"{url}/end", data={"version": 2, "how": "ENDED"})
    assert why.status_code == 422 and "Indique por qué ya no existe" in why.get_data(as_text=True)
    assert (
        client.post(
            f"{url}/end", data={"version": 2, "how": "ENDED", "end_reason": "MISUNDERSTOOD"}
        ).status_code
        == 302
    )
    assert client.get(url).status_code == 404


def test_a_sealed_need_is_on_no_list(client, base, desk):
    client.post(f"{base}/needs", data={"code": "SM-MI", "priority": "HIGH", "reason": "Lo dijo."})
    page = client.get(f"{base}/needs").get_data(as_text=True)
    listed = page.split("Anotar una necesidad")[0]
    assert "Enfermedad mental" not in listed and "Lo dijo." not in page


def test_requirements_are_set_and_ended(client, base, desk):
    url = f"{base}/requirements"
    assert client.post(url, data={"requirement": "QUIET"}).status_code == 302
    assert client.post(url, data={"requirement": "QUIET"}).status_code == 422
    page = client.get(f"{base}/needs").get_data(as_text=True)
    verb = re.search(r'value="(end-[0-9a-f-]+)"', page).group(1)
    assert client.post(url, data={"verb": verb}).status_code == 302
    assert "end-" not in client.get(f"{base}/needs").get_data(as_text=True)
