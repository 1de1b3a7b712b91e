"""The pages of referrals: preview, inbox, accept with places, decline in two taps, conflicts, what a page costs."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.people.models import MovementLimit
from caseapp.places.models import Service, ServiceContact
from caseapp.referral import service
from caseapp.referral.models import Referral
from tests.conftest import NOW
from tests.factories import make_household, make_person
from tests.factories.referral import consent
from tests.referral.conftest import restart
from tests.statements import count_statements


def text(answer):
    return answer.get_data(as_text=True)


def asked(statements):
    """What was asked of the database, less what the test's own savepoints add."""
    return [s[:90] for s in statements if not s.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))]


def case_number(world, person):
    from caseapp.people.models import Case

    with world.db.as_owner():
        return session.get_one(Case, person.case_id).number


def test_the_sender_sees_what_will_be_sent_and_sends_it(client, world):
    family, shelter_id = world.family, world.shelter.id
    client.sign_in(world.caseworker)
    url = f"/cases/{case_number(world, world.mother)}/refer"
    assert "Alojamiento" in text(client.get(url))
    page = text(client.get(f"{url}?kind=SHELTER"))
    assert "14 lugares libres" in page or "lugares libres" in page
    data = {
        "kind": "SHELTER", "members": [str(c) for c in family], "to_team": str(shelter_id),
        "priority": "IMMEDIATE", "items": ["NAME", "AGE"], "first_night": "2025-11-23", "last_night": "2025-11-25",
        "message": "Llegan a pie.", "basis": "", "basis_reason": "",
    }  # fmt: skip
    answer = client.post(url, data=data)
    assert answer.status_code == 302
    draft = text(client.get(answer.headers["Location"]))
    assert "Esto verá" in draft and "Alergia grave: cacahuate" in draft and "Sin gradas" in draft
    sent = client.post(answer.headers["Location"] + "/send")
    assert "Referencia enviada." in text(client.get(sent.headers["Location"]))
    client.sign_in(world.coordinator)
    received = text(client.get(answer.headers["Location"]))
    # the same people, word for word
    shown = re.search(r'<ul class="members">.*?</ul>', draft, re.S).group(0)
    assert shown in received
    # sex, languages and relations were not chosen
    assert "Femenino" not in shown and "Mujer" not in shown and "de Ana" not in shown


def test_what_was_typed_stays_when_it_is_refused(client, world):
    client.sign_in(world.caseworker)
    url = f"/cases/{case_number(world, world.mother)}/refer"
    data = {
        "kind": "SHELTER",
        "members": [str(world.mother.case_id)],
        "priority": "URGENT",
        "message": "Llegan a pie.",
    }
    answer = client.post(url, data=data)
    assert (
        answer.status_code == 422
        and "Llegan a pie." in text(answer)
        and "Elija la entidad que recibe." in text(answer)
    )


def test_without_consent_the_draft_is_not_sent_and_says_why(client, world):
    with world.db.as_owner():
        consent(world.father, state="REFUSED", expires_on=None)
    with access.acting_as(world.caseworker):
        restart()
        found = service.draft(
            world.family, from_team=session.merge(world.desk), to_team=session.merge(world.shelter), kind="SHELTER",
            priority="URGENT", **world.nights(),
        )  # fmt: skip
        number = found.number
        restart()
    client.sign_in(world.caseworker)
    answer = client.post(f"/referrals/{number}/send")
    assert answer.status_code == 422 and "Falta el consentimiento" in text(answer)


def test_the_inbox_shows_clock_and_next_step(client, world):
    number = world.refer()
    client.sign_in(world.coordinator)
    with clock.held_at(NOW + timedelta(minutes=50)):
        page = text(client.get("/referrals"))
    assert (
        "respuesta en 10 minutos" in page and "clock-soon" in page and "Responder" in page and "Nueva" in page
    )
    assert "Lucha y 2 personas más" in page
    assert f"/referrals/{number}" in page
    assert "No hay referencias" in text(client.get("/referrals?priority=NORMAL"))
    client.sign_in(world.stranger)
    assert number not in text(client.get("/referrals?side=in"))


def test_accepting_offers_whole_rooms_and_books_them(client, world):
    number = world.refer()
    client.sign_in(world.coordinator)
    page = text(client.get(f"/referrals/{number}/accept"))
    values = re.findall(r'type="radio" name="place" id="[^"]+" value="([^"]+)"', page)
    assert len(values) == 1 and "Cuarto F1" in page  # the only room that is step-free and holds three
    version = re.search(r'name="version"[^>]*value="(\d+)"', page).group(1)
    data = {
        "version": version, "member": [str(c) for c in world.family], "place": values[0],
        "first_night": "2025-11-23", "last_night": "2025-11-25", "reason": "",
    }  # fmt: skip
    answer = client.post(f"/referrals/{number}/accept", data=data)
    assert answer.status_code == 302
    shown = text(client.get(answer.headers["Location"]))
    assert "Aceptó a 3 personas." in shown and "Lugar reservado" in shown and "3 noches" in shown


