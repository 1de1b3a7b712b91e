"""What is asked before any night is given, whichever verb gives it. Units, then places, are locked in id order
*before* the EXCLUDE constraints speak, so that whoever comes second waits and is told no, and nobody is told of a
deadlock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

from sqlalchemy.exc import DBAPIError, IntegrityError

from caseapp.core import clock, outbox
from caseapp.core.db import session
from caseapp.core.errors import NotYours, refusal_of
from caseapp.people import queries as people_queries
from caseapp.people import rules as people_rules
from caseapp.places.models import Site
from caseapp.shelter import errors, events, queries, rules, spots
from caseapp.shelter.models import Stay, StayState
from caseapp.shelter.queries import max_nights
from caseapp.shelter.spots import Spot

LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Asked:
    """Places for people on nights, looked at under lock: free, and allowed. In the order of case ids, in which all
    rows are written, so that two acts about the same people do not wait for each other crosswise."""

    wanted: Mapping[UUID, UUID]
    spots: Mapping[UUID, Spot]
    people: Mapping[UUID, queries.Placing]
    site: Site
    team_id: UUID
    first_night: date
    last_night: date

    def stay_for(self, case_id: UUID, *, referral_id: UUID | None, immediate: bool) -> Stay:
        """A new stay of this person, which says nothing of them but that they are a child or not."""
        spot, person = self.spots[self.wanted[case_id]], self.people[case_id]
        stay = Stay(
            case_id=case_id, household_id=person.household_id, site_id=spot.site_id, team_id=self.team_id,
            unit_id=spot.unit_id, place_id=spot.place_id, one_household=spot.one_household, turnaround=spot.turnaround_nights, referral_id=referral_id,
            first_night=self.first_night, last_night=self.last_night, state=StayState.HELD, child=person.guest.child,
            child_safe_in=person.guest.safe_in if person.guest.child else None, immediate=immediate, requirements=[], booked_at=clock.now(),
        )  # fmt: skip
        stay.site = self.site
        return stay


def ask(
    wanted: Mapping[UUID, UUID],
    team_id: UUID,
    first_night: date,
    last_night: date,
    *,
    referral_id: UUID | None = None,
    emergency: bool = False,
) -> Asked:
    """Lock the places and see that these people (case id → place id) may have them. Holds whose time has come are
    ended; those of `referral_id` are in nobody's way. Raises as `book`."""
    if not first_night <= last_night <= first_night + LONGEST:
        raise errors.NightsInvalid
    if len(set(wanted.values())) != len(wanted) or not wanted:
        raise errors.PlaceTaken
    found = lock(wanted.values(), team_id)
    lapse({s.unit_id for s in found.values()}, wanted)
    site = session.get_one(Site, next(iter(found.values())).site_id)
    tonight = queries.tonight_at(site)
    people = queries.persons_to_place(wanted, first_night)
    if len(people) != len(wanted):
        raise NotYours
    must_have_leave(wanted, site, first_night, sent=referral_id is not None)
    must_be_free(wanted, people, team_id, first_night, last_night, tonight, referral_id=referral_id)
    if rules.too_long(first_night, last_night, max_nights(team_id)):
        raise errors.MaxStay
    must_be_allowed(wanted, people, found, site, first_night, last_night, tonight, emergency=emergency)
    ordered = {case_id: people[case_id] for case_id in sorted(people)}
    return Asked(wanted, found, ordered, site, team_id, first_night, last_night)


def lock(place_ids: Iterable[UUID], team_id: UUID) -> dict[UUID, Spot]:
    """Lock units, then places, each in id order. The unit's lock also holds what the rules about rooms read:
    two people booked into one room at the same moment would otherwise not see each other."""
    ids = set(place_ids)
    found = spots.spots(ids, lock=True)
    if len(found) != len(ids) or any(s.team_id != team_id for s in found.values()):
        raise NotYours
    return found


