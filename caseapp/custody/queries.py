"""Custody as those who hold the file see it; what a station and a child authority see is narrower, and stands in the
database's own words (`custody_exits`, and the policy of `custody`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from caseapp.accounts.models import Team
from caseapp.core import clock, crypto, reference
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.custody import rules
from caseapp.custody.access import READ, SEE_CHILDREN
from caseapp.custody.models import Custody, CustodyFollowUp, CustodyPassedOver, CustodySafeguard
from caseapp.deadline.models import Deadline
from caseapp.people import rules as people_rules
from caseapp.people.models import Case, HouseholdMember, Person, PersonPopulation, Relation
from caseapp.people.queries import birth_of, today_at_site
from caseapp.people.search.phonetics import plain
from caseapp.places.models import Site

_OTHER_GENDERS = frozenset({"TRANS_WOMAN", "TRANS_MAN", "NON_BINARY"})
#: What this area's clocks are about.
SUBJECT = "custody"


def visible_to(principal: Principal) -> sa.Select[Custody]:
    """Custodies of files that the principal's own teams hold."""
    found = sa.select(Custody).join(Case, Case.id == Custody.case_id).where(Case.erased_at.is_(None))
    if principal.kind == "system":
        return found
    return found.where(Case.team_id.in_(principal.teams_as(*READ.roles)))


def for_case(case_id: UUID) -> Sequence[Custody]:
    """All of a person's, the newest first."""
    return session.scalars(
        sa.select(Custody)
        .where(Custody.case_id == case_id)
        .order_by(Custody.since_at.desc(), Custody.id.desc())
    ).all()


def open_for(case_id: UUID, *, lock: bool = False) -> Custody | None:
    """The custody that has not ended."""
    asked = sa.select(Custody).where(Custody.case_id == case_id, Custody.state != "RELEASED")
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    return session.scalars(asked).one_or_none()


def safeguards_of(custody_ids: Iterable[UUID]) -> dict[UUID, dict[str, CustodySafeguard]]:
    """The answers by custody and safeguard (one statement)."""
    found: dict[UUID, dict[str, CustodySafeguard]] = {i: {} for i in custody_ids}
    for row in session.scalars(
        sa.select(CustodySafeguard).where(CustodySafeguard.custody_id.in_(list(found)))
    ):
        found[row.custody_id][row.safeguard] = row
    return found


def follow_ups_of(custody_ids: Iterable[UUID]) -> list[CustodyFollowUp]:
    return list(
        session.scalars(
            sa.select(CustodyFollowUp)
            .where(CustodyFollowUp.custody_id.in_(list(custody_ids)))
            .order_by(CustodyFollowUp.done_on, CustodyFollowUp.id)
        )
    )


def clocks_of(custody_ids: Iterable[UUID]) -> list[Deadline]:
    """The clocks of these custodies that are not over (one statement)."""
    return list(
        session.scalars(
            sa.select(Deadline)
            .where(
                Deadline.subject_kind == SUBJECT, Deadline.subject_id.in_(list(custody_ids)),
                Deadline.state.in_(("RUNNING", "PAUSED", "LATE")),
            )
            .order_by(Deadline.due_at)
        )
    )  # fmt: skip


def stations(country: str) -> Sequence[Team]:
    """The migratory stations of a country."""
    return session.scalars(
        sa.select(Team)
        .where(Team.country == country, Team.type == "MIGRATION_CUSTODY", Team.active)
        .order_by(Team.sort_key)
    ).all()


def child_authorities(country: str) -> Sequence[Team]:
    """The child-protection authorities of a country."""
    return session.scalars(
        sa.select(Team)
        .where(Team.country == country, Team.type == "CHILD_AUTHORITY", Team.active)
        .order_by(Team.sort_key)
    ).all()


def timezone_of(case: Case) -> str:
    return session.scalars(sa.select(Site.timezone).where(Site.id == case.site_id)).one()


