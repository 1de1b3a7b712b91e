"""A night's proposal: asked for by a person, made by the worker, reviewed, struck and sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.people.models import SafetySeparation
from caseapp.referral import queries
from caseapp.referral.models import Referral
from caseapp.referral.placement import rules, service
from caseapp.referral.placement.models import Placement, PlacementLine, PlacementShare
from caseapp.shelter.models import HoldPolicy, Stay
from caseapp.shelter.who import queries as who
from tests.factories import make_household, make_person, make_site, make_team, make_user, principal_of
from tests.factories.referral import consent, offer
from tests.factories.shelter import make_shelter, make_stay, places_in
from tests.referral.conftest import FIRST, LAST, restart


@pytest.fixture
def night(world):
    """The family and a woman alone wait at a full shelter; another shelter has room."""
    with world.db.as_owner():
        world.woman = make_person(world.desk)
        consent(world.woman)
        world.second = make_shelter(make_site(kind="SHELTER", latitude=15, longitude=-92))
        offer(world.second, "SHELTER")
        supervisor = make_user("SUPERVISOR", world.desk)
        world.supervisor = principal_of(supervisor, ("SUPERVISOR", world.desk))
    world.numbers = [world.refer(priority="URGENT"), world.refer(world.woman.case_id, priority="EMERGENCY")]
    with world.db.as_owner():
        for code in ("F1", "F2", "A1", "M1", "H1"):
            every = places_in(world.shelter, code)
            for place in every if code in ("M1", "H1") else every[:1]:
                make_stay(make_person(world.shelter), place)
        for team in (world.shelter, world.second):
            session.add(HoldPolicy(team_id=team.id, priority="URGENT", minutes=60, set_at=clock.now()))
        world.ids = {"desk": world.desk.id, "second": world.second.id, "shelter": world.shelter.id}
    return world


def asked(world, admin1=None):
    with access.acting_as(world.supervisor):
        restart()
        found = service.ask(session.get_one(Team, world.ids["desk"]), admin1=admin1)
        placement_id = found.id
        restart()
    return placement_id


def made(world, **values):
    """Asked by the supervisor, made by the worker as role `work`."""
    placement_id = asked(world, **values)
    steps: list[str] = []
    with access.acting_as(access.system("placement")):
        restart()
        world.db.as_role("work")
        found = service.take_next()
        assert found is not None and found.id == placement_id and found.state == "RUNNING"
        service.make(found, steps.append)
        world.db.as_role("app")
        restart()
    assert steps == ["GATHER", "OPTIONS", "WHO", "WHERE"]
    return placement_id


def seen(world, placement_id):
    with access.acting_as(world.supervisor):
        restart()
        return session.get_one(Placement, placement_id), service.lines_of(
            session.get_one(Placement, placement_id)
        )


def sent(world, placement_id):
    """What the worker does with a reviewed proposal, without its commits."""
    while True:
        with access.acting_as(access.system("placement")):
            restart()
            world.db.as_role("work")
            found = session.get_one(Placement, placement_id)
            line = service.next_line(found)
            if line is None:
                world.db.as_role("app")
                restart()
                return
            who, line_id, at = service.in_the_name_of(line, found.booked_by_id), line.id, found.night
            session.expunge_all()
            world.db.as_role("app")
        done, reason = None, ""
        with access.acting_as(who):
            restart()
            try:
                with session.begin_nested():
                    done = service.send_line(line, at)
            except service.Refused as refusal:
                reason = type(refusal).__name__
            restart()
        with access.acting_as(access.system("placement")):
            restart()
            world.db.as_role("work")
            service.note(session.get_one(PlacementLine, line_id), done, reason)
            world.db.as_role("app")
            restart()


def test_the_more_urgent_comes_first_and_each_line_says_where(night):
    found, lines = seen(night, made(night))
    assert found.state == "READY" and found.proven and found.persons == [1, 3] and found.sites == 1
    assert [(line.rank, line.priority, line.people, line.state) for line in lines] == [
        (1, "EMERGENCY", 1, "PROPOSED"), (2, "URGENT", 3, "PROPOSED"),
    ]  # fmt: skip
    assert {line.to_team_id for line in lines} == {night.ids["second"]}
    assert lines[1].in_rooms == 1 and lines[1].last_night == LAST


def test_what_is_reviewed_is_held_and_referred_and_the_old_referral_taken_back(night):
    placement_id = made(night)
    with access.acting_as(night.supervisor):
        restart()
        service.book(session.get_one(Placement, placement_id), set())
        restart()
    sent(night, placement_id)
    found, lines = seen(night, placement_id)
    assert found.state == "DONE" and [line.state for line in lines] == ["SENT", "SENT"]
    # The second shelter declares holds for URGENT and not for EMERGENCY.
    assert [line.held for line in lines] == [0, 3]
    with access.acting_as(night.caseworker):
        restart()
        old = {n: queries.referral(night.caseworker, n) for n in night.numbers}
        assert {r.withdraw_reason for r in old.values()} == {"BETTER_OPTION_FOUND"}
        now = session.scalars(
            sa.select(Referral).where(Referral.id.in_([line.sent_referral_id for line in lines]))
        ).all()
        assert {(r.state, r.to_team_id) for r in now} == {("SENT", night.ids["second"])}
        held = session.scalars(sa.select(Stay).where(Stay.state == "HELD")).all()
        assert len(held) == 3 and {s.first_night for s in held} == {FIRST}


def test_what_was_struck_is_left_alone_and_nothing_is_sent_twice(night):
    placement_id = made(night)
    with access.acting_as(night.supervisor):
        restart()
        found = session.get_one(Placement, placement_id)
        service.book(found, {service.lines_of(found)[1].id})
        with pytest.raises(service.NotReady):
            service.book(found, set())
        restart()
    sent(night, placement_id)
    _found, lines = seen(night, placement_id)
    assert [line.state for line in lines] == ["SENT", "STRUCK"]
    with access.acting_as(night.caseworker):
        restart()
        assert queries.referral(night.caseworker, night.numbers[0]).state == "SENT"


def test_what_went_in_the_meantime_is_told_in_neutral_words(night, client):
    placement_id = made(night)
    with night.db.as_owner():
        for code in ("F1", "F2", "A1"):
            make_stay(make_person(night.second), places_in(night.second, code)[0])
    with access.acting_as(night.supervisor):
        restart()
        service.book(session.get_one(Placement, placement_id), set())
        restart()
    sent(night, placement_id)
    _found, lines = seen(night, placement_id)
    assert [(line.state, line.refused) for line in lines][1] == ("REFUSED", "CannotBeOffered")
    client.sign_in(night.supervisor)
    page = client.get(f"/referrals/placements/{placement_id}").get_data(as_text=True)
    assert "No es posible ofrecerlo aquí." in page and "CannotBeOffered" not in page
    with access.acting_as(night.caseworker):
        restart()
        # Nothing of the refused line stays: the first referral stands.
        assert queries.referral(night.caseworker, night.numbers[0]).state == "SENT"


def test_whoever_has_no_place_reads_what_binds(night, client):
    with night.db.as_owner():
        other = make_person(night.desk, birth=clock.now().date() - timedelta(days=9000))
        make_household(night.desk, other)
        consent(other)
        # One free bed for women is left at the second shelter, and no room.
        for code in ("F1", "F2", "A1"):
            make_stay(make_person(night.second), places_in(night.second, code)[0])
        for place in places_in(night.second, "M1")[1:]:
            make_stay(make_person(night.second), place)
        case = other.case_id
    night.refer(case, priority="NORMAL")
    placement_id = made(night)
    _found, lines = seen(night, placement_id)
    assert [(line.priority, line.state, line.rooms, line.beds) for line in lines] == [
        ("EMERGENCY", "PROPOSED", 0, 1), ("URGENT", "NO_PLACE", 0, 0), ("NORMAL", "NO_PLACE", 0, 1),
    ]  # fmt: skip
    client.sign_in(night.supervisor)
    page = client.get(f"/referrals/placements/{placement_id}").get_data(as_text=True)
    assert "Para 1 persona sirven 1 cama en cuarto compartido; todo va a hogares con más urgencia" in page
    assert "Ninguno de los lugares libres de esta noche puede ofrecerse." in page


def test_a_region_is_its_own(night):
    _found, lines = seen(night, made(night, admin1="MX27"))
    assert lines == [] or len(lines) == 0


def test_who_holds_a_place_waits_no_longer(night):
    with night.db.as_owner():
        make_stay(
            night.woman,
            places_in(night.second, "M1")[0],
            state="HELD",
            held_until=clock.now() + timedelta(hours=1),
        )
    _found, lines = seen(night, made(night))
    assert [line.priority for line in lines] == ["URGENT"]


def test_one_proposal_at_a_time_and_nobody_elses(night):
    placement_id = asked(night)
    with access.acting_as(night.supervisor):
        restart()
        with pytest.raises(service.AlreadyAsked):
            service.ask(session.get_one(Team, night.ids["desk"]), admin1=None)
    with access.acting_as(night.stranger):
        restart()
        assert session.get(Placement, placement_id) is None


def test_no_line_names_anybody(night, client):
    placement_id = made(night)
    with night.db.as_owner():
        names = [p.given_names for p in (night.woman, night.child)]
        team = make_team(make_site())
        elsewhere = make_user("SUPERVISOR", team)
        session.get_one(Placement, placement_id).team_id = team.id
        reader = principal_of(elsewhere, ("SUPERVISOR", team))
    client.sign_in(reader)
    page = client.get(f"/referrals/placements/{placement_id}").get_data(as_text=True)
    assert "3 personas" in page and not any(name in page for name in names)
    assert not any(number in page for number in night.numbers)


def test_the_outcome_is_counted_by_person(night):
    placement_id = made(night)
    with access.acting_as(night.supervisor):
        restart()
        rows = session.scalars(
            sa.select(PlacementShare).where(PlacementShare.placement_id == placement_id)
        ).all()
        found = {(r.dimension, r.value): (r.waiting, r.placed) for r in rows}
    assert found["SEX", "F"] == (3, 3) and found["SEX", "M"] == (1, 1)
    assert found["REQUIREMENT", "STEP_FREE"] == (1, 1)


@pytest.mark.parametrize(
    ("shares", "shown"),
    [
        ([("F", 20, 10), ("M", 30, 20)], ["F", "M"]),
        ([("F", 20, 10), ("M", 4, 0)], []),  # one alone would be given away by the total
        ([("F", 20, 10), ("M", 30, 20), ("O", 2, 1)], ["M"]),
        ([("F", 20, 20), ("M", 30, 30)], ["F", "M"]),
        ([("F", 20, 18), ("M", 30, 20), ("O", 40, 20)], ["O"]),  # two who stayed outside
        ([("F", 3, 1)], []),
    ],
)
def test_small_numbers_are_not_shown(shares, shown):
    assert [s.value for s in rules.guarded(shares) if s.waiting is not None] == shown


def test_the_pages_from_asking_to_sending(night, client):
    client.sign_in(night.supervisor)
    page = client.get("/referrals/placements").get_data(as_text=True)
    assert "Proponer lugares para esta noche" in page
    answer = client.post("/referrals/placements", data={"region": "country"})
    assert answer.status_code == 302
    url = answer.headers["Location"]
    assert "En espera de su turno" in client.get(url).get_data(as_text=True)
    again = client.post("/referrals/placements", data={"region": "country"})
    assert again.status_code == 422 and "en marcha" in again.get_data(as_text=True)


def test_people_who_are_kept_apart_are_never_shown_a_site_nor_told_why(night, client):
    """The woman's separation from somebody at the second shelter: the same page and line as where nothing is free."""
    with night.db.as_owner():
        feared = make_person(night.second, sex_in_document="M")
        make_stay(feared, places_in(night.second, "H1")[0])
        holder = night.supervisor.user_id
        session.add(
            SafetySeparation(
                case_id=night.woman.case_id, other_case_id=feared.case_id, reach="SITE", since=clock.now(),
                agreed_at=clock.now(), agreed_by_id=holder,
                set_by_id=holder, holders=[holder],
            )
        )  # fmt: skip
        number = session.scalar(
            sa.text('SELECT number FROM "case" WHERE id = :i'), {"i": night.woman.case_id}
        )
    placement_id = made(night)
    _found, lines = seen(night, placement_id)
    assert [(line.priority, line.state, line.rooms, line.beds) for line in lines] == [
        ("EMERGENCY", "NO_PLACE", 0, 0), ("URGENT", "PROPOSED", 1, 0),
    ]  # fmt: skip
    client.sign_in(night.supervisor)
    page = client.get(f"/referrals/placements/{placement_id}").get_data(as_text=True)
    assert "Ninguno de los lugares libres de esta noche puede ofrecerse." in page
    assert "Ninguna sede puede ofrecerlo en esas noches" in client.get(f"/cases/{number}/who").get_data(
        as_text=True
    )