def lapse(unit_ids: Iterable[UUID], case_ids: Iterable[UUID]) -> None:
    """Whoever comes for a place, or for a person, finds no hold whose time has come; the journal hears of it from
    the worker, because the hold may be of people whom the acting principal does not see."""
    for stay_id in spots.lapse(unit_ids, case_ids):
        outbox.leave(events.HOLD_LAPSED, stay_id)


def must_have_leave(case_ids: Iterable[UUID], site: Site, first: date, *, sent: bool) -> None:
    """Nobody is sent to another state without the authority's leave. Who stands at the door is never sent away for
    it: that move has been made, and the alert of the file says what is missing. Raises `LeaveNeeded`."""
    if sent and people_rules.lacking(people_queries.movements_of(case_ids, first).values(), site.admin1):
        raise people_rules.LeaveNeeded


def must_be_free(
    wanted: Mapping[UUID, UUID],
    people: Mapping[UUID, queries.Placing],
    team_id: UUID,
    first: date,
    last: date,
    tonight: date,
    *,
    referral_id: UUID | None = None,
) -> None:
    """Each place is free for the party that wants it. Raises `PlaceTaken`."""
    for party in {people[c].guest.party for c in wanted}:
        free = {
            f.place_id
            for f in queries.free_places(
                [team_id], first, last, tonight=tonight, party=party, referral_id=referral_id
            )
        }
        if any(place not in free for case, place in wanted.items() if people[case].guest.party == party):
            raise errors.PlaceTaken


def must_be_allowed(
    wanted: Mapping[UUID, UUID],
    people: Mapping[UUID, queries.Placing],
    found: Mapping[UUID, Spot],
    site: Site,
    first: date,
    last: date,
    tonight: date,
    *,
    met_before: bool = False,
    emergency: bool = False,
) -> None:
    """The one gate before any night is given: rooms, children, people who are kept apart, and what the place must
    answer. `met_before`: the person is there already, so that a requirement set since does not put them out.
    `emergency`: see `rules.why_not`. Raises `CannotBeOffered`, whatever the reason."""
    guests = [people[c].guest for c in wanted]
    units = {found[p].unit_id: found[p] for p in wanted.values()}
    there = spots.company(
        units, guests, first, last, tonight, ours=spots.ours(next(iter(units.values())).team_id)
    )
    apart = spots.parted(wanted, units, first, last, tonight)
    licence = spots.child_licence(site, first, last)
    for unit_id, unit in units.items():
        newcomers = [people[c].guest for c, p in wanted.items() if found[p].unit_id == unit_id]
        room = rules.Room(unit.takes, unit.one_household, licence)
        refused = rules.why_not(newcomers, room, there.get(unit_id, ()), emergency=emergency)
        if refused or unit_id in apart:
            raise errors.CannotBeOffered
    if met_before:
        return
    for case_id, place_id in wanted.items():
        guest, spot = people[case_id].guest, found[place_id]
        if rules.lacks(guest.requirements, spot.answers) or not rules.fits_kind(
            guest.child, guest.requirements, spot.kind
        ):
            raise errors.CannotBeOffered


#: PostgreSQL's words for "somebody else was in the way": a deadlock, a transaction that could not be put in order.
CROSSED = frozenset({"40P01", "40001"})
P = ParamSpec("P")
T = TypeVar("T")


def once_more(verb: Callable[P, T]) -> Callable[P, T]:
    """Locks are taken in one order, so that a deadlock should not arise; where one does all the same (two acts about
    the same people, seen from two sides), the verb is done again from its savepoint, and after three times somebody
    else has the place: nobody is told of a deadlock."""

    @wraps(verb)
    def again(*args: P.args, **kwargs: P.kwargs) -> T:
        for _time in range(3):
            try:
                with session.begin_nested():
                    return verb(*args, **kwargs)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in CROSSED:
                    raise
        raise errors.PlaceTaken

    return again


@contextmanager
def refusing() -> Iterator[None]:
    """Write in a savepoint, so that a constraint's no is a refusal, nothing of it stays, and the transaction goes
    on."""
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        raise refusal from error
