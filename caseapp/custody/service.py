"""Verbs on custody: open it, write down the safeguards, follow the person's age, agree a day of exit, let go, confirm,
look at a departure from the order, follow up. Each changes rows, appends its event and moves its clocks; the edge commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm.attributes import flag_modified

from caseapp.accounts.queries import site_of
from caseapp.core import access, audit, clock
from caseapp.core.db import session
from caseapp.core.errors import ChangedMeanwhile, NotPermitted, says
from caseapp.core.sweeping import alone
from caseapp.custody import events, queries, rules
from caseapp.custody.models import Custody, CustodyFollowUp, CustodyPassedOver, CustodySafeguard
from caseapp.deadline import service as deadline
from caseapp.people import queries as people
from caseapp.people import rules as people_rules
from caseapp.people.events import happened
from caseapp.people.models import Case
from caseapp.places.models import Site

says("uq_custody_open", rules.CustodyOpen)
says("ck_custody_grave_exit_by_two", rules.OwnExit)
says("ck_custody_no_child_ranked", rules.ChildRanked)
says("ck_custody_transfer_of_child", rules.NotAChild)
says("ck_custody_departure_reviewed_by_another", rules.OwnDeparture)
says("uq_custody_follow_up_custody_id_step", rules.NotFollowed)


@dataclass(frozen=True)
class NewCustody:
    """Who holds the person, why (as told), since when; a station's team, or the division of another place."""

    authority: str
    basis: str
    since: datetime
    station_id: UUID | None = None
    place: str | None = None


def open_custody(case: Case, new: NewCustody) -> Custody:
    """A person is in custody. Starts the clock of the safeguards, and for a child that of the call to the child
    authority. Raises the errors of `rules.may_open`."""
    site = _site_of(new.station_id)
    place = site.admin1 if site is not None and site.admin1 else new.place
    rules.may_open(queries.open_for(case.id) is not None, new.since > clock.now(), bool(place))
    assert place is not None
    on = clock.local(new.since, queries.timezone_of(case)).date()
    row = Custody(
        case_id=case.id, authority=new.authority, basis=new.basis, station_id=new.station_id, place=place,
        since_at=new.since, since_on=on, child=is_child(case, people.today_of(case)),
        recorded_by_id=access.current().user_id,
    )  # fmt: skip
    session.add(row)
    happened(
        events.OPENED, case, on=on, site_id=site.id if site else None, subject_id=row.id, code=row.authority, place=place
    )  # fmt: skip
    session.flush()
    subject = (queries.SUBJECT, row.id)
    deadline.start(case, "CUSTODY_SAFEGUARDS", subject=subject, started_at=new.since)
    if row.child:
        deadline.start(case, "CUSTODY_CHILD_AUTHORITY", subject=subject, started_at=new.since)
    return row


def is_child(case: Case, on: date) -> bool:
    """Whether the person is protected as a child on a day."""
    person = people.person_of(case)
    return people_rules.is_child(people.birth_of(person), person.age_status, on)


def follow_age(case: Case, on: date) -> bool:
    """A birth or an age was corrected or decided, or a birthday came: a custody that has not ended says from now on
    whether the person is a child, and the sixty minutes of the call to the child authority begin, or nobody is to be
    called any more. Returns whether anything changed."""
    row = queries.open_for(case.id, lock=True)
    return row is not None and _follow_age(case, row, on)


def follow_birthdays(limit: int = 200) -> int:
    """Each minute: who turned 18 in custody is no child any more. May run twice without harm, and side by side; finds
    what a decision on age did not reach as well. Returns how many changed."""
    changed = 0
    for row, case, zone in queries.age_turned(limit):
        with alone("custody_ages", row.id):
            followed = _follow_age(case, row, clock.today(zone))
            session.flush()
            changed += followed
    return changed


def _follow_age(case: Case, row: Custody, on: date) -> bool:
    was, row.child = row.child, is_child(case, on)
    answers = {code: found.answer for code, found in queries.safeguards_of([row.id])[row.id].items()}
    session.flush()
    subject = (queries.SUBJECT, row.id)
    match rules.child_clock(was, row.child, answers.get(rules.CHILD_AUTHORITY_CALLED) == "YES"):
        case "START":
            deadline.start(case, "CUSTODY_CHILD_AUTHORITY", subject=subject)
        case "CANCEL":
            deadline.cancel(subject, "NO_LONGER_NEEDED", rule="CUSTODY_CHILD_AUTHORITY")
            _meet_first_day(row, answers, clock.now())
    return was != row.child


