"""Somebody of a referral did not come: they are looked for, whatever became of the others of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from caseapp.casefile.models import CaseAlert, CaseTask
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.core.outbox import OutboxRow, deliver
from caseapp.people.models import CaseAccess
from caseapp.referral import events, service
from caseapp.referral.models import Referral, ReferralNotice, ReferralReview
from caseapp.referral.rules import gone
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter import service as shelter
from caseapp.shelter.models import Stay
from tests.referral.conftest import restart
from tests.referral.test_act import NOW

MORNING = NOW + timedelta(days=1)


@pytest.fixture
def booked(world):
    return world.accepted()


def at_the_shelter(world, verb, who=None, at=NOW):
    """`verb` of the stays by case, at the shelter."""
    with access.acting_as(who or world.gate), clock.held_at(at):
        restart()
        verb({s.case_id: s for s in session.scalars(sa.select(Stay))})
        restart()


def looked_for(world):
    """What the worker opens in the files: alerts and tasks by case."""
    world.db.as_role("work")
    with access.acting_as(access.system("outbox")), clock.held_at(MORNING):
        restart()
        for topic in (events.PERSON_MISSING, events.ENDED_BADLY):
            for row in session.scalars(sa.select(OutboxRow.id).where(OutboxRow.topic == topic)).all():
                deliver(row)
        alerts = session.scalars(
            sa.select(CaseAlert.case_id).where(CaseAlert.code == "NO_SHOW_HANDOVER")
        ).all()
        tasks = session.scalars(sa.select(CaseTask.case_id).where(CaseTask.kind == "SAFETY_CHECK")).all()
        restart()
    world.db.as_role("app")
    assert sorted(alerts) == sorted(tasks)
    return sorted(alerts)


def told(world, number):
    """How the referral stands, what its sender was told, and the endings in the journal by case."""
    with access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, number)
        said = session.scalars(
            sa.select(ReferralNotice.kind)
            .where(ReferralNotice.referral_id == found.id, ReferralNotice.team_id == world.desk.id)
            .order_by(ReferralNotice.made_at, ReferralNotice.id)
        ).all()
        ended = sa.select(CaseEvent.case_id, CaseEvent.reason).where(
            CaseEvent.subject_id == found.id, CaseEvent.kind == "referral.not_completed"
        )
        return found, said, sorted(map(tuple, session.execute(ended)))


def test_one_of_three_is_missing_and_the_others_came(client, world, booked):
    mother, child, father = world.family
    at_the_shelter(world, lambda s: shelter.check_in([s[mother], s[child]]))
    at_the_shelter(world, lambda s: shelter.no_show([s[father]]), at=MORNING)
    assert looked_for(world) == [father]
    found, said, ended = told(world, booked)
    assert (found.state, said[-1], ended) == ("STARTED", "PERSON_MISSING", [(father, "NO_SHOW")])
    assert looked_for(world) == [father]  # twice without harm
    client.sign_in(world.caseworker)
    page = client.get(f"/referrals/{booked}").get_data(as_text=True)
    assert "No llegó: " in page and "Una persona no llegó: búsquela" in page


def test_one_is_missing_while_the_others_are_still_expected(world, booked):
    father = world.family[2]
    at_the_shelter(world, lambda s: shelter.no_show([s[father]]), at=MORNING)
    assert looked_for(world) == [father]
    found, said, ended = told(world, booked)
    assert (found.state, said[-1], ended) == ("ACCEPTED", "PERSON_MISSING", [(father, "NO_SHOW")])


def test_one_is_missing_and_the_others_are_cancelled_afterwards(world, booked):
    mother, child, father = world.family
    at_the_shelter(world, lambda s: shelter.no_show([s[father]]), at=MORNING)
    both = lambda s: shelter.cancel([s[mother], s[child]], "PERSON_DECLINED")  # noqa: E731
    at_the_shelter(world, both, world.coordinator, MORNING)
    assert looked_for(world) == [father]
    found, said, ended = told(world, booked)
    assert (found.state, found.not_completed_reason, said[-1]) == (
        "NOT_COMPLETED",
        "NO_SHOW",
        "NOT_COMPLETED",
    )
    assert ended == sorted([(father, "NO_SHOW"), (mother, "NEED_CHANGED"), (child, "NEED_CHANGED")])


def test_all_are_missing(world, booked):
    at_the_shelter(world, lambda s: shelter.no_show(list(s.values())), at=MORNING)
    assert looked_for(world) == sorted(world.family)
    found, said, ended = told(world, booked)
    assert (found.state, found.not_completed_reason) == ("NOT_COMPLETED", "NO_SHOW")
    assert said.count("NOT_COMPLETED") == 1 and "PERSON_MISSING" not in said
    assert ended == sorted((case, "NO_SHOW") for case in world.family)


def test_the_last_is_missing_when_the_others_have_left(world, booked):
    mother, child, father = world.family
    at_the_shelter(world, lambda s: shelter.check_in([s[mother], s[child]]))
    with clock.held_at(MORNING):
        for each in (child, mother):
            at_the_shelter(
                world,
                lambda s, c=each: shelter.depart(s[c], "PLANNED_MOVE", "RENTED", at=MORNING),
                world.coordinator,
                MORNING,
            )
    assert told(world, booked)[0].state == "STARTED"
    at_the_shelter(world, lambda s: shelter.no_show([s[father]]), at=MORNING)
    found, _said, ended = told(world, booked)
    assert (found.state, found.result, ended) == ("COMPLETED", "DELIVERED_FULL", [(father, "NO_SHOW")])


def test_somebody_is_missing_before_the_sender_agrees_to_a_part(world):
    mother, child, _ = world.family
    number = world.refer()
    with access.acting_as(world.coordinator):
        restart()
        found = world.open(world.coordinator, number)
        service.accept(found, world.beds(mother, child), members=[mother, child], reason="NO_PLACE_THIS_SIZE")
        restart()
    at_the_shelter(world, lambda s: shelter.no_show(list(s.values())), at=MORNING)
    assert looked_for(world) == sorted([mother, child])
    with access.acting_as(world.caseworker), clock.held_at(MORNING):
        restart()
        service.agree_part(world.open(world.caseworker, number))
        restart()
    found, _said, ended = told(world, number)
    assert (found.state, found.not_completed_reason) == ("NOT_COMPLETED", "NO_SHOW")
    assert ended == sorted([(mother, "NO_SHOW"), (child, "NO_SHOW")])


def test_whoever_came_is_not_looked_for_when_the_rest_is_written_down_as_missing(world, booked):
    mother, child, father = world.family
    at_the_shelter(world, lambda s: shelter.check_in([s[mother], s[child]]))
    with access.acting_as(world.caseworker), clock.held_at(MORNING):
        restart()
        service.not_complete(world.open(world.caseworker, booked), "NO_SHOW")
        restart()
    assert looked_for(world) == [father]


@pytest.mark.parametrize("verb", [service.not_complete, service.complete])
def test_a_shelter_closes_what_it_began_and_reads_on_whoever_is_in(world, booked, verb):
    mother, child, _father = world.family
    at_the_shelter(world, lambda s: shelter.check_in([s[mother], s[child]]))
    with access.acting_as(world.coordinator):
        restart()
        found = world.open(world.coordinator, booked)
        verb(found, "OTHER" if verb is service.not_complete else "DELIVERED_PART")
        restart()
        reads = sa.select(CaseAccess.case_id).where(CaseAccess.scope == "STAY", CaseAccess.ended_at.is_(None))
        assert sorted(session.scalars(reads)) == sorted([mother, child])


def test_no_team_reads_on_whoever_is_not_in(world, booked):
    mother, child, father = world.family
    at_the_shelter(world, lambda s: shelter.check_in([s[mother], s[child]]))
    with access.acting_as(world.coordinator):
        restart()
        stay = session.scalars(sa.select(Stay).where(Stay.case_id == mother)).one()
        stay.minimum = True  # her consent is gone
        session.flush()
        for case_id in (father, mother):
            row = CaseAccess(
                case_id=case_id, team_id=world.shelter.id, scope="STAY", subject_id=stay.referral_id, since=clock.now()
            )  # fmt: skip
            with pytest.raises(sa.exc.ProgrammingError, match="row-level security"), session.begin_nested():
                session.add(row)
                session.flush()


@pytest.mark.parametrize(
    ("endings", "reason"),
    [
        (("NEED_CHANGED", "NO_SHOW", "BED_NOT_READY"), "NO_SHOW"),
        (("NEED_CHANGED", "BED_NOT_READY", "PROVIDER_CANCELLED"), "BED_NOT_READY"),
        (("NEED_CHANGED", "PROVIDER_CANCELLED"), "PROVIDER_CANCELLED"),
        (("NEED_CHANGED",), "NEED_CHANGED"),
    ],
)
def test_the_reason_of_all_follows_from_how_it_ended_for_each(endings, reason):
    assert gone.reason_of(endings) == reason
    assert gone.ending_of("NO_SHOW", None) == "NO_SHOW"
    assert gone.ending_of("CANCELLED", "PLACE_NOT_READY") == "BED_NOT_READY"
    assert gone.ending_of("CANCELLED", "BOOKED_IN_ERROR") == "PROVIDER_CANCELLED"


# -- the second look -----------------------------------------------------------------------------------
def reviews(world):
    with world.db.as_owner():
        return [tuple(r) for r in session.execute(sa.select(ReferralReview.what, ReferralReview.reason))]


def part(world):
    mother, child, _ = world.family
    number = world.refer()
    with access.acting_as(world.coordinator):
        restart()
        found = world.open(world.coordinator, number)
        service.accept(found, world.beds(mother, child), members=[mother, child], reason="PREVIOUS_INCIDENT")
        restart()
    return number


def test_a_second_person_looks_at_an_earlier_incident_of_one_of_them(client, world):
    number = part(world)
    assert reviews(world) == [("DECLINE", "PREVIOUS_INCIDENT")]
    with access.acting_as(world.caseworker):
        restart()
        service.agree_part(world.open(world.caseworker, number))
        restart()
        assert "REVIEW" not in told(world, number)[1]


def test_a_part_refused_tells_of_an_incident_nowhere_but_where_it_was_said(world):
    number = part(world)
    with access.acting_as(world.caseworker):
        restart()
        service.refuse_part(world.open(world.caseworker, number))
        restart()
        found = world.open(world.caseworker, number)
        assert (found.state, found.decline_reason) == ("DECLINED", "CANNOT_OFFER")
        kept = {m.case_id: m.not_accepted_reason for m in found.members}
    mother, child, father = world.family
    assert kept == {mother: "CANNOT_OFFER", child: "CANNOT_OFFER", father: "PREVIOUS_INCIDENT"}
    assert reviews(world) == [("DECLINE", "PREVIOUS_INCIDENT")]


@pytest.mark.parametrize("which", [slice(0, 1), slice(None)])
def test_a_second_person_looks_at_a_bed_that_was_not_ready(world, booked, which):
    with access.acting_as(world.coordinator):
        restart()
        found = session.scalars(sa.select(Referral)).one()
        stays = shelter_queries.holding_for_referral(found.id, lock=True)
        shelter.cancel(stays[which], "PLACE_NOT_READY")
        assert reviews(world) == [("NOT_COMPLETED", "BED_NOT_READY")]
        restart()
        rest = shelter_queries.holding_for_referral(found.id, lock=True)
        if rest:  # a second one is seen with the first
            service.not_complete(world.open(world.coordinator, booked), "BED_NOT_READY")
        assert len(reviews(world)) == 1
        said = sa.select(ReferralNotice.team_id).where(ReferralNotice.kind == "REVIEW")
        assert session.scalars(said).all() == [world.shelter.id]


def test_a_wish_asks_for_no_second_look(world, booked):
    with access.acting_as(world.coordinator):
        restart()
        stays = session.scalars(sa.select(Stay)).all()
        shelter.cancel(stays, "PERSON_DECLINED")
    assert reviews(world) == []