# -- the order of exit --------------------------------------------------------------------------------
@dataclass(frozen=True)
class Held:
    """Somebody in custody now, and where they stand in the order."""

    custody: Custody
    case: Case
    person: Person
    household_id: UUID | None
    child: bool
    placement: rules.Placement
    safeguards: dict[str, CustodySafeguard]

    @property
    def party(self) -> UUID:
        return self.household_id or self.case.id

    @property
    def called(self) -> CustodySafeguard | None:
        """When the child authority was called, if it was."""
        found = self.safeguards.get(rules.CHILD_AUTHORITY_CALLED)
        return found if found is not None and found.answer == "YES" else None

    def in_queue(self) -> rules.InQueue | None:
        if self.placement.rank is None:
            return None
        custody = self.custody
        return rules.InQueue(
            custody.id, self.party, self.placement.rank, custody.since_on, custody.exit_agreed_on
        )


def held(principal: Principal, on: date | None = None) -> list[Held]:
    """Everybody in custody whose file is the principal's own, in the lawful order; alarms first, those outside the
    mechanism last (six statements, whatever the rows). With a day: who was held that day and did not leave on it, by
    the ages and ranks of that day; what is known of them by now speaks for the rest."""
    rows = session.execute(
        visible_to(principal)
        .join(Person, Person.case_id == Custody.case_id)
        .outerjoin(
            HouseholdMember,
            sa.and_(HouseholdMember.case_id == Custody.case_id, HouseholdMember.left_on.is_(None)),
        )
        .join(Site, Site.id == Case.site_id)
        .where(_held_on(on))
        .add_columns(Case, Person, HouseholdMember.household_id, Site.timezone)
    ).all()
    if not rows:
        return []
    crypto.load_keys(row.Case.id for row in rows)
    days = {row.Case.id: on or clock.today(row.timezone) for row in rows}
    types = _household_types({r.household_id: days[r.Case.id] for r in rows if r.household_id is not None})
    asylum = _asylum_seekers([row.Case.id for row in rows])
    answers = safeguards_of(row.Custody.id for row in rows)
    children = {row.Case.id for row in rows if _is_child(row.Person, days[row.Case.id])}
    with_child = {row.household_id or row.Case.id for row in rows if row.Case.id in children}
    ranks = {day: ranks_on(day) for day in set(days.values())}
    found = []
    for custody, case, person, household_id, _timezone in rows:
        party = household_id or case.id
        child = case.id in children
        alone = "CHILD_UNACCOMPANIED" if child else "ADULT_ALONE"
        facts = rules.Standing(
            station=custody.station_id is not None,
            asylum=case.id in asylum,
            child_held=party in with_child,
            household_type=types.get(household_id, alone) if household_id else alone,
            # Where the document says nothing, or another thing, what the person said of themselves counts too.
            woman=person.sex_in_document == "F" or person.feels_safe_in == "WOMEN",
            lgbti=is_lgbti(person),
        )
        placement = rules.place_in_order(facts, ranks[days[case.id]])
        found.append(Held(custody, case, person, household_id, child, placement, answers[custody.id]))
    return sorted(found, key=_position)


def _held_on(on: date | None) -> sa.ColumnElement[bool]:
    if on is None:
        return sa.and_(Custody.state == "HELD", Custody.since_at <= clock.now())
    return sa.and_(Custody.since_on <= on, sa.or_(Custody.exit_on.is_(None), Custody.exit_on > on))


def _position(one: Held) -> tuple[Any, ...]:
    kinds = ("ALARM", "RANKED", "OUTSIDE")
    rank = one.placement.rank
    return (
        kinds.index(one.placement.kind),
        one.placement.kind == "ALARM" and not one.child,
        rules.RANKS.index(rank) if rank else 0,
        one.custody.since_on,
        one.custody.id,
    )


def ranks_on(day: date) -> tuple[str, ...]:
    """The ranks in force, in the order of the list."""
    return tuple(c.code for c in reference.codes("tripartite_exit_rank", day))


def is_lgbti(person: Person) -> bool:
    """From what the person said of themselves, and asked to be kept apart for: both are sealed."""
    return person.feels_safe_in == "LGBTIQ_SITE" or (person.gender_self or "") in _OTHER_GENDERS


def _is_child(person: Person, on: date) -> bool:
    return people_rules.is_child(birth_of(person), person.age_status, on)


def child_today() -> sa.ColumnElement[bool]:
    """`people_rules.is_child` on the local day of the file's site, for a statement over Person and Site."""
    return sa.case(
        (Person.age_status == "DISPUTED_TREATED_AS_CHILD", sa.true()),
        (Person.age_status == "DECIDED_ADULT", sa.false()),
        (Person.birth_to.is_(None), Person.age_status == "DECIDED_CHILD"),
        else_=Person.birth_to > today_at_site() - sa.text(f"interval '{people_rules.ADULT} years'"),
    )