def record_safeguards(
    case: Case,
    row: Custody,
    answers: Mapping[str, str],
    *,
    at: datetime | None = None,
    called_team_id: UUID | None = None,
    version: int | None = None,
) -> int:
    """Write down what was asked (`answers` by safeguard), at a moment (default now). An answer that is the same as
    before is left with its first hour. Returns how many changed. Raises NotHeld, HourInFuture, HourBefore,
    ChangedMeanwhile."""
    _unchanged(row, version)
    if row.state == "RELEASED":
        raise rules.NotHeld
    moment = at or clock.now()
    if moment > clock.now():
        raise rules.HourInFuture
    if moment < row.since_at:
        raise rules.HourBefore
    kept = queries.safeguards_of([row.id])[row.id]
    on = clock.local(moment, queries.timezone_of(case)).date()
    changed = 0
    for safeguard in rules.asked_of(row.child):
        answer = answers.get(safeguard)
        if answer is None or _answer_of(kept, safeguard) == answer:
            continue
        found = kept.get(safeguard)
        if found is None:
            found = kept[safeguard] = CustodySafeguard(
                case_id=case.id, custody_id=row.id, safeguard=safeguard, answer=answer, at=moment
            )
            session.add(found)
        found.answer, found.at, found.recorded_by_id = answer, moment, access.current().user_id
        called = safeguard == rules.CHILD_AUTHORITY_CALLED and answer == "YES"
        found.called_team_id = called_team_id if called else None
        happened(
            events.SAFEGUARD, case, on=on, site_id=_site_id(row), subject_id=row.id, code=safeguard, outcome=answer
        )  # fmt: skip
        changed += 1
    if changed:
        # Two people who write the answers at once: the second one is told.
        flag_modified(row, "state")
    session.flush()
    _meet_first_day(row, {code: found.answer for code, found in kept.items()}, moment)
    return changed


def _answer_of(kept: Mapping[str, CustodySafeguard], safeguard: str) -> str:
    found = kept.get(safeguard)
    return "NOT_ASKED" if found is None else found.answer


def _meet_first_day(row: Custody, answers: Mapping[str, str], at: datetime) -> None:
    subject = (queries.SUBJECT, row.id)
    if answers.get(rules.CHILD_AUTHORITY_CALLED) == "YES":
        deadline.meet(subject, rule="CUSTODY_CHILD_AUTHORITY", at=at)
    if not rules.missing(answers, row.child):
        deadline.meet(subject, rule="CUSTODY_SAFEGUARDS", at=at)


def agree_exit(case: Case, row: Custody, on: date | None, *, version: int | None = None) -> None:
    """A day of exit is agreed with the authority, or no longer (None). The station is told the name and this day.
    Raises NotHeld, DatePast, DateTooFar, ChangedMeanwhile."""
    _unchanged(row, version)
    if on is None:
        if row.state != "HELD":
            raise rules.NotHeld
    else:
        rules.may_agree(row.state, on, people.today_of(case))
    row.exit_agreed_on = on
    audit.record("agreed" if on else "withdrawn", "custody", row.id, "EXIT_DATE")
    session.flush()


@dataclass(frozen=True)
class NewExit:
    """How and on which day somebody left; why before others, where others stood before in the order."""

    code: str
    on: date
    departure_reason: str | None = None
    departure_note: str | None = None


def standing(row: Custody, on: date | None = None) -> tuple[queries.Held | None, list[queries.Held]]:
    """Where this person stands (or stood on a day, if they had not left), and everybody held at the same place, in the
    lawful order."""
    everybody = [h for h in queries.held(access.current(), on) if h.custody.station_id == row.station_id]
    return next((h for h in everybody if h.custody.id == row.id), None), everybody


def passed_by(case: Case, row: Custody, on: date) -> tuple[str | None, tuple[rules.InQueue, ...]]:
    """The rank of this person on a day, and who would be passed over if they left on it."""
    mine, everybody = standing(row, on)
    place = mine.in_queue() if mine is not None else None
    if place is None:
        return None, ()
    queue = [q for h in everybody if (q := h.in_queue())]
    return place.rank, rules.passed_over(queue, place, on, people.today_of(case))


