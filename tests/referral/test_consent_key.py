"""The receiver's door: the preview is what they see, and it closes at once when the consent is taken back."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.people import queries as people
from caseapp.people import service as people_service
from caseapp.people.models import (
    Case,
    CaseAccess,
    Consent,
    ConsentWaiver,
    Contact,
    IdentityDocument,
    Need,
    Person,
)
from caseapp.people.rules import NotNeeded
from caseapp.people.service import NewConsent
from caseapp.referral import errors, queries, service
from caseapp.referral.models import ITEMS, Referral, ReferralMember, ReferralNotice
from caseapp.shelter import service as shelter
from caseapp.shelter.models import Stay
from tests.conftest import NOW
from tests.factories import make_user, principal_of
from tests.factories.referral import consent
from tests.factories.shelter import require
from tests.referral.conftest import restart
from tests.referral.test_pages import case_number, text

ON = date(2025, 11, 23)


def withdraw(world, person, purpose="REFER_SHELTER"):
    """The person takes their consent back at the desk."""
    with access.acting_as(world.caseworker):
        restart()
        case = session.get_one(Case, person.case_id)
        row = session.scalars(
            sa.select(Consent).where(
                Consent.case_id == case.id, Consent.purpose == purpose, Consent.state == "GIVEN"
            )
        ).one()
        people_service.withdraw_consent(case, row, on=ON)
        restart()


def accepted(world, number=None):
    number = number or world.refer()
    with access.acting_as(world.coordinator):
        restart()
        service.accept(world.open(world.coordinator, number), world.beds())
        restart()
    return number


def moved_in(world):
    number = accepted(world)
    with access.acting_as(world.gate):
        restart()
        shelter.check_in(session.scalars(sa.select(Stay)).all())
        restart()
    return number


def stays(world):
    with world.db.as_owner():
        session.expire_all()
        return {s.case_id: s for s in session.scalars(sa.select(Stay)).all()}


def referral(world, number):
    with world.db.as_owner():
        session.expire_all()
        return session.scalars(
            sa.select(Referral).where(Referral.number == number).options(*queries.WHOLE)
        ).one()


def reading(world):
    with world.db.as_owner():
        return set(session.scalars(sa.select(CaseAccess.case_id).where(CaseAccess.ended_at.is_(None))))


# -- who is out ---------------------------------------------------------------------------------------
def test_one_adult_leaves_and_the_others_stay(world):
    number = accepted(world)
    withdraw(world, world.father)
    found = referral(world, number)
    assert found.state == "ACCEPTED"
    assert [m.case_id for m in found.members] == [world.mother.case_id, world.child.case_id]
    assert reading(world) == {world.mother.case_id, world.child.case_id}
    held = stays(world)
    assert held[world.father.case_id].state == "CANCELLED" and held[world.mother.case_id].state == "BOOKED"
    assert held[world.father.case_id].called_name is None
    with world.db.as_owner():
        gone = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "referral.withdrawn")).all()
        assert [(e.case_id, e.reason) for e in gone] == [(world.father.case_id, "CONSENT_WITHDRAWN")]
        told = session.scalars(
            sa.select(ReferralNotice.kind).where(ReferralNotice.kind == "PERSON_LEFT")
        ).all()
        assert told == ["PERSON_LEFT"]


def test_children_go_with_the_last_who_carried_them(world):
    number = world.refer()
    withdraw(world, world.father)  # the child still goes with the mother
    assert len(referral(world, number).members) == 2
    withdraw(world, world.mother)
    found = referral(world, number)
    assert (found.state, found.withdraw_reason) == ("WITHDRAWN", "CONSENT_WITHDRAWN")
    assert reading(world) == set()


def test_a_child_with_a_yes_of_its_own_does_not_go_without_its_parents(world):
    with world.db.as_owner():
        consent(
            world.child, adult=False, given_by="PARENT", given_by_case_id=world.mother.case_id, age_asked=7
        )
    number = world.refer(world.mother.case_id, world.child.case_id)
    withdraw(world, world.mother)
    assert referral(world, number).state == "WITHDRAWN" and reading(world) == set()


@pytest.mark.parametrize("state", ["SENT", "INFO_ASKED", "ACCEPTED"])
def test_an_open_referral_of_one_person_is_withdrawn_and_its_bed_is_free(world, state):
    number = world.refer(world.mother.case_id, priority="URGENT")
    with access.acting_as(world.coordinator):
        restart()
        found = world.open(world.coordinator, number)
        if state == "INFO_ASKED":
            service.ask_info(found, "¿A qué hora?", stops_clock=True)
        if state == "ACCEPTED":
            service.accept(found, world.beds(world.mother.case_id))
        restart()
    withdraw(world, world.mother)
    found = referral(world, number)
    assert (found.state, found.withdraw_reason) == ("WITHDRAWN", "CONSENT_WITHDRAWN")
    assert reading(world) == set()
    assert {s.state for s in stays(world).values()} <= {"CANCELLED"}


def test_a_refusal_after_a_yes_closes_like_a_withdrawal(world):
    number = world.refer(world.mother.case_id)
    with access.acting_as(world.caseworker):
        restart()
        case = session.get_one(Case, world.mother.case_id)
        people_service.record_consent(
            case, people.person_of(case), NewConsent("REFER_SHELTER", state="REFUSED"), on=ON
        )
        restart()
    assert referral(world, number).state == "WITHDRAWN" and reading(world) == set()


def test_another_purpose_or_another_recipient_closes_nothing(world):
    with world.db.as_owner():
        consent(world.mother, "REFER_HEALTH")
        consent(world.mother, recipient_team_id=world.health.id)
    number = world.refer(world.mother.case_id)
    withdraw(world, world.mother, "REFER_HEALTH")
    with access.acting_as(world.caseworker):
        restart()
        case = session.get_one(Case, world.mother.case_id)
        other = session.scalars(sa.select(Consent).where(Consent.recipient_team_id.is_not(None))).one()
        people_service.withdraw_consent(case, other, on=ON)
        restart()
    assert referral(world, number).state == "SENT" and reading(world) == {world.mother.case_id}


def test_a_key_for_one_shelter_opens_no_other_door(world):
    with world.db.as_owner():
        session.execute(
            sa.update(Consent)
            .where(Consent.case_id == world.mother.case_id)
            .values(recipient_team_id=world.health.id)
        )
    with pytest.raises(errors.ConsentMissing):
        world.refer(world.mother.case_id)


# -- what the receiver sees, to the byte --------------------------------------------------------------
PAGES = ("/shelter/tonight", "/people?q=Prueba", "/people", "/referrals?side=in", "/today")


def seen(client, world, number, files):
    """Everything that the shelter can open about these people, as one text, with each file's status."""
    client.sign_in(world.coordinator)
    pages = [text(client.get(url)) for url in (*PAGES, f"/referrals/{number}")]
    client.sign_in(world.gate)
    pages.append(text(client.get("/shelter/tonight")))
    client.sign_in(world.coordinator)
    answers = [client.get(f"/cases/{file}") for file in files]
    pages += [text(a) for a in answers if a.status_code != 404]  # «no such page» repeats its own address
    pages += [text(client.get(f"/shelter/stays/{stay}")) for stay in [s.id for s in stays(world).values()]]
    return "\n".join(pages), [a.status_code for a in answers]