def age_turned(limit: int) -> list[tuple[Custody, Case, str]]:
    """Custodies that have not ended and say another thing of the person's age than today does, locked, with file and
    time zone of its site (one statement)."""
    rows = session.execute(
        sa.select(Custody, Case, Site.timezone)
        .join(Case, Case.id == Custody.case_id)
        .join(Person, Person.case_id == Case.id)
        .join(Site, Site.id == Case.site_id)
        .where(Custody.state != "RELEASED", Case.erased_at.is_(None), Custody.child != child_today())
        .order_by(Custody.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Custody)
        .execution_options(populate_existing=True)
    ).all()
    return [(custody, case, timezone) for custody, case, timezone in rows]


def _asylum_seekers(case_ids: Sequence[UUID]) -> set[UUID]:
    return set(
        session.scalars(
            sa.select(PersonPopulation.case_id).where(
                PersonPopulation.case_id.in_(case_ids),
                PersonPopulation.population == "ASYLUM_SEEKER",
                PersonPopulation.ended_on.is_(None),
            )
        )
    )


def _household_types(days: Mapping[UUID, date]) -> dict[UUID | None, str]:
    """The type of each household, by the ages on a day (two statements)."""
    rows = session.execute(
        sa.select(HouseholdMember.household_id, Person)
        .join(Person, Person.case_id == HouseholdMember.case_id)
        .where(HouseholdMember.household_id.in_(list(days)), HouseholdMember.left_on.is_(None))
    ).all()
    ids = [person.case_id for _household, person in rows]
    links = session.execute(
        sa.select(Relation.case_id, Relation.other_case_id, Relation.relation).where(
            Relation.case_id.in_(ids), Relation.other_case_id.in_(ids), Relation.evidence != "DISPROVED"
        )
    ).all()
    parent, carer = people_rules.with_parent_or_carer((one, other, what) for one, other, what in links)
    members: dict[UUID | None, list[people_rules.Member]] = {}
    for household, person in rows:
        member = people_rules.Member(
            _is_child(person, days[household]), person.case_id in parent, person.case_id in carer
        )
        members.setdefault(household, []).append(member)
    return {household: people_rules.household_type(those) for household, those in members.items()}


# -- looking back -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Departure:
    """An exit that departed from the order: who left, and the numbers of those who were passed over."""

    custody: Custody
    case: Case
    station: str
    passed: tuple[str, ...]


def departures(principal: Principal, limit: int = 50) -> list[Departure]:
    """Departures from the order, those that nobody has looked at first (two statements)."""
    rows = session.execute(
        visible_to(principal)
        .join(Team, Team.id == Custody.station_id)
        .where(Custody.order_outcome == "ORDER_DEPARTED")
        .add_columns(Case, Team.name)
        .order_by(Custody.departure_reviewed_at.is_not(None), Custody.exit_on.desc(), Custody.id.desc())
        .limit(limit)
    ).all()
    crypto.load_keys(row.Case.id for row in rows)
    other = aliased(Custody)
    numbers = session.execute(
        sa.select(CustodyPassedOver.custody_id, Case.number)
        .join(other, other.id == CustodyPassedOver.passed_id)
        .join(Case, Case.id == other.case_id)
        .where(CustodyPassedOver.custody_id.in_([row.Custody.id for row in rows]))
        .order_by(CustodyPassedOver.position)
    ).all()
    passed: dict[UUID, list[str]] = {}
    for custody_id, number in numbers:
        passed.setdefault(custody_id, []).append(number)
    return [Departure(c, case, name, tuple(passed.get(c.id, ()))) for c, case, name in rows]


@dataclass(frozen=True)
class ToDo:
    """Something that waits: CHILD (YES where the authority was called), EXIT, ORDER."""

    what: str
    case: Case
    at: datetime
    code: str | None
    id: UUID