def release(case: Case, row: Custody, new: NewExit, *, version: int | None = None) -> None:
    """Somebody left custody. A removal and a death wait for a second person; everything else takes effect at once:
    writes custody.released, who was passed over, and starts the clocks of 72 hours and 30 days. Raises the errors of
    `rules.may_release`, ChangedMeanwhile, NotPermitted (nobody to name as author)."""
    _unchanged(row, version)
    author = access.current().user_id
    if author is None:
        raise NotPermitted
    rank, passed = passed_by(case, row, new.on) if row.state == "HELD" else (None, ())
    child = is_child(case, new.on)
    leaving = rules.Exit(
        new.code, new.on, row.station_id is not None, child,
        people.consent_for(case.id, "RETURN_ASSISTANCE", new.on) is not None if new.code == "VOLUNTARY_RETURN" else False,
        bool(passed), new.departure_reason, new.departure_note,
    )  # fmt: skip
    rules.may_release(row.state, row.since_on, people.today_of(case), leaving)
    row.exit_code, row.exit_on, row.exit_by_id = new.code, new.on, author
    if rules.needs_second_person(new.code):
        row.state = "EXIT_ASKED"
        happened(events.APPROVAL_ASKED, case, on=people.today_of(case), subject_id=row.id, code=new.code)
        session.flush()
        return
    row.order_outcome = rules.order_outcome(new.code, rank is not None, bool(passed))
    row.rank = rank if row.order_outcome != "NOT_IN_ORDER" else None
    if row.order_outcome == "ORDER_DEPARTED":
        row.departure_reason, row.departure_note = new.departure_reason, new.departure_note
    _let_go(case, row, child)
    if row.order_outcome == "ORDER_DEPARTED":
        for position, one in enumerate(passed, start=1):
            session.add(
                CustodyPassedOver(case_id=case.id, custody_id=row.id, passed_id=one.id, position=position)
            )
        session.flush()


def decide_release(case: Case, row: Custody, *, approve: bool, version: int | None = None) -> None:
    """A second person confirms a removal or a death, or sends it back. Raises NothingAsked, OwnExit,
    ChangedMeanwhile."""
    _unchanged(row, version)
    who = access.current()
    rules.may_decide(row.state, own=who.user_id is None or who.user_id == row.exit_by_id)
    outcome = "APPROVED" if approve else "REFUSED"
    happened(
        events.APPROVAL_GIVEN, case, on=people.today_of(case), subject_id=row.id, code=row.exit_code, outcome=outcome
    )  # fmt: skip
    if not approve:
        row.state, row.exit_code, row.exit_on, row.exit_by_id = "HELD", None, None, None
        session.flush()
        _follow_age(case, row, people.today_of(case))
        return
    assert row.exit_on is not None
    child = is_child(case, row.exit_on)
    row.decided_by_id, row.order_outcome = who.user_id, "NOT_IN_ORDER"
    _let_go(case, row, child)


def _let_go(case: Case, row: Custody, child: bool) -> None:
    assert row.exit_on is not None and row.exit_code is not None
    row.state, row.child = "RELEASED", child
    happened(
        events.RELEASED, case, on=row.exit_on, site_id=_site_id(row), subject_id=row.id, code=row.exit_code,
        reason=row.rank, number=(row.exit_on - row.since_on).days, outcome=row.order_outcome,
    )  # fmt: skip
    session.flush()
    subject = (queries.SUBJECT, row.id)
    deadline.cancel(subject, "SUBJECT_ENDED")
    if row.exit_code in rules.NOT_FOLLOWED:
        return
    began = clock.now() if row.exit_on == people.today_of(case) else row.exit_on
    for rule in rules.FOLLOW_UPS.values():
        deadline.start(case, rule, subject=subject, started_at=began)


def review_departure(row: Custody) -> None:
    """A supervisor has looked at a departure from the order. Raises NoDeparture, OwnDeparture."""
    who = access.current()
    rules.may_review(
        row.order_outcome, row.departure_reviewed_at is not None,
        own=who.user_id is None or who.user_id == row.exit_by_id,
    )  # fmt: skip
    row.departure_reviewed_at, row.departure_reviewed_by_id = clock.now(), who.user_id
    audit.record("reviewed", "custody", row.id, "ORDER_DEPARTED")
    session.flush()


def follow_up(case: Case, row: Custody, *, step: str, outcome: str, on: date) -> CustodyFollowUp:
    """What was found 72 hours or 30 days after the exit. Whoever is detained again is not looked for at 30 days.
    Raises NotFollowed, DateInFuture, DateBefore."""
    done = {f.step for f in queries.follow_ups_of([row.id])}
    rules.may_follow_up(row.state, row.exit_code, done, step, row.exit_on, on, people.today_of(case))
    made = CustodyFollowUp(
        case_id=case.id, custody_id=row.id, step=step, outcome=outcome, done_on=on,
        recorded_by_id=access.current().user_id,
    )  # fmt: skip
    session.add(made)
    happened(
        events.FOLLOWED_UP, case, on=on, site_id=_site_id(row), subject_id=row.id, code=step, outcome=outcome
    )
    session.flush()
    subject = (queries.SUBJECT, row.id)
    deadline.meet(subject, rule=rules.FOLLOW_UPS[step], at=on)
    if outcome == "RE_DETAINED":
        deadline.cancel(subject, "SUBJECT_ENDED")
    return made


def _site_of(station_id: UUID | None) -> Site | None:
    return None if station_id is None else site_of(station_id)


def _site_id(row: Custody) -> UUID | None:
    site = _site_of(row.station_id)
    return site.id if site is not None else None


def _unchanged(row: Custody, version: int | None) -> None:
    if version is not None and version != row.version:
        raise ChangedMeanwhile
