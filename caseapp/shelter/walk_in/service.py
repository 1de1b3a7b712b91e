"""Take people in whom nobody has referred: files with the least that a bed needs, a bed for tonight, in.

The gate opens no file. For this one verb it stands in for the team that goes on with the people (decision 0140);
everything is done by the verbs that the desk and the shelter use, and their rules decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from caseapp.accounts.models import Team
from caseapp.core import access, audit, clock
from caseapp.core.access import Grant
from caseapp.core.db import session
from caseapp.core.errors import Refused
from caseapp.people import service as people
from caseapp.people.models import AccessScope, Case, CaseAccess
from caseapp.people.service import Came, Intake, NewConsent, NewFamily, NewPerson, Registered
from caseapp.places.models import Site
from caseapp.shelter import errors, offers, queries
from caseapp.shelter import rules as shelter_rules
from caseapp.shelter import service as shelter
from caseapp.shelter.models import Stay
from caseapp.shelter.walk_in import events, rules

DESKS = ("RECEPTION_DESK", "BORDER_POINT")


@dataclass(frozen=True)
class Newcomer:
    """Somebody at the gate. `consent`: an adult's own answer to being registered by the desk."""

    name: str
    band: str
    sex: str = "NOT_ASKED"
    safe_in: str = "NOT_ASKED"
    requirements: tuple[str, ...] = ()
    allergy: str = ""
    consent: str = "NOT_ASKED"

    @property
    def child(self) -> bool:
        return self.band in rules.CHILD_BANDS


@dataclass(frozen=True)
class Group:
    """People who came together, adults first. `bond`: what shows that the first adult is the children's parent."""

    members: tuple[Newcomer, ...]
    bond: str | None = None

    @classmethod
    def of(cls, members: Sequence[Newcomer], bond: str | None) -> Group:
        return cls(tuple(sorted(members, key=lambda m: m.child)), bond)

    @property
    def alone(self) -> bool:
        """Children without any adult."""
        return rules.alone([m.band for m in self.members])

    def to_desk(self) -> bool:
        return rules.goes_to_desk([m.consent for m in self.members if not m.child])


@dataclass(frozen=True)
class Watch:
    """Who stays with children alone (two of the staff, by name), and with whom of the child authority somebody spoke."""

    staff: str
    second: str
    authority: str


@dataclass(frozen=True)
class Choice:
    """Beds for a group, in the order of its members, and what is said of them."""

    places: tuple[UUID, ...]
    offer: offers.Offer

    @property
    def value(self) -> str:
        return ",".join(str(p) for p in self.places)


def read_choice(value: str) -> tuple[UUID, ...]:
    """What `Choice.value` says; empty for anything else."""
    try:
        return tuple(UUID(part) for part in value.split(",") if part)
    except ValueError:
        return ()


def came(team: Team, hour: time | None) -> datetime | None:
    """The moment (UTC) of an arrival that is entered later, from the hour on the paper; None is now."""
    if hour is None:
        return None
    zone = _site(team).timezone
    local = shelter_rules.last_time(clock.local(clock.now(), zone).replace(tzinfo=None), hour)
    return clock.at(local.date(), local.hour, local.minute, zone)


def spans(site: Site, at: datetime | None) -> list[tuple[date, date]]:
    """The nights (first, last) to book for whoever came at a moment, the best first: from the one they came on to the
    one for which people arrive now; else the first alone, in which they slept."""
    first, last = queries.night_to_book(site, at), queries.night_to_book(site)
    return [(first, last), (first, first)] if first < last else [(first, first)]


