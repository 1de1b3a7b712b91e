"""Who may sleep where, what a night is, and how a stay may end (VOCABULARY A1, A2, A8; DO_NO_HARM).

`why_not` is the one function that everything asks before a place is shown or booked. Its codes are for
tests and for nobody's screen: whatever lies behind a refusal, it reads «No es posible ofrecerlo aquí».
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

BLANK = frozenset({"NO_PREFERENCE", "NOT_ASKED", "UNKNOWN", "DECLINED", "NOT_APPLICABLE"})
#: Requirements that a place must answer; without them it is not offered.
MUST = frozenset({
    "STEP_FREE", "GROUND_FLOOR", "LOWER_BUNK", "ACCESSIBLE_BATH", "GUIDE_DOG", "WOMEN_ONLY", "SINGLE_ROOM",
    "STAFF_NEARBY_AT_NIGHT", "FRIDGE_FOR_MEDICINE", "POWER_SOCKET",
})  # fmt: skip
#: Requirements that a place should answer; what it lacks is said beside it and a person decides.
SHOULD = frozenset({"COT", "FAMILY_ROOM", "QUIET", "COMPANION", "DISCREET_ARRIVAL", "NO_PUBLIC_LIST"})
#: Destinations that open an alert for a child, or for a household with a child (VOCABULARY A2).
AT_RISK = frozenset({"STREET", "UNKNOWN"})
#: Departures that a second person must agree to *before* they happen; other R pairs are facts that have
#: happened, which are recorded at once and reviewed by a second person afterwards.
AGREED_FIRST = frozenset({"ASKED_TO_LEAVE", "AGED_OUT"})
#: Children without family in one bedroom, at most, and boys and girls apart: EASO (now EUAA) guidance on reception
#: conditions for unaccompanied children, 2018, standard 45. Children of one household stay together.
CHILDREN_PER_ROOM = 4
#: Why children may not be left in a room when whoever was with them is moved.
LEFT_ALONE = frozenset({"NO_CHILD_LICENCE", "NOT_SAFE_IN", "TOO_MANY_CHILDREN", "GIRLS_AND_BOYS"})
#: Reasons that only somebody who never came in can have.
NEVER_IN = frozenset({"NEVER_ARRIVED"})


@dataclass(frozen=True)
class Guest:
    """A person as the rules about rooms need them. `related`: adults who are the child's family by evidence;
    `guardians`: those of them who are parent or legal guardian; `partners`: spouse or partner, any evidence."""

    case_id: UUID
    party: UUID
    child: bool
    safe_in: str = "SEPARATE"  # WOMEN, MEN or SEPARATE
    requirements: frozenset[str] = frozenset()
    related: frozenset[UUID] = field(default=frozenset())
    guardians: frozenset[UUID] = field(default=frozenset())
    partners: frozenset[UUID] = field(default=frozenset())


@dataclass(frozen=True)
class Room:
    """A unit: whom it takes, whether one household at a time, and whether its site may take children alone."""

    takes: str
    one_household: bool
    child_licence: bool


def strangers(adults: bool, children: int, children_safe_in: str | None) -> list[Guest]:
    """People in a room of whom it is known only that an adult is there, how many children, and where all of these are
    safe (SEPARATE: they differ, or it is not known). Nobody is related to them."""
    there = [Guest(UUID(int=1), UUID(int=1), False)] if adults else []
    safe = children_safe_in or "SEPARATE"
    return there + [Guest(UUID(int=n), UUID(int=n), True, safe) for n in range(2, 2 + children)]


def safe_in(sex_in_document: str, feels_safe_in: str) -> str:
    """Where the person is placed: what they said comes first, the document only where they said nothing.
    A person of whom neither is known gets a room of their own."""
    if feels_safe_in in ("WOMEN", "MEN"):
        return feels_safe_in
    if feels_safe_in in BLANK and sex_in_document in ("F", "M"):
        return "WOMEN" if sex_in_document == "F" else "MEN"
    return "SEPARATE"


def why_not(
    newcomers: Sequence[Guest], room: Room, already: Sequence[Guest] = (), *, emergency: bool = False
) -> str | None:
    """Why these people may not sleep in this room together with those already there on those nights, as a
    code that is shown to nobody; None if they may. `emergency`: children without family, where no licensed place is
    free, in a room of their own with staff."""
    if emergency:
        alone = bool(newcomers) and all(g.child for g in newcomers) and room.one_household and not already
        return None if alone and len({g.party for g in newcomers}) == 1 else "NO_EMERGENCY"
    everyone = [*newcomers, *already]
    if room.one_household and len({g.party for g in everyone}) > 1:
        return "ROOM_OF_ONE_HOUSEHOLD"
    for guest in newcomers:
        refused = _not_in_this_room(guest, room)
        if refused:
            return refused
    for child in (g for g in everyone if g.child):
        refused = _not_for_child(child, room, [g for g in everyone if g.case_id != child.case_id])
        if refused:
            return refused
    return children_together(
        [(g.party, g.safe_in) for g in everyone if g.child], any(not g.child for g in everyone)
    )


def children_together(children: Sequence[tuple[UUID, str]], adults: bool) -> str | None:
    """Why these children (party, where they are safe) may not sleep in one bedroom, or None: children without family
    of several parties are at most `CHILDREN_PER_ROOM`, girls with girls and boys with boys; of whom neither is known, or
    who needs it, has a room of their own. Where an adult is, `_not_for_child` has spoken of each of them."""
    if adults or len({party for party, _safe in children}) < 2:
        return None
    if len(children) > CHILDREN_PER_ROOM:
        return "TOO_MANY_CHILDREN"
    safe = {where for _party, where in children}
    return None if safe in ({"WOMEN"}, {"MEN"}) else "GIRLS_AND_BOYS"


def _not_in_this_room(guest: Guest, room: Room) -> str | None:
    if room.takes == "CHILDREN":
        return None if guest.child else "CHILDREN_ONLY"
    if guest.child:
        return None  # where a child's family is, the child is; of children alone see `_not_for_child`
    if room.takes in ("WOMEN", "MEN") and guest.safe_in != room.takes:
        return "NOT_SAFE_IN"
    if guest.safe_in == "SEPARATE" and not room.one_household:
        return "ROOM_OF_THEIR_OWN"
    return None


def _not_for_child(child: Guest, room: Room, others: Sequence[Guest]) -> str | None:
    """A child never sleeps with unrelated adults. An adult of the child's own household whose relation is
    only claimed may be there when the child's parent or guardian *by evidence* is there too. A child spouse
    never sleeps with the partner. A child without family sleeps only with children, at a licensed site."""
    if any(o.case_id in child.partners or child.case_id in o.partners for o in others):
        return "CHILD_SPOUSE"
    adults = [o for o in others if not o.child]
    guardian_here = any(a.case_id in child.guardians for a in adults)
    for adult in adults:
        own_household = adult.party == child.party and guardian_here
        if adult.case_id not in child.related and not own_household:
            return "UNRELATED_ADULT"
    if adults:
        return None
    if not room.child_licence:
        return "NO_CHILD_LICENCE"
    return "NOT_SAFE_IN" if room.takes in ("WOMEN", "MEN") and child.safe_in != room.takes else None


def answered(unit_traits: Iterable[str], place_traits: Iterable[str], kind: str) -> frozenset[str]:
    """What a place answers, counted jointly: the unit's traits, its own, and what its kind is."""
    return frozenset(unit_traits) | frozenset(place_traits) | ({"COT"} if kind == "COT" else frozenset())