def test_in_a_running_stay_the_shelter_keeps_name_bed_nights_and_what_is_vital(client, world):
    with world.db.as_owner():
        mother, child = session.merge(world.mother), session.merge(world.child)
        # What she needs of a place, in words that no room of the shelter has of itself.
        require(mother, "DISCREET_ARRIVAL")
        needed = reference.label("placement_requirement", "DISCREET_ARRIVAL")
        secrets = [mother.given_names, mother.full_name, child.full_name, needed, "Llegan de noche."]
        child_called = child.given_names
    number = world.refer(message="Llegan de noche.")
    accepted(world, number)
    with access.acting_as(world.gate):
        restart()
        shelter.check_in(session.scalars(sa.select(Stay)).all())
        restart()
    files = [case_number(world, p) for p in (world.mother, world.child, world.father)]
    before, status = seen(client, world, number, files)
    assert status == [200, 200, 200]
    assert all(secret in before for secret in secrets)
    withdraw(world, world.father)
    withdraw(world, world.mother)
    after, status = seen(client, world, number, files)
    assert status == [404, 404, 404]
    # what stays: how they are called, the bed, the nights, what life depends on
    for kept in (
        "Lucha",
        "Alergia grave: cacahuate",
        "3 noches, del 23 nov 2025 al 25 nov 2025",
        child_called,
    ):
        assert kept in after
    for gone in (*secrets, *files, "33 años", "7 años", "madre o padre"):
        # the child is called by the given name, which therefore stays; nothing else of it does
        assert gone == child_called or gone not in after, gone
    with world.db.as_owner():
        found = session.scalars(sa.select(Referral).where(Referral.number == number)).one()
        assert found.state == "WITHDRAWN"


