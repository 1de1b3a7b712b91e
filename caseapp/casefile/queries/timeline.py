"""What happened, from the journal, page by page. What is sealed stands in nobody's timeline but on the private
page of those who hold the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

import sqlalchemy as sa

from caseapp.accounts.models import User
from caseapp.assistance.events import OF_DELIVERY
from caseapp.assistance.models import Delivery
from caseapp.casefile.sentences import CODES_OF, sealed_codes, supervision_codes
from caseapp.core import access, journal
from caseapp.core.db import session
from caseapp.core.journal import CaseEvent
from caseapp.people.models import Case
from caseapp.places.models import Site
from caseapp.procedure.models import Claim

TIMELINE_SIZE = 30
#: Kinds whose events may be about a claim that is sealed.
CLAIM_KINDS = (
    "intention.expressed", "claim.lodged", "claim.registered", "interview.held", "decision.made", "decision.notified",
    "appeal.lodged", "claim.closed", "claim.reopened",
)  # fmt: skip


@dataclass(frozen=True)
class Told:
    """An event, who wrote it and where it happened."""

    event: CaseEvent
    who: str | None
    where: str | None


@cache
def sealed_events() -> sa.ColumnElement[bool]:
    """Events of sealed kinds, and those that carry a sealed code that has no other words outside."""
    kinds = [name for name, kind in journal.kinds().items() if kind.sealed]
    given = sa.select(Delivery.id).where(Delivery.sealed)
    own_claims = sa.select(Claim.id).where(Claim.sealed)
    found: list[sa.ColumnElement[bool]] = [
        CaseEvent.kind.in_(kinds),
        sa.and_(CaseEvent.kind.in_((*OF_DELIVERY, "event.withdrawn")), CaseEvent.subject_id.in_(given)),
        sa.and_(CaseEvent.kind.in_(CLAIM_KINDS), CaseEvent.subject_id.in_(own_claims)),
    ]
    for column, list_name in sorted({pair for pairs in CODES_OF.values() for pair in pairs}):
        hidden = sealed_codes(list_name)
        if not hidden:
            continue
        telling = [kind for kind, pairs in CODES_OF.items() if (column, list_name) in pairs]
        shown = sa.func.coalesce(getattr(CaseEvent, column), "")
        found.append(sa.and_(CaseEvent.kind.in_(telling), shown.in_(hidden)))
    return sa.or_(*found)


@cache
def _supervisions() -> sa.ColumnElement[bool]:
    """Events of notes and alerts that the supervision alone reads: for others they are absent without a gap."""
    code = sa.func.coalesce(CaseEvent.code, "")
    return sa.or_(
        sa.and_(CaseEvent.kind == "note.added", code != "TEAM"),
        sa.and_(CaseEvent.kind.in_(("alert.raised", "alert.resolved")), code.in_(supervision_codes())),
    )


def _kept(case_id: UUID) -> sa.ColumnElement[bool]:
    """What this person is not told: the supervision's, unless they supervise the file's team; the author of a note for
    both is told of it."""
    who = access.current()
    supervised = sa.select(Case.id).where(
        Case.id == case_id, Case.team_id.in_(who.teams_as("SUPERVISOR")), Case.team_id == CaseEvent.team_id
    )  # fmt: skip
    own = sa.and_(
        sa.func.coalesce(CaseEvent.code, "") == "AUTHOR_AND_SUPERVISOR", CaseEvent.actor == f"user:{who.user_id}"
    )  # fmt: skip
    return sa.and_(_supervisions(), sa.not_(own), ~supervised.exists())


def timeline(case_id: UUID, page: int = 1, *, sealed: bool = False) -> tuple[Sequence[Told], bool]:
    """A page of events, the newest first, and whether there are more (one statement). `sealed` gives only what
    the ordinary timeline leaves out."""
    user_id = sa.case(
        (
            CaseEvent.actor.like("user:%"),
            sa.cast(sa.func.split_part(CaseEvent.actor, ":", 2), sa.Uuid()),
        )
    )
    rows = session.execute(
        sa.select(CaseEvent, User.name, Site.name)
        .outerjoin(User, User.id == user_id)
        .outerjoin(Site, Site.id == CaseEvent.site_id)
        .where(
            CaseEvent.case_id == case_id,
            sealed_events() if sealed else sa.not_(sealed_events()),
            ~_kept(case_id),
        )
        .order_by(CaseEvent.effective_on.desc(), CaseEvent.position.desc())
        .limit(TIMELINE_SIZE + 1)
        .offset((page - 1) * TIMELINE_SIZE)
    ).all()
    return [Told(*row) for row in rows[:TIMELINE_SIZE]], len(rows) > TIMELINE_SIZE
