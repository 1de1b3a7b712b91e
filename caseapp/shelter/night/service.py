"""Verbs of the roll: seen, missing, back again; and the paper of a night entered in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa

from caseapp.core import access, clock, outbox
from caseapp.core.db import session
from caseapp.places.models import Site
from caseapp.shelter import errors, queries
from caseapp.shelter import events as shelter_events
from caseapp.shelter.models import Stay, StayState
from caseapp.shelter.night import events, rules
from caseapp.shelter.night.models import Presence
from caseapp.shelter.night.queries import marks_of
from caseapp.shelter.service import presence as coming


def seen(stays: Sequence[Stay], *, way: str, at: datetime | None = None, night: date | None = None) -> int:
    """These people are here tonight (or were on `night`); who was marked missing is back. Writes presence.seen, once a night. Returns
    of how many that was not known. Raises `WrongState` for somebody who is not in."""
    site, tonight = _tonight(stays)
    night = night or tonight
    held = _locked(stays, night)
    new = 0
    for stay in stays:
        row = held.get(stay.id)
        if stay.first_night > night:  # came in the morning: `seen_on_arrival` has said it
            continue
        if row is None:
            _put(stay, night, "SEEN", way, at)
        elif row.state == "ABSENT":
            row.state, row.way, row.back_at = "SEEN", "BACK", at or clock.now()
        else:
            continue
        new += 1
        shelter_events.happened(events.SEEN, stay, site, on=night, code="BACK" if row else way)
    session.flush()
    return new


def absent(stays: Sequence[Stay], *, way: str, at: datetime | None = None, night: date | None = None) -> int:
    """These people are missing tonight (who came in the morning for the coming night is not of this one). Two nights, or the first of a child or of somebody with one, open
    ABSENT_AT_RISK, unless they were seen on a later one than `night`. Who was seen tonight stays seen. Writes presence.absent. Returns how many are missing."""
    site, tonight = _tonight(stays)
    night = night or tonight
    held = _locked(stays, night)
    marks = marks_of([s.id for s in stays], tonight)
    children = _with_child(stays)
    new = 0
    for stay in stays:
        if stay.id in held or stay.first_night > night:
            continue
        away = rules.nights_away({**marks.get(stay.id, {}), night: "ABSENT"}, night)
        _put(stay, night, "ABSENT", way, at)
        shelter_events.happened(events.ABSENT, stay, site, on=night, number=away)
        back = any(d > night and state == "SEEN" for d, state in marks.get(stay.id, {}).items())
        if not back and rules.signal(away, with_child=stay.id in children) is rules.Signal.ALERT:
            outbox.leave(shelter_events.DEPARTURE_AT_RISK, stay.id, note="ABSENT_AT_RISK")
        new += 1
    session.flush()
    return new


def call_roll(everyone: Sequence[Stay], here: set[UUID], *, finished: bool) -> tuple[int, int]:
    """The roll of a night: who was ticked is here; the others are missing once the roll is `finished`. Returns how
    many of each were new."""
    there = [s for s in everyone if s.id in here]
    away = [s for s in everyone if s.id not in here]
    found = seen(there, way="ROLL_CALL") if there else 0
    missing = absent(away, way="ROLL_CALL") if away and finished else 0
    return found, missing


def seen_on_arrival(stays: Sequence[Stay], night: date, at: datetime) -> None:
    """Who came in on a night was there; `stay.started` has said it."""
    held = _locked(stays, night)
    for stay in stays:
        if stay.id not in held:
            _put(stay, night, "SEEN", "ARRIVAL", at)
    session.flush()


@dataclass(frozen=True)
class PaperLine:
    """What the paper says of one stay: a mark of `rules.PAPER_MARKS`, and the UTC moment beside it."""

    mark: str
    at: datetime | None = None


def enter_paper(
    lines: Mapping[UUID, PaperLine], stays: Sequence[Stay], *, night: date | None = None
) -> dict[str, int]:
    """What was written by hand while the network was down, in one act: who came, who was there, who was missing,
    who left. `night`: of which night it is (the one that runs). All or nothing; raises what check-in and departure refuse. Returns how many of each."""
    of = {
        mark: [s for s in stays if s.id in lines and lines[s.id].mark == mark] for mark in rules.PAPER_MARKS
    }
    count = {"IN": 0, "HERE": 0, "ABSENT": 0, "LEFT": 0}
    for at, group in _by_moment(of["HERE"], lines):
        expected = [s for s in group if s.state == StayState.BOOKED]
        there = [s for s in group if s.state == StayState.IN]
        if expected:
            coming.check_in(expected, at=at)
            count["IN"] += len(expected)
        if there:
            count["HERE"] += seen(there, way="PAPER", at=at, night=night)
    if of["ABSENT"]:
        count["ABSENT"] = absent(of["ABSENT"], way="PAPER", night=night)
    for mark, (reason, destination) in rules.PAPER_LEFT.items():
        # Children first, so that none of them is left without an adult in between.
        for stay in sorted(of[mark], key=lambda s: not s.child):
            coming.depart(stay, reason, destination, at=lines[stay.id].at)
            count["LEFT"] += 1
    return count


def _by_moment(
    stays: Sequence[Stay], lines: Mapping[UUID, PaperLine]
) -> list[tuple[datetime | None, list[Stay]]]:
    found: dict[datetime | None, list[Stay]] = {}
    for stay in stays:
        found.setdefault(lines[stay.id].at, []).append(stay)
    return sorted(found.items(), key=lambda pair: pair[0] or clock.now())


def _tonight(stays: Sequence[Stay]) -> tuple[Site, date]:
    if not stays or any(s.state != StayState.IN for s in stays):
        raise errors.WrongState
    site = session.get_one(Site, stays[0].site_id)
    return site, queries.tonight_at(site)


def _locked(stays: Sequence[Stay], night: date) -> dict[UUID, Presence]:
    """The marks of these stays on a night. The stays are locked in id order, so that two rolls called at the same
    moment become one."""
    ids = sorted(s.id for s in stays)
    session.scalars(sa.select(Stay.id).where(Stay.id.in_(ids)).order_by(Stay.id).with_for_update()).all()
    rows = session.scalars(
        sa.select(Presence)
        .where(Presence.stay_id.in_(ids), Presence.night == night)
        .execution_options(populate_existing=True)
    )
    return {row.stay_id: row for row in rows}


def _put(stay: Stay, night: date, state: str, way: str, at: datetime | None) -> None:
    session.add(
        Presence(
            stay_id=stay.id, case_id=stay.case_id, team_id=stay.team_id, night=night, state=state, way=way,
            marked_at=at or clock.now(), marked_by_id=access.current().user_id,
        )
    )  # fmt: skip


def _with_child(stays: Sequence[Stay]) -> set[UUID]:
    """Which of these are children or have a child of their household in the house."""
    households = {s.household_id for s in stays if s.household_id}
    with_child = set(
        session.scalars(
            sa.select(Stay.household_id).where(
                Stay.household_id.in_(households), Stay.child, Stay.state == StayState.IN
            )
        )
    )
    return {s.id for s in stays if s.child or (s.household_id and s.household_id in with_child)}