def look(group: Group, team: Team, *, at: datetime | None = None) -> list[Choice]:
    """The beds of this house that these people may have, by the rules that book them, and that nobody is in now. Nothing
    is kept: the files exist for the question only. Children alone are offered a place that is licensed for them, else a room of their
    own in an emergency. Raises what `rules.may_walk_in` refuses."""
    if not group.alone:
        rules.may_walk_in([m.band for m in group.members], group.bond)
    owner = _owner(group, team)
    trial = session.begin_nested()
    try:
        with _in_place_of(owner):
            nights = spans(_site(team), at)
            made = _register(group, owner, nights[0][0], at)
            ids = [c.id for c in made.cases]
            for first, last in nights:
                found = _offers(team, ids, first, last, alone=group.alone)
                if found:
                    return [Choice(tuple(o.places[i] for i in ids), o) for o in found]
            return []
    finally:
        trial.rollback()


def _offers(team: Team, ids: list[UUID], first: date, last: date, *, alone: bool) -> list[offers.Offer]:
    site = _site(team)
    coming = queries.night_to_book(site)
    found = offers.for_people(team.id, ids, first, last, site, tonight=coming)
    if alone and not found:
        found = offers.for_people(team.id, ids, first, last, site, tonight=coming, emergency=True)
    return found


def _given(nights: Sequence[tuple[date, date]], give: Callable[[date, date], list[Stay]]) -> list[Stay]:
    """The stays on the longest of these nights that can be given; raises what is refused of the shortest."""
    for first, last in nights[:-1]:
        try:
            return give(first, last)
        except Refused:
            continue
    return give(*nights[-1])


def take_in(
    group: Group,
    team: Team,
    places: Sequence[UUID],
    *,
    at: datetime | None = None,
    watch: Watch | None = None,
) -> list[Stay]:
    """Register them with the least, book these beds for tonight, and let them in; all or nothing. `at`: when they came,
    if it was before now; from the morning on that is the coming night, and whoever came in the small hours and is entered
    in the morning has both (`spans`). Whoever may be registered already is noted for the desk, and the gate is told nothing. Children alone come with a `watch`. Raises
    what `rules.may_walk_in`, `rules.may_watch`, `shelter.book` and `shelter.check_in` refuse, `PlaceTaken` if the beds are
    not one for each."""
    if group.alone and watch is not None:
        rules.may_watch(watch.staff, watch.second, watch.authority)
    else:
        rules.may_walk_in([m.band for m in group.members], group.bond)
    if len(places) != len(group.members):
        raise errors.PlaceTaken
    site, owner = _site(team), _owner(group, team)
    with session.begin_nested(), _in_place_of(owner):
        nights = spans(site, at)
        night = nights[0][0]
        persons = _persons(group, night)
        alike = people.registered_alike(
            [people.asked_of(p, i, team.country) for i, p in enumerate(persons)], team.country
        )
        made = _register(group, owner, night, at)
        for number, found in alike.items():
            for one in found:
                if one.case_id is not None:
                    people.note_candidate(made.cases[number].id, one.case_id, one.score)
        wanted = {c.id: p for c, p in zip(made.cases, places, strict=True)}
        if group.alone and watch is not None:
            names = {"staff": watch.staff, "second": watch.second, "authority": watch.authority}
            stays = _given(
                nights,
                lambda first, last: shelter.take_children_at_the_gate(
                    wanted, team_id=team.id, first_night=first, last_night=last, **names
                ),
            )
        else:
            stays = _given(
                nights,
                lambda first, last: shelter.book(wanted, team_id=team.id, first_night=first, last_night=last),
            )
        shelter.check_in(stays, at=at)
        for case in made.cases:
            audit.record("walked_in", "case", case.id)
        if owner.id == team.id:
            _keep_little(group, stays)
        else:
            _read_on(stays, team)
            for handler in events.to_register:
                handler(made.cases, site)
    return stays


@contextmanager
def _in_place_of(owner: Team) -> Iterator[None]:
    grant = Grant("CASEWORKER", owner.id, owner.code, owner.type, owner.country, owner.site_id)
    with access.standing_in(grant):
        yield


def _owner(group: Group, team: Team) -> Team:
    """Who goes on with these people: the desk, if every adult agreed and there is one near; else the house itself,
    which tells nobody."""
    return (desk_near(team) if group.to_desk() else None) or team


