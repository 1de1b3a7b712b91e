"""What is asked of people and cases. Every query starts from `visible_to`; PostgreSQL's policies say it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import Team
from caseapp.core import clock, crypto
from caseapp.core.access import Permission, Principal
from caseapp.core.db import session
from caseapp.core.errors import NotPermitted, NotYours
from caseapp.people import profiles, rules
from caseapp.people.models import (
    Case,
    Consent,
    Contact,
    DuplicateCandidate,
    Guardian,
    HealthDate,
    Household,
    HouseholdMember,
    IdentityDocument,
    MovementException,
    MovementLimit,
    Need,
    Person,
    PersonLanguage,
    PersonNationality,
    PersonPopulation,
    PlacementRequirement,
    Relation,
)
from caseapp.places.models import Site


def visible_to(principal: Principal) -> sa.Select[Case]:
    """The cases that this principal's teams own or read; erased ones are not shown. The system sees all."""
    found = sa.select(Case).where(Case.erased_at.is_(None))
    if principal.kind == "system":
        return found
    teams = list(principal.case_teams)
    if not teams:
        return found.where(sa.false())
    return found.where(sa.or_(Case.team_id.in_(teams), Case.readers.overlap(teams)))


def case_by_number(number: str, principal: Principal) -> Case:
    """The case with this public number; NotYours (404) if there is none or it is not theirs."""
    found = session.scalars(visible_to(principal).where(Case.number == number.strip().upper())).one_or_none()
    if found is None:
        raise NotYours
    return found


def owned_case(number: str, principal: Principal, permission: Permission) -> Case:
    """The case with this number, if it belongs to a team in which the principal holds `permission`: NotYours
    where it may not even be known, NotPermitted where another team lets it be read."""
    case = case_by_number(number, principal)
    if principal.kind != "system" and case.team_id not in principal.teams_as(*permission.roles):
        raise NotPermitted
    return case


def today_of(case: Case) -> date:
    """The local date at the site of a case."""
    return clock.today(timezone_of(case))


def today_at_site() -> sa.ColumnElement[date]:
    """The local date, for a statement that joins `Site`."""
    return sa.cast(sa.func.timezone(Site.timezone, sa.literal(clock.now())), sa.Date())


def timezone_of(case: Case) -> str:
    """The time zone of the site of a case; asked once a transaction."""
    site_id = case.site_id
    asked = sa.select(Site.timezone).where(Site.id == site_id)
    return profiles.once(("timezone", site_id), lambda: session.scalar(asked)) or "UTC"


def person_of(case: Case | UUID, *, lock: bool = False) -> Person:
    """The person of a case; with `lock` the row is locked and read afresh (before comparing versions)."""
    case_id = case if isinstance(case, UUID) else case.id
    asked = sa.select(Person).where(Person.case_id == case_id)
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(asked).one_or_none()
    if found is None:
        raise NotYours
    return found


def household_of(case_id: UUID) -> Household | None:
    """The household that a case is in now."""
    return session.scalars(
        sa.select(Household)
        .join(HouseholdMember, HouseholdMember.household_id == Household.id)
        .where(HouseholdMember.case_id == case_id, HouseholdMember.left_on.is_(None))
    ).one_or_none()


def household_by_number(number: str, principal: Principal) -> Household:
    """The household with this number, if it is of one of the principal's teams or has a member whose file they
    may open; else NotYours (404)."""
    number = number.strip().upper()
    mine = visible_to(principal).with_only_columns(Case.id)
    members = sa.select(HouseholdMember.household_id).where(
        HouseholdMember.case_id.in_(mine), HouseholdMember.left_on.is_(None)
    )
    found = session.scalars(
        sa.select(Household).where(Household.number == number, Household.id.in_(members))
    ).one_or_none()
    if found is None:
        raise NotYours
    return found


@dataclass(frozen=True)
class HouseholdPart:
    """A member of a household now: the row, the case and the person (names decrypt without further asking)."""

    member: HouseholdMember
    case: Case
    person: Person


def members_of(household: Household | UUID) -> list[HouseholdPart]:
    """The present members that the principal may see, the head first (two statements, with their keys)."""
    household_id = household if isinstance(household, UUID) else household.id
    rows = session.execute(
        sa.select(HouseholdMember, Case, Person)
        .join(Case, Case.id == HouseholdMember.case_id)
        .join(Person, Person.case_id == Case.id)
        .where(HouseholdMember.household_id == household_id, HouseholdMember.left_on.is_(None))
        .order_by(HouseholdMember.is_head.desc(), HouseholdMember.id)
    ).all()
    crypto.load_keys(case.id for _, case, _ in rows)
    return [HouseholdPart(member, case, person) for member, case, person in rows]