def test_with_the_departure_the_rest_goes_too(client, world):
    moved_in(world)
    withdraw(world, world.father)
    withdraw(world, world.mother)
    with access.acting_as(world.coordinator), clock.held_at(NOW + timedelta(days=2)):
        restart()
        for stay in session.scalars(sa.select(Stay)).all():
            shelter.depart(stay, "OWN_WISH", "RENTED")
        restart()
    for stay in stays(world).values():
        assert (stay.called_name, stay.life_critical, stay.requirements) == (None, None, [])


def test_whoever_stays_is_seen_and_the_other_is_not_even_counted(client, world):
    number = world.refer(message="Andan los tres juntos.")
    client.sign_in(world.coordinator)
    assert "Lucha y 2 personas más" in text(client.get("/referrals?side=in"))
    withdraw(world, world.father)
    with world.db.as_owner():
        father = session.merge(world.father).given_names
    client.sign_in(world.coordinator)
    page = text(client.get(f"/referrals/{number}"))
    assert "Lucha y 1 persona más" in text(client.get("/referrals?side=in"))
    assert father not in page and "Andan los tres" not in page and "Una persona ya no va" in page
    client.sign_in(world.caseworker)
    assert "Retirada" in text(client.get(f"/cases/{case_number(world, world.father)}"))
    assert "Andan los tres" in text(client.get(f"/referrals/{number}"))


# -- the preview --------------------------------------------------------------------------------------
def panel(page):
    """The people of a referral as a page shows them."""
    return re.search(r'<ul class="members">.*?</ul>', page, re.S).group(0)


def with_everything(world):
    with world.db.as_owner():
        mother = session.merge(world.mother)
        contact = Contact(case_id=mother.case_id, rule="SAFE_TO_CALL", hours="9 a 12", created_at=clock.now())
        contact.number = "+504 9988 7766"
        paper = IdentityDocument(
            case_id=mother.case_id, person_id=mother.id, document_type="PASSPORT", issued_by="HND", seen=True
        )
        paper.number = "F1234567"
        session.add_all([contact, paper])
        for code in ("LP-AP", "LP-CR", "LP-AF", "LP-ST", "SV-VA"):
            session.add(
                Need(case_id=mother.case_id, person_id=mother.id, code=code, category=code[:2], priority="HIGH", recorded_on=ON)
            )  # fmt: skip
        session.flush()


