"""Ask for a proposal, make it, and hold and refer what a person has reviewed. The first and the last are a person's;
making it is the worker's, and so is each line, done in the name of the team that sent the household and by whoever
reviewed the proposal, through the same verbs and the same rules as by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team, User
from caseapp.accounts.queries import site_of, timezone_of
from caseapp.core import access, audit, clock
from caseapp.core.access import Grant, Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours, Refused
from caseapp.core.i18n import _l
from caseapp.referral import queries
from caseapp.referral.models import Referral
from caseapp.referral.placement import gathering, rules
from caseapp.referral.placement.models import Placement, PlacementLine, PlacementShare
from caseapp.referral.service.sending import draft, send, withdraw
from caseapp.shelter import queries as shelter_queries
from caseapp.shelter import service as shelter
from caseapp.shelter.allocation.offering import Offered, offered, settled
from caseapp.shelter.allocation.problem import Plan, first_come
from caseapp.shelter.allocation.solving import allocate
from caseapp.shelter.errors import CannotBeOffered
from caseapp.shelter.who import queries as who
from caseapp.shelter.who.ranking import distance_km

#: Longer than the longest step of a proposal (`allocate` searches for two minutes at most): whoever is silent is gone.
LOST = timedelta(minutes=10)


class AlreadyAsked(Refused):
    sentence = _l("Ya hay una propuesta en marcha para su equipo. Espere a que termine.")


class NotReady(Refused):
    sentence = _l("Esta propuesta ya se envió o todavía no está lista. Actualice la página.")
    status = 409


def ask(team: Team, *, admin1: str | None) -> Placement:
    """Somebody of a team asks for a proposal for tonight: of a first-level division, or of the team's country."""
    site = site_of(team.id)
    night = shelter_queries.night_to_book(site) if site else clock.today(timezone_of(team.id))
    going = sa.select(Placement.id).where(
        Placement.team_id == team.id, Placement.state.in_(("WAITING", "RUNNING", "BOOKING"))
    )
    if session.scalars(going).first() is not None:
        raise AlreadyAsked
    found = Placement(
        team_id=team.id, country=team.country, admin1=admin1, night=night, asked_by_id=access.current().user_id,
        made_at=clock.now(), beat_at=clock.real_now(),
    )  # fmt: skip
    session.add(found)
    session.flush()
    audit.record("asked", "placement", found.id)
    return found


def book(found: Placement, struck: Collection[UUID]) -> None:
    """The person who reviewed it strikes lines and sends the others on their way. Raises `NotReady`."""
    if not rules.may_book(found.state):
        raise NotReady
    for line in lines_of(found):
        if line.state == "PROPOSED":
            line.state = "STRUCK" if line.id in struck else "QUEUED"
    found.state, found.booked_by_id = "BOOKING", access.current().user_id
    found.beat_at = clock.real_now()
    session.flush()
    audit.record("booked", "placement", found.id)


def lines_of(found: Placement) -> Sequence[PlacementLine]:
    return session.scalars(
        sa.select(PlacementLine).where(PlacementLine.placement_id == found.id).order_by(PlacementLine.rank)
    ).all()


