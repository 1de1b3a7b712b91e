"""The engine: a clock starts, stands still, goes on, is met or runs out, and a second person is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from caseapp.core import access, clock, reference
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.core.sweeping import counted
from caseapp.deadline import queries, rules, service
from caseapp.deadline.models import Deadline, DeadlineNotice, DeadlinePause
from caseapp.people.models import Case
from tests.conftest import NOW
from tests.factories import make_person, make_team, make_user, principal_of

MONTH = timedelta(days=30)


@pytest.mark.parametrize("state", rules.STATES)
@pytest.mark.parametrize("verb", rules.TRANSITIONS)
def test_each_verb_from_each_state(verb, state):
    expected = {
        "RUNNING": {"pause": "PAUSED", "run_out": "LATE", "meet": "MET", "cancel": "CANCELLED", "move": "RUNNING"},
        "PAUSED": {"resume": "RUNNING", "meet": "MET", "cancel": "CANCELLED"},
        "LATE": {"meet": "MET", "cancel": "CANCELLED", "move": "RUNNING"},
        "MET": {},
        "CANCELLED": {},
    }[state].get(verb)  # fmt: skip
    if expected is None:
        with pytest.raises(rules.ClockEnded):
            rules.after(verb, state)
    else:
        assert rules.after(verb, state) == expected


MEXICO = "America/Mexico_City"
FRIDAY = datetime(2025, 10, 31, 20, 0, tzinfo=UTC)  # 14:00 in Mexico City


@pytest.mark.parametrize(
    ("due", "unit", "stood", "expected"),
    [
        (datetime(2025, 11, 1, 20, 0, tzinfo=UTC), "hours", timedelta(hours=5), datetime(2025, 11, 2, 1, 0, tzinfo=UTC)),
        (datetime(2025, 11, 1, 20, 0, tzinfo=UTC), None, timedelta(days=2), datetime(2025, 11, 3, 20, 0, tzinfo=UTC)),
        # From Friday to Monday are three local days; the wall time stays.
        (datetime(2025, 11, 11, 5, 59, 59, tzinfo=UTC), "days", timedelta(days=3, hours=1), datetime(2025, 11, 14, 5, 59, 59, tzinfo=UTC)),
        # Two worked days were left (Monday, Tuesday); from the next Wednesday on they are Thursday and Friday.
        (datetime(2025, 11, 5, 5, 59, 59, tzinfo=UTC), "working_days", timedelta(days=5), datetime(2025, 11, 8, 5, 59, 59, tzinfo=UTC)),
        # What had ended before it stood still stays where it was.
        (datetime(2025, 10, 30, 5, 59, 59, tzinfo=UTC), "days", timedelta(days=5), datetime(2025, 10, 30, 5, 59, 59, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_where_a_limit_ends_that_stood_still(due, unit, stood, expected):
    assert rules.resumed(due, unit, FRIDAY, FRIDAY + stood, MEXICO) == expected


@pytest.mark.parametrize(
    ("days_before", "expected"), [(None, timedelta(days=30)), (5, timedelta(days=35)), (99, timedelta(0))]
)
def test_when_the_holder_is_warned(days_before, expected):
    start = NOW
    assert rules.warn_at(start, start + timedelta(days=40), days_before) - start == expected


@pytest.fixture
def desk(db):
    with db.as_owner():
        team = make_team()
        person = make_person(team)
        holder, other = make_user("SUPERVISOR", team), make_user("SUPERVISOR", team)
        session.get_one(Case, person.case_id).assigned_to_id = holder.id
        stranger_team = make_team()
        stranger = make_user(team=stranger_team)
    session.expunge_all()
    people = {"holder": holder.id, "other": other.id}
    who = principal_of(holder, ("CASEWORKER", team), ("SUPERVISOR", team))
    return db, person.case_id, people, who, principal_of(stranger, ("CASEWORKER", stranger_team))


@pytest.fixture
def case(desk):
    with access.acting_as(desk[3]):
        session.commit()
        yield session.get_one(Case, desk[1])


def swept(db) -> dict[str, int]:
    """The sweep, as the role and principal that runs it."""
    db.as_role("work")
    session.expunge_all()
    with access.acting_as(access.system("clocks")):
        done = service.look()
    db.as_role("app")
    return done


def test_a_rule_gives_the_end_in_the_days_of_the_country(case):
    lodged = date(2025, 10, 31)
    law = service.start(case, "CLAIM_DECIDE", subject=("claim", uuid4()), started_at=lodged)
    assert (law.kind, law.unit, law.state) == ("LEGAL", "working_days", "RUNNING")
    assert clock.local(law.due_at, MEXICO).strftime("%H:%M:%S") == "23:59:59"
    exact = service.start(case, "CUSTODY_FOLLOW_UP_FIRST", subject=("custody", uuid4()))
    assert exact.due_at - exact.started_at == timedelta(hours=72) and exact.kind == "PROTOCOL"


def test_a_country_without_a_limit_has_no_clock_and_an_unknown_rule_is_said(case):
    case.country = "HND"
    assert service.start(case, "CLAIM_APPLY", subject=("case", case.id)) is None
    with pytest.raises(reference.CodeUnknown):
        service.start(case, "NO_SUCH", subject=("case", case.id))
    session.expire(case)


def test_a_task_needs_its_date_and_one_clock_runs_at_a_time(case):
    task = ("task", uuid4())
    with pytest.raises(rules.DueUnknown):
        service.start(case, "TASK", subject=task)
    with pytest.raises(rules.DueBeforeStart):
        service.start(case, "TASK", subject=task, due_at=date(2025, 11, 1))
    made = service.start(case, "TASK", subject=task, due_at=date(2025, 11, 25))
    assert made.due_at == datetime(2025, 11, 26, 5, 59, 59, tzinfo=UTC)
    assert made.due_at - made.warn_at == timedelta(days=1)
    with pytest.raises(sa.exc.IntegrityError, match="uq_deadline_open"), session.begin_nested():
        service.start(case, "TASK", subject=task, due_at=date(2025, 11, 26))
    assert service.meet(task) == 1 and service.meet(task) == 0
    assert service.start(case, "TASK", subject=task, due_at=date(2025, 11, 26)) is not None


@pytest.mark.parametrize(("on", "in_time"), [(date(2025, 11, 21), True), (date(2025, 11, 22), False)])
def test_what_happened_on_a_day_was_in_time_if_the_day_was(case, on, in_time):
    made = service.start(
        case, "TASK", subject=("task", uuid4()), started_at=date(2025, 11, 1), due_at=date(2025, 11, 21)
    )
    service.meet((made.subject_kind, made.subject_id), at=on)
    assert made.state == "MET" and made.met_on_time is in_time


@pytest.mark.parametrize("reason", rules.PAUSE_REASONS)
def test_it_stands_still_for_a_reason_and_goes_on_with_what_was_left(case, reason):
    subject = ("custody", uuid4())
    made = service.start(case, "CUSTODY_FOLLOW_UP_FIRST", subject=subject)
    due, warned = made.due_at, made.warn_at
    assert service.pause(subject, reason) == 1 and service.pause(subject, reason) == 0
    with clock.held_at(NOW + timedelta(hours=10)):
        assert service.resume(subject) == 1 and service.resume(subject) == 0
        assert service.pause(subject, "HEALTH") == 1
    with clock.held_at(NOW + timedelta(hours=12)):
        assert service.meet(subject) == 1
    assert made.due_at - due == timedelta(hours=10) and made.warn_at - warned == timedelta(hours=10)
    assert [(p.reason, p.ended_at) for p in queries.pauses_of(made.id)] == [
        (reason, NOW + timedelta(hours=10)),
        ("HEALTH", NOW + timedelta(hours=12)),
    ]


def test_reasons_are_those_of_the_lists(case):
    subject = ("custody", uuid4())
    service.start(case, "CUSTODY_FOLLOW_UP_FIRST", subject=subject)
    for verb in (service.pause, service.cancel):
        with pytest.raises(rules.ReasonUnknown):
            verb(subject, "BECAUSE")
    for n, reason in enumerate(rules.CANCEL_REASONS):
        each = ("custody", uuid4())
        made = service.start(case, "CUSTODY_FOLLOW_UP_FIRST", subject=each)
        assert service.cancel(each, reason) == 1 and made.state == "CANCELLED" and not made.is_open, n


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "PAUSED"}, {"state": "MET"}, {"state": "CANCELLED", "ended_at": NOW}, {"state": "OPEN"},
        {"kind": "OTHER"}, {"unit": "fortnights"}, {"due_at": NOW - MONTH}, {"warn_at": NOW + 2 * MONTH},
        {"cancel_reason": "ERROR"}, {"subject_kind": "Task"}, {"rule": "task"},
    ],
)  # fmt: skip
def test_the_database_refuses_a_clock_that_cannot_be(case, broken):
    whole = {
        "case_id": case.id, "team_id": case.team_id, "subject_kind": "task", "subject_id": uuid4(), "rule": "TASK",
        "kind": "TASK", "started_at": NOW, "due_at": NOW + MONTH, "warn_at": NOW + MONTH, "state": "RUNNING",
    }  # fmt: skip
    with pytest.raises(sa.exc.IntegrityError, match="ck_deadline"), session.begin_nested():
        session.add(Deadline(**{**whole, **broken}))
        session.flush()


def test_the_sweep_warns_the_holder_then_tells_a_second_person(desk, case):
    db, _, people, who, _ = desk
    subject = ("claim", uuid4())
    made_id = service.start(case, "CLAIM_TELL_MIGRATION_AUTHORITY", subject=subject).id
    assert swept(db) == {"warned": 0, "escalated": 0}
    for hours, expected in ((60, {"warned": 1, "escalated": 0}), (73, {"warned": 0, "escalated": 1})):
        with clock.held_at(NOW + timedelta(hours=hours)):
            assert swept(db) == expected
            assert swept(db) == {"warned": 0, "escalated": 0}
    with access.acting_as(who):
        session.commit()
        found = session.get_one(Deadline, made_id)
        assert (found.state, found.escalated_to_id) == ("LATE", people["other"])
        told = [(n.kind, n.user_id) for n in queries.notices_of(made_id)]
        assert told == [("WARNING", people["holder"]), ("LATE", people["other"])]
        raised = session.scalars(sa.select(CaseEvent).where(CaseEvent.kind == "alert.raised")).all()
        assert [(e.code, e.subject_id, e.actor) for e in raised] == [
            ("LEGAL_DEADLINE", made_id, "system:clocks")
        ]
        assert service.meet(subject) == 1 and found.met_on_time is True


def test_a_holder_is_never_their_own_second_person(desk, case):
    db, _, people, who, _ = desk
    made_id = service.start(
        case, "TASK", subject=("task", uuid4()), due_at=NOW + timedelta(hours=1), holder_id=people["other"]
    ).id
    with clock.held_at(NOW + timedelta(hours=2)):
        swept(db)
    with access.acting_as(who):
        session.commit()
        assert session.get_one(Deadline, made_id).escalated_to_id == people["holder"]


def test_a_clock_of_another_countrys_rule_runs_out_like_any_other(desk, case):
    """A file came from another country with a clock of its law: no sweep and no verb stops at the unknown rule."""
    subject = ("claim", uuid4())
    made = service.start(case, "CLAIM_DECIDE", subject=subject, started_at=NOW - 4 * MONTH)
    session.commit()
    with desk[0].as_owner():
        session.execute(sa.text("UPDATE \"case\" SET country = 'HND' WHERE id = :c"), {"c": case.id})
    with pytest.raises(reference.CodeUnknown):
        reference.clock_rule("CLAIM_DECIDE", NOW.date(), "HND")
    assert swept(desk[0]) == {"warned": 0, "escalated": 1}
    with access.acting_as(desk[3]):
        session.commit()
        found = session.get_one(Deadline, made.id)
        assert found.state == "LATE"
        told = session.scalars(sa.select(CaseEvent.code).where(CaseEvent.kind == "alert.raised")).all()
        assert told == ["LEGAL_DEADLINE"]
        assert service.move(subject, NOW + MONTH) == 1
        service.cancel(subject, "FILE_CLOSED")
        assert service.restart(session.get_one(Case, case.id)) == 1


def test_one_bad_row_holds_up_none_of_the_others(desk, case, monkeypatch):
    bad, good = (
        service.start(case, "TASK", subject=("task", uuid4()), started_at=NOW - MONTH, due_at=NOW - left)
        for left in (timedelta(days=2), timedelta(days=1))
    )
    session.commit()
    ids = bad.id, good.id
    tell = service._tell

    def stumbles(found, *more):
        tell(found, *more)
        if found.id == ids[0]:
            raise reference.CodeUnknown("made up")

    monkeypatch.setattr(service, "_tell", stumbles)
    with counted() as failed, capture_logs() as logs:
        assert swept(desk[0]) == {"warned": 0, "escalated": 1}
    assert failed == {"clocks": 1}
    assert [(line["job"], line["row"]) for line in logs] == [("clocks", str(ids[0]))]
    with access.acting_as(desk[3]):
        session.commit()
        assert [session.get_one(Deadline, i).state for i in ids] == ["RUNNING", "LATE"]
        assert session.scalars(sa.select(DeadlineNotice.deadline_id)).all() == [ids[1]]
    monkeypatch.undo()
    assert swept(desk[0])["escalated"] == 1  # once mended, it is done


def test_one_bad_part_of_the_sweep_holds_up_none_of_the_others(desk, case, monkeypatch):
    from workers import deadline

    service.start(
        case, "TASK", subject=("task", uuid4()), started_at=NOW - MONTH, due_at=NOW - timedelta(days=1)
    )
    session.commit()

    def broken():
        raise ValueError

    monkeypatch.setitem(deadline.PARTS, "referrals", broken)
    desk[0].as_role("work")
    with access.acting_as(access.system("clocks")):
        done = deadline.look.run()
    desk[0].as_role("app")
    assert (done["failed"], done["clocks_escalated"], done["consents_ended"]) == (1, 1, 0)
    assert not any(key.startswith("referrals") for key in done)


def test_another_end_is_warned_of_anew(desk, case):
    db, _, _, who, _ = desk
    subject = ("task", uuid4())
    made_id = service.start(case, "TASK", subject=subject, due_at=NOW + timedelta(hours=1)).id
    with clock.held_at(NOW + timedelta(hours=2)):
        assert swept(db)["escalated"] == 1
        with access.acting_as(who):
            session.commit()
            assert service.move(subject, NOW + timedelta(days=9)) == 1
            found = session.get_one(Deadline, made_id)
            assert (found.state, found.escalated_at, queries.notices_of(made_id)) == ("RUNNING", None, [])
            with pytest.raises(rules.DueBeforeStart):
                service.move(subject, NOW - timedelta(days=9))


def test_a_closed_file_warns_nobody(desk, case):
    service.start(case, "TASK", subject=("task", uuid4()), due_at=NOW + timedelta(hours=1))
    case.status, case.closed_on, case.closure_reason = "CLOSED", date(2025, 11, 23), "NEEDS_MET"
    session.flush()
    with clock.held_at(NOW + timedelta(hours=2)):
        assert swept(desk[0]) == {"warned": 0, "escalated": 0}


@pytest.mark.parametrize("rule", sorted(rules.PAST_CLOSING))
def test_what_the_person_asked_about_their_data_is_owed_past_the_closing(desk, case, rule):
    db, _, people, who, _ = desk
    made = service.start(case, rule, subject=("subject_request", uuid4()), started_at=date(2025, 11, 21))
    made_id, warned, due = made.id, made.warn_at, made.due_at
    case.status, case.closed_on, case.closure_reason = "CLOSED", date(2025, 11, 23), "NEEDS_MET"
    session.flush()
    for at, expected in (
        (warned, {"warned": 1, "escalated": 0}), (due + timedelta(minutes=1), {"warned": 0, "escalated": 1}),
    ):  # fmt: skip
        with clock.held_at(at):
            assert swept(db) == expected
    with access.acting_as(who):
        session.commit()
        assert [(n.kind, n.user_id) for n in queries.notices_of(made_id)] == [
            ("WARNING", people["holder"]), ("LATE", people["other"]),
        ]  # fmt: skip
        told = queries.Told(people["other"], ())
        nothing = sa.select(Case.id).where(sa.false())
        assert [p.told for p in queries.pressing(nothing, days=3, limit=9, told_to=told)] == ["LATE"]


def test_what_is_sealed_comes_apart_and_strangers_see_nothing(desk, case):
    open_one = service.start(case, "TASK", subject=("task", uuid4()), due_at=NOW + MONTH)
    sealed = service.start(case, "TASK", subject=("task", uuid4()), due_at=NOW + MONTH, sealed=True)
    late = service.start(case, "TASK", subject=("task", uuid4()), due_at=NOW + timedelta(hours=1))
    assert queries.running_for([case.id]) == [late, open_one]
    assert queries.running_for([case.id], sealed=True) == [sealed]
    assert queries.running_for([case.id], kinds=("LEGAL",)) == []
    mine = sa.select(Case.id).where(Case.id == case.id)
    assert [p.clock for p in queries.pressing(mine, days=3, limit=9)] == [late]
    with access.acting_as(desk[4]):
        session.commit()
        session.expunge_all()
        for table in (Deadline, DeadlinePause, DeadlineNotice):
            assert session.scalars(sa.select(table)).all() == []


def test_the_team_that_must_act_sees_its_clock_if_it_reads_the_file(desk, case):
    db, _, _, _, stranger = desk
    team_id = stranger.grants[0].team_id
    with db.as_owner():
        session.get_one(Case, case.id).readers = [team_id]
    shown = service.start(case, "TASK", subject=("task", uuid4()), due_at=NOW + MONTH, team_id=team_id)
    for more in ({"sealed": True, "team_id": team_id}, {}):
        service.start(case, "TASK", subject=("task", uuid4()), due_at=NOW + MONTH, **more)
    shown_id = shown.id
    with access.acting_as(stranger):
        session.commit()
        session.expunge_all()
        assert session.scalars(sa.select(Deadline.id)).all() == [shown_id]