def lacks(requirements: frozenset[str], answers: frozenset[str]) -> frozenset[str]:
    """Requirements without which the place is not offered and which it does not answer."""
    return (requirements & MUST) - answers


def misses(requirements: frozenset[str], answers: frozenset[str]) -> frozenset[str]:
    """Requirements that it should answer and does not; told to the person who decides."""
    return (requirements & SHOULD) - answers


def fits_kind(child: bool, requirements: frozenset[str], kind: str) -> bool:
    """A cot is for whoever needs a cot."""
    return kind != "COT" or (child and "COT" in requirements)


# -- what makes a room true -----------------------------------------------------------------------------
#: Square metres a person. Sphere Handbook 2018, shelter and settlement standard 3: 3.5 m² of living space. EASO (now
#: EUAA) guidance on reception conditions, 2016, standard 7: 4 m² in a bedroom, 2.10 m high.
SPHERE_M2, EUAA_M2 = Decimal("3.5"), Decimal("4")


def by_space(area_m2: Decimal | None, each: Decimal) -> int | None:
    """How many people the area takes at so many square metres each; None where it was never measured."""
    return None if area_m2 is None else int(area_m2 // each)


def licensed(held: bool, spans: Iterable[tuple[date, date | None]], first: date, last: date) -> bool:
    """Whether licences for children, one or one after the other, leave no night uncovered. `held`: the directory says that the site has one; dated
    licences, where there are any, say when."""
    known = sorted(spans, key=lambda span: span[0])
    if not held or not known:
        return held
    night = first
    for start, end in known:
        if start <= night and (end is None or end >= night):
            if end is None or end >= last:
                return True
            night = end + timedelta(days=1)
    return False


def trust(hours: float | None, limits: Mapping[str, float]) -> str:
    """How far the last word of a shelter is to be trusted (list `capacity_trust`: code → hours): the first whose
    hours have not passed; NONE where nobody ever said anything."""
    if hours is None:
        return "NONE"
    for code, within in sorted(limits.items(), key=lambda pair: pair[1]):
        if hours < within:
            return code
    return "DOUBTFUL"


def too_long(first: date, last: date, longest: int | None) -> bool:
    """Whether these nights, both ends included, are more than a shelter gives (None: it sets no maximum)."""
    return longest is not None and (last - first).days + 1 > longest


def may_extend(nights: int, max_nights: int | None, reason: str | None) -> str | None:
    """Why a stay may not become so long, or None. Longer is a decision with a reason; beyond the shelter's maximum,
    with one that is not the wish alone."""
    if not reason:
        return "REASON"
    if max_nights is not None and nights > max_nights and reason == "PERSON_ASKED":
        return "MAX_STAY"
    return None


#: From this local hour on an arrival counts for the coming night (decision 0415).
ARRIVALS_FROM = 6


# -- nights -------------------------------------------------------------------------------------------
def night_of(local: datetime, rollover_hour: int) -> date:
    """The night that a local moment belongs to: until the roll-over hour it is still last evening's."""
    return local.date() if local.hour >= rollover_hour else local.date() - timedelta(days=1)


def night_to_book(local: datetime, rollover_hour: int) -> date:
    """The night for which somebody who arrives at a local moment gets a bed. In the small hours, with the bus, it is the
    one that runs; from the morning on it is the coming one, although the roll-over hour is still ahead."""
    return night_of(local, min(ARRIVALS_FROM, rollover_hour))


def night_came(arrived: datetime, first_night: date, rollover_hour: int) -> date:
    """The first night of a stay that somebody slept: that of the arrival (local), but none before the first booked."""
    return max(night_of(arrived, rollover_hour), first_night)


def hour_written(typed: str) -> time:
    """The time of day that somebody wrote as «02:10», «2:10» or «0210». Raises ValueError for anything else."""
    digits = typed.strip().replace(":", "")
    if len(digits) not in (3, 4) or not digits.isdigit():
        raise ValueError(typed)
    return time(int(digits[:-2]), int(digits[-2:]))


def last_time(now: datetime, at: time) -> datetime:
    """The latest moment (naive, local) not after `now` at which the clock showed `at`: «23:40» told at 02:10 was
    yesterday."""
    moment = datetime.combine(now.date(), at)
    return moment if moment <= now else moment - timedelta(days=1)


def nights_between(first: date, last: date) -> tuple[date, ...]:
    return tuple(first + timedelta(days=i) for i in range((last - first).days + 1))


def no_show_from(first_night: date, no_show_after_hour: int) -> datetime:
    """The local moment (naive) before which nobody is marked a no-show: the site's hour next morning."""
    return datetime.combine(first_night + timedelta(days=1), time(no_show_after_hour))


def may_mark_no_show(
    local: datetime, first_night: date, no_show_after_hour: int, *, immediate: bool, by_person: bool
) -> bool:
    """Never before the site's hour, and never by a machine for an IMMEDIATE referral."""
    if immediate and not by_person:
        return False
    return local.replace(tzinfo=None) >= no_show_from(first_night, no_show_after_hour)


# -- the end ------------------------------------------------------------------------------------------
def must_be_agreed_first(reason: str, needs_review: bool) -> bool:
    """Whether a second person has to agree before the departure takes place."""
    return needs_review and reason in AGREED_FIRST


def opens_alert(destination: str, child_in_household: bool) -> bool:
    """The street, or nobody knows where, for a child or a household with a child."""
    return child_in_household and destination in AT_RISK
