"""What a receiver reads of the requirements: those that its kind of service carries, on every way that they travel."""

from __future__ import annotations

import io
import re
from datetime import date

import pypdf
import pytest
import sqlalchemy as sa

from caseapp.core import access, reference
from caseapp.core.db import session
from caseapp.people.models import Case
from caseapp.referral import kinds, paper, rules, service
from caseapp.referral.kinds.kind import BED, VISIT
from caseapp.referral.legal import service as legal
from caseapp.referral.models import ReferralMember
from caseapp.referral.service import linking as links
from caseapp.shelter.present import life_critical_lines, requirements_text
from tests.factories import make_person, make_site, make_team, make_user, principal_of
from tests.factories.referral import consent, offer
from tests.factories.shelter import require
from tests.referral.conftest import FIRST, LAST, restart

KINDS = [c.code for c in reference.codes("service_kind")]
EVERY = [c.code for c in reference.codes("placement_requirement")]
LIFE = {"FRIDGE_FOR_MEDICINE", "POWER_SOCKET", "ALLERGY_LIFE"}


def word(code):
    return requirements_text([code]).partition(" (")[0]


def said_in(text):
    """The requirements that stand in a text."""
    plain = " ".join(text.split())
    return {code for code in EVERY if word(code) in plain}


def marks(html):
    return " ".join(re.findall(r'<span class="member-marks">(.*?)</span></li>', html, re.S))


@pytest.fixture
def asked(world):
    """Send somebody who needs everything there is to a team, answering here or not."""

    def send(kind, *, answers):
        with world.db.as_owner():
            person = make_person(session.merge(world.desk), called_name="Inventada", birth=date(2025, 1, 5))
            for code in EVERY:
                require(person, code, "detalle" if code in LIFE else None, life_critical=code in LIFE)
            consent(person, rules.purpose_of(kind), adult=False, given_by="PARENT")
            team = make_team(make_site(), "HEALTH")
            offer(team, kind)
            reader = principal_of(
                make_user("SERVICE_FOCAL_POINT", team if answers else make_team()),
                ("SERVICE_FOCAL_POINT", team),
            )
        nights = {"first_night": FIRST, "last_night": LAST} if kind in kinds.GIVES_PLACES else {}
        with access.acting_as(world.caseworker):
            restart()
            found = service.draft(
                [person.case_id], from_team=session.merge(world.desk), to_team=session.merge(team), kind=kind,
                priority="URGENT", **nights,
            )  # fmt: skip
            restart()
            return found.number, reader, person.case_id

    return send


def send(world, number):
    with access.acting_as(world.caseworker):
        restart()
        service.send(world.open(world.caseworker, number))
        restart()


def test_a_bed_carries_everything_and_a_visit_nothing_of_a_room():
    assert set(EVERY) == BED == kinds.of("SHELTER").carries == kinds.of("SAFE_SHELTER").carries
    of_a_room = {
        "COT",
        "FAMILY_ROOM",
        "WOMEN_ONLY",
        "SINGLE_ROOM",
        "LOWER_BUNK",
        "GROUND_FLOOR",
        "ACCESSIBLE_BATH",
        "QUIET",
    }
    for kind in KINDS:
        carries = kinds.of(kind).carries
        assert carries >= VISIT and carries <= set(EVERY), kind
        assert kind in kinds.GIVES_PLACES or not carries & of_a_room, kind
    assert kinds.of("LEGAL").carries == VISIT


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_answers_here_reads_what_the_preview_shows(world, asked, client, kind):
    number, reader, case_id = asked(kind, answers=True)
    carries = kinds.of(kind).carries
    client.sign_in(world.caseworker)
    assert said_in(marks(client.get(f"/referrals/{number}").get_data(as_text=True))) == carries
    send(world, number)
    with world.db.as_owner():
        member = session.scalars(sa.select(ReferralMember).where(ReferralMember.case_id == case_id)).one()
        assert set(member.requirements) == carries
        session.commit()
    if kinds.of(kind).blind:
        with access.acting_as(reader):
            restart()
            legal.check(world.open(reader, number))
            restart()
    client.sign_in(reader)
    assert said_in(marks(client.get(f"/referrals/{number}").get_data(as_text=True))) == carries
    with world.db.as_owner():
        case_number = session.get_one(Case, case_id).number
    file = client.get(f"/cases/{case_number}")
    assert file.status_code == 200 and said_in(file.get_data(as_text=True)) == carries


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_without_account_and_the_paper_say_the_same(app, world, asked, kind):
    number, _reader, _case = asked(kind, answers=False)
    carries = kinds.of(kind).carries
    send(world, number)
    with app.app_context(), access.acting_as(world.caseworker):
        restart()
        made = links.make_link(world.open(world.caseworker, number))
        restart()
    with access.acting_as(access.ANONYMOUS):
        restart()
        attempt = links.try_code(made.token, links.mac_of(made.token, made.code))
        with links.let_in(attempt) as found:
            if kinds.of(kind).blind:
                legal.check(found)
            (seen,) = links.people_for_guest(found.kind)
        restart()
    assert set(seen.requirements) == carries
    assert {line.partition("|")[0] for line in seen.life_critical.splitlines()} == carries & LIFE
    assert (
        said_in(" ".join([requirements_text(seen.requirements), *life_critical_lines(seen.life_critical)]))
        == carries
    )
    with app.app_context(), access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, number)
        if not paper.may_print(found):
            return
        for copy in ("receiver", "sender"):
            reader = pypdf.PdfReader(io.BytesIO(paper.pdf(found, copy, "es")))
            assert said_in(" ".join(p.extract_text() for p in reader.pages)) == carries, copy


def test_what_was_frozen_before_is_not_read_either(world, asked, client):
    """A referral that was sent when every kind carried everything."""
    number, reader, case_id = asked("EDUCATION", answers=True)
    send(world, number)
    with world.db.as_owner():
        session.execute(
            sa.update(ReferralMember).where(ReferralMember.case_id == case_id).values(requirements=EVERY)
        )
        session.commit()
    client.sign_in(reader)
    assert (
        said_in(marks(client.get(f"/referrals/{number}").get_data(as_text=True)))
        == kinds.of("EDUCATION").carries
    )
