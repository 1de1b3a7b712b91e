"""Requests about data: of a file, and of a country for its data-protection officer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from caseapp.casefile.subject.models import LegalHold, SubjectRequest
from caseapp.casefile.subject.rules import OPEN, Standing
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours
from caseapp.deadline import queries as deadlines
from caseapp.people.models import Case
from caseapp.procedure import queries as procedure

HOLDERS = ("CASEWORKER", "SUPERVISOR")


def officer_of(principal: Principal) -> tuple[str, ...]:
    """Countries of which this person is the data-protection officer."""
    return tuple(sorted({g.country for g in principal.grants if g.role == "DATA_PROTECTION_OFFICER"}))


def of_case(case_id: UUID) -> Sequence[SubjectRequest]:
    return session.scalars(
        sa.select(SubjectRequest).where(SubjectRequest.case_id == case_id).order_by(SubjectRequest.id.desc())
    ).all()


def open_of(case_id: UUID, kind: str) -> SubjectRequest | None:
    """The request of a kind that is in progress."""
    return session.scalars(
        sa.select(SubjectRequest).where(
            SubjectRequest.case_id == case_id, SubjectRequest.kind == kind, SubjectRequest.state.in_(OPEN)
        )
    ).one_or_none()


def one(request_id: UUID, principal: Principal, *, lock: bool = False) -> SubjectRequest:
    """A request about a file of one's team, or in the officer's country; else NotYours (404)."""
    held = sa.select(Case.id).where(Case.team_id.in_(principal.teams_as(*HOLDERS)))
    asked = sa.select(SubjectRequest).where(
        SubjectRequest.id == request_id,
        sa.or_(SubjectRequest.case_id.in_(held), SubjectRequest.country.in_(officer_of(principal))),
    )
    if lock:
        asked = asked.with_for_update(of=SubjectRequest).execution_options(populate_existing=True)
    found = session.scalars(asked).one_or_none()
    if found is None:
        raise NotYours
    return found


def for_officer(principal: Principal, *, ended: bool = False) -> sa.Select[Any]:
    """Requests of the officer's countries: those in progress by deadline, or the ended ones, newest first."""
    asked = sa.select(SubjectRequest).where(SubjectRequest.country.in_(officer_of(principal)))
    if ended:
        return asked.where(SubjectRequest.state.not_in(OPEN)).order_by(SubjectRequest.id.desc())
    return asked.where(SubjectRequest.state.in_(OPEN)).order_by(SubjectRequest.due_on, SubjectRequest.id)


def holds_of(case_id: UUID) -> Sequence[LegalHold]:
    """Legal holds of a file, the standing ones first."""
    return session.scalars(
        sa.select(LegalHold)
        .where(LegalHold.case_id == case_id)
        .order_by(LegalHold.ended_on.is_not(None), LegalHold.id.desc())
    ).all()


def standing_of(case: Case, *, asked_to_erase: bool = True) -> Standing:
    """What may stand in the way of erasing a file; a request to erase it does not."""
    rows = of_case(case.id)
    return Standing(
        open_file=case.status != "CLOSED",
        hold=any(h.ended_on is None for h in holds_of(case.id)),
        open_request=any(r.state in OPEN and not (asked_to_erase and r.kind == "ERASURE") for r in rows),
        legal_clock=bool(deadlines.running_for([case.id], kinds=("LEGAL",))),
        open_claim=procedure.awaits_decision(case.id),
    )