@pytest.mark.parametrize(
    ("items", "shown", "hidden"),
    [
        (
            ITEMS,
            ["Prueba Inventada", "+504 9988 7766", "9 a 12", "Honduras", "Sin gradas", "33 años"],
            ["F1234567"],
        ),
        (["AGE"], ["Lucha", "33 años"], ["Prueba", "9988", "Honduras", "madre o padre"]),
        (["NAME", "CONTACT"], ["Prueba Inventada", "9988"], ["33 años", "Honduras"]),
        (["DOCUMENTS"], ["Pasaporte", "Honduras"], ["Prueba", "F1234567", "9988", "33 años"]),
    ],
)
@pytest.mark.parametrize("kind", ["SHELTER", "HEALTH"])
def test_the_preview_is_what_the_receiver_then_sees(client, world, kind, items, shown, hidden):
    with_everything(world)
    with world.db.as_owner():
        for person in (world.mother, world.father):
            consent(person, "REFER_HEALTH")
    to = world.shelter if kind == "SHELTER" else world.health
    receiver = world.coordinator if kind == "SHELTER" else world.nurse
    with access.acting_as(world.caseworker):
        restart()
        nights = world.nights() if kind == "SHELTER" else {}
        found = service.draft(
            world.family, from_team=session.merge(world.desk), to_team=session.merge(to), kind=kind, priority="URGENT",
            items=items, **nights,
        )  # fmt: skip
        number = found.number
        restart()
    client.sign_in(world.caseworker)
    preview = panel(text(client.get(f"/referrals/{number}")))
    client.post(f"/referrals/{number}/send")
    client.sign_in(receiver)
    received = panel(text(client.get(f"/referrals/{number}")))
    assert preview == received
    needs = [c.label() for c in reference.codes("need_code")]
    for words in shown:
        assert words in received or (words == "Sin gradas" and "REQUIREMENTS" not in items)
    for words in (*hidden, *needs, "LP-AP", "LP-CR", "LP-AF", "LP-ST"):
        assert words not in received
    # a place cannot be given without what it must have; another service is told only what was chosen
    assert ("Sin gradas" in received) is (kind == "SHELTER" or "REQUIREMENTS" in items)
    # neither the file nor the lists say more than the preview did
    file = text(client.get(f"/cases/{case_number(world, world.mother)}"))
    lists = (
        text(client.get("/people"))
        + text(client.get("/people?q=Prueba"))
        + text(client.get("/referrals?side=in"))
    )
    assert ("Prueba Inventada" in file + lists.replace("q=Prueba", "")) is ("NAME" in items)
    assert ("33 años" in file + lists) is ("AGE" in items)
    assert "LP-" not in file and "9988" not in file and "F1234567" not in file


# -- it runs out --------------------------------------------------------------------------------------
def test_a_consent_that_runs_out_closes_the_view_and_gives_nothing_up(client, world):
    with world.db.as_owner():
        session.execute(sa.update(Consent).values(expires_on=ON))
    number = accepted(world)
    tomorrow = NOW + timedelta(days=1)
    with world.db.as_owner(), clock.held_at(tomorrow), access.acting_as(access.system("clocks")):
        assert people_service.expire_consents() == 2
        assert people_service.expire_consents() == 0
    assert reading(world) == set()
    held = stays(world)
    assert {s.state for s in held.values()} == {"BOOKED"} and held[world.mother.case_id].requirements == []
    assert referral(world, number).state == "ACCEPTED"
    with world.db.as_owner():
        kinds = session.scalars(sa.select(CaseEvent.kind).where(CaseEvent.kind == "consent.expired")).all()
        assert len(kinds) == 2
    client.sign_in(world.coordinator)
    assert "Su equipo ya no ve a estas personas." in text(client.get(f"/referrals/{number}"))
    client.sign_in(world.caseworker)
    assert "Venció un consentimiento" in text(client.get(f"/referrals/{number}"))
    with access.acting_as(world.caseworker), clock.held_at(tomorrow):
        restart()
        for person in (world.mother, world.father):
            case = session.get_one(Case, person.case_id)
            people_service.record_consent(
                case, people.person_of(case), NewConsent("REFER_SHELTER", form="SIGNED", alone=True), on=ON + timedelta(days=1)
            )  # fmt: skip
        restart()
    assert reading(world) == set(world.family)
    assert stays(world)[world.mother.case_id].requirements == ["STEP_FREE"]


def test_it_ends_with_its_last_day_at_the_site_and_not_in_greenwich(world):
    with world.db.as_owner():
        session.execute(sa.update(Consent).values(expires_on=ON))
    late_evening = clock.at(ON, 23, 0, "America/Mexico_City")
    with world.db.as_owner(), access.acting_as(access.system("clocks")):
        with clock.held_at(late_evening):
            assert people_service.expire_consents() == 0
        with clock.held_at(late_evening + timedelta(hours=2)):
            assert people_service.expire_consents() == 2