def test_a_part_is_offered_and_the_sender_decides(client, world):
    number = world.refer()
    client.sign_in(world.coordinator)
    pair = [str(world.mother.case_id), str(world.child.case_id)]
    page = text(client.get(f"/referrals/{number}/accept", query_string={"member": pair}))
    assert "Aceptar a una parte" in page
    value = re.findall(r'type="radio" name="place" id="[^"]+" value="([^"]+)"', page)[0]
    data = {
        "version": "2",
        "member": pair,
        "place": value,
        "first_night": "2025-11-23",
        "last_night": "2025-11-25",
    }
    version = re.search(r'name="version"[^>]*value="(\d+)"', page).group(1)
    answer = client.post(f"/referrals/{number}/accept", data={**data, "version": version})
    assert answer.status_code == 422  # why not the others?
    answer = client.post(
        f"/referrals/{number}/accept", data={**data, "version": version, "reason": "NO_PLACE_THIS_SIZE"}
    )
    assert answer.status_code == 302
    client.sign_in(world.caseworker)
    page = text(client.get(f"/referrals/{number}"))
    assert "Aceptar la parte" in page and "No separar a la familia" in page
    assert client.post(f"/referrals/{number}/refuse-part").status_code == 302
    assert "Buscar otra opción" in text(client.get(f"/referrals/{number}"))


def test_no_room_says_so_and_leads_to_the_answer(client, world):
    number = world.refer()
    client.sign_in(world.coordinator)
    with world.db.as_owner():
        from tests.factories.shelter import make_stay, places_in

        make_stay(make_person(world.desk), places_in(world.shelter, "F1")[3])
    page = text(client.get(f"/referrals/{number}/accept"))
    assert "No hay lugar para estas personas" in page and f"/referrals/{number}/decline" in page


def test_decline_in_two_taps_and_what_each_side_reads(client, world):
    number = world.refer()
    client.sign_in(world.coordinator)
    page = text(client.get(f"/referrals/{number}/decline?reason=PREVIOUS_INCIDENT"))
    version = re.search(r'name="version"[^>]*value="(\d+)"', page).group(1)
    answer = client.post(
        f"/referrals/{number}/decline", data={"version": version, "reason": "PREVIOUS_INCIDENT"}
    )
    assert answer.status_code == 302
    own = text(client.get(f"/referrals/{number}"))
    assert "Incidente previo" in own and "ya no ve a estas personas" in own and "Lucha" not in own
    client.sign_in(world.caseworker)
    theirs = text(client.get(f"/referrals/{number}"))
    assert "No es posible ofrecerlo aquí" in theirs and "Incidente" not in theirs and "PREVIOUS" not in theirs


def test_the_second_of_two_editors_loses_nothing(client, world):
    number = world.refer()
    client.sign_in(world.coordinator)
    version = re.search(
        r'name="version"[^>]*value="(\d+)"', text(client.get(f"/referrals/{number}/ask"))
    ).group(1)
    with access.acting_as(world.coordinator):
        restart()
        service.ask_info(world.open(world.coordinator, number), "¿Cuántas cunas?")
        restart()
    answer = client.post(
        f"/referrals/{number}/ask", data={"version": version, "question": "¿Traen equipaje?"}
    )
    assert answer.status_code == 409
    assert "¿Traen equipaje?" in text(answer) and "¿Cuántas cunas?" in text(answer)


def test_the_sender_reads_whom_to_call_and_an_immediate_clock_cannot_be_stopped(client, world):
    with world.db.as_owner():
        entry = session.scalars(sa.select(Service).where(Service.team_id == world.shelter.id)).one()
        session.add_all(
            ServiceContact(service_id=entry.id, kind=kind, phone=phone)
            for kind, phone in (("DUTY", "55 1111 2222"), ("NEXT_DUTY", "55 3333 4444"))
        )
        session.flush()
    number = world.refer()
    client.sign_in(world.coordinator)
    assert "stops_clock" not in text(client.get(f"/referrals/{number}/ask"))
    assert "55 3333 4444" not in text(
        client.get(f"/referrals/{number}")
    )  # the receiver is not to call itself
    client.sign_in(world.caseworker)
    page = text(client.get(f"/referrals/{number}"))
    assert "55 1111 2222" in page and "Si no contestan, llamar a" in page and "tel:5533334444" in page
    assert "Nadie ha respondido todavía" not in page
    with world.db.as_owner():
        session.execute(sa.update(Referral).values(next_told_at=Referral.told_at))
    assert "Nadie ha respondido todavía" in text(client.get(f"/referrals/{number}"))


