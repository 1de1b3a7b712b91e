"""Claims, as the teams of the people in them see them. What is sealed comes only where it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.deadline.models import Deadline
from caseapp.people.models import Case, HouseholdMember, MovementLimit, Person, PersonNationality
from caseapp.procedure import rules
from caseapp.procedure.models import (
    Claim,
    ClaimApplicant,
    ClaimStep,
    Displacement,
    IssuedDocument,
    LeaveRequest,
    Property,
    ReturneeReception,
    Signature,
    SignDuty,
)


def visible_to(principal: Principal) -> sa.Select[Claim]:
    """Claims of cases that the principal's own teams hold: readers do not see claims."""
    return (
        sa.select(Claim)
        .join(ClaimApplicant, ClaimApplicant.claim_id == Claim.id)
        .join(Case, Case.id == ClaimApplicant.case_id)
        .where(Case.team_id.in_(principal.case_teams))
    )


def _of(case_id: UUID, *, sealed: bool) -> sa.Select[Claim]:
    return (
        sa.select(Claim)
        .join(ClaimApplicant, ClaimApplicant.claim_id == Claim.id)
        .where(ClaimApplicant.case_id == case_id, Claim.sealed.is_(sealed))
    )


def for_case(case_id: UUID, *, sealed: bool = False) -> Sequence[Claim]:
    """The claims that a person is or was in, the newest first; with `sealed` only their own sealed ones."""
    return session.scalars(_of(case_id, sealed=sealed).distinct().order_by(Claim.id.desc())).all()


def open_for(case_id: UUID, *, sealed: bool = False) -> Claim | None:
    """The claim in progress that a person is in."""
    asked = _of(case_id, sealed=sealed).where(ClaimApplicant.pending)
    return session.scalars(asked).one_or_none()