def relations_among(case_ids: Iterable[UUID]) -> list[Relation]:
    """The relations recorded between these cases, in either direction."""
    ids = list(case_ids)
    return list(
        session.scalars(
            sa.select(Relation)
            .where(Relation.case_id.in_(ids), Relation.other_case_id.in_(ids))
            .order_by(Relation.id)
        )
    )


def is_carer(adult_case_id: UUID, child_case_id: UUID) -> bool:
    """Whether the relation between the two is recorded as parent or legal guardian, with enough evidence."""
    for row in relations_among([adult_case_id, child_case_id]):
        says = row.relation if row.case_id == adult_case_id else rules.inverse(row.relation)
        if says in ("PARENT", "GUARDIAN_LEGAL") and rules.is_related(says, row.evidence):
            return True
    return False


def _of_case(table: Any, case_id: UUID, *order: Any) -> list[Any]:
    return list(session.scalars(sa.select(table).where(table.case_id == case_id).order_by(*order)))


def nationalities_of(case_id: UUID) -> list[str]:
    """ISO alpha-3 codes, the main one first."""
    return [row.country for row in _of_case(PersonNationality, case_id, PersonNationality.position)]


def languages_of(case_id: UUID) -> list[str]:
    """ISO 639-3 codes in order of preference."""
    return [row.language for row in _of_case(PersonLanguage, case_id, PersonLanguage.position)]


def populations_of(case_id: UUID) -> list[PersonPopulation]:
    """All protection situations, the latest first."""
    return _of_case(PersonPopulation, case_id, PersonPopulation.since.desc(), PersonPopulation.id.desc())


def documents_of(case_id: UUID) -> list[IdentityDocument]:
    return _of_case(IdentityDocument, case_id, IdentityDocument.id)


def contacts_of(case_id: UUID) -> list[Contact]:
    """Ways to reach the person that hold now."""
    rows = _of_case(Contact, case_id, Contact.id)
    return [row for row in rows if row.ended_at is None]


def consents_of(case_id: UUID) -> list[Consent]:
    """Every answer, the latest first."""
    return _of_case(Consent, case_id, Consent.asked_on.desc(), Consent.id.desc())


def answers_of(case_id: UUID) -> list[Consent]:
    """Every answer in the order in which it was given, as `rules.consent_opens` reads them."""
    return _of_case(Consent, case_id, Consent.id)


def recipient(team_id: UUID | None, purpose: str) -> rules.Recipient:
    """A team as the recipient of a purpose; its country counts where the purpose faces another country."""
    if team_id is None or purpose not in rules.NAMED_COUNTRY:
        return rules.Recipient(team_id)
    return rules.Recipient(team_id, session.scalar(sa.select(Team.country).where(Team.id == team_id)))


def consent_for(
    case_id: UUID, purpose: str, on: date, recipient: rules.Recipient = rules.ANYBODY
) -> Consent | None:
    """The consent that opens `purpose` to `recipient` on a day, or None. Everything that shows a person to somebody
    asks this (or `rules.consent_opens` with the answers at hand)."""
    return rules.key_that_opens(answers_of(case_id), purpose, recipient, on)


def needs_of(case_id: UUID, *, open_only: bool = False) -> list[Need]:
    """Needs, the open and most pressing first."""
    asked = sa.select(Need).where(Need.case_id == case_id)
    if open_only:
        asked = asked.where(Need.state == "OPEN")
    pressing = sa.case({"EMERGENCY": 0, "HIGH": 1, "MEDIUM": 2, "LOW": 3}, value=Need.priority)
    return list(session.scalars(asked.order_by(Need.state != "OPEN", pressing, Need.id)))


def requirements_of(case_ids: Iterable[UUID]) -> list[PlacementRequirement]:
    """Placement requirements that hold now for these cases."""
    return list(
        session.scalars(
            sa.select(PlacementRequirement)
            .where(PlacementRequirement.case_id.in_(list(case_ids)), PlacementRequirement.ended_on.is_(None))
            .order_by(PlacementRequirement.id)
        )
    )


def health_dates_of(case_id: UUID) -> dict[str, HealthDate]:
    """The days on which care must not come late, by kind."""
    rows = session.scalars(
        sa.select(HealthDate).where(HealthDate.case_id == case_id, HealthDate.ended_at.is_(None))
    )
    return {row.kind: row for row in rows}


def guardian_of(case_id: UUID) -> Guardian | None:
    """Who stands for a child now."""
    return session.scalars(
        sa.select(Guardian).where(Guardian.case_id == case_id, Guardian.ended_at.is_(None))
    ).one_or_none()