def test_a_question_and_its_answer(client, world):
    number = world.refer(priority="URGENT")
    client.sign_in(world.coordinator)
    client.post(f"/referrals/{number}/ask", data={"question": "¿Cuántas cunas?", "stops_clock": "y"})
    assert "en pausa" in text(client.get(f"/referrals/{number}"))
    client.sign_in(world.caseworker)
    assert "¿Cuántas cunas?" in text(client.get(f"/referrals/{number}/reply"))
    client.post(f"/referrals/{number}/reply", data={"reply": "Una."})
    client.sign_in(world.coordinator)
    page = text(client.get(f"/referrals/{number}"))
    assert "Una." in page and "Respondieron su pregunta" in page


def test_only_the_verbs_that_the_rules_allow_are_shown(client, world):
    number = world.refer()
    client.sign_in(world.caseworker)
    page = text(client.get(f"/referrals/{number}"))
    assert "Retirar" in page and f"/referrals/{number}/accept" not in page
    client.sign_in(world.coordinator)
    page = text(client.get(f"/referrals/{number}"))
    assert f"/referrals/{number}/accept" in page and f"/referrals/{number}/withdraw" not in page


@pytest.mark.parametrize("path", ["/referrals", "/referrals?side=out"])
def test_the_list_costs_the_same_whatever_the_rows(client, world, path):
    who = world.coordinator if path == "/referrals" else world.caseworker
    world.refer()
    client.sign_in(who)
    client.get(path)
    with count_statements() as few:
        client.get(path)
    for _ in range(3):
        with world.db.as_owner():
            person = make_person(world.desk)
            make_household(world.desk, person)
            consent(person)
        world.refer(person.case_id)
    with count_statements() as many:
        client.get(path)
    assert len(asked(many)) <= 15 and len(asked(many)) == len(asked(few)), asked(many)


#: The page that gives places also asks who holds some, who may not sleep near whom, and where leave is missing.
@pytest.mark.parametrize(("path", "most"), [("", 15), ("/accept", 17), ("/decline", 15), ("/withdraw", 15)])
def test_a_referral_costs_few_statements(client, world, path, most):
    number = world.refer()
    client.sign_in(world.caseworker if path == "/withdraw" else world.coordinator)
    client.get(f"/referrals/{number}{path}")
    with count_statements() as seen:
        assert client.get(f"/referrals/{number}{path}").status_code == 200
    assert len(asked(seen)) <= most, asked(seen)


def test_a_new_referral_costs_the_same_whatever_the_family(client, world):
    """Six of them ask the directory whom each service takes, in which language and when it is open."""
    with world.db.as_owner():
        alone = make_person(world.desk)
        make_household(world.desk, alone)
    few, many = (f"/cases/{case_number(world, p)}/refer?kind=SHELTER" for p in (alone, world.mother))
    client.sign_in(world.caseworker)
    costs = []
    for url in (few, many):
        client.get(url)
        with count_statements() as seen:
            client.get(url)
        costs.append(len(asked(seen)))
    assert costs[0] == costs[1] <= 16, costs


def test_a_place_in_another_state_says_that_leave_is_missing_before_and_after_it_is_asked(client, world):
    with world.db.as_owner():
        session.add(MovementLimit(case_id=world.child.case_id, admin1="MX09", since=date(2025, 11, 1)))
    mother, child = case_number(world, world.mother), case_number(world, world.child)
    number, family = world.refer(), world.family
    with world.db.as_owner():
        beds = ",".join(f"{c}:{p}" for c, p in sorted(world.beds().items()))
    client.sign_in(world.caseworker)
    page = text(client.get(f"/cases/{mother}/refer?kind=SHELTER"))
    assert "otro estado: falta el permiso de la autoridad" in page
    assert "Falta permiso para cambiar de estado" in text(client.get(f"/cases/{child}"))
    assert "Falta permiso" not in text(client.get(f"/cases/{mother}"))
    client.sign_in(world.coordinator)
    page = text(client.get(f"/referrals/{number}/accept"))
    assert "Falta el permiso de la autoridad para cambiar de estado" in page and 'name="place"' not in page
    data = {
        "place": beds,
        "member": [str(c) for c in family],
        "first_night": "2025-11-23",
        "last_night": "2025-11-25",
    }
    refused = client.post(f"/referrals/{number}/accept", data=data)
    assert refused.status_code == 422 and "falta el permiso" in text(refused)
    with world.db.as_owner():
        session.execute(sa.update(MovementLimit).values(admin1="MX07"))
    assert 'name="place"' in text(client.get(f"/referrals/{number}/accept"))