def desk_near(team: Team) -> Team | None:
    """The desk that registers for a shelter: at the same site, else in the same state or department."""
    here = _site(team)
    return session.scalars(
        sa.select(Team)
        .join(Site, Site.id == Team.site_id)
        .where(
            Team.country == team.country, Team.type.in_(DESKS), Team.active,
            sa.or_(Site.id == here.id, Site.admin1 == here.admin1),
        )
        .options(joinedload(Team.site))
        .order_by(sa.case((Site.id == here.id, 0), else_=1), sa.case((Team.type == DESKS[0], 0), else_=1), Team.code)
        .limit(1)
    ).first()  # fmt: skip


def _site(team: Team) -> Site:
    assert team.site is not None
    return team.site


def _persons(group: Group, night: date) -> list[NewPerson]:
    """The people as registered. Ages are counted on the evening that names the night, as the rules for beds do."""
    evidence = rules.EVIDENCE.get(group.bond or "", "CLAIMED")
    return [
        NewPerson(
            called_name=m.name.strip(), birth=rules.birth_of(m.band, night), sex_in_document=m.sex,
            feels_safe_in=m.safe_in, relation_to_head=("SIBLING" if group.alone else "CHILD") if m.child else None,
            evidence=evidence if m.child else "CLAIMED",
        )
        for m in group.members
    ]  # fmt: skip


def _register(group: Group, owner: Team, night: date, at: datetime | None) -> Registered:
    zone = _site(owner).timezone
    on = clock.today(zone)
    intake = Intake(
        NewFamily(tuple(_persons(group, night))), (Came(clock.local(at, zone).date() if at else on),)
    )
    [made] = people.register_all([intake], team=owner, on=on)
    for member, case, person in zip(group.members, made.cases, made.persons, strict=True):
        for requirement in member.requirements:
            people.set_requirement(case, requirement, on=on)
        if member.allergy.strip():
            people.set_requirement(case, "ALLERGY_LIFE", on=on, detail=member.allergy)
        if not member.child and member.consent != "NOT_ASKED":
            form = "SPOKEN_WITNESSED" if member.consent == "GIVEN" else None
            people.record_consent(case, person, NewConsent(events.PURPOSE, member.consent, form=form), on=on)
    return made


def _keep_little(group: Group, stays: Sequence[Stay]) -> None:
    """Who said no stays with name, bed, nights and what is life-critical; a child as the adults it came with."""
    if any(m.consent == "REFUSED" for m in group.members):
        shelter.keep_minimum(stays)


def _read_on(stays: Sequence[Stay], team: Team) -> None:
    """The house reads the files of those who sleep in it, as long as they agree and sleep there."""
    session.add_all(
        CaseAccess(
            case_id=s.case_id, team_id=team.id, scope=AccessScope.STAY, subject_id=s.id, purpose=events.PURPOSE,
            since=clock.now(),
        )
        for s in stays
        if not s.child
    )  # fmt: skip
    session.add_all(
        CaseAccess(
            case_id=s.case_id, team_id=team.id, scope=AccessScope.STAY, subject_id=s.id, since=clock.now()
        )
        for s in stays
        if s.child
    )
    session.flush()


def waiting(team: Team) -> list[Stay]:
    """Who sleeps here without a referral and without a desk: the morning asks them (for the coordinator)."""
    return list(
        session.scalars(
            sa.select(Stay)
            .join(Case, Case.id == Stay.case_id)
            .where(
                Stay.team_id == team.id,
                Stay.state == "IN",
                Stay.referral_id.is_(None),
                Case.team_id == team.id,
            )
            .options(joinedload(Stay.place), joinedload(Stay.unit))
            .order_by(Stay.unit_id, Stay.place_id)
        )
    )


def with_places(stays: Sequence[Stay]) -> list[Stay]:
    """The same stays with their places."""
    ids = [s.id for s in stays]
    wanted = sa.select(Stay).where(Stay.id.in_(ids)).options(joinedload(Stay.place))
    return list(session.scalars(wanted.execution_options(populate_existing=True)))
