"""A yes given outside the system, by a page or by telephone, for a shelter that keeps its places here: the bed that was held
is the family's, and nobody else's."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from caseapp.accounts.models import Membership
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.core.outbox import OutboxRow, deliver
from caseapp.referral import service
from caseapp.referral.models import Referral, ReferralNotice
from caseapp.referral.service import linking as links
from caseapp.shelter import service as shelter
from caseapp.shelter.models import HoldPolicy, Place, Stay, Unit
from tests.conftest import NOW
from tests.factories import make_person
from tests.factories.shelter import make_stay
from tests.referral.conftest import restart

PHONE = {"channel": "PHONE_RECORDED_BY_SENDER", "answered_by_name": "Hna. Inventada", "read_back": True}
PAGE = {"channel": "ONE_TIME_PAGE", "answered_by_name": "Hna. Inventada"}


@pytest.fixture
def holding(world):
    """The shelter counts its places here and holds them; of its people only the night gate signs in."""
    with world.db.as_owner():
        session.add(HoldPolicy(team_id=world.shelter.id, priority="IMMEDIATE", minutes=45, set_at=NOW))
        session.execute(
            sa.update(Membership)
            .where(Membership.team_id == world.shelter.id, Membership.role != "GATE_NIGHT")
            .values(valid_to=Membership.valid_from)
        )
        session.commit()
    return world


def stays(world):
    with world.db.as_owner():
        session.expire_all()
        return {
            (s.case_id, s.place_id, s.state)
            for s in session.scalars(sa.select(Stay).where(Stay.state.in_(("HELD", "BOOKED", "IN"))))
        }


def states(world):
    with world.db.as_owner():
        session.expire_all()
        return sorted(session.scalars(sa.select(Stay.state)))


def by_page(world, number, **values):
    with access.acting_as(world.caseworker):
        restart()
        made = links.make_link(world.open(world.caseworker, number))
        restart()
    with access.acting_as(access.ANONYMOUS):
        restart()
        with links.let_in(links.try_code(made.token, links.mac_of(made.token, made.code))) as found:
            kept = service.accept(found, **PAGE, **values)
        restart()
    return kept


def by_telephone(world, number):
    with access.acting_as(world.caseworker):
        restart()
        kept = service.accept(world.open(world.caseworker, number), **PHONE)
        restart()
    return kept


def worker(world):
    """What the casework worker does with what was left for it."""
    with world.db.as_owner(), access.acting_as(access.system("relay")):
        topics = ("shelter.hold_turned", "shelter.hold_lapsed")
        for row_id in session.scalars(
            sa.select(OutboxRow.id).where(OutboxRow.topic.in_(topics)).order_by(OutboxRow.id)
        ):
            deliver(row_id)
        session.commit()


@pytest.mark.parametrize(
    ("says_yes", "told"), [(by_page, ["sender"]), (by_telephone, ["receiver", "sender"])]
)
def test_whoever_is_said_to_have_agreed_hears_of_it(holding, says_yes, told):
    """The sender may write down a yes that nobody gave: the shelter reads it, and can take its places back."""
    number = holding.refer()
    says_yes(holding, number)
    with holding.db.as_owner():
        teams = {holding.desk.id: "sender", holding.shelter.id: "receiver"}
        asked = sa.select(ReferralNotice.team_id).where(ReferralNotice.kind == "ACCEPTED")
        assert sorted(teams[team] for team in session.scalars(asked)) == told


@pytest.mark.parametrize("says_yes", [by_page, by_telephone])
def test_the_held_beds_become_the_familys_by_the_same_rows(holding, says_yes):
    number = holding.refer()
    held = {(c, p, "BOOKED") for c, p, _state in stays(holding)}
    assert len(held) == 3
    assert says_yes(holding, number) == 3
    assert stays(holding) == held
    worker(holding)
    with holding.db.as_owner():
        session.expire_all()
        for stay in session.scalars(sa.select(Stay)):
            assert stay.called_name_sealed and stay.held_until is None and stay.booked_at == NOW
        mother = session.scalars(sa.select(Stay).where(Stay.case_id == holding.mother.case_id)).one()
        assert mother.requirements == ["STEP_FREE"]
        kinds = session.scalars(sa.select(CaseEvent.kind).where(CaseEvent.kind.like("stay.%"))).all()
        assert (kinds.count("stay.held"), kinds.count("stay.booked"), kinds.count("stay.hold_ended")) == (
            3,
            3,
            0,
        )
    # However often the message is delivered, a booking is told once.
    with holding.db.as_owner(), access.acting_as(access.system("relay")):
        session.execute(sa.update(OutboxRow).values(done_at=None))
        session.commit()
    worker(holding)
    with holding.db.as_owner():
        assert session.scalar(sa.select(sa.func.count()).where(CaseEvent.kind == "stay.booked")) == 3


def test_time_does_not_take_away_what_a_yes_has_booked(holding):
    number = holding.refer()
    by_page(holding, number)
    with (
        holding.db.as_owner(),
        clock.held_at(NOW + timedelta(hours=2)),
        access.acting_as(access.system("holds")),
    ):
        session.commit()
        assert shelter.release_lapsed() == 0
        session.commit()
    assert states(holding) == ["BOOKED"] * 3


def test_a_part_is_booked_and_the_rest_let_go_and_the_sender_may_refuse_it(holding):
    number = holding.refer()
    some = [holding.mother.case_id, holding.child.case_id]
    assert by_page(holding, number, members=some, reason="NO_PLACE_THIS_SIZE") == 2
    assert states(holding) == ["BOOKED", "BOOKED", "RELEASED"]
    worker(holding)
    with holding.db.as_owner():
        ended = session.scalars(sa.select(CaseEvent.reason).where(CaseEvent.kind == "stay.hold_ended")).all()
        assert ended == ["ANSWERED"]
        session.commit()
    with access.acting_as(holding.caseworker):
        restart()
        service.refuse_part(holding.open(holding.caseworker, number))
        restart()
    assert states(holding) == ["CANCELLED", "CANCELLED", "RELEASED"]


@pytest.mark.parametrize("says_yes", [by_page, by_telephone])
def test_after_its_time_a_hold_books_nothing_and_the_sender_is_told(holding, client, says_yes):
    number = holding.refer()
    with clock.held_at(NOW + timedelta(minutes=50)):
        assert says_yes(holding, number) == 0
        assert stays(holding) == set()
        client.sign_in(holding.caseworker)
        page = client.get(f"/referrals/{number}").get_data(as_text=True)
        assert "no quedó lugar reservado" in page and "Anotar respuesta" in page


def test_a_bed_that_somebody_else_took_meanwhile_stays_theirs(holding):
    number = holding.refer()
    lost = {p for _c, p, _state in stays(holding)}
    with clock.held_at(NOW + timedelta(minutes=50)):
        with holding.db.as_owner():
            other = make_person(session.merge(holding.desk))
            session.commit()
            shelter.release_lapsed()
            place = session.get_one(Place, next(iter(lost)))
            make_stay(other, place)
            session.commit()
        assert by_page(holding, number) == 0
        ((case_id, place_id, state),) = stays(holding)
        assert (case_id, state) == (other.case_id, "BOOKED") and place_id in lost


def test_the_page_says_what_became_of_the_place_in_words(holding, client):
    number = holding.refer()
    client.sign_in(holding.caseworker)
    made = client.post(f"/referrals/{number}/link").get_data(as_text=True)
    token, code = (
        re.search(r"/r/([\w-]{43})", made).group(1),
        re.search(r"<strong>(\d{3} \d{3})</strong>", made).group(1),
    )
    client.sign_out()
    opened = client.post(f"/r/{token}", data={"code": code}).get_data(as_text=True)
    answer = {
        "ticket": re.search(r'name="ticket" value="([^"]+)"', opened).group(1), "verb": "accept",
        "answered_by_name": "Hna. Inventada",
    }  # fmt: skip
    page = client.post(f"/r/{token}", data=answer).get_data(as_text=True)
    assert "Los 3 lugares que estaban apartados quedaron reservados." in page
    client.sign_in(holding.caseworker)
    page = client.get(f"/referrals/{number}").get_data(as_text=True)
    assert "Lugar reservado" in page and "no quedó lugar reservado" not in page
    # Nobody answers there: what follows is written down by the sender, although places are booked.
    assert "Anotar respuesta por teléfono o en papel" in page


def test_a_parish_that_counts_no_places_here_is_not_spoken_of(holding, client):
    with holding.db.as_owner():
        session.execute(sa.update(Unit).values(active=False))
        session.commit()
    number = holding.refer()
    assert by_page(holding, number) == 0
    client.sign_in(holding.caseworker)
    assert "lugar reservado" not in client.get(f"/referrals/{number}").get_data(as_text=True)


def test_only_a_yes_that_stands_there_books_and_only_for_its_own(holding):
    number = holding.refer()
    with holding.db.as_owner():
        referral_id = session.scalar(sa.select(Referral.id).where(Referral.number == number))
        session.commit()

    def calls(who):
        with access.acting_as(who):
            restart()
            with pytest.raises(DBAPIError, match="only a yes given outside"), session.begin_nested():
                session.execute(
                    sa.text("SELECT * FROM held_become_bookings(:r, :n)"), {"r": referral_id, "n": NOW}
                ).all()

    for who in (holding.caseworker, holding.stranger, holding.nurse, access.ANONYMOUS):
        calls(who)  # nobody said yes
    by_telephone(holding, number)
    for who in (holding.stranger, holding.nurse, access.ANONYMOUS):
        calls(who)
    assert states(holding) == ["BOOKED"] * 3


def test_a_consent_taken_back_frees_the_beds(holding):
    number = holding.refer()
    by_page(holding, number)
    worker(holding)
    with access.acting_as(holding.caseworker):
        restart()
        service.withdraw(holding.open(holding.caseworker, number), "CONSENT_WITHDRAWN")
        restart()
    assert states(holding) == ["CANCELLED"] * 3
