"""What a second person looks at: a decline for an earlier incident, and people turned away, without a bed or detained."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.dialects import postgresql as pg

from caseapp.core import access, audit, clock
from caseapp.core.db import session, uuid7
from caseapp.core.errors import NotYours
from caseapp.referral import errors
from caseapp.referral.models import Referral, ReferralReview
from caseapp.referral.rules import reviewing
from caseapp.referral.service.steps import notice


def ask_review(found: Referral, what: str, reason: str, team_id: UUID) -> None:
    """Ask a second person of the team that wrote a reason down (`what`: DECLINE or NOT_COMPLETED) to look at it. Once for
    each referral: a second reason is seen with the first."""
    session.flush()
    asked = session.scalar(
        pg.insert(ReferralReview)
        .values(
            id=uuid7(), version=1, referral_id=found.id, team_id=team_id, what=what, reason=reason,
            asked_at=clock.now(), asked_by_id=access.current().user_id,
        )
        .on_conflict_do_nothing()
        .returning(ReferralReview.id)
    )  # fmt: skip
    if asked is not None:
        notice(found, "REVIEW", team_id)


def review(row: ReferralReview, outcome: str) -> None:
    """A second person upholds a reason or not; the record stays, the pattern is supervision's. Raises `NotYours`,
    `AnotherReviews`, `NotNow`, `ReasonNotKnown`."""
    who = access.current()
    if row.team_id not in who.case_teams:
        raise NotYours
    if outcome not in reviewing.OUTCOMES:
        raise errors.ReasonNotKnown(field="outcome")
    if row.reviewed_at is not None:
        raise errors.NotNow
    if not reviewing.may_review(who.user_id, row.asked_by_id):
        raise errors.AnotherReviews
    row.reviewed_at, row.reviewed_by_id, row.outcome = clock.now(), who.user_id, outcome
    audit.record("reviewed", "referral", row.referral_id, f"{row.what}:{outcome}")
    session.flush()