def test_a_child_whom_a_parent_carried_says_yes_themselves_once_they_are_an_adult(world):
    birthday = ON + timedelta(days=1)
    with world.db.as_owner():
        day = birthday.replace(year=birthday.year - 18)
        session.execute(
            sa.update(Person)
            .where(Person.case_id == world.child.case_id)
            .values(birth_precision="DAY", birth_from=day, birth_to=day)
        )
    number = accepted(world)
    adults = {world.mother.case_id, world.father.case_id}
    for later, seen in ((0, {*adults, world.child.case_id}), (1, adults), (1, adults)):
        before = len(reading(world))
        with (
            world.db.as_owner(),
            access.acting_as(access.system("clocks")),
            clock.held_at(NOW + timedelta(days=later)),
        ):
            ended = service.look_at_birthdays()
        assert reading(world) == seen and ended == before - len(seen)
    assert referral(world, number).state == "ACCEPTED" and {s.state for s in stays(world).values()} == {
        "BOOKED"
    }
    with access.acting_as(world.caseworker), clock.held_at(NOW + timedelta(days=1)):
        restart()
        case = session.get_one(Case, world.child.case_id)
        people_service.record_consent(
            case, people.person_of(case), NewConsent("REFER_SHELTER", form="SIGNED", alone=True), on=birthday
        )
        restart()
    assert reading(world) == {*adults, world.child.case_id}


def test_nobody_is_accepted_whom_the_receiver_may_not_see(world):
    with world.db.as_owner():
        session.execute(sa.update(Consent).values(expires_on=ON))
    number = world.refer()
    with (
        world.db.as_owner(),
        clock.held_at(NOW + timedelta(days=1)),
        access.acting_as(access.system("clocks")),
    ):
        people_service.expire_consents()
    with access.acting_as(world.coordinator):
        restart()
        with pytest.raises(errors.ReadingClosed):
            service.accept(world.open(world.coordinator, number), world.beds())


# -- without consent ----------------------------------------------------------------------------------
def test_nothing_is_overridden_where_the_consent_is_there(world):
    bases = dict.fromkeys(world.family, ("VITAL_INTEREST", "Inconsciente."))
    world.refer(bases=bases)
    with world.db.as_owner():
        assert session.scalars(sa.select(ConsentWaiver)).all() == []
        assert session.scalars(sa.select(ReferralMember.basis)).all() == [None, None, None]
        assert session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "consent.waived")).all() == []


def test_a_basis_is_stored_for_whom_it_is_needed_and_for_nobody_else(world):
    with world.db.as_owner():
        consent(world.mother, "REFER_HEALTH")
    bases = dict.fromkeys(world.family, ("VITAL_INTEREST", "Inconsciente."))
    world.refer(kind="HEALTH", bases=bases)
    with world.db.as_owner():
        assert session.scalars(sa.select(ConsentWaiver.case_id)).all() == [world.father.case_id]


def test_a_basis_that_is_not_upheld_closes_the_door(world):
    number = world.refer(
        world.father.case_id, kind="HEALTH", bases={world.father.case_id: ("LACKS_CAPACITY", "La médica.")}
    )
    with world.db.as_owner():
        second = make_user("SUPERVISOR", session.merge(world.desk))
    who = principal_of(second, ("SUPERVISOR", world.desk))
    with access.acting_as(who):
        restart()
        row = session.scalars(sa.select(ConsentWaiver)).one()
        case = session.get_one(Case, row.case_id)
        people_service.review_waiver(case, row, "NOT_UPHELD", note="Podía decidir.", on=ON)
        restart()
    found = referral(world, number)
    assert (found.state, found.withdraw_reason) == ("WITHDRAWN", "CONSENT_WITHDRAWN")
    assert reading(world) == set()


def test_a_basis_is_not_touched_when_a_consent_is_withdrawn(world):
    number = world.refer(
        world.mother.case_id, kind="HEALTH", bases={world.mother.case_id: ("VITAL_INTEREST", "Inconsciente.")}
    )
    withdraw(world, world.mother)  # the consent to shelter
    assert referral(world, number).state == "SENT" and reading(world) == {world.mother.case_id}
    with access.acting_as(world.caseworker):
        restart()
        case = session.get_one(Case, world.mother.case_id)
        given = people_service.record_consent(
            case, people.person_of(case), NewConsent("REFER_HEALTH", form="SIGNED", alone=True), on=ON
        )
        with pytest.raises(NotNeeded):
            people_service.waive(
                case,
                people.person_of(case),
                purpose="REFER_HEALTH",
                basis="VITAL_INTEREST",
                reason="x",
                on=ON,
            )
        people_service.withdraw_consent(case, given, on=ON)
        restart()
    assert reading(world) == {world.mother.case_id}  # life is still at risk; a second person reviews it
