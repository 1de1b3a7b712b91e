"""Deciding on a release: another person approves it, or returns it with a reason."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from caseapp.core import audit, clock
from caseapp.core.access import Principal
from caseapp.core.db import session
from caseapp.core.errors import NotYours, says
from caseapp.publication import rules
from caseapp.publication.access import countries_as
from caseapp.publication.models import Release, Status

APPROVER = "RELEASE_APPROVER"

says("ck_release_two_people", lambda: rules.OwnRelease())
says("uq_release_open", lambda: rules.AnotherOpen())
says("uq_release_approved", lambda: rules.ReleasedAlready())


def approve(release_id: UUID, *, by: Principal) -> Release:
    """Approve a release: from now on role `figures` reads it and nobody changes it. The caller commits.

    Raises NotYours, NotApprover, OwnRelease, NotWaiting.
    """
    return _decide(release_id, by, Status.APPROVED, None)


def refuse(release_id: UUID, reason: str, *, by: Principal) -> Release:
    """Return a release to its steward, with a reason. The caller commits."""
    return _decide(release_id, by, Status.REFUSED, rules.must_say_why(reason))


def _decide(release_id: UUID, by: Principal, to: Status, reason: str | None) -> Release:
    row = session.scalars(sa.select(Release).where(Release.id == release_id)).one_or_none()
    if row is None:
        raise NotYours
    rules.may_decide(
        row.status,
        country=row.country,
        approver_of=countries_as(by, APPROVER),
        made_by=row.made_by_id,
        by=by.user_id,
    )
    row.status, row.reason = to.value, reason
    row.decided_by_id, row.decided_at = by.user_id, clock.now()
    session.flush()
    audit.record(to.value.lower(), "release", row.id, row.name)
    return row