def test_two_who_wait_and_are_kept_apart_are_not_proposed_for_one_site(night):
    """The worker learns yes or no of the pair; who may not ask learns nothing."""
    with night.db.as_owner():
        holder = night.supervisor.user_id
        session.add(
            SafetySeparation(
                case_id=night.woman.case_id, other_case_id=night.family[0], reach="SITE", since=clock.now(),
                agreed_at=clock.now(), agreed_by_id=holder, set_by_id=holder, holders=[holder],
            )
        )  # fmt: skip
    _found, lines = seen(night, made(night))
    assert sorted(line.state for line in lines) == ["NO_PLACE", "PROPOSED"]
    with access.acting_as(night.supervisor):
        restart()
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), session.begin_nested():
            who.pairs_apart({night.woman.case_id: 0, night.family[0]: 1})


def claimed(world):
    """What a worker takes now: the proposal's id or None."""
    with access.acting_as(access.system("placement")):
        restart()
        world.db.as_role("work")
        found = service.take_next()
        taken = found.id if found else None
        world.db.as_role("app")
        restart()
    return taken


def silent(world, placement_id, minutes):
    with world.db.as_owner():
        session.execute(
            sa.update(Placement)
            .where(Placement.id == placement_id)
            .values(beat_at=clock.real_now() - timedelta(minutes=minutes))
        )


def test_what_a_lost_worker_was_making_is_given_up_and_may_be_asked_for_again(night):
    placement_id = asked(night)
    assert claimed(night) == placement_id and claimed(night) is None
    silent(night, placement_id, 9)
    assert claimed(night) is None
    silent(night, placement_id, 11)
    assert claimed(night) is None
    found, _lines = seen(night, placement_id)
    assert (found.state, found.error) == ("FAILED", "WorkerLost") and found.ended_at is not None
    again = asked(night)
    assert claimed(night) == again


def test_what_is_being_sent_is_sent_by_one_worker_and_gone_on_with_if_it_is_lost(night):
    placement_id = made(night)
    with access.acting_as(night.supervisor):
        restart()
        service.book(session.get_one(Placement, placement_id), set())
        restart()
    assert claimed(night) == placement_id
    assert claimed(night) is None  # the next beat leaves it to the first
    silent(night, placement_id, 11)
    assert claimed(night) == placement_id
    sent(night, placement_id)
    found, lines = seen(night, placement_id)
    assert (found.state, found.step) == ("DONE", None) and {line.state for line in lines} == {"SENT"}
