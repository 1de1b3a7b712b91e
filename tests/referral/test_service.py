"""The verbs of referrals, as the application's role."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.core.journal import CaseEvent
from caseapp.people.models import Case, CaseAccess, Need, Person
from caseapp.referral import errors, queries, service
from caseapp.referral.models import Referral, ReferralNotice
from caseapp.shelter import errors as shelter_errors
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter import service as shelter
from caseapp.shelter.models import Stay
from tests.conftest import NOW
from tests.factories import make_site, make_team, make_user, principal_of
from tests.factories.referral import consent, offer
from tests.referral.conftest import FIRST, restart


def events_of(kind):
    return session.scalars(
        sa.select(CaseEvent).where(CaseEvent.kind == kind).order_by(CaseEvent.position)
    ).all()


def draft(world, *cases, to=None, kind="SHELTER", **values):
    nights = world.nights() if kind == "SHELTER" else {}
    return service.draft(
        list(cases) or world.family, from_team=world.desk, to_team=to or world.shelter, kind=kind,
        priority=values.pop("priority", "IMMEDIATE"), **nights, **values,
    )  # fmt: skip


def notices(team):
    return session.scalars(
        sa.select(ReferralNotice.kind).where(ReferralNotice.team_id == team.id).order_by(ReferralNotice.id)
    ).all()


def test_a_family_is_sent_with_its_clock_requirements_and_reading(world):
    number = world.refer(message="Llegan a pie.")
    with access.acting_as(world.coordinator):
        restart()
        found = world.open(world.coordinator, number)
        assert (found.state, found.due_at, found.told_at) == (
            "SENT",
            NOW + timedelta(minutes=60),
            NOW + timedelta(minutes=30),
        )
        assert found.message == "Llegan a pie."
        assert [m.requirements for m in found.members] == [["STEP_FREE"], ["ALLERGY_LIFE"], []]
        assert found.members[1].life_critical == "ALLERGY_LIFE|cacahuate"
        # the receiver reads who they are, and no need
        assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 3
        assert session.scalar(sa.select(sa.func.count()).select_from(Need)) == 0
        assert notices(world.shelter) == ["ARRIVED"]
        stored = session.scalar(sa.text("SELECT encode(message_sealed, 'escape') FROM referral"))
        assert "pie" not in stored
    with access.acting_as(world.caseworker):
        restart()
        sent = events_of("referral.sent")
        assert len(sent) == 3 and {(e.sector, e.priority, e.code) for e in sent} == {
            ("SHELTER", "IMMEDIATE", "SHELTER")
        }
        assert sent[0].household_type == "FAMILY" and {e.subject_id for e in sent} == {found.id}


def test_a_receiver_sees_no_draft(world):
    with access.acting_as(world.caseworker):
        restart()
        number = draft(world).number
        restart()
    with access.acting_as(world.coordinator):
        restart()
        with pytest.raises(NotYours):
            queries.referral(world.coordinator, number)
        assert session.scalar(sa.select(sa.func.count()).select_from(Referral)) == 0


def test_without_each_adults_own_consent_nothing_is_sent(world):
    with world.db.as_owner():
        consent(world.father, state="REFUSED", expires_on=None)
    with access.acting_as(world.caseworker):
        restart()
        found = draft(world)
        with pytest.raises(errors.ConsentMissing):
            service.send(found)
        restart()
        other = draft(world, world.mother.case_id, world.child.case_id)
        service.send(other)
        assert other.members[1].consent_id is None  # the child goes with the mother's yes


def test_a_legal_basis_instead_of_consent_is_written_down(world):
    with access.acting_as(world.caseworker):
        restart()
        bases = dict.fromkeys(world.family, ("VITAL_INTEREST", "sangrado abundante"))
        found = draft(world, to=world.health, kind="HEALTH", bases=bases)
        service.send(found)
        waived = events_of("consent.waived")
        assert {(e.code, e.reason) for e in waived} == {("REFER_HEALTH", "VITAL_INTEREST")}
        stored = session.scalar(
            sa.text("SELECT encode(basis_reason_sealed, 'escape') FROM referral_member LIMIT 1")
        )
        assert "sangrado" not in stored


def test_nobody_is_referred_to_a_consulate_custody_or_abroad(world):
    with world.db.as_owner():
        consulate, custody = (
            make_team(make_site(), "CONSULAR"),
            make_team(make_site(), "MIGRATION_CUSTODY"),
        )
        home = make_team(make_site(country="HND", code="HN-AAA"), "SHELTER")
        for team in (consulate, custody, home):
            if team.site_id:
                offer(team, "LEGAL")
    with access.acting_as(world.caseworker):
        restart()
        for team in (consulate, custody, home):
            with pytest.raises(errors.ReceiverNotAllowed):
                draft(world, to=team, kind="LEGAL")
        with pytest.raises(errors.ReceiverDoesNotOffer):
            draft(world, to=world.shelter, kind="LEGAL")


def test_another_teams_person_cannot_be_referred(world):
    with access.acting_as(world.stranger):
        restart()
        with pytest.raises(NotYours):
            draft(world)


def test_accepting_books_each_a_place_in_one_act(world):
    number = world.refer()
    with access.acting_as(world.coordinator), clock.held_at(NOW + timedelta(minutes=41)):
        restart()
        found = world.open(world.coordinator, number)
        with pytest.raises(errors.PlacesMissing):
            service.accept(found, {})
        session.rollback()
        found = world.open(world.coordinator, number)
        service.accept(found, world.beds())
        assert found.state == "ACCEPTED"
        stays = session.scalars(sa.select(Stay)).all()
        assert {s.referral_id for s in stays} == {found.id} and {s.immediate for s in stays} == {True}
        accepted = events_of("referral.accepted")
        assert {(e.outcome, e.number, e.team_id, e.code) for e in accepted} == {
            ("ON_TIME", 41, world.shelter.id, "SYSTEM")
        }
        # the origin is in the journal though the shelter cannot read it
        session.expire_all()
        assert {e.origin for e in events_of("referral.accepted")} == {"HND"}
        restart()
    with access.acting_as(world.caseworker):
        restart()
        assert "ACCEPTED" in notices(world.desk)
        assert len(shelter_queries.for_case(session.get_one(Case, world.mother.case_id))) == 1


def test_a_place_that_may_not_be_given_leaves_the_referral_unanswered(world):
    number = world.refer()
    with access.acting_as(world.coordinator):
        restart()
        found = world.open(world.coordinator, number)
        with pytest.raises(shelter_errors.CannotBeOffered):
            service.accept(found, world.beds(unit="F2"))  # not step-free
        session.rollback()
        restart()
        assert world.open(world.coordinator, number).state == "SENT"


def accepted(world, **values):
    number = world.refer(**values)
    with access.acting_as(world.coordinator):
        restart()
        service.accept(world.open(world.coordinator, number), world.beds())
        restart()
    return number


def stays_of(number):
    return session.scalars(
        sa.select(Stay)
        .join(Referral, Referral.id == Stay.referral_id)
        .where(Referral.number == number)
        .order_by(Stay.id)
    ).all()


def test_the_gate_starts_a_referral_that_it_cannot_see_and_departure_completes_it(world):
    number = accepted(world)
    with access.acting_as(world.gate), clock.held_at(datetime(2025, 11, 24, 8, 10, tzinfo=UTC)):
        restart()
        assert session.scalar(sa.select(sa.func.count()).select_from(Referral)) == 0
        stays = session.scalars(sa.select(Stay).order_by(Stay.id)).all()
        shelter.check_in(stays)
        restart()
    with access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, number)
        assert found.state == "STARTED" and queries.steps_of(found)[-1].party == "STAY"
        assert len(events_of("referral.started")) == 3 and "STARTED" in notices(world.desk)
    with access.acting_as(world.coordinator), clock.held_at(datetime(2025, 11, 25, 18, 0, tzinfo=UTC)):
        restart()
        first, *others = stays_of(number)
        for stay in others:
            shelter.depart(stay, "PLANNED_MOVE", "RENTED")
        assert world.open(world.coordinator, number).state == "STARTED"
        shelter.depart(first, "PLANNED_MOVE", "RENTED")
        restart()
        session.expire_all()
        found = world.open(world.coordinator, number)
        assert (found.state, found.result) == ("COMPLETED", "DELIVERED_FULL")
        assert len(events_of("referral.completed")) == 3
        assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 0  # the reading has ended


def test_when_nobody_comes_it_was_not_completed(world):
    number = accepted(world)
    with access.acting_as(world.coordinator), clock.held_at(datetime(2025, 11, 24, 17, 0, tzinfo=UTC)):
        restart()
        shelter.no_show(stays_of(number))
        restart()
        found = world.open(world.coordinator, number)
        assert (found.state, found.not_completed_reason) == ("NOT_COMPLETED", "NO_SHOW")
        assert {e.reason for e in events_of("referral.not_completed")} == {"NO_SHOW"}


def test_a_part_is_accepted_and_the_sender_agrees(world):
    number = world.refer()
    pair = [world.mother.case_id, world.child.case_id]
    with access.acting_as(world.coordinator):
        restart()
        found = world.open(world.coordinator, number)
        service.accept(found, world.beds(*pair), members=pair, reason="NO_PLACE_THIS_SIZE")
        assert found.state == "PART_ACCEPTED"
        restart()
    with access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, number)
        service.agree_part(found)
        assert found.state == "ACCEPTED"
        assert [(e.case_id, e.reason_group) for e in events_of("referral.declined")] == [
            (world.father.case_id, "CAPACITY")
        ]
        assert len(events_of("referral.accepted")) == 2
        restart()
        # the father is free to be referred elsewhere, and the shelter no longer reads his case
        reading = session.scalars(sa.select(CaseAccess.case_id).where(CaseAccess.ended_at.is_(None))).all()
        assert set(reading) == set(pair)
        assert queries.open_for(session.get_one(Case, world.father.case_id)) == []


def test_the_sender_does_not_want_the_family_divided(world):
    number = world.refer()
    pair = [world.mother.case_id, world.child.case_id]
    with access.acting_as(world.coordinator):
        restart()
        service.accept(
            world.open(world.coordinator, number),
            world.beds(*pair),
            members=pair,
            reason="NO_PLACE_THIS_SIZE",
        )
        restart()
    with access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, number)
        service.refuse_part(found)
        assert (found.state, found.decline_reason) == ("DECLINED", "NO_PLACE_THIS_SIZE")
        assert {s.state for s in stays_of(number)} == {"CANCELLED"}


def test_a_decline_tells_what_would_make_it_possible_and_ends_the_reading(world):
    number = world.refer(priority="URGENT")
    with access.acting_as(world.coordinator), clock.held_at(NOW + timedelta(hours=80)):
        restart()
        found = world.open(world.coordinator, number)
        service.decline(found, "NO_PLACE_TONIGHT", unlocks_on=FIRST + timedelta(5))
        (event, *_) = events_of("referral.declined")
        assert (event.reason, event.reason_group, event.outcome, event.number) == (
            "NO_PLACE_TONIGHT",
            "CAPACITY",
            "LATE",
            4800,
        )
        restart()
        assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 0
        assert world.open(world.coordinator, number).state == "DECLINED"  # its own answer it still sees


def test_an_earlier_incident_reads_like_any_other_refusal(world):
    number = world.refer()
    with access.acting_as(world.coordinator):
        restart()
        service.decline(world.open(world.coordinator, number), "PREVIOUS_INCIDENT")
        restart()
    with access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, number)
        assert {(e.reason, e.reason_group) for e in events_of("referral.declined")} == {
            ("CANNOT_OFFER", "PROTECTED")
        }
        assert queries.steps_of(found)[-1].code == "CANNOT_OFFER"


def test_a_question_stops_the_clock_only_if_the_answer_is_truly_needed(world):
    for stops, due in ((True, timedelta(hours=24, minutes=20)), (False, timedelta(hours=24))):
        number = world.refer(priority="EMERGENCY")
        with access.acting_as(world.coordinator), clock.held_at(NOW + timedelta(minutes=10)):
            restart()
            service.ask_info(world.open(world.coordinator, number), "¿Cuántas cunas?", stops_clock=stops)
            restart()
        with access.acting_as(world.caseworker), clock.held_at(NOW + timedelta(minutes=30)):
            restart()
            found = world.open(world.caseworker, number)
            assert found.question == "¿Cuántas cunas?"
            service.give_info(found, "Una.")
            assert (found.state, found.due_at) == ("SENT", NOW + due)
            service.withdraw(found, "SENT_IN_ERROR")
            restart()


def test_a_withdrawal_takes_its_bookings_along(world):
    number = accepted(world)
    with access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, number)
        service.withdraw(found, "BETTER_OPTION_FOUND")
        assert {s.state for s in stays_of(number)} == {"CANCELLED"}
        restart()
        assert world.open(world.caseworker, number).state == "WITHDRAWN"
        assert session.scalars(sa.select(CaseAccess).where(CaseAccess.ended_at.is_(None))).all() == []


@pytest.mark.parametrize(
    ("reason", "kept", "reading"), [("CONSENT_WITHDRAWN", [], 0), ("MOVED_AWAY", ["STEP_FREE"], 3)]
)
def test_after_consent_ends_the_shelter_keeps_the_minimum(world, reason, kept, reading):
    number = accepted(world)
    with access.acting_as(world.gate):
        restart()
        shelter.check_in(session.scalars(sa.select(Stay)).all())
        restart()
    with access.acting_as(world.caseworker):
        restart()
        service.withdraw(world.open(world.caseworker, number), reason)
        restart()
    with access.acting_as(world.coordinator):
        restart()
        stays = {s.case_id: s for s in stays_of(number)}
        mother, child = stays[world.mother.case_id], stays[world.child.case_id]
        assert (mother.state, mother.called_name, mother.requirements) == ("IN", "Lucha", kept)
        assert child.requirements == ["ALLERGY_LIFE"] and child.life_critical == "ALLERGY_LIFE|cacahuate"
        assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == reading


def test_an_answer_by_telephone_is_written_down_by_the_sender(world):
    number = world.refer(
        *world.family, kind="HEALTH", bases=dict.fromkeys(world.family, ("VITAL_INTEREST", "x"))
    )
    with access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, number)
        with pytest.raises(errors.NotNow):
            service.accept(found)
        with pytest.raises(errors.NameMissing):
            service.accept(found, channel="PHONE_RECORDED_BY_SENDER", read_back=True)
        with pytest.raises(errors.NotReadBack):
            service.accept(found, channel="PHONE_RECORDED_BY_SENDER", answered_by_name="Dra. Inventada")
        service.accept(
            found, channel="PHONE_RECORDED_BY_SENDER", answered_by_name="Dra. Inventada", read_back=True
        )
        assert (found.state, found.answered_by_name) == ("ACCEPTED", "Dra. Inventada")


def test_a_service_begins_and_ends_with_its_result(world):
    number = world.refer(
        *world.family, kind="HEALTH", bases=dict.fromkeys(world.family, ("VITAL_INTEREST", "x"))
    )
    with access.acting_as(world.nurse):
        restart()
        found = world.open(world.nurse, number)
        service.accept(found)
        service.start(found)
        service.complete(found, "DELIVERED_PART")
        assert {e.outcome for e in events_of("referral.completed")} == {"DELIVERED_PART"}
        assert [s.verb for s in queries.steps_of(found)] == ["send", "accept", "start", "complete"]


def test_only_parties_act(world):
    number = world.refer()
    with access.acting_as(world.stranger):
        restart()
        with pytest.raises(NotYours):
            world.open(world.stranger, number)
    with access.acting_as(world.caseworker):
        restart()
        with pytest.raises(errors.NotNow):
            service.accept(world.open(world.caseworker, number), world.beds())


def test_the_database_refuses_a_step_that_the_table_does_not_have(world):
    number = world.refer()
    with access.acting_as(world.coordinator):
        restart()
        with pytest.raises(sa.exc.IntegrityError, match="does not go from SENT to STARTED"):
            session.execute(sa.update(Referral).where(Referral.number == number).values(state="STARTED"))
        session.rollback()


def test_the_same_people_are_not_asked_twice_of_one_team(world):
    world.refer()
    with access.acting_as(world.caseworker):
        restart()
        with pytest.raises(errors.AlreadyAsked):
            service.send(draft(world))


@pytest.mark.parametrize(
    ("priority", "steps"),
    [
        ("IMMEDIATE", [(14, None), (15, "reminded"), (29, None), (30, "told"), (59, None), (60, "lapsed")]),
        (
            "EMERGENCY",
            [
                (18 * 60 - 1, None),
                (18 * 60, "reminded"),
                (24 * 60 - 1, None),
                (24 * 60, "escalated"),
                (48 * 60 - 1, None),
                (48 * 60, "lapsed"),
            ],
        ),
        ("URGENT", [(48 * 60, "reminded"), (72 * 60, "escalated"), (144 * 60, "lapsed")]),
        (
            "NORMAL",
            [
                (10 * 1440 - 1, None),
                (10 * 1440, "reminded"),
                (14 * 1440 - 1, None),
                (14 * 1440, "escalated"),
                (28 * 1440, "lapsed"),
            ],
        ),
    ],
)
def test_clocks_tell_escalate_and_lapse_once(world, priority, steps):
    number = world.refer(priority=priority)
    world.db.as_role("work")
    with access.acting_as(access.system("clocks")):
        restart()
        for minutes, expected in steps:
            with clock.held_at(NOW + timedelta(minutes=minutes)):
                done = service.look_at_clocks()
                assert {k for k, n in done.items() if n} == ({expected} if expected else set())
                session.flush()
                assert not any(service.look_at_clocks().values())  # twice without harm
        found = session.scalars(sa.select(Referral)).one()
        assert found.state == "LAPSED" and found.number == number
        assert len(events_of("referral.lapsed")) == 3
        assert session.scalars(sa.select(CaseAccess).where(CaseAccess.ended_at.is_(None))).all() == []
        kinds = [*notices(world.shelter)]
        assert kinds[0] == "ARRIVED" and kinds[-1] == "LAPSED" and len(kinds) == 4
        assert kinds[1] == "REMINDER"
        assert ("CALL_DUTY" in notices(world.desk)) == (priority == "IMMEDIATE")
    world.db.as_role("app")


def looked(world, hours):
    """What the clocks did that many hours after the referral was sent."""
    world.db.as_role("work")
    with access.acting_as(access.system("clocks")), clock.held_at(NOW + timedelta(hours=hours)):
        restart()
        done = {k: n for k, n in service.look_at_clocks().items() if n}
        restart()
    world.db.as_role("app")
    return done


def test_a_clock_stands_still_for_a_time_and_then_goes_on(world):
    """URGENT, asked after an hour: 24 hours and no more, and nobody may stop it again."""
    number = world.refer(priority="URGENT")
    with access.acting_as(world.coordinator), clock.held_at(NOW + timedelta(hours=1)):
        restart()
        service.ask_info(world.open(world.coordinator, number), "¿Cuántas cunas?", stops_clock=True)
        restart()
    assert looked(world, 24.9) == {}
    assert looked(world, 30) == {
        "gone_on": 1
    }  # the worker was late: the clock stood still for 24 hours all the same
    assert looked(world, 30) == {}
    with access.acting_as(world.caseworker):
        restart()
        found = world.open(world.caseworker, number)
        assert (found.paused_at, found.due_at, found.lapse_at) == (
            None, NOW + timedelta(hours=96), NOW + timedelta(hours=168),
        )  # fmt: skip
        assert "CLOCK_GOES_ON" in notices(world.desk) and "CLOCK_GOES_ON" in notices(world.shelter)
        restart()
    assert looked(world, 72) == {"reminded": 1}
    with access.acting_as(world.caseworker), clock.held_at(NOW + timedelta(hours=73)):
        restart()
        service.give_info(world.open(world.caseworker, number), "Una.")
        restart()
    with access.acting_as(world.coordinator), clock.held_at(NOW + timedelta(hours=74)):
        restart()
        with pytest.raises(errors.ClockGoesOn):
            service.ask_info(world.open(world.coordinator, number), "¿Y sillas?", stops_clock=True)
        session.rollback()
    assert looked(world, 96) == {"escalated": 1}


def test_an_immediate_clock_never_stands_still(world):
    number = world.refer()
    with access.acting_as(world.coordinator):
        restart()
        with pytest.raises(errors.ClockGoesOn):
            service.ask_info(world.open(world.coordinator, number), "¿Cuántas cunas?", stops_clock=True)
        session.rollback()
        restart()
        with pytest.raises(sa.exc.IntegrityError, match="paused_for_a_time"):
            session.execute(
                sa.update(Referral).values(
                    state="INFO_ASKED", paused_at=NOW, pause_ends_at=NOW + timedelta(hours=1)
                )
            )
        session.rollback()


def test_the_sender_is_told_where_nobody_arrives(world):
    """Accepted for the night of the 23rd: told once, at ten on the morning after (16:00 UTC), and not before."""
    accepted(world)
    assert looked(world, (datetime(2025, 11, 24, 15, 59, tzinfo=UTC) - NOW) / timedelta(hours=1)) == {}
    ten = (datetime(2025, 11, 24, 16, 0, tzinfo=UTC) - NOW) / timedelta(hours=1)
    assert looked(world, ten) == {"not_begun": 1}
    assert looked(world, ten + 1) == {}
    with access.acting_as(world.caseworker):
        restart()
        assert notices(world.desk)[-1] == "NOT_BEGUN"


def test_a_supervisor_sees_what_was_not_answered_in_time(world):
    with world.db.as_owner():
        boss = make_user("SUPERVISOR", world.desk)
        who = principal_of(boss, ("SUPERVISOR", world.desk))
    number = world.refer(priority="EMERGENCY")
    looked(world, 24)
    for principal, seen in ((who, [number]), (world.caseworker, []), (world.stranger, [])):
        with access.acting_as(principal):
            restart()
            assert [r.number for r in queries.overdue_for(principal)] == seen
            restart()


def test_what_other_areas_ask(world):
    number = world.refer()
    with access.acting_as(world.caseworker):
        restart()
        case = session.get_one(Case, world.child.case_id)
        assert (
            [r.number for r in queries.for_case(case)]
            == [number]
            == [r.number for r in queries.open_for(case)]
        )
        assert queries.inbox_for(world.caseworker) == []
        restart()
    with access.acting_as(world.coordinator):
        restart()
        assert [r.number for r in queries.inbox_for(world.coordinator)] == [number]
        assert [n.kind for n, _ in queries.notices_for(world.coordinator)] == ["ARRIVED"]
        service.read_notices(queries.referral(world.coordinator, number))
        assert queries.notices_for(world.coordinator) == []


def test_the_worker_looks_at_the_clocks_as_a_named_principal(world):
    from workers import deadline

    world.refer()
    world.db.as_role("work")
    assert deadline.look.principal == "clocks" and deadline.look.name == "workers.deadline.look"
    with access.acting_as(access.system(deadline.look.principal)), clock.held_at(NOW + timedelta(hours=2)):
        restart()
        assert service.look_at_clocks() == {
            "gone_on": 0,
            "reminded": 0,
            "told": 0,
            "escalated": 0,
            "lapsed": 1,
            "unread": 0,
            "not_begun": 0,
        }
        assert {e.actor for e in events_of("referral.lapsed")} == {"system:clocks"}
    world.db.as_role("app")