# -- the worker's part --------------------------------------------------------------------------------
def take_next() -> Placement | None:
    """Claim the proposal that waits longest (role `work`). Where a worker died, what it was making is given up, so that
    its team may ask again, and what it was sending is gone on with: a line that was sent is not sent twice."""
    lost = clock.real_now() - LOST
    session.execute(
        sa.update(Placement)
        .where(Placement.state == "RUNNING", Placement.beat_at < lost)
        .values(state="FAILED", error="WorkerLost", ended_at=clock.real_now())
        .execution_options(synchronize_session=False)
    )
    unclaimed = sa.or_(Placement.step.is_distinct_from("SEND"), Placement.beat_at < lost)
    found = session.scalars(
        sa.select(Placement)
        .where(sa.or_(Placement.state == "WAITING", sa.and_(Placement.state == "BOOKING", unclaimed)))
        .order_by(Placement.made_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if found is not None:
        found.beat_at = clock.real_now()
        found.state, found.step = ("RUNNING", None) if found.state == "WAITING" else ("BOOKING", "SEND")
        session.flush()
    return found


def make(found: Placement, told: Callable[[str], None]) -> None:
    """Make the proposal: who waits, what is free, who has a place, and where. `told` hears each step."""
    told("GATHER")
    asking, spots = gathering.waiting(found), gathering.places(found)
    told("OPTIONS")
    asking = gathering.kept_apart(asking, spots, found.night)
    night = offered([a.waits for a in asking], spots, gathering.apart(asking))
    steps = {"who": "WHO", "where": "WHERE"}
    plan = allocate(night.problem, seconds=120, told=lambda step: told(steps[step]))
    served = first_come(night.problem)
    session.add_all(_lines(found, asking, night, plan))
    session.add_all(_shares(found, asking, plan))
    found.state, found.step, found.sites = "READY", None, len(spots)
    found.proven, found.seconds = plan.proven, round(plan.seconds, 1)
    found.persons, found.served = list(plan.persons), list(served.persons)
    session.flush()


def _lines(
    found: Placement, asking: list[gathering.Asking], night: Offered, plan: Plan
) -> list[PlacementLine]:
    placed = settled(night, plan.chosen)
    lines = []
    for n, one in enumerate(asking):
        way, party = placed.get(n, ()), night.problem.parties[n]
        taken = None if plan.chosen[n] is None else party.options[plan.chosen[n] or 0]
        beds = [[r for r, _a in o.uses if not night.resources[r].children] for o in party.options]
        alone = {r for several in beds if len(several) == 1 for r in several}
        here, spot = one.waits.seekers, night.resources[taken.uses[0][0]].spot if taken else None
        km = None
        if spot is not None and spot.latitude is not None and here.latitude is not None:
            km = distance_km((here.latitude, here.longitude or 0), (spot.latitude, spot.longitude or 0))
        lines.append(
            PlacementLine(
                placement_id=found.id, rank=n + 1, referral_id=one.referral.id, from_team_id=one.referral.from_team_id,
                priority=one.referral.priority, since=one.referral.sent_at, people=party.size,
                requirements=sorted({code for g in here.guests for code in g.requirements}),
                state="PROPOSED" if taken else "NO_PLACE", to_team_id=spot.team_id if spot else None,
                last_night=one.waits.last_night, in_rooms=len({s.bay.unit_id for s in way}),
                until=min((s.until for s in way if s.until), default=None), km=km, strange=taken.strange if taken else 0,
                rooms=sum(night.resources[r].capacity for r in alone if night.resources[r].beds is None),
                beds=sum(night.resources[r].capacity for r in alone if night.resources[r].beds is not None),
            )
        )  # fmt: skip
    return lines


def _shares(found: Placement, asking: list[gathering.Asking], plan: Plan) -> list[PlacementShare]:
    waiting: Counter[tuple[str, str]] = Counter()
    placed: Counter[tuple[str, str]] = Counter()
    traits = gathering.traits_of(asking, found.country)
    for n, one in enumerate(asking):
        for guest in one.waits.seekers.guests:
            waiting.update(traits[guest.case_id])
            if plan.chosen[n] is not None:
                placed.update(traits[guest.case_id])
    return [
        PlacementShare(placement_id=found.id, dimension=d, value=v, waiting=count, placed=placed[d, v])
        for (d, v), count in sorted(waiting.items())
    ]


def fail(found: Placement, error: str) -> None:
    found.state, found.error, found.ended_at = "FAILED", error, clock.real_now()
    session.flush()


def next_line(found: Placement) -> PlacementLine | None:
    """The line that is to be sent next; none is left when the proposal is done. To ask is to be alive."""
    found.beat_at = clock.real_now()
    queued = sa.select(PlacementLine).where(
        PlacementLine.placement_id == found.id, PlacementLine.state == "QUEUED"
    )
    line = session.scalars(queued.order_by(PlacementLine.rank).limit(1)).one_or_none()
    if line is None:
        found.state, found.step, found.ended_at = "DONE", None, clock.real_now()
    session.flush()
    return line


def in_the_name_of(line: PlacementLine, reviewer_id: UUID | None) -> Principal:
    """Whoever reviewed the proposal, acting for the team that sent the household, for this one line."""
    team = session.get_one(Team, line.from_team_id)
    user = session.get(User, reviewer_id) if reviewer_id else None
    if user is None or not user.active:
        raise NotYours
    grant = Grant("CASEWORKER", team.id, team.code, team.type, team.country, team.site_id)
    return Principal(name=user.email, user_id=user.id, grants=(grant,), kind="user", language=user.language)


def send_line(line: PlacementLine, night: date) -> tuple[UUID, int]:
    """Hold the places and refer, as `in_the_name_of`: everything is asked again by the one function. A referral to
    another shelter is taken back first (BETTER_OPTION_FOUND). Returns the referral that stands now and how many
    places are held. Raises what the verbs raise."""
    before = session.scalars(
        queries.visible_to(access.current())
        .where(Referral.id == line.referral_id)
        .options(*queries.WHOLE)
        .with_for_update(of=Referral)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if before is None or before.state not in ("SENT", "INFO_ASKED") or line.to_team_id is None:
        raise CannotBeOffered
    first = night
    last = line.last_night if line.until is None else min(line.last_night, line.until - timedelta(days=1))
    cases = [m.case_id for m in before.members]
    seekers = who.seekers(cases, site_of(before.from_team_id), first)
    found = who.asked(seekers, before.country, first, last, teams=[line.to_team_id]) if seekers else []
    if seekers is None or not found or found[0].leave or found[0].rooms > line.in_rooms:
        raise CannotBeOffered
    places = who.places_of(found[0], first, last, who.party_of(seekers))
    if before.to_team_id == line.to_team_id:
        shelter.hold_on_send(
            cases, team_id=line.to_team_id, first_night=first, last_night=last, priority=before.priority,
            referral_id=before.id, places=places,
        )  # fmt: skip
        standing = before
    else:
        withdraw(before, "BETTER_OPTION_FOUND")
        bases = {m.case_id: (m.basis, m.basis_reason or "") for m in before.members if m.basis}
        standing = draft(
            cases, from_team=before.from_team, to_team=session.get_one(Team, line.to_team_id), kind=before.kind,
            priority=before.priority, items=before.items, first_night=first, last_night=last,
            message=before.message or "", bases=bases,
        )  # fmt: skip
        send(standing, places=places)
    held = [s for s in shelter_queries.holding_for_referral(standing.id) if s.state == "HELD"]
    return standing.id, len(held)


def note(line: PlacementLine, done: tuple[UUID, int] | None, reason: str = "") -> None:
    """Write down what became of a line."""
    if done is None:
        line.state, line.refused = "REFUSED", reason
    else:
        line.state, (line.sent_referral_id, line.held) = "SENT", done
    session.flush()