def to_do(cases: sa.Select[Any], who: Principal, limit: int = 8) -> list[ToDo]:
    """What custody asks for today of these files (a statement that selects case ids): children held, and for a
    supervisor exits to confirm and departures to look at (one statement). Its clocks are on the list of clocks."""
    called = (
        sa.select(CustodySafeguard.answer)
        .where(
            CustodySafeguard.custody_id == Custody.id,
            CustodySafeguard.safeguard == rules.CHILD_AUTHORITY_CALLED,
        )
        .scalar_subquery()
    )
    mine = Custody.case_id.in_(cases)
    own = sa.select(Case.id).where(Case.team_id.in_(who.teams_as("SUPERVISOR")))
    of_team = Custody.case_id.in_(own)

    def part(what: str, at: Any, code: Any, *where: Any) -> sa.Select[Any]:
        return sa.select(
            sa.literal(what).label("what"), Custody.case_id.label("case_id"), at.label("at"),
            sa.cast(code, sa.Text()).label("code"), Custody.id.label("id"),
        ).where(*where)  # fmt: skip

    parts = [
        part("CHILD", Custody.since_at, called, Custody.state != "RELEASED", mine, child_today())
        .join(Person, Person.case_id == Custody.case_id)
        .join(Case, Case.id == Custody.case_id)
        .join(Site, Site.id == Case.site_id),
    ]
    if "SUPERVISOR" in who.roles:
        noon = sa.cast(Custody.exit_on, sa.DateTime(timezone=True))
        asked = (Custody.state == "EXIT_ASKED", Custody.exit_by_id != who.user_id, of_team)
        departed = (
            Custody.departure_reason.is_not(None), Custody.departure_reviewed_at.is_(None),
            Custody.exit_by_id != who.user_id, of_team,
        )  # fmt: skip
        parts += [
            part("EXIT", noon, Custody.exit_code, *asked),
            part("ORDER", noon, Custody.departure_reason, *departed),
        ]
    found = sa.union_all(*parts).subquery()
    rows = session.execute(
        sa.select(found.c.what, Case, found.c.at, found.c.code, found.c.id)
        .join(Case, Case.id == found.c.case_id)
        .where(Case.erased_at.is_(None))
        .order_by(found.c.at, Case.id)
        .limit(limit * len(parts))
    ).all()
    return [ToDo(*row) for row in rows]


# -- what others see ----------------------------------------------------------------------------------
@dataclass(frozen=True)
class ChildHeld:
    """A child in custody of whom the child authority was told."""

    custody: Custody
    case: Case
    person: Person
    place: str
    called_at: datetime | None


def children_told_to(principal: Principal) -> list[ChildHeld]:
    """Children in custody whose files a child authority reads or holds, the longest held first."""
    teams = list(principal.teams_as(*SEE_CHILDREN.roles))
    called = aliased(CustodySafeguard)
    rows = session.execute(
        sa.select(Custody, Case, Person, sa.func.coalesce(Team.name, ""), called.at)
        .join(Case, Case.id == Custody.case_id)
        .join(Person, Person.case_id == Case.id)
        .outerjoin(Team, Team.id == Custody.station_id)
        .outerjoin(
            called,
            sa.and_(
                called.custody_id == Custody.id,
                called.safeguard == rules.CHILD_AUTHORITY_CALLED,
                called.answer == "YES",
            ),
        )
        .where(
            Custody.child, Custody.state != "RELEASED", Case.erased_at.is_(None),
            sa.or_(Case.team_id.in_(teams), Case.readers.overlap(teams)),
        )
        .order_by(Custody.since_at, Custody.id)
    ).all()  # fmt: skip
    crypto.load_keys(row.Case.id for row in rows)
    return [ChildHeld(*row) for row in rows]


@dataclass(frozen=True)
class Leaving:
    """All that a station is told of a person."""

    surnames: str
    given_names: str
    on: date


def leaving(today: date) -> list[Leaving]:
    """Who leaves the acting liaison's station, from today on, by surname. PostgreSQL decides who is the liaison of
    which station and gives the name and the day only."""
    rows = session.execute(
        sa.text(
            "SELECT case_id, person_id, given_names, surname_1, surname_2, exit_on FROM custody_exits(:on)"
        ),
        {"on": today},
    ).all()
    crypto.load_keys(row.case_id for row in rows)
    found = []
    for row in rows:

        def read(name: str, row: Any = row) -> str:
            return crypto.reveal("person", name, row.person_id, row.case_id, getattr(row, name)) or ""

        surnames = " ".join(p for p in (read("surname_1"), read("surname_2")) if p)
        found.append(Leaving(surnames, read("given_names"), row.exit_on))
    return sorted(found, key=lambda one: (plain(one.surnames), plain(one.given_names), one.on))
