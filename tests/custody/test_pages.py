"""The pages of custody: what each role sees, what nobody in a station ever sees, and that nothing typed is lost."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from caseapp.core import access, reference
from caseapp.core.audit import AuditRow
from caseapp.core.db import session
from caseapp.custody import auditing, service
from caseapp.custody.models import Custody, CustodyPassedOver
from caseapp.people.models import Case, CaseAccess, Person
from tests.conftest import NOW
from tests.custody.conftest import restart
from tests.factories import make_person, make_site, make_team, make_user, principal_of
from tests.factories.custody import hold
from tests.statements import count_statements

TODAY = date(2025, 11, 23)


@pytest.fixture
def held(world):
    with world.db.as_owner():
        rows = {
            "man": hold(world.man, world.station, 5, exit_agreed_on=date(2025, 11, 25)),
            "other": hold(world.other_man, world.station, 10, exit_agreed_on=date(2025, 11, 24)),
            "woman": hold(world.woman, world.station, 20),
        }
    session.expunge_all()
    return rows


def text(client, who, url, **more):
    client.sign_in(who)
    return client.get(url, **more).get_data(as_text=True)


def row_of(world, person):
    return session.scalars(sa.select(Custody).where(Custody.case_id == person.case_id)).one()


def test_the_queue_is_in_the_lawful_order_and_gives_reasons_that_tell_nothing_of_anybody(world, held, client):
    plain = text(client, world.caseworker, "/custody")
    assert re.findall(r"(Berta|Carlos|Darío) ", plain)[::1][0] == "Berta"
    assert plain.index("Berta") < plain.index("Carlos") < plain.index("Darío")
    assert plain.count("Persona adulta; el motivo está en la página privada") == 3
    with world.db.as_owner():
        session.get_one(Person, world.other_man.id).feels_safe_in = "LGBTIQ_SITE"
    sealed = text(client, world.caseworker, "/custody")
    assert sealed.index("Berta") < sealed.index("Darío") < sealed.index("Carlos")
    for page in (plain, sealed):
        assert not re.search("LGBT|Hombres solos|Mujeres solas|aparte", page)


def test_the_reason_stands_on_the_private_page(world, held, client):
    with world.db.as_owner():
        session.get_one(Person, world.man.id).feels_safe_in = "LGBTIQ_SITE"
    number = world.numbers[world.man.case_id]
    assert "En el orden de salida: Personas LGBTI" in text(
        client, world.caseworker, f"/cases/{number}/private"
    )
    for url in (f"/cases/{number}", world.url(world.man), "/custody", "/today", "/custody/departures"):
        assert "LGBT" not in text(client, world.caseworker, url), url


def test_a_station_sees_names_and_days_by_surname_and_not_one_thing_more(world, held, client):
    page = text(client, world.liaison, "/custody/exits")
    assert page.index("Álvarez Inventada, Darío") < page.index("Mejía Inventada, Carlos")
    assert "24 nov 2025" in page and "25 nov 2025" in page
    assert "Zapata" not in page  # no day was agreed
    body = page[page.index("<main") : page.index("</main>")]
    words = re.sub(r"<[^>]+>", " ", body).split()
    assert " ".join(words) == (
        "Salidas Salidas Nombre Fecha de salida Álvarez Inventada, Darío 24 nov 2025 Mejía Inventada, Carlos 25 nov 2025"
    )
    for number in world.numbers.values():
        assert number not in page


@pytest.mark.parametrize(
    "change",
    [
        {"feels_safe_in": "LGBTIQ_SITE"},
        {"feels_safe_in": "WOMEN", "sex_in_document": "X"},
        {"sex_in_document": "F"},
        {"age_status": "DISPUTED_TREATED_AS_CHILD"},
    ],
)
def test_no_rank_or_reason_changes_a_byte_of_what_a_station_sees(world, held, client, change):
    def bare(page):
        return re.sub(r'nonce="[^"]*"|csrf[^>]*>', "", page)

    before = bare(text(client, world.liaison, "/custody/exits"))
    with world.db.as_owner():
        person = session.get_one(Person, world.man.id)
        for name, value in change.items():
            setattr(person, name, value)
        session.execute(sa.update(Custody).values(authority="POLICE", basis="IDENTITY_CHECK"))
    assert bare(text(client, world.liaison, "/custody/exits")) == before


def test_that_a_station_looked_is_written_down(world, held, client):
    text(client, world.liaison, "/custody/exits")
    with world.db.as_owner():
        acts = session.execute(
            sa.select(AuditRow.actor, AuditRow.act, AuditRow.subject_id).where(
                AuditRow.subject == "custody_exits"
            )
        ).all()
    assert acts == [(world.liaison.name, "viewed", world.station.id)]


@pytest.mark.parametrize("path", ["/custody", "/custody/departures", "/custody/children", "/people"])
def test_a_station_has_no_other_page(world, held, client, path):
    client.sign_in(world.liaison)
    assert client.get(path).status_code in (403, 404)
    assert client.get(world.url(world.man)).status_code == 403


def test_custody_begins_on_its_page_and_what_is_wrong_is_said_beside_the_field(world, client):
    client.sign_in(world.caseworker)
    data = {
        "open-authority": "MIGRATION_AUTHORITY", "open-station": str(world.station.id), "open-place": "",
        "open-since": "2025-11-24T09:00", "open-basis": "NOT_TOLD",
    }  # fmt: skip
    wrong = client.post(world.url(world.man), data=data)
    assert wrong.status_code == 422 and "Esta hora aún no llega." in wrong.get_data(as_text=True)
    assert "2025-11-24T09:00" in wrong.get_data(as_text=True)
    assert (
        client.post(world.url(world.man), data={**data, "open-since": "2025-11-22T09:00"}).status_code == 302
    )
    page = text(client, world.caseworker, world.url(world.man))
    assert page.count("No se preguntó") >= 7 and "Garantías del primer día" in page
    assert "9:00" in page  # on the site's wall


def test_safeguards_are_answered_with_their_hour_and_a_stale_page_is_told(world, held, client):
    client.sign_in(world.caseworker)
    row = row_of_owner(world, world.man)
    url = world.url(world.man, f"/{row.id}/safeguards")
    data = {
        "ask-lawyer": "NO",
        "ask-doctor": "YES",
        "ask-at": "2025-11-20T08:30",
        "ask-version": str(row.version),
    }
    assert client.post(url, data=data).status_code == 302
    page = text(client, world.caseworker, world.url(world.man))
    assert "20 nov 2025, 08:30" in page
    assert client.post(url, data={**data, "ask-lawyer": "YES"}).status_code == 409


def row_of_owner(world, person):
    with world.db.as_owner():
        row = row_of(world, person)
        session.expunge(row)
    return row


def test_who_is_passed_over_is_said_by_number_and_why_is_asked(world, held, client):
    client.sign_in(world.caseworker)
    row = row_of_owner(world, world.other_man)
    url = world.url(world.other_man, f"/{row.id}/release")
    page = client.get(url).get_data(as_text=True)
    assert world.numbers[world.woman.case_id] in page and world.numbers[world.man.case_id] in page
    assert "Berta" not in page and "Carlos" not in page
    data = {"exit_code": "TRIPARTITE", "on": "2025-11-23", "version": str(row.version)}
    refused = client.post(url, data=data)
    assert refused.status_code == 422 and "Elija por qué sale primero" in refused.get_data(as_text=True)
    assert client.post(url, data={**data, "departure_reason": "HEALTH"}).status_code == 302
    client.sign_in(world.supervisor)
    today = client.get("/today").get_data(as_text=True)
    assert "Salidas fuera del orden" in today and "Su salud no podía esperar" in today
    listed = client.get("/custody/departures").get_data(as_text=True)
    assert world.numbers[world.woman.case_id] in listed and "Anotar que la revisé" in listed
    assert client.post(f"/custody/departures/{row.id}/review").status_code == 302
    assert "Anotar que la revisé" not in client.get("/custody/departures").get_data(as_text=True)


def test_a_removal_waits_for_a_supervisor(world, held, client):
    client.sign_in(world.caseworker)
    row = row_of_owner(world, world.man)
    data = {"exit_code": "REMOVED", "on": "2025-11-23", "version": str(row.version)}
    assert client.post(world.url(world.man, f"/{row.id}/release"), data=data).status_code == 302
    decision = world.url(world.man, f"/{row.id}/decision")
    assert client.get(decision).status_code == 403
    client.sign_in(world.supervisor)
    assert decision in client.get("/today").get_data(as_text=True)
    version = re.search(r'name="version" value="(\d+)"', client.get(decision).get_data(as_text=True)).group(1)
    assert client.post(decision, data={"decision": "yes", "version": version}).status_code == 302
    assert "Deportación o expulsión" in client.get(world.url(world.man)).get_data(as_text=True)


def test_the_letter_says_a_name_and_a_day_and_nothing_that_could_harm(world, held, client):
    row = row_of_owner(world, world.man)
    client.sign_in(world.caseworker)
    for lang in ("es", "en"):
        page = client.get(world.url(world.man, f"/{row.id}/letter?lang={lang}")).get_data(as_text=True)
        paper = page[page.index("<main") :]
        assert "Carlos Mejía Inventada" in paper and "2025" in paper
        assert not re.search(
            "asil|asyl|refug|Acogida|albergue|shelter|Persona Usuaria|tripart|rango|rank", paper, re.I
        )
        assert world.numbers[world.man.case_id] not in paper
    woman = row_of_owner(world, world.woman)
    assert client.get(world.url(world.woman, f"/{woman.id}/letter")).status_code == 404


def test_a_child_stands_at_the_top_until_the_authority_is_called_and_referring_is_offered(world, client):
    with world.db.as_owner():
        hold(world.child, world.station, 22, child=True)
    session.expunge_all()
    today = text(client, world.caseworker, "/today")
    assert today.index("Niñez en detención") < today.index("Por entrevistar")
    assert "Llame ya a la autoridad de niñez" in today and "kind=CHILD_PROTECTION" in today
    referral = re.search(r'href="([^"]+kind=CHILD_PROTECTION[^"]*)"', today).group(1).replace("&amp;", "&")
    assert "priority=IMMEDIATE" in referral
    page = text(client, world.caseworker, world.url(world.child))
    assert "La autoridad de niñez no ha sido llamada" in page
    queue = text(client, world.caseworker, "/custody")
    assert "No esperan turno" in queue and "Anotar salida" not in queue
    row = row_of_owner(world, world.child)
    data = {
        "ask-child_authority_called": "YES", "ask-called_team": str(world.authority.id), "ask-at": "2025-11-23T10:15",
        "ask-version": str(row.version),
    }  # fmt: skip
    assert client.post(world.url(world.child, f"/{row.id}/safeguards"), data=data).status_code == 302
    page = text(client, world.caseworker, world.url(world.child))
    assert f"Se llamó a {world.authority.name}: hoy 10:15" in page
    file = text(client, world.caseworker, f"/cases/{world.numbers[world.child.case_id]}")
    assert "Niñez en detención" in file


def test_the_child_authority_sees_the_child_once_it_was_told(world, client):
    with world.db.as_owner():
        hold(world.child, world.station, 22, child=True)
    session.expunge_all()
    assert "Flor" not in text(client, world.officer, "/custody/children")
    with world.db.as_owner():
        session.add(
            CaseAccess(case_id=world.child.case_id, team_id=world.authority.id, scope="REFERRAL", since=NOW)
        )
    page = text(client, world.officer, "/custody/children")
    assert "Flor Núñez" in page and world.station.name in page and "Nadie ha anotado una llamada" in page
    assert "Flor" in text(client, world.officer, "/today")


def test_lists_cost_the_same_whatever_the_rows(world, held, client):
    counts = {}
    for grow in (0, 6):
        with world.db.as_owner():
            for n in range(grow):
                hold(make_person(world.team, sex_in_document="M"), world.station, 1 + n, exit_agreed_on=TODAY)
        for who, url in (
            (world.caseworker, "/custody"), (world.liaison, "/custody/exits"), (world.supervisor, "/custody/departures"),
            (world.supervisor, "/today"), (world.caseworker, world.url(world.man)),
        ):  # fmt: skip
            client.sign_in(who)
            with count_statements(world.db.connection) as statements:
                assert client.get(url).status_code == 200
            counts.setdefault(url, []).append(len([s for s in statements if "SAVEPOINT" not in s]))
    assert all(more <= few <= 18 for few, more in counts.values()), counts


def test_a_file_is_not_closed_over_custody_and_says_so(world, held, client):
    number = world.numbers[world.man.case_id]
    client.sign_in(world.caseworker)
    page = client.get(f"/cases/{number}").get_data(as_text=True)
    assert "faltan 7 garantías" in page and "En custodia" in page
    answer = client.post(f"/cases/{number}/close", data={"reason": "PERSON_ASKED", "version": "1"})
    assert answer.status_code == 422 and "está en custodia" in answer.get_data(as_text=True)


def departed(world, **values):
    """The man left before the woman; a colleague wrote it down."""
    with world.db.as_owner():
        left = hold(
            world.man, world.station, 5, state="RELEASED", exit_code="TRIPARTITE", exit_on=date(2025, 11, 22),
            exit_by_id=world.caseworker.user_id, rank="SINGLE_MEN", order_outcome="ORDER_DEPARTED", departure_reason="HEALTH",
            **values,
        )  # fmt: skip
        before = hold(world.woman, world.station, 20)
        session.add(
            CustodyPassedOver(case_id=left.case_id, custody_id=left.id, passed_id=before.id, position=1)
        )
    session.expunge_all()


def auditor_in(world, country="MEX", role="AUDITOR"):
    with world.db.as_owner():
        team = make_team(make_site(country=country, code=f"{country[:2]}-901"), "OVERSIGHT")
        return principal_of(make_user(role, team), (role, team))


def test_an_auditor_sees_departures_by_number_and_no_name(world, client):
    departed(world)
    who = auditor_in(world)
    page = text(client, who, "/audit/departures?waiting=1")
    assert world.numbers[world.man.case_id] in page and world.numbers[world.woman.case_id] in page
    assert world.station.name in page and reference.label("custody_departure_reason", "HEALTH") in page
    for person in (world.man, world.woman):
        assert person.given_names not in page and person.surname_1 not in page
    # Neither the rank nor a way into the file.
    assert reference.label("tripartite_exit_rank", "SINGLE_MEN") not in page and "/cases/" not in page
    assert "/audit/departures" in text(client, who, "/today")
    assert "Recorded by" in text(client, replace(who, language="en"), "/audit/departures")
    with access.acting_as(who):
        restart()
        assert session.scalars(sa.select(Custody)).all() == []


def test_what_a_supervisor_reviewed_waits_for_no_auditor(world, client):
    departed(world, departure_reviewed_at=NOW, departure_reviewed_by_id=world.supervisor.user_id)
    who = auditor_in(world)
    number = world.numbers[world.man.case_id]
    assert number not in text(client, who, "/audit/departures?waiting=1")
    assert number in text(client, who, "/audit/departures")


def test_departures_of_a_country_are_for_its_auditor_alone(world, client):
    departed(world)
    abroad, officer = auditor_in(world, "GTM"), auditor_in(world, "MEX", "DATA_PROTECTION_OFFICER")
    assert world.numbers[world.man.case_id] not in text(client, abroad, "/audit/departures")
    for who in (world.supervisor, world.caseworker, world.liaison, world.officer, officer):
        client.sign_in(who)
        assert client.get("/audit/departures").status_code == 403
    for who in (abroad, world.supervisor, world.liaison, officer, access.ANONYMOUS):
        with access.acting_as(who):
            restart()
            assert session.scalars(auditing.departures()).all() == []


def test_departures_are_read_where_the_station_is_and_in_no_order_of_rank(world):
    departed(world)
    here, abroad = auditor_in(world), auditor_in(world, "GTM")
    with world.db.as_owner():
        left = session.scalars(sa.select(Custody).where(Custody.case_id == world.man.case_id)).one()
        third = hold(make_person(world.team), world.station, 30)
        session.add(
            CustodyPassedOver(case_id=left.case_id, custody_id=left.id, passed_id=third.id, position=2)
        )
        # The file has gone abroad since.
        session.execute(sa.text("UPDATE \"case\" SET country = 'GTM' WHERE id = :id"), {"id": left.case_id})
        numbers = sorted(
            session.scalars(sa.select(Case.number).where(Case.id.in_([world.woman.case_id, third.case_id])))
        )
    session.expunge_all()
    for who, seen in ((here, [numbers]), (abroad, [])):
        with access.acting_as(who):
            restart()
            lines = auditing.lines_of(session.scalars(auditing.departures()).all())
            assert [list(line.passed) for line in lines] == seen


def test_a_file_is_not_closed_over_a_follow_up_and_says_so(world, client):
    with world.db.as_owner():
        hold(world.man, world.station, 5)
    session.expunge_all()
    with access.acting_as(world.caseworker):
        restart()
        row = row_of(world, world.man)
        service.release(world.case(world.man), row, service.NewExit("COURT", TODAY))
        session.commit()
    number = world.numbers[world.man.case_id]
    client.sign_in(world.caseworker)

    def close(reason):
        with world.db.as_owner():
            version = session.scalar(sa.select(Case.version).where(Case.number == number))
        return client.post(f"/cases/{number}/close", data={"reason": reason, "version": str(version)})

    answer = close("LEFT_TOLD")
    assert answer.status_code == 422 and "Falta un seguimiento" in answer.get_data(as_text=True)
    for step in ("FIRST", "SECOND"):
        with access.acting_as(world.caseworker):
            restart()
            service.follow_up(
                world.case(world.man), row_of(world, world.man), step=step, outcome="NOT_FOUND", on=TODAY
            )
            session.commit()
    assert close("LEFT_TOLD").status_code == 302