def locked(case_id: UUID, claim_id: UUID) -> Claim:
    """A claim that a person is in, locked and read afresh. Raises NotYours."""
    row = session.scalars(
        sa.select(Claim)
        .where(
            Claim.id == claim_id,
            sa.exists().where(ClaimApplicant.claim_id == Claim.id, ClaimApplicant.case_id == case_id),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotYours
    return row


def steps_of(claim_ids: Sequence[UUID]) -> dict[UUID, list[ClaimStep]]:
    """The steps of claims in the order in which they were recorded (one statement)."""
    found: dict[UUID, list[ClaimStep]] = {claim_id: [] for claim_id in claim_ids}
    for row in session.scalars(
        sa.select(ClaimStep)
        .where(ClaimStep.claim_id.in_(list(claim_ids)))
        .order_by(ClaimStep.recorded_at, ClaimStep.id)
    ):
        found[row.claim_id].append(row)
    return found


def taken(steps: Sequence[ClaimStep]) -> list[rules.Taken]:
    """Steps as the rules take them."""
    return [rules.Taken(step.step, step.on, step.code) for step in steps]


@dataclass(frozen=True)
class InClaim:
    """Somebody in a claim, with their file and name's row."""

    applicant: ClaimApplicant
    case: Case
    person: Person


def applicants_of(claim_ids: Sequence[UUID]) -> dict[UUID, list[InClaim]]:
    """Who is, or was, in these claims: whoever leads it first (one statement)."""
    found: dict[UUID, list[InClaim]] = {claim_id: [] for claim_id in claim_ids}
    for row in session.execute(
        sa.select(ClaimApplicant, Case, Person)
        .join(Case, Case.id == ClaimApplicant.case_id)
        .join(Person, Person.case_id == Case.id)
        .where(ClaimApplicant.claim_id.in_(list(claim_ids)))
        .order_by(ClaimApplicant.role == "DERIVATIVE", ClaimApplicant.id)
    ):
        found[row[0].claim_id].append(InClaim(*row))
    return found


def pending_cases(claim: Claim) -> Sequence[Case]:
    """The files of everybody who is in a claim now, closed ones too."""
    return session.scalars(
        sa.select(Case)
        .join(ClaimApplicant, ClaimApplicant.case_id == Case.id)
        .where(ClaimApplicant.claim_id == claim.id, ClaimApplicant.left_on.is_(None))
        .order_by(ClaimApplicant.role == "DERIVATIVE", ClaimApplicant.id)
    ).all()


def clocks_of(claim_ids: Sequence[UUID]) -> dict[UUID, list[Deadline]]:
    """Every clock that was started for these claims, the soonest first (one statement)."""
    found: dict[UUID, list[Deadline]] = {claim_id: [] for claim_id in claim_ids}
    for row in session.scalars(
        sa.select(Deadline)
        .where(Deadline.subject_kind == "claim", Deadline.subject_id.in_(list(claim_ids)))
        .order_by(Deadline.due_at, Deadline.id)
    ):
        found[row.subject_id].append(row)
    return found


def household_beside(case: Case) -> list[tuple[Case, Person]]:
    """Who of the person's household may join their claim: in no claim yet, and no national of the country."""
    mine = sa.select(HouseholdMember.household_id).where(
        HouseholdMember.case_id == case.id, HouseholdMember.left_on.is_(None)
    )
    pending = sa.select(ClaimApplicant.id).where(
        ClaimApplicant.case_id == Case.id, ClaimApplicant.pending, ~ClaimApplicant.sealed
    )
    national = sa.select(PersonNationality.id).where(
        PersonNationality.case_id == Case.id, PersonNationality.country == Case.country
    )
    rows = session.execute(
        sa.select(Case, Person)
        .join(Person, Person.case_id == Case.id)
        .join(HouseholdMember, HouseholdMember.case_id == Case.id)
        .where(
            HouseholdMember.household_id.in_(mine), HouseholdMember.left_on.is_(None), Case.id != case.id,
            Case.team_id == case.team_id, Case.status == "OPEN", ~pending.exists(), ~national.exists(),
        )
        .order_by(HouseholdMember.id)
    ).all()  # fmt: skip
    return [(found, person) for found, person in rows]


def nationalities_of(case_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The nationalities of many people (one statement)."""
    found: dict[UUID, list[str]] = {case_id: [] for case_id in case_ids}
    for case_id, country in session.execute(
        sa.select(PersonNationality.case_id, PersonNationality.country).where(
            PersonNationality.case_id.in_(list(case_ids))
        )
    ):
        found[case_id].append(country)
    return found


def awaits_decision(case_id: UUID) -> bool:
    """Whether a claim that was lodged for this person is neither decided nor closed, sealed or not: closing the file ends
    its clocks, and the authority decides all the same."""
    asked = (
        sa.select(Claim.id)
        .join(ClaimApplicant, ClaimApplicant.claim_id == Claim.id)
        .where(
            ClaimApplicant.case_id == case_id, ClaimApplicant.left_on.is_(None), Claim.lodged_on.is_not(None),
            Claim.decided_on.is_(None), Claim.closed_on.is_(None),
        )
        .limit(1)
    )  # fmt: skip
    return session.scalar(asked) is not None


def in_a_claim(case_ids: Sequence[UUID], *, sealed: bool = False) -> set[UUID]:
    """Which of these people are in an open claim (one statement)."""
    return set(
        session.scalars(
            sa.select(ClaimApplicant.case_id).where(
                ClaimApplicant.case_id.in_(list(case_ids)), ClaimApplicant.pending, ClaimApplicant.sealed.is_(sealed)
            )
        )
    )  # fmt: skip


# -- documents and duties -------------------------------------------------------------------------------
def documents_of(case_id: UUID) -> Sequence[IssuedDocument]:
    """Every document that the person was given, the newest first (one statement)."""
    return session.scalars(
        sa.select(IssuedDocument)
        .where(IssuedDocument.case_id == case_id)
        .order_by(IssuedDocument.issued_on.desc(), IssuedDocument.id.desc())
    ).all()


def document_of(case_id: UUID, document_id: UUID) -> IssuedDocument:
    """One of them, locked. Raises NotYours."""
    return _locked(IssuedDocument, case_id, document_id)


def _locked(table: Any, case_id: UUID, row_id: UUID) -> Any:
    row = session.scalars(
        sa.select(table)
        .where(table.id == row_id, table.case_id == case_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotYours
    return row


def duty_of(case_id: UUID, *, lock: bool = False) -> SignDuty | None:
    """That the person signs at intervals now."""
    asked = sa.select(SignDuty).where(SignDuty.case_id == case_id, SignDuty.ended_on.is_(None))
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    return session.scalars(asked).one_or_none()


def signatures_of(case_id: UUID, limit: int = 12) -> Sequence[Signature]:
    """What became of the days on which a signature was due, the newest first."""
    return session.scalars(
        sa.select(Signature)
        .where(Signature.case_id == case_id)
        .order_by(Signature.due_on.desc(), Signature.id.desc())
        .limit(limit)
    ).all()


def last_signed(duty_id: UUID) -> date | None:
    """The day of the newest signature of a duty."""
    return session.scalar(sa.select(sa.func.max(Signature.on)).where(Signature.duty_id == duty_id))


def leaves_of(case_id: UUID) -> Sequence[LeaveRequest]:
    """Leave that was asked for, the newest first."""
    return session.scalars(
        sa.select(LeaveRequest).where(LeaveRequest.case_id == case_id).order_by(LeaveRequest.id.desc())
    ).all()


def open_leave(case_id: UUID) -> LeaveRequest | None:
    """Leave that the authority has not decided on."""
    return next((row for row in leaves_of(case_id) if row.decided_on is None), None)


def held_with(case: Case) -> list[tuple[Case, Person]]:
    """Who else of the person's household the same team holds and may not leave their state (one statement)."""
    mine = sa.select(HouseholdMember.household_id).where(
        HouseholdMember.case_id == case.id, HouseholdMember.left_on.is_(None)
    )
    rows = session.execute(
        sa.select(Case, Person)
        .join(Person, Person.case_id == Case.id)
        .join(HouseholdMember, HouseholdMember.case_id == Case.id)
        .join(MovementLimit, sa.and_(MovementLimit.case_id == Case.id, MovementLimit.ended_on.is_(None)))
        .where(
            HouseholdMember.household_id.in_(mine), HouseholdMember.left_on.is_(None), Case.id != case.id,
            Case.team_id == case.team_id, Case.status == "OPEN",
        )
        .order_by(HouseholdMember.id)
    ).all()  # fmt: skip
    return [(found, person) for found, person in rows]


def leave_of(case_id: UUID, leave_id: UUID) -> LeaveRequest:
    """A request for leave, locked. Raises NotYours."""
    return _locked(LeaveRequest, case_id, leave_id)


# -- at home --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class AtHome:
    """What somebody displaced or returned declared and was given."""

    declared: Sequence[Displacement]
    properties: Sequence[Property]
    receptions: Sequence[ReturneeReception]


def at_home(case_id: UUID) -> AtHome:
    """The newest first (three statements)."""

    def rows(table: Any, order: Any) -> Any:
        return session.scalars(
            sa.select(table).where(table.case_id == case_id).order_by(order.desc(), table.id)
        ).all()

    return AtHome(
        rows(Displacement, Displacement.displaced_on), rows(Property, Property.registered_on),
        rows(ReturneeReception, ReturneeReception.received_on),
    )  # fmt: skip


def property_of(case_id: UUID, property_id: UUID) -> Property:
    """One thing left behind, locked. Raises NotYours."""
    found: Property = _locked(Property, case_id, property_id)
    return found
