"""Hand-overs: whom a file may be offered to, what each offer rests on, what either party sees of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from caseapp.accounts.models import Membership, Team, User
from caseapp.accounts.queries import site_of
from caseapp.casefile.models import Handover, HandoverMember
from caseapp.casefile.rules.handing import NEVER_RECEIVES, OPEN, purpose_of
from caseapp.core import clock, crypto
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.people import queries as people
from caseapp.people import rules
from caseapp.people.models import (
    Case,
    Consent,
    HouseholdMember,
    Person,
    PersonLanguage,
    PersonNationality,
    PlacementRequirement,
)

WORKERS = ("CASEWORKER", "SUPERVISOR")


def receivers(own: UUID) -> Sequence[Team]:
    """Teams that may take a file: active, with somebody who works with files, none that never receives (one statement)."""
    today = clock.today()
    staffed = sa.select(Membership.id).where(
        Membership.team_id == Team.id, Membership.role.in_(WORKERS), Membership.valid_from <= today,
        sa.or_(Membership.valid_to.is_(None), Membership.valid_to > today),
    )  # fmt: skip
    return session.scalars(
        sa.select(Team)
        .where(Team.active, Team.id != own, Team.type.not_in(NEVER_RECEIVES), staffed.exists())
        .order_by(Team.country, Team.sort_key)
    ).all()


@dataclass(frozen=True)
class Movable:
    """Somebody of the household whose file this team holds and could offer."""

    case: Case
    person: Person
    nationalities: list[str]
    languages: list[str]
    requirements: list[str]


def movable_with(case: Case) -> list[Movable]:
    """The person and the open files of their household, held by the same team (four statements, with keys)."""
    mine = sa.select(HouseholdMember.household_id).where(
        HouseholdMember.case_id == case.id, HouseholdMember.left_on.is_(None)
    )
    together = sa.select(HouseholdMember.case_id).where(
        HouseholdMember.household_id.in_(mine), HouseholdMember.left_on.is_(None)
    )
    rows = session.execute(
        sa.select(Case, Person)
        .join(Person, Person.case_id == Case.id)
        .where(
            sa.or_(Case.id == case.id, Case.id.in_(together)), Case.team_id == case.team_id, Case.status == "OPEN",
            Case.erased_at.is_(None),
        )
        .order_by(Case.id != case.id, Case.id)
    ).all()  # fmt: skip
    ids = [c.id for c, _ in rows]
    crypto.load_keys(ids)
    nations = _grouped(PersonNationality.case_id, PersonNationality.country, PersonNationality.position, ids)
    languages = _grouped(PersonLanguage.case_id, PersonLanguage.language, PersonLanguage.position, ids)
    needed = _grouped(
        PlacementRequirement.case_id, PlacementRequirement.requirement, PlacementRequirement.id, ids,
        PlacementRequirement.ended_on.is_(None),
    )  # fmt: skip
    return [
        Movable(c, p, nations.get(c.id, []), languages.get(c.id, []), needed.get(c.id, [])) for c, p in rows
    ]


def _grouped(
    key: object, value: object, order: object, ids: list[UUID], *where: object
) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    asked = sa.select(key, value).where(key.in_(ids), *where).order_by(order)  # type: ignore[attr-defined, call-overload]
    for case_id, text in session.execute(asked):
        found.setdefault(case_id, []).append(text)
    return found


def consents_to(ids: Sequence[UUID], purpose: str, to: Team, on: date) -> dict[UUID, UUID]:
    """For each file the consent that opens this purpose to a receiver on a day (for another country: to that country),
    by the one rule of keys (one statement)."""
    asked = sa.select(Consent).where(Consent.case_id.in_(list(ids)), Consent.purpose == purpose)
    answers: dict[UUID, list[Consent]] = {case_id: [] for case_id in ids}
    for row in session.scalars(asked.order_by(Consent.id)):
        answers[row.case_id].append(row)
    receiver = rules.Recipient(to.id, to.country if purpose in rules.NAMED_COUNTRY else None)
    keys = {i: rules.key_that_opens(given, purpose, receiver, on) for i, given in answers.items()}
    return {case_id: key.id for case_id, key in keys.items() if key is not None}


def lacking_leave(ids: Sequence[UUID], to: Team, on: date) -> set[UUID]:
    """Whose file may not go to a team yet, because the person must stay in another state of the country (two
    statements). Beyond a border the consent to it and a second person decide."""
    site = site_of(to.id)
    if site is None:
        return set()
    movements = people.movements_of(ids, on)
    return {case_id for case_id, movement in movements.items() if rules.needs_leave(movement, site.admin1)}


def visible_to(who: Principal) -> sa.Select[Handover]:
    """Offers of and to the principal's teams; to them only once they are made."""
    teams = who.teams_as(*WORKERS)
    return sa.select(Handover).where(
        sa.or_(
            Handover.from_team_id.in_(teams),
            sa.and_(Handover.to_team_id.in_(teams), Handover.offered_at.is_not(None)),
        )
    )


WHOLE = (
    selectinload(Handover.members), selectinload(Handover.from_team), selectinload(Handover.to_team),
)  # fmt: skip


def one(handover_id: UUID, who: Principal, *, lock: bool = False) -> Handover:
    """An offer that the principal is party to, with its members and teams; NotYours otherwise."""
    asked = visible_to(who).where(Handover.id == handover_id).options(*WHOLE)
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(asked).one_or_none()
    if found is None:
        raise NotYours
    return found


def open_for(case_id: UUID) -> Handover | None:
    """The offer of this file that waits."""
    return session.scalars(
        sa.select(Handover)
        .join(HandoverMember, HandoverMember.handover_id == Handover.id)
        .where(HandoverMember.case_id == case_id, Handover.state.in_(OPEN))
        .options(*WHOLE)
    ).one_or_none()


def resting_on(case_id: UUID, purpose: str) -> Sequence[Handover]:
    """The offers that wait and rest on a consent of this person to a purpose, locked."""
    rests = sa.select(HandoverMember.id).where(
        HandoverMember.handover_id == Handover.id, HandoverMember.case_id == case_id,
        HandoverMember.consent_id.is_not(None),
    )  # fmt: skip
    abroad = Handover.kind == "COUNTRY" if purpose == purpose_of("COUNTRY") else Handover.kind != "COUNTRY"
    return session.scalars(
        sa.select(Handover)
        .where(Handover.state.in_(OPEN), abroad, rests.exists())
        .options(*WHOLE)
        .order_by(Handover.id)
        .with_for_update(of=Handover)
        .execution_options(populate_existing=True)
    ).all()


def past_of(case_id: UUID) -> Sequence[Handover]:
    """Earlier offers of this file to which the reader's team is party, the newest first."""
    return session.scalars(
        sa.select(Handover)
        .join(HandoverMember, HandoverMember.handover_id == Handover.id)
        .where(HandoverMember.case_id == case_id, Handover.state.not_in(OPEN))
        .options(*WHOLE)
        .order_by(Handover.prepared_at.desc())
        .limit(20)
    ).all()


def holders_in(team_id: UUID) -> Sequence[User]:
    """Who of a receiving team may take what is sealed."""
    from caseapp.accounts.queries import users_of

    return users_of(team_id, *WORKERS)
