"""Refusing consent has no effect on any queue, rank or place (DO_NO_HARM, "Alone"): whoever says no and whoever was
never asked are told apart, and everything that ranks people reads the same before and after a no."""

from __future__ import annotations

import re
from datetime import date

import pytest
import sqlalchemy as sa

from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.people import queries as people
from caseapp.people import service as people_service
from caseapp.people.models import Case, Consent
from caseapp.people.service import NewConsent
from caseapp.shelter import offers
from caseapp.shelter import queries as shelter_queries
from tests.referral.conftest import FIRST, LAST, restart
from tests.referral.test_pages import text

ON = date(2025, 11, 23)
APART = ("CONSULAR", "COUNTRY_OF_ORIGIN")


def refuse_everything(world, person):
    with access.acting_as(world.caseworker):
        restart()
        case = session.get_one(Case, person.case_id)
        for code in reference.codes("consent_purpose"):
            if code.code in ("MEDIA", "REFER_SHELTER", "REGISTER"):
                continue
            new = NewConsent(
                code.code,
                state="REFUSED",
                recipient_country="HND" if code.code in (*APART, "CROSS_BORDER") else None,
            )
            people_service.record_consent(case, people.person_of(case), new, on=ON)
        restart()


def plain(page):
    """The page without what is new each time it is made: the token against forgery."""
    main = page.split("<main")[1].split("</main>")[0]
    return re.sub(r'<input[^>]*name="csrf_token"[^>]*>', "", main)


def queues(client, world):
    """Every list that puts people in an order, at the desk and at the shelter, and the places they are offered."""
    found = []
    for who, urls in (
        (world.caseworker, ("/today", "/people", "/referrals?side=out")),
        (world.coordinator, ("/today", "/referrals?side=in", "/shelter/tonight")),
    ):
        client.sign_in(who)
        found += [plain(text(client.get(url))) for url in urls]
    with access.acting_as(world.coordinator):
        restart()
        site = shelter_queries.shelters_of(world.coordinator)[0].site
        offered = offers.for_people(world.shelter.id, world.family, FIRST, LAST, site)
        found.append([(o.value, o.reasons, o.missing) for o in offered])
    return found


@pytest.mark.parametrize("who", ["mother", "father"])
def test_a_no_changes_no_queue_no_rank_and_no_place(client, world, who):
    world.refer()
    before = queues(client, world)
    assert before[-1], "there is a place to offer"
    refuse_everything(world, getattr(world, who))
    assert queues(client, world) == before


def test_a_no_is_not_the_same_as_never_asked(client, world):
    """Who said no to being registered is not asked again and again; who was never asked is on the list."""
    with world.db.as_owner():
        session.execute(sa.delete(Consent).where(Consent.purpose == "REGISTER"))
        numbers = dict(session.execute(sa.select(Case.id, Case.number)).all())
    with access.acting_as(world.caseworker):
        restart()
        case = session.get_one(Case, world.father.case_id)
        people_service.record_consent(
            case, people.person_of(case), NewConsent("REGISTER", state="REFUSED"), on=ON
        )
        mother = session.get_one(Case, world.mother.case_id)
        people_service.record_consent(
            mother, people.person_of(mother), NewConsent("REGISTER", state="NOT_ASKED"), on=ON
        )
        restart()
    client.sign_in(world.caseworker)
    page = text(client.get("/today"))
    assert f"/cases/{numbers[world.mother.case_id]}/consents" in page
    assert f"/cases/{numbers[world.father.case_id]}/consents" not in page
