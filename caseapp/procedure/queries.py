"""Claims, as their owner team sees them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.people.models import Case
from caseapp.procedure.models import Claim


def visible_to(principal: Principal) -> sa.Select[Claim]:
    """Claims of cases that the principal's own teams hold: readers do not see claims."""
    return sa.select(Claim).join(Case, Case.id == Claim.case_id).where(Case.team_id.in_(principal.case_teams))


def for_case(case_id: UUID) -> Sequence[Claim]:
    """All claims of a case, newest first."""
    return session.scalars(
        sa.select(Claim).where(Claim.case_id == case_id).order_by(Claim.lodged_on.desc(), Claim.id.desc())
    ).all()


def open_for(case_id: UUID) -> Claim | None:
    """The claim in progress."""
    return session.scalars(
        sa.select(Claim).where(
            Claim.case_id == case_id, Claim.decided_on.is_(None), Claim.closed_on.is_(None)
        )
    ).one_or_none()
