"""A booking that is cancelled gives the referral back to its sender, ready to be asked elsewhere, exactly once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from caseapp.core import access
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.referral import errors as referral_errors
from caseapp.referral.models import ReferralNotice, ReferralStep
from caseapp.shelter import errors
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter import service as shelter
from tests.referral.conftest import restart


@pytest.fixture
def booked(world):
    return world.accepted()


def steps(found):
    asked = sa.select(ReferralStep.verb).where(
        ReferralStep.referral_id == found.id, ReferralStep.to_state == "NOT_COMPLETED"
    )
    return session.scalars(asked).all()


def cancel(world, number, which=slice(None), reason="PLACE_NOT_READY"):
    with access.acting_as(world.coordinator):
        restart()
        found = world.open(world.coordinator, number)
        stays = shelter_queries.holding_for_referral(found.id, lock=True)
        shelter.cancel(stays[which], reason)
        restart()
        return world.open(world.coordinator, number).state


def test_the_last_cancelled_booking_gives_it_back_and_no_other(world, booked, client):
    assert cancel(world, booked, slice(0, 1)) == "ACCEPTED"
    assert cancel(world, booked, slice(0, 1)) == "ACCEPTED"
    assert cancel(world, booked, slice(0, 1)) == "NOT_COMPLETED"
    with access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, booked)
        assert (len(steps(found)), found.not_completed_reason) == (1, "BED_NOT_READY")
        told = sa.select(ReferralNotice.kind).where(
            ReferralNotice.referral_id == found.id, ReferralNotice.team_id == found.from_team_id,
            ReferralNotice.kind == "NOT_COMPLETED",
        )  # fmt: skip
        assert session.scalars(told).all() == ["NOT_COMPLETED"]
        events = sa.select(CaseEvent.case_id).where(
            CaseEvent.subject_id == found.id, CaseEvent.kind == "referral.not_completed"
        )
        assert sorted(session.scalars(events)) == sorted(world.family)  # once for each person
    client.sign_in(world.caseworker)
    page = client.get(f"/referrals/{booked}").get_data(as_text=True)
    assert "Buscar otra opción" in page and f"again={booked}" in page


def test_cancelling_again_changes_nothing_and_the_people_can_be_asked_anew_once(world, booked):
    with access.acting_as(world.coordinator):
        restart()
        found = world.open(world.coordinator, booked)
        stays = shelter_queries.holding_for_referral(found.id, lock=True)
        shelter.cancel(stays, "PLACE_NOT_READY")
        with pytest.raises(errors.WrongState):
            shelter.cancel(stays, "PLACE_NOT_READY")
        assert len(steps(found)) == 1
        restart()
    again = world.refer()
    assert again != booked
    with pytest.raises(referral_errors.AlreadyAsked):
        world.refer()
    with access.acting_as(world.caseworker):
        restart()
        assert world.open(world.caseworker, booked).state == "NOT_COMPLETED"
        assert len(steps(world.open(world.caseworker, booked))) == 1