def movement_limits_of(case_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The division (P-code) that each of these people may not leave now; those without a limit are left out."""
    rows = session.execute(
        sa.select(MovementLimit.case_id, MovementLimit.admin1).where(
            MovementLimit.case_id.in_(list(case_ids)), MovementLimit.ended_on.is_(None)
        )
    ).all()
    return {row.case_id: row.admin1 for row in rows}


def movements_of(case_ids: Iterable[UUID], on: date) -> dict[UUID, rules.Movement]:
    """Where each of these people must stay, and to which states they may be moved all the same on a day (one
    statement); those without a limit are left out."""
    exception = sa.and_(MovementException.case_id == MovementLimit.case_id, MovementException.until >= on)
    rows = session.execute(
        sa.select(MovementLimit.case_id, MovementLimit.admin1, MovementException.to_admin1)
        .outerjoin(MovementException, exception)
        .where(MovementLimit.case_id.in_(list(case_ids)), MovementLimit.ended_on.is_(None))
    ).all()
    excepted: dict[UUID, set[str]] = {}
    for row in rows:
        excepted.setdefault(row.case_id, set()).update([row.to_admin1] if row.to_admin1 else [])
    return {row.case_id: rules.Movement(row.admin1, frozenset(excepted[row.case_id])) for row in rows}


@dataclass(frozen=True)
class Summary:
    """One line about a person for lists: `number` is the case's, `household` its household's number."""

    case_id: UUID
    person_id: UUID
    number: str
    name: str
    called: str
    birth: rules.Birth
    age_status: str
    household: str | None
    status: str
    opened_on: date
    team_id: UUID
    merged: bool


def summary_of(case_ids: Sequence[UUID]) -> dict[UUID, Summary]:
    """Names, ages and numbers of many cases in two statements; cases that are not theirs are left out."""
    if not case_ids:
        return {}
    rows = session.execute(
        sa.select(Case, Person, Household.number)
        .join(Person, Person.case_id == Case.id)
        .outerjoin(
            HouseholdMember, sa.and_(HouseholdMember.case_id == Case.id, HouseholdMember.left_on.is_(None))
        )
        .outerjoin(Household, Household.id == HouseholdMember.household_id)
        .where(Case.id.in_(list(case_ids)), Case.erased_at.is_(None))
    ).all()
    crypto.load_keys(case.id for case, _, _ in rows)
    return {case.id: _summary(case, person, household) for case, person, household in rows}


def _summary(case: Case, person: Person, household: str | None) -> Summary:
    return Summary(
        case.id, person.id, case.number, person.full_name or person.called_name or "", person.called_name or "",
        birth_of(person), person.age_status, household, case.status, case.opened_on, case.team_id,
        person.merged_into_id is not None,
    )  # fmt: skip


def birth_of(person: Person) -> rules.Birth:
    """The birth as rules take it."""
    return rules.Birth(person.birth_precision, person.birth_from, person.birth_to)


def target_of(person_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """For each person the one its record was united with in the end (itself if never united); one statement."""
    ids = list(person_ids)
    if not ids:
        return {}
    start = sa.select(Person.id.label("start"), Person.id.label("at"), Person.merged_into_id.label("next"))
    chain = start.where(Person.id.in_(ids)).cte("chain", recursive=True)
    chain = chain.union(
        sa.select(chain.c.start, Person.id, Person.merged_into_id).join(chain, Person.id == chain.c.next)
    )
    rows = session.execute(sa.select(chain.c.start, chain.c.at, chain.c.next)).all()
    # Where the end of a chain cannot be seen, its last visible record stands for it.
    seen = {at for _, at, _ in rows}
    return {start: at for start, at, following in rows if following is None or following not in seen}


def merged_into(person_id: UUID) -> list[Person]:
    """The records that point at this person directly."""
    return list(
        session.scalars(sa.select(Person).where(Person.merged_into_id == person_id).order_by(Person.id))
    )


def open_duplicates(principal: Principal) -> sa.Select[DuplicateCandidate]:
    """Pairs waiting for a decision, both of whose files are visible, the likeliest first."""
    mine = visible_to(principal).with_only_columns(Case.id)
    return (
        sa.select(DuplicateCandidate)
        .where(
            DuplicateCandidate.decision == "OPEN",
            DuplicateCandidate.case_id.in_(mine),
            DuplicateCandidate.other_case_id.in_(mine),
        )
        .order_by(DuplicateCandidate.score.desc(), DuplicateCandidate.id)
    )
