"""The verbs of custody on PostgreSQL as the application's role: rows, events, clocks, constraints, walls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from caseapp.core import access, clock
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile
from caseapp.core.journal import CaseEvent
from caseapp.custody import queries, rules, service
from caseapp.custody.models import Custody, CustodyPassedOver
from caseapp.custody.service import NewCustody, NewExit
from caseapp.deadline import queries as deadlines
from caseapp.people import queries as people
from caseapp.people import rules as people_rules
from caseapp.people import service as people_service
from caseapp.people.models import Case, CaseAccess
from tests.conftest import NOW
from tests.custody.conftest import restart
from tests.factories.custody import asks, hold
from tests.factories.referral import consent

TODAY = date(2025, 11, 23)
YESTERDAY = datetime(2025, 11, 22, 16, 0, tzinfo=UTC)


@pytest.fixture
def desk(world):
    with access.acting_as(world.caseworker):
        restart()
        yield world


def told(case):
    return [
        (e.kind, e.code, e.reason, e.outcome, e.number)
        for e in session.scalars(
            sa.select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.position)
        )
        if e.kind.startswith(("custody.", "approval."))
    ]


def clocks(row):
    return {(d.rule, d.state) for d in deadlines.for_subject(("custody", row.id))}


def opened(world, person, **values):
    new = {
        "authority": "MIGRATION_AUTHORITY",
        "basis": "NOT_TOLD",
        "since": YESTERDAY,
        "station_id": world.station.id,
    }
    return service.open_custody(world.case(person), NewCustody(**{**new, **values}))


def put(world, *held):
    """Written as owner: (person, day since when, further values)."""
    with world.db.as_owner():
        rows = [hold(person, world.station, day, **more) for person, day, more in held]
    restart()
    return [session.get_one(Custody, row.id) for row in rows]


def test_the_first_day_is_clocked_and_nothing_unasked_is_an_answer(desk):
    row = opened(desk, desk.man)
    assert (row.place, row.since_on, row.child) == ("MX07", date(2025, 11, 22), False)
    assert clocks(row) == {("CUSTODY_SAFEGUARDS", "RUNNING")}
    case = desk.case(desk.man)
    assert service.record_safeguards(case, row, {"LAWYER": "NO", "DOCTOR": "YES"}) == 2
    first = queries.safeguards_of([row.id])[row.id]["LAWYER"].at
    with clock.held_at(NOW + timedelta(hours=1)):
        assert service.record_safeguards(case, row, {"LAWYER": "NO", "DOCTOR": "NO"}) == 1
    assert queries.safeguards_of([row.id])[row.id]["LAWYER"].at == first
    assert clocks(row) == {("CUSTODY_SAFEGUARDS", "RUNNING")}
    service.record_safeguards(case, row, dict.fromkeys(rules.SAFEGUARDS, "YES"))
    assert clocks(row) == {("CUSTODY_SAFEGUARDS", "MET")}
    assert "CHILD_AUTHORITY_CALLED" not in queries.safeguards_of([row.id])[row.id]
    assert told(case)[:3] == [
        ("custody.opened", "MIGRATION_AUTHORITY", None, None, None),
        ("custody.safeguard", "LAWYER", None, "NO", None),
        ("custody.safeguard", "DOCTOR", None, "YES", None),
    ]
    for at, refusal in (
        (NOW + timedelta(minutes=1), rules.HourInFuture),
        (YESTERDAY - timedelta(1), rules.HourBefore),
    ):
        with pytest.raises(refusal):
            service.record_safeguards(case, row, {"LAWYER": "YES"}, at=at)


def decide_age(world, person, status, **birth):
    """A decision on age is written down on the page of correction."""
    case, row = world.case(person), people.person_of(world.case(person))
    details = replace(people_service.details_of(row), age_status=status, **birth)
    people_service.correct_person(case, row, details, version=None, on=TODAY)


def test_an_adult_whose_age_is_disputed_in_custody_is_a_child_from_that_minute(desk):
    row, case = opened(desk, desk.man), desk.case(desk.man)
    assert not row.child
    decide_age(desk, desk.man, "DISPUTED_TREATED_AS_CHILD")
    assert row.child
    (begun,) = deadlines.for_subject(("custody", row.id), rule="CUSTODY_CHILD_AUTHORITY")
    assert (begun.state, begun.due_at) == ("RUNNING", NOW + timedelta(minutes=60))
    assert {t.code for t in queries.to_do(sa.select(Case.id), desk.caseworker)} == {None}
    service.record_safeguards(case, row, {"CHILD_AUTHORITY_CALLED": "YES"}, called_team_id=desk.authority.id)
    assert ("CUSTODY_CHILD_AUTHORITY", "MET") in clocks(row)
    with desk.db.as_owner():
        session.add(CaseAccess(case_id=case.id, team_id=desk.authority.id, scope="REFERRAL", since=NOW))
    with access.acting_as(desk.officer):
        restart()
        assert [one.person.given_names for one in queries.children_told_to(desk.officer)] == ["Carlos"]
    restart()
    row = session.get_one(Custody, row.id)
    # Decided again, to and fro: whoever was called needs no second call.
    for status, child in (("DECIDED_ADULT", False), ("DECIDED_CHILD", True)):
        decide_age(desk, desk.man, status, birth=people_rules.UNKNOWN_BIRTH)
        assert row.child is child and ("CUSTODY_CHILD_AUTHORITY", "RUNNING") not in clocks(row)
    service.release(desk.case(desk.man), row, NewExit("CHILD_TRANSFER", TODAY))
    assert (row.state, row.child, row.rank) == ("RELEASED", True, None)


def test_a_child_who_is_decided_adult_in_custody_leaves_by_the_order(desk):
    asks_as_owner(desk, desk.child)
    row, case = opened(desk, desk.child), desk.case(desk.child)
    service.record_safeguards(
        case, row, dict.fromkeys([s for s in rules.SAFEGUARDS if s != "CHILD_AUTHORITY_CALLED"], "YES")
    )
    assert clocks(row) == {("CUSTODY_CHILD_AUTHORITY", "RUNNING"), ("CUSTODY_SAFEGUARDS", "RUNNING")}
    decide_age(desk, desk.child, "DECIDED_ADULT")
    # Nothing is left to ask: the one call that was missing is not owed to an adult.
    assert clocks(row) == {("CUSTODY_CHILD_AUTHORITY", "CANCELLED"), ("CUSTODY_SAFEGUARDS", "MET")}
    with pytest.raises(rules.NotAChild):
        service.release(case, row, NewExit("CHILD_TRANSFER", TODAY))
    service.release(case, row, NewExit("TRIPARTITE", TODAY))
    assert (row.child, row.order_outcome, row.rank is not None) == (False, "ORDER_KEPT", True)


def born(world, person, on):
    with world.db.as_owner():
        found = session.get_one(type(person), person.id)
        found.birth_precision, found.birth_from, found.birth_to = "DAY", on, on
    restart()


def test_a_birthday_in_custody_is_noticed_by_the_minute_on_the_local_day(desk):
    born(desk, desk.child, date(2007, 11, 25))
    asks_as_owner(desk, desk.child)
    row = opened(desk, desk.child)
    case_id = row.case_id

    def sweep(at):
        desk.db.as_role("work")
        with clock.held_at(at), access.acting_as(access.system("clocks")):
            done = service.follow_birthdays()
        desk.db.as_role("app")
        session.commit()  # the identity speaks again
        return done

    # 19:00 in Mexico on the 24th is the 25th in UTC.
    assert sweep(datetime(2025, 11, 25, 1, 0, tzinfo=UTC)) == 0
    morning = datetime(2025, 11, 25, 14, 0, tzinfo=UTC)
    assert (sweep(morning), sweep(morning), row.child) == (1, 0, False)
    assert ("CUSTODY_CHILD_AUTHORITY", "CANCELLED") in clocks(row)
    with clock.held_at(morning):
        (only,) = queries.held(desk.caseworker)
        assert (only.child, only.placement.kind, only.case.id) == (False, "RANKED", case_id)
        # Who left the day before, written down late, left as the child they were.
        service.release(desk.case(desk.child), row, NewExit("CHILD_TRANSFER", date(2025, 11, 24)))
    assert (row.child, row.order_outcome) == (True, "NOT_IN_ORDER")


def test_a_birthday_that_the_sweep_has_not_seen_yet_hinders_no_exit(desk):
    born(desk, desk.child, date(2007, 11, 25))
    asks_as_owner(desk, desk.child)
    row, case = opened(desk, desk.child), desk.case(desk.child)
    with clock.held_at(datetime(2025, 11, 25, 14, 0, tzinfo=UTC)):
        service.release(case, row, NewExit("TRIPARTITE", date(2025, 11, 25)))
    assert (row.child, row.order_outcome) == (False, "ORDER_KEPT")


@pytest.mark.parametrize(
    "status", ["STATED", "DOCUMENTED", "DISPUTED_TREATED_AS_CHILD", "DECIDED_CHILD", "DECIDED_ADULT"]
)
@pytest.mark.parametrize(
    "born_on", [None, date(1990, 1, 1), date(2007, 11, 23), date(2007, 11, 24), date(2020, 1, 1)]
)
def test_the_statement_says_of_age_what_the_rule_says(desk, status, born_on):
    with desk.db.as_owner():
        person = session.get_one(type(desk.man), desk.man.id)
        person.birth_precision = "UNKNOWN" if born_on is None else "DAY"
        person.birth_from = person.birth_to = born_on
        person.age_status = status
    restart()
    row = opened(desk, desk.man)
    assert row.child is people_rules.is_child(
        people.birth_of(people.person_of(desk.case(desk.man))), status, TODAY
    )
    assert queries.age_turned(10) == []
    row.child = not row.child
    session.flush()
    assert [found.id for found, *_ in queries.age_turned(10)] == [row.id]


def test_the_order_of_a_day_that_passed_is_that_day_s(desk):
    """An exit of the 15th, written down on the 23rd."""
    man, late, woman = put(
        desk, (desk.man, 10, {}), (desk.other_man, 16, {}), (desk.woman, 5, {"exit_agreed_on": date(2025, 11, 12)})
    )  # fmt: skip
    with desk.db.as_owner():
        person = session.get_one(type(desk.other_man), desk.other_man.id)
        person.feels_safe_in = "LGBTIQ_SITE"
    restart()
    man, case = session.get_one(Custody, man.id), desk.case(desk.man)
    # He is before in the order today, and was not held that day; her agreed day passed, and she was still held.
    rank, passed = service.passed_by(case, man, date(2025, 11, 15))
    assert (rank, [q.id for q in passed]) == ("SINGLE_MEN", [woman.id])
    assert [q.id for q in service.passed_by(case, man, TODAY)[1]] == [woman.id, late.id]
    # She left since, and was passed over that day all the same.
    woman = session.get_one(Custody, woman.id)
    service.release(desk.case(desk.woman), woman, NewExit("COURT", date(2025, 11, 20)))
    with pytest.raises(rules.DepartureReasonMissing):
        service.release(case, man, NewExit("TRIPARTITE", date(2025, 11, 15)))
    service.release(case, man, NewExit("TRIPARTITE", date(2025, 11, 15), "AUTHORITY_DECIDED"))
    kept = sa.select(CustodyPassedOver.passed_id).where(CustodyPassedOver.custody_id == man.id)
    assert session.scalars(kept).all() == [woman.id]


def test_the_second_of_two_who_write_at_once_is_told(desk):
    row = opened(desk, desk.man)
    version = row.version
    service.record_safeguards(desk.case(desk.man), row, {"LAWYER": "YES"}, version=version)
    with pytest.raises(ChangedMeanwhile):
        service.record_safeguards(desk.case(desk.man), row, {"LAWYER": "NO"}, version=version)


def test_a_child_is_an_alarm_with_authority_and_hour_and_never_in_the_queue(desk):
    for person in (desk.mother, desk.child):
        asks_as_owner(desk, person)
    mother, child = opened(desk, desk.mother), opened(desk, desk.child)
    man = opened(desk, desk.man)
    assert (mother.child, child.child) == (False, True)
    assert ("CUSTODY_CHILD_AUTHORITY", "RUNNING") in clocks(child)
    asks_as_owner(desk, desk.man)
    found = {h.case.id: h for h in queries.held(desk.caseworker)}
    assert [found[p.case_id].placement.kind for p in (desk.mother, desk.child, desk.man)] == [
        "ALARM",
        "ALARM",
        "RANKED",
    ]
    assert all(found[p.case_id].in_queue() is None for p in (desk.mother, desk.child))
    service.record_safeguards(
        desk.case(desk.child), child, {"CHILD_AUTHORITY_CALLED": "YES"}, called_team_id=desk.authority.id
    )
    called = next(h for h in queries.held(desk.caseworker) if h.child).called
    assert (called.at, called.called_team_id) == (NOW, desk.authority.id)
    assert ("CUSTODY_CHILD_AUTHORITY", "MET") in clocks(child)
    # Their going first is no departure: there is no order that speaks of them.
    service.release(desk.case(desk.mother), mother, NewExit("TRIPARTITE", TODAY))
    service.release(desk.case(desk.child), child, NewExit("CHILD_TRANSFER", TODAY))
    assert (child.order_outcome, mother.order_outcome, mother.rank) == ("NOT_IN_ORDER", "NOT_IN_ORDER", None)
    assert man.state == "HELD"


def asks_as_owner(world, person):
    with world.db.as_owner():
        asks(person)


def test_the_order_is_lawful_and_a_departure_keeps_who_was_passed_over(desk):
    man, other, woman = put(desk, (desk.man, 5, {}), (desk.other_man, 10, {}), (desk.woman, 20, {}))
    order = [h.custody.id for h in queries.held(desk.caseworker)]
    assert order == [woman.id, man.id, other.id]
    case = desk.case(desk.other_man)
    with pytest.raises(rules.DepartureReasonMissing):
        service.release(case, other, NewExit("TRIPARTITE", TODAY))
    service.release(case, other, NewExit("TRIPARTITE", TODAY, "OTHER", "Su hermano lo espera"))
    assert (other.rank, other.order_outcome, other.departure_note) == (
        "SINGLE_MEN", "ORDER_DEPARTED", "Su hermano lo espera",
    )  # fmt: skip
    assert told(case) == [("custody.released", "TRIPARTITE", "SINGLE_MEN", "ORDER_DEPARTED", 13)]
    passed = session.scalars(
        sa.select(CustodyPassedOver.passed_id).order_by(CustodyPassedOver.position)
    ).all()
    assert passed == [woman.id, man.id]
    (departure,) = queries.departures(desk.caseworker)
    assert departure.passed == (desk.numbers[desk.woman.case_id], desk.numbers[desk.man.case_id])
    service.release(desk.case(desk.woman), woman, NewExit("TRIPARTITE", TODAY))
    assert (woman.rank, woman.order_outcome) == ("SINGLE_WOMEN", "ORDER_KEPT")


def test_a_departure_is_looked_at_by_a_supervisor_who_did_not_record_it(desk):
    man, _woman = put(desk, (desk.man, 5, {}), (desk.woman, 20, {}))
    service.release(desk.case(desk.man), man, NewExit("TRIPARTITE", TODAY, "HEALTH"))
    with pytest.raises(rules.OwnDeparture):
        service.review_departure(man)
    with access.acting_as(desk.supervisor):
        restart()
        row = session.get_one(Custody, man.id)
        service.review_departure(row)
        assert row.departure_reviewed_by_id == desk.supervisor.user_id
        with pytest.raises(rules.NoDeparture):
            service.review_departure(row)


@pytest.mark.parametrize("code", sorted(rules.REVIEWED))
@pytest.mark.parametrize("approve", [True, False])
def test_a_removal_and_a_death_need_a_second_person(desk, code, approve):
    row = opened(desk, desk.man)
    case = desk.case(desk.man)
    service.release(case, row, NewExit(code, TODAY))
    assert (row.state, row.order_outcome) == ("EXIT_ASKED", None)
    assert queries.open_for(case.id) is not None
    with pytest.raises(rules.OwnExit):
        service.decide_release(case, row, approve=True)
    with access.acting_as(desk.supervisor):
        restart()
        case, row = desk.case(desk.man), session.get_one(Custody, row.id)
        service.decide_release(case, row, approve=approve)
        assert row.state == ("RELEASED" if approve else "HELD")
        kinds = [k for k, *_ in told(case)]
        assert kinds[1:] == ["approval.asked", "approval.given", *(["custody.released"] if approve else [])]
        # Nobody is sent after who was removed or died.
        assert not {d for d in clocks(row) if d[0] in rules.FOLLOW_UPS.values()}


def test_a_return_is_voluntary_only_by_consent(desk):
    row, case = opened(desk, desk.man), desk.case(desk.man)
    with pytest.raises(rules.ReturnNotConsented):
        service.release(case, row, NewExit("VOLUNTARY_RETURN", TODAY))
    with desk.db.as_owner():
        consent(
            desk.man, "RETURN_ASSISTANCE", alone=True, legal_advice_on=TODAY, asked_on=TODAY, expires_on=date(2025, 12, 20)
        )  # fmt: skip
    service.release(case, row, NewExit("VOLUNTARY_RETURN", TODAY))
    assert row.state == "RELEASED"


def test_somebody_who_left_is_looked_for_twice(desk):
    row, case = opened(desk, desk.man), desk.case(desk.man)
    service.release(case, row, NewExit("COURT", TODAY))
    due = {d.rule: d.due_at - NOW for d in deadlines.for_subject(("custody", row.id), open_only=True)}
    assert due == {
        "CUSTODY_FOLLOW_UP_FIRST": timedelta(hours=72),
        "CUSTODY_FOLLOW_UP_SECOND": timedelta(days=30),
    }
    assert ("CUSTODY_SAFEGUARDS", "CANCELLED") in clocks(row)
    with clock.held_at(NOW + timedelta(days=3)):
        service.follow_up(case, row, step="FIRST", outcome="AT_SHELTER", on=date(2025, 11, 26))
    with clock.held_at(NOW + timedelta(days=20)):
        service.follow_up(case, row, step="SECOND", outcome="RE_DETAINED", on=date(2025, 12, 12))
    assert {s for _, s in clocks(row)} == {"CANCELLED", "MET"}
    assert told(case)[-2:] == [
        ("custody.followed_up", "FIRST", None, "AT_SHELTER", None),
        ("custody.followed_up", "SECOND", None, "RE_DETAINED", None),
    ]
    # Detained again: a new time in custody.
    with clock.held_at(NOW + timedelta(days=21)):
        assert opened(desk, desk.man).id != row.id


def test_one_custody_is_open_at_a_time(desk):
    opened(desk, desk.man)
    with pytest.raises(rules.CustodyOpen):
        opened(desk, desk.man)
    with pytest.raises(rules.SinceInFuture):
        opened(desk, desk.woman, since=NOW + timedelta(hours=1))
    with pytest.raises(rules.PlaceMissing):
        opened(desk, desk.woman, station_id=None)


def test_the_rank_of_lgbti_people_comes_from_sealed_data_only(desk):
    put(desk, (desk.man, 20, {}), (desk.other_man, 5, {}))

    def order():
        restart()
        return [(h.case.id, h.placement.rank) for h in queries.held(desk.caseworker)]

    assert [rank for _, rank in order()] == ["SINGLE_MEN", "SINGLE_MEN"]
    with desk.db.as_owner():
        session.get_one(type(desk.man), desk.man.id).feels_safe_in = "LGBTIQ_SITE"
    assert order() == [(desk.man.case_id, "LGBTI_PEOPLE"), (desk.other_man.case_id, "SINGLE_MEN")]
    with desk.db.as_owner():
        person = session.get_one(type(desk.man), desk.man.id)
        person.feels_safe_in, person.gender_self = "NOT_ASKED", "TRANS_MAN"
    assert order()[0] == (desk.man.case_id, "LGBTI_PEOPLE")


def test_who_feels_safe_among_women_is_ranked_as_one_whatever_the_document_says(desk):
    put(desk, (desk.man, 20, {}), (desk.other_man, 5, {}))
    with desk.db.as_owner():
        person = session.get_one(type(desk.other_man), desk.other_man.id)
        person.sex_in_document, person.feels_safe_in = "UNKNOWN", "WOMEN"
    restart()
    ranks = {h.case.id: h.placement.rank for h in queries.held(desk.caseworker)}
    assert ranks == {desk.man.case_id: "SINGLE_MEN", desk.other_man.case_id: "SINGLE_WOMEN"}


def written(values):
    """What is refused by the database whatever the application said."""
    base = {
        "authority": "POLICE", "basis": "NOT_TOLD", "place": "MX07", "since_on": date(2025, 11, 20), "since_at": YESTERDAY,
        "child": False,
    }  # fmt: skip
    return {**base, **values}


LEFT = {"state": "RELEASED", "exit_on": TODAY, "order_outcome": "NOT_IN_ORDER"}


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("grave_exit_by_two", {**LEFT, "exit_code": "DIED"}),
        ("no_child_ranked", {**LEFT, "exit_code": "COURT", "child": True, "rank": "SINGLE_WOMEN"}),
        ("no_family_ranked", {**LEFT, "exit_code": "COURT", "rank": "FAMILIES"}),
        ("transfer_of_child", {**LEFT, "exit_code": "CHILD_TRANSFER"}),
        ("tripartite_from_station", {**LEFT, "exit_code": "TRIPARTITE"}),
        ("order_has_rank", {**LEFT, "exit_code": "COURT", "order_outcome": "ORDER_KEPT"}),
        (
            "departure_has_reason",
            {**LEFT, "exit_code": "COURT", "order_outcome": "ORDER_DEPARTED", "rank": "SINGLE_MEN"},
        ),
        ("exit_after_beginning", {**LEFT, "exit_code": "COURT", "exit_on": date(2025, 11, 1)}),
        ("asked_if_grave", {"state": "EXIT_ASKED", "exit_code": "COURT", "exit_on": TODAY}),
        ("exit_has_code", {"state": "HELD", "exit_code": "COURT", "exit_on": TODAY}),
        ("released_has_order", {**LEFT, "exit_code": "COURT", "order_outcome": None}),
        ("state_known", {"state": "GONE", "exit_code": "COURT", "exit_on": TODAY}),
        ("authority_known", {"authority": "NOBODY"}),
        ("basis_known", {"basis": "WHY"}),
        ("place_form", {"place": "Tapachula"}),
    ],
)
def test_the_database_says_it_again(desk, constraint, values):
    if "exit_code" in values:
        values = {**values, "exit_by_id": desk.caseworker.user_id}
    with pytest.raises(sa.exc.IntegrityError, match=f"ck_custody_{constraint}"), session.begin_nested():
        session.execute(sa.insert(Custody).values(case_id=desk.man.case_id, **written(values)))


def test_one_open_custody_is_the_databases_rule_too(desk):
    put(desk, (desk.man, 20, {}))
    with pytest.raises(sa.exc.IntegrityError, match="uq_custody_open"), session.begin_nested():
        session.execute(sa.insert(Custody).values(case_id=desk.man.case_id, **written({})))


def test_a_child_authority_reads_the_custody_of_children_it_was_told_of_and_no_other(desk):
    child, _mother = put(desk, (desk.child, 20, {"child": True}), (desk.mother, 20, {}))

    def seen():
        with access.acting_as(desk.officer):
            restart()
            return list(session.scalars(sa.select(Custody.id))), queries.children_told_to(desk.officer)

    assert seen() == ([], [])
    with desk.db.as_owner():
        for person in (desk.child, desk.mother):
            session.add(
                CaseAccess(case_id=person.case_id, team_id=desk.authority.id, scope="REFERRAL", since=NOW)
            )
    rows, told_of = seen()
    assert rows == [child.id] and [one.person.given_names for one in told_of] == ["Flor"]
    with access.acting_as(desk.officer):
        restart()
        changed = session.execute(sa.update(Custody).values(place="MX09")).rowcount
    assert changed == 0


def test_another_team_reads_no_custody(desk):
    from tests.factories import make_team, make_user, principal_of

    put(desk, (desk.man, 20, {}))
    with desk.db.as_owner():
        team = make_team()
        stranger = principal_of(make_user("SUPERVISOR", team), ("SUPERVISOR", team))
    with access.acting_as(stranger):
        restart()
        assert session.scalars(sa.select(Custody)).all() == []
        assert queries.held(stranger) == [] and queries.departures(stranger) == []


def test_a_liaison_reads_no_table_of_custody_and_gets_names_of_the_own_station_only(desk):
    from tests.factories import make_site, make_team, make_user, principal_of

    put(
        desk,
        (desk.man, 5, {"exit_agreed_on": date(2025, 11, 25)}),
        (desk.woman, 20, {"exit_agreed_on": TODAY}),
    )
    put(desk, (desk.other_man, 20, {"exit_agreed_on": date(2025, 11, 22)}), (desk.mother, 20, {}))
    with desk.db.as_owner():
        station = make_team(make_site(), "MIGRATION_CUSTODY")
        other = principal_of(make_user("CUSTODY_LIAISON", station), ("CUSTODY_LIAISON", station))
    for who, expected in (
        (
            desk.liaison,
            [("Mejía Inventada", "Carlos", date(2025, 11, 25)), ("Zapata Inventada", "Berta", TODAY)],
        ),
        (other, []),
        (desk.caseworker, []),
        (access.ANONYMOUS, []),
    ):
        with access.acting_as(who):
            restart()
            found = queries.leaving(TODAY)
            assert [(f.surnames, f.given_names, f.on) for f in found] == expected
            if who is desk.liaison:
                assert session.scalars(sa.select(Custody)).all() == []
                assert session.scalars(sa.select(Case)).all() == []
